/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_event.c  telephone-event beside codecs that are offered (RFC 4733)
 */
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"

static const struct neg_fmt *event_of(const struct neg_fmts *f, uint32_t clock)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (neg_is_event(&f->v[i]) &&
		    (!clock || f->v[i].clock == clock))
			return &f->v[i];
	}

	return NULL;
}

static int add_event(struct neg_work *w, uint32_t clock, const char *events)
{
	static const struct neg_spec none = {.complexity = -1};
	const struct neg_codec c = {"telephone-event", clock, 1, -1};
	struct neg_fmt x;
	struct pl text;
	int err;

	neg_fill(&x, &c, &none);
	pl_set_str(&text, events);
	neg_copy(&x, x.fmtp, sizeof(x.fmtp), &text);

	err = neg_pt_choose(w, &x, -1);
	if (!err)
		err = neg_insert(&w->n->out, &x);

	return err ? neg_fail(w->e, err,
			      "telephone-event: no payload type is left")
		   : 0;
}

/* RFC 4733 2.1: events have the clock of the codec they go beside */
int neg_add_events(struct neg_work *w, bool always)
{
	struct neg_fmts *out = &w->n->out;
	const struct neg_fmt *like = event_of(out, 0);
	char events[NEG_FMTP] = "0-15";
	uint32_t clock;
	int err = 0;

	if (!like && !always)
		return 0;
	if (like && like->fmtp[0])
		memcpy(events, like->fmtp, sizeof(events));

	for (unsigned i = 0; i < out->n && !err; i++) {
		if (neg_aside(&out->v[i]) || (!always && out->v[i].src >= 0))
			continue;

		clock = out->v[i].clock;
		if (!event_of(out, clock))
			err = add_event(w, clock, events);
	}

	return err;
}
