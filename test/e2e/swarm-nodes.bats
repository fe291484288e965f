# The driver swarm on a real swarm of three nodes: a manager and two workers

load ../lib/common
load ../lib/services.sh
load ../lib/decision.bash

setup_file() {
	# one swarm for all tests, which take its nodes away one by one
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(docker_usable) || {
		export WHY_NOT
		echo "# Docker tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	docker_nodes 3
	for k in 1 2 3; do
		docker_at "$k" docker_import web:1
	done
	swarm_join 3
	svc_wait 20 swarm_nodes ready 3
	swarm_create web web:1 3
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
	driver=swarm
}

# swarm_nodes STATE N: N nodes are in it
swarm_nodes() {
	[ "$(docker_api /v1.41/nodes |
		jq --arg is "$1" 'map(select(.Status.State == $is)) | length')" = "$2" ]
}

# node K: its id
node() {
	docker_at "$1" docker_api /v1.41/info | jq -r .Swarm.NodeID
}

# living ID: how many tasks of the service run there, and are to
living() {
	docker_api /v1.41/tasks | jq --arg node "$1" 'map(select(
		.NodeID == $node and .DesiredState == "running" and
		.Status.State == "running")) | length'
}

# apply FROM TO [OPTION...]: a decision on the service as it is
apply() {
	version=$(swarm_version web)
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide "$1" "$2" >"$dir/in"
	as-apply --driver swarm --service web --host "unix://$DOCKER_SOCKET" \
		--timeout 60s "${@:3}" "$dir/in"
}

read_state() {
	run --separate-stderr as-fetch --driver swarm --service web \
		--host "unix://$DOCKER_SOCKET"
}

@test "nodes: what is added spreads over all of them" {
	run -0 apply 3 9
	outcome applied
	for k in 1 2 3; do
		[ "$(living "$(node "$k")")" = 3 ]
	done
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "9 9" ]
}

@test "nodes: one is drained while more are added: they come elsewhere" {
	id=$(node 2)
	spec=$(docker_api "/v1.41/nodes/$id")
	apply 9 12 >"$dir/out" 3>&- &
	pid=$!
	jq '.Spec | .Availability = "drain"' <<<"$spec" | docker_api \
		"/v1.41/nodes/$id/update?version=$(jq .Version.Index <<<"$spec")" \
		-d @-
	wait "$pid"
	output=$(cat "$dir/out")
	outcome applied
	moved() {
		[ "$(living "$(node 1)") $(living "$(node 3)") $(living "$id")" = "6 6 0" ]
	}
	wait_until 30 moved
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "12 12" ]
	spec=$(docker_api "/v1.41/nodes/$id")
	jq '.Spec | .Availability = "active"' <<<"$spec" | docker_api \
		"/v1.41/nodes/$id/update?version=$(jq .Version.Index <<<"$spec")" \
		-d @-
}

@test "nodes: one dies while more are added: its tasks do not count as running" {
	lost=$(node 3)
	one=$(node 1)
	two=$(node 2)
	docker_kill 3
	# a third of them is to be on each, also on the one that is gone
	run -0 apply 12 24
	outcome applied
	[ "$(result .confirmed)" = true ]
	# the manager itself still counts what nobody told it the end of
	[ "$(docker_api '/v1.41/services?status=true' |
		jq '.[0].ServiceStatus.RunningTasks')" -gt 24 ]
	swarm_nodes down 1
	[ "$(living "$lost")" = 0 ]
	[ $(($(living "$one") + $(living "$two"))) = 24 ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "24 24" ]
}

@test "nodes: with one dead fewer are seen to have arrived, too" {
	run -0 apply 24 4
	outcome applied
	[ "$(result .confirmed)" = true ]
	[ $(($(living "$(node 1)") + $(living "$(node 2)"))) = 4 ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "4 4" ]
}
