# SPDX-License-Identifier: BSD-2-Clause
"""What the media benchmark's figures are called, their bars, their page"""
import os

import report
from lab import sh
from report import spread, verdict

BARS = [
    ("srtp_vs_rtpengine", "SRTP <-> RTP, AES-CM", ">=", 4),
    ("gcm_vs_rtpengine", "SRTP <-> RTP, AES-GCM", None, None),
    ("pcma_vs_rtpengine", "PCMU <-> PCMA", ">=", 2.5),
    ("g722_vs_rtpengine", "PCMU <-> G.722", ">=", 2.5),
    ("opus_vs_rtpengine", "PCMU <-> Opus", ">=", 1.3),
    ("opus_vs_libopus", "PCMU <-> Opus, against libopus alone", ">=", 0.85),
]
KINDS = {"pcma": "PCMU <-> PCMA", "g722": "PCMU <-> G.722",
         "opus": "PCMU <-> Opus", "srtp": "SRTP <-> RTP, AES-CM",
         "gcm": "SRTP <-> RTP, AES-GCM"}
P99_BAR = 2000  # us, of Carom's
TEMPLATE = os.path.join(os.path.dirname(__file__), "media.md.in")


def bars(stats):
    return [[what, *spread(stats[key]),
             verdict(stats[key], how, bar) if how else ""]
            for key, what, how, bar in BARS if key in stats]


def by_cpu(stats):
    """No bars: where the sender is at its end before a relay is, this is what is left to
    look at"""
    return [[what, *spread(stats[f"{kind}_cpu_vs_rtpengine"])]
            for kind, what in KINDS.items()
            if f"{kind}_cpu_vs_rtpengine" in stats]


def rates(stats):
    rows = [["Carom: the loop alone", *spread(stats["loop_pps"]),
             f"{stats['loop_cpu_ns']['median'] / 1000:.2f}"]]
    for key, what, *_ in BARS:
        kind = key.split("_")[0]
        if f"carom_{kind}_pps" not in stats or key.endswith("libopus"):
            continue
        for who, name in (("carom", "Carom"), ("rtpengine", "rtpengine")):
            cpu = stats[f"{who}_{kind}_cpu_ns"]["median"]
            rows.append([f"{name}: {what}",
                         *spread(stats[f"{who}_{kind}_pps"]),
                         f"{cpu / 1000:.2f}"])
    return rows


def delays(stats):
    """At 80 % of the highest rate; the bar is Carom's"""
    rows = []
    for kind, what in KINDS.items():
        for who, name in (("carom", "Carom"), ("rtpengine", "rtpengine")):
            key = f"{who}_{kind}"
            if f"{key}_p99_us" not in stats:
                continue
            p99 = stats[f"{key}_p99_us"]
            rows.append([f"{name}: {what}",
                         f"{stats[f'{key}_calls']['median']:,.0f}",
                         f"{stats[f'{key}_p50_us']['median']:,.0f}",
                         f"{p99['median']:,.0f}",
                         f"{p99['min']:,.0f} to {p99['max']:,.0f}",
                         f"{stats[f'{key}_late']['median']:.4%}",
                         verdict(p99, "<", P99_BAR)
                         if who == "carom" else ""])
    return rows


DELAYS = ["", "calls", "p50 us", "p99 us", "spread", "late", "bar"]


def table(stats):
    """For the terminal"""
    return report.table([("Bars", ["", "median", "spread", "bar"],
                          bars(stats)),
                         ("CPU time for a packet, rtpengine / Carom",
                          ["", "median", "spread"], by_cpu(stats)),
                         ("Packets per second on one core",
                          ["", "median", "spread", "us of CPU"],
                          rates(stats)),
                         ("Delay at 80 % of that", DELAYS, delays(stats))])


def write_page(path, stats, rounds):
    report.write_part(path, "media", report.filled(TEMPLATE, {
        "BARS": report.markdown(["Carom / rtpengine", "median", "spread",
                                 "bar"], bars(stats)),
        "BY_CPU": report.markdown(["rtpengine / Carom", "median", "spread"],
                                  by_cpu(stats)),
        "RATES": report.markdown(["", "median", "spread", "us of CPU"],
                                 rates(stats)),
        "DELAYS": report.markdown(DELAYS, delays(stats)),
        "ROUNDS": rounds,
        "RTPENGINE": sh("dpkg-query", "-W", "-f", "${Version}",
                        "rtpengine-daemon").strip()}))
