# scripts/quickstart: what a new user sees first

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	export TMPDIR=$dir/tmp
	mkdir "$TMPDIR"
}

# shows WORD TEXT: the part of the summary that begins with WORD has TEXT
shows() {
	awk -v word="$1" '
		substr($0, 3, 1) ~ /[^ ]/ { here = index($0, "  " word " ") == 1 }
		here { sub(/^ +/, ""); printf "%s ", $0 }' "$dir/out" |
		grep -qE -- "$2" || {
		echo "no '$2' behind '$1' in:"
		cat "$dir/out"
		return 1
	}
}

quickstart() {
	"$root/scripts/quickstart" --no-install "$@" </dev/null >"$dir/out" \
		2>"$dir/err"
}

@test "quickstart: learns, forecasts, decides, tries dry, acts, tells" {
	quickstart
	[ ! -s "$dir/err" ]
	shows Build "."
	shows 'The load' "[67][0-9]{3} of them"
	shows Now "39 requests a minute, 2 instances"
	# held-out error, as a checklist asks for: below 15 %
	shows Learnt "off by [0-9]{1,2}\.[0-9] %.* [1-9][0-9]? % better"
	shows Forecast "^Forecast +[345][0-9] requests .* between [34][0-9] and [456][0-9] \(what really came: 53\)"
	shows Decision "scale up, 2 -> [345] instances, \+[0-9]+\.00 USD a month Add"
	to=$(sed -n 's/.*scale up, 2 -> \([345]\) inst.*/\1/p' "$dir/out")
	shows 'Dry run' "would set the count to $to; .* says 2 \$"
	shows 'For real' "mode = auto: applied; the file says $to "
	shows Told "web: scaled up 2 -> $to"
	shows Again "maintain; the file says $to"
	# the PATH that it names has all that is named after it
	path=$(sed -n 's/.*Where to go next, after PATH=//p' "$dir/out")
	for command in as-loop as-fetch as-report; do
		(cd "$root" && eval "PATH=$path" && command -v "$command" >/dev/null)
	done
	for page in $(grep -o 'man/[a-z.-]*[0-9]' "$dir/out"); do
		[ -f "$root/$page" ]
	done
	# fits a terminal
	run -1 grep -nE '.{81}' "$dir/out"
}

@test "quickstart: says the same again, in less than 10 s, and leaves nothing" {
	before=$(cd "$root" && find . -path ./build -prune -o -path ./.git \
		-prune -o -newer "$dir" -print)
	SECONDS=0
	quickstart
	[ "$SECONDS" -le 10 ]
	grep -v "That took" "$dir/out" >"$dir/first"
	quickstart
	diff "$dir/first" <(grep -v "That took" "$dir/out")
	[ -z "$(ls -A "$TMPDIR")" ]
	[ "$before" = "$(cd "$root" && find . -path ./build -prune -o \
		-path ./.git -prune -o -newer "$dir" -print)" ]
}

@test "quickstart: the settings of who calls it do not matter" {
	quickstart
	cp "$dir/out" "$dir/first"
	cd "$dir"
	MIN_INSTANCES=7 MAX_INSTANCES=8 ALERT_WEBHOOK_URL=http://127.0.0.1:1 \
		LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo quickstart
	diff <(grep -v "That took" "$dir/first") \
		<(grep -v "That took" "$dir/out")
}

@test "quickstart: a build that fails is shown, exit 2" {
	mkdir "$dir/bin"
	printf '#!/bin/sh\necho "x.c:1: error: it broke"\nexit 2\n' \
		>"$dir/bin/make"
	chmod +x "$dir/bin/make"
	PATH=$dir/bin:$PATH run --separate-stderr -2 \
		"$root/scripts/quickstart" --no-install
	[[ $stderr == *"it broke"*"quickstart: the build failed" ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "quickstart: packages are installed only where they are missing" {
	# a make and an apt-get that say how they were called
	mkdir "$dir/bin"
	for tool in awk bash cat chmod cp cut date dirname env fold grep head id ls \
		mkdir mktemp nproc rm sed sh sleep tail tr uname; do
		ln -s "$(command -v "$tool")" "$dir/bin/$tool"
	done
	cat >"$dir/bin/apt-get" <<-END
		#!/bin/sh
		echo "apt-get \$* \$DEBIAN_FRONTEND" >>"$dir/calls"
		case \$1 in install)
			for c in gcc make; do
				printf '#!/bin/sh\nexit 1\n' >"$dir/bin/\$c"
				chmod +x "$dir/bin/\$c"
			done ;;
		esac
	END
	cat >"$dir/bin/sudo" <<-END
		#!/bin/sh
		echo "sudo" >>"$dir/calls"
		exec "\$@"
	END
	chmod +x "$dir/bin/apt-get" "$dir/bin/sudo"
	PATH=$dir/bin run --separate-stderr -2 "$root/scripts/quickstart" \
		--no-install
	[[ $stderr == "quickstart: building needs these packages: gcc make"* ]]
	[ ! -e "$dir/calls" ]
	PATH=$dir/bin run --separate-stderr -2 "$root/scripts/quickstart"
	[[ $stderr == *"the build failed" ]]
	grep -v sudo "$dir/calls" >"$dir/apt"
	diff "$dir/apt" - <<-END
		apt-get update -q noninteractive
		apt-get install -q -y --no-install-recommends gcc make noninteractive
	END
	# root needs no sudo, others do
	if [ "$(id -u)" = 0 ]; then
		run -1 grep sudo "$dir/calls"
	else
		run -0 grep sudo "$dir/calls"
	fi
}

@test "quickstart: an option that is none is named" {
	run --separate-stderr -2 "$root/scripts/quickstart" --nope
	[ "$stderr" = "quickstart: '--nope' is no option; there is --no-install" ]
}

@test "quickstart: README shows what it says, but for the numbers" {
	# one text, so that lines may break elsewhere
	words() {
		sed 's/[0-9][0-9.,]*/N/g; s/instances*/instance/g' |
			tr -s ' \n' ' '
	}
	quickstart
	diff <(sed -n '/^  The load/,/^  Again/p' "$dir/out" | words) \
		<(sed -n '/^  The load/,/^  Again/p' "$root/README.md" | words)
}
