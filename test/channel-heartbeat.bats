# as-notify --heartbeat: nobody decides any more, and that is told

load lib/common
load lib/stub

setup_file() {
	stub_start
}

teardown_file() {
	stub_stop
}

setup() {
	dir=$BATS_TEST_TMPDIR
	mkdir "$dir/state"
	cat >"$dir/conf" <<-END
		target web { mode = monitor decision_interval = 5m }
		signal load { query = "x" capacity = 1 }
		notify ops { url_env = OPS }
		state { dir = "$dir/state" }
	END
	export OPS=$STUB/status=200/$BATS_TEST_NUMBER/
}

# decided TIME: the journal has a decision of then
decided() {
	[ -e "$dir/state/web.ndjson" ] ||
		echo '{"type":"journal","version":1,"created":"2026-11-23T00:00:00Z"}' \
			>"$dir/state/web.ndjson"
	jq -cn --arg t "2026-11-23T$1Z" '{type: "decision", target: "web",
		action: "maintain", time: $t, logged: $t}' \
		>>"$dir/state/web.ndjson"
}

# beat STATUS TIME [OPTION...]
beat() {
	local status=$1 time=$2

	shift 2
	run --separate-stderr "-$status" as-notify -c "$dir/conf" --heartbeat \
		--now "2026-11-23T${time}Z" "$@" </dev/null
	[ "$output" = "" ]
}

told() {
	requests "/$BATS_TEST_NUMBER/" '.body | fromjson | .text' | jq -r .
}

@test "heartbeat: all is well, and nothing is told" {
	decided 12:00:00
	beat 0 12:14:59
	[ "$stderr" = "" ]
	[ "$(told)" = "" ]
}

@test "heartbeat: stopped is told once in repeat_after, then that it goes on" {
	decided 12:00:00
	beat 1 12:15:02
	[[ $stderr == "as-notify: web: stopped: no decision for "* ]]
	[ "$(told | head -n 1)" = "${stderr#as-notify: }" ]
	[[ $(told) == *"every 15 min at least"*"of 2026-11-23T12:00:00Z"* ]]
	beat 1 12:20:00
	[ "$(told | grep -c stopped:)" = 1 ]
	beat 1 13:16:00
	[ "$(told | grep -c stopped:)" = 2 ]
	decided 13:20:00
	beat 0 13:21:00
	[ "$stderr" = "" ]
	[ "$(told | tail -n 2 | head -n 1)" = \
		"web: resumed: decisions are made again" ]
	beat 0 13:22:00
	[ "$(told | grep -c resumed:)" = 1 ]
	# it stops again within the hour: that is news
	beat 1 13:36:00
	[ "$(told | grep -c stopped:)" = 3 ]
	decided 13:37:00
	beat 0 13:38:00
	[ "$(told | grep -c resumed:)" = 2 ]
	run -0 jq -r 'select(.type == "notice") | .action' \
		"$dir/state/web.ndjson"
	[ "$output" = $'stopped\nstopped\nresumed\nstopped\nresumed' ]
}

@test "heartbeat: a target that never decided has stopped" {
	beat 1 12:00:00
	[ "$stderr" = "as-notify: web: stopped: no decision was ever made" ]
	[ "$(told | grep -c stopped:)" = 1 ]
}

@test "heartbeat: what silence on the pipe told is over, too" {
	as-notify -c "$dir/conf" --now 2026-11-23T12:00:00Z </dev/null
	[ "$(told | grep -c stopped:)" = 1 ]
	decided 12:05:00
	beat 0 12:06:00
	[ "$(told | grep -c resumed:)" = 1 ]
}

@test "heartbeat: heartbeat_after and --heartbeat-after say how long" {
	decided 12:00:00
	sed -i 's/decision_interval/heartbeat_after = 1h &/' "$dir/conf"
	beat 0 12:59:00
	beat 1 13:01:00
	beat 0 13:01:00 --heartbeat-after 2h
	run --separate-stderr -2 as-notify --heartbeat --heartbeat-after 0
	[[ $stderr == *"--heartbeat-after: not above 0"* ]]
}

@test "heartbeat: without a file, every target of the state folder" {
	decided 12:00:00
	sed 's/web/db/; s/12:00/13:00/g' "$dir/state/web.ndjson" \
		>"$dir/state/db.ndjson"
	export ALERT_WEBHOOK_URL=$OPS
	run --separate-stderr -1 as-notify --heartbeat --state "$dir/state" \
		--now 2026-11-23T13:01:00Z
	[ "$stderr" = "as-notify: web: stopped: no decision for 61 min" ]
	[ "$(told | grep -c stopped:)" = 1 ]
}

@test "heartbeat: a channel that is dead is exit 3, and told later" {
	export OPS=http://127.0.0.1:1
	beat 3 12:00:00 --retries 0
	export OPS=$STUB/status=200/$BATS_TEST_NUMBER/
	beat 1 12:01:00
	[ "$(told | grep -c stopped:)" = 1 ]
}

@test "heartbeat: a dry run tells nobody and keeps nothing" {
	decided 12:00:00
	before=$(md5sum "$dir/state/web.ndjson")
	beat 1 13:00:00 --dry-run
	[[ $stderr == *"would tell 'ops': POST"*"stopped: no decision for 60 min"* ]]
	[ "$(told)" = "" ]
	[ "$(md5sum "$dir/state/web.ndjson")" = "$before" ]
}

@test "heartbeat: what it lacks is said" {
	run --separate-stderr -2 as-notify --heartbeat
	[ "$stderr" = "as-notify: --heartbeat needs a state folder: --state, or -c" ]
	run --separate-stderr -2 as-notify --heartbeat -c "$dir/conf" file
	[ "$stderr" = "as-notify: --heartbeat reads no records: 'file'" ]
	sed -i '/state/d' "$dir/conf"
	run --separate-stderr -2 as-notify --heartbeat -c "$dir/conf"
	[[ $stderr == *"target 'web' has no state folder"* ]]
}
