/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp.h  An SDP body, understood where we must and kept where not
 *
 * RFC 8866. The document keeps the original text; a rewrite copies it line by
 * line and replaces only what an edit names, so that everything else comes
 * out byte for byte, line endings included.
 */
#ifndef CAROM_SDP_H
#define CAROM_SDP_H

#include <re.h>

enum {
	SDPX_MEDIA_MAX = 32,
	SDPX_FMT_MAX = 64,
	SDPX_CRYPTO_MAX = 16, /**< a=crypto lines that are looked at       */
	SDPX_ADD_MAX = 16,    /**< formats that an edit adds               */
};

/** One payload type, with what a=rtpmap says of it (or RFC 3551's table) */
struct sdpx_fmt {
	struct pl id;   /**< as written: "0", "96", "t38"              */
	int pt;         /**< 0..127, -1 where it is no RTP payload type */
	struct pl name; /**< codec name, "" unknown                    */
	uint32_t rate;  /**< RTP clock, Hz, 0 unknown                  */
	uint32_t ch;    /**< channels, 1 by default                    */
	struct pl fmtp; /**< what a=fmtp says of it, "" nothing        */
};

struct sdpx_media {
	struct pl type; /**< audio, video, image, ...                  */
	uint16_t port;
	uint16_t nports; /**< "/n" of the m= line, 1 by default         */
	struct pl proto; /**< RTP/AVP, ...                              */
	bool rtp;        /**< proto carries RTP                         */
	bool srtp;       /**< SAVP or SAVPF                             */
	bool dtls;       /**< UDP/TLS/...                               */
	struct sdpx_fmt fmtv[SDPX_FMT_MAX];
	size_t fmtc;
	struct sa raddr;  /**< address (own c=, else session's) and port */
	struct sa rtcp;   /**< a=rtcp, else port + 1                     */
	bool rtcp_attr;   /**< there was an a=rtcp line                  */
	bool rtcp_mux;    /**< a=rtcp-mux                                */
	bool has_conn;    /**< has its own c= line                       */
	bool held;        /**< address is 0.0.0.0 or ::                  */
	enum sdp_dir dir; /**< own attribute, else session's, else sendrecv */
	bool ice;         /**< a=ice-ufrag or a=candidate, here or above */
	bool fingerprint; /**< a=fingerprint, here or above              */
	bool crypto;      /**< a=crypto                                  */
	struct pl cryptov[SDPX_CRYPTO_MAX]; /**< values of these lines       */
	size_t cryptoc;
	uint32_t ptime; /**< a=ptime ms, 0 not given                   */
	struct pl mid;  /**< a=mid                                     */
	struct pl text; /**< the section as written                    */
};

struct sdpx;

/** Where and why a body was refused */
struct sdpx_err {
	unsigned line;
	char msg[128];
};

/**
 * Parse an SDP body. Tolerates bare LF, and unknown lines anywhere.
 *
 * @param sdpp  Pointer to the object (mem_deref when done); keeps a copy
 * @param e     Where and why it was refused, or NULL
 *
 * @return 0, EBADMSG (not SDP; more than SDPX_MEDIA_MAX sections; ...), ENOMEM
 */
int sdpx_decode(struct sdpx **sdpp, const struct pl *body, struct sdpx_err *e);

size_t sdpx_mediac(const struct sdpx *sdp);
const struct sdpx_media *sdpx_media(const struct sdpx *sdp, size_t i);
/** What stands behind o=, as written; NULL where there is no o= line */
const struct pl *sdpx_origin(const struct sdpx *sdp);
/** a=group:BUNDLE at session level */
bool sdpx_bundle(const struct sdpx *sdp);

/** For sdpx_attr(): the lines before the first m= */
#define SDPX_SESSION ((size_t)-1)

/**
 * The n'th attribute of a name
 *
 * @param i    Section, or SDPX_SESSION
 * @param val  Behind the colon; "" where there is none
 *
 * @return false: there are no so many
 */
bool sdpx_attr(const struct sdpx *sdp, size_t i, const char *name, unsigned n,
	       struct pl *val);
/** The first one of sdpx_place(): ice-ufrag, setup, ... */
bool sdpx_attr_for(const struct sdpx *sdp, size_t i, const char *name,
		   struct pl *val);

/**
 * The sections of the first a=group:BUNDLE (RFC 9143), in its order: the first is the
 * tagged one, whose transport they share. Those without a mid of their own are left out
 *
 * @return how many
 */
size_t sdpx_group(const struct sdpx *sdp, const size_t **v);
/** a=bundle-only: port 0 does not mean that it is refused (RFC 9143 6) */
bool sdpx_bundle_only(const struct sdpx *sdp, size_t i);
/** Who wrote it is to have its group: sections that are in it have, for what they do not
 *  say of their transport, what the tagged one says; bundle-only ones its address */
void sdpx_bundle_accept(struct sdpx *sdp);
/** Where an attribute of a section's transport stands: there, in the tagged section,
 *  in the session (and there, if nowhere) */
size_t sdpx_place(const struct sdpx *sdp, size_t i, const char *name);

enum {
	SDPX_EXT_MAX =
		14 /**< of header extensions with one byte, RFC 8285 4.2 */
};

/** a=extmap of the MID (RFC 9143 15). @return 1..SDPX_EXT_MAX; 0: none */
uint8_t sdpx_mid_ext(const struct sdpx *sdp, size_t i);
/** The first id that no section has an extension for; 0: none */
uint8_t sdpx_ext_free(const struct sdpx *sdp);
/** The attribute for an id, behind "a=". @return 0, ENOMEM */
int sdpx_mid_ext_print(char **line, uint8_t id);
/** SSRCs of a section's a=ssrc lines (RFC 5576), each once. @return how many, of max */
unsigned sdpx_ssrcs(const struct sdpx *sdp, size_t i, uint32_t *v,
		    unsigned max);

/** A mid that no section has: `want`, or the next one that is free. @return 0,
 *  ENOSPC */
int sdpx_mid_free(char *mid, size_t size, const struct sdpx *sdp,
		  unsigned want);

/** RTCP lines of a section that is rewritten */
enum sdpx_rtcp {
	SDPX_RTCP_KEEP = 0,  /**< leave a=rtcp and a=rtcp-mux as they are    */
	SDPX_RTCP_PORT,      /**< a=rtcp:<port> (port + 1), no mux           */
	SDPX_RTCP_MUX,       /**< a=rtcp:<same port> and a=rtcp-mux          */
	SDPX_RTCP_MUX_OFFER, /**< a=rtcp:<port + 1> and a=rtcp-mux          */
	SDPX_RTCP_NONE,      /**< neither                                    */
	SDPX_RTCP_MUX_ONLY,  /**< a=rtcp-mux without a=rtcp                  */
};

/** A format that an edit adds */
struct sdpx_add {
	int pt;
	const char *id; /**< instead of pt: no payload type ("t38"), or NULL */
	const char *name; /**< NULL: neither rtpmap nor fmtp           */
	uint32_t clock;
	unsigned ch;
	const char *fmtp; /**< "" none                                 */
};

/** An attribute that becomes another one */
struct sdpx_subst {
	struct pl match; /**< as sdpx_attrs.removev                    */
	struct pl with;  /**< behind "a="                              */
};

/**
 * Attributes taken out, exchanged and put in. One is named by its name, by name and
 * first word of the value, or by all of it: "ssrc", "ssrc:1234", "ssrc:1234 cname:x"
 */
struct sdpx_attrs {
	const struct pl *removev;
	size_t removec;
	const struct sdpx_subst *substv;
	size_t substc;
	const struct pl
		*addv; /**< behind "a="; one that is there already is not
				    put in again                        */
	size_t addc;
};

/** Edit of one media section. Zeroed: keep everything */
struct sdpx_medit {
	bool set_addr; /**< put addr's address and port in m= and c=  */
	struct sa addr;
	bool zero_addr;      /**< c= is 0.0.0.0 (or :: by addr's family)    */
	bool keep_zero_addr; /**< held: c= stays 0.0.0.0 (or :: by family)  */
	bool omit;           /**< the section is left out, whatever else   */
	bool reject;         /**< port 0; address untouched, set_addr or not */
	bool bundle_only; /**< port 0, and a=bundle-only; c= as set_addr says */
	enum sdpx_rtcp rtcp;
	struct sa rtcp_addr;  /**< for SDPX_RTCP_PORT and _MUX_OFFER         */
	const bool *fmt_drop; /**< fmtv[i] leaves m= and its rtpmap, fmtp,
				rtcp-fb lines go; NULL: none               */
	const struct pl *proto; /**< replace the proto of m=, or NULL       */
	bool ice_remove;        /**< ice-*, candidate, end-of-candidates,
				remote-candidates, ice2 lines go           */
	bool dtls_remove; /**< fingerprint, setup, tls-id lines go       */
	bool crypto_remove;
	bool feedback_remove; /**< rtcp-fb lines go: a profile without F     */
	const struct sdpx_add *addv; /**< formats behind those that stay   */
	size_t addc;
	const int *
		orderv; /**< formats of the m= line, all of them: i for fmtv[i],
			     -1 - i for addv[i]; those not named go, with their
			     lines. NULL: as they come                      */
	size_t orderc;
	const struct pl *type; /**< replace the kind of media, or NULL        */
	bool attr_clear; /**< attributes go, all but mid, direction, bandwidth and
			   those that this edit makes: what comes is another kind
			   of media                                         */
	bool extmap_remove;   /**< extmap, extmap-allow-mixed lines go  */
	const struct pl *mid; /**< a=mid where there is none, or NULL   */
	const struct sdpx_attrs *attrs; /**< or NULL; other edits go first   */
	char *const *cryptov; /**< values of a=crypto lines that are added   */
	size_t cryptoc;
	uint32_t ptime; /**< set a=ptime (add or replace); 0 keeps     */
	const enum sdp_dir *dir; /**< replace or add direction; NULL keeps  */
};

/** Edit of the whole body. Zeroed: keep everything */
struct sdpx_edit {
	bool replace_origin;    /**< o= address becomes origin's address      */
	bool replace_username;  /**< o= user name becomes "-"                */
	bool replace_sess_name; /**< s= becomes "-"                         */
	const uint64_t *version;   /**< o= version, or NULL to keep           */
	const uint64_t *sess_id;   /**< o= session's number, or NULL to keep  */
	bool replace_session_conn; /**< session c= becomes origin's address */
	struct sa origin;
	bool ice_remove;    /**< session-level ice-* lines, a=group:BUNDLE */
	bool dtls_remove;   /**< fingerprint, setup, tls-id of the session */
	bool extmap_remove; /**< extmap lines of the session      */
	const struct pl
		*bundle; /**< mids that a=group:BUNDLE keeps: "" the line
					 goes; NULL: as ice_remove says       */
	const struct sdpx_attrs *attrs; /**< of the session, or NULL        */
	struct sdpx_medit mediav[SDPX_MEDIA_MAX];
};

/**
 * Write the body with the edits applied. A section that gets an address and
 * had no c= of its own gets one, unless the session's c= is replaced with the
 * same address.
 *
 * @param mb  Written at its position
 *
 * @return 0, ENOMEM, EINVAL (an address that is needed is not set; fmt_drop
 *         leaves a section without formats)
 */
int sdpx_encode(struct mbuf *mb, const struct sdpx *sdp,
		const struct sdpx_edit *edit);

#endif
