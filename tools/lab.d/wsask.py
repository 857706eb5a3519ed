#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A WebSocket handshake with these subprotocols: prints the answer's first line.

usage: wsask.py HOST PORT PROTOCOLS
"""
import base64
import os
import socket
import sys

host, port, protocols = sys.argv[1:4]
s = socket.create_connection((host, int(port)), 5)
head = ["GET / HTTP/1.1", "Host: " + host, "Upgrade: WebSocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
if protocols:
    head.append("Sec-WebSocket-Protocol: " + protocols)
s.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
print(s.recv(4096).decode().split("\r\n")[0])
