# The driver hetzner against a simulator that keeps state and checks requests

load lib/common
load lib/decision.bash
load lib/vendor.bash

setup() {
	dir=$BATS_TEST_TMPDIR
	driver=hetzner
	machines=/servers
}

teardown() {
	vendor_stop
}

@test "hetzner: two more, labelled, with the user data, and proven" {
	vendor_start base small here 7200
	echo '#cloud-config' >"$dir/data"
	conf 'locations = {here}' 'ssh_keys = {me}' 'labels = {"team=shop"}' \
		"user_data = \"$dir/data\""
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(orders .user_data | grep -c '#cloud-config')" = 2 ]
	[ "$(orders .name | sort -u | wc -l)" = 2 ]
	[ "$(orders 'tostring | test("shop")' | sort -u)" = true ]
	grep -q proven "$dir/sent"
	[[ $output != *cloud-config* && $output != *secret-token* ]]
	[[ $output != *never-to-be-shown* ]]
}

@test "hetzner: dry run and monitor write nothing" {
	vendor_start base small here 7200
	conf
	decide 1 2 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[[ $(result .request) == "POST $machines {\"name\":\"web-"* ]]
	run -0 apply --mode monitor "$dir/in"
	decide 1 0 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/101" ]
	[ "$(wrote)" = 0 ]
}

@test "hetzner: out of stock falls to the next place, then the next type" {
	vendor_start base small here 7200
	printf '%s\n' 'small here' 'small there' 'large here' >"$dir/sim/stock"
	conf 'locations = {here, there}'
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(orders '"\(.server_type // .size) \(.location // .region)"' |
		paste -sd,)" = 'small here,small there,large here,large there' ]
	echo 'large there' >>"$dir/sim/stock"
	decide 2 3 >"$dir/in"
	run -3 --separate-stderr apply --timeout 2s "$dir/in"
	outcome failed "out of stock: 'small' in here,*"
}

@test "hetzner: an order whose answer is lost is not made twice" {
	vendor_start base small here 7200
	echo 1 >"$dir/sim/forget"
	conf
	decide 1 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(orders .name | wc -l)" = 2 ]
}

@test "hetzner: the rate limit is waited for, or told" {
	vendor_start base small here 7200
	echo 2 >"$dir/sim/limit"
	conf
	decide 1 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	echo 2 >"$dir/sim/limit"
	echo 600 >"$dir/sim/wait"
	decide 2 3 >"$dir/in"
	run -3 --separate-stderr apply "$dir/in"
	outcome failed "*used up: nothing may be sent before*"
}

@test "hetzner: the newest goes first, or the one whose hour is nearly over" {
	vendor_start old small here 7000 mid small here 3700 new small here 200
	conf
	decide 3 2 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/103" ]
	conf 'remove = billing'
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/101" ]
	run -0 apply "$dir/in"
	outcome applied
}

@test "hetzner: a mix is followed, both ways" {
	vendor_start a small here 7000 b large here 3700
	conf
	decide 2 4 '.mix = [{type:"small",count:1},{type:"large",count:3}]' \
		>"$dir/in"
	run -0 apply "$dir/in"
	[ "$(orders '.server_type // .size' | sort -u)" = large ]
	decide 4 3 '.mix = [{type:"large",count:3}]' >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	[ "$(result .request)" = "DELETE $machines/101" ]
}

# The pipe, with two types of machines in the settings
pipe_with_types() {
	now=$(date -u +%FT%TZ)
	{
		# there is nothing to fetch the load from
		as-fetch -c "$dir/web.conf" --now "$now" 2>"$dir/err" |
			jq -c 'select(.type == "state")'
		jq -cn --argjson v "$1" '{ metric: { __name__: "load",
			target: "web" }, values: [$v, $v],
			timestamps: [(now - 60) * 1000, now * 1000 | floor] }'
	} | as-decide -c "$dir/web.conf" --now "$now"
}

@test "hetzner: of two types the cheapest that lack are ordered" {
	vendor_start a small here 7000 b large here 3700
	conf
	printf '%s\n' 'type small { price = 4 }' \
		'type large { price = 7 capacity = 2 }' >>"$dir/web.conf"
	# six needed at 60 %, three there: one of each makes up for them
	pipe_with_types 170 >"$dir/in"
	[ "$(jq -c .observed.mix "$dir/in")" = '[{"type":"large","count":1,"ready":1},{"type":"small","count":1,"ready":1}]' ]
	[ "$(jq -c .mix "$dir/in")" = '[{"type":"small","count":2},{"type":"large","count":2}]' ]
	now=$(jq -r .time "$dir/in")
	run -0 apply "$dir/in"
	outcome applied
	[ "$(orders '.server_type // .size' | sort | paste -sd,)" = large,small ]
	# and it can be decided again
	run -0 as-log -c "$dir/web.conf" --explain "$(jq -r .id "$dir/in")" "$dir/in"
	[[ $output == *"replayed    the same decision" ]]
}

@test "hetzner: who is asked to shut down gets its time; all pages are read" {
	vendor_start a small here 7000 b small here 3700 c small here 200
	echo 1 >"$dir/sim/page"
	conf
	sed -i 's/shutdown = 0/shutdown = 2s/' "$dir/web.conf"
	decide 3 2 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[[ $(result .request) == "POST $machines/103/actions"*"DELETE $machines/103" ]]
}

@test "hetzner: no token, a wrong one, and none for plain http" {
	vendor_start base small here 7200
	conf
	decide 1 2 >"$dir/in"
	TEST_TOKEN=other run -3 --separate-stderr apply "$dir/in"
	outcome failed "*answered 401*"
	TEST_TOKEN='' run -2 --separate-stderr apply "$dir/in"
	[[ $stderr == *"needs a token"* ]]
	run -2 --separate-stderr apply --host http://192.0.2.1 "$dir/in"
	[[ $stderr == *"gives its token to https:// only"* ]]
}
