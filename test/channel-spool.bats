# as-notify: what could not be sent is kept and sent later; nobody waits long

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
	spool=$dir/state/spool
}

# result PLAN [MEMBER...]: a result, with members as jq assigns them
result() {
	local filter=. member plan=$1

	shift
	for member; do
		filter="$filter | .$member"
	done
	jq -cn --arg plan "$plan" '{type: "result", target: "web",
		plan: $plan, action: "scale_up", time: "2026-11-23T17:00:00Z",
		reason: "plan \($plan)",
		result: {status: "applied", from: 3, to: 5}} | '"$filter"
}

# notify [OPTION...]: with the state folder of the test
notify() {
	as-notify --state "$dir/state" "$@"
}

# told NAME: the plans that the hook was told of, whatever came of it
told() {
	requests "$1" '.body | fromjson | .text' | sed 's/.*plan \([^\\]*\).*/\1/'
}

# kept: the messages that wait
kept() {
	find "$spool" -name '*.json' | sort
}

section() {
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		cat
	} >"$dir/conf"
}

@test "spool: what could not be sent is sent by a later run, oldest first" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	{
		result one
		result two
	} >"$dir/in"
	run --separate-stderr -3 notify --retries 0 "$dir/in"
	[ "$output" = "$(cat "$dir/in")" ]
	[[ $stderr == *"'webhook' was not told of 2; a later run will try again" ]]
	run -3 --separate-stderr notify --retries 0 < <(result three)
	[[ $stderr == *"was not told of 3; a later run"* ]]
	[ "$(kept | wc -l)" = 3 ]
	[ "$(stat -c %a "$(kept | head -n 1)")" = 600 ]
	export ALERT_WEBHOOK_URL=$STUB/status=200/later
	# also where nothing new is to be told
	run --separate-stderr -0 notify </dev/null
	[ "$stderr" = "" ]
	[ "$(told later)" = $'one\ntwo\nthree' ]
	[ "$(kept)" = "" ]
	run -0 jq -r 'select(.type == "notice") | .text' "$dir/state/web.ndjson"
	[ "$(grep -c plan <<<"$output")" = 3 ]
	run -0 notify </dev/null
	[ "$(told later | wc -l)" = 3 ]
}

@test "spool: what waits is not put up a second time" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 < <(result same)
	run -3 notify --retries 0 < <(result same)
	[ "$(kept | wc -l)" = 1 ]
	export ALERT_WEBHOOK_URL=$STUB/status=200/once
	run -0 notify < <(result same)
	[ "$(told once)" = same ]
}

@test "spool: a record goes along byte for byte, as it came" {
	result whole 'unknown="ä\n\\"' | sed 's/,/ , /' >"$dir/in"
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 "$dir/in"
	export ALERT_WEBHOOK_URL=$STUB/status=200/whole
	run -0 notify --records </dev/null
	[ "$(requests /whole .body | jq -r .)" = \
		"{\"text\":$(requests /whole '.body | fromjson | .text'),\"record\":$(cat "$dir/in")}" ]
}

@test "spool: dead channels hold up the end together, for --timeout" {
	not_under_valgrind
	section <<-'END'
		notify a { url_env = DEAD timeout = 2s }
		notify b { url_env = DEAD timeout = 2s }
		notify c { url_env = DEAD timeout = 2s digest = yes }
		notify d { url_env = GOOD }
	END
	export DEAD=$STUB/hang/dead GOOD=$STUB/status=200/good
	for plan in 1 2 3 4; do
		result "$plan"
	done >"$dir/in"
	began=$(date +%s%N)
	run --separate-stderr -3 notify -c "$dir/conf" "$dir/in"
	took=$((($(date +%s%N) - began) / 1000000))
	# one after the other would be six seconds
	[ "$took" -ge 1900 ]
	[ "$took" -lt 5900 ]
	[ "$(told good)" = $'1\n2\n3\n4' ]
	for name in a b c; do
		[[ $stderr == *"'$name' was not told of 4; a later run"* ]]
	done
	[ "$(kept | wc -l)" = 12 ]
}

@test "spool: who was told is not told again for another's sake" {
	(umask 077 && echo 123456:ABC-def >"$dir/token")
	section <<-END
		notify ops { channel = telegram url_env = TG secret_file = "$dir/token"
			to = {"one", "two"} }
	END
	# the first request of these fails, and is not worth another try
	export TG=$STUB/flaky=1,status=403,x=part
	run --separate-stderr -3 notify -c "$dir/conf" < <(result first)
	[[ $stderr == *"answered 403"*"'ops' was not told of 1; a later"* ]]
	[ "$(jq -c '[.to, .told]' "$(kept)")" = '[["one"],true]' ]
	run --separate-stderr -0 notify -c "$dir/conf" < <(result first)
	run -0 requests x=part '.body | fromjson | .chat_id'
	[ "$output" = $'"one"\n"two"\n"one"' ]
	[ "$(grep -c '"notice"' "$dir/state/web.ndjson")" = 1 ]
	[ "$(kept)" = "" ]
}

@test "spool: what a server will never take is said and not kept" {
	section <<-'END'
		notify ops { url_env = BAD }
	END
	export BAD=$STUB/flaky=1,status=400,x=never
	{
		result bad
		result good
	} >"$dir/in"
	run --separate-stderr -3 notify -c "$dir/conf" "$dir/in"
	[[ $stderr == *"answered 400"*"'ops' was not told of 1" ]]
	[ "$(told x=never)" = $'bad\ngood' ]
	[ "$(kept)" = "" ]
}

@test "spool: one message that breaks a server keeps back no other" {
	section <<-'END'
		notify ops { url_env = BAD }
	END
	export BAD=$STUB/flaky=1,status=500,x=breaks
	{
		result poison
		result good
	} >"$dir/in"
	run --separate-stderr -3 notify -c "$dir/conf" "$dir/in"
	[ "$(told x=breaks)" = $'poison\ngood' ]
	[ "$(kept | wc -l)" = 1 ]
	run -0 notify -c "$dir/conf" < <(result good)
	[ "$(told x=breaks)" = $'poison\ngood\npoison' ]
}

@test "spool: a long run tries again by itself" {
	export ALERT_WEBHOOK_URL=$STUB/flaky=1,status=500,x=long
	mkfifo "$dir/in"
	notify <"$dir/in" >"$dir/out" 2>"$dir/err" 3>&- &
	pid=$!
	exec 7>"$dir/in"
	result again >&7
	wait_until 5 eval '[ "$(told x=long | wc -l)" = 2 ]'
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	[ "$status" = 3 ] # it was said that it failed once
	[ "$(kept)" = "" ]
	grep -q '"notice"' "$dir/state/web.ndjson"
}

@test "spool: a server that wants to be left alone is, by later runs too" {
	export ALERT_WEBHOOK_URL=$STUB/status=429,retry-after=3600/alone
	run --separate-stderr -3 notify < <(result one)
	[[ $stderr == *"answered 429"*"asks to wait 60 min"* ]]
	run --separate-stderr -3 notify < <(result two)
	[[ $stderr == *"was not told of 2; a later run"* ]]
	[ "$(told alone)" = one ]
	# the hour is over
	date -u -d '1 second ago' +%FT%TZ >"$spool/web/webhook.until"
	export ALERT_WEBHOOK_URL=$STUB/status=200/alone
	run -0 notify </dev/null
	[ "$(told alone)" = $'one\none\ntwo' ]
}

@test "spool: retry_after of Discord and Telegram is waited for" {
	echo '{"message":"You are being rate limited.","retry_after":1.2,"global":false}' |
		body limited
	echo '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1.2}}' |
		body flood
	for name in limited flood; do
		export ALERT_WEBHOOK_URL=$STUB/flaky=1,status=429,body=$name
		run --separate-stderr -0 notify < <(result "$name")
		run -0 requests "body=$name" .time
		[ "${#lines[@]}" = 2 ]
		awk -v a="${lines[0]}" -v b="${lines[1]}" \
			'BEGIN { exit !(b - a >= 1.2 && b - a < 3) }'
	done
}

@test "spool: DingTalk takes 20 a minute, and then is left alone for ten" {
	echo '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}' |
		body toofast
	export ALERT_WEBHOOK_URL=$STUB/body=toofast/mute
	run --separate-stderr -3 notify --channel dingtalk < <(result one)
	[[ $stderr == *"DingTalk refused it (130101): send too fast"*"a later run"* ]]
	left=$(($(date -d "$(cat "$spool/web/dingtalk.until")" +%s) - $(date +%s)))
	[ "$left" -ge 590 ] && [ "$left" -le 600 ]
	run --separate-stderr -3 notify --channel dingtalk < <(result two)
	[ "$(requests mute | wc -l)" = 1 ]
	[ "$(kept | wc -l)" = 2 ]
}

@test "spool: Discord says when it takes more, and gets it then" {
	export ALERT_WEBHOOK_URL=$STUB/status=204,no-more=0.8/discord
	{
		result one
		result two
	} | notify --channel discord >"$dir/out"
	run -0 requests no-more .time
	[ "${#lines[@]}" = 2 ]
	awk -v a="${lines[0]}" -v b="${lines[1]}" \
		'BEGIN { exit !(b - a >= 0.8 && b - a < 3) }'
}

@test "spool: what is too old is dropped, and that is said" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 < <(result old)
	run -3 notify --retries 0 < <(result new)
	file=$(kept | head -n 1)
	sed -i "s/\"time\":\"[^\"]*\"/\"time\":\"$(date -u -d '25 hours ago' +%FT%TZ)\"/" "$file"
	export ALERT_WEBHOOK_URL=$STUB/status=200/old
	run --separate-stderr -0 notify </dev/null
	[ "$stderr" = "as-notify: 'webhook' will not be told of the 1 oldest that waited: too old, or too many" ]
	[ "$(told old)" = new ]
	[ "$(kept)" = "" ]
}

@test "spool: at most 500 wait, and the oldest make room" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 < <(result first)
	file=$(kept)
	for i in $(seq 500); do
		printf '%s\n' "$(<"$file")" >"${file%.json}-$i.json"
	done
	run --separate-stderr -3 notify --retries 0 --repeat-after 0 \
		< <(result last)
	[[ $stderr == *"'webhook' will not be told of the 2 oldest that waited: too old, or too many"* ]]
	[ "$(kept | wc -l)" = 500 ]
	[ ! -e "${file%.json}-1.json" ]
	grep -q '"text":"[^"]*plan last' "$(kept | tail -n 1)"
}

@test "spool: two runs at once do not both send what waits" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 < <(result both)
	export ALERT_WEBHOOK_URL=$STUB/status=200/both
	exec 7>>"$spool/web/webhook.lock"
	flock 7
	run -0 notify < <(result both)
	[ "$(told both)" = "" ]
	flock -u 7
	exec 7>&-
	run -0 notify < <(result both)
	[ "$(told both)" = both ]
}

@test "spool: keep_unsent = 0 keeps nothing; a dry run touches nothing" {
	section <<-'END'
		notify ops { url_env = BAD keep_unsent = 0 }
	END
	export BAD=http://127.0.0.1:1
	run --separate-stderr -3 notify --retries 0 -c "$dir/conf" \
		< <(result one)
	[[ $stderr == *"'ops' was not told of 1" ]]
	[ ! -e "$spool" ]
	sed -i 's/ keep_unsent = 0//' "$dir/conf"
	run -3 notify --retries 0 -c "$dir/conf" < <(result one)
	[ "$(kept | wc -l)" = 1 ]
	export BAD=$STUB/status=200/dry
	run -0 notify -n -c "$dir/conf" </dev/null
	[ "$(kept | wc -l)" = 1 ]
	[ "$(told dry)" = "" ]
}

@test "spool: a file that is no message is named, the rest is sent" {
	export ALERT_WEBHOOK_URL=http://127.0.0.1:1
	run -3 notify --retries 0 < <(result one)
	echo '{"type":' >"$(dirname "$(kept)")/000-1.json"
	export ALERT_WEBHOOK_URL=$STUB/status=200/torn
	run --separate-stderr -2 notify </dev/null
	[[ $stderr == *"000-1.json' is no message that can be read" ]]
	[ "$(told torn)" = one ]
}

@test "spool: no address or secret is kept, journalled or said" {
	secret=T00000000-very-secret-path
	(umask 077 && echo 123456:telegram-secret >"$dir/token")
	section <<-END
		notify hook { url_env = HOOK signature_env = SIGN body = record }
		notify ding { channel = dingtalk url_env = HOOK secret_env = SIGN }
		notify topic { channel = ntfy url_env = HOOK secret_env = SIGN }
		notify tg { channel = telegram url_env = TG to = {"1"}
			secret_file = "$dir/token" }
		notify mail { channel = email url_env = MAIL secret_env = SIGN
			username = me from = "a@example.org" to = {"b@example.org"} }
	END
	export SIGN=signing-secret MAIL=smtp://me:mail-secret@127.0.0.1:1
	for recipe in status=500 status=404,text=$secret reset close garbage \
		status=302,redirect=http%3A%2F%2F127.0.0.1%2F$secret; do
		export HOOK="$STUB/$recipe/$secret?token=$secret"
		export TG=$STUB/$recipe
		result "${recipe%%[=,]*}-$RANDOM" >"$dir/in"
		as-notify -v -c "$dir/conf" --state "$dir/state" --retries 0 \
			--timeout 2s "$dir/in" >>"$dir/out" 2>>"$dir/err" || :
		as-notify -v -n -c "$dir/conf" --state "$dir/state" "$dir/in" \
			>>"$dir/out" 2>>"$dir/err" || :
	done
	[ "$(kept | wc -l)" -gt 10 ]
	[ "$(grep -c "cannot tell" "$dir/err")" -gt 10 ]
	for word in "$secret" signing-secret telegram-secret mail-secret; do
		run -1 grep -rl -e "$word" "$dir/state" "$dir/out" "$dir/err"
	done
}
