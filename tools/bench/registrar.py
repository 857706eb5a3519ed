#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The registrar's benchmark: Carom and Kamailio, turn by turn"""
import contextlib
import json
import os
import sys
import threading
import time

import lab
import registrarreport
import registrars
import report
from lab import BenchError, sh

QUICK = os.environ.get("QUICK") == "1"
ROUNDS = int(os.environ.get("ROUNDS") or (2 if QUICK else 5))
CPU = int(os.environ.get("BENCH_CPU") or 1)
LOAD_CPU = int(os.environ.get("LOAD_CPU") or 0)
OUT = "build/bench"
SPOILT = 3                              # rounds that may be measured again
PHONES = 10000 if QUICK else 30000      # that register at full speed
CONTACTS = 100000                       # the bars' number
STORM_SECONDS = 60
WINDOWS = (64, 128, 256, 512, 1024)     # phones at a time: the best one counts
WINDOW = 64
WARM = 1000                             # that come first, not counted


def phones(count, *args):
    """bench-register's answer"""
    return json.loads(sh(
        "taskset", "-c", LOAD_CPU, "nice", "-n", "-20",
        f"{OUT}/bench-register", "--from", "gen", "--near", lab.NEAR, "--to",
        registrars.NODE, "--users", count, *args))


def registered(who, count, *args):
    r = phones(count, *args)
    if r["lost"] or r["unbound"]:
        raise BenchError(f"{who}: {r['lost']} lost, first answer that was "
                         f"not expected: {r['code']}; {r['unbound']} without "
                         "their contact")
    return r


def per_core(done, seconds, xdp_ns):
    """A second: what the XDP program takes, on the sender's core, counts as if it ran
    on the registrar's"""
    return done / (seconds + xdp_ns / 1e9)


def arrive(who, reg, r, count, windows=WINDOWS):
    """Phones that come: a challenge each. Whom more at a time overrun, and who waits
    for a disk if there are fewer, is measured at its best"""
    best = None
    for i, window in enumerate(windows):
        before, xdp = reg.cpu_ns(), reg.xdp_ns()
        new = phones(count, "--window", window, "--first", i * count)
        used, xdp = reg.cpu_ns() - before, reg.xdp_ns() - xdp
        if new["lost"] or new["unbound"]:
            continue
        rate = per_core(new["registered"], new["seconds"], xdp)
        if not best or rate > best["rate"]:
            best = dict(new, rate=rate, window=window, xdp_ns=xdp / count,
                        cpu_ns=(used + xdp) / count)
    if not best:
        raise BenchError(f"{reg.name}: lost some each time")
    r[f"{who}_register"] = best["rate"]
    for key in ("window", "cpu_ns", "xdp_ns", "p50_us", "p99_us"):
        r[f"{who}_register_{key}"] = best[key]


def refresh(who, reg, r):
    """They refresh with the nonce that they have. The first turn gets it: what it
    takes is not in the figure"""
    args = ("--window", int(r[f"{who}_register_window"]))
    at = [reg.xdp_ns()]
    one = registered(reg.name, PHONES, *args, "--cseq", 1000)
    at.append(reg.xdp_ns())
    more = registered(reg.name, PHONES, *args, "--cseq", 2000, "--turns", 3,
                      "--keep-nonce")
    at.append(reg.xdp_ns())
    r[f"{who}_refresh"] = per_core(2 * PHONES, more["seconds"] - one["seconds"],
                                   (at[2] - at[1]) - (at[1] - at[0]))


def memory(who, reg, r):
    """Bytes for each of many contacts; the process has seen some before"""
    registered(reg.name, WARM, "--first", CONTACTS)
    before = reg.memory()
    registered(reg.name, CONTACTS, "--window", WINDOW)
    r[f"{who}_bytes_per_contact"] = (reg.memory() - before) / CONTACTS


def restart(who, reg, r):
    """Seconds from the start after a crash until it answers with all contacts"""
    reg.kill()
    r[f"{who}_restart_seconds"] = reg.start()
    known = phones(CONTACTS, "--query", "--cseq", 100000)
    r[f"{who}_restart_lost"] = known["unbound"] + known["lost"]


def storm(who, reg, r):
    """All refresh within a minute"""
    rate = CONTACTS // STORM_SECONDS
    before, begun = reg.cpu_ns(), time.monotonic_ns()
    out = phones(CONTACTS, "--rate", rate, "--cseq", 200000)
    r[f"{who}_storm_lost"] = out["lost"] + out["unbound"]
    r[f"{who}_storm_p99_us"] = out["p99_us"]
    r[f"{who}_storm_core"] = ((reg.cpu_ns() - before) /
                              (time.monotonic_ns() - begun))


def crash(who, reg, r):
    """SIGKILL in the middle of registrations: of those that were answered with 200,
    how many are not there afterwards"""
    lost = {}
    count = 2 * PHONES

    def load():
        lost.update(phones(count, "--first", CONTACTS + WARM, "--window", WINDOW,
                           "--patient"))

    t = threading.Thread(target=load)
    t.start()
    time.sleep(0.5)
    reg.kill()
    reg.start()
    t.join()
    known = phones(count, "--first", CONTACTS + WARM, "--query", "--cseq", 100000)
    if lost.get("lost", count):
        raise BenchError(f"{reg.name}: phones gave up while it was started")
    r[f"{who}_crash_resent"] = lost["resent"]
    r[f"{who}_crash_lost"] = known["unbound"] + known["lost"]


def ratios(r):
    r["register_vs_kamailio"] = r["carom_register"] / r["kamailio_register"]
    r["refresh_vs_kamailio"] = r["carom_refresh"] / r["kamailio_refresh"]
    r["register_vs_kamailio_stored"] = (r["carom_register"] /
                                        r["kamailio_stored_register"])
    r["bytes_per_contact"] = r["carom_bytes_per_contact"]
    r["restart_seconds"] = r["carom_restart_seconds"]
    r["storm_lost"] = r["carom_storm_lost"]
    r["acknowledged_lost"] = r["carom_crash_lost"] + r["carom_restart_lost"]


def one_round():
    r = {}
    with registrars.kamailio(CPU) as reg:
        arrive("kamailio", reg, r, PHONES)
        refresh("kamailio", reg, r)
    with registrars.kamailio(CPU) as reg:
        memory("kamailio", reg, r)
    with registrars.kamailio(CPU, stored=True) as reg:
        arrive("kamailio_stored", reg, r, PHONES // 20,
               (1, 4))  # it is slow: of more some would wait for too long
    with registrars.carom(CPU, len(WINDOWS) * PHONES) as reg:
        arrive("carom", reg, r, PHONES)
        refresh("carom", reg, r)
    with registrars.carom(CPU, CONTACTS + WARM + 2 * PHONES) as reg:
        memory("carom", reg, r)
        restart("carom", reg, r)
        storm("carom", reg, r)
        crash("carom", reg, r)
    ratios(r)
    return r


def good_round(spoilt):
    """A machine that others use loses packets now and then: such a round says
    nothing, and is measured again as a whole"""
    while True:
        try:
            return one_round()
        except BenchError as e:
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
    lab.steer(CPU)
    lab.wake_sender()
    rounds, spoilt = [], []
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{OUT}/registrar.json")
    with registrars.xdp_timed():
        for i in range(ROUNDS):
            rounds.append(good_round(spoilt))
            print(f"round {i + 1} of {ROUNDS}: " +
                  registrarreport.brief(rounds[-1]), flush=True)
    stats = report.summary(rounds)
    report.write_json(f"{OUT}/registrar.json", stats)
    print()
    print(report.table(registrarreport.sections(stats)))
    if not QUICK or os.environ.get("PAGE") == "1":
        registrarreport.write_page("docs/benchmarks.md", stats, ROUNDS)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as e:
        sys.exit(f"bench: {e}")
