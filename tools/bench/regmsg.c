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
	char *p = stpcpy(user, "phone");

	for (uint32_t unit = 1000000; unit; unit /= 10)
		*p++ = (char)('0' + n / unit % 10);
	*p = '\0';
	return (int)(p - user);
}

void regmsg_ha1(char ha1[33], const struct regmsg_conf *c, uint32_t n)
{
	char text[256], *p = text + regmsg_user(text, n);

	p = stpcpy(stpcpy(p, ":"), c->domain);
	p = stpcpy(stpcpy(p, ":"), c->password);
	hash(ha1, text, (size_t)(p - text));
}

/* By hand: a phone is to cost less than whoever answers it */
static char *put_hex(char *p, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 28; i >= 0; i -= 4)
		*p++ = digits[n >> i & 15];
	return p;
}

static char *put_number(char *p, uint32_t n)
{
	char text[10], *t = text + sizeof(text);

	do {
		*--t = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return mempcpy(p, t, (size_t)(text + sizeof(text) - t));
}

static char *put_at(char *p, const char *user, const char *host)
{
	p = stpcpy(p, user);
	*p++ = '@';
	return stpcpy(p, host);
}

/* RFC 7616 3.4.1, with qop=auth */
static void answer(char out[33], const struct regmsg_conf *c, uint32_t n,
		   const char *nonce, uint32_t nc)
{
	char text[512], ha2[33], *p;

	p = stpcpy(stpcpy(text, "REGISTER:sip:"), c->domain);
	hash(ha2, text, (size_t)(p - text));
	regmsg_ha1(text, c, n);
	p = stpcpy(text + 32, ":");
	p = stpcpy(stpcpy(p, nonce), ":");
	p = stpcpy(put_hex(p, nc), ":");
	p = stpcpy(put_hex(p, n), ":auth:");
	p = stpcpy(p, ha2);
	hash(out, text, (size_t)(p - text));
}

static char *credentials(char *p, const struct regmsg_conf *c, uint32_t n,
			 const char *user, const char *nonce, uint32_t nc)
{
	char response[33];

	answer(response, c, n, nonce, nc);
	p = stpcpy(stpcpy(p, "Authorization: Digest username=\""), user);
	p = stpcpy(stpcpy(p, "\",realm=\""), c->domain);
	p = stpcpy(stpcpy(p, "\",nonce=\""), nonce);
	p = stpcpy(stpcpy(p, "\",uri=\"sip:"), c->domain);
	p = stpcpy(stpcpy(p, "\",response=\""), response);
	p = put_hex(stpcpy(p, "\",algorithm=MD5,cnonce=\""), n);
	p = put_hex(stpcpy(p, "\",qop=auth,nc="), nc);
	return stpcpy(p, "\r\n");
}

static char *contact(char *p, const struct regmsg_conf *c, const char *user)
{
	p = put_at(stpcpy(p, "Contact: <sip:"), user, c->near);
	p = put_number(stpcpy(p, ":"), c->port);
	p = put_number(stpcpy(p, ">;expires="), c->expires);
	return stpcpy(p, "\r\n");
}

size_t regmsg_make(char text[REGMSG_MAX], const struct regmsg_conf *c,
		   uint32_t n, uint32_t cseq, const char *nonce, uint32_t nc)
{
	char user[16], *p;

	(void)regmsg_user(user, n);
	p = stpcpy(stpcpy(text, "REGISTER sip:"), c->domain);
	p = stpcpy(stpcpy(p, " SIP/2.0\r\nVia: SIP/2.0/UDP "), c->near);
	p = put_number(stpcpy(p, ":"), c->port);
	p = put_hex(put_hex(stpcpy(p, ";branch=z9hG4bK"), n), cseq);
	p = stpcpy(p, ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:");
	p = put_at(p, user, c->domain);
	p = put_hex(stpcpy(p, ">;tag="), n);
	p = put_at(stpcpy(p, "\r\nTo: <sip:"), user, c->domain);
	p = put_hex(put_hex(stpcpy(p, ">\r\nCall-ID: "), c->run), n);
	p = stpcpy(stpcpy(p, "@"), c->near);
	p = put_number(stpcpy(p, "\r\nCSeq: "), cseq);
	p = stpcpy(p, " REGISTER\r\n");
	if (!c->query)
		p = contact(p, c, user);
	p = stpcpy(p, "User-Agent: Phone 4.2.1\r\n"
		      "Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, "
		      "OPTIONS\r\n"
		      "Supported: replaces, path\r\n");
	if (*nonce)
		p = credentials(p, c, n, user, nonce, nc);
	p = stpcpy(p, "Content-Length: 0\r\n\r\n");
	return (size_t)(p - text);
}

static uint32_t hex(const char *s)
{
	uint32_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 4 | (uint32_t)(s[i] <= '9' ? s[i] - '0'
						    : (s[i] | 0x20) - 'a' + 10);
	return n;
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
		end = memchr(p, '"', REGMSG_NONCE);
		if (!end || end == p)
			return false;
		*(char *)mempcpy(nonce, p, (size_t)(end - p)) = '\0';
		return true;
	}
	return false;
}

bool regmsg_bound(const char *text, const struct regmsg_conf *c, uint32_t n)
{
	char where[64], user[16], *p;

	(void)regmsg_user(user, n);
	p = put_at(stpcpy(where, "<sip:"), user, c->near);
	*put_number(stpcpy(p, ":"), c->port) = '\0';
	return strstr(text, "\r\nContact:") && strstr(text, where);
}
