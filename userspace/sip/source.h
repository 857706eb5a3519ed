/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/source.h  Who the connections come from: limits of each source
 *
 * What the kernel does for datagrams (carom/sipclass.h), for connections: messages
 * a second by class, and how many connections. A source is an IPv4 address or the
 * /64 of an IPv6 one. Who closes and comes again finds his buckets as they were.
 */
#ifndef CAROM_SIP_SOURCE_H
#define CAROM_SIP_SOURCE_H

#include <re.h>
#include "carom/sipmap.h"

struct sources;
struct source;

enum { SOURCES_MAX = 65536 /**< remembered at a time */ };

/**
 * @param sp        Pointer to the object (mem_deref when done)
 * @param limitv    In force, by class; kept by the caller, who may change them
 * @param most      Connections of a source
 */
int sources_alloc(struct sources **sp,
		  const struct sip_limit limitv[SIP_CLASS_MAX], unsigned most);

/**
 * A connection comes from there
 *
 * @param free  No limits for it: a network that we trust, or allow
 *
 * @return The source, to be given back by source_leave(); NULL: it has too many,
 *         or there are too many sources
 */
struct source *source_join(struct sources *s, const struct sa *sa, bool free);
void source_leave(struct source *src);

/**
 * May this message pass?
 *
 * @param p    Its beginning, n bytes
 * @param now  ns of a monotonic clock
 */
bool source_take(struct source *src, const char *p, size_t n, uint64_t now);

/** Forget those who are gone and owe nothing. To be called now and then */
void sources_expire(struct sources *s, uint64_t now);

#endif
