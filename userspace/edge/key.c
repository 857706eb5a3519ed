/* SPDX-License-Identifier: BSD-2-Clause */
/* What the shared key vouches for */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
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

/* ---- tokens -------------------------------------------------------------- */

/* "f", digit of the transport, two of the listener, peer, holder, hash; an
 * address is "4" or "6", its bytes and its port in hexadecimal digits */

static uint64_t token_hash(const struct policy *p, const struct key_flow *f)
{
	struct siphash h;

	start(&h, p, SIP_KEY_FLOW);
	addr_in(&h, &f->peer);
	addr_in(&h, &f->holder);
	siphash_word(&h, (uint64_t)f->transp << 8 | (f->listener & 0xff));
	return siphash_end(&h);
}

static int addr_print(struct re_printf *pf, const struct sa *sa)
{
	const bool v6 = sa_af(sa) == AF_INET6;
	const uint8_t *a;
	uint32_t v4 = htonl(sa_in(sa));

	a = v6 ? (const uint8_t *)&sa->u.in6.sin6_addr : (const uint8_t *)&v4;
	return re_hprintf(pf, "%c%w%04x", v6 ? '6' : '4', a,
			  v6 ? (size_t)16 : (size_t)4, sa_port(sa));
}

void key_token(char text[KEY_TOKEN], const struct policy *p,
	       const struct key_flow *f)
{
	(void)re_snprintf(text, KEY_TOKEN, "f%u%02x%H%H%016llx", f->transp,
			  f->listener & 0xff, addr_print, &f->peer, addr_print,
			  &f->holder, token_hash(p, f));
}

/* Off the front of the text */
static int addr_read(struct sa *sa, struct pl *text)
{
	const size_t n = text->l && text->p[0] == '6' ? 16 : 4;
	uint8_t raw[18];
	uint16_t port;

	if (text->l < 1 + 2 * (n + 2) ||
	    (text->p[0] != '4' && text->p[0] != '6'))
		return EBADMSG;
	for (size_t i = 0; i < n + 2; i++) {
		const int b = byte(text->p + 1 + 2 * i);

		if (b < 0)
			return EBADMSG;
		raw[i] = (uint8_t)b;
	}
	port = (uint16_t)(raw[n] << 8 | raw[n + 1]);
	if (n == 16)
		sa_set_in6(sa, raw, port);
	else
		sa_set_in(sa,
			  (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
				  (uint32_t)raw[2] << 8 | raw[3],
			  port);
	pl_advance(text, (ssize_t)(1 + 2 * (n + 2)));
	return 0;
}

static int token_read(struct key_flow *f, struct pl rest)
{
	int listener;

	if (rest.l < 4 || rest.p[0] != 'f' || rest.p[1] < '0' ||
	    rest.p[1] >= '0' + MSG_TRANSP_MAX)
		return EBADMSG;
	listener = byte(rest.p + 2);
	f->transp = (enum msg_transp)(rest.p[1] - '0');
	f->listener = (unsigned)listener;
	pl_advance(&rest, 4);
	if (listener < 0 || addr_read(&f->peer, &rest) ||
	    addr_read(&f->holder, &rest))
		return EBADMSG;
	return rest.l == SIP_HEX_LEN ? 0 : EBADMSG;
}

int key_token_check(const struct policy *p, const struct pl *text,
		    struct key_flow *f)
{
	char again[KEY_TOKEN];
	size_t diff = 0;

	if (text->l >= KEY_TOKEN || token_read(f, *text))
		return EBADMSG;
	key_token(again, p, f);
	if (strlen(again) != text->l)
		return EBADMSG;
	/* constant time: what is compared is a proof */
	for (size_t i = 0; i < text->l; i++)
		diff |= (size_t)(uint8_t)(text->p[i] ^ again[i]);
	return diff ? EACCES : 0;
}
