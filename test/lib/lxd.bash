# shellcheck shell=bash disable=SC2154 # $SVC is services.sh's
# lxd.bash - a daemon of LXD of its own, for the end-to-end tests
# With test/lib/services.sh: its folder, its processes.

# lxd_usable: probes what LXD needs; prints what is missing
lxd_usable() {
	local tool

	[ "$(id -u)" = 0 ] || { echo "not root" && return 1; }
	for tool in lxd rsync busybox curl jq; do
		command -v "$tool" >/dev/null ||
			{ echo "no $tool on this machine" && return 1; }
	done
	unshare --mount --pid --user --fork true 2>/dev/null ||
		{ echo "the kernel gives no user namespaces" && return 1; }
	cgroups_usable
}

# lxd_api PATH [CURL-OPTION...]: one request; prints the answer
lxd_api() {
	local path=$1

	shift
	curl -sS --max-time 60 --unix-socket "$LXD_DIR/unix.socket" \
		"http://lxd$path" "$@"
}

# lxd_do PATH [CURL-OPTION...]: the same, waits for the operation, and prints
# what went wrong with it
lxd_do() {
	local answer operation

	answer=$(lxd_api "$@") || return 1
	operation=$(jq -r '.operation // ""' <<<"$answer")
	[ -z "$operation" ] || answer=$(lxd_api "$operation/wait?timeout=60")
	jq -r '.error + (.metadata.err? // "")' <<<"$answer" | sed '/^$/d' >&2
	jq -e '.type == "sync" and (.metadata.status_code? // 200) == 200' \
		<<<"$answer" >/dev/null
}

# lxd_start: the daemon, a storage pool of a folder, no network
lxd_start() {
	LXD_DIR=$SVC/lxd
	export LXD_DIR
	# the containers have a user of their own, who must come through
	chmod 711 "$SVC" && mkdir -p "$LXD_DIR" || return 1
	svc_spawn lxd lxd --logfile "$SVC/lxd-daemon.log" &&
		lxd waitready --timeout=60 || return 1
	lxd_api /1.0/storage-pools >/dev/null \
		-d '{"name":"default","driver":"dir"}' &&
		lxd_api /1.0/profiles/default -X PATCH >/dev/null -d '{
			"devices": { "root": { "type": "disk", "path": "/",
			"pool": "default" } } }'
}

# lxd_end: every instance, then the daemon; svc_end takes the files away
lxd_end() {
	local name

	[ -n "${LXD_DIR:-}" ] && svc_alive lxd || return 0
	lxd_remove_all
	LXD_DIR=$LXD_DIR lxd shutdown --timeout=20 >/dev/null 2>&1 || :
	svc_wait 10 svc_gone lxd
	# mounts of the daemon's own would keep its folder from going
	while read -r _ name _; do
		case $name in
		"$SVC"/*) umount -l "$name" ;;
		esac
	done </proc/self/mounts
}

lxd_remove_all() {
	local name

	for name in $(lxd_api '/1.0/instances?recursion=1' |
		jq -r '.metadata[].name'); do
		lxd_do "/1.0/instances/$name/state" -X PUT \
			-d '{"action":"stop","force":true}' || :
		lxd_do "/1.0/instances/$name" -X DELETE || :
	done
}

# lxd_image ALIAS: a busybox with a web server on port 8080
lxd_image() {
	local w=$SVC/image applet operation mark

	mkdir -p "$w"/rootfs/{bin,sbin,etc,proc,sys,dev,run,tmp,root,var,www}
	cp "$(command -v busybox)" "$w/rootfs/bin/busybox"
	for applet in sh ls cat sleep httpd ifconfig poweroff halt true; do
		ln -sf busybox "$w/rootfs/bin/$applet"
	done
	ln -sf ../bin/busybox "$w/rootfs/sbin/init"
	echo root:x:0:0:root:/root:/bin/sh >"$w/rootfs/etc/passwd"
	echo well >"$w/rootfs/www/healthz"
	cat >"$w/rootfs/etc/inittab" <<-'END'
		::sysinit:/bin/ifconfig lo 127.0.0.1 up
		::respawn:/bin/httpd -f -p 8080 -h /www
		::shutdown:/bin/true
	END
	cat >"$w/metadata.yaml" <<-END
		architecture: $(uname -m)
		creation_date: 1700000000
		properties:
		  os: busybox
	END
	tar --numeric-owner --owner=0 --group=0 -C "$w" -czf "$SVC/image.tar.gz" \
		metadata.yaml rootfs
	operation=$(lxd_api /1.0/images -H 'X-LXD-filename: image.tar.gz' \
		-H 'Content-Type: application/octet-stream' \
		--data-binary "@$SVC/image.tar.gz" | jq -re .operation) ||
		return 1
	mark=$(lxd_api "$operation/wait?timeout=60" |
		jq -re .metadata.metadata.fingerprint) &&
		lxd_api /1.0/images/aliases >/dev/null \
			-d "{\"name\":\"$1\",\"target\":\"$mark\"}"
}
