/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sipbed.h  The bed as a SIP edge
 *
 * Listeners at port 5060 of LAN4 (0), LAN6 (1) and WAN4 (2, of the device wan:
 * only after sb_two()). Set 0, id 1, has the nodes B4:5060 (0) and C4:5060 (1);
 * set 1, id 2, B6:5060. Texts are written with plain line ends, which become
 * CRLF; "@b" in what is expected stands for the branch, "@a" and "@w" for the
 * Via and Record-Route of LAN4 and WAN4.
 */
#ifndef TESTS_BPF_SIPBED_H
#define TESTS_BPF_SIPBED_H

#include "bed.h"
#include "edge/forward.h"
#include "fastpath/sip.h"

#define SB_KEY0 0x0706050403020100ull
#define SB_KEY1 0x0f0e0d0c0b0a0908ull

struct sipbed {
	struct bed *bed;
	struct fp_sip *sip;
	struct policy
		*policy; /**< the same for the agent's path; may be NULL */
	struct ds_sets *sets;
};

/** A message on its way: zeroes stand for A4:5062 to LAN4:5060, to B4:5060 */
struct sb {
	const char *what;
	const char *in, *out; /**< text; out NULL: it does not leave       */
	int reason;           /**< 0: CAROM_R_SIP_FORWARDED                */
	const char *src, *dst;
	uint16_t sport, dport;
	const char *to; /**< address it goes to                             */
	uint16_t tport;
	const char *from; /**< address it leaves from                       */
	const char *via_branch, *via_host, *callid; /**< of the branch      */
	const char *reply; /**< address that the response goes to            */
	uint16_t via_port, rport;
	unsigned listener; /**< that the request came to                    */
	enum pkt_sum sum;
	uint16_t frag;      /**< of the frame that comes (pkt.h)            */
	uint8_t proto, ihl; /**< the same                                  */
	bool jumbo;         /**< the same                                  */
	uint64_t notes;
	int in_dev;    /**< that it comes by; 0: its source's, with its tag */
	uint16_t vlan; /**< with in_dev                                     */
};

int sb_setup(void **state);
int sb_teardown(void **state);

/**
 * From the next sb_reset() on, each message goes the agent's full path too, and
 * what that makes of it must be the same, byte for byte
 */
void sb_differential(struct sipbed *s);

/** The edge as described above, nothing else */
void sb_reset(struct sipbed *s);

/** The listener at WAN4 as well: what leaves by wan leaves from there */
void sb_two(struct sipbed *s);

/** Put it through: verdict, bytes, checksum, counters */
void sb_run(struct sipbed *s, const struct sb *m);

/** The same without the agent, which sees neither frames nor lengths */
void sb_packet(struct sipbed *s, const struct sb *m);

/** Put it through. What is wrong with the UDP checksum that it leaves with, 0: it
 * is right */
uint16_t sb_sum_out(struct sipbed *s, const struct sb *m);

/** Put it through, and look at nothing */
void sb_send(struct sipbed *s, const struct sb *m);

/** A text of m as it is on the wire. @return Length */
size_t sb_expand(char *to, size_t sz, const char *s, const struct sb *m);

/** The branch's 18 digits */
void sb_branch(char text[19], const struct sb *m);

#endif
