// SPDX-License-Identifier: BSD-2-Clause
/* An INVITE with SDP, a re-INVITE by Route, a 200 with SDP */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "carom/sipkey.h"
#include "sipmsg.h"

#define SDP                                                                    \
	"v=0\r\no=- 3874 3874 IN IP4 192.0.2.10\r\ns=-\r\n"                    \
	"c=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n"    \
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"                     \
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"             \
	"a=sendrecv\r\n"
#define REST                                                                   \
	"Contact: <sip:alice@%s:5062>\r\nUser-Agent: Phone 4.2.1\r\n"          \
	"Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, INFO\r\n"    \
	"Supported: replaces, timer\r\nContent-Type: application/sdp\r\n"      \
	"Content-Length: %zu\r\n\r\n" SDP

enum sipmsg_kind sipmsg_kind(const char *name)
{
	if (!strcmp(name, "dialog"))
		return SIPMSG_DIALOG;
	if (!strcmp(name, "invite"))
		return SIPMSG_INVITE;
	if (!strcmp(name, "response"))
		return SIPMSG_RESPONSE;
	die("no kind '%s': dialog, invite, response", name);
}

uint16_t sipmsg_sport(enum sipmsg_kind kind)
{
	return kind == SIPMSG_RESPONSE ? 5060 : SIPMSG_NEAR_PORT;
}

static void text_in(struct siphash *h, const char *s)
{
	sipkey_mem(h, s, strlen(s));
}

/* The branch that the edge made for a request of the far phone (docs/sip.md) */
static void our_branch(char *out, size_t sz, const char *branch,
		       const char *host, const char *callid)
{
	uint8_t a[16] = {[10] = 0xff, [11] = 0xff};
	uint32_t ip = ipv4(host);
	struct siphash h;

	memcpy(a + 12, &ip, 4);
	siphash_start(&h, SIPMSG_KEY0, SIPMSG_KEY1);
	siphash_word(&h, SIP_KEY_BRANCH);
	text_in(&h, branch);
	text_in(&h, host);
	siphash_word(&h, SIPMSG_FAR_PORT);
	sipkey_addr(&h, a, SIPMSG_FAR_PORT);
	text_in(&h, callid);
	siphash_word(&h, 0);
	(void)snprintf(out, sz, "z9hG4bK%016llx00",
		       (unsigned long long)siphash_end(&h));
}

size_t sipmsg_make(char *text, size_t sz, enum sipmsg_kind kind,
		   const struct sipmsg_addr *a, uint32_t run, uint32_t n)
{
	char callid[64], branch[64], ours[64];
	int len;

	(void)snprintf(callid, sizeof(callid), "%08x%08x@%s", run,
		       n * 0x9e3779b1u, a->near);
	(void)snprintf(branch, sizeof(branch), "z9hG4bK%08x%08x", run,
		       n * 0x85ebca6bu);
	our_branch(ours, sizeof(ours), branch, a->far, callid);
	switch (kind) {
	case SIPMSG_INVITE:
		len = snprintf(text, sz,
			       "INVITE sip:%s@%s SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP %s:%u;rport;branch=%s\r\n"
			       "Max-Forwards: 70\r\n"
			       "From: \"Alice\" <sip:alice@%s>;tag=%08x\r\n"
			       "To: <sip:bob@%s>\r\nCall-ID: %s\r\n"
			       "CSeq: 1 INVITE\r\n" REST,
			       a->user ? a->user : "bob", a->edge, a->near,
			       a->port ? a->port : SIPMSG_NEAR_PORT, branch,
			       a->edge, n, a->edge, callid, a->near,
			       sizeof(SDP) - 1);
		break;
	case SIPMSG_DIALOG:
		len = snprintf(text, sz,
			       "INVITE sip:bob@%s:5060 SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP %s:5062;rport;branch=%s\r\n"
			       "Max-Forwards: 70\r\nRoute: <sip:%s;lr>\r\n"
			       "From: \"Alice\" <sip:alice@%s>;tag=%08x\r\n"
			       "To: <sip:bob@%s>;tag=8f1c\r\nCall-ID: %s\r\n"
			       "CSeq: 2 INVITE\r\n" REST,
			       a->far, a->near, branch, a->edge, a->edge, n,
			       a->edge, callid, a->near, sizeof(SDP) - 1);
		break;
	default:
		len = snprintf(text, sz,
			       "SIP/2.0 200 OK\r\n"
			       "Via: SIP/2.0/UDP %s:5060;branch=%s\r\n"
			       "Via: SIP/2.0/UDP %s:5070;branch=%s\r\n"
			       "From: \"Alice\" <sip:alice@%s>;tag=%08x\r\n"
			       "To: <sip:bob@%s>;tag=8f1c\r\nCall-ID: %s\r\n"
			       "CSeq: 1 INVITE\r\n" REST,
			       a->edge, ours, a->far, branch, a->edge, n,
			       a->edge, callid, a->near, sizeof(SDP) - 1);
	}
	if (len < 0 || (size_t)len >= sz)
		die("a message of %d bytes does not fit", len);
	return (size_t)len;
}
