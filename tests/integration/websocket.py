#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A WebSocket client: prints the texts that come, a line each.

   websocket.py SOCKET TARGET COUNT: until COUNT came, then closes, and says so;
   COUNT 0: until the other side closes, whose code is the last line
   websocket.py SOCKET TARGET bad: sends a frame without a mask
   websocket.py SOCKET TARGET deaf: sends pings and reads nothing until no more are
   taken, then reads that the answers are whole
"""
import base64, os, select, socket, struct, sys


def frame(opcode, data=b"", mask=True):
    key = os.urandom(4)
    head = struct.pack("!BB", 0x80 | opcode, (0x80 if mask else 0) | len(data))
    if not mask:
        return head + data
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(data))


class Reader:
    def __init__(self, s):
        self.s, self.buf = s, b""

    def take(self, n):
        while len(self.buf) < n:
            data = self.s.recv(65536)
            if not data:
                sys.exit("closed without a word")
            self.buf += data
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def head(self):
        while b"\r\n\r\n" not in self.buf:
            data = self.s.recv(65536)
            if not data:
                sys.exit("no answer: " + repr(self.buf))
            self.buf += data
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        return head.decode()

    def frame(self):
        first, n = self.take(2)
        assert not n & 0x80, "a server's frames have no mask"
        if n == 126:
            n = struct.unpack("!H", self.take(2))[0]
        elif n == 127:
            n = struct.unpack("!Q", self.take(8))[0]
        return first & 15, self.take(n)


path, target, count = sys.argv[1:]
import signal
signal.alarm(20)  # pings keep the socket awake
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(path)
s.sendall((f"GET {target} HTTP/1.1\r\nHost: carom\r\nUpgrade: websocket\r\n"
           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
r = Reader(s)
head = r.head()
if not head.startswith("HTTP/1.1 101"):
    sys.exit(head.split("\r\n")[0])
# RFC 6455 section 1.3 has this key and its answer
assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
if count == "deaf":
    s.setblocking(False)
    pings, sent = frame(9, b"x" * 125) * 100, 0
    while select.select([], [s], [], 2)[1]:
        sent += s.send(pings[sent % len(pings):])
        if sent > 16 << 20:
            sys.exit("it takes pings for ever")
    s.setblocking(True)
    left = sent // (len(pings) // 100)
    while left:
        op, data = r.frame()
        if op == 10:
            assert data == b"x" * 125, data
            left -= 1
        else:
            assert op in (1, 9), op
    print("whole")
    sys.exit(0)
if count == "bad":
    s.sendall(frame(1, b"no", mask=False))
    count = "0"
elif count != "0":
    s.sendall(frame(9, b"there?"))
n = 0
pong = False
while True:
    op, data = r.frame()
    if op == 1:
        print(data.decode(), flush=True)
        n += 1
    elif op == 10:
        assert data == b"there?"
        pong = True
    elif op == 9:
        s.sendall(frame(10, data))
    elif op == 8:
        print("closed", struct.unpack("!H", data[:2])[0])
        break
    if n >= int(count) > 0 and pong:
        s.sendall(frame(8, struct.pack("!H", 1000)))
        count = "-1"
