# Installing, and the scripts that judge sources and runs of tests
load lib/common

# tree: a copy of the scripts and of so much of the sources as they look at
tree() {
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree"
	mkdir -p common/base common/math common/io common/json cmd man test/data
	cp -r "$root/scripts" .
	cp "$root/common/base/status.h" common/base/
	: >test/data/INDEX
}

@test "make install puts commands and pages in their places, uninstall takes all away" {
	local to=$BATS_TEST_TMPDIR/to

	not_under_valgrind
	cd "$root"
	make -s B="$B" install DESTDIR="$to" PREFIX=/usr
	for command in "$B"/as-*; do
		[ -x "$to/usr/bin/${command##*/}" ]
	done
	[ -x "$to/usr/bin/as-loop" ]
	[ -f "$to/usr/share/autoscale/autoscale-rules.yml" ]
	for page in man/*.[157]; do
		[ -f "$to/usr/share/man/man${page##*.}/${page##*/}" ]
	done
	[ -f "$to/usr/share/doc/autoscale/examples/compose.conf" ]
	[ -x "$to/usr/share/autoscale/drivers/systemd" ]
	[ -x "$to/usr/share/autoscale/drivers/libvirt" ]
	[ -f "$to/usr/share/autoscale/autoscale.logrotate" ]
	[ -f "$to/usr/share/bash-completion/completions/as-tune" ]
	[ -f "$to/usr/lib/systemd/system/autoscale@.timer" ]
	[ -f "$to/usr/lib/sysusers.d/autoscale.conf" ]
	"$to/usr/bin/as-detect" --version
	make -s B="$B" uninstall DESTDIR="$to" PREFIX=/usr
	[ "$(find "$to" -not -type d | wc -l)" = 0 ]
}

@test "check-layers: down and within is allowed; up, beside and foreign is not" {
	tree
	printf '#include "base/status.h"\n' >common/math/a.h
	printf '#include "math/a.h"\n#include <math.h>\n' >common/math/a.c
	scripts/check-layers
	printf '#include "math/a.h"\n' >common/base/up.c
	run -1 scripts/check-layers
	assert_output --partial "common/base/up.c: room 'base' may not include 'math/a.h'"
	rm common/base/up.c
	printf '#include "math/a.h"\n' >common/io/beside.c
	run -1 scripts/check-layers
	assert_output --partial "room 'io' may not include 'math/a.h'"
	rm common/io/beside.c
	printf '#include <curl/curl.h>\n' >common/io/net.c
	run -1 scripts/check-layers
	assert_output --partial 'common/io/net.c: <curl/'
	rm common/io/net.c
	printf '#include "base/none.h"\n' >common/io/none.c
	run -1 scripts/check-layers
	assert_output --partial "no such header 'base/none.h'"
	rm common/io/none.c
	mkdir common/attic
	printf '\n' >common/attic/a.c
	run -1 scripts/check-layers
	assert_output --partial "unknown room 'attic'"
}

# lines N: that many
lines() {
	yes '	x++;' | head -n "$1" || true
}

@test "check-text: names words, lengths and data that may not be" {
	tree
	{
		printf 'int\nmain(void)\n{\n'
		lines 40
		printf '}\n\nint\nwork(void)\n{\n'
		lines 100
		printf '}\n'
	} >cmd/a.c
	scripts/check-text
	sed -i '0,/x++/s//x++;\n\tx++/' cmd/a.c
	run -1 scripts/check-text
	assert_output --partial 'main() has 41 lines'
	sed -i '0,/x++/{/x++/d}' cmd/a.c
	scripts/check-text
	sed -i '$i\	x++;' cmd/a.c
	run -1 scripts/check-text
	assert_output --partial 'work() has 101 lines'
	lines 601 >cmd/a.c
	run -1 scripts/check-text
	assert_output --partial '601 lines'
	printf '/* TO''DO */\n' >cmd/a.c
	run -1 scripts/check-text
	assert_output --partial 'cmd/a.c:1:'
	printf 'x = "/ho''me/me/x"; \n' >cmd/a.c
	run -1 scripts/check-text
	assert_output --partial 'cmd/a.c:1:'
	assert_output --partial 'blanks at the end'
	printf '/* %080d */\n' 1 >cmd/a.c
	run -1 scripts/check-text
	assert_output --partial 'line of 86 columns'
	rm cmd/a.c
	: >test/data/stray
	run -1 scripts/check-text
	assert_output --partial 'not in test/data/INDEX'
	printf 'stray\there\tfree\ngone\there\tfree\n' >test/data/INDEX
	run -1 scripts/check-text
	assert_output --partial "no 'gone'"
}

# counted STATUS TEXT: what scripts/count makes of a log
counted() {
	printf '%b' "$2" | "$root/scripts/count" "$1"
}

@test "count: tests passed, failed, skipped, never heard of" {
	[ "$(counted 0 '1..2\nok 1 a\nok 2 b\n')" = '2 0 0' ]
	[ "$(counted 1 '1..3\nok 1 a\nnot ok 2 b\nok 3 c # skip d\n')" = '1 1 1' ]
	[ "$(counted 0 '1..3\nok 1 a\n')" = '1 2 0' ]
	[ "$(counted 1 '1..1\nok 1 a\n')" = '1 1 0' ]
	[ "$(counted 0 'unit: 3 of 3 programs passed\n1..1\nok 1 a\n')" = '4 0 0' ]
	[ "$(counted 1 'unit: 2 of 3 programs passed\n')" = '2 1 0' ]
	[ "$(counted 1 'not ok 1 a\n5 passed, 2 failed\n')" = '5 2 0' ]
	[ "$(counted 0 '')" = '0 0 0' ]
	[ "$(counted 2 'make: error\n')" = '0 1 0' ]
}

@test "the units are such as systemd takes, and shut in" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	cd "$BATS_TEST_TMPDIR"
	mkdir -p units bin
	cp "$root"/scripts/systemd/*@.* units
	# what they start has to be where systemd looks
	sed -i "s|ExecStart=as-loop|ExecStart=$root/scripts/as-loop|
		s|ExecStart=as-notify|ExecStart=$B/as-notify|" units/*
	for kind in autoscale autoscale-tune autoscale-heartbeat; do
		cp "units/$kind@.service" "units/$kind@web.service"
		cp "units/$kind@.timer" "units/$kind@web.timer"
		run -0 systemd-analyze verify --man=no \
			"./units/$kind@web.service" "./units/$kind@web.timer"
		refute_output --partial "$kind@web"
		grep -q '^NoNewPrivileges=yes' "units/$kind@.service"
		grep -q '^ProtectSystem=strict' "units/$kind@.service"
		grep -q '^User=autoscale' "units/$kind@.service"
	done
}

@test "completion: options, values and files of every command" {
	cd "$BATS_TEST_TMPDIR"
	# shellcheck disable=SC1091
	source "$root/scripts/completion.bash"
	says() { # says WORD...: what completes the last of them
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_autoscale
		printf '%s\n' "${COMPREPLY[@]}"
	}
	for command in "$B"/as-*; do
		name=${command##*/}
		complete -p "$name" >/dev/null
		says "$name" --he | grep -qx -- --help
	done
	says as-tune --hold | grep -qx -- --holdout
	[ "$(says as-report --format = p)" = prometheus ]
	says as-tune -o x | grep -q . && false
	touch web.conf
	[ "$(says as-tune -c web)" = web.conf ]
	[ "$(says as-detect we)" = web.conf ]
	[ "$(says as-notify --channel di)" = $'discord\ndingtalk' ]
	[ "$(says as-notify --on failed,scale_d)" = failed,scale_down ]
	[ "$(says as-fetch --driver ku)" = kubernetes ]
	[ "$(says as-approve -c web.conf gr)" = grant ]
}

@test "make deb: a package with commands, pages and units, at which lintian is silent" {
	command -v dpkg-deb >/dev/null || skip "no dpkg-deb"
	not_under_valgrind
	cd "$root"
	rm -f "$B"/*.deb
	make -s B="$B" deb >/dev/null
	run -0 dpkg-deb -c "$B"/autoscale_*.deb
	assert_output --partial ./usr/bin/as-loop
	assert_output --partial ./usr/share/man/man1/as-tune.1.gz
	assert_output --partial ./usr/share/man/man7/autoscale-quickstart.7.gz
	assert_output --partial ./usr/share/doc/autoscale/examples/kubernetes.conf
	assert_output --partial ./usr/lib/systemd/system/autoscale@.timer
	assert_output --partial ./etc/logrotate.d/autoscale
	run -0 dpkg-deb -f "$B"/autoscale_*.deb Depends
	assert_output --partial libcurl4
	# where only building was prepared, the libraries are still named
	mkdir "$BATS_TEST_TMPDIR/bin"
	for f in /usr/bin/* /bin/*; do
		case ${f##*/} in dpkg-shlibdeps | lintian) continue ;; esac
		ln -sf "$f" "$BATS_TEST_TMPDIR/bin"
	done
	cp "$B"/autoscale_*.deb "$BATS_TEST_TMPDIR/first.deb"
	PATH=$BATS_TEST_TMPDIR/bin make -s B="$B" deb >/dev/null
	names() { # NAME.deb: what it depends on, without versions
		dpkg-deb -f "$1" Depends | tr ',' '\n' | awk '{ print $1 }' | sort
	}
	diff <(names "$BATS_TEST_TMPDIR/first.deb") <(names "$B"/autoscale_*.deb)
	# what is stopped, and when: an upgrade stops nothing
	dpkg-deb -e "$B"/autoscale_*.deb "$BATS_TEST_TMPDIR/control"
	for script in postinst prerm postrm; do
		sh -n "$BATS_TEST_TMPDIR/control/$script"
	done
	# shellcheck disable=SC2016
	grep -qF '"$1" = remove' "$BATS_TEST_TMPDIR/control/prerm"
	if command -v lintian >/dev/null; then
		run lintian --allow-root "$B"/autoscale_*.deb
		refute_output --regexp '^[EW]:'
	fi
}
