#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A SIP client over TCP, TLS, WS or WSS, driven by lines: for the lab's tests.

usage: sipstream.py tcp|tls|ws|wss HOST PORT [SOURCE-PORT]

Commands on standard input, each answered by what it says on standard output:

  register USER [PASSWORD]
                        REGISTER, waits for the 200, prints the Path that came back;
                        a 401 is answered with Digest, MD5
  call USER             INVITE USER, ACK; prints the code
  answer                waits for an INVITE, rings, answers, waits for the ACK
  bye                   BYE in the dialog; prints the code
  wait-bye              waits for a BYE, answers it
  options               OPTIONS to the edge; prints the code
  message URI           MESSAGE; prints the code
  ping                  a keep-alive; prints pong
  reconnect [PORT]      closes, connects anew; the dialog stays
  close                 closes
  port                  prints the own port
  torn                  from now on, byte by byte
  raw TEXT              sends it, with \\r \\n \\0 as said; prints what comes
  closed                waits until the other side has closed

Any failure ends it with status 1 and says why on standard error.
"""
import base64
import hashlib
import os
import re
import socket
import ssl
import struct
import sys

TIMEOUT = 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    pass


class Wire:
    """Bytes there and back; messages of SIP, or of WebSocket"""

    def __init__(self, kind, host, port, source):
        self.kind, self.buf, self.torn = kind, b"", False
        raw = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        raw.settimeout(TIMEOUT)
        if source:
            raw.bind(("", source))
        raw.connect((host, port))
        if kind in ("tls", "wss"):
            ctx = ssl.create_default_context()
            ctx.check_hostname = False
            ctx.verify_mode = ssl.CERT_NONE
            raw = ctx.wrap_socket(raw, server_hostname="example.com")
        self.sock = raw
        self.ws = kind in ("ws", "wss")
        if self.ws:
            self.upgrade(host)

    def upgrade(self, host):
        key = base64.b64encode(os.urandom(16))
        self.sock.sendall(
            b"GET /sip HTTP/1.1\r\nHost: " + host.encode() + b"\r\n"
            b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            b"Sec-WebSocket-Key: " + key + b"\r\n"
            b"Origin: https://example.com\r\n"
            b"Sec-WebSocket-Protocol: sip\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n")
        head = self.until(b"\r\n\r\n").decode()
        want = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()
        if " 101 " not in head or want not in head or \
                "Sec-WebSocket-Protocol: sip" not in head:
            raise Closed(head)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed("closed by the other side")
        self.buf += data

    def until(self, end):
        while end not in self.buf:
            self.more()
        head, self.buf = self.buf.split(end, 1)
        return head + end

    def exactly(self, n):
        while len(self.buf) < n:
            self.more()
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def raw(self, data):
        if not self.torn:
            self.sock.sendall(data)
            return
        for i in range(len(data)):
            self.sock.sendall(data[i:i + 1])

    def frame(self, op, data, fin=True):
        mask = os.urandom(4)
        n = len(data)
        head = bytes([(0x80 if fin else 0) | op])
        if n < 126:
            head += bytes([0x80 | n])
        else:
            head += struct.pack("!BH", 0x80 | 126, n)
        self.raw(head + mask + bytes(b ^ mask[i & 3]
                                     for i, b in enumerate(data)))

    def send(self, data):
        if not self.ws:
            self.raw(data)
        elif self.torn and len(data) > 10:
            self.frame(1, data[:7], False)
            self.frame(9, b"hi")
            self.frame(0, data[7:])
        else:
            self.frame(1, data)

    def recv_frame(self):
        while True:
            a, b = self.exactly(2)
            n = b & 0x7f
            if n == 126:
                n = struct.unpack("!H", self.exactly(2))[0]
            data = self.exactly(n)
            if a & 0x0f == 8:
                raise Closed("closed with %d" % struct.unpack("!H", data))
            if a & 0x0f in (1, 2):
                return data

    def recv(self):
        """One message, or the pong of a keep-alive"""
        if self.ws:
            return self.recv_frame()
        while not self.buf:
            self.more()
        if self.buf.startswith(b"\r"):
            return self.exactly(2)
        head = self.until(b"\r\n\r\n")
        n = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
        if not n:
            raise Closed("a message without Content-Length")
        return head + self.exactly(int(n.group(1)))


class Client:
    def __init__(self, kind, host, port, source):
        self.args = [kind, host, port, source]
        self.wire = Wire(*self.args)
        self.dialog = None
        self.tag = os.urandom(4).hex()
        self.user = "u%d" % os.getpid()

    # ---- messages

    def sent_by(self):
        if self.wire.ws:
            return "x%d.invalid" % os.getpid()
        host, port = self.wire.sock.getsockname()[:2]
        return ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)

    def contact(self):
        transport = "ws" if self.wire.ws else self.wire.kind
        return "<sip:%s@%s;transport=%s>" % (self.user, self.sent_by(),
                                             transport)

    def request(self, method, uri, headers, body="", branch=None):
        m = ["%s %s SIP/2.0" % (method, uri),
             "Via: SIP/2.0/%s %s;branch=z9hG4bK%s" % (
                 self.wire.kind.upper(), self.sent_by(),
                 branch or os.urandom(6).hex()),
             "Max-Forwards: 70"] + headers
        if not self.wire.ws:
            m.append("Content-Length: %d" % len(body))
        self.wire.send(("\r\n".join(m) + "\r\n\r\n" + body).encode())

    def outside(self, method, uri, more=(), to=None, tag=None):
        callid, tag = os.urandom(6).hex(), tag or os.urandom(4).hex()
        self.request(method, uri, [
            "From: <sip:%s@example.com>;tag=%s" % (self.user, tag),
            "To: <%s>" % (to or uri), "Call-ID: " + callid,
            "CSeq: 1 " + method, "Contact: " + self.contact()] + list(more))
        return callid, tag

    def inside(self, method, cseq=None):
        d = self.dialog
        if not cseq:
            d["cseq"] += 1
        self.request(method, d["target"], ["Route: " + r for r in d["routes"]]
                     + ["From: " + d["local"], "To: " + d["remote"],
                        "Call-ID: " + d["callid"],
                        "CSeq: %d %s" % (cseq or d["cseq"], method),
                        "Contact: " + self.contact()])

    def respond(self, req, code, reason, contact=False):
        out = ["SIP/2.0 %d %s" % (code, reason)]
        tag = ""
        for line in req.split("\r\n")[1:]:
            name = line.split(":")[0].lower()
            if name == "to" and ";tag=" not in line:
                tag = ";tag=" + self.tag
                line += tag
            if name in ("via", "from", "to", "call-id", "cseq",
                        "record-route"):
                out.append(line)
        if contact:
            out.append("Contact: " + self.contact())
        # half of all phones leave it out over WebSocket (RFC 7118 5.1)
        if not self.wire.ws:
            out.append("Content-Length: 0")
        self.wire.send(("\r\n".join(out) + "\r\n\r\n").encode())

    def final(self):
        while True:
            m = self.wire.recv().decode()
            if m.startswith("SIP/2.0 1") or not m.strip():
                continue
            if not m.startswith("SIP/2.0 "):
                raise Closed("not an answer: " + m)
            return int(m.split(" ")[1]), m

    def wait_for(self, method):
        while True:
            m = self.wire.recv().decode()
            if m.startswith(method + " "):
                return m
            if m.startswith("OPTIONS "):
                self.respond(m, 200, "OK")
                continue
            raise Closed("%s was expected: %s" % (method, m))

    @staticmethod
    def values(m, name):
        return [v.strip() for v in
                re.findall(r"(?im)^%s\s*:\s*([^\r\n]*)" % name, m)]

    def uri(self, m, name):
        return re.search(r"<([^>]*)>", self.values(m, name)[0]).group(1)

    # ---- commands

    @staticmethod
    def digest(m, user, password):
        line = [v for v in Client.values(m, "WWW-Authenticate")
                if "algorithm=MD5" in v][0]
        realm = re.search(r'realm="([^"]*)"', line).group(1)
        nonce = re.search(r'nonce="([^"]*)"', line).group(1)

        def md5(*parts):
            return hashlib.md5(":".join(parts).encode()).hexdigest()
        uri = "sip:example.com"
        return ('Authorization: Digest username="%s", realm="%s", nonce="%s", '
                'uri="%s", algorithm=MD5, qop=auth, nc=00000001, cnonce="c", '
                'response="%s"' % (
                    user, realm, nonce, uri,
                    md5(md5(user, realm, password), nonce, "00000001", "c",
                        "auth", md5("REGISTER", uri))))

    def do_register(self, user, password=None):
        self.user = user
        more = ["Supported: path, outbound", "Expires: 600"]
        to = "sip:%s@example.com" % user
        self.outside("REGISTER", "sip:example.com", more, to)
        code, m = self.final()
        if code == 401 and password:
            self.outside("REGISTER", "sip:example.com",
                         more + [self.digest(m, user, password)], to)
            code, m = self.final()
        return " ".join([str(code)] + self.values(m, "Path"))

    def do_call(self, user):
        uri = user if ":" in user else "sip:%s@example.com" % user
        callid, tag = self.outside("INVITE", uri)
        code, m = self.final()
        if code == 200:
            self.dialog = {
                "target": self.uri(m, "Contact"), "callid": callid,
                "local": self.values(m, "From")[0],
                "remote": self.values(m, "To")[0], "cseq": 1,
                "routes": self.values(m, "Record-Route")[::-1]}
            self.inside("ACK", 1)
        return str(code)

    def do_answer(self):
        m = self.wait_for("INVITE")
        self.tag = os.urandom(4).hex()
        self.respond(m, 180, "Ringing", True)
        self.respond(m, 200, "OK", True)
        self.wait_for("ACK")
        self.dialog = {
            "target": self.uri(m, "Contact"),
            "callid": self.values(m, "Call-ID")[0],
            "local": self.values(m, "To")[0] + ";tag=" + self.tag,
            "remote": self.values(m, "From")[0], "cseq": 100,
            "routes": self.values(m, "Record-Route")}
        return "answered"

    def do_bye(self):
        self.inside("BYE")
        return str(self.final()[0])

    def do_wait_bye(self):
        self.respond(self.wait_for("BYE"), 200, "OK")
        return "bye"

    def do_options(self):
        host = self.args[1]
        self.outside("OPTIONS", "sip:" + ("[%s]" % host if ":" in host
                                          else host))
        return str(self.final()[0])

    def do_message(self, uri):
        self.outside("MESSAGE", uri)
        return str(self.final()[0])

    def do_ping(self):
        self.wire.send(b"\r\n\r\n")
        m = self.wire.recv()
        return "pong" if m == b"\r\n" else repr(m)

    def do_close(self):
        self.wire.sock.close()
        return "closed"

    def do_reconnect(self, port="0"):
        self.wire.sock.close()
        self.args[3] = int(port)
        self.wire = Wire(*self.args)
        return "connected"

    def do_port(self):
        return str(self.wire.sock.getsockname()[1])

    def do_torn(self):
        self.wire.torn = True
        return "torn"

    def do_raw(self, *words):
        text = " ".join(words).encode().decode("unicode_escape")
        self.wire.raw(text.encode("latin-1"))
        try:
            return self.wire.recv().decode().split("\r\n")[0] or "pong"
        except (Closed, OSError):
            return "closed"

    def do_closed(self):
        try:
            while True:
                self.wire.more()
        except (Closed, ConnectionError):
            return "closed"


def main():
    args = sys.argv[1:]
    if len(args) < 3:
        sys.exit(__doc__)
    try:
        c = Client(args[0], args[1], int(args[2]),
                   int(args[3]) if len(args) > 3 else 0)
        print("connected", flush=True)
        for line in sys.stdin:
            words = line.split()
            f = getattr(c, "do_" + words[0].replace("-", "_"))
            print(f(*words[1:]), flush=True)
    except (Closed, OSError, IndexError) as e:
        sys.exit("%s: %s" % (" ".join(args), e))


main()
