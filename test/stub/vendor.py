"""The APIs of Hetzner Cloud and DigitalOcean as far as machines need them.

    vendor.py hetzner|digitalocean LOG DIR

Listens on a port of 127.0.0.1, which it prints. Keeps its machines in memory,
checks every request as the vendor would, and answers in the vendor's shapes.
Every request goes to LOG, a JSON line each: method, path, body, at (seconds
since 1970), status of the answer (0: it was lost), answer. What it is to
do wrong stands in files of DIR, read at each request:

    stock    lines "TYPE PLACE": there is none of these
    empty    so many orders find none of what they ask for
    limit    so many requests are let through; 429 for the next one, Retry-After
             1, and then no more of it
    forget   so many orders are carried out, but their answers are lost
    boot     seconds until a machine runs (default 0)
    lag      a machine is not in lists for so many seconds
    budget   "LIMIT LEFT SECONDS": so many requests are left of the limit, until
             it is whole again; told in the headers RateLimit-*, and refused
             beyond
    loads    {"NAME": SHARE}: what the machines' processors are busy with

The machines of DIR/machines.json, if it is there, exist from the start:
[{"name", "type", "place", "age", "labels": [...], "status"}].
"""

import http.server
import json
import os
import re
import sys
import time
import urllib.parse

KIND, LOG, DIR = sys.argv[1:4]
HETZNER = KIND == "hetzner"
TOKEN = "Bearer secret-token"
machines = {}
tags = set()
state = {"next": 101}


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


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


def add(name, kind, place, labels, age=0.0, status=None):
    key = state["next"]
    state["next"] += 1
    machines[key] = {
        "id": key,
        "name": name,
        "type": kind,
        "place": place,
        "labels": labels,
        "created": time.time() - age,
        "status": status,
        "boot": time.time() - age + float(option("boot") or 0),
    }
    return machines[key]


def status(m):
    if m["status"]:
        return m["status"]
    up = time.time() >= m["boot"]
    if HETZNER:
        return "running" if up else "initializing"
    return "active" if up else "new"


def show(m):
    if HETZNER:
        return {
            "id": m["id"],
            "name": m["name"],
            "status": status(m),
            "created": stamp(m["created"]),
            "labels": m["labels"],
            "server_type": {"name": m["type"]},
            "location": {"name": m["place"]},
            "public_net": {"ipv4": {"ip": "127.0.0.1"}, "ipv6": None},
            "private_net": [],
        }
    return {
        "id": m["id"],
        "name": m["name"],
        "status": status(m),
        "created_at": stamp(m["created"]),
        "tags": m["labels"],
        "size_slug": m["type"],
        "region": {"slug": m["place"]},
        "networks": {
            "v4": [
                {"ip_address": "10.0.0.1", "type": "private"},
                {"ip_address": "127.0.0.1", "type": "public"},
            ]
        },
    }


def wrong(body):
    """What the vendor would find wrong with an order; None: nothing"""
    need = {"name": str, "image": str if HETZNER else (str, int)}
    need["server_type" if HETZNER else "size"] = str
    may = {"ssh_keys": list, "user_data": str}
    if HETZNER:
        may.update(location=str, labels=dict, networks=list)
    else:
        may.update(region=str, tags=list, vpc_uuid=str, monitoring=bool)
    for key, kind in need.items():
        if not isinstance(body.get(key), kind):
            return "%s is missing or of another type" % key
    for key, value in body.items():
        if key not in need and not isinstance(value, may.get(key, ())):
            return "%s is not known or of another type" % key
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", body["name"]):
        return "name is not a host's"
    for tag in body.get("tags", []):
        if not re.fullmatch(r"[a-zA-Z0-9_:-]+", tag):
            return "tag"
    for key, value in body.get("labels", {}).items():
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,63}", key + value):
            return "labels"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, value=None, headers=()):
        body = b"" if value is None else json.dumps(value).encode()
        self.log(code, value)
        self.send_response(code)
        for name, text in [*headers, *self.spent]:
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log(self, code, value=None):
        with open(LOG, "a", encoding="utf-8") as f:
            line = {"method": self.command, "path": self.path,
                    "body": self.text, "at": self.at, "status": code, "answer": value}
            f.write(json.dumps(line) + "\n")

    def count(self):
        """Takes one of what is left: whether there was one"""
        self.spent = ()
        if not option("budget"):
            return True
        if "budget" not in state or time.time() >= state["budget"][2]:
            full, left, s = map(int, option("budget").split())
            whole = "budget" in state
            state["budget"] = [full, full if whole else left, time.time() + s]
        full, left, end = state["budget"]
        state["budget"][1] = max(left - 1, 0)
        self.spent = (
            ("RateLimit-Limit", str(full)),
            ("RateLimit-Remaining", str(max(left - 1, 0))),
            ("RateLimit-Reset", str(int(end) + 1)),
        )
        return left > 0

    def fail(self, code, word, text, headers=()):
        value = {"id": word, "message": text}
        if HETZNER:
            value = {"error": {"code": word, "message": text, "details": None}}
        self.answer(code, value, headers)

    def order(self, body):
        bad = wrong(body)
        if bad:
            word = "invalid_input" if HETZNER else "unprocessable_entity"
            return self.fail(422, word, bad)
        kind = body["server_type" if HETZNER else "size"]
        place = body.get("location" if HETZNER else "region", "")
        missing = "%s %s" % (kind, place) in option("stock").splitlines()
        if missing or spend("empty"):
            if HETZNER:
                return self.fail(
                    412, "resource_unavailable", "there is none of it"
                )
            return self.fail(
                422,
                "unprocessable_entity",
                "Size is not available in this region.",
            )
        taken = [m for m in machines.values() if m["name"] == body["name"]]
        if HETZNER and taken:
            return self.fail(
                409, "uniqueness_error", "server name is already used"
            )
        labels = body.get("labels" if HETZNER else "tags", [])
        m = add(body["name"], kind, place or "anywhere", labels)
        if spend("forget"):
            self.log(0)
            self.close_connection = True
            return self.connection.close()
        if HETZNER:
            return self.answer(
                201,
                {
                    "server": show(m),
                    "action": {"id": 1, "status": "running"},
                    "next_actions": [],
                    "root_password": "never-to-be-shown",
                },
            )
        return self.answer(202, {"droplet": show(m), "links": {"actions": []}})

    def list(self, query):
        lag = float(option("lag") or 0)
        found = [m for m in machines.values()
                 if time.time() - m["created"] >= lag]
        if "name" in query:
            found = [m for m in found if m["name"] == query["name"][0]]
        elif HETZNER:
            key, _, value = query["label_selector"][0].partition("==")
            found = [m for m in found if m["labels"].get(key) == value]
        else:
            tag = query["tag_name"][0]
            found = [m for m in found if tag in m["labels"]]
        size = int(query.get("per_page", ["25"])[0])
        size = min(size, int(option("page") or 1000))
        page = int(query.get("page", ["1"])[0])
        more = len(found) > size * page
        rows = [show(m) for m in found[size * (page - 1) : size * page]]
        if HETZNER:
            meta = {"pagination": {"next_page": page + 1 if more else None}}
            return self.answer(200, {"servers": rows, "meta": meta})
        links = {"pages": {"next": "https://x/?page=2"} if more else {}}
        self.answer(
            200,
            {"droplets": rows, "links": links, "meta": {"total": len(found)}},
        )

    def metrics(self, key):
        m = machines.get(int(key))
        if m is None:
            return self.fail(404, "not_found", "no such machine")
        share = json.loads(option("loads", "{}")).get(m["name"])
        now = time.time()
        if HETZNER:
            values = [[now - 60, str(100 * share)], [now, str(100 * share)]]
            return self.answer(200, {"metrics": {
                "start": stamp(now - 600), "end": stamp(now), "step": 60,
                "time_series": {"cpu": {"values": values}}}})
        modes = {"idle": 1 - share, "user": share}
        self.answer(200, {"status": "success", "data": {
            "resultType": "matrix",
            "result": [{"metric": {"host_id": key, "mode": mode},
                        "values": [[int(now) - 60, "1000"],
                                   [int(now), str(1000 + 60 * x)]]}
                       for mode, x in modes.items()]}})

    def one(self, key, rest, body):
        m = machines.get(int(key))
        if m is None:
            return self.fail(404, "not_found", "no such machine")
        if self.command == "DELETE":
            del machines[int(key)]
            return self.answer(200 if HETZNER else 204, {} if HETZNER else None)
        if rest and self.command == "POST":
            m["status"] = "off"
            doing = "running" if HETZNER else "in-progress"
            return self.answer(201, {"action": {"id": 1, "status": doing}})
        if self.command == "PUT":
            m["labels"] = body["labels"]
        self.answer(200, {"server" if HETZNER else "droplet": show(m)})

    def handle_one(self):
        size = int(self.headers.get("Content-Length") or 0)
        text = self.text = self.rfile.read(size).decode()
        self.at = time.time()
        enough = self.count()
        if self.headers.get("Authorization") != TOKEN:
            return self.fail(401, "unauthorized", "Unable to authenticate you")
        if not enough:
            return self.fail(
                429,
                "rate_limit_exceeded" if HETZNER else "too_many_requests",
                "limit exceeded",
            )
        if option("limit"):
            if not spend("limit"):
                os.unlink(os.path.join(DIR, "limit"))
                return self.fail(
                    429,
                    "rate_limit_exceeded" if HETZNER else "too_many_requests",
                    "limit exceeded",
                    [("Retry-After", option("wait").strip() or "1")],
                )
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        body = json.loads(text) if text else {}
        base = "/servers" if HETZNER else "/v2/droplets"
        if url.path == base:
            return self.list(query) if self.command == "GET" else self.order(body)
        found = re.fullmatch(
            base + r"/(\d+)(/actions/shutdown|/actions)?", url.path
        )
        if found:
            return self.one(found[1], found[2], body)
        found = re.fullmatch(r"/servers/(\d+)/metrics", url.path)
        if found:
            return self.metrics(found[1])
        if url.path == "/v2/monitoring/metrics/droplet/cpu":
            return self.metrics(query["host_id"][0])
        if url.path == "/v2/tags" and self.command == "POST":
            tags.add(body["name"])
            return self.answer(201, {"tag": {"name": body["name"]}})
        found = re.fullmatch(r"/v2/tags/([^/]+)/resources", url.path)
        if found and found[1] in tags:
            for r in body["resources"]:
                machines[int(r["resource_id"])]["labels"].append(found[1])
            return self.answer(204)
        self.fail(404, "not_found", "no such path")

    do_GET = do_POST = do_PUT = do_DELETE = handle_one


for first in json.loads(option("machines.json", "[]")):
    add(
        first["name"],
        first["type"],
        first["place"],
        first["labels"],
        first.get("age", 7200),
        first.get("status"),
    )
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
