/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/query_port.c  One local port, as the query command tells of it
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "media/dict.h"
#include "media/digits.h"
#include "media/query.h"
#include "media/relays.h"

static const char *family(const struct sa *sa)
{
	return sa_af(sa) == AF_INET6 ? "IPv6" : "IPv4";
}

static int add_addr(struct odict *o, const char *key, const struct sa *sa)
{
	struct odict *d;
	char addr[64];
	int err = dict_add(&d, o, key, ODICT_OBJECT);

	if (err)
		return err;

	(void)re_snprintf(addr, sizeof(addr), "%j", sa);
	err |= dict_str(d, "family", family(sa));
	err |= dict_str(d, "address", addr);
	err |= dict_int(d, "port", sa_port(sa));

	return err;
}

/* Everything the leg dropped is an error in rtpengine's eyes */
static uint64_t leg_errors(const struct fp_leg_stats *st)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CAROM_R_LEG_MAX; i++) {
		const char *cls = fp_reason_class(i);

		if (cls && !str_cmp(cls, "drop"))
			n += st->count[i];
	}

	return n;
}

static int add_reasons(struct odict *o, const struct fp_leg_stats *st)
{
	struct odict *d;
	int err = dict_add(&d, o, "reasons", ODICT_OBJECT);

	for (unsigned i = 0; i < CAROM_R_LEG_MAX && !err; i++) {
		if (st->count[i])
			err = dict_int(d, fp_reason_name(i), st->count[i]);
	}

	return err;
}

/* What rtpengine has no key for */
static int add_carom(struct odict *o, const struct stream *s, unsigned i,
		     const struct fp_leg_stats *st)
{
	struct odict *d;
	char peer[80];
	int err = dict_add(&d, o, "carom", ODICT_OBJECT);

	if (err)
		return err;

	err |= dict_str(d, "state", fp_state_name(st->state));
	err |= dict_str(d, "media", fp_media_name(st->media));
	err |= dict_str(d, "latch", fp_latch_name(st->latch));
	if (sa_isset(&st->peer_remote, SA_ADDR)) {
		(void)re_snprintf(peer, sizeof(peer), "%J", &st->peer_remote);
		err |= dict_str(d, "sends to", peer);
	}
	err |= odict_entry_add(d, "lost", ODICT_INT, st->lost);
	err |= dict_int(d, "reordered", st->reordered);
	err |= dict_int(d, "duplicate", st->duplicate);
	err |= odict_entry_add(d, "jitter ms", ODICT_DOUBLE, st->jitter_ms);
	err |= dict_int(d, "payload type", st->pt);
	err |= dict_int(d, "SSRC changes", st->ssrc_changes);
	err |= add_reasons(d, st);
	if (!i && digits_last(s)[0])
		err |= dict_str(d, "digits", digits_last(s));
	if (!i)
		err |= query_agent(d, s);

	return err;
}

static int add_flags(struct odict *o, const struct stream *s, unsigned i,
		     const struct fp_leg_stats *st)
{
	struct odict *d;
	int err = dict_add(&d, o, "flags", ODICT_ARRAY);

	if (err)
		return err;

	err |= dict_str(d, "0", i ? "RTCP" : "RTP");
	if (!i && s->mux)
		err |= dict_str(d, "1", "RTCP");
	err |= dict_str(d, "2", "filled");
	if (st->latch == LATCH_DONE)
		err |= dict_str(d, "3", "confirmed");
	if (st->state == LEG_RELAY)
		err |= dict_str(d, "4", "kernelized");
	if (s->cur.strict)
		err |= dict_str(d, "5", "strict source");

	return err;
}

/* rtpengine's MOS is in tenths, its round trip in us, its loss in percent */
static int add_mos(struct odict *o, const char *key,
		   const struct quality_sample *x, unsigned samples)
{
	struct odict *d;
	int err = dict_add(&d, o, key, ODICT_OBJECT);

	if (err)
		return err;

	if (!samples)
		err |= dict_int(d, "reported at", (int64_t)x->at);
	err |= dict_int(d, "MOS", lround(x->mos * 10));
	err |= dict_int(d, "round-trip time", lround(x->rtt_ms * 1000));
	err |= dict_int(d, "jitter", lround(x->jitter_ms));
	err |= dict_int(d, "packet loss", lround(x->loss * 100));
	if (samples)
		err |= dict_int(d, "samples", samples);

	return err;
}

static int add_ssrc(struct odict *ssrcs, const struct stream *s,
		    const struct fp_leg_stats *st)
{
	const struct quality *q = &s->mos;
	struct quality_sample x;
	struct odict *d;
	char key[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", st->ssrc);
	if (odict_lookup(ssrcs, key))
		return 0;

	err = dict_add(&d, ssrcs, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_int(d, "cumulative loss", st->lost);
	err |= dict_float(d, "jitter ms", st->jitter_ms);
	if (!quality_average(&x, q))
		return err;

	err |= add_mos(d, "average MOS", &x, q->samples);
	err |= add_mos(d, "lowest MOS", &q->low, 0);
	err |= add_mos(d, "highest MOS", &q->high, 0);

	return err;
}

int query_port(struct odict *arr, const struct stream *s, unsigned i,
	       struct sums *sum, struct odict *ssrcs)
{
	const struct media_call *c = s->party->call;
	const struct sa *sig = i ? &s->cur.rtcp : &s->cur.remote;
	struct fp_leg_stats st;
	struct odict *d, *n;
	struct sa local = s->local;
	char addr[64];
	uint64_t last;
	int err;

	memset(&st, 0, sizeof(st));
	if (!s->leg_on[i] || fp_leg_stats(c->m->fp, s->slot[i], &st)) {
		sa_init(&st.remote, AF_UNSPEC);
		st.age_ms = UINT64_MAX;
	}

	if (!i)
		stream_relay_add(s, &st);

	err = dict_add(&d, arr, i ? "1" : "0", ODICT_OBJECT);
	if (err)
		return err;

	sa_set_port(&local, (uint16_t)(sa_port(&s->local) + i));
	(void)re_snprintf(addr, sizeof(addr), "%j", &local);
	err |= dict_int(d, "local port", sa_port(&local));
	err |= dict_str(d, "local address", addr);
	err |= dict_str(d, "family", family(&local));

	if (s->cur.known && s->cur.active) {
		err |= add_addr(d, "endpoint",
				sa_isset(&st.remote, SA_ADDR) ? &st.remote
							      : sig);
		err |= add_addr(d, "advertised endpoint", sig);
	}

	last = c->signalled;
	if (st.age_ms != UINT64_MAX)
		last = (uint64_t)time(NULL) - st.age_ms / 1000;
	err |= dict_int(d, "last packet", last);
	err |= add_flags(d, s, i, &st);

	err |= dict_add(&n, d, "stats", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_int(n, "packets", st.packets);
	err |= dict_int(n, "bytes", st.bytes);
	err |= dict_int(n, "errors", leg_errors(&st));
	err |= add_carom(d, s, i, &st);

	sum->packets[i] += st.packets;
	sum->bytes[i] += st.bytes;
	sum->errors[i] += leg_errors(&st);

	if (!i && st.packets && st.ssrc) {
		err |= dict_int(d, "SSRC", st.ssrc);
		err |= add_ssrc(ssrcs, s, &st);
	}

	return err;
}

void call_totals(const struct media_call *c, uint64_t *packets, uint64_t *bytes,
		 uint64_t *errors)
{
	struct fp_leg_stats st;
	struct le *pe, *se;

	*packets = *bytes = *errors = 0;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;

			for (unsigned i = 0; i < 2; i++) {
				if (!s->leg_on[i] ||
				    fp_leg_stats(c->m->fp, s->slot[i], &st))
					continue;
				if (!i)
					stream_relay_add(s, &st);
				*packets += st.packets;
				*bytes += st.bytes;
				*errors += leg_errors(&st);
			}
		}
	}
}
