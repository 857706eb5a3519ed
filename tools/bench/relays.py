# SPDX-License-Identifier: BSD-2-Clause
"""What is compared: each relay brought into force, and taken away again"""
import contextlib
import os
import signal
import subprocess
import sys
import time

import lab
from lab import BenchError, inside, sh

BIN = "build/bench"
NG_CLIENT = "tools/lab.d/ngclient.py"
DPORT, STEP = 5000, 2


@contextlib.contextmanager
def redirect():
    """(a) XDP that only redirects"""
    p = subprocess.Popen([f"{BIN}/bench-xdp", "--hold", "--relay", "dut:d0",
                          "--relay-to", "dut:d1"], text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if p.stdout.readline() != "ready\n":
            raise BenchError("bench-xdp --hold did not start")
        yield
    finally:
        p.stdin.close()
        p.wait()


@contextlib.contextmanager
def carom(legs):
    """(b) Carom, with this many two-way calls' legs"""
    sh(f"{BIN}/bench-legs", "--netns", "dut", "--in", "d0", "--out", "d1",
       "--near", lab.NEAR, "--far", lab.FAR, "--local-in", lab.DUT_NEAR,
       "--local-out", lab.DUT_FAR, "--legs", legs)
    try:
        yield
    finally:
        sh(f"{BIN}/bench-legs", "--netns", "dut", "--down")


def nat_rules(flows):
    elements = ",\n".join(f"{DPORT + STEP * f} : {lab.FAR} . {DPORT + STEP * f}"
                          for f in range(flows))
    return f"""table ip bench {{
map to {{ type inet_service : ipv4_addr . inet_service
elements = {{ {elements} }} }}
chain pre {{ type nat hook prerouting priority dstnat
iifname d0 ip daddr {lab.DUT_NEAR} dnat ip to udp dport map @to
}}
chain post {{ type nat hook postrouting priority srcnat
oifname d1 snat to {lab.DUT_FAR}
}}
}}
"""


@contextlib.contextmanager
def nat(flows):
    """(c) The kernel's NAT; the flows' connections come with their first
    packets, before the clock runs"""
    sh(*inside("dut", "nft", "-f", "-"), input=nat_rules(flows))
    try:
        yield
    finally:
        sh(*inside("dut", "nft", "delete", "table", "ip", "bench"))


def cpu_ns(pid):
    """CPU time, user and system, that all threads of a process had"""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/{pid}/task/{task}/schedstat",
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
    return total


class Loop:
    """The media workers' loop alone: it copies what comes, and sends it on"""
    name = "the loop"

    def __init__(self, proc):
        self.proc = proc
        self.plan = "".join(iter(proc.stdout.readline, "\n"))

    def cpu_ns(self):
        return cpu_ns(self.proc.pid)

    def settle(self):
        time.sleep(0.3)


@contextlib.contextmanager
def loop(cpu, calls):
    """The loop, with this many two-way calls"""
    with subprocess.Popen(
            ["taskset", "-c", str(cpu), "nice", "-n", "-20",
             f"{BIN}/bench-loop", "--netns", "dut", "--in", "d0", "--out",
             "d1", "--near", lab.NEAR, "--far", lab.FAR, "--local-in",
             lab.DUT_NEAR, "--local-out", lab.DUT_FAR, "--calls", str(calls)],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        try:
            yield Loop(p)
        finally:
            p.stdin.close()
            p.wait()


class Service:
    """A relay with a process and the ng protocol"""

    def __init__(self, name, argv, ng, cpu, log):
        self.name, self.ng, self.log = name, ng, log
        with open(log, "w", encoding="ascii") as out:
            self.proc = subprocess.Popen(
                inside("dut", "taskset", "-c", str(cpu), "nice", "-n", "-20",
                       *argv),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.plan = ""
        why = ""
        for _ in range(100):
            time.sleep(0.1)
            try:
                self.client("ping")
                return
            except BenchError as e:
                why = str(e)
            if self.proc.poll() is not None:
                break
        self.stop()
        with open(log, encoding="utf-8", errors="replace") as f:
            raise BenchError(f"{name} does not start: "
                             f"{f.read().strip()[-300:] or why}")

    def client(self, *args):
        return sh(*inside("dut", sys.executable, NG_CLIENT, "--ng", self.ng,
                          *args))

    def place(self, calls, *kind):
        """Set calls up in place of those before, and keep what the senders
        need to know of them"""
        if self.plan:
            self.client("end", "--calls", str(self.calls))
        self.calls = calls
        self.plan = self.client(
            "plan", "--calls", str(calls), "--a", lab.NEAR, "--b", lab.FAR,
            "--a-iface", "phones", "--b-iface", "farm", *kind)

    def first_flow(self):
        """((source, port), (relay, port), (destination, port)) of call 0"""
        w = self.plan.split("\n", 1)[0].split()
        return (w[0], w[1]), (w[2], w[3]), (w[4], w[5])

    def cpu_ns(self):
        return cpu_ns(self.proc.pid)

    def settle(self):
        """Wait until what an overload left in its sockets is worked off"""
        for _ in range(100):
            before = self.cpu_ns()
            time.sleep(0.1)
            if self.cpu_ns() - before < 10e6:
                return
        raise BenchError(f"{self.name} does not come to rest")

    def pause(self):
        self.proc.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.proc.send_signal(signal.SIGCONT)

    def stop(self):
        if self.proc.poll() is None:
            self.go_on()
            self.proc.terminate()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()


def rtpengine(cpu, log):
    """(d) Debian's rtpengine, all in userspace"""
    return Service("rtpengine", [
        "rtpengine", "--config-file=none", "--foreground", "--table=-1",
        "--log-stderr", "--log-level=4", f"--interface=phones/{lab.RTPE_NEAR}",
        f"--interface=farm/{lab.RTPE_FAR}", "--listen-ng=127.0.0.1:2224",
        "--port-min=30000", "--port-max=39999", "--num-threads=1",
        "--timeout=3600", "--silent-timeout=3600", "--delete-delay=0"],
        "127.0.0.1:2224", cpu, log)


CAROMD_YAML = """\
log:
  level: warning
store: {run}/carom.db
devices: [d0, d1]
ng:
  listen: ["127.0.0.1:2223"]
media:
  workers: 1
  jitter-buffer: 0
  interfaces:
    - name: phones
      address: {near}
      ports: 20000-39999
    - name: farm
      address: {far}
      ports: 20000-39999
"""


@contextlib.contextmanager
def caromd(cpu, run):
    """Carom with its agent; yields the Service"""
    run = os.path.abspath(run)
    conf = f"{run}/carom.yaml"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{run}/carom.db")
    with open(conf, "w", encoding="ascii") as f:
        f.write(CAROMD_YAML.format(run=run, near=lab.DUT_NEAR,
                                   far=lab.DUT_FAR))
    cli = inside("dut", "build/bin/carom")
    sh(*cli, "attach", "--config", conf, "d0", "d1")
    try:
        agent = Service("caromd", ["build/bin/caromd", "--config", conf],
                        "127.0.0.1:2223", cpu, f"{run}/caromd.log")
        try:
            yield agent
        finally:
            agent.stop()
    finally:
        sh(*cli, "detach", "--config", conf, "--all")
