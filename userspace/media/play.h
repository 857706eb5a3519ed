/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/play.h  What is played to a stream's party, as the room's files see it
 *
 * A leg that the kernel relays goes to the agent for as long, and then back.
 */
#ifndef CAROM_MEDIA_PLAY_H
#define CAROM_MEDIA_PLAY_H

#include "bridge/play.h"
#include "media/call.h"

/** To one party's stream */
struct play {
	struct stream *s;  /* who hears it                            */
	struct clip *clip; /* NULL: none                              */
	char *file;        /* its name, as it was asked for           */
	uint64_t began;    /* ms, wall clock: when it was at pos      */
	uint64_t pos;      /* ms in it that it begins at              */
	unsigned times;    /* 0: without end                          */
	uint64_t until;    /* ms (tmr_jiffies): then it ends; 0 never */
	bool moh;          /* the clip is music on hold               */
	bool silence;      /* instead of what its peer says           */
	struct bridge_dialling dial; /* that no bridge has yet               */
	const struct agent *on; /* that plays it; NULL: none yet           */
	struct bridge_play now; /* as it was asked to                      */
	struct tmr tmr;
};

/** A digit for its party, behind those that wait; call_apply() has it played. @return as
 *  play_able(), ENOSPC, ENOMEM; e says which (playcmd.c) */
int play_dial(struct stream *t, const struct bridge_digit *digit,
	      struct media_err *e);

/** What is played to s, made where missing; nothing, at first. @return 0, ENOMEM */
int play_get(struct play **pp, struct stream *s);

/** Add what is played to a stored stream; NULL adds nothing (playstore.c) */
int play_put(struct odict *o, const struct play *p);
/** Go on with it, where it would be by now, when bridges are made. A file that is not
 *  there any more is logged, and no error. @return 0, ENOMEM */
int play_load(struct stream *s, const struct odict *o);
/** ms since 1970 */
uint64_t play_wall(void);

/**
 * Can anything be played to it, now?
 *
 * @return 0; ENOTSUP, ENOENT (e says why)
 */
int play_able(const struct stream *s, struct media_err *e);

/** Is anything played to s, or silence instead of what its peer says? */
bool play_on(const struct stream *s);

/**
 * Bridges were made or changed, or what is to be played: it goes on there. When the
 * legs are the agent's: what is played follows on what the kernel sent
 *
 * @return false: something could not be played, and is forgotten: the legs need not be
 *         the agent's for it
 */
bool plays_apply(struct media_call *c);
/** The bridge of s goes, or another thing is played: remember where we were */
void play_suspend(struct stream *s);
/** The worker says that nothing is left */
void play_over(struct stream *s);

#endif
