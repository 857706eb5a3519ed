/* SPDX-License-Identifier: BSD-2-Clause */
/* A binding as it is shown */
#include <errno.h>
#include <string.h>
#include "base/jsonput.h"
#include "base/put.h"
#include "registrar/view.h"

static void str(int *err, struct odict *o, const char *key,
		const struct pl *val)
{
	char *text = NULL;

	if (*err || !val->l)
		return;
	*err = pl_strdup(&text, val);
	if (!*err)
		*err = odict_entry_add(o, key, ODICT_STRING, text);
	mem_deref(text);
}

static void num(int *err, struct odict *o, const char *key, uint64_t n)
{
	if (!*err)
		*err = odict_entry_add(o, key, ODICT_INT, (int64_t)n);
}

int registration_json(struct odict **op, const struct binding *b, uint64_t now)
{
	struct odict *o = NULL;
	char src[64];
	struct pl pl;
	int err = odict_alloc(&o, 16);

	str(&err, o, "aor", &b->aor);
	str(&err, o, "id", &b->id);
	str(&err, o, "contact", &b->uri);
	if (!err)
		err = odict_entry_add(o, "q", ODICT_DOUBLE,
				      (double)b->q / LOCATION_Q);
	num(&err, o, "expires_in", b->expires > now ? b->expires - now : 0);
	num(&err, o, "registered_for", now > b->since ? now - b->since : 0);
	str(&err, o, "call_id", &b->callid);
	num(&err, o, "cseq", b->cseq);
	(void)re_snprintf(src, sizeof(src), "%J", &b->src);
	pl_set_str(&pl, src);
	str(&err, o, "source", &pl);
	pl_set_str(&pl, msg_transp_name(b->transp));
	str(&err, o, "transport", &pl);
	if (!err)
		err = odict_entry_add(o, "direct", ODICT_BOOL, b->direct);
	str(&err, o, "instance", &b->instance);
	if (b->reg_id)
		num(&err, o, "reg_id", b->reg_id);
	str(&err, o, "path", &b->path);
	str(&err, o, "user_agent", &b->agent);
	if (b->rtt)
		num(&err, o, "rtt_us", b->rtt);
	if (b->failed)
		num(&err, o, "unanswered", b->failed);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

static int optional(struct mbuf *mb, const char *name, const struct pl *val)
{
	return val->l ? jsonput_str(mb, name, val) : 0;
}

static int whence(struct mbuf *mb, const struct binding *b)
{
	int err = jsonput_name(mb, "source");
	struct pl transp;

	err = err ? err : PUT(mb, "\"");
	err = err ? err : put_addr(mb, &b->src);
	err = err ? err : PUT(mb, "\"");
	pl_set_str(&transp, msg_transp_name(b->transp));
	err = err ? err : jsonput_str(mb, "transport", &transp);
	return err ? err : jsonput_bool(mb, "direct", b->direct);
}

static int preference(struct mbuf *mb, uint16_t q)
{
	int err = jsonput_name(mb, "q");

	err = err ? err : put_u64(mb, q / LOCATION_Q);
	err = err ? err : PUT(mb, ".");
	return err ? err : put_digits(mb, q % LOCATION_Q, 3);
}

int registration_print(struct mbuf *mb, const struct binding *b, uint64_t now)
{
	int err = PUT(mb, "{");

	err = err ? err : jsonput_str(mb, "aor", &b->aor);
	err = err ? err : jsonput_str(mb, "id", &b->id);
	err = err ? err : jsonput_str(mb, "contact", &b->uri);
	err = err ? err : preference(mb, b->q);
	err = err ? err
		  : jsonput_u64(mb, "expires_in",
				b->expires > now ? b->expires - now : 0);
	err = err ? err
		  : jsonput_u64(mb, "registered_for",
				now > b->since ? now - b->since : 0);
	err = err ? err : optional(mb, "call_id", &b->callid);
	err = err ? err : jsonput_u64(mb, "cseq", b->cseq);
	err = err ? err : whence(mb, b);
	err = err ? err : optional(mb, "instance", &b->instance);
	if (!err && b->reg_id)
		err = jsonput_u64(mb, "reg_id", b->reg_id);
	err = err ? err : optional(mb, "path", &b->path);
	err = err ? err : optional(mb, "user_agent", &b->agent);
	if (!err && b->rtt)
		err = jsonput_u64(mb, "rtt_us", b->rtt);
	if (!err && b->failed)
		err = jsonput_u64(mb, "unanswered", b->failed);
	return err ? err : PUT(mb, "}");
}
