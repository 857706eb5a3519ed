/* SPDX-License-Identifier: BSD-2-Clause */
/* What the shared key vouches for */
#include <errno.h>
#include <string.h>
#include "edge/key.h"

static void start(struct siphash *h, const struct policy *p, uint64_t what)
{
	siphash_start(h, p->key[0], p->key[1]);
	siphash_word(h, what);
}

static void text_in(struct siphash *h, const struct pl *pl)
{
	sipkey_mem(h, pl->p, pl->l);
}

static void addr_in(struct siphash *h, const struct sa *sa)
{
	uint8_t a[16] = {[10] = 0xff, [11] = 0xff};

	if (sa_af(sa) == AF_INET6)
		memcpy(a, &sa->u.in6.sin6_addr, 16);
	else
		memcpy(a + 12, &sa->u.in.sin_addr, 4);
	sipkey_addr(h, a, sa_port(sa));
}

static bool has_cookie(const struct pl *branch)
{
	return branch->l > SIP_COOKIE_LEN &&
	       !strncasecmp(branch->p, SIP_COOKIE, SIP_COOKIE_LEN);
}

void key_branch(char text[KEY_BRANCH], const struct policy *p,
		const struct msg *m, const struct msg_via *next,
		const struct sa *reply, unsigned listener)
{
	struct siphash h;

	start(&h, p, SIP_KEY_BRANCH);
	text_in(&h, &next->branch);
	text_in(&h, &next->host);
	siphash_word(&h, next->port);
	addr_in(&h, reply);
	text_in(&h, &m->callid);
	if (!has_cookie(&next->branch)) {
		text_in(&h, &m->cseq);
		text_in(&h, &m->from_tag);
	}
	siphash_word(&h, listener);
	(void)re_snprintf(text, KEY_BRANCH, "%s%016llx%02x", SIP_COOKIE,
			  siphash_end(&h), listener & 0xff);
}

/* A digit as we write it: small letters */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int byte(const char *p)
{
	const int hi = digit(p[0]), lo = digit(p[1]);

	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

int key_branch_listener(const struct pl *branch)
{
	return branch->l == KEY_BRANCH - 1
		       ? byte(branch->p + SIP_COOKIE_LEN + SIP_HEX_LEN)
		       : -1;
}

void key_tag(char text[KEY_TAG], const struct policy *p, const struct msg *m)
{
	struct siphash h;

	start(&h, p, SIP_KEY_TAG);
	text_in(&h, &m->callid);
	text_in(&h, &m->from_tag);
	(void)re_snprintf(text, KEY_TAG, SIP_TAG "%016llx", siphash_end(&h));
}

uint64_t key_call(const struct policy *p, const struct msg *m)
{
	struct siphash h;

	start(&h, p, SIP_KEY_CALL);
	text_in(&h, &m->callid);
	return siphash_end(&h);
}

static uint64_t token_hash(const struct policy *p, enum msg_transp transp,
			   const struct sa *peer)
{
	struct siphash h;

	start(&h, p, SIP_KEY_FLOW);
	addr_in(&h, peer);
	siphash_word(&h, transp);
	return siphash_end(&h);
}

void key_token(char text[KEY_TOKEN], const struct policy *p,
	       enum msg_transp transp, const struct sa *peer)
{
	const bool v6 = sa_af(peer) == AF_INET6;
	const uint8_t *a = v6 ? (const uint8_t *)&peer->u.in6.sin6_addr
			      : (const uint8_t *)&peer->u.in.sin_addr;

	(void)re_snprintf(text, KEY_TOKEN, "f%u%w%04x%016llx", transp, a,
			  v6 ? (size_t)16 : (size_t)4, sa_port(peer),
			  token_hash(p, transp, peer));
}

int key_token_check(const struct policy *p, const struct pl *text,
		    enum msg_transp *transp, struct sa *peer)
{
	const size_t bytes = text->l == KEY_TOKEN - 1 ? 16 : 4;
	char again[KEY_TOKEN];
	uint8_t raw[18];

	if (text->l != 2 + 2 * bytes + 4 + SIP_HEX_LEN || text->p[0] != 'f' ||
	    text->p[1] < '0' || text->p[1] >= '0' + MSG_TRANSP_MAX)
		return EBADMSG;
	for (size_t i = 0; i < bytes + 2; i++) {
		const int b = byte(text->p + 2 + 2 * i);

		if (b < 0)
			return EBADMSG;
		raw[i] = (uint8_t)b;
	}
	*transp = (enum msg_transp)(text->p[1] - '0');
	if (bytes == 16)
		sa_set_in6(peer, raw,
			   (uint16_t)(raw[bytes] << 8 | raw[bytes + 1]));
	else
		sa_set_in(peer,
			  (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
				  (uint32_t)raw[2] << 8 | raw[3],
			  (uint16_t)(raw[bytes] << 8 | raw[bytes + 1]));
	key_token(again, p, *transp, peer);
	/* constant time: what is compared is a proof */
	for (size_t i = 0, diff = 0; i <= text->l; i++) {
		if (i == text->l)
			return diff ? EACCES : 0;
		diff |= (size_t)(uint8_t)(text->p[i] ^ again[i]);
	}
	return EACCES;
}
