# as-loop: turns, failures, training, the lock, signals. The commands are small
# scripts that write down how they were called; the last tests use real ones.

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	bin=$dir/bin
	mkdir "$bin"
	real=$PATH
	export PATH="$bin:$PATH" CALLS=$dir/calls
	: >"$CALLS"
	for c in fetch train predict decide apply notify; do
		fake "as-$c" 'cat'
	done
	fake as-fetch 'echo "{}"'
	fake as-train 'cat >/dev/null; while [ "$1" != -o ]; do shift; done
		echo model >"$2"'
	fake as-decide 'case " $* " in
		*" --check "*) cat "$SETTINGS" ;;
		*) cat ;;
		esac'
	export SETTINGS=$dir/settings
	cat >"$SETTINGS" <<END
target 'web' {
	mode = monitor                             # default
	decision_interval = 1s                     # $dir/web.conf:1
}
state {
	dir = '$dir/state'                         # $dir/web.conf:2
}
END
	: >"$dir/web.conf"
}

# fake NAME SCRIPT: a command that puts down its name and arguments first
fake() {
	cat >"$bin/$1" <<-END
		#!/bin/sh
		echo "$1 \$*" >>"$CALLS"
		$2
	END
	chmod +x "$bin/$1"
}

calls() {
	grep -c "^$1 " "$CALLS"
}

# begin ARGS...: as-loop in the background
begin() {
	as-loop -c "$dir/web.conf" "$@" >"$dir/out" 2>"$dir/err" 3>&- &
	loop=$!
}

teardown() {
	[ -z "${loop:-}" ] || kill -9 "$loop" 2>/dev/null || :
}

# finish SIGNAL: ends it, sets status
finish() {
	kill -s "$1" "$loop"
	status=0
	wait "$loop" || status=$?
	loop=
}

# a model is there, so that nothing is trained
trained() {
	: >"$dir/model"
	echo model >"$dir/model"
}

@test "as-loop: --once is one turn of five commands, each with the files" {
	trained
	: >"$dir/b c.conf"
	run -0 --separate-stderr as-loop -c "$dir/web.conf" \
		--config="$dir/b c.conf" --once -m "$dir/model"
	[ "$output" = "{}" ]
	[ "$stderr" = "" ]
	c="-c $dir/web.conf -c $dir/b c.conf"
	diff <(sort "$CALLS") - <<-END
		as-apply $c
		as-decide --check $c
		as-decide $c
		as-fetch $c
		as-notify $c
		as-predict $c -m $dir/model
	END
}

@test "as-loop: --dry-run reaches those who act and tell" {
	trained
	as-loop -c "$dir/web.conf" --once --dry-run -m "$dir/model"
	run -0 grep -e --dry-run "$CALLS"
	[ "$(sort <<<"$output")" = "as-apply -c $dir/web.conf --dry-run
as-notify -c $dir/web.conf --dry-run" ]
}

@test "as-loop: --state reaches those who keep a journal" {
	trained
	as-loop -c "$dir/web.conf" --once --state "$dir/mine" -m "$dir/model"
	run -0 grep -c -e "--state $dir/mine" "$CALLS"
	[ "$output" = 3 ]
	[ -d "$dir/mine" ]
}

@test "as-loop: where the file names no state folder there is one all the same" {
	trained
	sed -i '/dir =/d' "$SETTINGS"
	fake id 'echo 1000' # root's is elsewhere
	XDG_STATE_HOME=$dir/xdg as-loop -c "$dir/web.conf" --once \
		-m "$dir/model"
	run -0 grep -c -e "--state $dir/xdg/autoscale" "$CALLS"
	[ "$output" = 3 ]
}

@test "as-loop: the first model is learnt after the first turn, from 28 days" {
	as-loop -c "$dir/web.conf" --once
	[ "$(calls as-train)" = 1 ]
	grep -q "^as-fetch -c $dir/web.conf --range 28d" "$CALLS"
	# the turn itself had no model yet
	grep -qx "as-predict -c $dir/web.conf" "$CALLS"
	model=$(echo "$dir"/state/web-*.model)
	[ "$(cat "$model")" = model ]
	as-loop -c "$dir/web.conf" --once
	[ "$(calls as-train)" = 1 ]
	grep -qx "as-predict -c $dir/web.conf -m $model" "$CALLS"
}

@test "as-loop: a model of more than a day is learnt anew" {
	trained
	touch -d '23 hours ago' "$dir/model"
	as-loop -c "$dir/web.conf" --once -m "$dir/model"
	[ "$(calls as-train)" = 0 ]
	touch -d '25 hours ago' "$dir/model"
	as-loop -c "$dir/web.conf" --once -m "$dir/model"
	[ "$(calls as-train)" = 1 ]
}

@test "as-loop: a training that fails is said, and tried again in an hour" {
	fake as-train 'cat >/dev/null; exit 1'
	run --separate-stderr -1 as-loop -c "$dir/web.conf" --once
	[ "$stderr" = "as-loop: training: as-train ended with 1" ]
	[ "$output" = "{}" ]
	run -0 as-loop -c "$dir/web.conf" --once
	[ "$(calls as-train)" = 1 ]
	touch -d '61 minutes ago' "$dir"/state/*.tried
	run -1 as-loop -c "$dir/web.conf" --once
	[ "$(calls as-train)" = 2 ]
}

@test "as-loop: half a history is not learnt; the old model stays" {
	trained
	touch -d '2 days ago' "$dir/model"
	fake as-fetch 'echo "{}"; case $* in *28d*) exit 3 ;; esac'
	run --separate-stderr -1 as-loop -c "$dir/web.conf" --once \
		-m "$dir/model"
	[ "$stderr" = "as-loop: no training: as-fetch ended with 3" ]
	[ "$(calls as-train)" = 0 ]
	[ "$(cat "$dir/model")" = model ]
}

@test "as-loop: training does not hold up the turns" {
	fake as-train 'cat >/dev/null; sleep 3'
	begin
	wait_until 5 eval '[ "$(calls as-apply)" -ge 3 ]'
	[ "$(calls as-train)" = 1 ]
	finish TERM
	[ "$status" = 0 ]
}

@test "as-loop: a step that fails is named; the others and the loop go on" {
	trained
	fake as-fetch 'echo "{}"; exit 3'
	fake as-apply 'cat; exit 1'
	begin -m "$dir/model"
	wait_until 5 eval '[ "$(calls as-notify)" -ge 3 ]'
	finish TERM
	[ "$status" = 0 ]
	[ "$(sort -u "$dir/err")" = "as-loop: as-apply ended with 1: it refused something
as-loop: as-fetch ended with 3: the other side refused or was out of reach" ]
	[ "$(wc -l <"$dir/out")" -ge 2 ]
}

@test "as-loop: --once ends with the worst of its steps" {
	trained
	for case in "1 3 3" "3 1 3" "2 3 2" "3 2 2" "0 1 1"; do
		read -r a b want <<<"$case"
		fake as-fetch "echo {}; exit $a"
		fake as-notify "cat; exit $b"
		run "-$want" as-loop -c "$dir/web.conf" --once -m "$dir/model"
	done
	# the statuses of the shell are no statuses of ours
	fake as-predict 'kill -SEGV $$'
	run --separate-stderr -2 as-loop -c "$dir/web.conf" --once \
		-m "$dir/model"
	[[ $stderr == *"as-predict ended with 139: signal 11 ended it"* ]]
}

@test "as-loop: turns begin an interval apart, whatever they take" {
	trained
	fake as-fetch 'date +%s.%N >>"$CALLS.times"; sleep 1.5; echo "{}"'
	begin -m "$dir/model" --interval 2s
	wait_until 20 eval '[ "$(wc -l <"$CALLS.times")" -ge 3 ]'
	finish TERM
	# 4 s, and 7 if each waited for the one before it and then as long
	awk 'NR == 1 { first = $1 } NR == 3 { d = $1 - first
		exit !(d > 3.0 && d < 6.8) }' "$CALLS.times"
}

@test "as-loop: the interval is the option's, the environment's, the file's" {
	trained
	# an interval that is none is said, which shows where it came from
	run --separate-stderr -2 as-loop -c "$dir/web.conf" --interval 5x
	[ "$stderr" = "as-loop: the interval '5x' is no duration such as 90s or 5m" ]
	DECISION_INTERVAL=6x run --separate-stderr -2 \
		as-loop -c "$dir/web.conf"
	[[ $stderr == *"'6x'"* ]]
	sed -i 's/= 1s/= 7x/' "$SETTINGS"
	run --separate-stderr -2 as-loop -c "$dir/web.conf"
	[[ $stderr == *"'7x'"* ]]
	for good in 1 90s 5m 1h30m 0.5h 500ms 1d; do
		run -0 as-loop -c "$dir/web.conf" --interval "$good" --once \
			-m "$dir/model"
	done
}

@test "as-loop: only one works with the same files at a time" {
	trained
	begin -m "$dir/model"
	wait_until 5 eval '[ "$(calls as-notify)" -ge 1 ]'
	run --separate-stderr -1 as-loop -c "$dir/web.conf" --once \
		-m "$dir/model"
	[ "$stderr" = "as-loop: another as-loop is at work with these files: process $loop" ]
	: >"$dir/db.conf"
	run -0 as-loop -c "$dir/db.conf" --once -m "$dir/model"
	finish TERM
	run -0 as-loop -c "$dir/web.conf" --once -m "$dir/model"
}

@test "as-loop: the lock of one that was killed is free" {
	trained
	begin -m "$dir/model"
	wait_until 5 eval '[ "$(calls as-notify)" -ge 1 ]'
	kill -9 "$loop"
	wait "$loop" || :
	loop=
	run -0 as-loop -c "$dir/web.conf" --once -m "$dir/model"
}

@test "as-loop: a signal lets the turn in hand be finished" {
	trained
	fake as-apply 'sleep 1; cat; echo done >>"$CALLS"'
	for signal in TERM INT HUP; do
		: >"$CALLS"
		# an ignored INT would stay ignored
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' as-loop -c "$dir/web.conf" \
			-m "$dir/model" --interval 30s >"$dir/out" \
			2>"$dir/err" 3>&- &
		loop=$!
		wait_until 5 eval '[ "$(calls as-apply)" -ge 1 ]'
		SECONDS=0
		finish "$signal"
		[ "$SECONDS" -le 20 ]
		[ "$status" = 0 ]
		grep -q 'done' "$CALLS"
		[ "$(cat "$dir/out")" = "{}" ]
	done
}

@test "as-loop: a signal between turns ends it at once, and nothing stays" {
	trained
	export TMPDIR=$dir/tmp
	mkdir "$TMPDIR"
	begin -m "$dir/model" --interval 4217s
	wait_until 5 eval '[ "$(calls as-notify)" -ge 1 ]'
	[ -n "$(ls "$TMPDIR")" ]
	sleep 0.5
	SECONDS=0
	finish TERM
	[ "$SECONDS" -le 10 ]
	[ "$status" = 0 ]
	[ -z "$(ls "$TMPDIR")" ]
	run -1 pgrep -f 'sleep 42[01][0-9]$'
}

@test "as-loop: finds the commands beside it, as cron needs it" {
	trained
	cp "$root/scripts/as-loop" "$bin/"
	run -0 --separate-stderr env PATH=/usr/bin:/bin "$bin/as-loop" \
		-c "$dir/web.conf" --once -m "$dir/model"
	[ "$(calls as-notify)" = 1 ]
	[ ! -e /usr/bin/as-fetch ] || return 0
	run --separate-stderr -2 env PATH=/usr/bin:/bin \
		"$root/scripts/as-loop" -c "$dir/web.conf" --once
	[ "$stderr" = "as-loop: cannot find 'as-fetch' on PATH" ]
}

@test "as-loop: wrong options are named, exit 2" {
	for case in "-x|as-loop: '-x' is no option" \
		"--once|as-loop: -c FILE is needed, see as-loop(1)" \
		"-c $dir/none|as-loop: cannot open '$dir/none'" \
		"--state|as-loop: --state needs a value"; do
		read -ra words <<<"${case%%|*}"
		run --separate-stderr -2 as-loop "${words[@]}"
		[ "${stderr_lines[0]}" = "${case#*|}" ]
	done
	fake as-decide 'echo "as-decide: web.conf:1: wrong" >&2; exit 2'
	run --separate-stderr -2 as-loop -c "$dir/web.conf" --once
	[ "$stderr" = "as-decide: web.conf:1: wrong" ]
	[ "$(calls as-fetch)" = 0 ]
}

@test "as-loop: --help and --version" {
	run -0 as-loop --help
	[[ $output == "Usage: as-loop -c FILE"* ]]
	fake as-decide 'echo "as-decide 9.8"'
	run -0 as-loop --version
	[ "$output" = "as-loop 9.8" ]
}

# whole: the real commands on ten days of a load up to now, 40 to 60 of which
# one instance carries 10. It is 50 now, whatever the time of day.
whole() {
	export PATH=$real
	now=$(($(date +%s) / 300 * 300))
	awk -v end="$now" 'BEGIN {
		for (t = end - 10 * 86400; t <= end; t += 300)
			printf "%d,%.3f\n", t, 50 + 10 * sin((t - end) / 86400 * 6.2831853)
	}' >"$dir/load.csv"
	cat >"$dir/whole.conf" <<-END
		target web { mode = auto  history = 9d }
		source { type = csv  url = "$dir/load.csv" }
		signal load { query = 2  capacity = 10  target = 80% }
		policy { max_instances = 20  max_step_up = 20 }
		apply { driver = file  service = "$dir/count" }
		state { dir = "$dir/state" }
	END
	echo 2 >"$dir/count"
}

@test "as-loop: the real commands scale, learn, and find nothing more to do" {
	whole
	run --separate-stderr -0 as-loop -c "$dir/whole.conf" --once
	[ "$(jq -r 'select(.type == "result") | .result.status' <<<"$output")" = \
		applied ]
	# training adds nothing to what leaves the pipe
	[ "$(jq -sc 'map(.type)' <<<"$output")" = '["result"]' ]
	n=$(cat "$dir/count")
	[ "$n" -ge 5 ] && [ "$n" -le 9 ]
	[ "$(jq -r .accepted "$dir"/state/whole-*.model)" = true ]
	grep -q '"status":"applied"' "$dir/state/web.ndjson"
	sleep 1
	run --separate-stderr -0 as-loop -c "$dir/whole.conf" --once
	[ "$(jq -r 'select(.type == "result") | .result.status' <<<"$output")" = \
		unchanged ]
	[ "$(cat "$dir/count")" = "$n" ]
}

@test "as-loop: --dry-run with the real commands changes nothing" {
	whole
	run --separate-stderr -0 as-loop -c "$dir/whole.conf" --once --dry-run
	[ "$(jq -r 'select(.type == "result") | .result.status' <<<"$output")" = \
		dry-run ]
	[ "$(cat "$dir/count")" = 2 ]
	[ ! -e "$dir/state/web.ndjson" ]
}

@test "as-loop: settings that became wrong are told, and those of before stay" {
	whole
	sed -i 's/mode = auto/mode = auto  decision_interval = 1s/' \
		"$dir/whole.conf"
	mkdir "$dir/more"
	echo 'signal load { emergency = 95% }' >"$dir/more/load.inc"
	printf '%s\n' 'target web { }' "include('load.inc')" >"$dir/more/a.conf"
	cp "$dir/whole.conf" "$dir/right"
	as-loop -c "$dir/whole.conf" -c "$dir/more/a.conf" --state "$dir/state" \
		>"$dir/out" 2>"$dir/err" 3>&- &
	loop=$!
	results() { grep -c '"type":"result"' "$dir/out"; }
	wait_until 20 eval '[ "$(results)" -ge 1 ]'
	# half a file, as an editor leaves it; and the count of somebody else
	head -c 150 "$dir/right" >"$dir/whole.conf"
	wait_until 20 grep -q 'the settings are wrong: those of before are kept' "$dir/err"
	grep -q "whole.conf:" "$dir/err"
	echo 2 >"$dir/count"
	n=$(results)
	wait_until 20 eval '[ "$(results)" -gt "$((n + 1))" ]'
	wait_until 20 eval '[ "$(cat "$dir/count")" -ge 5 ]'
	# mended, and with another bound, it is in use
	sed 's/max_instances = 20/& min_instances = 9/' "$dir/right" >"$dir/whole.conf"
	wait_until 20 eval '[ "$(cat "$dir/count")" = 9 ]'
	finish TERM
	[ "$status" = 0 ]
}

@test "as-loop: the files' own interval and folder are found by the real check" {
	whole
	sed -i 's/mode = auto/mode = auto  decision_interval = 1s/' \
		"$dir/whole.conf"
	as-loop -c "$dir/whole.conf" >"$dir/out" 2>"$dir/err" 3>&- &
	loop=$!
	wait_until 20 eval '[ "$(grep -c "\"type\":\"result\"" "$dir/out")" -ge 3 ]'
	finish TERM
	[ "$status" = 0 ]
	[ -e "$dir/state/web.ndjson" ]
	[ -n "$(ls "$dir"/state/whole-*.lock)" ]
}
