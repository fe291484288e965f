# the texts that somebody wrote himself: what stands in the place of the fields

load lib/common
load lib/stub

setup_file() {
	stub_start
}

teardown_file() {
	stub_stop
}

setup() {
	dir=$BATS_TEST_TMPDIR
}

# record MEMBER...: a result, with members as jq assigns them
record() {
	local filter=. member

	for member; do
		filter="$filter | .$member"
	done
	jq -cn '{type: "result", id: "5f1c", plan: "0123456789abcdef",
		target: "web", mode: "auto", action: "scale_up",
		time: "2026-11-23T17:00:00Z", reason: "load rises",
		current_load: 71.23, predicted_load: 104, confidence: 0.938,
		current_instances: 3, recommended_instances: 5,
		cost_impact: 100, currency: "USD", states: ["budget-tight"],
		approval: "none", result: {status: "applied", driver: "swarm",
		from: 3, to: 5, request: "POST /update"}} | '"$filter"
}

# section KIND LINE...: a file with this channel
section() {
	local kind=$1 line

	shift
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		echo "notify ops { channel = $kind url_env = HOOK on = {all}"
		for line; do
			echo "	$line"
		done
		echo '}'
	} >"$dir/conf"
	export HOOK=$STUB/status=200/${BATS_TEST_NUMBER}
}

# sent: the bodies that the stub got in this test
sent() {
	requests "/${BATS_TEST_NUMBER}" .body | jq -r .
}

@test "text: every field of a result" {
	section webhook "text = '{target} {channel} {action} {status} {from} {to} {change} {mode} {current_load} {predicted_load} {confidence} {cost_impact} {currency} {states} {id} {plan} {approval} {time} {driver} {request}
{reason}|{error}|{expires}|{grant}|{kind}|{value}|{title}|{{x}|}'"
	as-notify -c "$dir/conf" < <(record) >"$dir/out"
	run -0 sent
	[ "$(jq -r .text <<<"$output")" = "web ops scale_up applied 3 5 +2 auto 71.2 104.0 0.94 +100.00 USD budget-tight 5f1c 0123456789abcdef none 2026-11-23T17:00:00Z swarm POST /update
load rises||||||web: scaled up 3 -> 5|{x}|}" ]
}

@test "text: the fields of an anomaly, and the usual text" {
	section webhook "text = '{kind} {metric} {value} {expected} {lo} {hi} {severity} <{from}>
{text}'"
	jq -cn '{type: "anomaly", metric: {__name__: "cpu", target: "web"},
		time: "2026-11-23T17:00:00Z", kind: "spike", value: 9.5,
		expected: 2, lo: 1, hi: 3, score: 9, severity: "critical"}' |
		as-notify -c "$dir/conf" >"$dir/out"
	run -0 sent
	[ "$(jq -r .text <<<"$output")" = "spike cpu 9.5 2 1 3 critical <>
web: spike in 'cpu': 9.5 where 2 was expected (1 to 3)
Severity: critical. 2026-11-23T17:00:00Z" ]
}

@test "text: what waits has the command that grants it" {
	section webhook "text = '{status}, until {expires}: {grant}'"
	record 'approval="required"' 'expires="2026-11-23T17:15:00Z"' \
		'result.status="pending"' |
		as-notify --state "$dir/state" -c "$dir/conf" >"$dir/out"
	run -0 sent
	[ "$(jq -r .text <<<"$output")" = "pending, until 2026-11-23T17:15:00Z: as-approve --state $dir/state grant 0123456789abcdef" ]
	# the journal has what was said
	[ "$(jq -r 'select(.type == "notice").text' "$dir/state/web.ndjson")" = \
		"$(jq -r .text <<<"$output")" ]
}

@test "text: an alarm without a record has the usual words" {
	section webhook "text = '{status}{from}'"
	run --separate-stderr -0 as-notify --now 2026-11-23T17:00:00Z \
		-c "$dir/conf" </dev/null
	run -0 sent
	[[ $(jq -r .text <<<"$output") == "web: stopped: no decision was made"* ]]
}

@test "template: a file, from which a line feed at the end goes" {
	printf 'Now {to}\n{reason}\n' >"$dir/words"
	section webhook "template = '$dir/words'"
	as-notify -c "$dir/conf" < <(record) >"$dir/out"
	run -0 sent
	[ "$output" = '{"text":"Now 5\nload rises"}' ]
}

@test "template: one that cannot be used is named, and people are told all the same" {
	printf 'Now {to}\n\n  {raeson}\n' >"$dir/words"
	section webhook "template = '$dir/words'"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == "as-notify: notify 'ops': $dir/words:3: '{raeson}' is none of {title}, {text}, "* ]]
	[ "$output" = "" ]
	run --separate-stderr -2 as-notify -c "$dir/conf" < <(record)
	[ "$output" = "$(record)" ]
	[[ $stderr == *"$dir/words:3: "* ]]
	run -0 sent
	[[ $output == '{"text":"web: scaled up 3 -> 5\n'* ]]
	for words in 'x{to' '{' '{}' '{to}{' '{To}' ''; do
		printf '%s\n' "$words" >"$dir/words"
		run --separate-stderr -2 as-notify --check -c "$dir/conf"
		[[ $stderr == *"$dir/words"* ]]
	done
	printf 'a\xffb' >"$dir/words"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == *"'$dir/words' is no text in UTF-8"* ]]
	rm "$dir/words"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == *"cannot read '$dir/words': No such file"* ]]
}

@test "text: an unknown field is an error of the file, for every command" {
	section webhook "text = '{target}: {nothing}'"
	for command in "as-notify --check" "as-decide --check"; do
		# shellcheck disable=SC2086 # a command and its option
		run --separate-stderr -2 $command -c "$dir/conf"
		[[ $stderr == *": $dir/conf:4: notify 'ops': 'text': '{nothing}' is none of {title}, "* ]]
	done
	section webhook "text = 'a'" "template = 'b'"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[ "$stderr" = "as-notify: $dir/conf:5: notify 'ops' has both 'text' and 'template'" ]
	section webhook 'body = template'
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[ "$stderr" = "as-notify: $dir/conf:4: notify 'ops': 'body' is template, and there is neither 'template' nor 'text'" ]
	section webhook 'body = template' "text = '{{}'" 'digest = yes'
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == "as-notify: $dir/conf:6: notify 'ops': 'digest' makes one message of several"* ]]
}

@test "as-notify --check: settings that hold are exit 0; nothing is sent or read" {
	section webhook "text = '{target}'"
	run --separate-stderr -0 as-notify --check -c "$dir/conf" </dev/zero
	[ "$output$stderr" = "" ]
	[ "$(requests "/${BATS_TEST_NUMBER}" | wc -l)" = 0 ]
	unset HOOK
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == "as-notify: cannot tell 'ops': "* ]]
}

@test "body = template: the body is what the template says, and JSON whatever comes" {
	cat >"$dir/words" <<-'END'
		{{"summary":"{target}: {reason}","from":{from},"cost":{cost_impact},
		"value":{value},"why":{{"states":"{states}"},"record":{record}}
	END
	section webhook 'body = template' "template = '$dir/words'"
	record 'reason="a \"b\"\\\n\u0001 {to} é"' >"$dir/in"
	as-notify --digest -c "$dir/conf" "$dir/in" >"$dir/out"
	run -0 sent
	jq -e --slurpfile in "$dir/in" '. == {
		summary: "web: a \"b\"\\ {to} é", from: 3, cost: 100,
		value: null, why: {states: "budget-tight"},
		record: $in[0]}' <<<"$output"
	echo '{{"a":{reason}}' >"$dir/words"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
	[[ $stderr == *"'$dir/words': it makes no JSON: "* ]]
	section webhook 'body = template' "text = '{to'"
	run --separate-stderr -2 as-notify --check -c "$dir/conf"
}

@test "slack, discord, dingtalk: the template is markup, what a record says is not" {
	echo '{"errcode":0}' | body words
	while read -r kind want; do
		section "$kind" "text = '*{target}* <u> {reason}'"
		HOOK=$STUB/body=words/words-$kind as-notify -c "$dir/conf" \
			>"$dir/out" < <(record 'reason="a_b <!here> *c* & [d](e)"')
		[ "$(requests "words-$kind" '.body|fromjson|.text // .content // .markdown.text' |
			jq -r .)" = "$want" ]
	done <<-'END'
		slack *web* <u> a_b &lt;!here&gt; *c* &amp; [d](e)
		discord *web* <u> a\_b \<!here> \*c\* & \[d\](e)
		dingtalk *web* <u> a\_b \<!here> \*c\* & \[d\](e)
	END
}

@test "discord, dingtalk: in the usual text, too, what a record says is no markup" {
	echo '{"errcode":0}' | body usual
	while read -r kind; do
		section "$kind"
		HOOK=$STUB/body=usual/usual-$kind as-notify -c "$dir/conf" \
			>"$dir/out" < <(record 'reason="# *c* [d](e) _f_ 3 > 2"')
		run -0 requests "usual-$kind" \
			'.body|fromjson|.content // .markdown.text'
		[[ $(jq -r . <<<"$output") == *'\# \*c\* \[d\](e) \_f\_ 3 > 2'* ]]
		[[ $output == *'3 -> 5'* ]]
	done <<-'END'
		discord
		dingtalk
	END
}

@test "text: what could not be sent is said later as it was worded" {
	section slack "text = '*{target}* {reason}'"
	export HOOK=http://127.0.0.1:1
	run --separate-stderr -3 as-notify --retries 0 --state "$dir/state" \
		-c "$dir/conf" < <(record 'reason="a < b"')
	export HOOK=$STUB/status=200/later
	sed -i "s/text = .*/text = 'new words'/" "$dir/conf"
	as-notify --state "$dir/state" -c "$dir/conf" \
		< <(record 'type="state"') >"$dir/out"
	[ "$(requests /later '.body|fromjson|.text' | jq -r .)" = '*web* a &lt; b' ]
}

@test "text: with a digest, each is worded and they leave together" {
	section webhook "text = '{target} {to}'" 'digest = yes'
	{
		record
		record 'plan="fedcba9876543210"' 'result.to=7'
	} | as-notify -c "$dir/conf" >"$dir/out"
	run -0 sent
	[ "$output" = '{"text":"web 5\n\nweb 7"}' ]
}
