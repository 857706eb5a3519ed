/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flags.h  What a request asks for, out of its dictionary
 *
 * The ng protocol has many spellings of one thing: a key with a value, a key
 * with a list, an item of "flags" (`replace-origin`, `codec-mask-PCMU`,
 * `ICE=remove`), a word of the string "rtpp-flags". All of them become
 * (name, value) here and meet one table, ng/flagtab.c: a name is honoured,
 * refused with a reason, or harmless with a reason. A name that the table
 * does not have is kept for the reply's warning. In names, space, dash and
 * underscore are the same, and so are capitals and small letters.
 */
#ifndef CAROM_NG_FLAGS_H
#define CAROM_NG_FLAGS_H

#include <re.h>
#include "media/media.h"

/** Which kind of command the flags came with: what is refused depends on it */
enum ng_scope {
	NG_OFFER = 1 << 0,
	NG_ANSWER = 1 << 1,
	NG_SDP = NG_OFFER | NG_ANSWER,
	NG_BLOCK = 1 << 2,  /**< block, unblock, silence, unsilence       */
	NG_RECORD = 1 << 3, /**< start, stop, pause recording             */
	NG_DELETE = 1 << 4,
	NG_VIEW = 1 << 5, /**< query, list, statistics, ping            */
	NG_PLAY = 1 << 6, /**< play and stop media, play DTMF           */
	NG_ANY = 0x7f,
};

/** A request as the commands read it. Strings point into the dictionary */
struct ng_flags {
	enum ng_scope scope;
	struct media_opts o;      /**< what media is asked                  */
	struct sa address;        /**< "address": whom to block             */
	int delete_delay;         /**< s, -1 not given                      */
	uint32_t limit;           /**< of list                              */
	struct media_clip clip;   /**< play media                       */
	struct media_digit digit; /**< play DTMF                        */
	struct pl info_type;      /**< play DTMF: of a SIP INFO         */
	struct pl info_body;
	bool times_given, digit_given, moh_given, guard_given;
	bool all;          /**< block, play: the whole call          */
	bool fatal;        /**< delete: an unknown call is an error  */
	bool pause;        /**< stop recording: pause it             */
	bool load_limit;   /**< the proxy understands "load limit"   */
	bool fragment;     /**< the SDP is a part, with candidates   */
	bool loop_protect; /**< mark our SDPs, know them again       */
	bool sdes_off;     /**< no a=crypto may come out             */
	bool sip_source;   /**< believe received-from, not the SDP   */

	/* while decoding */
	unsigned rtcp_mux; /* bit mask of enum media_rtcp_mux        */
	struct pl recv_af; /* first half of received-from            */
	size_t directionc;
	char numv[32][24]; /* integers as text                       */
	size_t numc;

	char attr_text[2048]; /* values of sdp-attr without their escapes */
	size_t attr_len;

	char warning[512]; /**< unknown names, "" none               */
	char error[256];   /**< why it is refused, "" it is not      */
};

/**
 * Read a request's dictionary
 *
 * @param f    Filled in. Valid as long as the dictionary
 * @param req  The request
 *
 * @return 0; ENOTSUP something is refused; EINVAL a bad value. f->error says
 *         which and why
 */
int ng_flags_decode(struct ng_flags *f, enum ng_scope scope,
		    const struct odict *req);

/** What becomes of a flag */
enum ng_fate { NG_HONOURED, NG_HARMLESS, NG_REFUSED };

struct ng_flag;

typedef int(ng_set_h)(struct ng_flags *f, const struct pl *val);

/** One row of the table */
struct ng_flag {
	const char *name;  /**< in dashes                                 */
	const char *value; /**< only with this value; NULL any or none    */
	enum ng_fate fate;
	unsigned scopes; /**< where it is honoured, or refused          */
	ng_set_h *set;   /**< NG_HONOURED; EINVAL: bad value            */
	const char *why; /**< reason; for the honoured, what it does    */
};

/** The table: all of it, for the documentation's sake. @return rows */
size_t ng_flag_table(const struct ng_flag **tab);

/**
 * "sdp-attr" as a dictionary: {"audio": {"add": [...], "remove": [...],
 * "substitute": [[from, to], ...]}, "none": ...}
 *
 * @return 0, EINVAL, EOVERFLOW, f->error says why
 */
int ng_sdp_attr(struct ng_flags *f, const struct odict *dict);

/** Names are the same but for space, dash, underscore and letter case */
bool ng_name_eq(const struct pl *pl, const char *name);

#endif
