# as-apply's [tune]: a file from a template, checked, put in its place, read
#
# What stands for the program is a shell that traps SIGHUP and logs what it
# reads; the stub for a program that is told over HTTP. The real ones, nginx and
# Prometheus, are in e2e.

load lib/common
load lib/decision.bash
load lib/stub

setup_file() {
	stub_start
}

teardown_file() {
	stub_stop
}

setup() {
	dir=$BATS_TEST_TMPDIR
	driver=file
	echo 3 >"$dir/count"
	printf 'workers {{recommended_instances}};\n' >"$dir/web.tmpl"
}

teardown() {
	[ ! -e "$dir/server.pid" ] || kill "$(cat "$dir/server.pid")" || :
}

# conf TEXT...: the tune sections, in a file for the target web
conf() {
	{
		echo 'target web { mode = auto }'
		echo 'signal cpu { query = "x"  capacity = 1 }'
		echo "apply { driver = file  service = \"$dir/count\" }"
		echo "state { dir = \"$dir/state\" }"
		printf '%s\n' "$@"
	} >"$dir/web.conf"
}

# tune NAME TEXT: a section that writes $dir/web.cfg from web.tmpl
tune() {
	echo "tune $1 { template = \"$dir/web.tmpl\"  output = \"$dir/web.cfg\"  $2 }"
}

# server: a process that reads web.cfg when it is told so, and logs it
server() {
	# shellcheck disable=SC2016
	sh -c 'trap "cat $1/web.cfg >>$1/log" HUP
		echo $$ >$1/server.pid
		while :; do sleep 60 & wait $!; done' sh "$dir" 3>&- &
	wait_until 10 test -s "$dir/server.pid"
}

apply() {
	as-apply -c "$dir/web.conf" --now "$now" "$@"
}

# tuned FILTER: of the one file that the result tells of
tuned() {
	result ".tuned[0] | $1"
}

refused() { # PATTERN: nothing was written, and the message is that
	[ "$(tuned .status)" = refused ]
	[ ! -e "$dir/web.cfg" ]
	# shellcheck disable=SC2053
	[[ $(tuned .error) == $1 ]]
}

# --- what is written ---

@test "tune: a file is written with values of the decision, and SIGHUP sent" {
	server
	conf "$(tune day "reload = \"signal:HUP:$dir/server.pid\"")"
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(cat "$dir/web.cfg")" = "workers 5;" ]
	wait_until 10 grep -qx 'workers 5;' "$dir/log"
	[ "$(tuned tojson)" = "{\"name\":\"day\",\"output\":\"$dir/web.cfg\",\"changed\":true,\"status\":\"reloaded\",\"added\":1,\"removed\":0,\"reload\":\"signal:HUP:$dir/server.pid\"}" ]
	[ "$(cat "$dir/count")" = 5 ]
}

@test "tune: nothing is read again while the bytes are the same" {
	conf "$(tune day "reload = \"command:touch $dir/told\"")"
	decide 3 3 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(tuned .status)" = reloaded ]
	rm "$dir/told"
	before=$(stat -c '%i %Y' "$dir/web.cfg")
	run -0 apply "$dir/in"
	[ "$(tuned '"\(.status) \(.changed)"')" = "unchanged false" ]
	[ ! -e "$dir/told" ]
	[ "$(stat -c '%i %Y' "$dir/web.cfg")" = "$before" ]
}

@test "tune: names are members by path, constants, or have a text instead" {
	cat >"$dir/web.tmpl" <<-'END'
		a {{recommended_instances}} b {{ current_load }} c {{target}}
		d {{resources.memory}} e {{inputs.1.signal}} f {{workers}}
		g {{nothing.here | 7 }} h {{"{{ $labels.x }}"}} i {{busy}}
		j {{mode}} { k } {{
	END
	sed -i 's/ {{$//' "$dir/web.tmpl"
	conf "$(tune day 'set = {"workers=4 x", "mode=mine"}')"
	decide 3 5 '.current_load = 71.5 | .resources.memory = 2147483648 |
		.inputs = [{signal:"a"}, {signal:"b"}] | .busy = true' >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(tuned .status)" = written ]
	[ "$(cat "$dir/web.cfg")" = 'a 5 b 71.5 c web
d 2147483648 e b f 4 x
g 7 h {{ $labels.x }} i true
j mine { k }' ]
}

@test "tune: a name without a value is an error that names its line" {
	conf "$(tune day "reload = \"command:touch $dir/told\"")"
	decide 3 3 >"$dir/in"
	printf 'a\n{{tarjet}}\n' >"$dir/web.tmpl"
	run --separate-stderr -1 apply "$dir/in"
	refused "$dir/web.tmpl:2: neither the decision nor 'set' has 'tarjet'"
	[ "$stderr" = "as-apply: $dir/in:1: tune 'day': refused: $dir/web.tmpl:2: neither the decision nor 'set' has 'tarjet'" ]
	printf '{{observed}}' >"$dir/web.tmpl"
	run --separate-stderr -1 apply "$dir/in"
	refused "$dir/web.tmpl:1: 'observed' is no single value"
	for text in '{{' '{{target' '{{target
}}' '{{}}' '{{ | x }}'; do
		printf '%s' "$text" >"$dir/web.tmpl"
		run --separate-stderr -1 apply "$dir/in"
		refused "$dir/web.tmpl:1: *"
	done
	[ ! -e "$dir/told" ]
}

@test "tune: a value cannot bring a line of its own" {
	conf "$(tune day '')"
	printf '# {{reason}}\n' >"$dir/web.tmpl"
	decide 3 3 '.reason = "x\nload_module evil"' >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	refused "$dir/web.tmpl:1: 'reason' has control characters in it"
}

@test "tune: without a count that is known the file stays" {
	conf "$(tune day '')"
	echo "workers 3;" >"$dir/web.cfg"
	decide 3 3 '.action = "hold" | del(.current_instances,
		.recommended_instances, .observed.instances, .observed.ready) |
		.observed.error = "gone"' >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	[ "$(tuned .status)" = refused ]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
}

@test "tune: without a driver files alone are written" {
	conf "$(tune day '')"
	sed -i '/^apply/d' "$dir/web.conf"
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	outcome unchanged
	[ "$(cat "$dir/web.cfg")" = "workers 5;" ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "tune: the journal has what was changed, and nothing of what was not" {
	conf "$(tune day '')"
	decide 3 3 >"$dir/in"
	run -0 apply "$dir/in"
	run -0 apply "$dir/in"
	[ "$(jq -r 'select(.type == "result") | .result.tuned[0].status' \
		"$dir/state/web.ndjson")" = written ]
}

# --- when ---

@test "tune: by night the night's section, else the one without times" {
	printf '{{workers}}\n' >"$dir/web.tmpl"
	conf "$(tune day 'set = {"workers=8"}')" \
		"$(tune night 'set = {"workers=2"} from = "22:00" until = "06:00" timezone = "Europe/Berlin"')"
	for row in 20:59:59=8 21:00:00=2 23:30:00=2 04:59:59=2 05:00:00=8 \
		12:00:00=8; do
		now=2026-11-23T${row%=*}Z
		decide 3 3 >"$dir/in"
		run -0 apply "$dir/in"
		[ "$(cat "$dir/web.cfg")" = "${row#*=}" ]
	done
	[ "$(tuned .name)" = day ]
}

@test "tune: on its days alone, the first of several, and else the file stays" {
	printf '{{who}}\n' >"$dir/web.tmpl"
	conf "$(tune weekend 'set = {"who=weekend"} days = {sat, sun}')" \
		"$(tune night 'set = {"who=night"} from = "22:00" until = "06:00"')"
	for row in 2026-11-21T23:00:00Z=weekend 2026-11-23T12:00:00Z=weekend \
		2026-11-23T23:00:00Z=night 2026-11-24T12:00:00Z=night; do
		now=${row%=*}
		decide 3 3 >"$dir/in"
		run -0 apply "$dir/in"
		[ "$(cat "$dir/web.cfg")" = "${row#*=}" ]
	done
	[ "$(result .tuned)" = null ]
}

@test "tune: several files, each with its own section" {
	conf "$(tune one '')" \
		"tune two { template = \"$dir/two.tmpl\" output = \"$dir/two.cfg\" }"
	echo '{{target}}' >"$dir/two.tmpl"
	decide 3 3 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(result '[.tuned[].name] | join(" ")')" = "one two" ]
	[ "$(cat "$dir/web.cfg" "$dir/two.cfg")" = "workers 3;
web" ]
}

# --- what is not done ---

@test "tune: monitor and --dry-run say what they would do, and leave no trace" {
	conf "$(tune day "reload = \"command:touch $dir/told\"  check = \"touch $dir/checked {file}\"")"
	printf 'a\nb\nworkers {{recommended_instances}};\nc\n' >"$dir/web.tmpl"
	printf 'a\nworkers 3;\nc\nd\n' >"$dir/web.cfg"
	decide 3 5 >"$dir/in"
	decide 3 5 '.mode = "monitor"' >"$dir/monitor"
	before=$(find "$dir" -mindepth 1 ! -path "*/state*" ! -name 'in' -printf '%p %T@ %i\n' | sort)
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(tuned '"\(.status) \(.changed) \(.added) \(.removed) \(.reload)"')" = \
		"dry-run true 2 2 command:touch $dir/told" ]
	[ ! -e "$dir/state" ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	[ "$(tuned '"\(.status) \(.added) \(.removed)"')" = "monitor 2 2" ]
	run -0 apply "$dir/monitor"
	[ "$(tuned .status)" = monitor ]
	run -0 apply --dry-run "$dir/monitor"
	[ "$(tuned .status)" = dry-run ]
	[ "$(find "$dir" -mindepth 1 ! -path "*/state*" ! -name 'in' -printf '%p %T@ %i\n' | sort)" = "$before" ]
}

@test "tune: what was refused, pending or stale writes no file" {
	conf "$(tune day '')"
	decide 3 5 '.approval = "required" | .expires = "2026-11-23T17:15:00Z"' \
		>"$dir/in"
	run -0 apply "$dir/in"
	outcome pending
	decide 4 5 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused
	decide 3 3 >"$dir/in"
	run --separate-stderr -1 apply --now 2026-11-23T18:00:00Z "$dir/in"
	outcome unchanged
	[[ $stderr == *"no file is written: stale: decided 60 min ago"* ]]
	[ ! -e "$dir/web.cfg" ]
}

# --- checks ---

@test "tune: a check of the new file that fails leaves all as it was" {
	# shellcheck disable=SC2016
	conf "$(tune day "check = \"$dir/check {file}\"  reload = \"command:touch $dir/told\"")"
	cat >"$dir/check" <<-END
		#!/bin/sh
		cat "\$1" >>"$dir/seen"
		echo "\$1" >>"$dir/names"
		stat -c %a "\$1" >>"$dir/modes"
		! grep -q 5 "\$1" || { echo "too many on line 1" >&2; exit 3; }
	END
	chmod +x "$dir/check"
	echo "workers 3;" >"$dir/web.cfg"
	chmod 640 "$dir/web.cfg"
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome applied
	[ "$(tuned .status)" = refused ]
	[[ $(tuned .error) == *"exited with 3: \"too many on line 1\"" ]]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
	[ "$(cat "$dir/seen")" = "workers 5;" ]
	[ "$(cat "$dir/names")" = "$dir/.new.web.cfg" ]
	[ "$(cat "$dir/modes")" = 640 ]
	[ ! -e "$dir/told" ]
	[ -z "$(find "$dir" -name '.*.web.cfg')" ]
	decide 5 6 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(tuned .status)" = reloaded ]
	[ "$(cat "$dir/web.cfg")" = "workers 6;" ]
}

@test "tune: a check without {file} is of what is in place, and undone if it fails" {
	conf "$(tune day "check = \"grep -q 3 $dir/web.cfg\"  reload = \"command:touch $dir/told\"")"
	echo "workers 3;" >"$dir/web.cfg"
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	[ "$(tuned .status)" = rolled-back ]
	[[ $(tuned .error) == *"exited with 1; the old file is back" ]]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
	[ ! -e "$dir/told" ]
	[ -z "$(find "$dir" -name '.*.web.cfg')" ]
}

@test "tune: a check that cannot be run, or never ends, refuses" {
	conf "$(tune day 'check = "/no/such/program {file}"')"
	decide 3 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	refused "cannot run '/no/such/program': No such file or directory"
	printf '#!/bin/sh\nsleep 60\n' >"$dir/slow"
	chmod +x "$dir/slow"
	conf "$(tune day "check = \"$dir/slow {file}\"")"
	run --separate-stderr -1 apply --timeout 0.3s "$dir/in"
	refused "'$dir/slow $dir/.new.web.cfg' was ended after 0.3 s"
}

# --- reloads ---

@test "tune: a reload that fails brings the old file back, and that is read" {
	cat >"$dir/reload" <<-END
		#!/bin/sh
		cat "$dir/web.cfg" >>"$dir/log"
		grep -q 3 "$dir/web.cfg"
	END
	chmod +x "$dir/reload"
	conf "$(tune day "reload = \"command:$dir/reload\"")"
	echo "workers 3;" >"$dir/web.cfg"
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome applied
	[ "$(tuned '"\(.status) \(.error)"')" = \
		"rolled-back '$dir/reload' exited with 1; the old file is back, and was read again" ]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
	[ "$(cat "$dir/log")" = "workers 5;
workers 3;" ]
	[ -z "$(find "$dir" -name '.*.web.cfg')" ]
	[ "$(jq -r 'select(.type == "result") | .result.tuned[0].status' \
		"$dir/state/web.ndjson")" = rolled-back ]
}

@test "tune: where there was no file none is left when the reload fails" {
	conf "$(tune day "reload = \"signal:HUP:$dir/no.pid\"")"
	decide 3 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	[ "$(tuned .status)" = rolled-back ]
	[[ $(tuned .error) == "no process in '$dir/no.pid': No such file or directory; the old file is back, and then: "* ]]
	[ ! -e "$dir/web.cfg" ]
}

@test "tune: only one process's number will do for a signal" {
	conf "$(tune day "reload = \"signal:USR1:$dir/x.pid\"")"
	decide 3 3 >"$dir/in"
	for pid in '' 0 1 -1 -5 12x 99999999 '9 9x'; do
		echo "$pid" >"$dir/x.pid"
		run --separate-stderr -3 apply "$dir/in"
		[[ $(tuned .error) == "'$dir/x.pid' does not hold the number of a process"* ]]
	done
	sh -c 'exit 0' &
	gone=$!
	wait "$gone"
	echo "$gone" >"$dir/x.pid"
	run --separate-stderr -3 apply "$dir/in"
	[[ $(tuned .error) == "cannot signal process $gone of '$dir/x.pid': No such process"* ]]
}

@test "tune: an address is told by POST, and its refusal undoes the change" {
	conf "$(tune day "reload = \"$STUB/status=200/$BATS_TEST_NUMBER/good\"")"
	decide 3 3 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(tuned .status)" = reloaded ]
	[ "$(requests "/$BATS_TEST_NUMBER/good" '.method')" = '"POST"' ]
	conf "$(tune day "reload = \"$STUB/status=500/$BATS_TEST_NUMBER/bad\"")"
	echo 'other' >"$dir/web.tmpl"
	run --separate-stderr -3 apply "$dir/in"
	[ "$(tuned .status)" = rolled-back ]
	[[ $(tuned .error) == *"answered 500"* ]]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
	[ "$(requests "/$BATS_TEST_NUMBER/bad" '.method')" = '"POST"
"POST"' ]
}

# --- files ---

@test "tune: the file keeps its mode and owner, and a link stays one" {
	mkdir "$dir/real"
	echo old >"$dir/real/cfg"
	chmod 604 "$dir/real/cfg"
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$dir/real/cfg"
	before=$(stat -c '%a %u %g' "$dir/real/cfg")
	ln -s real/cfg "$dir/web.cfg"
	conf "$(tune day '')"
	decide 3 3 >"$dir/in"
	run -0 apply "$dir/in"
	[ -L "$dir/web.cfg" ]
	[ "$(cat "$dir/real/cfg")" = "workers 3;" ]
	[ "$(stat -c '%a %u %g' "$dir/real/cfg")" = "$before" ]
	[ "$(find "$dir" -name '*.web.cfg' -o -name '.*.cfg' | wc -l)" = 0 ]
}

@test "tune: rolled back, the file has its mode and owner still" {
	echo old >"$dir/web.cfg"
	chmod 604 "$dir/web.cfg"
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$dir/web.cfg"
	before=$(stat -c '%a %u %g' "$dir/web.cfg")
	conf "$(tune day 'reload = "command:false"')"
	decide 3 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	[ "$(cat "$dir/web.cfg")" = old ]
	[ "$(stat -c '%a %u %g' "$dir/web.cfg")" = "$before" ]
}

@test "tune: no template, no folder, a device: nothing is written, exit 2" {
	conf "$(tune day '')"
	decide 3 3 >"$dir/in"
	mv "$dir/web.tmpl" "$dir/away"
	run --separate-stderr -2 apply "$dir/in"
	[ "$(tuned '"\(.status) \(.error)"')" = \
		"failed there is no template '$dir/web.tmpl'" ]
	mv "$dir/away" "$dir/web.tmpl"
	for place in "$dir/none/web.cfg" /dev/full "$dir" "$dir/pipe"; do
		[ -e "$dir/pipe" ] || mkfifo "$dir/pipe"
		conf "tune day { template = \"$dir/web.tmpl\" output = \"$place\" }"
		run --separate-stderr -2 apply "$dir/in"
		[ "$(tuned .status)" = failed ]
		[[ $(tuned .error) == *"'$place'"* ]]
	done
	[ ! -e "$dir/none" ]
}

@test "tune: a full disk leaves the old file" {
	[ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null ||
		skip "a small file system needs root and unshare: run this as root"
	not_under_valgrind
	mkdir "$dir/small"
	conf "tune day { template = \"$dir/web.tmpl\" output = \"$dir/small/cfg\" reload = \"command:touch $dir/told\" }"
	decide 3 3 >"$dir/in"
	head -c 30000 /dev/zero | tr '\0' x >"$dir/web.tmpl"
	# shellcheck disable=SC2016
	run unshare --mount --propagation private sh -c '
		mount -t tmpfs -o size=32k tmpfs "$1/small" || exit 9
		echo old >"$1/small/cfg"
		head -c 20000 /dev/zero >"$1/small/ballast"
		as-apply -c "$1/web.conf" --now "$2" "$1/in" 2>"$1/err"
		echo "exit $?"
		cat "$1/small/cfg"
		ls -A "$1/small"' sh "$dir" "$now"
	[[ $output == *'"status":"failed"'*"No space left on device"* ]]
	[ "$(sed 1d <<<"$output")" = "exit 2
old
ballast
cfg" ]
	[ ! -e "$dir/told" ]
}

@test "tune: killed at any moment the file is whole, and is read in the end" {
	not_under_valgrind
	conf "$(tune day "reload = \"command:$dir/reload\"")"
	cat >"$dir/reload" <<-END
		#!/bin/sh
		sleep 0.01
		tail -n 1 "$dir/web.cfg" >"$dir/read"
	END
	chmod +x "$dir/reload"
	for k in $(seq "${KILLS:-12}"); do
		{
			head -c 200000 /dev/zero | tr '\0' x
			printf '\nrun %s\n' "$k"
		} >"$dir/web.tmpl"
		decide 3 3 >"$dir/in"
		cp "$dir/web.cfg" "$dir/before" 2>/dev/null || :
		as-apply -c "$dir/web.conf" --now "$now" "$dir/in" \
			>/dev/null 2>&1 3>&- &
		sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
		kill -KILL $! 2>/dev/null || :
		wait $! || :
		[ ! -e "$dir/web.cfg" ] || cmp -s "$dir/web.cfg" "$dir/web.tmpl" ||
			cmp "$dir/web.cfg" "$dir/before"
		run -0 apply "$dir/in"
		cmp "$dir/web.cfg" "$dir/web.tmpl"
		[ "$(cat "$dir/read")" = "run $k" ]
		[ -z "$(find "$dir" -name '.*.web.cfg')" ]
	done
}

@test "tune: what a run that was cut off began is told, and undone to its beginning" {
	conf "$(tune day "reload = \"command:$dir/reload\"")"
	printf '#!/bin/sh\ncat %s >>%s; ! grep -q 3 %s\n' "$dir/web.cfg" \
		"$dir/log" "$dir/web.cfg" >"$dir/reload"
	chmod +x "$dir/reload"
	echo "workers 4;" >"$dir/web.cfg"
	echo "workers 2;" >"$dir/.undo.web.cfg"
	decide 3 4 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(tuned '"\(.status) \(.changed)"')" = "reloaded false" ]
	[ "$(cat "$dir/log")" = "workers 4;" ]
	[ ! -e "$dir/.undo.web.cfg" ]
	# the reload fails: back to what was there before the run that was cut off
	echo "workers 2;" >"$dir/.undo.web.cfg"
	: >"$dir/log"
	echo 3 >"$dir/count"
	printf 'workers 3;\n' >"$dir/web.tmpl"
	decide 3 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	[ "$(tuned .status)" = rolled-back ]
	[ "$(cat "$dir/web.cfg")" = "workers 2;" ]
	[ "$(cat "$dir/log")" = "workers 3;
workers 2;" ]
	[ ! -e "$dir/.undo.web.cfg" ]
}

@test "tune: two that write the same file take turns" {
	not_under_valgrind
	conf "$(tune day "check = \"$dir/check {file}\"")"
	sed -i "/^state/d" "$dir/web.conf"
	cat >"$dir/check" <<-END
		#!/bin/sh
		mkdir "$dir/alone" || exit 1
		sleep 0.3
		rmdir "$dir/alone"
	END
	chmod +x "$dir/check"
	decide 3 3 >"$dir/in"
	apply "$dir/in" >"$dir/a" 3>&- &
	apply "$dir/in" >"$dir/b" 3>&- &
	wait
	[ "$(jq -r '.result.tuned[0].status' "$dir/a" "$dir/b" | sort -u)" = written ]
	[ "$(cat "$dir/web.cfg")" = "workers 3;" ]
}

# --- what the file of settings may say ---

@test "tune: settings that cannot work are errors before any decision comes" {
	# rows of TEXT=MESSAGE
	while IFS='~' read -r text message; do
		conf "$text"
		run --separate-stderr -2 apply </dev/null
		[[ $stderr == *"$message" ]] || {
			echo "$text: $stderr"
			return 1
		}
	done <<-END
		tune a { output = x }~web.conf:5: tune 'a' has no 'template'
		tune a { template = x }~web.conf:5: tune 'a' has no 'output'
		$(tune a 'set = {workers}')~tune 'a': 'workers' is not of the form NAME=VALUE
		$(tune a 'set = {"a b=1"}')~tune 'a': 'a b=1' is not of the form NAME=VALUE
		$(tune a '') $(tune b '')~tune 'a' and tune 'b' write '$dir/web.cfg' at all times
		$(tune a 'from = "22:00"')~tune 'a' has 'from' and no 'until'
		$(tune a 'timezone = Mars')~'Mars' is no time zone that this machine knows
		$(tune a 'reload = "nginx -s reload"')~'nginx -s reload' is none of signal:NAME:PIDFILE, command:PROGRAM, http://... and https://..., in tune 'a'
		$(tune a 'reload = "signal:NONE:/x"')~'signal:NONE:/x' is none of signal:NAME:PIDFILE, command:PROGRAM, http://... and https://..., in tune 'a'
		$(tune a 'reload = "command:  "')~'command:  ' is none of signal:NAME:PIDFILE, command:PROGRAM, http://... and https://..., in tune 'a'
	END
}
