# the channels of as-notify: what goes to whom, to the byte

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

# result [MEMBER...]: a result, with members as jq assigns them
result() {
	local filter=. member

	for member; do
		filter="$filter | .$member"
	done
	jq -cn '{type: "result", target: "web", action: "scale_up",
		time: "2026-11-23T17:00:00Z", reason: "load",
		result: {status: "applied", from: 3, to: 5}} | '"$filter"
}

# long N: a reason of N characters that are no ASCII
long() {
	printf 'ä%.0s' $(seq "$1")
}

# section KIND LINE...: a file with this channel
section() {
	local kind=$1 line

	shift
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		echo "notify ops { channel = $kind on = {all}"
		for line; do
			echo "	$line"
		done
		echo '}'
	} >"$dir/conf"
}

# sent NAME: the bodies that the stub got there
sent() {
	requests "$1" .body | jq -r .
}

@test "channel slack: text with & < > as entities" {
	export ALERT_WEBHOOK_URL=$STUB/status=200,text=ok/slack/T0/B0/XXXX
	result 'reason="a < b && c > <!channel>"' |
		as-notify --channel slack >"$dir/out"
	run -0 sent /slack/
	[ "$output" = '{"text":"web: scaled up 3 -&gt; 5\na &lt; b &amp;&amp; c &gt; &lt;!channel&gt;\n2026-11-23T17:00:00Z"}' ]
}

@test "channel slack: a refusal is quoted, the address is not" {
	secret=T00000000/B00000000/abcdefghijkl
	echo invalid_token | body slack
	export ALERT_WEBHOOK_URL=$STUB/status=403,body=slack/$secret
	run --separate-stderr -3 as-notify --channel slack \
		--retries 0 < <(result)
	[[ $stderr == *"cannot tell 'slack': '$STUB' answered 403: \"invalid_token\""* ]]
	[[ $stderr != *T00000000* ]]
	[[ $stderr != *abcdefghijkl* ]]
}

@test "channel discord: content, and nobody is mentioned" {
	export ALERT_WEBHOOK_URL=$STUB/status=204/discord/
	result 'reason="@everyone"' | as-notify --channel discord >"$dir/out"
	run -0 sent /discord/
	[ "$output" = '{"content":"web: scaled up 3 -> 5\n@everyone\n2026-11-23T17:00:00Z","allowed_mentions":{"parse":[]}}' ]
}

@test "channel discord: at most 2000 characters, cut at none's middle" {
	export ALERT_WEBHOOK_URL=$STUB/status=204/dlong
	{
		result "reason=\"$(long 900)\""
		result "reason=\"$(long 900)\"" 'action="scale_down"'
		result "reason=\"$(long 900)\"" 'target="db"'
	} | as-notify --channel discord --digest >"$dir/out"
	run -0 eval 'sent /dlong | jq -r .content'
	[ "$(python3 -c 'import sys; print(len(sys.stdin.read().rstrip("\n")))' \
		<<<"$output")" = 2000 ]
	[[ $output == "web: scaled up 3 -> 5"*"ä ..." ]]
}

@test "channel discord: waits as long as a 429 asks for" {
	export ALERT_WEBHOOK_URL=$STUB/flaky=1,status=429,retry-after=1/dwait
	result | as-notify --channel discord --timeout 3s >"$dir/out"
	run -0 requests /dwait .time
	[ "${#lines[@]}" = 2 ]
	awk -v a="${lines[0]}" -v b="${lines[1]}" 'BEGIN { exit b - a < 0.9 }'
}

@test "channel dingtalk: markdown, with the keyword and a signature" {
	echo '{"errcode":0,"errmsg":"ok"}' | body ding
	section dingtalk 'url_env = DING' 'secret_env = DING_SECRET' \
		'keyword = "autoscale"'
	DING="$STUB/body=ding/robot/send?access_token=abcdefabcdef" \
		DING_SECRET=SECxyz as-notify -c "$dir/conf" \
		< <(result) >"$dir/out"
	run -0 sent /robot/send
	[ "$output" = '{"msgtype":"markdown","markdown":{"title":"web: scaled up 3 -> 5","text":"autoscale  \nweb: scaled up 3 -> 5  \nload  \n2026-11-23T17:00:00Z"}}' ]
	run -0 requests /robot/send .form
	# the vendor's own recipe
	python3 - "$output" <<-'END'
		import base64, hashlib, hmac, json, sys, time
		form = json.loads(sys.argv[1])
		stamp = form["timestamp"]
		mac = hmac.new(b"SECxyz", (stamp + "\nSECxyz").encode(),
		               hashlib.sha256).digest()
		assert form["sign"] == base64.b64encode(mac).decode(), form
		assert form["access_token"] == "abcdefabcdef"
		assert abs(time.time() * 1000 - int(stamp)) < 60000
	END
}

@test "channel dingtalk: a refusal comes with status 200; secrets stay in" {
	echo '{"errcode":310000,"errmsg":"sign not match abcdefabcdef SECxyz"}' |
		body dingbad
	section dingtalk 'url_env = DING' 'secret_env = DING_SECRET'
	export DING="$STUB/body=dingbad/bad?access_token=abcdefabcdef"
	export DING_SECRET=SECxyz
	run --separate-stderr -3 as-notify -c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[ "$stderr" = "as-notify: cannot tell 'ops': DingTalk refused it (310000): sign not match ... ...
as-notify: 'ops' was not told of 1" ]
	echo hello | body dingno
	export DING="$STUB/body=dingno/bad"
	run --separate-stderr -3 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"DingTalk gave no 'errcode': \"hello\""* ]]
}

@test "channel ntfy: first line as title, priority, tags, token" {
	(umask 077 && echo tk_secretsecret >"$dir/token")
	section ntfy 'url_env = TOPIC' "secret_file = \"$dir/token\""
	export TOPIC=$STUB/status=200/topic
	{
		result
		result 'result.status="failed"' 'target="dö"'
	} | as-notify -c "$dir/conf" >"$dir/out"
	run -0 requests /topic '[.headers.title, .headers.priority,
		.headers.tags, .headers.authorization, .body]'
	[ "${lines[0]}" = '["web: scaled up 3 -> 5","default","autoscale","Bearer tk_secretsecret","load\n2026-11-23T17:00:00Z"]' ]
	[ "${#lines[@]}" = 1 ]
	result 'result.status="failed"' 'reason="dö"' |
		as-notify -c "$dir/conf" >"$dir/out"
	run -0 requests /topic '[.headers.priority, .headers.tags, .body]'
	[ "${lines[1]}" = '["high","rotating_light,autoscale","dö\n2026-11-23T17:00:00Z"]' ]
}

@test "channel ntfy: a title that is no ASCII is written as RFC 2047 has it" {
	export ALERT_WEBHOOK_URL=$STUB/status=200/utitle
	result 'target="dö"' | as-notify --channel ntfy >"$dir/out"
	run -0 requests /utitle .headers.title
	[ "$(jq -r . <<<"$output")" = \
		"=?UTF-8?B?$(printf 'dö: scaled up 3 -> 5' | base64)?=" ]
}

@test "channel telegram: every chat is told; the token is never shown" {
	(umask 077 && echo 123456:ABC-def >"$dir/token")
	section telegram 'url_env = TELEGRAM' "secret_file = \"$dir/token\"" \
		'to = {"-100200300", "@ops"}'
	export TELEGRAM=$STUB/status=200
	as-notify -c "$dir/conf" < <(result 'reason="<b>"') >"$dir/out"
	run -0 requests /bot123456:ABC-def/sendMessage .body
	[ "$(jq -r . <<<"${lines[0]}")" = '{"chat_id":"-100200300","text":"web: scaled up 3 -> 5\n<b>\n2026-11-23T17:00:00Z","disable_web_page_preview":true}' ]
	[ "$(jq -r 'fromjson | .chat_id' <<<"${lines[1]}")" = @ops ]
	echo '{"ok":false,"error_code":401,"description":"123456:ABC-def?"}' |
		body tele
	export TELEGRAM=$STUB/status=401,body=tele
	run --separate-stderr -3 as-notify -v -c "$dir/conf" < <(result)
	[[ $stderr == *"answered 401: "*description* ]]
	[[ $stderr != *123456* ]]
	run --separate-stderr -0 as-notify -n -c "$dir/conf" < <(result)
	[[ $stderr == *chat_id* ]]
	[[ $stderr != *123456* ]]
}

@test "channel telegram: what it needs is said, records pass" {
	section telegram 'to = {"1"}'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == "as-notify: cannot tell 'ops': channel 'telegram' needs 'to'"* ]]
	echo 1:a >"$dir/open"
	chmod 644 "$dir/open"
	section telegram 'to = {"1"}' "secret_file = \"$dir/open\""
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"others can read or write it"* ]]
	section telegram 'to = {"1"}' 'secret_env = NOT_SET'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"the environment has no NOT_SET"* ]]
}

@test "channel exec: the record on standard input, the text beside it" {
	cat >"$dir/tell" <<-'END'
		#!/bin/sh
		{ echo "$# $1 $2|$AS_CHANNEL|$AS_TEXT"; cat; } >>"$0.got"
	END
	chmod +x "$dir/tell"
	section exec "program = \"$dir/tell '\$HOME' b\""
	result 'reason="$(id) `id`"' >"$dir/in"
	run --separate-stderr -0 as-notify -c "$dir/conf" "$dir/in"
	[ "$stderr" = "" ]
	[ "$output" = "$(cat "$dir/in")" ]
	[ "$(cat "$dir/tell.got")" = "2 '\$HOME' b|ops|web: scaled up 3 -> 5
\$(id) \`id\`
2026-11-23T17:00:00Z
$(cat "$dir/in")" ]
}

@test "channel exec: one that fails is tried again, and quoted" {
	cat >"$dir/tell" <<-'END'
		#!/bin/sh
		echo x >>"$0.got"
		echo no line >&2
		exit 7
	END
	chmod +x "$dir/tell"
	section exec "program = \"$dir/tell\""
	run --separate-stderr -3 as-notify --retries 1 --timeout 3s \
		-c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == *"'$dir/tell' exited with 7: \"no line\""* ]]
	[ "$(wc -l <"$dir/tell.got")" = 2 ]
	section exec 'digest = no'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[ "$stderr" = "as-notify: cannot tell 'ops': channel 'exec' needs 'program'" ]
}

@test "channel exec: one that hangs is ended" {
	section exec 'program = "sleep 60"'
	SECONDS=0
	run --separate-stderr -3 as-notify --retries 0 --timeout 500ms \
		-c "$dir/conf" < <(result)
	[ "$SECONDS" -lt 5 ]
	[[ $stderr == *"was ended after"* ]]
}

@test "channel alertmanager: an alert with labels, annotations and an end" {
	section alertmanager 'url_env = AM' 'repeat_after = 2h'
	export AM=$STUB/status=200/am/
	result 'result.status="failed"' 'plan="00112233445566bb"' |
		as-notify -c "$dir/conf" >"$dir/out"
	[ "$(requests /am/ .path)" = '"/status=200/am/api/v2/alerts"' ]
	run -0 sent /am/
	[ "$(jq -c '[.[] | [.labels, .annotations]]' <<<"$output")" = '[[{"alertname":"Autoscale","event":"failed","severity":"critical","target":"web"},{"summary":"web: scale up 3 -> 5 failed","description":"web: scale up 3 -> 5 failed\nload\n2026-11-23T17:00:00Z","plan":"00112233445566bb"}]]' ]
	left=$(jq '.[0].endsAt | sub("\\.[0-9]+"; "") | fromdate - now' \
		<<<"$output")
	awk -v s="$left" 'BEGIN { exit !(s > 7200 && s < 7300) }'
}

@test "channel alertmanager: what is well again ends the target's alerts" {
	section alertmanager 'url_env = AM'
	export AM=$STUB/status=200/well
	result 'action="maintain"' 'result.status="unchanged"' |
		as-notify -c "$dir/conf" >"$dir/out"
	run -0 sent /well/
	[ "$(jq -c '[.[] | select((.endsAt | sub("\\.[0-9]+"; "") |
		fromdate) <= now) | .labels.event]' <<<"$output")" = \
		'["failed","stopped","pending","refused"]' ]
	[ "$(jq length <<<"$output")" = 4 ]
}

@test "channel webhook: a signature that openssl computes, too" {
	(umask 077 && echo signing-word >"$dir/word")
	section webhook 'url_env = HOOK' "signature_file = \"$dir/word\""
	export HOOK=$STUB/status=200/signed
	result 'reason="ä"' >"$dir/in"
	as-notify -c "$dir/conf" "$dir/in" >"$dir/out"
	header=$(requests /signed '.headers["x-autoscale-signature"]' | jq -r .)
	[[ $header =~ ^t=([0-9]+),v1=([0-9a-f]{64})$ ]]
	time=${BASH_REMATCH[1]} mac=${BASH_REMATCH[2]}
	[ $(($(date +%s) - time)) -lt 60 ]
	requests /signed .body | jq -j . >"$dir/body"
	[ "$({ printf '%s.' "$time" && cat "$dir/body"; } |
		openssl dgst -sha256 -hmac signing-word -r)" = "$mac *stdin" ]
	# another body, another time: another signature
	[ "$({ printf '%s.' "$time" && cat "$dir/body" - <<<x; } |
		openssl dgst -sha256 -hmac signing-word -r)" != "$mac *stdin" ]
	run ! grep -r signing-word "$STUB_LOG" "$dir/out"
}

@test "channel webhook: without a secret there is no signature" {
	section webhook 'url_env = HOOK'
	export HOOK=$STUB/status=200/unsigned
	result | as-notify -c "$dir/conf" >"$dir/out"
	[ "$(requests /unsigned '.headers["x-autoscale-signature"]')" = null ]
	section webhook 'url_env = HOOK' 'signature_env = NOT_SET'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[ "$stderr" = "as-notify: cannot tell 'ops': channel 'webhook': the environment has no NOT_SET" ]
	[ "$output" = "$(result)" ]
	[ "$(requests /unsigned | wc -l)" = 1 ]
}

@test "channel webhook: body = record sends the record beside the text" {
	section webhook 'url_env = HOOK' 'body = record'
	export HOOK=$STUB/status=200/full
	result >"$dir/in"
	as-notify -c "$dir/conf" "$dir/in" >"$dir/out"
	[ "$(sent /full)" = "{\"text\":\"web: scaled up 3 -> 5\\nload\\n2026-11-23T17:00:00Z\",\"record\":$(cat "$dir/in")}" ]
	section webhook 'url_env = HOOK' 'body = other'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"$dir/conf:5: "*body* ]]
}

@test "channels: what is longer than a vendor takes is cut to fit" {
	(umask 077 && echo 123456:ABC-def >"$dir/token")
	for plan in 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p; do
		result "plan=\"$plan\"" "reason=\"$(long 900)<&>\\\"\""
	done >"$dir/in"
	echo '{"errcode":0}' | body fits
	while read -r kind bytes characters filter; do
		section "$kind" 'url_env = AT' "secret_file = \"$dir/token\"" \
			'digest = yes' 'to = {"1"}'
		AT=$STUB/body=fits/fits-$kind as-notify -c "$dir/conf" \
			"$dir/in" >"$dir/out"
		sent "fits-$kind" >"$dir/body"
		[ "$(wc -c <"$dir/body")" -le "$bytes" ]
		requests "fits-$kind" ".body|$filter" >"$dir/text"
		jq -e --argjson most "$characters" \
			'length <= $most and length > $most / 8' "$dir/text"
		jq -e 'endswith(" ...")' "$dir/text"
	done <<-'END'
		slack 100000 40000 fromjson|.text
		discord 10000 2000 fromjson|.content
		telegram 20000 4096 fromjson|.text
		ntfy 4097 4096 tostring
		dingtalk 20000 20000 fromjson|.markdown.text
	END
}

@test "channels: those that hang, are busy or dead delay none of the others" {
	not_under_valgrind
	(umask 077 && echo 123456:ABC-secret >"$dir/token")
	echo '{"errcode":0}' | body all
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		for kind in webhook slack discord dingtalk ntfy telegram \
			alertmanager; do
			echo "notify $kind { channel = $kind url_env = LIVE"
			echo "	secret_file = \"$dir/token\" to = {\"1\"} }"
		done
		echo "notify exec { channel = exec program = \"date +at=%s.%N\" }"
		echo 'notify hang1 { url_env = HANG }'
		echo 'notify hang2 { channel = slack url_env = HANG }'
		echo 'notify busy { channel = discord url_env = BUSY }'
		echo 'notify dead { channel = ntfy url_env = DEAD }'
		echo 'notify mail { channel = email url_env = MAIL'
		echo '	from = "a@example.org" to = {"b@example.org"} }'
	} >"$dir/conf"
	mkfifo "$dir/in"
	LIVE=$STUB/body=all/all-of-them HANG=$STUB/hang/hanging-secret \
		BUSY=$STUB/status=429,retry-after=3600/busy \
		DEAD=http://127.0.0.1:1/dead MAIL=smtp://${STUB#http://} \
		as-notify --timeout 3s --state "$dir/state" -c "$dir/conf" \
		<"$dir/in" >"$dir/out" 2>"$dir/err" 3>&- &
	pid=$!
	exec 7>"$dir/in"
	begun=$(date +%s.%N)
	result >&7
	seven() {
		[ "$(requests all-of-them .time | wc -l)" = 7 ]
	}
	wait_until 3 seven
	[ -s "$dir/out" ]
	# the hanging ones still hang; nothing of a secret is in the arguments
	run ! grep -aqE 'secret|127\.0\.0\.1' "/proc/$pid/cmdline"
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	ended=$(date +%s.%N)
	[ "$status" = 3 ]
	latest=$(requests all-of-them .time | sort -n | tail -n 1)
	# in less time than the others have
	awk -v a="$begun" -v b="$latest" -v c="$ended" 'BEGIN {
		printf "the last of seven after %.3f s\n", b - a
		exit !(b - a < 2 && c - a < 5)
	}'
	# the journal has those that were told, and what they were told
	[ "$(jq -r 'select(.type == "notice") | .channel' \
		"$dir/state/web.ndjson" | sort | tr '\n' ' ')" = \
		"alertmanager dingtalk discord exec ntfy slack telegram webhook " ]
	[ "$(jq -r 'select(.type == "notice") | .text' "$dir/state/web.ndjson" |
		sort | uniq -c | sed 's/^ *//')" = "8 2026-11-23T17:00:00Z
8 load
8 web: scaled up 3 -> 5" ]
	# the others wait in the spool
	[ "$(cd "$dir/state/spool/web" && find . -name '*.json' | cut -d/ -f2 |
		sort | tr '\n' ' ')" = "busy dead hang1 hang2 mail " ]
	run ! grep -rqE 'ABC-secret|hanging-secret' "$dir/state" "$dir/err"
}

@test "channels: repeat_after is each section's own, in journal and run" {
	section webhook 'url_env = HOOK' 'repeat_after = 10m'
	echo 'notify often { url_env = OFTEN on = {all} repeat_after = 0 }' \
		>>"$dir/conf"
	export HOOK=$STUB/status=200/seldom OFTEN=$STUB/status=200/often
	for minute in 00 05 09 11; do
		{
			result
			result
		} | as-notify -c "$dir/conf" --state "$dir/state" \
			--now "2026-11-23T17:$minute:00Z" >"$dir/out"
	done
	[ "$(requests seldom | wc -l)" = 2 ]
	[ "$(requests often | wc -l)" = 8 ]
}
