#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The SIP benchmark: an edge in the kernel, its agent, Kamailio, turn by turn"""
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import lab
import report
import sipedges
import sipreport
from lab import BenchError, sh

QUICK = os.environ.get("QUICK") == "1"
ROUNDS = int(os.environ.get("ROUNDS") or (2 if QUICK else 5))
CPU = int(os.environ.get("BENCH_CPU") or 1)
LOAD_CPU = int(os.environ.get("LOAD_CPU") or 0)
OUT = "build/bench"
BIN = "build/bench"
KINDS = {"dialog": "indialog", "invite": "invite", "response": "response"}
FRAMES = 65536
LOSS_MAX = 0.001
TRIES = 3    # at one rate, before it counts as too high: the machine stutters
SPOILT = 3   # rounds that may be measured again, in all
FLOODER = "192.0.2.66"
FLOOD_FRAMES = 1 << 23  # a run: some seconds, at over a million a second
runs = iter(range(1, 1 << 31))


def command(cpu, prog, *args):
    return [str(a) for a in ("taskset", "-c", cpu, "nice", "-n", "-20",
                             f"{BIN}/{prog}", "--edge", lab.DUT_NEAR, "--far",
                             lab.FAR, "--run", next(runs), *args)]


def messages_command(cpu, kind, near, *args):
    return command(cpu, "bench-sip", "--kind", kind, "--from", "gen:g0",
                   "--near", near, "--smac", lab.MAC["g0"], "--dmac",
                   lab.MAC["d0"], *args)


def messages(cpu, kind, *args):
    """bench-sip's answer; each run has Call-IDs of its own"""
    return json.loads(sh(*messages_command(cpu, kind, lab.NEAR, *args)))


def calls(cpu, count, rate):
    """bench-call's answer: calls one after the other"""
    return json.loads(sh(*command(cpu, "bench-call", "--from", "gen", "--to",
                                  "sink", "--near", lab.NEAR, "--count",
                                  count, "--rate", rate)))


# ---- messages per second ----------------------------------------------------

def flat_out(kind, *args):
    """Messages/s on one CPU, the generator's share included"""
    r = messages(CPU, kind, "--to", "sink:s0", "--count", FRAMES, *args)
    if r["other_cpu"]:
        raise BenchError(f"{r['other_cpu']} packets on another CPU")
    if r["received"] < r["sent"] * (1 - LOSS_MAX):
        raise BenchError(f"{kind}: {r['received']} of {r['sent']} arrived")
    return r["mps"]


def kernel_round(r):
    """Bare redirect, Carom, bare redirect, Carom: a drift cancels out"""
    times = 2 if QUICK else 5
    for kind, name in KINDS.items():
        limit, ours = [], []
        for _ in range(times):
            limit.append(flat_out(kind, "--relay", "dut:d0", "--relay-to",
                                  "dut:d1"))
            with sipedges.kernel_edge():
                ours.append(flat_out(kind))
        r[f"redirect_{name}_mps"] = statistics.harmonic_mean(limit)
        r[f"carom_{name}_mps"] = statistics.harmonic_mean(ours)
        r[f"{name}_vs_redirect"] = (r[f"carom_{name}_mps"] /
                                    r[f"redirect_{name}_mps"])


def holds(proxy, kind, rate, best):
    """Whether it forwards that many a second, but for a thousandth"""
    for _ in range(TRIES):
        before = proxy.cpu_ns()
        r = messages(LOAD_CPU, kind, "--to", "sink:s0", "--tc", "--rate",
                     int(rate), "--count", int(rate * (0.3 if QUICK else 0.6)))
        used = proxy.cpu_ns() - before
        real = r["sent"] / r["seconds"]
        if real > 0.97 * rate and r["received"] >= r["sent"] * (1 - LOSS_MAX):
            if real > best.get("mps", 0):
                best.update(mps=real, cpu_ns=used / r["received"])
            return True
    return False


def highest(proxy, kind):
    """The highest rate without loss, and its CPU time in ns for a message"""
    best, low = {}, 10000
    while not holds(proxy, kind, low, best):
        low *= 0.7
        if low < 1000:
            raise BenchError(f"{proxy.name}: {kind}: no rate without loss")
    high = low * 1.4
    while holds(proxy, kind, high, best):
        low, high = high, high * 1.3
    for _ in range(2 if QUICK else 4):
        mid = (low + high) / 2
        if holds(proxy, kind, mid, best):
            low = mid
        else:
            high = mid
    return best["mps"], best["cpu_ns"]


def process_round(who, proxy, r):
    for kind, name in KINDS.items():
        r[f"{who}_{name}_mps"], r[f"{who}_{name}_cpu_ns"] = highest(proxy,
                                                                  kind)


# ---- how long it takes --------------------------------------------------------

def half_load(who, rate, r):
    """Calls while another sender offers half of what the edge can"""
    load = subprocess.Popen(messages_command(
        LOAD_CPU, "invite", lab.NEAR, "--to", "sink:s0", "--tc", "--rate",
        int(rate / 2), "--count", int(rate)), stdout=subprocess.PIPE,
        text=True)
    time.sleep(0.3)
    t = calls(LOAD_CPU, 200 if QUICK else 300, 200)
    out = json.loads(load.communicate()[0])
    r[f"{who}_half_load_mps"] = out["sent"] / out["seconds"]
    for p in ("p50", "p99"):
        r[f"{who}_half_{p}_ns"] = t[f"there_{p}_ns"]


class Flood:
    """One source sends all that it can, run after run, until it is stopped"""

    def __init__(self):
        self.rates = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            self.rates.append(json.loads(sh(*messages_command(
                CPU, "invite", FLOODER, "--count", FLOOD_FRAMES)))["sent_mps"])

    def stop(self):
        """Messages/s, breaks between the runs not counted"""
        self.over.set()
        self.thread.join()
        if not self.rates:
            raise BenchError("the flood could not be sent")
        return statistics.median(self.rates)


def flood(who, r):
    """Calls at rest, and while one source sends all that it can"""
    count = 40 if QUICK else 100
    quiet = calls(LOAD_CPU, count, 25)
    source = Flood()
    time.sleep(0.5)
    try:
        t = calls(LOAD_CPU, count, 25)
    finally:
        r[f"{who}_flood_mps"] = source.stop()
    r[f"{who}_flood_calls"] = t["calls"]
    r[f"{who}_flood_calls_lost"] = t["lost"]
    for p in ("p50", "p99"):
        r[f"{who}_answer_{p}_ns"] = quiet[f"answer_{p}_ns"]
        r[f"{who}_flood_answer_{p}_ns"] = t[f"answer_{p}_ns"]


# ---- rounds ---------------------------------------------------------------------

def ratios(r):
    for name in KINDS.values():
        base = r[f"kamailio_{name}_mps"]
        r[f"{name}_vs_kamailio"] = r[f"carom_{name}_mps"] / base
        r[f"agent_{name}_vs_kamailio"] = r[f"agent_{name}_mps"] / base
        r[f"{name}_vs_kamailio_cpu"] = (r[f"carom_{name}_mps"] *
                                        r[f"kamailio_{name}_cpu_ns"] / 1e9)
    r["agent_vs_kamailio"] = min(r[f"agent_{n}_vs_kamailio"]
                                 for n in KINDS.values())


def one_round():
    r = {}
    kernel_round(r)
    lab.steer(CPU)
    with sipedges.kamailio(CPU) as p:
        process_round("kamailio", p, r)
        half_load("kamailio", r["kamailio_invite_mps"], r)
    with sipedges.carom(CPU, False, "allow") as p:
        process_round("agent", p, r)
        half_load("agent", r["agent_invite_mps"], r)
    lab.steer(None)
    with sipedges.carom(LOAD_CPU, True, "allow"):
        half_load("carom", r["carom_invite_mps"], r)
    with sipedges.carom(LOAD_CPU, True, None):
        flood("carom", r)
    with sipedges.kamailio(LOAD_CPU, "-A", "FLOOD"):
        flood("kamailio", r)
    r["flood_calls_lost"] = r["carom_flood_calls_lost"]
    ratios(r)
    r.update(json.loads(sh(f"{BIN}/bench-keys")))
    return r


def good_round(spoilt):
    """A machine that others use loses packets now and then: such a round says
    nothing, and is measured again as a whole"""
    while True:
        try:
            return one_round()
        except BenchError as e:
            lab.steer(None)
            if len(spoilt) == SPOILT:
                raise
            spoilt.append(str(e))
            print(f"round spoilt ({e}): once more", flush=True)


def main():
    os.makedirs(OUT, exist_ok=True)
    idle = os.getloadavg()[0]
    if idle > 0.5:
        print(f"bench: this machine is busy (load {idle:.1f}): the figures "
              "will be lower and spread wider", file=sys.stderr)
    lab.up()
    rounds, spoilt = [], []
    for i in range(ROUNDS):
        rounds.append(good_round(spoilt))
        print(f"round {i + 1} of {ROUNDS}: " + sipreport.brief(rounds[-1]),
              flush=True)
    stats = report.summary(rounds)
    report.write_json(f"{OUT}/sip.json", stats)
    print()
    print(report.table(sipreport.sections(stats)))
    if not QUICK:
        sipreport.write_page("docs/benchmarks.md", stats, ROUNDS)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench: {e}")
