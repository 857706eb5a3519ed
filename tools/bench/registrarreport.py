# SPDX-License-Identifier: BSD-2-Clause
"""What the registrar's figures are called, their bars, their page"""
import os

import report
from lab import sh
from report import number, spread, verdict

BARS = [
    ("register_vs_kamailio",
     "REGISTER with digest, Carom (on disk) / Kamailio (in memory)", ">=", 1.0),
    ("bytes_per_contact", "bytes of memory for a contact, of 100,000", "<=",
     1000),
    ("restart_seconds", "seconds until it answers after a crash, 100,000 "
     "contacts", "<=", 2),
    ("acknowledged_lost", "bindings lost that a 200 had acknowledged (SIGKILL)",
     "<=", 0),
    ("storm_lost", "refreshes lost, 100,000 in 60 s", "<=", 0),
]
WHO = [("carom", "Carom, on disk before its 200"),
       ("kamailio", "Kamailio, in memory"),
       ("kamailio_stored", "Kamailio, written through to SQLite")]
TEMPLATE = os.path.join(os.path.dirname(__file__), "registrar.md.in")


def rates(stats):
    rows = []
    for key, who in WHO:
        rows.append([who, *spread(stats[f"{key}_register"]),
                     number(stats[f"{key}_register_window"]["median"]),
                     *(spread(stats[f"{key}_refresh"])
                       if f"{key}_refresh" in stats else ["", ""]),
                     number(stats[f"{key}_register_cpu_ns"]["median"] / 1000),
                     number(stats[f"{key}_register_p99_us"]["median"] / 1000)])
    return rows


def others(stats):
    rows = [["refreshes with the nonce they have, Carom / Kamailio in memory",
             *spread(stats["refresh_vs_kamailio"])],
            ["Carom / Kamailio written through",
             *spread(stats["register_vs_kamailio_stored"])],
            ["us of Carom's XDP program for a new registration",
             *spread(report.microseconds(stats["carom_register_xdp_ns"]))],
            ["bytes for a contact, Kamailio",
             *spread(stats["kamailio_bytes_per_contact"])],
            ["share of a core while 100,000 refresh in 60 s",
             *spread(stats["carom_storm_core"])]]
    return rows


def sections(stats):
    """[(title, heads, rows)]"""
    bars = [[what, *spread(stats[key]), verdict(stats[key], how, bar)]
            for key, what, how, bar in BARS]
    return [("Bars", ["", "median", "spread", "bar"], bars),
            ("Registrations per second on one core",
             ["", "new", "spread", "at a time", "refresh", "spread", "CPU, us",
              "p99, ms"],
             rates(stats)),
            ("", ["", "median", "spread"], others(stats))]


def write_page(path, stats, rounds):
    bars, rate, other = (report.markdown(h, r)
                         for _, h, r in sections(stats))
    words = {"BARS": bars, "RATES": rate, "OTHERS": other,
             "ROUNDS": str(rounds),
             "KAMAILIO": sh("dpkg-query", "-W", "-f", "${Version}",
                            "kamailio").strip()}
    report.write_part(path, "registrar", report.filled(TEMPLATE, words))


def brief(r):
    """One round in a line"""
    return (", ".join(f"{key} {r[f'{key}_register']:,.0f}" for key, _ in WHO) +
            f" registrations/s; {r['bytes_per_contact']:,.0f} bytes a contact, "
            f"restart {r['restart_seconds']:.2f} s, "
            f"lost {r['acknowledged_lost']} and {r['storm_lost']}")
