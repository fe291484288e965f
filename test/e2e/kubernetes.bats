# The driver kubernetes on a real API server, where one is at hand:
#
#     AS_KUBE_CONFIG   a file as 'kubectl config view --raw --minify --flatten
#                      -o json' prints it, which nobody else may read
#     AS_KUBE_SERVICE  what may be scaled, as in "demo/deployment/web": it gets
#                      two replicas more, and is then put back

load ../lib/common
load ../lib/decision.bash

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	[ -n "${AS_KUBE_CONFIG:-}" ] ||
		echo "# Kubernetes tests are skipped: AS_KUBE_CONFIG is not set" >&3
}

setup() {
	[ -n "${AS_KUBE_CONFIG:-}" ] || skip "AS_KUBE_CONFIG is not set"
	dir=$BATS_TEST_TMPDIR
	driver=kubernetes
	service=${AS_KUBE_SERVICE:-demo/deployment/web}
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	read_state
	before=$(state .instances)
	version=$(state .version)
	[ "$before" -ge 0 ]
}

teardown() {
	[ -n "${AS_KUBE_CONFIG:-}" ] || return 0
	read_state
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ) version=
	[ "$(state .instances)" = "$before" ] ||
		decide "$(state .instances)" "$before" | apply >/dev/null
}

apply() {
	as-apply --driver kubernetes --service "$service" --timeout 60s \
		--host "$AS_KUBE_CONFIG" "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver kubernetes \
		--service "$service" --host "$AS_KUBE_CONFIG"
}

@test "kubernetes: up, read back, and down again" {
	decide "$before" $((before + 2)) >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	read_state
	[ "$(state .instances)" = $((before + 2)) ]
	version=$(state .version)
	decide $((before + 2)) "$before" >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	read_state
	[ "$(state .instances)" = "$before" ]
}

@test "kubernetes: dry run, monitor and refused change nothing" {
	decide "$before" $((before + 2)) >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	decide $((before + 1)) $((before + 2)) >"$dir/in"
	run -1 apply "$dir/in"
	read_state
	[ "$(state '"\(.instances) \(.version)"')" = "$before ${version}" ]
}

@test "kubernetes: four at once that share no journal: one acts" {
	decide "$before" $((before + 1)) >"$dir/in"
	for k in 1 2 3 4; do
		(apply --state "$dir/state$k" "$dir/in" >"$dir/out$k" 2>&1 || :) 3>&- &
		pids[k]=$!
	done
	wait "${pids[@]}"
	cat "$dir"/out?
	read_state
	[ "$(state .instances)" = $((before + 1)) ]
	[ "$(grep -l '"status":"applied"' "$dir"/out? | wc -l)" = 1 ]
}

@test "kubernetes: what would give pods another size, which is left at that" {
	decide "$before" "$before" \
		'.resources = { cpus: 0.813, memory_reserved: 50331648 }' >"$dir/in"
	run -0 apply "$dir/in"
	[[ $(result .resized.held) == "its instances would restart"* ]]
	run -0 apply --resources yes --dry-run "$dir/in"
	[ "$(result .resized.status)" = dry-run ]
	[[ $(result .resized.request) == "PATCH /apis/apps/v1/"*'"containers":[{"name":"'* ]]
	read_state
	[ "$(state .version)" = "$version" ]
}
