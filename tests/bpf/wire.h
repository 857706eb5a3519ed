/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/wire.h  The far end of the bed's veths: frames put on the wire, and
 *                   taken from it
 */
#ifndef TESTS_BPF_WIRE_H
#define TESTS_BPF_WIRE_H

#include "pkt.h"

enum { WIRE_WAIT = 3000 /* ms that a frame may take */ };

/** A packet socket at a device; sees what arrives there */
int wire_open(const char *dev);

/** The next UDP frame, tags and all; false: none came in `wait` ms */
bool wire_recv(int fd, struct pkt *p, unsigned wait);

/** A veth that takes what XDP redirects to its peer */
void wire_gro(const char *dev);
/** Local senders finish their checksums from now on */
void wire_tx_sums(const char *dev);

#endif
