/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/note.c  What a party said of its formats, written down in little room
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/dict.h"
#include "media/note.h"
#include "media/terms.h"

struct note {
	uint32_t ptime;
	unsigned n;
	struct format v[];
};

static int note_alloc(struct note **np, const struct formats *f, uint32_t ptime)
{
	struct note *n;

	n = mem_alloc(sizeof(*n) + f->n * sizeof(n->v[0]), NULL);
	if (!n)
		return ENOMEM;
	n->ptime = ptime;
	n->n = f->n;
	memcpy(n->v, f->v, f->n * sizeof(n->v[0]));
	*np = n;

	return 0;
}

static bool is_plain(const struct sdpx_media *sm)
{
	return sm->rtp && !pl_strcasecmp(&sm->type, "audio") &&
	       (!pl_strcasecmp(&sm->proto, "RTP/AVP") ||
		!pl_strcasecmp(&sm->proto, "RTP/AVPF"));
}

int note_take(struct note **np, const struct sdpx_media *sm)
{
	struct formats f;

	*np = mem_deref(*np);
	if (!is_plain(sm))
		return 0;
	formats_take(&f, sm, NULL);

	return note_alloc(np, &f, sm->ptime);
}

void note_formats(struct formats *f, const struct note *n)
{
	f->n = n ? n->n : 0;
	if (n)
		memcpy(f->v, n->v, n->n * sizeof(n->v[0]));
}

void stream_told(struct formats *f, const struct stream *s)
{
	const struct stream *t = stream_peer(s);

	if (s->terms)
		*f = s->terms->told;
	else
		note_formats(f, t ? t->note : NULL);
}

uint32_t note_ptime(const struct note *n)
{
	return n ? n->ptime : 0;
}

int note_put(struct odict *o, const char *key, const struct note *n)
{
	struct formats f;
	struct odict *x;
	int err;

	if (!n)
		return 0;
	note_formats(&f, n);
	err = dict_add(&x, o, key, ODICT_OBJECT);
	if (err)
		return err;
	err = terms_put_formats(x, "formats", &f);

	return err | dict_int(x, "ptime", n->ptime);
}

int note_load(struct note **np, const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, key);
	const struct odict_entry *ptime;
	struct formats f = {.n = 0};

	if (!e)
		return 0;
	terms_load_formats(&f, e->u.odict, "formats");
	ptime = odict_get_type(e->u.odict, ODICT_INT, "ptime");

	return note_alloc(np, &f, ptime ? (uint32_t)ptime->u.integer : 0);
}
