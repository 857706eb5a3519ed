/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callrec.c  A call as the agent wrote it into the store
 */
#include "callrec.h"

/** Highest version of the record that is understood here */
enum { REC_VERSION = 1, DEPTH_MAX = 16, HASH_SIZE = 32 };

static void stream_destructor(void *arg)
{
	struct callrec_stream *s = arg;

	list_unlink(&s->le);
	mem_deref(s->iface);
	mem_deref(s->type);
}

static void party_destructor(void *arg)
{
	struct callrec_party *p = arg;

	list_unlink(&p->le);
	list_flush(&p->streaml);
	mem_deref(p->tag);
	mem_deref(p->branch);
}

static void rec_destructor(void *arg)
{
	struct callrec *r = arg;

	list_unlink(&r->le);
	list_flush(&r->partyl);
	mem_deref(r->id);
}

static int get_str(char **s, const struct odict *o, const char *key)
{
	const char *val = odict_string(o, key);

	return val ? str_dup(s, val) : 0;
}

static bool get_bool(const struct odict *o, const char *key)
{
	bool val = false;

	return odict_get_boolean(o, &val, key) && val;
}

static uint64_t get_int(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer > 0 ? (uint64_t)e->u.integer : 0;
}

static const struct odict *get_dict(const struct odict *o, const char *key,
				    enum odict_type type)
{
	const struct odict_entry *e = odict_get_type(o, type, key);

	return e ? e->u.odict : NULL;
}

static int add_stream(struct callrec_party *p, const struct odict *o)
{
	struct callrec_stream *s = mem_zalloc(sizeof(*s), stream_destructor);
	const char *local = odict_string(o, "local");
	const struct odict *cur = get_dict(o, "cur", ODICT_OBJECT);
	int err;

	if (!s)
		return ENOMEM;

	list_append(&p->streaml, &s->le, s);
	s->idx = (unsigned)get_int(o, "idx");
	sa_init(&s->local, AF_UNSPEC);

	if (local && sa_decode(&s->local, local, str_len(local)))
		return EBADMSG;

	err = get_str(&s->iface, o, "iface");
	if (!err && cur) {
		s->held = get_bool(cur, "held");
		err = get_str(&s->type, cur, "type");
	}

	return err;
}

static int add_party(struct callrec *r, const struct odict *o)
{
	struct callrec_party *p = mem_zalloc(sizeof(*p), party_destructor);
	const struct odict *arr = get_dict(o, "streams", ODICT_ARRAY);
	struct le *le;
	int err;

	if (!p)
		return ENOMEM;

	list_append(&r->partyl, &p->le, p);
	p->answered = get_bool(o, "answered");

	err = get_str(&p->tag, o, "tag");
	if (!err)
		err = get_str(&p->branch, o, "branch");

	for (le = arr ? list_head(&arr->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		err = e->type == ODICT_OBJECT ? add_stream(p, e->u.odict)
					      : EBADMSG;
	}

	return err;
}

static int decode(struct callrec *r, const struct odict *o)
{
	const struct odict *arr = get_dict(o, "parties", ODICT_ARRAY);
	struct le *le;
	int err = 0;

	if (get_int(o, "version") > REC_VERSION)
		return EPROTO;
	if (!arr)
		return EBADMSG;

	r->created = get_int(o, "created");
	r->delete_at = get_int(o, "delete_at");
	r->answered = get_bool(o, "answered");
	r->recorded = get_int(o, "recording") && !get_bool(o, "rec_paused");

	for (le = list_head(&arr->lst); le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		err = e->type == ODICT_OBJECT ? add_party(r, e->u.odict)
					      : EBADMSG;
	}

	return err;
}

int callrec_decode(struct callrec **rp, const struct pl *id,
		   const struct pl *json)
{
	struct callrec *r = mem_zalloc(sizeof(*r), rec_destructor);
	struct odict *o = NULL;
	int err;

	if (!r)
		return ENOMEM;

	err = pl_strdup(&r->id, id);
	if (!err)
		err = json_decode_odict(&o, HASH_SIZE, json->p, json->l,
					DEPTH_MAX);
	if (!err)
		err = decode(r, o);

	mem_deref(o);

	if (err) {
		mem_deref(r);
		return err == ENOMEM || err == EPROTO ? err : EBADMSG;
	}

	*rp = r;

	return 0;
}

bool callrec_has_leg(const struct callrec *rec, const struct sa *local)
{
	struct le *pe, *se;

	for (pe = list_head(&rec->partyl); pe; pe = pe->next) {
		const struct callrec_party *p = pe->data;

		for (se = list_head(&p->streaml); se; se = se->next) {
			const struct callrec_stream *s = se->data;
			int n = sa_port(local) - sa_port(&s->local);

			if (sa_isset(&s->local, SA_ALL) && n >= 0 && n <= 1 &&
			    sa_cmp(&s->local, local, SA_ADDR))
				return true;
		}
	}

	return false;
}

static bool all_held(const struct callrec *rec)
{
	struct le *pe, *se;
	bool any = false;

	for (pe = list_head(&rec->partyl); pe; pe = pe->next) {
		const struct callrec_party *p = pe->data;

		for (se = list_head(&p->streaml); se; se = se->next) {
			const struct callrec_stream *s = se->data;

			any = true;
			if (!s->held)
				return false;
		}
	}

	return any;
}

const char *callrec_state(const struct callrec *rec)
{
	if (rec->delete_at)
		return "ending";
	if (!rec->answered)
		return "offered";

	return all_held(rec) ? "held" : "answered";
}
