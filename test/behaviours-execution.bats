# What stands between a decision and a count

load lib/common
load lib/decision

setup() {
	dir=$BATS_TEST_TMPDIR
	driver=file
	cd "$dir" || exit 1
	echo 3 >count
}

# settings LINE...: a file for the driver file
settings() {
	printf '%s\n' 'target web { mode = auto }' 'signal load { capacity = 1 }' \
		"apply { driver = file service = \"$dir/count\" $1 }" \
		"state { dir = \"$dir/state\" }" >web.conf
}

apply() {
	as-apply -c web.conf --now "$now" "$@"
}

@test "execution: whoever is asked before a removal may forbid it" {
	cat >ask <<-'END'
		#!/bin/sh
		echo "$@ $AUTOSCALE_TARGET $AUTOSCALE_FROM $AUTOSCALE_TO" >>asked
		cat >record
		[ ! -e leader ] || { echo "the leader is here" >&2; exit 1; }
	END
	chmod +x ask
	settings "before_removal = \"$dir/ask is it free\""
	: >leader
	decide 3 2 >in
	run --separate-stderr -1 apply in
	outcome refused "before_removal: *exited with 1: *the leader is here*"
	[ "$(cat count)" = 3 ]
	[ "$(cat asked)" = "is it free web 3 2" ]
	[ "$(cat record)" = "$(cat in)" ]
	# it is no change, so that the next decision can ask again
	rm leader
	run -0 apply in
	outcome applied
	[ "$(cat count)" = 2 ]
	[ "$(wc -l <asked)" = 2 ]
	# additions ask nobody, and neither do dry runs
	decide 2 3 >in
	run -0 apply in
	outcome applied
	decide 3 1 >in
	run -0 apply --dry-run in
	[ "$(wc -l <asked)" = 2 ]
}

@test "execution: who cannot be asked has not agreed" {
	decide 3 2 >in
	for words in "$dir/nobody" /bin/false ' '; do
		settings "before_removal = \"$words\""
		run --separate-stderr -1 apply in
		outcome refused 'before_removal: *'
		[ "$(cat count)" = 3 ]
	done
}

@test "execution: failures of a clock that was ahead hold up nothing" {
	settings
	sed -i "s,$dir/count,$dir/none/count," web.conf
	for minute in 00 01 02 03; do
		now=2027-11-23T17:$minute:00Z
		decide 3 5 >in
		run --separate-stderr apply in
	done
	[ "$status" = 3 ]
	sed -i "s,$dir/none/count,$dir/count," web.conf
	now=2026-11-23T17:00:00Z
	decide 3 5 >in
	run -0 --separate-stderr apply in
	outcome applied
	# nor does what was done under the same plan then
	now=2027-11-23T18:00:00Z
	echo 3 >count
	decide 3 5 >in
	run -0 --separate-stderr apply in
	now=2026-11-23T18:00:00Z
	echo 3 >count
	decide 3 5 >in
	run -0 --separate-stderr apply in
	outcome applied
}

@test "execution: what fails again and again is tried ever more seldom" {
	settings
	# a count that cannot be replaced: its folder is gone
	sed -i "s,$dir/count,$dir/none/count," web.conf
	minute() { # N FROM TO: the minute's decision
		now=2026-11-23T17:$1:00Z
		decide "$2" "$3" >in
		run --separate-stderr apply in
		result .status
	}
	# after 1, 2, 4 and then 8 minutes, and the other way is another matter
	for row in '00 failed' '01 failed' '02 refused' '03 failed' \
		'04 refused' '06 refused' '07 failed' '11 refused' \
		'14 refused' '15 failed' '22 refused' '23 failed'; do
		assert_equal "${row% *} $(minute "${row% *}" 3 5)" "$row"
	done
	minute 24 3 5
	outcome refused "failed 6 times in a row: not tried again before 2026-11-23T17:30:30*"
	[ "$(minute 24 3 2)" = failed ]
	# once it is well it goes on, and nothing is held against it
	sed -i "s,$dir/none/count,$dir/count," web.conf
	[ "$(minute 31 3 5)" = applied ]
	sed -i "s,$dir/count,$dir/none/count," web.conf
	[ "$(minute 32 5 6)" = failed ]
	[ "$(minute 33 5 6)" = failed ]
}
