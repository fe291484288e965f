# scripts/demo-swarm: one of the jumps that it makes by itself twenty of

load ../lib/common
load ../lib/services.sh

setup_file() {
	WHY_NOT=$(docker_usable) || :
	for tool in nginx prometheus nsenter; do
		command -v "$tool" >/dev/null || WHY_NOT="no $tool on this machine"
	done
	export WHY_NOT
	[ -z "$WHY_NOT" ] || echo "# demo-swarm is skipped: $WHY_NOT" >&3
}

setup() {
	[ -z "$WHY_NOT" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
}

@test "demo-swarm: a jump of the load is served in time, the parts are told" {
	cd "$dir"
	run -0 "$root/scripts/demo-swarm" --steps 1 --output page.html
	[[ $output == *"applied: 2 -> "* ]]
	[[ $output == *"jump 1: served after "*"until decided "[0-9]*" (newest sample "[0-9]*" old), deciding "[0-9]*", Swarm "[0-9]* ]]
	[[ $output == *"1 of 1 jumps served in less than 30 s"* ]]
	grep -q '</html>' page.html
	# its folder, and so all that ran in it, is gone
	for line in /proc/[0-9]*/cmdline; do
		[[ "$(tr '\0' ' ' <"$line" || :)" != *"/load 127.0.0.1 80 "* ]]
	done 2>/dev/null
}

@test "demo-swarm: words that are none, and a user who may not" {
	run -2 "$root/scripts/demo-swarm" --steps 0
	run -2 "$root/scripts/demo-swarm" --stepps
	chmod 755 "$dir"
	run --separate-stderr -2 setpriv --reuid 65534 --regid 65534 \
		--clear-groups bash "$root/scripts/demo-swarm"
	[[ $stderr == "demo-swarm: needs root"* ]]
}
