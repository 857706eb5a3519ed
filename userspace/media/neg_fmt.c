/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_fmt.c  Formats: the same, or not
 */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"

int neg_fail(struct neg_err *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return err;

	va_start(ap, fmt);
	(void)re_vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);

	return err;
}

void neg_copy(struct neg_fmt *f, char *to, size_t size, const struct pl *text)
{
	to[0] = '\0';
	if (text->l >= size)
		f->cut = true;
	else
		(void)pl_strcpy(text, to, size);
}

void neg_take(struct neg_fmts *f, const struct sdpx_media *sm)
{
	f->n = 0;

	for (size_t i = 0; i < sm->fmtc; i++) {
		const struct sdpx_fmt *x = &sm->fmtv[i];
		struct neg_fmt *to = &f->v[f->n];

		/* one that is written twice counts once */
		if (x->pt < 0 || neg_by_pt(f, (uint8_t)x->pt))
			continue;

		memset(to, 0, sizeof(*to));
		to->pt = (uint8_t)x->pt;
		to->src = (int)i;
		to->clock = x->rate;
		to->ch = (uint8_t)(x->ch ? x->ch : 1);
		to->complexity = -1;
		to->shown = true;
		neg_copy(to, to->name, sizeof(to->name), &x->name);
		neg_copy(to, to->fmtp, sizeof(to->fmtp), &x->fmtp);
		++f->n;
	}
}

bool neg_is_event(const struct neg_fmt *f)
{
	return !str_casecmp(f->name, "telephone-event");
}

bool neg_aside(const struct neg_fmt *f)
{
	return neg_is_event(f) || !str_casecmp(f->name, "CN");
}

bool neg_usable(const struct neg_fmt *f, neg_codec_h *codech, void *arg)
{
	struct neg_codec c;
	struct pl name;

	if (!codech || f->cut || !f->name[0] || neg_aside(f))
		return false;

	pl_set_str(&name, f->name);

	return codech(&c, &name, f->clock, f->ch, arg);
}

const struct neg_fmt *neg_by_pt(const struct neg_fmts *f, uint8_t pt)
{
	for (unsigned i = 0; f && i < f->n; i++) {
		if (f->v[i].pt == pt)
			return &f->v[i];
	}

	return NULL;
}

bool neg_param(const char *fmtp, const char *name, struct pl *val)
{
	const size_t n = strlen(name);
	const char *p = fmtp;

	while (*p) {
		const char *end = strchrnul(p, ';');
		const char *eq;

		while (p < end && isspace((unsigned char)*p))
			++p;
		eq = memchr(p, '=', (size_t)(end - p));
		if (eq && (size_t)(eq - p) == n && !strncasecmp(p, name, n)) {
			val->p = eq + 1;
			val->l = (size_t)(end - eq - 1);
			while (val->l &&
			       isspace((unsigned char)val->p[val->l - 1]))
				--val->l;
			return true;
		}
		p = *end ? end + 1 : end;
	}

	return false;
}

/* A parameter that both have to say alike; unsaid is the same as `def` */
static bool alike(const struct neg_fmt *x, const struct neg_fmt *y,
		  const char *name, const char *def)
{
	struct pl a, b;

	if (!neg_param(x->fmtp, name, &a))
		pl_set_str(&a, def);
	if (!neg_param(y->fmtp, name, &b))
		pl_set_str(&b, def);

	return !pl_casecmp(&a, &b);
}

/* Who was told annexb=yes may send silence that the other cannot read; whether
 * one who can gets any does not matter */
static bool annexb(const struct neg_fmt *x, const struct neg_fmt *y)
{
	struct pl a, b;

	if (!neg_param(y->fmtp, "annexb", &b) || pl_strcasecmp(&b, "no"))
		return true;

	return neg_param(x->fmtp, "annexb", &a) && !pl_strcasecmp(&a, "no");
}

static bool amr(const struct neg_fmt *x, const struct neg_fmt *y)
{
	return alike(x, y, "octet-align", "0") && alike(x, y, "crc", "0") &&
	       alike(x, y, "robust-sorting", "0") &&
	       alike(x, y, "interleaving", "") && alike(x, y, "mode-set", "");
}

static bool fmtp_fits(const struct neg_fmt *x, const struct neg_fmt *y)
{
	if (!str_casecmp(x->name, "G729"))
		return annexb(x, y);
	if (!str_casecmp(x->name, "AMR") || !str_casecmp(x->name, "AMR-WB"))
		return amr(x, y);
	if (!str_casecmp(x->name, "iLBC"))
		return alike(x, y, "mode", "30");

	return true;
}

bool neg_same(const struct neg_fmt *x, const struct neg_fmt *y)
{
	/* what we did not keep can only be what it is called by number */
	if (x->cut || y->cut)
		return x->cut && y->cut && x->pt == y->pt;
	/* no rtpmap: the number is all that there is */
	if (!x->name[0] || !y->name[0])
		return x->pt == y->pt && x->name[0] == y->name[0];

	return !str_casecmp(x->name, y->name) && x->clock == y->clock &&
	       x->ch == y->ch && fmtp_fits(x, y);
}

const struct neg_fmt *neg_like(const struct neg_fmts *f,
			       const struct neg_fmt *x)
{
	const struct neg_fmt *first = NULL;

	for (unsigned i = 0; f && i < f->n; i++) {
		if (!neg_same(x, &f->v[i]))
			continue;
		/* of several the one of the same number: nothing to rewrite */
		if (f->v[i].pt == x->pt)
			return &f->v[i];
		if (!first)
			first = &f->v[i];
	}

	return first;
}
