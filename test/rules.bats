#!/usr/bin/env bats
# scripts/examples/autoscale-rules.yml: what raises each alert, and what does not

load lib/common

setup() {
	command -v promtool >/dev/null || skip "promtool is not installed: \
apt-get install prometheus"
	cd "$BATS_TEST_TMPDIR" || return
	cp "$root/scripts/examples/autoscale-rules.yml" .
}

# alert NAME SERIES VALUE(S) FIRES: whether it fires after two hours
alert() {
	cat >test.yml <<-END
		rule_files: [autoscale-rules.yml]
		tests:
		  - interval: 1m
		    input_series:
		$(printf '%s\n' "$2" | while read -r s v; do
			printf "      - series: '%s'\n        values: '%s'\n" "$s" "$v"
		done)
		    promql_expr_test:
		      - expr: count(ALERTS{alertname="$1",alertstate="firing"})
		        eval_time: 119m
		        exp_samples: [$( [ "$3" = 0 ] || echo "{ value: $3 }")]
	END
	run -0 promtool test rules test.yml
}

@test "rules: they are valid" {
	run -0 promtool check rules autoscale-rules.yml
}

@test "rules: each alert fires where it should, and not where not" {
	alert AutoscaleStopped 'autoscale_last_decision_timestamp_seconds{target="web"} 0x120' 1
	alert AutoscaleStopped 'autoscale_last_decision_timestamp_seconds{target="web"} 0+60x120' 0
	alert AutoscaleOverloadForeseen 'autoscale_overload_risk_ratio{target="web"} 0.06x120' 1
	alert AutoscaleOverloadForeseen 'autoscale_overload_risk_ratio{target="web"} 0.04x120' 0
	alert AutoscaleBudget 'autoscale_decision_state{target="web",state="budget-hold"} 1x120' 1
	alert AutoscaleBudget 'autoscale_decision_state{target="web",state="budget-ok"} 1x120' 0
	alert AutoscaleForecastError 'autoscale_forecast_seen_error_ratio{target="web",signal="cpu"} 0.4x120
autoscale_forecasts_seen{target="web",signal="cpu"} 200x120' 1
	alert AutoscaleForecastError 'autoscale_forecast_seen_error_ratio{target="web",signal="cpu"} 0.4x120
autoscale_forecasts_seen{target="web",signal="cpu"} 20x120' 0
	alert AutoscaleApprovalPending 'autoscale_approval_pending{target="web"} 1x120' 1
	alert AutoscaleApprovalPending 'autoscale_approval_pending{target="web"} 0x120' 0
	alert AutoscaleCappedByMax 'autoscale_decision_state{target="web",state="capped-by-max"} 1x120' 1
	alert AutoscaleCappedByMax 'autoscale_decision_state{target="web",state="cooldown"} 1x120' 0
	# not for a peak of a few minutes
	alert AutoscaleCappedByMax 'autoscale_decision_state{target="web",state="capped-by-max"} 0x108 1x11' 0
	for state in missing-signal no-data stale count-unknown; do
		alert AutoscaleBlind "autoscale_decision_state{target=\"web\",state=\"$state\"} 1x120" 1
		alert AutoscaleBlind "autoscale_decision_state{target=\"web\",state=\"$state\"} 0x95 1x24" 0
	done
	alert AutoscaleBlind 'autoscale_decision_state{target="web",state="paused"} 1x120' 0
	alert AutoscaleApplyFailed 'autoscale_apply_failed{target="web"} 1x120' 1
	alert AutoscaleApplyFailed 'autoscale_apply_failed{target="web"} 0x120' 0
}

@test "dashboard: every panel has title, description and unit" {
	run -0 jq '[.panels[] | select((.title // "") == "" or
		(.description // "") == "" or .targets == [] or
		(.fieldConfig.defaults.unit // "") == "")] | length' \
		"$root/scripts/examples/autoscale-dashboard.json"
	[ "$output" = 0 ]
}

@test "dashboard: its queries are valid, over metrics that as-report makes" {
	jq '{ groups: [{ name: "all", rules: [.panels[].targets[].expr |
		gsub("\\$target"; ".*")] | to_entries |
		map({ record: "q\(.key)", expr: .value }) }] }' \
		"$root/scripts/examples/autoscale-dashboard.json" >q.yml
	run -0 promtool check rules q.yml
	for m in $(grep -o 'autoscale_[a-z0-9_]*' q.yml \
		autoscale-rules.yml -h | sort -u); do
		grep -q "\"${m#autoscale_}\"" "$root/common/view/metrics.c" ||
			fail "as-report does not make $m"
	done
}
