#!/usr/bin/env bats
# as-backtest(1): history replayed

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

replay() {
	as-backtest --peak-instances 8 --target 100% --boot-time 5m \
		--max-instances 50 "$@" "$data/web.ndjson"
}

@test "as-backtest: every strategy gives one record" {
	run -0 --separate-stderr replay
	[ "${#lines[@]}" = 16 ]
	[ "$(jq -r .strategy <<<"$output" | sort -u | wc -l)" = 16 ]
	[ "$(jq -c 'select(.type != "backtest" or .mean_instances < 1 or
		.overload_share < 0 or .overload_share > 1)' <<<"$output")" = "" ]
}

@test "as-backtest: the oracle keeps the objective at the least cost of those that do" {
	run -0 --separate-stderr replay
	[ "$(jq -s '(map(select(.strategy == "oracle"))[0]) as $o |
		$o.overload_share <= 0.0101 and
		(map(select(.overload_share <= 0.01 and
			.mean_instances < $o.mean_instances)) == [])' \
		<<<"$output")" = true ]
}

@test "as-backtest: a constant count has the cost and the overload one can count" {
	# load 1 for two days, then 3: with 2 instances of capacity 1 a tenth of
	# the test part is overloaded, and 1 of 21 parts of the load unserved
	jq -nc '{metric: {"__name__": "x"},
		values: [range(2880) | if . >= 2765 then 3 else 2 end],
		timestamps: [range(2880) | 1000000000000 + . * 300000]}' >in
	run -0 --separate-stderr as-backtest --capacity 1 --target 100% \
		--strategies static-max --train 0.6 --max-instances 2 in
	[ "$(jq '.mean_instances == 2' <<<"$output")" = true ]
	test=$(jq '(.overload_minutes / 5) | round' <<<"$output")
	[ "$test" = 115 ]
	[ "$(jq '.worst_overload_s == 34500' <<<"$output")" = true ]
}

@test "as-backtest: the cost has the rounding, the least and the cap of the provider" {
	# two instances all of the test part, of so many hours
	jq -nc '{metric: {"__name__": "x"}, values: [range(2880) | 2],
		timestamps: [range(2880) | 1000000000000 + . * 300000]}' >in
	# OPTIONS|hours that each of them pays for, where it ran for $h
	while IFS='|' read -r options paid; do
		# shellcheck disable=SC2086 # several words
		run -0 --separate-stderr as-backtest --capacity 1 \
			--target 100% --strategies static-max --train 0.6 \
			--max-instances 2 --cost-per-hour 0.1 $options in
		[ "$(jq "(.instance_hours / 2) as \$h |
			(2 * ($paid) / \$h * 73 - .cost) | fabs < 1e-6" \
			<<<"$output")" = true ]
	done <<-'END'
		--billing second|$h
		--billing hour|$h | ceil
		--billing-minimum 200h|200
		--billing-minimum 20h|$h
		--monthly-cap 5|50
		--monthly-cap 500|$h
		--billing month|730
	END
	[ "$(jq '.instance_hours | . > 160 and . < 240 and . != floor' \
		<<<"$output")" = true ]
}

@test "as-backtest: by the hour our rule uses what is paid for, and pays for less" {
	run -0 --separate-stderr as-backtest --capacity 5 --boot-time 5m \
		--cost-per-hour 0.1 --strategies predictive-untuned \
		"$data/web.ndjson"
	second=$output
	run -0 --separate-stderr as-backtest --capacity 5 --boot-time 5m \
		--cost-per-hour 0.1 --strategies predictive-untuned \
		--billing hour "$data/web.ndjson"
	# more run, and the rounding costs little beside what they are
	jq -en --argjson s "$second" --argjson h "$output" '
		$h.mean_instances > $s.mean_instances and
		$h.overload_share <= $s.overload_share and
		$h.changes_per_day < $s.changes_per_day and
		$h.cost < 73 * $h.mean_instances * 1.03'
}

@test "as-backtest: what it tunes it tunes on the training part alone" {
	replay --strategies predictive,hpa-tuned,hpa-schedule >a
	# another load after the training part: the same settings are chosen
	jq -c '.values |= (.[0:3000] + (.[3000:] | map(. * 1.7)))' \
		"$data/web.ndjson" >other
	as-backtest --peak-instances 8 --target 100% --boot-time 5m \
		--max-instances 50 --strategies \
		predictive,hpa-tuned,hpa-schedule other >b
	[ "$(jq -r .setting a)" = "$(jq -r .setting b)" ]
	[ "$(jq -c .mean_instances a)" != "$(jq -c .mean_instances b)" ]
}

@test "as-backtest: the same input gives the same bytes" {
	replay >a
	replay >b
	cmp a b
}

@test "as-backtest: scaled load and capacity give the same counts" {
	jq -c '.values |= map(. * 1000)' "$data/web.ndjson" >scaled
	as-backtest --capacity 5 --strategies predictive-untuned,hpa-60 \
		"$data/web.ndjson" | jq -c '[.strategy, (.mean_instances * 1000
		| round)]' >a
	as-backtest --capacity 5000 --strategies predictive-untuned,hpa-60 \
		scaled | jq -c '[.strategy, (.mean_instances * 1000 | round)]' >b
	cmp a b
}

@test "as-backtest: --decisions are those that as-decide would have made" {
	replay --strategies predictive-untuned --decisions >out
	[ "$(grep -c '"type":"decision"' out)" -gt 1000 ]
	# one of them again, by the commands: history up to its time
	d=$(grep '"type":"decision"' out | sed -n 700p)
	now=$(jq -r .time <<<"$d")
	ms=$(jq -r '.time | fromdate * 1000' <<<"$d")
	c=$(jq -r 'select(.type == "backtest").capacity' out)
	jq -c --argjson t "$ms" '[.timestamps, .values] | transpose |
		map(select(.[0] <= $t)) | transpose as $x |
		{metric: {"__name__": "cpu", target: "web"}, values: $x[1],
		timestamps: $x[0]}' "$data/web.ndjson" >past
	as-predict --now "$now" --boot-time 5m --decision-interval 5m past |
		as-decide --now "$now" --capacity "$c" --target 100% \
			--boot-time 5m --decision-interval 5m \
			--max-instances 50 --instances \
			"$(jq .current_instances <<<"$d")" >again
	[ "$(jq .recommended_instances again)" = \
		"$(jq .recommended_instances <<<"$d")" ]
	[ "$(jq -c .votes again)" = "$(jq -c .votes <<<"$d")" ]
}

@test "as-backtest: the table has a line a strategy and names the setting" {
	run -0 --separate-stderr replay --format table --cost-per-instance 50 \
		--strategies predictive,static-max
	[[ "$output" == *"predictive "*" q 0."* ]]
	[[ "$output" == *"static-max "*" instances"* ]]
	[[ "$output" == *"a month"* ]]
}

@test "as-backtest: --frontier has a point for each setting" {
	run -0 --separate-stderr replay --strategies predictive --frontier
	[ "$(grep -c '"type":"frontier"' <<<"$output")" = 25 ]
	[ "$(jq -s 'map(select(.type == "frontier")) |
		(.[0].test_instances >= .[-1].test_instances) and
		(.[0].test_overload <= .[-1].test_overload)' \
		<<<"$output")" = true ]
}

@test "as-backtest: no capacity is an error that says what to give" {
	run -2 --separate-stderr as-backtest "$data/web.ndjson"
	[[ "$stderr" == *"give --capacity"* ]]
}

@test "as-backtest: settings that cannot be replayed are an error" {
	printf 'target web { }\nsignal cpu { query = x capacity = 5 }\ncost { cost_per_instance = 5\n max_monthly_cost = 100 }\n' >web.conf
	run -2 --separate-stderr as-backtest -c web.conf "$data/web.ndjson"
	[[ "$stderr" == *"'max_monthly_cost' cannot be replayed"* ]]
	printf 'target web { }\nsignal cpu { query = x capacity = 5 }\ntype cx22 { price = 4 }\n' >web.conf
	run -2 --separate-stderr as-backtest -c web.conf "$data/web.ndjson"
	[[ "$stderr" == *"'type' cannot be replayed"* ]]
}

@test "as-backtest: too short a history is said, exit 1" {
	jq -c '.values |= .[0:100] | .timestamps |= .[0:100]' \
		"$data/web.ndjson" >short
	run -1 --separate-stderr as-backtest --capacity 5 short
	[[ "$stderr" == *"'cpu' of 'web'"*"too little history"* ]]
}

@test "as-backtest: an unknown strategy is named" {
	run -2 --separate-stderr as-backtest --strategies best
	[[ "$stderr" == *"no strategy 'best'"* ]]
}

@test "as-backtest: other records pass" {
	echo '{"type":"other","x":1}' >in
	run -0 --separate-stderr as-backtest --capacity 5 in
	[ "$output" = '{"type":"other","x":1}' ]
}

@test "as-backtest: response grows with use, and a spike that one is ready for is carried" {
	# a level, and once a day half an hour of three times that
	jq -nc '{metric: {"__name__": "x"},
		values: [range(2880) | if . % 288 >= 140 and . % 288 < 146
			then 3 else 1 end],
		timestamps: [range(2880) | 1000000000000 + . * 300000]}' >in
	as-backtest --capacity 1 --target 100% --max-instances 9 --train 0.6 \
		--strategies static-max,article in >out
	[ "$(jq -s 'map(select(.strategy == "static-max"))[0] |
		.spikes == 5 and .spikes_carried == 5' out)" = true ]
	[ "$(jq -s 'map(select(.strategy == "article"))[0] |
		.spikes == 5 and .spikes_carried == 0' out)" = true ]
	# three instances at a third: 1 + rho^(sqrt(8) - 1) / (3 (1 - rho)), by
	# load, and the spikes' share of it at 0.99 (Sakasegawa's formula)
	[ "$(jq -s 'def f(r): 1 + pow(r; (8 | sqrt) - 1) / (3 * (1 - r));
		map(select(.strategy == "static-max"))[0] |
		(.response_factor -
		 (282 * f(1 / 3) + 18 * f(0.99)) / 300 | fabs) < 0.3' out)" = true ]
}

@test "as-backtest: an overload price adds what overload costs" {
	run -0 --separate-stderr replay --cost-per-instance 50 \
		--overload-price 3 --strategies predictive-untuned,threshold
	[ "$(jq -s 'map((.total_cost - (.cost + .overload_share * 730 * 3) |
		fabs) < 1e-6) | all' <<<"$output")" = true ]
}

@test "as-backtest: another method is trained day by day, the same for any -j" {
	for j in 1 2; do
		replay --method seasonal-naive -j $j \
			--strategies predictive-untuned >"n$j"
	done
	diff n1 n2
	replay --strategies predictive-untuned >online
	run -1 diff -q n1 online
	run -2 --separate-stderr replay --method nosuch
	[[ $stderr == *"no method 'nosuch'"* ]]
}

# streams_agree SETTINGS COUNT: as-decide says what the replay says, COUNT times
streams_agree() {
	cat >web.conf <<-'END'
		target web { decision_interval = 5m }
		signal cpu { query = 'x' capacity = 5.4 target = 100% }
		policy { boot_time = 5m max_instances = 50 }
	END
	echo "$1" >>web.conf
	as-backtest -c web.conf --strategies predictive-untuned --inputs \
		"$data/web.ndjson" >all
	mkdir state
	echo '{"type":"journal","version":1,"created":"1970-01-01T00:00:00Z"}' \
		>state/web.ndjson
	# what a record rounds to ten digits is left out, and what as-decide
	# adds to be asked again
	same='del(.predicted_load, .risk, .inputs[].expected, .basis)'
	head -n $(($2 * 3)) all | while read -r observed && read -r forecast &&
		read -r decision; do
		now=${decision#*\"time\":\"} now=${now%%\"*}
		printf '%s\n%s\n' "$observed" "$forecast" |
			as-decide -c web.conf --state state --now "$now" >mine
		jq -c "$same" mine >>stream
		jq -c "$same" <<<"$decision" >>replay
		jq -c --arg now "$now" '., (select(.recommended_instances !=
			.current_instances) | {type: "result", result: {
				status: "applied", from: .current_instances,
				to: .recommended_instances, at: $now}}) |
			.logged = $now' <<<"$decision" >>state/web.ndjson
	done
	[ "$(wc -l <replay)" = "$2" ]
	diff stream replay
	grep -q scale_up replay
	grep -q scale_down replay
}

@test "as-backtest: as-decide, asked one decision at a time, decides the same to the byte" {
	streams_agree '' 150
}

@test "as-backtest: as-decide does so by the hour, too, its journal carrying the starts" {
	streams_agree 'cost { cost_per_hour = 0.1 billing = hour billing_minimum = 90m }' 100
	grep -q billing-edge replay
}

@test "as-backtest: --method auto tunes over the settings of both methods" {
	local o=(--capacity 5.4 --target 100% --boot-time 5m --step 15m
		--strategies predictive --frontier "$data/web.ndjson")

	as-backtest "${o[@]}" >online
	as-backtest --method forest "${o[@]}" >forest
	as-backtest --method auto "${o[@]}" >both
	points='select(.type == "frontier") | del(.strategy)'
	jq -c "$points | .setting |= \"online, \" + ." online >want
	jq -c "$points | .setting |= \"forest, \" + ." forest >>want
	jq -c "$points" both | diff - want
	# it runs the cheapest of them that kept the slo while tuning
	jq -es '(map(select(.type == "frontier" and
		.train_overload <= 0.01)) | min_by(.train_instances)) as $best |
		.[-1] | .setting == $best.setting and
		.mean_instances == $best.test_instances' both
}
