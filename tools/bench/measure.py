# SPDX-License-Identifier: BSD-2-Clause
"""How a relay is measured: packets per second on a core, and latency"""
import json
import time

import lab
from lab import BenchError, sh

BIN = "build/bench"
LOSS_MAX = 0.001
# who sends must not be held up between the clock and the wire
FIFO = ("chrt", "-f", "10")
TRIES = 3  # at one rate, before it counts as too high: the machine stutters


class Measure:
    def __init__(self, quick, cpu, load_cpu):
        self.quick, self.cpu, self.load_cpu = quick, cpu, load_cpu

    def json(self, cpu, prog, *args, how=("nice", "-n", "-20"), **kw):
        return json.loads(sh("taskset", "-c", cpu, *how, f"{BIN}/{prog}",
                             *args, **kw))

    def xdp(self, to, flows, count, *args):
        """Packets per second from the generator in gen to `to`, all of it on
        one CPU"""
        if self.quick:
            count //= 3
        r = self.json(self.cpu, "bench-xdp", "--from", "gen:g0", "--to", to,
                      "--smac", lab.MAC["g0"], "--dmac", lab.MAC["d0"],
                      "--saddr", lab.NEAR, "--daddr", lab.DUT_NEAR,
                      "--flows", flows, "--shuffle", "--count", count, *args)
        if r["other_cpu"]:
            raise BenchError(f"{r['other_cpu']} packets on another CPU")
        if r["received"] < r["sent"] * (1 - LOSS_MAX):
            raise BenchError(f"{to}: {r['received']} of {r['sent']} packets "
                             "arrived")
        return r["pps"]

    def latency(self, src, dst, listen):
        """p50 and p99 in ns of a paced flow, from a socket to a socket"""
        r = self.json(self.load_cpu, "bench-lat", "--from", "gen", "--to",
                      "sink", "--bind", "%s:%s" % src, "--dst",
                      "%s:%s" % dst, "--listen", "%s:%s" % listen,
                      "--rate", 1000, "--count", 500 if self.quick else 2000)
        return r["p50_ns"], r["p99_ns"]

    def load(self, plan, rate, ms, *args, **kw):
        """Two-way calls at a rate; what bench-load says"""
        return self.json(
            self.load_cpu, "bench-load", "--a", "gen:g0", "--b", "sink:s0",
            "--a-mac", lab.MAC["g0"], "--a-gw", lab.MAC["d0"],
            "--b-mac", lab.MAC["s0"], "--b-gw", lab.MAC["d1"],
            "--rate", int(rate), "--ms", ms, *args, input=plan, **kw)

    def times(self, service, rate, *args, fresh=None):
        """p50 and p99 in us that packets take through a service at a rate, and the share
        of those that take 20 ms or longer; the best of some tries: the machine
        stutters"""
        best = None
        for _ in range(2 * TRIES):
            if fresh:
                fresh()
            service.settle()
            r = self.load(service.plan, rate, 1000 if self.quick else 3000,
                          "--tc", "--timed", *args, how=FIFO)
            if r["sent"] / r["seconds"] < 0.97 * rate:
                continue
            if not best or r["p99_us"] < best["p99_us"]:
                best = r
        if not best:
            raise BenchError(f"{service.name}: the sender never kept "
                             f"{rate:,.0f}/s")
        return best["p50_us"], best["p99_us"], best["late"]

    def highest(self, service, guess, *args, fresh=None, longer=1):
        """Highest rate that a service relays with next to no loss, and the
        CPU time in ns that its process took for a packet at that rate"""
        best, last = {}, {"lost": 1.0}

        def holds(rate):
            tries = 0
            for _ in range(4 * TRIES):
                if tries == TRIES:
                    break
                if fresh:
                    fresh()
                service.settle()
                before = service.cpu_ns()
                r = self.load(service.plan, rate,
                              (300 if self.quick else 600) * longer,
                              "--tc", *args)
                used = service.cpu_ns() - before
                real = r["sent"] / r["seconds"]
                if real < 0.97 * rate:
                    continue  # the sender was held up: says nothing
                tries += 1
                last["lost"] = r["lost"]
                if r["lost"] <= LOSS_MAX:
                    if real > best.get("pps", 0):
                        best.update(pps=real, cpu=used / r["arrived"])
                    return True
            return False

        low, high = guess * 0.8, guess * 1.25
        while not holds(low):
            low, high = low * 0.7, low
            if low < 2000:
                raise BenchError(f"{service.name}: no rate without loss, "
                                 f"{last['lost']:.2%} at {low:,.0f}/s")
        while holds(high):
            low, high = high, high * 1.3
        for _ in range(2 if self.quick else 4):
            mid = (low + high) / 2
            if holds(mid):
                low = mid
            else:
                high = mid
        return best["pps"], best["cpu"]

    def agent_share(self, agent, rate, seconds):
        """Share of a core that an agent takes while its calls' media flows"""
        agent_before, t = agent.cpu_ns(), time.monotonic_ns()
        r = self.load(agent.plan, rate, int(seconds * 1000))
        share = (agent.cpu_ns() - agent_before) / (time.monotonic_ns() - t)
        if r["lost"] > LOSS_MAX:
            raise BenchError(f"caromd's calls lost {r['lost']:.2%} of their "
                             "packets")
        return share, r["sent"] / r["seconds"]
