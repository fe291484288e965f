# The whole loop against Debian's Prometheus and a real Docker Swarm service

load ../lib/common
load ../lib/services.sh
load ../lib/decision.bash

setup_file() {
	# one service for all tests
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(docker_usable) || {
		export WHY_NOT
		echo "# Docker tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	# on the grid of five minutes that the loop looks at: the same turns
	# then see the same samples, whenever the tests run
	END=$(($(date +%s) / 300 * 300))
	export END
	history_into "$SVC/main" "$END" 28 60
	echo 'global: {scrape_interval: 1m}' >"$SVC/plain.yml"
	prometheus_start main "$SVC/plain.yml"
	export MAIN=$URL
	svc_spawn hook python3 "$SVC_LIB/hook.py"
	svc_ready hook 10 grep -q . "$SVC/hook.log"
	HOOK=http://127.0.0.1:$(head -n 1 "$SVC/hook.log")/hook
	export HOOK
	docker_traces >"$SVC/before"
	docker_start
	docker_import web:1
	swarm_start
	swarm_create web web:1 2
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	export ALERT_WEBHOOK_URL=$HOOK
	dir=$BATS_TEST_TMPDIR
}

teardown() {
	[ -n "${WHY_NOT:-}" ] || [ ! -e "$SVC/doomed.pid" ] || svc_stop doomed
}

# conf PART MODE [URL]: writes $dir/PART.conf for the load shop_load{part=PART}.
# One instance carries 50 requests a second and 40 of them may be planned.
conf() {
	cat >"$dir/$1.conf" <<-EOF
		target shop {
			mode = $2
			history = 14d
			step = 5m
			decision_interval = 1m
		}
		source { url = "${3:-$MAIN}"  timeout = 2s }
		signal load {
			query = 'shop_load{part="$1"}'
			unit = requests/s
			capacity = 50
			target = 80%
		}
		policy {
			min_instances = 1
			max_instances = 12
			max_step_up = 10
			boot_time = 60s
			stabilisation = 10m
		}
		apply {
			driver = swarm
			service = web
			host = "unix://$DOCKER_SOCKET"
			timeout = 60s
		}
		notify hook {
			channel = webhook
			url_env = ALERT_WEBHOOK_URL
			on = {scale_up, scale_down, emergency_scale, failed}
		}
		state { dir = "$dir/state" }
	EOF
}

# turn OUT CONF [OPTION...]: one turn of the whole pipe. Options go to all its
# commands. OUT gets its records, OUT.exits a number for each command.
turn() {
	local out=$1 c=$2

	shift 2
	as-fetch -c "$c" "$@" | as-predict -c "$c" "$@" |
		as-decide -c "$c" "$@" | as-apply -c "$c" "$@" |
		as-notify -c "$c" >"$out" &&
		echo "${PIPESTATUS[*]}" >"$out.exits" ||
		echo "${PIPESTATUS[*]}" >"$out.exits"
	cat "$out"
}

# loop CONF [OPTION...]: the same into $dir/out. Sets exits.
loop() {
	turn "$dir/out" "$@"
	exits=$(cat "$dir/out.exits")
}

# field FILTER: of the result that the loop wrote
field() {
	jq -rs "map(select(.type == \"result\")) | if length == 1 then .[0] | $1
		else error(\"not one result\") end" "$dir/out"
}

@test "the loop scales up on a high load, and keeps all else of the service" {
	swarm_set web 2
	conf busy auto
	before=$(swarm_read web | jq -S '.Spec | del(.Mode)')
	told=$(grep -c . "$SVC/hook.log")
	# both turns at the same moment: the load is at one point of the grid
	loop "$dir/busy.conf" --now "$END"
	[ "$exits" = "0 0 0 0 0" ]
	n=$(swarm_replicas web)
	# 300 requests a second at 40 each
	[ "$n" -ge 8 ] && [ "$n" -le 10 ]
	swarm_runs web "$n"
	[ "$(field .result.status)" = applied ]
	[ "$(field '"\(.result.from) \(.result.to) \(.result.confirmed)"')" = \
		"2 $n true" ]
	[ "$(field .current_instances)" = 2 ]
	[ "$(field .recommended_instances)" = "$n" ]
	[[ $(field .action) == scale_up || $(field .action) == emergency_scale ]]
	[ "$(swarm_read web | jq -S '.Spec | del(.Mode)')" = "$before" ]
	# the journal knows, and the people were told once
	grep -q '"status":"applied"' "$dir"/state/*
	[ "$(grep -c . "$SVC/hook.log")" -eq $((told + 1)) ]
	tail -n 1 "$SVC/hook.log" | jq -e '.text | length > 0'
	# a second turn finds nothing to do
	version=$(swarm_version web)
	loop "$dir/busy.conf" --now "$END"
	[ "$exits" = "0 0 0 0 0" ]
	[ "$(field .result.status)" = unchanged ]
	[ "$(swarm_version web)" = "$version" ]
}

@test "the loop keeps the count after a fall of the load, and then scales down" {
	swarm_set web 8
	conf quiet auto
	# What the forecast expects hangs a little on the time of the week. 300
	# a second are 7.5 times 40, and so now and then 8 instances and now and
	# then 9; of 42.4 they are 7.1 times that and 8 at every time.
	sed -i 's/capacity = 50/capacity = 53/' "$dir/quiet.conf"
	# while the load is high, half an hour before it falls: this begins the
	# journal, without which nothing is ever removed
	loop "$dir/quiet.conf" --now $((END - 100 * 60))
	[ "$exits" = "0 0 0 0 0" ]
	high=$(swarm_replicas web)
	[ "$high" -eq 8 ]
	version=$(swarm_version web)
	# it has fallen for eight minutes, and ten minutes ago it was high
	loop "$dir/quiet.conf" --now $((END - 62 * 60))
	[ "$exits" = "0 0 0 0 0" ]
	[ "$(field .result.status)" = unchanged ]
	[ "$(field .votes.lower)" -lt "$high" ]
	[ "$(field .recommended_instances)" = "$high" ]
	[ "$(swarm_version web)" = "$version" ]
	# and this is now: one hour of quiet
	loop "$dir/quiet.conf" --now "$END"
	[ "$exits" = "0 0 0 0 0" ]
	[ "$(field .action)" = scale_down ]
	n=$(swarm_replicas web)
	[ "$n" -ge 2 ] && [ "$n" -le 4 ]
	[ "$(field .result.to)" = "$n" ]
	swarm_runs web "$n"
}

@test "the loop takes a fall that never was before for an outage, and holds" {
	swarm_set web 8
	conf outage auto
	loop "$dir/outage.conf" --now $((END - 20 * 60))
	[ "$exits" = "0 0 0 0 0" ]
	n=$(swarm_replicas web)
	version=$(swarm_version web)
	loop "$dir/outage.conf" --now "$END"
	[ "$exits" = "0 0 0 0 0" ]
	[ "$(field .action)" = hold ]
	[ "$(field '.states | index("suspected-outage") != null')" = true ]
	[ "$(field .votes.lower)" -lt "$n" ]
	[ "$(field .result.status)" = unchanged ]
	[ "$(swarm_version web)" = "$version" ]
}

@test "the loop forecasts with a model that as-train wrote" {
	swarm_set web 2
	conf busy auto
	as-fetch -c "$dir/busy.conf" --range 28d |
		as-train -c "$dir/busy.conf" -o "$dir/busy.model"
	run -0 jq -e '.type == "model"' "$dir/busy.model"
	as-fetch -c "$dir/busy.conf" |
		as-predict -c "$dir/busy.conf" -m "$dir/busy.model" |
		as-decide -c "$dir/busy.conf" |
		as-apply -c "$dir/busy.conf" >"$dir/out"
	[ "$(field .result.status)" = applied ]
	[ "$(swarm_replicas web)" -ge 8 ]
}

@test "the loop holds while Prometheus is stopped" {
	history_into "$SVC/doomed" "$END" 2 60
	prometheus_start doomed "$SVC/plain.yml"
	conf quiet auto "$URL"
	svc_stop doomed
	swarm_set web 6
	version=$(swarm_version web)
	loop "$dir/quiet.conf"
	[ "${exits%% *}" = 3 ]
	[ "$(field .action)" = hold ]
	[ "$(field .recommended_instances)" = 6 ]
	[ "$(field '.states | length > 0')" = true ]
	[ "$(field .result.status)" = unchanged ]
	[ "$(swarm_version web)" = "$version" ]
	[ "$(swarm_replicas web)" = 6 ]
}

@test "the loop holds while the engine is out of reach" {
	conf busy auto
	sed -i "s|unix://.*\"|unix://$dir/none.sock\"|" "$dir/busy.conf"
	version=$(swarm_version web)
	loop "$dir/busy.conf"
	[ "${exits%% *}" = 3 ]
	[ "$(field .action)" = hold ]
	[ "$(field '.states | index("count-unknown") != null')" = true ]
	[ "$(swarm_version web)" = "$version" ]
}

@test "--dry-run says what it would do and changes nothing" {
	swarm_set web 2
	conf busy auto
	version=$(swarm_version web)
	as-fetch -c "$dir/busy.conf" | as-predict -c "$dir/busy.conf" |
		as-decide -c "$dir/busy.conf" |
		as-apply -c "$dir/busy.conf" --dry-run |
		as-notify -c "$dir/busy.conf" --dry-run >"$dir/out"
	[ "$(field .result.status)" = dry-run ]
	[ "$(field .result.to)" -ge 8 ]
	[[ $(field .result.request) == *"/services/"*"update?version=$version"* ]]
	[ "$(swarm_version web)" = "$version" ]
	[ "$(swarm_replicas web)" = 2 ]
	[ ! -e "$dir/state" ]
}

@test "mode = monitor says what it would do and changes nothing" {
	swarm_set web 2
	conf busy monitor
	version=$(swarm_version web)
	loop "$dir/busy.conf"
	[ "$(field .result.status)" = monitor ]
	[ "$(field .recommended_instances)" -ge 8 ]
	[ "$(swarm_version web)" = "$version" ]
}

@test "two whole pipes at once: one of them acts" {
	swarm_set web 2
	conf busy auto
	since=$(date +%s.%N)
	for k in 1 2; do
		turn "$dir/$k" "$dir/busy.conf" --now "$END" 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}"
	cat "$dir"/?.exits
	n=$(swarm_replicas web)
	[ "$n" -ge 8 ] && [ "$n" -le 10 ]
	[ "$(swarm_updates web "$since")" = "$n" ]
	[ "$(jq -r 'select(.type == "result") | .result.status' "$dir"/[12] |
		grep -c applied)" -eq 1 ]
}

# decisions N: N decisions on the same observation, in $dir/1, $dir/2 ...
decisions() {
	as-fetch -c "$dir/busy.conf" | as-predict -c "$dir/busy.conf" |
		as-decide -c "$dir/busy.conf" >"$dir/decision"
	for k in $(seq "$1"); do
		cp "$dir/decision" "$dir/$k"
	done
}

@test "four as-apply at once with the same decision: one acts, version checked" {
	swarm_set web 2
	conf busy auto
	decisions 4
	since=$(date +%s.%N)
	for k in 1 2 3 4; do
		(as-apply -c "$dir/busy.conf" <"$dir/$k" >"$dir/$k.out" \
			2>"$dir/$k.err" || :) 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}"
	cat "$dir"/?.out "$dir"/?.err
	[ "$(swarm_updates web "$since" | wc -l)" -eq 1 ]
	[ "$(jq -r .result.status "$dir"/?.out | grep -c applied)" -eq 1 ]
}

@test "four as-apply at once that share no journal: the swarm lets one act" {
	swarm_set web 2
	conf busy auto
	decisions 4
	since=$(date +%s.%N)
	for k in 1 2 3 4; do
		(as-apply -c "$dir/busy.conf" --state "$dir/state-$k" \
			<"$dir/$k" >"$dir/$k.out" 2>"$dir/$k.err" || :) 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}"
	cat "$dir"/?.out "$dir"/?.err
	[ "$(swarm_updates web "$since" | wc -l)" -eq 1 ]
	[ "$(jq -r .result.status "$dir"/?.out | grep -c applied)" -eq 1 ]
}

@test "a decision that someone else overtook is refused" {
	swarm_set web 2
	conf busy auto
	decisions 1
	swarm_set web 3
	version=$(swarm_version web)
	run --separate-stderr -1 as-apply -c "$dir/busy.conf" "$dir/1"
	[ "$(jq -r .result.status <<<"$output")" = refused ]
	[ "$(swarm_version web)" = "$version" ]
	[ "$(swarm_replicas web)" = 3 ]
}

# service NAME REPLICAS FILTER: one that serves, with its specification as the
# filter makes it
service() {
	jq -n --arg name "$1" --argjson n "$2" '{ Name: $name,
		TaskTemplate: { ContainerSpec: { Image: "web:1",
			Command: ["/bin/httpd", "-f", "-p", "8080"],
			StopGracePeriod: 100000000 } },
		Mode: { Replicated: { Replicas: $n } } } | '"$3" |
		docker_api /v1.41/services/create -d @- >/dev/null
	svc_wait 60 swarm_runs "$1" "$2"
}

# change NAME FILTER: updates its specification
change() {
	local was

	was=$(swarm_read "$1")
	jq ".Spec | $2" <<<"$was" | docker_api \
		"/v1.41/services/$1/update?version=$(jq .Version.Index <<<"$was")" \
		-d @- >/dev/null
}

# decided NAME FROM TO: a decision on the service as it is
decided() {
	driver=swarm version=$(swarm_version "$1")
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide "$2" "$3" >"$dir/in"
}

apply() { # NAME [OPTION...]
	as-apply --driver swarm --service "$1" --host "unix://$DOCKER_SOCKET" \
		"${@:2}" "$dir/in"
}

@test "tasks that no node can take: put back to what was, and the exit is 3" {
	service nowhere 0 '.TaskTemplate.Placement.Constraints =
		["node.labels.none==1"] | .Labels = { "a<b": "c&d" } |
		.TaskTemplate.ContainerSpec.Healthcheck = { Interval: 1000000000 } |
		.UpdateConfig = { Parallelism: 1, MaxFailureRatio: 0.25 } |
		.EndpointSpec = { Mode: "dnsrr" }'
	before=$(swarm_read nowhere | jq -S .Spec)
	decided nowhere 0 3
	run --separate-stderr -3 apply nowhere --timeout 2s --state "$dir/state"
	outcome timeout "service 'nowhere': 0 of 3 tasks run; 3 tasks: \"no suitable node (scheduling constraints not satisfied on 1 node)\"; put back to 0"
	[ "$(result .restored)" = 0 ]
	diff <(swarm_read nowhere | jq -S .Spec) <(echo "$before")
	# the same again is a new decision, and nobody else's doing
	decided nowhere 0 2
	run --separate-stderr -3 apply nowhere --timeout 1s --state "$dir/state"
	[ "$(result '"\(.restored) \(.expected)"')" = "0 null" ]
	# and without: they wait for a node that may take them
	decided nowhere 0 2
	run --separate-stderr -3 apply nowhere --timeout 1s --no-rollback
	[ "$(swarm_replicas nowhere)" = 2 ]
	docker_api /v1.41/services/nowhere -X DELETE
}

@test "tasks of which some find room: those that run are kept" {
	room=$(docker_api /v1.41/info | jq '.MemTotal * 0.4 | floor')
	service roomy 1 ".TaskTemplate.Resources.Reservations.MemoryBytes = $room"
	decided roomy 1 4
	run --separate-stderr -3 apply roomy --timeout 5s
	outcome timeout "service 'roomy': 2 of 4 tasks run; * \"no suitable node (insufficient resources on 1 node)\"; put back to 2"
	svc_wait 20 swarm_runs roomy 2
	docker_api /v1.41/services/roomy -X DELETE
}

@test "an update that the swarm halts, or takes back: put back without a wait" {
	for action in pause rollback; do
		service "bad$action" 2 ".UpdateConfig = { Parallelism: 1,
			Monitor: 1000000000, FailureAction: \"$action\" }"
		# somebody brings out what does not work, and then more is needed
		change "bad$action" '.TaskTemplate.ContainerSpec.Command =
			["/bin/busybox", "false"]'
		decided "bad$action" 2 4
		run --separate-stderr -3 apply "bad$action" --timeout 60s
		cat <<<"$output"
		[ "$(result '"\(.status) \(.restored)"')" = "failed 2" ]
		[[ $(result .error) == *"$action"* ]]
		[ "$(swarm_replicas "bad$action")" = 2 ]
		docker_api "/v1.41/services/bad$action" -X DELETE
	done
}

@test "nothing stays once the engine has ended" {
	svc_stop dockerd
	# what came since, but for what other tests are at meanwhile
	new=$(docker_traces | sort | comm -13 <(sort "$SVC/before") - |
		awk -v svc="$SVC" 'index($0, svc) ||
			!/\/tmp\/as-e2e[.]|lxd|veth/')
	echo "$new"
	[ -z "$new" ]
	for line in /proc/[0-9]*/cmdline; do
		[[ "$(tr '\0' ' ' <"$line" || :)" != *"$SVC/docker"* ]]
	done 2>/dev/null
}
