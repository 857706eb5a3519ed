# SPDX-License-Identifier: BSD-2-Clause
"""What the SIP benchmark's figures are called, their bars, their page"""
import os

import report
from lab import sh
from report import microseconds, number, spread, verdict

BARS = [
    ("indialog_vs_kamailio", "(a) Carom in XDP / Kamailio, in a dialog", ">=",
     25),
    ("invite_vs_kamailio", "(b) Carom in XDP / Kamailio, new INVITE", ">=",
     25),
    ("response_vs_kamailio", "(c) Carom in XDP / Kamailio, response", ">=",
     25),
    ("agent_vs_kamailio", "Carom's agent / Kamailio, the worst of the three",
     ">=", 1.0),
    ("keys_moved_gone", "share of calls that move when 1 of 6 targets goes",
     "<=", 0.18),
    ("keys_moved_came", "the same when a 7th comes", "<=", 0.16),
    ("load_uneven", "a target's load, off an even share at most", "<=", 0.10),
    ("flood_calls_lost", "calls lost under a flood from one source", "<=", 0),
]
KINDS = [("indialog", "request in a dialog"), ("invite", "new INVITE"),
         ("response", "response")]
WHO = [("redirect", "redirect only"), ("carom", "Carom in XDP"),
       ("agent", "Carom's agent"), ("kamailio", "Kamailio")]
TEMPLATE = os.path.join(os.path.dirname(__file__), "sip.md.in")


def rates(stats):
    return [[f"{who}: {kind}", *spread(stats[f"{key}_{name}_mps"])]
            for name, kind in KINDS for key, who in WHO]


def latencies(stats):
    rows = []
    for key, who in WHO[1:]:
        row = [who, number(stats[f"{key}_half_load_mps"]["median"])]
        for p in ("p50", "p99"):
            row += spread(microseconds(stats[f"{key}_half_{p}_ns"]))
        rows.append(row)
    return rows


def floods(stats):
    rows = []
    for key, who in (("carom", "Carom"), ("kamailio", "Kamailio with pike")):
        rows.append([f"{who}, at rest", "", ""] + [
            number(stats[f"{key}_answer_{p}_ns"]["median"] / 1000)
            for p in ("p50", "p99")])
        calls = stats[f"{key}_flood_calls"]["median"]
        lost = stats[f"{key}_flood_calls_lost"]
        rows.append([f"{who}, flood",
                     number(stats[f"{key}_flood_mps"]["median"]),
                     f"{lost['median']:g} ({lost['min']} .. {lost['max']}) "
                     f"of {calls:g}"] + [
            number(stats[f"{key}_flood_answer_{p}_ns"]["median"] / 1000)
            for p in ("p50", "p99")])
    return rows


def sections(stats):
    """[(title, heads, rows)]"""
    bars = [[what, *spread(stats[key]), verdict(stats[key], how, bar)]
            for key, what, how, bar in BARS]
    return [("Bars", ["", "median", "spread", "bar"], bars),
            ("Messages per second on one core", ["", "median", "spread"],
             rates(stats)),
            ("Latency of an INVITE at half load, us",
             ["", "messages/s", "p50", "spread", "p99", "spread"],
             latencies(stats)),
            ("Time to a caller's answer, us",
             ["", "flood/s", "calls lost", "p50", "p99"], floods(stats))]


def write_page(path, stats, rounds):
    bars, mps, lat, flood = (report.markdown(h, r)
                             for _, h, r in sections(stats))
    words = {"BARS": bars, "RATES": mps, "LATENCIES": lat, "FLOODS": flood,
             "ROUNDS": str(rounds),
             "KAMAILIO": sh("dpkg-query", "-W", "-f", "${Version}",
                            "kamailio").strip()}
    for name, _ in KINDS:
        cpu = stats[f"kamailio_{name}_cpu_ns"]["median"] / 1000
        words[f"{name.upper()}_CPU_US"] = f"{cpu:.1f}"
        words[f"{name.upper()}_CPU_RATIO"] = number(
            stats[f"{name}_vs_kamailio_cpu"]["median"])
    report.write_part(path, "sip", report.filled(TEMPLATE, words))


def brief(r):
    """One round in a line"""
    return ", ".join(f"{who} " + " ".join(
        f"{r[f'{key}_{name}_mps']:,.0f}" for name, _ in KINDS)
        for key, who in WHO)
