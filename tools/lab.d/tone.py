#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tones in G.711 A-law: make one, find one in a capture. And in WAV files.

  tone.py make HZ FILE            one second of it, raw; loops without a click
  tone.py dial DIGITS FILE        raw: each digit 100 ms and as long a pause, and
                                  then half a minute of silence
  tone.py wav HZ RATE CH FILE [S] S seconds of it (10), WAV, 16 bits
  tone.py judge FILE HZ [CH]      is that tone in the WAV file (its first channel, or
                                  that one), and little else?
  tone.py find PCAP ADDR [HZ...]  what ADDR heard, one JSON object a stream:
                                  {"from", "to", "ssrc", "packets", "gaps",
                                   "share": {"440": 0.99, ...}, "hears": 440}

  tone.py numbers PCAP ADDR       every RTP stream that ADDR got, whatever it has in it:
                                  {"from", "to", "ssrc", "pt", "packets", "gaps":
                                   numbers that do not follow on, "repeats": that came
                                   before, "ts": [steps of time from packet to packet]}

`share` is the part of the heard energy that lies at that frequency (Goertzel);
`hears` names the one that has more than half, or null.
"""
import json
import math
import socket
import struct
import sys
import wave

RATE = 8000


def alaw_encode(v):
    """One 16-bit sample (ITU-T G.711)"""
    sign = 0x80 if v >= 0 else 0
    mag = min(v if v >= 0 else -v - 1, 32767) >> 3
    seg = max(0, mag.bit_length() - 5)
    code = (seg << 4) | ((mag >> max(1, seg)) & 15)
    return (code | sign) ^ 0x55


def alaw_decode(b):
    b ^= 0x55
    seg, low = (b >> 4) & 7, b & 15
    mag = (low << 1) + 1 if seg == 0 else ((low << 1) + 33) << (seg - 1)
    return (mag << 3) if b & 0x80 else -(mag << 3)


DECODE = [alaw_decode(b) for b in range(256)]


def make(hz, path):
    with open(path, "wb") as f:
        f.write(bytes(
            alaw_encode(int(8000 * math.sin(2 * math.pi * hz * i / RATE)))
            for i in range(RATE)))


def dial(digits, path):
    rows, cols = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    with open(path, "wb") as f:
        for d in digits:
            row, col = divmod("123A456B789C*0#D".index(d), 4)
            f.write(bytes(
                alaw_encode(int(5000 * sum(
                    math.sin(2 * math.pi * hz * i / RATE)
                    for hz in (rows[row], cols[col]))))
                for i in range(RATE // 10)))
            f.write(bytes([alaw_encode(0)]) * (RATE // 10))
        f.write(bytes([alaw_encode(0)]) * 30 * RATE)


def make_wav(hz, rate, channels, path, seconds=10):
    with wave.open(path, "wb") as f:
        f.setnchannels(channels)
        f.setsampwidth(2)
        f.setframerate(rate)
        # whole periods: a second is like another
        f.writeframes(b"".join(
            struct.pack("<h", int(8000 * math.sin(2 * math.pi * hz * i / rate)))
            * channels
            for i in range(rate)) * seconds)


def judge(path, hz, channel=0):
    """Of the blocks with sound in them, the tone has most of nearly all"""
    with wave.open(path, "rb") as f:
        rate, ch, n = f.getframerate(), f.getnchannels(), f.getnframes()
        x = struct.unpack("<%dh" % (n * ch), f.readframes(n))[channel::ch]
    step = rate // 10
    blocks = [x[i:i + step] for i in range(0, len(x) - step + 1, step)]
    loud = [b for b in blocks if max(map(abs, b)) > 2000]
    good = [b for b in loud if goertzel(b, hz, rate) > 0.8]
    print(json.dumps({"seconds": len(x) / rate, "loud": len(loud),
                      "good": len(good)}))
    return len(loud) >= 10 and len(good) >= 0.8 * len(loud)


def frames(path):
    """(IP version, source, destination, UDP payload) of each UDP packet"""
    with open(path, "rb") as f:
        head = f.read(24)
        if len(head) < 24:
            return
        end = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") \
            else ">"
        while True:
            rec = f.read(16)
            if len(rec) < 16:
                return
            data = f.read(struct.unpack(end + "I", rec[8:12])[0])
            kind = data[12:14]
            if kind == b"\x08\x00" and data[23] == 17:
                off = 14 + (data[14] & 15) * 4
                src = socket.inet_ntop(socket.AF_INET, data[26:30])
                dst = socket.inet_ntop(socket.AF_INET, data[30:34])
            elif kind == b"\x86\xdd" and data[20] == 17:
                off = 54
                src = socket.inet_ntop(socket.AF_INET6, data[22:38])
                dst = socket.inet_ntop(socket.AF_INET6, data[38:54])
            else:
                continue
            sport, dport, length = struct.unpack("!HHH", data[off:off + 6])
            yield (f"{src} {sport}", f"{dst} {dport}", dst,
                   data[off + 8:off + length])


def goertzel(x, hz, rate=RATE):
    """Energy of x at hz, as a share of all of its energy"""
    c = 2 * math.cos(2 * math.pi * hz / rate)
    s1 = s2 = 0.0
    for v in x:
        s1, s2 = v + c * s1 - s2, s1
    total = sum(v * v for v in x)
    if not total:
        return 0.0
    return (s1 * s1 + s2 * s2 - c * s1 * s2) / (total * len(x) / 2)


def find(path, addr, tones):
    streams = {}
    for src, dst, ip, p in frames(path):
        if ip != addr or len(p) < 12 or p[0] >> 6 != 2 or p[1] & 127 != 8:
            continue
        seq, _, ssrc = struct.unpack("!HII", p[2:12])
        s = streams.setdefault((src, dst, ssrc), ([], []))
        s[0].append(seq)
        s[1].extend(p[12 + 4 * (p[0] & 15):])
    for (src, dst, ssrc), (seqs, audio) in streams.items():
        gaps = sum((b - a) & 0xffff != 1 for a, b in zip(seqs, seqs[1:]))
        # up to 40 blocks of 100 ms spread over the call: a longer block would
        # ask the phase of the tone to hold across each pause
        step = max(800, len(audio) // 40 // 800 * 800)
        blocks = [[DECODE[b] for b in audio[i:i + 800]]
                  for i in range(0, len(audio) - 799, step)]
        share = {str(hz): round(sum(goertzel(b, hz) for b in blocks) /
                                max(1, len(blocks)), 3) for hz in tones}
        hears = [int(hz) for hz, v in share.items() if v > 0.5]
        print(json.dumps({
            "from": src, "to": dst, "ssrc": ssrc, "packets": len(seqs),
            "gaps": gaps, "share": share,
            "hears": hears[0] if hears else None}))


def numbers(path, addr):
    streams = {}
    for src, dst, ip, p in frames(path):
        if ip == addr and len(p) >= 12 and p[0] >> 6 == 2 and \
                not 72 <= p[1] & 127 <= 79:
            seq, ts, ssrc = struct.unpack("!HII", p[2:12])
            streams.setdefault((src, dst, ssrc), []).append(
                (seq, ts, p[1] & 127))
    for (src, dst, ssrc), pkts in streams.items():
        seqs = [s for s, _, _ in pkts]
        print(json.dumps({
            "from": src, "to": dst, "ssrc": ssrc,
            "pt": sorted({pt for _, _, pt in pkts}), "packets": len(pkts),
            "gaps": sum((b - a) & 0xffff != 1
                        for a, b in zip(seqs, seqs[1:])),
            "repeats": len(seqs) - len(set(seqs)),
            "ts": sorted({(b - a) & 0xffffffff for (_, a, _), (_, b, _)
                          in zip(pkts, pkts[1:])})}))


def main():
    if len(sys.argv) >= 4 and sys.argv[1] == "make":
        make(int(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 4 and sys.argv[1] == "dial":
        dial(sys.argv[2], sys.argv[3])
    elif len(sys.argv) in (6, 7) and sys.argv[1] == "wav":
        make_wav(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]),
                 sys.argv[5], *map(int, sys.argv[6:]))
    elif len(sys.argv) in (4, 5) and sys.argv[1] == "judge":
        sys.exit(0 if judge(sys.argv[2], *map(int, sys.argv[3:])) else 1)
    elif len(sys.argv) == 4 and sys.argv[1] == "numbers":
        numbers(*sys.argv[2:])
    elif len(sys.argv) >= 4 and sys.argv[1] == "find":
        find(sys.argv[2], sys.argv[3],
             [int(t) for t in sys.argv[4:]] or [440, 660])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
