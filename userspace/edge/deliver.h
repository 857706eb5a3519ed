/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/deliver.h  A message comes in, what forward() makes of it goes out
 */
#ifndef CAROM_EDGE_DELIVER_H
#define CAROM_EDGE_DELIVER_H

#include "edge/count.h"
#include "edge/forward.h"
#include "edge/names.h"
#include "edge/probe.h"
#include "edge/stream.h"
#include "sip/udp.h"

struct deliver;

/**
 * @param dp      Pointer to the object (mem_deref when done)
 * @param policy  Referenced
 * @param udpv    Sockets by listener; NULL where a listener is not UDP's.
 *                Kept by the caller
 * @param count   What became of the messages; kept by the caller
 *
 * @return 0 or errno
 */
int deliver_alloc(struct deliver **dp, struct policy *policy,
		  struct sip_udp *const *udpv, struct count *count);

/** Who sends what does not go by UDP; kept by the caller */
void deliver_streams(struct deliver *d, struct streams *streams);

/** Who gets the responses to our own OPTIONS; kept by the caller */
void deliver_probe(struct deliver *d, struct probe *probe);

/** Who knows names; kept by the caller */
void deliver_names(struct deliver *d, struct names *names);

/** Do what is to be done with a message */
void deliver_message(struct deliver *d, const struct forward_in *in);

/** The same for one that has waited for a name */
void deliver_waited(struct deliver *d, const struct forward_in *in);

/** A connection to peer could not be made: what is sent instead (stream_fail_h);
 *  arg: the deliver */
void deliver_instead(const struct sa *peer, const struct forward_out *instead,
		     void *arg);

/** A message of a connection (stream_msg_h); arg: the deliver */
void deliver_stream(const struct sa *src, const struct pl *text,
		    unsigned listener, void *arg);

/** A datagram (sip_udp_h), which may be a keep-alive; arg: the deliver */
void deliver_datagram(const struct sa *src, const struct pl *text,
		      unsigned listener, void *arg);

/** A datagram did not arrive (sip_udp_lost_h); arg: the deliver */
void deliver_lost(const struct sa *dst, void *arg);

#endif
