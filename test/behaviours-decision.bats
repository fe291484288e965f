# What holds for every decision, whatever the settings and the load are

load lib/common
load lib/forecast
load lib/decide

setup() {
	dir=$BATS_TEST_TMPDIR
	cd "$dir" || exit 1
}

# --- nothing that damps holds up what must be ---

@test "decision: tolerances are of each direction, and of one target" {
	# 20 run and may carry 24; 25 is a twentieth more
	decide 20 25 -- --max-instances 50
	to 21 scale_up
	decide 20 25 -- --max-instances 50 --tolerance-up 5%
	to 20 hold
	has_state tolerance
	[[ $(jq -r .reason <<<"$decision") == *"within the tolerance"* ]]
	decide 20 25.3 -- --max-instances 50 --tolerance-up 5%
	to 22 scale_up
	# nor does what is only expected
	decide 20 20 '.windows[].at[].point = 25' \
		-- --max-instances 50 --tolerance-up 5%
	to 20 hold
	decide 20 21 -- --max-instances 50 --tolerance-up 20%
	to 18 scale_down
	decide 20 21 -- --max-instances 50 --tolerance-down 10%
	to 20 hold
	has_state tolerance
	decide 20 20 -- --max-instances 50 --tolerance-down 10%
	to 17 scale_down
	conf 'policy { max_instances = 50 tolerance_down = 10% }'
	printf '%s\n' 'target db { }' 'signal cpu { capacity = 2 }' \
		'policy { max_instances = 50 }' >db.conf
	for target in web db; do
		state 20 ".target = \"$target\""
		forecast 21 ".metric.target = \"$target\""
	done >in
	run -0 as-decide -c web.conf -c db.conf --now "$now" in
	[ "$(jq -c .recommended_instances <<<"$output" | paste -sd,)" = 20,18 ]
}

@test "decision: bounds, schedules, the fail-safe and emergencies know no tolerance" {
	local damped='tolerance_up = 50% tolerance_down = 50%'
	decide 22 20 -- --min-instances 24 --max-instances 50 --tolerance-up 50%
	to 24 scale_up
	decide 52 58 -- --max-instances 50 --tolerance-down 50%
	to 49 scale_down
	conf "policy { max_instances = 50 $damped }" \
		'schedule peak { from = "17:01" until = "20:00" min_instances = 22 }'
	with_conf 20 20
	to 22 scale_up
	state 20 >in
	run -0 as-decide --capacity 2 --now "$now" --fallback-instances 22 \
		--max-instances 50 --tolerance-up 50% --target-name web in
	decision=$output
	to 22 scale_up
	# 37 of 40 cores: more than nine tenths
	decide 20 37 -- --max-instances 50 --tolerance-up 90%
	to 31 emergency_scale
}

@test "decision: in a freeze, a pause and a cooldown all is computed all the same" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 60 5 9)"
	decide 9 1.0
	to 9 hold
	has_state cooldown
	is '[.votes.lower, .votes.want]' '[1,1]'
	unset state_dir
	conf 'freeze it { from = "2026-11-23T16:00" until = "2026-11-24T00:00" }'
	with_conf 3 4.5
	is '[.action, .votes.want, (.inputs | length)]' '["hold",4,1]'
	conf
	sed -i 's/target web {/& paused = both/' web.conf
	with_conf 3 4.5
	is '[.action, .votes.want, (.inputs | length)]' '["hold",4,1]'
}

@test "decision: an addition pays back no removal" {
	state_dir=$dir/state
	# one down, one up, one down: three changes, though in sum but one
	journal "$state_dir" 86400 "$(changed 3000 6 5)" "$(changed 2000 5 6)" \
		"$(changed 1000 6 5)"
	decide 5 1.0 -- --max-changes-per-hour 3
	to 5 hold
	has_state change-budget
	decide 5 1.0 -- --max-changes-per-hour 4
	to 1 scale_down
	# the cooldown runs from the addition, too
	journal "$state_dir" 86400 "$(changed 1000 6 5)" "$(changed 100 5 6)"
	decide 6 1.0
	to 6 hold
	has_state cooldown
}

@test "decision: an urgent addition goes through at once, whatever was changed" {
	state_dir=$dir/state
	journal "$state_dir" 86400 "$(changed 300 1 2)" "$(changed 200 2 3)" \
		"$(changed 10 3 4)"
	decide 4 11 -- --max-changes-per-hour 1 --max-changes-per-day 1 \
		--max-step-up 1 --scale-down-cooldown 1h
	to 10 emergency_scale
}

@test "decision: what is being replaced carries nothing, nor does what boots" {
	# three are to run; while they are replaced six answer for a moment
	{
		state 3 '.ready = 6'
		forecast 5.6
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=$output
	to 5 emergency_scale
	is '.current_load > 90' true
	# six are ordered, two serve: it is the two that are overloaded, and
	# the six that are not ordered again
	{
		state 6 '.ready = 2'
		forecast 6.5
	} >in
	run -0 as-decide --capacity 2 --now "$now" in
	decision=$output
	is '[.recommended_instances, .current_load > 100]' '[6,true]'
}

@test "decision: five that are used to 95 % want eight, and never fewer than five" {
	decide 5 9.5
	to 8 emergency_scale
	# 60 % of one is 1.2; twice the count at the same use wants twice as many
	decide 10 19 -- --max-instances 20
	to 16 emergency_scale
	# all that is known of is at its limit, so that more may be behind it
	decide 5 10 -- --saturates
	is '.recommended_instances >= 8' true
}

# --- the maximum ---

@test "decision: at the maximum it stays there, asks, or goes beyond for a time" {
	# 7 are needed
	decide 5 8.0 -- --max-instances 5
	to 5 hold
	has_state capped-by-max
	has_no_state above-max
	decide 5 8.0 -- --max-instances 5 --over-max ask --max-raise 3
	to 7 scale_up
	has_state above-max
	has_no_state capped-by-max
	is .approval '"required"'
	[[ $(jq -r .reason <<<"$decision") == *"; the maximum is 5; a person has to agree." ]]
	# what is allowed anyhow waits for nobody
	decide 4 8.0 -- --max-instances 5 --over-max ask --max-raise 3
	to 5 emergency_scale
	is .approval '"none"'
	has_state capped-by-max
	# a fifth of 5 is 1
	decide 5 8.0 -- --max-instances 5 --over-max ask
	to 6 scale_up
	has_state capped-by-max
	decide 3 8.0 -- --max-instances 5 --over-max raise --max-raise 40% \
		--raise-until 2026-11-23T17:00:01 --max-step-up 9
	to 7 emergency_scale
	is .approval '"none"'
	has_state above-max
	# and then no more
	decide 7 8.0 -- --max-instances 5 --over-max raise --max-raise 40% \
		--raise-until 2026-11-23T17:00
	to 5 scale_down
	has_state capped-by-max
}

@test "decision: a maximum to be raised needs a time at which that ends" {
	run --separate-stderr -2 as-decide --capacity 2 --over-max raise
	[[ $stderr == *"'over_max' is raise, and 'raise_until' is not set" ]]
	for time in 08:00 tomorrow 2026-13-01; do
		run --separate-stderr -2 as-decide --capacity 2 \
			--over-max raise --raise-until "$time"
		[[ $stderr == *"'raise_until': '$time' is no time such as"* ]]
	done
}

@test "decision: a maximum that is reached is not one that is too small" {
	for n in 4 5; do
		decide "$n" 5.9 -- --max-instances 5
		is .recommended_instances 5
		has_no_state capped-by-max
	done
}

# --- time ---

@test "decision: the clock is read once, however many targets there are" {
	not_under_valgrind
	# a clock that is an hour further each time that somebody looks
	cat >hours.c <<-'END'
		#include <time.h>
		int clock_gettime(clockid_t id, struct timespec *t)
		{
			static time_t s = 1763917200;
			(void)id;
			t->tv_sec = s += 3600;
			t->tv_nsec = 0;
			return 0;
		}
	END
	cc -shared -fPIC -o hours.so hours.c
	args=()
	for i in 1 2 3; do
		conf 'schedule s { from = "18:00" until = "19:00" min_instances = 4 }'
		sed "s/target web/target t$i/" web.conf >"$i.conf"
		args+=(-c "$i.conf")
	done
	# the last is for a build under sanitizers
	LD_PRELOAD=$dir/hours.so ASAN_OPTIONS=verify_asan_link_order=0 \
		run -0 as-decide "${args[@]}" </dev/null
	[ "${#lines[@]}" = 3 ]
	[ "$(jq -r .time <<<"$output" | sort -u | wc -l)" = 1 ]
	[ "$(jq -r .votes.sched <<<"$output" | sort -u | wc -l)" = 1 ]
}

@test "decision: a schedule lasts through the nights on which clocks change" {
	conf 'schedule night { from = "01:00" until = "04:00" timezone = "Europe/Berlin" min_instances = 6 }'
	# 29 March 2026: from 2 to 3 o'clock there is no time; 25 October: twice
	for row in '2026-03-28T23:57:00Z null' '2026-03-29T00:00:00Z 6' \
		'2026-03-29T01:57:00Z 6' '2026-03-29T02:00:00Z null' \
		'2026-10-24T22:57:00Z null' '2026-10-24T23:00:00Z 6' \
		'2026-10-25T02:57:00Z 6' '2026-10-25T03:00:00Z null'; do
		with_conf 3 3.0 -- --now "${row% *}"
		assert_equal "${row% *} $(jq .votes.sched <<<"$decision")" "$row"
	done
}
