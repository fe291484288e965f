# Forecast records written by hand, for tests of what is made of them.
#
# now: the newest sample's time. step: seconds between samples.
now=2026-11-23T17:00:00Z
step=300

# forecast VALUE [FILTER]: an hour of VALUE, the same expected, and hardly any
# doubt about it; FILTER changes that. An error of 3 scales is the 99 % one, 2
# the 95 %, 1 the 80 % one.
forecast() {
	jq -cn --arg now "$now" --argjson value "$1" --argjson step "$step" '
	($now | fromdate) as $t |
	def at($n): [range($n) | { time: ($t - ($n - 1 - .) * $step | todate),
		point: $value, scale: 1e-9 }];
	def window($name; $from): { name: $name, from_s: $from, to_s: 120,
		errors: [-3, -2, -1, 0, 1, 2, 3],
		levels: [0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 1],
		n: 4000, at: at(3) };
	{ type: "forecast",
	  metric: { __name__: "cpu", target: "web", unit: "cores" },
	  time: $now, origin: $now, step_s: $step,
	  observed: {
		timestamps: [range(13) | ($t - (12 - .) * $step) * 1000],
		values: [range(13) | $value] },
	  windows: [window("ahead"; 60), window("keep"; 0)],
	  confidence: 0.9, quality: { age_s: 0, coverage: 1,
		longest_gap_s: 0 } } | '"${2:-.}"
}

# state COUNT [FILTER]: what a driver says
state() {
	jq -cn --arg now "$now" --argjson n "$1" '{ type: "state",
		target: "web", time: $now, driver: "file", instances: $n,
		ready: $n, version: "7" } | '"${2:-.}"
}

# journal DIR SECONDS [RECORD...]: the journal of web in DIR, begun that long
# before now, with these records after its first line
journal() {
	local dir=$1 age=$2
	shift 2
	mkdir -p "$dir"
	{
		jq -cn --arg now "$now" --argjson age "$age" '{ type: "journal",
			version: 1,
			created: (($now | fromdate) - $age | todate) }'
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$dir/web.ndjson"
}

# changed SECONDS FROM TO [STATUS]: the record of a change that long before now
changed() {
	jq -cn --arg now "$now" --argjson age "$1" --argjson from "$2" \
		--argjson to "$3" --arg status "${4:-applied}" '
		(($now | fromdate) - $age | todate) as $t |
		{ type: "result", target: "web", time: $t,
		  result: { status: $status, from: $from, to: $to, at: $t },
		  logged: $t }'
}

# decided SECONDS [FILTER]: the record of a decision that long before now
decided() {
	jq -cn --arg now "$now" --argjson age "$1" '
		(($now | fromdate) - $age | todate) as $t |
		{ type: "decision", target: "web", time: $t, plan: "",
		  current_instances: 3, inputs: [], votes: { panic: null },
		  approval: "none", logged: $t } | '"${2:-.}"
}
