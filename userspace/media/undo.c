/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/undo.c  An offer that failed leaves a call as it was
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/moh.h"
#include "media/note.h"
#include "media/terms.h"
#include "media/trigger.h"
#include "media/undo.h"

/** A stream's share of it */
struct kept {
	struct stream *s;
	struct desc next;
	bool staged, sent_filter, mux_sent;
	uint32_t sent[4], prev[4];
	int sent_dtmf;
	struct guard guard;
	struct grouped grp;
	struct note *next_note;
	struct trigger *trigger;
	struct terms *terms; /* a copy; NULL: it had none */
};

struct side {
	struct party *p;
	enum media_rtcp_mux mux_opt;
	bool mux_accept, mux_reject, sdp_sent;
	uint64_t sdp_version;
	uint32_t sdp_hash;
	struct moh *moh;
	enum party_echo echo;
	struct kept *v;
	unsigned n;
};

struct undo {
	struct side side[2];
};

static void destructor(void *arg)
{
	struct undo *u = arg;

	for (unsigned i = 0; i < 2; i++) {
		struct side *d = &u->side[i];

		for (unsigned k = 0; k < d->n; k++) {
			mem_deref(d->v[k].next_note);
			mem_deref(d->v[k].trigger);
			mem_deref(d->v[k].terms);
		}
		mem_deref(d->v);
		mem_deref(d->moh);
	}
}

static int keep(struct kept *k, struct stream *s)
{
	k->s = s;
	k->next = s->next;
	k->staged = s->staged;
	k->sent_filter = s->sent_filter;
	k->mux_sent = s->mux_sent;
	memcpy(k->sent, s->sent, sizeof(k->sent));
	memcpy(k->prev, s->prev, sizeof(k->prev));
	k->sent_dtmf = s->sent_dtmf;
	k->guard = s->guard;
	k->grp = s->grp;
	k->next_note = mem_ref(s->next_note);
	k->trigger = mem_ref(s->trigger);
	if (!s->terms)
		return 0;
	k->terms = mem_alloc(sizeof(*k->terms), NULL);
	if (!k->terms)
		return ENOMEM;
	*k->terms = *s->terms;

	return 0;
}

static int keep_side(struct side *d, struct party *p)
{
	const struct le *le;
	int err = 0;

	d->p = p;
	d->mux_opt = p->mux_opt;
	d->mux_accept = p->mux_accept;
	d->mux_reject = p->mux_reject;
	d->sdp_sent = p->sdp_sent;
	d->sdp_version = p->sdp_version;
	d->sdp_hash = p->sdp_hash;
	d->moh = mem_ref(p->moh);
	d->echo = p->echo;
	d->v = mem_zalloc((1 + list_count(&p->streams)) * sizeof(*d->v), NULL);
	if (!d->v)
		return ENOMEM;
	for (le = list_head(&p->streams); le && !err; le = le->next)
		err = keep(&d->v[d->n++], le->data);

	return err;
}

int undo_take(struct undo **up, struct party *from, struct party *to)
{
	struct undo *u = mem_zalloc(sizeof(*u), destructor);
	int err;

	if (!u)
		return ENOMEM;
	err = keep_side(&u->side[0], from);
	if (!err)
		err = keep_side(&u->side[1], to);
	if (err)
		mem_deref(u);
	else
		*up = u;

	return err;
}

static void put_back(struct kept *k)
{
	struct stream *s = k->s;

	s->next = k->next;
	s->staged = k->staged;
	s->sent_filter = k->sent_filter;
	s->mux_sent = k->mux_sent;
	memcpy(s->sent, k->sent, sizeof(s->sent));
	memcpy(s->prev, k->prev, sizeof(s->prev));
	s->sent_dtmf = k->sent_dtmf;
	s->guard = k->guard;
	s->grp = k->grp;
	mem_deref(s->next_note);
	s->next_note = mem_ref(k->next_note);
	mem_deref(s->trigger);
	s->trigger = mem_ref(k->trigger);
	if (k->terms)
		*s->terms = *k->terms;
	else
		s->terms = mem_deref(s->terms);
}

static struct kept *kept_of(const struct side *d, const struct stream *s)
{
	for (unsigned k = 0; k < d->n; k++) {
		if (d->v[k].s == s)
			return &d->v[k];
	}

	return NULL;
}

static void run(struct side *d)
{
	struct party *p = d->p;
	struct le *le = list_head(&p->streams);

	while (le) {
		struct stream *s = le->data;
		struct kept *k = kept_of(d, s);

		le = le->next;
		if (k)
			put_back(k);
		else
			mem_deref(s);
	}
	p->mux_opt = d->mux_opt;
	p->mux_accept = d->mux_accept;
	p->mux_reject = d->mux_reject;
	p->sdp_sent = d->sdp_sent;
	p->sdp_version = d->sdp_version;
	p->sdp_hash = d->sdp_hash;
	mem_deref(p->moh);
	p->moh = mem_ref(d->moh);
	p->echo = d->echo;
}

void undo_run(struct undo *u)
{
	run(&u->side[0]);
	run(&u->side[1]);
}
