/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/count.h  What the agent did with the messages that came to it
 *
 * The kernel counts its own in maps. These live as long as the agent, and are
 * shown by `carom stats sip`.
 */
#ifndef CAROM_EDGE_COUNT_H
#define CAROM_EDGE_COUNT_H

#include <re.h>

/** name, meaning: one list for counters, CLI and --json. Add a line, and call
 *  count_up() where it happens */
#define COUNT_EVENTS(X)                                                        \
	X(RECEIVED, "received", "messages that came to the agent")             \
	X(REQUESTS, "requests", "requests sent on")                            \
	X(RESPONSES, "responses", "responses sent on")                         \
	X(CALLED, "called", "requests to registered users, of those sent on")  \
	X(REPLIED, "replied", "requests answered here")                        \
	X(ABSORBED, "absorbed", "ACKs of answers given here")                  \
	X(PROBED, "probed", "answers to our own probes")                       \
	X(WAITED, "waited", "requests that waited for a name")                 \
	X(DROPPED, "dropped", "messages that nobody can be told of")           \
	X(UNREACHABLE, "unreachable", "messages without a way to their goal")  \
	X(UNSENT, "unsent", "messages that the socket would not take")         \
	X(AUTH_CHALLENGED, "auth_challenged", "requests without credentials")  \
	X(AUTH_ACCEPTED, "auth_accepted", "requests with good credentials")    \
	X(AUTH_WRONG, "auth_wrong", "requests with a wrong user or password")  \
	X(AUTH_STALE, "auth_stale", "requests with a nonce past its use")      \
	X(AUTH_REFUSED, "auth_refused", "requests with unfit credentials")     \
	X(AUTH_HELD, "auth_held", "requests of sources that guess, dropped")   \
	X(KEEPALIVE, "keepalive", "STUN and CRLF, answered where it is due")   \
	X(FLOW_FAILED, "flow_failed", "requests to a connection that is gone") \
	X(STREAM_FLOOD, "stream_flood", "messages over a limit, dropped")      \
	X(STREAM_ACCEPTED, "stream_accepted", "connections accepted")          \
	X(STREAM_CONNECTED, "stream_connected", "connections made")            \
	X(STREAM_REFUSED, "stream_refused",                                    \
	  "connections refused: denied, or too many")                          \
	X(STREAM_FAILED, "stream_failed",                                      \
	  "connections that could not be made")                                \
	X(STREAM_HANDSHAKE, "stream_handshake",                                \
	  "closed: TLS or WebSocket failed, or took too long")                 \
	X(STREAM_CLOSED, "stream_closed", "closed by the other side")          \
	X(STREAM_MALFORMED, "stream_malformed",                                \
	  "closed: no telling where a message ends")                           \
	X(STREAM_SLOW, "stream_slow", "closed: does not read what is sent")    \
	X(STREAM_LATE, "stream_late", "closed: a message begun, not ended")    \
	X(STREAM_IDLE, "stream_idle", "closed: silent for too long")           \
	X(STREAM_CUT, "stream_cut", "closed: over its limits, or denied")

enum count_event {
#define X(id, name, text) COUNT_##id,
	COUNT_EVENTS(X)
#undef X
		COUNT_MAX
};

enum { COUNT_OUTCOMES = 64 /**< kinds of answers and drops told apart */ };

/** An answer of ours, or a drop, by its words */
struct count_outcome {
	uint16_t code;   /**< 0: dropped                                  */
	const char *why; /**< of static storage: "Too Many Hops"          */
	uint64_t n;
};

/** Zeroed by its owner; never shared between threads */
struct count {
	uint64_t eventv[COUNT_MAX];
	struct count_outcome outcomev[COUNT_OUTCOMES];
	size_t outcomec;
};

/** It happened once more. c may be NULL */
static inline void count_up(struct count *c, enum count_event ev)
{
	if (c)
		++c->eventv[ev];
}

/** "received" for COUNT_RECEIVED; "?" for what is none */
const char *count_name(enum count_event ev);
/** "messages that came to the agent" */
const char *count_text(enum count_event ev);

/**
 * A message was answered (COUNT_REPLIED), or dropped (COUNT_DROPPED)
 *
 * @param code  Of the answer, 100..699; 0: dropped
 * @param why   Static text, NULL for none; what is behind the first
 *              COUNT_OUTCOMES kinds is counted by its event alone
 */
void count_outcome(struct count *c, uint16_t code, const char *why);

/** All of it: "events" by name, what they mean in "texts", "outcomes" in the order
 *  that they first came.
 *  @return 0 or ENOMEM */
int count_json(struct odict *od, const struct count *c);

#endif
