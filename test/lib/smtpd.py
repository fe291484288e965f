#!/usr/bin/env python3
"""smtpd.py DIR [--cert PEM --key PEM] [--implicit] - aiosmtpd on 127.0.0.1

Listens on a port that the kernel chooses and prints it. Letters go to DIR/N as
they came, envelopes as JSON to DIR/log. With a certificate STARTTLS and a login
(scaler, s3cret-word) are demanded; with --implicit TLS is there from the first
byte. Receivers named refuse@ get 550, later@ 451 the first time; content@ gets 554
once the letter is there. The login echo is refused by quoting it.
"""
import argparse
import asyncio
import base64
import json
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("dir")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--implicit", action="store_true")
args = parser.parse_args()
asked = {}


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        asked[address] = asked.get(address, 0) + 1
        if address.startswith("refuse@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@") and asked[address] == 1:
            return "451 4.7.1 greylisted, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("content@"):
            return "554 5.6.0 I do not like what it says"
        n = 1 + sum(name.isdigit() for name in os.listdir(args.dir))
        with open(os.path.join(args.dir, str(n)), "wb") as f:
            f.write(envelope.original_content)
        with open(os.path.join(args.dir, "log"), "a") as f:
            f.write(json.dumps({
                "hello": session.host_name, "from": envelope.mail_from,
                "to": envelope.rcpt_tos, "tls": args.implicit or session.ssl is not None,
                "login": session.authenticated}) + "\n")
        return "250 OK"


def login(server, session, envelope, mechanism, data):
    if data.login == b"echo":
        said = base64.b64encode(b"\0echo\0" + data.password).decode()
        return AuthResult(success=False, handled=False,
                          message="535 5.7.8 not taken: " + said)
    good = (data.login, data.password) == (b"scaler", b"s3cret-word")
    return AuthResult(success=good, handled=False)


async def main():
    tls = None
    if args.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.cert, args.key)
    handler = Handler()

    def session():
        options = {}
        if tls:
            options = {"authenticator": login, "auth_required": True}
            if args.implicit:
                options["auth_require_tls"] = False
            else:
                options.update(tls_context=tls, require_starttls=True)
        return SMTP(handler, hostname="stub", **options)

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=tls if args.implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
