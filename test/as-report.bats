#!/usr/bin/env bats
# as-report(1): tables, pages, pictures and metrics of records

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir state
	cat >journal <<'END'
{"type":"journal","version":1,"created":"2026-11-20T00:00:00Z"}
{"type":"decision","id":"a1","plan":"p1","time":"2026-11-20T05:00:00Z","target":"web","mode":"auto","action":"scale_up","current_load":71,"predicted_load":104,"current_instances":2,"recommended_instances":3,"cost_impact":50,"currency":"USD","reason":"the load ahead needs 3","states":["budget-ok"],"approval":"none"}
{"type":"result","id":"a1","plan":"p1","time":"2026-11-20T05:00:00Z","target":"web","mode":"auto","action":"scale_up","current_load":71,"predicted_load":104,"current_instances":2,"recommended_instances":3,"cost_impact":50,"currency":"USD","reason":"the load ahead needs 3","states":["budget-ok"],"approval":"none","result":{"status":"applied","from":2,"to":3}}
{"type":"decision","id":"a2","plan":"p2","time":"2026-11-20T15:00:00Z","target":"web","mode":"auto","action":"scale_up","current_load":85,"predicted_load":120,"current_instances":3,"recommended_instances":5,"cost_impact":100,"currency":"USD","reason":"5 are needed <script> & \"more\"","states":["awaiting-approval"],"approval":"required","expires":"2026-11-20T15:15:00Z"}
END
	printf '%s\n' '{"metric":{"__name__":"cpu","target":"web","unit":"cores"},"values":[1,2,3,2],"timestamps":[1763600000000,1763600300000,1763600600000,1763600900000]}' >series
	printf 'target web { }\ncost { cost_per_instance = 73\n max_monthly_cost = 500 }\n' >web.conf
}

@test "as-report: the table tells the newest decision, why, and its cost" {
	run -0 --separate-stderr as-report --now 2026-11-20T15:01:00Z journal
	[[ "$output" == *"scale_up 3 -> 5 (auto)"* ]]
	[[ "$output" == *'because        5 are needed'* ]]
	[[ "$output" == *"+100.00 USD a month"* ]]
}

@test "as-report: a decision and its result are one line of the table" {
	run -0 --separate-stderr as-report journal
	[ "$(grep -c '2026-11-20T05:00:00Z' <<<"$output")" = 1 ]
	[[ "$output" == *"2 -> 3 "*" applied"* ]]
}

@test "as-report: what waits for a person is told with the command for it" {
	run -0 --separate-stderr as-report --now 2026-11-20T15:01:00Z journal
	[[ "$output" == *"as-approve grant a2 (until 2026-11-20T15:15:00Z)"* ]]
	run -0 --separate-stderr as-report --now 2026-11-20T15:16:00Z journal
	[[ "$output" != *"as-approve"* ]]
}

@test "as-report: what was spent is instances times hours times the price" {
	# 2 instances for 10 h at 73 a month of 730 h: 2
	run -0 --separate-stderr as-report -c web.conf journal
	[[ "$output" == *"spent          2.00 USD"*"of 500.00 a month"* ]]
}

@test "as-report: no colour into a pipe" {
	run -0 --separate-stderr as-report journal
	[[ "$output" != *$'\033'* ]]
}

# on_terminal COLUMNS COMMAND: what it writes to a terminal of that width
on_terminal() {
	command -v script >/dev/null || skip "no script: apt-get install bsdutils"
	SHELL=/bin/sh script -qec "stty cols $1; $2" /dev/null </dev/null |
		tr -d '\r'
}

@test "as-report: colour on a terminal, unless NO_COLOR or a dumb one says no" {
	export TERM=xterm
	unset NO_COLOR
	on_terminal 80 "as-report journal" >seen
	grep -q $'\033\\[33mscale_up\033\\[0m' seen
	# colour is all that differs
	sed 's/\x1b\[[0-9]*m//g' seen | diff - <(as-report journal)
	NO_COLOR='' on_terminal 80 "as-report journal" | diff seen -
	NO_COLOR=1 on_terminal 80 "as-report journal" | diff - <(as-report journal)
	TERM=dumb on_terminal 80 "as-report journal" | diff - <(as-report journal)
	on_terminal 80 "as-report -o table journal"
	diff table <(as-report journal)
}

@test "as-report: text is folded, and pictures are drawn, as wide as the terminal" {
	jq -cn '{ metric: { __name__: "cpu", target: "web", unit: "cores" },
		values: [range(500) | . % 8], timestamps: [range(500) |
		1763600000000 + 60000 * .] }' >many
	sed -i 's/5 are needed/& & & & & & & & & &/' journal
	for width in 60 80 110; do
		NO_COLOR=1 on_terminal "$width" "as-report journal many" >seen
		# 17 before, three behind
		run -0 grep -oE '[▁▂▃▄▅▆▇█]+' seen
		[ "$(LC_ALL=C.UTF-8 wc -m <<<"$output")" = $((width - 20 + 1)) ]
		sed -n '/because/,/states/p' seen | LC_ALL=C.UTF-8 awk \
			-v w="$width" 'length($0) > w { bad = 1 }
			length($0) > most { most = length($0) }
			END { exit bad || most < w - 12 }'
	done
}

@test "as-report: a sparkline rises with the load, from the lowest to the highest" {
	jq -cn '{ metric: { __name__: "cpu", target: "web" },
		values: [range(8) | . * 10], timestamps: [range(8) |
		1763600000000 + 60000 * .] }' >ramp
	run -0 --separate-stderr as-report ramp
	[[ $output == *"▁▂▃▄▅▆▇█"* ]]
	jq -c '.values |= map(5)' ramp >flat
	run -0 --separate-stderr as-report flat
	[[ $output == *" ▁▁▁▁▁▁▁▁" ]]
}

@test "as-report: columns stand below their heads, whatever is in them" {
	for n in 1:2 99:100 1000:1234; do
		jq -cn --argjson f "${n%:*}" --argjson t "${n#*:}" '{
			type: "decision", id: "i\($f)", plan: "p", target: "web",
			time: "2026-11-20T05:00:0\($f % 7)Z", mode: "auto",
			action: "emergency_scale", current_instances: $f,
			recommended_instances: $t, reason: "x" }'
	done >in
	for name in hpa a-name-of-a-strategy-that-is-long; do
		jq -cn --arg s "$name" '{ type: "backtest", target: "web",
			strategy: $s, mean_instances: 2.5,
			cost: (if $s == "hpa" then 12345678.9 else 1 end),
			overload_share: 0.5, changes_per_day: 3 }'
	done >>in
	run -0 --separate-stderr as-report in
	awk '
		/^  time / { c = index($0, "count"); s = index($0, "status") }
		/^  2026/ { n++; if (substr($0, c - 1, 1) != " " ||
			substr($0, c, 1) !~ /[0-9]/ ||
			substr($0, s, 4) != "auto") bad = 1 }
		/^  strategy/ { w = length($0) }
		/^  (hpa|a-name)/ { n++; if (length($0) != w) bad = 1 }
		END { exit bad || n != 5 }' <<<"$output" || {
		echo "$output"
		false
	}
	# what is not known is not a number
	[[ $output != *nan* && $output == *" - "* ]]
}

@test "as-report: nothing to show is said" {
	run -0 --separate-stderr as-report </dev/null
	[ "$output" = "nothing to show: no records" ]
	run -0 --separate-stderr as-report --format html </dev/null
	[[ "$output" == *"Nothing to show"* ]]
}

@test "as-report: the page is one file, and foreign text stays text" {
	run -0 --separate-stderr as-report --format html journal series
	[[ "$output" == "<!DOCTYPE html>"* ]]
	[[ "$output" == *"&lt;script&gt; &amp; &quot;more&quot;"* ]]
	[[ "$output" != *"<script"* && "$output" != *"http-equiv"* ]]
	[ "$(grep -o 'https\?://[^"]*' <<<"$output" | sort -u)" = \
		"http://www.w3.org/2000/svg" ]
}

@test "as-report: each picture has a title and a description" {
	run -0 --separate-stderr as-report --format html journal series
	# load, instances, cost
	[ "$(grep -c '<svg' <<<"$output")" = 3 ]
	[ "$(grep -c '^<title>\|<title>[LI]' <<<"$output")" -ge 3 ]
	[ "$(grep -c '<desc>..*</desc>' <<<"$output")" = 3 ]
}

@test "as-report: the picture's line goes through every sample" {
	run -0 --separate-stderr as-report --format svg series
	d=$(grep -o 'class="load" d="[^"]*"' <<<"$output" | tail -n 1)
	[ "$(grep -o '[ML]' <<<"${d#*d=}" | wc -l)" = 4 ]
	# 3 is the highest: least y; x rises by equal steps
	y=$(grep -o '[ML][0-9.]* [0-9.]*' <<<"${d#*d=}" | awk '{ print $2 }' |
		sort -n | head -n 1)
	[ "$(grep -o '[ML][0-9.]* [0-9.]*' <<<"${d#*d=}" |
		awk '{ print $2 }' | sed -n 3p)" = "$y" ]
}

@test "as-report: the metrics pass promtool" {
	command -v promtool >/dev/null || skip "promtool is not installed: \
apt-get install prometheus"
	as-predict --now 2017-01-16T06:00:30Z "$data/web.ndjson" >forecast
	as-report --format prometheus journal forecast >m.prom
	run -0 promtool check metrics <m.prom
	[ "$output" = "" ]
	grep -qx 'autoscale_recommended_instances{target="web"} 5' m.prom
	grep -q '^autoscale_forecast_peak{target="web",signal="cpu",level="0.95"' m.prom
}

# metric NAME: its value for web's cpu in the file m.prom
metric() {
	sed -n "s/^autoscale_$1{target=\"web\",signal=\"cpu\"} //p" m.prom
}

@test "as-report: metrics of a journal have the load, and a model's the error" {
	foreseeing >state/web.ndjson
	as-report --state state --now 2026-11-20T09:00:00Z \
		--format prometheus >m.prom
	[ "$(metric load)" = 30 ]
	[ "$(metric forecast_error_1h_ratio)" = "" ]
	for e in 0.5 0.125; do
		jq -cn --argjson e "$e" '{ type: "model", metric: {
			__name__: "cpu", target: "web" }, validation: {
			error_1h: $e, skill_vs_last: 0.25 } }'
	done >models
	as-report --state state --now 2026-11-20T09:00:00Z \
		--format prometheus models >m.prom
	[ "$(metric forecast_error_1h_ratio)" = 0.125 ]
	[ "$(metric forecast_skill_ratio)" = 0.25 ]
	# a forecast knows better than either
	as-predict --now 2017-01-16T06:00:30Z "$data/web.ndjson" >forecast
	as-report --state state --now 2026-11-20T09:00:00Z \
		--format prometheus models forecast >m.prom
	[ "$(metric load)" = 20.5049 ]
	[ "$(metric forecast_error_1h_ratio)" = \
		"$(jq -r .model.error_1h forecast)" ]
}

@test "as-report: -o replaces the file in one step" {
	echo old >page
	run -0 --separate-stderr as-report --format html -o page journal
	[ "$output" = "" ]
	grep -q '<html' page
	run -2 --separate-stderr as-report -o /nowhere/page journal
	[[ "$stderr" == *"cannot write '/nowhere/page'"* ]]
}

@test "as-report: a wrong line is named, the rest is shown" {
	(echo '{"type":"decision"'; cat journal) >in
	run -1 --separate-stderr as-report in
	[[ "$stderr" == "as-report: in:1: "* ]]
	[[ "$output" == *"scale_up 3 -> 5"* ]]
}

@test "as-report: an unknown format is an error that lists them" {
	run -2 --separate-stderr as-report --format pdf
	[[ "$stderr" == *"none of table, html, svg, prometheus"* ]]
}

# Three decisions an hour apart, each of which foresaw the load of the next
foreseeing() {
	echo '{"type":"journal","version":1,"created":"2026-11-20T00:00:00Z"}'
	local h
	for h in 05:10 06:12 07:20 08:30; do
		jq -cn --arg t "2026-11-20T${h%:*}:00:00Z" \
			--argjson v "${h#*:}" '{ type: "decision", id: $t,
			plan: "p", time: $t, target: "web", mode: "monitor",
			action: "maintain", current_instances: 2,
			recommended_instances: 2, reason: "as it is",
			inputs: [{ signal: "cpu", value: $v, unit: "cores",
				age_s: 0, expected: { value: 15, at_most: 25,
				from_s: 600, to_s: 3600 } }] }'
	done
}

@test "as-report: forecasts of the journal are held against what came" {
	foreseeing >state/web.ndjson
	# 12, 20 and 30 came where 15 was foreseen: 23 of 62, one above 25
	run -0 --separate-stderr as-report --state state \
		--now 2026-11-20T09:00:00Z
	[[ "$output" == *"cpu: 3 forecasts off by 37.1 %; 66.7 % kept their 95 %"* ]]
	run -0 --separate-stderr as-report --state state --format html \
		--now 2026-11-20T09:00:00Z
	[[ "$output" == *"Forecasts, and what came: cpu"* ]]
	[ "$(grep -o '<span class="mark miss"' <<<"$output" | wc -l)" = 1 ]
	run -0 --separate-stderr as-report --state state --format prometheus \
		--now 2026-11-20T09:00:00Z
	grep -qx 'autoscale_forecasts_seen{target="web",signal="cpu"} 3' \
		<<<"$output"
	! command -v promtool >/dev/null || promtool check metrics <<<"$output"
}

@test "as-report: --since and --target-name choose of the journals" {
	foreseeing >state/web.ndjson
	run -0 --separate-stderr as-report --state state --since 90m \
		--now 2026-11-20T09:00:00Z --target-name other
	[ "$output" = "nothing to show: no records" ]
	run -0 --separate-stderr as-report --state state --target-name web \
		--now 2026-11-20T09:00:00Z
	[[ "$output" == *"maintain 2 -> 2"* ]]
}

@test "as-report: --journal reads those of the settings, and - the pipe too" {
	foreseeing >state/web.ndjson
	echo "state { dir = \"$PWD/state\" }" >>web.conf
	run -0 --separate-stderr as-report -c web.conf --journal - \
		--now 2026-11-20T09:00:00Z <series
	[[ "$output" == *"cores now, over the last day"* ]]
	[[ "$output" == *"maintain 2 -> 2"* ]]
}

@test "as-report: a plan that was granted does not wait" {
	echo '{"type":"grant","plan":"p2","who":"eve","target":"web","time":"2026-11-20T15:02:00Z"}' >>journal
	run -0 --separate-stderr as-report --now 2026-11-20T15:03:00Z journal
	[[ "$output" != *"as-approve"* ]]
	run -0 --separate-stderr as-report --now 2026-11-20T15:03:00Z \
		--format html journal
	[[ "$output" == *"Granted by eve"* ]]
}

@test "as-report: a plan that is asked for again after its end waits again" {
	echo '{"type":"denial","plan":"p2","who":"eve","target":"web","time":"2026-11-20T15:02:00Z"}' >>journal
	sed -n '/"a2"/{s/a2/a3/;s/T15:00/T16:00/;s/T15:15/T16:15/;p}' journal >again
	run -0 --separate-stderr as-report --now 2026-11-20T16:01:00Z journal again
	[[ "$output" == *"as-approve grant a3 (until 2026-11-20T16:15:00Z)"* ]]
	run -0 --separate-stderr as-report --now 2026-11-20T16:01:00Z \
		--format html journal again
	[[ "$output" == *"Waits for a person"* ]]
	[[ "$output" == *'data-label="Outcome">denied<'* ]]
}

@test "as-report: the README's picture is what as-report makes" {
	as-predict --keep --now 2017-01-16T06:00:30Z "$data/web.ndjson" |
		as-report --format svg --now 2017-01-16T06:00:30Z >picture
	run -0 diff picture "$root/man/report.svg"
}

@test "as-report: loads as far apart as numbers go are drawn all the same" {
	echo '{"metric":{"__name__":"cpu","target":"web"},"values":[9e307,-9e307,1,2e-320],"timestamps":[1763600000000,1763600300000,1763600600000,1763600900000]}' \
		>"$BATS_TEST_TMPDIR/far"
	for format in table html svg prometheus; do
		run -0 as-report --format "$format" --now 2025-11-20T01:15:00Z \
			"$BATS_TEST_TMPDIR/far"
		run ! grep -iE '[^a-z](nan|inf)[^a-z]' <<<"$output"
	done
	run -0 as-report --format table "$BATS_TEST_TMPDIR/far"
	[[ $output == *█▁* ]]
}

@test "as-report: of very many decisions a page stays small, its extremes kept" {
	# 20,000 of them, 30 s apart; up and down again each time, once to 40
	awk 'BEGIN { for (i = 0; i < 20000; i++) {
		t = 1763600000 + 30 * i; up = i % 2 == 0
		to = i == 7000 ? 40 : up ? 3 : 2
		printf "{\"type\":\"decision\",\"id\":\"%d\",\"plan\":\"p%d\"," \
			"\"time\":\"%s\",\"target\":\"web\",\"mode\":\"auto\"," \
			"\"action\":\"scale_%s\",\"current_instances\":%d," \
			"\"recommended_instances\":%d,\"reason\":\"r%d\"," \
			"\"inputs\":[{\"signal\":\"cpu\",\"value\":%d,\"age_s\":0," \
			"\"expected\":{\"value\":5,\"at_most\":7,\"from_s\":30," \
			"\"to_s\":60}}]}\n", i, i,
			strftime("%Y-%m-%dT%H:%M:%SZ", t, 1), up ? "up" : "down",
			up ? 2 : 3, to, i, i == 9000 ? 90 : i % 10 } }' >many
	as-report --now 2025-11-27T00:00:00Z --format html -o page.html many
	[ "$(wc -c <page.html)" -lt 300000 ]
	# marks are few enough to be pointed at, and say for how many they stand
	[ "$(grep -o '<span class="mark [a-z]*"' page.html | wc -l)" -lt 400 ]
	grep -qE 'title="[^"]* 2 to 40: r7000 \(and [0-9]+ more about that time' \
		page.html
	grep -q ': 90 came, at most 7 was foreseen' page.html
	# the highest value is at the top of its line: 90 of 100 in 400 high
	grep -o '<path class="load" d="[^"]*' page.html | tail -n 1 |
		grep -q ' 40\.0L'
}

@test "as-report: what a record says controls no terminal, page or shell" {
	cat >evil <<'END'
{"type":"decision","id":"a'; id #<x>","plan":"p","target":"w\u001b[2Jb","time":"2026-11-20T05:00:00Z","mode":"auto","action":"scale_up","current_instances":1,"recommended_instances":2,"cost_impact":1,"currency":"<i>X","reason":"a\u001b]0;b\u009bc\u0007 \u202ed\ne","states":["s\u001b[5m"],"approval":"required"}
END
	for format in html svg table; do
		as-report --format "$format" --now 2026-11-20T05:00:30Z evil >seen
		run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' seen
	done
	run ! grep -qP '\xc2[\x80-\x9f]|\xe2\x80\xae' seen
	grep -qF "because        a ]0;b c   d e" seen
	grep -qF "as-approve grant 'a'\\''; id #<x>'" seen
	as-report --format html --now 2026-11-20T05:00:30Z evil >seen
	grep -qF "as-approve grant 'a'\\''; id #&lt;x&gt;'" seen
	run ! grep -q '<i>X' seen
	as-report --format prometheus --now 2026-11-20T05:00:30Z evil >seen
	grep -q '^autoscale_approval_pending{target=".*"} 1$' seen
}

@test "as-report: forecasts further apart than samples are joined; one alone is seen" {
	foreseeing >state/web.ndjson
	# samples each 5 minutes where decisions are an hour apart
	jq -cn '{ metric: { __name__: "cpu", target: "web" },
		values: [range(60) | . % 7], timestamps: [range(60) |
		1795150800000 + . * 300000] }' >often
	as-report --state state --format html --now 2026-11-20T09:00:00Z \
		often >page.html
	grep -q 'Forecasts, and what came' page.html
	run ! grep -qE '<path class="[a-z]+" d="(M[0-9.]+ [0-9.]+(h3)?)+"/>' \
		page.html
	jq -cn '{ metric: { __name__: "cpu" }, values: [1, 2, 3, 4],
		timestamps: [0, 300000, 600000, 9000000] }' |
		as-report --format html >page.html
	grep -qE 'class="load" d="[^"]*M[0-9.]+ [0-9.]+h3"' page.html
}
