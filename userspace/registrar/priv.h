/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/priv.h  A REGISTER on its way; inside this room alone
 */
#ifndef CAROM_REGISTRAR_PRIV_H
#define CAROM_REGISTRAR_PRIV_H

#include "digest/creds.h"
#include "digest/verify.h"
#include "registrar/registrar.h"

enum {
	RETRY_AFTER = 5,   /**< s, where the store is behind               */
	PARKED = 4096,     /**< REGISTERs that wait for another of their AOR */
	PARKED_EACH = 128, /**< of one AOR                                 */
	AGENT = 128,       /**< bytes that are kept of User-Agent          */
	GRUU = 1400,       /**< of a GRUU                                  */
};

struct alive;
struct block;
struct flows;

struct registrar {
	struct registrar_conf conf;
	char *domainv[REGISTRAR_DOMAINS];
	char *realm, *service_route, *users;
	struct creds
		*credv[REGISTRAR_DOMAINS]; /**< of the users file, by realm */
	size_t credc;
	struct verify *verify;
	struct sip_node *node;
	struct location *loc;
	struct extensions *ext;
	struct registrar_stats stats;
	registrar_block_h *blockh;
	void *block_arg;
	struct block *block;
	struct alive *alive;
	struct list qualifies;
	struct flows *flows;
	struct hash *parked; /**< struct parked, by AOR                     */
	unsigned parkedc;
	struct list
		waiting; /**< struct promise: the store is to be heard from */
	struct binding *havev; /**< of the AOR that is looked at            */
	struct mbuf *lines;    /**< of a 200                                */
	struct mbuf *date;     /**< its Date, of the second date_at         */
	uint64_t date_at;
	struct reg *spare; /**< of the last request                        */
	size_t havec, have_max;
};

/** A Contact of the request */
struct wanted {
	struct pl uri, instance;
	struct pl id;
	uint32_t expires, reg_id;
	uint16_t q;
	char idbuf[320];
};

/** A REGISTER that is looked at */
struct reg {
	struct registrar *r;
	const struct sip_in *in;
	struct pl user, domain; /**< of the AOR                             */
	struct pl aor;
	char aorbuf[LOCATION_AOR + 1];
	struct pl path;
	char pathbuf[LOCATION_TEXT + 1];
	struct pl agent;
	uint64_t now;
	bool star;
	bool outbound; /**< a flow of the phone's own (RFC 5626)             */
	bool gruu;     /**< is to be told its GRUUs                         */
	size_t wantc;
	struct wanted wantv[REGISTRAR_CONTACTS];
};

/* aor.c */

/** The domain is ours. @return as configured; NULL: it is not */
const char *registrar_domain(const struct registrar *r, const struct pl *host);
/** AOR of a URI in buf. @return 0, ENOENT: nobody has such a name, EOVERFLOW */
int aor_make(struct pl *aor, char *buf, size_t sz, const struct uri *uri,
	     const char *domain);
/** AOR of To. @return whether it is one of ours */
bool reg_aor(struct reg *g, const struct pl *uri);

/* auth.c */

int auth_start(struct registrar *r, const struct registrar *before, char *why,
	       size_t sz);
/** @return whether the request may go on; else it has been answered */
bool auth_passes(struct reg *g);

/* block.c: sources that go on guessing */

int block_alloc(struct block **bp);
/** One more that was not answered. @return whether it is enough */
bool block_count(struct block *b, const struct sa *src, uint64_t now);

/* contact.c */

/** Read Contact, Path and what they depend on. @return whether it can go on; else it
 *  has been answered */
bool contacts_read(struct reg *g);

/* register.c */

void register_handler(const struct sip_in *in, void *arg);
void register_close(struct registrar *r);
/** What is wrong, counted and answered. @return false */
bool reg_refuse(const struct reg *g, uint16_t code, const char *phrase);

/* answer.c: 200 */

struct promise;
int promise_alloc(struct promise **pp, const struct reg *g);
/** The AOR's bindings now */
int promise_keep(struct promise *p);
struct sip_later *promise_later(struct promise *p);

/* gruu.c */

/** "sip:user@domain;gr=INSTANCE" */
int gruu_public(struct mbuf *mb, const struct pl *aor,
		const struct pl *instance);
/** One that tells nothing about who it is of (RFC 5627 3.1.2) */
int gruu_temporary(struct mbuf *mb, const struct registrar *r,
		   const struct binding *b);

/* flows.c */

int flows_alloc(struct flows **fp, struct registrar *r);

/* alive.c */

int alive_alloc(struct alive **ap, struct registrar *r);
/** The interval may be another one now */
void alive_renew(struct alive *a);
/** Why it can't be asked from this node: the way to one that an edge forwarded without
 *  a Path is the edge's, and to one that came directly to another node, by its NAT or
 *  connection, that node's. NULL: it can */
const char *alive_why_not(const struct binding *b);
/** OPTIONS to a contact. As sip_ask() */
int alive_options(struct sip_ask **ap, struct registrar *r,
		  const struct binding *b, sip_ask_h *h, void *arg);
/** Is it the contact's word, and not that of an edge that could not reach it? */
bool alive_is_answer(const struct binding *b, uint16_t code);
/** us, of a clock that is never set */
uint64_t alive_now(void);

/* qualify.c */

/** Whoever waits for answers is told ECANCELED */
void qualify_close(struct registrar *r);

#endif
