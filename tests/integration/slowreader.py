#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A reader of events that does not read for a while.

   slowreader.py SOCKET TARGET N

Listens by SSE, and does not read while N changes of a target's state (PUT TARGET) are
made. Then it reads: every number has to come, in order. Prints how many there were.
"""
import http.client, json, socket, sys

path, target, n = sys.argv[1], sys.argv[2], int(sys.argv[3])


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    return s


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = connect()


reader = connect()
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
reader.sendall(b"GET /v1/events HTTP/1.0\r\nHost: carom\r\n"
               b"Accept: text/event-stream\r\n\r\n")
# it is there when it has its first beat
head = b""
while not head.endswith(b"\r\n\r\n:\n\n"):
    head += reader.recv(1)
assert b" 200 " in head, head

c = Unix("carom")
for i in range(n):
    c.request("PUT", target, json.dumps({"state": ("disabled", "active")[i % 2],
                                         "reason": f"change {i} " + "x" * 100}),
              {"Content-Type": "application/json"})
    r = c.getresponse()
    assert r.status == 200, r.read()
    r.read()

seen, changes, buf = None, 0, b""
while changes < n:
    data = reader.recv(65536)
    assert data, "the stream ended"
    buf += data
    *lines, buf = buf.split(b"\n")
    for line in lines:
        if not line.startswith(b"data: "):
            continue
        e = json.loads(line[6:])
        assert seen is None or e["seq"] == seen + 1, (seen, e)
        seen = e["seq"]
        if e["data"].get("reason", "").startswith("change "):
            assert e["data"]["reason"].split()[1] == str(changes), (changes, e)
            changes += 1
print(changes)
