/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/faxterms.h  A section that is sound for one party and T.38 for the other
 *
 * Part of a stream's terms. The gateway is there while exactly one of the two streams has
 * `t38` in force. It stays until an offer asks for its end, or who spoke one kind of
 * media offers the other.
 */
#ifndef CAROM_MEDIA_FAXTERMS_H
#define CAROM_MEDIA_FAXTERMS_H

#include "bridge/bridge.h"
#include "media/call.h"
#include "media/sdp_t38.h"

struct formats;
struct terms_edit;

/** Of one party's stream */
struct fax_terms {
	bool t38; /**< it speaks T.38, with us                           */
	struct t38_sdp sdp; /**< what we tell it                         */
	uint32_t far_buffer,
		far_datagram; /**< bytes that it takes, 0 not said */
	bool no_ecm, no_v17, no_v27ter, no_v29, no_iaf;
};

/** What becomes of an offered section */
enum fax_way {
	FAX_NONE = 0, /**< the same kind of media                        */
	FAX_TO_SOUND, /**< T.38 is offered as audio                      */
	FAX_TO_T38,   /**< audio is offered as T.38                      */
};

/** @param f, t  Who offers, and who will answer */
enum fax_way fax_way(const struct media_opts *o, const struct sdpx_media *sm,
		     const struct stream *f, const struct stream *t);

/** The way of the offer that waits for its answer */
enum fax_way fax_offered(const struct stream *f, const struct stream *t);

/** Is there a gateway between the two now? */
bool fax_between(const struct stream *s, const struct stream *t);

/** Does s speak T.38 by it? */
bool fax_speaks(const struct stream *s);

/** The profile that the other party is offered: of audio as asked for, else as it spoke
 *  before, else RTP/AVP. @return 0, ENOTSUP (e says why) */
int fax_proto(struct pl *proto, enum fax_way way, const struct media_opts *o,
	      const struct stream *t, struct media_err *e);

/** PCMU and PCMA as an audio section would offer them, for the codecs' negotiation */
void fax_sound(struct sdpx_media *sound, const struct sdpx_media *sm);

/**
 * The offer's terms: next_fax of both, and formats of who offers. Without terms there is
 * nothing to do
 *
 * @param way  FAX_NONE: the gateway ends with the answer
 *
 * @return 0, ENOTSUP (a codec of its own is needed to hear a fax by; e says why)
 */
int fax_offer(enum fax_way way, const struct media_opts *o,
	      const struct sdpx *sdp, const struct sdpx_media *sm,
	      const bool *drop, struct stream *f, struct stream *t,
	      struct media_err *e);

/** Is an answer what was offered? @return 0, ENOTSUP */
int fax_check(const struct sdpx_media *sm, const struct stream *f,
	      const struct stream *t, struct media_err *e);

/** The answer's terms come into force, formats too. @return the way that the answer
 *  came: FAX_NONE, the same kind of media */
enum fax_way fax_answer(const struct sdpx *sdp, const struct sdpx_media *sm,
			struct stream *f, struct stream *t);

/**
 * The section becomes one for a party that speaks T.38, or sound
 *
 * @param ft   Whose T.38 is written; NULL: it is sound
 * @param told Formats of sound
 *
 * @return 0, ENOMEM
 */
int fax_edit(struct terms_edit *te, const struct fax_terms *ft,
	     const struct formats *told);

/** The answer refuses the section: who offered it reads of its own kind of media */
int fax_refused(struct terms_edit *te, const struct stream *f,
		const struct stream *t);

/** The member of a stream that is one end of a gateway, but for addresses and keys */
void fax_member(struct bridge_member *m, const struct stream *s);

/** Terms to the store and back; those without T.38 add nothing */
int fax_put(struct odict *o, const char *key, const struct fax_terms *ft);
void fax_load(struct fax_terms *ft, const struct odict *o, const char *key);

#endif
