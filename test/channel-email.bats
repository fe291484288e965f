# as-notify's mail against a real SMTP server, on loopback

load lib/common

setup_file() {
	# each test begins with empty letter boxes
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	export D=$BATS_FILE_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$D/key" -out "$D/cert" 2>/dev/null
	: >"$D/pids"
	smtpd plain
	smtpd starttls --cert "$D/cert" --key "$D/key"
	smtpd tls --cert "$D/cert" --key "$D/key" --implicit
}

# smtpd NAME OPTION...: a server whose letters land in $D/NAME
smtpd() {
	local name=$1

	shift
	mkdir "$D/$name"
	/usr/bin/python3 "$root/test/lib/smtpd.py" "$D/$name" "$@" \
		>"$D/$name.port" 2>"$D/$name.err" </dev/null 3>&- &
	echo $! >>"$D/pids"
	wait_until 10 test -s "$D/$name.port"
}

teardown_file() {
	while read -r pid; do
		kill "$pid"
	done <"$D/pids"
}

setup() {
	dir=$BATS_TEST_TMPDIR
	rm -f "$D"/*/[0-9]* "$D"/*/log
}

# section SCHEME HOST NAME LINE...: a file that mails by the server NAME
section() {
	local url line

	url="$1://$2:$(cat "$D/$3.port")/client.example"
	shift 3
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		echo 'notify ops { channel = email url_env = MAIL on = {all}'
		echo '	from = "as@example.org"'
		for line; do
			echo "	$line"
		done
		echo '}'
	} >"$dir/conf"
	export MAIL=$url
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

# letters NAME: what the newest letters are to a program that reads mail
letters() {
	/usr/bin/python3 - "$D/$1" <<-'END'
		import email.policy, glob, json, sys
		for name in sorted(glob.glob(sys.argv[1] + "/[0-9]*")):
		    raw = open(name, "rb").read()
		    assert b"\n" not in raw.replace(b"\r\n", b""), raw
		    assert max(map(len, raw.split(b"\r\n"))) <= 998
		    m = email.message_from_bytes(raw, policy=email.policy.default)
		    assert not m.defects, m.defects
		    print(json.dumps([m["From"], m["To"], m["Subject"],
		                      m.get_content().replace('\r\n', '\n')], ensure_ascii=False))
	END
}

@test "email: every receiver gets the text, dots and all" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org", "b@example.org"}'
	result 'reason=".hidden"' >"$dir/in"
	run --separate-stderr -0 as-notify -c "$dir/conf" "$dir/in"
	[ "$stderr" = "" ]
	[ "$output" = "$(cat "$dir/in")" ]
	run -0 letters plain
	[ "${lines[0]}" = '["as@example.org", "a@example.org", "web: scaled up 3 -> 5", "web: scaled up 3 -> 5\n.hidden\n2026-11-23T17:00:00Z\n"]' ]
	[ "$(jq -r '.[1]' <<<"${lines[1]}")" = 'b@example.org' ]
	[ "$(jq -c '[.hello, .from, .to, .tls]' "$D/plain/log" | tail -n 1)" = \
		'["client.example","as@example.org",["b@example.org"],false]' ]
	grep -q '^Auto-Submitted: auto-generated' "$D/plain/1"
	grep -Eq '^Message-ID: <[0-9a-f]{32}@example.org>' "$D/plain/1"
	sent=$(date -d "$(sed -n 's/^Date: //p' "$D/plain/1" | tr -d '\r')" +%s)
	[ $(($(date +%s) - sent)) -lt 60 ]
}

@test "email: what is no ASCII, or a line too long, arrives whole" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}'
	long=$(printf 'ä%.0s' $(seq 700))
	name=$(printf 'ö%.0s' $(seq 60))
	sed -i "s/target web/target $name/" "$dir/conf"
	result "reason=\"$long\"" "target=\"$name\"" |
		as-notify -c "$dir/conf" >"$dir/out"
	run -0 letters plain
	[ "$(jq -r '.[2]' <<<"$output")" = "$name: scaled up 3 -> 5" ]
	[ "$(jq -r '.[3]' <<<"$output")" = "$name: scaled up 3 -> 5
$long
2026-11-23T17:00:00Z" ]
	run ! grep -aP '[^\x00-\x7f]' "$D/plain/1"
	run ! grep -aP '.{79}' "$D/plain/1"
}

@test "email: a header cannot be made by what a record says" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}'
	as-notify -c "$dir/conf" < <(result 'action="hold"' \
		'states=["x\r\nBcc: x@example.org"]') >"$dir/out"
	run -0 letters plain
	[ "$(jq -r '.[2]' <<<"$output")" = \
		"web: holds at 3 (x Bcc: x@example.org)" ]
	run ! grep -aiq '^Bcc' "$D/plain/1"
	section smtp 127.0.0.1 plain 'to = {"a@example.org> SIZE=1"}'
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"'a@example.org> SIZE=1' is no mail address"* ]]
}

@test "email: one receiver that is refused keeps no other from being told" {
	section smtp 127.0.0.1 plain \
		'to = {"refuse@example.org", "a@example.org"}'
	run --separate-stderr -3 as-notify -c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == *"cannot tell 'ops': <refuse@example.org>: 'smtp://127.0.0.1:$(cat "$D/plain.port")' refused it: \"550 5.1.1 no such mailbox\"" ]]
	[ "$(jq -c .to "$D/plain/log")" = '["a@example.org"]' ]
}

@test "email: a 4xx is tried again" {
	section smtp 127.0.0.1 plain 'to = {"later@example.org"}'
	run --separate-stderr -0 as-notify --timeout 2s -c "$dir/conf" \
		< <(result)
	[ "$stderr" = "" ]
	[ "$(jq -c .to "$D/plain/log")" = '["later@example.org"]' ]
}

@test "email: STARTTLS and TLS from the first byte, with a login" {
	(umask 077 && echo s3cret-word >"$dir/password")
	for way in "smtp starttls" "smtps tls"; do
		read -r scheme name <<<"$way"
		section "$scheme" localhost "$name" 'to = {"a@example.org"}' \
			'username = scaler' "secret_file = \"$dir/password\"" \
			"ca_file = \"$D/cert\""
		run --separate-stderr -0 as-notify -c "$dir/conf" < <(result)
		[ "$stderr" = "" ]
		[ "$(jq -c '[.tls, .login]' "$D/$name/log")" = '[true,true]' ]
	done
}

@test "email: a wrong password is said, and shown by nobody" {
	export WORD=wrong-password
	section smtp localhost starttls 'to = {"a@example.org"}' \
		'username = scaler' 'secret_env = WORD' "ca_file = \"$D/cert\""
	run --separate-stderr -3 as-notify -v -c "$dir/conf" < <(result)
	[[ $stderr == *"refused the login: \"535 "* ]]
	[[ $stderr != *wrong-password* ]]
	run --separate-stderr -0 as-notify -n -c "$dir/conf" < <(result)
	[[ $stderr == *"mail by 'smtp://localhost:"*"from <as@example.org> to <a@example.org>: web: scaled"* ]]
	[[ $stderr != *wrong-password* ]]
}

@test "email: no letter goes out in the clear, or to whom nobody vouches for" {
	export WORD=s3cret-word
	# a server without TLS
	section smtp localhost plain 'to = {"a@example.org"}' \
		'username = scaler' 'secret_env = WORD'
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" \
		< <(result)
	[ ! -e "$D/plain/log" ]
	# a certificate of no authority, and one of another name
	section smtp localhost starttls 'to = {"a@example.org"}' \
		'username = scaler' 'secret_env = WORD'
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" \
		< <(result)
	[[ $stderr == *certificate* ]]
	section smtps 127.0.0.1 tls 'to = {"a@example.org"}' \
		'username = scaler' 'secret_env = WORD' "ca_file = \"$D/cert\""
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" \
		< <(result)
	[ ! -e "$D/starttls/log" ]
	[ ! -e "$D/tls/log" ]
}

@test "email: a server that is not there is exit 3; records pass" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}'
	export MAIL=smtp://user:hidden-word@127.0.0.1:1
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" \
		< <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == *"cannot send by 'smtp://127.0.0.1:1': "* ]]
	[[ $stderr != *hidden-word* ]]
	export MAIL=https://127.0.0.1:1
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"must be smtp://HOST:PORT or smtps://HOST:PORT"* ]]
	export MAIL=smtp://127.0.0.1
	sed -i '/from/d' "$dir/conf"
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"channel 'email' needs 'from' and 'to'"* ]]
}
