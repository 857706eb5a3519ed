/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relayport.h  A media port of ours that has an allocation at the TURN server
 *
 * Until a stream takes it, it is spare (media/relays.h). The stream's checks go by it beside
 * its own port; if the pair that is selected is by it, the stream's party is "at" this port:
 * legs and bridge send there, and its media worker wraps what they send. Private to
 * userspace/media.
 */
#ifndef CAROM_MEDIA_RELAYPORT_H
#define CAROM_MEDIA_RELAYPORT_H

#include "bridge/relay.h"
#include "ice/full.h"
#include "ice/turn.h"
#include "media/call.h"

struct relayport;
struct relays;

/** What happened to one: relayport_state() has changed, or it may go. It may be freed in
 *  here */
typedef void(relayport_h)(struct relayport *rp, void *arg);

struct relayport_conf {
	struct media *m;
	struct iface *ifc;
	struct sa server;
	const char *user, *pass;
	const struct sa *local; /**< that it had before, with kept; else NULL */
	const struct turn_kept *kept;
	relayport_h *changedh;
	void *arg;
};

/**
 * Take a port and begin
 *
 * @param rpp  Pointer to the object (mem_deref: nothing is given back to the server, see
 *             relayport_end())
 *
 * @return 0, ENOSPC (no port left), or what relay_alloc() and fp_leg_set() say
 */
int relayport_alloc(struct relayport **rpp, const struct relayport_conf *conf);

enum turn_state relayport_state(const struct relayport *rp);
const struct turn *relayport_turn(const struct relayport *rp);
const struct sa *relayport_local(const struct relayport *rp);
const struct sa *relayport_server(const struct relayport *rp);
void relayport_stats(const struct relayport *rp, struct relay_stats *st);

/** Whose it is; NULL: nobody's. What it sends goes nowhere, what comes for it neither */
void relayport_own(struct relayport *rp, struct stream *s);
struct stream *relayport_owner(const struct relayport *rp);

/** Our candidate there */
struct full_relay relayport_candidate(const struct relayport *rp);

/** Let a candidate of the other side send to it */
void relayport_permit(struct relayport *rp, const struct sa *peer);
/** A datagram of the signalling loop's. @return as turn_send() */
int relayport_send(struct relayport *rp, const struct sa *peer,
		   const uint8_t *p, size_t n);
/** The pair with this peer is selected: its media goes to the owner and back */
int relayport_use(struct relayport *rp, const struct sa *peer);
/** No other peer will be */
void relayport_settle(struct relayport *rp);

/** Give it back to the server. relayport_h hears of it when that is done */
void relayport_end(struct relayport *rp);
/** The same by one word to the server, whose answer nobody waits for */
void relayport_close(struct relayport *rp);
/** It goes on without this process: the leg stays, and nothing is given back */
void relayport_leave(struct relayport *rp);

/** Write it to a stored object, "relay"; NULL writes nothing */
int relayport_put(struct odict *o, const struct relayport *rp);

#endif
