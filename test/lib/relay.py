#!/usr/bin/env python3
"""relay.py PORT HOST:PORT NETNS - a way out of a network that has none

Listens on 127.0.0.1:PORT in the network namespace it is started in (nsenter),
then goes over to NETNS, an open file of the one it was called from, such as
/proc/self/fd/9, and passes every connection on to HOST:PORT. What it says as an
HTTP proxy, the package server on the other side understands: an absolute
address in a request names a server that it is.
"""
import ctypes
import os
import socket
import sys
import threading


def copy(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, host, port):
    try:
        with client, socket.create_connection((host, port), 20) as server:
            server.settimeout(None)
            back = threading.Thread(target=copy, args=(server, client))
            back.start()
            copy(client, server)
            back.join()
    except OSError as error:
        print(error, file=sys.stderr)


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    host, port = sys.argv[2].rsplit(":", 1)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(os.open(sys.argv[3], os.O_RDONLY), 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    print("listens", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, host, int(port)),
                         daemon=True).start()


main()
