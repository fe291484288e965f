# shellcheck shell=bash disable=SC2154 # $root and $dir are the caller's
# replay.bash - test/stub/replay.py in the background, for one test
#
#     answers <<-'END'            # what it says; may be called again
#         GET /v1/job/web/scale nomad-job-scale-status.http
#     END
#     replay_start                # sets PORT
#     replay_stop                 # in teardown

# answers: standard input is the script; answers that are not recorded are
# files of $dir/answers
answers() {
	mkdir -p "$dir/answers"
	cp -n "$root"/test/stub/records/*.http "$dir/answers/"
	cat >"$dir/script"
}

# answer NAME STATUS BODY [HEADER]: an answer of our own
answer() {
	mkdir -p "$dir/answers"
	{
		echo "HTTP/1.1 $2 Made up"
		echo "Content-Type: application/json"
		[ -z "${4:-}" ] || echo "$4"
		printf 'Content-Length: %d\n\n%s' "${#3}" "$3"
	} >"$dir/answers/$1"
}

# changed NAME RECORDED FILTER: a recorded answer with its body changed by jq
changed() {
	answer "$1" 200 "$(sed '1,/^$/d' "$root/test/stub/records/$2" |
		jq -c "$3")"
}

replay_start() {
	: >"$dir/sent"
	rm -f "$dir/port"
	python3 "$root/test/stub/replay.py" "$dir/sent" "$dir/script" \
		"$dir/answers" "$@" >"$dir/port" 2>"$dir/replay.err" \
		</dev/null 3>&- &
	echo $! >"$dir/replay.pid"
	wait_until 10 test -s "$dir/port"
	PORT=$(cat "$dir/port")
}

replay_stop() {
	[ ! -e "$dir/replay.pid" ] || kill "$(cat "$dir/replay.pid")"
}

# sent [METHOD]: the requests that came, "METHOD PATH", in order
sent() {
	jq -r --arg m "${1:-}" 'select($m == "" or .method == $m) |
		"\(.method) \(.path)"' "$dir/sent"
}

# wrote: how many requests that were not for reading
wrote() {
	jq -s 'map(select(.method != "GET")) | length' "$dir/sent"
}
