/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/outbound.h  Calls to providers: a proxy with state (RFC 3261 16)
 *
 * A node that we trust sends an INVITE here; it goes to the first provider of its
 * number's routes, and to the next one where that fails or does not answer: one at
 * a time. A provider's log-in is done here, numbers are rewritten, and responses go
 * back as if nobody had. We stay in a call's path where we have to (docs/providers.md).
 *
 * What a provider sends to the Contact that we registered goes to `inbound`.
 */
#ifndef CAROM_PROVIDER_OUTBOUND_H
#define CAROM_PROVIDER_OUTBOUND_H

#include "provider/provider.h"
#include "provider/trans.h"

enum { OUTBOUND_TOKEN = 128 };

struct outbound;

int outbound_alloc(struct outbound **op, const struct outbound_conf *conf,
		   struct providers *ps, char *why, size_t sz);
int outbound_renew(struct outbound *o, const struct outbound_conf *conf,
		   char *why, size_t sz);

struct wire *outbound_wire(const struct outbound *o);
struct transs *outbound_transs(const struct outbound *o);

int outbound_json(struct odict *o, const struct outbound *out);

/* ---- what calls need of it ------------------------------------------------------ */

struct outbound_count *outbound_count(struct outbound *o);
struct providers *outbound_providers(const struct outbound *o);
struct stranss;
struct stranss *outbound_stranss(const struct outbound *o);
struct list *outbound_calls(struct outbound *o);
const struct outbound_conf *outbound_conf(const struct outbound *o);
struct loop;
const struct loop *outbound_loop(const struct outbound *o);

/** What a Record-Route of ours says of its dialog */
struct outbound_dialog {
	uint32_t cseq; /**< that the caller's CSeqs have been raised by     */
	bool inbound;  /**< the caller came from the provider              */
	bool forth;    /**< the request goes from caller to callee         */
	char provider[65];
};

/** User part of our Record-Route. @return 0, EOVERFLOW */
int outbound_token(const struct outbound *o, char text[OUTBOUND_TOKEN],
		   const struct msg *m, uint32_t cseq, bool inbound,
		   const char *provider);

/** @return 0; EACCES: it is none of ours, or of another call */
int outbound_token_check(const struct outbound *o, const struct pl *user,
			 const struct msg *m, struct outbound_dialog *d);

#endif
