# The examples of all pages are run: see CONTRIBUTING.md, Man pages
load lib/common
load lib/examples

# page NAME: runs its examples in one folder, as a reader would
page() {
	mkdir "$BATS_TEST_TMPDIR/$1"
	cd "$BATS_TEST_TMPDIR/$1"
	cp "$root"/test/data/* "$root"/scripts/examples/* .
	examples_run "$root/man/$1"
}

@test "the examples of each page do what it says" {
	local failed=0 pages=0 path

	for path in "$root"/man/*.[157]; do
		pages=$((pages + 1))
		page "${path##*/}" || failed=$((failed + 1))
	done
	[ "$pages" -gt 0 ]
	[ "$failed" = 0 ]
}

@test "an example that fails, differs or is not one at all is found" {
	local good='.Sh EXAMPLES\n.Bd -literal\n$ printf "a\\en"\na\n.Ed\n'

	cd "$BATS_TEST_TMPDIR"
	printf '%b' "$good" >good.1
	examples_run "$PWD/good.1"
	sed 's/^a$/b/' good.1 >bad.1
	run ! examples_run "$PWD/bad.1"
	sed 's/printf/fales/' good.1 >bad.1
	run ! examples_run "$PWD/bad.1"
	sed 's/EXAMPLES/BUGS/' good.1 >bad.1
	run ! examples_run "$PWD/bad.1"
	sed '/^[$]/i # exits 1' good.1 >bad.1
	run ! examples_run "$PWD/bad.1"
	sed '/^[$]/i # needs the moon' good.1 >bad.1
	run ! examples_run "$PWD/bad.1"
}
