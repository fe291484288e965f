# What is not known is not a number: the whole pipe, from a source to a count.
#
# The count stands in a file, so that a test sees what really came of it.

load lib/common
load lib/stub

now=2017-01-16T06:00:30Z # half a minute after the newest sample of web.ndjson
epoch=1484546430

setup_file() {
	stub_start
	jq -r '[.timestamps, .values] | transpose[] |
		"\(.[0] / 1000),\(.[1])"' "$data/web.ndjson" \
		>"$BATS_FILE_TMPDIR/web.csv"
}

teardown_file() {
	stub_stop
}

setup() {
	dir=$BATS_TEST_TMPDIR
	cd "$dir" || exit 1
	cp "$BATS_FILE_TMPDIR/web.csv" .
	settings
}

# settings [LINE...]: one signal from a file, a count in a file
settings() {
	printf '%s\n' 'target web { mode = auto }' \
		"source { type = csv url = \"$dir/web.csv\" }" \
		'signal cpu { capacity = 10 target = 100% }' \
		"apply { driver = file service = \"$dir/count\" }" "$@" >web.conf
}

# turn COUNT [OPTION-OF-AS-FETCH...]: one turn of the loop; $decision
turn() {
	[ "$1" = - ] || echo "$1" >count
	shift
	as-fetch -c web.conf --now "$epoch" --retries 0 "$@" 2>fetch.err |
		as-predict -c web.conf --now "$now" 2>predict.err |
		as-decide -c web.conf --now "$now" >decided 2>decide.err
	as-apply -c web.conf --now "$now" decided >out 2>apply.err || true
	decision=$(cat decided)
}

is() {
	assert_equal "$(jq -c "$1" <<<"$decision")" "$2"
}

# of the samples of the last two hours
last_two_hours() {
	awk -F, -v from=$((epoch - 7200)) "$1" web.csv >new
	mv new web.csv
}

@test "inputs: a load that really fell takes instances away" {
	# what the tests below must not do, so that they can fail
	turn 9
	is .action '"scale_down"'
	[ "$(cat count)" -lt 9 ]
	last_two_hours '{ print $1 "," ($1 > from ? 0 : $2) }'
	turn 9
	[ "$(cat count)" -lt 9 ]
}

@test "inputs: no way of not being a number lowers the count" {
	for word in '' NaN Inf -Inf null NA; do
		cp "$BATS_FILE_TMPDIR/web.csv" .
		last_two_hours '{ print $1 "," ($1 > from ? "'"$word"'" : $2) }'
		turn 9
		[ "$(cat count)" = 9 ] || fail "'$word': $decision"
		is .action '"hold"'
	done
	cp "$BATS_FILE_TMPDIR/web.csv" .
	last_two_hours '$1 <= from'
	turn 9
	[ "$(cat count)" = 9 ]
	: >web.csv
	turn 9
	[ "$(cat count)" = 9 ]
	is '.states | index("no-data") != null' true
}

@test "inputs: a count that cannot be read is not acted on, nor written over" {
	for text in '' '-1' 'three' '2.5' '3 4' '1e3'; do
		printf '%s\n' "$text" >count
		touch -d 2017-01-01 count
		cp -p count before
		turn -
		is .action '"hold"'
		is '.states | index("count-unknown") != null' true
		is 'has("recommended_instances")' false
		cmp count before
		[ ! count -nt before ]
	done
	rm count
	turn -
	is .action '"hold"'
	[ ! -e count ]
}

# The source of a turn that fails; the count must stay
fails() {
	turn 9 "$@"
	[ "$(cat count)" = 9 ] || fail "$*: $decision"
	is '[.action, (.states | index("no-data") != null)]' '["hold",true]'
	is '.inputs[0].note != null and .inputs[0].value == null' true
	[ -s fetch.err ]
	turn 4 "$@"
	[ "$(cat count)" = 6 ] || fail "$*: fallback, $decision"
}

@test "inputs: however a source fails, the fail-safe is the most of all" {
	not_under_valgrind
	settings 'policy { fallback_instances = 6 }'
	sed -i "s,type = csv.*,type = prometheus timeout = 300ms },
		s,signal cpu {,& query = x," web.conf
	# no such name, nobody listens, no TLS there, no answer in time
	fails -u http://no-such-host.invalid
	fails -u http://127.0.0.1:1
	fails -u "https://${STUB#http://}/matrix=1"
	fails -u "$STUB/hang"
	# a server that is ill, one that has nothing, one that talks nonsense
	for status in 500 502 503 429 404 401; do
		fails -u "$STUB/status=$status"
	done
	fails -u "$STUB/text=%7B%22status%22:%22success%22,%22data%22:%7B%22resultType%22:%22matrix%22,%22result%22:%5B%5D%7D%7D"
	fails -u "$STUB/text=not+json"
	fails -u "$STUB/matrix=1,truncate=40"
	fails -u "$STUB/reset"
	fails -u "$STUB/garbage"
	# and where it does not fail, the count follows the load
	turn 9 -u "$STUB/matrix=1"
	is '.inputs[0].value != null' true
}

@test "inputs: a source that fails does not keep another from adding" {
	settings 'signal rps { query = "5" capacity = 10 }'
	turn 1
	# the file has no fifth column: rps fails, cpu asks for more than 1
	[ "$(cat count)" -gt 1 ]
	turn 9
	[ "$(cat count)" = 9 ]
	is '.states | index("missing-signal") != null' true
}

# answer END...: what a server says of as many series of 1 each, over an hour;
# each ends so many minutes before now
answer() {
	local i=0 sep=
	printf '{"status":"success","data":{"resultType":"matrix","result":['
	for end; do
		printf '%s{"metric":{"instance":"%s"},"values":%s}' "$sep" \
			$((i += 1)) "$(jq -cn --argjson now 1484546400 \
			--argjson last "$end" '[range(13) | $now - 3600 + 300 * . |
			select(. <= $now - 60 * $last) | [., "1"]]')"
		sep=,
	done
	printf ']}}'
}

@test "inputs: where half of those behind it are silent a low sum removes nothing" {
	settings
	sed -i "s,type = csv.*,type = prometheus },
		s,signal cpu {.*,signal cpu { query = x capacity = 1 target = 100% aggregate = sum }," web.conf
	# four are to be heard; two have not been for ten minutes, three of them
	# ended within the last quarter of an hour, or all are there
	for row in '10 10 0 0|4' '15 5 5 0|4' '10 0 0 0|3' '0 0 0|3' '60 60 0 0|2'; do
		# shellcheck disable=SC2086
		answer ${row%|*} >"$BODIES/some"
		echo 4 >count
		as-fetch -c web.conf --now "$epoch" --range 1h -u "$STUB/body=some" \
			2>fetch.err |
			as-decide -c web.conf --stabilisation 1m \
				--fallback-target 100% --now "$now" >decided
		decision=$(cat decided)
		assert_equal "$row: $(jq .recommended_instances decided)" \
			"$row: ${row#*|}"
		if [ "${row#*|}" = 4 ]; then
			is .action '"hold"'
			[[ $(jq -r .reason decided) == *"have fallen silent"* ]]
			grep -q 'have fallen silent' fetch.err
		fi
	done
	# and it keeps nothing from being added
	answer 10 10 0 0 >"$BODIES/some"
	echo 1 >count
	as-fetch -c web.conf --now "$epoch" --range 1h -u "$STUB/body=some" \
		2>fetch.err | as-decide -c web.conf --now "$now" |
		jq -e '.recommended_instances >= 2'
}

@test "inputs: age and coverage of every input stand in the decision" {
	turn 9
	is '.inputs[0] | [.age_s, .coverage]' '[30,1]'
	last_two_hours '$1 <= from || NR % 3 > 0'
	turn 9
	is '.inputs[0].coverage < 1' true
}
