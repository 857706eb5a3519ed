/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include "fake_media.h"

struct media *fake_media(void)
{
	return mem_zalloc(sizeof(struct media), NULL);
}

static void put(struct media *m, const char *fmt, ...)
{
	const size_t len = strlen(m->last);
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(m->last + len, sizeof(m->last) - len, fmt, ap);
	va_end(ap);
}

static void begin(struct media *m, const char *what)
{
	m->calls++;
	m->last[0] = '\0';
	put(m, "%s", what);
}

static void put_pl(struct media *m, const char *name, const struct pl *pl)
{
	if (pl && pl->l)
		put(m, " %s=%r", name, pl);
}

static void put_list(struct media *m, const char *name, const struct pl *v,
		     size_t c)
{
	size_t i;

	for (i = 0; i < c; i++)
		put(m, "%s%s%r", i ? "," : " ", i ? "" : name, &v[i]);
}

static void put_sa(struct media *m, const char *name, const struct sa *sa)
{
	if (sa_isset(sa, SA_ADDR))
		put(m, " %s=%j", name, sa);
}

#define PUT_FLAG(field)                                                        \
	do {                                                                   \
		if (o->field)                                                  \
			put(m, " " #field);                                    \
	} while (0)

static void put_guard(struct media *m, const struct guard *g)
{
	if (g->delay_ms)
		put(m, " delay=%u", g->delay_ms);
	if (g->mode == GUARD_OFF)
		return;
	put(m, " guard=%u", g->mode);
	if (guard_sounds(g))
		put(m, " digit=%u volume=%u", g->digit, g->volume);
	for (unsigned k = 0; k < g->freqc; k++)
		put(m, " hz=%u", g->freqv[k]);
}

static void put_trigger(struct media *m, const struct media_trigger *t)
{
	if (!t->begin.l)
		return;
	put_pl(m, "trigger", &t->begin);
	put_pl(m, "end", &t->end);
	put(m, " modes=%u,%u ms=%u digits=%u", t->on, t->off, t->ms, t->digits);
}

static void put_moh(struct media *m, const struct media_moh *h)
{
	if (!h->on)
		return;
	put_pl(m, "moh.file", &h->sound.file);
	put_pl(m, "moh.id", &h->sound.id);
	put_pl(m, "moh.blob", &h->sound.blob);
	put(m, "%s%s", h->sendrecv ? " moh.sendrecv" : "",
	    h->zero ? " moh.zero" : "");
}

static void put_attrs(struct media *m, const struct media_opts *o)
{
	for (size_t i = 0; i < o->attrc; i++) {
		const struct media_attr *at = &o->attrv[i];

		put(m, " attr%c%r:%r%s%r", "+->"[at->op], &at -> where,
		    &at -> value, at -> with.l ? ">" : "", &at->with);
	}
}

static void put_opts(struct media *m, const struct media_opts *o)
{
	static const char *const mux[] = {
		"", "offer", "require", "demux", "accept", "reject",
	};

	put_pl(m, "call", &o->call_id);
	put_pl(m, "from", &o->from_tag);
	put_pl(m, "to", &o->to_tag);
	PUT_FLAG(trust_address);
	put_pl(m, "branch", &o->via_branch);
	put_pl(m, "dir0", &o->direction[0]);
	put_pl(m, "dir1", &o->direction[1]);
	put_sa(m, "received", &o->received_from);
	put_sa(m, "media", &o->media_address);
	if (o->address_family)
		put(m, " af=%d", o->address_family == AF_INET6 ? 6 : 4);
	put_pl(m, "transport", &o->transport);
	if (o->rtcp_mux)
		put(m, " mux=%s", mux[o->rtcp_mux]);
	PUT_FLAG(strict_source);
	PUT_FLAG(asymmetric);
	PUT_FLAG(symmetric);
	PUT_FLAG(port_latching);
	PUT_FLAG(replace_origin);
	PUT_FLAG(replace_session_connection);
	PUT_FLAG(replace_username);
	PUT_FLAG(replace_session_name);
	PUT_FLAG(replace_sdp_version);
	PUT_FLAG(replace_zero_address);
	PUT_FLAG(replace_origin_full);
	PUT_FLAG(force_version);
	PUT_FLAG(generate_mid);
	PUT_FLAG(strip_extmap);
	PUT_FLAG(bundle_offer);
	PUT_FLAG(bundle_require);
	PUT_FLAG(bundle_reject);
	PUT_FLAG(reuse_codecs);
	PUT_FLAG(single_codec);
	PUT_FLAG(ice_remove);
	PUT_FLAG(ice_reject);
	PUT_FLAG(ice_force);
	PUT_FLAG(ice_optional);
	PUT_FLAG(trickle_ice);
	if (o->ice_lite)
		put(m, " ice_lite=%d", o->ice_lite);
	PUT_FLAG(dtls_off);
	PUT_FLAG(dtls_passive);
	PUT_FLAG(no_rtcp_attribute);
	put_guard(m, &o->guard);
	put_trigger(m, &o->trigger);
	PUT_FLAG(detect_dtmf);
	PUT_FLAG(osrtp_offer);
	PUT_FLAG(osrtp_accept);
	put_sa(m, "dtmf_log", &o->dtmf_log);
	PUT_FLAG(record_call);
	if (o->tos != -1)
		put(m, " tos=%d", o->tos);
	if (o->ptime)
		put(m, " ptime=%u", o->ptime);
	if (o->echo)
		put(m, " echo=%d", o->echo);
	for (size_t i = 0; i < o->removec; i++)
		put_pl(m, "remove", &o->removev[i]);
	if (o->suites.no)
		put(m, " suites_no=%x", o->suites.no);
	if (o->suites.only)
		put(m, " suites_only=%x", o->suites.only);
	for (unsigned i = 0; i < o->suites.orderc; i++)
		put(m, " suite%u=%u", i + 1, o->suites.orderv[i]);
	for (unsigned i = 0; i < o->suites.preferc; i++)
		put(m, " prefer%u=%u", i + 1, o->suites.preferv[i]);
	if (o->ptime_reverse)
		put(m, " ptime_reverse=%u", o->ptime_reverse);
	put_list(m, "transcode=", o->transcode, o->transcodec);
	put_list(m, "accept=", o->accept, o->acceptc);
	put_list(m, "consume=", o->consume, o->consumec);
	put_list(m, "set=", o->set, o->setc);
	PUT_FLAG(t38_decode);
	PUT_FLAG(t38_force);
	PUT_FLAG(t38_stop);
	PUT_FLAG(t38_fec);
	PUT_FLAG(t38_no_ecm);
	PUT_FLAG(t38_no_v17);
	PUT_FLAG(t38_no_v27ter);
	PUT_FLAG(t38_no_v29);
	PUT_FLAG(t38_no_iaf);
	PUT_FLAG(always_transcode);
	put_list(m, "strip=", o->strip, o->stripc);
	put_list(m, "mask=", o->mask, o->maskc);
	put_list(m, "offer=", o->offer, o->offerc);
	put_list(m, "except=", o->except, o->exceptc);
	put_attrs(m, o);
	put_moh(m, &o->moh);
	put_pl(m, "metadata", &o->metadata);
}

static int finish(struct media *m, struct media_err *e)
{
	if (m->err && e)
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s", m->msg);

	return m->err;
}

static int sdp(struct media *m, const char *what, const struct media_opts *o,
	       struct mbuf *out, struct media_err *e)
{
	begin(m, what);
	put_opts(m, o);
	if (m->err)
		return finish(m, e);

	return m->raw_sdp ? mbuf_write_pl(out, &o->sdp)
			  : mbuf_printf(out,
					"v=0\r\ns=%s\r\nm=audio 9 "
					"RTP/AVP 0\r\n",
					what);
}

int media_offer(struct media *m, const struct media_opts *o, struct mbuf *out,
		struct media_err *e)
{
	return sdp(m, "offer", o, out, e);
}

int media_answer(struct media *m, const struct media_opts *o, struct mbuf *out,
		 struct media_err *e)
{
	return sdp(m, "answer", o, out, e);
}

int media_candidates(struct media *m, const struct media_opts *o, bool answer,
		     struct media_err *e)
{
	begin(m, answer ? "candidates back" : "candidates");
	put_opts(m, o);

	return finish(m, e);
}

int media_delete(struct media *m, const struct pl *call_id,
		 const struct pl *from_tag, const struct pl *to_tag,
		 const struct pl *via_branch, int delay, struct odict *out)
{
	begin(m, "delete");
	put_pl(m, "call", call_id);
	put_pl(m, "from", from_tag);
	put_pl(m, "to", to_tag);
	put_pl(m, "branch", via_branch);
	put(m, " delay=%d", delay);

	return m->err ? m->err
		      : odict_entry_add(out, "created", ODICT_INT,
					(int64_t)1700000000);
}

int media_query(struct media *m, const struct pl *call_id,
		const struct pl *from_tag, const struct pl *to_tag,
		struct odict *out)
{
	begin(m, "query");
	put_pl(m, "call", call_id);
	put_pl(m, "from", from_tag);
	put_pl(m, "to", to_tag);

	return m->err ? m->err
		      : odict_entry_add(out, "created", ODICT_INT,
					(int64_t)1700000000);
}

int media_list(struct media *m, uint32_t limit, struct odict *out)
{
	char key[16], id[64];
	unsigned i;
	int err = m->err;

	begin(m, "list");
	put(m, " limit=%u", limit);

	for (i = 0; i < m->list && i < limit && !err; i++) {
		(void)re_snprintf(key, sizeof(key), "%u", i);
		(void)re_snprintf(id, sizeof(id), "call-%u@example.com", i);
		err = odict_entry_add(out, key, ODICT_STRING, id);
	}

	return err;
}

int media_statistics(struct media *m, struct odict *out)
{
	begin(m, "statistics");

	return m->err ? m->err
		      : odict_entry_add(out, "sessions", ODICT_INT, (int64_t)7);
}

static int select_and(struct media *m, const char *what,
		      const struct media_sel *sel, bool on, struct media_err *e)
{
	begin(m, what);
	put_pl(m, "call", &sel->call_id);
	put_pl(m, "from", &sel->from_tag);
	put_pl(m, "to", &sel->to_tag);
	put_sa(m, "address", &sel->address);
	put(m, "%s%s", sel->all ? " all" : "", on ? " on" : " off");

	return finish(m, e);
}

int media_block(struct media *m, const struct media_sel *sel, bool block,
		struct media_err *e)
{
	return select_and(m, "block", sel, block, e);
}

int media_block_dtmf(struct media *m, const struct media_sel *sel,
		     const struct guard *guard,
		     const struct media_trigger *trigger, struct media_err *e)
{
	int err = select_and(m, "dtmf", sel, guard->mode != GUARD_OFF, e);

	put_guard(m, guard);
	put_trigger(m, trigger);

	return err;
}

static void put_sel(struct media *m, const struct media_sel *sel)
{
	put_pl(m, "call", &sel->call_id);
	put_pl(m, "from", &sel->from_tag);
	put_sa(m, "address", &sel->address);
	put(m, "%s", sel->all ? " all" : "");
}

int media_play(struct media *m, const struct media_sel *sel,
	       const struct media_clip *what, uint64_t *duration,
	       struct media_err *e)
{
	begin(m, "play");
	put_sel(m, sel);
	put_pl(m, "file", &what->sound.file);
	put_pl(m, "blob", &what->sound.blob);
	put_pl(m, "id", &what->sound.id);
	put(m, " start=%llu times=%u max=%llu", what->start_ms, what->times,
	    what->max_ms);
	*duration = 4711;

	return finish(m, e);
}

int media_play_stop(struct media *m, const struct media_sel *sel, uint64_t *pos,
		    struct media_err *e)
{
	begin(m, "play_stop");
	put_sel(m, sel);
	*pos = 815;

	return finish(m, e);
}

int media_dtmf_info(struct media *m, const struct media_sel *sel,
		    const struct pl *type, const struct pl *body,
		    struct media_err *e)
{
	begin(m, "dtmf_info");
	put_pl(m, "call", &sel->call_id);
	put_pl(m, "from", &sel->from_tag);
	put_pl(m, "type", type);
	put_pl(m, "body", body);

	return finish(m, e);
}

int media_play_dtmf(struct media *m, const struct media_sel *sel,
		    const struct media_digit *digit, struct media_err *e)
{
	begin(m, "play_dtmf");
	put_sel(m, sel);
	put(m, " event=%u volume=%u ms=%u pause=%u", digit->event,
	    digit->volume, digit->ms, digit->pause_ms);

	return finish(m, e);
}

int media_silence(struct media *m, const struct media_sel *sel, bool on,
		  struct media_err *e)
{
	return select_and(m, "silence", sel, on, e);
}

int media_record(struct media *m, const struct pl *call_id,
		 enum media_rec action, unsigned formats,
		 const struct pl *metadata, struct media_err *e)
{
	static const char *const what[] = {"start", "stop", "pause"};

	begin(m, what[action]);
	put_pl(m, "call", call_id);
	if (formats)
		put(m, " formats=%u", formats);
	put_pl(m, "metadata", metadata);

	return finish(m, e);
}
