/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callview.c  A call with the live figures of its legs
 */
#include <time.h>
#include "callview.h"
#include "human.h"
#include "legmos.h"

enum { PORTS = 2, LEGS_MAX = 256 };

static const struct table_col colv[] = {
	{"CALL-ID", false, 0}, {"AGE", true, 4},     {"STATE", false, 0},
	{"REC", false, 6},     {"PARTIES", true, 5}, {"STREAMS", true, 5},
	{"PACKETS", true, 0},  {"LOST", true, 0},    {"JITTER", true, 3},
	{"MOS", true, 3},      {"SEEN", true, 2},
};

/** Sums over the legs of a call */
struct sums {
	uint64_t packets, bytes, age_ms;
	int64_t lost;
	double jitter_ms; /**< of the worst leg                            */
	double mos;       /**< the same; 0 not known                       */
	unsigned parties, streams, legs;
};

/** Leg n (0 RTP, 1 RTCP) of a stream, as it is in the kernel now */
static bool get_leg(const struct callrec_stream *s, unsigned n,
		    const struct callview_figures *f, struct legview *v)
{
	struct sa sa = s->local;

	if (!f->fp || !sa_isset(&s->local, SA_ALL))
		return false;

	memset(v, 0, sizeof(*v));
	sa_set_port(&sa, (uint16_t)(sa_port(&s->local) + n));

	if (fp_slot(f->fp, &sa, &v->slot) ||
	    fp_leg_stats(f->fp, v->slot, &v->st) || v->st.state == LEG_FREE)
		return false;
	legmos_fill(v, f->mos);

	return true;
}

static void add_leg(struct sums *sum, const struct legview *v)
{
	const struct fp_leg_stats *st = &v->st;

	sum->packets += st->packets;
	sum->bytes += st->bytes;
	++sum->legs;

	if (st->age_ms < sum->age_ms)
		sum->age_ms = st->age_ms;
	if (v->mos_in > 0 && (sum->mos == 0 || v->mos_in < sum->mos))
		sum->mos = v->mos_in;

	if (st->media == LEG_RTP || st->media == LEG_SRTP) {
		sum->lost += st->lost;
		if (st->jitter_ms > sum->jitter_ms)
			sum->jitter_ms = st->jitter_ms;
	}
}

static void sum_up(struct sums *sum, const struct callrec *rec,
		   const struct callview_figures *f)
{
	struct le *pe, *se;
	struct legview v;

	memset(sum, 0, sizeof(*sum));
	sum->age_ms = UINT64_MAX;

	for (pe = list_head(&rec->partyl); pe; pe = pe->next) {
		const struct callrec_party *p = pe->data;

		++sum->parties;
		for (se = list_head(&p->streaml); se; se = se->next) {
			++sum->streams;
			for (unsigned n = 0; n < PORTS; n++) {
				if (get_leg(se->data, n, f, &v))
					add_leg(sum, &v);
			}
		}
	}
}

static uint64_t age_ms(uint64_t created_us)
{
	uint64_t now = (uint64_t)time(NULL) * 1000;

	return now > created_us / 1000 ? now - created_us / 1000 : 0;
}

int callview_table(struct table **tp)
{
	return table_alloc(tp, colv, ARRAY_SIZE(colv));
}

static enum tint state_tint(const struct callrec *rec)
{
	if (rec->delete_at)
		return TINT_DIM;

	return rec->answered ? TINT_GOOD : TINT_WARN;
}

void callview_row(struct table *t, const struct callrec *rec,
		  const struct callview_figures *f)
{
	struct sums sum;
	struct human h;

	sum_up(&sum, rec, f);

	table_cell(t, TINT_NONE, "%s", rec->id);
	table_cell(t, TINT_NONE, "%s", human_age(&h, age_ms(rec->created)));
	table_cell(t, state_tint(rec), "%s", callrec_state(rec));
	table_cell(t, TINT_BAD, "%s", rec->recorded ? "rec" : "");
	table_cell(t, TINT_NONE, "%u", sum.parties);
	table_cell(t, TINT_NONE, "%u", sum.streams);

	if (!sum.legs) {
		for (int i = 0; i < 5; i++)
			table_cell(t, TINT_DIM, "%s", i == 3 ? "" : "-");
		return;
	}

	table_cell(t, TINT_NONE, "%s", human_num(&h, (double)sum.packets));
	table_cell(t, sum.lost > 0 ? TINT_BAD : TINT_NONE, "%lld",
		   (long long)sum.lost);
	table_cell(t, TINT_NONE, "%.1f ms", sum.jitter_ms);
	if (sum.mos > 0)
		table_cell(t, sum.mos < 3.1 ? TINT_BAD : TINT_NONE, "%.1f",
			   sum.mos);
	else
		table_cell(t, TINT_DIM, "%s", "");
	table_cell(t, TINT_NONE, "%s", human_age(&h, sum.age_ms));
}

static int print_party(const struct cli *cli, const struct callrec_party *p,
		       const struct callview_figures *f)
{
	struct legview *v = mem_zalloc(LEGS_MAX * sizeof(*v), NULL);
	struct le *le;
	size_t n = 0;
	int err = 0;

	if (!v)
		return ENOMEM;

	for (le = list_head(&p->streaml); le; le = le->next) {
		const struct callrec_stream *s = le->data;
		struct human h;

		fprintf(cli->out, "  %u: %s at %s%s%s%s\n", s->idx,
			s->type ? s->type : "media", human_sa(&h, &s->local),
			s->iface ? " on " : "", s->iface ? s->iface : "",
			s->held ? ", on hold" : "");

		for (unsigned i = 0; i < PORTS && n < LEGS_MAX; i++)
			n += get_leg(s, i, f, &v[n]);
	}

	if (n)
		err = legview_table(cli, cli->out, v, n, false);

	mem_deref(v);

	return err;
}

int callview_print(const struct cli *cli, const struct callrec *rec,
		   const struct callview_figures *f)
{
	time_t created = (time_t)(rec->created / 1000000);
	struct human h;
	struct tm tm;
	char when[32] = "?";
	struct le *le;
	int err = 0;

	if (localtime_r(&created, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);

	table_text(cli->out, &cli->style, TINT_HEAD, rec->id);
	fprintf(cli->out, "\n%s, since %s (%s)%s\n", callrec_state(rec), when,
		human_age(&h, age_ms(rec->created)),
		rec->recorded ? ", recorded" : "");

	for (le = list_head(&rec->partyl); le && !err; le = le->next) {
		const struct callrec_party *p = le->data;

		fprintf(cli->out, "\nparty ");
		table_text(cli->out, &cli->style, TINT_NONE,
			   p->tag ? p->tag : "with no tag yet");
		if (p->branch) {
			fprintf(cli->out, ", branch ");
			table_text(cli->out, &cli->style, TINT_NONE, p->branch);
		}
		fprintf(cli->out, "\n");
		err = print_party(cli, p, f);
	}

	return err;
}

static void json_stream(int *err, struct odict *arr,
			const struct callrec_stream *s,
			const struct callview_figures *f)
{
	struct odict *o = js_obj(err, arr, NULL), *legs;
	struct legview v;

	js_int(err, o, "index", s->idx);
	js_str(err, o, "type", s->type);
	js_str(err, o, "interface", s->iface);
	js_sa(err, o, "local", &s->local);
	js_bool(err, o, "held", s->held);

	legs = js_arr(err, o, "legs");
	for (unsigned n = 0; n < PORTS; n++) {
		if (get_leg(s, n, f, &v))
			legview_json(err, legs, f->fp, &v);
	}
}

static void json_parties(int *err, struct odict *o, const struct callrec *rec,
			 const struct callview_figures *f)
{
	struct odict *arr = js_arr(err, o, "parties"), *party, *streams;
	struct le *pe, *se;

	for (pe = list_head(&rec->partyl); pe && !*err; pe = pe->next) {
		const struct callrec_party *p = pe->data;

		party = js_obj(err, arr, NULL);
		js_str(err, party, "tag", p->tag);
		js_str(err, party, "via_branch", p->branch);
		js_bool(err, party, "answered", p->answered);
		streams = js_arr(err, party, "streams");

		for (se = list_head(&p->streaml); se; se = se->next)
			json_stream(err, streams, se->data, f);
	}
}

void callview_json(int *err, struct odict *arr, const struct callrec *rec,
		   const struct callview_figures *f)
{
	struct odict *o = js_obj(err, arr, NULL);
	struct sums sum;

	sum_up(&sum, rec, f);

	js_str(err, o, "call_id", rec->id);
	js_str(err, o, "state", callrec_state(rec));
	js_int(err, o, "created", (int64_t)(rec->created / 1000000));
	js_bool(err, o, "recorded", rec->recorded);

	if (sum.legs) {
		js_int(err, o, "packets", (int64_t)sum.packets);
		js_int(err, o, "bytes", (int64_t)sum.bytes);
		js_int(err, o, "lost", sum.lost);
		js_dbl(err, o, "jitter_ms_max", sum.jitter_ms);
		if (sum.mos > 0)
			js_dbl(err, o, "mos_min", sum.mos);
		else
			js_null(err, o, "mos_min");
	}

	if (sum.age_ms == UINT64_MAX)
		js_null(err, o, "age_ms");
	else
		js_int(err, o, "age_ms", (int64_t)sum.age_ms);

	json_parties(err, o, rec, f);
}
