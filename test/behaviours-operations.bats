# Days of decisions in a row, and what must hold around them

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	cd "$dir" || exit 1
}

# replay [OPTION...] [FILE]: five days of decisions, each of them and the sum
replay() {
	as-backtest --peak-instances 8 --target 100% --boot-time 5m \
		--cost-per-instance 50 --max-instances 20 "$@"
}

series() {
	jq -c "$1" "$data/web.ndjson"
}

@test "operations: over days it changes seldom, hardly turns back, and serves" {
	as-fetch --csv "$data/quickstart.csv" >nasa.ndjson
	for trace in "$data/web.ndjson" nasa.ndjson; do
		replay --strategies predictive-untuned,static-max,hpa-60,oracle \
			"$trace" >out
		jq -es 'map({ key: .strategy, value: . }) | from_entries |
			.["predictive-untuned"] as $we |
			$we.changes_per_day < 40 and
			$we.changes_per_day < .["hpa-60"].changes_per_day / 3 and
			$we.reversals_per_day < 6 and
			$we.overload_share < 0.01 and
			$we.worst_overload_s <= 1800 and
			$we.cost < 0.8 * .["static-max"].cost and
			$we.cost > .oracle.cost' out
	done
}

@test "operations: no decision of five days leaves the bounds or the step" {
	printf '%s\n' 'target web { }' 'signal cpu { capacity = 2 }' \
		'policy { max_step_down = 1 max_step_up = 2 }' >step.conf
	replay --strategies predictive-untuned --decisions --min-instances 4 \
		--max-instances 7 "$data/web.ndjson" -c step.conf | grep '"type":"decision"' >out
	[ "$(wc -l <out)" -gt 1400 ]
	jq -es 'map(.recommended_instances - .current_instances) as $d |
		(map(.recommended_instances) | min == 4 and max == 7) and
		($d | min == -1)' out
	# emergencies alone may go further
	jq -es 'map(select(.action != "emergency_scale") |
		.recommended_instances - .current_instances) | max <= 2' out
}

@test "operations: an outage in the middle of a day removes nothing for a while" {
	# an hour and a half of next to nothing, on the last day but one
	series '.values[3500:3518] = [range(18) | 0.5]' >outage.ndjson
	replay --strategies predictive-untuned --decisions outage.ndjson |
		grep '"type":"decision"' >out
	begun=$(jq '.timestamps[3500] / 1000' "$data/web.ndjson")
	jq -es --argjson t "$begun" 'map(select((.time | fromdate) >= $t and
		(.time | fromdate) < $t + 1800)) | length == 6 and
		all(.recommended_instances >= .current_instances) and
		any(.states | index("suspected-outage") != null)' out
	# but it is not for ever
	jq -es --argjson t "$begun" 'map(select((.time | fromdate) >= $t + 1800 and
		(.time | fromdate) < $t + 5400)) | last.recommended_instances <= 4' out
}

@test "operations: the order of samples changes no replay and no tuning" {
	series '[.timestamps, .values] | transpose
		| to_entries | sort_by(.key * 7919 % 4032) | map(.value)
		| { metric: { "__name__": "cpu", target: "web" },
			values: map(.[1]), timestamps: map(.[0]) }' >shuffled
	series '.metric |= del(.unit)' >straight
	for f in shuffled straight; do
		replay --strategies predictive,hpa-60 "$f" >"$f.replay"
		as-tune --capacity 5.4 --target 100% --boot-time 5m \
			--now 2017-01-16T06:00:30Z "$f" >"$f.tuned"
	done
	cmp shuffled.replay straight.replay
	cmp shuffled.tuned straight.tuned
}

@test "operations: load is forecast, and the count has no part in it" {
	for n in 1 9; do
		{
			echo '{"type":"state","target":"web","time":"2017-01-16T06:00:00Z","driver":"file","instances":'$n',"ready":'$n'}'
			cat "$data/web.ndjson"
		} | as-predict --now 2017-01-16T06:00:30Z |
			grep '"type":"forecast"' >"$n.out"
	done
	cmp 1.out 9.out
}

@test "operations: what was observed goes through a forecast as it came" {
	as-predict --now 2017-01-16T06:00:30Z "$data/web.ndjson" >out
	[ "$(jq -c '.observed.values' out)" = \
		"$(jq -c '.values[-12:]' "$data/web.ndjson")" ]
	[ "$(jq -c '.observed.timestamps' out)" = \
		"$(jq -c '.timestamps[-12:]' "$data/web.ndjson")" ]
	[ "$(jq -c .metric out)" = "$(jq -c .metric "$data/web.ndjson")" ]
}

@test "operations: a method that was benched is back once it does better" {
	# days that are not alike: yesterday is no better than the last value
	as-train --method seasonal-naive -o m "$data/web.ndjson" 2>err
	grep -q 'not accepted' err
	as-predict -m m --now 2017-01-16T06:00:30Z "$data/web.ndjson" |
		jq -e '.model.method == "online"'
	# and then a fortnight in which each day is like the one before
	series '.values |= (to_entries | map(50 + 40 * (.key * 6.283185307 / 288 | sin)))' >days
	as-train --method seasonal-naive -o m days 2>err
	run -1 grep 'not accepted' err
	as-predict -m m --now 2017-01-16T06:00:30Z days |
		jq -e '.model.method == "seasonal-naive"'
}

@test "operations: one odd day that is masked does not bend the next week" {
	# a day at four times the load, four days before the end
	series '.values[2592:2880] |= map(. * 4)' >odd
	from=$(jq '.timestamps[2591] / 1000' "$data/web.ndjson")
	until=$(jq '.timestamps[2879] / 1000' "$data/web.ndjson")
	forecast() { # MODEL FILE
		as-predict -m "$1" --now 2017-01-16T06:00:30Z "$2" | jq -c .values
	}
	as-train -o even --method forest "$data/web.ndjson" 2>err
	as-train -o masked --method forest --mask "$from/$until" odd 2>err
	forecast even "$data/web.ndjson" >a
	forecast masked "$data/web.ndjson" >b
	jq -ens --slurpfile a a --slurpfile b b '[$a[0], $b[0]] | transpose |
		map((.[0] - .[1]) / .[0] | fabs) | max < 0.1'
}

# --- claims ---

@test "operations: a saving is only claimed by a replay, and beside what" {
	# a journal says what was done and spent, and nothing of what was not
	printf '%s\n' '{"type":"journal","version":1,"created":"2026-11-20T00:00:00Z"}' \
		'{"type":"decision","id":"a","plan":"b","time":"2026-11-20T01:00:00Z","target":"web","mode":"auto","action":"scale_down","current_instances":5,"recommended_instances":3,"cost_impact":-100,"currency":"USD","reason":"Remove 2.","states":[],"inputs":[],"votes":{},"observed":{"driver":"file"},"approval":"none"}' >journal
	for format in table html prometheus; do
		run -0 --separate-stderr as-report --format "$format" journal
		[ -n "$output" ]
		run -1 grep -iE 'sav(e|ed|ing)' <<<"$output"
	done
	as-tune --capacity 5.4 --target 100% --boot-time 5m \
		--now 2017-01-16T06:00:30Z --cost-per-instance 50 \
		"$data/web.ndjson" >tuned
	jq -e '(.saving | type) == "number" and
		(.held_out | map(.strategy) | index("target-rule") != null) and
		all(.held_out[]; .mean_instances > 0)' tuned
	run -0 --separate-stderr replay --format table --strategies \
		predictive,hpa-tuned "$data/web.ndjson"
	[[ $output == *USD* && $output == *hpa-tuned* ]]
}

# --- processor time ---

# cpu_of QUERY: what it makes of a node of two cores, one of them busy to 80 %
# and the other to 40 %, in five modes
cpu_of() {
	{
		printf '%s\n' 'tests:' '  - interval: 1m' '    input_series:'
		while read -r cpu mode per_minute; do
			printf "      - series: 'node_cpu_seconds_total{job=\"web\",cpu=\"%s\",mode=\"%s\"}'\n        values: '0+%sx20'\n" \
				"$cpu" "$mode" "$per_minute"
		done <<-'END'
			0 idle 12
			0 user 36
			0 system 9
			0 softirq 3
			1 idle 36
			1 user 18
			1 system 4
			1 nice 2
		END
		printf '%s\n' '    promql_expr_test:' "      - expr: 'round($1, 0.001)'" \
			'        eval_time: 15m' \
			"        exp_samples: [{ labels: '{}', value: $2 }]"
	} >test.yml
	run -0 promtool test rules test.yml
}

@test "operations: a node that is busy to six tenths reads six tenths" {
	command -v promtool >/dev/null || skip "promtool is not installed: \
apt-get install prometheus"
	local found=0
	for f in "$root"/scripts/examples/*.conf; do
		query=$(sed -n "s/.*query = '\(.*node_cpu.*\)'/\1/p" "$f")
		[ -n "$query" ] || continue
		found=$((found + 1))
		# 1.2 of two cores
		cpu_of "$query" 1.2
	done
	[ "$found" -ge 2 ]
	# which the test can tell from a mean over the modes
	run ! promtool test rules <(sed 's/sum(/avg(/' test.yml)
}

# --- secrets and rights ---

@test "operations: no command takes a secret as a word of its command line" {
	for c in "${B:-$root/build}"/as-*; do
		[ -x "$c" ] || continue
		"$c" --help >help
		run -1 grep -E -- '--[a-z-]*(token|password|secret|key|auth)(=| )' help
		run -1 grep -E -- '--[a-z-]*(token|password|secret)[a-z-]*=(TOKEN|PASSWORD|SECRET|WORD|TEXT)' help
	done
}

@test "operations: that a Docker socket is the right of root is said, with ways round" {
	mandoc -T ascii "$root/man/as-apply.1" | col -b |
		tr -s ' \t\n' ' ' >text
	grep -q 'Whoever may write to the socket of a Docker Engine is root on its machine' text
	grep -q 'tcp://' text
	grep -q 'exec' text
	tr -s ' \n' ' ' <"$root/README.md" |
		grep -q 'access to a Docker socket is the access of root'
	# nothing that is shipped says that to mount it read-only helps
	run -1 grep -rE 'docker\.sock:ro' "$root/scripts" "$root/README.md" "$root/man"
}

@test "operations: a clock that was set back stops no addition" {
	cd "$BATS_TEST_TMPDIR"
	turn() { # TIME LOAD
		printf 'time,value\n%s,%s\n' "$1" "$2" >load.csv
		as-fetch --csv load.csv --driver file --service n --now "$1" |
			as-predict --now "$1" |
			as-decide --capacity 50 --max-instances 20 --mode auto \
				--state s --now "$1" |
			as-apply --driver file --service n --state s --now "$1" |
			jq -c 'select(.result) | [.states[], .result.status]'
	}
	echo 4 >n
	turn 2027-03-01T12:00:00Z 180
	[ "$(cat n)" = 6 ]
	run -0 turn 2026-03-01T12:00:00Z 30
	# as after a journal that was lost, nothing is removed for a while
	[[ $output == *'"cold"'*'"unchanged"'* ]]
	run -0 turn 2026-03-01T12:01:00Z 400
	[[ $output == *applied* ]]
	[ "$(cat n)" -gt 6 ]
	run -0 turn 2026-03-01T13:00:00Z 30
	[ -n "$output" ]
	[[ $output != *'"cold"'* ]]
}
