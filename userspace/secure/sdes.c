/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/sdes.c  Keys in SDP: a=crypto
 */
#include <errno.h>
#include <string.h>
#include <openssl/rand.h>
#include "secure/sdes.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word; false: none is left */
static bool word(struct pl *w, struct pl *rest)
{
	while (rest->l && is_blank(*rest->p))
		pl_advance(rest, 1);
	w->p = rest->p;
	while (rest->l && !is_blank(*rest->p))
		pl_advance(rest, 1);
	w->l = (size_t)(rest->p - w->p);

	return w->l > 0;
}

/* Up to a separator, which is passed over; all of it where there is none */
static struct pl upto(struct pl *rest, char sep)
{
	struct pl part = *rest;
	const char *p = pl_strchr(rest, sep);

	if (!p) {
		rest->p += rest->l;
		rest->l = 0;
		return part;
	}
	part.l = (size_t)(p - part.p);
	pl_advance(rest, (ssize_t)part.l + 1);

	return part;
}

static bool number(const struct pl *pl, uint64_t max, uint64_t *v)
{
	if (!pl->l || pl->l > 15)
		return false;
	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
	}
	*v = pl_u64(pl);

	return *v <= max;
}

/* "2^20" or "1048576" */
static bool take_lifetime(struct sdes *s, const struct pl *pl)
{
	struct pl exp = *pl;
	uint64_t n;

	if (pl->l > 2 && !memcmp(pl->p, "2^", 2)) {
		pl_advance(&exp, 2);
		if (!number(&exp, 48, &n))
			return false;
		s->lifetime = 1ull << n;
		return true;
	}
	if (!number(pl, 1ull << 48, &n) || !n)
		return false;
	s->lifetime = n;

	return true;
}

/* "1:4": MKI 1 in 4 bytes */
static bool take_mki(struct sdes *s, const struct pl *pl)
{
	struct pl rest = *pl, val = upto(&rest, ':');
	uint64_t v, len;

	if (!number(&val, UINT32_MAX, &v) || !number(&rest, 128, &len) || !len)
		return false;
	if (len > SRTPX_MKI_MAX || (len < 8 && v >> (8 * len)))
		return false;
	s->key.mki_len = (uint8_t)len;
	for (uint64_t i = len; i > 0; i--, v >>= 8)
		s->key.mki[i - 1] = (uint8_t)v;

	return true;
}

/* inline:<key||salt in base64>[|lifetime][|MKI:length] */
static bool take_key(struct sdes *s, const struct pl *param)
{
	const size_t want = srtpx_key_len(s->key.suite) +
			    srtpx_salt_len(s->key.suite);
	uint8_t buf[SRTPX_KEY_MAX + 3];
	struct pl rest = *param, part;
	size_t n = sizeof(buf);

	part = upto(&rest, ':');
	if (pl_strcasecmp(&part, "inline"))
		return false;
	part = upto(&rest, '|');
	if (part.l > 4 * (SRTPX_KEY_MAX + 2) / 3 ||
	    base64_decode(part.p, part.l, buf, &n) || n != want)
		return false;
	memcpy(s->key.key, buf, n);
	if (!rest.l)
		return true;
	part = upto(&rest, '|');
	if (!pl_strchr(&part, ':')) {
		if (!take_lifetime(s, &part))
			return false;
		if (!rest.l)
			return true;
		part = upto(&rest, '|');
	}

	return take_mki(s, &part) && !rest.l;
}

static bool take_param(struct sdes *s, const struct pl *param)
{
	struct pl rest = *param, name = upto(&rest, '=');

	if (!pl_strcasecmp(&name, "UNENCRYPTED_SRTCP")) {
		s->key.plain_srtcp = true;
		return true;
	}
	if (!pl_strcasecmp(&name, "KDR"))
		return !pl_strcmp(&rest, "0");
	if (!pl_strcasecmp(&name, "WSH"))
		return true;

	return *param->p == '-';
}

enum sdes_verdict sdes_decode(struct sdes *s, const struct pl *val)
{
	struct pl rest = *val, w, param;
	enum sdes_verdict v = SDES_OK;
	uint64_t tag;

	memset(s, 0, sizeof(*s));
	if (!word(&w, &rest) || w.l > 9 || !number(&w, 999999999, &tag))
		return SDES_SYNTAX;
	s->tag = (uint32_t)tag;
	if (!word(&w, &rest))
		return SDES_SYNTAX;
	s->key.suite = srtpx_suite_find(&w);
	if (!word(&param, &rest))
		return SDES_SYNTAX;
	if (s->key.suite == SRTPX_NONE)
		return SDES_SUITE;
	/* several keys, told apart by MKI, are nothing that anybody sends */
	if (!take_key(s, &param))
		v = SDES_KEY;
	while (v == SDES_OK && word(&w, &rest)) {
		if (!take_param(s, &w))
			v = SDES_PARAMETER;
	}

	return v;
}

const char *sdes_verdict_name(enum sdes_verdict v)
{
	switch (v) {
	case SDES_OK:
		return "good";
	case SDES_SYNTAX:
		return "no a=crypto";
	case SDES_SUITE:
		return "suite not known";
	case SDES_PARAMETER:
		return "session parameter not supported";
	case SDES_KEY:
		return "no usable key";
	}

	return "?";
}

int sdes_print(struct re_printf *pf, const struct sdes *s)
{
	const size_t n = srtpx_key_len(s->key.suite) +
			 srtpx_salt_len(s->key.suite);
	char text[SDES_TEXT_MAX];
	size_t len = sizeof(text);
	uint64_t mki = 0;
	int err;

	if (!n || base64_encode(s->key.key, n, text, &len))
		return EINVAL;
	err = re_hprintf(pf, "%u %s inline:%b", s->tag,
			 srtpx_suite_name(s->key.suite), text, len);
	if (!err && s->key.mki_len) {
		for (unsigned i = 0; i < s->key.mki_len; i++)
			mki = mki << 8 | s->key.mki[i];
		err = re_hprintf(pf, "|%llu:%u", mki, s->key.mki_len);
	}
	if (!err && s->key.plain_srtcp)
		err = re_hprintf(pf, " UNENCRYPTED_SRTCP");

	return err;
}

int sdes_make(struct sdes *s, enum srtpx_suite suite, uint32_t tag)
{
	const size_t n = srtpx_key_len(suite) + srtpx_salt_len(suite);

	if (!n)
		return EINVAL;
	memset(s, 0, sizeof(*s));
	s->tag = tag;
	s->key.suite = suite;

	return RAND_bytes(s->key.key, (int)n) == 1 ? 0 : EIO;
}
