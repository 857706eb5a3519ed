#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sends what stands on standard input as one datagram, LF as CRLF, and prints
what comes back: sipask.py FROM-IP FROM-PORT TO-IP TO-PORT [SECONDS]"""
import socket
import sys

src, dst = (sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4]))
s = socket.socket(socket.AF_INET6 if ":" in src[0] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.bind(src)
s.settimeout(float(sys.argv[5]) if len(sys.argv) > 5 else 2)
s.sendto(sys.stdin.read().replace("\n", "\r\n").encode("latin-1"), dst)
try:
    print(s.recv(65535).decode("latin-1").replace("\r", ""), end="")
except TimeoutError:
    sys.exit(1)
