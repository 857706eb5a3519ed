/* SPDX-License-Identifier: BSD-2-Clause */
/* One trunk, as JSON has it */
#include <errno.h>
#include <string.h>
#include "base/prefix.h"
#include "provider/trunk.h"

static void destructor(void *arg)
{
	struct trunk *t = arg;

	mem_deref(t->id);
	mem_deref(t->name);
	secret_reset(&t->secret);
}

static bool is_twice(const struct trunk *t, const struct trunk_net *net)
{
	for (size_t i = 0; i < t->netc; i++)
		if (t->netv[i].bits == net->bits &&
		    sa_cmp(&t->netv[i].addr, &net->addr, SA_ADDR))
			return true;
	return false;
}

static void read_nets(struct trunk *t, struct fields *f)
{
	const struct odict *arr = fields_array(f, "prefixes", TRUNK_NETS);
	struct le *le;
	size_t i = 0;

	for (le = arr ? list_head(&arr->lst) : NULL; le; le = le->next, i++) {
		const char *s = fields_text(f, "prefixes", i, le->data);
		struct trunk_net net;
		char name[32];

		if (!s)
			return;
		(void)re_snprintf(name, sizeof(name), "prefixes[%zu]", i);
		if (prefix_decode(&net.addr, &net.bits, s)) {
			(void)fields_bad(f, name,
					 "'%s'; allowed: ADDRESS/BITS, zeroes "
					 "behind the prefix",
					 s);
			return;
		}
		if (is_twice(t, &net)) {
			(void)fields_bad(f, name, "'%s' twice", s);
			return;
		}
		t->netv[t->netc++] = net;
	}
}

int trunk_decode(struct trunk **tp, const struct odict *o, struct fields_err *e)
{
	struct trunk *t;
	struct fields f;
	int err;

	if (!tp || !o || !e)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	e->path[0] = '\0';
	fields_init(&f, o, e);
	fields_string(&f, "id", &t->id, 1, 64);
	if (!f.err && !fields_is_id(t->id))
		(void)fields_bad(&f, "id",
				 "'%s'; allowed: letters, digits, '_', '-' "
				 "and '.'",
				 t->id);
	fields_string(&f, "name", &t->name, 0, 128);
	read_nets(t, &f);
	fields_number(&f, "set", &t->set, 0, INT32_MAX, UINT32_MAX);
	fields_bool(&f, "disabled", &t->disabled, false);
	secret_read(&t->secret, &f);
	if (!f.err && !t->netc && !t->secret.username)
		(void)fields_bad(&f, "",
				 "who is it? allowed: prefixes, a username, or "
				 "both");
	if (!f.err && t->netc && t->set == UINT32_MAX)
		(void)fields_bad(&f, "set",
				 "is missing: where calls from its prefixes "
				 "go");
	err = fields_done(&f);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

static int put_nets(struct odict *o, const struct trunk *t)
{
	struct odict *arr = NULL;
	char text[64], key[8];
	int err = odict_alloc(&arr, 8);

	for (size_t i = 0; i < t->netc && !err; i++) {
		(void)re_snprintf(text, sizeof(text), "%j/%u", &t->netv[i].addr,
				  t->netv[i].bits);
		(void)re_snprintf(key, sizeof(key), "%zu", i);
		err = odict_entry_add(arr, key, ODICT_STRING, text);
	}
	if (!err)
		err = odict_entry_add(o, "prefixes", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

int trunk_json(struct odict *o, const struct trunk *t, bool secret)
{
	int err;

	if (!o || !t)
		return EINVAL;
	err = odict_entry_add(o, "id", ODICT_STRING, t->id);
	if (!err && t->name)
		err = odict_entry_add(o, "name", ODICT_STRING, t->name);
	if (!err)
		err = put_nets(o, t);
	if (!err && t->set != UINT32_MAX)
		err = odict_entry_add(o, "set", ODICT_INT, (int64_t)t->set);
	if (!err)
		err = odict_entry_add(o, "disabled", ODICT_BOOL, t->disabled);
	return err ? err : secret_json(o, &t->secret, secret);
}
