# shellcheck shell=bash disable=SC2154 # $root, $dir and $driver are the caller's
# vendor.bash - test/stub/vendor.py in the background, and what it was sent

# vendor_start [NAME TYPE PLACE AGE]...: with these machines of ours
vendor_start() {
	local rows=()

	while [ $# -gt 0 ]; do
		rows+=("$(jq -cn --arg n "$1" --arg t "$2" --arg p "$3" \
			--argjson age "$4" --arg d "$driver" '{ name: $n, type: $t,
			place: $p, age: $age, labels: (if $d == "hetzner"
			then { autoscale: "web" } else ["autoscale:web"] end) }')")
		shift 4
	done
	mkdir -p "$dir/sim"
	[ ${#rows[@]} = 0 ] || printf '%s\n' "${rows[@]}" | jq -s . \
		>"$dir/sim/machines.json"
	: >"$dir/sent"
	python3 "$root/test/stub/vendor.py" "$driver" "$dir/sent" "$dir/sim" \
		>"$dir/port" 2>"$dir/vendor.err" </dev/null 3>&- &
	echo $! >"$dir/vendor.pid"
	wait_until 10 test -s "$dir/port"
	PORT=$(cat "$dir/port")
}

# vendor_stop: and holds what was sent and answered against the vendor's
# description; with VENDOR_DOCUMENTS, a folder, against the vendor's own there:
# hetzner.json and digitalocean.json
vendor_stop() {
	[ -e "$dir/vendor.pid" ] || return 0
	kill "$(cat "$dir/vendor.pid")"
	rm "$dir/vendor.pid"
	python3 "$root/test/lib/openapi.py" \
		"$root/test/stub/$driver.openapi.json" "$dir/sent" || return 1
	[ -z "${VENDOR_DOCUMENTS:-}" ] || OPENAPI_PARTIAL=1 \
		python3 "$root/test/lib/openapi.py" \
		"$VENDOR_DOCUMENTS/$driver.json" "$dir/sent"
}

# conf [KEY...]: a file with these keys in its section machine
conf() {
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' 'policy { boot_time = 1s }' \
		"apply { driver = $driver service = web timeout = 8s" \
		"host = \"http://127.0.0.1:$PORT\" }" 'machine {' \
		'from = debian-12 types = {small, large} shutdown = 0' \
		'token_env = TEST_TOKEN' "$@" '}' >"$dir/web.conf"
	export TEST_TOKEN=secret-token
}

apply() {
	as-apply -c "$dir/web.conf" --now "$now" "$@"
}

wrote() { # how many requests were not for reading
	jq -s 'map(select(.method != "GET")) | length' "$dir/sent"
}

orders() { # FILTER: of the bodies of orders
	jq -r --arg m "$machines" 'select(.method == "POST" and .path == $m) |
		.body | fromjson | '"$1" "$dir/sent"
}
