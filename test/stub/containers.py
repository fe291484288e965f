"""A Docker Engine with containers that can be given another size, and faults.

    containers.py LOG STATE [FAULT...]

Listens on a port of 127.0.0.1 that the kernel chooses and prints it. STATE is a
JSON file: {"web": {"HostConfig": {...}, "used": BYTES}, ...}, the containers of
the label app=web; it is rewritten when one changes, so that a test may look, or
change it behind the client's back. Every request goes to LOG, a JSON line each:
method, path, body. Answers are those of Docker 20.10.

Faults:
    refuse=NAME   updates of that one: 500, nothing is done
    other=NAME    somebody else changes that one once it was listed
    lost=NAME     its update is done, and no answer comes
    nostats       nobody can tell what memory is in use
"""

import json
import re
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOG, STATE = sys.argv[1:3]
FAULTS = dict((f.split("=") + [""])[:2] for f in sys.argv[3:])
seen = {}


def load():
    with open(STATE, encoding="utf-8") as f:
        return json.load(f)


def store(all_):
    with open(STATE, "w", encoding="utf-8") as f:
        json.dump(all_, f)


def ident(name):
    return name.encode().hex().ljust(64, "0")


def row(name):
    return {
        "Id": ident(name),
        "Names": ["/" + name],
        "State": "running",
        "Status": "Up 2 minutes",
        "Created": 1700000000 + len(name),
        "Labels": {"app": "web"},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, body=""):
        line = {"method": self.command, "path": self.path, "body": body}
        with open(LOG, "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")

    def who(self, all_):
        """name and rest of /containers/NAME/rest"""
        m = re.match(r"/v1\.41/containers/([^/]+)/([a-z]+)$",
                     urllib.parse.urlsplit(self.path).path)
        for name in all_:
            if m and m[1] in (name, ident(name)):
                return name, m[2]
        return None, None

    def do_GET(self):
        self.note()
        all_ = load()
        path = urllib.parse.urlsplit(self.path).path
        if path == "/version":
            return self.answer(200, {"ApiVersion": "1.41"})
        if path == "/v1.41/containers/json":
            return self.answer(200, [row(n) for n in all_])
        name, what = self.who(all_)
        if what == "stats":
            used = all_[name].get("used", 0)
            if "nostats" in FAULTS:
                return self.answer(200, {"memory_stats": {}})
            return self.answer(200, {"memory_stats": {
                "usage": used + 5242880,
                "stats": {"total_inactive_file": 5242880}}})
        if what != "json":
            return self.answer(404, {"message": "No such container"})
        seen[name] = seen.get(name, 0) + 1
        if FAULTS.get("other") == name and seen[name] == 3:
            all_[name]["HostConfig"]["NanoCpus"] = 3 * 10**9
            store(all_)
        return self.answer(200, {
            "Id": ident(name), "Name": "/" + name,
            "Config": {"Image": "app:1", "Labels": {"app": "web"}},
            "HostConfig": {"NetworkMode": "default",
                           **all_[name]["HostConfig"]},
            "NetworkSettings": {"Networks": {}}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.note(body.decode())
        all_ = load()
        made = re.match(r".*/create\?name=(.+)$", self.path)
        if made:
            host = json.loads(body)["HostConfig"]
            all_[made[1]] = {"HostConfig": host, "used": 0}
            store(all_)
            return self.answer(201, {"Id": ident(made[1])})
        name, what = self.who(all_)
        if what in ("start", "stop"):
            return self.answer(204)
        if what != "update":
            return self.answer(404, {"message": "No such container"})
        if FAULTS.get("refuse") == name:
            return self.answer(500, {"message": "Cannot update container"})
        all_[name]["HostConfig"].update(json.loads(body))
        store(all_)
        if FAULTS.get("lost") == name:
            self.close_connection = True
            return self.connection.close()
        return self.answer(200, {"Warnings": None})

    def do_DELETE(self):
        self.note()
        all_ = load()
        parts = urllib.parse.urlsplit(self.path).path.split("/")
        for name in list(all_):
            if parts[3] in (name, ident(name)):
                del all_[name]
        store(all_)
        return self.answer(204)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
