# Who rents machines out: what Hetzner and DigitalOcean have in common, each
# against a simulator that keeps state, checks requests, and does wrong when told

load lib/common
load lib/decision.bash
load lib/vendor.bash

setup() {
	dir=$BATS_TEST_TMPDIR
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	version=
}

teardown() {
	[ ! -e "$dir/health.pid" ] || kill "$(cat "$dir/health.pid")"
	vendor_stop
}

# each TEST [ARG...]: the same for both of them
each() {
	for driver in hetzner digitalocean; do
		machines=/servers
		[ "$driver" = hetzner ] || machines=/v2/droplets
		rm -rf "$dir/sim" "$dir/port"
		echo "$driver:" # shown where it fails
		"$@"
		vendor_stop
	done
}

# have NAME AGE [made] [proven]...: a machine of ours, and which marks it has;
# several with -- between them
have() {
	local rows=() name age marks

	while [ $# -gt 0 ]; do
		name=$1 age=$2 marks=
		shift 2
		while [ $# -gt 0 ] && [ "$1" != -- ]; do
			marks+=" $1"
			shift
		done
		[ $# = 0 ] || shift
		rows+=("$(jq -cn --arg n "$name" --argjson age "$age" \
			--arg marks "$marks" --arg d "$driver" '
			($marks | split(" ") | map(select(. != ""))) as $m |
			{ name: $n, type: "small", place: "here", age: $age,
			labels: (if $d == "hetzner" then ({ autoscale: "web" } +
				([$m[] | { ("autoscale-" + .): "yes" }] | add // {}))
				else (["autoscale:web"] + [$m[] | "autoscale-" + .]) end) }')")
	done
	mkdir -p "$dir/sim"
	printf '%s\n' "${rows[@]}" | jq -s . >"$dir/sim/machines.json"
	: >"$dir/sent"
	rm -f "$dir/port"
	python3 "$root/test/stub/vendor.py" "$driver" "$dir/sent" "$dir/sim" \
		>"$dir/port" 2>"$dir/vendor.err" </dev/null 3>&- &
	echo $! >"$dir/vendor.pid"
	wait_until 10 test -s "$dir/port"
	PORT=$(cat "$dir/port")
}

# well NAME...: a server of health that knows these alone; sets HEALTH
well() {
	local name

	[ ! -e "$dir/health.pid" ] || kill "$(cat "$dir/health.pid")"
	rm -rf "$dir/www" "$dir/health.port"
	mkdir -p "$dir/www"
	for name; do
		: >"$dir/www/$name"
	done
	python3 -c 'import functools, http.server, sys
H = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()' "$dir/www" >"$dir/health.port" 2>"$dir/health.err" \
		</dev/null 3>&- &
	echo $! >"$dir/health.pid"
	wait_until 10 test -s "$dir/health.port"
	HEALTH="health = \"http://{address}:$(cat "$dir/health.port")/{name}\""
}

deleted() { # the numbers of the machines that were deleted, in order
	jq -r 'select(.method == "DELETE") | .path | split("/")[-1]' "$dir/sent" |
		paste -sd,
}

sweeping() {
	# 101 serves; 102 may be booting; 103 never came; 104 served once, and is
	# ill; 105 is a person's
	have base 7200 -- young 60 made -- old 4000 made -- \
		ill 4000 made proven -- own 4000
	well base
	conf 'orphan_after = 30m' "$HEALTH"
	run --separate-stderr as-fetch -c "$dir/web.conf" --now "$now"
	# what is due to be swept is no capacity
	[ "$(state '"\(.instances) \(.ready)"')" = "4 1" ]
	decide 4 5 >"$dir/in"
	run -0 --separate-stderr apply --no-verify "$dir/in"
	outcome applied
	[ "$(deleted)" = 103 ]
	# where nothing serves nobody knows who is ill: nothing is swept
	vendor_stop
	have base 7200 -- old 4000 made
	well nobody
	conf 'orphan_after = 30m' "$HEALTH"
	decide 2 3 '.x = 1' >"$dir/in"
	run --separate-stderr apply --no-verify "$dir/in"
	[ -z "$(deleted)" ]
}

@test "vendor: what never served is swept after its grace; nothing else is" {
	each sweeping
}

at_rest() {
	local states

	# 101 serves; 102 may be booting; 103 never came; 104 came late
	have base 7200 -- young 60 made -- old 4000 made -- late 4000 made
	well base late
	conf 'orphan_after = 30m' "$HEALTH"
	decide 3 3 >"$dir/in"
	run -0 --separate-stderr apply --mode monitor --state "$dir/state" "$dir/in"
	run -0 --separate-stderr apply --dry-run --state "$dir/state" "$dir/in"
	for states in paused frozen; do
		decide 3 3 ".action = \"hold\" | .states = [\"$states\"]" >"$dir/held"
		run -0 --separate-stderr apply --state "$dir/state" "$dir/held"
	done
	[ "$(wrote)" = 0 ]
	rm -rf "$dir/state"
	run -0 --separate-stderr apply --state "$dir/state" "$dir/in"
	outcome unchanged
	[ "$(result .request)" = "DELETE $machines/103" ]
	[ "$(deleted)" = 103 ]
	run -0 jq -r '"\(.type) \(.intent.sweep) \(.result.request)"' "$dir/state/web.ndjson"
	[ "$output" = "journal null null
decision null null
intent true null
result null DELETE $machines/103" ]
	# whoever was seen to serve is none of them when it is ill one day
	well base
	: >"$dir/sent"
	decide 2 2 >"$dir/in"
	run -0 --separate-stderr apply --state "$dir/state" "$dir/in"
	[ "$(wrote)" = 0 ]
	rm -rf "$dir/state"
}

@test "vendor: what never served is swept also where the count is to stay" {
	each at_rest
}

grace() {
	# however short the grace is set, a machine has its time to boot
	have base 7200 -- young 100 made
	well base
	conf 'orphan_after = 1s' "$HEALTH"
	sed -i 's/boot_time = 1s/boot_time = 5m/' "$dir/web.conf"
	decide 2 3 >"$dir/in"
	run --separate-stderr apply --no-verify "$dir/in"
	[ -z "$(deleted)" ]
	# either the setting is refused, or it is longer than that
	[ "$status" != 0 ] || outcome applied
}

@test "vendor: the grace is never shorter than the boot" {
	each grace
}

idle() {
	have a 7000 -- b 3000 -- c 200
	conf 'remove = idle'
	echo '{"a":0.5,"b":0.1,"c":0.9}' >"$dir/sim/loads"
	decide 3 2 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/102" ]
	# of those as idle as another the newest
	echo '{"a":0.1,"b":0.1,"c":0.9}' >"$dir/sim/loads"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/102" ]
	decide 3 1 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(deleted)" = 102,101 ]
}

@test "vendor: remove = idle takes the idlest, and of those the newest" {
	each idle
}

health() {
	have base 7200
	well base
	conf "$HEALTH"
	decide 1 2 >"$dir/in"
	# it runs, and does not serve yet
	run -3 --separate-stderr apply --timeout 3s "$dir/in"
	outcome timeout "*1 of 2 machines serve*"
	# and now it does, though not at once
	vendor_stop
	have base 7200
	well base
	conf "$HEALTH"
	name=$(as-apply -c "$dir/web.conf" --now "$now" --dry-run "$dir/in" |
		jq -r 'select(.type == "result") | .result.request' |
		grep -o '"name":"web-[^"]*' | cut -d'"' -f4)
	(sleep 1 && : >"$dir/www/$name") 3>&- &
	later=$!
	run -0 apply "$dir/in"
	wait "$later"
	outcome applied
	[ "$(result .took_ms)" -ge 900 ]
}

@test "vendor: applied is what answers at its health address, in its time" {
	each health
}

# gaps: between the orders, in tenths of a second
gaps() {
	jq -rs --arg m "$machines" 'map(select(.method == "POST" and .path == $m) |
		.at) | [.[1:], .[:-1]] | transpose | map((.[0] - .[1]) * 10 | floor) |
		join(" ")' "$dir/sent"
}

scarce() {
	have base 7200
	echo 2 >"$dir/sim/empty"
	conf 'locations = {here}'
	sed -i 's/{small, large}/{small}/' "$dir/web.conf"
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	# refused at once, refused after a pause, made after a longer one
	read -ra gap <<<"$(gaps)"
	[ "${#gap[@]}" = 2 ]
	[ "${gap[0]}" -ge 10 ]
	[ "${gap[1]}" -ge $((gap[0] + 8)) ]
}

@test "vendor: out of stock is tried again with pauses that grow" {
	each scarce
}

limits() {
	# two requests are left of a hundred, until two seconds are over
	have base 7200
	echo '100 2 2' >"$dir/sim/budget"
	conf
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	# it waited instead of being refused
	[ "$(jq -s 'map(select(.status == 429)) | length' "$dir/sent")" = 0 ]
	[ "$(jq -s '[.[].at] | max - min >= 1' "$dir/sent")" = true ]
	vendor_stop
	# nothing for an hour: told at once, and nothing is asked any more
	have base 7200
	echo '100 1 3600' >"$dir/sim/budget"
	conf
	SECONDS=0
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*used up: nothing may be sent before*"
	[ "$SECONDS" -lt 5 ]
	[ "$(wc -l <"$dir/sent")" -le 2 ]
}

@test "vendor: the headers of the rate limit are heeded before it is used up" {
	# Hetzner's grows back bit by bit, so that the wait is but a part of it
	driver=digitalocean machines=/v2/droplets
	limits
}

lost() {
	have base 7200
	echo 1 >"$dir/sim/forget"
	# and lists are late
	echo 0.7 >"$dir/sim/lag"
	conf
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(orders .name | wc -l)" = 1 ]
	# the same decision once more makes no second one
	run -1 --separate-stderr apply "$dir/in"
	outcome refused
	[ "$(orders .name | wc -l)" = 1 ]
}

@test "vendor: an answer that was forgotten, and a list that is late: one machine" {
	each lost
}

killed() {
	# killed after the order was sent: the next run finds the machine
	have base 7200
	conf
	echo "state { dir = \"$dir/state\" }" >>"$dir/web.conf"
	rm -rf "$dir/state"
	echo 3 >"$dir/sim/boot"
	decide 1 2 >"$dir/in"
	as-apply -c "$dir/web.conf" --now "$now" "$dir/in" \
		>"$dir/out" 2>"$dir/err" 3>&- &
	wait_until 10 eval '[ "$(orders .name | wc -l)" = 1 ]'
	kill -KILL $!
	wait $! 2>/dev/null || :
	rm "$dir/sim/boot"
	run --separate-stderr apply "$dir/in"
	[[ $stderr == *"an earlier run was cut off"* ]]
	[ "$(orders .name | wc -l)" = 1 ]
}

@test "vendor: a run that was killed after its order is not made twice" {
	each killed
}

@test "vendor: what does not fit the vendor's description is seen, both ways" {
	local doc=$root/test/stub/hetzner.openapi.json

	# look METHOD PATH BODY STATUS ANSWER: what the check makes of it
	look() {
		jq -cn --arg m "$1" --arg p "$2" --arg b "$3" --argjson s "$4" \
			--argjson a "$5" '{ method: $m, path: $p, body: $b,
			status: $s, answer: $a }' >"$dir/log"
		run python3 "$root/test/lib/openapi.py" "$doc" "$dir/log"
	}
	look GET '/servers?per_page=50&page=1' '' 200 \
		'{"servers":[],"meta":{"pagination":{"next_page":null}}}'
	[ "$status" = 0 ]
	look GET '/servers?per_page=51' '' 200 '{"servers":[]}'
	[ "$output" = "GET /servers?per_page=51 ?per_page: 51 is out of bounds
GET /servers?per_page=51 answer: 'meta' is missing" ]
	look GET '/servers?tag_name=x' '' 0 null
	[ "$output" = "GET /servers?tag_name=x ?tag_name: nobody knows it" ]
	look POST /servers '{"name":"a_b","image":1,"extra":2}' 0 null
	[ "$output" = "POST /servers body: 'server_type' is missing
POST /servers body.name: 'a_b' does not fit
POST /servers body.image: 1 is no string
POST /servers body.extra: nobody knows it" ]
	look PATCH /servers/1 '' 200 '{}'
	[ "$output" = "PATCH /servers/1 no such operation" ]
	look DELETE /servers/x '' 200 '{}'
	[ "$status" = 1 ]
	look DELETE /servers/1 '' 302 '{}'
	[ "$output" = "DELETE /servers/1 status 302 is none that it answers" ]
}
