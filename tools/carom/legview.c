/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legview.c  Legs, as legs, calls and top show them
 */
#include "human.h"
#include "legview.h"

static const struct table_col colv[] = {
	{"SLOT", true, 4},    {"LOCAL", false, 0},    {"STATE", false, 0},
	{"WHY", false, 5},    {"MEDIA", false, 5},    {"SOURCE", false, 1},
	{"LATCH", false, 8},  {"PEER LEG", false, 6}, {"PACKETS", true, 0},
	{"PPS", true, 0},     {"LOST", true, 0},      {"REORD", true, 7},
	{"DUP", true, 7},     {"JITTER", true, 2},    {"MOS IN", true, 3},
	{"MOS OUT", true, 3}, {"PT", true, 5},        {"SSRC", true, 9},
	{"SEEN", true, 3},    {"REASONS", false, 0},
};

enum tint legview_tint(enum leg_state state)
{
	switch (state) {
	case LEG_RELAY:
	case LEG_AGENT:
		return TINT_GOOD;
	case LEG_BLOCKED:
	case LEG_HELD:
		return TINT_WARN;
	case LEG_FREE:
	case LEG_FOREIGN:
		break;
	}

	return TINT_DIM;
}

void legview_reasons(char *buf, size_t size, const uint32_t *count)
{
	size_t n = 0;

	buf[0] = '\0';

	for (unsigned i = 0; i < CAROM_R_LEG_MAX && n < size; i++) {
		/* these two have columns of their own */
		if (!count[i] || i == CAROM_R_RELAYED || i == CAROM_R_LATCHED)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s %u",
				      n ? ", " : "", fp_reason_name(i),
				      count[i]);
	}
}

/* RTCP and what is no RTP have neither sequence numbers nor a clock */
static bool has_rtp(const struct legview *v)
{
	return v->st.packets &&
	       (v->st.media == LEG_RTP || v->st.media == LEG_SRTP);
}

static void mos_cell(struct table *t, double mos)
{
	if (mos > 0)
		table_cell(t, mos < 3.1 ? TINT_BAD : TINT_NONE, "%.1f", mos);
	else
		table_cell(t, TINT_DIM, "%s", "");
}

static void rtp_cells(struct table *t, const struct legview *v)
{
	const struct fp_leg_stats *st = &v->st;
	struct human h;

	if (!has_rtp(v)) {
		for (int i = 0; i < 4; i++)
			table_cell(t, TINT_DIM, "-");
		mos_cell(t, 0);
		mos_cell(t, 0);
		for (int i = 0; i < 2; i++)
			table_cell(t, TINT_DIM, "-");
		return;
	}

	table_cell(t, st->lost > 0 ? TINT_BAD : TINT_NONE, "%s%s",
		   st->lost < 0 ? "-" : "",
		   human_num(&h, (double)llabs(st->lost)));
	table_cell(t, TINT_NONE, "%s", human_num(&h, st->reordered));
	table_cell(t, TINT_NONE, "%s", human_num(&h, st->duplicate));
	table_cell(t, TINT_NONE, "%.1f ms", st->jitter_ms);
	mos_cell(t, v->mos_in);
	mos_cell(t, v->mos_out);
	table_cell(t, TINT_NONE, "%u", st->pt);
	table_cell(t, TINT_NONE, "%08x", st->ssrc);
}

static void row(struct table *t, const struct legview *v)
{
	const struct fp_leg_stats *st = &v->st;
	char reasons[256];
	struct human h;

	table_cell(t, TINT_NONE, "%u", v->slot);
	table_cell(t, TINT_NONE, "%s", human_sa(&h, &st->local));
	table_cell(t, legview_tint(st->state), "%s", fp_state_name(st->state));
	table_cell(t, TINT_NONE, "%s", fp_why_name(st->why));
	table_cell(t, TINT_NONE, "%s", fp_media_name(st->media));
	table_cell(t, TINT_NONE, "%s", human_sa(&h, &st->remote));
	table_cell(t, TINT_NONE, "%s", fp_latch_name(st->latch));
	table_cell(t, TINT_NONE, "%s", human_sa(&h, &st->peer_local));
	table_cell(t, TINT_NONE, "%s", human_num(&h, (double)st->packets));
	if (v->sampled)
		table_cell(t, TINT_NONE, "%s", human_num(&h, v->pps));
	else
		table_cell(t, TINT_DIM, "-");

	rtp_cells(t, v);

	table_cell(t, TINT_NONE, "%s", human_age(&h, st->age_ms));
	legview_reasons(reasons, sizeof(reasons), st->count);
	table_cell(t, TINT_WARN, "%s", reasons);
}

int legview_table(const struct cli *cli, FILE *f, const struct legview *v,
		  size_t n, bool sampled)
{
	struct table *t = NULL;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (err)
		return err;

	for (size_t i = 0; i < n; i++)
		row(t, &v[i]);

	if (!sampled)
		table_hide(t, "PPS");
	table_hide_empty(t, "WHY");
	table_hide_empty(t, "MOS IN");
	table_hide_empty(t, "MOS OUT");
	table_hide_empty(t, "REASONS");

	err = table_print(t, f, &cli->style);
	mem_deref(t);

	return err;
}

static void mos_json(int *err, struct odict *o, const char *key, double mos)
{
	if (mos > 0)
		js_dbl(err, o, key, mos);
	else
		js_null(err, o, key);
}

static void quality_json(int *err, struct odict *o, const struct legview *v)
{
	const struct fp_leg_stats *st = &v->st;
	char ssrc[16];

	if (!has_rtp(v)) {
		js_null(err, o, "rtp");
		return;
	}

	o = js_obj(err, o, "rtp");
	(void)snprintf(ssrc, sizeof(ssrc), "0x%08x", st->ssrc);
	js_str(err, o, "ssrc", ssrc);
	js_int(err, o, "ssrc_changes", st->ssrc_changes);
	js_int(err, o, "payload_type", st->pt);
	js_int(err, o, "clock_rate", st->clock_rate);
	js_int(err, o, "lost", st->lost);
	js_int(err, o, "reordered", st->reordered);
	js_int(err, o, "duplicate", st->duplicate);
	js_dbl(err, o, "jitter_ms", st->jitter_ms);
	mos_json(err, o, "mos_in", v->mos_in);
	mos_json(err, o, "mos_out", v->mos_out);
}

void legview_json(int *err, struct odict *arr, const struct fp *fp,
		  const struct legview *v)
{
	const struct fp_leg_stats *st = &v->st;
	struct odict *o = js_obj(err, arr, NULL);
	uint32_t peer;

	js_int(err, o, "slot", v->slot);
	js_sa(err, o, "local", &st->local);
	js_str(err, o, "state", fp_state_name(st->state));
	js_str(err, o, "why", fp_why_name(st->why));
	js_str(err, o, "media", fp_media_name(st->media));
	js_sa(err, o, "source", &st->remote);
	js_str(err, o, "latch", fp_latch_name(st->latch));
	js_sa(err, o, "peer_leg", &st->peer_local);
	if (sa_isset(&st->peer_local, SA_ALL) &&
	    !fp_slot(fp, &st->peer_local, &peer))
		js_int(err, o, "peer_slot", peer);
	else
		js_null(err, o, "peer_slot");
	js_sa(err, o, "peer", &st->peer_remote);
	js_int(err, o, "packets", (int64_t)st->packets);
	js_int(err, o, "bytes", (int64_t)st->bytes);
	if (v->sampled) {
		js_dbl(err, o, "pps", v->pps);
		js_dbl(err, o, "bps", v->bps);
	}
	quality_json(err, o, v);
	if (st->age_ms == UINT64_MAX)
		js_null(err, o, "age_ms");
	else
		js_int(err, o, "age_ms", (int64_t)st->age_ms);
	js_counts(err, o, "reasons", st->count, false);
}
