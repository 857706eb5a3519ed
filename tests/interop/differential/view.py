# SPDX-License-Identifier: BSD-2-Clause
"""What an SDP says, apart from how it is written.

Addresses and ports of the proxy become names: "in4", "port0". Ports are
numbered in the order in which a call first shows them, so that a port that is
kept over a re-offer keeps its name.

What rtpengine writes and Carom leaves alone says nothing new, and is read
alike: rtpmap lines of static payload types, a=sendrecv, the order of lines,
fmtp lines that it copies from an offer into the answer. Attributes of a
section with port 0 say nothing at all: rtpengine drops them, Carom keeps them.
"""

STATIC = {
    "0": "PCMU/8000", "3": "GSM/8000", "4": "G723/8000", "8": "PCMA/8000",
    "9": "G722/8000", "13": "CN/8000", "15": "G728/8000",
    "18": "G729/8000", "26": "JPEG/90000", "31": "H261/90000",
    "34": "H263/90000",
}
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
OWN = {"192.0.2.2": "in4", "2001:db8::2": "in6", "198.51.100.2": "out4"}
ICE = ("candidate", "end-of-candidates", "remote-candidates")
# of these there is a better account than "line is there"
ACCOUNTED = ("rtpmap", "fmtp", "rtcp", "rtcp-mux", "crypto", "fingerprint",
             "setup", "tls-id") + DIRECTIONS


class Ports:
    """Names for the ports of one call"""

    def __init__(self, low, high):
        self.low, self.high = low, high
        self.names = {}

    def own(self, port):
        return self.low <= port <= self.high

    def name(self, addr, port):
        if not self.own(port):
            return f"theirs {port}"
        return self.names.setdefault((addr, port), f"port{len(self.names)}")


def split(text):
    """Session's and sections' lines as [(letter, value)]"""
    parts = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line:
            continue
        if line.startswith("m="):
            parts.append([])
        parts[-1].append((line[0], line[2:]))
    return parts


def first(lines, letter):
    return next((v for k, v in lines if k == letter), None)


def attrs(lines):
    """[(name, value or None)] of the a= lines"""
    out = []
    for k, v in lines:
        if k == "a":
            name, colon, value = v.partition(":")
            out.append((name.strip(), value.strip() if colon else None))
    return out


def address(conn):
    """Class of the address in which a c= or o= value ends"""
    if conn is None:
        return None
    addr = conn.split()[-1].split("/")[0]
    if addr in ("0.0.0.0", "::"):
        return "zero"
    return OWN.get(addr, addr)


def is_ice(name):
    return name.startswith("ice-") or name in ICE


def others(lines, skip):
    return sorted(f"{n}:{v}" if v is not None else n for n, v in attrs(lines)
                  if n not in skip and not is_ice(n))


def session(lines):
    o = first(lines, "o")
    user, sid, ver, _, _, _ = o.split()
    return {
        "o.user": user, "o.id": sid, "o.version": ver,
        "o.addr": address(o),
        "s": first(lines, "s"), "t": first(lines, "t"),
        "c": address(first(lines, "c")),
        "ice": any(is_ice(n) for n, _ in attrs(lines)),
        "attrs": others(lines, DIRECTIONS),
        "lines": sorted(f"{k}={v}" for k, v in lines if k not in "vosctap"),
    }


def formats(lines, fmts, rtp):
    names = dict(STATIC) if rtp else {}
    for n, v in attrs(lines):
        if n == "rtpmap" and rtp:
            pt, _, enc = v.partition(" ")
            names[pt] = enc.strip()
    return [f"{f} {names.get(f, '')}".strip() for f in fmts]


def rtcp(lines, port, mux):
    """Where RTCP goes, said or not (RFC 3605, RFC 5761)"""
    line = next((v for n, v in attrs(lines) if n == "rtcp"), None)
    if line is None:
        return "same" if mux else "next"
    words = line.split()
    there = int(words[0])
    where = {port: "same", port + 1: "next"}.get(there, f"at {there}")
    return " ".join([where] + words[1:])


def section(lines, conn, direction, ports, given):
    """One m= section. given: the same section as it was sent in, or None"""
    kind, port, proto, *fmts = lines[0][1].split()
    port, _, count = port.partition("/")
    port = int(port)
    rtp = "RTP/" in proto
    out = {"type": kind, "proto": proto, "formats": fmts}
    if port == 0:
        out["port"] = "zero"
        return out

    own = first(lines, "c")
    names = [n for n, _ in attrs(lines)]
    mux = "rtcp-mux" in names
    before = attrs(given) if given else []
    out.update({
        "formats": formats(lines, fmts, rtp),
        "port": ports.name(own or conn, port),
        "count": count or "1",
        "addr": address(own or conn),
        "dir": next((n for n in names if n in DIRECTIONS), direction),
        "fmtp": sorted(v for n, v in attrs(lines)
                       if n == "fmtp" and (n, v) in before),
        "ice": any(is_ice(n) for n in names),
        "security": sorted(f"{n}:{v}" for n, v in attrs(lines)
                           if n in ("crypto", "fingerprint", "setup")),
        "attrs": others(lines, ACCOUNTED),
        "lines": sorted(f"{k}={v}" for k, v in lines if k not in "mca"),
    })
    if rtp:
        out["mux"] = mux
        out["rtcp"] = rtcp(lines, port, mux)
        out["rtcp.line"] = "rtcp" in names
        if ports.own(port) and not mux:
            out["even"] = port % 2 == 0
    return out


def meaning(text, sent, ports):
    """{key: value} of an SDP that came out; sent is what went in"""
    parts, given = split(text), split(sent)
    out = {f"session.{k}": v for k, v in session(parts[0]).items()}
    out["sections"] = len(parts) - 1
    direction = next((n for n, _ in attrs(parts[0]) if n in DIRECTIONS),
                     "sendrecv")
    for i, lines in enumerate(parts[1:]):
        before = given[i + 1] if i + 1 < len(given) else None
        view = section(lines, first(parts[0], "c"), direction, ports, before)
        out.update({f"m{i}.{k}": v for k, v in view.items()})
    return out
