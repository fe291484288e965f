# shellcheck shell=bash disable=SC2154 # $now is lib/forecast's
# decide.bash - as-decide on forecasts written by hand, and what it made of them
# Needs lib/forecast. $decision is the record, $state_dir the journal's folder.

# decide COUNT VALUE [FILTER] -- [OPTION...]: the decision for a forecast with
# COUNT instances running; a leading - for COUNT: no state comes
decide() {
	local n=$1 value=$2 filter=.
	shift 2
	if [ "${1:---}" != -- ]; then
		filter=$1
		shift
	fi
	shift || true
	{
		[ "$n" = - ] || state "$n"
		forecast "$value" "$filter"
	} >in
	run --separate-stderr as-decide --capacity 2 --now "$now" \
		${state_dir:+--state "$state_dir"} "$@" in
	decision=$output
	[ "$status" != 0 ] || again "$@"
}

# again [OPTION...]: whatever was decided with these, as-log can decide again
# from the record and the files
again() {
	local files=()

	[[ $decision == '{"type":"decision"'* ]] || return 0
	while [ $# -gt 0 ]; do
		if [ "$1" = -c ]; then
			files+=(-c "$2")
			shift
		fi
		shift
	done
	as-log "${files[@]}" --explain "$(jq -r .id <<<"$decision")" \
		<<<"$decision" >explained
	grep -qx 'replayed    the same decision' explained || {
		cat explained
		return 1
	}
}

# is FILTER WANT: what jq makes of the decision
is() {
	assert_equal "$(jq -c "$1" <<<"$decision")" "$2"
}

has_state() {
	jq -e --arg s "$1" '.states | index($s) != null' \
		<<<"$decision" >/dev/null || {
		echo "no state $1 in: $decision" >&2
		return 1
	}
}

has_no_state() {
	! has_state "$1" 2>/dev/null
}

# to N ACTION: recommended, and how it is called
to() {
	is '[.recommended_instances, .action]' "[$1,\"$2\"]"
}

# conf TEXT: web.conf with one signal and this
conf() {
	printf '%s\n' 'target web { }' 'signal cpu { capacity = 2 }' "$@" \
		>web.conf
}

with_conf() { # COUNT VALUE [FILTER] -- [OPTION...]
	local n=$1 value=$2 filter=.
	shift 2
	if [ "${1:---}" != -- ]; then
		filter=$1
		shift
	fi
	shift || true
	{
		[ "$n" = - ] || state "$n"
		forecast "$value" "$filter"
	} >in
	run --separate-stderr as-decide -c web.conf --now "$now" "$@" in
	decision=$output
}
