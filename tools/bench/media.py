#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The media benchmark: calls that take more than relaying, on one core"""
import contextlib
import json
import os
import sys

import lab
import mediareport
import relays
import report
from lab import BenchError, sh
from measure import Measure

QUICK = os.environ.get("QUICK") == "1"
ROUNDS = int(os.environ.get("ROUNDS") or (1 if QUICK else 5))
PAGE = os.environ.get("PAGE") == "1"  # of short rounds, too
CPU = int(os.environ.get("BENCH_CPU") or 1)
LOAD_CPU = int(os.environ.get("LOAD_CPU") or 0)
OUT = "build/bench"
CALLS = {"carom": 6000, "rtpengine": 2500}  # 100 packets/s each, at most
OPUS_CALLS = 1200
# what the sender sends, for each kind of call of the lab's ng client
KINDS = {
    "pcma": ("--a-pt", "0", "--b-pt", "8"),
    "g722": ("--a-pt", "0", "--b-pt", "9"),
    "opus": ("--a-pt", "0", "--b-pt", "96"),
    "srtp": ("--a-pt", "8", "--b-pt", "8", "--srtp",
             "AES_CM_128_HMAC_SHA1_80"),
    "gcm": ("--a-pt", "8", "--b-pt", "8", "--srtp", "AEAD_AES_128_GCM"),
}
ONLY = (os.environ.get("KINDS") or "").split()
FIRST = {"carom": 100000, "rtpengine": 30000}  # packets/s, to begin with
OPUS_FIRST = 8000
OPUS_COMPLEXITY = 5  # that the lab's ng client asks both for
LOAD = 0.8  # of the highest rate: where delay is looked at


def libopus_ns(calls):
    """What a packet takes libopus alone, half of them encoded, half decoded: of as many
    calls, which say the same"""
    return json.loads(sh("taskset", "-c", CPU, "nice", "-n", "-20",
                         "build/bench/bench-opus", int(calls),
                         OPUS_COMPLEXITY))["ns"]


def pps(m, service, who, kind, last):
    """Packets per second, both directions together, with next to no loss, ns of its
    process for each; and at most of that, us that packets take"""
    def place():
        service.place(OPUS_CALLS if kind == "opus" else CALLS[who],
                      "--kind", kind)

    service.go_on()
    place()
    guess = last.get(f"{who}_{kind}_pps",
                     OPUS_FIRST if kind == "opus" else FIRST[who])
    # rtpengine never again serves a socket that was overrun five times
    fresh = place if who == "rtpengine" else None
    found = m.highest(service, guess, "--speech", *KINDS[kind], fresh=fresh,
                      longer=2)
    took = m.times(service, LOAD * found[0], "--speech", *KINDS[kind],
                   fresh=fresh)
    service.pause()
    return *found, *took


def loops(m):
    """The AF_XDP loop without anything to do, once for each round"""
    rounds = []
    with relays.loop(CPU, CALLS["carom"]) as loop:
        for _ in range(ROUNDS):
            guess = rounds[-1]["loop_pps"] if rounds else 3 * FIRST["carom"]
            rounds.append(dict(zip(("loop_pps", "loop_cpu_ns"), m.highest(
                loop, guess, "--speech", *KINDS["pcma"], longer=2))))
            print(f"  the loop alone: {rounds[-1]['loop_pps']:,.0f}", flush=True)
    return rounds


def one_round(m, services, last):
    r = {}
    for kind in ONLY or KINDS:
        for who, service in services.items():
            # of both, the devices' receive work is done on the sender's CPU:
            # XDP cannot be steered
            name = f"{who}_{kind}"
            (r[f"{name}_pps"], r[f"{name}_cpu_ns"], r[f"{name}_p50_us"],
             r[f"{name}_p99_us"], r[f"{name}_late"]) = pps(
                 m, service, who, kind, last)
            r[f"{name}_calls"] = r[f"{name}_pps"] / 100
        r[f"{kind}_vs_rtpengine"] = (r[f"carom_{kind}_pps"] /
                                     r[f"rtpengine_{kind}_pps"])
        r[f"{kind}_cpu_vs_rtpengine"] = (r[f"rtpengine_{kind}_cpu_ns"] /
                                         r[f"carom_{kind}_cpu_ns"])
        if kind == "opus":
            r["libopus_cpu_ns"] = libopus_ns(r["carom_opus_calls"])
            r["opus_vs_libopus"] = (r["libopus_cpu_ns"] /
                                    r["carom_opus_cpu_ns"])
        print(f"  {kind}: " + ", ".join(
            f"{who} {r[f'{who}_{kind}_pps']:,.0f} "
            f"(p99 {r[f'{who}_{kind}_p99_us']} us)" for who in services),
            flush=True)
    return r


def main():
    os.makedirs(OUT, exist_ok=True)
    lab.up()
    lab.plain_ends()
    m = Measure(QUICK, CPU, LOAD_CPU)
    alone = loops(m)
    rounds = []
    with contextlib.ExitStack() as stack:
        services = {
            "carom": stack.enter_context(relays.caromd(CPU, OUT)),
            "rtpengine": relays.rtpengine(CPU, f"{OUT}/rtpengine.log"),
        }
        stack.callback(services["rtpengine"].stop)
        for s in services.values():
            s.pause()
        for i in range(ROUNDS):
            print(f"round {i + 1} of {ROUNDS}", flush=True)
            rounds.append(alone[i] | one_round(m, services,
                                               rounds[-1] if rounds else {}))
    stats = report.summary(rounds)
    report.write_json(f"{OUT}/media.json", stats)
    print(mediareport.table(stats))
    if not ONLY and (PAGE or not QUICK):
        mediareport.write_page("docs/benchmarks.md", stats,
                               f"{ROUNDS} short" if QUICK else str(ROUNDS))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench: {e}")
