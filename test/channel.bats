# the channels of as-notify: what goes to whom, to the byte

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

# result [MEMBER...]: a result, with members as jq assigns them
result() {
	local filter=. member

	for member; do
		filter="$filter | .$member"
	done
	jq -cn '{type: "result", target: "web", action: "scale_up",
		time: "2026-11-23T17:00:00Z", reason: "load",
		result: {status: "applied", from: 3, to: 5}} | '"$filter"
}

# long N: a reason of N characters that are no ASCII
long() {
	printf 'ä%.0s' $(seq "$1")
}

# section KIND LINE...: a file with this channel
section() {
	local kind=$1 line

	shift
	{
		echo 'target web { mode = monitor }'
		echo 'signal load { query = "x" capacity = 1 }'
		echo "notify ops { channel = $kind on = {all}"
		for line; do
			echo "	$line"
		done
		echo '}'
	} >"$dir/conf"
}

# sent NAME: the bodies that the stub got there
sent() {
	requests "$1" .body | jq -r .
}

@test "channel slack: text with & < > as entities" {
	export ALERT_WEBHOOK_URL=$STUB/status=200,text=ok/slack/T0/B0/XXXX
	result 'reason="a < b && c > <!channel>"' |
		as-notify --channel slack >"$dir/out"
	run -0 sent /slack/
	[ "$output" = '{"text":"web: scaled up 3 -&gt; 5\na &lt; b &amp;&amp; c &gt; &lt;!channel&gt;\n2026-11-23T17:00:00Z"}' ]
}

@test "channel slack: a refusal is quoted, the address is not" {
	secret=T00000000/B00000000/abcdefghijkl
	echo invalid_token | body slack
	export ALERT_WEBHOOK_URL=$STUB/status=403,body=slack/$secret
	run --separate-stderr -3 as-notify --channel slack \
		--retries 0 < <(result)
	[[ $stderr == *"cannot tell 'slack': '$STUB' answered 403: \"invalid_token\""* ]]
	[[ $stderr != *T00000000* ]]
	[[ $stderr != *abcdefghijkl* ]]
}
