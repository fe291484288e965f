#!/usr/bin/env bats
# as-detect(1): anomalies and patterns

load lib/common

# load DAYS [AWK]: a load with a day's season at 5 min steps, from Monday
# 2026-11-02; AWK may change v at sample i (288 a day)
load_of() {
	awk -v days="$1" 'BEGIN {
		srand(7)
		for (i = 0; i < days * 288; i++) {
			v = 100 + 50 * sin(6.2831853 * (i / 288 - 0.25)) + \
				4 * rand()
			'"${2:-}"'
			if (v == "") continue
			t = t sep sprintf("%.0f", 1793577600000 + i * 300000)
			s = s sep sprintf("%.3f", v)
			sep = ","
		}
		printf "{\"metric\":{\"__name__\":\"cpu\"},\"values\":[%s]," \
			"\"timestamps\":[%s]}\n", s, t
	}'
}

kinds() {
	jq -r 'select(.type == "anomaly") | .kind' | sort | uniq -c |
		awk '{ print $2 "=" $1 }' | xargs
}

@test "as-detect: a load that only repeats is not abnormal" {
	run -0 --separate-stderr bash -c "$(declare -f load_of); load_of 14 |
		as-detect --only"
	[ "$(printf '%s\n' "$output" | kinds)" = "" ]
}

@test "as-detect: one spike is one anomaly, at its time, with its band" {
	load_of 14 'if (i == 2880 + 30) v = 400' >in
	run -0 --separate-stderr as-detect --only in
	anomaly=$(printf '%s\n' "$output" | jq -c 'select(.type == "anomaly")')
	[ "$(printf '%s\n' "$anomaly" | wc -l)" = 1 ]
	[ "$(jq -r .kind <<<"$anomaly")" = spike ]
	[ "$(jq -r .time <<<"$anomaly")" = 2026-11-12T02:30:00Z ]
	[ "$(jq -r .severity <<<"$anomaly")" = critical ]
	[ "$(jq '.hi < 160 and .lo < .hi and .value == 400' <<<"$anomaly")" = true ]
}

@test "as-detect: a spike that lasts is reported once" {
	load_of 14 'if (i >= 2910 && i < 2950) v = 400' >in
	run -0 --separate-stderr as-detect --only in
	[ "$(printf '%s\n' "$output" | jq -c 'select(.kind == "spike")' |
		wc -l)" = 1 ]
}

@test "as-detect: a fall to nothing is a drop" {
	load_of 14 'if (i >= 2910 && i < 2920) v = 0' >in
	run -0 --separate-stderr as-detect --only in
	[ "$(printf '%s\n' "$output" | jq -r 'select(.type == "anomaly").kind' |
		head -n 1)" = drop ]
}

@test "as-detect: a load that never moved is not abnormal, whatever its height" {
	for v in 0 7.5 -3 1e99; do
		load_of 14 | jq -c --argjson v "$v" '.values |= map($v)' >in
		run -0 kinds < <(as-detect --only --threshold 0.01 in)
		[ -z "$output" ]
	done
}

@test "as-detect: after a day it sees what is higher than that day was" {
	load_of 3 'if (i == 290) v = 400' >in
	run -0 jq -r 'select(.type == "anomaly") | .time' < <(as-detect --only in)
	[ "$output" = 2026-11-03T00:10:00Z ]
}

@test "as-detect: a line that stopped moving is flat" {
	load_of 14 'if (i >= 2880) v = 100' >in
	run -0 --separate-stderr as-detect --only in
	[[ " $(printf '%s\n' "$output" | kinds)" == *" flat="* ]]
}

@test "as-detect: a load that begins to swing is a level, within its range" {
	load_of 14 'if (i >= 2952 && i < 2988) v += i % 2 ? 12 : -12' >in
	as-detect --only in >out
	[ "$(grep -c '"anomaly"' out)" -le 2 ]
	anomaly=$(head -n 1 out)
	[ "$(jq -r '.kind + " " + .severity' <<<"$anomaly")" = "level warning" ]
	[[ "$(jq -r .time <<<"$anomaly")" == 2026-11-12T0[67]:* ]]
	[ "$(jq '.value > .lo and .value < .hi' <<<"$anomaly")" = true ]
	[[ "$(jq -r .reason <<<"$anomaly")" == "the load stirs more than "* ]]
}

@test "as-detect: what stands out of a level that stayed is told" {
	load_of 14 'if (i >= 2880) v += 400; if (i == 2890) v = 1000
		if (i == 3500) v = 640' >in
	run -0 jq -r 'select(.type == "anomaly") | .kind + " " + .time' < <(
		as-detect --only in)
	[ "$output" = "spike 2026-11-12T00:00:00Z
spike 2026-11-14T03:40:00Z" ]
}

@test "as-detect: what lasted less than a day leaves the usual as it was" {
	load_of 18 'if (i >= 2880 && i < 3100) v += 400
		if (i == 4400) v = 250' >in
	run -0 jq -r 'select(.type == "anomaly") | .time' < <(
		as-detect --only in)
	[ "$output" = 2026-11-12T00:00:00Z ]
}

@test "as-detect: what a gap leaves standing is no level" {
	load_of 18 'if (i == 2910) v = 400
		if (i > 2910 && i < 3400) v = ""' >in
	run -0 kinds < <(as-detect --only in)
	[ "$output" = "missing=1 spike=1" ]
}

@test "as-detect: missing samples are an anomaly, critical from an hour on" {
	load_of 14 'if (i >= 2880 && i < 2885) v = ""
		if (i >= 3000 && i < 3020) v = ""' >in
	run -0 --separate-stderr as-detect --only in
	[ "$(printf '%s\n' "$output" |
		jq -r 'select(.kind == "missing").severity' | xargs)" = \
		"warning critical" ]
}

@test "as-detect: nothing after a sample changes what is said of it" {
	load_of 14 'if (i == 2000) v = 300; if (i == 3000) v = 900' >whole
	load_of 9 'if (i == 2000) v = 300' >part
	as-detect --only whole | jq -c 'select(.type == "anomaly") |
		select(.time < "2026-11-11")' >a
	as-detect --only part | jq -c 'select(.type == "anomaly")' >b
	[ -s b ]
	cmp a b
}

@test "as-detect: the order of lines and samples does not matter" {
	load_of 14 'if (i == 2910) v = 400' >in
	jq -c '[.values, .timestamps] | transpose | reverse | transpose as $x |
		{metric: {"__name__": "cpu"}, values: $x[0],
		timestamps: $x[1]}' in >reversed
	as-detect --only in >a
	as-detect --only reversed >b
	cmp a b
}

@test "as-detect: --threshold reports less, --since only what is new" {
	load_of 14 'if (i == 1000) v = 180; if (i == 3900) v = 900' >in
	[ "$(as-detect --only --threshold 0 in | grep -c anomaly)" -ge 2 ]
	[ "$(as-detect --only --threshold 0.8 in | grep -c anomaly)" = 1 ]
	[ "$(as-detect --only --since 1d --now 2026-11-16T00:00:00Z in |
		grep -c anomaly)" = 1 ]
}

@test "as-detect: --mask writes spans that passed, not a level that stayed" {
	load_of 14 'if (i >= 2910 && i < 2920) v = 400' >spike
	load_of 14 'if (i >= 2910) v += 400' >level
	as-detect --only --mask m1 spike >/dev/null
	as-detect --only --mask m2 level >/dev/null
	run -0 cut -d' ' -f1 m1
	[ "${lines[0]}" = 2026-11-12T02:25:00Z/2026-11-12T03:15:00Z ]
	[ ! -s m2 ]
}

@test "as-detect: as-train takes its mask, whatever the series is called" {
	local long

	long=$(printf 'requests_of_a_service_in_a_zone_%.0s' 1 2 3 4 5 6 7 8)
	load_of 14 'if (i >= 2910 && i < 2920) v = 400' >in
	for name in "$long" 'x\n2000-01-01T00:00:00Z/2040-01-01T00:00:00Z'; do
		jq -c --argjson n "\"$name\"" '.metric.__name__ = $n' in >named
		as-detect --only --mask mask named >/dev/null
		run -0 wc -l <mask
		[ "$output" = 1 ]
		run --separate-stderr -0 as-train --method last --mask mask \
			-o model named
		[[ $stderr == *" 4032 points "*"longest gap 50 min, masked samples left out"* ]]
	done
}

@test "as-detect: finds the day, the week and when they peak" {
	load_of 28 'if (int(i / 288) % 7 >= 5) v *= 0.6' >in
	run -0 --separate-stderr as-detect --only in
	p=$(printf '%s\n' "$output" | jq -c 'select(.type == "pattern")')
	[ "$(jq -c '[.seasons[].period_s]' <<<"$p")" = '[86400,604800]' ]
	[ "$(jq '.seasons[0].strength > 0.8' <<<"$p")" = true ]
	[[ "$(jq -r '.seasons[0].peak_at' <<<"$p")" == 1[12]:* ]]
}

@test "as-detect: tells trend and shift of a level" {
	load_of 14 'if (i >= 2880) v += 80' >shifted
	load_of 14 'v += i / 288 * 3' >trend
	run -0 --separate-stderr as-detect --only shifted
	[ "$(printf '%s\n' "$output" | jq -r 'select(.level_shifts) |
		.level_shifts[] | .time[0:10]')" = 2026-11-12 ]
	run -0 --separate-stderr as-detect --only trend
	[ "$(printf '%s\n' "$output" | jq 'select(.trend_per_day) |
		.trend_per_day | . > 2.9 and . < 3.1')" = true ]
}

@test "as-detect: noise alone has no season" {
	load_of 14 'v = 100 + 50 * rand()' >in
	run -0 --separate-stderr as-detect --only in
	[ "$(printf '%s\n' "$output" | jq -c 'select(.seasons).seasons')" = '[]' ]
}

@test "as-detect: series pass byte for byte, other records at once" {
	printf '%s\n' '{"type":"other", "x" : 1}' >in
	load_of 3 >>in
	run -0 --separate-stderr as-detect in
	[ "$(printf '%s\n' "$output" | head -n 2)" = "$(cat in)" ]
}

@test "as-detect: too short a series is named, the others are done" {
	printf '%s\n' '{"metric":{"__name__":"few"},"values":[1],"timestamps":[1]}' >in
	load_of 3 >>in
	run -1 --separate-stderr as-detect --only in
	[[ "$stderr" == *"'few'"*"fewer than two samples"* ]]
	[ "$(printf '%s\n' "$output" | grep -c '"pattern"')" = 1 ]
}

@test "as-detect: a mask that cannot be written is said, exit 2" {
	load_of 3 >in
	run -2 --separate-stderr as-detect --only --mask /nowhere/m in
	[[ "$stderr" == *"cannot write '/nowhere/m'"* ]]
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}
