# shellcheck shell=bash
# services.sh - real services for the end-to-end tests
# Every service runs in the background with its log and its pid under one
# folder ($SVC), listens on 127.0.0.1 on a port that the kernel chose, and is
# ended by pid. The caller does
#
#     svc_begin                     # in setup_file
#     prometheus_start NAME ...     # as many as it likes
#     svc_end                       # in teardown_file; undoes all of it
#
# Functions return 0, or 1 after a line on standard error.

SVC_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# svc_begin: makes the folder. Its name is short: a unix socket's path must
# stay under 108 bytes.
svc_begin() {
	SVC=$(mktemp -d /tmp/as-e2e.XXXXXX) && export SVC || return 1
	# bats may be interrupted or killed, teardown_file and all
	# shellcheck disable=SC2016
	setsid bash -c '. "$1" && svc_guard "$2" "$3"' bash \
		"$SVC_LIB/services.sh" "$$" "$(svc_birth $$)" \
		>/dev/null 2>&1 </dev/null 3>&- 4>&- &
	disown $!
}

# svc_guard PID BIRTH: waits until that process, the one that began, is gone or
# the folder is, and ends what is left
svc_guard() {
	while [ -d "$SVC" ] && [ "$(svc_birth "$1")" = "$2" ]; do
		sleep 1
	done
	svc_end
}

# svc_end: ends every service still recorded, the last one first, and takes
# the folder away. Doing it twice does no harm.
svc_end() {
	local name

	[ -n "${SVC:-}" ] && [ -d "$SVC" ] || return 0
	for name in $(tac "$SVC/started" 2>/dev/null); do
		svc_stop "$name"
	done
	rm -rf "$SVC"
}

# svc_wait SECONDS COMMAND...: repeats COMMAND until it succeeds
svc_wait() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# When a process was started, in clock ticks: with the pid it names one process
# for ever, where a pid alone may come back as another's.
svc_birth() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

# svc_spawn NAME COMMAND...: runs it in a session of its own. Descriptors 3 and
# 4 are bats': a child that kept them would keep bats waiting.
svc_spawn() {
	local name=$1

	shift
	setsid "$@" >"$SVC/$name.log" 2>&1 </dev/null 3>&- 4>&- &
	echo "$! $(svc_birth $!)" >"$SVC/$name.pid"
	disown $!
	echo "$name" >>"$SVC/started"
}

svc_pid() {
	cut -d' ' -f1 "$SVC/$1.pid"
}

# svc_alive NAME: runs, and is the process we started (a zombie does not run)
svc_alive() {
	local pid birth

	read -r pid birth <"$SVC/$1.pid" 2>/dev/null || return 1
	[ "$(svc_birth "$pid")" = "$birth" ] &&
		! grep -q '^State:.Z' "/proc/$pid/status"
}

svc_gone() {
	! svc_alive "$1"
}

# svc_signal NAME SIGNAL
svc_signal() {
	svc_alive "$1" && kill -s "$2" "$(svc_pid "$1")"
}

# svc_stop NAME: TERM, and KILL after ten seconds
svc_stop() {
	if [ "$1" = dockerd ]; then
		docker_stop
		return
	fi
	if svc_signal "$1" TERM; then
		svc_wait 10 svc_gone "$1" || svc_signal "$1" KILL
	fi
	rm -f "$SVC/$1.pid"
}

# svc_ready NAME SECONDS COMMAND...: waits, and shows the log if it was in vain
svc_ready() {
	local name=$1 limit=$2

	shift 2
	svc_wait "$limit" "$@" && return 0
	echo "$name: not ready after $limit s:" >&2
	tail -n 5 "$SVC/$name.log" >&2
	return 1
}

# The port that Prometheus and its exporters say in their logs that they got
svc_logged_port() {
	sed -n 's/.*msg="Listening on" .*address=[^ ]*:\([0-9]*\).*/\1/p' \
		"$SVC/$1.log" | grep .
}

# history_into TSDB END DAYS STEP: back-fills a Prometheus' folder. One block
# for all: with the default of one for every two hours this takes half a minute.
history_into() {
	awk -v end="$2" -v days="$3" -v step="$4" -f "$SVC_LIB/history.awk" \
		>"$SVC/history.om" &&
		promtool tsdb create-blocks-from openmetrics \
			--max-block-duration=768h -q "$SVC/history.om" "$1" &&
		rm -f "$SVC/history.om"
}

# prometheus_spawn NAME CONFIG [OPTION...]: starts one that reads CONFIG, with
# its data in $SVC/NAME, and waits for its port only. Sets PORT and URL.
prometheus_spawn() {
	local name=$1 config=$2

	shift 2
	svc_spawn "$name" prometheus --config.file="$config" \
		--storage.tsdb.path="$SVC/$name" \
		--storage.tsdb.retention.time=10y \
		--web.listen-address=127.0.0.1:"${PROMETHEUS_PORT:-0}" "$@" &&
		svc_ready "$name" 20 svc_logged_port "$name" || return 1
	PORT=$(svc_logged_port "$name" | tail -n 1)
	URL=http://127.0.0.1:$PORT
}

# 401 comes only from a server that is up and wants a password
prometheus_answers() {
	case $(curl -s -o /dev/null -w '%{http_code}' "$1/-/ready") in
	200 | 401) ;;
	*) return 1 ;;
	esac
}

# prometheus_start NAME CONFIG [OPTION...]: the same, and waits until it is ready
prometheus_start() {
	prometheus_spawn "$@" && svc_ready "$1" 30 prometheus_answers "$URL"
}

# prometheus_value URL QUERY: a value now, as Prometheus prints it; fails when
# there is none
prometheus_value() {
	curl -fsS -G "$1/api/v1/query" --data-urlencode "query=$2" |
		jq -er '.data.result[0].value[1]'
}

# node_exporter_start: sets PORT
node_exporter_start() {
	svc_spawn node_exporter prometheus-node-exporter \
		--web.listen-address=127.0.0.1:0 &&
		svc_ready node_exporter 20 svc_logged_port node_exporter &&
		PORT=$(svc_logged_port node_exporter)
}

# app_build FILE: the small application, static
app_build() {
	"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -static -pthread \
		-o "$1" "$SVC_LIB/../../scripts/demo/app.c"
}

# app_start: builds and runs it; sets PORT
app_start() {
	app_build "$SVC/app" && svc_spawn app "$SVC/app" &&
		svc_ready app 10 grep -q . "$SVC/app.log" &&
		PORT=$(cat "$SVC/app.log")
}

# Docker: an engine in network, mount and process namespaces of its own. What
# it mounts and which addresses and packet rules it makes vanish with it, and
# so does every process under it once the first one ends; only control groups
# have to be taken away. Its files are under $SVC but for what it cannot be told
# to put elsewhere: those folders are covered.

docker_enter() {
	unshare --net --mount --propagation private --pid --fork --kill-child \
		--mount-proc "$@"
}

# docker_usable: probes what the engine needs; prints what is missing
docker_usable() {
	local tool dir

	[ "$(id -u)" = 0 ] || { echo "not root" && return 1; }
	for tool in dockerd containerd runc unshare ip iptables busybox; do
		command -v "$tool" >/dev/null ||
			{ echo "no $tool on this machine" && return 1; }
	done
	docker_enter true 2>/dev/null ||
		{ echo "the kernel gives no namespaces" && return 1; }
	docker_enter sh -c 'ip link set lo up &&
		ip link add as0 type bridge && ip link set as0 up &&
		ip link add as1 type veth peer name as2' 2>/dev/null ||
		{ echo "the kernel gives no bridge or veth devices" && return 1; }
	docker_enter sh -c 'mount -t tmpfs tmpfs /run && iptables -w 2 \
		-t nat -A POSTROUTING -s 10.1.2.0/24 -j MASQUERADE' \
		>/dev/null 2>&1 ||
		{ echo "the kernel gives no packet rules (nat)" && return 1; }
	dir=$(mktemp -d /tmp/as-e2e.XXXXXX) || return 1
	mkdir "$dir/l" "$dir/u" "$dir/w" "$dir/m"
	if ! docker_enter mount -t overlay overlay -o \
		"lowerdir=$dir/l,upperdir=$dir/u,workdir=$dir/w" "$dir/m" \
		2>/dev/null; then
		rm -rf "$dir"
		echo "the kernel gives no overlay file system" && return 1
	fi
	rm -rf "$dir"
	cgroups_usable
}

cgroups_usable() {
	local dir made

	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		dir=/sys/fs/cgroup
		grep -qw memory "$dir/cgroup.controllers" ||
			{ echo "no memory control groups" && return 1; }
	else
		dir=/sys/fs/cgroup/memory
	fi
	made=$dir/as-e2e-probe-$$
	if mkdir "$made" 2>/dev/null; then
		rmdir "$made"
	else
		echo "control groups cannot be made" && return 1
	fi
}

# docker_start [OPTION...]: a daemon with a private socket, data root and exec
# root. Options are dockerd's own.
docker_start() {
	local d=$SVC/docker

	mkdir -p "$d" && echo '{}' >"$d/daemon.json" || return 1
	DOCKER_SOCKET=$SVC/docker.sock
	export DOCKER_SOCKET
	# $1 to $3 are the inner shell's
	# shellcheck disable=SC2016
	svc_spawn dockerd unshare --net --mount --propagation private --pid \
		--fork --kill-child --mount-proc sh -c '
		mount -t tmpfs tmpfs /run || exit 1
		[ ! -d /etc/docker ] || mount -t tmpfs tmpfs /etc/docker
		ip link set lo up
		d=$1 socket=$2 group=$3
		shift 3
		exec dockerd --config-file "$d/daemon.json" \
			--data-root "$d/data" --exec-root "$d/exec" \
			--pidfile "$d/pid" -H "unix://$socket" \
			--cgroup-parent "/$group" \
			--exec-opt native.cgroupdriver=cgroupfs "$@"
		' sh "$d" "$DOCKER_SOCKET" "$(docker_group)" "$@" &&
		svc_ready dockerd 60 docker_api /_ping
}

# docker_nodes N: N daemons instead of one, each in a network of its own, joined
# by a bridge: number K is at 10.77.0.K and has the socket $SVC/nodeK.sock.
# DOCKER_SOCKET is the first one's. docker_stop ends them all.
docker_nodes() {
	local k

	DOCKER_SOCKET=$SVC/node1.sock
	export DOCKER_SOCKET
	for k in $(seq "$1"); do
		mkdir -p "$SVC/node$k" && echo '{}' >"$SVC/node$k/daemon.json" ||
			return 1
	done
	# the words in quotes are the inner shells'
	# shellcheck disable=SC2016
	svc_spawn dockerd unshare --net --mount --propagation private --pid \
		--fork --kill-child --mount-proc sh -c '
		ip link add nodes type bridge && ip link set nodes up || exit 1
		for k in $(seq "$1"); do
			unshare --net --mount --propagation private \
				sh -c "$4" sh "$2/node$k" "$3" "$k" &
			while [ ! -e "$2/node$k/apart" ]; do sleep 0.05; done
			ip link add "node$k" type veth peer name eth0 netns $! &&
				ip link set "node$k" master nodes up || exit 1
		done
		wait' sh "$1" "$SVC" "$(docker_group)" '
		: >"$1/apart"
		mount -t tmpfs tmpfs /run || exit 1
		[ ! -d /etc/docker ] || mount -t tmpfs tmpfs /etc/docker
		while ! ip link set eth0 up 2>/dev/null; do sleep 0.05; done
		ip link set lo up
		ip addr add "10.77.0.$3/24" dev eth0
		exec dockerd --config-file "$1/daemon.json" \
			--data-root "$1/data" --exec-root "$1/exec" \
			--pidfile "$1/pid" -H "unix://$1.sock" \
			--cgroup-parent "/$2" \
			--exec-opt native.cgroupdriver=cgroupfs' || return 1
	for k in $(seq "$1"); do
		svc_ready dockerd 60 docker_at "$k" docker_api /_ping ||
			return 1
	done
}

# docker_at K COMMAND...: one of the commands here, of number K
docker_at() {
	DOCKER_SOCKET=$SVC/node$1.sock "${@:2}"
}

# docker_kill K: the daemon with number K is gone, without a word
docker_kill() {
	local p

	for p in $(grep -lFz "$SVC/node$1/data" /proc/[0-9]*/cmdline 2>/dev/null); do
		p=${p%/cmdline}
		[ "$(cat "$p/comm")" != dockerd ] ||
			kill -s KILL "${p#/proc/}"
	done
}

# swarm_join N: the daemons 1 to N become one swarm, the first its manager
swarm_join() {
	local k token

	docker_api /v1.41/swarm/init >/dev/null -d '{
		"ListenAddr": "10.77.0.1:2377", "AdvertiseAddr": "10.77.0.1",
		"Spec": { "Dispatcher": { "HeartbeatPeriod": 1000000000 } } }' &&
		token=$(docker_api /v1.41/swarm | jq -er .JoinTokens.Worker) ||
		return 1
	for k in $(seq 2 "$1"); do
		docker_at "$k" docker_api /v1.41/swarm/join -d '{
			"ListenAddr": "10.77.0.'"$k"':2377",
			"AdvertiseAddr": "10.77.0.'"$k"'",
			"RemoteAddrs": ["10.77.0.1:2377"],
			"JoinToken": "'"$token"'" }' || return 1
	done
}

# docker_inside COMMAND...: runs it in the network of the daemon, where what it
# listens to besides the socket is
docker_inside() {
	local child

	child=$(cat "/proc/$(svc_pid dockerd)/task/$(svc_pid dockerd)/children")
	nsenter "--net=/proc/${child%% *}/ns/net" "$@"
}

# docker_stop: kills the first process of the namespaces, and so all of them.
# No last words are wanted from it: everything it knows goes with the folder.
docker_stop() {
	local child

	if svc_alive dockerd; then
		child=$(cat "/proc/$(svc_pid dockerd)/task/$(svc_pid dockerd)/children")
		# shellcheck disable=SC2086
		kill -s KILL ${child:-$(svc_pid dockerd)}
		svc_wait 20 svc_gone dockerd || svc_signal dockerd KILL
	fi
	rm -f "$SVC/dockerd.pid"
	svc_wait 10 docker_groups_gone
}

# The name of the control group, in every hierarchy, that the engine works under
docker_group() {
	echo "as-e2e-${SVC##*.}"
}

docker_groups_gone() {
	local group

	group=$(docker_group)
	find /sys/fs/cgroup -depth -type d -path "*/$group*" \
		-exec rmdir {} + 2>/dev/null
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$group")" ]
}

# docker_traces: what an engine could leave on this machine: devices, packet
# rules, mounts, namespaces, control groups, files in folders that are not ours
docker_traces() {
	ip -o link | cut -d' ' -f2
	iptables-save | sed '/^#/d; s/\[.*//'
	cut -d' ' -f2 /proc/self/mounts
	ls -A /run/netns /run/docker /etc/docker /var/lib/docker 2>/dev/null || :
	find /sys/fs/cgroup -maxdepth 2 -name "$(docker_group)"
}

# docker_api PATH [CURL-OPTION...]: one call of the Engine API
docker_api() {
	local path=$1

	shift
	curl -fsS --unix-socket "$DOCKER_SOCKET" \
		-H 'Content-Type: application/json' "http://docker$path" "$@"
}

# docker_import NAME: an image whose whole content is busybox
docker_import() {
	local root=$SVC/root

	mkdir -p "$root/bin" && cp "$(command -v busybox)" "$root/bin/" &&
		ln -sf busybox "$root/bin/httpd" &&
		tar -C "$root" -c . |
		curl -fsS --unix-socket "$DOCKER_SOCKET" -X POST \
			-H 'Content-Type: application/x-tar' --data-binary @- \
			"http://docker/v1.41/images/create?fromSrc=-&repo=$1" \
			>/dev/null
}

# swarm_start: makes the engine a swarm of one node
swarm_start() {
	docker_api /v1.41/swarm/init >/dev/null \
		-d '{"ListenAddr":"127.0.0.1:2377","AdvertiseAddr":"127.0.0.1"}'
}

# swarm_create NAME IMAGE REPLICAS: a service with labels and limits, so that an
# update that forgets part of the specification is seen
swarm_create() {
	docker_api /v1.41/services/create >/dev/null -d '{
		"Name": "'"$1"'",
		"Labels": { "team": "shop" },
		"TaskTemplate": {
			"ContainerSpec": {
				"Image": "'"$2"'",
				"Command": ["/bin/httpd", "-f", "-p", "8080"],
				"Env": ["KEEP=me"],
				"StopGracePeriod": 100000000
			},
			"Resources": { "Limits": { "MemoryBytes": 33554432 } }
		},
		"Mode": { "Replicated": { "Replicas": '"$3"' } }
	}' && svc_wait 60 swarm_runs "$1" "$3"
}

swarm_read() {
	docker_api "/v1.41/services/$1"
}

swarm_replicas() {
	swarm_read "$1" | jq .Spec.Mode.Replicated.Replicas
}

# swarm_version NAME: what the manager advances at every change of the service
swarm_version() {
	swarm_read "$1" | jq .Version.Index
}

# swarm_runs NAME N: N tasks are wanted and N run
swarm_runs() {
	docker_api '/v1.41/services?status=true' | jq -e --arg name "$1" \
		--argjson n "$2" '.[] | select(.Spec.Name == $name) |
		.ServiceStatus | .RunningTasks == $n and .DesiredTasks == $n' \
		>/dev/null
}

# swarm_set NAME N: puts the count back by hand, whole specification and all
swarm_set() {
	local now

	now=$(swarm_read "$1") || return 1
	jq --argjson n "$2" '.Spec | .Mode.Replicated.Replicas = $n' \
		<<<"$now" | docker_api \
		"/v1.41/services/$1/update?version=$(jq .Version.Index <<<"$now")" \
		-d @- >/dev/null && svc_wait 60 swarm_runs "$1" "$2"
}

# swarm_updates NAME SINCE: how many updates of the service the engine saw from
# SINCE (epoch seconds with fraction) until now, and to which count each went
swarm_updates() {
	docker_api /v1.41/events -G -d "since=$2" -d "until=$(date +%s.%N)" \
		--data-urlencode 'filters={"type":["service"],"event":["update"]}' |
		jq -r --arg name "$1" '.Actor.Attributes |
		select(.name == $name) | ."replicas.new" // "same"'
}
