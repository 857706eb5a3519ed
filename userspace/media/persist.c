/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/persist.c  Calls written to the store
 *
 * One JSON object under ("media", Call-ID). Ports and remotes are in it, so
 * that a new process takes a call over while its legs go on. Numbers that a
 * reader of another version does not know are left alone.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/persist.h"
#include "media/group.h"
#include "media/absent.h"
#include "media/moh.h"
#include "media/note.h"
#include "media/play.h"
#include "media/relays.h"
#include "media/terms.h"
#include "media/trigger.h"

static int put_bool(struct odict *o, const char *key, bool val)
{
	return val ? odict_entry_add(o, key, ODICT_BOOL, val) : 0;
}

static int put_sa(struct odict *o, const char *key, const struct sa *sa)
{
	char buf[80];

	if (!sa_isset(sa, SA_ADDR))
		return 0;

	(void)re_snprintf(buf, sizeof(buf), "%J", sa);

	return dict_str(o, key, buf);
}

static int put_mask(struct odict *o, const char *key, const uint32_t v[4])
{
	char buf[40];

	(void)re_snprintf(buf, sizeof(buf), "%08x%08x%08x%08x", v[0], v[1],
			  v[2], v[3]);

	return dict_str(o, key, buf);
}

static int put_desc(struct odict *o, const char *key, const struct desc *d)
{
	struct odict *x;
	int err;

	if (!d->known)
		return 0;

	err = dict_add(&x, o, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= put_bool(x, "active", d->active);
	err |= put_bool(x, "held", d->held);
	err |= dict_int(x, "dir", d->dir);
	err |= dict_int(x, "media", d->media);
	err |= put_sa(x, "remote", &d->remote);
	err |= put_sa(x, "rtcp", &d->rtcp);
	err |= put_bool(x, "mux", d->mux);
	err |= put_bool(x, "credible", d->credible);
	err |= put_bool(x, "strict", d->strict);
	err |= put_bool(x, "any_src", d->any_src);
	err |= put_bool(x, "filter", d->filter);
	err |= put_mask(x, "pt", d->pt);
	err |= dict_int(x, "dtmf_pt", d->dtmf_pt);
	err |= dict_int(x, "clock", d->clock);
	err |= dict_str(x, "type", d->type);
	err |= dict_str(x, "proto", d->proto);

	return err;
}

static int put_guard(struct odict *o, const struct guard *g)
{
	struct odict *x, *freqs;
	int err;

	if (g->mode == GUARD_OFF && !g->delay_ms)
		return 0;
	err = dict_add(&x, o, "guard", ODICT_OBJECT);
	if (!err)
		err = dict_add(&freqs, x, "freqs", ODICT_ARRAY);
	if (err)
		return err;
	err |= dict_int(x, "mode", g->mode);
	err |= dict_int(x, "digit", g->digit);
	err |= dict_int(x, "volume", g->volume);
	err |= dict_int(x, "delay", g->delay_ms);
	for (unsigned i = 0; i < g->freqc; i++) {
		char key[8];

		(void)re_snprintf(key, sizeof(key), "%u", i);
		err |= dict_int(freqs, key, g->freqv[i]);
	}

	return err;
}

static int put_stream(struct odict *arr, const struct stream *s)
{
	struct odict *o;
	char key[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", s->idx);
	err = dict_add(&o, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_int(o, "idx", s->idx);
	if (s->iface) {
		err |= dict_str(o, "iface", s->iface->name);
		err |= put_sa(o, "local", &s->local);
	}
	err |= put_desc(o, "cur", &s->cur);
	if (s->staged)
		err |= put_desc(o, "next", &s->next);
	err |= put_mask(o, "sent", s->sent);
	err |= put_mask(o, "prev", s->prev);
	err |= put_bool(o, "sent_filter", s->sent_filter);
	err |= dict_int(o, "sent_dtmf", s->sent_dtmf);
	err |= put_bool(o, "mux_sent", s->mux_sent);
	err |= put_bool(o, "mux", s->mux);
	err |= put_bool(o, "blocked", s->blocked);
	err |= put_guard(o, &s->guard);
	err |= trigger_put(o, s->trigger);
	err |= dict_int(o, "ssrc_out", s->ssrc_out);
	err |= dict_int(o, "ssrc_keep", s->ssrc_keep);
	err |= group_put(o, &s->grp);
	err |= absent_put(o, s);
	err |= terms_put(o, s->terms);
	err |= relayport_put(o, s->relay);
	err |= note_put(o, "note", s->note);
	err |= note_put(o, "next_note", s->next_note);
	err |= play_put(o, s->play);

	return err;
}

static int64_t index_of(const struct media_call *c, const struct party *p)
{
	int64_t n = 0;
	struct le *le;

	for (le = list_head(&c->parties); le; le = le->next, n++) {
		if (le->data == p)
			return n;
	}

	return -1;
}

static int put_oldtags(struct odict *o, const struct party *p)
{
	struct odict *arr;
	struct le *le;
	int err;

	if (list_isempty(&p->oldtags))
		return 0;

	err = dict_add(&arr, o, "oldtags", ODICT_ARRAY);
	for (le = list_head(&p->oldtags); le && !err; le = le->next) {
		const struct oldtag *t = le->data;
		char key[16];

		(void)re_snprintf(key, sizeof(key), "%zu",
				  odict_count(arr, false));
		err = dict_str(arr, key, t->tag);
	}

	return err;
}

static int put_party(struct odict *arr, const struct party *p, unsigned n)
{
	struct odict *o, *streams;
	char key[16];
	struct le *le;
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", n);
	err = dict_add(&o, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_str(o, "tag", p->tag);
	err |= dict_str(o, "branch", p->branch);
	err |= put_oldtags(o, p);
	err |= dict_int(o, "offerer", index_of(p->call, p->offerer));
	err |= dict_int(o, "peer", index_of(p->call, p->peer));
	err |= dict_int(o, "created", (int64_t)p->created);
	err |= put_bool(o, "answered", p->answered);
	err |= dict_int(o, "mux_opt", p->mux_opt);
	err |= put_bool(o, "mux_accept", p->mux_accept);
	err |= put_bool(o, "mux_reject", p->mux_reject);
	err |= moh_put(o, p);
	if (p->echo != PARTY_HEARD)
		err |= dict_int(o, "echo", p->echo);
	if (p->sdp_sent) {
		err |= dict_int(o, "sdp_version", (int64_t)p->sdp_version);
		err |= dict_int(o, "sdp_hash", p->sdp_hash);
	}
	err |= dict_add(&streams, o, "streams", ODICT_ARRAY);

	for (le = list_head(&p->streams); le && !err; le = le->next)
		err = put_stream(streams, le->data);

	return err;
}

static int put_call(struct odict *o, const struct media_call *c)
{
	struct odict *parties;
	unsigned n = 0;
	struct le *le;
	int err = 0;

	err |= dict_int(o, "version", PERSIST_VERSION);
	err |= dict_int(o, "created", (int64_t)c->created);
	err |= dict_int(o, "signalled", (int64_t)c->signalled);
	err |= dict_int(o, "delete_at", (int64_t)c->delete_wall);
	err |= put_bool(o, "answered", c->answered);
	err |= dict_int(o, "dscp", c->dscp);
	err |= put_bool(o, "detect_dtmf", c->detect_dtmf);
	if (sa_isset(&c->dtmf_log, SA_ALL))
		err |= put_sa(o, "dtmf_log", &c->dtmf_log);
	err |= dict_int(o, "recording", c->rec_formats);
	err |= put_bool(o, "rec_paused", c->rec_paused);
	err |= dict_str(o, "metadata", c->metadata);
	if (err)
		return err;

	err = dict_add(&parties, o, "parties", ODICT_ARRAY);
	for (le = list_head(&c->parties); le && !err; le = le->next)
		err = put_party(parties, le->data, n++);

	return err;
}

int call_store(const struct media_call *c)
{
	struct odict *o = NULL;
	struct pl key, val;
	char *json = NULL;
	int err;

	if (!c->m->store)
		return 0;

	err = odict_alloc(&o, 32);
	if (!err)
		err = put_call(o, c);
	if (!err)
		err = re_sdprintf(&json, "%H", json_encode_odict, o);
	if (err)
		goto out;

	pl_set_str(&key, c->id);
	pl_set_str(&val, json);
	err = store_put(c->m->store, PERSIST_KIND, &key, &val);

out:
	mem_deref(json);
	mem_deref(o);

	return err;
}

void call_unstore(const struct media_call *c)
{
	struct pl key;
	int err;

	if (!c->m->store)
		return;

	pl_set_str(&key, c->id);
	err = store_del(c->m->store, PERSIST_KIND, &key);
	if (err)
		log_warn("media: call %s could not be removed from the "
			 "store: %m",
			 c->id, err);
}
