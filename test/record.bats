# The contract of as-records(5), on the real pipe
load lib/common

setup() {
	set -o pipefail
	cd "$BATS_TEST_TMPDIR"
}

# bad WHY LINE: as-detect refuses LINE as line 2, because of WHY, and hands on
# the lines around it
bad() {
	printf '{"type":"a"}\n%s\n{"type":"b"}\n' "$2" >in
	run -1 --separate-stderr as-detect in
	if [ "$stderr" != "as-detect: in:2: $1" ]; then
		echo "line: $2"
		echo "said: $stderr"
		return 1
	fi
	[ "$output" = $'{"type":"a"}\n{"type":"b"}' ]
}

@test "records: what is no JSON is refused, and the reason is given" {
	bad 'not JSON' 'hello'
	bad 'cut short' '{"a":1'
	bad 'more after the value' '{"a":1}{"b":2}'
	bad 'more after the value' '{"a":1},'
	bad 'a member is repeated' '{"a":1,"a":1}'
	bad 'a member is repeated' '{"x":{"a":1,"\u0061":1}}'
	bad 'a number that is not JSON' '{"a":01}'
	bad 'a number that is not JSON' '{"a":1.}'
	bad 'not JSON' '{"a":.5}'
	bad 'not JSON' '{"a":+1}'
	bad 'a member without a name' '{"a":1,}'
	bad 'a comma is missing' '{"a":1 "b":2}'
	bad 'a member without a name' '{a:1}'
	bad 'a bad escape in a string' '{"a":"\x"}'
	bad 'half of a surrogate pair in a string' '{"a":"\ud800"}'
	bad 'a string that is not UTF-8' $'{"a":"\xff"}'
	bad 'a control character in a string' $'{"a":"\t"}'
	bad 'a NUL in a string' '{"a":"\u0000"}'
	bad 'not a JSON object' '[]'
	bad 'not a JSON object' '5'
	bad "'type' is not a string" '{"type":5}'
}

@test "records: a NUL in a line is refused" {
	printf '{"type":"a"}\0\n{"type":"\0"}\n{"type":"b"}\n' >in
	run -1 --separate-stderr as-detect in
	[ "${stderr_lines[0]}" = "as-detect: in:1: a NUL in the line" ]
	[ "${stderr_lines[1]}" = "as-detect: in:2: a NUL in a string" ]
	[ "$output" = '{"type":"b"}' ]
}

@test "records: a hundred levels pass, a hundred and one do not" {
	local open close

	open=$(printf '{"a":%.0s' $(seq 100))
	close=$(printf '}%.0s' $(seq 100))
	[ "$(echo "${open}1$close" | as-detect)" = "${open}1$close" ]
	run -1 --separate-stderr as-detect <<<"{\"a\":${open}1$close}"
	[ "$stderr" = "as-detect: stdin:1: more than 100 levels deep" ]
	# far more do no harm
	head -c 2000000 /dev/zero | tr '\0' '[' >in
	run -1 as-detect in
}

@test "records: a series that is none is refused" {
	bad "'metric' is not an object of strings" \
		'{"metric":{"a":1},"values":[],"timestamps":[]}'
	bad "'values' or 'timestamps' is missing or not an array" '{"metric":{}}'
	bad "'values' and 'timestamps' differ in length" \
		'{"metric":{},"values":[1],"timestamps":[]}'
	bad "'values' holds what is no number" \
		'{"metric":{},"values":["1"],"timestamps":[1]}'
	bad "'values' holds what is no number" \
		'{"metric":{},"values":[1e400],"timestamps":[1]}'
	bad "'timestamps' holds what is no time in milliseconds" \
		'{"metric":{},"values":[1],"timestamps":[null]}'
}

# forecast FILE...: the forecast, with its labels in order
forecast() {
	as-predict --now 2017-01-16T06:00:30Z "$@" | jq -cS .
}

@test "records: a series in pieces, in any order, twice, is the same series" {
	jq -c '. as $s | range(0; 4032; 100) as $i | {
		metric: {unit: "percent", target: "web", __name__: "cpu"},
		values: $s.values[$i:$i+120], timestamps: $s.timestamps[$i:$i+120]
		}' "$data/web.ndjson" >pieces
	forecast "$data/web.ndjson" >whole
	[ "$(jq -r .type whole)" = forecast ]
	[ "$(jq '.values | length' whole)" -gt 0 ]
	forecast pieces >got
	diff whole got
	forecast <(tac pieces) >got
	diff whole got
	forecast <(shuf --random-source="$data/web.ndjson" pieces) pieces >got
	diff whole got
}

@test "records: of two samples of one time the later line counts" {
	local t=1484546400000

	printf '{"metric":{"target":"web","__name__":"cpu","unit":"percent"},"values":[99],"timestamps":[%s]}\n' \
		$t >late
	[ "$(forecast "$data/web.ndjson" late | jq '.observed.values[-1]')" = 99 ]
	[ "$(forecast late "$data/web.ndjson" | jq '.observed.values[-1]')" = \
		"$(jq '.values[-1]' "$data/web.ndjson")" ]
}

@test "records: null, NaN and Inf, bare or quoted, are samples not there" {
	jq -c '.values[-3:] = ["@", "@", "@"]' "$data/web.ndjson" >marked
	jq -c '.values |= .[:-3] | .timestamps |= .[:-3]' "$data/web.ndjson" >short
	forecast short >want
	for word in null NaN -Inf Infinity '"NaN"' '"+Inf"'; do
		sed "s/\"@\"/$word/g" marked >in
		forecast in >got
		diff want got
	done
}

@test "records: numbers come out as exactly as they went in" {
	printf '{"metric":{"target":"x"},"values":[0.1,0.30000000000000004,1e-300,5e-324,1.7976931348623157e308,123456789.12345678],"timestamps":[1763900000000,1763900060000,1763900120000,1763900180000,1763900240000,1763900300000]}\n' >in
	as-predict --now 1763900310 in | jq -e --slurpfile in in '
		(.observed.values | length) as $n | $n > 0 and
		.observed.values == $in[0].values[-$n:]'
}

@test "records: a state with an error counts as not known" {
	local t='"time":"2017-01-16T06:00:20Z"' decision

	printf '{"type":"state","target":"web",%s,"driver":"file","instances":7,"ready":7}\n' "$t" >known
	printf '{"type":"state","target":"web",%s,"driver":"file","instances":7,"error":"gone"}\n' "$t" >wrong
	decide() {
		as-predict --now 2017-01-16T06:00:30Z "$data/web.ndjson" "$1" |
			as-decide --now 2017-01-16T06:00:30Z \
				--capacity 10
	}
	[ "$(decide known | jq .current_instances)" = 7 ]
	decision=$(decide wrong)
	[ "$(jq -r .action <<<"$decision")" = hold ]
	jq -e '.states | index("count-unknown")' <<<"$decision"
}

@test "records: a line of a million samples is one line" {
	jq -nc '{metric: {target: "long"},
		values: [range(1000000) | . % 1000],
		timestamps: [range(1000000) | 1700000000000 + . * 1000]}' >in
	[ "$(wc -l <in)" = 1 ]
	as-detect in >out
	head -n 1 out | cmp - in
}

@test "records: the same input gives the same output, to the byte" {
	pipe() {
		as-predict --now 2017-01-16T06:00:30Z "$data/web.ndjson" |
			as-decide --now 2017-01-16T06:00:30Z \
				--instances 3 --capacity 10
	}
	pipe >one
	pipe >two
	cmp one two
	[ "$(jq -r .type one)" = decision ]
}
