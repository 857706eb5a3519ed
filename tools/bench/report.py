# SPDX-License-Identifier: BSD-2-Clause
"""Medians and spreads, as a table, as JSON, as docs/benchmarks.md"""
import json
import os
import platform
import statistics

from lab import sh

# key, what, bar: ">=" or "<" and the number
BARS = [
    ("relay_1k_vs_redirect", "Carom / bare redirect, 1,000 legs", ">=", 0.88),
    ("relay_30k_vs_redirect", "Carom / bare redirect, 30,000 legs", ">=",
     0.75),
    ("relay_1k_vs_nat", "Carom, 1,000 legs / nftables NAT", ">=", 4.5),
    ("relay_1k_vs_rtpengine", "Carom, 1,000 legs / rtpengine, per core", ">=",
     35),
    ("agent_cpu_1k_calls", "agent CPU with 1,000 calls, share of a core", "<",
     0.01),
]
RATES = [
    ("generator_pps", "generator alone, dropped at the first device"),
    ("redirect_1k_pps", "(a) redirect only, 1,000 flows"),
    ("redirect_30k_pps", "(a) redirect only, 30,000 flows"),
    ("carom_1_pps", "(b) Carom, 1 leg"),
    ("carom_1k_pps", "(b) Carom, 1,000 legs"),
    ("carom_30k_pps", "(b) Carom, 30,000 legs"),
    ("nat_pps", "(c) nftables NAT, 1,000 flows"),
    ("rtpengine_pps", "(d) rtpengine in userspace, loss under 0.1 %"),
    ("rtpengine_cpu_pps", "(d) the same, by its process's CPU time alone"),
]
LATENCIES = [
    ("direct", "no relay: what the others are counted from"),
    ("redirect", "(a) redirect only"),
    ("carom", "(b) Carom, 1,000 legs"),
    ("nat", "(c) nftables NAT"),
    ("rtpengine", "(d) rtpengine in userspace"),
]
TEMPLATE = os.path.join(os.path.dirname(__file__), "benchmarks.md.in")


def summary(rounds):
    """{key: {median, min, max}} over the rounds"""
    stats = {}
    for key in rounds[0]:
        v = [r[key] for r in rounds]
        stats[key] = {"median": statistics.median(v), "min": min(v),
                      "max": max(v)}
    return stats


def write_json(path, stats):
    with open(path, "w", encoding="ascii") as f:
        json.dump(stats, f, indent=1)
        f.write("\n")


def number(v):
    """Three or four digits that mean something"""
    for least, digits in ((100, 0), (10, 1), (1, 2), (0.1, 3)):
        if abs(v) >= least:
            return f"{v:,.{digits}f}"
    return f"{v:.4f}"


def spread(s):
    return [number(s["median"]), f"{number(s['min'])} .. {number(s['max'])}"]


def verdict(s, how, bar):
    met = {">=": s["median"] >= bar, "<": s["median"] < bar,
           "<=": s["median"] <= bar}[how]
    return f"{'met' if met else 'MISSED'} ({how} {bar})"


def microseconds(s):
    return {k: v / 1000 for k, v in s.items()}


def sections(stats):
    """[(title, heads, rows)]"""
    bars = [[what, *spread(stats[key]), verdict(stats[key], how, bar)]
            for key, what, how, bar in BARS]
    rates = [[what, *spread(stats[key])] for key, what in RATES]
    lat = []
    for name, what in LATENCIES:
        row = [what]
        for p in ("p50_ns", "p99_ns"):
            key = f"{name}_{p}" if name == "direct" else f"{name}_added_{p}"
            row += spread(microseconds(stats[key]))
        lat.append(row)
    return [("Ratios", ["", "median", "spread", "bar"], bars),
            ("Packets per second on one core", ["", "median", "spread"],
             rates),
            ("Latency added, us", ["", "p50", "spread", "p99", "spread"],
             lat)]


def table(parts):
    """For the terminal"""
    lines = []
    for title, heads, rows in parts:
        cells = [[title, *heads[1:]], *rows]
        width = [max(len(r[i]) for r in cells) for i in range(len(heads))]
        for i, r in enumerate(cells):
            lines.append("  ".join(
                [r[0].ljust(width[0])] +
                [c.rjust(w) for c, w in zip(r[1:], width[1:])]).rstrip())
            if i == 0:
                lines.append("-" * len(lines[-1]))
        lines.append("")
    return "\n".join(lines)


def markdown(heads, rows):
    lines = ["| " + " | ".join(heads) + " |",
             "|---" + "|--:" * (len(heads) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(r) + " |" for r in rows])


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def filled(template, words):
    """A template's text with its @WORDS@ replaced"""
    with open(template, encoding="utf-8") as f:
        text = f.read()
    for key, value in words.items():
        text = text.replace(f"@{key}@", value)
    return text


def write_part(path, name, text):
    """The page has a part of each benchmark: the others stay as they are"""
    marks = {n: f"\n<!-- make bench-{n} writes what follows -->\n\n"
             for n in ("sip", "media", "registrar")}
    parts = {"rtp": ""}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            last, page = "rtp", f.read()
        for n, mark in marks.items():
            parts[last], found, page = page.partition(mark)
            if not found:
                page = parts[last]
                continue
            last = n
        parts[last] = page
    parts[name] = text
    with open(path, "w", encoding="utf-8") as f:
        f.write(parts["rtp"] + "".join(
            mark + parts[n] for n, mark in marks.items() if n in parts))


def write_page(path, stats, rounds):
    """The RTP part of docs/benchmarks.md"""
    ratios, rates, lat = (markdown(h, r) for _, h, r in sections(stats))
    words = {
        "RATIOS": ratios, "RATES": rates, "LATENCIES": lat,
        "ROUNDS": str(rounds), "KERNEL": platform.release(),
        "CPU": cpu_model(), "CPUS": str(os.cpu_count()),
        "RTPENGINE": sh("dpkg-query", "-W", "-f", "${Version}",
                        "rtpengine-daemon").strip(),
        "AGENT_PPS": f"{stats['agent_pps']['median']:,.0f}",
        "RTPENGINE_US": f"{stats['rtpengine_cpu_ns']['median'] / 1000:.1f}",
        "CAROM_NS": f"{own_cost(stats):.0f}",
    }
    write_part(path, "rtp", filled(TEMPLATE, words))


def own_cost(stats):
    """ns that a packet takes in Carom beyond what it takes in a redirect"""
    return 1e9 / stats["carom_1k_pps"]["median"] - \
        1e9 / stats["redirect_1k_pps"]["median"]


def brief(r):
    """One round in a line"""
    return (f"redirect {r['redirect_1k_pps']:,.0f}, Carom "
            f"{r['carom_1k_pps']:,.0f} and {r['carom_30k_pps']:,.0f}, NAT "
            f"{r['nat_pps']:,.0f}, rtpengine {r['rtpengine_pps']:,.0f}")
