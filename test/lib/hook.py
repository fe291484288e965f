#!/usr/bin/env python3
"""hook.py - takes what a webhook sends: one body a line after the port's

Listens on a port of 127.0.0.1 that the kernel chooses and prints it, then
prints the body of every POST and answers 200.
"""
import http.server


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        print(body.replace("\n", " "), flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
print(server.server_address[1], flush=True)
server.serve_forever()
