# The driver nomad: a stand-in says what a real Nomad 1.1.2 said (stub/records),
# and every request is looked at to the byte.

load lib/common
load lib/decision.bash
load lib/replay.bash

JOB=/v1/job/web

setup() {
	unset NOMAD_ADDR NOMAD_TOKEN NOMAD_NAMESPACE NOMAD_REGION \
		NOMAD_CACERT NOMAD_CLIENT_CERT NOMAD_CLIENT_KEY
	dir=$BATS_TEST_TMPDIR
	driver=nomad
	service=web/app
	answer ended 200 '{"Status":"successful"}'
	changed two nomad-job-scale-status-after.http \
		'.JobModifyIndex = 43 | .TaskGroups.app |=
		(.Desired = 2 | .Running = 2 | .Healthy = 2 | .Placed = 2)'
	answers <<-END
		GET $JOB/scale two
		GET $JOB/scale two
		GET $JOB/scale nomad-job-scale-status-after.http
		GET $JOB/deployment ended
		POST $JOB/scale nomad-scale-up-3.http
	END
}

teardown() {
	replay_stop
}

apply() {
	as-apply --driver nomad --service "$service" --now "$now" \
		--host "http://127.0.0.1:$PORT" --timeout 5s "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver nomad --now "$now" \
		--service "$service" --host "http://127.0.0.1:$PORT"
}

# always REQUEST ANSWER...: what the script says to METHOD PATH, instead
always() {
	local request=$1

	shift
	grep -v "^$request " "$dir/script" >"$dir/script.new" || :
	for name; do
		echo "$request $name" >>"$dir/script.new"
	done
	mv "$dir/script.new" "$dir/script"
}

@test "nomad: count, what is ready and version of a group" {
	always "GET $JOB/scale" nomad-job-scale-status-after.http
	replay_start
	read_state
	[ "$status" = 0 ]
	[ "$(state '"\(.driver) \(.instances) \(.ready) \(.version)"')" = \
		"nomad 3 3 43" ]
	service=web/free
	read_state
	[ "$(state .instances)" = 1 ]
	[ "$(sent POST)" = "" ]
}

@test "nomad: the count of a change that was refused is not believed" {
	# the recorded answer says Desired 3 after such a change from 2
	always "GET $JOB/scale" nomad-job-scale-status.http
	replay_start
	read_state
	[ "$(state '"\(.instances) \(.ready) \(.version)"')" = "2 2 15" ]
	# refused twice: the newer one's PreviousCount is the older one's count
	changed twice nomad-job-scale-status.http '.TaskGroups.app |=
		(.Desired = 4 | .Events = [(.Events[0] | .CreateIndex = 28 |
		.PreviousCount = 3 | .Meta.OriginalCount = 4)] + .Events)'
	always "GET $JOB/scale" twice
	read_state
	[ "$(state .instances)" = 2 ]
	# the job was changed since
	changed since nomad-job-scale-status.http '.JobModifyIndex = 30'
	always "GET $JOB/scale" since
	read_state
	[ "$(state .instances)" = 3 ]
}

@test "nomad: the request is the count, the group and who asks" {
	replay_start
	version=43
	decide 2 3 >"$dir/in"
	NOMAD_TOKEN=43ca450e run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	body='{"Count":3,"Target":{"Group":"app"},"Message":"autoscale"}'
	[ "$(result .request)" = "POST $JOB/scale $body" ]
	[ "$(jq -r 'select(.method == "POST") | .body' "$dir/sent")" = "$body" ]
	[ "$(jq -r '.headers["x-nomad-token"]' "$dir/sent" | sort -u)" = 43ca450e ]
	[ "$(wrote)" = 1 ]
	[[ $output != *43ca450e* ]]
}

@test "nomad: dry run, monitor and refused send nothing but GET" {
	always "GET $JOB/scale" two
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result .request)" = "POST $JOB/scale {\"Count\":3,\"Target\":{\"Group\":\"app\"},\"Message\":\"autoscale\"}" ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	decide 1 3 >"$dir/in"
	run -1 apply "$dir/in"
	version=42
	decide 2 3 >"$dir/in"
	run -1 apply "$dir/in"
	[ "$(wrote)" = 0 ]
	[ "$(sent GET | wc -l)" -ge 4 ]
}

@test "nomad: a deployment under way is waited for before anything is asked" {
	changed mine nomad-job-deployment.http .
	always "GET $JOB/deployment" mine ended
	always "GET $JOB/scale" two two two nomad-job-scale-status-after.http
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .took_ms)" -ge 1900 ]
	[ "$(wrote)" = 1 ]
}

@test "nomad: blocked by a deployment that began meanwhile: asked again" {
	always "GET $JOB/scale" two two two nomad-job-scale-status-after.http
	always "POST $JOB/scale" nomad-blocked-by-active-deployment.http \
		nomad-scale-up-3.http
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(wrote)" = 2 ]
}

@test "nomad: a deployment that does not end is a failure in time" {
	changed mine nomad-job-deployment.http .
	always "GET $JOB/deployment" mine
	always "GET $JOB/scale" two
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -3 apply --timeout 3s "$dir/in"
	outcome failed "job 'web' has an active deployment, and nomad changes no count meanwhile"
	[ "$(wrote)" = 0 ]
}

@test "nomad: another writer while it waits is not overwritten" {
	changed mine nomad-job-deployment.http .
	changed other nomad-job-scale-status-after.http \
		'.JobModifyIndex = 50 | .TaskGroups.app |= (.Desired = 2 | .Running = 2)'
	always "GET $JOB/deployment" mine ended
	always "GET $JOB/scale" two two other
	replay_start
	version=43
	decide 2 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "job 'web' was changed since: version 50, not 43"
	[ "$(wrote)" = 0 ]
}

@test "nomad: 200 without an evaluation is a failure" {
	always "GET $JOB/scale" two
	always "POST $JOB/scale" nomad-event-only-no-count.http
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "job 'web': nomad took the request and began no evaluation; not carried out: it has 2"
	[ "$(wrote)" = 1 ]
}

@test "nomad: what it refuses is a failure in its words" {
	decide 2 3 >"$dir/in"
	while IFS='|' read -r recorded text; do
		: >"$dir/script"
		always "GET $JOB/scale" two
		always "GET $JOB/deployment" ended
		always "POST $JOB/scale" "$recorded"
		replay_start
		run --separate-stderr -3 apply "$dir/in"
		outcome failed "$text"
		[ "$(wrote)" = 1 ]
		replay_stop
		rm "$dir/replay.pid"
	done <<-'END'
		nomad-above-max.http|*answered 400*greater than scaling policy maximum: 6 > 5*
		nomad-no-token.http|*answered 403*Permission denied*set NOMAD_TOKEN*
		nomad-job-not-found.http|*answered 404*job "nope" not found*
		nomad-not-a-uuid-token.http|*answered 500*not carried out: it has 2
	END
}

@test "nomad: what cannot be read is an error, and nothing is changed" {
	decide 2 3 >"$dir/in"
	answer html 200 '<html>'
	while IFS='|' read -r recorded group text; do
		: >"$dir/script"
		always "GET $JOB/scale" "$recorded"
		service=web/$group
		replay_start
		run --separate-stderr -3 apply "$dir/in"
		outcome failed "$text"
		read_state
		[ "$status" = 3 ]
		[ "$(state .instances)" = null ]
		[ "$(wrote)" = 0 ]
		replay_stop
		rm "$dir/replay.pid"
	done <<-'END'
		nomad-job-not-found-status.http|app|*answered 404*job not found*
		nomad-job-scale-status-stopped.http|app|job 'web' is stopped
		nomad-job-scale-status-after.http|ap|job 'web' has no group 'ap'
		html|app|job 'web': the answer is not JSON*
		cut|app|*closed the connection without an answer*
	END
}

@test "nomad: no answer to a change that was made: read back, not repeated" {
	always "POST $JOB/scale" cut
	always "GET $JOB/scale" two two nomad-job-scale-status-after.http
	changed later nomad-job-scale-status-after.http '.JobModifyIndex = 44'
	always "GET $JOB/scale" two two later
	replay_start
	version=43
	decide 2 3 >"$dir/in"
	run --separate-stderr -0 apply "$dir/in"
	outcome applied
	[ "$(wrote)" = 1 ]
}

@test "nomad: no room for all: timeout, and what is exhausted" {
	changed short nomad-job-scale-status-after.http \
		'.TaskGroups.app |= (.Running = 2 | .Healthy = 2)'
	always "GET $JOB/scale" two two short
	answer failed 200 '{"FailedTGAllocs":{"app":{"DimensionExhausted":{"memory":1},"ConstraintFiltered":null}}}'
	always "GET /v1/evaluation/47234f7c-9bfe-e408-b827-2cb2425db85d" failed
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -3 apply --timeout 1s "$dir/in"
	outcome timeout "job 'web': 2 of 3 of 'app' serve; nomad found no place for some; exhausted: memory"
}

@test "nomad: namespace, region and jobs with a slash in their names" {
	always "GET /v1/job/team%2Fweb/scale?namespace=shop&region=e%20u" two
	replay_start
	service=team/web/app
	NOMAD_NAMESPACE=shop NOMAD_REGION='e u' read_state
	[ "$(state .instances)" = 2 ]
	NOMAD_ADDR=http://127.0.0.1:$PORT run --separate-stderr -0 as-fetch \
		--driver nomad --service web/app
	[ "$(state .instances)" = 2 ]
	decide 2 3 >"$dir/in"
	for service in '' web /app web/; do
		run --separate-stderr -2 apply "$dir/in"
		[[ $stderr == *"driver 'nomad' needs a service: JOB/GROUP, as in 'web/app'" ]]
	done
}
