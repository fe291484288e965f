# as-train: what it promises
load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# series FILTER: web.ndjson changed by a jq filter
series() {
	jq -c "$1" "$data/web.ndjson"
}

train() {
	as-train -j 1 "$@"
}

@test "as-train: a series becomes a model record, checked and summed up" {
	run --separate-stderr -0 train -o web.model "$data/web.ndjson"
	[ -z "$output" ]
	[ "$(wc -l <web.model)" = 1 ]
	jq -e '.type == "model" and .version == 1
		and .metric == {"__name__":"cpu","target":"web","unit":"percent"}
		and .step_s == 300 and .horizon_s == 3600
		and .trained == "2017-01-16T06:00:00Z" and .samples == 4032
		and .span_s == 1209600 and .seed == 1
		and (.method == "forest" or .method == "online")
		and .boot_s == 60 and .interval_s == 60
		and (.components | length) >= 2
		and .validation.error_1h < 0.15
		and .validation.skill_vs_last > 0.1
		and (.validation.coverage["0.95"] - 0.95 | fabs) < 0.05
		and .accepted == true
		and (.checksum | test("^sha256:[0-9a-f]{64}$"))' web.model
	[ "$(stat -c %s web.model)" -lt 2000000 ]
}

@test "as-train: the checksum is SHA-256 of the record without it" {
	train --method last -o web.model "$data/web.ndjson" 2>err
	sum=$(jq -r .checksum web.model)
	sed 's/,"checksum":"[^"]*"}$/}/' web.model | tr -d '\n' | sha256sum |
		grep "^${sum#sha256:} "
}

@test "as-train: it says what was learnt, how good it is, and which won why" {
	run --separate-stderr -0 train -o web.model "$data/web.ndjson"
	[ "${stderr_lines[0]}" = "as-train: 'cpu' of 'web': 4032 points over 14 d, one every 5 min; 100.0 % observed, longest gap 0 s; a daily and a weekly season" ]
	[[ ${stderr_lines[1]} =~ "as-train: 'cpu' of 'web': '"(forest|online)"': the next hour's mean is off by "[0-9.]+" % on "[0-9]+" held-out origins, "[0-9]+" % of them below 15 %; "[0-9]+" % better than the last value; on the same held-out data its error is "[0-9.]+" %, that of '"(forest|online)"' "[0-9.]+" %" ]]
	[[ ${stderr_lines[2]} =~ "as-train: 'cpu' of 'web': WAPE "[0-9.]+" %, MASE "[0-9.]+", "[0-9]+" % better than yesterday's value; below the quantiles .9 .95 .99 were "[0-9.]+" "[0-9.]+" "[0-9.]+" % of the loads, pinball losses "[0-9.]+" "[0-9.]+" "[0-9.]+$ ]]
	[ "${#stderr_lines[@]}" = 3 ]
}

@test "as-train: same input, same bytes, for any number of threads and order" {
	train -o a "$data/web.ndjson" 2>err
	as-train -j 3 -o b "$data/web.ndjson" 2>err
	cmp a b
	series '.values |= reverse | .timestamps |= reverse' >r.ndjson
	train -o b r.ndjson 2>err
	cmp a b
	train --seed 2 -o b "$data/web.ndjson" 2>err
	! cmp -s a b
}

@test "as-train: every method trains, and as-predict takes what it made" {
	for m in auto forest online article last seasonal-naive; do
		train --method "$m" -o m.model "$data/web.ndjson" 2>err
		as-predict --now 2017-01-16T06:00:00Z -m m.model \
			"$data/web.ndjson" >out
		jq -e '(.values | length) == 12 and (.windows[0].n >= 100)
			and .no_forecast == null' out
		if [ "$(jq .accepted m.model)" = true ] && [ "$m" != auto ]; then
			[ "$(jq -r .model.method out)" = "$m" ]
		fi
	done
}

@test "as-train: the last value and yesterday's are just that" {
	train --method last -o m.model "$data/web.ndjson" 2>err
	as-predict --now 2017-01-16T06:00:00Z -m m.model "$data/web.ndjson" |
		jq -e '.values | all(. == 20.5049)'
	series '.values |= (to_entries | map(.key % 288 + 1))' >saw
	train --method seasonal-naive -o m.model saw 2>err
	as-predict --now 2017-01-16T06:00:00Z -m m.model saw |
		jq -e '.values == [range(0; 12) | . + 1]'
}

@test "as-train: the held-out error is what its definition gives" {
	train --method last -o m.model "$data/web.ndjson" 2>err
	# last value, an hour's mean: from the definition
	series '[.values[1152:], (.values | length)] | .[0] as $v
		| [range(0; ($v | length) - 12) | {e: (($v[. + 1:. + 13] | add / 12)
			- $v[.] | fabs), y: ($v[. + 1:. + 13] | add / 12)}]
		| (map(.e) | add) / (map(.y) | add)' >want
	jq -e --slurpfile w want \
		'(.validation.error_1h / $w[0] - 1 | fabs) < 0.05' m.model
}

@test "as-train: --report holds both methods' figures by lead time" {
	train -o m.model --report rep "$data/web.ndjson" 2>err
	[ "$(jq -s 'length' rep)" = 2 ]
	[ "$(jq -s '[.[].chosen | select(.)] | length' rep)" = 1 ]
	jq -se '(map(.method) | sort) == ["forest","online"]
		and all(.type == "validation" and .metric.target == "web"
			and .validation.origins > 500
			and ([.validation.by_horizon[].lead_s]
				== [300,600,900,1200,1800,2400,3600])
			and (.validation.by_horizon | all(.wape > 0 and .mase > 0
				and .skill_vs_last < 1
				and .skill_vs_seasonal < 1
				and (.coverage["0.9"] - 0.9 | fabs) < 0.1
				and .pinball["0.99"] > 0)))' rep
}

@test "as-train: too little history is refused, exit 1, and an old model stays" {
	series '.values |= .[-60:] | .timestamps |= .[-60:]' >short
	run --separate-stderr -1 train -o m.model short
	[ "$stderr" = "as-train: 'cpu' of 'web' refused: too little history: 5 h of 48 h" ]
	[ ! -e m.model ]
	echo old >m.model
	run -1 train -o m.model short
	[ "$(cat m.model)" = old ]
}

@test "as-train: one refused series does not cost the others" {
	series '.metric.target = "short" | .values |= .[-60:]
		| .timestamps |= .[-60:]' >short
	run --separate-stderr -1 train --method online -o m.model short \
		"$data/web.ndjson"
	[ "$(jq -r .metric.target m.model)" = web ]
	[[ $stderr == *"'cpu' of 'short' refused: "* ]]
}

@test "as-train: an empty series and an error of as-fetch are refused" {
	echo '{"metric":{"target":"x"},"values":[],"timestamps":[],"error":"HTTP 503"}' >in
	run --separate-stderr -1 train -o m.model in
	[ "$stderr" = "as-train: 'load' of 'x' refused: HTTP 503" ]
	echo '{"metric":{"target":"x"},"values":[],"timestamps":[]}' >in
	run --separate-stderr -1 train -o m.model in
	[ "$stderr" = "as-train: 'load' of 'x' refused: no samples" ]
}

@test "as-train: --max-error refuses what is further off, the default warns" {
	run --separate-stderr -1 train --method online --max-error 5% \
		-o m.model "$data/web.ndjson"
	[[ $stderr == *"refused: the error of the next hour is 7."*" %, above 5 %" ]]
	[ ! -e m.model ]
	run --separate-stderr -0 train --method online --max-error 15% \
		-o m.model "$data/web.ndjson"
	[ -s m.model ]
	series '.values |= (to_entries | map(.value + if .key % 577 < 200
		then 400 * (.key * 7919 % 13) else 0 end))' >wild
	run --separate-stderr -0 train --method online -o m.model wild
	[[ $stderr == *"the error of the next hour is above 15 %"* ]]
}

@test "as-train: what is no better than the last value is marked, and said" {
	run --separate-stderr -0 train --method seasonal-naive -o m.model \
		"$data/web.ndjson"
	[[ $stderr == *"no better than the last value: not accepted"* ]]
	[ "$(jq .accepted m.model)" = false ]
}

@test "as-train: --mask leaves an incident out, as if it had not been seen" {
	series '.values[3000:3024] = [range(24) | 5000]' >incident
	series '.values |= .[:3000] + .[3024:] | .timestamps |= .[:3000] + .[3024:]' >gap
	from=$(jq '.timestamps[2999] / 1000' "$data/web.ndjson")
	until=$(jq '.timestamps[3023] / 1000' "$data/web.ndjson")
	train -o a --method online --mask "$from/$until" incident 2>err
	train -o b --method online gap 2>err
	cmp a b
	printf '# by as-detect\n%s/%s # cpu of web: spike\n\n' \
		"$(date -u -d "@$from" +%FT%TZ)" "$(date -u -d "@$until" +%FT%TZ)" >mask
	train -o c --method online --mask mask incident 2>err
	cmp a c
	grep -q 'masked samples left out' err
	printf '  # two blanks\n \t\n  %s/%s\t#\n' "$from" "$until" >mask
	train -o d --method online --mask mask incident 2>err
	cmp a d
	run --separate-stderr -2 train --mask tomorrow incident
	[[ $stderr == *"'tomorrow' is neither FROM/UNTIL nor a file"* ]]
}

@test "as-train: --stamp start moves stamps to the ends of their intervals" {
	series '.timestamps |= map(. - 300000)' >starts
	train -o a --method online --stamp start starts 2>err
	train -o b --method online "$data/web.ndjson" 2>err
	cmp a b
}

@test "as-train: settings come from the target's file, options go before" {
	cat >web.conf <<-'END'
		target web { step = 10m  decision_interval = 5m }
		signal cpu { query = "x"  capacity = 100 }
		policy { boot_time = 10m }
	END
	train -c web.conf --method online -o m.model "$data/web.ndjson" 2>err
	[ "$(jq -c '[.step_s, .boot_s, .interval_s]' m.model)" = '[600,600,300]' ]
	train -c web.conf --boot-time 90s --step 5m --method online -o m.model \
		"$data/web.ndjson" 2>err
	[ "$(jq -c '[.step_s, .boot_s, .interval_s]' m.model)" = '[300,90,300]' ]
}

@test "as-train: gaps, hourly samples, a constant load" {
	series '[.timestamps, .values] | transpose
		| to_entries | map(select(.key % 100 > 20) | .value)
		| {metric: {target: "gaps"}, timestamps: map(.[0]),
			values: map(.[1])}' >in
	train -o m.model in 2>err
	grep -q '79.1 % observed, longest gap 105 min' err
	[ "$(jq .accepted m.model)" = true ]
	jq -nc '[range(0; 800)] | {metric: {}, values: map(10 + . % 24),
		timestamps: map(. * 3600000)}' >in
	train -o m.model in 2>err
	[ "$(jq -c '[.step_s, .accepted]' m.model)" = '[3600,true]' ]
	series '.values |= map(3)' >in
	train -o m.model in 2>err
	as-predict --now 2017-01-16T06:00:00Z -m m.model in |
		jq -e '.values | all(. == 3)'
}

@test "as-train: a reading beyond all measure is as if it were not there" {
	series '.values[3000] = 1e308 | .values[3001] = -1e200' >wild
	series '.values |= .[:3000] + .[3002:] | .timestamps |= .[:3000] + .[3002:]' >gap
	train -o a wild 2>err
	train -o b gap 2>err
	cmp a b
	series '.values |= map(1e300)' >wild
	run --separate-stderr -1 train -o c wild
	[[ $stderr == *"refused: all samples are masked, or no loads"* ]]
}

@test "as-train: history begins after a pause that is too long to bridge" {
	series '.timestamps[:2016] |= map(. - 63072000000)' >paused
	series '.values |= .[2016:] | .timestamps |= .[2016:]' >after
	train -o a paused 2>err
	grep -q ': 2016 points over 7 d' err
	train -o b after 2>err
	cmp a b
	series '.timestamps[:3600] |= map(. - 63072000000)' >paused
	run --separate-stderr -1 train -o c paused
	[[ $stderr == *"too little history: 36 h of 48 h" ]]
	jq -nc '[range(0; 20)] | {metric: {target: "d"}, values: .,
		timestamps: map(. * 86400000)}' >daily
	run --separate-stderr -1 train -o c daily
	[[ $stderr == *"too little history: 480 h of 768 h" ]]
}

@test "as-train: a load that ended says what can be said, and nan of nothing" {
	series '.values[1500:] |= map(0)' >ended
	run --separate-stderr -0 train -o a ended
	[[ ${stderr,,} != *nan* ]]
	[[ $stderr == *"a load of zero, its error is"* ]]
	run --separate-stderr -1 train --method forest --max-error 15% -o b ended
	[[ ${stderr,,} != *nan* ]]
	[[ $stderr == *"refused: the error of the next hour is not known"* ]]
	[ ! -e b ]
	run --separate-stderr -0 train --method seasonal-naive -o c \
		<(series '.values |= [range(0; length) | . * .]')
	[[ $stderr == *" % worse than the last value"* ]]
}

@test "as-train: standard output without -o; other records pass" {
	echo '{ "type":"state" }' | cat - "$data/web.ndjson" |
		train --method last >out 2>err
	[ "$(head -n 1 out)" = '{ "type":"state" }' ]
	[ "$(tail -n 1 out | jq -r .type)" = model ]
	as-predict -m out --now 2017-01-16T06:00:00Z "$data/web.ndjson" |
		jq -e '.model.method == "last"'
}

@test "as-train: a bad line stops it, and the old model stays; or is skipped" {
	train --method last -o m.model "$data/web.ndjson" 2>err
	cp m.model old
	{
		cat "$data/web.ndjson"
		echo '{"metric":{},"values":[1],"timestamps":["x"]}'
	} >in
	run --separate-stderr -2 train --method online -o m.model in
	[ "$stderr" = "as-train: in:2: 'timestamps' holds what is no time in milliseconds" ]
	cmp m.model old
	run --separate-stderr -1 train --on-bad=skip --method online -o m.model in
	[ "$(jq -r .method m.model)" = online ]
}

@test "as-train: a model file that cannot be written: exit 2, nothing left" {
	mkdir d
	run --separate-stderr -2 train --method last -o d "$data/web.ndjson"
	[[ $stderr == *"as-train: cannot write 'd': "* ]]
	[ "$(echo d*)" = d ]
	run --separate-stderr -2 train --method last -o no/where "$data/web.ndjson"
	[[ $stderr == *"cannot write 'no/where': No such file or directory" ]]
}

@test "as-train: wrong options: exit 2" {
	run -2 train --method magic
	run -2 train --horizon 0
	run -2 train --stamp middle
	run -2 train --seed -1
	run -2 train -j 0
	run -2 train --max-error lots
}

@test "as-train: the file is the same as ever after a failure half-way" {
	echo old >m.model
	(
		ulimit -f 8
		trap '' XFSZ
		! as-train --method forest -o m.model "$data/web.ndjson"
	) 2>err
	[ "$(cat m.model)" = old ]
	[ "$(echo m.model*)" = m.model ]
}

# holidays: four weeks, of which three days have 0.4 times their load; from day
# to day ($1) only, for as-train
holidays() {
	jq -c --argjson days "[3,15,23]" '. as $s | .timestamps[0] as $t
		| .timestamps = [range(8064) | $t + . * 300000]
		| .values = [range(8064) | . as $i | $s.values[$i % 4032] *
			(if ($days | index((($t + $i * 300000 - 1)
				/ 86400000 - 17168) | floor)) then 0.4 else 1 end)]' \
		"$data/web.ndjson"
}

# cut UNTIL: the samples up to then
cut_at() {
	jq -c --argjson u "$(date -ud "$1" +%s)000" '
		[.timestamps, .values] | transpose | map(select(.[0] <= $u))
		| transpose' |
		jq -c '{metric: {__name__: "cpu", target: "web", unit: "percent"},
			timestamps: .[0], values: .[1]}'
}

@test "as-train: --calendar: on a holiday the error is a third smaller" {
	holidays >all
	cut_at 2017-01-24T22:00:00Z <all >past
	printf '%s holiday # of the town\n' 2017-01-05 2017-01-17 2017-01-25 \
		>days
	train --method online --horizon 2h -o plain.model past 2>err
	run ! grep event err
	train --method online --horizon 2h --calendar days --report report \
		-o days.model past 2>err
	grep "event 'holiday': 2 in history, load -[56][0-9] %.*; 1 to come" err
	jq -e 'select(.type == "event-effect") | .event | .name == "holiday"
		and .seen == 2 and .used and .change < -0.5' report
	jq -e '.events[0].name == "holiday"' days.model
	for at in 00:00 06:00 12:00 18:00; do
		for m in plain days; do
			# as-predict reads no calendar: the model has it
			as-predict -m $m.model --now "2017-01-25T$at:00Z" all \
				>$m.$at
		done
	done
	error() {
		jq -s --slurpfile all all '($all[0] | [.timestamps, .values] |
			transpose | map({key: "\(.[0])", value: .[1]})
			| from_entries) as $y | [.[] | [.timestamps, .values] |
			transpose[] | .[1] - $y["\(.[0])"] | fabs] | add' "$@"
	}
	echo "$(error plain.*:*) $(error days.*:*)" |
		awk '{ print; exit !($2 < 0.7 * $1) }'
	# what holds on that day holds for peaks, windows and the hour too
	jq -e -s '.[1].peak.quantiles["0.5"][-1] < .[0].peak.quantiles["0.5"][-1]
		and .[1].windows[1].at[-1].point < 0.9 * .[0].windows[1].at[-1].point
		and .[1].mean_1h.value < 0.9 * .[0].mean_1h.value' \
		plain.00:00 days.00:00
}

@test "as-train: --calendar: iCalendar and dates give the same model" {
	holidays >all
	cut_at 2017-01-24T22:00:00Z <all >past
	printf '%s holiday\n' 2017-01-05 2017-01-17 2017-01-25 >days
	cat >days.ics <<-END
		BEGIN:VCALENDAR
		BEGIN:VEVENT
		SUMMARY:holiday
		DTSTART;VALUE=DATE:20170105
		RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20170125
		EXDATE;VALUE=DATE:20170107,20170109,20170111,20170113,20170115
		EXDATE;VALUE=DATE:20170119,20170121,20170123
		END:VEVENT
		END:VCALENDAR
	END
	train --method last --calendar days -o a past 2>err.a
	train --method last --calendar days.ics -o b past 2>err.b
	cmp a b
	cmp err.a err.b
}

@test "as-train: --calendar: an event never seen is said and ignored" {
	echo '2017-01-20 inauguration' >days
	train --method last -o a "$data/web.ndjson" 2>err
	train --method last --calendar days -o b "$data/web.ndjson" 2>err
	grep "event 'inauguration' was never seen in history: ignored" err
	cmp a b
	# nor does a day that was like any other
	echo '2017-01-10 market' >days
	train --method last --calendar days -o b "$data/web.ndjson" 2>err
	grep "event 'market': 1 in history, no different from other days: ignored" err
	[ "$(jq .events[0].used b)" = false ]
}

@test "as-train: --calendar: a bad file is named with its line, exit 2" {
	echo '2017-02-30 x' >days
	run --separate-stderr -2 train --calendar days -o a "$data/web.ndjson"
	[ "$stderr" = "as-train: days:1: '2017-02-30' is no date" ]
	printf 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nDTSTART:soon\n' >days
	run --separate-stderr -2 train --calendar days -o a "$data/web.ndjson"
	[ "$stderr" = "as-train: days:4: cannot be read: 'DTSTART:soon'" ]
	run --separate-stderr -2 train --calendar none -o a "$data/web.ndjson"
	[ "$stderr" = "as-train: cannot read 'none': No such file or directory" ]
	[ ! -e a ]
}
