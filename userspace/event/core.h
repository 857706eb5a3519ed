/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file event/core.h  The log's parts
 */
#ifndef CAROM_EVENT_CORE_H
#define CAROM_EVENT_CORE_H

#include "event/event.h"

enum {
	EVENT_BATCH = 64,   /**< events of a record in the store           */
	EVENT_RING = 4096,  /**< events in memory, a power of two          */
	EVENT_BLOCK = 1000, /**< numbers that are reserved at once         */
	EVENT_DELAY = 20,   /**< ms in which a batch gathers               */
	EVENT_RETRY = 1000, /**< ms, where the store failed                */
};

/** An event in memory */
struct event_mem {
	uint64_t seq;
	struct pl type; /**< in its text                                  */
	size_t len;
	char text[];
};

/** A record of the store: events first..last, none missing */
struct event_chunk {
	uint64_t first, last;
	uint64_t time; /**< of the last, s since 1970                      */
	bool missing;  /**< the store did not take it                      */
};

struct events {
	struct store *st;
	char node[64];
	uint32_t keep, seconds;
	uint64_t start;    /**< the last of whoever ran before us          */
	uint64_t seq;      /**< the last that was given away               */
	uint64_t seen;     /**< the last that subscribers see              */
	uint64_t reserved; /**< up to there nobody else gives numbers away */
	uint64_t first;    /**< of the batch that gathers                  */
	struct event_mem **ring;
	struct event_chunk *chunkv; /**< in order                          */
	size_t chunkc, chunkmax;
	struct list subs;
	struct list writes; /**< that the store has not done yet            */
	struct tmr flush, wake;
	bool failing;
};

/* ---- keep.c: what goes into it -------------------------------------------- */

/** Whoever comes next begins behind the last one */
int event_kept_end(struct events *ev);
/** Queue the batch first..seq; event_written() is called when it is there */
int event_kept_write(struct events *ev);
/** The store takes records again: those that it did not are written, as far as they
 *  are in memory */
void event_kept_again(struct events *ev);
/** The log goes away: what is written is nothing to it any more */
void event_kept_forget(struct events *ev);
/* ---- event.c ------------------------------------------------------------ */

/** Events up to seq are in the store, or, with err, are not */
void event_written(struct events *ev, uint64_t seq, int err);
/** An event in memory; NULL */
struct event_mem *event_mem_find(const struct events *ev, uint64_t seq);
/** The first one in memory; events.seq + 1: none is */
uint64_t event_mem_first(const struct events *ev);
/** Write a whole event. @return 0, EINVAL, ENOMEM */
int event_print(struct mbuf *mb, const struct events *ev, uint64_t seq,
		const char *type, const struct odict *data);
/** Where an event's type stands in its text; false: it is none of ours */
bool event_type_of(const struct pl *text, struct pl *type);

/* ---- kept.c: what the store has ----------------------------------------- */

#define EVENT_KIND "event"
#define EVENT_KIND_SEQ "event-seq"

/** Key of the record that begins with an event; it lies in buf */
void event_key(char *buf, size_t size, struct pl *key, const struct events *ev,
	       uint64_t first);
/** Append to the index. @return 0, ENOMEM */
int event_chunk_add(struct events *ev, const struct event_chunk *c);

/** Read what is there, and the number to go on from */
int event_kept_load(struct events *ev);
/** The record with seq, or the next one behind it; NULL */
const struct event_chunk *event_kept_find(const struct events *ev,
					  uint64_t seq);
/** Its text: a line for each event, between two others (mem_deref when done) */
int event_kept_read(const struct events *ev, const struct event_chunk *c,
		    char **text);
/** Take an event's line off the front of a text. false: no more */
bool event_kept_line(struct pl *text, struct pl *line);

/* ---- sub.c ---------------------------------------------------------------- */

/** There is something new: tell those who wait */
void event_subs_wake(struct events *ev);
/** The log goes away */
void event_subs_end(struct events *ev);

#endif
