/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/core.h  Inside the room: what its files share
 */
#ifndef CAROM_PROVIDER_CORE_H
#define CAROM_PROVIDER_CORE_H

#include "provider/provider.h"
#include "provider/trans.h"

enum {
	PROBER_TICK = 100,    /**< ms                                       */
	PROBER_WHEEL = 1024,  /**< ticks                                    */
	PROBER_SOON = 1000,   /**< ms until one that failed is asked again, and
				it is not known yet what to think of it    */
	CORE_KINDS = 3,       /**< of records that other nodes may change  */
	PROBER_FLIGHT = 4096, /**< probes at a time                         */
};

struct store_watch;
struct challenge;
struct outbound;
struct peers;
struct probing;
struct uac;

/** Who is asked when */
struct prober {
	struct list wheelv[PROBER_WHEEL]; /**< of provider.turn            */
	struct list ready;                /**< whose turn it is            */
	uint64_t tick;                    /**< number of the last one      */
	uint64_t credit;                  /**< probes * 1000 that may go   */
	struct tmr tmr;
};

struct provider {
	struct le he;   /**< by id                                      */
	struct le turn; /**< on the wheel, or ready                     */
	struct providers *all;
	struct record *rec;
	struct health health;
	uint64_t due;  /**< ms: when it is asked next                  */
	uint64_t held; /**< ms: until when it wants no calls           */
	struct probing *probing;     /**< under way; NULL                     */
	struct uac *uac;             /**< its registration; NULL: none        */
	struct challenge *challenge; /**< its last one; NULL: none         */
	struct peers *peers; /**< who may be shown our log-in; NULL: none yet */
	uint64_t calls, failed; /**< INVITEs sent to it; that it has failed  */
};

struct providers {
	struct hash *ht;
	size_t n;
	struct routes *routes;
	struct store *store;
	struct locator *locator;
	struct wire *wire; /**< probes'                                   */
	struct transs *transs;
	struct prober prober;
	size_t probing; /**< under way                                   */
	size_t waiting; /**< people who wait                             */
	uint32_t rate;
	char *from;
	struct record_defaults def;
	uint64_t key[2]; /**< all nodes have the same: of the store       */
	provider_event_h *eventh;
	void *arg;
	struct store_watch *watchv[CORE_KINDS];
	struct outbound *out; /**< NULL: no calls                        */
	uint64_t probes[3];   /**< sent; answered healthy; failed           */
};

/* prober.c */
void prober_start(struct providers *ps);
void prober_stop(struct providers *ps);
/** It is asked in ms from now at the latest */
void prober_turn(struct provider *p, uint64_t ms);
/** Its interval may have changed, or it is new */
void prober_begin(struct provider *p);

/* probing.c */
/** Ask it. @param count  For its health. @return 0 or errno: it has failed */
int probing_start(struct provider *p, bool count);
void probing_cancel(struct provider *p);

/* health of the store (keep.c) */
int keep_load(struct providers *ps);
/** Hear of what other nodes change */
int keep_watch(struct providers *ps);
/** The key that all nodes share; made where there is none */
int keep_key(struct providers *ps);
void keep_health(const struct provider *p);
void keep_forget(const struct providers *ps, const char *id);

/** Keyed hash of some text */
uint64_t provider_hash(const struct providers *ps, const char *p, size_t n);

/** Another node has found that; ours is told unless it knows better */
void provider_adopt(struct provider *p, const struct health *h);

/** It is at that address: who is there may be shown our log-in */
void provider_found(struct provider *p, const struct sa *addr);

/** A result is in: health, events, store, and when it is asked next */
void provider_result(struct provider *p, const struct health_result *r);

#endif
