#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The SIP benchmark: an edge in the kernel, its agent, and Kamailio, turn by turn"""
import contextlib
import glob
import json
import os
import statistics
import subprocess
import sys
import time

import lab
import report
from lab import BenchError, inside, sh
from relays import cpu_ns

QUICK = os.environ.get("QUICK") == "1"
ROUNDS = int(os.environ.get("ROUNDS") or (2 if QUICK else 5))
CPU = int(os.environ.get("BENCH_CPU") or 1)
LOAD_CPU = int(os.environ.get("LOAD_CPU") or 0)
OUT = "build/bench"
BIN = "build/bench"
KINDS = {"dialog": "indialog", "invite": "invite", "response": "response"}
FRAMES = 65536
LOSS_MAX = 0.001
LIST = "\n".join(f"1 sip:{lab.FAR}:{5060 + i}" for i in range(6)) + "\n"
runs = iter(range(1, 1 << 31))


def messages(cpu, kind, *args):
    """bench-sip's answer; each run has Call-IDs of its own"""
    return json.loads(sh(
        "taskset", "-c", cpu, "nice", "-n", "-20", f"{BIN}/bench-sip",
        "--kind", kind, "--from", "gen:g0", "--near", lab.NEAR, "--edge",
        lab.DUT_NEAR, "--far", lab.FAR, "--smac", lab.MAC["g0"], "--dmac",
        lab.MAC["d0"], "--run", next(runs), *args))


def flat_out(kind, *args):
    """Messages/s on one CPU, the generator's share included"""
    r = messages(CPU, kind, "--to", "sink:s0", "--count", FRAMES, *args)
    if r["other_cpu"]:
        raise BenchError(f"{r['other_cpu']} packets on another CPU")
    if r["received"] < r["sent"] * (1 - LOSS_MAX):
        raise BenchError(f"{kind}: {r['received']} of {r['sent']} arrived")
    return r["mps"]


@contextlib.contextmanager
def kernel_edge():
    edge = inside("dut", f"{BIN}/bench-edge")
    sh(*edge, lab.NEAR, lab.DUT_NEAR, lab.FAR, "d0", "d1")
    try:
        yield
    finally:
        sh(*edge, "--down")


class Proxy:
    """A process that forwards at the edge's address"""

    def __init__(self, name, argv, log):
        self.name = name
        with open(log, "w", encoding="ascii") as out:
            self.proc = subprocess.Popen(
                inside("dut", "taskset", "-c", str(CPU), *argv),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        time.sleep(3)
        if self.proc.poll() is not None:
            with open(log, encoding="utf-8", errors="replace") as f:
                raise BenchError(f"{name} does not start: {f.read()[-400:]}")

    def pids(self):
        out = sh("ps", "-o", "pid=", "-g", self.proc.pid)
        return [int(p) for p in out.split()]

    def cpu_ns(self):
        total = 0
        for pid in self.pids():
            with contextlib.suppress(FileNotFoundError):
                total += cpu_ns(pid)
        return total

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.proc.pid, 15)
        try:
            self.proc.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.proc.pid, 9)
            self.proc.wait()


def kamailio():
    mpath = glob.glob("/usr/lib/*/kamailio/modules/")[0]
    with open("tools/bench/kamailio-edge.cfg", encoding="ascii") as f:
        text = f.read()
    out = os.path.abspath(OUT)
    for a, b in (("EDGE", lab.DUT_NEAR), ("MPATH", mpath),
                 ("LIST", f"{out}/dispatcher.list")):
        text = text.replace(a, b)
    with open(f"{out}/kamailio.cfg", "w", encoding="ascii") as f:
        f.write(text)
    with open(f"{out}/dispatcher.list", "w", encoding="ascii") as f:
        f.write(LIST)
    return Proxy("kamailio", ["kamailio", "-DD", "-E", "-x", "fm", "-f",
                              f"{out}/kamailio.cfg", "-m", "64", "-M", "8"],
                 f"{out}/kamailio.log")


CAROMD = """\
log: {{level: warning}}
store: {run}/sip.db
control: {run}/sip.sock
ng: {{listen: []}}
media:
  interfaces: [{{name: own, address: {edge}, ports: 30000-30099}}]
sip:
  listen: [{{name: edge, address: "{edge}:5060"}}]
  key-file: {run}/key
  dispatcher: {run}/dispatcher.list
  sets: [{{name: calls, id: 1}}]
  rules: [{{set: calls}}]
  networks: [{{prefix: {near}/32, kind: allow}}]
  probe: {{interval: 0}}
"""


@contextlib.contextmanager
def agent():
    """caromd, with the kernel told to leave all to it"""
    run = os.path.abspath(OUT)
    with open(f"{run}/sip.yaml", "w", encoding="ascii") as f:
        f.write(CAROMD.format(run=run, edge=lab.DUT_NEAR, near=lab.NEAR))
    with open(f"{run}/key", "w", encoding="ascii") as f:
        f.write("07060504030201000f0e0d0c0b0a0908\n")
    cli = inside("dut", "build/bin/carom")
    sh(*cli, "attach", "--config", f"{run}/sip.yaml", "d0", "d1")
    try:
        p = Proxy("caromd", ["build/bin/caromd", "--config",
                             f"{run}/sip.yaml"], f"{run}/caromd-sip.log")
        try:
            sh(*inside("dut", f"{BIN}/bench-edge"), "--off",
               "/sys/fs/bpf/carom")
            yield p
        finally:
            p.stop()
    finally:
        sh(*cli, "detach", "--config", f"{run}/sip.yaml", "--all")


def holds(proxy, kind, rate):
    """Whether it forwards them all, and its CPU time for each in ns"""
    before = proxy.cpu_ns()
    r = messages(LOAD_CPU, kind, "--to", "sink:s0", "--tc", "--rate",
                 int(rate), "--count", int(rate * (0.5 if QUICK else 1)))
    used = proxy.cpu_ns() - before
    ok = r["received"] >= r["sent"] * (1 - LOSS_MAX)
    real = r["sent"] / r["seconds"]
    return ok, real, used / max(r["received"], 1)


def highest(proxy, kind):
    """Messages/s: the highest rate without loss, and 1 / CPU time, the better"""
    best, cpu, rate = 0, None, 8000
    for _ in range(12):
        ok, real, ns = holds(proxy, kind, rate)
        if not ok:
            ok, real, ns = holds(proxy, kind, rate)
        if not ok:
            break
        best, cpu = max(best, real), ns
        rate *= 1.25
    if not best:
        raise BenchError(f"{proxy.name}: {kind}: loses messages at {rate}/s")
    return best, 1e9 / cpu


def one_round():
    r = {}
    for kind, name in KINDS.items():
        r[f"redirect_{name}_mps"] = flat_out(kind, "--relay", "dut:d0",
                                             "--relay-to", "dut:d1")
    with kernel_edge():
        for kind, name in KINDS.items():
            r[f"carom_{name}_mps"] = statistics.median(
                flat_out(kind) for _ in range(3))
    lab.steer(CPU)
    for who, make in (("kamailio", None), ("agent", agent)):
        with contextlib.ExitStack() as stack:
            if make:
                p = stack.enter_context(make())
            else:
                p = kamailio()
                stack.callback(p.stop)
            for kind, name in KINDS.items():
                wire, cpu = highest(p, kind)
                r[f"{who}_{name}_wire_mps"] = wire
                r[f"{who}_{name}_cpu_mps"] = cpu
                r[f"{who}_{name}_mps"] = max(wire, cpu)
    lab.steer(None)
    for name in KINDS.values():
        r[f"{name}_vs_kamailio"] = (r[f"carom_{name}_mps"] /
                                    r[f"kamailio_{name}_mps"])
        r[f"agent_{name}_vs_kamailio"] = (r[f"agent_{name}_mps"] /
                                          r[f"kamailio_{name}_mps"])
    r["agent_vs_kamailio"] = min(r[f"agent_{n}_vs_kamailio"]
                                 for n in KINDS.values())
    return r


def main():
    os.makedirs(OUT, exist_ok=True)
    lab.up()
    rounds = []
    for i in range(ROUNDS):
        rounds.append(one_round())
        print(f"round {i + 1} of {ROUNDS}: " + ", ".join(
            f"{k} {v:.3g}" for k, v in rounds[-1].items() if "_vs_" in k),
            flush=True)
    stats = report.summary(rounds)
    report.write_json(f"{OUT}/sip.json", stats)
    for k, v in stats.items():
        print(f"{k:32} {v}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench: {e}")
