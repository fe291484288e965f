#!/usr/bin/env python3
"""bearer-gate.py URL TOKEN - a door before a server that knows no tokens

Listens on a port of 127.0.0.1 that the kernel chooses and prints it. Requests
that carry TOKEN go on to URL and its answer comes back; others get 401.
"""
import http.server
import sys
import urllib.error
import urllib.request

URL, TOKEN = sys.argv[1], sys.argv[2]


class Gate(http.server.BaseHTTPRequestHandler):
    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            self.answer(401, "text/plain", b"no token, no data\n")
            return
        request = urllib.request.Request(URL + self.path, data=body,
                                         method=self.command)
        kind = self.headers.get("Content-Type")
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                self.answer(reply.status, reply.headers["Content-Type"],
                            reply.read())
        except urllib.error.HTTPError as error:
            self.answer(error.code, error.headers["Content-Type"],
                        error.read())

    do_GET = do_POST = pass_on


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gate)
print(server.server_address[1], flush=True)
server.serve_forever()
