#!/usr/bin/env bats
# scripts/examples: each file, read by the program that it is for

load lib/common

setup() {
	examples=$root/scripts/examples
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${pids:-}" ] || kill $pids
}

needs() { # needs PROGRAM PACKAGE
	command -v "$1" >/dev/null ||
		skip "$1 is not installed: apt-get install $2"
}

# yaml FILE: its documents as an array of JSON
yaml() {
	/usr/bin/python3 -c 'import json, sys, yaml
json.dump(list(yaml.safe_load_all(open(sys.argv[1]))), sys.stdout)' "$1"
}

@test "settings: each file is sound, monitors only, and names a state folder" {
	for conf in "$examples"/*.conf; do
		set -- -c "$conf"
		[ "${conf##*/}" != notify.conf ] || set -- "$@" -c "$examples/web.conf"
		run --separate-stderr -0 as-decide --check "$@"
		[ "$stderr" = "" ]
		grep -q 'mode = monitor' <<<"$output"
		grep -q "dir = '/var/lib/autoscale'" <<<"$output"
	done
	# those within the job of Nomad, too
	sed -n '/<<-CONF/,/^ *CONF/{/CONF/d; p}' "$examples/autoscale.nomad" >n.conf
	run --separate-stderr -0 as-decide --check -c n.conf
	[ "$stderr" = "" ]
	grep -q "service = 'web/app'" <<<"$output"
}

@test "settings: no file is without a sentence on what it is" {
	for file in "$examples"/*; do
		case $file in *.json) continue ;; esac
		run -0 head -n 1 "$file"
		assert_output --regexp "^# ${file##*/} - [a-z]"
	done
}

@test "prometheus.yml and alertmanager.yml are valid, rules and routes are found" {
	needs promtool prometheus
	needs amtool prometheus-alertmanager
	run -0 promtool check config "$examples/prometheus.yml"
	assert_output --partial '1 rule files found'
	run -0 amtool check-config "$examples/alertmanager.yml"
	assert_output --partial '2 receivers'
	# what cannot wait goes to both
	run --separate-stderr -0 amtool config routes test \
		--config.file "$examples/alertmanager.yml" \
		severity=critical alertname=AutoscaleStopped
	[ "$output" = chat-and-mail ]
	run --separate-stderr -0 amtool config routes test \
		--config.file "$examples/alertmanager.yml" severity=warning
	[ "$output" = mail ]
}

# stack: compose.yml as docker-compose reads it, as JSON
stack() {
	GRAFANA_PASSWORD=secret docker-compose -f "$examples/compose.yml" \
		--profile loop config >stack.yml && yaml stack.yml | jq '.[0]'
}

@test "compose.yml is valid, and what it mounts is there" {
	needs docker-compose docker-compose
	stack >stack.json
	run -0 jq -r '.services | keys | join(" ")' stack.json
	[ "$output" = "alertmanager autoscale docker-proxy grafana node-exporter prometheus" ]
	for file in $(jq -r --arg d "$examples/" '.services[].volumes[] |
		tostring | split(":")[0] | select(startswith($d)) |
		ltrimstr($d)' stack.json); do
		[ "$file" = secrets ] || [ -f "$examples/$file" ]
	done
	# the loop, and what gives it the socket, run only where asked for
	run -0 jq -c '[.services | to_entries[] |
		select(.value.profiles == ["loop"]) | .key]' stack.json
	[ "$output" = '["autoscale","docker-proxy"]' ]
	# a password that is none is not taken
	run ! docker-compose -f "$examples/compose.yml" config
	assert_output --partial GRAFANA_PASSWORD
}

@test "compose.yml: one service has the socket, nobody listens to the world" {
	needs docker-compose docker-compose
	stack >stack.json
	run -0 jq -r '.services | to_entries[] |
		select(.value.volumes | map(tostring) | any(test("^/var/run|^/run"))) |
		.key' stack.json
	[ "$output" = docker-proxy ]
	# no port is published; what listens says 127.0.0.1
	run -0 jq -c '[.services[] | select(.ports or .privileged)]' stack.json
	[ "$output" = '[]' ]
	run -0 jq -r '.services[] | (.command // [] | .[]),
		(.environment // {} | .GF_SERVER_HTTP_ADDR // empty)' stack.json
	for port in 9090 9093 9100; do
		assert_line --regexp "listen-address=127.0.0.1:$port\$"
	done
	assert_line 127.0.0.1
	# all are shut in, and none may gain rights
	run -0 jq -c '[.services[] | select(.read_only != true or
		.cap_drop != ["ALL"] or
		.security_opt != ["no-new-privileges:true"])]' stack.json
	[ "$output" = '[]' ]
	# the newest of an image is a different one tomorrow
	run -1 grep -nE 'image: [^:]*(:[^0-9]*)?$' "$examples/compose.yml"
}

@test "Grafana: data source and dashboard find one another" {
	yaml "$examples/grafana-datasource.yml" >source.json
	yaml "$examples/grafana-dashboards.yml" >provider.json
	jq -e '.[0] | .apiVersion == 1 and .datasources[0].type == "prometheus" and
		.datasources[0].isDefault' source.json
	path=$(jq -r '.[0].providers[0].options.path' provider.json)
	grep -q "autoscale-dashboard.json:$path/" "$examples/compose.yml"
	jq -e '.uid == "autoscale" and (.panels | length) > 0 and
		([.panels[].id] | unique | length) == (.panels | length)' \
		"$examples/autoscale-dashboard.json"
}

@test "kubernetes.yml: one deployment may be read and scaled, and nothing else" {
	yaml "$examples/kubernetes.yml" >k.json
	run -0 jq -r '.[] | "\(.apiVersion) \(.kind) \(.metadata.namespace)/\(.metadata.name)"' k.json
	assert_output - <<-END
		v1 ServiceAccount shop/autoscale
		rbac.authorization.k8s.io/v1 Role shop/autoscale
		rbac.authorization.k8s.io/v1 RoleBinding shop/autoscale
		v1 PersistentVolumeClaim shop/autoscale
		batch/v1 CronJob shop/autoscale-web
	END
	run -0 jq -c '.[] | select(.kind == "Role").rules[] |
		[.apiGroups[], .resources[], .resourceNames[], .verbs[]]' k.json
	assert_output - <<-END
		["apps","deployments","web","get"]
		["apps","deployments/scale","web","get","patch"]
	END
	# the settings scale that one, as that account
	grep -q 'service = shop/deployment/web' "$examples/kubernetes.conf"
	jq -e '.[4].spec.jobTemplate.spec.template.spec as $pod |
		($pod.serviceAccountName == .[0].metadata.name) and
		(.[2].subjects[0].name == .[0].metadata.name) and
		(.[2].roleRef.name == .[1].metadata.name)' k.json
}

@test "kubernetes.yml: turns do not overlap, and the pod is shut in" {
	yaml "$examples/kubernetes.yml" >k.json
	jq -e '.[4].spec | .schedule == "* * * * *" and
		.concurrencyPolicy == "Forbid" and
		.jobTemplate.spec.backoffLimit == 0' k.json
	jq -e '.[4].spec.jobTemplate.spec.template.spec |
		.securityContext.runAsNonRoot and .restartPolicy == "Never" and
		(.containers[0].securityContext | .readOnlyRootFilesystem and
		.allowPrivilegeEscalation == false and
		.capabilities.drop == ["ALL"])' k.json
	# every volume is mounted once, and every mount is a volume
	jq -e '.[4].spec.jobTemplate.spec.template.spec |
		([.volumes[].name] | sort) ==
		([.containers[].volumeMounts[].name] | sort)' k.json
	# the user is the image's
	uid=$(sed -n 's/^USER //p' "$examples/Containerfile")
	jq -e --argjson uid "$uid" '.[4].spec.jobTemplate.spec.template.spec |
		.securityContext | .runAsUser == $uid and .fsGroup == $uid' k.json
}

@test "Containerfile: packages for building, libraries for running, no root" {
	not_under_valgrind
	file=$examples/Containerfile
	# what quickstart installs is what the first stage does
	for package in $(sed -n 's|^\t\t[a-zA-Z]*/*[a-zA-Z0-9]*\.h \(.*-dev\)$|\1|p' \
		"$root/scripts/quickstart"); do
		sed -n '/AS build/,/^WORKDIR/p' "$file" | grep -qw -- "$package"
		grep -qw -- "$package" "$root/man/autoscale-quickstart.7"
	done
	# what the commands are linked with is in the second
	sed '1,/^FROM \${BASE}$/d' "$file" >second
	run -1 grep -E -- '-dev|gcc|make' second
	for lib in $(for c in "$B"/as-*; do readelf -d "$c" 2>/dev/null; done |
		sed -n 's/.*NEEDED.*\[lib\([a-z]*\)\.so\.[0-9]*\]/\1/p' | sort -u); do
		case $lib in
		c | m) continue ;;
		z) grep -qw zlib1g second ;;
		*) grep -qE "lib${lib}[0-9]" second ;;
		esac
	done
	tail -n 20 "$file" | grep -qE '^USER [1-9][0-9]*$'
	# all that is copied is there
	for path in $(sed -n 's/^COPY \([a-zA-Z]*\) .*/\1/p' "$file"); do
		[ -e "$root/$path" ]
	done
}

# proxied REQUEST: what comes of a line such as "GET /version", by curl
proxied() {
	curl -s -o answer -w '%{http_code}' --path-as-is --unix-socket f.sock \
		-X "${1%% *}" "http://docker${1#* }"
}

@test "docker-proxy.nginx: one service is read and updated; nothing else passes" {
	needs nginx nginx-light
	sed "s|unix:/filtered/docker.sock|unix:$PWD/f.sock|
		s|unix:/var/run/docker.sock|unix:$PWD/d.sock|
		s| /tmp/| $PWD/|
		$([ "$(id -u)" = 0 ] || echo /^user/d)" \
		"$examples/docker-proxy.nginx" >nginx.conf
	cat >engine.py <<-'END'
		import http.server, socketserver
		class Engine(http.server.BaseHTTPRequestHandler):
		    def do(self):
		        self.rfile.read(int(self.headers.get("Content-Length") or 0))
		        with open("seen", "a") as f:
		            print(self.command, self.path, file=f)
		        self.send_response(200)
		        self.send_header("Content-Length", "2")
		        self.end_headers()
		        self.wfile.write(b"{}")
		    do_GET = do_POST = do_DELETE = do_PUT = do_OPTIONS = do
		    def address_string(self):
		        return "nginx"
		class Server(socketserver.ThreadingUnixStreamServer):
		    pass
		Server("d.sock", Engine).serve_forever()
	END
	python3 engine.py >engine.log 2>&1 3>&- &
	pids=$!
	nginx -p "$PWD" -c "$PWD/nginx.conf" >nginx.log 2>&1 3>&- &
	pids="$pids $!"
	wait_until 10 test -S f.sock -a -S d.sock
	wait_until 10 proxied 'GET /_ping'
	rm -f seen
	cat >may <<-'END'
		GET /_ping
		GET /version
		GET /v1.41/services?status=true&filters=%7B%22name%22%3A%5B%22web%22%5D%7D
		GET /v1.41/services/web
		GET /v1.41/tasks?filters=%7B%22service%22%3A%5B%22x%22%5D%7D
		POST /v1.41/services/web/update?version=12
		POST /v1.41/services/web/update?version=12&rollback=previous
	END
	while IFS= read -r request; do
		[ "$(proxied "$request")" = 200 ]
	done <may
	diff may seen
	while IFS= read -r request; do
		[ "$(proxied "$request")" = 403 ]
	done <<-'END'
		POST /v1.41/containers/create
		POST /v1.41/containers/web/exec
		GET /v1.41/containers/json
		GET /v1.41/secrets
		GET /v1.41/services/web2
		GET /v1.41/services/web/logs?stdout=1
		POST /v1.41/services/create
		POST /v1.41/services/web2/update?version=1
		POST /v1.41/services/web/update?version=1&registryAuthFrom=x
		POST /v1.41/services/web/update
		POST /v1.41/containers/create/../../services/web/update?version=1
		POST /v1.41/services/web/update/../../create?version=1
		POST /v1.41/services/web%2fupdate?version=1
		GET /v1.41/services/web/../../containers/json
		GET //v1.41/services/web
		DELETE /v1.41/services/web
		PUT /v1.41/services/web
		OPTIONS /v1.41/services/web
		POST /services/web/update?version=1
	END
	diff may seen
}
