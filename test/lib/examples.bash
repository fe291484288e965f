# shellcheck shell=bash
# examples.bash - takes the EXAMPLES out of a man page and runs them
# The form is described in CONTRIBUTING.md, under "Man pages".

# examples_text PAGE: the displays under EXAMPLES, without mdoc's escapes; a
# line of one form feed stands between two of them
examples_text() {
	awk '
		/^\.Sh/ { here = $2 == "EXAMPLES" }
		!here { next }
		/^\.Bd -literal/ { display = 1; next }
		/^\.Ed/ { display = 0; print "\f"; next }
		display {
			gsub(/\\&/, "")
			gsub(/\\-/, "-")
			gsub(/\\\(aq/, "\047")
			gsub(/\\\(ti/, "~")
			gsub(/\\\(ha/, "^")
			gsub(/\\e/, "\\")
			print
		}' "$1"
}

# A command is whole once the shell can parse it
example_whole() {
	case $1 in
	*\\) return 1 ;;
	esac
	bash -n <<<"$1" 2>/dev/null
}

# example_try PAGE COMMAND STATUS EXPECTED: the same status, and where output
# is expected that output, up to a line "..."
example_try() {
	local page=$1 status=0 expected=$4

	printf '%s\n' "$2" >.command
	bash -e -o pipefail .command >.out 2>.err </dev/null || status=$?
	if [ "$status" != "$3" ]; then
		printf '%s: status %s, not %s, of: %s\n' "$page" "$status" \
			"$3" "$2"
		cat .err
		return 1
	fi
	[ -n "$expected" ] || return 0
	if [[ $expected == *$'\n...' ]]; then
		expected=${expected%$'\n...'}
		head -n "$(wc -l <<<"$expected")" .out >.head
		mv .head .out
	fi
	diff <(printf '%s\n' "$expected") .out >.diff && return 0
	printf '%s: other output (<: the page, >: now) of: %s\n' "$page" "$2"
	cat .diff
	return 1
}

# examples_run PAGE: 0 if it has examples and all of them hold
examples_run() {
	local page=${1##*/} command='' expected='' wanted=0 next=0 skip=''
	local seen=0 ran=0 failed=0 line

	finish() {
		[ -n "$command" ] || return 0
		seen=$((seen + 1))
		if ! bash -n <<<"$command"; then
			echo "$page: not a command: $command"
			failed=1
		elif [ -z "$skip" ]; then
			ran=$((ran + 1))
			example_try "$page" "$command" "$wanted" "$expected" ||
				failed=1
		fi
		command='' expected=''
	}

	while IFS= read -r line; do
		if [ -n "$command" ] && ! example_whole "$command" &&
			[ "$line" != $'\f' ]; then
			command+=$'\n'$line
			continue
		fi
		case $line in
		$'\f')
			finish
			skip=''
			;;
		'# needs '*)
			finish
			skip=1
			;;
		'# exits '*)
			finish
			next=${line#\# exits }
			;;
		'$ '*)
			finish
			command=${line#\$ } wanted=$next next=0
			;;
		*)
			if [ -z "$command" ]; then
				echo "$page: output of no command: $line"
				failed=1
			fi
			expected+=${expected:+$'\n'}$line
			;;
		esac
	done < <(examples_text "$1")
	[ "$ran" -gt 0 ] || echo "$page: none of $seen examples is run"
	[ "$failed" = 0 ] && [ "$ran" -gt 0 ]
}
