# The driver exec: a program of the user's reads and changes the count. The
# programs here keep the count in a file and log how they were called.

load lib/common
load lib/decision.bash

setup() {
	dir=$BATS_TEST_TMPDIR
	driver=exec
	service=$dir/prog
	echo 3 >"$dir/count"
	: >"$dir/calls"
	program 'state() { printf "{\"instances\":%s,\"ready\":%s}\n" "$n" "$n"; }
		scale() { cat >>"$dir/calls"; echo "$2" >"$dir/count"; }'
}

# program FUNCTIONS: writes $dir/prog; its functions state and scale find the
# count in $n
program() {
	cat >"$dir/prog" <<-END
		#!/bin/sh
		dir='$dir'
		echo "\$*" >>"\$dir/calls"
		n=\$(cat "\$dir/count")
		$1
		verb=\$1
		shift
		"\$verb" "\$@"
	END
	chmod +x "$dir/prog"
}

apply() {
	as-apply --driver exec --service "$service" --now "$now" \
		--timeout 5s "$@"
}

calls() {
	grep -c "^$1" "$dir/calls" || :
}

read_state() {
	run --separate-stderr as-fetch --driver exec --service "$service" \
		--now "$now" "$@"
}

@test "exec: the program is asked for its state" {
	program 'state() { echo "{\"instances\":4,\"ready\":3,\"version\":\"v 7\",\"x\":[]}"; }'
	read_state
	[ "$status" = 0 ]
	[ "$(state '"\(.driver) \(.instances) \(.ready) \(.version)"')" = \
		"exec 4 3 v 7" ]
}

@test "exec: words of the service and the host reach the program as they are" {
	cat >"$dir/prog" <<-'END'
		#!/bin/sh
		printf '{"instances":1,"version":"%s %s %s"}' "$#" "$*" "$AS_HOST"
	END
	service="$dir/prog  web@ \$HOME;ls"
	AS_HOST=other read_state --host 'qemu:///a b'
	[ "$(state .version)" = "3 web@ \$HOME;ls state qemu:///a b" ]
}

@test "exec: scale gets both counts, and the request on its standard input" {
	program 'state() { printf "{\"instances\":%s,\"version\":\"v\\\"7\"}" "$n"; }
		scale() { cat >>"$dir/calls"; echo "$2" >"$dir/count"; }'
	version='v"7'
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result '"\(.confirmed) \(.request)"')" = \
		"true RUN $dir/prog scale 3 5" ]
	[ "$(grep '^scale' "$dir/calls")" = 'scale 3 5' ]
	[ "$(grep '^{' "$dir/calls" | jq -c 'del(.decision)')" = \
		'{"from":3,"to":5,"version":"v\"7"}' ]
	# with the whole decision
	grep '^{' "$dir/calls" | jq -es --slurpfile d "$dir/in" \
		'.[0].decision.id == $d[0].id and
		.[0].decision.reason == $d[0].reason'
	[ "$(cat "$dir/count")" = 5 ]
}

@test "exec: machines by type are told, and the mix that is wanted is passed on" {
	program 'state() { echo "{\"instances\":3,\"ready\":2,\"mix\":[
			{\"type\":\"small\",\"count\":2,\"ready\":1},
			{\"type\":\"large\",\"count\":1,\"ready\":1}]}"; }
		scale() { cat >>"$dir/calls"; echo "$2" >"$dir/count"; }'
	read_state
	[ "$(state '.mix | tojson')" = '[{"type":"small","count":2,"ready":1},{"type":"large","count":1,"ready":1}]' ]
	program 'state() { echo "{\"instances\":$n}"; }
		scale() { cat >>"$dir/calls"; echo "$2" >"$dir/count"; }'
	version='' decide 3 5 '.mix = [{type:"small",count:2},{type:"large",count:3}]' \
		>"$dir/in"
	run -0 apply "$dir/in"
	grep -qF '"mix":[{"type":"small","count":2},{"type":"large","count":3}],' \
		"$dir/calls"
	program 'state() { echo "{\"instances\":3,\"mix\":[{\"type\":\"a\"}]}"; }'
	read_state
	[[ $(state .error) == *'gives a "mix" that is no list of types and counts' ]]
}

@test "exec: dry run, monitor and refused never run scale" {
	decide 3 5 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result .request)" = "RUN $dir/prog scale 3 5" ]
	run -0 apply --mode monitor "$dir/in"
	decide 4 5 >"$dir/in"
	run -1 apply "$dir/in"
	run -1 apply --dry-run "$dir/in"
	version=old
	decide 3 5 >"$dir/in"
	run -1 apply "$dir/in"
	[ "$(calls state)" -ge 3 ]
	[ "$(calls scale)" = 0 ]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "exec: a count that changes between two looks is not overwritten" {
	program 'state() {
			[ "$(grep -c state "$dir/calls")" = 1 ] || n=4
			echo "{\"instances\":$n}"; }
		scale() { echo "$2" >"$dir/count"; }'
	decide 3 5 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "'$dir/prog state' says 4 now, not 3"
	[ "$(calls scale)" = 0 ]
}

@test "exec: its exit status says what became of it, its last words why" {
	while read -r code exit what text; do
		program "state() { echo \"{\\\"instances\\\":\$n}\"; }
			scale() { echo 'no  unit' >&2; exit $code; }"
		decide 3 5 >"$dir/in"
		run --separate-stderr -"$exit" apply "$dir/in"
		outcome "$what" "'$dir/prog scale 3 5' exited with $code: \"no unit\"${text# }"
	done <<-'END'
		3 1 refused
		4 3 failed
		1 3 failed ; not carried out: it has 3
	END
}

@test "exec: a program that fails after the change: read back, not repeated" {
	program 'state() { echo "{\"instances\":$n}"; }
		scale() { echo "$2" >"$dir/count"; exit 9; }'
	decide 3 5 >"$dir/in"
	run --separate-stderr -0 apply "$dir/in"
	outcome applied
	[ "$(calls scale)" = 1 ]
}

@test "exec: a program that does not end is ended, and what it started" {
	program 'state() { echo "{\"instances\":$n}"; }
		scale() { sleep 1000 & echo $! >"$dir/pid"; trap "" TERM; sleep 1000; wait; }'
	decide 3 5 >"$dir/in"
	began=$SECONDS
	run --separate-stderr -3 apply --timeout 1s "$dir/in"
	outcome failed "'$dir/prog scale 3 5' was ended after 1 s; not carried out: it has 3"
	[ $((SECONDS - began)) -lt 60 ]
	! kill -0 "$(cat "$dir/pid")" 2>/dev/null ||
		grep -q '^State:.Z' "/proc/$(cat "$dir/pid")/status"
}

@test "exec: what a program leaves in the background is not waited for" {
	program 'state() { echo "{\"instances\":$n}"; }
		scale() { echo "$2" >"$dir/count"; sleep 60 & echo $! >"$dir/pid"; }'
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .took_ms)" -lt 30000 ]
	kill "$(cat "$dir/pid")"
}

@test "exec: waits until as many are ready" {
	program 'state() { r=$n
			[ "$n" = 3 ] || [ "$(grep -c state "$dir/calls")" -gt 5 ] || r=3
			echo "{\"instances\":$n,\"ready\":$r}"; }
		scale() { echo "$2" >"$dir/count"; }'
	decide 3 5 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(calls state)" -ge 6 ]
	program 'state() { echo "{\"instances\":$n,\"ready\":3}"; }
		scale() { echo "$2" >"$dir/count"; }'
	echo 3 >"$dir/count"
	run --separate-stderr -3 apply --timeout 1s "$dir/in"
	outcome timeout "'$dir/prog state' says that 3 of 5 are ready"
}

@test "exec: a count that does not stay is a failure" {
	program 'state() { echo "{\"instances\":$n}"; }
		scale() { echo 4 >"$dir/count"; }'
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "did not stay: '$dir/prog state' says 4 now, not 5"
}

@test "exec: answers that are none are named, and nothing is changed" {
	decide 3 5 >"$dir/in"
	while IFS='|' read -r body text; do
		program "state() { $body; }
			scale() { echo 5 >\"\$dir/count\"; }"
		run --separate-stderr -3 apply "$dir/in"
		outcome failed "'$dir/prog state' $text"
		read_state
		[ "$status" = 3 ]
		[ "$(state .instances)" = null ]
	done <<-'END'
		:|gave no JSON: it is empty
		echo three|gave no JSON: *
		echo "{}"|must give "instances"*
		echo "{\"instances\":2.5}"|must give "instances"*
		echo "{\"instances\":-1}"|must give "instances"*
		echo "{\"instances\":3,\"ready\":null}"|must give "instances"*
		echo "{\"instances\":3,\"version\":7}"|gives a "version" that is no text*
		echo "{\"error\":\"vpn is down\"}"|says: vpn is down
		head -c 70000 /dev/zero|wrote more than 65536 bytes
		echo gone >&2; exit 7|exited with 7: "gone"
		kill -9 $$|was ended by a signal
	END
	[ "$(calls scale)" = 0 ]
}

@test "exec: a program that is not there is an error of the settings' words" {
	service=$dir/none
	decide 3 5 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "cannot run '$dir/none': No such file or directory"
	service=' '
	run --separate-stderr -2 apply "$dir/in"
	[[ $stderr == *"driver 'exec' needs a service: the path of the program"* ]]
}

# --- scripts/drivers, with stand-ins for the tools they call ---

# units NUMBER...: a systemctl whose units are files of $dir/units
units() {
	mkdir -p "$dir/units"
	for n; do
		echo active >"$dir/units/web@$n.service"
	done
	cat >"$dir/systemctl" <<-END
		#!/bin/sh
		cd '$dir/units' || exit 1
		case \$1 in
		list-units)
			for unit in *; do
				[ -e "\$unit" ] && echo "\$unit loaded \$(cat "\$unit") running Web"
			done
			echo "web@x1.service loaded active running Web"
			;;
		enable) echo "\$*" >>'$dir/calls'; echo active >"\$3" ;;
		disable) echo "\$*" >>'$dir/calls'; rm "\$3" ;;
		esac
	END
	chmod +x "$dir/systemctl"
	export SYSTEMCTL=$dir/systemctl
	service="$root/scripts/drivers/systemd web@"
}

@test "exec: systemd: template units are counted, failed ones are not" {
	units 1 2 3 10
	echo failed >"$dir/units/web@4.service"
	echo activating >"$dir/units/web@2.service"
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "4 3" ]
	first=$(state .version)
	rm "$dir/units/web@3.service"
	read_state
	[ "$(state .version)" != "$first" ]
}

@test "exec: systemd: the free numbers are started, the highest stopped" {
	units 1 3
	decide 2 4 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(cat "$dir/calls")" = "enable --now web@2.service
enable --now web@4.service" ]
	: >"$dir/calls"
	decide 4 1 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(cat "$dir/calls")" = "disable --now web@4.service
disable --now web@3.service
disable --now web@2.service" ]
	decide 0 1 >"$dir/in"
	run -1 apply "$dir/in"
	decide 1 0 >"$dir/in"
	run -0 apply "$dir/in"
	[ -z "$(ls "$dir/units")" ]
}

@test "exec: systemd: dry run starts and stops nothing; no template is refused" {
	units 1
	decide 1 3 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ ! -s "$dir/calls" ]
	service="$root/scripts/drivers/systemd web.service"
	read_state
	[[ $(state .error) == *"'web.service' is no template unit"* ]]
}

# machines NAME...: a virsh whose machines are folders of $dir/vm
machines() {
	for name; do
		mkdir -p "$dir/vm/$name"
		echo "running" >"$dir/vm/$name/state"
		echo "autoscale: web" >"$dir/vm/$name/desc"
	done
	mkdir -p "$dir/vm/web"
	echo "shut off" >"$dir/vm/web/state"
	: >"$dir/vm/web/desc"
	cat >"$dir/virsh" <<-END
		#!/bin/sh
		cd '$dir/vm' || exit 1
		case \$1 in list | desc | domstate) ;; *) echo "\$*" >>'$dir/calls' ;; esac
		case \$1 in
		list)
			for name in *; do
				[ "\$3" = --all ] || grep -q running "\$name/state" || continue
				echo "\$name"
			done
			;;
		desc) [ -n "\$4" ] && echo "\$4" >"\$2/desc" || cat "\$2/desc" ;;
		domstate) cat "\$2/state" ;;
		start) [ ! -e '$dir/broken' ] && echo running >"\$2/state" ;;
		shutdown) [ -e '$dir/deaf' ] || echo "shut off" >"\$2/state" ;;
		destroy) echo "shut off" >"\$2/state" ;;
		undefine) rm -r "\$2" ;;
		esac
	END
	cat >"$dir/virt-clone" <<-END
		#!/bin/sh
		echo "clone \$*" >>'$dir/calls'
		mkdir '$dir/vm/'"\$4" && echo "shut off" >'$dir/vm/'"\$4/state"
	END
	chmod +x "$dir/virsh" "$dir/virt-clone"
	export VIRSH=$dir/virsh VIRT_CLONE=$dir/virt-clone GRACE=1
	service="$root/scripts/drivers/libvirt web"
}

@test "exec: libvirt: only its own machines are counted, cloned and removed" {
	machines web-1 web-2
	mkdir "$dir/vm/web-7"
	echo "a person's" >"$dir/vm/web-7/desc"
	echo running >"$dir/vm/web-7/state"
	echo paused >"$dir/vm/web-1/state"
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "2 1" ]
	echo running >"$dir/vm/web-1/state"
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(cat "$dir/calls")" = "clone --original web --name web-3 --auto-clone
start web-3" ]
	: >"$dir/calls"
	decide 3 2 >"$dir/in"
	run -0 apply "$dir/in"
	[ "$(cat "$dir/calls")" = "shutdown web-3
undefine web-3 --remove-all-storage" ]
	[ -d "$dir/vm/web-7" ]
}

@test "exec: libvirt: one that does not heed is switched off, one that does not start deleted" {
	machines web-1 web-2
	touch "$dir/deaf"
	decide 2 1 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(cat "$dir/calls")" = "shutdown web-2
destroy web-2
undefine web-2 --remove-all-storage" ]
	touch "$dir/broken"
	decide 1 2 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*exited with 1: \"'web-2' could not be started\"; not carried out: it has 1"
	[ ! -e "$dir/vm/web-2" ]
}
