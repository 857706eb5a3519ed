# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's wires: gen --- dut --- sink, and one that goes straight.

    gen g0 192.0.2.10 ---- 192.0.2.1 d0 dut d1 198.51.100.1 ---- s0 sink
    gen x0 203.0.113.1 -------------------------------- x1 203.0.113.2 sink
"""
import os
import subprocess

MAC = {"g0": "02:00:00:00:00:01", "d0": "02:00:00:00:00:02",
       "d1": "02:00:00:00:00:03", "s0": "02:00:00:00:00:04",
       "x0": "02:00:00:00:00:05", "x1": "02:00:00:00:00:06"}
NEAR, DUT_NEAR, RTPE_NEAR = "192.0.2.10", "192.0.2.1", "192.0.2.2"
FAR, DUT_FAR, RTPE_FAR = "198.51.100.10", "198.51.100.1", "198.51.100.2"
STRAIGHT_NEAR, STRAIGHT_FAR = "203.0.113.1", "203.0.113.2"
WIRES = [("g0", "gen", "d0", "dut"), ("d1", "dut", "s0", "sink"),
         ("x0", "gen", "x1", "sink")]
ADDRS = [("gen", "g0", [NEAR]), ("dut", "d0", [DUT_NEAR, RTPE_NEAR]),
         ("dut", "d1", [DUT_FAR, RTPE_FAR]), ("sink", "s0", [FAR]),
         ("gen", "x0", [STRAIGHT_NEAR]), ("sink", "x1", [STRAIGHT_FAR])]
# Permanent neighbours: a sink that drops everything drops ARP as well
NEIGHBOURS = [("gen", "g0", "d0", [DUT_NEAR, RTPE_NEAR]),
              ("gen", "g0", "s0", [FAR]), ("dut", "d0", "g0", [NEAR]),
              ("dut", "d1", "s0", [FAR]),
              ("sink", "s0", "d1", [DUT_FAR, RTPE_FAR]),
              ("gen", "x0", "x1", [STRAIGHT_FAR]),
              ("sink", "x1", "x0", [STRAIGHT_NEAR])]


class BenchError(Exception):
    pass


def sh(*argv, **kw):
    """Run a command; its standard output. BenchError with what it said"""
    p = subprocess.run([str(a) for a in argv], text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    if p.returncode:
        raise BenchError(f"{' '.join(str(a) for a in argv[:6])}: "
                         f"{p.stderr.strip() or p.returncode}")
    return p.stdout


def inside(ns, *argv):
    """The words that run a command in a namespace. Not `ip netns exec`:
    that hides the BPF file system"""
    return ["nsenter", f"--net=/run/netns/{ns}", *argv]


def make_namespace(ns):
    sh("ip", "netns", "add", ns)
    sh(*inside(ns, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
               "net.ipv6.conf.default.disable_ipv6=1",
               "net.ipv4.conf.all.rp_filter=0",
               "net.ipv4.conf.default.rp_filter=0",
               f"net.ipv4.ip_forward={int(ns == 'dut')}"))
    sh("ip", "-n", ns, "link", "set", "lo", "up")


def make_wire(a, a_ns, b, b_ns):
    sh("ip", "link", "add", a, "netns", a_ns, "address", MAC[a], "type",
       "veth", "peer", "name", b, "netns", b_ns, "address", MAC[b])
    for dev, ns in ((a, a_ns), (b, b_ns)):
        sh("ip", "-n", ns, "link", "set", dev, "up")
        # NAPI, without which a veth takes no redirected frame, and whole
        # checksums, which XDP needs
        sh(*inside(ns, "ethtool", "-K", dev, "gro", "on", "tx", "off"))


def up():
    """Make the wires. Nothing takes them down: they die with the mount and
    PID namespaces that tools/bench/run made"""
    os.makedirs("/run/netns", exist_ok=True)
    sh("mount", "-t", "tmpfs", "none", "/run/netns")
    sh("mount", "-t", "bpf", "none", "/sys/fs/bpf")
    for ns in ("gen", "dut", "sink"):
        make_namespace(ns)
    for wire in WIRES:
        make_wire(*wire)
    for ns, dev, addrs in ADDRS:
        for addr in addrs:
            sh("ip", "-n", ns, "addr", "add", f"{addr}/24", "dev", dev)
    # The far phone seen straight through a box that only redirects
    sh("ip", "-n", "gen", "route", "add", "198.51.100.0/24", "dev", "g0")
    sh("ip", "-n", "sink", "route", "add", "192.0.2.0/24", "dev", "s0")
    for ns, dev, peer, addrs in NEIGHBOURS:
        for addr in addrs:
            sh("ip", "-n", ns, "neigh", "replace", addr, "lladdr", MAC[peer],
               "dev", dev, "nud", "permanent")


def wake_sender():
    """What the dut's XDP program sends back arrives at the sender's veth at once only
    where that has a program, too"""
    sh(*inside("gen", "tools/lab.d/xdppass.py", "g0"))


def plain_ends():
    """The far ends take packets one by one: what a relay's core does for them in a veth
    is not the relay's work. No redirected frame arrives there then"""
    for ns, dev in (("gen", "g0"), ("sink", "s0")):
        sh(*inside(ns, "ethtool", "-K", dev, "gro", "off"))


def steer(cpu):
    """Have a CPU do the kernel's receive work of the dut's devices, whoever
    sent; None: the CPU that the packet came on"""
    mask = f"{1 << cpu:x}" if cpu is not None else "0"
    script = "mount -t sysfs none /sys"
    for dev in ("d0", "d1"):
        script += f" && echo {mask} >/sys/class/net/{dev}/queues/rx-0/rps_cpus"
    sh(*inside("dut", "unshare", "--mount", "sh", "-c", script))
