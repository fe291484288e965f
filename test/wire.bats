# What goes over the wire: with --dry-run, and in monitor mode, a driver sends
# nothing but what reads, a file is not written, nothing is reloaded, nobody is
# told. Each stand-in writes down what came. The same decision is carried out at
# the end of each test, and the same eyes must then see a change.

load lib/common
load lib/decision.bash
load lib/vendor.bash
load lib/stub

setup_file() {
	stub_start
}

teardown_file() {
	stub_stop
}

setup() {
	unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH LXD_DIR KUBECONFIG \
		NOMAD_ADDR NOMAD_TOKEN
	dir=$BATS_TEST_TMPDIR
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	service=web
	with=(--no-verify --timeout 5s)
	# shellcheck disable=SC2016 # of jq
	seen='"\(.method) \(.path)"'
	mkdir -p "$dir/sim"
	: >"$dir/sent"
}

teardown() {
	local file

	for file in "$dir"/*.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" || :
	done
	rm -f "${socket:-}"
}

# at ARG...: runs a stand-in in the background
at() {
	"$@" >"$dir/port" 2>"$dir/server.err" </dev/null 3>&- &
	echo $! >"$dir/server.pid"
}

# at_port ARG...: the same; waits for the port that it prints
at_port() {
	at "$@"
	wait_until 10 test -s "$dir/port"
	PORT=$(cat "$dir/port")
}

# replay LINE...: test/stub/replay.py says this
replay() {
	mkdir -p "$dir/answers"
	cp "$root"/test/stub/records/*.http "$dir/answers/"
	printf '%s\n' "$@" >"$dir/script"
	at_port python3 "$root/test/stub/replay.py" "$dir/sent" "$dir/script" \
		"$dir/answers"
}

# answer NAME JSON: of replay
answer() {
	mkdir -p "$dir/answers"
	printf 'HTTP/1.1 200 OK\nContent-Length: %d\n\n%s' "${#2}" "$2" \
		>"$dir/answers/$1"
}

# apply RECORD [OPTION...]: what as-apply says
apply() {
	local in=$1

	shift
	run --separate-stderr as-apply --driver "$driver" --service "$service" \
		--now "$now" "${with[@]}" "$@" "$in"
}

# came: what came at the stand-in, a line each
came() {
	jq -r "$seen" "$dir/sent"
}

changes() {
	came | grep -cv '^GET ' || :
}

# traces: names, contents and times of what is not the stand-in's own
traces() {
	(cd "$dir" && find . -type f ! -name sent ! -name calls \
		! -path './sim/*' ! -name '*.out' ! -name 'separate-stderr*' \
		! -name 'server.*' ! -name 'vendor.*' -printf '%p %T@ %s\n' |
		sort)
}

# watch FROM UP DOWN: a decision for more and one for fewer
watch() {
	local to before n

	for to in "$2" "$3"; do
		decide "$1" "$to" '.resources = { cpus: 0.5, memory: 67108864,
			reason: "a test" }' >"$dir/$to"
		decide "$1" "$to" '.mode = "monitor"' >"$dir/$to.monitor"
		before=$(traces)
		n=$(came | wc -l)
		apply "$dir/$to" --dry-run --state "$dir/none"
		outcome dry-run
		[ "$(result '.request | length > 0')" = true ]
		# it was looked at, or nothing was proven here
		[ "$(came | wc -l)" -gt "$n" ]
		apply "$dir/$to.monitor" --dry-run --state "$dir/none"
		[ "$(changes)" = 0 ] || fail "$(came)"
		# without a trace, in the journal either
		[ "$(traces)" = "$before" ] || fail "$before / $(traces)"
		[ ! -e "$dir/none" ]
		apply "$dir/$to" --mode monitor --state "$dir/state"
		outcome monitor
		apply "$dir/$to.monitor" --state "$dir/state"
		outcome monitor
		apply "$dir/$to.monitor" --mode auto --state "$dir/state"
		outcome monitor
		[ "$(changes)" = 0 ] || fail "$(came)"
		# nothing but the journal is written
		[ "$(traces | grep -v "^./state/web.ndjson ")" = "$before" ] ||
			fail "$before / $(traces)"
		rm -r "$dir/state"
	done
	for to in "$2" "$3"; do
		: >"$dir/sent"
		apply "$dir/$to"
		[ "$(changes)" -gt 0 ] || fail "no change to be seen: $(came) $output"
		[ "$2" = "$to" ] || continue
		restart
	done
}

# restart: the stand-in as it was; where it keeps no state there is nothing to do
restart() {
	:
}

stop() {
	kill "$(cat "$dir/server.pid")"
	rm -f "$dir/port" "$socket"
	while kill -0 "$(cat "$dir/server.pid")" 2>/dev/null; do
		sleep 0.02
	done
}

@test "wire: swarm" {
	driver=swarm version=11
	socket=$(mktemp -u /tmp/wire-XXXXXX)
	with+=(--host "unix://$socket")
	restart() {
		[ ! -e "$dir/server.pid" ] || stop
		at python3 "$root/test/stub/engine.py" "$socket" "$dir/sent"
		wait_until 10 test -S "$socket"
	}
	restart
	watch 3 5 1
}

@test "wire: docker and compose" {
	local api=/v1.41 a b all

	a=$(printf '%064d' 0 | tr 0 a) b=$(printf '%064d' 0 | tr 0 b)
	answer version '{"ApiVersion":"1.41"}'
	answer two "$(jq -cn --arg a "$a" --arg b "$b" '[ { Id: $a, Names: ["/web"],
		State: "running", Status: "Up 2 minutes", Created: 1700000000,
		Labels: {} }, { Id: $b, Names: ["/web-2"], State: "running",
		Status: "Up 1 minute", Created: 1700000001, Labels: {} } ]')"
	answer one "$(jq -cn --arg a "$a" '{ Id: $a, Image: "sha256:aa",
		Name: "/web", Config: { Image: "app:1", Labels: {
			"com.docker.compose.project": "shop",
			"com.docker.compose.service": "web",
			"com.docker.compose.container-number": "1" } },
		HostConfig: { NetworkMode: "default" },
		NetworkSettings: { Networks: { bridge: {} } } }')"
	answer image '{"Id":"sha256:aa"}'
	answer made '{"Id":"new","Warnings":[]}'
	for driver in docker compose; do
		service=app=web all='"label":["app=web"]'
		if [ "$driver" = compose ]; then
			service=shop/web all='"label":["com.docker.compose.project=shop","com.docker.compose.service=web","com.docker.compose.oneoff=False"]'
		fi
		: >"$dir/sent"
		rm -f "$dir/port"
		all=$(jq -rn --arg f "{$all}" '$f | @uri')
		replay "GET /version version" \
			"GET $api/containers/json?all=true&filters=$all two" \
			"GET $api/containers/$a/json one" \
			"GET $api/containers/$b/json one" \
			"GET $api/images/app:1/json image" \
			"POST $api/containers/create?name=web-3 made" \
			"POST $api/containers/create?name=shop_web_3 made" \
			"POST $api/containers/new/start 204" \
			"POST $api/containers/$b/stop 204" \
			"DELETE $api/containers/$b 204"
		with=(--no-verify --timeout 5s --host "tcp://127.0.0.1:$PORT")
		watch 2 3 1
		stop
	done
}

@test "wire: kubernetes" {
	local path=/apis/apps/v1/namespaces/demo/deployments/web

	driver=kubernetes service=demo/deployment/web
	replay "GET $path/scale kube-get-deployment-scale.http" \
		"GET $path kube-deployment-managedfields.http" \
		"PATCH $path/scale?fieldManager=autoscale kube-merge-patch-3.http"
	with+=(--host "http://127.0.0.1:$PORT")
	watch 2 3 1
}

@test "wire: nomad" {
	driver=nomad service=web/app
	answer ended '{"Status":"successful"}'
	replay "GET /v1/job/web/scale nomad-job-scale-status-after.http" \
		"GET /v1/job/web/deployment ended" \
		"POST /v1/job/web/scale nomad-scale-up-3.http"
	with+=(--host "http://127.0.0.1:$PORT")
	watch 3 4 2
}

@test "wire: lxd" {
	driver=lxd
	socket=$(mktemp -u /tmp/wire-XXXXXX)
	echo '[{"name":"a","config":{"user.autoscale.target":"web"}},
		{"name":"b","config":{"user.autoscale.target":"web"}}]' \
		>"$dir/sim/machines.json"
	with+=(--host "unix://$socket")
	restart() {
		[ ! -e "$dir/server.pid" ] || stop
		at python3 "$root/test/stub/lxd.py" "$socket" "$dir/sent" "$dir/sim"
		wait_until 10 test -S "$socket"
	}
	restart
	watch 2 4 1
}

# vendor NAME: two machines with that vendor
vendor() {
	driver=$1
	vendor_start a small here 7200 b small here 7100
	conf 'locations = {here}'
	with+=(-c "$dir/web.conf")
	restart() {
		kill "$(cat "$dir/vendor.pid")"
		rm -f "$dir/port"
		vendor_start a small here 7200 b small here 7100
		conf 'locations = {here}'
	}
	watch 2 3 1
}

@test "wire: hetzner" {
	vendor hetzner
}

@test "wire: digitalocean" {
	vendor digitalocean
}

@test "wire: exec" {
	driver=exec service=$dir/prog
	cat >"$dir/prog" <<-END
		#!/bin/sh
		verb=\$1; [ \$verb = state ] && verb=GET
		echo "{\"method\":\"\$verb\",\"path\":\"\$*\"}" >>'$dir/sent'
		[ \$1 != state ] || echo '{"instances":2,"ready":2}'
		[ \$1 = state ] || cat >/dev/null
	END
	chmod +x "$dir/prog"
	watch 2 3 1
	came | grep -q '^scale scale 2 1$'
}

@test "wire: file" {
	driver=file service=$dir/sim/count
	echo 2 >"$service"
	# there is no wire: what the file is stands for what came
	came() {
		echo "GET $(stat -c '%i %Y' "$service") $((++reads))" >>"$dir/calls"
		[ "$(stat -c '%i %y' "$service") $(cat "$service")" = "$was" ] ||
			echo "PUT $(cat "$service")" >>"$dir/calls"
		cat "$dir/calls"
	}
	restart() {
		rm -f "$dir/calls"
		echo 2 >"$service"
		was="$(stat -c '%i %y' "$service") $(cat "$service")"
	}
	restart
	watch 2 3 1
}

# --- what else is written ---

# settings RELOAD: a file written from a template, and then that
settings() {
	cat >"$dir/web.conf" <<-END
		target web { mode = auto }
		signal cpu { query = "x"  capacity = 1 }
		apply { driver = file  service = "$dir/sim/count" }
		tune all { template = "$dir/web.tmpl"  output = "$dir/web.cfg"
			reload = "$1" }
	END
	echo 2 >"$dir/sim/count"
	echo 'workers {{recommended_instances}};' >"$dir/web.tmpl"
	rm -f "$dir/web.cfg"
}

# tuned OPTION...: what as-apply makes of a decision from 2 to 3
tuned() {
	run --separate-stderr as-apply -c "$dir/web.conf" --now "$now" "$@" "$dir/in"
}

# quiet TOLD: neither a dry run nor monitor mode writes a file and is TOLD
quiet() {
	driver=file
	decide 2 3 >"$dir/in"
	tuned --dry-run
	[ "$(result '.tuned[0].status')" = dry-run ]
	tuned --mode monitor
	[ "$(result .status)" = monitor ]
	decide 2 3 '.mode = "monitor"' >"$dir/in"
	tuned
	[ ! -e "$dir/web.cfg" ]
	[ "$("$1")" = 0 ]
	decide 2 3 >"$dir/in"
	tuned
	[ "$(cat "$dir/web.cfg")" = 'workers 3;' ]
	wait_until 10 test "$("$1")" != 0
}

@test "wire: a reload by POST" {
	posts() {
		requests "/$BATS_TEST_NUMBER/" | wc -l
	}
	settings "$STUB/status=200/$BATS_TEST_NUMBER/reload"
	quiet posts
}

@test "wire: a reload by command" {
	runs() {
		[ -e "$dir/ran.out" ] && echo 1 || echo 0
	}
	settings "command:touch $dir/ran.out"
	quiet runs
}

@test "wire: a reload by signal" {
	signals() {
		# a shell hears when its sleep is over
		sleep 0.3
		[ -e "$dir/heard.out" ] && echo 1 || echo 0
	}
	sh -c 'trap ": >\"$1\"" HUP; while :; do sleep 0.1; done' sh \
		"$dir/heard.out" 3>&- &
	echo $! >"$dir/server.pid"
	settings "signal:HUP:$dir/server.pid"
	quiet signals
}

@test "wire: --dry-run of as-notify tells nobody, by any channel" {
	local kind keys n

	driver=file
	decide 2 3 | jq -c '.type = "result" | .result = { status: "applied",
		driver: "file", from: 2, to: 3 }' >"$dir/in"
	for kind in webhook slack discord dingtalk ntfy telegram alertmanager; do
		keys='token_file = ""'
		case $kind in
		telegram) keys='to = {"1"}' ;;
		*) keys= ;;
		esac
		(umask 077 && echo 12:secret >"$dir/secret")
		[ "$kind" != telegram ] || keys+=" secret_file = \"$dir/secret\""
		printf '%s\n' 'target web { }' 'signal cpu { query = "x" capacity = 1 }' \
			"notify n { channel = $kind $keys" \
			"url = \"$STUB/status=200/$BATS_TEST_NUMBER/$kind\" }" >"$dir/web.conf"
		n=$(wc -l <"$STUB_LOG")
		run --separate-stderr -0 as-notify -c "$dir/web.conf" --dry-run \
			--state "$dir/state" --now "$now" "$dir/in"
		[ -n "$stderr" ]
		[ "$(wc -l <"$STUB_LOG")" = "$n" ]
		[ ! -e "$dir/state" ]
		# whatever the answer is worth to it, it is asked
		run --separate-stderr as-notify -c "$dir/web.conf" --now "$now" "$dir/in"
		[ "$(wc -l <"$STUB_LOG")" -gt "$n" ] || fail "$kind sent nothing: $stderr"
	done
}

@test "wire: --dry-run of as-notify runs no program, and sends no mail" {
	driver=file
	decide 2 3 | jq -c '.type = "result" | .result = { status: "applied",
		driver: "file", from: 2, to: 3 }' >"$dir/in"
	printf '#!/bin/sh\ncat >"%s/ran.out"\n' "$dir" >"$dir/tell"
	chmod +x "$dir/tell"
	# a server that counts who comes, and says nothing more
	at_port python3 -u -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])
while True:
    c, _ = s.accept()
    open(sys.argv[1], "a").write("{}\n")
    c.close()' "$dir/sent"
	printf '%s\n' 'target web { }' 'signal cpu { query = "x" capacity = 1 }' \
		"notify p { channel = exec program = \"$dir/tell\" }" \
		"notify m { channel = email url = \"smtp://127.0.0.1:$PORT\"" \
		'from = "a@example.org" to = {"b@example.org"} timeout = 2s }' \
		>"$dir/web.conf"
	run --separate-stderr -0 as-notify -c "$dir/web.conf" --dry-run --now "$now" "$dir/in"
	[ ! -e "$dir/ran.out" ]
	[ ! -s "$dir/sent" ]
	run --separate-stderr -3 as-notify -c "$dir/web.conf" --now "$now" "$dir/in"
	[ -s "$dir/ran.out" ]
	[ -s "$dir/sent" ]
}
