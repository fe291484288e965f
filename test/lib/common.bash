# What every bats file loads: a clean environment, the commands on PATH.
# B names the build directory (default: build beside the sources).
export LC_ALL=C TZ=UTC
unset ARGP_HELP_FMT POSIXLY_CORRECT PROMETHEUS_URL ALERT_WEBHOOK_URL \
	MIN_INSTANCES MAX_INSTANCES MAX_MONTHLY_COST COST_PER_INSTANCE \
	EMERGENCY_THRESHOLD DECISION_INTERVAL XDG_STATE_HOME
bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
data=$root/test/data
export PATH="${B:-$root/build}:$root/scripts:$PATH"

# RETRIES=N: a test that fails is run N times more, and says so. A service that
# a busy machine starved is no fault of the commands; two in a row are.
# shellcheck disable=SC2034 # bats reads it
BATS_TEST_RETRIES=${RETRIES:-0}
if [ "${BATS_TEST_TRY_NUMBER:-1}" -gt 1 ]; then
	echo "# tried again: ${BATS_TEST_FILENAME##*/}:" \
		"${BATS_TEST_NAME:-}" >&3
fi

# wait_until SECONDS COMMAND...: polls every 50 ms
wait_until() {
	local left=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.05
	done
}

# unread COMMAND...: runs it with a standard output that nobody reads any more
unread() {
	local pipe
	pipe=$(mktemp -u "$BATS_TEST_TMPDIR/unread.XXXXXX")
	mkfifo "$pipe"
	# a writer may only open a pipe that has a reader
	exec 7<>"$pipe" 8>"$pipe" 7<&-
	"$@" >&8 8>&-
}

# not_under_valgrind: for a test of times or of users, which it would change
not_under_valgrind() {
	[ -z "${UNDER_VALGRIND:-}" ] || skip "not under valgrind"
}
