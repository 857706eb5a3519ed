/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_doc.h  What decoder and encoder of an SDP body share
 */
#ifndef CAROM_SDP_DOC_H
#define CAROM_SDP_DOC_H

#include <re.h>
#include "media/sdp.h"

enum {
	SDP_BODY_MAX = 65536, /**< bytes; what one ng datagram can carry   */
	SDP_LINE_MAX = 8192,  /**< bytes of one line                       */
};

/** One line; everything points into the document's copy of the body */
struct sdp_line {
	struct pl full; /**< with its line ending                         */
	struct pl val;  /**< behind "x=", without line ending             */
	struct pl attr; /**< a=: name up to the colon; else unset         */
	struct pl aval; /**< a=: behind the colon                         */
	char type;      /**< letter before '=', 0 where there is none     */
};

/** A run of lines: the session's, or those of one media section */
struct sdp_range {
	size_t first;
	size_t end; /**< one past the last                            */
};

struct sdpx {
	char *buf;
	struct sdp_line *linev;
	size_t linec;
	struct sdp_range session;
	struct sdp_range rangev[SDPX_MEDIA_MAX];
	struct sdpx_media *mediav;
	size_t mediac;
	struct pl origin;
	struct sa conn;  /**< session's c=                            */
	const char *eol; /**< for lines that we add                   */
	enum sdp_dir dir;
	bool has_conn;
	bool bundle;
	size_t groupv[SDPX_MEDIA_MAX]; /* sections of it          */
	size_t groupc;
	bool bundled; /* sdpx_bundle_accept()                     */
	bool ice;
	bool fingerprint;
};

/** Space, tab, and a CR that ends no line */
bool sdp_blank(char c);
/** Split off the next blank-separated word. @return false: there is none */
bool sdp_word(struct pl *rest, struct pl *word);
/** Unsigned decimal, all of it. @return 0, EBADMSG not a number, ERANGE */
int sdp_uint(uint32_t *n, const struct pl *pl, uint32_t max);
bool sdp_attr_is(const struct sdp_line *ln, const char *name);
bool sdp_attr_dir(enum sdp_dir *dir, const struct sdp_line *ln);
/** Note what is wrong in which line (counted from 0). @return EBADMSG */
int sdp_refuse(struct sdpx_err *e, size_t line, const char *fmt, ...);

/** "IN IP4 192.0.2.1[/ttl]" (RFC 8866 5.7) to an address with port 0 */
int sdp_addr_decode(struct sa *sa, const struct pl *pl, const char **why);

/** Take in a=group:BUNDLE, once all sections are */
void sdp_bundle_read(struct sdpx *doc);

/** Take in one m= section whose lines are doc->rangev[i] */
int sdp_media_decode(struct sdpx *doc, size_t i, struct sdpx_err *e);

/** m= formats: fill m->fmtv from the rest of the m= line */
int sdp_fmt_list(struct sdpx_media *m, struct pl list);
/** Names, clocks and channels that RFC 3551 gives to static types */
void sdp_fmt_static(struct sdpx_media *m);
/** a=rtpmap (RFC 8866 6.6); one that makes no sense is passed over */
/** Take in the value of an a=fmtp line */
void sdp_fmt_fmtp(struct sdpx_media *m, const struct pl *val);
void sdp_fmt_rtpmap(struct sdpx_media *m, const struct pl *val);

#endif
