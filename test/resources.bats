# What instances are given: when it is changed, how far, and when it is not,
# told to an engine that keeps what it was told. The real ones are in e2e.

load lib/common
load lib/decision.bash

setup() {
	unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
	dir=$BATS_TEST_TMPDIR
	state=$dir/state
	driver=docker
	# one core, 64 MiB, of which 20 are in use
	web='{"HostConfig":{"NanoCpus":1000000000,"Memory":67108864,"MemorySwap":134217728},"used":20971520}'
	echo "{\"web\":$web}" >"$dir/all"
	conf
}

teardown() {
	[ ! -e "$dir/pid" ] || kill "$(cat "$dir/pid")" || true
}

engine() { # FAULT...
	: >"$dir/log"
	python3 "$BATS_TEST_DIRNAME/stub/containers.py" "$dir/log" "$dir/all" \
		"$@" >"$dir/port" 2>"$dir/engine.err" </dev/null 3>&- &
	echo $! >"$dir/pid"
	wait_until 10 test -s "$dir/port"
}

# conf [KEY...]: a file with these keys in its section resources
conf() {
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' \
		'apply { driver = docker service = "app=web" timeout = 10s }' \
		'resources {' "$@" '}' >"$dir/web.conf"
}

apply() {
	[ -e "$dir/pid" ] || engine
	as-apply -c "$dir/web.conf" --host "tcp://127.0.0.1:$(cat "$dir/port")" \
		--now "$now" "$@"
}

# gives SIZES [FILTER]: a decision that leaves the count at one
gives() {
	decide 1 1 ".resources = $1 | ${2:-.}" >"$dir/in"
}

resized() { # FILTER
	result ".resized | $1"
}

posts() { # the writes, in order
	jq -r 'select(.method != "GET") | "\(.path) \(.body)"' "$dir/log"
}

@test "resources: what is sent, to the byte, and read back" {
	gives '{"cpus":1.5,"memory":100000000,"cpus_reserved":0.5,"memory_reserved":80000000}'
	run --separate-stderr -0 apply "$dir/in"
	outcome unchanged
	[ "$(resized '"\(.status) \(.confirmed)"')" = "applied true" ]
	body='{"NanoCpus":1500000000,"CpuShares":512,"Memory":100000000,"MemorySwap":167108864,"MemoryReservation":80000000}'
	[ "$(posts)" = "/v1.41/containers/web/update $body" ]
	[ "$(resized .request)" = "POST /v1.41/containers/web/update $body" ]
	[ "$(resized '.parts | tostring')" = '[{"name":"web","before":{"cpus":1,"memory":67108864},"after":{"cpus":1.5,"memory":100000000,"cpus_reserved":0.5,"memory_reserved":80000000},"status":"applied"}]' ]
	run --separate-stderr -0 apply "$dir/in"
	[ "$(resized .status)" = unchanged ]
	[ "$(posts | wc -l)" = 1 ]
}

@test "resources: monitor and dry run write nothing, and say the request" {
	gives '{"cpus":1.5}'
	before=$(cat "$dir/all")
	for how in "--mode monitor monitor" "--dry-run dry-run"; do
		run -0 apply ${how% *} "$dir/in"
		[ "$(resized '"\(.status) \(.request)"')" = \
			"${how##* } POST /v1.41/containers/web/update {\"NanoCpus\":1500000000}" ]
	done
	# the record's own word is enough, and so is a count that would change
	decide 1 2 '.resources = {"cpus":1.5} | .mode = "monitor"' >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(resized .status)" = monitor ]
	run -0 apply --dry-run "$dir/in"
	[[ $(result .request) == *create?name=web-2* ]]
	[ "$(resized .status)" = dry-run ]
	[ -z "$(posts)" ]
	[ "$(cat "$dir/all")" = "$before" ]
}

@test "resources: --resources no and 'apply = no' leave all to the people" {
	gives '{"cpus":1.5}'
	run -0 apply --resources no "$dir/in"
	[ "$(result .resized)" = null ]
	conf 'apply = no'
	run -0 apply "$dir/in"
	[ "$(result .resized)" = null ]
	# not even asked
	[ ! -s "$dir/log" ]
	run -0 apply --resources live "$dir/in"
	[ "$(resized .status)" = applied ]
	run -2 --separate-stderr apply --resources maybe "$dir/in"
	[[ $stderr == *"--resources: 'maybe' is none of no, live and yes"* ]]
}

@test "resources: one change goes no further than max_raise and max_lower" {
	conf 'cooldown = 0'
	gives '{"cpus":8,"memory":33554432}'
	run -0 apply "$dir/in"
	# twice, and three quarters
	[ "$(resized '.parts[0].after | "\(.cpus) \(.memory)"')" = "2 50331648" ]
	run -0 apply "$dir/in"
	[ "$(resized '.parts[0].after | "\(.cpus) \(.memory)"')" = "4 37748736" ]
	conf 'cooldown = 0' 'max_raise = 25%' 'max_lower = 10%'
	run -0 apply "$dir/in"
	[ "$(resized '.parts[0].after | "\(.cpus) \(.memory)"')" = "5 33973862" ]
}

@test "resources: the least and the most of the file hold" {
	conf 'min_cpus = 0.9' 'max_memory = 96Mi' 'max_raise = 1000%'
	gives '{"cpus":0.2,"memory":500000000}'
	run -0 apply "$dir/in"
	[ "$(resized '.parts[0].after | "\(.cpus) \(.memory)"')" = "0.9 100663296" ]
}

@test "resources: memory stays above what is in use, and what that needs" {
	conf 'max_lower = 100%' 'headroom = 50%'
	gives '{"memory":8388608}'
	run -0 apply "$dir/in"
	# 20 MiB and half of that
	[ "$(resized '.parts[0] | "\(.after.memory) \(.memory_used)"')" = "31457280 20971520" ]
	[ "$(resized .held)" = "memory of 'web' stays above the 20 MiB that it uses now" ]
	# and where it is nearly full, it stays as it is
	echo "{\"web\":${web/20971520/62914560}}" >"$dir/all"
	run -0 apply "$dir/in"
	[ "$(resized .status)" = held ]
	[ "$(posts | wc -l)" = 1 ]
}

@test "resources: where use cannot be seen, memory is lowered to min_memory only" {
	engine nostats
	gives '{"memory":58720256}'
	run -0 apply "$dir/in"
	[ "$(resized '"\(.status) \(.held)"')" = \
		"held memory of 'web' is not lowered: what it uses cannot be seen, and no min_memory is set" ]
	[ -z "$(posts)" ]
	conf 'min_memory = 60Mi'
	run -0 apply "$dir/in"
	[ "$(resized .parts[0].after.memory)" = 62914560 ]
}

@test "resources: a first limit counts as lowering" {
	echo '{"web":{"HostConfig":{},"used":20971520}}' >"$dir/all"
	gives '{"cpus":1.5,"memory":67108864}' '.action = "hold"'
	run -0 apply "$dir/in"
	[ "$(resized '"\(.status) \(.held)"')" = "held nothing is lowered in a hold or an emergency" ]
	gives '{"cpus":1.5,"memory":8388608}'
	run -0 apply "$dir/in"
	[ "$(posts)" = '/v1.41/containers/web/update {"NanoCpus":1500000000,"Memory":26214400,"MemorySwap":52428800}' ]
}

@test "resources: raised before the count grows, lowered after it" {
	decide 1 2 '.resources = {"cpus":1.5,"memory":58720256}' >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(posts | cut -d' ' -f1 | paste -sd' ')" = "/v1.41/containers/web/update /v1.41/containers/create?name=web-2 /v1.41/containers/web-2/start /v1.41/containers/web-2/update /v1.41/containers/web/update" ]
	[ "$(posts | sed -n '1p;4,$p' | cut -d' ' -f2 | paste -sd' ')" = '{"NanoCpus":1500000000} {"Memory":58720256,"MemorySwap":125829120} {"Memory":58720256,"MemorySwap":125829120}' ]
	[ "$(jq -c 'map(.HostConfig | [.NanoCpus, .Memory])' "$dir/all")" = "[[1500000000,58720256],[1500000000,58720256]]" ] ||
		[ "$(jq -c '[.[] | [.HostConfig.NanoCpus, .HostConfig.Memory]]' "$dir/all")" = "[[1500000000,58720256],[1500000000,58720256]]" ]
}

@test "resources: raised before the count shrinks, too" {
	echo "{\"web\":$web,\"web-2\":$web}" >"$dir/all"
	decide 2 1 '.resources = {"cpus":2}' >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(posts | cut -d' ' -f1 | head -n 2 | sort | paste -sd' ')" = "/v1.41/containers/web-2/update /v1.41/containers/web/update" ]
	[[ $(posts | sed -n 3p) == */stop* ]]
}

@test "resources: where the count is refused nothing is resized" {
	decide 2 4 '.resources = {"cpus":2}' >"$dir/in"
	run -1 --separate-stderr apply "$dir/in"
	outcome refused "the count is 1 now*"
	decide 1 4 '.resources = {"cpus":2} | .approval = "required"' >"$dir/in"
	run -0 --separate-stderr apply --state "$state" "$dir/in"
	outcome pending
	decide 2 2 '.resources = {"cpus":2}' >"$dir/in"
	run -1 --separate-stderr apply "$dir/in"
	[ "$(resized '"\(.status) \(.error)"')" = "refused the count is another than when this was decided" ]
	[ -z "$(posts)" ]
}

@test "resources: stale decisions resize nothing" {
	gives '{"cpus":2}'
	run -1 --separate-stderr apply --now 2026-11-23T17:10:00Z "$dir/in"
	[[ $stderr == *"no size is changed: stale: decided 10 min ago"* ]]
	[ ! -s "$dir/log" ]
}

@test "resources: paused and frozen targets are left alone, but in an emergency" {
	for word in paused frozen; do
		gives '{"cpus":2}' ".states = [\"$word\"]"
		run -0 apply "$dir/in"
		[ "$(resized '"\(.status) \(.held)"')" = "held the target is paused or frozen" ]
	done
	[ -z "$(posts)" ]
	decide 1 2 '.resources = {"cpus":2,"memory":33554432} | .states = ["frozen"] | .action = "emergency_scale"' >"$dir/in"
	run -0 apply "$dir/in"
	# raised, and nothing lowered
	[ "$(jq -c '[.[].HostConfig | .NanoCpus, .Memory]' "$dir/all")" = "[2000000000,67108864,2000000000,67108864]" ]
}

@test "resources: after a change nothing is lowered for a while; raised it is" {
	conf 'cooldown = 10m'
	gives '{"memory":58720256}'
	run -0 apply --state "$state" "$dir/in"
	[ "$(resized .status)" = applied ]
	now=2026-11-23T17:05:00Z
	gives '{"cpus":1.5,"memory":50331648}'
	run -0 apply --state "$state" "$dir/in"
	[ "$(resized '"\(.status) \(.held)"')" = "applied cooldown of the section 'resources'" ]
	[ "$(jq -c '.web.HostConfig | [.NanoCpus, .Memory]' "$dir/all")" = "[1500000000,58720256]" ]
	now=2026-11-23T17:15:01Z
	gives '{"memory":50331648}'
	run -0 apply --state "$state" "$dir/in"
	[ "$(jq .web.HostConfig.Memory "$dir/all")" = 50331648 ]
}

@test "resources: a day has so many changes and no more" {
	conf 'cooldown = 0' 'max_changes_per_day = 2'
	for cores in 1.2 1.4; do
		gives "{\"cpus\":$cores}"
		run -0 apply --state "$state" "$dir/in"
		[ "$(resized .status)" = applied ]
	done
	gives '{"cpus":1.6}'
	run -0 apply --state "$state" "$dir/in"
	[ "$(resized '"\(.status) \(.held)"')" = "held max_changes_per_day of the section 'resources'" ]
	now=2026-11-24T17:00:01Z
	gives '{"cpus":1.6}'
	run -0 apply --state "$state" "$dir/in"
	[ "$(resized .status)" = applied ]
}

@test "resources: the journal has the intent before and all of the result after" {
	gives '{"cpus":1.5}'
	run -0 apply --state "$state" "$dir/in"
	journal=$(tail -n +2 "$state/web.ndjson")
	[ "$(jq -r .type <<<"$journal" | paste -sd' ')" = "decision intent result" ]
	[ "$(jq -c 'select(.type == "intent") | .intent | [.from, .to, .resize]' <<<"$journal")" = \
		'[1,1,[{"name":"web","before":{"cpus":1,"memory":67108864},"after":{"cpus":1.5,"memory":67108864}}]]' ]
	[ "$(jq -c 'select(.type == "result") | .result.resized.parts[0].after.cpus' <<<"$journal")" = 1.5 ]
	# where there is nothing to do, there is nothing to tell
	run -0 apply --state "$state" "$dir/in"
	[ "$(tail -n +2 "$state/web.ndjson" | jq -r .type | paste -sd' ')" = "decision intent result decision" ]
}

@test "resources: a run that was cut off is told of, and begun anew" {
	gives '{"cpus":1.5}'
	run -0 apply --state "$state" "$dir/in"
	sed -i '$d' "$state/web.ndjson"
	echo "{\"web\":$web}" >"$dir/all"
	now=2026-11-23T17:01:00Z
	gives '{"cpus":1.5}'
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[[ $stderr == *"an earlier run was cut off"* ]]
	[ "$(resized .status)" = applied ]
	[ "$(tail -n +2 "$state/web.ndjson" | jq -r '.type + " " + (.result.resized.status // "")' | paste -sd,)" = \
		"decision ,intent ,decision ,result timeout,intent ,result applied" ]
}

@test "resources: without a journal that can be written nothing is changed" {
	not_under_valgrind
	gives '{"cpus":1.5}'
	mkdir -p "$state/web.ndjson"
	run --separate-stderr -2 apply --state "$state" "$dir/in"
	[ ! -s "$dir/log" ] || [ -z "$(posts)" ]
}

@test "resources: one that fails keeps neither the others nor the count" {
	echo "{\"web\":$web,\"web-2\":$web}" >"$dir/all"
	engine refuse=web-2
	decide 2 3 '.resources = {"cpus":1.5}' >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome applied
	[ "$(resized '"\(.status) \(.confirmed)"')" = "failed false" ]
	[ "$(resized '.parts | map("\(.name) \(.status)") | sort | join(", ")')" = "web applied, web-2 failed" ]
	[[ $stderr == *"'web': resources: failed: "*"Cannot update container"* ]]
	[ "$(jq '.web.HostConfig.NanoCpus' "$dir/all")" = 1500000000 ]
	[ "$(jq length "$dir/all")" = 3 ]
}

@test "resources: what somebody else changes meanwhile is not overwritten" {
	engine other=web
	gives '{"cpus":1.5}'
	run --separate-stderr -1 apply "$dir/in"
	[ "$(resized '"\(.status) \(.error)"')" = "refused 'web' was given something else meanwhile" ]
	[ -z "$(posts)" ]
}

@test "resources: an answer that is lost is read back" {
	engine lost=web
	gives '{"cpus":1.5}'
	run --separate-stderr -0 apply "$dir/in"
	[ "$(resized '"\(.status) \(.confirmed)"')" = "applied true" ]
}

@test "resources: a plain change of the count has no word on sizes" {
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .resized)" = null ]
	! grep -q update "$dir/log"
}

@test "resources: the keys of the file are checked" {
	conf 'min_memory = 2Gi' 'max_memory = 1Gi'
	run --separate-stderr -2 as-decide --check -c "$dir/web.conf"
	[[ $stderr == *"'min_memory' is 2147483648 and 'max_memory' 1073741824"* ]]
	conf 'max_cpus = auto'
	run --separate-stderr -2 as-decide --check -c "$dir/web.conf"
	[[ $stderr == *"'max_cpus' is a bound, and cannot be auto"* ]]
	conf 'apply = perhaps'
	run --separate-stderr -2 as-decide --check -c "$dir/web.conf"
	conf 'apply = yes' 'min_cpus = 0.1' 'headroom = 10%' 'max_lower = 20%' \
		'max_raise = 50%' 'cooldown = 1h' 'max_changes_per_day = 5'
	run -0 as-decide --check -c "$dir/web.conf"
	[[ $output == *"max_lower = 20%"* ]]
}
