#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The RTP benchmark: every relay on the same wires, turn by turn"""
import os
import statistics
import sys

import lab
import relays
import report
from lab import BenchError
from measure import Measure

QUICK = os.environ.get("QUICK") == "1"
ROUNDS = int(os.environ.get("ROUNDS") or (2 if QUICK else 5))
CPU = int(os.environ.get("BENCH_CPU") or 1)
LOAD_CPU = int(os.environ.get("LOAD_CPU") or 0)
OUT = "build/bench"
FAST, SLOW = 2000000, 1000000  # packets of a run: about a second and two
RTPENGINE_CALLS = 200
SPOILT = 3  # rounds that may be measured again, in all
AGENT_CALLS, CALL_PPS = 1000, 100  # 50 packets/s in each direction


def flow(dst):
    """The end points of flow 0 through a relay that has no process"""
    return ((lab.NEAR, relays.DPORT + relays.STEP), dst,
            (lab.FAR, relays.DPORT))


def pps_redirect(m, flows):
    return m.xdp("sink:s0", flows, FAST, "--relay", "dut:d0", "--relay-to",
                 "dut:d1")


def pair(m, flows, name, r):
    """Redirect, Carom, redirect, Carom: the limit is taken on both sides of
    what is compared with it, so that a drift of the machine cancels out"""
    limit, ours = [], []
    for _ in range(1 if QUICK else 5):
        limit.append(pps_redirect(m, flows))
        with relays.carom(flows):
            ours.append(m.xdp("sink:s0", flows, FAST))
    # the mean of the time that a packet takes: each run has as many packets
    limit, ours = (statistics.harmonic_mean(v) for v in (limit, ours))
    r[f"redirect_{name}_pps"] = limit
    r[f"carom_{name}_pps"] = ours
    r[f"relay_{name}_vs_redirect"] = ours / limit


def latencies(m, rtpengine, r):
    def put(name, ends):
        r[f"{name}_p50_ns"], r[f"{name}_p99_ns"] = m.latency(*ends)

    put("direct", ((lab.STRAIGHT_NEAR, 5002), (lab.STRAIGHT_FAR, 5000),
                   (lab.STRAIGHT_FAR, 5000)))
    with relays.redirect():
        put("redirect", flow((lab.FAR, relays.DPORT)))
    with relays.carom(1000):
        put("carom", flow((lab.DUT_NEAR, relays.DPORT)))
    with relays.nat(1000):
        put("nat", flow((lab.DUT_NEAR, relays.DPORT)))
    rtpengine.go_on()
    rtpengine.settle()
    put("rtpengine", rtpengine.first_flow())
    rtpengine.pause()
    for name in ("redirect", "carom", "nat", "rtpengine"):
        for p in ("p50_ns", "p99_ns"):
            r[f"{name}_added_{p}"] = r[f"{name}_{p}"] - r[f"direct_{p}"]


def one_round(m, rtpengine, guess):
    r = {"generator_pps": m.xdp("dut:d0", 1000, FAST)}
    pair(m, 1000, "1k", r)
    pair(m, 30000, "30k", r)
    with relays.carom(1):
        r["carom_1_pps"] = m.xdp("sink:s0", 1, FAST)
    with relays.nat(1000):
        r["nat_pps"] = m.xdp("sink:s0", 1000, SLOW)
    rtpengine.go_on()
    # it never again serves a socket that was overrun five times
    rtpengine.place(RTPENGINE_CALLS)
    lab.steer(CPU)
    r["rtpengine_pps"], r["rtpengine_cpu_ns"] = m.highest(rtpengine, guess)
    lab.steer(None)
    rtpengine.pause()
    latencies(m, rtpengine, r)

    ours = r["carom_1k_pps"]
    r["relay_1k_vs_nat"] = ours / r["nat_pps"]
    r["relay_1k_vs_rtpengine"] = ours / r["rtpengine_pps"]
    r["rtpengine_cpu_pps"] = 1e9 / r["rtpengine_cpu_ns"]
    r["relay_1k_vs_rtpengine_cpu"] = ours / r["rtpengine_cpu_pps"]
    return r


def good_round(m, rtpengine, guess, spoilt):
    """A machine that others use stops now and then for long enough to lose
    packets: such a round says nothing, and is measured again as a whole"""
    while True:
        try:
            return one_round(m, rtpengine, guess)
        except BenchError as e:
            lab.steer(None)
            rtpengine.pause()
            if len(spoilt) == SPOILT:
                raise
            spoilt.append(str(e))
            print(f"round spoilt ({e}): once more", flush=True)


def relay_rounds(m):
    rounds, spoilt = [], []
    rtpengine = relays.rtpengine(CPU, f"{OUT}/rtpengine.log")
    try:
        rtpengine.pause()
        for i in range(ROUNDS):
            guess = rounds[-1]["rtpengine_pps"] if rounds else 60000
            rounds.append(good_round(m, rtpengine, guess, spoilt))
            print(f"round {i + 1} of {ROUNDS}: " + report.brief(rounds[-1]),
                  flush=True)
    finally:
        rtpengine.stop()
    return rounds


def agent_rounds(m, rounds):
    with relays.caromd(CPU, OUT) as agent:
        agent.place(AGENT_CALLS)
        m.agent_share(agent, AGENT_CALLS * CALL_PPS, 1)
        for r in rounds:
            r["agent_cpu_1k_calls"], r["agent_pps"] = m.agent_share(
                agent, AGENT_CALLS * CALL_PPS, 1 if QUICK else 3)


def main():
    os.makedirs(OUT, exist_ok=True)
    idle = os.getloadavg()[0]
    if idle > 0.5:
        print(f"bench: this machine is busy (load {idle:.1f}): the figures "
              "will be lower and spread wider", file=sys.stderr)
    lab.up()
    m = Measure(QUICK, CPU, LOAD_CPU)
    rounds = relay_rounds(m)
    agent_rounds(m, rounds)
    stats = report.summary(rounds)
    report.write_json(f"{OUT}/rtp.json", stats)
    print()
    print(report.table(report.sections(stats)))
    if not QUICK:
        report.write_page("docs/benchmarks.md", stats, ROUNDS)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench: {e}")
