/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file event/event.h  What happened, in order, and kept for those who ask later
 *
 * An event is a JSON object:
 *
 *   {"seq":7,"time":"2026-11-27T23:43:13.123Z","node":"edge-1",
 *    "type":"dispatcher.target.down","data":{...}}
 *
 * seq grows by one from event to event. It goes on over restarts and is never
 * used twice; after a crash it may leave some out. Events are written to the
 * store in batches (kind "event"), and seen by subscribers once they are there:
 * whatever somebody has seen can be read again. While the store fails they are
 * seen all the same.
 *
 * A subscriber is a place in that order. One that is slow goes on from the
 * store. One that is slower than the store keeps events gets an event
 * "events.cut" in place of those that are gone; none is left out in silence.
 */
#ifndef CAROM_EVENT_H
#define CAROM_EVENT_H

#include <re.h>

enum {
	EVENT_KEEP = 100000,    /**< events that are kept at most         */
	EVENT_SECONDS = 86400,  /**< how long                             */
	EVENT_TYPE_MAX = 63,    /**< bytes of a type                      */
	EVENT_TEXT_MAX = 65536, /**< bytes of an event                    */
	EVENT_TYPES_MAX = 32,   /**< types that a filter names            */
};

struct store;
struct events;
struct event_sub;

/** One event, until its subscriber reads the next */
struct event {
	uint64_t seq;   /**< of "events.cut": the last that is gone        */
	struct pl type; /**< "dispatcher.target.down"                      */
	struct pl text; /**< all of it: a line of JSON without its end     */
};

/**
 * Go on with what the store has
 *
 * @param evp      Pointer to the object (mem_deref when done)
 * @param st       Where they are kept, referenced; NULL: in memory alone
 * @param node     Name of this node, in each event; 1 to 63 bytes
 * @param keep     Events that are kept at most, 64 or more
 * @param seconds  For how long at most, 1 or more
 *
 * @return 0, EINVAL, ENOMEM, or what the store says
 */
int events_alloc(struct events **evp, struct store *st, const char *node,
		 uint32_t keep, uint32_t seconds);

/**
 * Something happened
 *
 * @param ev    NULL: nobody wants to know (0 is returned)
 * @param type  Small letters, digits and '.', e.g. "registration.added"
 * @param data  What is known of it, not kept; NULL: nothing
 *
 * @return 0, EINVAL, EMSGSIZE (beyond EVENT_TEXT_MAX), ENOMEM
 */
int event_emit(struct events *ev, const char *type, const struct odict *data);

/**
 * The same of what happens often: whoever emits it writes its data himself
 *
 * @param print  Writes one JSON object into mb. @return 0 or an error, which is
 *               returned
 *
 * @return as event_emit()
 */
int event_emit_text(struct events *ev, const char *type,
		    int (*print)(struct mbuf *mb, const void *arg),
		    const void *arg);

/** Number of the oldest event that is kept; events_last() + 1: none is */
uint64_t events_oldest(const struct events *ev);

/** Number of the last event that subscribers can see; 0 none yet */
uint64_t events_last(const struct events *ev);

/** Write at once what waits for its batch. @return 0, or what the store says */
int events_flush(struct events *ev);

/** There is something to read. Called once, until event_next() said EAGAIN;
 *  may read, and may release the subscriber */
typedef void(event_h)(void *arg);

/**
 * Read events in order
 *
 * @param sp     Pointer to the object (mem_deref when done)
 * @param since  The last one that is known: the next is the first to be read
 * @param types  "call.created,registration.*"; NULL or "" all
 * @param h      Told when there is something to read, from the event loop;
 *               NULL nobody waits
 *
 * @return 0, EINVAL (types are none), ENOMEM
 */
int event_subscribe(struct event_sub **sp, struct events *ev, uint64_t since,
		    const char *types, event_h *h, void *arg);

/**
 * The next event
 *
 * @return 0; EAGAIN there is none yet; EBUSY the store has it, and is away; ENOMEM, or
 *         what else the store says
 */
int event_next(struct event_sub *s, struct event *e);

/** The last event that this one has read, or left out for its type */
uint64_t event_sub_seq(const struct event_sub *s);

#endif
