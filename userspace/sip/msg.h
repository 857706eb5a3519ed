/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/msg.h  A SIP message as a proxy reads it
 *
 * Zero-copy: every struct pl points into the message. Tolerant where RFC 3261
 * lets be: folded headers, lists in one line, LWS anywhere, any letter case,
 * LF alone as a line's end. libre's parser knows headers by a hash of twelve
 * bits, so that an unknown one may pass for Call-ID, and refuses a Via without a
 * branch (RFC 2543): a proxy must forward both.
 */
#ifndef CAROM_SIP_MSG_H
#define CAROM_SIP_MSG_H

#include <re.h>

enum {
	MSG_HEADERS = 256, /**< lines                                       */
	MSG_VIAS = 8,      /**< entries that are kept: two are looked at  */
	MSG_ROUTES = 8,    /**< entries that are kept: three are looked at */
};

enum msg_hdr {
	MSG_OTHER = 0,
	MSG_VIA,
	MSG_FROM,
	MSG_TO,
	MSG_CALL_ID,
	MSG_CSEQ,
	MSG_MAX_FORWARDS,
	MSG_ROUTE,
	MSG_RECORD_ROUTE,
	MSG_CONTENT_LENGTH,
	MSG_PROXY_REQUIRE,
	MSG_EVENT,
	MSG_CONTACT,
	MSG_AUTHORIZATION,
	MSG_PROXY_AUTHORIZATION,
	MSG_TYPES
};

/** A header: its line with all that is folded under it */
struct msg_header {
	enum msg_hdr type;
	struct pl name, val;
	struct pl line; /**< with its line's end                            */
};

enum msg_transp { /* the digits of a flow's token */
		  MSG_UDP = 0,
		  MSG_TCP,
		  MSG_TLS,
		  MSG_WS,
		  MSG_WSS,
		  MSG_TRANSP_MAX /**< one that we don't know                         */
};

/** An entry of Via (RFC 3261 20.42) */
struct msg_via {
	const struct msg_header *hdr;
	struct pl entry;  /**< from "SIP" to the last parameter           */
	struct pl sentby; /**< host and port                              */
	struct pl host;   /**< an IPv6 address without brackets            */
	struct pl branch, received, rport;
	struct pl params; /**< from the first ';' on                       */
	uint16_t port;    /**< 0: none                                    */
	enum msg_transp transp;
	bool has_rport; /**< the parameter is there, filled or not         */
	bool last;      /**< of its header                               */
};

/** An entry of Route */
struct msg_route {
	const struct msg_header *hdr;
	struct pl entry; /**< name-addr and its parameters                 */
	struct pl next;  /**< from the next entry's start on; unset: the last
			    of its header                                */
	struct uri uri;
	struct pl text; /**< the URI                                       */
	bool lr;
};

struct msg {
	struct pl text;  /**< all of it                                   */
	struct pl start; /**< start line with its end                     */
	struct pl met, ruri, version;
	struct uri uri;   /**< of the request; scheme is set at least      */
	bool uri_ok;      /**< uri could be read                           */
	uint16_t code;    /**< of a response; 0: a request                 */
	struct pl phrase; /**< of a response                               */
	struct pl body;
	size_t hdrc;
	const struct msg_header *first[MSG_TYPES]; /**< by type; or NULL   */
	unsigned count[MSG_TYPES];
	size_t viac;
	size_t routec;
	struct pl from_tag, to_tag, callid, cseq, cseq_met;
	uint32_t cseq_num;
	/* filled: as many as are counted; the first two Vias are cleared at least */
	struct msg_header hdrv[MSG_HEADERS];
	struct msg_via viav[MSG_VIAS];
	struct msg_route routev[MSG_ROUTES];
};

/** Why a message can't be used, in words for a reply's phrase; NULL: it can */
struct msg_fault {
	uint16_t code; /**< 400, 505; 0: it can't even be answered          */
	const char *why;
};

/**
 * Read a message
 *
 * @param m     Filled as far as it goes
 * @param text  Valid as long as m is used
 * @param dgram A datagram: Content-Length must not be more than came, and what
 *              is behind it does not belong to the message (18.3)
 *
 * @return 0; EBADMSG: f says why. ENOENT: no SIP at all (keep-alives too)
 */
int msg_decode(struct msg *m, const struct pl *text, bool dgram,
	       struct msg_fault *f);

/** Parameter of a list ";a=b;c"; @return whether it is there, val unset where
 *  it has none */
bool msg_param(const struct pl *params, const char *name, struct pl *val);

/* uri.c */

/**
 * Read a URI
 *
 * @param u  scheme alone of one that is neither sip, sips nor tel; of tel the
 *           number as user; params with their ';', headers with their '?', a host
 *           without brackets
 *
 * @return 0; ENOTSUP: another scheme; EBADMSG: it can't be read
 */
int msg_uri_decode(struct uri *u, const struct pl *text);

/** Has it the parameter (small letters), be it with escapes in its name? */
bool msg_uri_param(const struct uri *u, const char *name);

/** The next character of a user, an escape as what it stands for; moves on.
 *  There must be one */
char msg_uri_char(struct pl *pl);

/** "host:port" of a URI or sent-by, white space around the colon; port 0: none.
 *  @return 0 or EBADMSG */
int msg_hostport(struct pl *host, uint16_t *port, const struct pl *text);

/* list.c */

/** Host, port and address of a URI or sent-by */
bool msg_host_addr(struct sa *sa, const struct pl *host, uint16_t port);

/** Is it a byte stream, in which Content-Length alone tells messages apart? */
static inline bool msg_is_stream(enum msg_transp t)
{
	return t == MSG_TCP || t == MSG_TLS;
}

/** Number of the transport's name, any case; MSG_TRANSP_MAX: unknown */
enum msg_transp msg_transp(const struct pl *name);
const char *msg_transp_name(enum msg_transp t);

/* list.c */

/**
 * Next entry of a comma-separated list, commas in quotes and <> not counted
 *
 * @param list   Rest of the list; moved behind the entry
 * @param entry  Without white space around it
 *
 * @return Whether there was one
 */
bool msg_list_next(struct pl *list, struct pl *entry);

/** Take white space, also folded, off both ends */
void msg_trim(struct pl *pl);

/** @return 0 or EBADMSG */
int msg_via_decode(struct msg_via *v, const struct pl *entry);
int msg_route_decode(struct msg_route *r, const struct pl *entry);

/** ";name = value" off the front of a list of parameters; val unset where it has
 *  none. @return Whether there was one */
bool msg_param_next(struct pl *list, struct pl *name, struct pl *val);

/**
 * An entry of From, To, Contact (20.10)
 *
 * @param uri     Without brackets
 * @param params  Of the header, from the first ';' on; l 0: none
 *
 * @return 0, EBADMSG: the value is none
 */
int msg_name_addr(struct pl *uri, struct pl *params, const struct pl *val);

/** URI and tag of a From or To. @return 0, EBADMSG: the value is none */
int msg_addr(struct pl *uri, struct pl *tag, const struct pl *val);

/** Its tag alone */
int msg_tag(struct pl *tag, const struct pl *val);

#endif
