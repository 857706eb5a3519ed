/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/restore.c  Calls of the store, taken over at start
 *
 * Legs that are in the fast path stay as they are, with what the kernel
 * learnt; those that are not (the maps are new) are written again.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/hairpin.h"
#include "media/persist.h"
#include "media/absent.h"
#include "media/group.h"
#include "media/hello.h"
#include "media/moh.h"
#include "media/note.h"
#include "media/play.h"
#include "media/relays.h"
#include "media/terms.h"
#include "media/trigger.h"

static int64_t get_int(const struct odict *o, const char *key, int64_t dflt)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e ? e->u.integer : dflt;
}

static bool get_bool(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_BOOL, key);

	return e && e->u.boolean;
}

static struct pl get_pl(const struct odict *o, const char *key)
{
	struct pl pl = PL_INIT;

	pl_set_str(&pl, odict_string(o, key));

	return pl;
}

static void get_sa(struct sa *sa, const struct odict *o, const char *key)
{
	struct pl pl = get_pl(o, key);

	sa_init(sa, AF_UNSPEC);
	if (pl_isset(&pl))
		(void)sa_decode(sa, pl.p, pl.l);
}

static void get_mask(uint32_t v[4], const struct odict *o, const char *key)
{
	struct pl pl = get_pl(o, key);

	memset(v, 0, 4 * sizeof(*v));
	if (pl.l != 32)
		return;

	for (unsigned i = 0; i < 4; i++) {
		struct pl word = {pl.p + i * 8, 8};

		v[i] = pl_x32(&word);
	}
}

static const struct odict *get_dict(const struct odict *o, const char *key,
				    enum odict_type type)
{
	const struct odict_entry *e = odict_get_type(o, type, key);

	return e ? e->u.odict : NULL;
}

static void get_desc(struct desc *d, const struct odict *o, const char *key)
{
	const struct odict *x = get_dict(o, key, ODICT_OBJECT);
	struct pl type, proto;

	memset(d, 0, sizeof(*d));
	d->dtmf_pt = -1;
	if (!x)
		return;

	d->known = true;
	d->active = get_bool(x, "active");
	d->held = get_bool(x, "held");
	d->dir = (enum sdp_dir)(get_int(x, "dir", SDP_SENDRECV) & 3);
	d->media = (enum leg_media)(get_int(x, "media", LEG_OTHER) & 3);
	get_sa(&d->remote, x, "remote");
	get_sa(&d->rtcp, x, "rtcp");
	d->mux = get_bool(x, "mux");
	d->credible = get_bool(x, "credible");
	d->strict = get_bool(x, "strict");
	d->any_src = get_bool(x, "any_src");
	d->filter = get_bool(x, "filter");
	get_mask(d->pt, x, "pt");
	d->dtmf_pt = (int)get_int(x, "dtmf_pt", -1);
	d->clock = (uint32_t)get_int(x, "clock", 0);
	type = get_pl(x, "type");
	proto = get_pl(x, "proto");
	(void)pl_strcpy(&type, d->type, sizeof(d->type));
	(void)pl_strcpy(&proto, d->proto, sizeof(d->proto));
}

static struct iface *get_iface(struct media *m, const struct odict *o,
			       const struct sa *local)
{
	struct pl name = get_pl(o, "iface");

	for (size_t i = 0; i < m->ifacec; i++) {
		if (!pl_strcmp(&name, m->ifacev[i].name) &&
		    sa_cmp(local, &m->ifacev[i].addr, SA_ADDR))
			return &m->ifacev[i];
	}

	/* renamed in the configuration: the address is what counts */
	return iface_by_addr(m, local);
}

static int get_ports(struct stream *s, const struct odict *o)
{
	struct media *m = s->party->call->m;
	struct iface *ifc;
	struct sa local, rtcp;
	int err;

	get_sa(&local, o, "local");
	if (!sa_isset(&local, SA_ADDR))
		return 0;

	ifc = get_iface(m, o, &local);
	if (!ifc)
		return ENOENT;

	/* one that has joined another has the other's */
	err = s->grp.joined ? 0 : ports_mark(ifc->ports, sa_port(&local));
	if (err)
		return err;

	s->iface = ifc;
	s->local = rtcp = local;
	sa_set_port(&rtcp, (uint16_t)(sa_port(&local) + 1));

	err = fp_slot(m->fp, &local, &s->slot[0]);
	if (!err)
		err = fp_slot(m->fp, &rtcp, &s->slot[1]);
	if (!err && !s->grp.joined)
		hairpin_add(s);

	return err;
}

static void get_guard(struct guard *g, const struct odict *o)
{
	const struct odict *x = get_dict(o, "guard", ODICT_OBJECT);
	const struct odict *freqs = x ? get_dict(x, "freqs", ODICT_ARRAY)
				      : NULL;
	const int64_t mode = x ? get_int(x, "mode", 0) : 0;

	/* what former versions wrote */
	if (get_bool(o, "dtmf_block"))
		g->mode = GUARD_DROP;
	if (!x || mode < GUARD_OFF || mode > GUARD_DIGIT)
		return;
	g->delay_ms = (uint32_t)get_int(x, "delay", 0);
	g->mode = (enum guard_mode)mode;
	g->digit = (uint8_t)(get_int(x, "digit", 0) & 15);
	g->volume = (uint8_t)(get_int(x, "volume", 10) & 63);
	for (struct le *le = freqs ? list_head(&freqs->lst) : NULL;
	     le && g->freqc < GUARD_FREQS; le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type == ODICT_INT)
			g->freqv[g->freqc++] = (uint16_t)e->u.integer;
	}
}

static int get_stream(struct party *p, const struct odict *o)
{
	struct stream *s;
	int err;

	err = stream_get(&s, p, (unsigned)get_int(o, "idx", 0));
	if (err)
		return err;
	group_load(&s->grp, o);
	err = get_ports(s, o);
	if (err)
		return err;

	get_desc(&s->cur, o, "cur");
	get_desc(&s->next, o, "next");
	s->staged = s->next.known;
	get_mask(s->sent, o, "sent");
	get_mask(s->prev, o, "prev");
	s->sent_filter = get_bool(o, "sent_filter");
	s->sent_dtmf = (int)get_int(o, "sent_dtmf", -1);
	s->mux_sent = get_bool(o, "mux_sent");
	s->mux = get_bool(o, "mux");
	s->blocked = get_bool(o, "blocked");
	get_guard(&s->guard, o);
	s->ssrc_out = (uint32_t)get_int(o, "ssrc_out", s->ssrc_out);
	s->ssrc_keep = get_int(o, "ssrc_keep", 0);

	err = absent_load(s, o);
	if (!err)
		err = terms_load(&s->terms, o);
	if (!err)
		relays_resume(s, o);
	if (!err)
		err = note_load(&s->note, o, "note");
	if (!err)
		err = note_load(&s->next_note, o, "next_note");
	if (!err)
		err = play_load(s, o);
	if (!err)
		err = trigger_load(s, o);

	return err;
}

static int get_oldtags(struct party *p, const struct odict *o)
{
	const struct odict *arr = get_dict(o, "oldtags", ODICT_ARRAY);
	struct le *le;
	int err = 0;

	for (le = arr ? list_head(&arr->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;
		struct pl pl = PL_INIT;

		if (e->type != ODICT_STRING)
			return EBADMSG;
		pl_set_str(&pl, e->u.str);
		err = party_oldtag(p, &pl);
	}

	return err;
}

static int get_party(struct media_call *c, const struct odict *o)
{
	const struct odict *streams = get_dict(o, "streams", ODICT_ARRAY);
	struct pl tag = get_pl(o, "tag"), branch = get_pl(o, "branch");
	struct party *p;
	struct le *le;
	int err;

	err = party_alloc(&p, c, &tag, &branch);
	if (err)
		return err;

	err = get_oldtags(p, o);
	p->created = (uint64_t)get_int(o, "created", (int64_t)p->created);
	p->answered = get_bool(o, "answered");
	p->mux_opt = (enum media_rtcp_mux)get_int(o, "mux_opt", 0);
	p->mux_accept = get_bool(o, "mux_accept");
	p->echo = (enum party_echo)get_int(o, "echo", PARTY_HEARD);
	p->mux_reject = get_bool(o, "mux_reject");
	if (odict_lookup(o, "sdp_version")) {
		p->sdp_sent = true;
		p->sdp_version = (uint64_t)get_int(o, "sdp_version", 0);
		p->sdp_hash = (uint32_t)get_int(o, "sdp_hash", 0);
	}

	if (!err)
		err = moh_load(p, o);

	for (le = streams ? list_head(&streams->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		err = e->type == ODICT_OBJECT ? get_stream(p, e->u.odict)
					      : EBADMSG;
	}

	return err;
}

static struct party *nth_party(const struct media_call *c, int64_t n)
{
	struct le *le = list_head(&c->parties);

	while (le && n-- > 0)
		le = le->next;

	return n < -1 ? NULL : list_ledata(le);
}

static int get_parties(struct media_call *c, const struct odict *o)
{
	const struct odict *parties = get_dict(o, "parties", ODICT_ARRAY);
	struct le *le, *pe;
	int err = 0;

	if (!parties)
		return EBADMSG;

	for (le = list_head(&parties->lst); le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		err = e->type == ODICT_OBJECT ? get_party(c, e->u.odict)
					      : EBADMSG;
	}
	if (err)
		return err;

	pe = list_head(&c->parties);
	for (le = list_head(&parties->lst); le && pe;
	     le = le->next, pe = pe->next) {
		const struct odict_entry *e = le->data;
		struct party *p = pe->data;

		p->offerer = nth_party(c, get_int(e->u.odict, "offerer", -1));
		p->peer = nth_party(c, get_int(e->u.odict, "peer", -1));
	}

	return 0;
}

/* Wall-clock times become those of our clock; one in the future is now */
static uint64_t ago(uint64_t now_ms, int64_t wall_s)
{
	int64_t age = (int64_t)time(NULL) - wall_s;

	if (age <= 0)
		return now_ms;

	return (uint64_t)age * 1000 < now_ms ? now_ms - (uint64_t)age * 1000
					     : 0;
}

static void get_times(struct media_call *c, const struct odict *o)
{
	uint64_t now = media_now();
	int64_t at, left;

	c->created = (uint64_t)get_int(o, "created", (int64_t)c->created);
	c->signalled = (uint64_t)get_int(o, "signalled", (int64_t)c->signalled);
	c->born = ago(now, (int64_t)(c->created / 1000000));
	c->touched = ago(now, (int64_t)c->signalled);

	at = get_int(o, "delete_at", 0);
	if (at) {
		left = at - (int64_t)time(NULL);
		c->delete_wall = (uint64_t)at;
		c->delete_at = now + (left > 0 ? (uint64_t)left * 1000 : 1);
	}
}

/* Which legs are there already? With them goes what the kernel learnt */
static void adopt_legs(struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			for (unsigned i = 0;
			     i < 2 && s->iface && !s->grp.joined; i++) {
				const struct leg *l = fp_leg(c->m->fp,
							     s->slot[i]);

				s->leg_on[i] = l && l->ctl.state != LEG_FREE &&
					       l->ctl.state != LEG_FOREIGN;
				s->leg_remote[i] = i && !s->mux ? s->cur.rtcp
								: s->cur.remote;
			}
			tapsink_stream(s);
		}
	}
}

static bool in_agent(const struct stream *s)
{
	const struct leg *l = s->leg_on[0] ? fp_leg(s->party->call->m->fp,
						    s->slot[0])
					   : NULL;

	return l && l->ctl.state == LEG_AGENT;
}

static bool legs_missing(const struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;

			if (stream_state(s) != LEG_FREE && !s->leg_on[0])
				return true;
			/* the one who had its packets is dead */
			if (stream_state(s) == LEG_AGENT || in_agent(s) ||
			    agent_listens(s) || hello_welcome(s))
				return true;
		}
	}

	return false;
}

static void resume_recording(struct media_call *c, const struct odict *o)
{
	unsigned formats = (unsigned)get_int(o, "recording", 0);
	struct pl metadata = get_pl(o, "metadata");
	struct media_err e = {""};

	if (!formats)
		return;

	if (call_record(c, REC_START, formats, &metadata, &e)) {
		log_warn("media: call %s: recording does not go on: %s", c->id,
			 e.msg);
		return;
	}

	if (get_bool(o, "rec_paused"))
		(void)call_record(c, REC_PAUSE, formats, NULL, NULL);
}

static int get_call(struct media *m, const struct pl *id, const struct odict *o)
{
	struct media_call *c;
	struct pl metadata = get_pl(o, "metadata");
	int err;

	if (get_int(o, "version", 0) != PERSIST_VERSION)
		return EPROTO;

	err = call_alloc(&c, m, id);
	if (err)
		return err;

	c->answered = get_bool(o, "answered");
	c->dscp = (int)get_int(o, "dscp", -1);
	c->detect_dtmf = get_bool(o, "detect_dtmf");
	get_sa(&c->dtmf_log, o, "dtmf_log");
	if (pl_isset(&metadata))
		err = pl_strdup(&c->metadata, &metadata);
	if (!err)
		err = get_parties(c, o);
	if (err)
		goto out;

	get_times(c, o);
	adopt_legs(c);
	resume_recording(c, o);

	if (c->rec || legs_missing(c))
		(void)call_apply(c);

out:
	if (err)
		mem_deref(c);

	return err;
}

static bool load(const struct pl *key, const struct pl *value, void *arg)
{
	struct media *m = arg;
	struct odict *o = NULL;
	int err;

	err = json_decode_odict(&o, 32, value->p, value->l, 16);
	if (!err)
		err = get_call(m, key, o);
	if (err)
		log_warn("media: stored call %r is not taken over: %m", key,
			 err);
	mem_deref(o);

	return false;
}

int calls_load(struct media *m)
{
	return m->store ? store_each(m->store, PERSIST_KIND, load, m) : 0;
}
