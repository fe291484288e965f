# as-decide: from forecasts to decisions
#
# The forecasts are written by hand (lib/forecast.bash): with a capacity of 2
# and the target of 60 %, an instance may carry 1.2 cores.

load lib/common
load lib/forecast
load lib/decide

setup() {
	dir=$BATS_TEST_TMPDIR
	cd "$dir" || exit 1
}

# --- the record ---

@test "as-decide: one line has inputs, votes, winner, reason and money" {
	decide 3 3.5 '.windows[].at[].point = 4.5' -- --cost-per-instance 50
	[ "$status" = 0 ]
	is .type '"decision"'
	to 4 scale_up
	is '[.current_instances, .cost_impact, .currency]' '[3,50,"USD"]'
	is '[.votes.now, .votes.panic, .votes.ahead, .votes.sched,
		.votes.floor, .votes.keep, .votes.drop]' \
		'[3,null,4,null,1,4,null]'
	is '[.votes.lower, .votes.hold, .votes.want, .votes.by]' '[4,4,4,"ahead"]'
	is '.inputs' '[{"signal":"cpu","value":3.5,"unit":"cores","age_s":0,"coverage":1,"needed_now":3,"needed_ahead":4,"expected":{"value":4.5,"at_most":4.500000002,"from_s":60,"to_s":120}}]'
	is '.risk' '{"ahead":0,"keep":0}'
	is '.observed' '{"driver":"file","instances":3,"ready":3,"version":"7","time":"2026-11-23T17:00:00Z"}'
	is '[.mode, .approval, .time, .target]' \
		'["monitor","none","2026-11-23T17:00:00Z","web"]'
	# 3.5 of 6 cores now, 4.5 expected
	is '[.current_load, .predicted_load | . * 100 | round]' '[5833,7500]'
	[[ $(jq -r .reason <<<"$decision") == "Add 1 instance, from 3 to 4: "*"+50.00 USD a month at 50.00 each." ]]
}

@test "as-decide: plan and id are what anybody can compute from the record" {
	decide 3 3.5 '.windows[].at[].point = 4.5'
	plan=$(printf 'web\n3\n7\n4\n' | sha256sum | cut -c1-16)
	is .plan "\"$plan\""
	id=$(printf '%s\n2026-11-23T17:00:00Z\n' "$plan" | sha256sum |
		cut -c1-16)
	is .id "\"$id\""
}

@test "as-decide: the same input gives the same decision, to the byte" {
	decide 3 4.5
	cp in again
	run -0 as-decide --capacity 2 --now "$now" again
	[ "$output" = "$decision" ]
	run -0 as-decide --capacity 2 --now "$now" <in
	[ "$output" = "$decision" ]
}

@test "as-decide: the order of the lines changes nothing" {
	decide 3 4.5
	tac in >turned
	run -0 as-decide --capacity 2 --now "$now" turned
	[ "$output" = "$decision" ]
}

@test "as-decide: the forecast and the observation are passed on untouched" {
	# what is expected later must not change what is said to be now
	decide 3 3.0 '.windows[].at[].point = 30'
	is '.inputs[0].value' 3
	is '.inputs[0].needed_now' 3
}

# --- the count ---

@test "as-decide: no count, and it holds with count-unknown, exit 0" {
	decide - 4.5
	[ "$status" = 0 ]
	is .action '"hold"'
	is 'has("recommended_instances")' false
	has_state count-unknown
	is .votes.lower 4
}

@test "as-decide: a driver that failed, -1, null, and it holds" {
	for filter in 'del(.instances) | .error = "refused"' '.instances = -1' \
		'.instances = null' '.instances = "three"' '.instances = 2.5'; do
		{
			state 3 "$filter"
			forecast 4.5
		} >in
		run -0 as-decide --capacity 2 --now "$now" in
		decision=$output
		is .action '"hold"'
		has_state count-unknown
	done
}

@test "as-decide: a count older than the last change is not known" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 60 3 5)"
	{
		state 3 '.time = "2026-11-23T16:58:00Z"'
		forecast 4.5
	} >in
	run -0 as-decide --capacity 2 --now "$now" --state "$state_dir" in
	decision=$output
	is .action '"hold"'
	has_state count-unknown
}

@test "as-decide: --instances counts where no state record comes, and only there" {
	forecast 4.5 >in
	run -0 as-decide --capacity 2 --now "$now" --instances 3 in
	decision=$output
	to 4 scale_up
	is .observed.driver '""'
	decide 2 2.0 -- --instances 3
	is .current_instances 2
	{
		state 3 'del(.instances) | .error = "refused"'
		forecast 4.5
	} >in
	run -0 as-decide --capacity 2 --now "$now" --instances 3 in
	decision=$output
	has_state count-unknown
}

# --- what is missing is not nothing ---

@test "as-decide: empty input still gives one decision" {
	run -0 --separate-stderr as-decide --capacity 2 --instances 3 \
		--now "$now" </dev/null
	decision=$output
	[ "$(wc -l <<<"$output")" = 1 ]
	to 3 hold
	is .target '"default"'
	has_state no-data
}

@test "as-decide: nothing, null, NaN, Inf, an error never lower the count" {
	local n=0
	for filter in \
		'.observed = { timestamps: [], values: [] } | del(.windows) | .no_forecast = "no samples"' \
		'del(.observed, .windows, .origin) | .no_forecast = "no samples"' \
		'.observed.values[12] = null' \
		'.windows[0].at[2].point = null' \
		'.windows[1].errors[3] = "NaN"' \
		'.error = "the server said 503"'; do
		decide 5 1.0 "$filter"
		n=$((n + 1))
		[ "$(jq '.recommended_instances >= 5' <<<"$decision")" = true ] ||
			fail "way $n: $decision"
		is .action '"hold"'
	done
	for word in NaN -Inf Infinity; do
		forecast 1.0 | sed "s/\"values\":\[1/\"values\":[$word/" >bad
		{
			state 5
			cat bad
		} >in
		run as-decide --capacity 2 --now "$now" in
		decision=$(tail -1 <<<"$output")
		[ "$(jq '.recommended_instances >= 5' <<<"$decision")" = true ]
	done
}

@test "as-decide: a failed fetch (a line with an error) holds" {
	{
		state 5
		echo '{"metric":{"__name__":"cpu","target":"web"},"values":[],"timestamps":[],"error":"no route to host"}'
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=$output
	to 5 hold
	has_state no-data
	[[ $(jq -r .reason <<<"$decision") == *"no route to host"* ]]
}

@test "as-decide: old samples remove nothing, and say so" {
	decide 5 1.0 -- --now 2026-11-23T17:16:00Z
	to 5 hold
	has_state stale
	decide 5 1.0 -- --now 2026-11-23T17:14:00Z
	to 1 scale_down
	decide 5 1.0 -- --now 2026-11-23T17:14:00Z --stale-after 10m
	to 5 hold
}

@test "as-decide: old samples may still raise, very old ones may not" {
	decide 3 4.5 -- --now 2026-11-23T17:16:00Z
	to 4 scale_up
	has_state stale
	decide 3 4.5 -- --now 2026-11-23T17:46:00Z
	to 3 hold
	has_state stale
}

@test "as-decide: samples from a clock that is ahead remove nothing" {
	decide 5 1.0 -- --now 2026-11-23T16:50:00Z
	to 5 hold
	has_state stale
	[[ $(jq -r .reason <<<"$decision") == *"ahead of the clock"* ]]
}

@test "as-decide: half the samples of the hour remove nothing" {
	local few='.observed |= { timestamps: [.timestamps[0, 5, 11, 12]],
		values: [.values[0, 5, 11, 12]] }'
	decide 5 1.0 "$few"
	to 5 hold
	has_state stale
	# also once the newest gap is too long ago to be recovered from
	decide 5 1.0 "$few" -- --stabilisation 4m
	to 5 hold
	has_state stale
	is .inputs[0].note '"half the samples of the last hour are missing"'
}

@test "as-decide: after a gap nothing is removed for one stabilisation" {
	# three samples are missing, and two are back
	local gap='.observed |= { timestamps: (.timestamps[:8] + .timestamps[11:]),
		values: (.values[:8] + .values[11:]) }'
	decide 5 1.0 "$gap"
	to 5 hold
	has_state stale
	decide 5 1.0 "$gap" -- --stabilisation 4m
	to 1 scale_down
}

@test "as-decide: without a forecast the target rule decides, never 0" {
	local none='del(.windows) | .no_forecast = "too little history: 5 h of 48 h"'
	decide 3 4.5 "$none"
	to 4 scale_up
	has_state reactive-only
	is '.inputs[0].note' '"too little history: 5 h of 48 h"'
	# the target is 60 %, so that 70 % is not planned for
	is .votes.ahead 4
	decide 3 4.5 "$none" -- --target 90%
	# 4.5 / 1.8 = 2.5, but 4.5 / (2 x 70 %) = 3.2
	is '[.votes.now, .votes.ahead]' '[3,4]'
	decide 3 4.5 "$none" -- --target 90% --fallback-target 80%
	is '[.votes.now, .votes.ahead]' '[3,3]'
}

@test "as-decide: a series without a forecast is load to react to" {
	{
		state 3
		jq -cn --arg now "$now" '($now | fromdate) as $t | {
			metric: { __name__: "cpu", target: "web" },
			values: [2.0, 5.9, 4.5],
			timestamps: [range(3) | ($t - (2 - .) * 300) * 1000] }'
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=$output
	to 4 scale_up
	has_state reactive-only
	# and what was 5 minutes ago still holds
	is .votes.keep 5
}

@test "as-decide: past errors of too few origins are none" {
	decide 3 3.0 '.windows[].n = 99 | .windows[].at[].scale = 1'
	has_state reactive-only
	is .votes.ahead 3
}

# --- the votes ---

@test "as-decide: needs are in proportion to the load, whatever runs" {
	for n in 1 5 50; do
		decide "$n" 60 -- --max-instances 100 --max-step-up 99
		is .votes.now 50
	done
}

@test "as-decide: the forecast may raise" {
	decide 3 2.0 '.windows[].at[].point = 5.9'
	to 5 scale_up
	is .votes.by '"ahead"'
}

@test "as-decide: a forecast of nothing under a live load changes nothing" {
	decide 3 3.5 '.windows[].at[].point = 0'
	to 3 maintain
	is .votes.by '"now"'
}

@test "as-decide: a load that is there now needs no forecast" {
	decide 3 5.9 '.windows[].at[].point = 0'
	to 5 emergency_scale
	is .votes.by '"now"'
}

@test "as-decide: wider errors ask for more" {
	decide 3 3.0 '.windows[].at[].scale = 0.5'
	# 3 + 3 x 0.5 = 4.5
	to 4 scale_up
	decide 3 3.0 '.windows[].at[].scale = 1'
	to 5 scale_up
}

@test "as-decide: --slo is the share of cases that is prepared for" {
	decide 3 3.0 '.windows[].at[].scale = 1' -- --slo 95%
	# 3 + 2 = 5
	to 5 scale_up
	decide 3 3.0 '.windows[].at[].scale = 1' -- --slo 80%
	# 3 + 1 = 4
	to 4 scale_up
	# where the load comes to 4.8, in the cases of error 2 and 3
	is '.risk.ahead * 100 | round' 20
}

@test "as-decide: quantile goes instead of slo, and says that it was tuned" {
	local doubt='.windows[].at[].scale = 1'
	conf 'policy { slo = 95% }'
	echo 'policy { quantile = 80% }' | sed '1i target web { }' >tuned.conf
	with_conf 3 3.0 "$doubt" -- --explain
	to 5 scale_up
	[[ $stderr == *'quantile 0.95'$'\n'* ]]
	with_conf 3 3.0 "$doubt" -- -c tuned.conf --explain
	to 4 scale_up
	[[ $stderr == *'quantile 0.8 (tuned)'* ]]
	# the option goes before both files
	with_conf 3 3.0 "$doubt" -- -c tuned.conf --quantile 0.9
	to 5 scale_up
	run -0 as-decide --check -c web.conf -c tuned.conf
	[[ $output == *'quantile = 80% '*'# tuned.conf:2'* ]]
	run --separate-stderr -2 as-decide --check -c web.conf --quantile 0.99995
	[[ $stderr == *"'quantile': '0.99995' is not between 50% and 99.99%" ]]
	# the price door has one of its own
	echo 'cost { cost_per_instance = 730 }' >>web.conf
	sed -i 's/slo = 95%/overload_price = 5/' web.conf
	with_conf 3 3.0 "$doubt" -- --quantile 99% --explain
	to 4 scale_up
	[[ $stderr != *tuned* ]]
}

@test "as-decide: --overload-price adds while that saves more than it costs" {
	# q 0.8: 3 + 1 = 4, so 4 instances. P(4) = 0.05 + 0.15 (error 1.8: above
	# it 2 and 3), P(5) = 0.05, P(6) = 0. An instance-hour costs 1.
	local doubt='.windows[].at[].scale = 1'
	decide 3 3.0 "$doubt" -- --overload-price 5 --cost-per-instance 730
	# 4 + 5 x 0.2 = 5, 5 + 0.25: 4 is cheapest
	to 4 scale_up
	decide 3 3.0 "$doubt" -- --overload-price 8 --cost-per-instance 730
	# 4 + 1.6 = 5.6, 5 + 0.4 = 5.4
	to 5 scale_up
	decide 3 3.0 "$doubt" -- --overload-price 1000 --cost-per-instance 730
	# 6 is only needed where 5 x 1.2 = 6 = 3 + 3 is passed: never
	to 5 scale_up
	is .risk.ahead 0
}

@test "as-decide: a proposal within the stabilisation holds, and raises nothing" {
	local past='.windows[1].at[1].point = 5.9'
	decide 5 3.0 "$past"
	to 5 maintain
	is '[.votes.keep, .votes.by]' '[5,"keep"]'
	decide 4 3.0 "$past"
	to 4 maintain
	decide 5 3.0 "$past" -- --stabilisation 5m
	to 3 scale_down
}

@test "as-decide: scale-in needs observed and forecast load to be low" {
	decide 5 3.0
	to 3 scale_down
	decide 5 3.0 '.windows[].at[].point = 5.9'
	to 5 maintain
	decide 5 5.9 '.windows[].at[].point = 3'
	to 5 maintain
}

@test "as-decide: a suspicious drop holds for half an hour" {
	decide 5 1.0 '.drop = { z: -9, threshold: -3, since: "2026-11-23T16:45:00Z" }'
	to 5 hold
	has_state suspected-outage
	is '[.votes.drop, .votes.by]' '[5,"drop"]'
	decide 5 1.0 '.drop = { z: -9, threshold: -3, since: "2026-11-23T16:29:00Z" }'
	to 1 scale_down
	decide 5 1.0 '.drop = { z: -9, threshold: -3, since: "2026-11-23T16:45:00Z" }' \
		-- --drop-hold 10m
	to 1 scale_down
}

@test "as-decide: a critical drop that as-detect names holds too, and goes on" {
	anomaly='{"type":"anomaly","metric":{"target":"web"},"time":"2026-11-23T16:50:00Z","kind":"drop","severity":"critical"}'
	{
		echo "$anomaly"
		state 5
		forecast 1.0
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	[ "${lines[0]}" = "$anomaly" ]
	decision=${lines[1]}
	to 5 hold
	has_state suspected-outage
	sed -i 's/critical/warning/' in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=${lines[1]}
	to 1 scale_down
}

@test "as-decide: what saturates is met with one half more" {
	# 3.7 of 4 cores is all that can be measured
	decide 2 3.7 -- --saturates --emergency 90% --max-instances 30
	is .votes.panic 3
	decide 10 18.5 -- --saturates --max-instances 30
	is '[.votes.panic, .votes.now]' '[15,16]'
	decide 10 18.5 -- --saturates --max-instances 30 --panic 2
	is '[.votes.panic, .votes.by]' '[20,"panic"]'
	to 20 emergency_scale
	decide 10 17 -- --saturates --max-instances 30
	is .votes.panic null
}

@test "as-decide: panic does not pile up while what it ordered boots" {
	state_dir=$dir/state
	# ordered half a minute ago, and asked for 15 then
	journal "$state_dir" 86400 \
		"$(decided 30 '.votes.panic = 15')" "$(changed 30 10 15)"
	{
		state 15 '.ready = 10'
		forecast 18.5
	} >in
	run -0 as-decide --capacity 2 --saturates --max-instances 40 \
		--now "$now" --state "$state_dir" in
	decision=$output
	is .votes.panic 15
	is .recommended_instances 16
	# and stays a while after the boot, when the load is known again
	journal "$state_dir" 86400 \
		"$(decided 90 '.votes.panic = 15')" "$(changed 90 10 15)"
	{
		state 15
		forecast 14
	} >in
	run -0 as-decide --capacity 2 --saturates --max-instances 40 \
		--now "$now" --state "$state_dir" in
	decision=$output
	is .votes.panic 15
}

@test "as-decide: the load on what is ready makes an emergency, not the count" {
	{
		state 6 '.ready = 2'
		forecast 3.9 '.windows[].at[].point = 8'
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=$output
	is .action '"emergency_scale"'
	is '.current_load' 97.5
	is .recommended_instances 7
}

@test "as-decide: emergency is a share that can be set" {
	decide 3 5.0 '.windows[].at[].point = 5' -- --emergency 95%
	is .action '"scale_up"'
	decide 3 5.0 '.windows[].at[].point = 5' -- --emergency 80%
	is .action '"emergency_scale"'
}

# --- schedules ---

@test "as-decide: a schedule's floor is ordered before it begins" {
	conf 'schedule peak { from = "17:01" until = "20:00" min_instances = 6 }'
	with_conf 3 3.0
	[ "$status" = 0 ]
	to 6 scale_up
	is '[.votes.sched, .votes.by]' '[6,"sched"]'
	[[ $(jq -r .reason <<<"$decision") == *"the schedule 'peak' asks for at least 6"* ]]
	with_conf 3 3.0 -- --boot-time 0s --decision-interval 30s
	to 3 maintain
}

@test "as-decide: a schedule runs on the clocks of its zone" {
	# 17:00 UTC is 18:00 in Berlin and 12:00 in New York
	conf 'schedule a { from = "18:00" until = "19:00" timezone = "Europe/Berlin" min_instances = 4 }'
	with_conf 3 3.0
	is .votes.sched 4
	conf 'schedule a { from = "12:00" until = "13:00" timezone = "America/New_York" min_instances = 5 }'
	with_conf 3 3.0
	is .votes.sched 5
	conf 'schedule a { from = "12:00" until = "13:00" min_instances = 5 }'
	with_conf 3 3.0
	is .votes.sched null
}

@test "as-decide: a schedule ends when it says, to the second" {
	conf 'schedule a { from = "08:00" until = "17:00" min_instances = 6 }'
	with_conf 6 3.0 -- --now 2026-11-23T16:59:59Z
	to 6 maintain
	with_conf 6 3.0 -- --now 2026-11-23T17:00:00Z
	to 3 scale_down
}

@test "as-decide: a schedule may set another maximum for its time" {
	conf 'schedule a { from = "08:00" until = "20:00" max_instances = 4 }'
	with_conf 3 8.0
	to 4 emergency_scale
	has_state capped-by-max
	conf 'schedule a { from = "08:00" until = "20:00" max_instances = 14 }' \
		'policy { max_step_up = 99 }'
	with_conf 3 16.0
	to 14 emergency_scale
}

@test "as-decide: a freeze lets nothing through but emergencies" {
	conf 'freeze release { from = "2026-11-23T16:00" until = "2026-11-24T00:00" }'
	with_conf 3 4.5
	to 3 hold
	has_state frozen
	[[ $(jq -r .reason <<<"$decision") == *"a freeze is in force ('release')"* ]]
	with_conf 5 1.0
	to 5 hold
	with_conf 3 5.9
	to 5 emergency_scale
	with_conf 3 4.5 -- --now 2026-11-24T00:00:00Z
	has_no_state frozen
}

# --- bounds ---

@test "as-decide: never fewer than min_instances, whatever is limited" {
	decide 1 1.0 -- --min-instances 6
	to 6 scale_up
	is .votes.by '"floor"'
	decide 8 1.0 -- --min-instances 6
	to 6 scale_down
}

@test "as-decide: never fewer than min_ready" {
	decide 5 0 '.windows[].errors |= map(0)' -- --min-instances 0 --min-ready 2
	to 2 scale_down
	decide 5 0 '.windows[].errors |= map(0)' -- --min-instances 0 --min-ready 0
	to 0 scale_down
}

@test "as-decide: never more than max_instances, and says so" {
	decide 3 8.0 -- --max-instances 5
	to 5 emergency_scale
	has_state capped-by-max
	decide 5 8.0 -- --max-instances 5
	to 5 hold
	has_state capped-by-max
	[[ $(jq -r .reason <<<"$decision") == "Hold at 5 instances though 7 are needed: more are not allowed"* ]]
}

@test "as-decide: a pool of fixed size is not capped" {
	decide 5 8.0 -- --min-instances 5 --max-instances 5
	has_no_state capped-by-max
}

@test "as-decide: more than max_instances come down to it, once nothing is in doubt" {
	decide 8 1.0 -- --max-instances 5
	to 1 scale_down
	decide 8 9.0 -- --max-instances 5
	to 5 scale_down
	decide 8 9.0 '.error = "503"' -- --max-instances 5
	to 8 hold
}

@test "as-decide: max_step_up limits what a forecast may add" {
	decide 3 3.0 '.windows[].at[].point = 11' -- --max-step-up 2
	to 5 scale_up
	has_state step-limited
	decide 3 3.0 '.windows[].at[].point = 11' -- --max-step-up 50%
	to 5 scale_up
	decide 3 3.0 '.windows[].at[].point = 11'
	to 6 scale_up
	# but not an emergency
	decide 3 11 -- --max-step-up 2
	to 10 emergency_scale
}

@test "as-decide: max_step_down limits a removal" {
	decide 9 1.0 -- --max-step-down 3
	to 6 scale_down
	has_state step-limited
	decide 9 1.0 -- --max-step-down 20%
	to 8 scale_down
	decide 2 1.0 -- --max-step-down 20%
	to 1 scale_down
}

# --- what was changed of late ---

@test "as-decide: after a change nothing is removed for the cooldown" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 200 3 5)"
	decide 5 1.0
	to 5 hold
	has_state cooldown
	decide 5 1.0 -- --scale-down-cooldown 3m
	to 1 scale_down
	journal "$state_dir" 86400 "$(changed 301 3 5)"
	decide 5 1.0
	to 1 scale_down
}

@test "as-decide: the cooldown never delays an addition" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 10 2 3)"
	decide 3 4.5
	to 4 scale_up
	has_no_state cooldown
}

@test "as-decide: what failed, was refused or changed nothing is no change" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 10 3 5 failed)" \
		"$(changed 10 3 5 refused)" "$(changed 10 5 5 unchanged)" \
		"$(changed 10 3 5 monitor)"
	decide 5 1.0 -- --max-changes-per-hour 1
	to 1 scale_down
}

@test "as-decide: max_changes_per_hour leaves only what load needs now" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 3000 2 3)" "$(changed 2000 3 4)" \
		"$(changed 1000 4 5)"
	decide 5 1.0 -- --max-changes-per-hour 3
	to 5 hold
	has_state change-budget
	decide 5 1.0 '.windows[].at[].point = 9' -- --max-changes-per-hour 3
	to 5 hold
	has_state change-budget
	# 8 needed now, 10 expected
	decide 5 9.0 '.windows[].at[].point = 12' -- --max-changes-per-hour 3
	to 8 emergency_scale
	has_state change-budget
	decide 5 1.0 -- --max-changes-per-hour 4
	to 1 scale_down
	# an hour later they are forgotten
	journal "$state_dir" 86400 "$(changed 3601 2 3)" "$(changed 3601 3 4)" \
		"$(changed 3601 4 5)"
	decide 5 1.0 -- --max-changes-per-hour 3
	to 1 scale_down
}

@test "as-decide: max_changes_per_day counts a day" {
	state_dir=$dir/state
	journal "$state_dir" 200000 "$(changed 80000 2 3)" "$(changed 70000 3 5)"
	decide 5 1.0 -- --max-changes-per-day 2
	to 5 hold
	has_state change-budget
	decide 5 1.0 -- --max-changes-per-day 3
	to 1 scale_down
}

@test "as-decide: a journal that is missing or young removes nothing" {
	state_dir=$dir/state
	decide 5 1.0
	to 5 hold
	has_state cold
	journal "$state_dir" 300
	decide 5 1.0
	to 5 hold
	has_state cold
	decide 3 4.5
	to 4 scale_up
	journal "$state_dir" 601
	decide 5 1.0
	to 1 scale_down
}

@test "as-decide: a journal that cannot be read is lost: said, and cold" {
	state_dir=$dir/state
	mkdir -p "$state_dir/web.ndjson"
	decide 5 1.0
	[ "$status" = 0 ]
	to 5 hold
	has_state cold
	[[ $stderr == "as-decide: cannot read the journal of 'web' in '$state_dir': "* ]]
	decide 3 4.5
	to 4 scale_up
}

@test "as-decide: limits that need a journal and have none are said once" {
	decide 5 1.0 -- --max-changes-per-hour 3
	[ "$status" = 0 ]
	[ "$stderr" = "as-decide: target 'default': without a state folder changes cannot be counted: no limit per hour or day" ]
	to 1 scale_down
}

@test "as-decide: paused still computes, and changes nothing that way" {
	decide 3 4.5 -- --paused both
	to 3 hold
	has_state paused
	is .votes.want 4
	decide 3 4.5 -- --paused up
	to 3 hold
	decide 5 1.0 -- --paused up
	to 1 scale_down
	decide 5 1.0 -- --paused down
	to 5 hold
	decide 3 4.5 -- --paused down
	to 4 scale_up
	# not even an emergency
	decide 3 5.9 -- --paused both
	to 3 hold
}

# --- several signals ---

two_signals() {
	conf 'signal requests { capacity = 50 }' \
		'signal latency { limit = 0.25 unit = s }' "$@"
}

others() { # REQUESTS LATENCY [FILTER]
	forecast "$1" '.metric.__name__ = "requests"'
	forecast "$2" '.metric.__name__ = "latency" | .metric.unit = "s" |
		'"${3:-.}"
}

@test "as-decide: of several signals the highest need wins" {
	two_signals
	{
		state 3
		forecast 3.0
		# 30 a second may be planned for: 5
		others 140 0.1
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 emergency_scale
	is '[.inputs[].needed_now]' '[3,5,null]'
	[[ $(jq -r .reason <<<"$decision") == *"'requests' is at 140"* ]]
}

@test "as-decide: a missing signal blocks removal, never an addition" {
	two_signals
	{
		state 5
		forecast 1.0
		others 30 0.1 | head -1
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 hold
	has_state missing-signal
	[[ $(jq -r .reason <<<"$decision") == *"a signal is missing ('latency')"* ]]
	{
		state 3
		forecast 4.5
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 4 scale_up
	has_state missing-signal
}

@test "as-decide: a signal missing for longer than the deadline has no say" {
	two_signals
	{
		state 5
		forecast 1.0
		others 30 0.1 '.observed.timestamps |= map(. - 3600000) |
			.origin = "2026-11-23T16:00:00Z"'
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	is .recommended_instances 1
	has_state missing-signal
	run -0 as-decide -c web.conf --now "$now" --missing-deadline 2h in
	decision=$output
	to 5 hold
}

@test "as-decide: the journal knows since when a signal has been missing" {
	state_dir=$dir/state
	two_signals "state { dir = '$state_dir' }"
	{
		state 5
		forecast 1.0
		others 30 0.1 | head -1
	} >in
	with='.inputs = [{ signal: "latency", value: 0.1 }]'
	without='.inputs = [{ signal: "latency" }]'
	journal "$state_dir" 86400 "$(decided 1900 "$without")" \
		"$(decided 1000 "$without")" "$(decided 60 "$without")"
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	is .recommended_instances 1
	journal "$state_dir" 86400 "$(decided 1900 "$without")" \
		"$(decided 1000 "$with")" "$(decided 60 "$without")"
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 hold
}

@test "as-decide: all signals missing holds, however long it lasts" {
	two_signals
	state 5 >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 hold
	has_state no-data
}

@test "as-decide: with nothing known fallback_instances are the least" {
	state 3 >in
	run -0 as-decide --capacity 2 --now "$now" --fallback-instances 6 \
		--target-name web in
	decision=$output
	to 6 scale_up
	has_state no-data
	# never fewer than there are, or than healthy signals ask for
	state 8 >in
	run -0 as-decide --capacity 2 --now "$now" --fallback-instances 6 \
		--target-name web in
	decision=$output
	to 8 hold
	decide 3 4.5 -- --fallback-instances 6
	to 4 scale_up
}

@test "as-decide: a guard signal above its limit removes nothing" {
	two_signals
	{
		state 5
		forecast 1.0
		others 30 0.3
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 hold
	has_state guard-signal
	[[ $(jq -r .reason <<<"$decision") == *"('latency' is at 0.3 s)"* ]]
	sed -i 's/0\.3/0.2/g' in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 1 scale_down
}

# --- windows ---

@test "as-decide: a forecast for another boot time holds with window-mismatch" {
	decide 5 1.0 -- --boot-time 15m
	to 5 hold
	has_state window-mismatch
	decide 5 1.0 '.windows[0].from_s = 900 | .windows[0].to_s = 960'
	to 5 hold
	has_state window-mismatch
	decide 3 4.5 -- --boot-time 15m
	to 4 scale_up
}

@test "as-decide: a window that reaches further does no harm" {
	decide 5 1.0 '.windows[].to_s = 600'
	to 1 scale_down
	has_no_state window-mismatch
}

# --- what each instance is given ---

# peaks MEDIAN MOST: of the next hour
peaks() {
	printf '.peak = { window_s: [300, 3600], quantiles:
		{ "0.5": [0, %s], "0.8": [0, %s], "0.9": [0, %s],
		"0.95": [0, %s], "0.99": [0, %s] } }' "$1" "$1" "$1" "$1" "$2"
}

# advised COUNT CPU-FILTER MEMORY-FILTER [OPTION...]: 4 cores of load, and 3 GiB
advised() {
	local n=$1 cpu=$2 memory=$3
	shift 3
	{
		state "$n"
		forecast 4 "$cpu"
		forecast 3221225472 ".metric.__name__ = \"rss\" |
			.metric.unit = \"bytes\" | $memory"
	} >in
	run --separate-stderr as-decide -c web.conf --now "$now" "$@" in
	decision=$output
}

resources() {
	printf '%s\n' 'target web { }' \
		'signal cpu { capacity = 2 resource = cpu }' \
		'signal rss { resource = memory target = 75% }' \
		"resources { $1 }" >web.conf
}

@test "as-decide: resources are the peaks shared by the instances to come" {
	resources 'cpus = auto cpus_reserved = auto memory = auto
		memory_reserved = auto'
	advised 4 "$(peaks 4.4 4.8)" "$(peaks 3758096384 4294967296)"
	[ "$status" = 0 ]
	to 4 maintain
	# 4.8 / 4 / 0.6 = 2, 4.4 / 4 = 1.1 -> 9/8; 1 GiB / 0.75 -> 11/8
	is '.resources | [.cpus, .cpus_reserved]' '[2,1.125]'
	is '.resources | [.memory, .memory_reserved] | map(. / 1048576)' \
		'[1408,896]'
	is '.resources.reason' "\"CPU up to 2 cores, reserved 1.12 cores: 4 share a peak of 4.8 cores ('cpu', 99 % within 60 min) at 60 % of it; memory up to 1.38 GiB, reserved 896 MiB: 4 share a peak of 4 GiB ('rss', 99 % within 60 min) at 75 % of it\""
	# more instances, less each
	advised 4 "$(peaks 4.4 4.8) | .windows[].at[].point = 9.5" \
		"$(peaks 3758096384 4294967296)"
	to 8 scale_up
	is '.resources.cpus' 1
}

@test "as-decide: what is configured is passed on, and what is not is left alone" {
	resources 'cpus = 0.75 memory = 512Mi'
	advised 4 . .
	is '.resources | del(.reason)' '{"cpus":0.75,"memory":536870912}'
	resources 'memory_reserved = 64M'
	advised 4 . .
	is '.resources | del(.reason)' '{"memory_reserved":64000000}'
	resources ''
	advised 4 "$(peaks 4.4 4.8)" .
	is 'has("resources")' false
}

@test "as-decide: nothing is reserved above the limit" {
	resources 'cpus = 1 cpus_reserved = auto memory = auto
		memory_reserved = 4Gi'
	advised 4 "$(peaks 8 9)" "$(peaks 3221225472 3221225472)"
	is '.resources | [.cpus, .cpus_reserved]' '[1,1]'
	is '.resources | .memory == .memory_reserved' true
}

@test "as-decide: memory is never advised below what an instance used" {
	resources 'memory = auto memory_reserved = auto'
	local small half
	small=$(peaks 400000000 400000000)
	advised 4 . "$small"
	# 3 GiB by 4 now, whatever is expected, and a third more for the limit
	is '.resources | [.memory, .memory_reserved] | map(. / 1048576)' \
		'[1024,768]'
	# half an hour ago it was twice as much
	half="$small | .observed.values[6] = 6442450944"
	advised 4 . "$half"
	is '.resources.memory / 1048576' 1536
	# but there were eight of them
	journal j 90000 "$(changed 1200 8 4)"
	advised 4 . "$half" --state j
	is '.resources.memory / 1048576' 1024
	# those that boot use none yet
	journal j 90000 "$(changed 3000 4 8)" "$(changed 1200 8 4)"
	advised 4 . "$half | .observed.values[3] = 6442450944" --state j
	is '.resources.memory / 1048576' 1536
}

@test "as-decide: no advice on what is missing, old or not expected" {
	resources 'cpus = auto memory = auto'
	local filter
	for filter in '.observed = { timestamps: [], values: [] }' \
		'.observed.timestamps[] -= 1200000' \
		'.error = "connection refused"' '.no_forecast = "too little"' \
		.; do
		advised 4 "$(peaks 4.4 4.8)" "$(peaks 1 1) | $filter"
		[ "$filter" = . ] || is '.resources | has("memory")' false
		is '.resources.cpus' 2
		# and what is for advice only keeps nobody from anything
		to 4 maintain
	done
	is '.resources | has("memory")' true
}

@test "as-decide: a signal for advice asks for nothing and keeps nothing" {
	resources 'memory = auto'
	# only the one signal: it could remove, if the other did not matter
	{
		state 6
		forecast 4
	} >in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 4 scale_down
	is .states '[]'
	is '.resources' null
	# as soon as it carries load, too, it counts
	sed -i 's/target = 75%/& capacity = 1Gi/; s/1Gi/1073741824/' web.conf
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 6 hold
	has_state missing-signal
}

@test "as-decide: --explain and --check say what is wished for" {
	resources 'cpus = auto memory = 1536Mi'
	advised 4 "$(peaks 4.4 4.8)" . --explain
	[[ $stderr == *'resources: CPU up to 2 cores: 4 share'* ]]
	[[ $stderr == *'memory up to 1.5 GiB, as configured'* ]]
	run -0 as-decide --check -c web.conf
	[[ $output == *'cpus = auto '*'# web.conf:4'* ]]
	[[ $output == *'memory = 1536Mi '* ]]
	[[ $output == *'resource = cpu '* ]]
}

# --- money ---

@test "as-decide: cost_impact is cost(new) - cost(old)" {
	decide 5 3.0 -- --cost-per-instance 40 --currency EUR
	is '[.cost_impact, .currency]' '[-80,"EUR"]'
	decide 3 3.0 -- --cost-per-instance 40
	is .cost_impact 0
	decide 3 4.5
	is 'has("cost_impact")' false
}

@test "as-decide: a price an hour is 730 of them a month, or their cap" {
	decide 3 4.5 -- --cost-per-hour 0.1
	to 4 scale_up
	is .cost_impact 73
	[[ $(jq -r .reason <<<"$decision") == *"+73.00 USD a month at 0.1 an hour each." ]]
	decide 3 4.5 -- --cost-per-hour 0.1 --monthly-cap 60
	is .cost_impact 60
	[[ $(jq -r .reason <<<"$decision") == *"at 0.1 an hour each, 60.00 a month at the most." ]]
}

@test "as-decide: a budget that suffices is told" {
	decide 3 4.5 -- --cost-per-instance 50 --max-monthly-cost 200
	to 4 scale_up
	has_state budget-ok
}

@test "as-decide: over_budget = hold adds nothing beyond the budget" {
	decide 3 3.0 '.windows[].at[].point = 6.5' \
		-- --cost-per-instance 50 --max-monthly-cost 200
	# 6 wanted, 4 can be paid for
	to 4 scale_up
	has_state budget-hold
	decide 4 5.9 -- --cost-per-instance 50 --max-monthly-cost 200
	to 4 hold
	has_state budget-hold
	[[ $(jq -r .reason <<<"$decision") == *"the budget does not allow more"* ]]
}

@test "as-decide: over_budget = ask asks a person" {
	decide 3 3.0 '.windows[].at[].point = 6.5' -- --cost-per-instance 50 \
		--max-monthly-cost 200 --over-budget ask
	to 6 scale_up
	has_state budget-ask
	has_state awaiting-approval
	is .approval '"required"'
	[[ $(jq -r .reason <<<"$decision") == *"the budget of 200.00 USD a month is for 4 on average"* ]]
}

@test "as-decide: over_budget = protect pays for what load needs now, and says what" {
	decide 4 5.9 '.windows[].at[].point = 8' -- --cost-per-instance 50 \
		--max-monthly-cost 200 --over-budget protect
	# 5 needed now, 7 expected, 4 paid for
	to 5 scale_up
	has_state budget-hold
	[[ $(jq -r .reason <<<"$decision") == *"50.00 USD a month beyond the budget"* ]]
}

@test "as-decide: the month's spending is carried on from decision to decision" {
	state_dir=$dir/state
	# begun with the month; half an hour ago 300 were spent, with 4 running
	journal "$state_dir" 2000000 "$(decided 1800 '.current_instances = 4 |
		.spent = { value: 300, since: "2026-11-01T00:00:00Z" }')"
	decide 4 4.5 -- --cost-per-instance 73 --max-monthly-cost 730
	# 4 x 0.1 x 0.5 h
	is .spent '{"value":300.2,"since":"2026-11-01T00:00:00Z"}'
	has_state budget-ok
	# in a new month it begins anew, with what ran since
	run -0 as-decide --capacity 2 --now 2026-12-01T01:00:00Z \
		--cost-per-instance 73 --max-monthly-cost 730 \
		--state "$state_dir" --target-name web </dev/null
	decision=$output
	is 'has("spent")' true
}

@test "as-decide: a new month begins with nothing spent but its own hours" {
	state_dir=$dir/state
	mkdir -p "$state_dir"
	{
		echo '{"type":"journal","version":1,"created":"2026-10-01T00:00:00Z"}'
		echo '{"type":"decision","target":"web","time":"2026-11-30T23:30:00Z","current_instances":4,"spent":{"value":999,"since":"2026-11-01T00:00:00Z"},"logged":"2026-11-30T23:30:00Z"}'
	} >"$state_dir/web.ndjson"
	run -0 as-decide --capacity 2 --now 2026-12-01T00:15:00Z \
		--cost-per-instance 73 --max-monthly-cost 730 --instances 4 \
		--state "$state_dir" --target-name web </dev/null
	decision=$output
	is '[.spent.value, .spent.since]' '[0.1,"2026-12-01T00:00:00Z"]'
}

@test "as-decide: where money gets short, certainty gives way first" {
	state_dir=$dir/state
	# a week of November is left, and 30 of 720 for it: 4.1 on average
	journal "$state_dir" 2000000 "$(decided 60 '.current_instances = 3 |
		.spent = { value: 650, since: "2026-11-01T00:00:00Z" }')"
	# 3 + 3 = 6: 5 for 99 %. With 95 % 5 x 1 = 4.2, with 80 % 4
	decide 3 3.0 '.windows[].at[].scale = 1' -- --cost-per-instance 73 \
		--max-monthly-cost 730
	to 4 scale_up
	has_state budget-tight
	[[ $(jq -r .reason <<<"$decision") == *"the month's budget is short"* ]]
	# what load needs now does not give way
	decide 3 5.3 '.windows[].at[].scale = 1' -- --cost-per-instance 73 \
		--max-monthly-cost 730
	is .votes.now 5
	is '.recommended_instances >= 5' true
}

@test "as-decide: a budget that is used up adds nothing more" {
	state_dir=$dir/state
	journal "$state_dir" 2000000 "$(decided 60 '.current_instances = 3 |
		.spent = { value: 719.9, since: "2026-11-01T00:00:00Z" }')"
	decide 3 4.5 -- --cost-per-instance 73 --max-monthly-cost 730
	to 3 hold
	has_state budget-hold
}

@test "as-decide: a change is paid for from when it was made, not from the next decision" {
	state_dir=$dir/state
	journal "$state_dir" 2000000 "$(decided 1800 '.current_instances = 4 |
		.spent = { value: 300, since: "2026-11-01T00:00:00Z" }')" \
		"$(changed 900 4 8)"
	decide 8 4.5 -- --cost-per-hour 0.1 --max-monthly-cost 730
	# 4 for a quarter of an hour, and 8 for one
	is .spent.value 300.3
}

@test "as-decide: what went while it was paid for is paid until then" {
	state_dir=$dir/state
	t=$(($(date -d "$now" +%s) * 1000))
	# one of three goes that began 50 minutes ago: it has 10 more to be paid
	journal "$state_dir" 2000000 "$(decided 1800 '.current_instances = 3 |
		.spent = { value: 300, since: "2026-11-01T00:00:00Z" }' |
		jq -c ".observed.started = [$((t - 3000000)), $((t - 1200000)), $((t - 1200000))]")" \
		"$(changed 0 3 2)"
	decide 2 4.5 -- --cost-per-hour 0.6 --max-monthly-cost 7300 \
		--billing hour
	is .spent.value 301
	# by the second there is none of that
	decide 2 4.5 -- --cost-per-hour 0.6 --max-monthly-cost 7300
	is .spent.value 300.9
}

@test "as-decide: spending goes on where a count was not known" {
	state_dir=$dir/state
	journal "$state_dir" 2000000 "$(decided 3000 '.current_instances = 4 |
		.spent = { value: 300, since: "2026-11-01T00:00:00Z" }')" \
		"$(decided 1800 'del(.current_instances) |
		.spent = { value: 301, since: "2026-11-01T00:00:00Z" }')"
	decide 4 4.5 -- --cost-per-hour 0.1 --max-monthly-cost 7300
	is .spent.value 301.2
}

@test "as-decide: what is paid by the hour stays until its hour is over" {
	state_dir=$dir/state
	# two were added 40 minutes ago: they are paid for 20 minutes more
	journal "$state_dir" 86400 "$(changed 2400 3 5)"
	decide 5 2.0 -- --billing hour --min-instances 2
	# the three older ones began at a time nobody knows
	to 2 scale_down
	decide 5 1.0 -- --billing hour
	to 2 scale_down
	has_state billing-edge
	journal "$state_dir" 86400 "$(changed 2400 0 5)"
	decide 5 1.0 -- --billing hour
	to 5 hold
	has_state billing-edge
	# a minute before the hour is over they may go
	journal "$state_dir" 86400 "$(changed 3550 0 5)"
	decide 5 1.0 -- --billing hour
	to 1 scale_down
	decide 5 1.0 -- --billing second
	to 1 scale_down
}

@test "as-decide: the least that is paid for holds a removal as a period does" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 1200 0 5)"
	decide 5 1.0 -- --billing-minimum 30m
	to 5 hold
	has_state billing-edge
	# after half an hour it is by the second
	journal "$state_dir" 86400 "$(changed 1801 0 5)"
	decide 5 1.0 -- --billing-minimum 30m
	to 1 scale_down
	has_no_state billing-edge
	# what is no longer than until the next decision is not waited for
	journal "$state_dir" 86400 "$(changed 301 0 5)"
	decide 5 1.0 -- --billing-minimum 1m
	to 1 scale_down
}

@test "as-decide: the price is told with its rounding, least and most" {
	decide 3 4.5 -- --cost-per-hour 0.1 --monthly-cap 60 --billing hour \
		--billing-minimum 2h
	is .cost_impact 60
	[[ $(jq -r .reason <<<"$decision") == *"; +60.00 USD a month at 0.1 an hour each, paid by the hour, 2 h at the least, 60.00 a month at the most." ]]
	decide 3 4.5 -- --cost-per-instance 50 --billing month
	[[ $(jq -r .reason <<<"$decision") == *"; +50.00 USD a month at 50.00 each, paid by the month." ]]
}

@test "as-decide: when instances began is carried on from decision to decision" {
	state_dir=$dir/state
	# three of ten days ago, and two that were added since that decision
	old=$((($(date -d "$now" +%s) - 864000) * 1000))
	journal "$state_dir" 2000000 "$(decided 1800 ".current_instances = 3 |
		.observed = { started: [$old, $old, $((old + 600000))] }")" \
		"$(changed 1200 3 5)"
	decide 5 2.0 -- --billing hour --min-instances 2
	added=$((($(date -d "$now" +%s) - 1200) * 1000))
	is .observed.started "[$old,$old,$((old + 600000)),$added,$added]"
	# 240 hours are over now for two; the third is paid for 10 minutes more
	to 3 scale_down
	has_state billing-edge
	# by the month all of them stay
	decide 5 2.0 -- --billing month --min-instances 2
	to 5 hold
	has_state billing-edge
	# by the second nobody needs to know
	decide 5 2.0 -- --min-instances 2
	is '.observed | has("started")' false
	to 2 scale_down
}

@test "as-decide: a removal took those whose paid time was nearly over" {
	state_dir=$dir/state
	t=$(($(date -d "$now" +%s) * 1000))
	journal "$state_dir" 2000000 "$(decided 1800 '.current_instances = 3 |
		.observed = { started: [1, 2, 3] }' | jq -c \
		".observed.started = [$((t - 5000000)), $((t - 4000000)), $((t - 9000000))]")" \
		"$(changed 1200 3 2)"
	decide 2 2.0 -- --billing hour
	# ages were 3800, 2800 and 7800 s: 3400, 800 and 3000 s to go
	is .observed.started "[$((t - 9000000)),$((t - 5000000))]"
}

@test "as-decide: what the driver says of starts is believed before the journal" {
	state_dir=$dir/state
	t=$(($(date -d "$now" +%s) * 1000))
	journal "$state_dir" 86400 "$(changed 2400 0 2)"
	{
		state 2 ".started = [$((t - 3590000)), $((t - 600000))]"
		forecast 1.0
	} >in
	run -0 as-decide --capacity 2 --now "$now" --state "$state_dir" \
		--billing hour in
	decision=$output
	is .observed.started "[$((t - 3590000)),$((t - 600000))]"
	to 1 scale_down
}

# --- machines of several types ---

# typed [MORE...]: web.conf with two types, of which the large one is cheaper for
# its size but not when it is half empty
typed() {
	conf 'type cx22 { price = 4 }' \
		'type cx32 { price_per_hour = 0.02 price = 14 capacity = 4 }' "$@"
}

# machines SMALL LARGE [FILTER]: the state of so many of each, all ready
machines() {
	jq -cn --arg now "$now" --argjson s "$1" --argjson l "$2" '{
		type: "state", target: "web", time: $now, driver: "hetzner",
		instances: ($s + $l), ready: ($s + $l), version: "a1",
		mix: ([{ type: "cx22", count: $s, ready: $s },
			{ type: "cx32", count: $l, ready: $l }] |
			map(select(.count > 0))) } | '"${3:-.}"
}

# with_types SMALL LARGE VALUE [FILTER] -- [OPTION...]
with_types() {
	local small=$1 large=$2 value=$3 filter=.
	shift 3
	if [ "${1:---}" != -- ]; then
		filter=$1
		shift
	fi
	shift || true
	{
		machines "$small" "$large"
		forecast "$value" "$filter"
	} >in
	run --separate-stderr -0 as-decide -c web.conf --now "$now" \
		${state_dir:+--state "$state_dir"} "$@" in
	decision=$output
}

@test "as-decide: of several types the cheapest mix that carries the need" {
	typed
	# 7 needed, 2 there: one large and one small for 5
	with_types 2 0 8.0
	is .votes.want 7
	to 4 emergency_scale
	is .mix '[{"type":"cx22","count":3},{"type":"cx32","count":1}]'
	is '[.current_instances, .cost_impact]' '[2,18]'
	# three lack: a large one that is not full is dearer than three small
	with_types 2 0 5.9
	to 5 emergency_scale
	is .mix '[{"type":"cx22","count":5}]'
	is .cost_impact 12
	# a fourth: for 14 instead of 16
	with_types 2 0 7.1
	to 3 emergency_scale
	is .mix '[{"type":"cx22","count":2},{"type":"cx32","count":1}]'
	is .cost_impact 14
}

@test "as-decide: the reason names machines and their prices" {
	typed 'cost { currency = EUR }'
	with_types 2 0 8.0
	[[ $(jq -r .reason <<<"$decision") == "Emergency: add 1 x 'cx22' and 1 x 'cx32', from 2 to 7 instances: "*"; +18.00 EUR a month at 4.00 a month for 'cx22', 14.00 a month for 'cx32'." ]]
	with_types 4 1 8.0
	[[ $(jq -r .reason <<<"$decision") == "Remove 1 x 'cx22', from 8 to 7 instances: "*"; -4.00 EUR a month at 4.00 a month for 'cx22'." ]]
}

@test "as-decide: a removal leaves the cheapest machines that are enough" {
	typed
	# 4 needed of 9: the large one alone
	with_types 5 1 4.7
	is .votes.want 4
	to 1 scale_down
	is .mix '[{"type":"cx32","count":1}]'
	is .cost_impact -20
	# 2 needed: two small ones
	with_types 5 1 2.3
	to 2 scale_down
	is .mix '[{"type":"cx22","count":2}]'
	# 2 needed of one large: it stays, and nobody holds it
	with_types 0 1 2.3
	to 1 maintain
	is '[.votes.want, .mix]' '[2,[{"type":"cx32","count":1}]]'
}

@test "as-decide: what runs is not exchanged, and a decision carried out stays" {
	typed
	with_types 3 0 4.7
	to 4 scale_up
	is .mix '[{"type":"cx22","count":4}]'
	with_types 4 0 4.7
	to 4 maintain
	is .cost_impact 0
}

@test "as-decide: bounds count instances, and no mix goes beyond them" {
	# 6 wanted, 5 allowed: the large one would make 8
	typed 'policy { max_instances = 5 }'
	with_types 4 0 7.1
	to 5 scale_up
	is .mix '[{"type":"cx22","count":5}]'
	has_state capped-by-max
	# none smaller is left: no more than there may be
	conf 'type small { price = 4 max = 1 }' \
		'type large { price = 14 capacity = 4 }' \
		'policy { max_instances = 7 }'
	machines 0 1 '.mix[].type = "large"' >in
	forecast 8.0 >>in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	is .votes.want 7
	to 2 emergency_scale
	is .mix '[{"type":"small","count":1},{"type":"large","count":1}]'
	has_state capped-by-max
}

@test "as-decide: a type that has no section is counted as the smallest" {
	typed
	machines 2 0 '.mix += [{ type: "old", count: 2, ready: 2 }] |
		.instances = 4 | .ready = 4' >in
	forecast 5.9 >>in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 5 scale_up
	has_state type-unknown
	is .mix '[{"type":"cx22","count":3},{"type":"old","count":2}]'
	# nobody says which they are: no fewer than that are kept
	machines 4 0 'del(.mix)' >in
	forecast 2.3 >>in
	run -0 as-decide -c web.conf --now "$now" in
	decision=$output
	to 2 scale_down
	has_state type-unknown
}

@test "as-decide: with types the budget is for what runs, and money bounds the mix" {
	typed 'cost { max_monthly_cost = 30 }'
	# 16 are spent, and three more are 12
	with_types 4 0 8.2
	is '[.votes.want, .recommended_instances]' '[7,7]'
	has_state budget-ok
	typed 'cost { max_monthly_cost = 25 }'
	with_types 4 0 8.2
	# 9 are left: two small ones
	to 6 emergency_scale
	is .mix '[{"type":"cx22","count":6}]'
	has_state budget-hold
	is '.spent.per_hour * 730 | round' 16
}

@test "as-decide: the month's spending is carried on at the price of the mix" {
	state_dir=$dir/state
	journal "$state_dir" 2000000 "$(decided 1800 '.current_instances = 4 |
		.spent = { value: 300, since: "2026-11-01T00:00:00Z",
			per_hour: 0.6 }')"
	typed 'cost { max_monthly_cost = 730 }'
	with_types 2 2 4.7
	is '[.spent.value, .spent.since]' '[300.3,"2026-11-01T00:00:00Z"]'
	is '.spent.per_hour * 730 | round' 36
}

@test "as-decide: the plan is bound to the mix" {
	typed
	with_types 2 0 8.0
	jq -c '.mix[0].type = "cx52"' <<<"$decision" >in
	run -2 --separate-stderr as-apply --driver file --service count \
		--dry-run in
	[[ $stderr == *"'plan' does not fit the rest of the decision" ]]
	jq -c '.mix[0].count += 1' <<<"$decision" >in
	run -2 --separate-stderr as-apply --driver file --service count \
		--dry-run in
	[[ $stderr == *"'mix' has not as many as 'recommended_instances'" ]]
}

# --- a person's word ---

@test "as-decide: scale_up_above asks a person" {
	decide 3 4.5 -- --scale-up-above 3
	to 4 scale_up
	is .approval '"required"'
	is .expires '"2026-11-23T17:15:00Z"'
	has_state awaiting-approval
	decide 2 3.0 -- --scale-up-above 3
	is .approval '"none"'
	is 'has("expires")' false
	decide 5 1.0 -- --scale-up-above 0
	is .approval '"none"'
}

@test "as-decide: step_above and cost_above ask a person" {
	decide 3 3.0 '.windows[].at[].point = 5.9' -- --step-above 1
	is .approval '"required"'
	decide 5 1.0 -- --step-above 3
	is .approval '"required"'
	decide 3 3.0 '.windows[].at[].point = 5.9' -- --step-above 2
	is .approval '"none"'
	decide 3 3.0 '.windows[].at[].point = 5.9' \
		-- --cost-above 99 --cost-per-instance 50
	is .approval '"required"'
	decide 3 3.0 '.windows[].at[].point = 5.9' \
		-- --cost-above 100 --cost-per-instance 50
	is .approval '"none"'
}

@test "as-decide: an emergency does not wait for a person, unless it must" {
	decide 3 5.9 -- --scale-up-above 3
	to 5 emergency_scale
	is .approval '"none"'
	decide 3 5.9 -- --scale-up-above 3 --approve-emergency required
	to 5 emergency_scale
	is .approval '"required"'
}

@test "as-decide: a pending plan expires from when it first was pending" {
	state_dir=$dir/state
	journal "$state_dir" 86400
	decide 3 4.5 -- --scale-up-above 3
	plan=$(jq -r .plan <<<"$decision")
	journal "$state_dir" 86400 \
		"$(decided 300 ".plan = \"$plan\" | .approval = \"required\"")" \
		"$(decided 60 ".plan = \"$plan\" | .approval = \"required\"")"
	decide 3 4.5 -- --scale-up-above 3
	is .expires '"2026-11-23T17:10:00Z"'
	# expired: asked anew
	journal "$state_dir" 86400 \
		"$(decided 900 ".plan = \"$plan\" | .approval = \"required\"")"
	decide 3 4.5 -- --scale-up-above 3
	is .expires '"2026-11-23T17:15:00Z"'
}

# --- commands ---

@test "as-decide: monitor is the default, and decides fully" {
	decide 3 4.5
	is .mode '"monitor"'
	to 4 scale_up
	decide 3 4.5 -- --mode auto
	is .mode '"auto"'
}

@test "as-decide: --explain says every vote in words, on stderr" {
	decide 3 3.5 '.windows[].at[].point = 4.5' -- --explain
	[ "$status" = 0 ]
	for words in "signal 'cpu': 3.5 cores, 0 s old;" 'vote now: 3' 'vote panic: none' \
		'vote ahead: 4' 'vote sched: none' 'vote floor: 1' \
		'vote keep: 4' 'vote drop: none' 'lower 4' 'hold 4' 'want 4' \
		'decided by ahead'; do
		[[ $stderr == *"as-decide: web: "*"$words"* ]]
	done
	to 4 scale_up
	decide 3 3.5 '.metric.unit = ""' -- --explain
	[[ $stderr == *"signal 'cpu': 3.5, 0 s old;"* ]]
}

@test "as-decide: several targets, each its own decision, whatever came" {
	conf
	sed 's/target web/target db/' web.conf >db.conf
	{
		state 3
		forecast 4.5
	} >in
	run -0 as-decide -c web.conf -c db.conf --now "$now" in
	[ "$(jq -r '[.target, .action] | join(" ")' <<<"$output" | tr '\n' ,)" = \
		"web scale_up,db hold," ]
	run -0 as-decide -c web.conf -c db.conf --now "$now" --target-name web in
	[ "$(jq -r .target <<<"$output")" = web ]
}

@test "as-decide: with files, a record of another target or signal is named" {
	conf
	{
		state 3
		forecast 4.5 '.metric.target = "mail"'
		forecast 4.5 '.metric.__name__ = "disk"'
		forecast 4.5
	} >in
	run --separate-stderr -1 as-decide -c web.conf --now "$now" in
	[ "$(head -1 <<<"$stderr")" = "as-decide: in:2: no file of -c has the target 'mail'" ]
	[ "$(tail -1 <<<"$stderr")" = "as-decide: in:3: the target 'web' has no signal 'disk'" ]
	decision=$output
	to 4 scale_up
}

@test "as-decide: a one-liner is of the one target and signal that come" {
	{
		state 3
		forecast 4.5
		forecast 4.5 '.metric.target = "mail"'
		forecast 4.5 '.metric.__name__ = "disk"'
	} >in
	run --separate-stderr -1 as-decide --capacity 2 --now "$now" in
	[ "$(head -1 <<<"$stderr")" = "as-decide: in:3: for 'mail', and the target is 'web': without -c there is but one" ]
	[ "$(tail -1 <<<"$stderr")" = "as-decide: in:4: a second signal, 'disk' beside 'cpu': without -c there is but one" ]
	decision=$output
	is .target '"web"'
	to 4 scale_up
}

@test "as-decide: options change one target's settings, and are refused for several" {
	conf
	with_conf 3 4.5 -- --max-instances 3
	to 3 hold
	sed 's/target web/target db/' web.conf >db.conf
	run --separate-stderr -2 as-decide -c web.conf -c db.conf --slo 95% in
	[ "$stderr" = "as-decide: --slo is for one target, and the files have 2: choose with --target-name" ]
	run -0 as-decide -c web.conf -c db.conf --mode auto --now "$now" in
	[ "$(jq -r .mode <<<"$output" | tr '\n' ' ')" = "auto auto " ]
}

@test "as-decide: without capacity it says what to give" {
	run --separate-stderr -2 as-decide --instances 3 </dev/null
	[ "$stderr" = "as-decide: --capacity is needed: what one instance carries, in the unit of the load; or a file with -c" ]
	[ "$output" = "" ]
}

@test "as-decide: a bad setting is exit 2, and nothing is read" {
	run --separate-stderr -2 as-decide --capacity none </dev/null
	[ "$stderr" = "as-decide: 'capacity': 'none' is not a number" ]
	run --separate-stderr -2 as-decide --capacity 2 --min-instances 11 </dev/null
	[ "$stderr" = "as-decide: 'min_instances' is 11 and 'max_instances' 10" ]
	run --separate-stderr -2 as-decide --capacity 2 --saturates --target 90% </dev/null
	[[ $stderr == "as-decide: signal 'load' saturates: "* ]]
}

@test "as-decide: a bad line is named, left out, and the rest decides, exit 1" {
	{
		state 3
		echo '{"type":"forecast"}'
		echo 'nonsense'
		forecast 4.5
	} >in
	run --separate-stderr -1 as-decide --capacity 2 --now "$now" in
	[[ $stderr == "as-decide: in:2: "*$'\n'"as-decide: in:3: "* ]]
	decision=$output
	to 4 scale_up
}

@test "as-decide: types it does not know pass at once, byte for byte" {
	mkfifo pipe
	as-decide --capacity 2 --now "$now" <pipe >out &
	pid=$!
	exec 7>pipe
	line='{"type":"weather", "wind" : 1.0e0,"x":{"a":[ ]}}'
	echo "$line" >&7
	wait_until 5 grep -q weather out
	[ "$(cat out)" = "$line" ]
	exec 7>&-
	wait "$pid"
	[ "$(wc -l <out)" = 2 ]
}

@test "as-decide: a forecast of as-predict becomes a decision" {
	# shellcheck disable=SC2016
	run -0 bash -c 'as-predict --now 2017-01-16T06:00:30Z "$1" |
		as-decide --instances 3 --capacity 20 \
			--now 2017-01-16T06:00:30Z' sh "$data/web.ndjson"
	decision=$output
	is '[.target, .inputs[0].signal, .states]' '["web","cpu",[]]'
	# 20.5 of a load that 12 of may be planned for an instance
	is .votes.now 2
	is '.votes.ahead >= 2 and .votes.ahead <= 4 and .risk.ahead < 0.011' true
}

@test "as-decide: its decision is one that as-apply takes" {
	echo 3 >count
	{
		state 3 '.version = ""'
		forecast 4.5
	} >in
	# shellcheck disable=SC2016
	run -0 bash -c 'as-decide --capacity 2 --mode auto --now "$1" in |
		as-apply --driver file --service "$2/count" --now "$1"' \
		sh "$now" "$dir"
	[ "$(jq -r .result.status <<<"$output")" = applied ]
	[ "$(cat count)" = 4 ]
}

# seen SECONDS COUNT [FILTER]: a decision of then that found so many, to be
# carried out
seen() {
	decided "$1" ".mode = \"auto\" | .current_instances = $2 | ${3:-.}"
}

# done_with SECONDS FROM TO CONFIRMED [STATUS]: a change and whether it was seen
done_with() {
	changed "$1" "$2" "$3" "${5:-applied}" | jq -c ".result.confirmed = $4"
}

# begun SECONDS FROM TO: a change that nobody knows the end of
begun() {
	changed "$1" "$2" "$3" |
		jq -c '.type = "intent" | .intent = .result | del(.result)'
}

@test "as-decide: a count that somebody else set is told, and nothing removed" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(seen 120 5)" "$(seen 60 5)"
	decide 8 0.5 -- --mode auto --scale-down-cooldown 0
	to 8 hold
	has_state changed-elsewhere
	is .reason '"Hold at 8 instances though 1 would do: the count is somebody else'"'"'s, of late; somebody else changed the count from 5 to 8."'
	# nothing is in the way where it is as it was
	decide 5 0.5 -- --mode auto --scale-down-cooldown 0
	to 1 scale_down
	has_no_state changed-elsewhere
}

@test "as-decide: what load needs is added to somebody else's count" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(seen 60 5)"
	decide 2 3 -- --mode auto
	to 3 scale_up
	has_state changed-elsewhere
	[[ $(jq -r .reason <<<"$decision") == *"; somebody else changed the count from 5 to 2." ]]
	decide 2 0.5 -- --mode auto
	to 2 hold # and what it does not need is not put back, nor taken
	has_state changed-elsewhere
	decide 2 0.5 -- --mode auto --min-instances 2
	to 2 maintain
	has_state changed-elsewhere
}

@test "as-decide: somebody else's count is respected for one stabilisation" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(seen 700 5)" "$(seen 590 8)" "$(seen 60 8)"
	decide 8 0.5 -- --mode auto
	to 8 hold
	has_state changed-elsewhere
	[[ $(jq -r .reason <<<"$decision") == *"from 5 to 8, 9.83 min ago." ]] || {
		jq -r .reason <<<"$decision"
		false
	}
	journal "$state_dir" 86400 "$(seen 700 5)" "$(seen 610 8)" "$(seen 60 8)"
	decide 8 0.5 -- --mode auto
	to 1 scale_down
	has_no_state changed-elsewhere
	decide 8 0.5 -- --mode auto --stabilisation 15m
	has_state changed-elsewhere
}

@test "as-decide: our own change is nobody else's" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(seen 400 3)" "$(done_with 390 3 5 true)"
	decide 5 0.5 -- --mode auto
	to 1 scale_down
	has_no_state changed-elsewhere
	decide 4 0.5 -- --mode auto
	has_state changed-elsewhere
	# one that failed has changed nothing
	journal "$state_dir" 86400 "$(seen 400 3)" "$(changed 390 3 5 refused)"
	decide 3 0.5 -- --mode auto
	has_no_state changed-elsewhere
	decide 5 0.5 -- --mode auto
	has_state changed-elsewhere
}

@test "as-decide: a change under way, or falling back, is nobody else's" {
	state_dir=$dir/state
	# not seen to arrive: all of it, a part, nothing
	journal "$state_dir" 86400 "$(seen 400 3)" "$(done_with 390 3 6 false timeout)"
	for n in 3 4 6; do
		decide "$n" 0.5 -- --mode auto
		has_no_state changed-elsewhere
	done
	decide 7 0.5 -- --mode auto
	has_state changed-elsewhere
	# there at first, and rolled back later
	journal "$state_dir" 86400 "$(seen 400 3)" \
		"$(done_with 390 3 6 false timeout)" "$(seen 330 6)" "$(seen 270 6)"
	decide 3 0.5 -- --mode auto
	has_no_state changed-elsewhere
	# put back: that is what is known
	journal "$state_dir" 86400 "$(seen 400 3)" \
		"$(done_with 390 3 6 false timeout | jq -c '.result.restored = 4')"
	decide 4 0.5 -- --mode auto
	has_no_state changed-elsewhere
	decide 6 0.5 -- --mode auto
	has_state changed-elsewhere
	# cut off
	journal "$state_dir" 86400 "$(seen 400 3)" "$(begun 390 3 6)"
	decide 5 0.5 -- --mode auto
	has_no_state changed-elsewhere
	# what was seen after that counts again
	journal "$state_dir" 86400 "$(seen 400 3)" "$(begun 390 3 6)" "$(seen 330 5)"
	decide 7 0.5 -- --mode auto
	has_state changed-elsewhere
}

@test "as-decide: where it only advises, others are expected to change the count" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(seen 60 5 '.mode = "monitor"')"
	decide 8 0.5 --
	to 1 scale_down
	has_no_state changed-elsewhere
	# and an unknown count is no other count
	journal "$state_dir" 86400 "$(seen 60 5)" "$(seen 30 0 'del(.current_instances)')"
	decide 5 0.5 -- --mode auto
	has_no_state changed-elsewhere
}
