/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_write.h  What the parts of the SDP encoder share
 *
 * All return 0 or ENOMEM.
 */
#ifndef CAROM_SDP_WRITE_H
#define CAROM_SDP_WRITE_H

#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

/** A section while it is being written */
struct sdp_writer {
	struct mbuf *mb;
	const struct sdpx *doc;
	const struct sdpx_edit *edit;
	const struct sdpx_media *m;
	const struct sdpx_medit *me;
	size_t start;   /**< where in mb this body begins             */
	bool need_conn; /**< section gets a c= of its own             */
	bool rtcp_done, mux_done, ptime_done, dir_done;
};

int sdp_put(struct sdp_writer *w, const struct pl *pl);
/** The line ending that a line came with */
int sdp_put_eol(struct sdp_writer *w, const struct sdp_line *ln);
/** A line break where the last line had none */
int sdp_begin_line(struct sdp_writer *w);

/**
 * The next word and the blanks before it; only words that an edit names change
 *
 * @param rest     What is left of the line
 * @param from     Up to where it is written
 * @param instead  Written in its place, or NULL
 */
int sdp_put_word(struct sdp_writer *w, struct pl *rest, const char **from,
		 const struct pl *instead);

/** "IP4" or "IP6" */
const char *sdp_family(const struct sa *sa);
bool sdp_ice_line(const struct sdp_line *ln);
bool sdp_dtls_line(const struct sdp_line *ln);
bool sdp_extmap_line(const struct sdp_line *ln);
/** Does format i of the section stay? */
bool sdp_fmt_stays(const struct sdp_writer *w, size_t i);

/** A line that stays: as it is, or what it is to become (sdp_edit.c) */
int sdp_put_edited(struct sdp_writer *w, const struct sdpx_attrs *a,
		   const struct sdp_line *ln);
/** Attributes that are put in behind lines `r` */
int sdp_put_attrs(struct sdp_writer *w, const struct sdpx_attrs *a,
		  const struct sdp_range *r);

/** A refused section keeps the address it has: nobody sends there */
bool sdp_sets_addr(const struct sdp_writer *w);

int sdp_put_media(struct sdp_writer *w, size_t i);
int sdp_put_attr(struct sdp_writer *w, const struct sdp_line *ln);
/** A line that was not there */
int sdp_add_line(struct sdp_writer *w, int (*puth)(struct sdp_writer *w));
/** Attributes that the edit names and the section did not have */
int sdp_put_missing(struct sdp_writer *w);

#endif
