# What the tasks of a service are given, on a real Docker Swarm

load ../lib/common
load ../lib/services.sh
load ../lib/decision.bash

setup_file() {
	# one engine for all tests
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(docker_usable) || {
		export WHY_NOT
		echo "# Docker tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	docker_start
	docker_import web:1
	swarm_start
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
	driver=swarm
	name=web$BATS_TEST_NUMBER
}

teardown() {
	[ -n "${WHY_NOT:-}" ] ||
		docker_api "/v1.41/services/$name" -X DELETE || true
}

# service N [FILTER]: of this test, with N tasks that run
service() {
	jq -n --arg name "$name" --argjson n "$1" '{ Name: $name,
		Labels: { "a<b": "c&d" },
		TaskTemplate: { ContainerSpec: { Image: "web:1",
			Command: ["/bin/httpd", "-f", "-p", "8080"],
			StopGracePeriod: 100000000 },
			Resources: { Limits: { NanoCPUs: 500000000,
				MemoryBytes: 33554432, Pids: 50 } } },
		UpdateConfig: { Parallelism: 1, Order: "start-first",
			Monitor: 500000000, FailureAction: "continue" },
		Mode: { Replicated: { Replicas: $n } } } | '"${2:-.}" |
		docker_api /v1.41/services/create -d @- >/dev/null
	svc_wait 60 swarm_runs "$name" "$1"
}

# decided FROM TO SIZES: a decision on the service as it is
decided() {
	version=$(swarm_version "$name")
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide "$1" "$2" ".resources = $3" >"$dir/in"
}

apply() {
	as-apply --driver swarm --service "$name" --timeout 60s \
		--host "unix://$DOCKER_SOCKET" "$@" "$dir/in"
}

resources() { # as the service has them
	swarm_read "$name" | jq -cS .Spec.TaskTemplate.Resources
}

containers() { # what those that run are held to
	docker_api '/v1.41/containers/json' | jq -r '.[].Id' |
		while read -r id; do
			docker_api "/v1.41/containers/$id/json" |
				jq -r --arg name "$name" 'select(.Config.Labels[
				"com.docker.swarm.service.name"] == $name) |
				.HostConfig | "\(.NanoCpus) \(.Memory) \(.MemoryReservation)"'
		done | sort | uniq -c | sed 's/^ *//'
}

is() {
	[ "$(containers)" = "$1" ]
}

# holds LINES: those are, once what they replace has stopped
holds() {
	wait_until 20 is "$1" || {
		containers
		return 1
	}
}

@test "swarm: tasks are replaced by and by, and only where that is allowed" {
	service 2
	before=$(swarm_read "$name" | jq -S .Spec)
	sizes='{"cpus":0.75,"memory":67108864,"memory_reserved":25165824}'
	decided 2 2 "$sizes"
	run -0 apply
	[ "$(result '.resized | "\(.status) \(.held)"')" = \
		"held its instances would restart; 'apply = yes' of the section 'resources' allows that" ]
	path="/v1.41/services/$name/update?version=$version"
	request="POST $path Spec.TaskTemplate.Resources={\"Limits\":{\"NanoCPUs\":750000000,\"MemoryBytes\":67108864,\"Pids\":50},\"Reservations\":{\"MemoryBytes\":25165824}}"
	run -0 apply --resources yes --dry-run
	[ "$(result '.resized | "\(.status) \(.request)"')" = "dry-run $request" ]
	run -0 apply --resources yes --mode monitor
	[ "$(result '.resized | "\(.status) \(.request)"')" = "monitor $request" ]
	diff <(swarm_read "$name" | jq -S .Spec) <(echo "$before")
	run -0 apply --resources yes --state "$dir/state"
	outcome unchanged
	[ "$(result '.resized | "\(.status) \(.confirmed) \(.request)"')" = "applied true $request" ]
	# all of them have it, and the rest of the service is as it was
	# (what is reserved is for the choice of a node, not for the container)
	holds "2 750000000 67108864 0"
	[ "$(resources)" = '{"Limits":{"MemoryBytes":67108864,"NanoCPUs":750000000,"Pids":50},"Reservations":{"MemoryBytes":25165824}}' ]
	diff <(swarm_read "$name" | jq -S '.Spec | del(.TaskTemplate.Resources)') \
		<(jq 'del(.TaskTemplate.Resources)' <<<"$before")
	# again, so soon: nothing is to be done
	decided 2 2 "$sizes"
	run -0 apply --resources yes --state "$dir/state"
	[ "$(result .resized.status)" = unchanged ]
	# and less of it has to wait, for it would restart them again
	decided 2 2 '{"cpus":0.6}'
	run -0 apply --resources yes --state "$dir/state"
	[ "$(result '.resized | "\(.status) \(.held)"')" = "held cooldown of the section 'resources'" ]
}

@test "swarm: what no node has room for is put back" {
	service 1 'del(.TaskTemplate.Resources.Limits.MemoryBytes)'
	decided 1 1 "{\"memory_reserved\":$(docker_api /v1.41/info | jq '.MemTotal * 2')}"
	run --separate-stderr -3 apply --resources yes --timeout 4s
	[ "$(result .resized.status)" = timeout ]
	[[ $(result .resized.error) == *"no suitable node (insufficient resources on 1 node)"*"put back to what it had" ]]
	[ "$(swarm_read "$name" | jq '.Spec.TaskTemplate.Resources.Reservations.MemoryBytes // 0')" = 0 ]
	svc_wait 30 swarm_runs "$name" 1
}

@test "swarm: before fewer run, they get more; while more come, nothing restarts" {
	service 3
	decided 3 2 '{"cpus":0.75}'
	run -0 apply --resources yes
	outcome applied
	[ "$(result '.resized | "\(.status) \(.confirmed)"')" = "applied true" ]
	[ "$(swarm_replicas "$name")" = 2 ]
	holds "2 750000000 33554432 0"
	decided 2 3 '{"cpus":1}'
	run -0 apply --resources yes
	outcome applied
	[ "$(result '.resized | "\(.status) \(.held)"')" = \
		"held its instances would restart while their count changes" ]
	holds "3 750000000 33554432 0"
}

@test "swarm: memory is lowered to min_memory only, for its use cannot be seen" {
	service 1
	decided 1 1 '{"memory":26214400}'
	run -0 apply --resources yes
	[[ $(result '.resized | "\(.status) \(.held)"') == "held memory of '$name' is not lowered: "* ]]
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' "apply { driver = swarm
		service = \"$name\" host = \"unix://$DOCKER_SOCKET\" }" \
		'resources { apply = yes min_memory = 25Mi }' >"$dir/web.conf"
	run -0 as-apply -c "$dir/web.conf" "$dir/in"
	[ "$(result '.resized | "\(.status) \(.confirmed)"')" = "applied true" ]
	holds "1 500000000 26214400 0"
}
