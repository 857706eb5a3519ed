#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which node gets which Call-ID: sends OPTIONS of N Call-IDs, always the same, and
prints them with the X-Node of their answers as JSON: sipspread.py FROM TO N"""
import json
import socket
import sys
import time

src, dst, n = sys.argv[1], (sys.argv[2], 5060), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((src, 5072))
s.settimeout(0.5)
todo = {f"spread-{i}@lab" for i in range(n)}
got = {}
end = time.time() + 30
while todo and time.time() < end:
    for c in sorted(todo)[:50]:
        s.sendto((
            "OPTIONS sip:node@example.com SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {src}:5072;branch=z9hG4bK{c}\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\n"
            f"To: <sip:node@example.com>\r\nCall-ID: {c}\r\n"
            "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode(), dst)
    for _ in range(min(50, len(todo))):
        try:
            lines = s.recv(4096).decode().split("\r\n")
        except TimeoutError:
            break
        h = dict(x.split(": ", 1) for x in lines[1:] if ": " in x)
        if h.get("X-Node"):
            got[h["Call-ID"]] = h["X-Node"]
            todo.discard(h["Call-ID"])
print(json.dumps(got))
sys.exit(1 if todo else 0)
