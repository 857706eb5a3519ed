#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One SIP OPTIONS over UDP: exits 0 when anything answers it."""
import os
import socket
import sys

host = sys.argv[1]
wait = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
family, kind, proto, _, addr = socket.getaddrinfo(
    host, 5060, type=socket.SOCK_DGRAM)[0]
s = socket.socket(family, kind, proto)
s.settimeout(wait)
s.connect(addr)
me, port = s.getsockname()[:2]
if ":" in me:
    me, host = f"[{me}]", f"[{host}]"
tag = os.urandom(4).hex()
s.send(
    f"OPTIONS sip:{host} SIP/2.0\r\n"
    f"Via: SIP/2.0/UDP {me}:{port};branch=z9hG4bK{tag};rport\r\n"
    f"Max-Forwards: 1\r\nFrom: <sip:lab@{me}>;tag={tag}\r\n"
    f"To: <sip:{host}>\r\nCall-ID: {tag}@lab\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n".encode())
try:
    print(s.recv(4096).split(b"\r\n")[0].decode())
except OSError as e:
    sys.exit(f"sipping: {e}")
