# as-notify's mail by Debian's Exim: TLS both ways, a login, letter boxes

load ../lib/common
load ../lib/services.sh

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	[ -x /usr/sbin/exim4 ] ||
		export WHY_NOT="no exim4: apt-get install exim4-daemon-light"
	[ "$(id -u)" = 0 ] ||
		export WHY_NOT="Exim writes to its letter boxes as root only"
	[ -z "${WHY_NOT:-}" ] || return 0
	svc_begin
	chmod 711 "$SVC" # Exim works as a user of its own
	authority
	read -r START TLS < <(free_ports)
	export START TLS
	configure
	exim_start
}

teardown_file() {
	svc_end
}

setup() {
	dir=$BATS_TEST_TMPDIR
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	rm -rf "$SVC"/box/*
	(umask 077 && echo s3cret-word >"$dir/password")
}

# A certificate for localhost, and the authority that vouches for it
authority() {
	local new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

	$new -x509 -days 2 -subj "/CN=the test's own" \
		-keyout "$SVC/ca.key" -out "$SVC/ca" 2>/dev/null
	$new -subj /CN=localhost -keyout "$SVC/key" -out "$SVC/request" \
		2>/dev/null
	openssl x509 -req -in "$SVC/request" -CA "$SVC/ca" \
		-CAkey "$SVC/ca.key" -CAcreateserial -days 2 -out "$SVC/cert" \
		-extfile <(echo subjectAltName=DNS:localhost) 2>/dev/null
	chown Debian-exim "$SVC/key"
}

# Two ports that nobody has now
free_ports() {
	/usr/bin/python3 -c '
import socket
s = [socket.socket() for i in range(2)]
for x in s:
    x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))'
}

configure() {
	mkdir "$SVC/exim" "$SVC/box"
	chown Debian-exim "$SVC/exim" "$SVC/box"
	cat >"$SVC/exim.conf" <<-END
		primary_hostname = mx.example.org
		spool_directory = $SVC/exim
		log_file_path = $SVC/exim/%slog
		log_selector = +tls_cipher +smtp_protocol_error
		local_interfaces = 127.0.0.1
		daemon_smtp_ports = $START : $TLS
		tls_on_connect_ports = $TLS
		tls_advertise_hosts = *
		tls_certificate = $SVC/cert
		tls_privatekey = $SVC/key
		auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
		acl_smtp_rcpt = receiver
		message_size_limit = 40K
		rfc1413_query_timeout = 0s
		keep_environment =
		hosts_treat_as_local =

		begin acl
		receiver:
		  deny message = log in first
		    ! authenticated = *
		  deny message = no such mailbox
		    ! local_parts = ops : dev : boss
		  accept

		begin routers
		boxes:
		  driver = accept
		  local_parts = ops : dev : boss
		  transport = box

		begin transports
		box:
		  driver = appendfile
		  directory = $SVC/box/\$local_part_data
		  create_directory
		  maildir_format
		  user = Debian-exim
		  delivery_date_add
		  envelope_to_add

		begin authenticators
		plain:
		  driver = plaintext
		  public_name = PLAIN
		  server_prompts = :
		  server_condition = \${if and{{eq{\$auth2}{scaler}}{eq{\$auth3}{s3cret-word}}}}
		  server_set_id = \$auth2
	END
}

exim_start() {
	svc_spawn exim exim4 -C "$SVC/exim.conf" -bdf -odi
	svc_ready exim 20 answers "$START"
	svc_ready exim 20 answers "$TLS"
}

answers() {
	(: <"/dev/tcp/127.0.0.1/$1")
}

# section URL LINE...: a file that mails there
section() {
	export MAIL=$1
	shift
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		echo 'notify ops { channel = email url_env = MAIL on = {all}'
		echo '	from = "as@example.org" username = scaler'
		echo "	secret_file = \"$dir/password\" ca_file = \"$SVC/ca\""
		printf '\t%s\n' "$@" '}'
	} >"$dir/conf"
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

# box NAME: how many letters are in it
box() {
	find "$SVC/box/$1/new" -type f 2>/dev/null | wc -l
}

# letter NAME: the one letter there, as a program reads it that shows mail
letter() {
	/usr/bin/python3 - "$SVC/box/$1"/new/* <<-'END'
		import email.policy, sys
		m = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
		assert not any(p.defects for p in m.walk())
		print(m["Subject"])
		print(*(p.get_content_type() for p in m.walk()))
		html = m.get_body(("html",)).get_content()
		for p in m.walk():
		    if p["Content-ID"]:
		        assert "cid:" + p["Content-ID"].strip("<>") in html
		        assert p.get_content().startswith(b"\x89PNG")
		print(m.get_body(("plain",)).get_content().replace("\r\n", "\n"), end="")
	END
}

# logged REGEX: Exim has written that
logged() {
	grep -Eq -- "$1" "$SVC/exim/mainlog"
}

@test "mail: STARTTLS and a login; text, page and chart arrive whole" {
	local t

	mkdir "$dir/state"
	for t in 40 45 50 55; do
		jq -cn --arg t "2026-11-23T16:$t:00Z" '{type: "decision",
			target: "web", time: $t, current_instances: 3,
			inputs: [{signal: "cpu", value: ($t[14:16] | tonumber),
			age_s: 5, needed_now: 3}], logged: $t}'
	done >"$dir/state/web.ndjson"
	section "smtp://localhost:$START" 'to = {"ops@example.org"}'
	run --separate-stderr -0 as-notify -c "$dir/conf" \
		--state "$dir/state" < <(result 'reason="Grüße\n.\nQUIT"')
	[ "$stderr" = "" ]
	wait_until 10 eval '[ "$(box ops)" = 1 ]'
	run -0 letter ops
	[ "$output" = "web: scaled up 3 -> 5
multipart/alternative text/plain multipart/related text/html image/png
web: scaled up 3 -> 5
Grüße . QUIT
2026-11-23T17:00:00Z" ]
	logged '<= as@example.org .*P=esmtpsa X=TLS1.[23].* A=plain:scaler'
}

@test "mail: TLS from the first byte" {
	section "smtps://localhost:$TLS" 'to = {"ops@example.org"}'
	run --separate-stderr -0 as-notify -c "$dir/conf" < <(result)
	[ "$stderr" = "" ]
	wait_until 10 eval '[ "$(box ops)" = 1 ]'
	logged '<= as@example.org .*P=esmtpsa X=TLS.* A=plain:scaler'
}

@test "mail: several receivers; one that there is not keeps no other from it" {
	section "smtp://localhost:$START" \
		'to = {"ops@example.org", "nobody@example.org", "dev@example.org"}'
	run --separate-stderr -3 as-notify --state "$dir/state" \
		-c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == *"<nobody@example.org>: 'smtp://localhost:$START' refused it: \"550 "*"no such mailbox\""* ]]
	wait_until 10 eval '[ "$(box ops) $(box dev)" = "1 1" ]'
	# what was refused for good is not tried again
	[ "$(find "$dir/state/spool" -name '*.json' | wc -l)" = 0 ]
	[ "$(jq -s '[.[] | select(.type == "notice")] | length' \
		"$dir/state/web.ndjson")" = 1 ]
}

@test "mail: a wrong password, no login, a stranger's certificate: nothing is sent" {
	section "smtp://localhost:$START" 'to = {"ops@example.org"}'
	(umask 077 && echo wrong-word >"$dir/password")
	run --separate-stderr -3 as-notify -v --retries 0 \
		--state "$dir/state" -c "$dir/conf" < <(result)
	[[ $stderr == *"refused the login: \"535 "* ]]
	[[ $stderr$output != *wrong-word* ]]
	run ! grep -rq wrong-word "$dir/state" "$SVC/exim/mainlog"
	# without a login the server takes no receiver
	sed -i 's/username = scaler//; s/secret_file = "[^"]*"//' "$dir/conf"
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" < <(result)
	[[ $stderr == *"log in first"* ]]
	section "smtps://localhost:$TLS" 'to = {"ops@example.org"}'
	sed -i 's/ca_file = "[^"]*"//' "$dir/conf"
	run --separate-stderr -3 as-notify --retries 0 -c "$dir/conf" < <(result)
	[[ $stderr == *certificate* ]]
	[ "$(box ops)" = 0 ]
}

@test "mail: one too large for the server is said, and kept from nobody else" {
	section "smtp://localhost:$START" 'to = {"ops@example.org"}' 'digest = yes'
	long=$(printf 'word %.0s' $(seq 390))
	for i in $(seq 30); do
		result "plan=\"$i\"" "reason=\"$long\""
	done >"$dir/in"
	run --separate-stderr -3 as-notify --state "$dir/state" \
		-c "$dir/conf" "$dir/in"
	[[ $stderr == *"refused it: \"552 "* ]]
	[ "$(find "$dir/state/spool" -name '*.json' | wc -l)" = 0 ]
	run --separate-stderr -0 as-notify --state "$dir/state" \
		-c "$dir/conf" < <(result)
	wait_until 10 eval '[ "$(box ops)" = 1 ]'
}

@test "mail: what a dead server did not get the next run sends, once" {
	section "smtps://localhost:$TLS" \
		'to = {"ops@example.org", "boss@example.org"}'
	svc_stop exim
	run --separate-stderr -3 as-notify --retries 0 --state "$dir/state" \
		-c "$dir/conf" < <(result)
	[ "$output" = "$(result)" ]
	[[ $stderr == *"a later run will try again"* ]]
	[ "$(find "$dir/state/spool" -name '*.json' | wc -l)" = 1 ]
	run ! grep -rq s3cret-word "$dir/state"
	exim_start
	for i in 1 2; do
		run --separate-stderr -0 as-notify --state "$dir/state" \
			-c "$dir/conf" < <(result 'type="state"')
		[ "$stderr" = "" ]
	done
	# the same again is no news
	run --separate-stderr -0 as-notify --state "$dir/state" \
		-c "$dir/conf" < <(result)
	wait_until 10 eval '[ "$(box ops) $(box boss)" = "1 1" ]'
	[ "$(find "$dir/state/spool" -name '*.json' | wc -l)" = 0 ]
}
