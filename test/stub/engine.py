"""A Docker Engine's API as far as a Swarm service needs it, with faults.

    engine.py SOCKET LOG [FAULT]
    engine.py tcp:FILE LOG [FAULT]

Listens on the unix socket SOCKET, or on a port of 127.0.0.1 that it writes to
FILE; then with TLS, demanding certificates of clients, where ENGINE_CERTS names
a folder with ca.pem, cert.pem and key.pem. It writes every request to LOG, a
JSON line each: method, path, body as it came. One service "web" with 3 replicas at
version 11; its specification is a text with odd blanks, members that nobody
knows and numbers that a rewrite would change, so that an update that is not
the same bytes shows. An update changes it as a manager would: replicas and
version. Answers are those of Docker 20.10.

Faults:
    conflict      updates: another came between (500, out of sequence)
    overtaken     the service changes just before each GET of it
    error500      updates: 500, nothing is done
    hang          updates: nothing is done, no answer comes
    hang-done     updates: done, no answer comes
    cut-done      updates: done, the connection is closed without an answer
    hang-all      no answer to anything
    never         tasks never start; they complain
    slow          tasks start a second after the update
    partly        of the tasks one starts; the others complain
    paused        an update is paused; tasks never start
    halted        an update was paused before; all is well
    touched       tasks never start; then somebody changes a label
    overtook      tasks never start; the second update is out of sequence
    rollback      the update is rolled back
    gone-after    the engine does not answer once an update was done
    not-manager   503 to all about services
    global        the service runs once on each node
    missing       there are only services with longer names
    garbage       answers that are not JSON
    old           an Engine API of 1.30
"""

import json
import os
import re
import socketserver
import ssl
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

SOCKET, LOG = sys.argv[1:3]
FAULT = sys.argv[3] if len(sys.argv) > 3 else ""
SPEC = (
    '{"Name":"web", "Labels":{"b":"1","a":"\\u00e4 2"},"New":{"x":1.50,'
    '"y":12345678901234567890},"TaskTemplate":{"ContainerSpec":{"Image":'
    '"app:1@sha256:00","Env":["A=1"] },"ForceUpdate":0},'
    '"Mode":{"Replicated":{"Replicas":3,"Unknown" : null}},"Later":1e2 }'
)


class State:
    version = 11
    replicas = 3
    changed = 0.0  # when it was updated last
    updates = 0
    update = None  # UpdateStatus


if FAULT == "halted":
    State.update = {
        "State": "paused",
        "StartedAt": "2026-11-23T11:00:00.5Z",
        "Message": "update paused due to failure",
    }
NEVER = ("never", "paused", "touched", "overtook")


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".123456789Z"


def spec():
    if FAULT == "global":
        return SPEC.replace(
            '"Replicated":{"Replicas":3,"Unknown" : null}', '"Global":{}'
        )
    text = SPEC
    if FAULT == "touched" and State.changed:
        text = text.replace('"b":"1"', '"b":"2"')
    return text.replace('"Replicas":3', '"Replicas":%d' % State.replicas)


def run():
    """How many tasks run"""
    if FAULT in NEVER and State.changed:
        return 3
    if FAULT == "partly" and State.changed:
        return min(4, State.replicas)
    if FAULT == "slow" and time.time() < State.changed + 1:
        return 3
    return State.replicas


def service(name="web", status=False):
    running = run()
    text = '{"ID":"%s","Version":{"Index":%d},"UpdatedAt":"%s","Spec":%s' % (
        "v3levgl2ac5jpf2x2jnpb80zj",
        State.version,
        stamp(State.changed),
        spec()
        if name == "web"
        else SPEC.replace('"Name":"web"', '"Name":"%s"' % name).replace(
            '"Replicas":3', '"Replicas":7'
        ),
    )
    if State.update:
        text += ',"UpdateStatus":' + json.dumps(State.update)
    if status:
        text += ',"ServiceStatus":{"RunningTasks":%d,"DesiredTasks":%d}' % (
            running,
            State.replicas,
        )
    return text + "}"


def tasks():
    """One complaint from before the update, two kinds from after it"""
    rows = [(State.changed - 60, "an old complaint")]
    rows += [(State.changed + 1, "no suitable node (insufficient resources)")] * 2
    rows += [(State.changed + 1, 'starting container failed: "x": not found')]
    return json.dumps(
        [{"Status": {"Timestamp": stamp(t), "Err": e}} for t, e in rows]
        + [
            {
                "DesiredState": "running",
                "Status": {"Timestamp": stamp(time.time()), "State": "running"},
            }
        ]
        * run()
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def address_string(self):
        return "unix"

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, status, message):
        self.answer(status, json.dumps({"message": message}))

    def note(self, body=""):
        with open(LOG, "a", encoding="utf-8") as f:
            f.write(
                json.dumps(
                    {"method": self.command, "path": self.path, "body": body}
                )
                + "\n"
            )

    def stall(self):
        time.sleep(60)
        self.close_connection = True

    def do_GET(self):
        self.note()
        if FAULT == "hang-all" or (FAULT == "gone-after" and State.changed):
            return self.stall()
        if FAULT == "garbage":
            return self.answer(200, "<html>not an engine</html>")
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/version":
            api = "1.30" if FAULT == "old" else "1.41"
            return self.answer(
                200, '{"ApiVersion":"%s","MinAPIVersion":"1.12"}' % api
            )
        if FAULT == "not-manager":
            return self.fail(
                503,
                "This node is not a swarm manager. Use docker swarm init or "
                "docker swarm join to connect this node to swarm and try "
                "again.",
            )
        if url.path == "/v1.41/services":
            names = ["web-canary"] if FAULT == "missing" else ["web-canary", "web"]
            return self.answer(
                200, "[" + ",".join(service(n, True) for n in names) + "]"
            )
        if url.path == "/v1.41/services/web" and FAULT != "missing":
            if FAULT == "overtaken":
                State.version += 1
            return self.answer(200, service())
        if url.path == "/v1.41/tasks":
            return self.answer(200, tasks())
        return self.fail(404, "service nope not found")

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        self.note(body)
        sequence = "rpc error: code = Unknown desc = update out of sequence"
        wanted = "/v1.41/services/web/update?version=%d" % State.version
        if FAULT == "conflict" or self.path != wanted:
            return self.fail(500, sequence)
        if FAULT == "overtook" and State.updates:
            return self.fail(500, sequence)
        if FAULT == "error500":
            return self.fail(500, "rpc error: code = DeadlineExceeded")
        if FAULT == "hang":
            return self.stall()
        State.replicas = int(re.search(r'"Replicas":(\d+)', body).group(1))
        State.version += 1
        State.changed = time.time()
        State.updates += 1
        if FAULT == "paused":
            State.update = {
                "State": "paused",
                "StartedAt": stamp(State.changed),
                "Message": "update paused due to failure",
            }
        if FAULT == "rollback":
            State.replicas = 3
            State.update = {
                "State": "rollback_completed",
                "Message": "rollback completed",
            }
        if FAULT == "hang-done":
            return self.stall()
        if FAULT == "cut-done":
            self.close_connection = True
            return self.connection.close()
        return self.answer(200, '{"Warnings":null}')


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        print(sys.exc_info()[1], file=sys.stderr, flush=True)


if SOCKET.startswith("tcp:"):
    server = TcpServer(("127.0.0.1", 0), Handler)
    certs = os.environ.get("ENGINE_CERTS")
    if certs:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certs + "/cert.pem", certs + "/key.pem")
        tls.load_verify_locations(certs + "/ca.pem")
        tls.verify_mode = ssl.CERT_REQUIRED
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    with open(SOCKET[4:] + ".new", "w", encoding="ascii") as port:
        port.write("%d\n" % server.server_address[1])
    os.rename(SOCKET[4:] + ".new", SOCKET[4:])
    server.serve_forever()
if os.path.exists(SOCKET):
    os.unlink(SOCKET)
Server(SOCKET, Handler).serve_forever()
