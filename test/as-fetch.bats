# as-fetch: a server that behaves and one that does not, files, settings

# $stderr is bats', $root of lib/common; dollars in quotes belong to jq; each
# test has an $output of its own
# shellcheck disable=SC2154,SC2016,SC2030,SC2031

load lib/common
load lib/stub

setup_file() {
	stub_start
}

teardown_file() {
	stub_stop
}

# The end of every range: a whole number of minutes and of 5 minutes
NOW=1795455600

fetch() {
	as-fetch --now "$NOW" --range 1h -q load --retries 0 "$@"
}

# matrix VALUE...: an answer with one series, a minute apart, up to $NOW
matrix() {
	local t=$((NOW - 60 * ($# - 1))) v sep=

	printf '{"status":"success","data":{"resultType":"matrix","result":'
	printf '[{"metric":{"job":"a"},"values":['
	for v; do
		printf '%s[%d,%s]' "$sep" "$t" "$v"
		sep=, t=$((t + 60))
	done
	printf ']}]}}'
}

# The one line of output: no samples, and an error that holds $1
assert_failed_line() {
	[ "${#lines[@]}" = 1 ]
	run -0 jq -er --arg text "$1" 'if .values == [] and .timestamps == []
		and (.error | contains($text)) then "ok" else .error end' \
		<<<"$output"
	assert_output ok
}

@test "as-fetch: a series line with labels, values and milliseconds" {
	matrix '"1.5"' '"2"' | body plain
	run --separate-stderr -0 fetch -u "$STUB/body=plain" --step 1m \
		--name cpu --target-name web --unit cores
	[ "$stderr" = "" ]
	[ "$output" = '{"metric":{"__name__":"cpu","target":"web","unit":"cores"},"values":[1.5,2],"timestamps":[1795455540000,1795455600000]}' ]
}

@test "as-fetch: without names the series is load of default, without unit" {
	matrix '"1"' | body one
	run --separate-stderr -0 fetch -u "$STUB/body=one"
	[ "$output" = '{"metric":{"__name__":"load","target":"default"},"values":[1],"timestamps":[1795455600000]}' ]
}

@test "as-fetch: asks query_range with query, grid and time-out" {
	fetch -u "$STUB/matrix=1,id=asks" -q 'sum(rate(x{a="b&c"}[5m]))' \
		--range 14d --step 5m --timeout 7s >/dev/null
	run -0 requests id=asks '[.method, (.path | sub("^/[^/]*"; "")),
		.form.query, .form.start, .form.end, .form.step, .form.timeout]'
	[ "$output" = '["GET","/api/v1/query_range","sum(rate(x{a=\"b&c\"}[5m]))","1794246000","1795455600","300","7"]' ]
}

@test "as-fetch: 14 days in steps of 5 minutes unless told otherwise" {
	as-fetch --now "$NOW" -u "$STUB/matrix=1,id=default" -q x >/dev/null
	run -0 requests id=default '[.form.start, .form.end, .form.step]'
	[ "$output" = '["1794246000","1795455600","300"]' ]
}

@test "as-fetch: start and end fall on multiples of the step" {
	as-fetch --now $((NOW + 299)) -u "$STUB/matrix=1,id=grid" -q x \
		--range 1h --step 5m >/dev/null
	as-fetch --end 2026-11-23T12:40:07.5Z -u "$STUB/matrix=1,id=end" -q x \
		--range 10s --step 500ms >/dev/null
	run -0 requests id=grid '[.form.start, .form.end]'
	[ "$output" = "[\"$((NOW - 3600))\",\"$NOW\"]" ]
	run -0 requests id=end '[.form.start, .form.end, .form.step]'
	[ "$output" = '["1795437597.500","1795437607.500","0.500"]' ]
}

@test "as-fetch: 28 days at a minute come in pieces, each sample once" {
	run --separate-stderr -0 as-fetch --now "$NOW" --range 28d --step 60 \
		-u "$STUB/matrix=1,id=pieces" -q x
	echo "$output" >"$BATS_TEST_TMPDIR/out"
	run -0 requests id=pieces \
		'((.form.end | tonumber) - (.form.start | tonumber)) / 60 + 1'
	[ "$output" = $'10000\n10000\n10000\n10000\n321' ]
	run -0 jq -c --argjson now "$NOW" '[
		.timestamps == [range($now - 28 * 86400; $now + 1; 60) * 1000],
		.values == [.timestamps[] / 1000 % 1000]]' \
		"$BATS_TEST_TMPDIR/out"
	[ "$output" = '[true,true]' ]
}

@test "as-fetch: on a terminal a long range shows how far it is" {
	run -0 script -qec "as-fetch --now $NOW --range 28d --step 60 \
		-u '$STUB/matrix=1' -q x --name cpu >/dev/null" /dev/null
	[[ $output == *"cpu 10000/40321"* ]]
	run --separate-stderr -0 as-fetch --now "$NOW" --range 28d --step 60 \
		-u "$STUB/matrix=1" -q x
	[ "$stderr" = "" ]
}

@test "as-fetch: a long query goes in a POST, pieces over one connection" {
	long="x{a=\"$(printf '%03000d' 0)\"}"
	fetch -u "$STUB/matrix=1,id=long" -q "$long" --range 28d --step 1m \
		>/dev/null
	run -0 requests id=long '[.method, (.form.query | length)]'
	[ "${#lines[@]}" = 5 ]
	[ "${lines[4]}" = "[\"POST\",${#long}]" ]
}

@test "as-fetch: samples that overlap or come in disorder are merged" {
	body disorder <<-'EOF'
		{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{},"values":[[1795455600,"3"],[1795455480,"1"],
		[1795455540.0004,"7"],[1795455540,"2"]]}]}}
	EOF
	run -0 fetch -u "$STUB/body=disorder"
	run -0 jq -c '[.values, .timestamps]' <<<"$output"
	[ "$output" = '[[1,2,3],[1795455480000,1795455540000,1795455600000]]' ]
}

@test "as-fetch: NaN, infinities, null and overflow are left out, none is 0" {
	matrix '"1"' '"NaN"' '"+Inf"' '"-Inf"' null '"1e400"' '"2"' | body odd
	run --separate-stderr -0 fetch -u "$STUB/body=odd" -v
	run -0 jq -c .values <<<"$output"
	[ "$output" = '[1,2]' ]
	[[ $stderr == *"2 samples, 5 not known"* ]]
}

@test "as-fetch: values of 301 digits, exponents, numbers without quotes" {
	matrix "\"1$(printf '%0300d' 0)\"" '"1.5e-7"' 2.25 '"-0"' | body long
	run -0 fetch -u "$STUB/body=long"
	run -0 jq -c '[.values[0] == 1e300, .values[1:]]' <<<"$output"
	[ "$output" = '[true,[1.5e-07,2.25,0]]' ]
}

@test "as-fetch: only NaN is no sample: exit 3, says so" {
	matrix '"NaN"' '"NaN"' | body nan
	run --separate-stderr -3 fetch -u "$STUB/body=nan"
	[[ $stderr == *"no samples from 2026-11-23T16:40:00Z to 2026-11-23T17:40:00Z, but 2 that are not a number"* ]]
	assert_failed_line 'no samples'
}

@test "as-fetch: an empty result is an empty series with an error, exit 3" {
	body empty <<<'{"status":"success","data":{"resultType":"matrix","result":[]}}'
	run --separate-stderr -3 fetch -u "$STUB/body=empty"
	[[ $stderr == "as-fetch: 'load' of 'default': no samples from "* ]]
	assert_failed_line 'no samples from'
}

@test "as-fetch: warnings are said and recorded, unknown members passed over" {
	body warned <<-'EOF'
		{"status":"success","infos":["i"],"data":{"resultType":"matrix",
		"stats":{"x":[1]},"result":[{"metric":{},"histograms":[],
		"values":[[1795455600,"3"]]}]},"warnings":["half is \"gone\""]}
	EOF
	run --separate-stderr -0 fetch -u "$STUB/body=warned"
	[ "$stderr" = "as-fetch: 'load' of 'default': the source warns: half is \"gone\"" ]
	run -0 jq -c '[.values, .warning]' <<<"$output"
	[ "$output" = '[[3],"half is \"gone\""]' ]
}

@test "as-fetch: several series without aggregate: exit 2, names the labels" {
	run --separate-stderr -2 fetch -u "$STUB/matrix=3"
	[[ $stderr == *'gives 3 series, not one: {__name__="stub", part="0"}, {__name__="stub", part="1"}, {__name__="stub", part="2"}; aggregate'* ]]
	assert_failed_line 'gives 3 series'
}

@test "as-fetch: of many series the first five are named" {
	run --separate-stderr -2 fetch -u "$STUB/matrix=40"
	[[ $stderr == *'part="4"} and 35 more'* ]]
	[[ $stderr != *'part="5"'* ]]
}

@test "as-fetch: a label that changes between two pieces is two series" {
	body first <<-'EOF'
		{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"other":"1"},"values":[[1795455600,"1"]]}]}}
	EOF
	run --separate-stderr -2 fetch --range 8d --step 1m \
		-u "$STUB/flaky=1,status=200,body=first,then=matrix"
	[[ $stderr == *'gives 2 series'* ]]
}

@test "as-fetch: aggregate sums, averages or takes the maximum, per time" {
	body three <<-'EOF'
		{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"p":"a"},"values":[[1795455480,"1"],[1795455540,"2"],[1795455600,"3"]]},
		{"metric":{"p":"b"},"values":[[1795455480,"5"],[1795455540,"NaN"],[1795455600,"6"]]},
		{"metric":{"p":"c"},"values":[[1795455600,"-3"]]}]}}
	EOF
	run -0 fetch -u "$STUB/body=three" --aggregate sum
	run -0 jq -c .values <<<"$output"
	[ "$output" = '[6,6]' ] # where one is not known, the sum is not
	run -0 fetch -u "$STUB/body=three" --aggregate avg
	run -0 jq -c .values <<<"$output"
	[ "$output" = '[3,2]' ]
	run -0 fetch -u "$STUB/body=three" --aggregate max
	run -0 jq -c '[.values, .timestamps]' <<<"$output"
	[ "$output" = '[[5,6],[1795455480000,1795455600000]]' ]
}

@test "as-fetch: of many series the pieces get smaller" {
	run -0 fetch -u "$STUB/matrix=40,id=many" --aggregate avg --range 12d \
		--step 1m
	run -0 jq -c '[(.values | length), .values[-1]]' <<<"$output"
	[ "$output" = '[17281,619.5]' ]
	run -0 requests id=many \
		'((.form.end | tonumber) - (.form.start | tonumber)) / 60 + 1'
	[ "$output" = $'10000\n5000\n2281' ]
}

@test "as-fetch: what the server finds too much is asked for in halves" {
	for text in 'exceeded maximum resolution of 500 points' \
		'query processing would load too many samples into memory'; do
		jq -n --arg text "$text" '{status: "error", error: $text,
			errorType: "execution"}' | body much
		run --separate-stderr -0 fetch --range 8000m --step 1m -u \
			"$STUB/flaky=3,status=422,body=much,then=matrix,x=${#text}"
		[ "$(jq '.values | length' <<<"$output")" = 8001 ]
	done
	run -0 requests then=matrix,x=41 \
		'((.form.end | tonumber) - (.form.start | tonumber)) / 60 + 1'
	[ "${lines[*]:0:4}" = "8001 4000 2000 1000" ]
}

@test "as-fetch: an error in JSON: status, type and text are passed on" {
	local code

	for code in 400 401 404 422 429 500 503; do
		echo '{"status":"error","errorType":"kind","error":"bad \"é\" '$code'"}' |
			body "json$code"
		run --separate-stderr -3 fetch -u "$STUB/status=$code,body=json$code"
		[ "$stderr" = "as-fetch: 'load' of 'default': '$STUB/status=$code,body=json$code/api/v1/query_range' answered $code (kind): bad \"é\" $code" ]
		assert_failed_line "answered $code (kind): bad \"é\" $code"
	done
}

@test "as-fetch: an error in text is quoted, on one line, 300 bytes at most" {
	local code

	for code in 400 401 404 405 422 429 500 502 503; do
		run --separate-stderr -3 fetch \
			-u "$STUB/status=$code,type=text,text=out+of%0a%1b%09order"
		[[ $stderr == *"answered $code: \"out of order\"" ]]
		assert_failed_line "answered $code: \"out of order\""
	done
	head -c 5000 /dev/zero | tr '\0' 'ä' | body long500
	run --separate-stderr -3 fetch -u "$STUB/status=500,body=long500"
	[ "${#stderr}" -lt 500 ]
	[[ $stderr == *'..."' ]]
	printf 'a\377\200b' | body bytes
	run --separate-stderr -3 fetch -u "$STUB/status=500,body=bytes"
	[[ $stderr == *'"a??b"' ]]
	body page <<<'<html><head><title>502 Bad Gateway</title></head><p>long</html>'
	run --separate-stderr -3 fetch -u "$STUB/status=502,body=page"
	[[ $stderr == *'answered 502: "502 Bad Gateway"' ]]
	run --separate-stderr -3 fetch -u "$STUB/status=503,text="
	[[ $stderr == *'answered 503 with an empty body' ]]
}

@test "as-fetch: user and password of the address are used, never shown" {
	good=$(printf 'me:p w' | base64)
	run --separate-stderr -0 fetch -v \
		-u "http://me:p%20w@${STUB#http://}/matrix=1,allow=$good"
	run --separate-stderr -3 fetch -v \
		-u "http://me:hush@${STUB#http://}/matrix=1,allow=$good"
	[[ $stderr == *"answered 401: \"Unauthorized\""* ]]
	[[ $stderr$output != *hush* && $stderr$output != *me:* ]]
	run --separate-stderr -2 fetch -u 'me:hush@host:9090'
	[[ $stderr == *"no http:, https:, tcp: or unix: address"* ]]
	[[ $stderr$output != *hush* ]]
}

@test "as-fetch: a bearer token, a password and headers, from files" {
	(umask 077 && echo t0k >"$BATS_TEST_TMPDIR/t" &&
		printf 'p w\r\n' >"$BATS_TEST_TMPDIR/p")
	run -0 fetch -u "$STUB/matrix=1,allow=t0k,id=token" \
		--bearer-token-file "$BATS_TEST_TMPDIR/t" \
		--header 'X-Scope-OrgID: 7' --header 'X-B:  two'
	run -0 requests id=token '[.headers.authorization,
		.headers["x-scope-orgid"], .headers["x-b"]]'
	[ "$output" = '["Bearer t0k","7","two"]' ]
	run -0 fetch -u "$STUB/matrix=1,allow=$(printf 'me:p w' | base64)" \
		--username me --password-file "$BATS_TEST_TMPDIR/p"
}

@test "as-fetch: a secret that others can read is refused, and its like" {
	umask 022
	echo t0k >"$BATS_TEST_TMPDIR/open"
	run --separate-stderr -2 fetch -u "$STUB/matrix=1,id=refused" \
		--bearer-token-file "$BATS_TEST_TMPDIR/open"
	[[ $stderr == *"cannot read '$BATS_TEST_TMPDIR/open': others can read"* ]]
	assert_failed_line 'others can read'
	run --separate-stderr -2 fetch -u "$STUB/matrix=1,id=refused" \
		--username me --password-file "$BATS_TEST_TMPDIR/none"
	[[ $stderr == *"none': No such file"* ]]
	run --separate-stderr -2 fetch -u "$STUB/matrix=1,id=refused" \
		--header 'no colon'
	[[ $stderr == *"'Name: value'"* ]]
	run --separate-stderr -2 fetch -u "$STUB/matrix=1,id=refused" \
		--header $'A: b\r\nC: d'
	[ "$(requests id=refused)" = "" ]
}

@test "as-fetch: TLS: a certificate of the given authority, and of none" {
	local d=$BATS_TEST_TMPDIR

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=stub -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$d/key" -out "$d/cert" 2>/dev/null
	python3 "$root/test/stub/stub.py" "$d/log" --cert "$d/cert" \
		--key "$d/key" >"$d/port" 2>&1 </dev/null 3>&- &
	pid=$!
	wait_until 10 test -s "$d/port"
	run --separate-stderr -0 fetch --ca-file "$d/cert" \
		-u "https://127.0.0.1:$(cat "$d/port")/matrix=1"
	run --separate-stderr -3 fetch --retries 2 \
		-u "https://127.0.0.1:$(cat "$d/port")/matrix=1"
	kill $pid
	[[ $stderr == *certificate* ]]
	[[ $stderr != *tries* ]] # no retry makes it valid
}

@test "as-fetch: PROMETHEUS_URL is the default, --url goes before it" {
	PROMETHEUS_URL=$STUB/matrix=1,id=env run -0 fetch
	PROMETHEUS_URL=$STUB/matrix=1,id=env run -0 fetch -u "$STUB/matrix=1"
	[ "$(requests id=env .method)" = '"GET"' ]
}

@test "as-fetch: a proxy of the environment is not asked for loopback" {
	http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 \
		run --separate-stderr -0 fetch -u "$STUB/matrix=1"
}

@test "as-fetch: nobody listens: exit 3, says so, tries again first" {
	run --separate-stderr -3 fetch -u http://127.0.0.1:1 --retries 1
	[ "$stderr" = "as-fetch: 'load' of 'default': cannot reach 'http://127.0.0.1:1/api/v1/query_range': Connection refused (2 tries)" ]
	assert_failed_line 'Connection refused'
}

@test "as-fetch: a host that has no address: exit 3, names it" {
	run --separate-stderr -3 fetch -u http://no-such-host.invalid:9090
	[[ $stderr == *"cannot reach 'http://no-such-host.invalid:9090/api"*"resolve host"* ]]
	assert_failed_line no-such-host
}

@test "as-fetch: an address that is none: exit 2" {
	for url in localhost:9090 ftp://h/ file:///etc/passwd http:// ''; do
		run --separate-stderr -2 fetch -u "$url"
		[[ $stderr == *address || $stderr == *"no URL was given" ]]
	done
}

@test "as-fetch: a server that never answers: --timeout ends it" {
	not_under_valgrind
	start=$SECONDS
	run --separate-stderr -3 fetch -u "$STUB/hang" --timeout 300ms \
		--retries 1
	[ $((SECONDS - start)) -le 4 ]
	[[ $stderr == *"timed out after 0.3 s, 0 bytes of the answer had come (2 tries)" ]]
	assert_failed_line 'timed out'
}

@test "as-fetch: a server that drips: --timeout is for the whole answer" {
	run --separate-stderr -3 fetch -u "$STUB/matrix=1,drip=20" \
		--timeout 300ms
	[[ $stderr == *'timed out after 0.3 s, '[1-9]*' bytes of the answer'* ]]
}

@test "as-fetch: half an answer, a reset, a close, no HTTP: exit 3 each" {
	run --separate-stderr -3 fetch -u "$STUB/matrix=1,truncate=100"
	[[ $stderr == *"broke off, 100 bytes of the answer had come"* ]]
	assert_failed_line 'broke off'
	run --separate-stderr -3 fetch -u "$STUB/reset"
	[[ $stderr == *"broke off, 0 bytes"* ]]
	run --separate-stderr -3 fetch -u "$STUB/close"
	[[ $stderr == *"without an answer"* ]]
	run --separate-stderr -3 fetch -u "$STUB/garbage"
	[[ $stderr == *"not HTTP"* ]]
}

@test "as-fetch: an answer that never ends is cut off at 64 MiB" {
	# one point cannot be asked for in halves
	run --separate-stderr -3 fetch --range 1s --step 1m \
		-u "$STUB/huge=70000000"
	[[ $stderr == *"more than 67108864 bytes"* ]]
	assert_failed_line 'more than 67108864 bytes'
}

@test "as-fetch: an answer that is no JSON, or no matrix: exit 3, says where" {
	local text

	for text in '{"status":"succ' '' '[]' 'hello' '{"status":"success"}' \
		'{"status":"success","data":{"resultType":"vector","result":[]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":{}}}' \
		'{"status":"error","error":"quiet failure"}' \
		'{"status":"success","data":{"resultType":"matrix","result":[1]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":1},"values":[]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[{"a":1,"b":"2"}]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2",3]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"x"]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["x","1"]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,""]]}]}}' \
		'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2 "]]}]}}' \
		'{"status":"success"}{"status":"success"}'; do
		printf %s "$text" | body "wrong$BATS_TEST_NUMBER"
		run --separate-stderr -3 fetch -u "$STUB/body=wrong$BATS_TEST_NUMBER"
		[[ $stderr == *"'$STUB/body=wrong"*"/api/v1/query_range': "?* ]]
		assert_failed_line "$STUB"
	done
}

@test "as-fetch: tries again what may pass: 408, 429, 502, 503, 504" {
	local code

	for code in 408 429 502 503 504; do
		run --separate-stderr -0 fetch --retries 2 \
			-u "$STUB/flaky=2,status=$code,then=matrix"
		[ "$stderr" = "" ]
		[ "$(requests "status=$code,then=matrix" .method | wc -l)" = 3 ]
	done
	run --separate-stderr -3 fetch --retries 1 \
		-u "$STUB/flaky=2,status=503,then=matrix,id=few"
	[[ $stderr == *"(2 tries)" ]]
}

@test "as-fetch: does not try again what will not pass" {
	for code in 400 401 403 404 422 500; do
		run -3 fetch --retries 3 -u "$STUB/status=$code,id=final"
	done
	[ "$(requests id=final .method | wc -l)" = 6 ]
}

@test "as-fetch: pauses before it tries again, each twice the last" {
	run -3 fetch --retries 2 -u "$STUB/status=503,id=pause"
	run -0 jq -cs 'map(select(.path | contains("id=pause")) | .time)
		| [.[1] - .[0] >= 0.25, .[2] - .[1] >= 0.5, .[2] - .[0] < 5]' \
		"$STUB_LOG"
	[ "$output" = '[true,true,true]' ]
}

@test "as-fetch: waits as long as Retry-After says, but not for ever" {
	run -0 fetch --retries 1 \
		-u "$STUB/flaky=1,status=429,retry-after=1,then=matrix"
	run -0 jq -cs 'map(select(.path | contains("retry-after=1,")) | .time)
		| .[1] - .[0] >= 1' "$STUB_LOG"
	[ "$output" = true ]
	run --separate-stderr -3 fetch --retries 3 \
		-u "$STUB/status=503,retry-after=3600,text=later,id=hour"
	[[ $stderr == *'answered 503: "later" (asks to wait 60 min)' ]]
	[ "$(requests id=hour .method | wc -l)" = 1 ]
}

@test "as-fetch: follows a redirect on the same server, no other" {
	run --separate-stderr -0 fetch -u \
		"$STUB/status=307,redirect=http%3A%2F%2FSELF%2Fmatrix=1%2F%3Fstart=$NOW%26end=$NOW%26step=60"
	run --separate-stderr -3 fetch \
		-u "$STUB/status=302,redirect=http%3A%2F%2F127.0.0.1%3A1%2Fx"
	[[ $stderr == *"answered 302: it has moved to 'http://127.0.0.1:1/x', which is not followed" ]]
	run --separate-stderr -3 fetch -u "$STUB/status=301,redirect=file%3A%2F%2F%2Fetc%2Fpasswd"
	[[ $stderr == *"which is not followed" ]]
	run --separate-stderr -3 fetch \
		-u "$STUB/status=307,id=loop,redirect=%2Fstatus=307,id=loop,redirect=x"
	[ "$(requests id=loop .method | wc -l)" -le 4 ]
}

@test "as-fetch: a reader that leaves: exit 2" {
	run --separate-stderr -2 unread as-fetch --now "$NOW" -q x \
		-u "$STUB/matrix=1"
	[[ $stderr == *'cannot write standard output: Broken pipe'* ]]
}

@test "as-fetch: a full disk: exit 2" {
	run bash -c "as-fetch --now $NOW -q x -u '$STUB/matrix=1' >/dev/full"
	[ "$status" = 2 ]
	[[ $output == *"No space left on device"* ]]
}

@test "as-fetch: options that make no sense: exit 2, says which" {
	run -2 as-fetch
	[[ $output == *"nothing to fetch"* ]]
	run -2 fetch --aggregate median
	[[ $output == *"--aggregate: 'median'"* ]]
	run -2 fetch --step 0
	[[ $output == *"--step: '0' is too short"* ]]
	run -2 fetch --step 1ms --range 1000d
	[[ $output == *"too many"* ]]
	run -2 fetch --range 100000d
	run -2 fetch --end yesterday
	[[ $output == *"--end: 'yesterday' is no time"* ]]
	run -2 fetch --csv x -u "$STUB"
	run -2 fetch --source carrier-pigeon
	[[ $output == *"no source of type 'carrier-pigeon'; there are prometheus"* ]]
	run -2 fetch file
	[[ $output == *"'file'"* ]]
}

csv() {
	printf '%b' "$1" >"$BATS_TEST_TMPDIR/in.csv"
	shift
	run --separate-stderr as-fetch --csv "$BATS_TEST_TMPDIR/in.csv" "$@"
}

# The samples alone
samples() {
	run -0 jq -c '[.values, .timestamps]' <<<"$output"
}

@test "as-fetch: --csv: ISO 8601, seconds, milliseconds; with header or not" {
	csv 'time,value\n2026-11-23T17:00:00Z,1.5\n2026-11-23T18:05:00+01:00,2\n'
	assert_equal "$status" 0
	samples
	[ "$output" = '[[1.5,2],[1795453200000,1795453500000]]' ]
	csv '2026-11-23 17:00:00,1\n1795453500,2\n1795453800000,3\n1795454100.25,4\n'
	samples
	[ "$output" = '[[1,2,3,4],[1795453200000,1795453500000,1795453800000,1795454100250]]' ]
}

@test "as-fetch: --csv: commas, semicolons with decimal commas, tabs, CR LF" {
	csv 'a;b\r\n2026-11-23;1,5\r\n2026-11-24;2.5\r\n'
	samples
	[ "$output" = '[[1.5,2.5],[1795392000000,1795478400000]]' ]
	csv '2026-11-23\t1e3\n2026-11-24\t -2 \n'
	samples
	[ "$output" = '[[1000,-2],[1795392000000,1795478400000]]' ]
	csv '\xef\xbb\xbf"Time","a ""b"", c; d"\n"2026-11-23 00:00:00","7"\n\n'
	samples
	[ "$output" = '[[7],[1795392000000]]' ]
}

@test "as-fetch: --csv: any order, the later of two of one time, no last LF" {
	csv '300,3\n100,1\n200,9\n200,2'
	samples
	[ "$output" = '[[1,2,3],[100000,200000,300000]]' ]
}

@test "as-fetch: --csv: empty, NaN, Inf, null and NA are left out, not bad" {
	csv '100,\n200,NaN\n300,-Inf\n400,null\n500,NA\n600,6\n'
	assert_equal "$status" 0
	samples
	[ "$output" = '[[6],[600000]]' ]
}

@test "as-fetch: --csv: bad lines are named, the others come, exit 1" {
	csv 'time,value\n100,1\nyesterday,2\n300\n400,four\n500,5,6\n600,6\n'
	f=$BATS_TEST_TMPDIR/in.csv
	assert_equal "$status" 1
	[ "$stderr" = "as-fetch: $f:3: 'yesterday' is no time
as-fetch: $f:4: nothing in column 2
as-fetch: $f:5: 'four' is no number
as-fetch: $f:6: more than a time and a value" ]
	samples
	[ "$output" = '[[1,6],[100000,600000]]' ]
}

@test "as-fetch: --csv: of very many bad lines ten are named, the rest counted" {
	csv "$(seq -f '%.0f00,1' 1 40)\n5000,2\n" -q 3
	[ "$status" = 3 ]
	[ "${#stderr_lines[@]}" = 12 ]
	[[ ${stderr_lines[9]} == *"in.csv:10: nothing in column 3" ]]
	[[ ${stderr_lines[10]} == *"in.csv: so are 31 lines more" ]]
}

@test "as-fetch: --csv --on-bad=stop: exit 2 at the first bad line" {
	csv '100,1\nx,2\n300,3\n' --on-bad stop
	assert_equal "$status" 2
	[[ $stderr == *"in.csv:2: 'x' is no time"* ]]
	assert_failed_line 'has a bad line'
}

@test "as-fetch: --csv: the query names a column, by header or number" {
	text='t,a,b c\n100,1,10\n200,2,20\n'
	csv "$text" -q 'b c'
	samples
	[ "$output" = '[[10,20],[100000,200000]]' ]
	csv "$text" -q 2
	samples
	[ "$output" = '[[1,2],[100000,200000]]' ]
	csv "$text"
	assert_equal "$status" 2
	[[ $stderr == *"has 3 columns (t, a, b c): a query says"* ]]
	csv "$text" -q d
	assert_equal "$status" 2
	[[ $stderr == *"has no column 'd', but t, a, b c"* ]]
}

@test "as-fetch: --csv: the whole file, or with --range what lies in it" {
	csv '100,1\n200,2\n300,3\n400,4\n' --step 1s
	samples
	[ "$output" = '[[1,2,3,4],[100000,200000,300000,400000]]' ]
	csv '100,1\n200,2\n300,3\n400,4\n' --step 1s --end 300 --range 100s
	samples
	[ "$output" = '[[2,3],[200000,300000]]' ]
}

@test "as-fetch: --csv: no such file is 2; an empty one is no samples" {
	run --separate-stderr -2 as-fetch --csv "$BATS_TEST_TMPDIR/none"
	[[ $stderr == *"cannot open '$BATS_TEST_TMPDIR/none': No such file"* ]]
	assert_failed_line 'No such file'
	csv ''
	assert_equal "$status" 3
	assert_failed_line 'no samples'
	csv 'time,value\n'
	assert_equal "$status" 3
	run --separate-stderr -2 as-fetch --csv /tmp
	[[ $stderr == *"cannot read '/tmp': Is a directory" ]]
}

@test "as-fetch: --csv: binary rubbish is named line by line, never a crash" {
	head -c 3000 /dev/urandom >"$BATS_TEST_TMPDIR/rubbish"
	printf 'a\0b,1\n' >>"$BATS_TEST_TMPDIR/rubbish"
	run --separate-stderr as-fetch --csv "$BATS_TEST_TMPDIR/rubbish" -q 2
	[ "$status" -ge 1 ]
	[ "$status" -le 3 ]
	run -0 jq -e '.values == []' <<<"$output"
}

scrape() {
	run --separate-stderr as-fetch --now "$NOW" --retries 0 \
		--source scrape "$@"
}

@test "as-fetch: scrape: a gauge of a /metrics page, by its labels" {
	body page <<-'EOF'
		# HELP temp is a gauge
		# TYPE temp gauge
		temp{room="a b",note="quote \" brace } end"} 21.5 1795455600123
		temp{room="c"} NaN
		temp{room="d",} 1e1 # {trace="x"} 5
		temperature 99
		load 2
		broken{ 7
	EOF
	scrape -u "$STUB/body=page" -q 'temp{room="a b"}' --name t
	assert_equal "$status" 0
	[ "$output" = '{"metric":{"__name__":"t","target":"default"},"values":[21.5],"timestamps":[1795455600000]}' ]
	scrape -u "$STUB/body=page" -q ' temp { room = "d" , note != "x" } '
	[[ $output == *'"values":[10],'* ]]
	scrape -u "$STUB/body=page" -q load
	[[ $output == *'"values":[2],'* ]]
	scrape -u "$STUB/body=page" -q 'temp{room!="c"}' --aggregate sum
	[[ $output == *'"values":[31.5],'* ]]
}

@test "as-fetch: scrape: several, none, NaN, a bad query: said, never 0" {
	body rooms <<<$'temp{room="a"} 1\ntemp{room="b"} NaN'
	scrape -u "$STUB/body=rooms" -q temp
	assert_equal "$status" 2
	[[ $stderr == *'gives 2 series, not one: {room="a"}, {room="b"}; '* ]]
	scrape -u "$STUB/body=rooms" -q temp --aggregate sum
	assert_equal "$status" 3
	assert_failed_line 'no samples'
	scrape -u "$STUB/body=rooms" -q tempo
	assert_equal "$status" 3
	assert_failed_line "has no 'tempo'"
	scrape -u "$STUB/text=%3Chtml%3E" -q temp
	assert_equal "$status" 3
	assert_failed_line 'holds no metrics'
	scrape -u "$STUB/status=404,text=gone" -q temp
	assert_equal "$status" 3
	assert_failed_line 'answered 404: "gone"'
	for query in '' '{a="b"}' 'temp{' 'temp{a=b}' 'temp{a=~"b"}' 'temp)' \
		'rate(temp' 'rate(temp))' 'temp[5m]'; do
		scrape -u "$STUB/body=rooms" -q "$query"
		assert_equal "$status" 2
		[[ $stderr == *"is none of name, name{label="* ]]
	done
}

@test "as-fetch: scrape: a counter by its rate, from two readings" {
	not_under_valgrind
	body counter <<<$'# TYPE hits_total counter\nhits_total{p="/"} 7\nhits_total{p="/x"} 3'
	scrape -u "$STUB/body=counter,id=rate" -q 'hits_total{p="/"}'
	assert_equal "$status" 2
	[[ $stderr == *"'hits_total' is a counter, which only grows: ask for rate(hits_total{p=\"/\"})"* ]]
	# after ID COMMAND...: once that was asked for
	after() {
		wait_until 20 eval '[ -n "$(requests '"id=$1"')" ]'
		shift
		"$@"
	}
	(after two body counter <<<$'# TYPE hits counter\nhits_total{p="/"} 107\nhits_total{p="/x"} 1') 3>&- &
	scrape -u "$STUB/body=counter,id=two" -q 'rate(hits_total{p="/"})'
	assert_equal "$status" 0
	# by a second or, on a busy machine, some
	run -0 jq -c '[.values[0] > 5, .values[0] <= 100,
		.timestamps[0] >= 1795455601000]' <<<"$output"
	[ "$output" = '[true,true,true]' ]
	[ "$(requests id=two .method | wc -l)" = 2 ]
	# OpenMetrics names the family without _total
	scrape -u "$STUB/body=counter" -q 'hits_total{p="/"}'
	assert_equal "$status" 2
	# one that began anew in between says nothing
	body counter2 <<<'hits_total 9'
	(after anew body counter2 <<<'hits_total 2') 3>&- &
	scrape -u "$STUB/body=counter2,id=anew" -q 'rate(hits_total)'
	assert_equal "$status" 3
	assert_failed_line 'no samples'
}

# A small procfs; the counters stand at $1 and a little more
procfs() {
	local p=$BATS_TEST_TMPDIR/proc

	mkdir -p "$p/net"
	echo "cpu  $((100 + $1)) 10 20 5000 300 4 6 99 0 0" >"$p/.stat"
	mv "$p/.stat" "$p/stat"
	printf 'MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\n' \
		>"$p/meminfo"
	echo '0.75 0.50 0.25 1/100 1234' >"$p/loadavg"
	printf 'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n    lo: 77%d 1 0 0 0 0 0 0 77%d 1 0 0 0 0 0 0\n  eth0:%d000 1 0 0 0 0 0 0 %d000 1 0 0 0 0 0 0\n' \
		"$1" "$1" "$1" "$1" >"$p/net/.dev"
	mv "$p/net/.dev" "$p/net/dev"
	printf '%s\n' "   8 0 sda 1 1 1 1 1 1 1 1 0 $((100 + 5 * $1)) 9" \
		"   8 1 sda1 1 1 1 1 1 1 1 1 0 $((100 + 5 * $1)) 9" \
		"   8 16 sdb 1 1 1 1 1 1 1 1 0 $((5 * $1)) 9" \
		"   7 0 loop0 1 1 1 1 1 1 1 1 0 $((9000 * $1)) 9" \
		>"$p/.diskstats"
	mv "$p/.diskstats" "$p/diskstats"
}

@test "as-fetch: proc: memory and load of this machine as they stand" {
	procfs 1
	run -0 as-fetch --now "$NOW" --source proc -u "$BATS_TEST_TMPDIR/proc" \
		-q memory
	[ "$output" = '{"metric":{"__name__":"load","target":"default"},"values":[768000],"timestamps":[1795455600000]}' ]
	run -0 as-fetch --source proc -u "$BATS_TEST_TMPDIR/proc" -q load
	[[ $output == *'"values":[0.75]'* ]]
	run -0 as-fetch --source proc -q memory
	run -0 jq -e '.values[0] > 1e6' <<<"$output"
}

@test "as-fetch: proc: cpu, network and disk from two readings" {
	not_under_valgrind
	local query name file p=$BATS_TEST_TMPDIR/proc

	for query in 'cpu stat 0.5' 'network net/dev 100000' \
		'disk diskstats 0.5'; do
		read -r name file want <<<"$query"
		procfs 1
		# the first reading is of a pipe, which shows when it is read
		mv "$p/$file" "$p/first"
		mkfifo "$p/$file"
		(cat "$p/first" >"$p/$file" && procfs 51) 3>&- &
		run -0 as-fetch --source proc -u "$p" -q "$name"
		wait
		# by a second or, on a busy machine, some
		run -0 jq -c --argjson want "$want" \
			'.values[0] / $want | . > 0.05 and . <= 1' <<<"$output"
		assert_output true
	done
	run -0 as-fetch --source proc -q cpu
	run -0 jq -e --argjson cores "$(nproc)" \
		'.values[0] | . >= 0 and . <= $cores * 1.1' <<<"$output"
}

@test "as-fetch: proc: what is not there is an error, never 0" {
	procfs 1
	echo rubbish >"$BATS_TEST_TMPDIR/proc/meminfo"
	rm "$BATS_TEST_TMPDIR/proc/loadavg"
	run --separate-stderr -3 as-fetch --source proc \
		-u "$BATS_TEST_TMPDIR/proc" -q memory
	assert_failed_line "cannot be made out"
	run --separate-stderr -3 as-fetch --source proc \
		-u "$BATS_TEST_TMPDIR/proc" -q load
	assert_failed_line "No such file"
	run --separate-stderr -2 as-fetch --source proc -q temperature
	[[ $stderr == *"none of cpu, memory, load, network, disk"* ]]
}

# settings FILE: two signals from the stub, one target whose count is in a file
settings() {
	cat >"$1" <<-EOF
		target web { step = 1m history = 2h }
		source { url = "$STUB/matrix=1,id=$BATS_TEST_NUMBER" }
		signal cpu { query = "a" unit = cores capacity = 2 }
		signal net { query = "b" capacity = 3 }
		apply { driver = file service = "$BATS_TEST_TMPDIR/count" }
	EOF
	echo 3 >"$BATS_TEST_TMPDIR/count"
}

@test "as-fetch: -c: a line for every signal, then the driver's state" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	run --separate-stderr -0 as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		--now "$NOW"
	[ "$stderr" = "" ]
	[ "${#lines[@]}" = 3 ]
	run -0 jq -c '[.metric, (.values | length), .type, .instances, .target]' \
		<<<"$output"
	[ "${lines[0]}" = '[{"__name__":"cpu","target":"web","unit":"cores"},121,null,null,null]' ]
	[ "${lines[1]}" = '[{"__name__":"net","target":"web"},121,null,null,null]' ]
	[ "${lines[2]}" = '[null,0,"state",3,"web"]' ]
}

@test "as-fetch: -c: options go before the file" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	echo 7 >"$BATS_TEST_TMPDIR/other"
	run --separate-stderr -0 as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		--now "$NOW" --range 10m --step 5m --name net \
		-u "$STUB/matrix=1,id=before" --service "$BATS_TEST_TMPDIR/other"
	[ "${#lines[@]}" = 2 ]
	run -0 jq -c '[.metric.__name__, .timestamps, .instances]' <<<"$output"
	[ "${lines[0]}" = '["net",[1795455000000,1795455300000,1795455600000],null]' ]
	[ "${lines[1]}" = '[null,null,7]' ]
	[ "$(requests id=before .form.query)" = '"b"' ]
}

@test "as-fetch: -c: one that fails has its line, the others still come" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	sed -i "s,query = \"a\",query = \"a\" aggregate = sum,
		s,matrix=1,flaky=1\,status=500\,then=matrix," \
		"$BATS_TEST_TMPDIR/as.conf"
	run --separate-stderr -3 as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		--now "$NOW"
	[ "${#lines[@]}" = 3 ]
	[[ $stderr == "as-fetch: 'cpu' of 'web': '"*"answered 500"* ]]
	run -0 jq -c '[.metric.__name__, (.values | length), has("error")]' \
		<<<"$output"
	[ "${lines[0]}" = '["cpu",0,true]' ]
	[ "${lines[1]}" = '["net",121,false]' ]
	[ "${lines[2]}" = '[null,0,false]' ]
}

@test "as-fetch: -c: a source out of reach is asked once, not per signal" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	start=$SECONDS
	run --separate-stderr -3 as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		-u http://127.0.0.1:1 --retries 1
	[ "${#lines[@]}" = 3 ]
	[[ ${lines[0]} == *'"error":"cannot reach'* ]]
	[[ ${lines[1]} == *'"error":"not asked: cannot reach'* ]]
	[[ ${lines[2]} == *'"instances":3'* ]]
}

@test "as-fetch: -c: after one time-out no signal is tried twice" {
	not_under_valgrind
	settings "$BATS_TEST_TMPDIR/as.conf"
	run --separate-stderr -3 as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		-u "$STUB/hang,id=slow" --timeout 200ms --retries 2
	[ "${#lines[@]}" = 3 ]
	run -0 requests id=slow .form.query
	[ "$output" = $'"a"\n"a"\n"a"\n"b"' ]
}

@test "as-fetch: -c: a count that is not known: a state with error, exit 3" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	rm "$BATS_TEST_TMPDIR/count"
	run --separate-stderr -3 as-fetch -c "$BATS_TEST_TMPDIR/as.conf"
	[ "${#lines[@]}" = 3 ]
	[[ $stderr == "as-fetch: count of 'web': "* ]]
	run -0 jq -c '[.type, has("instances"), (.error | length > 0)]' \
		<<<"${lines[2]}"
	[ "$output" = '["state",false,true]' ]
}

@test "as-fetch: --driver: the state alone, and behind a single query" {
	echo 4 >"$BATS_TEST_TMPDIR/count"
	run --separate-stderr -0 as-fetch --driver file \
		--service "$BATS_TEST_TMPDIR/count" --target-name web
	run -0 jq -c '[.type, .target, .driver, .instances]' <<<"$output"
	[ "$output" = '["state","web","file",4]' ]
	run --separate-stderr -0 fetch -u "$STUB/matrix=1" --driver file \
		--service "$BATS_TEST_TMPDIR/count"
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} == *'"instances":4'* ]]
	run --separate-stderr -2 as-fetch --driver abacus --target-name web
	[[ $stderr == "as-fetch: count of 'web': "*abacus* ]]
	run -0 jq -c '[.type, .target, .driver, has("error")]' <<<"$output"
	[ "$output" = '["state","web","abacus",true]' ]
}

@test "as-fetch: -c: several targets; --target-name chooses one" {
	settings "$BATS_TEST_TMPDIR/a.conf"
	settings "$BATS_TEST_TMPDIR/b.conf"
	sed -i 's/target web/target shop/' "$BATS_TEST_TMPDIR/b.conf"
	run --separate-stderr -0 as-fetch -c "$BATS_TEST_TMPDIR" --now "$NOW"
	[ "${#lines[@]}" = 6 ]
	run --separate-stderr -0 as-fetch -c "$BATS_TEST_TMPDIR" --now "$NOW" \
		--target-name shop
	[ "${#lines[@]}" = 3 ]
	[[ ${lines[0]} == *'"target":"shop"'* && ${lines[2]} == *'"target":"shop"'* ]]
	run --separate-stderr -2 as-fetch -c "$BATS_TEST_TMPDIR" --target-name x
	[[ $stderr == *"no target 'x'"* ]]
	run --separate-stderr -2 as-fetch -c "$BATS_TEST_TMPDIR" -q up
	[[ $stderr == *"--target-name is needed"* ]]
	run --separate-stderr -0 as-fetch -c "$BATS_TEST_TMPDIR" -q up \
		--target-name shop --name extra --now "$NOW"
	[ "${#lines[@]}" = 1 ]
	[[ $output == *'"__name__":"extra","target":"shop"'* ]]
}

@test "as-fetch: -c: files, pages and this machine as sources" {
	local d=$BATS_TEST_TMPDIR

	printf '100,1\n200,2\n' >"$d/in.csv"
	body gauge <<<'temp 21'
	for source in "csv $d/in.csv 2 [1,2]" "scrape $STUB/body=gauge temp [21]" \
		"proc /proc memory true"; do
		read -r type url query want <<<"$source"
		cat >"$d/as.conf" <<-EOF
			source { type = $type url = "$url" }
			signal s { query = "$query" capacity = 1 }
		EOF
		# the variable is of a server; these sources are none
		PROMETHEUS_URL=http://127.0.0.1:1 run --separate-stderr -0 \
			as-fetch -c "$d/as.conf"
		run -0 jq -c --arg type "$type" \
			'if $type == "proc" then .values[0] > 1e6 else .values end' \
			<<<"$output"
		assert_output "$want"
	done
}

@test "as-fetch: -c: PROMETHEUS_URL goes before the file" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	PROMETHEUS_URL=$STUB/matrix=1,id=variable run -0 \
		as-fetch -c "$BATS_TEST_TMPDIR/as.conf" --now "$NOW"
	[ "$(requests id=variable .form.query)" = $'"a"\n"b"' ]
}

@test "as-fetch: -c: a reader that leaves: nothing more is asked" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	run -2 unread as-fetch -c "$BATS_TEST_TMPDIR/as.conf" \
		-u "$STUB/matrix=1,id=left"
	[ "$(requests id=left .form.query)" = '"a"' ]
}

@test "as-fetch: -c: a file that is wrong: exit 2, names file and line" {
	settings "$BATS_TEST_TMPDIR/as.conf"
	sed -i 's/capacity = 3/capicity = 3/' "$BATS_TEST_TMPDIR/as.conf"
	run --separate-stderr -2 as-fetch -c "$BATS_TEST_TMPDIR/as.conf"
	[[ $stderr == "as-fetch: $BATS_TEST_TMPDIR/as.conf:4: "*capicity* ]]
	[ "$output" = "" ]
}
