/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/core.h  What the files of this room share
 */
#ifndef CAROM_NG_CORE_H
#define CAROM_NG_CORE_H

#include <re.h>
#include "media/media.h"
#include "ng/cookie.h"
#include "ng/ng.h"
#include "ng/warn.h"

struct ng_flags;

struct ng {
	struct media *media;
	struct ng_conf conf;
	struct cookies *cookies;
	struct list listenl; /* struct listener                    */
	struct list connl;   /* struct conn                        */
	struct ng_warn bad;  /* messages that are none, connections */
	struct ng_warn odd;  /* requests not (wholly) understood   */
	char id[17];         /* marks our SDPs: a=rtpengine:<id>   */
};

/**
 * Execute a request
 *
 * @param reply  Result and what belongs to it are added
 *
 * @return 0 (errors of the request are in the reply), ENOMEM
 */
int ng_command(struct ng *ng, const struct odict *req, struct odict *reply);

/** Commands that carry an SDP. @return as ng_command() */
int ng_offer(struct ng *ng, struct ng_flags *f, struct odict *reply);
int ng_answer(struct ng *ng, struct ng_flags *f, struct odict *reply);

/** Commands that play. @return as ng_command() */
int ng_play_media(struct ng *ng, struct ng_flags *f, struct odict *reply);
int ng_stop_media(struct ng *ng, struct ng_flags *f, struct odict *reply);
int ng_play_dtmf(struct ng *ng, struct ng_flags *f, struct odict *reply);
int ng_silence_media(struct ng *ng, struct ng_flags *f, struct odict *reply);
int ng_unsilence_media(struct ng *ng, struct ng_flags *f, struct odict *reply);

/** Whom a request names, as media knows them */
void ng_select(struct media_sel *sel, const struct ng_flags *f);

/** "result": "ok" */
int ng_reply_ok(struct odict *reply);

/** "result": "error" and "error-reason" */
int ng_reply_error(struct odict *reply, const char *fmt, ...);

/** The same for what media returned, in rtpengine's words where it has some.
 *  e may be NULL or without a message */
int ng_reply_failed(struct odict *reply, int err, const struct media_err *e);

/** The SDP has been here: it has the line a=rtpengine:<id> */
bool ng_loop_marked(const struct pl *sdp, const char *id);

/**
 * Append an SDP with that line at session level
 *
 * @param out  Appended to
 * @param sdp  Must not lie in out
 */
int ng_loop_mark(struct mbuf *out, const struct pl *sdp, const char *id);

#endif
