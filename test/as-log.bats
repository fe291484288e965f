# as-log: searches the journal, explains one decision

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	state=$dir/state
	mkdir "$state"
	cat >"$state/web.ndjson" <<-'END'
		{"type":"journal","version":1,"created":"2026-11-23T16:00:00Z"}
		{"type":"decision","id":"aaaaaaaaaaaaaaa1","plan":"aaaaaaaaaaaaaaaa","time":"2026-11-23T16:00:00Z","target":"web","mode":"auto","action":"scale_up","current_instances":3,"recommended_instances":5,"n" : 1.50,"logged":"2026-11-23T16:00:01Z"}
		{"type":"intent","id":"aaaaaaaaaaaaaaa1","plan":"aaaaaaaaaaaaaaaa","time":"2026-11-23T16:00:00Z","target":"web","action":"scale_up","logged":"2026-11-23T16:00:02Z"}
		{"type":"result","id":"aaaaaaaaaaaaaaa1","plan":"aaaaaaaaaaaaaaaa","time":"2026-11-23T16:00:00Z","target":"web","action":"scale_up","result":{"status":"applied","took_ms":812,"confirmed":true,"request":"POST /x"},"logged":"2026-11-23T16:00:03Z"}
		{"type":"decision","id":"bbbbbbbbbbbbbbb1","plan":"bbbbbbbbbbbbbbbb","time":"2026-11-23T16:10:00Z","target":"web","action":"maintain","logged":"2026-11-23T16:10:01Z"}
		{"type":"decision","id":"torn
		{"type":"decision","id":"ccccccccccccccc1","plan":"cccccccccccccccc","time":"2026-11-23T16:20:00Z","target":"web","mode":"auto","action":"scale_down","current_instances":5,"recommended_instances":2,"approval":"required","expires":"2026-11-23T16:35:00Z","logged":"2026-11-23T16:20:01Z"}
		{"type":"denial","plan":"cccccccccccccccc","target":"web","who":"bob","time":"2026-11-23T16:21:00Z","note":"release today","logged":"2026-11-23T16:21:00Z"}
		{"type":"result","id":"ccccccccccccccc1","plan":"cccccccccccccccc","time":"2026-11-23T16:20:00Z","target":"web","action":"scale_down","result":{"status":"refused","error":"denied by bob"},"logged":"2026-11-23T16:22:00Z"}
	END
	sed 's/"web"/"db"/; s/scale_up/emergency_scale/' "$state/web.ndjson" |
		sed -n '1,2p' >"$state/db.ndjson"
}

log() {
	as-log --state "$state" --now 2026-11-23T17:00:00Z "$@"
}

# What the lines of $output are: type and the first letter of the id
kinds() {
	jq -r '"\(.type) \((.id // .plan)[0:1])"' <<<"$output" | tr '\n' ','
}

@test "as-log: without options every record, byte for byte, torn ones left out" {
	run -0 log --target-name web
	[ "$output" = "$(grep -v '"torn\|"journal"' "$state/web.ndjson")" ]
}

@test "as-log: all targets of the folder, by name" {
	run -0 log --type decision
	[ "$(jq -r .target <<<"$output" | tr '\n' ' ')" = "db web web web " ]
}

@test "as-log: --type, --action, --status and --id choose, together" {
	run -0 log --target-name web --type result
	[ "$(kinds)" = "result a,result c," ]
	run -0 log --type grant,denial
	[ "$(kinds)" = "denial c," ]
	run -0 log --action scale_down,emergency_scale --type decision
	[ "$(kinds)" = "decision a,decision c," ]
	run -0 log --status refused
	[ "$(kinds)" = "result c," ]
	run -0 log --status applied,timeout --action scale_down
	[ -z "$output" ]
	run -0 log --id bbbbbbbbbbbbbbb1
	[ "$(kinds)" = "decision b," ]
	run -0 log --id cccccccccccccccc
	[ "$(kinds)" = "decision c,denial c,result c," ]
	run -0 log --action scale # a whole word, not its beginning
	[ -z "$output" ]
}

@test "as-log: --since and --until take times and durations" {
	run -0 log --target-name web --since 2026-11-23T16:10:01Z
	[ "$(kinds)" = "decision b,decision c,denial c,result c," ]
	run -0 log --target-name web --since 45m
	[ "$(kinds)" = "decision c,denial c,result c," ]
	run -0 log --target-name web --since 1795450200 --until 2026-11-23T16:21:00Z
	[ "$(kinds)" = "decision b,decision c," ]
	run -0 log --target-name web --until 50m
	[ "$(kinds)" = "decision a,intent a,result a," ]
	run --separate-stderr -2 log --since yesterday
	[ "$stderr" = "as-log: --since: 'yesterday' is neither a time nor a duration such as 1d" ]
}

@test "as-log: --last gives the newest, oldest first" {
	run -0 log --target-name web --last 2
	[ "$(kinds)" = "denial c,result c," ]
	run -0 log --target-name web --type decision --last 2
	[ "$(kinds)" = "decision b,decision c," ]
	run -0 log --target-name web --last 100
	[ "$(wc -l <<<"$output")" = 7 ]
	run -2 log --last 0
}

@test "as-log: files and standard input, for journals that were moved" {
	run --separate-stderr -1 as-log --type result "$state/web.ndjson"
	[ "$(kinds)" = "result a,result c," ]
	[ "$stderr" = "as-log: $state/web.ndjson:6: a string without an end" ]
	grep -v torn "$state/web.ndjson" | gzip >"$dir/old.gz"
	run -0 bash -c "zcat '$dir/old.gz' | as-log --status applied"
	[ "$(kinds)" = "result a," ]
}

@test "as-log: a rotated journal is searched, too" {
	mv "$state/web.ndjson" "$state/web.ndjson.1"
	head -n 1 "$state/web.ndjson.1" >"$state/web.ndjson"
	run -0 log --target-name web --type result
	[ "$(kinds)" = "result a,result c," ]
}

@test "as-log: -c names folder and target" {
	cat >"$dir/db.conf" <<-END
		target db { }
		signal cpu { query = "x"  capacity = 1 }
		state { dir = "$state" }
	END
	run -0 as-log -c "$dir/db.conf"
	[ "$(jq -r .target <<<"$output")" = db ]
	echo 'target x { } signal cpu { query = "x" capacity = 1 }' >"$dir/x.conf"
	run --separate-stderr -2 as-log -c "$dir/x.conf"
	[[ $stderr == "as-log: target 'x' has no state folder"* ]]
	run -2 as-log -c "$dir/db.conf" --target-name web
}

@test "as-log: --explain says what came of a decision" {
	run -0 log --target-name web --explain aaaaaaaaaaaaaaa1
	[ "$output" = "web, 2026-11-23T16:00:00Z: scale up from 3 to 5, mode auto
came of it  applied in 0.812 s, confirmed
            POST /x
replayed    not possible
            the record does not hold what it was made from (no member 'basis')" ]
	# by plan, with a person's word
	run -0 log --target-name web --explain cccccccccccccccc
	[ "$output" = "web, 2026-11-23T16:20:00Z: scale down from 5 to 2, mode auto
approval    required, until 2026-11-23T16:35:00Z
            denied by bob at 2026-11-23T16:21:00Z: release today
came of it  refused
            denied by bob
replayed    not possible
            the record does not hold what it was made from (no member 'basis')" ]
	run --separate-stderr -1 log --explain 0000000000000000
	[ "$stderr" = "as-log: no decision has the id or plan '0000000000000000'" ]
}

@test "as-log: --explain says why each rule prevailed or did not" {
	cat >"$dir/in" <<-'END'
		{"type":"decision","id":"d1","plan":"d2","time":"2026-11-23T17:00:00Z","target":"web","mode":"monitor","action":"scale_up","current_load":71.2,"predicted_load":104,"confidence":0.94,"current_instances":3,"recommended_instances":5,"cost_impact":100,"currency":"USD","reason":"more is coming","states":["budget-tight","step-limited","new-word"],"risk":{"ahead":0.004,"keep":0.006},"inputs":[{"signal":"cpu","value":1.25,"unit":"cores","age_s":12,"needed_now":4,"needed_ahead":7},{"signal":"mem","note":"no answer"}],"votes":{"now":4,"panic":null,"ahead":7,"sched":null,"floor":1,"keep":8,"drop":null,"lower":7,"hold":8,"want":7,"by":"ahead"},"observed":{"driver":"swarm","instances":3,"ready":3,"version":"11"},"approval":"none"}
	END
	run -0 as-log --explain d1 "$dir/in"
	[ "$output" = "web, 2026-11-23T17:00:00Z: scale up from 3 to 5, mode monitor
why         more is coming
load        71.2 % of what the ready instances carry, 104 % forecast
confidence  94 % of such forecasts were within 15 %
inputs      cpu: 1.25 cores, 12 s old, needs 4 now, 7 ahead
            mem: missing (no answer)
votes       7 wanted, by 'ahead'
            now, the load as it is: 4, less than the result
            panic, a load at its limit, which hides how much is wanted: had nothing to say
            ahead, the forecast until more could be ready: 7, which prevailed
            sched, the schedule: had nothing to say
            floor, the smallest count allowed: 1, less than the result
            keep, the forecast for what would be removed: 8, but it can only hold, not raise
            drop, the guard against a sudden drop: had nothing to say
            nothing moves between 7, which is needed, and 8, which is held
            7 was wanted, and 5 recommended
states      budget-tight: money is short: it goes where it does most
            step-limited: the step is limited by max_step_up or _down
            new-word
risk        of overload with the result: 0.4 % until more could be ready, 0.6 % after a removal
money       +100.00 USD a month
seen        driver swarm, 3 instances, 3 ready, version 11
came of it  nothing was done
replayed    not possible
            the record does not hold what it was made from (no member 'basis')" ]
}

@test "as-log: --explain works on what as-apply wrote" {
	echo 3 >"$dir/count"
	d='{"type":"decision","id":"ID","plan":"PLAN","time":"2026-11-23T17:00:00Z","target":"web","mode":"auto","action":"scale_up","current_instances":3,"recommended_instances":5,"observed":{"driver":"file","instances":3,"version":""}}'
	plan=$(printf 'web\n3\n\n5\n' | sha256sum | cut -c1-16)
	id=$(printf '%s\n2026-11-23T17:00:00Z\n' "$plan" | sha256sum | cut -c1-16)
	sed "s/ID/$id/; s/PLAN/$plan/" <<<"$d" |
		as-apply --driver file --service "$dir/count" \
			--state "$dir/other" --now 2026-11-23T17:00:01Z >"$dir/result"
	run -0 as-log --state "$dir/other" --explain "$plan"
	[[ $output == "web, 2026-11-23T17:00:00Z: scale up from 3 to 5, mode auto"*"came of it  applied in "*", confirmed"*"WRITE $dir/count 5"* ]]
	# and from the result alone
	run -0 as-log --explain "$id" "$dir/result"
	[[ $output == *"came of it  applied in "* ]]
}

@test "as-log: members of another type are passed over, not believed" {
	cat >"$dir/in" <<-'END'
		{"type":"decision","id":"d1","target":"web","time":7,"mode":[],"action":1,"votes":{"want":"x","by":3},"inputs":[1,{"signal":2}],"states":"x","risk":[],"observed":1,"current_load":"9","approval":{}}
	END
	run -0 as-log --explain d1 "$dir/in"
	[[ $output == "web, ?: ?"* ]]
	[[ $output == *"votes       none that could be trusted"* ]]
}

# made OPTION...: a decision on 3.9 cores with 3 instances, through as-apply's
# journal in $state, and with all that follows
made() {
	now=2026-11-23T17:00:00Z
	echo 3 >"$dir/count"
	{
		state 3 '.version = ""'
		forecast 3.9
	} | as-decide --now "$now" --state "$state" "$@" |
		as-apply --now "$now" --driver file --service "$dir/count" \
			--state "$state" >"$dir/made"
	id=$(jq -r .id "$dir/made")
}

@test "as-log: --explain makes the decision again, from the journal alone" {
	load lib/forecast
	rm "$state"/*
	made --capacity 2 --mode auto --max-step-up 1
	[ "$(jq -c '[.recommended_instances, .result.status]' "$dir/made")" = '[4,"applied"]' ]
	run -0 log --explain "$id"
	[[ $output == *"scale up from 3 to 4"*"came of it  applied"*"
replayed    the same decision" ]]
	# hours later the journal says more, and it does not matter
	sleep 0.01
	made --capacity 2 --mode auto --now 2026-11-23T17:01:00Z
	run -0 log --explain "$(jq -r 'select(.type == "decision") | .id' "$state/web.ndjson" | head -n 1)"
	[[ $output == *"replayed    the same decision" ]]
}

@test "as-log: --explain says what differs, and whether settings do" {
	load lib/forecast
	rm "$state"/*
	cat >"$dir/web.conf" <<-'END'
		target web { }
		signal cpu { query = "x"  capacity = 2 }
		policy { max_instances = 6 }
	END
	made -c "$dir/web.conf" --mode auto
	run -0 log --explain "$id"
	[[ $output == *"
replayed    not possible
            it was made with files of settings: give them with -c" ]]
	run -0 log -c "$dir/web.conf" --explain "$id"
	[[ $output == *"replayed    the same decision" ]]
	# other files, but nothing that this decision depends on
	sed -i 's/target web { }/target web { mode = monitor }\nnotify all { channel = exec program = "true" }/
		s/query = "x"/query = "y"/' "$dir/web.conf"
	run -0 log -c "$dir/web.conf" --explain "$id"
	[[ $output == *"replayed    the same decision" ]]
	sed -i 's/max_instances = 6/max_instances = 3/' "$dir/web.conf"
	run -0 log -c "$dir/web.conf" --explain "$id"
	[[ $output == *"replayed    another decision, by settings that are not those of then"* ]]
	[[ $output == *"
            action: \"scale_up\" then, \"hold\" now
"* ]]
	[[ $output == *"
            recommended_instances: 4 then, 3 now
"* ]]
	sed -i 's/target web/target db/' "$dir/web.conf"
	run -0 as-log -c "$dir/web.conf" --explain "$id" "$state/web.ndjson"
	[[ $output == *"replayed    not possible
            no file of -c has the target 'web'" ]]
}

@test "as-log: --explain makes a decision on types, starts and money again" {
	load lib/forecast
	rm "$state"/*
	now=2026-11-23T17:00:00Z
	t=$(($(date -d "$now" +%s) * 1000))
	printf '%s\n' 'target web { }' 'signal cpu { capacity = 2 }' \
		'type cx22 { price = 4 }' 'type cx32 { price = 14 capacity = 4 }' \
		'cost { billing = hour max_monthly_cost = 900 max_daily_cost = 9 }' \
		>"$dir/web.conf"
	journal "$state" 2000000 "$(decided 1800 '.current_instances = 3 |
		.spent = { value: 3, since: "2026-11-01T00:00:00Z",
			today: 1, per_hour: 0.6 }' | jq -c ".observed = {
		started: [$((t - 3000000)), $((t - 900000000))] }")"
	{
		state 3 '.mix = [{ type: "cx22", count: 2, ready: 2 },
			{ type: "cx32", count: 1, ready: 1 }]'
		forecast 2.3
	} | as-decide -c "$dir/web.conf" --now "$now" --state "$state" |
		as-apply --now "$now" --driver file --service "$dir/count" \
			--state "$state" >"$dir/made"
	[ "$(jq -c '[.mix, .spent.value, (.observed.started | length)]' \
		"$dir/made")" = '[[{"type":"cx22","count":2}],3.3,2]' ]
	run -0 log -c "$dir/web.conf" --explain "$(jq -r .id "$dir/made")"
	[[ $output == *"replayed    the same decision" ]]
}

@test "as-log: --explain finds a decision that its own basis does not give" {
	load lib/forecast
	rm "$state"/*
	made --capacity 2
	sed -i 's/"recommended_instances":4,/"recommended_instances":5,/' "$state/web.ndjson"
	run -0 log --explain "$id"
	[[ $output == *"replayed    another decision, though nothing else is known to be
            recommended_instances: 5 then, 4 now" ]]
	sed -i 's/"version":"[0-9.]*","files"/"version":"0.0.1","files"/' "$state/web.ndjson"
	run -0 log --explain "$id"
	[[ $output == *"replayed    another decision, by another version
"* ]]
	sed -i 's/"observed":{"timestamps":\[/&"x",/' "$state/web.ndjson"
	run -0 log --explain "$id"
	[[ $output == *"replayed    not possible
            "* ]]
}

@test "as-log: what a decision is made from takes little room" {
	load lib/forecast
	# two days of errors, an hour of samples every 5 s
	step=5
	# shellcheck disable=SC2016 # the names are jq's
	forecast 3.9 '(.windows[] |= (.errors = [range(201) | (. - 100) / 50] |
		.levels = [range(201) | (. + 1) / 201] | .at = [range(120) as $i |
		{ time: ($t - (119 - $i) * 5 | todate), point: 3.9, scale: 0.1 }])) |
		.observed = { timestamps: [range(720) | ($t - (719 - .) * 5) * 1000],
		values: [range(720) | 3.9] }' >"$dir/in"
	[ "$(wc -c <"$dir/in")" -gt 30000 ]
	as-decide --capacity 2 --instances 3 --now "$now" "$dir/in" >"$dir/made"
	run -0 as-log --explain "$(jq -r .id "$dir/made")" "$dir/made"
	[[ $output == *"replayed    the same decision" ]]
	[ "$(jq -c .basis "$dir/made" | wc -c)" -lt 2000 ]
}
