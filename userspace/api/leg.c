/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/legs: local media ports, with the kernel's figures */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "fastpath/fastpath.h"
#include "media/media.h"

/* Lives as long as the API */
struct legs {
	const struct fp *fp;
	const struct media *m;
};

static int put_addr(struct odict *o, const char *key, const struct sa *sa)
{
	char text[64];

	if (!sa_isset(sa, SA_ALL))
		return 0;
	(void)re_snprintf(text, sizeof(text), "%J", sa);

	return odict_entry_add(o, key, ODICT_STRING, text);
}

struct number {
	const char *key;
	int64_t n;
};

static int put_numbers(struct odict *o, const struct number *v, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = odict_entry_add(o, v[i].key, ODICT_INT, v[i].n);

	return err;
}

/* RTCP and what is no RTP have neither sequence numbers nor a clock */
static int put_rtp(struct odict *leg, const struct fp_leg_stats *st)
{
	const struct number v[] = {
		{"payload_type", st->pt},
		{"clock_rate", st->clock_rate},
		{"lost", st->lost},
		{"reordered", st->reordered},
		{"duplicate", st->duplicate},
		{"ssrc_changes", st->ssrc_changes},
	};
	struct odict *o = NULL;
	char ssrc[16];
	int err;

	if (!st->packets || (st->media != LEG_RTP && st->media != LEG_SRTP))
		return 0;
	(void)re_snprintf(ssrc, sizeof(ssrc), "0x%08x", st->ssrc);
	err = odict_alloc(&o, 8);
	if (!err)
		err = odict_entry_add(o, "ssrc", ODICT_STRING, ssrc);
	if (!err)
		err = put_numbers(o, v, ARRAY_SIZE(v));
	if (!err)
		err = odict_entry_add(o, "jitter_ms", ODICT_DOUBLE,
				      st->jitter_ms);
	if (!err)
		err = odict_entry_add(leg, "rtp", ODICT_OBJECT, o);
	mem_deref(o);

	return err;
}

static int put_reasons(struct odict *leg, const struct fp_leg_stats *st)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	for (unsigned i = 0; i < CAROM_R_LEG_MAX && !err; i++)
		if (st->count[i])
			err = odict_entry_add(o, fp_reason_name(i), ODICT_INT,
					      (int64_t)st->count[i]);
	if (!err)
		err = odict_entry_add(leg, "reasons", ODICT_OBJECT, o);
	mem_deref(o);

	return err;
}

/* How it sounds, where the agent knows it */
static int put_mos(struct odict *leg, const struct media *m, uint32_t slot,
		   const struct fp_leg_stats *st)
{
	double in = 0, out = 0;
	int err = 0;

	if (st->media != LEG_RTCP)
		media_leg_quality(m, slot, &in, &out);
	if (in > 0)
		err = odict_entry_add(leg, "mos_in", ODICT_DOUBLE, in);
	if (!err && out > 0)
		err = odict_entry_add(leg, "mos_out", ODICT_DOUBLE, out);

	return err;
}

static int view(struct odict **op, const struct legs *l, uint32_t slot,
		const struct fp_leg_stats *st)
{
	const struct number v[] = {{"packets", (int64_t)st->packets},
				   {"bytes", (int64_t)st->bytes}};
	struct odict *o = NULL;
	char id[16];
	int err = odict_alloc(&o, 16);

	(void)re_snprintf(id, sizeof(id), "%u", slot);
	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, id);
	if (!err)
		err = put_addr(o, "local", &st->local);
	if (!err)
		err = odict_entry_add(o, "state", ODICT_STRING,
				      fp_state_name(st->state));
	if (!err)
		err = odict_entry_add(o, "why", ODICT_STRING,
				      fp_why_name(st->why));
	if (!err)
		err = odict_entry_add(o, "media", ODICT_STRING,
				      fp_media_name(st->media));
	if (!err)
		err = odict_entry_add(o, "latch", ODICT_STRING,
				      fp_latch_name(st->latch));
	if (!err)
		err = put_addr(o, "source", &st->remote);
	if (!err)
		err = put_addr(o, "peer_leg", &st->peer_local);
	if (!err)
		err = put_addr(o, "peer", &st->peer_remote);
	if (!err)
		err = put_numbers(o, v, ARRAY_SIZE(v));
	if (!err && st->age_ms != UINT64_MAX)
		err = odict_entry_add(o, "age_ms", ODICT_INT,
				      (int64_t)st->age_ms);
	if (!err)
		err = put_rtp(o, st);
	if (!err)
		err = put_mos(o, l->m, slot, st);
	if (!err)
		err = put_reasons(o, st);
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

static int add(struct api_page *p, const struct legs *legs, uint32_t slot)
{
	struct fp_leg_stats st;
	struct odict *o = NULL;
	char key[16];
	struct pl pl;
	int err;

	/* as many digits for each: the order of their numbers */
	(void)re_snprintf(key, sizeof(key), "%010u", slot);
	pl_set_str(&pl, key);
	if (!api_page_wants(p, &pl) || fp_leg_stats(legs->fp, slot, &st))
		return 0;
	err = view(&o, legs, slot, &st);
	if (!err)
		err = api_page_add(p, &pl, o);
	mem_deref(o);

	return err;
}

static int legs_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", "all", NULL};
	const struct legs *legs = arg;
	const struct fp *fp = legs->fp;
	struct api_page *p = NULL;
	uint64_t all = 0;
	int err = api_query_only(req, keyv);

	if (!err)
		err = api_query_number(req, "all", 0, 1, 0, &all);
	if (!err)
		err = api_page_begin(&p, req, "legs");
	for (uint32_t i = 0; i < fp_slots(fp) && !err; i++) {
		const struct leg *l = fp_leg(fp, i);

		if (l && l->ctl.state != LEG_FREE &&
		    (all || l->ctl.state != LEG_FOREIGN))
			err = add(p, legs, i);
	}
	if (err)
		mem_deref(p);

	return err ? err : api_page_reply(p);
}

static int leg_get(struct api_req *req, void *arg)
{
	const char *id = api_param(req, "id");
	const struct legs *legs = arg;
	const struct fp *fp = legs->fp;
	struct fp_leg_stats st;
	struct odict *o = NULL;
	const bool number = strlen(id) <= 9 && !id[strspn(id, "0123456789")];
	const uint32_t slot = number ? (uint32_t)strtoul(id, NULL, 10) : 0;
	int err;

	if (!number || slot >= fp_slots(fp) || fp_leg_stats(fp, slot, &st) ||
	    st.state == LEG_FREE)
		return api_problem(req, 404, "not-found",
				   "no leg %s; allowed: the id of one that is "
				   "in use",
				   id);
	err = view(&o, legs, slot, &st);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

int api_legs(struct api *a, const struct fp *fp, const struct media *m)
{
	struct legs *l = mem_zalloc(sizeof(*l), NULL);
	int err = l ? 0 : ENOMEM;

	if (err)
		return err;
	l->fp = fp;
	l->m = m;
	err = api_route(a, "GET", "/v1/legs", API_READ, legs_get, l);
	if (!err)
		err = api_route(a, "GET", "/v1/legs/{id}", API_READ, leg_get,
				l);
	if (!err)
		err = api_keep(a, l);
	else
		mem_deref(l);

	return err;
}
