/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/quality.c  How streams sound where they are heard
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "media/dict.h"
#include "media/terms.h"

void quality_add(struct quality *q, const struct quality_sample *x)
{
	if (!q->samples || x->mos < q->low.mos)
		q->low = *x;
	if (!q->samples || x->mos > q->high.mos)
		q->high = *x;
	q->sum.mos += x->mos;
	q->sum.loss += x->loss;
	q->sum.jitter_ms += x->jitter_ms;
	q->sum.rtt_ms += x->rtt_ms;
	++q->samples;
}

bool quality_average(struct quality_sample *x, const struct quality *q)
{
	const double n = (double)q->samples;

	if (!q->samples)
		return false;
	*x = (struct quality_sample){.mos = q->sum.mos / n,
				     .loss = q->sum.loss / n,
				     .jitter_ms = q->sum.jitter_ms / n,
				     .rtt_ms = q->sum.rtt_ms / n};

	return true;
}

/* ---- passed on: by RTCP ---------------------------------------------------- */

void quality_reported(const struct stream *s)
{
	struct stream *t = stream_peer(s);
	const struct rtcpx_party *r = &s->reports;
	struct quality_sample x = {.at = (uint64_t)time(NULL)};

	/* what is made here is reported on to us, and is half of the way */
	if (!t || t->heard_blocks == r->blocks || stream_agent_makes(s) ||
	    !rtcpx_party_mos(&x.mos, r, &t->reports, t->cur.clock))
		return;
	t->heard_blocks = r->blocks;
	x.loss = r->fraction_lost / 256.0;
	if (t->cur.clock)
		x.jitter_ms = 1e3 * r->jitter / t->cur.clock;
	if (r->has_rtt)
		x.rtt_ms += (double)r->rtt / 1e6;
	if (t->reports.has_rtt)
		x.rtt_ms += (double)t->reports.rtt / 1e6;
	quality_add(&t->mos, &x);
}

/* ---- encoded here ------------------------------------------------------------- */

/** What a party sends, up to us, and what it gets, from us on */
struct ways {
	struct quality_sample in, out;
	double held_ms; /* in our jitter buffer                    */
	bool came;      /* anything                                */
	bool told;      /* there is a new report of what it gets   */
	bool knows;     /* there was one, ever                     */
};

static void look_in(struct ways *w, struct quality_count *last,
		    const struct bridge_stats *st)
{
	const uint64_t lost = st->lost - last->lost;
	/* what came too late was counted as lost before */
	const uint64_t came = st->packets - last->packets -
			      (st->late - last->late);
	double delay;

	w->came = came > 0;
	w->held_ms = st->held_us / 1e3;
	w->in.loss = came + lost ? (double)lost / (double)(came + lost) : 0;
	w->in.jitter_ms = st->jitter_us / 1e3;
	w->in.rtt_ms = st->rtt_us / 1e3;
	delay = w->in.rtt_ms / 2 +
		(st->target_us ? w->held_ms : 2 * w->in.jitter_ms);
	w->in.mos = rtcpx_mos(delay, w->in.loss);
	last->packets = st->packets;
	last->lost = st->lost;
	last->late = st->late;
}

static void look_out(struct ways *w, struct quality_count *last,
		     const struct bridge_stats *st)
{
	w->knows = st->far_reports > 0;
	w->told = st->far_reports != last->reports;
	w->out.loss = st->far_lost / 256.0;
	w->out.jitter_ms = st->far_jitter_us / 1e3;
	w->out.rtt_ms = st->rtt_us / 1e3;
	w->out.mos = rtcpx_mos(w->out.rtt_ms / 2 + 2 * w->out.jitter_ms,
			       w->out.loss);
	last->reports = st->far_reports;
}

static bool look(struct ways *w, struct stream *s, uint64_t now)
{
	struct bridge_stats st;

	memset(w, 0, sizeof(*w));
	if (!stream_agent_stats(s, &st))
		return false;
	/* another bridge, which counts from 0 */
	if (st.packets < s->counted.packets || st.lost < s->counted.lost ||
	    st.late < s->counted.late || st.far_reports < s->counted.reports)
		memset(&s->counted, 0, sizeof(s->counted));
	s->counted.at = now;
	w->in.at = w->out.at = (uint64_t)time(NULL);
	look_in(w, &s->counted, &st);
	look_out(w, &s->counted, &st);

	return true;
}

/* What comes by `in` of the one goes by `out` of the other */
static void join(struct stream *s, const struct ways *from,
		 const struct ways *to)
{
	struct quality_sample x = from->in;
	/* its receiver evens out what we did not */
	const double jitter = to->knows           ? to->out.jitter_ms
			      : from->held_ms > 0 ? 0
						  : from->in.jitter_ms;

	x.loss = 1 - (1 - from->in.loss) * (1 - to->out.loss);
	x.jitter_ms = jitter;
	x.rtt_ms = from->in.rtt_ms + to->out.rtt_ms;
	x.mos = rtcpx_mos(x.rtt_ms / 2 + from->held_ms + 2 * jitter, x.loss);
	quality_add(&s->mos, &x);
}

static void look_at(struct stream *s, struct stream *t, uint64_t now)
{
	struct ways sw, tw;

	if (!look(&sw, s, now) || !look(&tw, t, now))
		return;
	if (sw.came && agent_decodes(s))
		quality_add(&s->mos_in, &sw.in);
	if (tw.came && agent_decodes(t))
		quality_add(&t->mos_in, &tw.in);
	if (sw.told)
		quality_add(&s->mos_out, &sw.out);
	if (tw.told)
		quality_add(&t->mos_out, &tw.out);
	if (sw.came && stream_agent_makes(t))
		join(s, &sw, &tw);
	if (tw.came && stream_agent_makes(s))
		join(t, &tw, &sw);
}

void quality_look(struct media_call *c, uint64_t now, uint64_t least)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data, *t = stream_peer(s);
			const uint64_t at = s->counted.at;

			if (!t || !stream_agent_first(s) ||
			    !stream_in_agent(s) || t->agent != s->agent)
				continue;
			if (!at)
				s->counted.at = now;
			else if (now - at >= least)
				look_at(s, t, now);
		}
	}
}

/* ---- told ----------------------------------------------------------------------- */

static double mean(const struct stream *s)
{
	struct quality_sample x;

	return s && quality_average(&x, &s->mos) ? x.mos : 0;
}

static bool is_of_slot(struct le *le, void *arg)
{
	const struct stream *s = le->data;

	return s->slot[0] == *(uint32_t *)arg;
}

void media_leg_quality(const struct media *m, uint32_t slot, double *in,
		       double *out)
{
	const struct stream *s = list_ledata(
		hash_lookup(m->locals, slot, is_of_slot, &slot));

	*in = s ? mean(s) : 0;
	*out = s ? mean(stream_peer(s)) : 0;
}
