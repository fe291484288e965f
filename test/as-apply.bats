# as-apply: carries out decisions, and refuses those it should not
#
# Most promises are shown with the driver "file", where what was done can be
# seen in one file and its folder. What a Docker Swarm does is played by
# stub/engine.py, which logs every request to the byte; the real one is in e2e.

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	state=$dir/state
	now=2026-11-23T17:00:00Z
	version=
	driver="file"
	echo 3 >"$dir/count"
}

unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH

teardown() {
	[ ! -e "$dir/engine.pid" ] || kill "$(cat "$dir/engine.pid")" || true
}

# sign: gives the decision on stdin its plan and id, as as-records(5) has them
sign() {
	local d plan id

	d=$(cat)
	plan=$(jq -r '.target, .observed.instances, (.observed.version // ""),
		.recommended_instances' <<<"$d" | sha256sum | cut -c1-16)
	id=$({
		echo "$plan"
		jq -r .time <<<"$d"
	} | sha256sum | cut -c1-16)
	jq -c --arg plan "$plan" --arg id "$id" '.plan = $plan | .id = $id' \
		<<<"$d"
}

# decide FROM TO [FILTER]: a decision made at $now; FILTER changes it first
decide() {
	jq -cn --argjson from "$1" --argjson to "$2" --arg now "$now" \
		--arg version "$version" --arg driver "$driver" '{
		type: "decision", id: "", plan: "", time: $now, target: "web",
		mode: "auto",
		action: (if $to > $from then "scale_up"
			elif $to < $from then "scale_down" else "maintain" end),
		current_load: 71.5, predicted_load: 104,
		current_instances: $from, recommended_instances: $to,
		reason: "a test", states: [], inputs: [],
		observed: { target: "web", driver: $driver, instances: $from,
			ready: $from, version: $version, time: $now },
		approval: "none" } | '"${3:-.}" | sign
}

# apply [OPTION...]: with the file driver, at $now. EXEC="exec" in the background:
# then $! is as-apply itself and not a shell that waits for it.
apply() {
	${EXEC:-} as-apply --driver file --service "$dir/count" --now "$now" "$@"
}

# result FILTER: of the records in $output
result() {
	jq -r "select(.type == \"result\") | .result | $1" <<<"$output"
}

status_of() {
	result .status
}

# The folder's names, contents and times: what nothing must have changed
traces() {
	(cd "$dir" && find . -newermt 1970-01-01 ! -path './out*' \
		-printf '%p %T@ %i\n' | sort && cat "$dir/count")
}

engine() { # FAULT: starts the stub and waits for its socket
	python3 "$BATS_TEST_DIRNAME/stub/engine.py" "$dir/e.sock" \
		"$dir/log" "${1:-}" >"$dir/engine.err" 2>&1 3>&- &
	echo $! >"$dir/engine.pid"
	touch "$dir/log"
	wait_until 10 test -S "$dir/e.sock"
}

# swarm [OPTION...]: with the stub, at $now
swarm() {
	${EXEC:-} as-apply --driver swarm --service web --host "unix://$dir/e.sock" \
		--now "$now" --timeout 5s "$@"
}

posts() {
	jq -r 'select(.method == "POST") | .path' "$dir/log"
}

# --- records ---

@test "as-apply: records of other types pass byte for byte" {
	cat >"$dir/in" <<-'END'
		{"metric":{"__name__":"cpu"}, "values":[1.50],"timestamps":[1]}
		 { "type":"forecast" , "x":1e2}
		{"type":"never heard of","n":12345678901234567890}
		{"no":"type"}
	END
	run -0 apply "$dir/in"
	[ "$output" = "$(cat "$dir/in")" ]
}

@test "as-apply: a record passes at once" {
	mkfifo "$dir/in"
	EXEC="exec" apply <"$dir/in" >"$dir/out" 3>&- &
	exec 7>"$dir/in"
	echo '{"type":"state"}' >&7
	wait_until 10 grep -q state "$dir/out"
	exec 7>&-
	wait $!
}

@test "as-apply: the result is the decision, another type and one member more" {
	decide 3 5 '.odd = {"a":[1]}' >"$dir/d"
	sed 's/"odd":{"a":\[1\]}/"odd" : { "a":[1.50, 1e2] }/' "$dir/d" \
		>"$dir/in"
	run -0 apply "$dir/in"
	expected=$(sed 's/"type":"decision"/"type":"result"/; s/}$//' "$dir/in")
	[ "${output%%,\"result\":*}" = "$expected" ]
	[ "$(jq -c '.result | del(.at, .took_ms)' <<<"$output")" = \
		"{\"status\":\"applied\",\"driver\":\"file\",\"from\":3,\"to\":5,\"request\":\"WRITE $dir/count 5\",\"confirmed\":true}" ]
	result '.took_ms | numbers' | grep -qE '^[0-9]+$'
	result .at | grep -q '^2026-11-23T17:00:0'
}

@test "as-apply: a result is not carried out again" {
	decide 3 5 | apply --dry-run >"$dir/result"
	[ "$(cat "$dir/count")" = 3 ]
	run --separate-stderr -1 apply "$dir/result"
	[ "$output" = "$(cat "$dir/result")" ]
	[ "$stderr" = "as-apply: $dir/result:1: 'web': a result already, nothing is done for it" ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: a result dressed up as a decision is a bad line" {
	decide 3 5 | apply --dry-run |
		sed 's/"type":"result"/"type":"decision"/' >"$dir/in"
	run --separate-stderr -2 apply "$dir/in"
	[ -z "$output" ]
	[ "$stderr" = "as-apply: $dir/in:1: a decision with a 'result' in it" ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: a decision whose content is not what its plan says is refused" {
	decide 3 5 | sed 's/"recommended_instances":5/"recommended_instances":9/' \
		>"$dir/count-changed"
	decide 3 5 | sed 's/"time":"2026-11-23T17:00:00Z","target"/"time":"2026-11-23T17:00:01Z","target"/' \
		>"$dir/time-changed"
	for f in count-changed time-changed; do
		run --separate-stderr -2 apply "$dir/$f"
		[ -z "$output" ]
		[[ $stderr == "as-apply: $dir/$f:1: "* ]]
		[ "$(cat "$dir/count")" = 3 ]
	done
}

@test "as-apply: stops at a bad line, or with --on-bad=skip goes on" {
	{
		echo '{"type":"decision"}'
		decide 3 5
	} >"$dir/in"
	run -2 apply "$dir/in"
	[ "$(cat "$dir/count")" = 3 ]
	run --separate-stderr -1 apply --on-bad=skip "$dir/in"
	[ "$(status_of)" = applied ]
	[ "$(cat "$dir/count")" = 5 ]
}

# --- the file driver ---

@test "as-apply: scales up and down, and to none" {
	decide 3 5 >"$dir/in"
	decide 5 1 >>"$dir/in"
	decide 1 0 >>"$dir/in"
	run -0 apply "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "applied applied applied " ]
	[ "$(cat "$dir/count")" = 0 ]
}

@test "as-apply: an emergency is carried out like any scaling up" {
	decide 3 8 '.action = "emergency_scale"' >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(cat "$dir/count")" = 8 ]
}

@test "as-apply: the file is replaced in one step and keeps its mode" {
	chmod 640 "$dir/count"
	before=$(stat -c %i "$dir/count")
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(stat -c %a "$dir/count")" = 640 ]
	[ "$(stat -c %i "$dir/count")" != "$before" ]
	[ -z "$(find "$dir" -name 'count.??????')" ]
}

@test "as-apply: maintain and hold change nothing" {
	decide 3 3 >"$dir/in"
	decide 3 3 '.action = "hold"' >>"$dir/in"
	decide 3 3 '.action = "hold" | del(.current_instances,
		.recommended_instances, .observed.instances, .observed.ready) |
		.observed.error = "gone"' >"$dir/unknown"
	before=$(traces)
	run -0 apply "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "unchanged unchanged " ]
	[ "$(traces)" = "$before" ]
}

@test "as-apply: a file without a count, or with a doubtful one, is not touched" {
	decide 3 5 >"$dir/in"
	for text in '' ' ' -3 3.0 3e0 '3 4' $'3\n4' three 0x3 99999999 +3; do
		printf '%s' "$text" >"$dir/count"
		run --separate-stderr -3 apply "$dir/in"
		[ "$(status_of)" = failed ]
		[[ $(result .error) == *"does not hold a whole number"* ]]
		[ "$(cat "$dir/count")" = "$text" ]
	done
	printf '3\0' >"$dir/count"
	run --separate-stderr -3 apply "$dir/in"
	rm "$dir/count"
	run --separate-stderr -3 apply "$dir/in"
	[[ $(result .error) == *"No such file"*"write the present count into it" ]]
	[ ! -e "$dir/count" ]
	mkdir "$dir/count"
	run --separate-stderr -3 apply "$dir/in"
	[[ $(result .error) == *"no plain file" ]]
}

@test "as-apply: blanks around the count are allowed" {
	printf ' 3 \r\n\n' >"$dir/count"
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(cat "$dir/count")" = 5 ]
}

@test "as-apply: refuses when the count has changed since the decision" {
	decide 3 5 >"$dir/in"
	echo 4 >"$dir/count"
	run --separate-stderr -1 apply "$dir/in"
	[ "$(status_of)" = refused ]
	[ "$(result .error)" = "the count is 4 now, and was 3 when this was decided" ]
	[ "$stderr" = "as-apply: $dir/in:1: 'web': refused: the count is 4 now, and was 3 when this was decided" ]
	[ "$(cat "$dir/count")" = 4 ]
}

@test "as-apply: refuses when the file was written since, be it with the same count" {
	version=$({
		printf '%s ' "$(stat -c '%d %i %.9Y' "$dir/count")"
		cat "$dir/count"
	} | sha256sum | cut -c1-16)
	decide 3 5 >"$dir/in"
	echo 3 >"$dir/count.new"
	touch -r "$dir/count" "$dir/count.new"
	mv "$dir/count.new" "$dir/count"
	run --separate-stderr -1 apply "$dir/in"
	[[ $(result .error) == "the target was changed since this was decided: version "*", not $version" ]]
	[ "$(cat "$dir/count")" = 3 ]
	# as it is now, it is carried out
	version=$({
		printf '%s ' "$(stat -c '%d %i %.9Y' "$dir/count")"
		cat "$dir/count"
	} | sha256sum | cut -c1-16)
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(cat "$dir/count")" = 5 ]
}

@test "as-apply: what cannot be written is a failure, and the count stays" {
	[ "$(id -u)" != 0 ] || [ -w /proc/version ] || cp /dev/null "$dir/full"
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 as-apply --driver file \
		--service /proc/sys/kernel/ostype --now "$now" "$dir/in"
	[ "$(status_of)" = failed ]
}

# --- what it refuses ---

@test "as-apply: refuses a decision older than two decision intervals" {
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply --now 2026-11-23T17:02:01Z "$dir/in"
	[ "$(status_of)" = refused ]
	[[ $(result .error) == "stale: decided 2"*" ago" ]]
	run -1 apply --decision-interval 30s --now 2026-11-23T17:01:01Z "$dir/in"
	[ "$(cat "$dir/count")" = 3 ]
	run -0 apply --now 2026-11-23T17:01:58Z "$dir/in"
	[ "$(cat "$dir/count")" = 5 ]
}

@test "as-apply: refuses a decision from the future" {
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply --now 2026-11-23T16:58:50Z "$dir/in"
	[[ $(result .error) == *"in the future: the clocks do not agree" ]]
	[ "$(cat "$dir/count")" = 3 ]
	run -0 apply --now 2026-11-23T16:59:30Z "$dir/in"
}

@test "as-apply: refuses a decision made for another driver" {
	driver=swarm
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	[ "$(result .error)" = "decided for driver 'swarm', not 'file'" ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: refuses what contradicts itself, and unknown counts" {
	decide 3 5 '.action = "scale_down"' >"$dir/1"
	decide 3 2 '.action = "scale_up"' >"$dir/2"
	decide 3 2 '.action = "emergency_scale"' >"$dir/3"
	decide 3 5 '.action = "maintain"' >"$dir/4"
	decide 3 5 '.action = "hold"' >"$dir/5"
	for k in 1 2 3 4 5; do
		run --separate-stderr -1 apply "$dir/$k"
		[ "$(status_of)" = refused ]
		[ "$(cat "$dir/count")" = 3 ]
	done
}

@test "as-apply: without a driver nothing is done, and it says so" {
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 as-apply --now "$now" "$dir/in"
	[[ $(result .error) == "no driver is set; there are "*"file, "*swarm ]]
	decide 3 3 >"$dir/in"
	run -0 as-apply --now "$now" "$dir/in"
}

@test "as-apply: an unknown driver or a missing service is an error of its own" {
	run --separate-stderr -2 as-apply --driver ssh --service x </dev/null
	[[ $stderr == "as-apply: target 'default': there is no driver 'ssh', but "*"file, "*swarm ]]
	run --separate-stderr -2 as-apply --driver file </dev/null
	[[ $stderr == *"needs a service: the path of the file that holds the count" ]]
	run --separate-stderr -2 as-apply --driver swarm </dev/null
	[[ $stderr == *"needs a service: its name, as 'docker service ls' shows it" ]]
	run --separate-stderr -2 as-apply --mode sometimes </dev/null
	[[ $stderr == *"'sometimes' is neither monitor nor auto"* ]]
}

@test "as-apply: without -c it works for one target" {
	decide 3 5 >"$dir/in"
	decide 5 9 '.target = "db"' >>"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "applied refused " ]
	[ "$(cat "$dir/count")" = 5 ]
	run --separate-stderr -1 apply --target-name db "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "refused applied " ]
	[ "$(cat "$dir/count")" = 9 ]
}

# --- monitor, dry run ---

@test "as-apply: a monitor decision changes nothing, whatever --mode says" {
	decide 3 5 '.mode = "monitor"' >"$dir/in"
	before=$(traces)
	for mode in monitor auto; do
		run -0 apply --mode $mode "$dir/in"
		[ "$(status_of)" = monitor ]
		[ "$(result '"\(.from) \(.to)"')" = "3 5" ]
	done
	run -0 apply "$dir/in"
	[ "$(traces)" = "$before" ]
}

@test "as-apply: --mode monitor changes nothing, whatever the decision says" {
	decide 3 5 >"$dir/in"
	before=$(traces)
	run -0 apply --mode monitor "$dir/in"
	[ "$(status_of)" = monitor ]
	[ "$(traces)" = "$before" ]
	run -0 apply --mode auto "$dir/in"
	[ "$(status_of)" = applied ]
}

@test "as-apply: --dry-run says the request and leaves no trace" {
	decide 3 5 >"$dir/in"
	before=$(traces)
	run -0 apply --dry-run --state "$state" "$dir/in"
	[ "$(status_of)" = dry-run ]
	[ "$(result .request)" = "WRITE $dir/count 5" ]
	[ "$(result .confirmed)" = null ]
	[ "$(traces)" = "$before" ]
	[ ! -e "$state" ]
}

@test "as-apply: --dry-run shows what a monitor decision would do" {
	decide 3 5 '.mode = "monitor"' >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(status_of)" = dry-run ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: --dry-run refuses what it would refuse in earnest" {
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply --dry-run --now 2026-11-23T18:00:00Z "$dir/in"
	echo 4 >"$dir/count"
	run --separate-stderr -1 apply --dry-run "$dir/in"
	[ "$(status_of)" = refused ]
}

# --- files ---

conf() { # NAME MODE
	cat >"$dir/$1.conf" <<-END
		target $1 { ${2:+mode = $2} }
		signal cpu { query = "x"  capacity = 1 }
		apply { driver = file  service = "$dir/$1.count" }
		state { dir = "$state" }
	END
	echo 3 >"$dir/$1.count"
}

@test "as-apply: -c gives each target its own settings" {
	conf web auto
	conf db
	{
		decide 3 5
		decide 3 4 '.target = "db"'
		decide 3 9 '.target = "mail"'
	} >"$dir/in"
	run --separate-stderr -1 as-apply -c "$dir/web.conf" -c "$dir/db.conf" \
		--now "$now" "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "applied applied refused " ]
	[ "$(cat "$dir/web.count")" = 5 ]
	[ "$(cat "$dir/db.count")" = 4 ]
	[ "$(jq -r '.result.error | strings' <<<"$output")" = \
		"no file of -c has this target" ]
	[ -e "$state/web.ndjson" ]
	[ -e "$state/db.ndjson" ]
}

@test "as-apply: a file's mode = monitor holds, and --mode wins over it" {
	conf web monitor
	decide 3 5 >"$dir/in"
	run -0 as-apply -c "$dir/web.conf" --now "$now" "$dir/in"
	[ "$(status_of)" = monitor ]
	[ "$(cat "$dir/web.count")" = 3 ]
	run -0 as-apply -c "$dir/web.conf" --mode auto --now "$now" "$dir/in"
	[ "$(status_of)" = applied ]
}

@test "as-apply: options of one target are refused with files of several" {
	conf web auto
	conf db auto
	run --separate-stderr -2 as-apply -c "$dir/web.conf" -c "$dir/db.conf" \
		--service "$dir/count" </dev/null
	[[ $stderr == *"are for one target, and the files have 2" ]]
	# with --target-name it is one
	decide 3 5 >"$dir/in"
	decide 3 4 '.target = "db"' >>"$dir/in"
	run --separate-stderr -1 as-apply -c "$dir/web.conf" -c "$dir/db.conf" \
		--target-name db --service "$dir/count" --now "$now" "$dir/in"
	[ "$(status_of | tr '\n' ' ')" = "refused applied " ]
	[ "$(cat "$dir/count")" = 4 ]
	run -2 as-apply -c "$dir/web.conf" --target-name mail </dev/null
}

# --- journal ---

@test "as-apply: the journal holds the decision as it came, the intent, the result" {
	decide 3 5 '.odd = 1' | sed 's/"odd":1/"odd" : 1.50/' >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	mapfile -t lines <"$state/web.ndjson"
	[ "${#lines[@]}" = 4 ]
	jq -e '.type == "journal" and .version == 1' <<<"${lines[0]}"
	[ "${lines[1]%,\"logged\":*}" = "$(sed 's/}$//' "$dir/in")" ]
	[ "$(jq -c '[.type, .id == $d[0].id, .intent.from, .intent.to]' \
		--slurpfile d "$dir/in" <<<"${lines[2]}")" = \
		'["intent",true,3,5]' ]
	[ "${lines[3]%,\"logged\":*}" = "${output%?}" ]
	for line in "${lines[@]:1}"; do
		jq -e '.logged | startswith("2026-11-23T17:00:")' <<<"$line"
	done
}

@test "as-apply: monitor decisions and refusals are in the journal, dry runs never" {
	decide 3 5 '.mode = "monitor"' >"$dir/in"
	apply --state "$state" "$dir/in"
	decide 3 3 | apply --state "$state"
	decide 4 5 >"$dir/in"
	run -1 apply --state "$state" "$dir/in"
	apply --state "$state" --dry-run "$dir/in" || :
	run -0 jq -r '"\(.type) \(.result.status)"' "$state/web.ndjson"
	[ "$output" = "journal null
decision null
decision null
decision null
result refused" ]
}

@test "as-apply: where the journal cannot be written nothing is done" {
	decide 3 5 >"$dir/in"
	touch "$dir/file"
	run --separate-stderr -2 apply --state "$dir/file" "$dir/in"
	[ "$(status_of)" = failed ]
	[ "$(result .error)" = "the journal cannot be written" ]
	[[ $stderr == *"$dir/file"* ]]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: the same decision is carried out once" {
	decide 3 5 >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	echo 3 >"$dir/count" # somebody sets it back
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[[ $(result .error) == "carried out already, at 2026-11-23T17:00:0"* ]]
	[ "$(cat "$dir/count")" = 3 ]
	# also where the same plan comes under another id
	now=2026-11-23T16:59:59Z
	decide 3 5 >"$dir/in"
	now=2026-11-23T17:00:00Z
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[[ $(result .error) == "carried out already"* ]]
	# a later one is a new one
	now=2026-11-23T17:05:00Z
	decide 3 5 >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
}

@test "as-apply: a change that was cut off after it was made is found and recorded" {
	decide 3 5 >"$dir/in"
	apply --state "$state" "$dir/in"
	sed -i '$d' "$state/web.ndjson" # as if it had been killed before
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[ "$(status_of)" = refused ]
	[[ $(result .error) == "carried out already"* ]]
	[[ $stderr == *"an earlier run was cut off while it changed 'web' from 3 to 5: the process that did it ended before it could say so"* ]]
	[ "$(cat "$dir/count")" = 5 ]
	run -0 jq -c 'select(.type == "result") | .result | [.status, .confirmed, .to]' \
		"$state/web.ndjson"
	[ "${lines[0]}" = '["applied",true,5]' ]
	[ "${lines[1]}" = '["refused",null,5]' ]
}

@test "as-apply: a change that was cut off before it was made is made then" {
	decide 3 5 >"$dir/in"
	apply --state "$state" "$dir/in"
	sed -i '$d' "$state/web.ndjson"
	echo 3 >"$dir/count"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = applied ]
	[[ $stderr == *"cut off before the change was made"* ]]
	run -0 jq -c 'select(.type == "result") | .result.status' "$state/web.ndjson"
	[ "$output" = '"failed"
"applied"' ]
}

@test "as-apply: a change that was cut off is found also when nothing is to do" {
	decide 3 5 >"$dir/in"
	apply --state "$state" "$dir/in"
	sed -i '$d' "$state/web.ndjson"
	decide 5 5 >"$dir/in"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = unchanged ]
	[ "$(tail -n 1 "$state/web.ndjson" | jq -r .result.status)" = applied ]
	had=$(wc -l <"$state/web.ndjson")
	# and only once
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ -z "$stderr" ]
	[ "$(wc -l <"$state/web.ndjson")" -eq $((had + 1)) ]
}

@test "as-apply: a journal rotated away is read on, and begun anew" {
	decide 3 5 >"$dir/in"
	apply --state "$state" "$dir/in"
	mv "$state/web.ndjson" "$state/web.ndjson.1"
	echo 3 >"$dir/count"
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[[ $(result .error) == "carried out already"* ]]
	[ "$(head -n 1 "$state/web.ndjson")" = "$(head -n 1 "$state/web.ndjson.1")" ]
}

@test "as-apply: a target's name cannot lead out of the state folder" {
	decide 3 5 '.target = "../../x y"' >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	[ "$(ls "$state")" = "%2E.%2F..%2Fx%20y.lock
%2E.%2F..%2Fx%20y.ndjson" ]
}

@test "as-apply: a count that somebody else changed is said once, and respected" {
	decide 3 5 | apply --state "$state"
	now=2026-11-23T17:01:00Z
	echo 4 >"$dir/count"
	decide 4 4 >"$dir/in"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ "$(result .expected)" = 5 ]
	[ "$stderr" = "as-apply: $dir/in:1: 'web' has 4 instances, and by the journal it had 5: somebody else changes it" ]
	[ "$(cat "$dir/count")" = 4 ]
	now=2026-11-23T17:02:00Z
	decide 4 6 >"$dir/in"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ "$(result .expected)" = null ]
	[ -z "$stderr" ]
	[ "$(cat "$dir/count")" = 6 ]
	# our own changes, and decisions that know no count, are no news
	now=2026-11-23T17:03:00Z
	decide 3 3 '.action = "hold" | del(.current_instances,
		.recommended_instances, .observed.instances, .observed.ready) |
		.observed.error = "gone"' >"$dir/in"
	decide 6 6 >>"$dir/in"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[ -z "$stderr" ]
}

# --- approvals ---

required='.approval = "required" | .expires = "2026-11-23T17:15:00Z"'

# word TYPE WHO: a person's word on the decision in $dir/in
word() {
	jq -c --arg type "$1" --arg who "$2" '{ type: $type, target: .target,
		plan: .plan, who: $who, time: "2026-11-23T17:01:00Z",
		logged: "2026-11-23T17:01:00Z" }' "$dir/in" \
		>>"$state/web.ndjson"
}

@test "as-apply: what needs a person waits for one" {
	decide 3 5 "$required" >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = pending ]
	[ "$(result .error)" = "waits for a person to grant $(jq -r .plan "$dir/in")" ]
	[ "$(cat "$dir/count")" = 3 ]
	run -0 apply "$dir/in" # no state folder, no grants
	[ "$(status_of)" = pending ]
}

@test "as-apply: what was granted in the journal is carried out, once" {
	decide 3 5 "$required" >"$dir/in"
	apply --state "$state" "$dir/in"
	word grant alice
	# long after two decision intervals, before it expires
	run -0 apply --state "$state" --now 2026-11-23T17:14:00Z "$dir/in"
	[ "$(status_of)" = applied ]
	[ "$(cat "$dir/count")" = 5 ]
	echo 3 >"$dir/count"
	run -1 apply --state "$state" --now 2026-11-23T17:14:10Z "$dir/in"
	# the same plan again, later: the word was used up
	now=2026-11-23T17:14:30Z
	decide 3 5 '.approval = "required" | .expires = "2026-11-23T17:29:30Z"' \
		>"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = pending ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: the record's own word grants nothing" {
	decide 3 5 '.approval = "granted" | .expires = "2026-11-23T17:15:00Z"' \
		>"$dir/in"
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[ "$(result .error)" = "says granted, but no grant is in the journal" ]
	run --separate-stderr -1 apply "$dir/in"
	[ "$(cat "$dir/count")" = 3 ]
	word grant alice
	run -0 apply --state "$state" "$dir/in"
}

@test "as-apply: a late grant is refused" {
	decide 3 5 "$required" >"$dir/in"
	apply --state "$state" "$dir/in"
	word grant alice
	run --separate-stderr -1 apply --state "$state" --now 2026-11-23T17:15:01Z "$dir/in"
	[[ $(result .error) == "expired: decided 15"* ]]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: a grant that nobody used does not meet the same plan a day later" {
	decide 3 5 "$required" >"$dir/in"
	apply --state "$state" "$dir/in"
	jq -c '{ type: "grant", target: .target, plan: .plan, who: "alice",
		time: "2026-11-23T17:01:00Z", logged: "2026-11-23T17:01:00Z",
		expires: .expires }' "$dir/in" >>"$state/web.ndjson"
	now=2026-11-24T17:00:00Z
	decide 3 5 '.approval = "required" | .expires = "2026-11-24T17:15:00Z"' \
		>"$dir/in"
	[ "$(jq -r .plan "$dir/in")" = \
		"$(jq -r 'select(.type == "grant") | .plan' "$state/web.ndjson")" ]
	run -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = pending ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: a grant is for one plan, and the newest word counts" {
	decide 3 6 "$required" >"$dir/in"
	apply --state "$state" "$dir/in"
	word grant alice
	decide 3 5 "$required" >"$dir/in"
	run -0 apply --state "$state" "$dir/in"
	[ "$(status_of)" = pending ]
	word grant alice
	word denial bob
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[ "$(result .error)" = "denied by bob" ]
	[ "$(cat "$dir/count")" = 3 ]
	decide 3 5 '.approval = "denied"' >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
}

@test "as-apply: a granted plan is refused once the count has changed" {
	decide 3 5 "$required" >"$dir/in"
	apply --state "$state" "$dir/in"
	word grant alice
	echo 4 >"$dir/count"
	run --separate-stderr -1 apply --state "$state" "$dir/in"
	[[ $(result .error) == "the count is 4 now"* ]]
}

# --- two at once, kills, signals ---

# ended PID STATUS: waits; it must be our child
ended() {
	local status=0

	wait "$1" || status=$?
	[ "$status" = "$2" ] || {
		echo "ended with $status"
		return 1
	}
}

# changes: how often the count was replaced, seen from the journal
changes() {
	jq -s 'map(select(.type == "result" and .result.status == "applied")) |
		length' "$state/web.ndjson"
}

@test "as-apply: eight at once with one decision: one acts" {
	decide 3 5 >"$dir/in"
	for k in 1 2 3 4 5 6 7 8; do
		EXEC="exec" apply --state "$state" "$dir/in" >"$dir/out$k" 2>&1 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}" || :
	[ "$(cat "$dir/count")" = 5 ]
	[ "$(grep -l '"status":"applied"' "$dir"/out* | wc -l)" = 1 ]
	[ "$(changes)" = 1 ]
	[ "$(grep -c '"type":"decision"' "$state/web.ndjson")" = 8 ]
	[ "$(grep -c '"type":"intent"' "$state/web.ndjson")" = 1 ]
}

@test "as-apply: eight at once that share no journal: the version lets one act" {
	version=$({
		printf '%s ' "$(stat -c '%d %i %.9Y' "$dir/count")"
		cat "$dir/count"
	} | sha256sum | cut -c1-16)
	decide 3 5 >"$dir/in"
	for k in 1 2 3 4 5 6 7 8; do
		EXEC="exec" apply --state "$dir/state$k" "$dir/in" >"$dir/out$k" 2>&1 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}" || :
	[ "$(cat "$dir/count")" = 5 ]
	[ "$(grep -l '"status":"applied"' "$dir"/out* | wc -l)" = 1 ]
}

@test "as-apply: while another acts it waits, and then says who that is" {
	mkdir "$state"
	exec 8>"$state/web.lock"
	flock 8
	echo "process 4711 since yesterday" >&8
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply --state "$state" "$dir/in" 8>&-
	[ "$(result .error)" = "another as-apply is acting on 'web': process 4711 since yesterday" ]
	[ "$(cat "$dir/count")" = 3 ]
	exec 8>&-
	run -0 apply --state "$state" "$dir/in"
}

@test "as-apply: a lock says whose it is, on which host, and until when" {
	cat >"$dir/prog" <<-END
		#!/bin/sh
		[ "\$1" = scale ] || { echo '{"instances":3}'; exit; }
		echo \$\$ >"$dir/at-it"
		exec sleep 60
	END
	chmod +x "$dir/prog"
	driver=exec
	decide 3 5 >"$dir/in"
	as-apply --driver exec --service "$dir/prog" --now "$now" \
		--timeout 70s --state "$state" "$dir/in" >"$dir/first" 2>&1 3>&- &
	pid=$!
	wait_until 10 test -s "$dir/at-it"
	# what it may take: four times 70 s, and a minute
	read -r _ owner _ host _ since _ _ _ until <"$state/web.lock"
	since=${since%,}
	[ "$owner $host" = "$pid $(hostname)" ]
	[ $(($(date -d "$until" +%s) - $(date -d "$since" +%s))) = 340 ]
	run --separate-stderr -1 as-apply --driver exec --service "$dir/prog" \
		--now "$now" --state "$state" "$dir/in"
	[ "$(result .error)" = "another as-apply is acting on 'web': process $pid on $(hostname) since $since, at most until $until" ]
	# no lock is left by one that was killed, whatever its file says
	kill -KILL "$pid" "$(cat "$dir/at-it")"
	wait "$pid" || :
	driver=file
	decide 3 4 >"$dir/in"
	run --separate-stderr -0 apply --state "$state" "$dir/in"
	[[ $(cat "$state/web.lock") != *"process $pid "* ]]
}

@test "as-apply: a lock that is held for too long: who hangs, where, and what ends it" {
	decide 3 5 >"$dir/in"
	# of another host on the same state folder
	ago=$(date -u -d "@$(($(date +%s) - 600))" +%Y-%m-%dT%H:%M:%SZ)
	mkdir "$state"
	exec 8>"$state/web.lock"
	flock 8
	echo "process 4711 on db2 since 2026-11-23T16:00:00Z, at most until $ago" >&8
	run --separate-stderr -1 apply --state "$state" "$dir/in" 8>&-
	[[ $(result .error) == "another as-apply is acting on 'web': process 4711 on db2 since 2026-11-23T16:00:00Z, at most until $ago, which is 10"*" min ago: it hangs, or was stopped; 'kill -KILL 4711' on db2 frees the target" ]]
	[ "$(cat "$dir/count")" = 3 ]
	exec 8>&-
	run -0 apply --state "$state" "$dir/in"
}

# Runs that are killed, of one driver and another; under valgrind a few
KILLS=${KILLS:-${UNDER_VALGRIND:+8}}

# swift FROM TO: what decide makes, with fewer processes
swift() {
	local plan id

	plan=$(printf '%s\n' web "$1" "$version" "$2" | sha256sum)
	plan=${plan:0:16}
	id=$(printf '%s\n' "$plan" "$now" | sha256sum)
	printf '{"type":"decision","id":"%s","plan":"%s","time":"%s","target":"web","mode":"auto","action":"scale_up","current_instances":%d,"recommended_instances":%d,"reason":"a test","observed":{"driver":"%s","instances":%d,"version":"%s","time":"%s"},"approval":"none"}\n' \
		"${id:0:16}" "$plan" "$now" "$1" "$2" "$driver" "$1" "$version" "$now"
}

# time_of COMMAND FROM TO: how long an undisturbed run takes, and half as much
# again, in microseconds
time_of() {
	local began

	swift "$2" "$3" >"$dir/in"
	began=$(date +%s%N)
	"$1" --state "$state" "$dir/in" >"$dir/out"
	span=$((($(date +%s%N) - began) * 3 / 2000))
}

# cut_off COMMAND FROM TO: one run, ended at a random moment of the span
cut_off() {
	local pid moment=$(((RANDOM * 32768 + RANDOM) % span))

	swift "$2" "$3" >"$dir/in"
	EXEC="exec" "$1" --state "$state" "$dir/in" >"$dir/out" 2>"$dir/err" 3>&- &
	pid=$!
	sleep "$((moment / 1000000)).$(printf '%06d' $((moment % 1000000)))"
	kill -KILL $pid 2>/dev/null || :
	wait $pid 2>/dev/null || :
	cp "$state/web.ndjson" "$dir/kept"
}

# rows PATTERN: how many whole lines of the journal are of this decision, and so
rows() {
	grep -F "$id" "$state/web.ndjson" | grep '"logged":"[^"]*"}$' | grep -c "$1" || :
}

# taken_over COMMAND: the next run says what became of it, or does it; nothing
# that stood in the journal, or was printed, is lost, and nobody has the lock
taken_over() {
	local line id

	run --separate-stderr "$1" --state "$state" "$dir/in"
	[[ "$status $output" == "0 "*'"result":{"status":"applied",'* ||
		"$status $output" == "1 "*'"error":"carried out already, at '* ]] ||
		fail "$status $output"
	[[ $stderr != *"another as-apply"* ]]
	flock -n "$state/web.lock" true
	cmp -n "$(stat -c %s "$dir/kept")" "$dir/kept" "$state/web.ndjson"
	while IFS= read -r line; do
		grep -qF "${line%\}}" "$state/web.ndjson"
	done <"$dir/out"
	# it was seen, each intent has its result, and one says that it was done
	id=$(cut -d, -f 2 "$dir/in")
	[ "$(rows '"type":"decision"')" -gt 0 ]
	[ "$(rows '"type":"intent"')" -eq \
		"$(($(rows '"type":"result"') - $(rows '"status":"refused"')))" ]
	[ "$(rows '"result":{"status":"applied"')" -eq 1 ]
}

@test "as-apply: killed at any moment it acts once, loses no line, leaves no lock" {
	local kills=$((${KILLS:-200} * 3 / 4)) k n once inode

	time_of apply 3 5
	for k in $(seq "$kills"); do
		n=$((2 * k + 3))
		cut_off apply "$n" "$((n + 2))"
		once=$(cat "$dir/count")
		[ "$once" = "$n" ] || [ "$once" = "$((n + 2))" ]
		inode=$(stat -c %i "$dir/count")
		taken_over apply
		[ "$(cat "$dir/count")" = "$((n + 2))" ]
		[ "$once" = "$n" ] || [ "$(stat -c %i "$dir/count")" = "$inode" ]
	done
}

@test "as-apply: swarm: killed at any moment one update is made, and no line lost" {
	local kills=$((${KILLS:-200} / 4)) k n

	engine
	driver=swarm version=11
	time_of swarm 3 5
	for k in $(seq "$kills"); do
		n=$((2 * k + 3)) version=$((k + 11))
		cut_off swarm "$n" "$((n + 2))"
		taken_over swarm
		run curl -s --unix-socket "$dir/e.sock" http://e/v1.41/services/web
		[[ $output == *"{\"Index\":$((version + 1))}"*"\"Replicas\":$((n + 2)),"* ]]
	done
}

@test "as-apply: a reader that left: what is in hand is finished, nothing more begun" {
	{
		decide 3 5
		decide 5 7
	} >"$dir/in"
	mkfifo "$dir/pipe"
	EXEC="exec" apply --state "$state" "$dir/in" >"$dir/pipe" 2>"$dir/err" 3>&- &
	pid=$!
	exec 7<"$dir/pipe"
	exec 7<&-
	ended $pid 2
	[ "$(cat "$dir/count")" = 5 ]
	[ "$(changes)" = 1 ]
	grep -q 'cannot write standard output: Broken pipe' "$dir/err"
}

@test "as-apply: a signal while it waits for records ends it" {
	mkfifo "$dir/in"
	as-apply <"$dir/in" >"$dir/out" 3>&- &
	pid=$!
	exec 7>"$dir/in"
	echo '{"type":"state"}' >&7
	wait_until 10 grep -q state "$dir/out"
	kill -s TERM $pid
	ended $pid 143
	exec 7>&-
}

@test "as-apply: a signal before anything was changed: nothing is" {
	mkdir "$state"
	exec 8>"$state/web.lock"
	flock 8
	decide 3 5 >"$dir/in"
	EXEC="exec" apply --state "$state" "$dir/in" >"$dir/out" 2>&1 3>&- 8>&- &
	pid=$!
	wait_until 10 grep -q decision "$state/web.ndjson"
	kill -s TERM $pid
	exec 8>&-
	ended $pid 143
	[ "$(jq -rR 'fromjson? | .result.error' "$dir/out")" = \
		"ended by a signal before anything was done" ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-apply: a signal while it acts: it finishes, writes the result, ends" {
	driver=swarm
	engine never
	decide 3 5 >"$dir/in"
	decide 5 7 >>"$dir/in"
	EXEC="exec" swarm --timeout 60s --state "$state" "$dir/in" >"$dir/out" 2>&1 3>&- &
	pid=$!
	wait_until 10 grep -q POST "$dir/log"
	kill -s TERM $pid
	ended $pid 143
	output=$(cat "$dir/out")
	[ "$(result '"\(.status) \(.confirmed)"')" = "applied false" ]
	[ "$(posts | wc -l)" = 1 ]
	[ "$(tail -n 1 "$state/web.ndjson" | jq -r .result.status)" = applied ]
}

# --- a swarm, played by stub/engine.py ---

@test "as-apply: swarm: the whole specification goes back, one number changed" {
	driver=swarm version=11
	engine
	decide 3 5 >"$dir/in"
	run -0 swarm "$dir/in"
	[ "$(result '"\(.status) \(.confirmed)"')" = "applied true" ]
	[ "$(result .request)" = \
		"POST /v1.41/services/web/update?version=11 Spec.Mode.Replicated.Replicas=5" ]
	run -0 jq -rj 'select(.method == "POST") | .path, "\n", .body' "$dir/log"
	expected='/v1.41/services/web/update?version=11
{"Name":"web", "Labels":{"b":"1","a":"\u00e4 2"},"New":{"x":1.50,"y":12345678901234567890},"TaskTemplate":{"ContainerSpec":{"Image":"app:1@sha256:00","Env":["A=1"] },"ForceUpdate":0},"Mode":{"Replicated":{"Replicas":5,"Unknown" : null}},"Later":1e2 }'
	[ "$output" = "$expected" ]
}

@test "as-apply: swarm: the exact name is taken, not one that begins with it" {
	driver=swarm
	engine missing
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm "$dir/in"
	[[ $(result .error) == *"has no service 'web'; 'docker service ls' lists those there are" ]]
	[ -z "$(posts)" ]
}

@test "as-apply: swarm: dry run, monitor, pending and refused send no update" {
	driver=swarm version=11
	engine
	decide 3 5 >"$dir/in"
	run -0 swarm --dry-run "$dir/in"
	[ "$(status_of)" = dry-run ]
	[ "$(result .request)" = \
		"POST /v1.41/services/web/update?version=11 Spec.Mode.Replicated.Replicas=5" ]
	run -0 swarm --mode monitor "$dir/in"
	run -1 swarm --now 2026-11-23T18:00:00Z "$dir/in"
	decide 4 5 >"$dir/in"
	run -1 swarm "$dir/in"
	version=10
	decide 3 5 >"$dir/in"
	run -1 swarm "$dir/in"
	version=11
	decide 3 5 "$required" >"$dir/in"
	run -0 swarm --state "$state" "$dir/in"
	[ "$(status_of)" = pending ]
	decide 3 3 >"$dir/in"
	run -0 swarm "$dir/in"
	[ -z "$(posts)" ]
	[ -s "$dir/log" ]
}

@test "as-apply: swarm: a version that another overtook is refused, not forced" {
	driver=swarm version=11
	engine conflict
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 swarm "$dir/in"
	[ "$(status_of)" = refused ]
	[[ $(result .error) == *"update out of sequence"* ]]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: a change between two looks is seen before the update" {
	driver=swarm version=11
	engine overtaken
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 swarm "$dir/in"
	[ "$(result .error)" = "service 'web' was changed since: version 12, not 11" ]
	[ -z "$(posts)" ]
}

@test "as-apply: swarm: an update that fails is reported, and sent once" {
	driver=swarm
	engine error500
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm "$dir/in"
	[ "$(status_of)" = failed ]
	[[ $(result .error) == *"answered 500"*"DeadlineExceeded"*"not carried out: it has 3" ]]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: no answer to an update that was made: read back, not repeated" {
	driver=swarm
	engine cut-done
	decide 3 5 >"$dir/in"
	run --separate-stderr -0 swarm "$dir/in"
	[ "$(result '"\(.status) \(.confirmed)"')" = "applied true" ]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: an engine that dies after the update: nobody knows" {
	driver=swarm
	engine gone-after
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s --state "$state" "$dir/in"
	[ "$(result '"\(.status) \(.confirmed)"')" = "timeout false" ]
	[[ $(result .error) == *"timed out"* ]]
	# it counts as done
	run --separate-stderr -1 swarm --timeout 1s --state "$state" "$dir/in"
	[[ $(result .error) == "carried out already"* ]]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: tasks that do not start: timeout, what they complain of, put back" {
	driver=swarm
	engine never
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s --state "$state" "$dir/in"
	[ "$(result '"\(.status) \(.confirmed) \(.from) \(.to) \(.restored)"')" = \
		"timeout false 3 5 3" ]
	[ "$(result .error)" = "service 'web': 3 of 5 tasks run; 2 tasks: \"no suitable node (insufficient resources)\"; 1 task: \"starting container failed: \"x\": not found\"; put back to 3" ]
	[ "$(result .request)" = "POST /v1.41/services/web/update?version=11 Spec.Mode.Replicated.Replicas=5; POST /v1.41/services/web/update?version=12 Spec.Mode.Replicated.Replicas=3" ]
	# all else went back as it came
	run -0 jq -rs 'map(select(.method == "POST").body) |
		.[1] == (.[0] | sub("\"Replicas\":5"; "\"Replicas\":3"))' "$dir/log"
	[ "$output" = true ]
	# which the journal knows: nobody else changed it
	decide 3 4 '.id = "2222222222222222" | .plan = "2222222222222222"' >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s --state "$state" "$dir/in"
	[ "$(result '"\(.status) \(.restored) \(.expected)"')" = "timeout 3 null" ]
}

@test "as-apply: swarm: what came of a change that did not come whole is kept" {
	driver=swarm
	engine partly
	decide 3 6 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s "$dir/in"
	[ "$(result '"\(.status) \(.restored)"')" = "timeout 4" ]
	[[ $(result .error) == *"4 of 6 tasks run; "*"; put back to 4" ]]
}

@test "as-apply: swarm: nothing is put back with rollback = no, or --no-rollback" {
	driver=swarm
	engine never
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s --no-rollback "$dir/in"
	[ "$(result '"\(.status) \(.restored)"')" = "timeout null" ]
	[[ $(result .error) != *"put back"* ]]
	printf '%s\n' 'target web { }' 'signal a { query = x capacity = 1 }' \
		'apply { driver = swarm service = web rollback = no' \
		"host = \"unix://$dir/e.sock\" }" >"$dir/conf"
	decide 5 6 >"$dir/in"
	run --separate-stderr -3 as-apply -c "$dir/conf" --now "$now" \
		--timeout 1s "$dir/in"
	[ "$(result '"\(.status) \(.restored)"')" = "timeout null" ]
	[ "$(posts | wc -l)" = 2 ]
}

@test "as-apply: swarm: what somebody changed meanwhile is not put back" {
	driver=swarm
	engine touched
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s "$dir/in"
	[ "$(result '"\(.status) \(.restored)"')" = "timeout null" ]
	[[ $(result .error) == *"; not put back: somebody else changed it since" ]]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: a change that comes between reading and putting back wins" {
	driver=swarm
	engine overtook
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 1s "$dir/in"
	[ "$(result '"\(.status) \(.restored)"')" = "timeout null" ]
	[[ $(result .error) == *"; not put back: "*"update out of sequence"* ]]
	[ "$(posts | wc -l)" = 2 ]
}

@test "as-apply: swarm: an update that is paused is not waited for, and put back" {
	driver=swarm
	engine paused
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm --timeout 300s "$dir/in"
	[ "$(result '"\(.status) \(.confirmed) \(.restored)"')" = "failed false 3" ]
	[[ $(result .error) == "service 'web': 3 of 5 tasks run, its update is 'paused': update paused due to failure; 2 tasks: "*"; put back to 3" ]]
}

@test "as-apply: swarm: an update that was paused before is no hindrance" {
	driver=swarm
	engine halted
	decide 3 5 >"$dir/in"
	run -0 swarm "$dir/in"
	[ "$(result '"\(.status) \(.confirmed)"')" = "applied true" ]
}

@test "as-apply: swarm: waits until the tasks run; --no-verify does not" {
	driver=swarm
	engine slow
	decide 3 5 >"$dir/in"
	run -0 swarm "$dir/in"
	[ "$(result .confirmed)" = true ]
	[ "$(result .took_ms)" -ge 900 ]
	[ "$(result '.ready_s >= 0.9 and .ready_s < 5')" = true ]
	decide 5 6 >"$dir/in"
	run -0 swarm --no-verify "$dir/in"
	[ "$(result '"\(.status) \(.confirmed)"')" = "applied false" ]
	[ "$(tail -n 1 "$dir/log" | jq -r .method)" = POST ]
	[ "$(result .ready_s)" = null ]
}

@test "as-apply: how long it took to serve is said only where it was seen" {
	driver=swarm
	engine
	decide 3 5 >"$dir/in"
	run -0 swarm "$dir/in"
	[ "$(result '.ready_s >= 0 and .ready_s < 4')" = true ]
	# the journal has it, too: what a boot takes is learned from there
	decide 5 6 >"$dir/in"
	run -0 swarm --state "$state" "$dir/in"
	[ "$(tail -n 1 "$state/web.ndjson" | jq '.result.ready_s < 4')" = true ]
	decide 6 5 >"$dir/in"
	run -0 swarm "$dir/in"
	[ "$(result '"\(.status) \(.confirmed) \(.ready_s)"')" = \
		"applied true null" ]
	# a file does not say what serves
	driver=file
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result '"\(.confirmed) \(.ready_s)"')" = "true null" ]
}

@test "as-apply: swarm: an update that the swarm rolls back is a failure" {
	driver=swarm
	engine rollback
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm "$dir/in"
	[ "$(status_of)" = failed ]
	[ "$(result .error)" = "did not stay: service 'web' has 3 replicas now, not 5 (rollback_completed: rollback completed)" ]
	# the swarm did it: there is nothing left to be done
	[ "$(result .restored)" = 3 ]
	[ "$(posts | wc -l)" = 1 ]
}

@test "as-apply: swarm: a service in global mode has no count to change" {
	driver=swarm
	engine global
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm "$dir/in"
	[ "$(result .error)" = "service 'web' has no number of replicas to change: its mode is 'Global'" ]
	[ -z "$(posts)" ]
}

@test "as-apply: swarm: what is wrong with the engine is said with what to do" {
	driver=swarm
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 swarm "$dir/in"
	[[ $(result .error) == "cannot reach 'unix://$dir/e.sock"*"; is the Docker Engine running?" ]]
	while read -r fault text; do
		engine "$fault"
		run --separate-stderr -3 swarm --timeout 1s "$dir/in"
		[ "$(status_of)" = failed ]
		[[ $(result .error) == *"$text"* ]]
		[ -z "$(posts)" ]
		kill "$(cat "$dir/engine.pid")"
		rm "$dir/engine.pid" "$dir/e.sock"
	done <<-'END'
		not-manager answered 503: This node is not a swarm manager
		not-manager give a manager's address as host, or make this engine one with 'docker swarm init'
		garbage gave an answer that is not JSON
		old has version '1.30' of the Engine API, 1.41 is needed
		hang-all timed out after 1 s
	END
}

# tcp_engine: the stub on a port; sets port
tcp_engine() {
	python3 "$BATS_TEST_DIRNAME/stub/engine.py" "tcp:$dir/port" \
		"$dir/log" >"$dir/engine.err" 2>&1 3>&- &
	echo $! >"$dir/engine.pid"
	touch "$dir/log"
	wait_until 10 test -s "$dir/port"
	port=$(cat "$dir/port")
}

# certificate DIR NAME [DAYS]: ca.pem, and cert.pem and key.pem for NAME
certificate() {
	mkdir -p "$1"
	[ -e "$dir/ca.key" ] || openssl req -x509 -newkey ec \
		-pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$2" -keyout "$1/key.pem" -out "$1/csr" 2>/dev/null
	echo "subjectAltName=IP:127.0.0.1" >"$1/ext"
	openssl x509 -req -in "$1/csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
		-CAcreateserial -days "${3:-2}" -extfile "$1/ext" -out "$1/cert.pem" \
		2>/dev/null
	cp "$dir/ca.pem" "$1/ca.pem"
	chmod 600 "$1/key.pem"
}

@test "as-apply: swarm: over TCP, and DOCKER_HOST where no host is given" {
	driver="swarm"
	tcp_engine
	decide 3 5 >"$dir/in"
	run -0 as-apply --driver swarm --service web --now "$now" \
		--host "tcp://127.0.0.1:$port" "$dir/in"
	[ "$(status_of)" = applied ]
	decide 5 6 >"$dir/in"
	run -0 env DOCKER_HOST="tcp://127.0.0.1:$port" as-apply --driver swarm \
		--service web --now "$now" "$dir/in"
	[ "$(status_of)" = applied ]
	[ "$(posts | wc -l)" = 2 ]
}

@test "as-apply: swarm: over TLS, with the certificates of the docker command" {
	driver="swarm"
	certificate "$dir/server" engine
	certificate "$dir/client" scaler
	export ENGINE_CERTS=$dir/server
	tcp_engine
	decide 3 5 >"$dir/in"
	export DOCKER_HOST=tcp://127.0.0.1:$port DOCKER_TLS_VERIFY=1
	run -0 env DOCKER_CERT_PATH="$dir/client" as-apply --driver swarm \
		--service web --now "$now" "$dir/in"
	[ "$(status_of)" = applied ]
	decide 5 6 >"$dir/in"
	# ~/.docker is where they are looked for
	mkdir "$dir/home" && mv "$dir/client" "$dir/home/.docker"
	run -0 env HOME="$dir/home" as-apply --driver swarm \
		--service web --now "$now" "$dir/in"
	[ "$(status_of)" = applied ]
	# of another authority
	rm "$dir/ca.key"
	certificate "$dir/foreign" scaler
	decide 6 7 >"$dir/in"
	run --separate-stderr -3 env DOCKER_CERT_PATH="$dir/foreign" as-apply \
		--driver swarm --service web --now "$now" "$dir/in"
	[[ $(result .error) == *certificate* ]]
	# without any, it is told before anything is sent
	run --separate-stderr -2 env DOCKER_CERT_PATH="$dir/none" as-apply \
		--driver swarm --service web --now "$now" "$dir/in"
	[[ $stderr == *"$dir/none"* ]]
	[ "$(posts | wc -l)" = 2 ]
}

@test "as-apply: swarm: certificates that cannot do are told before anything is sent" {
	driver=swarm
	certificate "$dir/client" scaler
	decide 3 5 >"$dir/in"
	# tls HOST KEY=FILE...: settings
	tls() {
		printf '%s\n' 'target web { }' 'signal a { query = x capacity = 1 }' \
			"apply { driver = swarm service = web host = \"$1\"" \
			"${@:2}" '}' >"$dir/conf"
		run --separate-stderr -2 as-apply -c "$dir/conf" --now "$now" "$dir/in"
	}
	tls tcp://127.0.0.1:1 "cert_file = \"$dir/client/cert.pem\""
	[ "$stderr" = "as-apply: target 'web': 'cert_file' is set, and 'key_file' is not: they go together" ]
	tls unix:///x.sock "ca_file = \"$dir/ca.pem\""
	[ "$stderr" = "as-apply: target 'web': 'unix:///x.sock' is not spoken to over TLS: certificates are for tcp:// and https://" ]
	tls tcp://127.0.0.1:1 "ca_file = \"$dir/none\""
	[ "$stderr" = "as-apply: target 'web': cannot read '$dir/none': No such file or directory" ]
	chmod 644 "$dir/client/key.pem"
	tls tcp://127.0.0.1:1 "cert_file = \"$dir/client/cert.pem\"" \
		"key_file = \"$dir/client/key.pem\""
	[ "$stderr" = "as-apply: target 'web': others can read or write the key '$dir/client/key.pem' (chmod 600)" ]
}

@test "as-apply: swarm: an engine whose own certificate has expired" {
	driver=swarm
	certificate "$dir/client" scaler
	certificate "$dir/server" engine 0
	export ENGINE_CERTS=$dir/server
	tcp_engine
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 env DOCKER_TLS_VERIFY=1 \
		DOCKER_CERT_PATH="$dir/client" as-apply --driver swarm \
		--service web --host "tcp://127.0.0.1:$port" --now "$now" "$dir/in"
	[[ $(result .error) == *"certificate has expired; that is the engine's certificate, not ours" ]]
}

@test "as-apply: swarm: a socket that may not be used is said with what to do" {
	not_under_valgrind
	[ "$(id -u)" = 0 ] || skip "not root, who could become another user"
	command -v setpriv >/dev/null || skip "no setpriv on this machine"
	driver=swarm
	engine
	chmod 600 "$dir/e.sock"
	decide 3 5 >"$dir/in"
	cp "$(command -v as-apply)" /tmp/as-apply.$$
	chmod 755 "$BATS_TEST_TMPDIR"
	mkdir "$dir/open" && cp "$(command -v as-apply)" "$dir/in" "$dir/open/"
	run --separate-stderr -3 setpriv --reuid 65534 --regid 65534 \
		--clear-groups "/tmp/as-apply.$$" --driver swarm --service web \
		--host "unix://$dir/e.sock" --now "$now" <"$dir/in"
	rm "/tmp/as-apply.$$"
	[[ $(result .error) == *"Permission denied"*"run this as a member of the socket's group"* ]] ||
		[[ $(result .error) == *"is the Docker Engine running?" ]]
}
