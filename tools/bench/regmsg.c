// SPDX-License-Identifier: BSD-2-Clause
/* A phone's REGISTER with digest by MD5, as most of them send it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/base16.h>
#include <nettle/md5.h>

#include "regmsg.h"

static void hash(char out[33], const char *text, size_t len)
{
	uint8_t digest[MD5_DIGEST_SIZE];
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, len, (const uint8_t *)text);
	md5_digest(&ctx, sizeof(digest), digest);
	base16_encode_update(out, sizeof(digest), digest);
	out[32] = '\0';
}

int regmsg_user(char user[16], uint32_t n)
{
	return snprintf(user, 16, "phone%07u", n);
}

void regmsg_ha1(char ha1[33], const struct regmsg_conf *c, uint32_t n)
{
	char text[256], user[16];
	int len;

	(void)regmsg_user(user, n);
	len = snprintf(text, sizeof(text), "%s:%s:%s", user, c->domain,
		       c->password);
	hash(ha1, text, (size_t)len);
}

/* RFC 7616 3.4.1, with qop=auth */
static int credentials(char *out, size_t sz, const struct regmsg_conf *c,
		       uint32_t n, const char *nonce, uint32_t nc)
{
	char text[512], ha1[33], ha2[33], response[33], user[16];
	int len;

	(void)regmsg_user(user, n);
	regmsg_ha1(ha1, c, n);
	len = snprintf(text, sizeof(text), "REGISTER:sip:%s", c->domain);
	hash(ha2, text, (size_t)len);
	len = snprintf(text, sizeof(text), "%s:%s:%08x:%08x:auth:%s", ha1,
		       nonce, nc, n, ha2);
	hash(response, text, (size_t)len);
	return snprintf(out, sz,
			"Authorization: Digest username=\"%s\",realm=\"%s\","
			"nonce=\"%s\",uri=\"sip:%s\",response=\"%s\","
			"algorithm=MD5,cnonce=\"%08x\",qop=auth,nc=%08x\r\n",
			user, c->domain, nonce, c->domain, response, n, nc);
}

size_t regmsg_make(char text[REGMSG_MAX], const struct regmsg_conf *c,
		   uint32_t n, uint32_t cseq, const char *nonce, uint32_t nc)
{
	char user[16], contact[128] = "";
	int len;

	(void)regmsg_user(user, n);
	if (!c->query)
		(void)snprintf(contact, sizeof(contact),
			       "Contact: <sip:%s@%s:%u>;expires=%u\r\n", user,
			       c->near, c->port, c->expires);
	len = snprintf(
		text, REGMSG_MAX,
		"REGISTER sip:%s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK%08x%08x;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%s@%s>;tag=%08x\r\n"
		"To: <sip:%s@%s>\r\n"
		"Call-ID: %08x%08x@%s\r\n"
		"CSeq: %u REGISTER\r\n"
		"%s"
		"User-Agent: Phone 4.2.1\r\n"
		"Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS\r\n"
		"Supported: replaces, path\r\n",
		c->domain, c->near, c->port, n, cseq, user, c->domain, n, user,
		c->domain, c->run, n, c->near, cseq, contact);
	if (*nonce)
		len += credentials(text + len, REGMSG_MAX - (size_t)len, c, n,
				   nonce, nc);
	len += snprintf(text + len, REGMSG_MAX - (size_t)len,
			"Content-Length: 0\r\n\r\n");
	return (size_t)len;
}

static uint32_t hex(const char *s)
{
	char digits[9] = "";

	memcpy(digits, s, strnlen(s, 8));
	return (uint32_t)strtoul(digits, NULL, 16);
}

unsigned regmsg_answer(const char *text, uint32_t *n, uint32_t *cseq)
{
	static const char start[] = "SIP/2.0 ", branch[] = "branch=z9hG4bK";
	const char *p = strstr(text, branch);

	if (strncmp(text, start, sizeof(start) - 1) != 0 || !p ||
	    strlen(p) < sizeof(branch) - 1 + 16)
		return 0;
	*n = hex(p + sizeof(branch) - 1);
	*cseq = hex(p + sizeof(branch) - 1 + 8);
	return (unsigned)strtoul(text + sizeof(start) - 1, NULL, 10);
}

bool regmsg_nonce(const char *text, char nonce[REGMSG_NONCE])
{
	static const char head[] = "\r\nWWW-Authenticate:", at[] = "nonce=\"";
	const char *line = text, *end, *p, *alg;

	for (; (line = strstr(line, head)); line = end) {
		line += 2;
		end = strstr(line, "\r\n");
		p = strstr(line, at);
		alg = strstr(line, "algorithm=");
		if (!end || !p || p > end)
			return false;
		if (alg && alg < end && strncmp(alg + 10, "MD5", 3) != 0)
			continue;
		p += sizeof(at) - 1;
		return sscanf(p, "%127[^\"]", nonce) == 1;
	}
	return false;
}

bool regmsg_bound(const char *text, const struct regmsg_conf *c, uint32_t n)
{
	char contact[64], user[16];

	(void)regmsg_user(user, n);
	(void)snprintf(contact, sizeof(contact), "<sip:%s@%s:%u", user, c->near,
		       c->port);
	return strstr(text, "\r\nContact:") && strstr(text, contact);
}
