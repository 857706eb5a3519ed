/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_spec.c  Codecs as flags name them
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"
#include "media/sdp_doc.h"

enum { SPEC_PARTS = 7, PTIME_MAX = 1000 };

/* Up to the next slash; the last part has what is left, slashes too */
static bool next_part(struct pl *rest, struct pl *part, bool last)
{
	const char *slash = last ? NULL : pl_strchr(rest, '/');

	*part = *rest;
	if (!slash) {
		rest->l = 0;
		return part->l > 0;
	}

	part->l = (size_t)(slash - rest->p);
	pl_advance(rest, (ssize_t)part->l + 1);

	return true;
}

/* "complexity=5", as ffmpeg's options are written for rtpengine; with "--" where
 * the equals sign was not to be had */
static int complexity(const struct pl *opts)
{
	static const char *const names[] = {"compression_level", "complexity"};
	struct pl val;
	const char *p;
	uint32_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		p = memmem(opts->p, opts->l, names[i], strlen(names[i]));
		if (!p)
			continue;

		val = *opts;
		pl_advance(&val, p + strlen(names[i]) - opts->p);
		while (val.l && (*val.p == '=' || *val.p == '-'))
			pl_advance(&val, 1);
		if (val.l && *val.p >= '0' && *val.p <= '9') {
			n = pl_u32(&val);
			return n <= 10 ? (int)n : 10;
		}
	}

	return -1;
}

static int number(uint32_t *n, const struct pl *part, uint32_t max)
{
	*n = 0;

	return part->l && sdp_uint(n, part, max) ? EINVAL : 0;
}

int neg_spec_decode(struct neg_spec *s, const struct pl *text)
{
	struct pl rest = *text, part[SPEC_PARTS];
	uint32_t pt;
	int err = 0;

	memset(s, 0, sizeof(*s));
	memset(part, 0, sizeof(part));
	s->pt = -1;
	s->complexity = -1;

	if (!text->l)
		return EINVAL;

	s->all = !pl_strcasecmp(text, "all") || !pl_strcasecmp(text, "any");
	s->full = !pl_strcasecmp(text, "full");
	if (s->all || s->full)
		return 0;
	if (!sdp_uint(&pt, text, 127)) {
		s->pt = (int)pt;
		return 0;
	}

	for (unsigned i = 0; i < SPEC_PARTS; i++) {
		if (!next_part(&rest, &part[i], i == SPEC_PARTS - 1))
			break;
	}

	s->name = part[0];
	err |= number(&s->clock, &part[1], 384000);
	err |= number(&s->ch, &part[2], 255);
	err |= number(&s->bitrate, &part[3], 10000000);
	err |= number(&s->ptime, &part[4], PTIME_MAX);
	s->fmtp = part[5];
	s->complexity = part[6].l ? complexity(&part[6]) : -1;

	/* it goes into an SDP: no line may end there */
	for (size_t i = 0; i < text->l; i++) {
		if ((unsigned char)text->p[i] < ' ')
			err = EINVAL;
	}

	return err || !s->name.l ? EINVAL : 0;
}

bool neg_spec_names(const struct neg_spec *s, const struct neg_fmt *f)
{
	if (s->all || s->full)
		return false;
	if (s->pt >= 0)
		return s->pt == f->pt;
	if (!f->name[0] || pl_strcasecmp(&s->name, f->name))
		return false;
	if (s->clock && s->clock != f->clock)
		return false;

	return !s->ch || s->ch == f->ch;
}

bool neg_listed(const struct neg_names *l, const struct neg_fmt *f)
{
	struct neg_spec s;

	for (size_t i = 0; i < l->n; i++) {
		if (!neg_spec_decode(&s, &l->v[i]) && neg_spec_names(&s, f))
			return true;
	}

	return false;
}

bool neg_has_all(const struct neg_names *l, bool *full)
{
	struct neg_spec s;
	bool all = false;

	for (size_t i = 0; i < l->n; i++) {
		if (neg_spec_decode(&s, &l->v[i]))
			continue;
		all |= s.all || s.full;
		if (full)
			*full |= s.full;
	}

	return all;
}
