/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/call.h  A request that goes through us, from its first hop to its answer
 */
#ifndef CAROM_PROVIDER_CALL_H
#define CAROM_PROVIDER_CALL_H

#include "provider/outbound.h"

/** An INVITE from a node: to the providers of its number, one after the other.
 *  @param pop  Routes in front that are ours */
void call_out(struct outbound *o, const struct wire_in *in, unsigned pop);

/** An INVITE from a provider, to `inbound` */
void call_in(struct outbound *o, const struct wire_in *in,
	     const char *provider);

/** A request of a dialog that is there, whose Route names us */
void call_within(struct outbound *o, const struct wire_in *in, unsigned pop,
		 const struct outbound_dialog *d);

#endif
