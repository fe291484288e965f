# The drivers docker and compose against answers of an engine: what is sent, to
# the byte. The real engine is in e2e.

load lib/common
load lib/decision.bash
load lib/replay.bash

API=/v1.41
ALL="$API/containers/json?all=true&filters=%7B%22label%22%3A%5B%22app%3Dweb%22%5D%7D"
OLD=1700000000

setup() {
	unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
	dir=$BATS_TEST_TMPDIR
	driver=docker
	service=app=web
	answer version 200 '{"ApiVersion":"1.41"}'
	answer image 200 '{"Id":"sha256:aa"}'
	answer made 201 '{"Id":"new","Warnings":[]}'
	list one "$(row web a running)"
	list two "$(row web a running)" "$(row web-2 b running)"
	answer web 200 "$(container)"
	answers <<-END
		GET /version version
		GET $ALL one
		GET $ALL one
		GET $ALL two
		GET $API/containers/$(id a)/json web
		GET $API/images/app:1/json image
		POST $API/containers/create?name=web-2 made
		POST $API/containers/web-2/start 204
	END
}

teardown() {
	replay_stop
}

id() { # LETTER: 64 of it
	printf "%064d" 0 | tr 0 "$1"
}

# row NAME LETTER STATE [STATUS [CREATED [OURS]]]: a container in a list
row() {
	jq -cn --arg id "$(id "$2")" --arg name "/$1" --arg state "$3" \
		--arg status "${4:-Up 2 minutes}" --argjson created "${5:-$OLD}" \
		--arg ours "${6:-}" '{ Id: $id, Names: ["/other/alias", $name],
		State: $state, Status: $status, Created: $created,
		Labels: ({ app: "web" } + if $ours == "" then {} else
			{ "autoscale.replica": $ours } end) }'
}

list() { # NAME ROW...: an answer
	local name=$1

	shift
	answer "$name" 200 "[$(printf '%s\n' "$@" | paste -sd,)]"
}

# container [FILTER]: what the engine says of the container web; odd blanks and
# numbers show that the rest goes back as it came
container() {
	printf '{"Id":"%s","Image":"sha256:aa","Name":"/web","Config":{"Hostname":"%s","Image":"app:1" , "Cmd":["a b"],"Labels":{"app":"web"},"New":12345678901234567890},"HostConfig":{"NetworkMode":"default","Memory":1e2,"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"},{"HostIp":"::1","HostPort":"9000-9010"}]},"Links":["/db:/web/store"]},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2"}}}}' \
		"$(id a)" "$(id a | cut -c1-12)"
}

apply() {
	as-apply --driver "$driver" --service "$service" --now "$now" \
		--host "tcp://127.0.0.1:$PORT" --timeout 5s "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver "$driver" --now "$now" \
		--service "$service" --host "tcp://127.0.0.1:$PORT"
}

# always REQUEST ANSWER...: what the script says to METHOD PATH, instead
always() {
	local request=$1

	shift
	grep -vF "$request " "$dir/script" >"$dir/script.new" || :
	for name; do
		echo "$request $name" >>"$dir/script.new"
	done
	mv "$dir/script.new" "$dir/script"
}

@test "docker: what is sent to make a replica, to the byte" {
	replay_start
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(sent POST)" = "POST $API/containers/create?name=web-2
POST $API/containers/web-2/start" ]
	run -0 jq -r 'select(.path | contains("create")) | .body' "$dir/sent"
	expected='{"Hostname":"","Image":"app:1" , "Cmd":["a b"],"Labels":{"app":"web","autoscale.replica":"web"},"New":12345678901234567890,"HostConfig":{"NetworkMode":"default","Memory":1e2,"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":""},{"HostIp":"::1","HostPort":"9000-9010"}]},"Links":["db:store"],"ContainerIDFile":""},"NetworkingConfig":{"EndpointsConfig":{}}}'
	[ "$output" = "$expected" ]
}

@test "docker: the container's state and health say what counts and serves" {
	list many "$(row web a running)" \
		"$(row web-2 b running 'Up 2 minutes (unhealthy)')" \
		"$(row web-3 c running 'Up 3 seconds (health: starting)')" \
		"$(row web-4 d running 'Up Less than a second')" \
		"$(row web-5 e restarting 'Restarting (1) 2 seconds ago')" \
		"$(row web-6 f paused 'Up 2 hours (Paused)')" \
		"$(row web-7 1 exited 'Exited (0) 2 hours ago')" \
		"$(row web-8 2 dead Dead)" \
		"$(row web-9 3 created Created)" \
		"$(row web-10 4 created Created "$OLD" web)" \
		"$(row web-11 5 created Created "$(date +%s)" web)" \
		"$(row web-12 6 running 'Up 2 hours (healthy)')"
	always "GET $ALL" many
	replay_start
	read_state
	# one of ours just created is on its way; older ones and others' are not
	[ "$(state '"\(.instances) \(.ready)"')" = "8 2" ]
}

@test "docker: what does not serve is removed first, then the newest" {
	list many "$(row web a running)" "$(row web-2 b running '' $((OLD + 9)))" \
		"$(row web-3 c running 'Up 1 hour (unhealthy)' $((OLD + 1)))" \
		"$(row web-4 d running '' $((OLD + 5)))"
	always "GET $ALL" many
	for letter in b c d; do
		always "GET $API/containers/$(id $letter)/json" web
	done
	replay_start
	decide 4 1 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	expected=
	for letter in c b d; do
		expected+="POST $API/containers/$(id $letter)/stop; "
	done
	for letter in c b d; do
		expected+="DELETE $API/containers/$(id $letter); "
	done
	expected=${expected%; }
	[ "$(result .request)" = "$expected" ]
	[ "$(wrote)" = 0 ]
}

# shrinking: three containers of which one is to stay
shrinking() {
	list three "$(row web a running '' "$OLD")" \
		"$(row web-2 b running '' $((OLD + 1)))" \
		"$(row web-3 c running '' $((OLD + 2)) web)"
	list one "$(row web a running)"
	always "GET $ALL" three three one
	for letter in b c; do
		always "GET $API/containers/$(id $letter)/json" web
		always "POST $API/containers/$(id $letter)/stop" 204
	done
	always "DELETE $API/containers/$(id b)" 204
	always "DELETE $API/containers/$(id c)?v=true" 204
	decide 3 1 >"$dir/in"
}

@test "docker: each is stopped, then deleted; only ours with its volumes" {
	shrinking
	replay_start
	run -0 apply "$dir/in"
	outcome applied
	[ "$(sent POST | sort)" = "POST $API/containers/$(id b)/stop
POST $API/containers/$(id c)/stop" ]
	[ "$(sent DELETE)" = "DELETE $API/containers/$(id c)?v=true
DELETE $API/containers/$(id b)" ]
	[ "$(sent | grep -n stop | tail -n 1 | cut -d: -f1)" -lt \
		"$(sent | grep -n DELETE | head -n 1 | cut -d: -f1)" ]
}

@test "docker: stopped already, or deleted by itself: as good" {
	shrinking
	answer busy 409 '{"message":"removal of container c is already in progress"}'
	always "POST $API/containers/$(id b)/stop" 304
	always "DELETE $API/containers/$(id b)" 404
	always "DELETE $API/containers/$(id c)?v=true" busy
	replay_start
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .error)" = null ]
	# removed by somebody between two requests
	replay_stop
	always "POST $API/containers/$(id c)/stop" 404
	always "DELETE $API/containers/$(id c)?v=true" 404
	replay_start
	run -0 apply "$dir/in"
	outcome applied
}

@test "docker: one that cannot be deleted is told; the count is right" {
	shrinking
	answer broken 500 '{"message":"driver overlay2 failed to remove"}'
	always "DELETE $API/containers/$(id b)" broken
	replay_start
	run -0 --separate-stderr apply "$dir/in"
	outcome applied "*driver overlay2 failed to remove"
}

@test "docker: one of two cannot be stopped: the other is, and it is told" {
	shrinking
	answer broken 500 '{"message":"cannot stop container"}'
	always "POST $API/containers/$(id b)/stop" broken
	list left "$(row web a running)" "$(row web-2 b running)"
	always "GET $ALL" three three left
	replay_start
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*cannot stop container; not carried out: it has 2"
	[ "$(sent DELETE)" = "DELETE $API/containers/$(id c)?v=true" ]
}

@test "docker: the version changes with the containers, not with their order" {
	list mixed "$(row web-2 b running)" "$(row web a running 'Up 9 days')"
	list other "$(row web a running)" "$(row web-3 c running)"
	always "GET $ALL" two mixed other
	replay_start
	for k in 1 2 3; do
		read_state
		seen[k]=$(state .version)
	done
	[ "${#seen[1]}" = 16 ]
	[ "${seen[1]}" = "${seen[2]}" ]
	[ "${seen[1]}" != "${seen[3]}" ]
}

@test "docker: what an earlier run made and never started is taken away" {
	list left "$(row web a running)" \
		"$(row web-2 b created Created "$OLD" web)" \
		"$(row web-3 c created Created "$OLD")" \
		"$(row web-4 d exited 'Exited (1)' "$OLD" web)"
	always "GET $ALL" left
	replay_start
	decide 1 2 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $API/containers/$(id b)?v=true; POST $API/containers/create?name=web-5; POST $API/containers/web-5/start" ]
	[ "$(wrote)" = 0 ]
}

@test "docker: a name that another took meanwhile: refused, nothing undone" {
	answer taken 409 '{"message":"Conflict. The container name \"/web-2\" is already in use by container \"ff\"."}'
	always "POST $API/containers/create?name=web-2" taken
	replay_start
	decide 1 2 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "*answered 409*is already in use*"
	[ "$(wrote)" = 1 ]
}

@test "docker: one that cannot start is deleted; what is there is read back" {
	answer broken 500 '{"message":"driver failed: port is already allocated"}'
	always "POST $API/containers/web-2/start" broken
	echo "DELETE $API/containers/web-2?force=true&v=true 204" >>"$dir/script"
	replay_start
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*answered 500: driver failed: port is already allocated"
	[ "$(sent DELETE)" = "DELETE $API/containers/web-2?force=true&v=true" ]
}

@test "docker: a failure after the first of two: what was done stays and is told" {
	answer broken 500 '{"message":"no space left on device"}'
	always "POST $API/containers/create?name=web-3" broken
	replay_start
	decide 1 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*no space left on device; not carried out: it has 2"
	[ -z "$(sent DELETE)" ]
}

@test "docker: an image whose tag has moved is named by its id" {
	answer image 200 '{"Id":"sha256:bb"}'
	replay_start
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(jq -r 'select(.path | contains("create")) | .body | fromjson.Image' "$dir/sent")" = sha256:aa ]
}

@test "docker: dry run, monitor and refused send nothing but GET" {
	always "GET $ALL" one
	replay_start
	decide 1 2 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result .request)" = "POST $API/containers/create?name=web-2; POST $API/containers/web-2/start" ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	decide 2 3 >"$dir/in"
	run -1 apply "$dir/in"
	version=0123456789abcdef
	decide 1 2 >"$dir/in"
	run -1 apply "$dir/in"
	[ "$(wrote)" = 0 ]
	[ "$(sent GET | wc -l)" -ge 6 ]
}

@test "compose: its labels are asked for, and no container run once" {
	driver=compose service='shop/we"b'
	replay_start
	read_state
	[ "$status" = 3 ]
	filter=$(sent GET | sed -n 's/.*filters=//p' | head -n 1)
	[ "$(printf '%b' "${filter//%/\\x}")" = '{"label":["com.docker.compose.project=shop","com.docker.compose.service=we\"b","com.docker.compose.oneoff=False"]}' ]
}
