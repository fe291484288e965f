#!/usr/bin/env python3
"""stub.py LOG [--dir DIR] [--cert PEM --key PEM] - a web server that fails on order

Listens on a port of 127.0.0.1 that the kernel chooses, prints the port, and
appends each request to LOG as a line of JSON: method, path, query, form,
headers, body. Ends when it is killed.

The first part of a request's path says what to do; what follows it is free:

    http://127.0.0.1:PORT/status=503,retry-after=1/api/v1/query_range

    status=N        this status (default 200)
    body=FILE       the bytes of DIR/FILE
    text=WORDS      these bytes; + is a blank, %XX a byte
    type=KIND       Content-Type (default application/json)
    matrix=N        N series from start to end by step, as Prometheus has them:
                    of series k (from 0) at time t the value is k + t % 1000;
                    more than 11,000 steps are a 400
    flaky=N         the first N requests for the same recipe get status and
                    body (default status 503), later ones what "then" says
    then=KEY        status 200 with: matrix, ok ({"status":"success"})
    retry-after=S   a Retry-After header
    no-more=S       X-RateLimit-Remaining: 0, X-RateLimit-Reset-After: S
    redirect=URL    a Location header (percent-encoded); SELF is this server
    allow=WORD      401 unless Authorization has this as its last word
    slow=MS         wait before the answer
    hang            never answer
    drip=MS         one byte of the body every MS
    truncate=N      only the first N bytes of the body, though all are announced
    reset           cut the connection before the answer, with a RST
    close           end the connection before the answer
    garbage         bytes that are no HTTP
    huge=N          a body of N blanks
"""
import argparse
import json
import os
import socket
import ssl
import struct
import threading
import time
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("log")
parser.add_argument("--dir", default=".")
parser.add_argument("--cert")
parser.add_argument("--key")
args = parser.parse_args()
seen = {}
lock = threading.Lock()
GOOD = b'{"status":"success"}'


def matrix(form, count):
    start, end = float(form["start"]), float(form["end"])
    step = float(form["step"])
    steps = int((end - start) / step + 1e-6)
    if steps > 11000:
        return 400, json.dumps({
            "status": "error", "errorType": "bad_data",
            "error": "exceeded maximum resolution of 11,000 points per "
                     "timeseries. Try decreasing the query resolution "
                     "(?step=XX)"})
    times = [start + i * step for i in range(steps + 1)]
    series = [{"metric": {"__name__": "stub", "part": str(k)},
               "values": [[t, repr(k + t % 1000)] for t in times]}
              for k in range(count)]
    return 200, json.dumps({"status": "success", "data": {
        "resultType": "matrix", "result": series}})


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, target, _ = lines[0].split(" ", 2)
        self.path, _, query = target.partition("?")
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.body = body
        self.form = dict(urllib.parse.parse_qsl(query))
        if "urlencoded" in self.headers.get("content-type", ""):
            self.form.update(urllib.parse.parse_qsl(body.decode()))
        self.recipe = {}
        self.name = self.path.strip("/").split("/")[0]
        for word in self.name.split(","):
            key, _, value = word.partition("=")
            self.recipe[key] = urllib.parse.unquote_plus(value)

    def log(self):
        with lock, open(args.log, "a") as f:
            f.write(json.dumps({
                "method": self.method, "path": self.path, "form": self.form,
                "headers": self.headers, "time": time.time(),
                "body": self.body.decode("utf-8", "replace")}) + "\n")

    def count(self):
        with lock:
            seen[self.name] = seen.get(self.name, 0) + 1
            return seen[self.name]


def read_request(sock, rest):
    while b"\r\n\r\n" not in rest:
        data = sock.recv(65536)
        if not data:
            return None, b""
        rest += data
    head, _, rest = rest.partition(b"\r\n\r\n")
    request = Request(head, b"")
    length = int(request.headers.get("content-length", 0))
    while len(rest) < length:
        data = sock.recv(65536)
        if not data:
            return None, b""
        rest += data
    return Request(head, rest[:length]), rest[length:]


def answer(request):
    """status, extra headers, body"""
    recipe = dict(request.recipe)
    extra = ""
    if "flaky" in recipe:
        if request.count() <= int(recipe["flaky"]):
            recipe.setdefault("status", "503")
        else:
            recipe = {recipe.get("then", "ok"): "1"}
    status, body = int(recipe.get("status", 200)), GOOD
    if "allow" in recipe:
        sent = request.headers.get("authorization", "").split(" ")[-1]
        if sent != recipe["allow"]:
            return 401, "", b"Unauthorized\n", "text/plain"
    if "retry-after" in recipe:
        extra += "Retry-After: " + recipe["retry-after"] + "\r\n"
    if "no-more" in recipe:
        extra += ("X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset-After: %s\r\n"
                  % recipe["no-more"])
    if "redirect" in recipe:
        to = recipe["redirect"].replace("SELF", "127.0.0.1:%d" % PORT)
        extra += "Location: " + to + "\r\n"
    if "body" in recipe:
        with open(os.path.join(args.dir, recipe["body"]), "rb") as f:
            body = f.read()
    elif "text" in recipe:
        raw = request.name.partition("text=")[2].split(",")[0]
        body = urllib.parse.unquote_to_bytes(raw.replace("+", " "))
    elif "huge" in recipe:
        body = b" " * int(recipe["huge"])
    elif "matrix" in recipe and status == 200:
        status, text = matrix(request.form, int(recipe["matrix"]))
        body = text.encode()
    if status == 204:
        body = b""
    return status, extra, body, recipe.get("type", "application/json")


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def send(sock, request):
    """False: the connection is at its end"""
    recipe = request.recipe
    if "slow" in recipe:
        time.sleep(int(recipe["slow"]) / 1000)
    if "hang" in recipe:
        time.sleep(3600)
    if "reset" in recipe:
        reset(sock)
        return False
    if "close" in recipe:
        return False
    if "garbage" in recipe:
        sock.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        return False
    status, extra, body, kind = answer(request)
    sock.sendall(("HTTP/1.1 %d Stub\r\nContent-Type: %s\r\n"
                  "Content-Length: %d\r\n%s\r\n"
                  % (status, kind, len(body), extra)).encode())
    if request.method == "HEAD":
        return True
    if "truncate" in recipe:
        sock.sendall(body[:int(recipe["truncate"])])
        return False
    if "drip" in recipe:
        for byte in body:
            sock.sendall(bytes([byte]))
            time.sleep(int(recipe["drip"]) / 1000)
        return True
    sock.sendall(body)
    return True


def serve(sock):
    rest = b""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if args.cert:
            sock = tls.wrap_socket(sock, server_side=True)
        while True:
            request, rest = read_request(sock, rest)
            if request is None:
                break
            request.log()
            if not send(sock, request):
                break
        sock.close()
    except (OSError, ValueError):
        pass  # the client left, or never spoke HTTP


server = socket.create_server(("127.0.0.1", 0), backlog=64)
PORT = server.getsockname()[1]
if args.cert:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(args.cert, args.key)
print(PORT, flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],),
                     daemon=True).start()
