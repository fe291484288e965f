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
		    assert not any(p.defects for p in m.walk()), m
		    print(json.dumps([m["From"], m["To"], m["Subject"],
		                      m.get_body(("plain",)).get_content().replace('\r\n', '\n')], ensure_ascii=False))
	END
}

# parts NAME: the newest letter of a box, taken apart: DIR/html, DIR/1.png, ...
# and on standard output the types of its parts
parts() {
	/usr/bin/python3 - "$D/$1" "$dir" <<-'END'
		import email.policy, glob, sys
		name = sorted(glob.glob(sys.argv[1] + "/[0-9]*"))[-1]
		m = email.message_from_bytes(open(name, "rb").read(), policy=email.policy.default)
		n = 0
		for p in m.walk():
		    print(" ".join([p.get_content_type()] + p.get_all("Content-ID", [])))
		    if p.get_content_type() == "text/html":
		        open(sys.argv[2] + "/html", "w").write(p.get_content())
		    if p.get_content_type() == "image/png":
		        n += 1
		        open(f"{sys.argv[2]}/{n}.png", "wb").write(p.get_content())
	END
}

# page: what is in DIR/html, checked: every tag is closed, nothing comes from
# elsewhere. Prints its text, the pictures as [ALT].
page() {
	/usr/bin/python3 - "$dir/html" <<-'END'
		import html.parser, sys
		class Page(html.parser.HTMLParser):
		    open, void = [], {"meta", "img", "br"}
		    def handle_starttag(self, tag, attrs):
		        assert tag not in {"script", "link", "iframe", "object"}
		        for name, value in attrs:
		            assert not name.startswith("on")
		            if name in ("src", "href"):
		                assert value.startswith("cid:"), value
		            assert "url(" not in (value or "")
		            if name == "alt":
		                print(f"[{value}]")
		        if tag not in self.void:
		            self.open.append(tag)
		    def handle_endtag(self, tag):
		        assert self.open.pop() == tag, tag
		    def handle_data(self, data):
		        if data.strip() and "title" not in self.open:
		            print(" ".join(data.split()))
		p = Page()
		p.feed(open(sys.argv[1]).read())
		p.close()
		assert not p.open, p.open
	END
}

# column PNG X COLOUR: the rows, from the top, of that colour (RRGGBB) in the
# column: "FIRST LAST", or "none". SIZE instead of X: "WIDTH HEIGHT".
column() {
	/usr/bin/python3 - "$@" <<-'END'
		import struct, sys, zlib
		data, at, idat = open(sys.argv[1], "rb").read(), 8, b""
		assert data[:8] == b"\x89PNG\r\n\x1a\n"
		while at < len(data):
		    n, kind = struct.unpack(">I4s", data[at:at + 8])
		    body = data[at + 8:at + 8 + n]
		    assert struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0] == zlib.crc32(kind + body)
		    if kind == b"IHDR":
		        w, h, bits, colours = struct.unpack(">IIBB", body[:10])
		        assert (bits, colours) == (8, 3)
		    if kind == b"PLTE":
		        palette = [body[i:i + 3].hex() for i in range(0, n, 3)]
		    if kind == b"IDAT":
		        idat += body
		    at += 12 + n
		assert kind == b"IEND" and at == len(data)
		pixels = zlib.decompress(idat)
		assert len(pixels) == h * (w + 1)
		if sys.argv[2] == "SIZE":
		    print(w, h)
		    sys.exit()
		x, want = int(sys.argv[2]), palette.index(sys.argv[3])
		rows = [y for y in range(h) if pixels[y * (w + 1) + 1 + x] == want]
		print(*((rows[0], rows[-1]) if rows else ("none",)))
	END
}

# decisions LOAD...: a journal with a decision a minute, the last at 17:00
decisions() {
	local i=$# load t

	mkdir -p "$dir/state"
	for load; do
		i=$((i - 1))
		t=$(date -ud "2026-11-23T17:00:00Z - $i min" +%FT%TZ)
		jq -cn --arg t "$t" --argjson load "$load" '{type: "decision",
			target: "web", time: $t, action: "maintain",
			current_instances: 3, recommended_instances: 3,
			inputs: [{signal: "idle", value: 1, needed_now: 1},
			{signal: "cpu", value: $load, unit: "cores",
			age_s: 30, needed_now: 3, needed_ahead: 3, expected:
			{value: 5, at_most: 8, from_s: 60, to_s: 180}}],
			logged: $t}'
	done >"$dir/state/web.ndjson"
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

@test "email: what is refused once it was read is not kept for later" {
	section smtp 127.0.0.1 plain 'to = {"content@example.org"}'
	run --separate-stderr -3 as-notify --state "$dir/state" \
		-c "$dir/conf" < <(result)
	[[ $stderr == *"refused it: \"554 5.6.0 I do not like what it says\""* ]]
	[ "$(find "$dir/state" -name '*.json' | wc -l)" = 0 ]
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
	# a server that quotes what it was told, in base64
	section smtp localhost starttls 'to = {"a@example.org"}' \
		'username = echo' 'secret_env = WORD' "ca_file = \"$D/cert\""
	run --separate-stderr -3 as-notify -c "$dir/conf" < <(result)
	[[ $stderr == *"refused the login: 535"* ]]
	[[ $stderr != *"$(printf '\0echo\0%s' "$WORD" | base64)"* ]]
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

@test "email: a page beside the text says the same, and the numbers" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}'
	as-notify -c "$dir/conf" --state "$dir/state" >"$dir/out" < <(result \
		'reason="a < b & \"c\""' 'current_load=71.2' \
		'predicted_load=104' 'confidence=0.94' \
		'plan="0123456789abcdef"' 'approval="required"' \
		'result.status="pending"')
	[ "$(parts plain)" = 'multipart/alternative
text/plain
text/html' ]
	run -0 page
	[ "$output" = "web: scale up 3 -> 5 waits for approval
a < b & \"c\"
Grant it:
as-approve --state $dir/state grant 0123456789abcdef
2026-11-23T17:00:00Z
Instances
3 → 5
Load now
71.2 %
Load expected
104.0 %
Forecasts that held
94.0 %" ]
	run -0 letters plain
	[ "$(jq -r '.[3]' <<<"$output")" = "web: scale up 3 -> 5 waits for approval
a < b & \"c\"
Grant it: as-approve --state $dir/state grant 0123456789abcdef
2026-11-23T17:00:00Z" ]
}

@test "email: html = no is the text alone" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}' 'html = no'
	as-notify -c "$dir/conf" < <(result) >"$dir/out"
	[ "$(parts plain)" = text/plain ]
}

@test "email: the chart is of the day that the journal tells" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org", "b@example.org"}'
	decisions 2 2 2 2 2 10 10 10 10 10
	as-notify -c "$dir/conf" --state "$dir/state" >"$dir/out" \
		< <(result 'current_load=71.2')
	run -0 parts plain
	[[ ${lines[2]} == multipart/related ]]
	[[ ${lines[4]} =~ ^image/png\ \<(0\.[0-9a-f]{32}@example.org)\>$ ]]
	grep -qF "src=\"cid:${BASH_REMATCH[1]}\" width=\"560\" height=\"250\"" "$dir/html"
	run -0 page
	[[ $output == *"[Chart of load, forecast and instances of web, told below]
■
load
■
from what was expected to what is passed 5 times of 100
■
instances
Load 'cpu': 2 to 10 cores, 10 at the end; then 5 is expected, and more than 8 in 5 cases of 100. Instances: 3. From 2026-11-23 16:51 to 2026-11-23 17:00 UTC."* ]]
	[ "$(column "$dir/1.png" SIZE)" = '1120 500' ]
	# 0 to 12 cores are the rows 312 to 16; the newest load is at 16:59:30
	# of 16:50:30 to 17:02:30, which are the columns 104 to 1104
	read -r top foot < <(column "$dir/1.png" 200 1f5fa8)
	[ "$top" -ge 259 ] && [ "$foot" -le 267 ] # 2 of 12
	read -r top foot < <(column "$dir/1.png" 800 1f5fa8)
	[ "$top" -ge 61 ] && [ "$foot" -le 69 ] # 10 of 12
	[ "$(column "$dir/1.png" 900 1f5fa8)" = none ]
	read -r top foot < <(column "$dir/1.png" 900 f3d3a8)
	[ "$top" -ge 112 ] && [ "$top" -le 118 ] # 8 of 12
	[ "$foot" -ge 183 ] && [ "$foot" -le 190 ] # 5 of 12
	read -r top foot < <(column "$dir/1.png" 500 2f7d4f)
	[ "$top" -ge 354 ] && [ "$foot" -le 366 ] # 3 of 3.45
}

@test "email: a digest has a chart for each target, an alarm too" {
	section smtp 127.0.0.1 plain 'to = {"a@example.org"}' 'digest = yes'
	sed -i '/target web/d' "$dir/conf"
	decisions 1 2 3
	sed 's/"web"/"shop"/' "$dir/state/web.ndjson" >"$dir/state/shop.ndjson"
	{
		result
		result 'target="shop"'
		result 'plan="0123456789abcdef"' 'action="scale_down"'
	} | MAIL=$MAIL as-notify --channel email --url-env MAIL \
		--state "$dir/state" >"$dir/out" 2>"$dir/err" || true
	[[ $(<"$dir/err") == *"needs 'from' and 'to'"* ]]
	for target in web shop; do
		sed "1i target $target { mode = monitor }" "$dir/conf" \
			>"$dir/$target.conf"
	done
	{
		result
		result 'plan="0123456789abcdef"' 'action="scale_down"'
	} | as-notify -c "$dir/web.conf" --state "$dir/state" >"$dir/out"
	[ "$(parts plain | grep -c image/png)" = 1 ]
	[ "$(page | grep -c '^web: ')" = 2 ]
	# nobody decides: told with what there was
	as-notify --heartbeat --now 2026-11-23T18:00:00Z -c "$dir/shop.conf" \
		--state "$dir/state" 2>"$dir/err" >"$dir/out" || [ $? = 1 ]
	[ "$(parts plain | grep -c image/png)" = 1 ]
	[[ $(page) == *"shop: "*"Load 'cpu': 1 to 3 cores"* ]]
}
