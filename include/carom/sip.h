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

#define SIP_BUF 2048 /**< power of two: the verifier is shown the mask  */
#define SIP_LEN_MAX (SIP_BUF - 8)
#define SIP_ROUTES                                                             \
	3 /**< entries of Route that are kept: two of ours, and
			  the next hop                                  */
#define SIP_RURI SIP_ROUTES /**< the Request-URI's place beside the routes'  */
#define SIP_LINES_MAX 64
#define SIP_PARAMS_MAX 12

/** Why a message is not the kernel's to settle: what the scanner came upon */
enum sip_odd {
	SIP_OK = 0,
	SIP_ODD_NOT_SIP,   /**< no start line: a keep-alive, or garbage     */
	SIP_ODD_LONG,      /**< longer, or of more lines, than is scanned   */
	SIP_ODD_START,     /**< a start line that is not plain SIP/2.0      */
	SIP_ODD_URI,       /**< not sip:, escaped, or with headers          */
	SIP_ODD_LINE,      /**< a line that does not end in CRLF, or is none */
	SIP_ODD_FOLDED,    /**< a header goes on in the next line (7.3.1)   */
	SIP_ODD_SYNTAX,    /**< a header that we need is not plain          */
	SIP_ODD_JOINED,    /**< several Via in one line                     */
	SIP_ODD_TWICE,     /**< a header that there can only be one of      */
	SIP_ODD_MISSING,   /**< a header that each message has (8.1.1)      */
	SIP_ODD_LENGTH,    /**< Content-Length is not what came             */
	SIP_ODD_CSEQ,      /**< CSeq names another method                   */
	SIP_ODD_TRANSPORT, /**< maddr, or a transport other than UDP        */
	SIP_ODD_MAX
};

enum sip_method {
	SIP_M_OTHER = 0,
	SIP_M_INVITE,
	SIP_M_ACK,
	SIP_M_CANCEL,
	SIP_M_BYE,
	SIP_M_REGISTER,
	SIP_M_OPTIONS,
	SIP_M_SUBSCRIBE,
	SIP_M_NOTIFY,
	SIP_M_PUBLISH,
	SIP_M_MESSAGE,
	SIP_M_REFER,
	SIP_M_INFO,
	SIP_M_PRACK,
	SIP_M_UPDATE,
	SIP_M_MAX
};

/** A piece of the message; len 0: not there */
struct sip_span {
	__u16 off, len;
};

/* sip_uri.flags */
#define SIP_URI_V6 (1u << 0) /**< host is an IPv6 reference, without [] */
#define SIP_URI_LR (1u << 1)

struct sip_uri {
	struct sip_span user, host;
	__u16 port; /**< 0: none                                     */
	__u16 flags;
};

/* sip_via.flags */
#define SIP_VIA_UDP (1u << 0)
#define SIP_VIA_V6 (1u << 1)     /**< host is an IPv6 reference       */
#define SIP_VIA_RPORT (1u << 2)  /**< asks for rport (RFC 3581)       */
#define SIP_VIA_FILLED (1u << 3) /**< rport has a value: `rport`      */
#define SIP_VIA_COOKIE (1u << 4) /**< branch begins with z9hG4bK      */

struct sip_via {
	__u16 line, next; /**< start of its line and of the next one     */
	__u16 end;        /**< of its value: where a parameter is added  */
	__u16 flags;
	struct sip_span host, branch, received;
	__u16 port;      /**< of sent-by; 0: none                        */
	__u16 rport;     /**< value                                      */
	__u16 rport_end; /**< behind the parameter's name                */
	__u16 pad;
};

/** An entry of Route; its URI is sip_scan.uri of the same number */
struct sip_route {
	__u16 line, next; /**< its line and the one behind              */
	__u16 off;        /**< its '<'                                  */
	__u16 behind; /**< the next entry of the same line; 0: the last one */
};

/* sip_scan.flags */
#define SIP_REQUEST (1u << 0)
#define SIP_REQUIRE (1u << 1)       /**< has a Require header           */
#define SIP_PROXY_REQUIRE (1u << 2) /**< has a Proxy-Require header     */

struct sip_scan {
	__u16 flags;
	__u16 method;    /**< of the request; of CSeq in a response         */
	__u16 code;      /**< of a response                                 */
	__u16 start_end; /**< behind the start line                      */
	__u16 body;      /**< behind the empty line                      */
	__u16 vias, routes; /**< how many there are                      */
	__u16 max_forwards;
	struct sip_span met, ruri; /**< method and Request-URI as they stand */
	struct sip_via via[2];
	struct sip_uri uri[SIP_ROUTES + 1]; /**< of Route, and of the request */
	struct sip_route route[SIP_ROUTES + 1]; /**< the last one is spare  */
	struct sip_span maxfwd, callid, from_tag, to_tag, cseq, event;
	struct sip_span clen;
	__u32 content_length;
	__u32 seen; /**< headers that came, by bit                       */
};

/** An IPv6 address while it is read: the groups in front of "::" and those
 * behind it, 128 bits each */
struct sip_ip6 {
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
struct sip_buf {
	__u32 len;
	__u32 pos; /**< the line that is next                            */
	__u8 data[SIP_BUF + 16];
	struct sip_scan s;
	struct sip_span name, value; /**< of the parameter last read      */
	struct sip_ip6 six;
	__u8 ip[16]; /**< the address last read (carom/sipaddr.h)          */
};

#endif
