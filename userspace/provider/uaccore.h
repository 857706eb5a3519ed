/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/uaccore.h  Inside a registration: what its files share
 */
#ifndef CAROM_PROVIDER_UACCORE_H
#define CAROM_PROVIDER_UACCORE_H

#include "provider/challenge.h"
#include "provider/uac.h"
#include "provider/where.h"
#include "provider/wireflow.h"

struct uac {
	struct provider *p;
	bool registered;
	uint64_t until;   /* s since 1970                                    */
	uint32_t expires; /* s that are asked for                            */
	uint32_t cseq;
	char callid[40], tag[16];
	struct where *where;
	struct trans *trans;
	struct locate_found at;
	bool found;
	struct sa peer; /* where it is registered; unset: nowhere yet        */
	struct wire_flow *flow; /* that is kept; NULL: none                */
	bool plain;      /* without RFC 5626: the first hop can't            */
	uint64_t kept;   /* ms: since when                                   */
	unsigned breaks; /* of flows that did not last, in a row           */
	struct challenge challenge;
	bool challenged;
	unsigned tries; /* answers to challenges, of this REGISTER          */
	bool longer;    /* asked for, after a 423                          */
	unsigned fails; /* in a row                                        */
	uint16_t code;
	char reason[HEALTH_REASON];
	char route[UAC_SERVICE_ROUTE];
	struct tmr tmr;
};

/** uac.c: user of our Contact */
const char *uac_contact(const struct record *r);
/** uac.c: tell who listens to events */
void uac_tell(const struct uac *u, const char *type);
/** uac.c: number of a header; 0: there is none */
uint32_t uac_number(const struct msg *m, const char *name);
/** uac.c: a REGISTER begins (a timer's) */
void uac_begin(void *arg);
/** uac.c: a response, or none (trans_h) */
void uac_response(int err, const char *why, const struct wire_in *in,
		  void *arg);

/** uacsend.c: is RFC 5626 asked for? */
bool uac_outbound(const struct uac *u);
/** uacsend.c: send a REGISTER. @return 0 or errno */
int uac_send(struct uac *u, uint32_t expires);

/** uacflow.c: the registrar has taken us: what it sends comes by this flow */
void uac_keep(struct uac *u, const struct msg *m);

#endif
