# scripts/examples/Containerfile built by a real Docker Engine, and what comes of
# it; the socket proxy of compose.yml before a real Swarm. The engine has no
# network: the base image is made by debootstrap, and packages come by a relay.
#
#     AS_BASE_TAR   a tar of such a base, where one is at hand already

load ../lib/common
load ../lib/services.sh
load ../lib/decision.bash

MIRROR=deb.debian.org:80
IMAGE=autoscale:0.1.0

# what is missing for it on this machine
unusable() {
	local tool

	docker_usable || return
	for tool in debootstrap nsenter nginx python3; do
		command -v "$tool" >/dev/null ||
			{ echo "no $tool on this machine" && return 1; }
	done
	curl -fsS -m 10 -o /dev/null -I \
		"http://$MIRROR/debian/dists/bookworm/InRelease" 2>/dev/null ||
		{ echo "$MIRROR is out of reach" && return 1; }
}

# base_image: debian:bookworm-slim, as far as the recipe needs it
base_image() {
	local from=${AS_BASE_TAR:-$SVC/base.tar}

	if [ ! -f "$from" ]; then
		debootstrap --variant=minbase bookworm "$SVC/base" \
			"http://${MIRROR%:*}/debian" >"$SVC/debootstrap.log" 2>&1 ||
			return 1
		tar -C "$SVC/base" --exclude './dev/*' -cf "$from" . || return 1
	fi
	docker_api '/v1.41/images/create?fromSrc=-&repo=debian&tag=bookworm-slim' \
		-H 'Content-Type: application/x-tar' -T "$from" -X POST >/dev/null
}

# relay_start: in the engine's network 127.0.0.1:3142 leads to the mirror
relay_start() {
	local child

	child=$(cat "/proc/$(svc_pid dockerd)/task/$(svc_pid dockerd)/children")
	exec 9</proc/self/ns/net
	svc_spawn relay nsenter --net="/proc/${child% }/ns/net" \
		python3 "$root/test/lib/relay.py" 3142 "$MIRROR" /proc/self/fd/9
	exec 9<&-
	svc_ready relay 10 grep -q listens "$SVC/relay.log"
}

# image_build: by the recipe, from what the repository holds
image_build() {
	tar -C "$root" -c Makefile cmd common man scripts |
		docker_api "/v1.41/build?t=$IMAGE&networkmode=host&rm=true$(
			)&dockerfile=scripts/examples/Containerfile$(
			)&buildargs=%7B%22http_proxy%22%3A%22http%3A%2F%2F127.0.0.1%3A3142%22%7D" \
			-H 'Content-Type: application/x-tar' -T - -X POST \
			>"$SVC/build.json" &&
		! jq -e 'select(.error) | .error' "$SVC/build.json"
}

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(unusable) || {
		export WHY_NOT
		echo "# container tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	docker_start
	relay_start
	base_image
	image_build || {
		jq -r '.stream // .error // empty' "$SVC/build.json" | tail -n 30 >&3
		return 1
	}
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
}

teardown() {
	[ -n "${WHY_NOT:-}" ] || docker_api "/v1.41/containers/json?all=true" |
		jq -r .[].Id | while read -r id; do
		# a swarm may be taking its own away
		docker_api "/v1.41/containers/$id?force=true&v=true" -X DELETE || :
	done
}

# run_image NAME COMMAND [FILTER]: a container of it, shut in as those of
# compose.yml and kubernetes.yml are
run_image() {
	jq -n --argjson cmd "$2" --arg image "$IMAGE" '{
		Image: $image, Cmd: $cmd,
		HostConfig: { ReadonlyRootfs: true, CapDrop: ["ALL"],
			NetworkMode: "none", SecurityOpt: ["no-new-privileges:true"],
			Tmpfs: { "/tmp": "" } } } | '"${3:-.}" |
		docker_api "/v1.41/containers/create?name=$1" -d @- >/dev/null
	docker_api "/v1.41/containers/$1/start" -X POST
}

# finished NAME: waits for its end; sets code and output
finished() {
	code=$(docker_api "/v1.41/containers/$1/wait" -X POST | jq .StatusCode)
	output=$(docker_api "/v1.41/containers/$1/logs?stdout=1&stderr=1" |
		perl -e 'while (read STDIN, $h, 8) {
			read STDIN, $x, unpack "x4N", $h; print $x }')
}

# once COMMAND: runs it in a shell of the image
once() {
	run_image "once$BATS_TEST_NUMBER" \
		"$(jq -cn --arg c "$1" '["sh", "-c", $c]')" "${2:-.}"
	finished "once$BATS_TEST_NUMBER"
	docker_api "/v1.41/containers/once$BATS_TEST_NUMBER?force=true" -X DELETE
	[ "$code" = "${3:-0}" ] || { echo "$code: $output" && return 1; }
}

@test "container: every command runs, as a user of its own, without compilers" {
	for command in "$B"/as-* as-loop; do
		echo "${command##*/} --version >/dev/null || exit 9"
	done | grep -v '\.' >"$dir/all"
	once "$(cat "$dir/all")"
	once 'id -u; id -g'
	[ "$output" = $'10001\n10001' ]
	once 'command -v gcc make cc1; ls /src /usr/include/curl' . 2
	# all that is linked is there
	once 'ldd /usr/bin/as-[!l]* /usr/bin/as-log | grep "not found"' . 1
	docker_api "/v1.41/images/$IMAGE/json" | jq -e \
		'.Config | .User == "10001" and (.Healthcheck.Test | length) > 0'
}

@test "container: the loop turns, keeps its journal in a volume, and is well" {
	mkdir "$dir/etc"
	cat >"$dir/etc/web.conf" <<-END
		target web { decision_interval = 1s  mode = auto }
		source { type = proc }
		signal cpu { query = cpu  capacity = 64  unit = cores }
		apply { driver = file  service = "/var/lib/autoscale/count" }
	END
	chmod -R a+rX "$dir"
	volumes=".HostConfig.Binds = [\"$dir/etc:/etc/autoscale:ro\", \"state:/var/lib/autoscale\"]"
	once 'echo 2 >/var/lib/autoscale/count' "$volumes"
	# the command of compose.yml
	GRAFANA_PASSWORD=x docker-compose -f "$root/scripts/examples/compose.yml" \
		--profile loop config >"$dir/stack.yml"
	command=$(/usr/bin/python3 -c 'import json, sys, yaml
print(json.dumps([w.replace("$$", "$") for w in
    yaml.safe_load(open(sys.argv[1]))["services"]["autoscale"]["command"]]))' \
		"$dir/stack.yml")
	run_image loop "$command" "$volumes | .HostConfig.Binds += [\"metrics:/metrics\"] |
		.Healthcheck = { Interval: 1000000000 }"
	well() {
		docker_api /v1.41/containers/loop/json |
			jq -e '.State.Health.Status == "healthy"'
	}
	wait_until 30 well
	svc_wait 20 once 'cat /metrics/autoscale.prom' '.HostConfig.Binds = ["metrics:/metrics"]'
	grep -q '^autoscale_instances{target="web"} 2' <<<"$output"
	# a stop is a stop: the turn in hand is finished
	SECONDS=0
	docker_api '/v1.41/containers/loop/stop?t=20' -X POST
	[ "$SECONDS" -lt 15 ]
	finished loop
	[ "$code" = 0 ]
	once 'as-log --state /var/lib/autoscale --last 1 | grep -c "target.*web"' "$volumes"
	[ "$output" = 1 ]
}

@test "container: the socket proxy lets a Swarm be scaled, and nothing be made" {
	swarm_start
	docker_import web:1
	swarm_create web web:1 2
	sed "s|unix:/filtered/docker.sock|unix:$SVC/f.sock|
		s|unix:/var/run/docker.sock|unix:$DOCKER_SOCKET|
		s| /tmp/| $SVC/|" "$root/scripts/examples/docker-proxy.nginx" \
		>"$SVC/nginx.conf"
	svc_spawn proxy nginx -p "$SVC" -c "$SVC/nginx.conf"
	wait_until 10 test -S "$SVC/f.sock"
	driver=swarm service=web
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	proxied=unix://$SVC/f.sock
	run -0 as-fetch --driver swarm --service web --host "$proxied"
	[ "$(state .instances)" = 2 ]
	version=$(state .version)
	decide 2 4 >"$dir/in"
	run -0 as-apply --driver swarm --service web --host "$proxied" \
		--timeout 60s "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	[ "$(swarm_replicas web)" = 4 ]
	# the same socket makes no container, and shows no other service
	run -22 curl -fsS --unix-socket "$SVC/f.sock" -X POST \
		-H 'Content-Type: application/json' -d '{"Image":"web:1"}' \
		http://docker/v1.41/containers/create
	swarm_create other web:1 1
	run as-fetch --driver swarm --service other --host "$proxied"
	decide 1 2 >"$dir/in"
	run as-apply --driver swarm --service other --host "$proxied" "$dir/in"
	[ "$status" != 0 ]
	[ "$(swarm_replicas other)" = 1 ]
	docker_api /v1.41/services/web -X DELETE
	docker_api /v1.41/services/other -X DELETE
}
