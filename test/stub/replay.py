#!/usr/bin/env python3
"""replay.py LOG SCRIPT FOLDER [CERT KEY] - a server that says what another said

Listens on a port of 127.0.0.1 that the kernel chooses, prints the port, and
appends each request to LOG as a line of JSON: method, path (query and all),
headers, body. Ends when it is killed.

A line of SCRIPT is "METHOD PATH ANSWER": to a request of just that method and
path the answer is FOLDER/ANSWER, an HTTP response as it was recorded (its
Content-Length says how much of the text is its body; one that came in chunks
is sent in one piece), or the bare status that
ANSWER names ("204"), or none at all: "hang", "cut". Several lines of the same
method and path answer one after the other; the last one goes on. SCRIPT is read
again for every request. What no line fits gets a 599.
"""
import json
import os
import socket
import ssl
import sys
import threading
import time

LOG, SCRIPT, FOLDER = sys.argv[1:4]
lock = threading.Lock()
used = {}


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    while len(body) < int(headers.get("content-length", 0)):
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    return {"method": method, "path": path, "headers": headers,
            "body": body.decode("utf-8", "replace")}


def choose(request):
    key = (request["method"], request["path"])
    with open(SCRIPT) as f:
        fitting = [w[2] for w in (line.split() for line in f)
                   if len(w) == 3 and (w[0], w[1]) == key]
    k = used[key] = used.get(key, 0) + 1
    if not fitting:
        return "599"
    return fitting[min(k, len(fitting)) - 1]


def response(name):
    if name.isdigit():
        return b"HTTP/1.1 %s Replayed\r\nContent-Length: 0\r\n" \
            b"Connection: close\r\n\r\n" % name.encode()
    with open(os.path.join(FOLDER, name), "rb") as f:
        head, _, body = f.read().partition(b"\n\n")
    lines = [line.strip() for line in head.splitlines()
             if not line.lower().startswith(b"transfer-encoding:")]
    length = len(body)
    if not any(w.lower().startswith(b"content-length:") for w in lines):
        lines.append(b"Content-Length: %d" % length)
    for line in lines:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    assert length <= len(body), name
    return b"\r\n".join(lines) + b"\r\n\r\n" + body[:length]


def serve(sock):
    try:
        if len(sys.argv) > 5:
            sock = tls.wrap_socket(sock, server_side=True)
        request = read_request(sock)
        if request is None:
            return
        with lock:
            name = choose(request)
            with open(LOG, "a") as f:
                f.write(json.dumps(request) + "\n")
        if name == "hang":
            time.sleep(60)
        elif name != "cut":
            sock.sendall(response(name))
        sock.close()
    except (OSError, ValueError):
        pass  # the client left, or never spoke HTTP


server = socket.create_server(("127.0.0.1", 0), backlog=64)
if len(sys.argv) > 5:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[4], sys.argv[5])
    tls.load_verify_locations(sys.argv[4])
    tls.verify_mode = ssl.CERT_OPTIONAL
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],),
                     daemon=True).start()
