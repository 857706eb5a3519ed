#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A node of the farm that answers each request with 200 and says who it is, in
the header X-Node: sipnode.py ADDRESS PORT NAME"""
import socket
import sys

addr, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.bind((addr, port))
KEEP = ("via:", "v:", "from:", "f:", "call-id:", "i:", "cseq:", "record-route:")
while True:
    msg, src = s.recvfrom(65535)
    lines = msg.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    if lines[0].startswith(("SIP/", "ACK ")) or len(lines) < 2:
        continue
    out = ["SIP/2.0 200 OK"]
    for h in lines[1:]:
        low = h.lower()
        if low.startswith(KEEP):
            out.append(h)
        elif low.startswith(("to:", "t:")):
            out.append(h if ";tag=" in low else h + ";tag=" + name)
    out += ["X-Node: " + name, "X-Method: " + lines[0].split(" ")[0],
            "Content-Length: 0", "", ""]
    s.sendto("\r\n".join(out).encode("latin-1"), src)
