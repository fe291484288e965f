# What a day and a month may cost

load lib/common
load lib/forecast
load lib/decide

setup() {
	dir=$BATS_TEST_TMPDIR
	cd "$dir" || exit 1
}

# spent SECONDS TODAY [MONTH]: so much had been spent that long before now, with
# 3 running, each for 1 an hour
spent() {
	state_dir=$dir/state
	journal "$state_dir" 2000000 "$(decided "$1" ".current_instances = 3 |
		.spent = { value: ${3:-500}, since: \"2026-11-01T00:00:00Z\",
		today: $2 }")"
}

daily() { # COUNT VALUE [OPTION...]: 4 all day long may be paid for
	local n=$1 value=$2
	shift 2
	decide "$n" "$value" -- --cost-per-instance 730 --max-daily-cost 96 "$@"
}

@test "money: a day has a budget of its own, and a state that says how it stands" {
	spent 60 48
	# 7 hours and 48 are left: 6.8 on average
	daily 3 4.5
	to 4 scale_up
	has_state budget-ok
	assert_equal "$(jq '.spent.today * 100 | round' <<<"$decision")" 4805
	# a day that is short lets certainty go first
	spent 60 70
	decide 3 3.0 '.windows[].at[].scale = 1' -- --cost-per-instance 730 \
		--max-daily-cost 96
	is '.recommended_instances' 4
	has_state budget-tight
	[[ $(jq -r .reason <<<"$decision") == *"the day's budget is short"* ]]
	# and one that is spent adds nothing, or asks, or does what must be
	spent 60 95
	daily 3 4.5
	to 3 hold
	has_state budget-hold
	daily 3 4.5 --over-budget ask
	to 4 scale_up
	is .approval '"required"'
	[[ $(jq -r .reason <<<"$decision") == *"the budget of 96.00 USD a day is for 0 on average"* ]]
	daily 3 4.5 --over-budget protect
	to 4 scale_up
}

@test "money: what was spent is known after hours in which nobody decided" {
	local ago
	for ago in 60 7200 90000 1900000; do
		spent "$ago" 20 2150
		decide 3 4.5 -- --cost-per-instance 730 --max-monthly-cost 2190
		to 3 hold
		is .states '["budget-hold"]'
		is .spent.since '"2026-11-01T00:00:00Z"'
		# three went on for 1 an hour each
		is '.spent.value * 100 | round' \
			"$(((2150 * 3600 + 3 * ago) * 100 / 3600))"
	done
	# of another month only what ran on is of this one
	spent 1990000 20 2150
	decide 3 4.5 -- --cost-per-instance 730 --max-monthly-cost 2190
	is '[(.spent.value * 100 | round), .spent.since]' \
		'[163500,"2026-11-01T00:00:00Z"]'
}

@test "money: a new day begins with nothing spent but its own hours" {
	now=2026-11-24T00:10:00Z
	spent 1200 95
	daily 3 4.5
	to 4 scale_up
	has_state budget-ok
	assert_equal "$(jq '.spent | [.today, .value] | map(. * 100 | round)' \
		<<<"$decision" | jq -c .)" '[50,50100]'
}

@test "money: of a day's and a month's budget the one that pays for fewer holds" {
	spent 60 10 719
	daily 3 4.5 --max-monthly-cost 730
	to 3 hold
	has_state budget-hold
	spent 60 95 10
	daily 3 4.5 --max-monthly-cost 7300
	to 3 hold
	has_state budget-hold
	spent 60 10 10
	daily 3 4.5 --max-monthly-cost 7300
	to 4 scale_up
	has_state budget-ok
}

@test "money: a budget needs a price, and pays for the least at least" {
	run --separate-stderr -2 as-decide --capacity 2 --max-daily-cost 5
	[[ $stderr == *"'max_daily_cost' needs 'cost_per_instance'"* ]]
	run --separate-stderr -2 as-decide --capacity 2 --max-daily-cost 5 \
		--min-instances 6 --cost-per-instance 30.5
	[[ $stderr == *"'max_daily_cost' is 5, and 'min_instances' alone cost 6.02 a day" ]]
	run --separate-stderr -2 as-backtest --capacity 5 --target-name web \
		-c <(printf '%s\n' 'target web { }' 'signal cpu { capacity = 5 }' \
		'cost { cost_per_instance = 5 max_daily_cost = 100 }') "$data/web.ndjson"
	[[ $stderr == *"'max_daily_cost' cannot be replayed"* ]]
}
