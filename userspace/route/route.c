/* SPDX-License-Identifier: BSD-2-Clause */
/* One route, as JSON has it */
#include <errno.h>
#include <string.h>
#include "route/route.h"
#include "route/zone.h"

static void destructor(void *arg)
{
	struct route *r = arg;

	mem_deref(r->id);
	mem_deref(r->name);
	mem_deref(r->prefix);
	mem_deref(r->caller);
	mem_deref(r->provider);
	mem_deref(r->zone_name);
	mem_deref(r->zone);
	mem_deref(r->called_rw);
	mem_deref(r->caller_rw);
}

static void read_id(struct fields *f, const char *key, char **s)
{
	fields_string(f, key, s, 1, 64);
	if (!f->err && !fields_is_id(*s))
		(void)fields_bad(f, key,
				 "'%s'; allowed: letters, digits, '_', '-' "
				 "and '.'",
				 *s);
}

static void read_prefix(struct fields *f, const char *key, char **s)
{
	fields_string(f, key, s, 0, ROUTE_PREFIX);
	if (!f->err && !*s)
		f->err = str_dup(s, "");
	if (!f->err && strpbrk(*s, " <>\"@:;?"))
		(void)fields_bad(f, key, "'%s' can't begin a number", *s);
}

static void read_failover(struct route *r, struct fields *f)
{
	/* busy, declined and not found are answers; that somebody is not
	 * there at the moment (480) is one, too */
	static const struct codes def = {{{408, 408}, {500, 599}}, 2};
	const struct odict *o = fields_object(f, "failover");
	struct fields in;

	r->failover = def;
	r->timeout = 8000;
	if (!o)
		return;
	fields_inner(&in, f, "failover", o);
	codes_read(&r->failover, &in, "codes");
	fields_number(&in, "timeout", &r->timeout, 100, 32000, 8000);
	f->err = fields_done(&in);
}

static void read_windows(struct route *r, struct fields *f)
{
	const struct odict *arr = fields_array(f, "windows", WINDOWS);
	struct le *le;

	for (le = arr ? list_head(&arr->lst) : NULL; le && !f->err;
	     le = le->next) {
		struct fields in;

		fields_element(&in, f, "windows", r->windowc, le->data);
		if (!in.err)
			window_read(&r->windowv[r->windowc++], &in);
		f->err = in.err;
	}
}

static void read_times(struct route *r, struct fields *f)
{
	const struct odict *o = fields_object(f, "times");
	struct fields in;
	int err;

	if (!o)
		return;
	fields_inner(&in, f, "times", o);
	fields_string(&in, "zone", &r->zone_name, 0, 64);
	if (!in.err && r->zone_name) {
		err = zone_load(&r->zone, r->zone_name);
		if (err)
			(void)fields_bad(&in, "zone",
					 "'%s': this system knows no such time "
					 "zone; allowed: as in " ZONE_DIR
					 ", such as Europe/Berlin",
					 r->zone_name);
	}
	read_windows(r, &in);
	f->err = fields_done(&in);
}

static void read_rewrites(struct route *r, struct fields *f)
{
	const struct odict *o = fields_object(f, "rewrite");
	struct fields in;

	if (!o)
		return;
	fields_inner(&in, f, "rewrite", o);
	rewrite_read(&r->called_rw, &in, "called");
	rewrite_read(&r->caller_rw, &in, "caller");
	f->err = fields_done(&in);
}

int route_decode(struct route **rp, const struct odict *o, struct fields_err *e)
{
	struct route *r;
	struct fields f;
	int err;

	if (!rp || !o || !e)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	e->path[0] = '\0';
	fields_init(&f, o, e);
	read_id(&f, "id", &r->id);
	fields_string(&f, "name", &r->name, 0, 128);
	read_prefix(&f, "prefix", &r->prefix);
	read_prefix(&f, "caller_prefix", &r->caller);
	read_id(&f, "provider", &r->provider);
	fields_number(&f, "priority", &r->priority, 0, 65535, 100);
	fields_number(&f, "weight", &r->weight, 0, 1000, 0);
	fields_real(&f, "cost", &r->cost, 1e9, 0);
	fields_bool(&f, "disabled", &r->disabled, false);
	read_failover(r, &f);
	read_times(r, &f);
	read_rewrites(r, &f);
	err = fields_done(&f);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

/* ---- and back ------------------------------------------------------------- */

static int put_string(struct odict *o, const char *key, const char *s)
{
	return s ? odict_entry_add(o, key, ODICT_STRING, s) : 0;
}

static int put_failover(struct odict *o, const struct route *r)
{
	struct odict *in = NULL;
	int err = odict_alloc(&in, 4);

	if (!err)
		err = codes_json(in, "codes", &r->failover);
	if (!err)
		err = odict_entry_add(in, "timeout", ODICT_INT,
				      (int64_t)r->timeout);
	if (!err)
		err = odict_entry_add(o, "failover", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

static int put_windows(struct odict *o, const struct route *r)
{
	struct odict *arr = NULL;
	char key[8];
	int err = odict_alloc(&arr, 8);

	for (size_t i = 0; i < r->windowc && !err; i++) {
		struct odict *w = NULL;

		err = odict_alloc(&w, 4);
		if (!err)
			err = window_json(w, &r->windowv[i]);
		(void)re_snprintf(key, sizeof(key), "%zu", i);
		if (!err)
			err = odict_entry_add(arr, key, ODICT_OBJECT, w);
		mem_deref(w);
	}
	if (!err)
		err = odict_entry_add(o, "windows", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

static int put_times(struct odict *o, const struct route *r)
{
	struct odict *in = NULL;
	int err;

	if (!r->windowc && !r->zone_name)
		return 0;
	err = odict_alloc(&in, 4);
	if (!err)
		err = put_string(in, "zone", r->zone_name);
	if (!err)
		err = put_windows(in, r);
	if (!err)
		err = odict_entry_add(o, "times", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

static int put_steps(struct odict *o, const char *key, const struct rewrite *r)
{
	struct odict *arr = NULL;
	int err;

	if (!r)
		return 0;
	err = odict_alloc(&arr, 8);
	if (!err)
		err = rewrite_json(arr, r);
	if (!err)
		err = odict_entry_add(o, key, ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

static int put_rewrites(struct odict *o, const struct route *r)
{
	struct odict *in = NULL;
	int err;

	if (!r->called_rw && !r->caller_rw)
		return 0;
	err = odict_alloc(&in, 4);
	if (!err)
		err = put_steps(in, "called", r->called_rw);
	if (!err)
		err = put_steps(in, "caller", r->caller_rw);
	if (!err)
		err = odict_entry_add(o, "rewrite", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

int route_json(struct odict *o, const struct route *r)
{
	int err;

	if (!o || !r)
		return EINVAL;
	err = put_string(o, "id", r->id);
	if (!err)
		err = put_string(o, "name", r->name);
	if (!err)
		err = put_string(o, "prefix", r->prefix);
	if (!err)
		err = put_string(o, "caller_prefix", r->caller);
	if (!err)
		err = put_string(o, "provider", r->provider);
	if (!err)
		err = odict_entry_add(o, "priority", ODICT_INT,
				      (int64_t)r->priority);
	if (!err)
		err = odict_entry_add(o, "weight", ODICT_INT,
				      (int64_t)r->weight);
	if (!err)
		err = odict_entry_add(o, "cost", ODICT_DOUBLE, r->cost);
	if (!err)
		err = odict_entry_add(o, "disabled", ODICT_BOOL, r->disabled);
	if (!err)
		err = put_failover(o, r);
	if (!err)
		err = put_times(o, r);
	return err ? err : put_rewrites(o, r);
}
