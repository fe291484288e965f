# The method 'xgboost', which make XGBOOST=1 builds in
load lib/common

# train OPTION...: by the build that has the method
train() {
	"$with/as-train" --method xgboost "$@" 2>/dev/null
}

# A build of its own: what does not know of the option is taken as it is
setup_file() {
	export with=$BATS_FILE_TMPDIR/with
	[ -e /usr/include/xgboost/c_api.h ] || return 0
	[ -z "${UNDER_VALGRIND:-}${ASAN_OPTIONS:-}" ] || return 0
	mkdir -p "$with/cmd"
	cp -a "${B:-$root/build}/common" "$with/"
	rm -f "$with"/common/model/{method,xgboost}.o
	make -s -C "$root" B="$with" XGBOOST=1 "$with/as-train" \
		"$with/as-predict" >&2
	# until 2017-01-14T09:40:00Z: the rest is what must not be looked at
	jq -c '.timestamps |= .[:3500] | .values |= .[:3500]' \
		"$data/web.ndjson" >"$BATS_FILE_TMPDIR/past"
	train -o "$BATS_FILE_TMPDIR/model" "$BATS_FILE_TMPDIR/past"
}

setup() {
	[ -e /usr/include/xgboost/c_api.h ] ||
		skip "libxgboost-dev is not installed: apt-get install libxgboost-dev"
	not_under_valgrind
	[ -z "${ASAN_OPTIONS:-}" ] || skip "not under sanitizers"
	cd "$BATS_TEST_TMPDIR"
	past=$BATS_FILE_TMPDIR/past
	model=$BATS_FILE_TMPDIR/model
	now=2017-01-14T09:40:00Z # of the newest sample in past
}

@test "xgboost: trains, is accepted, and as-predict forecasts by it" {
	jq -e '.method == "xgboost" and .accepted and .trained == "'"$now"'"
		and .validation.error_1h < 0.08' "$model"
	[ "$(stat -c %s "$model")" -lt 2000000 ]
	"$with/as-predict" --now "$now" -m "$model" "$past" >out 2>err
	[ ! -s err ]
	jq -e '.model.method == "xgboost" and .no_forecast == null
		and (.values | length == 12 and all(. > 10 and . < 40))
		and (.windows[0].n > 800)' out
}

@test "xgboost: same input and seed, same bytes, for any number of threads" {
	train -j 3 -o b "$past"
	cmp "$model" b
	train --seed 2 -o b "$past"
	! cmp -s "$model" b
}

@test "xgboost: nothing after now has any effect" {
	"$with/as-predict" --now "$now" -m "$model" "$past" >a
	"$with/as-predict" --now "$now" -m "$model" "$data/web.ndjson" >b
	cmp a b
}

@test "xgboost: a changed model is refused" {
	sed 's/"boot_s":60/"boot_s":61/' "$model" >bad
	run --separate-stderr -1 "$with/as-predict" --now "$now" -m bad "$past"
	[[ $stderr = *checksum* ]]
	[ "$(jq -r .model.method <<<"$output")" = online ]
}

@test "xgboost: a build without the method says what it takes" {
	local why="the method 'xgboost' is not built in: it takes 'make XGBOOST=1'"

	! ldd "$(command -v as-train)" | grep -q libxgboost ||
		skip "made with XGBOOST=1: make clean, then make"
	run -2 as-train --method xgboost "$past"
	[ "${lines[0]}" = "as-train: --method: $why" ]
	run --separate-stderr -1 as-predict --now "$now" -m "$model" "$past"
	[[ $stderr = *"$why"* ]]
	[ "$(jq -r .model.method <<<"$output")" = online ]
}
