# as-notify: records pass, people are told, and nobody waits

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
}

# record [MEMBER...]: a result, with members as jq assigns them
record() {
	local filter=. member

	for member; do
		filter="$filter | .$member"
	done
	jq -cn '{type: "result", id: "00112233445566aa", plan:
		"00112233445566bb", time: "2026-11-23T17:00:00Z", target: "web",
		mode: "auto", action: "scale_up", current_load: 71.2,
		predicted_load: 104, current_instances: 3,
		recommended_instances: 5, cost_impact: 100, currency: "USD",
		reason: "104 % of 3 instances is expected at 17:05", states: [],
		approval: "none", unknown: "stays", result: {status: "applied",
		driver: "file", from: 3, to: 5}} | '"$filter"
}

# hook NAME [RECIPE]: the address of a hook of its own on the stub
hook() {
	export ALERT_WEBHOOK_URL="$STUB/${2:-status=200}/$1"
}

# told NAME: the texts that the hook got
told() {
	requests "/$1" '.body | fromjson | .text'
}

@test "as-notify: the body is the text in JSON, to the byte" {
	hook byte
	record >"$dir/in"
	run --separate-stderr -0 as-notify "$dir/in"
	[ "$stderr" = "" ]
	[ "$output" = "$(cat "$dir/in")" ]
	run -0 requests /byte '[.method, .headers["content-type"], .body]'
	[ "$output" = '["POST","application/json","{\"text\":\"web: scaled up 3 -> 5\\n104 % of 3 instances is expected at 17:05\\nCost: +100.00 USD a month. Mode: auto. 2026-11-23T17:00:00Z\"}"]' ]
}

@test "as-notify: --records sends the record as it came, too" {
	hook whole
	record | sed 's/"unknown":"stays"/"unknown" : 1.50e0/' >"$dir/in"
	as-notify --records "$dir/in" >"$dir/out"
	[ "$(requests /whole .body | jq -r .)" = \
		"{\"text\":$(told whole),\"record\":$(cat "$dir/in")}" ]
}

@test "as-notify: what became of a decision stands in the first line" {
	while IFS='|' read -r members first; do
		read -ra words <<<"$members"
		run -0 --separate-stderr as-notify -n --on all \
			< <(record "${words[@]}")
		[[ $stderr == *"would tell 'webhook': "*" $first | 104 % of "* ]] || {
			echo "$members: $stderr"
			false
		}
	done <<-'END'
		result.status="monitor"|web: scale up 3 -> 5 advised (monitor only: not done)
		result.status="dry-run"|web: scale up 3 -> 5 would be done (dry run)
		result.status="unchanged"|web: scale up 3 -> 5: there is nothing to change
		result.status="refused" result.error="stale"|web: scale up 3 -> 5 refused: stale
		result.status="failed" result.error="no"|web: scale up 3 -> 5 failed: no
		result.status="timeout"|web: scale up 3 -> 5 not there in time
		type="decision" result=null|web: scale up 3 -> 5 decided
		action="scale_down" result.to=2|web: scaled down 3 -> 2
		action="emergency_scale"|web: emergency: scaled up 3 -> 5
		action="maintain" result.status="unchanged"|web: stays at 3
		action="hold" states=["stale","cooldown"] result.status="unchanged"|web: holds at 3 (stale, cooldown)
	END
}

@test "as-notify: what is not known is left out, never shown as 0" {
	run -0 --separate-stderr as-notify -n --on all < <(record \
		action='"hold"' current_instances=null result=null \
		recommended_instances=null cost_impact=null currency=null \
		reason=null mode=null states='["count-unknown"]' |
		jq -c 'del(.. | nulls)')
	[ "$stderr" = "as-notify: would tell 'webhook': (no address is set) web: holds at ? (count-unknown) | 2026-11-23T17:00:00Z" ]
}

@test "as-notify: a pending decision tells how to grant it, and until when" {
	hook pend
	record 'result.status="pending"' 'approval="required"' \
		'expires="2026-11-23T17:15:00Z"' |
		as-notify --state "$dir/my state" >"$dir/out"
	run -0 eval 'told pend | jq -r .'
	[ "${lines[0]}" = "web: scale up 3 -> 5 waits for approval" ]
	[ "${lines[2]}" = "Grant it: as-approve --state '$dir/my state' grant 00112233445566bb" ]
	[ "${lines[3]}" = "Expires: 2026-11-23T17:15:00Z." ]
	# no foreign text in a command that somebody will copy
	record 'result.status="pending"' 'plan="x; rm -rf ~"' |
		as-notify >"$dir/out"
	run ! grep -q "as-approve.*rm" <(told pend)
}

@test "as-notify: an anomaly is told with what was expected" {
	hook odd
	echo '{"type":"anomaly","metric":{"__name__":"cpu","target":"web"},"time":"2026-11-23T17:00:00Z","kind":"spike","value":9.25,"expected":4,"lo":3.5,"hi":5,"score":7,"severity":"critical"}' |
		as-notify --on anomaly >"$dir/out"
	[ "$(told odd)" = '"web: spike in '"'cpu'"': 9.25 where 4 was expected (3.5 to 5)\nSeverity: critical. 2026-11-23T17:00:00Z"' ]
}

@test "as-notify: every record passes byte for byte, whatever its type" {
	hook bytes
	{
		echo '{"metric":{"__name__":"x"},"values":[1],"timestamps":[1]}'
		echo '{"type":"state",  "target":"web","instances":3 }'
		record 'new={"a":[1,null]}' | sed 's/:/ : /'
		echo '{"type":"something new","é":1.0e1}'
		record 'action="maintain"'
	} >"$dir/in"
	run -0 as-notify --on all "$dir/in"
	cmp <(echo "$output") "$dir/in"
}

@test "as-notify: without a channel records pass, and it says so once" {
	record >"$dir/in"
	record 'plan="0000000000000000"' >>"$dir/in"
	run --separate-stderr -0 as-notify "$dir/in"
	[ "$output" = "$(cat "$dir/in")" ]
	[ "$stderr" = "as-notify: nobody was told of 2: set ALERT_WEBHOOK_URL, or give a file with a section 'notify' by -c" ]
	run --separate-stderr -0 as-notify < <(record 'action="maintain"')
	[ "$stderr" = "" ]
}

@test "as-notify: a dead channel is exit 3 at the end; records pass" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1/hook
	record >"$dir/in"
	record 'action="maintain"' >>"$dir/in"
	run --separate-stderr -3 as-notify --retries 0 "$dir/in"
	[ "$output" = "$(cat "$dir/in")" ]
	[ "$stderr" = "as-notify: cannot tell 'webhook': cannot reach 'http://127.0.0.1:1': Connection refused
as-notify: 'webhook' was not told of 1" ]
}

@test "as-notify: records leave at once while a channel hangs" {
	not_under_valgrind
	hook hang hang
	mkfifo "$dir/in" "$dir/out"
	as-notify --timeout 5s --retries 0 <"$dir/in" >"$dir/out" \
		2>"$dir/err" 3>&- &
	pid=$!
	exec 7>"$dir/in" 8<"$dir/out"
	for plan in 1 2 3; do
		began=$(date +%s%N)
		record "plan=\"000000000000000$plan\"" >&7
		read -r -t 5 -u 8 line
		[ $(($(date +%s%N) - began)) -lt 4000000000 ]
		[ "$(jq -r .plan <<<"$line")" = "000000000000000$plan" ]
		wait_until 10 grep -q . "$STUB_LOG"
	done
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	exec 8<&-
	[ "$status" = 3 ]
	grep -q "cannot tell 'webhook'" "$dir/err"
	grep -q "was not told of 3" "$dir/err"
}

@test "as-notify: a hanging channel holds up the end for a bounded time" {
	not_under_valgrind
	hook late hang
	for plan in 1 2 3 4 5 6; do
		record "plan=\"000000000000000$plan\""
	done >"$dir/in"
	SECONDS=0
	run -3 as-notify --timeout 1s --retries 1 "$dir/in"
	# two tries of 1 s and the wait between; the rest is given up, which
	# would be twelve such tries
	[ "$SECONDS" -le 9 ]
}

@test "as-notify: one dead channel delays no other" {
	cat >"$dir/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify dead { url_env = DEAD  on = {scale_up} }
		notify good { url_env = GOOD  on = {scale_up} }
	END
	mkfifo "$dir/in"
	DEAD=$STUB/hang/dead GOOD=$STUB/status=200/alive as-notify \
		-c "$dir/conf" --timeout 5s --retries 0 <"$dir/in" \
		>"$dir/out" 2>"$dir/err" 3>&- &
	pid=$!
	exec 7>"$dir/in"
	record >&7
	wait_until 2 eval 'told alive | grep -q scaled'
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	[ "$status" = 3 ]
	[[ $(cat "$dir/err") == *"'dead' was not told of 1"* ]]
	[[ $(cat "$dir/err") != *good* ]]
}

@test "as-notify: tries again, waits as long as Retry-After says" {
	hook again flaky=2,retry-after=1
	record | as-notify --timeout 3s >"$dir/out"
	run -0 requests /again .time
	[ "${#lines[@]}" = 3 ]
	awk -v a="${lines[0]}" -v b="${lines[2]}" \
		'BEGIN { exit !(b - a >= 1.9 && b - a < 4) }'
}

@test "as-notify: gives up where a server wants more time than there is" {
	not_under_valgrind
	hook busy status=429,retry-after=3600
	SECONDS=0
	run --separate-stderr -3 as-notify --timeout 1s < <(record)
	[ "$SECONDS" -le 20 ]
	[[ $stderr == *"answered 429"*"asks to wait 60 min"* ]]
	[ "$(requests /busy | wc -l)" = 1 ]
}

@test "as-notify: a server that refuses is asked once and quoted" {
	echo invalid_payload | body refusal
	hook wrong status=400,body=refusal
	run --separate-stderr -3 as-notify < <(record)
	[[ $stderr == *"cannot tell 'webhook': '$STUB' answered 400: \"invalid_payload\"
"* ]]
	[ "$(requests /wrong | wc -l)" = 1 ]
}

@test "as-notify: the same plan is told once within --repeat-after" {
	hook same
	{
		record
		record
		record 'result.status="failed"' # another outcome
		record 'plan="1111111111111111"' # another plan
		record 'target="db"' # another target
		record
	} | as-notify >"$dir/out"
	[ "$(told same | wc -l)" = 4 ]
	[ "$(wc -l <"$dir/out")" = 6 ]
	hook each
	{
		record
		record
	} | as-notify --repeat-after 0 >"$dir/out"
	[ "$(told each | wc -l)" = 2 ]
}

@test "as-notify: with --state runs know of one another" {
	hook runs
	at() {
		record | as-notify --state "$dir/state" --now "$1" >"$dir/out"
	}
	at 2026-11-23T17:00:00Z
	at 2026-11-23T17:59:50Z
	[ "$(told runs | wc -l)" = 1 ]
	at 2026-11-23T18:00:10Z
	[ "$(told runs | wc -l)" = 2 ]
}

@test "as-notify: the journal has what was sent" {
	hook kept
	record | as-notify --state "$dir/state" --now 2026-11-23T17:00:00Z \
		>"$dir/out"
	run -0 jq -c 'select(.type == "notice") |
		[.target, .channel, .action, .plan, (.logged | .[:16])]' \
		"$dir/state/web.ndjson"
	[ "$output" = '["web","webhook","scale_up","00112233445566bb","2026-11-23T17:00"]' ]
	[ "$(jq 'select(.type == "notice") | .text' "$dir/state/web.ndjson")" = \
		"$(told kept)" ]
}

@test "as-notify: what could not be sent is tried again by the next run" {
	hook later status=500
	run -3 as-notify --state "$dir/state" < <(record)
	run ! grep -rs notice "$dir/state"
	hook later
	record | as-notify --state "$dir/state" >"$dir/out"
	[ "$(requests /later | wc -l)" = 2 ]
	grep -q notice "$dir/state/web.ndjson"
}

@test "as-notify: a journal that cannot be written is said; people are told" {
	hook nodir
	: >"$dir/file"
	run --separate-stderr -2 as-notify --state "$dir/file/x" < <(record)
	[ "$(told nodir | wc -l)" = 1 ]
	[[ $stderr == "as-notify: cannot "*"$dir/file/x"* ]]
	[ "$output" = "$(record)" ]
}

@test "as-notify: --on chooses what is told" {
	all() {
		for a in scale_up scale_down emergency_scale maintain hold; do
			record "action=\"$a\"" "plan=\"a\"" \
				'result.status="unchanged"'
			for s in applied monitor failed; do
				record "action=\"$a\"" "plan=\"$a $s\"" \
					"result.status=\"$s\""
			done
		done
		record 'action="hold"' 'states=["no-data"]'
	}
	count() {
		all | as-notify -n --on "$1" 2>&1 >"$dir/out" | wc -l
	}
	# an unchanged change is no news of a change
	[ "$(count scale_up)" = 3 ]
	[ "$(count scale_up,scale_down)" = 6 ]
	[ "$(count failed)" = 5 ]
	[ "$(count unchanged)" = 5 ]
	[ "$(count hold)" = 5 ]
	[ "$(count stopped)" = 1 ]
	[ "$(count all)" = 21 ]
	# all changes, two more failures, one hold for want of data
	[ "$(all | as-notify -n 2>&1 >"$dir/out" | wc -l)" = 12 ]
	run --separate-stderr -2 as-notify --on scale_up,scale
	[[ $stderr == "as-notify: --on: 'scale' is none of scale_up, "* ]]
}

@test "as-notify: a count that somebody else set is told without being asked" {
	hook other
	# as-decide saw it
	record 'action="maintain"' 'states=["changed-elsewhere"]' 'result.status="unchanged"' 'result.from=8' |
		as-notify >"$dir/out"
	# as-apply saw it
	record 'action="maintain"' 'result.status="unchanged"' 'result.from=8' 'result.expected=5' |
		as-notify >"$dir/out"
	# nobody did
	record 'action="maintain"' 'result.status="unchanged"' 'result.from=8' |
		as-notify >"$dir/out"
	told other | sed 's/\\n.*/"/' >"$dir/told"
	[ "$(cat "$dir/told")" = '"web: stays at 8 (changed elsewhere)"
"web: stays at 8 (changed elsewhere)"' ]
	record 'action="maintain"' 'states=["changed-elsewhere"]' 'result.status="unchanged"' |
		as-notify --on applied,failed >"$dir/out"
	[ "$(told other | wc -l)" = 2 ]
}

@test "as-notify: --dry-run sends nothing and keeps nothing" {
	hook dry
	record >"$dir/in"
	run --separate-stderr -0 as-notify --dry-run --state "$dir/state" \
		"$dir/in"
	[ "$output" = "$(cat "$dir/in")" ]
	[[ $stderr == "as-notify: would tell 'webhook': POST '$STUB' {\"text\":\"web: scaled up 3 -> 5\\n"* ]]
	[ "$(requests /dry | wc -l)" = 0 ]
	[ ! -e "$dir/state" ]
}

@test "as-notify: an address is never shown beyond its host" {
	secret=T00000000-B00000000-XXXXXXXX
	record >"$dir/in"
	for recipe in status=404,text=no+route+for+$secret+here hang reset; do
		export ALERT_WEBHOOK_URL="$STUB/$recipe/$secret?key=$secret"
		as-notify -v --timeout 1 --retries 0 <"$dir/in" >"$dir/out" \
			2>"$dir/err" || :
		as-notify -v -n --state "$dir/s" <"$dir/in" >>"$dir/out" \
			2>>"$dir/err"
		[ "$(grep -c "$STUB" "$dir/err")" = 2 ]
		run -1 grep -r "$secret" "$dir"
	done
	export ALERT_WEBHOOK_URL="gopher:$secret"
	run --separate-stderr -2 as-notify "$dir/in"
	[[ $stderr == *"cannot tell 'webhook'"* ]]
	[[ $stderr != *"$secret"* ]]
}

@test "as-notify: --url-env and --url-file say where the address is kept" {
	OPS=$STUB/status=200/named
	export OPS
	record | as-notify --url-env OPS >"$dir/out"
	[ "$(told named | wc -l)" = 1 ]
	(umask 077 && echo "$STUB/status=200/filed" >"$dir/url")
	record | as-notify --url-file "$dir/url" >"$dir/out"
	[ "$(told filed | wc -l)" = 1 ]
	chmod 644 "$dir/url"
	run --separate-stderr -2 as-notify --url-file "$dir/url" < <(record)
	[ "$stderr" = "as-notify: cannot tell 'webhook': cannot read '$dir/url': others can read or write it (chmod 600)" ]
	[ "$output" = "$(record)" ]
	run --separate-stderr -2 as-notify --url-env "$OPS"
	[[ $stderr != *"$STUB"* ]]
	run --separate-stderr -2 as-notify --url-env NOT_SET < <(record)
	[ "$stderr" = "as-notify: cannot tell 'webhook': the environment has no NOT_SET" ]
	[ "$output" = "$(record)" ]
}

@test "as-notify: an unknown channel is refused with those there are" {
	run --separate-stderr -2 as-notify --channel pigeon
	[[ $stderr == "as-notify: --channel: there is no 'pigeon'; there is: webhook, slack"* ]]
	cat >"$dir/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify ops { channel = pigeon }
	END
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(record)
	[[ $stderr == "as-notify: cannot tell 'ops': there is no channel 'pigeon'; there is: webhook, slack"* ]]
	[ "$output" = "$(record)" ]
}

@test "as-notify: a word of a file that is no event is named with its line" {
	cat >"$dir/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify ops {
			on = {failed, scale}
		}
	END
	for command in "as-notify" "as-decide --check"; do
		run --separate-stderr -2 $command -c "$dir/conf" </dev/null
		[[ $stderr == *"$dir/conf:4: notify 'ops': 'scale' is none of scale_up, "* ]]
	done
}

@test "as-notify: every section of a file has its own events and address" {
	cat >"$dir/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify ops { channel = webhook url_env = OPS on = {failed} }
		notify money { url_env = MONEY on = {scale_up, scale_down} }
	END
	export OPS="$STUB/status=200/ops" MONEY="$STUB/status=200/money"
	{
		record
		record 'action="maintain"' 'result.status="failed"'
		record 'target="other"' 'result.status="failed"'
	} | as-notify -c "$dir/conf" >"$dir/out"
	[ "$(told ops | cut -c 2-15)" = "web: stays at " ]
	[ "$(told money | cut -c 2-15)" = "web: scaled up" ]
}

@test "as-notify: a file's channel without an address is exit 2; records pass" {
	cat >"$dir/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify ops { url_env = NOT_SET }
	END
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(record)
	[ "$output" = "$(record)" ]
	[ "$stderr" = "as-notify: cannot tell 'ops': the environment has no NOT_SET" ]
}

@test "as-notify: where nothing came at all, the targets of the file stopped" {
	hook silent
	for name in web db; do
		cat >"$dir/$name.conf" <<-END
			target $name { mode = monitor }
			signal load { query = "x" capacity = 1 }
		END
	done
	notify() {
		as-notify -c "$dir/web.conf" -c "$dir/db.conf" \
			--now 2026-11-23T17:00:00Z >"$dir/out"
	}
	record 'action="maintain"' | notify
	[ "$(told silent)" = "" ]
	notify </dev/null
	[ "$(told silent | sort)" = "$(for name in db web; do
		echo "\"$name: stopped: no decision was made\nNothing came down the pipe: a command before this one has failed. 2026-11-23T17:00:00Z\""
	done)" ]
}

@test "as-notify: --digest makes one message of all" {
	hook digest
	{
		record
		record 'target="db"' 'result.status="failed"'
	} | as-notify --digest --records >"$dir/out"
	run -0 requests /digest '.body | fromjson |
		[(.text | split("\n\n") | map(split("\n")[0])),
		(.records | map(.target))]'
	[ "$output" = '[["web: scaled up 3 -> 5","db: scale up 3 -> 5 failed"],["web","db"]]' ]
}

@test "as-notify: a bad record is named and left out, the rest goes on" {
	hook bad
	{
		record 'action="dance"'
		echo '{"type":"result"'
		record
	} >"$dir/in"
	run --separate-stderr -1 as-notify "$dir/in"
	[ "$output" = "$(record)" ]
	[[ $stderr == "as-notify: $dir/in:1: 'action' is missing or none that is known"*"as-notify: $dir/in:2: "* ]]
	[ "$(told bad | wc -l)" = 1 ]
}

@test "as-notify: once the reader has left it begins nothing new and exits 2" {
	hook left
	{
		record
		record 'plan="1111111111111111"'
	} >"$dir/in"
	run -2 unread as-notify "$dir/in"
	[ "$(told left | wc -l)" = 0 ]
}

@test "as-notify: a size that could not be given is told, alone and with a count" {
	hook size
	record 'action = "maintain"' 'recommended_instances = 3' \
		'result = {status: "unchanged", driver: "docker", from: 3, to: 3,
		resized: {status: "failed", error: "web-1: no memory"}}' >"$dir/in"
	record 'result.resized = {status: "timeout"}' 'target = "api"' >>"$dir/in"
	record 'action = "maintain"' 'result.status = "unchanged"' \
		'result.resized = {status: "applied"}' 'target = "fine"' >>"$dir/in"
	run --separate-stderr -0 as-notify "$dir/in"
	told size | grep -F 'web: stays at 3; another size failed: web-1: no memory'
	told size | grep -F 'api: scaled up 3 -> 5; another size not there in time'
	run ! grep -q fine <<<"$(told size)"
}
