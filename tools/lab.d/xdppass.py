#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Put an XDP program that passes everything on a device, in native mode.

usage: xdppass.py DEV (in the device's network namespace)

Two instructions, so it needs no compiler. The device holds the program.
"""
import ctypes
import os
import platform
import subprocess
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
BPF_PROG_LOAD, BPF_OBJ_PIN = 5, 6
PROG_TYPE_XDP = 6
# r0 = XDP_PASS; exit
PASS = bytes([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0])


class Load(ctypes.Structure):
    """The start of union bpf_attr for BPF_PROG_LOAD"""
    _fields_ = [("type", ctypes.c_uint32), ("insn_cnt", ctypes.c_uint32),
                ("insns", ctypes.c_uint64), ("license", ctypes.c_uint64),
                ("rest", ctypes.c_uint8 * 96)]


class Pin(ctypes.Structure):
    _fields_ = [("path", ctypes.c_uint64), ("fd", ctypes.c_uint32),
                ("flags", ctypes.c_uint32)]


def bpf(cmd, attr):
    libc = ctypes.CDLL(None, use_errno=True)
    r = libc.syscall(SYS_BPF[platform.machine()], cmd, ctypes.byref(attr),
                     ctypes.sizeof(attr))
    if r < 0:
        e = ctypes.get_errno()
        sys.exit(f"xdppass: {os.strerror(e)}")
    return r


def address(buf):
    return ctypes.cast(buf, ctypes.c_void_p).value


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    dev = sys.argv[1]
    path = f"/sys/fs/bpf/xdppass-{os.getpid()}"
    insns = ctypes.create_string_buffer(PASS)
    gpl = ctypes.create_string_buffer(b"GPL")
    name = ctypes.create_string_buffer(path.encode())
    fd = bpf(BPF_PROG_LOAD, Load(PROG_TYPE_XDP, len(PASS) // 8,
                                 address(insns), address(gpl)))
    bpf(BPF_OBJ_PIN, Pin(address(name), fd, 0))
    try:
        subprocess.run(["ip", "link", "set", "dev", dev, "xdpdrv", "pinned",
                        path], check=True)
    finally:
        os.unlink(path)


if __name__ == "__main__":
    main()
