# The driver kubernetes: a stand-in says what a real kube-apiserver 1.20.2 said
# (stub/records), and every request is looked at to the byte.

load lib/common
load lib/decision.bash
load lib/replay.bash

WEB=/apis/apps/v1/namespaces/demo/deployments/web
UID_=a12d376b-18bc-455b-a3c5-c202536b7f82

setup() {
	dir=$BATS_TEST_TMPDIR
	driver=kubernetes
	service=demo/deployment/web
	host=
	changed ready-2 kube-deployment-managedfields.http \
		'.status = { replicas: 2, readyReplicas: 2, observedGeneration: 10 }'
	changed ready-3 kube-deployment-managedfields.http \
		'.metadata.generation = 11 | .status =
		{ replicas: 3, readyReplicas: 3, observedGeneration: 11 }'
	changed there-3 kube-get-after-patch-3.http '.status.replicas = 3'
	answers <<-END
		GET $WEB/scale kube-get-deployment-scale.http
		GET $WEB/scale kube-get-deployment-scale.http
		GET $WEB/scale there-3
		GET $WEB ready-2
		GET $WEB ready-2
		GET $WEB ready-3
		PATCH $WEB/scale?fieldManager=autoscale kube-merge-patch-3.http
	END
}

teardown() {
	replay_stop
}

apply() {
	as-apply --driver kubernetes --service "$service" --now "$now" \
		--host "${host:-http://127.0.0.1:$PORT}" --timeout 5s "$@"
}

read_state() {
	run --separate-stderr as-fetch --driver kubernetes --now "$now" \
		--service "$service" --host "${host:-http://127.0.0.1:$PORT}"
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

@test "kubernetes: count, what is ready and version" {
	replay_start
	read_state
	[ "$status" = 0 ]
	[ "$(state '"\(.driver) \(.instances) \(.ready) \(.version)"')" = \
		"kubernetes 2 2 $UID_.10" ]
	[ "$(sent)" = "GET $WEB/scale
GET $WEB" ]
	[ "$(jq -r .headers.accept "$dir/sent" | sort -u)" = application/json ]
}

@test "kubernetes: a count that is left out is 0" {
	always "GET $WEB/scale" kube-get-when-0-replicas.http
	changed ready-0 kube-deployment-managedfields.http '.status = {}'
	always "GET $WEB" ready-0
	replay_start
	read_state
	[ "$(state '"\(.instances) \(.ready)"')" = "0 0" ]
}

@test "kubernetes: without a right to the object the scale is enough" {
	always "GET $WEB" kube-forbidden-sa-plain-deployment.http
	replay_start
	read_state
	[ "$status" = 0 ]
	[ "$(state '"\(.instances) \(.ready) \(.version)"')" = "2 null $UID_/2" ]
	version=$UID_/2
	decide 2 3 >"$dir/in"
	: >"$dir/script"
	answers <<-END
		GET $WEB/scale kube-get-deployment-scale.http
		GET $WEB/scale kube-get-deployment-scale.http
		GET $WEB/scale kube-get-deployment-scale.http
		GET $WEB/scale kube-get-after-patch-3.http
		GET $WEB/scale there-3
		GET $WEB kube-forbidden-sa-plain-deployment.http
		PATCH $WEB/scale?fieldManager=autoscale kube-merge-patch-3.http
	END
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	# it is asked for once, and no more after the refusal
	[ "$(sent GET | grep -c "$WEB\$")" = 2 ]
}

@test "kubernetes: the patch holds the count and the version it was read at" {
	replay_start
	version=$UID_.10
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .confirmed)" = true ]
	[ "$(result .request)" = "PATCH $WEB/scale?fieldManager=autoscale {\"metadata\":{\"resourceVersion\":\"262\"},\"spec\":{\"replicas\":3}}" ]
	[ "$(jq -r 'select(.method == "PATCH") | .body' "$dir/sent")" = \
		'{"metadata":{"resourceVersion":"262"},"spec":{"replicas":3}}' ]
	[ "$(jq -r 'select(.method == "PATCH") | .headers["content-type"]' "$dir/sent")" = \
		application/merge-patch+json ]
	[ "$(wrote)" = 1 ]
}

@test "kubernetes: dry run, monitor and refused send no patch" {
	always "GET $WEB/scale" kube-get-deployment-scale.http
	always "GET $WEB" ready-2
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply --dry-run "$dir/in"
	outcome dry-run
	[ "$(result .request)" = "PATCH $WEB/scale?fieldManager=autoscale {\"metadata\":{\"resourceVersion\":\"262\"},\"spec\":{\"replicas\":3}}" ]
	run -0 apply --mode monitor "$dir/in"
	outcome monitor
	decide 1 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "the count is 2 now*"
	version=$UID_.9
	decide 2 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "the target was changed*"
	[ "$(wrote)" = 0 ]
	[ "$(sent GET | wc -l)" -ge 4 ]
}

@test "kubernetes: a conflict by a pod alone is tried again at the new version" {
	: >"$dir/script"
	changed newer kube-get-deployment-scale.http '.metadata.resourceVersion = "270"'
	always "GET $WEB/scale" kube-get-deployment-scale.http \
		kube-get-deployment-scale.http newer there-3
	always "GET $WEB" ready-2 ready-2 ready-2 ready-3
	always "PATCH $WEB/scale?fieldManager=autoscale" \
		kube-patch-stale-rv-conflict.http kube-merge-patch-3.http
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(jq -r 'select(.method == "PATCH") | .body' "$dir/sent")" = \
		'{"metadata":{"resourceVersion":"262"},"spec":{"replicas":3}}
{"metadata":{"resourceVersion":"270"},"spec":{"replicas":3}}' ]
}

@test "kubernetes: a conflict with another writer is refused, not forced" {
	: >"$dir/script"
	changed other kube-get-deployment-scale.http '.spec.replicas = 5'
	always "GET $WEB/scale" kube-get-deployment-scale.http \
		kube-get-deployment-scale.http other
	always "GET $WEB" ready-2
	always "PATCH $WEB/scale?fieldManager=autoscale" \
		kube-patch-stale-rv-conflict.http
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "'deployments/web' has 5 replicas now, not 2"
	[ "$(wrote)" = 1 ]
}

@test "kubernetes: conflicts without end are given up" {
	always "GET $WEB/scale" kube-get-deployment-scale.http
	always "GET $WEB" ready-2
	always "PATCH $WEB/scale?fieldManager=autoscale" \
		kube-patch-stale-rv-conflict.http
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -1 apply "$dir/in"
	outcome refused "*answered 409*the object has been modified*"
	[ "$(wrote)" = 5 ]
}

@test "kubernetes: 429 with Retry-After: waits as long, looks again, tries again" {
	always "GET $WEB/scale" kube-get-deployment-scale.http \
		kube-get-deployment-scale.http kube-get-deployment-scale.http there-3
	always "GET $WEB" ready-2 ready-2 ready-2 ready-3
	always "PATCH $WEB/scale?fieldManager=autoscale" \
		kube-too-many-requests.http kube-merge-patch-3.http
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(result .took_ms)" -ge 1000 ]
	[ "$(wrote)" = 2 ]
}

@test "kubernetes: a wait that is too long is not waited for" {
	answer later 429 '' 'Retry-After: 3600'
	always "PATCH $WEB/scale?fieldManager=autoscale" later
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -3 apply "$dir/in"
	outcome failed "*answered 429*"
	[ "$(wrote)" = 1 ]
}

@test "kubernetes: what the server refuses is a failure in its words" {
	decide 2 3 >"$dir/in"
	while IFS='|' read -r recorded text; do
		: >"$dir/script"
		always "GET $WEB/scale" kube-get-deployment-scale.http
		always "GET $WEB" ready-2
		always "PATCH $WEB/scale?fieldManager=autoscale" "$recorded"
		replay_start
		run --separate-stderr -3 apply "$dir/in"
		outcome failed "$text"
		[ "$(wrote)" = 1 ]
		replay_stop
		rm "$dir/replay.pid"
	done <<-'END'
		kube-negative-replicas.http|*answered 422*must be greater than or equal to 0*
		kube-forbidden-no-rbac-patch.http|*answered 403*cannot patch resource*a role must allow get and patch of the scale subresource
		kube-webhook-denies.http|*answered 400*denied the request: replicas outside of the freeze window*
		kube-admission-webhook-unreachable.http|*answered 500*failed calling webhook*not carried out: it has 2
	END
}

@test "kubernetes: what cannot be read is an error, and nothing is changed" {
	decide 2 3 >"$dir/in"
	answer odd 200 '{"kind":"Scale","metadata":{"resourceVersion":"1"},"spec":{"replicas":2.5}}'
	answer html 200 '<html>'
	while IFS='|' read -r recorded text; do
		: >"$dir/script"
		always "GET $WEB/scale" "$recorded"
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
		kube-unauthorized-bad-token.http|*answered 401*Unauthorized*the token or certificate is not accepted
		kube-forbidden-no-rbac-get.http|*answered 403*cannot get resource*
		kube-notfound-deployment-get.http|*answered 404*not found*
		kube-notfound-group.http|*answered 404*
		odd|'deployments/web': the answer is no Scale with a count and a resourceVersion
		html|'deployments/web': the answer is not JSON*
		cut|*closed the connection without an answer*
	END
}

@test "kubernetes: no answer to a patch that was made: read back, not repeated" {
	always "PATCH $WEB/scale?fieldManager=autoscale" cut
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -0 apply "$dir/in"
	outcome applied
	[ "$(wrote)" = 1 ]
}

@test "kubernetes: pods that do not come: timeout, with what it complains of" {
	changed stuck kube-deployment-managedfields.http '.metadata.generation = 11 |
		.status = { replicas: 3, readyReplicas: 2, observedGeneration: 11,
		conditions: [
		{ type: "Available", status: "True", message: "enough" },
		{ type: "ReplicaFailure", status: "True", message: "exceeded quota: small" },
		{ type: "Progressing", status: "False", message: "timed out progressing" }] }'
	always "GET $WEB" ready-2 ready-2 stuck
	replay_start
	decide 2 3 >"$dir/in"
	run --separate-stderr -3 apply --timeout 1s "$dir/in"
	outcome timeout "'deployments/web': 2 of 3 pods are ready; exceeded quota: small; timed out progressing"
}

@test "kubernetes: old figures of a controller that has not looked do not count" {
	changed old kube-deployment-managedfields.http '.metadata.generation = 11 |
		.status = { replicas: 3, readyReplicas: 3, observedGeneration: 10 }'
	always "GET $WEB" ready-2 ready-2 old old old ready-3
	replay_start
	decide 2 3 >"$dir/in"
	run -0 apply "$dir/in"
	outcome applied
	[ "$(sent GET | grep -c "$WEB\$")" = 6 ]
}

@test "kubernetes: kinds, namespaces and custom resources" {
	replay_start
	while read -r service path; do
		: >"$dir/sent"
		read_state
		[ "$(sent GET | head -n 1)" = "GET $path/scale" ]
	done <<-'END'
		web /apis/apps/v1/namespaces/default/deployments/web
		deploy/web /apis/apps/v1/namespaces/default/deployments/web
		demo/sts/db /apis/apps/v1/namespaces/demo/statefulsets/db
		demo/replicaset/web-76f4 /apis/apps/v1/namespaces/demo/replicasets/web-76f4
		rc/old /api/v1/namespaces/default/replicationcontrollers/old
		argoproj.io/v1alpha1/rollouts/web /apis/argoproj.io/v1alpha1/namespaces/default/rollouts/web
		shop/argoproj.io/v1alpha1/rollouts/web /apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web
	END
	decide 2 3 >"$dir/in"
	for service in '' demo/daemonset/ds a/b/c/d/e/f demo//web; do
		run --separate-stderr -2 apply "$dir/in"
		[[ $stderr == *"driver 'kubernetes' "* ]]
	done
}

# --- who we are ---

certificates() { # a server's, which a client may show, too
	command -v openssl >/dev/null || skip "no openssl on this machine"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" -days 2 \
		-subj /CN=api -addext subjectAltName=IP:127.0.0.1 2>/dev/null
}

# config USER [CLUSTER]: as kubectl config view --raw --flatten -o json
config() {
	jq -n --argjson user "$1" --argjson cluster "${2:-{\}}" \
		--arg server "https://127.0.0.1:$PORT" \
		--arg ca "$(base64 -w0 "$dir/cert.pem")" '{
		kind: "Config", apiVersion: "v1",
		clusters: [{ name: "other", cluster: { server: "http://x" } },
			{ name: "local", cluster: ({ server: $server,
			"certificate-authority-data": $ca } + $cluster) }],
		users: [{ name: "scaler", user: $user }],
		contexts: [{ name: "c", context: { cluster: "local",
			user: "scaler", namespace: "demo" } }],
		"current-context": "c" }' >"$dir/config"
	chmod 600 "$dir/config"
	host=$dir/config
}

@test "kubernetes: a kubeconfig with a token, a password or a token's file" {
	certificates
	replay_start "$dir/cert.pem" "$dir/key.pem"
	service=deployment/web
	while IFS='|' read -r user header; do
		: >"$dir/sent"
		config "${user//DIR/$dir}"
		echo "s3cret-token
" >"$dir/token"
		read_state
		[ "$(state .instances)" = 2 ]
		[ "$(jq -r .headers.authorization "$dir/sent" | sort -u)" = "$header" ]
		replay_stop
		replay_start "$dir/cert.pem" "$dir/key.pem"
	done <<-'END'
		{"token":"abc.def"}|Bearer abc.def
		{"username":"me","password":"pw"}|Basic bWU6cHc=
		{"tokenFile":"DIR/token"}|Bearer s3cret-token
	END
}

@test "kubernetes: a client certificate is shown, from the file's own text" {
	certificates
	replay_start "$dir/cert.pem" "$dir/key.pem"
	config "$(jq -n --arg c "$(base64 -w0 "$dir/cert.pem")" \
		--arg k "$(base64 -w0 "$dir/key.pem")" \
		'{ "client-certificate-data": $c, "client-key-data": $k }')"
	read_state
	[ "$(state .instances)" = 2 ]
	# a key that is none: it is really used
	config "$(jq -n --arg c "$(base64 -w0 "$dir/cert.pem")" \
		'{ "client-certificate-data": $c, "client-key-data": "bm8=" }')"
	read_state
	[ "$status" = 3 ]
}

@test "kubernetes: a server that the file's authority does not vouch for is refused" {
	certificates
	replay_start "$dir/cert.pem" "$dir/key.pem"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$dir/key2.pem" -out "$dir/cert2.pem" -days 2 \
		-subj /CN=other -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	config '{"token":"abc"}' "{\"certificate-authority-data\":\"$(base64 -w0 "$dir/cert2.pem")\"}"
	read_state
	[ "$status" = 3 ]
	[ ! -s "$dir/sent" ]
}

@test "kubernetes: a kubeconfig that cannot be used says why" {
	certificates
	PORT=1
	decide 2 3 >"$dir/in"
	while IFS='|' read -r user cluster text; do
		config "$user" "$cluster"
		run --separate-stderr -2 apply "$dir/in"
		[[ $stderr == *"'$dir/config': $text"* ]]
	done <<-'END'
		{"exec":{"command":"aws"}}|{}|its user logs in by a program ('exec'); make a service account and give its token
		{"token":"t"}|{"insecure-skip-tls-verify":true}|its cluster has 'insecure-skip-tls-verify', which is not heeded
		{"token":"t"}|{"certificate-authority-data":"%%"}|'certificate-authority-data' is not base64 of a text
	END
	config '{"token":"t"}'
	chmod 644 "$dir/config"
	run --separate-stderr -2 apply "$dir/in"
	[[ $stderr == *"cannot use '$dir/config': others may read or write it" ]]
	echo 'apiVersion: v1' >"$dir/config"
	chmod 600 "$dir/config"
	run --separate-stderr -2 apply "$dir/in"
	[[ $stderr == *"is not JSON: "*"kubectl config view --raw --minify --flatten -o json'" ]]
	[[ $stderr != *token* ]]
}

@test "kubernetes: in a pod: its service account, the token read again" {
	certificates
	replay_start "$dir/cert.pem" "$dir/key.pem"
	mkdir "$dir/pod"
	cp "$dir/cert.pem" "$dir/pod/ca.crt"
	printf demo >"$dir/pod/namespace"
	echo first >"$dir/pod/token"
	export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=$PORT
	service=web host=in-cluster:$dir/pod
	changed stuck kube-deployment-managedfields.http '.metadata.generation = 11 |
		.status = { replicas: 3, readyReplicas: 2, observedGeneration: 11 }'
	always "GET $WEB" ready-2 ready-2 stuck
	decide 2 3 >"$dir/in"
	(wait_until 10 grep -q PATCH "$dir/sent" && echo second >"$dir/pod/token") 3>&- &
	waiter=$!
	run --separate-stderr -3 apply --timeout 3s "$dir/in"
	outcome timeout
	wait $waiter
	[ "$(jq -r .headers.authorization "$dir/sent" | uniq)" = "Bearer first
Bearer second" ]
	unset KUBERNETES_SERVICE_HOST
	run --separate-stderr -2 apply "$dir/in"
	[[ $stderr == *"this runs in no pod: give the path of a kubeconfig in JSON as host" ]]
}

@test "kubernetes: no host: the file that KUBECONFIG names" {
	certificates
	replay_start "$dir/cert.pem" "$dir/key.pem"
	config '{"token":"abc"}'
	KUBECONFIG=$dir/config run -0 --separate-stderr as-fetch --now "$now" \
		--driver kubernetes --service web
	[ "$(state .instances)" = 2 ]
}

# gives SIZES: a decision that leaves two replicas, each given that
gives() {
	decide 2 2 ".resources = $1" >"$dir/in"
}

# sized NAME REQUESTS [FILTER]: the Deployment with one container that has them
sized() {
	changed "$1" kube-deployment-managedfields.http \
		".status = { replicas: 2, readyReplicas: 2, updatedReplicas: 2,
			observedGeneration: .metadata.generation } |
		.spec.template.spec.containers[0].resources = $2 | ${3:-.}"
}

PATCH="$WEB?fieldManager=autoscale"

@test "kubernetes: pods are given another size by their template, where allowed" {
	sized old '{"requests":{"cpu":"10m","memory":"16Mi"}}'
	sized new '{"requests":{"cpu":"250m","memory":"16Mi"},"limits":{"cpu":"1500m","memory":"96Mi"}}' \
		'.metadata.generation = 11 | .status.observedGeneration = 11'
	sized half '{"requests":{"cpu":"250m","memory":"16Mi"},"limits":{"cpu":"1500m","memory":"96Mi"}}' \
		'.metadata.generation = 11'
	always "GET $WEB/scale" kube-get-deployment-scale.http
	# read, planned, looked at, compared; under way, there, read back
	always "GET $WEB" old old old old half new
	echo "PATCH $PATCH new" >>"$dir/script"
	replay_start
	gives '{"cpus":1.5,"memory":100663296,"cpus_reserved":0.25}'
	printf '%s\n' 'target web { mode = auto }' \
		'signal load { capacity = 50 }' \
		"apply { driver = kubernetes service = \"$service\" host = \"http://127.0.0.1:$PORT\" timeout = 5s }" \
		'resources { apply = yes min_memory = 64Mi max_raise = 10000% }' \
		>"$dir/web.conf"
	run -0 as-apply -c "$dir/web.conf" --now "$now" "$dir/in"
	outcome unchanged
	body='{"metadata":{"resourceVersion":"421"},"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1500m","memory":"96Mi"},"requests":{"cpu":"250m"}}}]}}}}'
	[ "$(result '.resized | "\(.status) \(.confirmed) \(.request)"')" = "applied true PATCH $PATCH $body" ]
	[ "$(jq -r 'select(.method == "PATCH") | .headers["content-type"] + " " + .body' "$dir/sent")" = \
		"application/strategic-merge-patch+json $body" ]
}

@test "kubernetes: without leave pods are not restarted, nor even looked at" {
	always "GET $WEB/scale" kube-get-deployment-scale.http
	always "GET $WEB" ready-2
	replay_start
	gives '{"cpus":1.5}'
	run -0 apply "$dir/in"
	[ "$(result '.resized | "\(.status) \(.held)"')" = \
		"held its instances would restart; 'apply = yes' of the section 'resources' allows that" ]
	for how in --dry-run "--mode monitor"; do
		# shellcheck disable=SC2086
		run -0 apply --resources yes $how "$dir/in"
		[[ $(result .resized.request) == "PATCH $PATCH {"* ]]
	done
	[ "$(wrote)" = 0 ]
}

@test "kubernetes: a pod's coming overtakes a patch of the template, a person stops it" {
	sized old '{"limits":{"cpu":"1"}}'
	sized new '{"limits":{"cpu":1.5}}'
	sized other '{"limits":{"cpu":"3"}}'
	always "GET $WEB/scale" kube-get-deployment-scale.http
	always "GET $WEB" old old old old old new
	echo "PATCH $PATCH kube-patch-stale-rv-conflict.http
PATCH $PATCH new" >>"$dir/script"
	replay_start
	gives '{"cpus":1.5}'
	run -0 apply --resources yes "$dir/in"
	[ "$(result .resized.status)" = applied ]
	[ "$(sent PATCH | wc -l)" = 2 ]
	replay_stop
	always "GET $WEB" old old old old other
	always "PATCH $PATCH" kube-patch-stale-rv-conflict.http
	replay_start
	run --separate-stderr -1 apply --resources yes "$dir/in"
	[ "$(result '.resized | "\(.status) \(.error)"')" = \
		"refused 'deployments/web' was given something else meanwhile" ]
}

@test "kubernetes: pods that cannot be replaced have their template put back" {
	sized old '{"limits":{"cpu":"1"}}'
	sized stuck '{"limits":{"cpu":"1500m"}}' '.metadata.generation = 11 |
		.status.observedGeneration = 11 | .status.updatedReplicas = 1 |
		.status.conditions = [{ type: "Progressing", status: "False",
			message: "ReplicaSet \"web-2\" has timed out progressing." }]'
	always "GET $WEB/scale" kube-get-deployment-scale.http
	always "GET $WEB" old old old old stuck stuck stuck old
	echo "PATCH $PATCH stuck
PATCH $PATCH old" >>"$dir/script"
	replay_start
	gives '{"cpus":1.5}'
	run --separate-stderr -3 apply --resources yes "$dir/in"
	[ "$(result .resized.status)" = failed ]
	[[ $(result .resized.error) == *"1 of 2 pods were replaced: ReplicaSet \"web-2\" has timed out progressing."*"; put back to what it had" ]]
	[ "$(sent PATCH | wc -l)" = 2 ]
	[[ $(result .resized.request) == *'"cpu":"1500m"'*'; PATCH '*'"cpu":"1000m"'* ]]
}

@test "kubernetes: which container is meant, and what cannot be resized" {
	always "GET $WEB/scale" kube-get-deployment-scale.http
	sized two '{}' '.spec.template.spec.containers += [{ name: "web",
		resources: { limits: { cpu: "500m" } } }]'
	always "GET $WEB" two
	replay_start
	gives '{"cpus":0.8}'
	run -0 apply --resources yes --dry-run "$dir/in"
	[[ $(result .resized.request) == *'"containers":[{"name":"web","resources":{"limits":{"cpu":"800m"}}}]'* ]]
	sized two '{}' '.spec.template.spec.containers += [{ name: "x" }] |
		.spec.template.metadata.annotations["kubectl.kubernetes.io/default-container"] = "c"'
	run -0 apply --resources yes --dry-run "$dir/in"
	[[ $(result .resized.request) == *'"containers":[{"name":"c",'* ]]
	sized two '{}' '.spec.template.spec.containers += [{ name: "x" }]'
	run --separate-stderr -3 apply --resources yes --dry-run "$dir/in"
	[[ $(result .resized.error) == *"of its several containers none is named as it is"* ]]
	sized two '{"limits":{"cpu":"a lot"}}'
	run -0 apply --resources yes --dry-run "$dir/in"
	[[ $(result .resized.held) == *"is set in a way that is left alone" ]]
	# it is more than the count that has to be allowed
	always "GET $WEB" kube-forbidden-sa-plain-deployment.http
	run --separate-stderr -3 apply --resources yes --dry-run "$dir/in"
	[[ $(result .resized.error) == *"answered 403"*"; a role must allow get and patch of the object itself" ]]
}
