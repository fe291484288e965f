# The metrics of as-report in Debian's Prometheus, by the textfile collector of
# node_exporter: each query of the dashboard and of the rules gives data, and the
# alert for a loop that has stopped fires

load ../lib/common
load ../lib/services.sh

# turns: three hours of the loop, a turn every five minutes, until END
turns() {
	local t now

	for ((t = END - 10800; t <= END; t += 300)); do
		now=$(date -u -d "@$t" +%Y-%m-%dT%H:%M:%SZ)
		as-fetch -c "$SVC/web.conf" --now "$now" --end "$now" |
			as-predict -c "$SVC/web.conf" --now "$now" \
				-m "$SVC/web.model" |
			as-decide -c "$SVC/web.conf" --now "$now" |
			as-apply -c "$SVC/web.conf" --now "$now" >/dev/null ||
			return 1
	done
}

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	svc_begin
	END=$(($(date +%s) / 300 * 300))
	export END
	history_into "$SVC/history" "$END" 28 60
	echo 'global: {scrape_interval: 1m}' >"$SVC/plain.yml"
	prometheus_start history "$SVC/plain.yml"
	cat >"$SVC/web.conf" <<-EOF
		target web { mode = auto  history = 14d  decision_interval = 5m }
		source { url = "$URL" }
		signal load {
			query = 'shop_load{part="busy"}'
			unit = requests/s
			capacity = 50
			target = 80%
		}
		policy { min_instances = 2  max_instances = 20  boot_time = 60s }
		cost { cost_per_instance = 50  max_monthly_cost = 500 }
		apply { driver = file  service = "$SVC/count" }
		state { dir = "$SVC/state" }
	EOF
	echo 4 >"$SVC/count"
	as-fetch -c "$SVC/web.conf" --range 28d --end "$((END - 10800))" |
		as-train -c "$SVC/web.conf" -o "$SVC/web.model" >/dev/null
	turns
	mkdir "$SVC/metrics"
	# as the head of autoscale-rules.yml says
	cat "$SVC"/*.model | as-report -c "$SVC/web.conf" --journal \
		--format prometheus -o "$SVC/metrics/autoscale.prom" -
	svc_spawn node prometheus-node-exporter \
		--web.listen-address=127.0.0.1:0 --collector.disable-defaults \
		--collector.textfile \
		--collector.textfile.directory="$SVC/metrics"
	svc_ready node 20 svc_logged_port node
	cp "$root/scripts/examples/autoscale-rules.yml" "$SVC"
	# what is waited for in minutes is waited for in seconds
	sed -i 's/for: [0-9]*[mh]/for: 1s/' "$SVC/autoscale-rules.yml"
	cat >"$SVC/live.yml" <<-EOF
		global: { scrape_interval: 1s, evaluation_interval: 1s }
		rule_files: ["$SVC/autoscale-rules.yml"]
		scrape_configs:
		  - job_name: node
		    static_configs: [{targets: ["127.0.0.1:$(svc_logged_port node)"]}]
	EOF
	prometheus_start live "$SVC/live.yml"
	export LIVE=$URL
	svc_wait 20 prometheus_value "$LIVE" autoscale_instances
}

teardown_file() {
	svc_end
}

# data QUERY: how many series it gives; an error is an error
data() {
	curl -sS -G "$LIVE/api/v1/query" --data-urlencode "query=$1" >answer
	jq -e '.status == "success"' answer >/dev/null ||
		{ cat answer && return 1; }
	jq '.data.result | length' answer
}

@test "metrics: each query of the dashboard gives data" {
	cd "$BATS_TEST_TMPDIR"
	jq -r '.panels[] | .title as $t | .targets[].expr |
		"\($t)\t\(gsub("\\$target"; "web|x"))"' \
		"$root/scripts/examples/autoscale-dashboard.json" >queries
	[ "$(wc -l <queries)" -gt 10 ]
	while IFS=$'\t' read -r title query; do
		n=$(data "$query")
		[ "$n" -gt 0 ] || echo "$title: nothing for $query" >>empty
	done <queries
	[ ! -e empty ] || { cat empty && false; }
	# and the choice of a target
	[ "$(data 'group by (target) (autoscale_last_decision_timestamp_seconds)')" = 1 ]
}

@test "metrics: the rules are loaded, healthy, and over metrics that are there" {
	cd "$BATS_TEST_TMPDIR"
	rules=$(grep -cE '^ *- (alert|record): ' \
		"$root/scripts/examples/autoscale-rules.yml")
	evaluated() {
		curl -fsS "$LIVE/api/v1/rules" |
			jq -e --argjson n "$rules" '.data.groups[0].rules |
				length == $n and all(.[]; .health == "ok")'
	}
	wait_until 20 evaluated
	for record in autoscale:last_decision_age_seconds \
		autoscale:budget_used_ratio; do
		wait_until 20 prometheus_value "$LIVE" "$record"
	done
	for metric in $(grep -o 'autoscale_[a-z0-9_]*' \
		"$SVC/autoscale-rules.yml" | sort -u); do
		[ "$(data "$metric")" -gt 0 ] || echo "no $metric" >>none
	done
	[ ! -e none ] || { cat none && false; }
}

@test "metrics: the loop that stands still is an alarm, and its next turn ends it" {
	cd "$BATS_TEST_TMPDIR"
	fires() { # fires COUNT: so many alerts of that name
		curl -fsS "$LIVE/api/v1/alerts" | jq -e --argjson n "$1" '
			[.data.alerts[] | select(.state == "firing" and
			.labels.alertname == "AutoscaleStopped" and
			.labels.target == "web")] | length == $n'
	}
	# the newest decision is a quarter of an hour old
	sed "s/^\(autoscale_last_decision_timestamp_seconds{.*}\) .*/\1 $(($(date +%s) - 900))/" \
		"$SVC/metrics/autoscale.prom" >old.prom
	cp old.prom "$SVC/metrics/autoscale.prom"
	wait_until 30 fires 1
	curl -fsS "$LIVE/api/v1/alerts" | jq -e '.data.alerts[] |
		select(.labels.alertname == "AutoscaleStopped") |
		.annotations.summary == "web: nothing was decided for ten minutes"'
	sed "s/^\(autoscale_last_decision_timestamp_seconds{.*}\) .*/\1 $(date +%s)/" \
		old.prom >new.prom
	cp new.prom "$SVC/metrics/autoscale.prom"
	wait_until 30 fires 0
}
