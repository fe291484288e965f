# The driver lxd against a simulator that keeps state, takes what LXD takes, and
# fails as it does: after the 202. The real one is in e2e.

load lib/common
load lib/decision.bash

setup() {
	unset LXD_DIR
	dir=$BATS_TEST_TMPDIR
	driver=lxd
	# the path of a socket is short
	socket=$(mktemp -u /tmp/lxd-XXXXXX)
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
}

teardown() {
	[ ! -e "$dir/lxd.pid" ] || kill "$(cat "$dir/lxd.pid")"
	[ ! -e "$dir/health.pid" ] || kill "$(cat "$dir/health.pid")"
	rm -f "$socket"
}

# lxd_begin [NAME [MEMBERS]]...: with these instances of ours; MEMBERS is JSON
lxd_begin() {
	local rows=()

	while [ $# -gt 0 ]; do
		rows+=("$(jq -cn --arg n "$1" --argjson more "${2:-{\}}" '{ name: $n,
			config: { "user.autoscale.target": "web" } } * $more')")
		shift $(($# > 1 ? 2 : 1))
	done
	mkdir -p "$dir/sim"
	[ ${#rows[@]} = 0 ] || printf '%s\n' "${rows[@]}" | jq -s . \
		>"$dir/sim/machines.json"
	: >"$dir/sent"
	python3 "$root/test/stub/lxd.py" "$socket" "$dir/sent" "$dir/sim" \
		>"$dir/lxd.out" 2>"$dir/lxd.err" </dev/null 3>&- &
	echo $! >"$dir/lxd.pid"
	wait_until 10 test -S "$socket"
}

# conf [KEY...]: a file with these keys in its section machine
conf() {
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' 'policy { boot_time = 1s }' \
		"apply { driver = lxd service = ${service:-web} timeout = 8s" \
		"host = \"unix://$socket\" }" 'machine {' "$@" '}' >"$dir/web.conf"
}

apply() {
	as-apply -c "$dir/web.conf" --now "$now" "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver lxd --service web \
		--host "unix://$socket" --now "$now"
}

# all FILTER: of the list of instances as they are now
all() {
	curl -sS --unix-socket "$socket" 'http://lxd/1.0/instances?recursion=1' |
		jq -r ".metadata | $1"
}

names() {
	all 'map(.name) | sort | join(" ")'
}

# health_begin NAME...: a server that says of these alone that they are well
health_begin() {
	local name

	for name; do
		mkdir -p "$dir/www/$name"
		: >"$dir/www/$name/healthz"
	done
	python3 -c 'import functools, http.server, sys
H = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()' "$dir/www" >"$dir/health.port" 2>"$dir/health.err" \
		</dev/null 3>&- &
	echo $! >"$dir/health.pid"
	wait_until 10 test -s "$dir/health.port"
	HEALTH="health = \"http://127.0.0.1:$(cat "$dir/health.port")/{name}/healthz\""
}

# wrote: what was sent that is not for reading, in order, with the bodies
wrote() {
	jq -r 'select(.method != "GET") | "\(.method) \(.path) \(.body)"' "$dir/sent"
}

@test "lxd: from one to three and back, by copies of what runs" {
	lxd_begin base '{"config":{"limits.memory":"64MiB","user.team":"shop"}}'
	conf 'shutdown = 10s'
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "1 1" ]
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "3 3" ]
	[ "$(all 'map(.config["limits.memory"]) | unique | join(",")')" = 64MiB ]
	[ "$(all '[.[] | select(.name != "base") | .config |
		.["user.autoscale.made"] + .["user.autoscale.proven"]] |
		unique | join(",")')" = yesyes ]
	# a copy says its profiles, and whose it is
	[ "$(jq -r 'select(.method == "POST") | .body | fromjson |
		"\(.profiles | join(",")) \(.config["user.autoscale.target"]) \(.source |
		"\(.type) \(.source) \(.instance_only)")"' "$dir/sent" | sort -u)" = \
		"default web copy base true" ]
	: >"$dir/sent"
	decide 3 1 '.x = 1' >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names)" = base ]
	[ "$(wrote | grep -c '"action":"stop","timeout":10')" = 2 ]
	[ "$(wrote | grep -c ^DELETE)" = 2 ]
}

@test "lxd: from an image to none and back, and the same name but once" {
	lxd_begin base
	conf 'from = "image:web"' 'shutdown = 0' 'labels = {"team=shop"}'
	decide 1 0 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ -z "$(names)" ]
	wrote | grep -q '"action":"stop","force":true'
	decide 0 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	first=$(names)
	[[ $first == web-*-1 ]]
	[ "$(all '.[0].config["user.team"]')" = shop ]
	run -1 --separate-stderr apply "$dir/in"
	outcome refused
	[ "$(names)" = "$first" ]
}

@test "lxd: a copy has no port of the host and no address of its template" {
	lxd_begin base '{"devices":{
		"web":{"type":"proxy","listen":"tcp:127.0.0.1:80","connect":"tcp:127.0.0.1:8080"},
		"eth0":{"type":"nic","network":"br0","ipv4.address":"10.0.0.9","hwaddr":"00:16:3e:00:00:01"}}}'
	conf 'from = base' 'shutdown = 0'
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(all '.[] | select(.name != "base") | .devices | tojson')" = \
		'{"web":{"type":"none"},"eth0":{"type":"nic","network":"br0"}}' ]
}

@test "lxd: dry run and monitor send nothing but GET" {
	lxd_begin base '{"age":9000}' second '{}'
	conf 'from = base'
	before=$(all tojson)
	decide 2 4 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[[ $(result .request) == 'POST /1.0/instances {"name":"web-'*'-1",'*'; PUT /1.0/instances/web-'*'-2/state {"action":"start","timeout":30}' ]]
	decide 2 1 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = 'PUT /1.0/instances/second/state {"action":"stop","timeout":30}; DELETE /1.0/instances/second' ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	[ -z "$(wrote)" ]
	[ "$(all tojson)" = "$before" ]
}

@test "lxd: failures that come after the 202 are told" {
	lxd_begin base
	conf 'from = "image:nowhere"'
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Image alias not found*"
	conf 'from = nobody'
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Instance not found*"
	# a copy that cannot be started is taken away again
	conf 'from = base'
	echo 'start Failed to start device "gone"' >"$dir/sim/fail"
	run -3 --separate-stderr apply "$dir/in"
	outcome failed '*Failed to start device "gone"*'
	[ "$(names)" = base ]
}

@test "lxd: an operation that LXD has forgotten is asked of the instance" {
	lxd_begin base
	conf 'from = base' 'shutdown = 0'
	echo 10 >"$dir/sim/forget"
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names | wc -w)" = 3 ]
	echo 10 >"$dir/sim/forget"
	decide 3 1 '.x = 1' >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names)" = base ]
}

@test "lxd: a change whose answer is lost is not made twice" {
	lxd_begin base
	conf 'from = base'
	echo 1 >"$dir/sim/lost"
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(wrote | grep -c '^POST')" = 1 ]
	[ "$(names | wc -w)" = 2 ]
}

@test "lxd: an operation that takes its time is waited for, but not for ever" {
	lxd_begin base
	conf 'from = base'
	echo 0.4 >"$dir/sim/slow"
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	echo 30 >"$dir/sim/slow"
	decide 2 3 >"$dir/in"
	run -3 --separate-stderr apply --timeout 2s "$dir/in"
	outcome timeout "*2 of 3 machines serve*is Stopped*"
}

@test "lxd: one that does not stop in its time is cut off" {
	lxd_begin base '{}' other '{"age":10,"config":{"user.autoscale.made":"yes","user.autoscale.proven":"yes"}}'
	conf 'from = base' 'shutdown = 1s'
	echo other >"$dir/sim/stubborn"
	decide 2 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names)" = base ]
	[ "$(wrote | paste -sd'|')" = 'PUT /1.0/instances/other/state {"action":"stop","timeout":1}|PUT /1.0/instances/other/state {"action":"stop","force":true}|DELETE /1.0/instances/other ' ]
}

@test "lxd: health decides what serves" {
	lxd_begin base
	health_begin base
	conf 'from = base' 'shutdown = 0' "$HEALTH"
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply --timeout 3s "$dir/in"
	outcome timeout "*1 of 2 machines serve*runs and does not answer*"
	[ "$(all '[.[] | .config["user.autoscale.proven"]] | index("yes") == null')" = true ]
}

@test "lxd: what never served is swept after its grace, not before" {
	made='{"config":{"user.autoscale.made":"yes","user.autoscale.proven":"no"}'
	lxd_begin base '{}' young "$made,\"age\":60}" old "$made,\"age\":4000}"
	health_begin base
	conf 'from = base' 'shutdown = 0' 'orphan_after = 30m' "$HEALTH"
	# the old one counts no more; the young one may be booting
	decide 2 3 >"$dir/in"
	run --separate-stderr apply --no-verify "$dir/in"
	outcome applied
	[[ " $(names) " == *" young "* && " $(names) " != *" old "* ]]
	[ "$(names | wc -w)" = 3 ]
	# one that has served once is no orphan, however long it is ill
	: >"$dir/sent"
	made=${made/proven\":\"no/proven\":\"yes}
	kill "$(cat "$dir/lxd.pid")"
	rm -f "$socket"
	lxd_begin base '{}' ill "$made,\"age\":4000}"
	decide 2 3 '.x = 1' >"$dir/in"
	run --separate-stderr apply --no-verify "$dir/in"
	outcome applied
	[[ " $(names) " == *" ill "* ]]
}

@test "lxd: what never served is swept also where the count is to stay" {
	made='{"config":{"user.autoscale.made":"yes","user.autoscale.proven":"no"}'
	lxd_begin base '{}' late "$made,\"age\":4000}" old "$made,\"age\":4000}"
	health_begin base late
	conf 'from = base' 'shutdown = 0' 'orphan_after = 30m' "$HEALTH"
	decide 2 2 >"$dir/in"
	run -0 --separate-stderr apply --mode monitor "$dir/in"
	run -0 --separate-stderr apply --dry-run "$dir/in"
	[ "$(names | wc -w)" = 3 ]
	run -0 --separate-stderr apply "$dir/in"
	outcome unchanged
	[[ $(result .request) == *"DELETE /1.0/instances/old" ]]
	[[ " $(names) " == *" late "* && " $(names) " != *" old "* ]]
	# what was seen to serve is marked as such
	[ "$(all 'map(select(.config["user.autoscale.proven"] == "yes").name) | join(" ")')" = late ]
}

@test "lxd: no daemon, no project, no service" {
	conf
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*is LXD running?*"
	lxd_begin base
	service=other/web conf
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Project not found*"
	run -2 --separate-stderr as-apply --driver lxd --service Web_1 </dev/null
	[[ $stderr == *"needs a service"* ]]
}
