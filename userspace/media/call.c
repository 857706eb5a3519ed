/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/call.c  One call: its life, and when it times out
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/hairpin.h"
#include "media/play.h"
#include "media/relays.h"
#include "media/terms.h"

static uint64_t wall_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t media_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void call_destructor(void *arg)
{
	struct media_call *c = arg;

	if (c->le.list)
		--c->m->callc;
	hash_unlink(&c->he);
	list_unlink(&c->le);
	/* the streams' destructors free their legs */
	list_flush(&c->parties);
	mem_deref(c->rec);
	mem_deref(c->metadata);
	mem_deref(c->id);
}

int call_alloc(struct media_call **cp, struct media *m, const struct pl *id)
{
	struct media_call *c;
	int err;

	c = mem_zalloc(sizeof(*c), call_destructor);
	if (!c)
		return ENOMEM;

	c->m = m;
	c->dscp = m->conf.dscp;
	c->created = wall_us();
	c->born = media_now();

	err = pl_strdup(&c->id, id);
	if (err) {
		mem_deref(c);
		return err;
	}

	hash_append(m->calls, hash_joaat((const uint8_t *)id->p, id->l), &c->he,
		    c);
	list_append(&m->calll, &c->le, c);
	++m->callc;
	call_touch(c);
	*cp = c;

	return 0;
}

static bool id_matches(struct le *le, void *arg)
{
	const struct media_call *c = le->data;

	return !pl_strcmp(arg, c->id);
}

struct media_call *call_find(const struct media *m, const struct pl *id)
{
	if (!m || !pl_isset(id))
		return NULL;

	return list_ledata(
		hash_lookup(m->calls, hash_joaat((const uint8_t *)id->p, id->l),
			    id_matches, (void *)id));
}

void call_touch(struct media_call *c)
{
	c->touched = media_now();
	c->signalled = wall_us() / 1000000;
	c->check_at = 0;
	c->delete_at = 0;
	c->delete_wall = 0;
}

int call_apply(struct media_call *c)
{
	struct le *pe, *se;
	int err, e;

	err = agents_apply(c);
	agents_leave(c);

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			e = stream_apply(s);
			if (e && !err) {
				log_warn("media: call %s: leg %J: %m", c->id,
					 &s->local, e);
				err = e;
			}
			tapsink_stream(s);
		}
	}
	if (!plays_apply(c))
		return call_apply(c);
	agents_sweep(c);
	hairpins_apply(c);

	return err;
}

/* To its leg, or by its relay */
static bool came(const struct stream *s)
{
	const struct leg *l = fp_leg(s->party->call->m->fp, s->slot[0]);

	return (l && l->packets) || stream_relay_heard(s);
}

/* What a leg has seen goes into the totals with its call */
static void count_stream(const struct stream *s, struct totals *t)
{
	const struct stream *o = stream_peer(s);

	if (s->party->offerer || !o || !s->leg_on[0] || !o->leg_on[0])
		return;

	if (!came(s) && !came(o))
		++t->zeroway;
	else if (!came(s) || !came(o))
		++t->oneway;
}

static void count_call(const struct media_call *c)
{
	struct totals *t = &c->m->tot;
	uint64_t packets, bytes, errors;
	double sec = (double)(media_now() - c->born) / 1000;
	struct le *pe, *se;

	call_totals(c, &packets, &bytes, &errors);
	t->packets += packets;
	t->bytes += bytes;
	t->errors += errors;
	t->duration += sec;
	t->duration2 += sec * sec;
	++t->managed;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next)
			count_stream(se->data, t);
	}
}

void call_drop(struct media_call *c)
{
	if (c->rec && c->m->tap)
		fp_tap_flush(c->m->tap);

	count_call(c);
	call_unstore(c);
	hairpins_drop(c);
}

uint64_t call_last_packet(const struct media_call *c, uint64_t now)
{
	const struct fp *fp = c->m->fp;
	uint64_t last = 0;
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;

			for (unsigned i = 0; i < 2; i++) {
				const struct leg *l;
				uint64_t seen;

				if (!s->leg_on[i])
					continue;

				l = fp_leg(fp, s->slot[i]);
				seen = l ? leg_seen_ns(l, now * 1000000) : 0;
				if (seen > last)
					last = seen;
			}
			last = max(last, stream_relay_heard(s));
		}
	}

	return last / 1000000;
}

/* No stream that ought to carry sound both ways */
static bool is_silent(const struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;
			const struct stream *t = stream_peer(s);

			if (t && s->cur.active && t->cur.active &&
			    !s->cur.held && !t->cur.held &&
			    s->cur.dir == SDP_SENDRECV &&
			    t->cur.dir == SDP_SENDRECV)
				return false;
		}
	}

	return true;
}

/* When this limit is up; earliest: sooner of this and what was known */
static bool is_up(uint64_t since, uint32_t limit_s, uint64_t now,
		  uint64_t *earliest)
{
	uint64_t at = since + (uint64_t)limit_s * 1000;

	if (!limit_s)
		return false;

	if (at < *earliest)
		*earliest = at;

	return now >= at;
}

static bool expire(struct media_call *c, uint64_t *counter, const char *why)
{
	++*counter;
	log_info("media: call %s deleted: %s", c->id, why);
	news_tell(c, MEDIA_ENDED, why);
	call_drop(c);

	return true;
}

bool call_check(struct media_call *c, uint64_t now)
{
	const struct media_conf *conf = &c->m->conf;
	struct totals *t = &c->m->tot;
	uint64_t next = UINT64_MAX, last;
	bool silent;

	if (c->delete_at && now >= c->delete_at)
		return expire(c, &t->regular, "delete delay is over");

	if (now < c->check_at)
		return false;

	if (is_up(c->born, conf->final_timeout, now, &next))
		return expire(c, &t->final, "final timeout");

	if (!c->answered) {
		if (is_up(c->touched, conf->offer_timeout, now, &next))
			return expire(c, &t->offer, "offer never answered");
		goto out;
	}

	last = call_last_packet(c, now);
	if (last < c->touched)
		last = c->touched;

	silent = is_silent(c) && conf->silent_timeout;
	if (is_up(last, silent ? conf->silent_timeout : conf->timeout, now,
		  &next))
		return silent ? expire(c, &t->silent, "silent timeout")
			      : expire(c, &t->timeout, "no media");

out:
	c->check_at = next;

	return false;
}
