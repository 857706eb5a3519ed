# SPDX-License-Identifier: BSD-2-Clause
"""What is compared: each SIP edge brought into force, and taken away again"""
import contextlib
import glob
import os
import subprocess
import time

import lab
from lab import BenchError, inside, sh
from relays import cpu_ns

OUT = "build/bench"
BIN = "build/bench"
LIST = "\n".join(f"1 sip:{lab.FAR}:{5060 + i}" for i in range(6)) + "\n"


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

    def __init__(self, name, argv, log, cpu):
        self.name = name
        with open(log, "w", encoding="ascii") as out:
            self.proc = subprocess.Popen(
                inside("dut", "taskset", "-c", str(cpu), *argv),
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


@contextlib.contextmanager
def kamailio(cpu, *options):
    """With one worker: its own docs' ways to be fast are in the file"""
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
    p = Proxy("kamailio", ["kamailio", "-DD", "-E", "-x", "fm", "-f",
                           f"{out}/kamailio.cfg", "-m", "64", "-M", "8",
                           *options], f"{out}/kamailio.log", cpu)
    try:
        yield p
    finally:
        p.stop()


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
  probe: {{interval: 0}}
"""


@contextlib.contextmanager
def carom(cpu, kernel, kind):
    """caromd; with `kernel` off, XDP is told to leave all to it. `kind`: of the
    caller's network, "allow", or None for the limits of all strangers"""
    run = os.path.abspath(OUT)
    with open(f"{run}/sip.yaml", "w", encoding="ascii") as f:
        f.write(CAROMD.format(run=run, edge=lab.DUT_NEAR))
        if kind:
            f.write(f"  networks: [{{prefix: {lab.NEAR}/32, kind: {kind}}}]\n")
    with open(f"{run}/key", "w", encoding="ascii") as f:
        f.write("07060504030201000f0e0d0c0b0a0908\n")
    cli = inside("dut", "build/bin/carom")
    sh(*cli, "attach", "--config", f"{run}/sip.yaml", "d0", "d1")
    try:
        p = Proxy("caromd", ["build/bin/caromd", "--config",
                             f"{run}/sip.yaml"], f"{run}/caromd-sip.log", cpu)
        try:
            if not kernel:
                sh(*inside("dut", f"{BIN}/bench-edge"), "--off",
                   "/sys/fs/bpf/carom")
            yield p
        finally:
            p.stop()
    finally:
        sh(*cli, "detach", "--config", f"{run}/sip.yaml", "--all")
