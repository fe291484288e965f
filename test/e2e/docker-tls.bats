# A real Docker Engine that wants certificates of those who speak to it

load ../lib/common
load ../lib/services.sh
load ../lib/decision.bash

setup_file() {
	# one engine for all tests
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	WHY_NOT=$(docker_usable) || :
	command -v openssl >/dev/null || WHY_NOT="no openssl on this machine"
	export WHY_NOT
	[ -z "$WHY_NOT" ] || {
		echo "# Docker tests are skipped: $WHY_NOT" >&3
		return 0
	}
	svc_begin
	authority ours
	authority theirs
	certificate ours server 2
	certificate ours client 2
	certificate theirs foreign 2
	certificate ours expired 0
	# its own network, so that no other has the port
	docker_start --tlsverify --tlscacert "$SVC/ours.pem" \
		--tlscert "$SVC/server.pem" --tlskey "$SVC/server.key" \
		-H tcp://127.0.0.1:2376
	docker_import web:1
	swarm_start
	swarm_create web web:1 2
}

teardown_file() {
	svc_end
}

setup() {
	[ -z "${WHY_NOT:-}" ] || skip "$WHY_NOT"
	dir=$BATS_TEST_TMPDIR
	driver=swarm
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	version=$(swarm_version web)
	unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH
}

# authority NAME: NAME.pem and NAME.ca
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$1" -keyout "$SVC/$1.ca" -out "$SVC/$1.pem" \
		2>/dev/null
}

# certificate AUTHORITY NAME DAYS: NAME.pem and NAME.key
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$2" -keyout "$SVC/$2.key" -out "$SVC/$2.csr" \
		2>/dev/null
	printf '%s\n' 'subjectAltName=IP:127.0.0.1' \
		'extendedKeyUsage=serverAuth,clientAuth' >"$SVC/ext"
	openssl x509 -req -in "$SVC/$2.csr" -CA "$SVC/$1.pem" \
		-CAkey "$SVC/$1.ca" -CAcreateserial -days "$3" \
		-extfile "$SVC/ext" -out "$SVC/$2.pem" 2>/dev/null
	chmod 600 "$SVC/$2.key"
}

# conf HOST [CA CERTIFICATE]: writes $dir/web.conf
conf() {
	{
		echo 'target web { mode = auto }'
		echo 'signal a { query = x capacity = 1 }'
		echo "apply { driver = $driver service = \"${service:-web}\""
		echo "timeout = 30s host = \"$1\""
		[ -z "${2:-}" ] || echo "ca_file = \"$SVC/$2.pem\""
		[ -z "${3:-}" ] || printf '%s = "%s"\n' \
			cert_file "$SVC/$3.pem" key_file "$SVC/$3.key"
		echo '}'
	} >"$dir/web.conf"
}

inside() {
	docker_inside "$B/$1" "${@:2}"
}

@test "tls: with the files that the settings name the loop reads and acts" {
	conf tcp://127.0.0.1:2376 ours client
	# there is no load to be had, but there is a count
	run --separate-stderr inside as-fetch -c "$dir/web.conf" \
		--source csv -u /dev/null
	[ "$(state '"\(.instances) \(.ready)"')" = "2 2" ]
	decide 2 4 >"$dir/in"
	run -0 inside as-apply -c "$dir/web.conf" "$dir/in"
	outcome applied
	[ "$(swarm_replicas web)" = 4 ]
	swarm_set web 2
}

@test "tls: with the variables of the docker command" {
	mkdir "$dir/certs"
	cp "$SVC/ours.pem" "$dir/certs/ca.pem"
	cp "$SVC/client.pem" "$dir/certs/cert.pem"
	cp "$SVC/client.key" "$dir/certs/key.pem"
	conf ''
	export DOCKER_HOST=tcp://127.0.0.1:2376 DOCKER_TLS_VERIFY=1
	export DOCKER_CERT_PATH=$dir/certs
	decide 2 3 >"$dir/in"
	run -0 inside as-apply -c "$dir/web.conf" "$dir/in"
	outcome applied
	swarm_set web 2
	# what the settings name goes before them
	conf '' theirs client
	decide 2 3 '.observed.version = ""' >"$dir/in"
	run -3 --separate-stderr inside as-apply -c "$dir/web.conf" "$dir/in"
	[[ $(result .error) == *"it is not of an authority in '$SVC/theirs.pem'" ]]
}

# refused CONF...: nothing is changed; sets error
refused() {
	conf "$@"
	decide 2 3 >"$dir/in"
	run -3 --separate-stderr inside as-apply -c "$dir/web.conf" "$dir/in"
	[ "$(result .status)" = failed ]
	error=$(result .error)
	echo "$error"
	[ "$(swarm_version web)" = "$version" ]
}

@test "tls: an engine of another authority is not believed" {
	refused tcp://127.0.0.1:2376 theirs client
	[[ $error == "'https://127.0.0.1:2376/version': "*"; it is not of an authority in '$SVC/theirs.pem'" ]]
}

@test "tls: an engine of an authority that nobody named is not believed" {
	refused https://127.0.0.1:2376
	[[ $error == *"certificate"*"; name its authority with ca_file" ]]
}

@test "tls: without a certificate of ours" {
	refused tcp://127.0.0.1:2376 ours
	[[ $error == *"it wants a certificate of ours: set cert_file and key_file" ]]
}

@test "tls: with a certificate of another authority" {
	refused tcp://127.0.0.1:2376 ours foreign
	[[ $error == *"it does not take our certificate '$SVC/foreign.pem': is it of the engine's authority, and has it expired?" ]]
}

@test "tls: with a certificate that has expired" {
	refused tcp://127.0.0.1:2376 ours expired
	[[ $error == *"it does not take our certificate '$SVC/expired.pem': is it of the engine's authority, and has it expired?" ]]
}

@test "tls: without TLS" {
	refused tcp://127.0.0.1:2376
	[[ $error == *"; it wants TLS: set ca_file, cert_file and key_file, or DOCKER_TLS_VERIFY and DOCKER_CERT_PATH" ]]
}

@test "tls: under a name that is not in the certificate" {
	refused tcp://localhost:2376 ours client
	[[ $error == *"localhost"* ]]
}

@test "tls: containers are stopped over several connections at once" {
	driver=docker service=app=1
	for name in one two three; do
		docker_api "/v1.41/containers/create?name=$name" >/dev/null \
			-d '{"Image":"web:1","Labels":{"app":"1"},
			"StopSignal":"SIGKILL",
			"Cmd":["/bin/httpd","-f","-p","8080"]}'
		docker_api "/v1.41/containers/$name/start" -X POST
	done
	conf tcp://127.0.0.1:2376 ours client
	version=
	decide 3 1 >"$dir/in"
	run -0 inside as-apply -c "$dir/web.conf" "$dir/in"
	outcome applied
	[ "$(docker_api /v1.41/containers/json | jq '[.[] |
		select(.Labels.app == "1")] | length')" = 1 ]
}
