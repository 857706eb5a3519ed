# SPDX-License-Identifier: BSD-2-Clause
"""What is compared: each registrar brought into force, and taken away again"""
import contextlib
import glob
import json
import os
import subprocess
import time

import lab
from lab import BenchError, inside, sh
from relays import cpu_ns

OUT = os.path.abspath("build/bench")
BIN = "build/bench"
DOMAIN = "example.com"
NODE = f"{lab.DUT_NEAR}:5060"
SQL = "/usr/share/kamailio/db_sqlite"


class Registrar:
    """A process that registers at the node's address"""

    def __init__(self, name, argv, cpu):
        self.name, self.argv, self.cpu = name, argv, cpu
        self.log = f"{OUT}/{name}.log"
        self.start()

    def start(self):
        """Seconds until it answers"""
        with open(self.log, "w", encoding="ascii") as out:
            begun = time.monotonic()
            self.proc = subprocess.Popen(
                inside("dut", "taskset", "-c", str(self.cpu), *self.argv),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        while time.monotonic() - begun < 60:
            if self.proc.poll() is not None:
                break
            if self.answers():
                return time.monotonic() - begun
        with open(self.log, encoding="utf-8", errors="replace") as f:
            raise BenchError(f"{self.name} does not start: {f.read()[-400:]}")

    @staticmethod
    def answers():
        """By a port of its own: phones may be at work"""
        p = subprocess.run([f"{BIN}/bench-register", "--from", "gen", "--near",
                            lab.NEAR, "--to", NODE, "--first", "9999999",
                            "--users", "1", "--query", "--port", "5069"], check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return p.returncode == 0

    def pids(self):
        return [int(p) for p in
                sh("ps", "-o", "pid=", "-g", self.proc.pid).split()]

    def cpu_ns(self):
        """CPU time of its processes"""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(FileNotFoundError):
                total += cpu_ns(pid)
        return total

    def xdp_ns(self):
        """Time of the XDP program, if there is one on the phones' side. A veth runs it
        on the core of who sends: it is work of the registrar's all the same"""
        with open("/proc/sys/kernel/bpf_stats_enabled", encoding="ascii") as f:
            if f.read().strip() != "1":
                raise BenchError("kernel.bpf_stats_enabled is not set")
        link = json.loads(sh("ip", "-j", "-n", "dut", "link", "show", "d0"))[0]
        prog = link.get("xdp", {}).get("prog", {}).get("id")
        if not prog:
            return 0
        return json.loads(sh("bpftool", "-j", "prog", "show", "id",
                             prog)).get("run_time_ns", 0)

    def memory(self):
        """Bytes of all its processes, what they share counted once"""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(FileNotFoundError):
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                    total += sum(int(line.split()[1]) * 1024 for line in f
                                 if line.startswith("Pss:"))
        return total

    def kill(self):
        """SIGKILL, as a crash is"""
        os.killpg(self.proc.pid, 9)
        self.proc.wait()

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.proc.pid, 15)
        try:
            self.proc.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def fresh(*names):
    """Databases of an earlier run go"""
    for name in names:
        for path in glob.glob(f"{OUT}/{name}*"):
            os.unlink(path)


@contextlib.contextmanager
def xdp_timed():
    """The kernel keeps the time of each BPF program"""
    path = "/proc/sys/kernel/bpf_stats_enabled"
    with open(path, encoding="ascii") as f:
        before = f.read()
    with open(path, "w", encoding="ascii") as f:
        f.write("1")
    try:
        yield
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(before)


@contextlib.contextmanager
def kamailio(cpu, stored=False):
    """One worker; contacts in memory, or written through to SQLite, too"""
    name = "kamailio-stored" if stored else "kamailio-memory"
    database = f"{OUT}/{name}.db"
    fresh(f"{name}.db")
    if stored:
        for part in ("standard", "usrloc"):
            with open(f"{SQL}/{part}-create.sql", encoding="ascii") as f:
                sh("sqlite3", database, input=f.read())
    with open("tools/bench/kamailio-registrar.cfg", encoding="ascii") as f:
        text = f.read()
    mpath = glob.glob("/usr/lib/*/kamailio/modules/")[0]
    for a, b in (("NODE", lab.DUT_NEAR), ("MPATH", mpath), ("DOMAIN", DOMAIN),
                 ("DATABASE", database)):
        text = text.replace(a, b)
    with open(f"{OUT}/{name}.cfg", "w", encoding="ascii") as f:
        f.write(text)
    define = ("-A", "STORED") if stored else ()
    r = Registrar(name, ["kamailio", "-DD", "-E", "-x", "fm", "-f",
                         f"{OUT}/{name}.cfg", "-m", "1024", "-M", "8",
                         *define], cpu)
    try:
        yield r
    finally:
        r.stop()


CAROMD = """\
log: {{level: warning}}
store: {run}/registrar.db
control: {run}/registrar.sock
ng: {{listen: []}}
api: {{listen: []}}
media:
  interfaces: [{{name: own, address: {node}, ports: 30000-30099}}]
registrar:
  listen: ["udp:{node}:5060"]
  domains: [{domain}]
  key-file: {run}/key
  auth: {{users: {run}/users, algorithms: [MD5]}}
  keep-alive: {{interval: 0}}
"""


@contextlib.contextmanager
def carom(cpu, users):
    """caromd with this many users; each binding is on disk before its 200"""
    fresh("registrar.db")
    with open(f"{OUT}/registrar.yaml", "w", encoding="ascii") as f:
        f.write(CAROMD.format(run=OUT, node=lab.DUT_NEAR, domain=DOMAIN))
    with open(f"{OUT}/key", "w", encoding="ascii") as f:
        f.write("07060504030201000f0e0d0c0b0a0908\n")
    with open(f"{OUT}/users", "w", encoding="ascii") as f:
        f.write(sh(f"{BIN}/bench-register", "--ha1", "--users", users))
    cli = inside("dut", "build/bin/carom")
    sh(*cli, "attach", "--config", f"{OUT}/registrar.yaml", "d0", "d1")
    try:
        r = Registrar("caromd-registrar", ["build/bin/caromd", "--config",
                                           f"{OUT}/registrar.yaml"], cpu)
        try:
            yield r
        finally:
            r.stop()
    finally:
        sh(*cli, "detach", "--config", f"{OUT}/registrar.yaml", "--all")
