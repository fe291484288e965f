# emergencies: what load needs at once waits for no person, up to the size that
# the policy names
#
# An instance may carry 1.2 cores of its 2: 3 carry 6 at the most, and 5.5 are an
# emergency, for which 5 are needed.

load lib/common
load lib/forecast

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
	echo 3 >count
	journal state 86400
}

# conf TEXT...: web.conf with this in it
conf() {
	printf '%s\n' 'target web { mode = auto }' \
		'signal cpu { query = "x"  capacity = 2  emergency = 90% }' \
		'apply { driver = file  service = "count" }' \
		'state { dir = "state" }' "$@" >web.conf
}

# loop LOAD: one turn of it, a minute after the one before it
loop() {
	now=$(jq -rn --arg now "$now" '$now | fromdate + 60 | todate')
	{
		state "$(cat count)" '.version = ""'
		forecast "$1"
	} | as-decide -c web.conf --now "$now" >decision
	run --separate-stderr as-apply -c web.conf --now "$now" decision
}

# came_to COUNT ACTION STATUS
came_to() {
	assert_equal "$(cat count) $(jq -r '"\(.action) \(.result.status)"' <<<"$output")" \
		"$1 $2 $3"
}

@test "emergency: what a person must grant else is done at once" {
	conf 'approval { scale_up_above = 3  step_above = 1  cost_above = 10 }' \
		'cost { cost_per_instance = 100 }'
	# the same size without an emergency waits
	loop 5.0
	came_to 3 scale_up pending
	[ "$(jq -r .recommended_instances decision)" = 5 ]
	loop 5.5
	[ "$status" = 0 ]
	came_to 5 emergency_scale applied
	[ "$(jq -r .approval decision)" = none ]
}

@test "emergency: the size that goes without a person ends at max_instances" {
	conf 'policy { max_instances = 4 }' 'approval { scale_up_above = 3 }'
	loop 5.5
	came_to 4 emergency_scale applied
	jq -e '.states | index("capped-by-max")' decision
	[[ $(jq -r .reason decision) == *"no more than 4 are allowed"* ]]
	# and there it ends
	loop 7.9
	came_to 4 hold unchanged
}

@test "emergency: beyond it a person is asked, for the rest only" {
	conf 'policy { max_instances = 4  over_max = ask  max_raise = 3 }'
	loop 5.5
	came_to 4 emergency_scale applied
	[ "$(jq -r .approval decision)" = none ]
	loop 7.9
	came_to 4 emergency_scale pending
	[ "$(jq -r .approval decision)" = required ]
	[ "$(jq -r .recommended_instances decision)" = 7 ]
	as-approve -c web.conf --now "$now" grant \
		"$(jq -r .plan decision)" >granted
	run --separate-stderr -0 as-apply -c web.conf --now "$now" granted
	came_to 7 emergency_scale applied
}

@test "emergency: a policy may want a person for every one of them" {
	conf 'approval { scale_up_above = 3  emergency = required }'
	loop 5.5
	came_to 3 emergency_scale pending
	# but only for what the policy names
	conf 'approval { scale_up_above = 5  emergency = required }'
	loop 5.5
	came_to 5 emergency_scale applied
}

@test "emergency: monitor mode and a pause stay in force" {
	conf 'approval { scale_up_above = 3 }'
	sed -i 's/mode = auto/mode = monitor/' web.conf
	loop 5.5
	came_to 3 emergency_scale monitor
	sed -i 's/mode = monitor/mode = auto  paused = up/' web.conf
	loop 5.5
	came_to 3 hold unchanged
}
