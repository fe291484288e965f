# shellcheck shell=bash
# decision.bash - decisions for as-apply, and what came of them
# The caller sets driver, and version where the decision was made on one.

now=2026-11-23T17:00:00Z
version=

# decide FROM TO [FILTER]: a decision made at $now; FILTER changes it first
decide() {
	local d plan id

	d=$(jq -cn --argjson from "$1" --argjson to "$2" --arg now "$now" \
		--arg version "$version" --arg driver "${driver:?}" '{
		type: "decision", id: "", plan: "", time: $now, target: "web",
		mode: "auto",
		action: (if $to > $from then "scale_up"
			elif $to < $from then "scale_down" else "maintain" end),
		current_instances: $from, recommended_instances: $to,
		reason: "a test", states: [], inputs: [],
		observed: { target: "web", driver: $driver, instances: $from,
			ready: $from, version: $version, time: $now },
		approval: "none" } | '"${3:-.}")
	plan=$(jq -r '.target, .observed.instances, (.observed.version // ""),
		.recommended_instances,
		(.mix[]? | "\(.count) \(.type // "")")' <<<"$d" | sha256sum | cut -c1-16)
	id=$({
		echo "$plan"
		jq -r .time <<<"$d"
	} | sha256sum | cut -c1-16)
	jq -c --arg plan "$plan" --arg id "$id" '.plan = $plan | .id = $id' \
		<<<"$d"
}

# result FILTER: of the result record in $output
# shellcheck disable=SC2154
result() {
	jq -r "select(.type == \"result\") | .result | $1" <<<"$output"
}

# outcome STATUS [ERROR]: what the result says; ERROR is a pattern
outcome() {
	[ "$(result .status)" = "$1" ] || {
		echo "status $(result .status), not $1: $(result .error)"
		return 1
	}
	[ -n "${2:-}" ] || return 0
	# shellcheck disable=SC2053
	[[ $(result .error) == $2 ]] || {
		echo "error: $(result .error)"
		return 1
	}
}

# state FILTER: of the state record in $output
state() {
	jq -r "select(.type == \"state\") | $1" <<<"$output"
}
