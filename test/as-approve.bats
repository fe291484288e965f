# as-approve: a person's word on what needs one

load lib/common

setup() {
	dir=$BATS_TEST_TMPDIR
	state=$dir/state
	echo 3 >"$dir/count"
	now=2026-11-23T17:00:00Z
	expires=2026-11-23T17:15:00Z
}

# decide FROM TO [FILTER]: a decision that needs a person, made at $now
decide() {
	local d plan id

	d=$(jq -cn --argjson from "$1" --argjson to "$2" --arg now "$now" \
		--arg expires "$expires" '{
		type: "decision", id: "", plan: "", time: $now, target: "web",
		mode: "auto", action: (if $to > $from then "scale_up"
			elif $to < $from then "scale_down" else "maintain" end),
		current_instances: $from, recommended_instances: $to,
		reason: "much to do",
		observed: { driver: "file", instances: $from, version: "",
			time: $now },
		approval: "required", expires: $expires } | '"${3:-.}")
	plan=$(jq -r '.target, .observed.instances, (.observed.version // ""),
		.recommended_instances' <<<"$d" | sha256sum | cut -c1-16)
	id=$({
		echo "$plan"
		jq -r .time <<<"$d"
	} | sha256sum | cut -c1-16)
	jq -c --arg plan "$plan" --arg id "$id" '.plan = $plan | .id = $id' \
		<<<"$d"
}

apply() {
	as-apply --driver file --service "$dir/count" --state "$state" \
		--now "$now" "$@"
}

approve() {
	as-approve --state "$state" --now "$now" "$@"
}

status_of() {
	jq -r .result.status <<<"$output"
}

# pending FROM TO [FILTER]: such a decision waits; sets plan and id
pending() {
	decide "$@" >"$dir/d"
	apply "$dir/d" >"$dir/pending"
	plan=$(jq -r .plan "$dir/d")
	id=$(jq -r .id "$dir/d")
}

@test "as-approve: grant, and as-apply carries it out" {
	pending 3 5
	[ "$(jq -r .result.status "$dir/pending")" = pending ]
	now=2026-11-23T17:10:00Z
	approve grant "$plan" >"$dir/granted"
	[ "$(cat "$dir/granted")" = \
		"$(sed 's/"approval":"required"/"approval":"granted"/' "$dir/d")" ]
	run -0 apply "$dir/granted"
	[ "$(status_of)" = applied ]
	[ "$(cat "$dir/count")" = 5 ]
}

@test "as-approve: a grant by id, for the loop's next decision on the same plan" {
	pending 3 5
	run -0 approve grant "$id"
	now=2026-11-23T17:01:00Z
	decide 3 5 >"$dir/next"
	run -0 apply "$dir/next"
	[ "$(status_of)" = applied ]
}

@test "as-approve: who, when, which plan and why stand in the journal" {
	pending 3 5
	run -0 env -u SUDO_USER as-approve --state "$state" --now "$now" \
		--note "on call" grant "$plan"
	run -0 jq -c 'select(.type == "grant") | [.target, .plan, .id, .who,
		.time, .expires, .note]' "$state/web.ndjson"
	[ "$output" = "[\"web\",\"$plan\",\"$id\",\"$(id -un)\",\"$now\",\"$expires\",\"on call\"]" ]
}

@test "as-approve: behind sudo the person is named" {
	[ "$(id -u)" = 0 ] || skip "not root, as whom sudo would run it"
	pending 3 5
	run -0 env SUDO_USER=alice as-approve --state "$state" --now "$now" grant "$plan"
	[ "$(jq -r 'select(.type == "grant") | .who' "$state/web.ndjson")" = alice ]
}

@test "as-approve: list shows what waits, and nothing else" {
	run -0 approve list
	[ -z "$output" ]
	pending 3 5
	pending 3 6 '.target = "db"'
	cp "$dir/d" "$dir/db"
	now=2026-11-23T17:01:00Z
	pending 3 5
	run -0 approve
	# one entry a plan, its newest decision, as it came
	[ "$output" = "$(cat "$dir/db" "$dir/d")" ]
	run -0 approve --target-name db list
	[ "$output" = "$(cat "$dir/db")" ]
	run -0 approve grant "$plan"
	run -0 approve list
	[ "$output" = "$(cat "$dir/db")" ]
	now=2026-11-23T17:15:01Z
	run -0 approve list
	[ -z "$output" ]
}

@test "as-approve: on a terminal list is for people" {
	command -v script >/dev/null || skip "no script(1) on this machine"
	pending 3 5
	now=2026-11-23T17:01:00Z
	run -0 script -qec "as-approve --state '$state' --now $now list" /dev/null
	[[ $output == "$plan  web  3 -> 5  14 min left  much to do"* ]]
}

@test "as-approve: show gives one, also one that is over" {
	pending 3 5
	run -0 approve show "$plan"
	[ "$output" = "$(cat "$dir/d")" ]
	now=2026-11-23T18:00:00Z
	run --separate-stderr -0 approve -v show "$plan"
	[ "$output" = "$(cat "$dir/d")" ]
	[ "$stderr" = "as-approve: '$plan': expired at $expires" ]
}

@test "as-approve: deny, and it is refused" {
	pending 3 5
	run -0 approve deny "$plan"
	[ "$(jq -r .approval <<<"$output")" = denied ]
	run --separate-stderr -1 apply "$dir/d"
	[[ $(jq -r .result.error <<<"$output") == "denied by "* ]]
	run --separate-stderr -1 approve grant "$plan"
	[[ $stderr == "as-approve: '$plan': denied already, by "* ]]
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-approve: a grant can be taken back before it is used" {
	pending 3 5
	run -0 approve grant "$plan"
	run -0 approve deny "$plan"
	run --separate-stderr -1 apply "$dir/d"
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-approve: a late grant is refused" {
	pending 3 5
	now=2026-11-23T17:15:01Z
	run --separate-stderr -1 approve grant "$plan"
	[ -z "$output" ]
	[ "$stderr" = "as-approve: '$plan': expired at $expires" ]
	run -1 grep -q '"type":"grant"' "$state/web.ndjson"
}

@test "as-approve: a second grant is refused, before and after its use" {
	pending 3 5
	approve grant "$plan" >"$dir/granted"
	run --separate-stderr -1 approve grant "$plan"
	[[ $stderr == "as-approve: '$plan': granted already, by "* ]]
	apply "$dir/granted"
	echo 3 >"$dir/count"
	run --separate-stderr -1 approve grant "$plan"
	[ "$stderr" = "as-approve: '$plan': carried out already" ]
	run --separate-stderr -1 apply "$dir/granted"
	[ "$(cat "$dir/count")" = 3 ]
}

# waiting N: so many as-approve have the state folder open
waiting() {
	local fd n=0

	while IFS= read -r fd; do
		[ "$(cat "${fd%/fd/*}/comm" 2>/dev/null)" != as-approve ] ||
			n=$((n + 1))
	done < <(find /proc/[0-9]*/fd -lname "$state" 2>/dev/null)
	[ "$n" -ge "$1" ]
}

@test "as-approve: of two who give a word at once the second hears of the first" {
	local k words=0

	pending 3 5
	exec 8<"$state"
	flock 8
	for k in 1 2; do
		{
			approve grant "$plan" >"$dir/out.$k" 2>"$dir/err.$k" &&
				echo 0 >"$dir/exit.$k" || echo $? >"$dir/exit.$k"
		} 3>&- 8<&- &
	done
	# both have read that it waits
	wait_until 10 waiting 2
	run -1 grep -q '"type":"grant"' "$state/web.ndjson"
	exec 8<&-
	wait_until 10 test -s "$dir/exit.1" -a -s "$dir/exit.2"
	[ "$(sort "$dir/exit.1" "$dir/exit.2" | paste -sd,)" = 0,1 ]
	[ "$(grep -c '"type":"grant"' "$state/web.ndjson")" = 1 ]
	grep -q "'$plan': granted already, by " "$dir/err.1" "$dir/err.2"
	for k in 1 2; do
		words=$((words + $(wc -l <"$dir/out.$k")))
	done
	[ "$words" = 1 ]
}

@test "as-approve: what is being carried out cannot be taken back" {
	pending 3 5
	run -0 approve grant "$plan"
	exec 8>"$state/web.lock"
	flock 8
	run --separate-stderr -1 approve deny "$plan"
	[ -z "$output" ]
	[[ $stderr == "as-approve: '$plan': not taken back: another as-apply is acting on 'web'"* ]]
	run -1 grep -q '"type":"denial"' "$state/web.ndjson"
	exec 8>&-
	run -0 approve deny "$plan"
	run --separate-stderr -1 apply "$dir/d"
	[ "$(cat "$dir/count")" = 3 ]
}

@test "as-approve: what a newer decision overtook is refused" {
	pending 3 5
	old=$plan
	now=2026-11-23T17:01:00Z
	decide 4 4 '.approval = "none" | del(.expires)' >"$dir/d"
	apply "$dir/d"
	run --separate-stderr -1 approve grant "$old"
	[ "$stderr" = "as-approve: '$old': overtaken by a newer decision" ]
}

@test "as-approve: a decision that knows no count overtakes nothing" {
	pending 3 5
	decide 3 3 '.action = "hold" | .approval = "none" | .observed = { error: "gone" } |
		del(.current_instances, .recommended_instances)' >"$dir/hold"
	apply "$dir/hold"
	run -0 approve grant "$plan"
}

@test "as-approve: the same plan on another day needs another word" {
	pending 3 5
	approve grant "$plan" >"$dir/granted"
	now=2026-11-24T17:00:00Z expires=2026-11-24T17:15:00Z
	pending 3 5
	[ "$(jq -r .result.status "$dir/pending")" = pending ]
	run -0 approve list
	[ "$output" = "$(cat "$dir/d")" ]
	approve grant "$plan" >"$dir/granted"
	run -0 apply "$dir/granted"
	[ "$(status_of)" = applied ]
}

@test "as-approve: an unknown id is refused" {
	pending 3 5
	run --separate-stderr -1 approve grant 0123456789abcdef
	[[ $stderr == *"'0123456789abcdef': nothing of the last seven days"* ]]
	run --separate-stderr -1 approve show ''
}

@test "as-approve: words that are none, and missing folders" {
	for words in "approve" "grant" "deny" "show" "list all" "grant a b"; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 approve $words
		[ "$stderr" = "as-approve: say list, show ID, grant ID or deny ID" ]
	done
	run --separate-stderr -2 as-approve list
	[ "$stderr" = "as-approve: no state folder: give --state or -c" ]
	touch "$dir/file"
	run --separate-stderr -2 as-approve --state "$dir/file" list
}

@test "as-approve: -c names the folders" {
	cat >"$dir/web.conf" <<-END
		target web { mode = auto }
		signal cpu { query = "x"  capacity = 1 }
		apply { driver = file  service = "$dir/count" }
		state { dir = "$state" }
	END
	decide 3 5 >"$dir/d"
	as-apply -c "$dir/web.conf" --now "$now" "$dir/d"
	as-approve -c "$dir/web.conf" --now "$now" grant "$(jq -r .id "$dir/d")" |
		as-apply -c "$dir/web.conf" --now "$now"
	[ "$(cat "$dir/count")" = 5 ]
}

@test "as-approve: where the journal cannot be written no decision goes on" {
	[ "$(id -u)" != 0 ] || skip "root may write everywhere"
	pending 3 5
	chmod a-w "$state/web.ndjson"
	run --separate-stderr -2 approve grant "$plan"
	[ -z "$output" ]
}
