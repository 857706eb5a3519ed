/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dns/priv.h  Inside the room
 */
#ifndef CAROM_DNS_PRIV_H
#define CAROM_DNS_PRIV_H

#include "dns/dns.h"

/* name.c */

/** Small letters, no dot at the end. @return 0 or EINVAL */
int name_fold(char name[DNS_NAME], const struct pl *text);

/* answer.c */

/** A set without records: err, remembered for ttl s */
int set_alloc(struct dns_set **sp, int err, uint32_t ttl);

/**
 * What a server said. Only what answers the question is believed: records of the
 * name, or of what CNAMEs lead to from it.
 *
 * @param conf  Bounds of the time that it is kept
 *
 * @return 0 or ENOMEM; nonsense is a set with its err
 */
int set_read(struct dns_set **sp, const struct dns_conf *conf, const char *name,
	     uint16_t type, const struct dnshdr *hdr, struct list *ansl,
	     struct list *authl);

/* cache.c */

struct cache;

int cache_alloc(struct cache **cp, uint32_t entries);
/** @return NULL: none, or no longer */
struct dns_set *cache_find(struct cache *c, const char *name, uint16_t type);
/** Takes a reference of the set */
int cache_put(struct cache *c, const char *name, uint16_t type,
	      struct dns_set *set);
/** Another bound, for what comes from now on */
void cache_max(struct cache *c, uint32_t entries);
void cache_flush(struct cache *c);

/* datagram.c */

struct datagram;

/**
 * Ask by UDP, one server after the other until one answers; mem_deref when done. h is
 * called from the event loop, once, and not at all where nobody answers: err is EBADMSG
 * where the records can't be read. Not to be freed in h
 *
 * @param conf  Referred to
 */
int datagram_ask(struct datagram **dp, const struct dns_conf *conf,
		 const char *name, uint16_t type, dns_query_h *h, void *arg);

/* question.c */

struct question;

/** The answer; set belongs to the caller of h */
typedef void(question_h)(struct question *q, struct dns_set *set, void *arg);

/**
 * Put a question to the servers. h is called from the event loop, in time, once.
 *
 * @param name  As name_fold() made it
 */
int question_alloc(struct question **qp, const struct dns_conf *conf,
		   const char *name, uint16_t type, question_h *h, void *arg);

#endif
