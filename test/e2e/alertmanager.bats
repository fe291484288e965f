# as-notify against Debian's Alertmanager: an alert is raised, and ends

load ../lib/common
load ../lib/services.sh
load ../lib/stub

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	svc_begin
	stub_start
	cat >"$SVC/am.yml" <<-END
		route: {receiver: hook, group_by: [target, event], group_wait: 200ms, group_interval: 1s}
		receivers:
		  - name: hook
		    webhook_configs: [{url: "$STUB/status=200/hook", send_resolved: true}]
	END
	svc_spawn am prometheus-alertmanager --config.file="$SVC/am.yml" \
		--storage.path="$SVC/am" --cluster.listen-address= \
		--web.listen-address=127.0.0.1:0
	svc_ready am 20 svc_logged_port am
	AM=http://127.0.0.1:$(svc_logged_port am)
	export AM
	svc_wait 20 curl -fsS "$AM/-/ready"
}

teardown_file() {
	stub_stop
	svc_end
}

setup() {
	cat >"$BATS_TEST_TMPDIR/conf" <<-END
		target web { mode = monitor }
		signal load { query = "x" capacity = 1 }
		notify ops { channel = alertmanager  url_env = AM  on = {all} }
	END
}

# tell STATUS ACTION
tell() {
	jq -cn --arg status "$1" --arg action "$2" '{type: "result",
		target: "web", action: $action, time: "2026-11-23T17:00:00Z",
		result: {status: $status, from: 3, to: 5}}' |
		as-notify -c "$BATS_TEST_TMPDIR/conf" >"$BATS_TEST_TMPDIR/out"
}

# firing: the events of the alerts that are active
firing() {
	curl -fsS "$AM/api/v2/alerts" | jq -c '[.[].labels.event] | sort'
}

# hooked STATUS EVENT: Alertmanager has told its receiver so
hooked() {
	requests /hook '.body | fromjson | .alerts[] |
		[.status, .labels.event, .labels.target]' |
		grep -Fx "[\"$1\",\"$2\",\"web\"]"
}

@test "alertmanager: an alert is raised, reaches its receiver, and ends" {
	tell failed scale_up
	[ "$(firing)" = '["failed"]' ]
	wait_until 10 hooked firing failed
	curl -fsS "$AM/api/v2/alerts" | jq -e '.[0] |
		.annotations.summary == "web: scale up 3 -> 5 failed" and
		.labels.severity == "critical" and .status.state == "active"'
	tell unchanged maintain
	[ "$(firing)" = '[]' ]
	wait_until 10 hooked resolved failed
	# what was never raised is not told as over
	run ! hooked resolved pending
}

@test "alertmanager: news is an alert that ends by itself" {
	tell applied scale_down
	[ "$(firing)" = '["scale_down"]' ]
	wait_until 10 hooked firing scale_down
}

@test "alertmanager: what waits is an alert until it is done" {
	tell pending scale_up
	[[ $(firing) == *'"pending"'* ]]
	wait_until 10 hooked firing pending
	tell applied scale_up
	[[ $(firing) != *'"pending"'* ]]
	wait_until 10 hooked resolved pending
}

@test "alertmanager: nobody decides any more, and then somebody does" {
	beat() {
		as-notify --heartbeat -c "$BATS_TEST_TMPDIR/conf" --state \
			"$BATS_TEST_TMPDIR/state" 2>"$BATS_TEST_TMPDIR/err"
	}
	run -1 beat
	[[ $(firing) == *'"stopped"'* ]]
	wait_until 10 hooked firing stopped
	printf '%s\n' '{"type":"journal","version":1}' \
		"$(jq -cn --arg t "$(date -u +%FT%TZ)" '{type: "decision",
		target: "web", time: $t, logged: $t}')" \
		>>"$BATS_TEST_TMPDIR/state/web.ndjson"
	run -0 beat
	[[ $(firing) != *'"stopped"'* ]]
	wait_until 10 hooked resolved stopped
}

@test "alertmanager: what an alert says can be worded" {
	sed -i "s/on = {all}/& text = '{target} had {from}{error}: {plan}'/" \
		"$BATS_TEST_TMPDIR/conf"
	tell refused scale_down
	curl -fsS "$AM/api/v2/alerts" | jq -e 'any(.[];
		.labels.event == "refused" and
		.annotations.summary == "web had 3: ")'
}

@test "alertmanager: one that is down is exit 3, and records pass" {
	svc_stop am
	result=$(tell failed scale_up 2>&1) && status=0 || status=$?
	[ "$status" = 3 ]
	[[ $result == *"cannot reach '$AM'"* ]]
	[ -s "$BATS_TEST_TMPDIR/out" ]
}
