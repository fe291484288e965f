# What every command promises, whatever its job is
load lib/common

# commands: those that were built, one a line
commands() {
	(cd "${B:-$root/build}" && ls -d as-*)
}

# filters: those that read records
filters() {
	commands | grep -vxE 'as-fetch|as-approve|as-log'
}

# passers: those that hand on what they have no use for
passers() {
	filters | grep -vxE 'as-train|as-report'
}

# options CMD: sets `options` to the least with which CMD does its job without
# touching anything outside the test's folder
options() {
	local t=$BATS_TEST_TMPDIR

	case $1 in
	as-fetch)
		printf 'time,value\n1763900000,1\n' >"$t/fetch.csv"
		options=(--csv "$t/fetch.csv")
		;;
	as-train) options=(-o "$t/train.model") ;;
	as-decide) options=(--instances 3 --capacity 10) ;;
	as-apply)
		[ -e "$t/count" ] || echo 3 >"$t/count"
		options=(--driver file --service "$t/count" --dry-run)
		;;
	as-notify) options=(--dry-run) ;;
	*) options=() ;;
	esac
}

# each LIST FUNCTION: calls FUNCTION CMD for every CMD of LIST; all of them are
# tried, and those that failed named
each() {
	local cmd failed='' list

	list=$($1)
	[ -n "$list" ] || return 1
	for cmd in $list; do
		options "$cmd"
		# in the background, because a condition would switch off -e
		(
			set -e
			"$2" "$cmd"
		) &
		wait $! || failed="$failed $cmd"
	done
	if [ -n "$failed" ]; then
		echo "failed for:$failed"
		return 1
	fi
}

# says CMD STATUS TEXT ARG...: with ARGs it exits with STATUS, prints nothing,
# and says a line that begins with "CMD: " and has TEXT in it
says() {
	local cmd=$1 status=$2 text=$3 got=0

	shift 3
	"$cmd" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" \
		</dev/null || got=$?
	if [ "$got" != "$status" ] || [ -s "$BATS_TEST_TMPDIR/out" ] ||
		! grep "^$cmd: " "$BATS_TEST_TMPDIR/err" | grep -qF -- "$text"; then
		echo "$cmd $*: status $got; said:"
		cat "$BATS_TEST_TMPDIR/err"
		return 1
	fi
}

@test "every command: there are some" {
	[ "$(commands | wc -l)" -ge 6 ]
	[ "$(passers | wc -l)" -ge 3 ]
}

helps() {
	local help

	help=$("$1" --help 2>"$BATS_TEST_TMPDIR/err")
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	[ "$help" = "$("$1" -h)" ]
	grep -q "^Usage: $1 " <<<"$help"
	for option in '-c, --config=FILE' '--now=TIME' '--on-bad=skip|stop' \
		'-v, --verbose' '-h, --help' '--version'; do
		grep -qF -- "$option" <<<"$help"
	done
	# an option of the command wins over what surrounds it
	[ "$help" = "$(ARGP_HELP_FMT=rmargin=50 "$1" --help)" ]
	# but for words that have no place to break
	[ "$(awk 'length > 79 && length($1) < 50' <<<"$help")" = "" ]
}

@test "every command: --help is on standard output, within 79 columns, exit 0" {
	each commands helps
}

# A time, a share or a count has a unit or a default that a reader must know
defaults() {
	"$1" --help | awk -v cmd="$1" '
		/^ +(-[a-zA-Z], )?--/ { check(); text = "" }
		/^ *$/ { check(); text = "" }
		{ text = text $0 " " }
		END { check(); exit bad }
		function check() {
			if (text ~ /=(DURATION|SHARE|N|COUNT|TIME|SECONDS|NUMBER|PERCENT) / &&
			    text !~ /default|--now|--end|--since/) {
				print cmd ": no default: " text
				bad = 1
			}
		}'
}

@test "every command: help names the default of what has a value in a unit" {
	each commands defaults
}

versions() {
	[[ $("$1" --version) =~ ^$1\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ "$("$1" --version | cut -d' ' -f2)" = \
		"$(as-detect --version | cut -d' ' -f2)" ]
}

@test "every command: --version says name and version, the same for all" {
	each commands versions
}

full() {
	local what

	for what in --help --version --usage; do
		run -2 --separate-stderr sh -c '"$1" "$2" >/dev/full' sh "$1" "$what"
		[ "$stderr" = "$1: cannot write standard output: No space left on device" ]
		run -2 sh -c '"$1" "$2" >&-' sh "$1" "$what"
	done
}

@test "every command: --help to a full disk or nowhere exits 2" {
	each commands full
}

full_record() {
	local status

	for redirect in '>/dev/full' '>&-'; do
		status=0
		eval '"$1" "${options[@]}" '"$redirect" \
			<<<'{"type":"unknown"}' \
			2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ "$status" = 2 ]
		grep -q "^$1: cannot write standard output: " "$BATS_TEST_TMPDIR/err"
	done
}

@test "every command: a record that cannot be written exits 2" {
	each passers full_record
}

full_fetch() {
	run -2 sh -c 'exec "$@" >/dev/full' sh "$1" "${options[@]}"
}

@test "every command: what a source cannot write exits 2" {
	options as-fetch
	full_fetch as-fetch
}

refuses() {
	says "$1" 2 "--no-such-option" --no-such-option
	says "$1" 2 "'maybe'" "${options[@]}" --on-bad=maybe
	says "$1" 2 "'yesterday'" "${options[@]}" --now=yesterday
	says "$1" 2 "invalid option" -Z
	says "$1" 2 "requires an argument" --now
	says "$1" 2 "/nonexistent/as.conf" "${options[@]}" -c /nonexistent/as.conf
}

@test "every command: a bad option exits 2 and is named, nothing is printed" {
	each commands refuses
}

unreadable() {
	says "$1" 2 "'/nonexistent/file'" "${options[@]}" /nonexistent/file
	says "$1" 2 "'/'" "${options[@]}" /
}

@test "every command: a file that is not there or is none exits 2, named" {
	each filters unreadable
}

empty() {
	local status=0

	"$1" "${options[@]}" </dev/null >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	case $1 in
	as-train) # nothing to learn from: no model, and no success
		[ "$status" = 2 ] && [ -s "$BATS_TEST_TMPDIR/err" ] &&
			[ ! -e "$BATS_TEST_TMPDIR/train.model" ]
		;;
	as-decide) # always an answer
		[ "$status" = 0 ] &&
			[ "$(jq -r .action "$BATS_TEST_TMPDIR/out")" = hold ]
		;;
	as-report) # a sentence, not a blank page
		[ "$status" = 0 ] && grep -q nothing "$BATS_TEST_TMPDIR/out"
		;;
	*) [ "$status" = 0 ] && [ ! -s "$BATS_TEST_TMPDIR/out" ] ;;
	esac
}

@test "every command: empty input is handled as its page says" {
	each filters empty
}

bad_line() {
	local in=$BATS_TEST_TMPDIR/bad.in status=0

	printf '%s\n' '{"type":"a"}' '' '{"type":' '{"type":"b"}' '[1]' \
		'{"type":"c"}' >"$in"
	printf '{"type":"torn"' >>"$in"
	"$1" "${options[@]}" --on-bad=skip "$in" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$(grep "^$1: $in:[0-9]*: " "$BATS_TEST_TMPDIR/err")" = "\
$1: $in:3: cut short
$1: $in:5: not a JSON object
$1: $in:7: cut short" ]
	if [ "$1" = as-train ]; then # and there was no series, either
		[ "$status" = 2 ]
		return
	fi
	[ "$status" = 1 ]
	[ "$1" != as-report ] || return 0
	[ "$(grep '"type":"[abc]"' "$BATS_TEST_TMPDIR/out")" = \
		'{"type":"a"}
{"type":"b"}
{"type":"c"}' ]
}

@test "every command: bad lines are named FILE:LINE, the good ones go on, exit 1" {
	each filters bad_line
}

bad_stop() {
	local status=0

	printf '{"type":"a"}\nbad\n{"type":"b"}\n' |
		"$1" "${options[@]}" --on-bad=stop >"$BATS_TEST_TMPDIR/out" \
			2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 2 ]
	grep -q "^$1: stdin:2: not JSON" "$BATS_TEST_TMPDIR/err"
	! grep -q '"type":"b"' "$BATS_TEST_TMPDIR/out"
}

@test "every command: --on-bad=stop ends at the bad line, exit 2" {
	each filters bad_stop
}

stops_by_default() {
	local status=0

	printf 'bad\n' | "$1" "${options[@]}" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	case $1 in
	as-train | as-apply) [ "$status" = 2 ] ;;
	*) [ "$status" = 1 ] ;;
	esac
}

@test "every command: a bad line stops those that leave something behind" {
	each filters stops_by_default
}

# Spaces, escapes, numbers in other forms, CR, DEL, NaN, a member named twice in
# different objects: nothing of it may change
untouched() {
	local in=$BATS_TEST_TMPDIR/odd.in

	printf '%s\n' ' {"type" : "weather", "rain":1.50, "n":1e2 } ' \
		'{"\u0074ype":"\u00e4\/\ud83d\ude00","a":{"a":{"a":[]}}}' \
		'{"type":"x","v":[NaN,-Infinity,1e400,-0,123456789012345678901]}' \
		$'{"type":"crlf"}\r' '{}' '{"no":"type"}' \
		$'\t{"type":"\x7f\xc3\xa4"}' >"$in"
	"$1" "${options[@]}" "$in" >"$BATS_TEST_TMPDIR/out"
	cmp "$in" <(head -n 7 "$BATS_TEST_TMPDIR/out")
	"$1" "${options[@]}" - <"$in" >"$BATS_TEST_TMPDIR/out"
	cmp "$in" <(head -n 7 "$BATS_TEST_TMPDIR/out")
}

@test "every command: records of unknown types pass byte for byte" {
	each passers untouched
}

several_files() {
	printf '{"type":"a"}\n' >"$BATS_TEST_TMPDIR/a"
	printf '{"type":"b"}' >"$BATS_TEST_TMPDIR/b"
	[ "$(printf '{"type":"c"}\n' |
		"$1" "${options[@]}" "$BATS_TEST_TMPDIR/a" - "$BATS_TEST_TMPDIR/b" |
		head -n 3 | tr -d '\n')" = '{"type":"a"}{"type":"c"}{"type":"b"}' ]
}

@test "every command: files and standard input come in the order given" {
	each passers several_files
}

at_once() {
	local fifo=$BATS_TEST_TMPDIR/$1.fifo out=$BATS_TEST_TMPDIR/$1.out pid

	mkfifo "$fifo"
	"$1" "${options[@]}" <"$fifo" >"$out" 3>&- &
	pid=$!
	exec 7>"$fifo"
	echo '{"type":"first"}' >&7
	wait_until 10 grep -q first "$out"
	kill -0 "$pid"
	echo '{"type":"second"}' >&7
	wait_until 10 grep -q second "$out"
	exec 7>&-
	wait "$pid"
}

@test "every command: what passes through passes at once" {
	each passers at_once
}

# Endless input: the command must end because its reader did
reader_leaves() {
	local status=0

	yes '{"type":"endless"}' 2>/dev/null |
		{
			timeout 20 "$1" "${options[@]}" \
				2>"$BATS_TEST_TMPDIR/err" || status=$?
			echo $status >"$BATS_TEST_TMPDIR/status"
		} | head -n 1 >/dev/null
	status=$(cat "$BATS_TEST_TMPDIR/status")
	case $1 in
	as-apply | as-notify)
		[ "$status" = 2 ]
		grep -q "^$1: cannot write standard output: Broken pipe" \
			"$BATS_TEST_TMPDIR/err"
		;;
	*)
		[ "$status" = 141 ]
		[ ! -s "$BATS_TEST_TMPDIR/err" ]
		;;
	esac
}

@test "every command: a reader that leaves ends it" {
	each passers reader_leaves
}

# With no standard streams at all, no file opened later may become one
no_streams() {
	local status=0

	"$1" "${options[@]}" <&- >&- 2>&- || status=$?
	[ "$status" = 2 ] || [ "$status" = 0 ]
	[ "$status" = 2 ] || [ "$1" = as-train ] || ! filters | grep -qx "$1"
}

@test "every command: closed standard input is an error, not empty input" {
	each filters no_streams
}

documented() {
	[ -f "$root/man/$1.1" ]
	grep -q "^\.Xr $1 1\|^\.It Xr $1 1" "$root/man/autoscale.7"
	[ -f "$root/test/$1.bats" ]
	[ "$(grep -c '^@test' "$root/test/$1.bats")" -ge 5 ]
}

@test "every command: it has a page, an entry in autoscale(7), and tests" {
	each commands documented
}
