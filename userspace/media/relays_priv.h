/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relays_priv.h  What relays.c and relaytake.c share
 */
#ifndef CAROM_MEDIA_RELAYS_PRIV_H
#define CAROM_MEDIA_RELAYS_PRIV_H

#include "media/relays.h"

/** One, whoever has it */
struct entry {
	struct le le;
	struct relays *rs;
	struct relayport *rp;
	struct tmr settle; /* the owner has come to a pair             */
	bool was_up;
	bool ending;
};

struct relays {
	struct media *m;
	struct iface *ifc;
	struct media_turn_conf conf;
	char *username, *password, *secret;
	struct list l; /* struct entry                              */
	struct tmr tmr;
	struct sa elsewhere; /* whom the server refers us to; AF_UNSPEC: it does
				not                                    */
	unsigned failures;   /* one after another                          */
	enum turn_why why;   /* of the last                                */
	bool short_;         /* said that there was none                   */
	bool closing;
	struct relays_stats st;
};

/** Nobody has it */
static inline bool entry_spare(const struct entry *e)
{
	return !e->ending && !relayport_owner(e->rp);
}

/* relays.c */

/** One more. @return as relayport_alloc() */
int relays_add(struct entry **ep, struct relays *rs, struct relayport_conf *c);
/** As many as are to be ready, if the server is not asked too often */
void relays_refill(struct relays *rs);

/* relaytake.c */

/** It is over: its owner has none any more, and its checks end where there is no other pair */
void relays_bereave(struct entry *e);

#endif
