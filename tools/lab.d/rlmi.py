#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A watcher of a list (RFC 4662): subscribes, answers NOTIFYs, and prints each as a
line of JSON, read with Python's own parsers of MIME and XML: version, and by resource its
state, and what is in "basic".

rlmi.py FROM-IP FROM-PORT TO-IP TO-PORT LIST-URI SECONDS"""
import email
import email.policy
import json
import socket
import sys
import time
import xml.etree.ElementTree as ET

src, dst = (sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4]))
uri, until = sys.argv[5], time.monotonic() + float(sys.argv[6])
RLMI, PIDF = "{urn:ietf:params:xml:ns:rlmi}", "{urn:ietf:params:xml:ns:pidf}"

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(src)
me = "%s:%d" % src
s.sendto(("SUBSCRIBE %s SIP/2.0\r\n"
          "Via: SIP/2.0/UDP %s;rport;branch=z9hG4bKrlmi\r\n"
          "Max-Forwards: 70\r\nFrom: <sip:watcher@example.com>;tag=w\r\n"
          "To: <%s>\r\nCall-ID: rlmi\r\nCSeq: 1 SUBSCRIBE\r\n"
          "Contact: <sip:watcher@%s>\r\nEvent: presence\r\n"
          "Supported: eventlist\r\nExpires: 600\r\n"
          "Accept: application/pidf+xml, application/rlmi+xml, "
          "multipart/related\r\nContent-Length: 0\r\n\r\n"
          % (uri, me, uri, me)).encode(), dst)


def told(msg):
    """What a NOTIFY says"""
    whole = email.message_from_bytes(msg.split(b"\r\n", 1)[1],
                                     policy=email.policy.default)
    assert whole.get_content_type() == "multipart/related"
    assert "eventlist" in whole["Require"]
    assert not whole.defects
    parts = {p["Content-ID"].strip("<>"): p for p in whole.iter_parts()}
    start = whole["Content-Type"].params["start"].strip("<>")
    root = ET.fromstring(parts.pop(start).get_payload(decode=True))
    assert root.tag == RLMI + "list" and root.get("uri") == uri
    out = {"version": int(root.get("version")), "full": root.get("fullState"),
           "state": whole["Subscription-State"]}
    for r in root.iter(RLMI + "resource"):
        i = r.find(RLMI + "instance")
        out[r.get("uri")] = i.get("state")
        if i.get("cid"):
            doc = ET.fromstring(parts.pop(i.get("cid"))
                                .get_payload(decode=True))
            assert doc.get("entity") == r.get("uri")
            out[r.get("uri")] = [b.text for b in doc.iter(PIDF + "basic")]
    assert not parts
    return out


while time.monotonic() < until:
    s.settimeout(max(until - time.monotonic(), 0.01))
    try:
        msg, peer = s.recvfrom(65535)
    except TimeoutError:
        break
    if not msg.startswith(b"NOTIFY"):
        print(json.dumps({"answer": msg.split(b"\r\n")[0].decode()}),
              flush=True)
        continue
    keep = [h for h in msg.split(b"\r\n\r\n")[0].split(b"\r\n")
            if h.split(b":")[0] in (b"Via", b"From", b"To", b"Call-ID",
                                    b"CSeq", b"Record-Route")]
    s.sendto(b"SIP/2.0 200 OK\r\n" + b"\r\n".join(keep) +
             b"\r\nContent-Length: 0\r\n\r\n", peer)
    print(json.dumps(told(msg)), flush=True)
