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
	[[ "$output" == *"2 -> 3   applied"* ]]
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
	grep -qx 'autoscale_forecast_seen_count{target="web",signal="cpu"} 3' \
		<<<"$output"
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

@test "as-report: the README's picture is what as-report makes" {
	as-predict --keep --now 2017-01-16T06:00:30Z "$data/web.ndjson" |
		as-report --format svg --now 2017-01-16T06:00:30Z >picture
	run -0 diff picture "$root/man/report.svg"
}
