#!/usr/bin/env bats
# README.md: its commands are run, as a reader would, in one folder with settings
# of his own. A block after a line "<!-- needs X -->" is only parsed.

load lib/common
load lib/stub

setup_file() {
	stub_start
	echo '{"errcode":0,"errmsg":"ok"}' | body ding
	mkdir "$BATS_FILE_TMPDIR/mail"
	/usr/bin/python3 "$root/test/lib/smtpd.py" "$BATS_FILE_TMPDIR/mail" \
		>"$BATS_FILE_TMPDIR/mail.port" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/mail.pid"
	wait_until 10 test -s "$BATS_FILE_TMPDIR/mail.port"
}

teardown_file() {
	stub_stop
	kill "$(cat "$BATS_FILE_TMPDIR/mail.pid")"
}

# blocks: the blocks of sh, each with its first line "RUN" or "READ", and a line
# of one form feed between them
blocks() {
	awk '
		/^ *<!-- needs .* -->$/ { needs = 1; next }
		/^ *```sh$/ {
			inside = 1
			match($0, /^ */)
			indent = RLENGTH
			print needs ? "READ" : "RUN"
			needs = 0
			next
		}
		inside && /^ *```$/ { inside = 0; print "\f"; next }
		inside { print substr($0, indent + 1) }' "$root/README.md"
}

# settings: web.conf and notify.conf as README speaks of them: a month of a real
# load that ends now, and channels that are the stubs
settings() {
	awk -F, -v now="$(date +%s)" '
		FNR == NR { last = $1; next }
		FNR == 1 { print; next }
		{ print $1 - last + int(now / 300) * 300 "," $2 }' \
		"$data/quickstart.csv" "$data/quickstart.csv" >load.csv
	cat >web.conf <<-END
		target web {
			mode = monitor
			history = 28d
		}
		source { type = csv  url = "$PWD/load.csv" }
		signal requests {
			query = requests_per_minute
			unit = requests/min
			capacity = 25
			target = 80%
		}
		policy { min_instances = 2  max_instances = 8  boot_time = 10m }
		cost { cost_per_instance = 50  max_monthly_cost = 500 }
		approval { scale_up_above = 6 }
		apply { driver = file  service = "$PWD/count" }
		state { dir = "$PWD/state" }
	END
	echo 2 >count
	sed "s|smtp://mail.example.org:587|smtp://127.0.0.1:$(cat \
		"$BATS_FILE_TMPDIR/mail.port")|; /username\|SMTP_PASSWORD/d" \
		"$root/scripts/examples/notify.conf" >notify.conf
	export ALERT_WEBHOOK_URL=$STUB/status=200/hook
	export DINGTALK_URL=$STUB/body=ding/robot/send DINGTALK_SECRET=SECxyz
}

@test "README: every command runs, from the first look to automatic" {
	cd "$BATS_TEST_TMPDIR"
	settings
	# the first line speaks of a model that the second one makes
	as-fetch -c web.conf --range 28d | as-train -c web.conf -o web.model \
		>/dev/null 2>&1
	blocks >all
	awk -v RS='\f\n' '{ printf "%s", $0 > sprintf("block%02d", NR) }' all
	ran=0
	for block in block*; do
		how=$(head -n 1 "$block")
		sed -i 1d "$block"
		bash -n "$block"
		[ "$how" = RUN ] || continue
		bash -e -o pipefail "$block" >"$block.out" 2>"$block.err" \
			</dev/null || {
			cat "$block" "$block.err"
			false
		}
		ran=$((ran + 1))
	done
	[ "$ran" -ge 9 ]
	# a trial message has come by each of the three ways
	run -0 requests /hook .body
	[[ $output == *web* ]]
	run -0 requests /robot/send .body
	[[ $output == *markdown* ]]
	grep -ql '^To: .*ops@example.org' "$BATS_FILE_TMPDIR"/mail/[0-9]*
	# the error was printed, and was below what was asked for
	grep -hE '[0-9.]+ %' block*.err | grep -q 'requests'
	# what it did in monitor mode changed nothing
	[ "$(cat count)" = 2 ]
	[ -s web.log ] && grep -q 'mode = auto' web.conf
	grep -q 'came true\|because' block*.out
}

@test "README: what a step asks for and is not there, it does not say yes to" {
	cd "$BATS_TEST_TMPDIR"
	settings
	# three days of history are no week
	as-fetch -c web.conf --range 3d >history.ndjson
	week=$(blocks | sed -n 's/^\(jq -se .*\)$/\1/p')
	run -1 bash -c "$week"
	# and a forecast that is worse than asked for is refused
	as-fetch -c web.conf --range 28d >history.ndjson
	bash -c "$week"
	run -1 as-train -c web.conf --max-error 1% -o web.model <history.ndjson
	# a channel that is dead is named
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1/hook
	run --separate-stderr bash -c 'as-loop -c web.conf --once --dry-run \
		2>/dev/null | as-notify -c web.conf -c notify.conf --on all \
		--retries 0 >told.ndjson'
	[ "$status" = 3 ]
	[[ $stderr == *"'ops'"* && $stderr != *"'mail'"* ]]
}

@test "README: what it names is there" {
	cd "$root"
	for path in $(grep -oE '\b(scripts|test|man)/[a-z0-9./_-]+[a-z]' \
		README.md | sort -u); do
		[ -e "$path" ] || fail "README names '$path'"
	done
	for command in "$B"/as-* scripts/as-loop; do
		name=${command##*/}
		[ ! -x "$command" ] || grep -q "^| .$name. |" README.md ||
			fail "README has no line for $name"
	done
}
