/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms_store.c  Terms written to the store, and read again
 *
 * A format is "PT NAME CLOCK CHANNELS BITRATE COMPLEXITY FMTP", with 11 where no
 * complexity is asked for, a key a value of a=crypto, "-" where there is none. The store is as secret as the keys that are in it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/dict.h"
#include "media/terms.h"

enum { COMPLEXITY_NONE = 11 /* one more than there is */ };

/* ---- written -------------------------------------------------------------- */

int terms_put_formats(struct odict *o, const char *key, const struct formats *f)
{
	struct odict *arr;
	int err;

	if (!f->n)
		return 0;
	err = dict_add(&arr, o, key, ODICT_ARRAY);
	for (unsigned i = 0; i < f->n && !err; i++) {
		const struct format *x = &f->v[i];
		char n[16], text[FORMAT_FMTP + 64];

		(void)re_snprintf(n, sizeof(n), "%u", i);
		(void)re_snprintf(
			text, sizeof(text), "%u %s %u %u %u %u %s", x->pt,
			x->name[0] ? x->name : "-", x->clock, x->ch, x->bitrate,
			x->complexity < 0 ? COMPLEXITY_NONE : x->complexity,
			x->fmtp);
		err = dict_str(arr, n, text);
	}

	return err;
}

/* Which of those that were offered may be answered though the other refuses them */
static int put_accepted(struct odict *o, const struct formats *f)
{
	char text[4 * FORMATS_MAX + 1] = "";
	size_t n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		if (f->v[i].accept)
			n += (size_t)re_snprintf(text + n, sizeof(text) - n,
						 "%u ", f->v[i].pt);
	}

	return n ? dict_str(o, "accepted", text) : 0;
}

static int put_sdes(struct odict *o, const char *key, const struct sdes *s)
{
	char *text = NULL;
	int err;

	if (s->key.suite == SRTPX_NONE)
		return dict_str(o, key, "-");
	err = re_sdprintf(&text, "%H", sdes_print, s);
	if (!err)
		err = dict_str(o, key, text);
	mem_deref(text);

	return err;
}

static int put_key(struct odict *o, const char *key, const struct srtpx_key *k)
{
	struct sdes s;

	memset(&s, 0, sizeof(s));
	s.key = *k;

	return put_sdes(o, key, &s);
}

static int put_keys(struct odict *o, const struct keys *k)
{
	struct odict *x, *arr;
	int err;

	if (!k->on)
		return 0;
	err = dict_add(&x, o, "keys", ODICT_OBJECT);
	if (err)
		return err;
	err |= put_key(x, "rx", &k->rx);
	err |= put_key(x, "tx", &k->tx);
	err |= put_sdes(x, "asked", &k->asked);
	err |= dict_add(&arr, x, "offered", ODICT_ARRAY);
	for (unsigned i = 0; i < k->offerc && !err; i++) {
		char n[16];

		(void)re_snprintf(n, sizeof(n), "%u", i);
		err = put_sdes(arr, n, &k->offerv[i]);
	}

	return err;
}

/* A candidate is "PRIORITY ADDR:PORT" */
static int put_peer(struct odict *o, const char *key, const struct ice_peer *p)
{
	struct odict *x, *arr;
	int err;

	if (!p->ufrag[0])
		return 0;
	err = dict_add(&x, o, key, ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(x, "ufrag", p->ufrag);
	err |= dict_str(x, "pwd", p->pwd);
	err |= dict_str(x, "mid", p->mid);
	err |= dict_int(x, "lite", p->lite);
	err |= dict_int(x, "trickle", p->trickle);
	err |= dict_int(x, "ended", p->ended);
	err |= dict_add(&arr, x, "candidates", ODICT_ARRAY);
	for (unsigned i = 0; i < p->candc && !err; i++) {
		char n[16], text[96];

		(void)re_snprintf(n, sizeof(n), "%u", i);
		(void)re_snprintf(text, sizeof(text), "%u %J", p->candv[i].prio,
				  &p->candv[i].addr);
		err = dict_str(arr, n, text);
	}

	return err;
}

static int put_ice(struct odict *o, const struct terms *t)
{
	struct odict *x;
	char pair[80] = "";
	int err = dict_add(&x, o, "ice", ODICT_OBJECT);

	if (err)
		return err;
	if (sa_isset(&t->pair, SA_ALL))
		(void)re_snprintf(pair, sizeof(pair), "%J", &t->pair);
	err |= dict_int(x, "on", t->ice);
	err |= dict_int(x, "next", t->next_ice);
	err |= dict_str(x, "ufrag", t->lite.ufrag);
	err |= dict_str(x, "pwd", t->lite.pwd);
	err |= dict_str(x, "next_ufrag", t->next_lite.ufrag);
	err |= dict_str(x, "next_pwd", t->next_lite.pwd);
	err |= dict_int(x, "full", t->full);
	err |= dict_int(x, "next_full", t->next_full);
	err |= dict_int(x, "controlling", t->controlling);
	err |= put_peer(x, "peer", &t->peer);
	err |= put_peer(x, "next_peer", &t->next_peer);
	err |= dict_str(x, "pair", pair);
	err |= dict_int(x, "relayed", t->pair_relayed);

	return err;
}

int terms_put(struct odict *o, const struct terms *t)
{
	struct odict *x;
	int err;

	if (!t)
		return 0;
	err = dict_add(&x, o, "terms", ODICT_OBJECT);
	if (err)
		return err;
	err |= terms_put_formats(x, "own", &t->own);
	err |= terms_put_formats(x, "told", &t->told);
	err |= terms_put_formats(x, "next_own", &t->next_own);
	err |= terms_put_formats(x, "next_told", &t->next_told);
	err |= put_accepted(x, &t->next_own);
	err |= put_keys(x, &t->keys);
	if (t->rtcp_rx.suite != SRTPX_NONE) {
		err |= put_key(x, "rtcp_rx", &t->rtcp_rx);
		err |= put_key(x, "rtcp_tx", &t->rtcp_tx);
	}
	err |= dtls_put(x, "dtls", &t->dtls);
	err |= dtls_put(x, "next_dtls", &t->next_dtls);
	err |= fax_put(x, "fax", &t->fax);
	err |= fax_put(x, "next_fax", &t->next_fax);
	err |= dict_str(x, "proto", t->proto);
	if (t->ice || t->next_ice)
		err |= put_ice(x, t);
	err |= dict_int(x, "ptime", t->ptime);
	err |= dict_int(x, "sent", t->sent);
	err |= dict_int(x, "next_sent", t->next_sent);
	err |= dict_int(x, "osrtp", t->osrtp);

	return err;
}

/* ---- read ------------------------------------------------------------------ */

static struct pl next_word(struct pl *rest)
{
	struct pl w = *rest;
	const char *p = pl_strchr(rest, ' ');

	w.l = p ? (size_t)(p - rest->p) : rest->l;
	pl_advance(rest, (ssize_t)(w.l + (p ? 1 : 0)));

	return w;
}

static void get_format(struct formats *f, const char *text)
{
	struct format *x = &f->v[f->n];
	struct pl rest, w;

	if (f->n >= FORMATS_MAX)
		return;
	memset(x, 0, sizeof(*x));
	pl_set_str(&rest, text);
	w = next_word(&rest);
	x->pt = (uint8_t)(pl_u32(&w) & 0x7f);
	w = next_word(&rest);
	if (pl_strcmp(&w, "-"))
		(void)pl_strcpy(&w, x->name, sizeof(x->name));
	w = next_word(&rest);
	x->clock = pl_u32(&w);
	w = next_word(&rest);
	x->ch = (uint8_t)pl_u32(&w);
	w = next_word(&rest);
	x->bitrate = pl_u32(&w);
	w = next_word(&rest);
	x->complexity = (int)pl_u32(&w);
	if (x->complexity >= COMPLEXITY_NONE)
		x->complexity = -1;
	(void)pl_strcpy(&rest, x->fmtp, sizeof(x->fmtp));
	++f->n;
}

void terms_load_formats(struct formats *f, const struct odict *o,
			const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_ARRAY, key);
	struct le *le;

	for (le = e ? list_head(&e->u.odict->lst) : NULL; le; le = le->next) {
		const struct odict_entry *x = le->data;

		if (x->type == ODICT_STRING)
			get_format(f, x->u.str);
	}
}

static void get_accepted(struct formats *f, const char *text)
{
	struct pl rest = PL_INIT, w;

	pl_set_str(&rest, text);
	while (pl_isset(&rest)) {
		w = next_word(&rest);
		for (unsigned i = 0; i < f->n; i++)
			f->v[i].accept |= f->v[i].pt == pl_u32(&w);
	}
}

static void get_sdes(struct sdes *s, const char *text)
{
	struct pl pl = PL_INIT;

	pl_set_str(&pl, text);
	if (!pl_isset(&pl) || !pl_strcmp(&pl, "-") ||
	    sdes_decode(s, &pl) != SDES_OK)
		memset(s, 0, sizeof(*s));
}

static void get_key(struct srtpx_key *k, const struct odict *o,
		    const char *name)
{
	struct sdes s;

	get_sdes(&s, odict_string(o, name));
	*k = s.key;
}

static void get_keys(struct keys *k, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "keys");
	const struct odict_entry *arr;
	struct le *le;

	if (!e)
		return;
	k->on = true;
	get_key(&k->rx, e->u.odict, "rx");
	get_key(&k->tx, e->u.odict, "tx");
	get_sdes(&k->asked, odict_string(e->u.odict, "asked"));
	arr = odict_get_type(e->u.odict, ODICT_ARRAY, "offered");
	for (le = arr ? list_head(&arr->u.odict->lst) : NULL;
	     le && k->offerc < KEYS_OFFERS; le = le->next) {
		const struct odict_entry *x = le->data;

		if (x->type == ODICT_STRING)
			get_sdes(&k->offerv[k->offerc++], x->u.str);
	}
}

static void get_text(char *to, size_t size, const struct odict *o,
		     const char *key)
{
	const char *text = odict_string(o, key);
	struct pl pl;

	if (!text)
		return;
	pl_set_str(&pl, text);
	(void)pl_strcpy(&pl, to, size);
}

static bool get_bool(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer;
}

static void get_candidate(struct ice_peer *p, const char *text)
{
	struct pl rest, w;

	if (p->candc >= FULL_CANDS)
		return;
	pl_set_str(&rest, text);
	w = next_word(&rest);
	p->candv[p->candc].prio = pl_u32(&w);
	if (!sa_decode(&p->candv[p->candc].addr, rest.p, rest.l))
		++p->candc;
}

static void get_peer(struct ice_peer *p, const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, key);
	const struct odict_entry *arr;
	struct le *le;

	if (!e)
		return;
	get_text(p->ufrag, sizeof(p->ufrag), e->u.odict, "ufrag");
	get_text(p->pwd, sizeof(p->pwd), e->u.odict, "pwd");
	get_text(p->mid, sizeof(p->mid), e->u.odict, "mid");
	p->lite = get_bool(e->u.odict, "lite");
	p->trickle = get_bool(e->u.odict, "trickle");
	p->ended = get_bool(e->u.odict, "ended");
	arr = odict_get_type(e->u.odict, ODICT_ARRAY, "candidates");
	for (le = arr ? list_head(&arr->u.odict->lst) : NULL; le;
	     le = le->next) {
		const struct odict_entry *x = le->data;

		if (x->type == ODICT_STRING)
			get_candidate(p, x->u.str);
	}
}

static void get_ice(struct terms *t, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "ice");
	char pair[80] = "";

	if (!e)
		return;
	t->ice = get_bool(e->u.odict, "on");
	t->next_ice = get_bool(e->u.odict, "next");
	t->full = get_bool(e->u.odict, "full");
	t->next_full = get_bool(e->u.odict, "next_full");
	t->controlling = get_bool(e->u.odict, "controlling");
	get_text(t->lite.ufrag, sizeof(t->lite.ufrag), e->u.odict, "ufrag");
	get_text(t->lite.pwd, sizeof(t->lite.pwd), e->u.odict, "pwd");
	get_text(t->next_lite.ufrag, sizeof(t->next_lite.ufrag), e->u.odict,
		 "next_ufrag");
	get_text(t->next_lite.pwd, sizeof(t->next_lite.pwd), e->u.odict,
		 "next_pwd");
	get_text(t->peer.ufrag, sizeof(t->peer.ufrag), e->u.odict,
		 "peer_ufrag"); /* before 1.0 there was no more */
	get_peer(&t->peer, e->u.odict, "peer");
	get_peer(&t->next_peer, e->u.odict, "next_peer");
	get_text(pair, sizeof(pair), e->u.odict, "pair");
	if (pair[0])
		t->pair_kept = !sa_decode(&t->pair, pair, strlen(pair));
	t->pair_relayed = t->pair_kept && get_bool(e->u.odict, "relayed");
}

static uint32_t get_uint(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer > 0 && e->u.integer <= UINT32_MAX
		       ? (uint32_t)e->u.integer
		       : 0;
}

int terms_load(struct terms **tp, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "terms");
	struct terms *t;
	struct pl proto;

	if (!e)
		return 0;
	t = mem_zalloc(sizeof(*t), NULL);
	if (!t)
		return ENOMEM;
	terms_load_formats(&t->own, e->u.odict, "own");
	terms_load_formats(&t->told, e->u.odict, "told");
	terms_load_formats(&t->next_own, e->u.odict, "next_own");
	terms_load_formats(&t->next_told, e->u.odict, "next_told");
	get_accepted(&t->next_own, odict_string(e->u.odict, "accepted"));
	get_keys(&t->keys, e->u.odict);
	get_key(&t->rtcp_rx, e->u.odict, "rtcp_rx");
	get_key(&t->rtcp_tx, e->u.odict, "rtcp_tx");
	t->resumed = t->keys.rx.suite != SRTPX_NONE;
	dtls_load(&t->dtls, e->u.odict, "dtls");
	dtls_load(&t->next_dtls, e->u.odict, "next_dtls");
	fax_load(&t->fax, e->u.odict, "fax");
	fax_load(&t->next_fax, e->u.odict, "next_fax");
	get_ice(t, e->u.odict);
	pl_set_str(&proto, odict_string(e->u.odict, "proto"));
	(void)pl_strcpy(&proto, t->proto, sizeof(t->proto));
	t->osrtp = get_uint(e->u.odict, "osrtp") > 0;
	t->ptime = get_uint(e->u.odict, "ptime");
	t->sent = get_uint(e->u.odict, "sent");
	t->next_sent = get_uint(e->u.odict, "next_sent");
	*tp = t;

	return 0;
}
