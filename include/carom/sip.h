/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sip.h  What the scanner finds in a SIP message
 *
 * Offsets count from the message's first byte. They fit 16 bits, for a message
 * that the kernel settles fits one packet.
 */
#ifndef CAROM_SIP_H
#define CAROM_SIP_H

#include <linux/types.h>

#define SCAN_BUF 2048 /**< power of two: the verifier is shown the mask  */
#define SCAN_LEN_MAX (SCAN_BUF - 8)
#define SCAN_ROUTES                                                            \
	3 /**< entries of Route that are kept: two of ours, and
			  the next hop                                  */
#define SCAN_RURI                                                              \
	SCAN_ROUTES /**< the Request-URI's place beside the routes'  */
#define SCAN_LINES_MAX 64
#define SCAN_PARAMS_MAX 12

/** Why a message is not the kernel's to settle: what the scanner came upon */
enum scan_odd {
	SCAN_OK = 0,
	SCAN_ODD_NOT_SIP,   /**< no start line: a keep-alive, or garbage     */
	SCAN_ODD_LONG,      /**< longer, or of more lines, than is scanned   */
	SCAN_ODD_START,     /**< a start line that is not plain SIP/2.0      */
	SCAN_ODD_URI,       /**< not sip:, escaped, or with headers          */
	SCAN_ODD_LINE,      /**< a line that does not end in CRLF, or is none */
	SCAN_ODD_FOLDED,    /**< a header goes on in the next line (7.3.1)   */
	SCAN_ODD_SYNTAX,    /**< a header that we need is not plain          */
	SCAN_ODD_TWICE,     /**< a header that there can only be one of      */
	SCAN_ODD_MISSING,   /**< a header that each message has (8.1.1)      */
	SCAN_ODD_LENGTH,    /**< Content-Length is not what came             */
	SCAN_ODD_CSEQ,      /**< CSeq names another method                   */
	SCAN_ODD_TRANSPORT, /**< maddr, or a transport other than UDP        */
	SCAN_ODD_MAX
};

/** Methods that are told apart; OTHER is any other name */
#define SCAN_METHODS(X)                                                        \
	X(OTHER)                                                               \
	X(INVITE)                                                              \
	X(ACK)                                                                 \
	X(CANCEL)                                                              \
	X(BYE)                                                                 \
	X(REGISTER)                                                            \
	X(OPTIONS)                                                             \
	X(SUBSCRIBE)                                                           \
	X(NOTIFY)                                                              \
	X(PUBLISH)                                                             \
	X(MESSAGE)                                                             \
	X(REFER)                                                               \
	X(INFO)                                                                \
	X(PRACK)                                                               \
	X(UPDATE)

enum scan_method {
#define X(name) SCAN_M_##name,
	SCAN_METHODS(X)
#undef X
		SCAN_M_MAX
};

/** A piece of the message; len 0: not there */
struct scan_span {
	__u16 off, len;
};

/* scan_uri.flags */
#define SCAN_URI_V6 (1u << 0) /**< host is an IPv6 reference, without [] */
#define SCAN_URI_LR (1u << 1)
#define SCAN_URI_GR (1u << 2) /**< a GRUU (RFC 5627)                     */

/** A sip: URI. The user is without its password */
struct scan_uri {
	struct scan_span user, host;
	__u16 port; /**< 0: none                                     */
	__u16 flags;
};

/* scan_via.flags */
#define SCAN_VIA_UDP (1u << 0)
#define SCAN_VIA_V6 (1u << 1)     /**< host is an IPv6 reference       */
#define SCAN_VIA_RPORT (1u << 2)  /**< asks for rport (RFC 3581)       */
#define SCAN_VIA_FILLED (1u << 3) /**< rport has a value: `rport`      */
#define SCAN_VIA_COOKIE (1u << 4) /**< branch begins with z9hG4bK      */

struct scan_via {
	__u16 line, next; /**< start of its line and of the next one     */
	__u16 off;        /**< of its value                              */
	__u16 end;        /**< of its value: where a parameter is added  */
	__u16 behind;     /**< the next one in the same line; 0: the last */
	__u16 flags;
	struct scan_span host, branch, received;
	__u16 port;      /**< of sent-by; 0: none                        */
	__u16 rport;     /**< value                                      */
	__u16 rport_end; /**< behind the parameter's name                */
};

/** An entry of Route; its URI is scan.uri of the same number */
struct scan_route {
	__u16 line, next; /**< its line and the one behind              */
	__u16 off;        /**< its '<'                                  */
	__u16 behind; /**< the next entry of the same line; 0: the last one */
};

/** A header that we look into: its line and the one behind, its value without the
 * white space around it */
struct scan_line {
	__u16 line, next;
	__u16 off, end;
};

#define SCAN_HEADERS 16 /**< kinds of them: enum scan_hdr is below    */

/* scan.flags */
#define SCAN_REQUEST (1u << 0)
#define SCAN_REQUIRE (1u << 1)       /**< has a Require header           */
#define SCAN_PROXY_REQUIRE (1u << 2) /**< has a Proxy-Require header     */

struct scan {
	__u16 flags;
	__u16 method;    /**< of the request; of CSeq in a response         */
	__u16 code;      /**< of a response                                 */
	__u16 start_end; /**< behind the start line                      */
	__u16 body;      /**< behind the empty line                      */
	__u16 vias, routes; /**< how many there are                      */
	__u16 max_forwards;
	struct scan_span met, ruri; /**< method and Request-URI as they stand */
	struct scan_via via[2];
	struct scan_uri
		uri[SCAN_ROUTES + 1]; /**< of Route, and of the request */
	struct scan_route route[SCAN_ROUTES + 1]; /**< the last one is spare  */
	struct scan_span maxfwd, callid, from_tag, to_tag, cseq, event;
	struct scan_span clen;
	__u32 content_length;
	__u32 seen;  /**< headers that came, by bit                       */
	__u64 order; /**< the last 16 of them, four bits each, the last lowest */
	struct scan_line at[SCAN_HEADERS]; /**< the last of each kind     */
};

/** An IPv6 address while it is read: the groups in front of "::" and those
 * behind it, 128 bits each */
struct scan_ip6 {
	__u64 hi, lo;   /**< of the part that is being read              */
	__u64 fhi, flo; /**< in front of "::"                            */
	__u32 groups;   /**< in the part that is being read              */
	__u32 front;    /**< in front of "::"                            */
	__u32 gap;      /**< there was a "::"                            */
	__u32 digits;   /**< of the group that is being read             */
	__u32 value;
	__u32 pad;
};

/** A message, and what was found in it: scratch of a CPU or of a test */
struct scan_buf {
	__u32 len;
	__u32 pos; /**< the line that is next                            */
	__u8 data[SCAN_BUF + 16];
	struct scan s;
	struct scan_span name, value; /**< of the parameter last read      */
	struct scan_ip6 six;
	__u8 ip[16]; /**< the address last read (carom/sipaddr.h)          */
};

#endif
