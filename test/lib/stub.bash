# shellcheck shell=bash disable=SC2154 # $root is lib/common's
# stub.bash - test/stub/stub.py in the background, for a bats file
#
#     setup_file() { stub_start; }      # sets STUB, BODIES, STUB_LOG
#     teardown_file() { stub_stop; }

stub_start() {
	BODIES=$BATS_FILE_TMPDIR/bodies
	STUB_LOG=$BATS_FILE_TMPDIR/requests
	export BODIES STUB_LOG STUB
	mkdir -p "$BODIES"
	: >"$STUB_LOG"
	python3 "$root/test/stub/stub.py" "$STUB_LOG" --dir "$BODIES" "$@" \
		>"$BATS_FILE_TMPDIR/port" 2>"$BATS_FILE_TMPDIR/stub.err" \
		</dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/stub.pid"
	wait_until 10 test -s "$BATS_FILE_TMPDIR/port"
	STUB=http://127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")
}

stub_stop() {
	kill "$(cat "$BATS_FILE_TMPDIR/stub.pid")"
}

# body NAME: standard input is what the stub answers to .../body=NAME/
body() {
	cat >"$BODIES/$1"
}

# requests PART [FILTER]: the requests whose path holds PART, as jq shows them
requests() {
	jq -c --arg part "$1" \
		"select(.path | contains(\$part)) | ${2:-.}" "$STUB_LOG"
}
