/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/pcap.h  Packets as received, in a pcap file
 */
#ifndef CAROM_BASE_PCAP_H
#define CAROM_BASE_PCAP_H

#include <re.h>

struct pcap;

/**
 * A pcap file, link type RAW (101): packets begin with their IP header
 *
 * @param pp  Pointer to the object (mem_deref when done: flushes and closes)
 * @param fd  Open, empty file; owned by the object from now on
 *
 * @return 0 or errno; fd is closed on errors
 */
int pcap_alloc(struct pcap **pp, int fd);

/**
 * Add a packet
 *
 * @param time     ns since 1970
 * @param caplen   Bytes in pkt
 * @param origlen  Bytes that were on the wire, from the IP header on
 *
 * @return 0 or errno: the packet is lost, the file stays whole
 */
int pcap_write(struct pcap *p, uint64_t time, const uint8_t *pkt, size_t caplen,
	       size_t origlen);

/** Write out what is held back */
int pcap_flush(struct pcap *p);

#endif
