# The driver lxd on a real LXD: containers that are copied, started, stopped and
# deleted

load ../lib/common
load ../lib/services.sh
load ../lib/lxd.bash
load ../lib/decision.bash

setup_file() {
	# one daemon for all tests
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(lxd_usable) || {
		export WHY_NOT
		echo "# LXD tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	if ! { lxd_start && lxd_image web && instance probe; } \
		2>"$SVC/first"; then
		WHY_NOT="LXD starts no container here: $(tail -n 1 "$SVC/first")"
		export WHY_NOT
		echo "# LXD tests are skipped: $WHY_NOT" >&3
		return 0
	fi
	lxd_remove_all
}

teardown_file() {
	[ -z "${SVC:-}" ] || lxd_end
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
	driver=lxd
	service=web
	now=$(date +%s)
	now=$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)
}

teardown() {
	[ -n "${WHY_NOT:-}" ] || lxd_remove_all
}

# conf [KEY...]: a file with these keys in its section machine
conf() {
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' \
		'apply { driver = lxd service = web timeout = 60s }' \
		'machine {' "$@" '}' >"$dir/web.conf"
}

apply() {
	as-apply -c "$dir/web.conf" "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver lxd --service "$service"
}

# instance NAME [JSON]: a container, started
instance() {
	lxd_do /1.0/instances -d "$(jq -cn --arg name "$1" --argjson more \
		"${2:-{\}}" '{ name: $name,
		source: { type: "image", alias: "web" } } * $more')" &&
		lxd_do "/1.0/instances/$1/state" -X PUT \
			-d '{"action":"start","timeout":30}'
}

inspect() { # NAME FILTER
	lxd_api "/1.0/instances/$1" | jq -r ".metadata | $2"
}

names() { # in order
	lxd_api '/1.0/instances?recursion=1' |
		jq -r '.metadata | map(.name) | sort | join(" ")'
}

everything() { # what no dry run may change
	lxd_api '/1.0/instances?recursion=1' | jq -cS .metadata
}

labelled() { # NAME [JSON]
	instance "$1" "$(jq -cn --argjson more "${2:-{\}}" \
		'{ config: { "user.autoscale.target": "web" } } * $more')"
}

@test "lxd: from one to three and back to one" {
	labelled base '{"config":{"limits.memory":"64MiB","user.team":"shop"}}'
	conf 'from = base' 'shutdown = 10s'
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "1 1" ]
	version=$(state .version)
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "3 3" ]
	new=$(names | tr ' ' '\n' | grep -v '^base$' | head -n 1)
	[ "$(inspect "$new" '.config["limits.memory"]')" = 64MiB ]
	[ "$(inspect "$new" '.config["user.team"]')" = shop ]
	[ "$(inspect "$new" '.config["user.autoscale.proven"]')" = yes ]
	[ "$(inspect "$new" '.config["user.autoscale.created"][:4]')" = \
		"$(date -u +%Y)" ]
	version=
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide 3 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names)" = base ]
	[ "$(inspect base .status)" = Running ]
}

@test "lxd: to none and back from an image, and the same name but once" {
	labelled base
	conf 'from = "image:web"' 'shutdown = 0' 'labels = {"team=shop"}'
	decide 1 0 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ -z "$(names)" ]
	decide 0 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	first=$(names)
	[[ $first == web-*-1 ]]
	[ "$(inspect "$first" '.config["user.team"]')" = shop ]
	# the same once more: refused, for the count is another by now
	run -1 --separate-stderr apply "$dir/in"
	outcome refused
	[ "$(names)" = "$first" ]
}

@test "lxd: a copy has no port of the host and no address of its template" {
	port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	labelled base "$(jq -cn --arg listen "tcp:127.0.0.1:$port" '{ devices: {
		web: { type: "proxy", listen: $listen,
			connect: "tcp:127.0.0.1:8080" } } }')"
	wait_until 10 curl -fsS "http://127.0.0.1:$port/healthz"
	conf 'from = base' 'shutdown = 0'
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	new=$(names | tr ' ' '\n' | grep -v '^base$')
	[ "$(inspect "$new" .devices.web.type)" = none ]
	curl -fsS "http://127.0.0.1:$port/healthz"
}

@test "lxd: health decides what serves, and what never did is swept" {
	labelled base
	# there is no network here, so the tests' own server speaks for them
	mkdir -p "$dir/www/base"
	: >"$dir/www/base/healthz"
	python3 -c 'import functools, http.server, sys
H = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()' "$dir/www" >"$dir/port" 2>/dev/null </dev/null 3>&- &
	server=$!
	wait_until 10 test -s "$dir/port"
	sick="health = \"http://127.0.0.1:$(cat "$dir/port")/{name}/healthz\""
	conf 'from = base' 'shutdown = 0' "$sick"
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply --timeout 4s "$dir/in"
	outcome timeout "*1 of 2 machines serve*runs and does not answer*"
	orphan=$(names | tr ' ' '\n' | grep -v '^base$')
	# after its grace it no longer counts, and goes when another is made
	sed -i '/^target/s/$/ policy { boot_time = 1s }/' "$dir/web.conf"
	sed -i 's/^machine {/machine { orphan_after = 2s/' "$dir/web.conf"
	sleep 2.5
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide 1 2 '.x = 1' >"$dir/in"
	run --separate-stderr apply --no-verify "$dir/in"
	kill "$server"
	outcome applied
	[[ " $(names) " != *" $orphan "* ]]
	[ "$(names | wc -w)" = 2 ]
}

@test "lxd: dry run and monitor change nothing" {
	labelled base
	labelled second
	conf 'from = base'
	before=$(everything)
	decide 2 4 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[[ $(result .request) == 'POST /1.0/instances {"name":"web-'*'-1",'*'; PUT /1.0/instances/web-'*'-2/state {"action":"start","timeout":30}' ]]
	decide 2 1 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = 'PUT /1.0/instances/second/state {"action":"stop","timeout":30}; DELETE /1.0/instances/second' ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	[ "$(everything)" = "$before" ]
}

# gives SIZES: what decisions say that each instance should be given
gives() {
	echo '.resources = '"$1"
}

# held NAME: the limit of memory that the kernel holds it to
held() {
	local at

	for at in "/sys/fs/cgroup/memory/lxc.payload.$1/memory.limit_in_bytes" \
		"/sys/fs/cgroup/lxc.payload.$1/memory.max"; do
		[ ! -e "$at" ] || cat "$at"
	done
}

@test "lxd: CPU and memory are changed while an instance runs" {
	labelled base '{"config":{"limits.memory":"64MiB","limits.cpu":"1"}}'
	conf 'from = base' 'shutdown = 0'
	pid=$(lxd_api /1.0/instances/base/state | jq .metadata.pid)
	decide 1 1 "$(gives '{"cpus":2,"memory":100663296,"memory_reserved":1048576}')" >"$dir/in"
	request='PATCH /1.0/instances/base {"config":{"limits.cpu":"2","limits.memory":"96MiB"}}'
	before=$(everything)
	run -0 apply --dry-run "$dir/in"
	[ "$(result .resized.request)" = "$request" ]
	run -0 apply --mode monitor "$dir/in"
	[ "$(result .resized.request)" = "$request" ]
	[ "$(everything)" = "$before" ]
	run -0 apply "$dir/in"
	[ "$(result '.resized | "\(.status) \(.confirmed) \(.request)"')" = "applied true $request" ]
	[ "$(result .resized.held)" = "memory_reserved of 'base' is nothing that LXD reserves" ]
	[ "$(inspect base '.config | "\(."limits.cpu") \(."limits.memory")"')" = "2 96MiB" ]
	[ "$(held base)" = 100663296 ]
	# it was not restarted
	[ "$(lxd_api /1.0/instances/base/state | jq .metadata.pid)" = "$pid" ]
	# part of a core is a share of time
	decide 1 1 "$(gives '{"cpus":1.525}')" >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result '.resized | "\(.status) \(.confirmed)"')" = "applied true" ]
	[ "$(inspect base '.config | "\(."limits.cpu") \(."limits.cpu.allowance")"')" = "2 153ms/100ms" ]
	run -0 apply "$dir/in"
	[ "$(result .resized.status)" = unchanged ]
}

@test "lxd: new instances have what the old ones were given" {
	labelled base '{"config":{"limits.memory":"64MiB"}}'
	conf 'from = base' 'shutdown = 0'
	decide 1 2 "$(gives '{"memory":83886080}')" >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	new=$(names | tr ' ' '\n' | grep -v '^base$')
	[ "$(inspect base '.config["limits.memory"]')" = 80MiB ]
	[ "$(inspect "$new" '.config["limits.memory"]')" = 80MiB ]
	# from an image, which knows no limits
	conf 'from = "image:web"' 'shutdown = 0'
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	decide 2 3 "$(gives '{"memory":83886080}')" >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(lxd_api '/1.0/instances?recursion=1' | jq -r \
		'.metadata | map(.config["limits.memory"]) | unique | join(" ")')" = 80MiB ]
}

@test "lxd: memory in use is not taken away" {
	labelled base '{"config":{"limits.memory":"64MiB"}}'
	conf 'from = base' 'shutdown = 0'
	echo 'resources { max_lower = 100% cooldown = 0 }' >>"$dir/web.conf"
	used=$(lxd_api /1.0/instances/base/state | jq .metadata.memory.usage)
	decide 1 1 "$(gives '{"memory":1048576}')" >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result .resized.status)" = applied ]
	[ "$(held base)" -ge "$used" ]
	[ "$(held base)" -lt 67108864 ]
}

@test "lxd: failures that come after the 202 are told" {
	labelled base
	conf 'from = "image:nowhere"'
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Image alias not found*"
	conf 'from = nobody'
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Instance not found*"
	# a copy that cannot be started is taken away again
	lxd_do /1.0/instances -d '{"name":"broken","source":{"type":"image",
		"alias":"web"},"devices":{"gone":{"type":"unix-char",
		"path":"/dev/there-is-none","required":"true"}}}'
	conf 'from = broken'
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*Failed to start device \"gone\"*"
	[ "$(names)" = "base broken" ]
}

@test "lxd: one that does not stop in its time is cut off" {
	labelled base
	conf 'from = base' 'shutdown = 1s'
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	new=$(names | tr ' ' '\n' | grep -v '^base$')
	# an init that does not hear
	pid=$(lxd_api "/1.0/instances/$new/state" | jq .metadata.pid)
	kill -STOP "$pid"
	decide 2 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(names)" = base ]
}

@test "lxd: over HTTPS, with a certificate that it trusts" {
	labelled base
	conf 'from = base' 'shutdown = 0'
	lxd_api /1.0 -X PATCH -d '{"config":{"core.https_address":"127.0.0.1:0"}}' \
		>/dev/null
	port=$(lxd_api /1.0 | jq -r '.metadata.environment.addresses[0]')
	port=${port##*:}
	[ "$port" != 0 ] || port=$(ss -lntp | awk -v pid="pid=$(svc_pid lxd)," \
		'index($0, pid) { sub(".*:", "", $4); print $4; exit }')
	(umask 077 && openssl req -x509 -newkey ec -pkeyopt \
		ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=autoscale \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null)
	conf 'from = base' 'shutdown = 0' "cert_file = \"$dir/cert.pem\"" \
		"key_file = \"$dir/key.pem\"" "ca_file = \"$LXD_DIR/server.crt\""
	decide 1 2 >"$dir/in"
	run -3 --separate-stderr apply --host "https://127.0.0.1:$port" "$dir/in"
	outcome failed "*must trust the certificate*"
	lxd_api /1.0/certificates -d "$(jq -cn --arg c \
		"$(grep -v -- ----- "$dir/cert.pem" | tr -d '\n')" \
		'{ type: "client", name: "autoscale", certificate: $c }')" >/dev/null
	run -0 apply --host "https://127.0.0.1:$port" "$dir/in"
	outcome applied
	[ "$(names | wc -w)" = 2 ]
}

@test "lxd: no daemon, no project, no service" {
	conf
	decide 1 2 >"$dir/in"
	LXD_DIR=/nowhere run -3 --separate-stderr apply "$dir/in"
	outcome failed "*is LXD running?*"
	run -2 --separate-stderr as-apply --driver lxd --service Web_1 </dev/null
	[[ $stderr == *"needs a service"* ]]
}
