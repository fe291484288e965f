# as-predict: what it promises
load lib/common

now=2017-01-16T06:00:12Z # twelve seconds after the newest sample of web.ndjson

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	as-train -o web.model --method online <"$data/web.ndjson" 2>/dev/null
	as-train -o forest.model --method forest -j 1 <"$data/web.ndjson" \
		2>/dev/null
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	online=$BATS_FILE_TMPDIR/web.model
	forest=$BATS_FILE_TMPDIR/forest.model
}

predict() {
	as-predict --now "$now" "$@"
}

# series FILTER: web.ndjson changed by a jq filter
series() {
	jq -c "$1" "$data/web.ndjson"
}

# member FILTER: of the record on standard input
member() {
	jq -c "$1"
}

@test "as-predict: a series becomes a forecast with all that a decision needs" {
	predict <"$data/web.ndjson" >out
	[ "$(wc -l <out)" = 1 ]
	jq -e '.type == "forecast"
		and .metric == {"__name__":"cpu","target":"web","unit":"percent"}
		and .time == "2017-01-16T06:00:12Z"
		and .origin == "2017-01-16T06:00:00Z" and .step_s == 300
		and (.observed.values | length) == 12
		and (.timestamps | length) == 12
		and .timestamps[0] == 1484546700000
		and (.values | length) == 12 and (.mean | length) == 12
		and (.quantiles | keys) == ["0.5","0.8","0.9","0.95","0.99"]
		and .quantiles["0.5"] == .values
		and .peak.window_s == [300,600,900,1800,3600]
		and ([.windows[].name] == ["ahead","keep"])
		and .windows[0].from_s == 60 and .windows[0].to_s == 120
		and .windows[1].from_s == 0 and .windows[1].to_s == 120
		and .drop.threshold < 0 and .mean_1h.lo < .mean_1h.value
		and .mean_1h.value < .mean_1h.hi
		and .confidence > 0.5 and .confidence <= 1 and .dynamics > 0
		and .model.method == "online" and .model.error_1h < 0.15
		and .quality == {"age_s":12,"coverage":1,"longest_gap_s":0}' out
}

@test "as-predict: quantiles do not cross, nor do those of longer peaks" {
	for m in "$online" "$forest"; do
		predict -m "$m" <"$data/web.ndjson" >out
		jq -e '[.quantiles, .peak.quantiles] | all(
			[.["0.5"], .["0.8"], .["0.9"], .["0.95"], .["0.99"]]
			| transpose | all(. == sort))' out
		jq -e '.peak.quantiles | all(. == sort)' out
	done
}

@test "as-predict: a window's errors rise to the greatest, every one above 0.98" {
	predict <"$data/web.ndjson" >out
	jq -e '.windows | all((.errors | length) == 201 and .errors == (.errors | sort)
		and .levels == (.levels | sort) and .levels[-1] == 1
		and (.levels[0] - 1 / (.n + 1) | fabs) < 1e-12
		and ([.levels[] | select(. > 0.98)] | length)
			== (.n - (0.98 * (.n + 1) | floor)))' out
}

@test "as-predict: the newest origins over the stabilisation, one a step" {
	predict <"$data/web.ndjson" >out
	[ "$(member '[.windows[0].at[].time]' <out)" = \
		'["2017-01-16T05:55:00Z","2017-01-16T06:00:00Z"]' ]
	predict --stabilisation 30m -m "$online" <"$data/web.ndjson" >out
	[ "$(member '.windows[1].at | length' <out)" = 6 ]
	jq -e '.windows | all(.at | all(.scale > 0))' out
	predict --stabilisation 0 <"$data/web.ndjson" >out
	[ "$(member '.windows[0].at | length' <out)" = 1 ]
}

@test "as-predict: windows follow boot time and interval, by option or by file" {
	now=2017-01-16T06:00:00Z
	predict --boot-time 5m --decision-interval 10m <"$data/web.ndjson" |
		member '[.windows[] | .from_s, .to_s]' >out
	[ "$(cat out)" = '[300,900,0,900]' ]
	cat >web.conf <<-'END'
		target web { decision_interval = 10m }
		signal cpu { query = "x"  capacity = 100 }
		policy { boot_time = 5m }
	END
	predict -c web.conf <"$data/web.ndjson" |
		member '[.windows[] | .from_s, .to_s]' >out2
	cmp out out2
}

@test "as-predict: an old sample's windows reach further" {
	as-predict --now 2017-01-16T06:04:30Z <"$data/web.ndjson" |
		member '[.windows[] | .to_s]' >out
	[ "$(cat out)" = '[600,600]' ]
}

@test "as-predict: its own model and the whole history say the same" {
	predict -m "$online" <"$data/web.ndjson" | member .values >a
	predict <"$data/web.ndjson" | member .values >b
	cmp a b
}

@test "as-predict: a model goes on learning from what came after it" {
	series '.values |= .[:-144] | .timestamps |= .[:-144]' |
		as-train -o old.model --method online 2>/dev/null
	predict -m old.model <"$data/web.ndjson" | member .values >a
	predict <"$data/web.ndjson" | member .values >b
	cmp a b
}

@test "as-predict: same input, same bytes, whatever the order of samples and lines" {
	predict <"$data/web.ndjson" >a
	series '.values |= reverse | .timestamps |= reverse' | predict >b
	cmp a b
	# shuffled, in two lines of the same labels, the first one again
	series '[.timestamps, .values] | transpose
		| to_entries | sort_by(.key * 7919 % 4032) | map(.value)' >pairs
	for half in '.[:2000]' '.[1500:]'; do
		jq -c "$half"' | {metric: {"unit":"percent","target":"web",
			"__name__":"cpu"}, values: map(.[1]),
			timestamps: map(.[0])}' pairs
	done | predict | sed 's/"metric":{[^}]*}//' >b
	sed -i 's/"metric":{[^}]*}//' a
	cmp a b
	predict -m "$forest" <"$data/web.ndjson" >a
	predict -m "$forest" <"$data/web.ndjson" >b
	cmp a b
}

@test "as-predict: in another unit the same forecast" {
	predict <"$data/web.ndjson" | member .values >a
	series '.values |= map(. * 1024)' | predict |
		member '.values | map(. / 1024)' >b
	jq -en --slurpfile a a --slurpfile b b \
		'[$a[0], $b[0]] | transpose | all(.[0] - .[1] | fabs < 1e-6)'
}

@test "as-predict: whole weeks later the same forecast" {
	predict <"$data/web.ndjson" | member '[.values, .quantiles]' >a
	series '.timestamps |= map(. + 7 * 86400000)' |
		as-predict --now 2017-01-23T06:00:12Z |
		member '[.values, .quantiles]' >b
	cmp a b
}

@test "as-predict: nothing after now has any effect" {
	series '.values |= .[:4000] | .timestamps |= .[:4000]' >short
	at=$(jq -r '.timestamps[-1] / 1000' short)
	for m in "$online" "$forest" none; do
		model=(-m "$m")
		[ "$m" != none ] || model=()
		as-predict --now "$at" "${model[@]}" <short >a
		as-predict --now "$at" "${model[@]}" <"$data/web.ndjson" >b
		cmp a b
	done
}

@test "as-predict: closer samples are averaged, farther ones kept as they are" {
	predict --step 15m <"$data/web.ndjson" >out
	[ "$(member '[.step_s, (.values | length)]' <out)" = '[900,4]' ]
	predict --step 1m <"$data/web.ndjson" >out
	[ "$(member .step_s <out)" = 300 ]
}

@test "as-predict: jittered stamps are snapped to the nearest point" {
	series '.timestamps |= (to_entries
		| map(.value + (.key * 7919 % 41 - 20) * 1000))
		| .timestamps[-1] = 1484546400000' | predict >out
	jq -e '.step_s == 300 and .quality.coverage == 1' out
	member .values <out >a
	predict <"$data/web.ndjson" | member .values >b
	cmp a b
}

@test "as-predict: gaps stay gaps and are told of" {
	series '.values |= .[:3000] + .[3024:] | .timestamps |= .[:3000] + .[3024:]' |
		predict >out
	jq -e '.quality.longest_gap_s == 7200 and .quality.coverage < 1
		and .no_forecast == null and (.values | length) == 12' out
}

@test "as-predict: null, NaN and Inf are unknown, not zero" {
	series '.values[3000:3024] = [range(24) | null]' | predict >a
	series '.values |= .[:3000] + .[3024:] | .timestamps |= .[:3000] + .[3024:]' |
		predict >b
	cmp a b
	sed 's/null/NaN/; s/null/"Infinity"/; s/null/-Inf/' \
		<(series '.values[3000:3024] = [range(24) | null]') | predict >c
	cmp a c
}

@test "as-predict: too little history is said, with what was observed" {
	series '.values |= .[-60:] | .timestamps |= .[-60:]' | predict >out
	[ "$(member .no_forecast <out)" = '"too little history: 5 h of 48 h"' ]
	jq -e '.timestamps == null and .windows == null
		and (.observed.values | length) == 12
		and .quality.age_s == 12 and .model == null' out
	series '.values |= .[-60:] | .timestamps |= .[-60:]' |
		predict -m "$forest" >out
	[ "$(member .no_forecast <out)" = '"too little history: 5 h of 24 h"' ]
}

@test "as-predict: one sample, and none at all" {
	series '.values |= .[-1:] | .timestamps |= .[-1:]' | predict >out
	jq -e '(.no_forecast | startswith("too little")) and
		.observed.values == [20.5049]' out
	series '.values = [] | .timestamps = []' | predict >out
	jq -e '.no_forecast == "no samples" and .origin == null' out
}

@test "as-predict: an error of as-fetch becomes a forecast that says so" {
	series '.values = [] | .timestamps = []
		| .error = "connection refused"' | predict >out
	jq -e '.no_forecast == "connection refused"
		and .error == "connection refused"
		and .metric.target == "web" and .observed.values == []' out
}

@test "as-predict: a constant load stays as it is" {
	for v in 0 7.25; do
		series ".values |= map($v)" | predict >out
		jq -e ".values | all(. == $v)" out
		jq -e ".quantiles[\"0.99\"] | all(. - $v | fabs < 1e-6)" out
	done
}

@test "as-predict: a load never seen below zero is not forecast below it" {
	series '.values |= (to_entries | map(if .key % 288 < 30 then 40 else 0 end))' |
		predict >out
	jq -e '.values + .quantiles["0.5"] | all(. >= 0)' out
	series '.values[3000:] |= map(0)' >ended
	predict --horizon 24h ended >out
	jq -e '.values + .mean + .quantiles["0.99"] + [.mean_1h.lo, .mean_1h.hi]
		| all(. >= 0) and length > 800' out
}

@test "as-predict: a reading beyond all measure is as if it were not there" {
	series '.values[3000] = 1e308 | .values[3001] = -1e200' >wild
	series '.values |= .[:3000] + .[3002:] | .timestamps |= .[:3000] + .[3002:]' >gap
	for m in '' "-m$online" "-m$forest"; do
		predict $m wild >a
		predict $m gap >b
		cmp a b
	done
	series '.values[-1] = 1e308' | predict >out
	jq -e '.origin == "2017-01-16T05:55:00Z" and .quality.age_s == 312
		and .observed.values[-1] == 1e308 and (.values | max) < 1e3' out
	series '.values |= map(1e300)' | predict >out
	jq -e '.no_forecast == "no sample is within 1e100 of zero"' out
}

@test "as-predict: without a model, history begins after a pause too long" {
	series '.timestamps[:2016] |= map(. - 63072000000)' | predict >a
	series '.values |= .[2016:] | .timestamps |= .[2016:]' | predict >b
	for f in a b; do
		jq -c 'del(.quality.coverage, .quality.longest_gap_s)' "$f" >"$f.c"
	done
	cmp a.c b.c
	jq -e '.quality.longest_gap_s > 63e6' a
}

@test "as-predict: hourly and minutely samples, and irregular ones" {
	jq -nc '[range(0; 800)] | {metric: {target: "h"},
		values: map(10 + (. % 24)), timestamps: map(. * 3600000)}' |
		as-predict --now 2876400 >out
	jq -e '.step_s == 3600 and (.values | length) == 1
		and (.values[0] - (10 + 800 % 24) | fabs) < 4' out
	jq -nc '[range(0; 4320)] | {metric: {target: "m"},
		values: map(10 + (. % 60)), timestamps: map(. * 60000)}' |
		as-predict --now 259140 >out
	jq -e '.step_s == 60 and (.values | length) == 60
		and (.windows[0].at | length) == 10' out
	jq -nc '[range(0; 2000) | select(. % 7 != 3)] | {metric: {target: "i"},
		values: map(5), timestamps: map(. * 301000 + . % 3 * 2000)}' |
		as-predict --now 601700 >out
	jq -e '.step_s == 300 and .no_forecast == null and .values[0] == 5' out
}

@test "as-predict: horizons up to a day and beyond" {
	predict --horizon 24h <"$data/web.ndjson" >out
	jq -e '(.values | length) == 288 and .peak.window_s[-1] == 86400' out
	predict --horizon 36h <"$data/web.ndjson" >out
	jq -e '(.values | length) == 432 and .peak.window_s[-1] == 129600' out
	predict --horizon 5m <"$data/web.ndjson" >out
	jq -e '(.values | length) == 1 and .peak.window_s == [300]' out
}

@test "as-predict: a shorter horizon than the model's is a part of it" {
	predict -m "$forest" <"$data/web.ndjson" >a
	predict -m "$forest" --horizon 30m <"$data/web.ndjson" >b
	jq -e --slurpfile a a '.values == $a[0].values[:6]
		and .peak.window_s == [300,600,900,1800]
		and .windows == $a[0].windows' b
}

@test "as-predict: several series and targets, each with its own model" {
	series '.metric.target = "b" | .values |= map(. * 2)' >b.ndjson
	cat "$data/web.ndjson" b.ndjson |
		as-train -o both.model --method online 2>/dev/null
	cat b.ndjson "$data/web.ndjson" | predict -m both.model >out
	[ "$(member '[.metric.target, .note]' <out)" = \
		'["b",null]
["web",null]' ]
	jq -se '.[0].values[0] / .[1].values[0] - 2 | fabs < 1e-9' out
}

@test "as-predict: --keep passes the series on too" {
	predict --keep <"$data/web.ndjson" >out
	head -n 1 out | cmp - "$data/web.ndjson"
	[ "$(tail -n 1 out | member .type)" = '"forecast"' ]
}

@test "as-predict: other records pass byte for byte, and before the end" {
	mkfifo in
	as-predict <in >out &
	reader=$!
	exec {to}>in
	echo '{ "type":"state", "x" : 1.50 }' >&$to
	wait_until 5 grep -q state out
	echo '{"type":"no-such-thing"}' >&$to
	exec {to}>&-
	wait $reader
	printf '%s\n' '{ "type":"state", "x" : 1.50 }' \
		'{"type":"no-such-thing"}' | cmp - out
}

@test "as-predict: a bad line is named and left out, the rest goes on" {
	{
		echo '{"metric":{},"values":[1,2],"timestamps":[1]}'
		cat "$data/web.ndjson"
	} >in
	run --separate-stderr -1 predict in
	[ "$stderr" = "as-predict: in:1: 'values' and 'timestamps' differ in length" ]
	[ "$(jq -r .model.method <<<"$output")" = online ]
}

@test "as-predict: members that it does not know do no harm" {
	series '. + {"extra": {"deep": [1, 2]}}' | predict >a
	predict <"$data/web.ndjson" >b
	cmp a b
}

@test "as-predict: a model that was tampered with is refused, and online used" {
	sed 's/"boot_s":60/"boot_s":61/' "$online" >bad.model
	run --separate-stderr -1 predict -m bad.model "$data/web.ndjson"
	[[ $stderr == "as-predict: 'cpu' of 'web': the model is refused, line 1: the checksum does not hold"* ]]
	[ "$(jq -r .model.method <<<"$output")" = online ]
	[[ $(jq -r .note <<<"$output") == "the model is refused, "* ]]
	head -c 30000 "$online" >cut.model
	run --separate-stderr -1 predict -m cut.model "$data/web.ndjson"
	[[ $stderr == *"checksum does not hold"* ]]
}

@test "as-predict: a model from a pipe, among other lines, without a last LF" {
	predict -m "$forest" <"$data/web.ndjson" >want
	predict -m <(cat "$forest") <"$data/web.ndjson" | cmp - want
	{
		echo '{"type":"note","text":"no model"}'
		echo
		jq -c '.metric.target = "other"' "$online" # its checksum is void
		printf '%s' "$(<"$forest")"
	} >many
	predict -m many <"$data/web.ndjson" | cmp - want
	predict -m <(cat many) <"$data/web.ndjson" | cmp - want
}

@test "as-predict: no byte of a model can be changed unseen" {
	size=$(wc -c <"$online")
	for at in 10 60 200 400 500 5000 20000 40000 $((size - 300)) $((size - 80)) \
		$((size - 5)); do
		{
			head -c "$at" "$online"
			printf '#'
			tail -c +"$((at + 2))" "$online"
		} >bad.model
		predict -m bad.model "$data/web.ndjson" >out 2>err && return 1
		jq -e '.note | startswith("the model is refused")' out
	done
}

@test "as-predict: a model of another series, unit or step is refused" {
	series '.metric.unit = "cores"' >cores
	run --separate-stderr -1 predict -m "$online" cores
	[[ $stderr == *"its unit is 'percent', the series' 'cores'"* ]]
	series '.metric.__name__ = "mem"' >mem
	run --separate-stderr -1 predict -m "$online" mem
	[[ $stderr == *"it holds no model of this series"* ]]
	run --separate-stderr -1 predict -m "$online" --step 10m "$data/web.ndjson"
	[[ $stderr == *"the model's step is 5 min, the series' 10 min"* ]]
	[ "$(jq -c '[.step_s, .model.method]' <<<"$output")" = '[600,"online"]' ]
}

@test "as-predict: a model for other windows is refused" {
	run --separate-stderr -1 predict -m "$forest" --boot-time 10m \
		"$data/web.ndjson"
	[[ $stderr == *"the model is for a boot time of 60 s and an interval of 60 s"* ]]
	[ "$(jq -c '[.windows[0].from_s, .model.method]' <<<"$output")" = \
		'[600,"online"]' ]
}

@test "as-predict: further than the model looks goes the profile, to 7 days" {
	predict -m "$forest" "$data/web.ndjson" >hour
	for h in 24h:288 7d:2016; do
		run --separate-stderr -0 predict -m "$forest" \
			--horizon "${h%:*}" "$data/web.ndjson"
		[ -z "$stderr" ]
		[ "$(jq --argjson n "${h#*:}" '(.values | length) == $n and
			(.timestamps | length) == $n and
			.timestamps[-1] - .timestamps[0] == ($n - 1) * 300000' \
			<<<"$output")" = true ]
		# the model's own hour stays, decisions' windows too
		[ "$(jq -c '[.values[:12], .quantiles["0.99"][:12], .windows,
			.peak]' <<<"$output")" = "$(jq -c '[.values[:12],
			.quantiles["0.99"][:12], .windows, .peak]' hour)" ]
		# quantiles do not cross, and get no narrower
		[ "$(jq '.values as $m | .quantiles | [.["0.5", "0.8", "0.9",
			"0.95", "0.99"]] as $q | all(range(1; 5);
			. as $k | all(range($m | length);
			$q[$k][.] >= $q[$k - 1][.])) and
			([range(13; $m | length) |
			($q[4][.] - $m[.]) - ($q[4][. - 1] - $m[. - 1])] |
			min) > -1e-6' <<<"$output")" = true ]
	done
	run --separate-stderr -2 predict -m "$forest" --horizon 8d \
		"$data/web.ndjson"
	[[ $stderr == *"'8d' is more than 7d"* ]]
	run -0 predict -m "$forest" --horizon 24h --explain "$data/web.ndjson"
	[[ $output == *"more than 60 min ahead is by what was at that time"* ]]
}

@test "as-predict: a day ahead is nearer than the last value, and as sure as it says" {
	for cut in 3168 3312 3456 3600 3744; do
		jq -c --argjson n $cut '.values |= .[:$n] | .timestamps |= .[:$n]' \
			"$data/web.ndjson" >past
		now=$(jq '.timestamps[-1] / 1000 + 1' past)
		as-train -o day.model past 2>day.err
		as-predict -m day.model --now "$now" --horizon 24h past |
			jq -c --argjson n $cut --slurpfile all "$data/web.ndjson" '
			$all[0].values as $y | .values as $m |
			.quantiles["0.95"] as $q |
			[range(288) | {e: ($y[$n + .] - $m[.] | fabs),
			l: ($y[$n + .] - $y[$n - 1] | fabs),
			c: (if $y[$n + .] <= $q[.] then 1 else 0 end)}] |
			[(map(.e) | add), (map(.l) | add), (map(.c) | add)]'
	done >days
	[ "$(jq -s 'map(.[0]) | add' days | cut -d. -f1)" -lt \
		"$(jq -s 'map(.[1]) | add * 0.8' days | cut -d. -f1)" ]
	[ "$(jq -s '(map(.[2]) | add) / (5 * 288) | . > 0.88' days)" = true ]
}

@test "as-predict: a model no better than the last value gives way to online" {
	as-train --method seasonal-naive -o poor.model <"$data/web.ndjson" \
		2>/dev/null
	run --separate-stderr -0 predict -m poor.model "$data/web.ndjson"
	[ -z "$stderr" ]
	[ "$(jq -c '[.model.method, .note]' <<<"$output")" = \
		'["online","the model is no better than the last value: '"'online'"' is used instead"]' ]
}

@test "as-predict: a suspicious drop is seen and dated" {
	series '.values[-2:] = [0.01, 0.01]' | predict >out
	jq -e '.drop.since == "2017-01-16T05:55:00Z" or
		.drop.since == "2017-01-16T06:00:00Z"' out
	series '.values[-3] = 0.01' | predict >out
	jq -e '.drop.z > .drop.threshold and
		.drop.since == "2017-01-16T05:50:00Z"' out
	series '.values[-20] = 0.01' | predict >out
	jq -e '.drop.since == null' out
}

@test "as-predict: --explain says what a forecast rests on" {
	run --separate-stderr -0 predict --explain "$data/web.ndjson"
	[[ $stderr == "as-predict: 'cpu' of 'web': the method 'online', which knows samples up to 2017-01-16T06:00:00Z, looks 60 min ahead"* ]]
	[[ $stderr == *"the next hour's mean: "* ]]
	[[ $stderr == *"from 60 s to 120 s (ahead): "* ]]
}

@test "as-predict: no model file, a bad setting, a bad option: exit 2" {
	run --separate-stderr -2 predict -m nowhere.model "$data/web.ndjson"
	[ "$stderr" = "as-predict: cannot read 'nowhere.model': No such file or directory" ]
	[ -z "$output" ]
	echo 'target web { no_such_key = 1 }' >bad.conf
	run --separate-stderr -2 predict -c bad.conf "$data/web.ndjson"
	[[ $stderr == "as-predict: bad.conf:1: "* ]]
	run -2 predict --horizon 0 "$data/web.ndjson"
	run -2 predict --step soon "$data/web.ndjson"
}
