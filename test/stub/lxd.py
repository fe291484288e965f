"""The REST API of LXD as far as instances of a service need it, with faults.

    lxd.py SOCKET LOG DIR

Listens on the unix socket SOCKET and keeps its instances in memory, those of
DIR/machines.json from the start: [{"name", "config", "status", "devices", "age"}].
Every request goes to LOG, a JSON line each: method, path, body. As LXD does, it
takes nearly everything with a 202, and what is wrong shows in the operation.
What else it is to do wrong stands in files of DIR, read at each request:

    fail     lines "KIND TEXT": operations of that kind (create, start, stop,
             kill, delete) fail with TEXT after they were taken
    stubborn names, one a line, that do not heed a polite stop
    slow     seconds that an operation takes
    forget   so many operations are carried out and not known any more
    lost     so many changes are carried out, but their answers are lost
    images   names of images, one a line (default: web)
"""

import http.server
import json
import os
import re
import socketserver
import sys
import threading
import time
import urllib.parse
import uuid

SOCKET, LOG, DIR = sys.argv[1:4]
instances = {}
operations = {}
lock = threading.Lock()


def option(name, default=""):
    try:
        with open(os.path.join(DIR, name), encoding="ascii") as f:
            return f.read()
    except OSError:
        return default


def spend(name):
    """One less in the file: whether there was one"""
    n = int(option(name) or 0)
    if n > 0:
        with open(os.path.join(DIR, name), "w", encoding="ascii") as f:
            f.write(str(n - 1))
    return n > 0


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(t))


def add(name, config, devices=None, status="Stopped", age=0.0, profiles=None):
    config = dict(config)
    config["volatile.uuid"] = str(uuid.uuid4())
    used = time.time() - age if status == "Running" else None
    instances[name] = {
        "name": name,
        "status": status,
        "config": config,
        "devices": devices or {},
        "profiles": ["default"] if profiles is None else profiles,
        "created_at": stamp(time.time() - age),
        "last_used_at": stamp(used) if used else "0001-01-01T00:00:00Z",
    }


def show(i):
    up = i["status"] == "Running"
    network = {
        "lo": {"addresses": [
            {"family": "inet", "address": "127.0.0.1", "scope": "local"}]},
        "eth0": {"addresses": [
            {"family": "inet6", "address": "fd42::1", "scope": "global"},
            {"family": "inet", "address": "127.0.0.1", "scope": "global"}]},
    }
    return dict(i, type="container", state={
        "status": i["status"], "pid": 4711 if up else 0,
        "network": network if up else None})


def create(body):
    source = body["source"]
    if body["name"] in instances:
        return 'Instance "%s" already exists' % body["name"]
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", body["name"]):
        return "Invalid instance name"
    config, devices = {}, {}
    if source["type"] == "image":
        name = source.get("alias") or source.get("fingerprint")
        if name not in option("images", "web").split():
            return "Image alias not found"
    else:
        of = instances.get(source["source"])
        if of is None:
            return "Instance not found"
        if "default" not in body.get("profiles", []):
            return "No root device could be found"
        config = {k: v for k, v in of["config"].items()
                  if not k.startswith("volatile.")}
        devices = dict(of["devices"])
    config.update(body.get("config", {}))
    devices.update(body.get("devices", {}))
    listen = [d["listen"] for i in instances.values()
              for d in i["devices"].values() if d["type"] == "proxy"]
    for d in devices.values():
        if d["type"] == "proxy" and d["listen"] in listen:
            return "Address already in use"
    add(body["name"], config, devices)
    return ""


def change(name, action, force):
    i = instances.get(name)
    if i is None:
        return "Instance not found"
    if action == "start":
        if i["status"] == "Running":
            return "The instance is already running"
        i["status"] = "Running"
        i["last_used_at"] = stamp(time.time())
    elif i["status"] != "Running":
        return "The instance is already stopped"
    elif name in option("stubborn").split() and not force:
        return "Failed shutting down instance, status is \"Running\": " \
            "context deadline exceeded"
    else:
        i["status"] = "Stopped"
    return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def answer(self, code, value):
        text = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def sync(self, metadata):
        self.answer(200, {"type": "sync", "status": "Success",
                          "status_code": 200, "metadata": metadata})

    def fail(self, code, text):
        self.answer(code, {"type": "error", "error": text, "error_code": code,
                           "metadata": None})

    def operate(self, kind, act):
        """Takes it with a 202; what came of it is asked for later"""
        planned = [line.partition(" ")[2] for line in
                   option("fail").splitlines() if line.split(" ")[0] == kind]
        key = str(uuid.uuid4())
        err = planned[0] if planned else act()
        if not spend("forget"):
            operations[key] = (time.time() + float(option("slow") or 0), err)
        if spend("lost"):
            self.close_connection = True
            return self.connection.close()
        path = "/1.0/operations/" + key
        self.answer(202, {"type": "async", "status": "Operation created",
                          "status_code": 100, "operation": path,
                          "metadata": {"id": key, "class": "task",
                                       "status": "Running", "err": "",
                                       "status_code": 103}})

    def wait(self, key, timeout):
        if key not in operations:
            return self.fail(404, "Operation not found")
        end, err = operations[key]
        time.sleep(max(0, min(end - time.time(), timeout)))
        code = 103 if time.time() < end else 400 if err else 200
        word = {103: "Running", 400: "Failure", 200: "Success"}[code]
        self.sync({"id": key, "class": "task", "status": word,
                   "status_code": code, "err": err if code == 400 else ""})

    def one(self, name, body):
        i = instances.get(name)
        if i is None:
            return self.fail(404, "Instance not found")
        if self.command == "GET":
            return self.sync(show(i))
        if self.command == "PATCH":
            i["config"].update(body["config"])
            return self.sync({})
        if i["status"] == "Running":
            return self.fail(400, "Instance is running")

        def away():
            del instances[name]
            return ""
        return self.operate("delete", away)

    def handle_one(self):
        size = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(size).decode()
        with open(LOG, "a", encoding="utf-8") as f:
            f.write(json.dumps({"method": self.command, "path": self.path,
                                "body": text}) + "\n")
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        found = re.fullmatch(r"/1\.0/operations/([^/]+)/wait", url.path)
        if found:
            return self.wait(found[1], float(query["timeout"][0]))
        with lock:
            self.route(url.path, query, json.loads(text) if text else {})

    def route(self, path, query, body):
        if query.get("project", ["default"])[0] != "default":
            return self.fail(404, "Project not found")
        if path == "/1.0/instances" and self.command == "GET":
            return self.sync([show(i) for i in instances.values()])
        if path == "/1.0/instances" and self.command == "POST":
            return self.operate("create", lambda: create(body))
        found = re.fullmatch(r"/1\.0/instances/([^/]+)(/state)?", path)
        if not found:
            return self.fail(404, "not found")
        if found[2]:
            force = body.get("force", False)
            kind = "kill" if force else body["action"]
            return self.operate(
                kind, lambda: change(found[1], body["action"], force))
        self.one(found[1], body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


for first in json.loads(option("machines.json", "[]")):
    add(first["name"], first.get("config", {}), first.get("devices"),
        first.get("status", "Running"), first.get("age", 7200))
Server(SOCKET, Handler).serve_forever()
