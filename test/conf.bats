# as.conf(5): what a file may say, what it may not, and where settings come
# from. as-decide --check shows both.

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || exit 1
}

# conf TEXT...: a.conf holds these lines
conf() {
	printf '%s\n' "$@" >a.conf
}

# A signal, so that as-decide has something to decide by
signal='signal cpu { capacity = 2 }'

check() {
	run --separate-stderr as-decide --check -c a.conf "$@"
}

# refused MESSAGE: exit 2, and just that message
refused() {
	check
	[ "$status" = 2 ]
	assert_equal "$stderr" "as-decide: $1"
	[ "$output" = "" ]
}

# says KEY VALUE ORIGIN: a line of --check, blanks aside
says() {
	tr -s ' \t' ' ' <<<"$output" | grep -qxF " $1 = $2 # $3" || {
		echo "no '$1 = $2 # $3' in: $output" >&2
		return 1
	}
}

@test "conf: the shipped example is right" {
	run -0 --separate-stderr as-decide --check -c "$root/scripts/examples/web.conf"
	[ "$stderr" = "" ]
	says slo 99% "$root/scripts/examples/web.conf:$(grep -n 'slo =' \
		"$root/scripts/examples/web.conf" | cut -d: -f1)"
}

@test "conf: every setting is shown with where it comes from" {
	conf 'target web {' '  mode = auto' '}' "$signal" \
		'policy { boot_time = 90s }'
	MAX_INSTANCES=7 check --min-instances 2
	[ "$status" = 0 ]
	says mode auto a.conf:2
	says boot_time 90s a.conf:5
	says max_instances 7 'environment MAX_INSTANCES'
	says min_instances 2 option
	says slo 99% default
}

@test "conf: option goes before environment, environment before file" {
	conf "$signal" 'policy { max_instances = 5 }'
	check
	says max_instances 5 a.conf:2
	MAX_INSTANCES=6 check
	says max_instances 6 'environment MAX_INSTANCES'
	MAX_INSTANCES=6 check --max-instances 7
	says max_instances 7 option
}

@test "conf: what --check shows can be read back, and means the same" {
	cp "$root/scripts/examples/web.conf" a.conf
	cat >>a.conf <<-'END'
		schedule day {
			days = {mon, tue, fri}  from = "08:00"  until = "20:00"
			timezone = "Europe/Berlin"  min_instances = 4
		}
		freeze release { from = "2026-12-24"  until = "2026-12-27" }
	END
	check
	[ "$status" = 0 ]
	mkdir b
	cp a.conf first.conf
	printf '%s\n' "$output" >a.conf
	sed 's/ *# .*//' a.conf >b/want
	check
	[ "$status" = 0 ]
	printf '%s\n' "$output" | sed 's/ *# .*//' | diff b/want -
}

@test "conf: an unknown key is an error that names file and line" {
	conf 'target web { }' 'policy {' '  min_instance = 2' '}'
	refused "a.conf:3: unknown key 'min_instance'"
}

@test "conf: an unknown section is an error that names file and line" {
	conf '# a comment' '' 'polcy { }'
	refused "a.conf:3: unknown key 'polcy'"
}

@test "conf: lines are counted right after comments and long strings" {
	conf '# one' '# two' '/* three' 'four */ target web { // five' \
		"}" "signal cpu { query = 'a" "b'" '# nine' 'capacity = x' '}'
	refused "a.conf:9: 'capacity': 'x' is not a number"
}

@test "conf: a key set twice is an error, and says where" {
	conf 'policy {' '  slo = 99%' '}' 'policy {' '  slo = 95%' '}'
	refused "a.conf:5: 'slo' was set already, in a.conf:2"
}

@test "conf: a section that is never closed is an error" {
	conf "$signal" 'policy {' '  slo = 99%'
	refused "a.conf:2: '{' is never closed"
}

@test "conf: a quote, a comment, a brace that do not match are errors" {
	conf 'source { url = "http://x }' ''
	refused "a.conf:1: a quote that is never closed"
	conf 'policy { }' '/* slo = 99%'
	refused "a.conf:2: a comment that is never closed"
	conf 'policy { }' '' '}'
	refused "a.conf:3: '}' closes nothing"
}

@test "conf: a file that is no text is refused" {
	printf 'policy { }\0' >a.conf
	refused "a.conf:1: not a text: it holds a NUL"
}

@test "conf: a file that is not there is exit 2" {
	rm -f a.conf
	refused "cannot read 'a.conf': No such file or directory"
}

@test "conf: bad values are named with what is wanted" {
	while IFS='|' read -r text message; do
		conf "$text"
		check
		[ "$status" = 2 ]
		assert_equal "$stderr" "as-decide: a.conf:1: $message"
	done <<-'END'
		policy { min_instances = -1 }|'min_instances': '-1' is not a whole number from 0 to 1000000
		policy { min_instances = 1.5 }|'min_instances': '1.5' is not a whole number from 0 to 1000000
		policy { slo = 100% }|'slo': '100%' is not between 50% and 99.9999%
		policy { slo = 99 }|'slo': '99' is not between 50% and 99.9999%
		policy { boot_time = soon }|'boot_time': 'soon' is not a duration such as 90s, 5m or 1h
		policy { max_step_up = 1.5 }|'max_step_up': '1.5' is not a whole number of instances
		policy { panic = 0.5 }|'panic': '0.5' is not between 1 and 100
		target web { mode = automatic }|'mode': 'automatic' is none of monitor, auto
		target web { paused = yes }|'paused': 'yes' is none of no, both, up, down
		signal cpu { capacity = 0 }|'capacity': '0' is not between 1e-12 and 1e+300
		signal cpu { target = 120% }|'target': '120%' is not between 1% and 100%
		signal cpu { target = lots }|'target': 'lots' is not a share such as 60% or 0.6
		signal cpu { saturates = maybe }|'saturates': 'maybe' is not yes or no
		signal cpu { aggregate = median }|'aggregate': 'median' is none of none, sum, avg, max
		cost { billing = day }|'billing': 'day' is none of second, minute, hour, month
		schedule day { days = {monday} }|'days': 'monday' is not one of mon, tue, wed, thu, fri, sat, sun
	END
}

@test "conf: contradictions are errors" {
	while IFS='|' read -r text message; do
		conf "$text"
		check
		[ "$status" = 2 ]
		assert_equal "$stderr" "as-decide: a.conf:1: $message"
	done <<-'END'
		policy { min_instances = 5 max_instances = 3 }|'min_instances' is 5 and 'max_instances' 3
		policy { min_ready = 12 }|'min_ready' is 12 and 'max_instances' 10
		policy { fallback_instances = 12 }|'fallback_instances' is 12 and 'max_instances' 10
		signal cpu { capacity = 2 limit = 3 }|signal 'cpu' has both 'capacity' and 'limit'
		signal cpu { unit = cores }|signal 'cpu' has neither 'capacity' nor 'limit' nor 'resource'
		signal cpu { }|signal 'cpu' has neither 'capacity' nor 'limit' nor 'resource'
		signal cpu { limit = 3 resource = cpu }|signal 'cpu' has both 'resource' and 'limit'
		resources { cpus = auto }|'cpus' is auto, and no signal has 'resource = cpu'
		resources { memory_reserved = auto }|'memory_reserved' is auto, and no signal has 'resource = memory'
		resources { cpus = 1 cpus_reserved = 1.5 }|'cpus_reserved' is 1.5 and 'cpus' 1
		signal cpu { capacity = 2 saturates = yes target = 90% }|signal 'cpu' saturates: a 'target' above 80% would never be passed
		signal cpu { capacity = 2 target = 80% emergency = 70% }|signal 'cpu': 'emergency' is below 'target'
		policy { slo = 99% overload_price = 10 }|'overload_price' goes instead of 'slo', and both are set
		policy { overload_price = 10 }|'overload_price' needs 'cost_per_instance', 'cost_per_hour' or types with a price
		policy { overload_price = 10 } cost { cost_per_instance = 0 }|'overload_price' is weighed against what an instance costs, and it costs nothing
		cost { max_monthly_cost = 500 }|'max_monthly_cost' needs 'cost_per_instance', 'cost_per_hour' or types with a price
		cost { cost_per_instance = 600 max_monthly_cost = 500 }|'max_monthly_cost' is 500, and 'min_instances' alone cost 600
		cost { cost_per_instance = 5 cost_per_hour = 1 }|'cost_per_hour' goes instead of 'cost_per_instance', and both are set
		cost { cost_per_instance = 5 monthly_cap = 4 }|'monthly_cap' needs 'cost_per_hour'
		cost { cost_per_hour = 1 monthly_cap = 600 max_monthly_cost = 500 }|'max_monthly_cost' is 500, and 'min_instances' alone cost 600
		type small { }|type 'small' has neither 'price' nor 'price_per_hour'
		type small { price = 4 } cost { cost_per_instance = 5 }|types have prices of their own, and 'cost_per_instance' is set
		type small { price = 4 capacity = 0.125 }|type 'small': 'capacity' has more than two decimals
		type small { price = 4 max = 2 } policy { min_instances = 3 }|all types together are worth less than 'min_instances', which is 3
		type small { price = 4 } apply { driver = swarm }|the driver 'swarm' knows no types
		cost { currency = dollars }|'currency' is no code of three letters
		approval { cost_above = 50 }|'cost_above' needs 'cost_per_instance', 'cost_per_hour' or types with a price
		schedule day { from = "08:00" min_instances = 2 }|schedule 'day' has 'from' and no 'until'
		schedule day { from = "8:00" until = "9:00" min_instances = 2 }|'from': '8:00' is neither a time such as 08:00 nor one such as 2026-12-24T00:00
		schedule day { from = "08:00" until = "25:00" min_instances = 2 }|'until': '25:00' is neither a time such as 20:00 nor one such as 2026-12-27T00:00
		schedule day { from = "08:00" until = "08:00" min_instances = 2 }|schedule 'day' ends when it begins
		schedule day { from = "08:00" until = "09:00" }|schedule 'day' sets neither 'min_instances' nor 'max_instances'
		schedule day { from = "08:00" until = "09:00" min_instances = 20 }|schedule 'day': 'min_instances' is 20 and the most that is allowed 10
		schedule day { from = "08:00" until = "09:00" min_instances = 2 timezone = "Europe/Berlinn" }|'Europe/Berlinn' is no time zone that this machine knows
		freeze x { from = "2026-12-27T00:00" until = "2026-12-24T00:00" }|freeze 'x' ends before it begins
		freeze x { from = "2026-12-24T00:00" until = "08:00" }|freeze 'x': 'from' and 'until' are not of one kind
		freeze x { from = "2026-12-24" until = "2026-12-27" days = {mon} }|freeze 'x' is of one time, and 'days' is set
		freeze x { timezone = UTC }|freeze 'x' has neither 'days' nor 'from' and 'until'
		notify x { url = a url_env = B }|notify 'x' has more than one of 'url', 'url_env' and 'url_file'
		target a { } target b { }|a second target, 'b': a file is of one
	END
}

@test "conf: a contradiction that the environment makes names the variable" {
	conf "$signal" 'policy { max_instances = 3 }'
	MIN_INSTANCES=5 check
	[ "$status" = 2 ]
	[ "$stderr" = "as-decide: environment MIN_INSTANCES: 'min_instances' is 5 and 'max_instances' 3" ]
	MIN_INSTANCES=some check
	[ "$status" = 2 ]
	[ "$stderr" = "as-decide: environment MIN_INSTANCES: 'min_instances': 'some' is not a whole number from 0 to 1000000" ]
}

@test "conf: the article's variables set what they name" {
	conf "$signal"
	PROMETHEUS_URL=http://p:9 MIN_INSTANCES=2 MAX_INSTANCES=8 \
		MAX_MONTHLY_COST=500 COST_PER_INSTANCE=50 \
		EMERGENCY_THRESHOLD=85 DECISION_INTERVAL=300 check
	[ "$status" = 0 ]
	says url "'http://p:9'" 'environment PROMETHEUS_URL'
	says min_instances 2 'environment MIN_INSTANCES'
	says max_instances 8 'environment MAX_INSTANCES'
	says max_monthly_cost 500 'environment MAX_MONTHLY_COST'
	says cost_per_instance 50 'environment COST_PER_INSTANCE'
	says emergency 85% 'environment EMERGENCY_THRESHOLD'
	says decision_interval 300s 'environment DECISION_INTERVAL'
}

@test "conf: files of one target merge, and the later wins" {
	conf 'target web { }' "$signal" 'policy { slo = 99%' 'boot_time = 90s }'
	printf '%s\n' 'target web { }' 'policy { slo = 97%' \
		'max_instances = 20 }' >b.conf
	check -c b.conf
	[ "$status" = 0 ]
	says slo 97% b.conf:2
	says boot_time 90s a.conf:4
	says max_instances 20 b.conf:3
	[ "$(grep -c ^target <<<"$output")" = 1 ]
}

@test "conf: a later file may change one key of a signal" {
	conf 'target web { }' 'signal cpu { capacity = 2  target = 70% }'
	printf '%s\n' 'target web { }' 'signal cpu { target = 50% }' >b.conf
	check -c b.conf
	[ "$status" = 0 ]
	says capacity 2 a.conf:2
	says target 50% b.conf:2
}

@test "conf: other names are other targets" {
	conf 'target web { }' "$signal"
	printf '%s\n' 'target db { }' "$signal" >b.conf
	check -c b.conf
	[ "$status" = 0 ]
	[ "$(grep ^target <<<"$output" | tr '\n' ' ')" = "target 'web' { target 'db' { " ]
}

@test "conf: a folder stands for its *.conf files, in order of name" {
	mkdir d
	printf '%s\n' 'target web { }' "$signal" 'policy { slo = 98% }' >d/10.conf
	printf '%s\n' 'target web { }' 'policy { slo = 97% }' >d/20.conf
	printf 'nonsense' >d/README
	printf 'nonsense' >d/.hidden.conf
	run -0 as-decide --check -c d
	says slo 97% d/20.conf:2
	mkdir e
	run --separate-stderr -2 as-decide --check -c e
	[ "$stderr" = "as-decide: no file *.conf in 'e'" ]
}

@test "conf: one bad file among several, and nothing is taken" {
	conf 'target web { }' "$signal"
	echo 'policy { slow = 1 }' >b.conf
	check -c b.conf
	[ "$status" = 2 ]
	[ "$output" = "" ]
	[ "$stderr" = "as-decide: b.conf:1: unknown key 'slow'" ]
}

@test "conf: include() reads a file beside the one that says so" {
	mkdir d
	printf '%s\n' 'target web { }' 'include("parts/policy.inc")' "$signal" \
		>d/web.conf
	mkdir d/parts
	echo 'policy { slo = 98% }' >d/parts/policy.inc
	run -0 as-decide --check -c d/web.conf
	says slo 98% d/parts/policy.inc:1
	echo 'policy { slowly = 98% }' >d/parts/policy.inc
	run --separate-stderr -2 as-decide --check -c d/web.conf
	[ "$stderr" = "as-decide: d/parts/policy.inc:1: unknown key 'slowly'" ]
	echo 'include("policy.inc")' >d/parts/policy.inc
	run --separate-stderr -2 as-decide --check -c d/web.conf
	[ "$stderr" = "as-decide: d/parts/policy.inc:1: more than 64 files are included" ]
}

@test "conf: nothing in single quotes is replaced, queries least of all" {
	# shellcheck disable=SC2016
	conf 'signal cpu {' \
		"query = 'rate(x{mode!=\"idle\",a=\"\${HOME}\"}[5m]) # all'" \
		'capacity = 2 }'
	check
	[ "$status" = 0 ]
	# shellcheck disable=SC2016
	says query "'rate(x{mode!=\"idle\",a=\"\${HOME}\"}[5m]) # all'" a.conf:2
}

@test "conf: a query of thousands of characters is kept whole" {
	long=$(printf 'x%.0s' {1..5000})
	conf "signal cpu { query = '$long' capacity = 2 }"
	check
	[ "$status" = 0 ]
	[[ $output == *"'$long'"* ]]
}

@test "conf: an empty value is not set: the default holds" {
	conf "$signal" 'policy { min_instances = ""' 'slo = ""' \
		'max_changes_per_hour = "" }' 'cost { currency = "" }'
	check
	[ "$status" = 0 ]
	says min_instances 1 a.conf:2
	says slo 99% a.conf:3
	says currency "'USD'" a.conf:5
	[[ $output != *max_changes_per_hour* ]]
}

@test "conf: what may hold a secret is not shown" {
	conf "$signal" 'source { header = "Authorization: Bearer abc" }' \
		'notify ops { url = "https://hooks/T0/secret" }'
	check
	[ "$status" = 0 ]
	[[ $output != *secret* && $output != *abc* ]]
	says header "'(not shown)'" a.conf:2
}

@test "conf: steps are counts or shares" {
	conf "$signal" 'policy { max_step_up = 3' 'max_step_down = 0.25 }'
	check
	says max_step_up 3 a.conf:2
	says max_step_down 25% a.conf:3
}

@test "conf: without capacity there is nothing to decide by" {
	conf 'target web { }' 'signal latency { limit = 0.25 }'
	refused "target 'web' has no signal with 'capacity': what one instance carries, in the unit of the load"
}
