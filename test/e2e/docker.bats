# The drivers docker and compose on a real Docker Engine

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
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
	driver=docker
	service=app=$BATS_TEST_NUMBER
	now=$(date +%s)
	now=$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)
}

teardown() {
	[ -n "${WHY_NOT:-}" ] || docker_api "/v1.41/containers/json?all=true" |
		jq -r .[].Id | while read -r id; do
		docker_api "/v1.41/containers/$id?force=true&v=true" -X DELETE
	done
}

apply() {
	as-apply --driver "$driver" --service "$service" --timeout 30s \
		--host "unix://$DOCKER_SOCKET" "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver "$driver" \
		--service "$service" --host "unix://$DOCKER_SOCKET"
}

# container NAME LABELS [FILTER]: creates and starts one that serves
container() {
	jq -n --argjson labels "$2" '{
		Image: "web:1", Env: ["KEEP=me"], Labels: $labels,
		Cmd: ["/bin/httpd", "-f", "-p", "8080"],
		StopSignal: "SIGKILL",
		HostConfig: { Memory: 33554432, NanoCpus: 500000000 }
		} | '"${3:-.}" | docker_api \
		"/v1.41/containers/create?name=$1" -d @- >/dev/null
	docker_api "/v1.41/containers/$1/start" -X POST
}

# labelled NAME [FILTER]: one with the label of this test
labelled() {
	container "$1" "{\"app\":\"$BATS_TEST_NUMBER\",\"team\":\"shop\"}" "${2:-.}"
}

inspect() { # NAME FILTER
	docker_api "/v1.41/containers/$1/json" | jq -rS "$2"
}

running() { # the names of those that run, in order
	docker_api /v1.41/containers/json | jq -r '.[].Names[0][1:]' | sort |
		paste -sd' '
}

serves() { # N: so many serve
	wait_until 20 eval 'read_state; [ "$(state .ready)" = '"$1"' ]'
}

everything() { # of all containers, what no dry run may change
	docker_api "/v1.41/containers/json?all=true" |
		jq -S 'map({ Id, State, Names })'
}

@test "docker: replicas are like the one they were made from" {
	labelled web '.StopTimeout = 7 | .Hostname = "" |
		.HostConfig.PortBindings["8080/tcp"] = [{ HostIp: "127.0.0.1",
			HostPort: "18080" }] | .ExposedPorts["8080/tcp"] = {} |
		.HostConfig.RestartPolicy.Name = "always" |
		.Healthcheck = { Test: ["CMD", "/bin/busybox", "true"],
			Interval: 200000000 }'
	serves 1
	read_state
	[ "$(state .instances)" = 1 ]
	version=$(state .version)
	decide 1 3 >"$dir/in"
	run --separate-stderr -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	[ "$(result .request)" = "POST /v1.41/containers/create?name=web-2; POST /v1.41/containers/web-2/start; POST /v1.41/containers/create?name=web-3; POST /v1.41/containers/web-3/start" ]
	[ "$(running)" = "web web-2 web-3" ]
	for part in '.Config | del(.Hostname, .Labels)' \
		'.HostConfig | del(.PortBindings)' .Image; do
		diff <(inspect web "$part") <(inspect web-3 "$part")
	done
	[ "$(inspect web-2 .Config.Hostname)" = "$(inspect web-2 '.Id[:12]')" ]
	[ "$(inspect web-2 '.Config.Labels | [.app, .team, ."autoscale.replica"] | join(" ")')" = \
		"$BATS_TEST_NUMBER shop web" ]
	[ "$(inspect web-2 '.HostConfig.PortBindings["8080/tcp"][0] | "\(.HostIp) \(.HostPort)"')" = "127.0.0.1 " ]
	[ "$(inspect web-2 '.NetworkSettings.Ports["8080/tcp"][0].HostPort')" -gt 1024 ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "3 3" ]
	[ "$(state .version)" != "$version" ]
}

@test "docker: the newest go first, with their own signal and grace period" {
	labelled web '.StopSignal = "SIGUSR1" | .StopTimeout = 1 |
		.Cmd = ["/bin/busybox", "sh", "-c",
		"trap \"echo heard >/proc/1/fd/1; exit 7\" USR1; while :; do /bin/busybox sleep 0.1; done"]'
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	since=$(date +%s.%N)
	decide 3 1 >"$dir/in"
	run --separate-stderr -0 apply "$dir/in"
	outcome applied
	[[ $(result .request) == "POST "*"/stop; POST "*"/stop; DELETE "*"?v=true; DELETE "*"?v=true" ]]
	[ "$(running)" = web ]
	[ "$(docker_api '/v1.41/containers/json?all=true' | jq length)" = 1 ]
	[ "$(docker_api "/v1.41/events?since=$since&until=$(date +%s.%N)" |
		jq -r 'select(.Action == "die") | .Actor.Attributes |
		"\(.name) \(.exitCode)"' | sort)" = "web-2 7
web-3 7" ]
}

@test "docker: those that do not heed are killed after their grace period, together" {
	labelled web '.StopTimeout = 2 | del(.StopSignal) |
		.Cmd = ["/bin/busybox", "sh", "-c",
		"trap : TERM; while :; do /bin/busybox sleep 0.1; done"]'
	decide 1 5 >"$dir/in"
	run -0 apply "$dir/in"
	decide 5 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	# two seconds for all of them together; eight one after the other
	[ "$(result .took_ms)" -ge 1900 ]
	[ "$(result .took_ms)" -lt 7900 ]
}

@test "docker: to none and back: the last one is kept, and started again" {
	labelled web
	id=$(inspect web .Id)
	decide 1 0 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ -z "$(running)" ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "0 0" ]
	decide 0 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(running)" = "web web-2" ]
	[ "$(inspect web .Id)" = "$id" ]
}

@test "docker: waits for health; what never gets there is named" {
	# who once was healthy stays so; the others are once this says so
	mkdir "$dir/shared"
	labelled web '.Healthcheck = { Interval: 200000000, Retries: 1000000,
		Test: ["CMD", "/bin/busybox", "test", "-e", "/shared/ok"] } |
		.HostConfig.Binds = ["'"$dir/shared"':/shared:ro"]'
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "1 0" ]
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply --timeout 1s "$dir/in"
	outcome timeout "label '$service': * of 2 containers serve; 'web-2': Up *(health: starting)*"
	: >"$dir/shared/ok"
	serves 2
	rm "$dir/shared/ok"
	decide 2 3 >"$dir/in"
	(wait_until 30 eval '[[ $(running) == *web-3* ]]' && sleep 1 &&
		: >"$dir/shared/ok") 3>&- &
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .took_ms)" -ge 1000 ]
	read_state
	[ "$(state .ready)" = 3 ]
}

@test "docker: one that ends at once is a failure that names it" {
	labelled web '.Cmd = ["/bin/busybox", "sh", "-c",
		"[ -e /data/on ] && exit 9; >/data/on; /bin/busybox sleep 1000"] |
		.HostConfig.Binds = ["shared'"$BATS_TEST_NUMBER"':/data"]'
	serves 1
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "did not stay: label '$service' has 1 containers now, not 2; 'web-2': Exited (9)*"
}

@test "docker: one that cannot start is taken away again" {
	labelled web '.ExposedPorts["8080/tcp"] = {} |
		.HostConfig.PortBindings["8080/tcp"] = [{ HostIp: "127.0.0.1",
			HostPort: "18090-18090" }]'
	before=$(everything)
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*port*"
	[ "$(everything)" = "$before" ]
}

@test "docker: a tag that moved does not change what is made" {
	labelled web
	image=$(inspect web .Image)
	echo other >"$SVC/root/other"
	docker_import web:1
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(inspect web-2 .Image)" = "$image" ]
}

@test "docker: networks and aliases are kept, names and addresses are its own" {
	for net in front back; do
		docker_api /v1.41/networks/create >/dev/null \
			-d "{\"Name\":\"$net\"}"
	done
	labelled web '.HostConfig.NetworkMode = "front" |
		.NetworkingConfig.EndpointsConfig.front.Aliases = ["api", "web"]'
	docker_api /v1.41/networks/back/connect -d \
		'{"Container":"web","EndpointConfig":{"Aliases":["store"]}}'
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[[ $(result .request) == *"; POST /v1.41/networks/back/connect; "* ]]
	[ "$(inspect web-2 '.NetworkSettings.Networks | keys | join(" ")')" = "back front" ]
	[ "$(inspect web-2 '(.Id[:12]) as $id | .NetworkSettings.Networks |
		map(.Aliases - [$id] | join(" ")) | join(",")')" = "store,api web-2" ]
	[ "$(inspect web-2 .NetworkSettings.Networks.front.IPAddress)" != \
		"$(inspect web .NetworkSettings.Networks.front.IPAddress)" ]
}

@test "docker: dry run, monitor and refused change nothing" {
	labelled web
	labelled web-2
	before=$(everything)
	decide 2 4 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result .request)" = "POST /v1.41/containers/create?name=web-3; POST /v1.41/containers/web-3/start; POST /v1.41/containers/create?name=web-4; POST /v1.41/containers/web-4/start" ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	decide 2 0 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result '.request | [scan("POST|DELETE")] | join(" ")')" = "POST POST DELETE" ]
	decide 3 4 >"$dir/in"
	run -1 apply "$dir/in"
	version=0123456789abcdef
	decide 2 4 >"$dir/in"
	run -1 apply "$dir/in"
	[ "$(everything)" = "$before" ]
}

@test "docker: four at once that share no journal: names let one act" {
	labelled web
	read_state
	version=$(state .version)
	decide 1 3 >"$dir/in"
	for k in 1 2 3 4; do
		(apply --state "$dir/state$k" "$dir/in" >"$dir/out$k" 2>&1 || :) 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}"
	cat "$dir"/out?
	[ "$(running)" = "web web-2 web-3" ]
	[ "$(docker_api '/v1.41/containers/json?all=true' | jq length)" = 3 ]
	[ "$(grep -l '"status":"applied"' "$dir"/out? | wc -l)" = 1 ]
}

@test "docker: what was made and not yet started counts and is left alone" {
	labelled web
	serves 1
	jq -n '{ Image: "web:1", Cmd: ["/bin/httpd", "-f"], Labels: {
		app: "'"$BATS_TEST_NUMBER"'", "autoscale.replica": "web" } }' |
		docker_api '/v1.41/containers/create?name=web-2' -d @- >/dev/null
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "2 1" ]
	decide 1 2 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "the count is 2 now*"
}

@test "docker: no container of the label is an error that says what to do" {
	read_state
	[ "$status" = 3 ]
	[[ $(state .error) == *"has no container of label '$service'; start a first one"* ]]
}

# gives SIZES: what decisions say that each instance should be given
gives() {
	echo '.resources = '"$1"
}

limits() { # NAME
	inspect "$1" '.HostConfig | "\(.NanoCpus) \(.CpuShares) \(.Memory) \(.MemoryReservation)"'
}

# group NAME FILE1 FILE2: what the kernel holds it to, by either version of
# control groups
group() {
	local path

	path=$(docker_group)/$(inspect "$1" .Id)
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		cat "/sys/fs/cgroup/$path/$3"
	else
		cat "/sys/fs/cgroup/memory/$path/$2"
	fi
}

@test "docker: CPU and memory are changed while a container runs" {
	labelled web
	serves 1
	before=$(inspect web '"\(.State.Pid) \(.State.StartedAt) \(.RestartCount)"')
	decide 1 1 "$(gives '{"cpus":0.75,"memory":67108864,"cpus_reserved":0.25,"memory_reserved":50331648}')" >"$dir/in"
	run --separate-stderr -0 apply --state "$dir/state" "$dir/in"
	outcome unchanged
	[ "$(result .resized.status)" = applied ]
	[ "$(result .resized.confirmed)" = true ]
	[ "$(result .resized.request)" = 'POST /v1.41/containers/web/update {"NanoCpus":750000000,"CpuShares":256,"Memory":67108864,"MemorySwap":100663296,"MemoryReservation":50331648}' ]
	[ "$(result '.resized.parts[0] | [.before.cpus, .after.cpus, .before.memory, .after.memory] | join(" ")')" = \
		"0.5 0.75 33554432 67108864" ]
	[ "$(limits web)" = "750000000 256 67108864 50331648" ]
	[ "$(group web memory.limit_in_bytes memory.max)" = 67108864 ]
	[ "$(inspect web '"\(.State.Pid) \(.State.StartedAt) \(.RestartCount)"')" = "$before" ]
	[ "$(jq -r .type "$dir/state/web.ndjson" | paste -sd' ')" = "journal decision intent result" ]
	[ "$(jq -r 'select(.type == "intent").intent.resize[0].after.memory' "$dir/state/web.ndjson")" = 67108864 ]
	# again: there is nothing to do, and so nothing is written
	run --separate-stderr -0 apply --state "$dir/state" "$dir/in"
	[ "$(result .resized.status)" = unchanged ]
	[ "$(result .resized.request)" = null ]
}

@test "docker: what is to be raised is raised first, and replicas have it" {
	labelled web
	serves 1
	decide 1 3 "$(gives '{"cpus":1,"memory":50331648}')" >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .resized.status)" = applied ]
	for name in web web-2 web-3; do
		[ "$(limits $name)" = "1000000000 0 50331648 0" ]
	done
	# raised once, before there were others
	[ "$(result '.resized.parts | length')" = 1 ]
}

@test "docker: what is to be lowered is lowered last, for all that there are" {
	labelled web
	serves 1
	decide 1 2 "$(gives '{"cpus":0.45,"memory":29360128}')" >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result '.resized.parts | map(.name) | sort | join(" ")')" = "web web-2" ]
	for name in web web-2; do
		[ "$(limits $name)" = "450000000 0 29360128 0" ]
	done
}

@test "docker: memory in use is never taken away" {
	# 24 MiB that nobody can take back
	labelled web '.HostConfig.Memory = 67108864 |
		.HostConfig.Tmpfs = { "/hold": "" } |
		.Cmd = ["/bin/busybox", "sh", "-c",
		"/bin/busybox dd if=/dev/zero of=/hold/x bs=1M count=24; exec /bin/httpd -f -p 8080"]'
	serves 1
	wait_until 10 eval '[ "$(group web memory.usage_in_bytes memory.current)" -gt 25000000 ]'
	cat >"$dir/web.conf" <<-END
		target web { mode = auto }
		signal load { capacity = 50 }
		apply { driver = docker service = "$service" host = "unix://$DOCKER_SOCKET" }
		resources { max_lower = 90% cooldown = 0 }
	END
	decide 1 1 "$(gives '{"memory":8388608}')" >"$dir/in"
	run -0 as-apply -c "$dir/web.conf" "$dir/in"
	[ "$(result .resized.status)" = applied ]
	[[ $(result .resized.held) == "memory of 'web' stays above the "*"MiB that it uses now" ]]
	memory=$(inspect web .HostConfig.Memory)
	used=$(result '.resized.parts[0].memory_used')
	[ "$used" -ge 25165824 ]
	[ "$memory" -lt 67108864 ]
	[ "$memory" -ge $((used * 5 / 4)) ]
	[ "$(inspect web .State.OOMKilled)" = false ]
}

@test "docker: a quota of CPU time stays one, and swap stays as much" {
	labelled web 'del(.HostConfig.NanoCpus) | .HostConfig.CpuPeriod = 50000 |
		.HostConfig.CpuQuota = 25000 | .HostConfig.MemorySwap = 33554432'
	serves 1
	decide 1 1 "$(gives '{"cpus":0.8,"memory":41943040}')" >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result .resized.status)" = applied ]
	[ "$(inspect web '.HostConfig | "\(.CpuPeriod) \(.CpuQuota) \(.NanoCpus) \(.Memory) \(.MemorySwap)"')" = \
		"50000 40000 0 41943040 41943040" ]
}

@test "docker: sizes stay as they are in a dry run, by monitor, and without leave" {
	labelled web
	serves 1
	before=$(limits web)
	decide 1 1 "$(gives '{"cpus":0.75,"memory":67108864}')" >"$dir/in"
	request='POST /v1.41/containers/web/update {"NanoCpus":750000000,"Memory":67108864,"MemorySwap":100663296}'
	run -0 apply --dry-run "$dir/in"
	[ "$(result '.resized | "\(.status) \(.request)"')" = "dry-run $request" ]
	run -0 apply --mode monitor "$dir/in"
	[ "$(result '.resized | "\(.status) \(.request)"')" = "monitor $request" ]
	run -0 apply --resources no "$dir/in"
	[ "$(result .resized)" = null ]
	# a count that is not the one this was decided for
	decide 2 2 "$(gives '{"cpus":0.75,"memory":67108864}')" >"$dir/in"
	run -1 --separate-stderr apply "$dir/in"
	[ "$(result .resized.status)" = refused ]
	[ "$(limits web)" = "$before" ]
}

@test "docker: a size that cannot be does not keep the count from changing" {
	labelled web 'del(.HostConfig.NanoCpus)'
	serves 1
	# more than any engine has
	decide 1 2 "$(gives '{"cpus":1000000}')" >"$dir/in"
	run -3 --separate-stderr apply "$dir/in"
	outcome applied
	[ "$(running)" = "web web-2" ]
	[ "$(result .resized.status)" = failed ]
	[[ $stderr == *"'web': resources: failed: "*" answered 400: "* ]]
}

# composed NAME NUMBER: as docker compose would have made it
composed() {
	container "$1" '{
		"com.docker.compose.project": "shop",
		"com.docker.compose.service": "web",
		"com.docker.compose.oneoff": "False",
		"com.docker.compose.config-hash": "abc",
		"com.docker.compose.version": "2.20.0",
		"com.docker.compose.container-number": "'"$2"'" }'
}

@test "compose: replicas carry compose's labels with the next number" {
	driver=compose service=shop/web
	composed shop-web-1 1
	container other '{"com.docker.compose.project":"shop","com.docker.compose.service":"db","com.docker.compose.oneoff":"False","com.docker.compose.container-number":"1"}'
	container once '{"com.docker.compose.project":"shop","com.docker.compose.service":"web","com.docker.compose.oneoff":"True","com.docker.compose.container-number":"9"}'
	read_state
	[ "$(state '"\(.driver) \(.instances)"')" = "compose 1" ]
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(running)" = "once other shop-web-1 shop-web-2 shop-web-3" ]
	diff <(inspect shop-web-1 '.Config.Labels | del(."com.docker.compose.container-number")') \
		<(inspect shop-web-3 '.Config.Labels | del(."com.docker.compose.container-number", ."autoscale.replica")')
	[ "$(inspect shop-web-3 '.Config.Labels["com.docker.compose.container-number"]')" = 3 ]
	decide 3 1 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(running)" = "once other shop-web-1" ]
}

@test "compose: names of its first version are continued" {
	driver=compose service=shop/web
	composed shop_web_1 1
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(running)" = "shop_web_1 shop_web_2" ]
}

@test "compose: a service with a container_name cannot be scaled" {
	driver=compose service=shop/web
	composed frontend 1
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "service 'shop/web' has a container_name of its own: there can be but one of it"
	[ "$(running)" = frontend ]
	service=web
	run --separate-stderr -2 apply "$dir/in"
	[[ $stderr == *"driver 'compose' needs a service: project and service, as in 'shop/web'" ]]
}

@test "compose: docker compose lists, keeps and scales what was made" {
	docker compose version >/dev/null 2>&1 || command -v docker-compose ||
		skip "compose is not installed: apt-get install docker-compose"
	driver=compose service=shop/web
	cat >"$dir/compose.yml" <<-END
		services:
		  web:
		    image: web:1
		    command: /bin/httpd -f -p 8080
		    stop_signal: SIGKILL
	END
	compose() {
		if docker compose version >/dev/null 2>&1; then
			DOCKER_HOST=unix://$DOCKER_SOCKET docker compose \
				-p shop -f "$dir/compose.yml" "$@"
		else
			DOCKER_HOST=unix://$DOCKER_SOCKET docker-compose \
				-p shop -f "$dir/compose.yml" "$@"
		fi
	}
	compose up -d
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(compose ps -q | wc -l)" = 3 ]
	before=$(running)
	compose up -d --scale web=3 --no-recreate
	[ "$(running)" = "$before" ]
	compose up -d --scale web=3
	[ "$(running)" = "$before" ]
	# what it was given stays, and up makes nothing anew for it
	decide 3 3 "$(gives '{"cpus":0.5,"memory":67108864}')" >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result .resized.status)" = applied ]
	ids=$(compose ps -q | sort)
	compose up -d --scale web=3
	[ "$(compose ps -q | sort)" = "$ids" ]
	[ "$(inspect "$(head -n 1 <<<"$ids")" .HostConfig.Memory)" = 67108864 ]
	compose up -d --scale web=2
	read_state
	[ "$(state .instances)" = 2 ]
	compose down
}
