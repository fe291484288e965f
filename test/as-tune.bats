#!/usr/bin/env bats
# as-tune(1): the quantile that suits a history

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	now=2017-01-16T06:00:30Z
}

tune() {
	as-tune --capacity 5.4 --target 100% --boot-time 5m --now "$now" "$@" \
		"$data/web.ndjson"
}

# journal DIR: a journal begun two days before now
journal() {
	mkdir -p "$1"
	echo '{"type":"journal","version":1,"created":"2017-01-14T06:00:30Z"}' \
		>"$1/web.ndjson"
}

@test "as-tune: a quantile below the slo, within what may be overloaded" {
	run -0 --separate-stderr tune
	[ "$(jq '.rule == "quantile" and .quantile < 0.99 and
		.quantile > 0.9 and .overload_share <= .allowed_overload and
		(.allowed_overload - 0.007 | fabs) < 1e-9' <<<"$output")" = true ]
}

@test "as-tune: cheaper than untuned on the part held out, dearer than the oracle" {
	run -0 --separate-stderr tune
	[ "$(jq '[.held_out[].strategy] == ["predictive-untuned", "predictive",
		"target-rule", "threshold", "static-best", "oracle"]' \
		<<<"$output")" = true ]
	[ "$(jq '.held_out | .[1].mean_instances < .[0].mean_instances and
		.[1].mean_instances > .[5].mean_instances and
		.[1].overload_share <= 0.01' <<<"$output")" = true ]
	[ "$(jq '.saving - (1 - .held_out[1].mean_instances /
		.held_out[2].mean_instances) | fabs < 1e-12' \
		<<<"$output")" = true ]
}

@test "as-tune: the later part has no say in what is proved on it" {
	tune --holdout 30% | jq -c '.held_out[1].setting' >a
	jq -c '.values |= (.[0:3000] + (.[3000:] | map(. * 1.5)))' \
		"$data/web.ndjson" >other
	as-tune --capacity 5.4 --target 100% --boot-time 5m --now "$now" \
		--holdout 30% other | jq -c '.held_out[1].setting' >b
	diff a b
}

@test "as-tune: too little history for the slo is refused, the file stays" {
	echo kept >out.conf
	run -1 --separate-stderr tune --slo 99.9% -o out.conf
	[[ $stderr == *"too little history"*"99.9 %"*"10000"* ]]
	[ "$(cat out.conf)" = kept ]
}

@test "as-tune: -o writes settings that as-decide takes after the target's own" {
	cat >web.conf <<-'END'
		target web { }
		signal cpu { query = 'x' capacity = 5.4 target = 100% }
		policy { boot_time = 5m }
	END
	as-tune -c web.conf --now "$now" -o tuned.conf "$data/web.ndjson" >rec
	q=$(jq .quantile rec)
	as-decide --check -c web.conf -c tuned.conf >check
	grep -Eq "quantile = (${q:0:6}|96[.])" check
	grep -q 'tuned.conf:' check
	# run again with its own file among the settings: the same comes out
	mkdir both && cp web.conf tuned.conf both
	cp both/tuned.conf first
	as-tune -c both --now "$now" -o both/tuned.conf "$data/web.ndjson" \
		>rec2
	diff first both/tuned.conf
	diff rec rec2
}

@test "as-tune: the boot time is learnt from results, never below what is set" {
	journal s
	for i in $(seq 1 20); do
		echo '{"type":"result","target":"web","result":{"status":"applied","from":1,"to":2,"ready_s":'"$((i * 30))"'},"logged":"2017-01-15T06:00:00Z"}'
	done >>s/web.ndjson
	tune --state s -o t.conf >rec
	# a time-out lasted that long at least; a removal tells nothing
	echo '{"type":"result","target":"web","result":{"status":"timeout","from":2,"to":1,"took_ms":9000000},"logged":"2017-01-15T06:00:00Z"}' >>s/web.ndjson
	# R: quantile((1:20) * 30, 0.95, type = 7) is 571.5
	[ "$(jq '(.boot_p99_s - 594.3 | fabs) < 1e-9' rec)" = true ]
	[ "$(jq '.boot_p95_s == 571.5 and .boot_s == 571.5 and
		.boot_samples == 20' rec)" = true ]
	grep -q 'boot_time = 571.5s' t.conf
	tune --state s --boot-time 20m -o t.conf >rec
	[ "$(jq '.boot_s == 1200' rec)" = true ]
	run -1 grep boot_time t.conf
}

@test "as-tune: the patience with an order is learnt, never below what is set" {
	journal s
	for i in $(seq 1 20); do
		echo '{"type":"result","target":"web","result":{"status":"applied","from":1,"to":2,"ready_s":'"$((i * 60))"'},"logged":"2017-01-15T06:00:00Z"}'
	done >>s/web.ndjson
	cat >web.conf <<-'END'
		target web { }
		signal cpu { query = 'x' capacity = 5.4 target = 100% }
		policy { boot_time = 5m }
		apply { timeout = 10m }
	END
	tuned() {
		as-tune -c web.conf -c t.conf --state s --now "$now" -o t.conf \
			"$data/web.ndjson" >rec
		as-decide --check -c web.conf -c t.conf >check
	}
	touch t.conf
	tuned
	# R: quantile((1:20) * 60, 0.99, type = 7) is 1188.6; half more is 1782.9
	grep -Eq '[^_]timeout = 1782[.]9.*t.conf' check
	grep -q 'orphan_after = 1782[.]9.*t.conf' check
	cp t.conf first
	tuned
	diff first t.conf
	# what is set is never lowered
	sed -i 's/timeout = 10m/timeout = 2h/' web.conf
	printf 'machine { orphan_after = 3h }\n' >>web.conf
	tuned
	run -1 grep -E 'timeout|orphan' t.conf
	# what never comes is not waited for without end
	for _ in $(seq 1 100); do
		echo '{"type":"result","target":"web","result":{"status":"timeout","from":1,"to":2,"took_ms":7200000},"logged":"2017-01-15T06:00:00Z"}'
	done >>s/web.ndjson
	sed -i 's/timeout = 2h/timeout = 10m/' web.conf
	tuned
	grep -q 'timeout = 1800s' t.conf
}

@test "as-tune: fewer than five orders teach nothing" {
	journal s
	for _ in 1 2 3 4; do
		echo '{"type":"result","target":"web","result":{"status":"applied","from":1,"to":2,"ready_s":900},"logged":"2017-01-15T06:00:00Z"}'
	done >>s/web.ndjson
	[ "$(tune --state s | jq '.boot_s == 300 and (has("boot_p95_s") | not)')" = true ]
}

@test "as-tune: what was overloaded this month leaves less for the rest of it" {
	journal s
	tune --state s | jq '.allowed_overload' >fresh
	for i in $(seq 10 40); do
		echo '{"type":"decision","target":"web","time":"2017-01-15T00:'"$i"':00Z","current_load":120,"logged":"2017-01-15T00:'"$i"':00Z"}'
	done >>s/web.ndjson
	echo '{"type":"decision","target":"web","time":"2017-01-15T00:41:00Z","current_load":80,"logged":"2017-01-15T00:41:00Z"}' >>s/web.ndjson
	tune --state s >rec
	# (0.8 x 0.01 x 28 d - 31 min) / 26 d
	[ "$(jq --argjson f "$(cat fresh)" '
		(.allowed_overload - (0.008 * 2419200 - 1860) / 2246400 | fabs) < 1e-6
		and ($f - 0.008 * 28 / 26 | fabs) < 1e-6' rec)" = true ]
	jq -r .budget rec | grep -q '^31 minutes of this month.s 403'
}

@test "as-tune: an overload price leaves nothing to tune" {
	cat >web.conf <<-'END'
		target web { }
		signal cpu { query = 'x' capacity = 5.4 target = 100% }
		policy { boot_time = 5m overload_price = 5 }
		cost { cost_per_instance = 50 }
	END
	run -0 --separate-stderr as-tune -c web.conf "$data/web.ndjson"
	[ "$(jq -r .rule <<<"$output")" = default ]
	[[ $(jq -r .reason <<<"$output") == *"nothing to tune"* ]]
}

@test "as-tune: --gate takes the rule without a forecast where that is cheaper" {
	# noise about one level: nothing to foresee
	jq -nc '{metric: {"__name__": "load", target: "t"},
		values: [range(4032) | 10 + ((. * 7919) % 101) / 25],
		timestamps: [range(4032) | 1483228800000 + . * 300000]}' >in
	as-tune --capacity 1 --target 100% --max-instances 40 --gate \
		-o g.conf in >rec
	if [ "$(jq -r .rule rec)" = target ]; then
		grep -q 'forecast = no' g.conf
	else
		# then it was no more than a percent cheaper
		grep -q 'quantile = ' g.conf
	fi
	as-tune --capacity 1 --target 100% --max-instances 40 in |
		jq -e '.rule != "target"'
}

@test "as-tune: other records pass, a table is for people" {
	{
		echo '{"type":"state","target":"web"}'
		cat "$data/web.ndjson"
	} >in
	run -0 --separate-stderr as-tune --capacity 5.4 --target 100% \
		--cost-per-instance 50 --format table in
	[ "${lines[0]}" = '{"type":"state","target":"web"}' ]
	[[ $output == *"held out"*"instances"*"USD"* ]]
	[[ $output == *"prediction saves"* ]]
}

@test "as-tune: no capacity, an empty input, a bad share" {
	run -2 --separate-stderr as-tune "$data/web.ndjson"
	[[ $stderr == *"--capacity"* ]]
	run -0 --separate-stderr as-tune --capacity 1 /dev/null
	[ "$output$stderr" = "" ]
	run -1 --separate-stderr as-tune --capacity 1 -o out.conf /dev/null
	[[ $stderr == *"'out.conf' stays as it was: no series"* ]]
	run -2 --separate-stderr as-tune --holdout 95% --capacity 1 /dev/null
	[[ $stderr == *"10% to 80%"* ]]
}

@test "as-tune: a budget, a pause and approvals do not bend the rule" {
	cat >web.conf <<-'END'
		target web { paused = both }
		signal cpu { query = 'x' capacity = 5.4 target = 100% }
		policy { boot_time = 5m }
		cost { cost_per_instance = 50 max_monthly_cost = 60 }
		approval { scale_up_above = 1 }
	END
	as-tune -c web.conf "$data/web.ndjson" --now "$now" | jq .quantile >a
	tune | jq .quantile >b
	diff a b
}

@test "as-tune: --method auto chooses the forecasts, too, and as-train follows" {
	local o=(--slo 95% --holdout 60% --step 15m)

	tune "${o[@]}" --method forest >forest 2>/dev/null
	tune "${o[@]}" >online 2>/dev/null
	tune "${o[@]}" --method auto -o tuned.conf >auto 2>/dev/null
	[ "$(jq -r .method forest online | xargs)" = "forest online" ]
	# of both grids the cheapest that kept what was allowed
	jq -es '([.[0, 1] | select(.overload_share <= .allowed_overload)] |
		min_by(.mean_instances)) as $best | .[2] |
		.method == $best.method and .quantile == $best.quantile and
		.mean_instances == $best.mean_instances' forest online auto
	grep -q "method = $(jq -r .method auto)" tuned.conf
	# as-train does as it says, and --method has the last word
	printf 'target web {}\nsignal cpu { capacity = 5.4 }\n%s\n' \
		'policy { method = seasonal-naive }' >web.conf
	as-train -c web.conf -o m "$data/web.ndjson" 2>said
	grep -q "'seasonal-naive': the next hour" said
	as-train -c web.conf --method last -o m "$data/web.ndjson" 2>said
	grep -q "'last': the next hour" said
	printf 'target web {}\nsignal cpu { capacity = 5.4 }\n%s\n' \
		'policy { method = magic }' >web.conf
	run -2 as-train -c web.conf -o m "$data/web.ndjson"
	[[ $output == *"web.conf:3:"*"'method': 'magic' is none of"*"online"* ]]
}
