#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A phone without signalling: says what is in a file of A-law, over and over, in
RTP, and listens.

  talk.py FILE ADDR:PORT TO:PORT SECONDS
"""
import socket
import struct
import sys
import time


def place(text):
    addr, port = text.rsplit(":", 1)
    return addr, int(port)


def main():
    path, local, remote, seconds = sys.argv[1:]
    with open(path, "rb") as f:
        sound = f.read()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(place(local))
    begin = time.monotonic()
    for n in range(int(float(seconds) * 50)):
        at = n * 160 % len(sound)
        head = struct.pack("!BBHII", 0x80, 8 | (0x80 if n == 0 else 0),
                           n & 0xffff, n * 160, 4711)
        time.sleep(max(0, begin + n / 50 - time.monotonic()))
        try:
            sock.sendto(head + (sound + sound)[at:at + 160], place(remote))
        except ConnectionRefusedError:
            pass  # who is to hear it is not there yet


if __name__ == "__main__":
    main()
