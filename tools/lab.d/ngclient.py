#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client of the ng protocol, for tests: one command, or N calls at once.

  ngclient.py --ng ADDR:PORT ping
  ngclient.py --ng ADDR:PORT send '{"command": "query", "call-id": "x"}'
  ngclient.py --ng ADDR:PORT plan --calls N --a ADDR --b ADDR ... >plan
  ngclient.py --ng ADDR:PORT end --calls N

A plan has one line for each call, which rtpload reads:
  A-ADDR A-PORT A-REMOTE A-RPORT  B-ADDR B-PORT B-REMOTE B-RPORT
"""
import argparse
import json
import os
import re
import socket
import sys


class NgError(Exception):
    pass


def bencode(v):
    if isinstance(v, bool):
        return b"i%de" % int(v)
    if isinstance(v, int):
        return b"i%de" % v
    if isinstance(v, str):
        v = v.encode()
    if isinstance(v, bytes):
        return b"%d:%s" % (len(v), v)
    if isinstance(v, list):
        return b"l" + b"".join(bencode(x) for x in v) + b"e"
    if isinstance(v, dict):
        return b"d" + b"".join(bencode(k) + bencode(x)
                               for k, x in v.items()) + b"e"
    raise TypeError(type(v))


def bdecode(buf, i=0):
    """One value at buf[i:]: (value, index behind it)"""
    c = buf[i:i + 1]
    if c == b"i":
        end = buf.index(b"e", i)
        return int(buf[i + 1:end]), end + 1
    if c in (b"l", b"d"):
        items = []
        i += 1
        while buf[i:i + 1] != b"e":
            v, i = bdecode(buf, i)
            items.append(v)
        if c == b"l":
            return items, i + 1
        return dict(zip(items[::2], items[1::2])), i + 1
    colon = buf.index(b":", i)
    end = colon + 1 + int(buf[i:colon])
    return buf[colon + 1:end].decode("utf-8", "replace"), end


class Ng:
    """A connection; every request waits for its reply"""

    def __init__(self, addr, port, wait=1.0, tries=3, encoding="bencode"):
        family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.connect((addr, port))
        self.sock.settimeout(wait)
        self.tries = tries
        self.encoding = encoding
        self.name = os.urandom(4).hex()
        self.count = 0

    def request(self, msg):
        """The reply, whatever its result; NgError when none comes"""
        self.count += 1
        cookie = f"{self.name}_{self.count}".encode()
        body = (json.dumps(msg).encode() if self.encoding == "json"
                else bencode(msg))
        for _ in range(self.tries):
            self.sock.send(cookie + b" " + body)
            try:
                while True:
                    got, _, reply = self.sock.recv(65536).partition(b" ")
                    if got == cookie:
                        break
            except (socket.timeout, ConnectionRefusedError):
                continue
            if reply[:1] == b"{":
                return json.loads(reply)
            return bdecode(reply)[0]
        raise NgError("no answer")

    def command(self, command, **keys):
        """As request, and NgError when the result is an error"""
        msg = {"command": command}
        msg.update((k.replace("_", "-"), v) for k, v in keys.items())
        reply = self.request(msg)
        if reply.get("result") == "error":
            raise NgError(f"{command}: {reply.get('error-reason')}")
        return reply


def sdp_of(addr, port, mux=False):
    fam = "IP6" if ":" in addr else "IP4"
    return ("v=0\r\no=- 1 1 IN {f} {a}\r\ns=lab\r\nc=IN {f} {a}\r\n"
            "t=0 0\r\nm=audio {p} RTP/AVP 8 101\r\n"
            "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
            "a=sendrecv\r\n{m}").format(
                f=fam, a=addr, p=port, m="a=rtcp-mux\r\n" if mux else "")


# What the two of a call speak: payload types of A and B, what B is offered
# beside, and the suite of A's SRTP
KINDS = {
    "relay": ("8", "8", [], None),
    "pcma": ("0", "8", ["PCMA"], None),
    "g722": ("0", "9", ["G722"], None),
    "opus": ("0", "96",
             ["opus/48000/2/24000/20//compression_level=5"], None),
    "srtp": ("8", "8", [], "AES_CM_128_HMAC_SHA1_80"),
    "gcm": ("8", "8", [], "AEAD_AES_128_GCM"),
}
NAMES = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000",
         "96": "opus/48000/2"}
# 28 bytes for GCM, 30 for the other: the bench's sender has the same
KEY = {"AES_CM_128_HMAC_SHA1_80": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5",
       "AEAD_AES_128_GCM": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nw=="}


def sdp_kind(addr, port, pt, suite=None):
    return (f"v=0\r\no=- 1 1 IN IP4 {addr}\r\ns=lab\r\nc=IN IP4 {addr}\r\n"
            f"t=0 0\r\nm=audio {port} RTP/{'S' if suite else ''}AVP {pt}\r\n"
            f"a=rtpmap:{pt} {NAMES[pt]}\r\na=sendrecv\r\na=ptime:20\r\n" +
            (f"a=crypto:1 {suite} inline:{KEY[suite]}\r\n" if suite else ""))


def sdp_media(sdp):
    """(address, port) of the first m= line"""
    port = re.search(r"^m=\S+ (\d+)", sdp, re.M).group(1)
    tail = sdp[sdp.index("\nm="):]
    c = (re.search(r"^c=IN IP\d (\S+)", tail, re.M) or
         re.search(r"^c=IN IP\d (\S+)", sdp, re.M))
    return c.group(1), int(port)


def family(addr):
    return "IP6" if ":" in addr else "IP4"


def call_id(a, i):
    return f"{a.id}-{i}"


def place(ng, a, i):
    """Offer and answer of call i: its line of the plan"""
    aport, bport = a.a_port + 2 * i, a.b_port + 2 * i
    cid = call_id(a, i)
    offer = ng.command(
        "offer", call_id=cid, from_tag=f"a{i}", sdp=sdp_of(a.a, aport),
        direction=[a.a_iface, a.b_iface], address_family=family(a.b),
        replace=["origin", "session-connection"])
    to_b = sdp_media(offer["sdp"])
    answer = ng.command(
        "answer", call_id=cid, from_tag=f"a{i}", to_tag=f"b{i}",
        sdp=sdp_of(a.b, bport), address_family=family(a.a),
        replace=["origin", "session-connection"])
    to_a = sdp_media(answer["sdp"])
    return f"{a.a} {aport} {to_a[0]} {to_a[1]}  " \
           f"{a.b} {bport} {to_b[0]} {to_b[1]}"


def place_kind(ng, a, i):
    """The same for a call that takes more than relaying"""
    a_pt, b_pt, beside, suite = KINDS[a.kind]
    aport, bport = a.a_port + 2 * i, a.b_port + 2 * i
    cid = call_id(a, i)
    more = {"transport_protocol": "RTP/AVP"} if suite else {}
    if beside:
        more["codec"] = {"transcode": beside}
    offer = ng.command(
        "offer", call_id=cid, from_tag=f"a{i}",
        sdp=sdp_kind(a.a, aport, a_pt, suite),
        direction=[a.a_iface, a.b_iface],
        replace=["origin", "session-connection"], **more)
    to_b = sdp_media(offer["sdp"])
    answer = ng.command(
        "answer", call_id=cid, from_tag=f"a{i}", to_tag=f"b{i}",
        sdp=sdp_kind(a.b, bport, b_pt),
        replace=["origin", "session-connection"])
    to_a = sdp_media(answer["sdp"])
    return f"{a.a} {aport} {to_a[0]} {to_a[1]}  " \
           f"{a.b} {bport} {to_b[0]} {to_b[1]}"


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--ng", default="198.51.100.2:2223")
    p.add_argument("--wait", type=float, default=1.0, help="s for a reply")
    p.add_argument("--json", action="store_true", help="speak JSON, not bencode")
    sub = p.add_subparsers(dest="cmd", required=True)
    sub.add_parser("ping")
    s = sub.add_parser("send")
    s.add_argument("message", help="a JSON object; - reads it from stdin")
    for name in ("plan", "end"):
        s = sub.add_parser(name)
        s.add_argument("--calls", type=int, default=1)
        s.add_argument("--id", default="load", help="Call-IDs are ID-0, ...")
        if name == "plan":
            s.add_argument("--a", default="192.0.2.10")
            s.add_argument("--b", default="192.0.2.74")
            s.add_argument("--a-port", type=int, default=20000)
            s.add_argument("--b-port", type=int, default=20000)
            s.add_argument("--a-iface", default="phones")
            s.add_argument("--b-iface", default="phones")
            s.add_argument("--kind", choices=KINDS)
    a = p.parse_args()
    host, _, port = a.ng.rpartition(":")
    ng = Ng(host.strip("[]"), int(port), a.wait,
            encoding="json" if a.json else "bencode")
    if a.cmd == "ping":
        print(ng.command("ping")["result"])
    elif a.cmd == "send":
        text = sys.stdin.read() if a.message == "-" else a.message
        print(json.dumps(ng.request(json.loads(text)), indent=1))
    elif a.cmd == "plan":
        for i in range(a.calls):
            print(place_kind(ng, a, i) if a.kind else place(ng, a, i))
    else:
        for i in range(a.calls):
            ng.command("delete", call_id=call_id(a, i), from_tag=f"a{i}",
                       delete_delay=0)


if __name__ == "__main__":
    try:
        main()
    except (NgError, OSError, ValueError) as e:
        sys.exit(f"ngclient: {e}")
