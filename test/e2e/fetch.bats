# as-fetch against Debian's Prometheus and node_exporter, and a small application

load ../lib/common
load ../lib/services.sh

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	svc_begin
	examples=$(cd "$BATS_TEST_DIRNAME/../../scripts/examples" && pwd)
	END=$(($(date +%s) / 60 * 60))
	export examples END
	node_exporter_start
	NODE_PORT=$PORT
	app_start
	export APP_PORT=$PORT
	sed -e "s/localhost:9100/127.0.0.1:$NODE_PORT/" \
		-e "s/localhost:8080/127.0.0.1:$APP_PORT/" \
		-e 's/scrape_interval: .*/scrape_interval: 1s/' \
		"$examples/prometheus.yml" >"$SVC/prometheus.yml"
	grep -q "$NODE_PORT" "$SVC/prometheus.yml"
	grep -q "$APP_PORT" "$SVC/prometheus.yml"
	echo 'global: {scrape_interval: 1m}' >"$SVC/plain.yml"
	history_into "$SVC/main" "$END" 28 60
	prometheus_start main "$SVC/prometheus.yml"
	export MAIN=$URL
}

teardown_file() {
	svc_end
}

teardown() {
	# what one test started, whatever became of it
	for name in limited guarded gate late doomed; do
		[ ! -e "$SVC/$name.pid" ] || svc_stop "$name"
	done
}

# points FILE: how many samples the one series in FILE has
points() {
	jq -s 'map(select(.metric)) | if length == 1 and
		(.[0].values | length) == (.[0].timestamps | length)
		then .[0].values | length else error("not one series") end' "$1"
}

# pipe_ended PIPE: gives whoever reads it its end; succeeds when the server is
# ready
pipe_ended() {
	timeout 0.5 sh -c ': >"$1"' sh "$1"
	prometheus_answers "$URL"
}

# served QUERY N: Prometheus gives N or more for QUERY
served() {
	local n

	n=$(prometheus_value "$MAIN" "$1") && [ "${n%.*}" -ge "$2" ]
}

@test "web.conf and prometheus.yml pass the checks of those who read them" {
	run -0 --separate-stderr as-decide --check -c "$examples/web.conf"
	[ -z "$stderr" ]
	run -0 promtool check config "$examples/prometheus.yml"
}

@test "web.conf: the six key metrics come from node_exporter and /metrics" {
	local name

	# a rate needs a scrape before the requests and one after them
	svc_wait 20 served 'app_requests_total{path="/work"}' 0
	for _ in $(seq 20); do
		curl -fsS "http://127.0.0.1:$APP_PORT/work?ms=20" >/dev/null
	done
	svc_wait 20 served 'app_requests_total{path="/work"}' 20
	echo 3 >"$SVC/count"
	# every rate wants two scrapes of its own, and as-fetch whole seconds
	fetched() {
		PROMETHEUS_URL="$MAIN" as-fetch -c "$examples/web.conf" \
			--driver file --service "$SVC/count" --range 5s \
			--step 1s >"$BATS_TEST_TMPDIR/out" \
			2>"$BATS_TEST_TMPDIR/err"
	}
	svc_wait 30 fetched || { cat "$BATS_TEST_TMPDIR/err"; false; }
	for name in cpu memory network disk requests latency; do
		run -0 jq -es --arg name "$name" 'map(select(
			.metric.__name__ == $name and .metric.target == "web"))
			| length == 1 and (.[0].values | length >= 1) and
			(.[0].values | all(. >= 0))' "$BATS_TEST_TMPDIR/out"
	done
	# the newest values against what the machine and the application say
	newest() {
		jq -s --arg name "$1" 'map(select(.metric.__name__ == $name))
			| .[0].values | last' "$BATS_TEST_TMPDIR/out"
	}
	used=$(awk '/^MemTotal/ { t = $2 } /^MemAvailable/ { a = $2 }
		END { print (t - a) * 1024 }' /proc/meminfo)
	awk -v is="$(newest memory)" -v used="$used" 'BEGIN {
		exit !(is > used / 2 && is < used * 2) }'
	awk -v is="$(newest cpu)" -v cores="$(nproc)" 'BEGIN {
		exit !(is > 0 && is <= cores * 1.05) }'
	# twenty requests in the five minutes that the query looks at
	awk -v is="$(newest requests)" 'BEGIN { exit !(is > 0.06 && is < 0.2) }'
	awk -v is="$(newest latency)" 'BEGIN { exit !(is >= 0.01 && is < 1) }'
	# and the driver's count rides along
	run -0 jq -es 'map(select(.type == "state")) | length == 1 and
		.[0].instances == 3 and .[0].target == "web"' \
		"$BATS_TEST_TMPDIR/out"
}

@test "as-fetch: four weeks at a minute, more than the server gives at once" {
	local query='sum(rate(shop_requests_total[5m]))' from k

	as-fetch -u "$MAIN" -q "$query" --range 28d --step 1m --now "$END" \
		>"$BATS_TEST_TMPDIR/out"
	[ "$(points "$BATS_TEST_TMPDIR/out")" -gt 40000 ]
	# the same in weeks by hand, sample by sample
	for k in 4 3 2 1; do
		from=$((END - k * 604800 + 60))
		curl -fsS -G "$MAIN/api/v1/query_range" \
			--data-urlencode "query=$query" -d step=60 \
			-d start=$from -d end=$((from + 604800 - 60))
	done | jq -s '[.[].data.result[0].values[]]
		| map([.[0] * 1000, (.[1] | tonumber)])' \
		>"$BATS_TEST_TMPDIR/expected"
	jq -s --argjson last "$END" 'map(select(.metric))[0]
		| [.timestamps, .values] | transpose
		| map(select(.[0] > ($last - 4 * 604800) * 1000))' \
		"$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/got"
	cmp "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/got"
}

@test "as-fetch: a sample that is NaN or infinite is left out, no other is" {
	as-fetch -u "$MAIN" -q shop_odd --range 1h --step 1m --now "$END" \
		>"$BATS_TEST_TMPDIR/out"
	run -1 grep -iE 'nan|inf|null' "$BATS_TEST_TMPDIR/out"
	run -0 jq -cs --argjson last "$END" 'map(select(.metric))[0] | [
		(.values | all(. == 1)),
		([range($last - 3540; $last + 1; 60) * 1000] - .timestamps
			| map(($last * 1000 - .) / 60000))]' \
		"$BATS_TEST_TMPDIR/out"
	[ "$output" = '[true,[40,30,20]]' ]
}

@test "as-fetch: several series without aggregate: exit 2, names the labels" {
	run --separate-stderr -2 as-fetch -u "$MAIN" -q shop_load --range 1h
	[[ $stderr == *part* ]]
	[[ $stderr == *busy* || $stderr == *quiet* || $stderr == *flat* ]]
}

@test "as-fetch: aggregate makes one series of several" {
	cat >"$BATS_TEST_TMPDIR/as.conf" <<-EOF
		target shop { }
		source { url = "$MAIN" }
		signal load {
			query = 'shop_load{part=~"flat|quiet"}'
			capacity = 100
			aggregate = sum
		}
		apply {
			driver = file
			service = "$BATS_TEST_TMPDIR/count"
		}
	EOF
	echo 2 >"$BATS_TEST_TMPDIR/count"
	as-fetch -c "$BATS_TEST_TMPDIR/as.conf" --range 30m --step 1m \
		--now "$END" >"$BATS_TEST_TMPDIR/out"
	run -0 jq -es 'map(select(.metric)) | length == 1 and
		(.[0].values | length >= 30 and all(. > 150 and . < 170))' \
		"$BATS_TEST_TMPDIR/out"
}

@test "as-fetch: 400, the server's words are passed on" {
	run --separate-stderr -3 as-fetch -u "$MAIN" -q 'sum(shop_load' --range 1h
	[[ $stderr == *'unclosed left parenthesis'* ]]
	[[ $stderr == *400* ]]
	run -0 jq -e '.values == [] and .timestamps == [] and
		(.error | contains("unclosed left parenthesis"))' <<<"$output"
}

@test "as-fetch: 422, the server's words are passed on" {
	run --separate-stderr -3 as-fetch -u "$MAIN" --range 1h \
		-q 'shop_load * on() shop_load'
	[[ $stderr == *'found duplicate series for the match group'* ]]
	[[ $stderr == *422* ]]
}

@test "as-fetch: 503 on a query too slow, the server's words are passed on" {
	history_into "$SVC/limited" "$END" 2 60
	prometheus_start limited "$SVC/plain.yml" --query.timeout=1ms
	run --separate-stderr -3 as-fetch -u "$URL" --range 1d --step 1m \
		--retries 0 \
		-q 'sum(max_over_time(shop_load[6h]) + min_over_time(shop_load[6h]))'
	[[ $stderr == *'query timed out'* ]]
	[[ $stderr == *503* ]]
}

@test "as-fetch: basic auth, right and wrong" {
	# shellcheck disable=SC2016 # the dollars belong to the salt
	hash=$(perl -e 'print crypt("s3cret", q($2b$05$abcdefghijklmnopqrstuu))')
	printf 'basic_auth_users:\n  scaler: %s\n' "$hash" >"$SVC/web.yml"
	history_into "$SVC/guarded" "$END" 1 60
	prometheus_start guarded "$SVC/plain.yml" \
		--web.config.file="$SVC/web.yml"
	(umask 077 && printf 's3cret\n' >"$SVC/right" &&
		printf 'wr0ng\n' >"$SVC/wrong")
	as-fetch -u "$URL" -q 'shop_load{part="flat"}' --range 1h --step 1m \
		--username scaler --password-file "$SVC/right" \
		>"$BATS_TEST_TMPDIR/out"
	[ "$(points "$BATS_TEST_TMPDIR/out")" -ge 50 ]
	run --separate-stderr -3 as-fetch -u "$URL" --range 1h \
		-q 'shop_load{part="flat"}' \
		--username scaler --password-file "$SVC/wrong"
	[[ $stderr == *401* && $stderr == *Unauthorized* ]]
	[[ $stderr$output != *wr0ng* ]]
	run --separate-stderr -3 as-fetch -u "$URL" --range 1h \
		-q 'shop_load{part="flat"}'
	[[ $stderr == *401* ]]
}

@test "as-fetch: a bearer token, right and wrong" {
	svc_spawn gate python3 "$SVC_LIB/bearer-gate.py" "$MAIN" t0ken-1
	svc_ready gate 10 grep -q . "$SVC/gate.log"
	gate=http://127.0.0.1:$(head -n 1 "$SVC/gate.log")
	(umask 077 && echo t0ken-1 >"$SVC/right" && echo t0ken-2 >"$SVC/wrong")
	as-fetch -u "$gate" -q 'shop_load{part="flat"}' --range 1h --step 1m \
		--bearer-token-file "$SVC/right" >"$BATS_TEST_TMPDIR/out"
	[ "$(points "$BATS_TEST_TMPDIR/out")" -ge 50 ]
	run --separate-stderr -3 as-fetch -u "$gate" --range 1h \
		-q 'shop_load{part="flat"}' --bearer-token-file "$SVC/wrong"
	[[ $stderr == *401* && $stderr == *'no token, no data'* ]]
	[[ $stderr$output != *t0ken-2* ]]
}

@test "as-fetch: a server that is not ready, and one that becomes so" {
	# a part of its log of writes is a pipe that nobody writes to
	mkdir -p "$SVC/late/wal"
	history_into "$SVC/late" "$END" 1 60
	mkfifo "$SVC/late/wal/00000000"
	prometheus_spawn late "$SVC/plain.yml"
	run --separate-stderr -3 as-fetch -u "$URL" --range 1h --step 1m \
		-q 'shop_load{part="flat"}' --retries 0
	[[ $stderr == *503* && $stderr == *'Service Unavailable'* ]]
	run -0 jq -e '.values == [] and .error' <<<"$output"
	# now the pipe ends, as often as it is read, while as-fetch tries on
	(sleep 0.4 && svc_wait 10 pipe_ended "$SVC/late/wal/00000000") 3>&- &
	run --separate-stderr -0 as-fetch -u "$URL" --range 1h --step 1m \
		-q 'shop_load{part="flat"}' --retries 6
	run -0 jq -e '.values | length >= 50' <<<"$output"
}

@test "as-fetch: a server that is killed between two parts of an answer" {
	history_into "$SVC/doomed" "$END" 28 60
	printf 'global:\n  query_log_file: %s\n' "$SVC/queries" >"$SVC/log.yml"
	prometheus_start doomed "$SVC/log.yml"
	as-fetch -u "$URL" --range 28d --step 1m --now "$END" --retries 1 \
		-q 'sum(quantile_over_time(0.5, shop_load[6h]))' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	fetch=$!
	svc_wait 30 test -s "$SVC/queries"
	svc_signal doomed KILL
	status=0
	wait "$fetch" || status=$?
	[ "$status" -eq 3 ]
	run -0 jq -e '.values == [] and .timestamps == [] and .error' \
		"$BATS_TEST_TMPDIR/out"
	grep -q '^as-fetch: ' "$BATS_TEST_TMPDIR/err"
}

@test "as-fetch: a server that hangs: --timeout ends it" {
	history_into "$SVC/doomed" "$END" 1 60
	prometheus_start doomed "$SVC/plain.yml"
	svc_signal doomed STOP
	start=$SECONDS
	run --separate-stderr -3 as-fetch -u "$URL" --range 1h \
		-q 'shop_load{part="flat"}' --timeout 1s --retries 1
	svc_signal doomed CONT
	[ $((SECONDS - start)) -le 8 ]
	[[ $stderr == *'timed out'* || $stderr == *'time-out'* ||
		$stderr == *timeout* ]]
	run -0 jq -e '.values == [] and .error' <<<"$output"
}

@test "as-fetch: a server that is gone" {
	history_into "$SVC/doomed" "$END" 1 60
	prometheus_start doomed "$SVC/plain.yml"
	svc_stop doomed
	run --separate-stderr -3 as-fetch -u "$URL" --range 1h \
		-q 'shop_load{part="flat"}' --retries 1
	[ -n "$stderr" ]
	run -0 jq -e '.values == [] and .error' <<<"$output"
}
