#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who talks with whom, as tests have seen it (tests/interop/peers.bats).

  interop.py write CELLS >docs/interop.md
  interop.py check CELLS docs/interop.md    does it say what was seen?

CELLS has a line of JSON for each call: {"peer", "version", "profile", "codec",
"works"}.
"""
import json
import sys

PEERS = ["sipp", "baresip", "rtpengine"]
PROFILES = ["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF",
            "UDP/TLS/RTP/SAVPF, ICE", "UDP/TLS/RTP/SAVPF, full ICE",
            "UDP/TLS/RTP/SAVPF, lite peer"]
CODECS = ["PCMA", "PCMU", "G722", "opus"]

ABOUT = """# Who talks with whom

Written by `make interop`, from calls in the lab (`tests/interop/peers.bats`, which
fails where this page is not what it saw).

Each call is from a phone that has PCMA in RTP/AVP alone (sipp, or `talk.py`) through
Carom to the peer, with the profile and the one codec that the row and the column say:
another codec than PCMA is transcoded. *yes*: each heard the other's tone, in one stream.
*-*: not asked of this peer.

"""

LATER = """
- **RTP/SAVP** has its keys by `a=crypto` (SDES), **UDP/TLS/RTP/SAVPF** by DTLS; with **ICE**
  Carom is the lite side, with **full ICE** neither is, with **lite peer** the peer is.
- sipp is Debian's, which is built without SRTP: it cannot be asked. It has the tone in
  PCMA only.
- rtpengine stands between Carom and a plain phone: both gateways speak the profile to each
  other, and both transcode.
- Chromium (DTLS, ICE, Opus) is called by a test of its own where it is installed
  (`tests/integration/agent.bats`), Linphone registers and calls through the SIP edge
  (`tests/integration/edge-phones.bats`); neither is in this table.
"""


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def rows(cells):
    seen = {(c["peer"], c["profile"], c["codec"]): c["works"] for c in cells}
    for peer in PEERS:
        for profile in PROFILES:
            got = [seen.get((peer, profile, c)) for c in CODECS]
            if all(v is None for v in got):
                continue
            text = ["-" if v is None else "yes" if v else "NO" for v in got]
            yield "| " + " | ".join([peer, profile] + text) + " |"


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "write":
        cells = read(sys.argv[2])
        versions = sorted({f"{c['peer']} {c['version']}" for c in cells})
        print(ABOUT + "| peer | profile | " + " | ".join(CODECS) + " |")
        print("|---|---|" + "---|" * len(CODECS))
        print("\n".join(rows(cells)))
        print(f"\nSeen with {', '.join(versions)}.")
        print(LATER, end="")
    elif len(sys.argv) == 4 and sys.argv[1] == "check":
        with open(sys.argv[3], encoding="utf-8") as f:
            told = [x.rstrip() for x in f
                    if x.startswith(tuple(f"| {p} |" for p in PEERS))]
        seen = list(rows(read(sys.argv[2])))
        for x in told:
            if x not in seen:
                print("told, not seen:", x)
        for x in seen:
            if x not in told:
                print("seen, not told:", x)
        sys.exit(0 if told == seen else 1)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
