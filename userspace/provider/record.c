/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "dns/dns.h"
#include "provider/record.h"

static const char *const transpv[] = {"udp", "tcp", "tls", "auto"};
static const enum msg_transp transp_ofv[] = {MSG_UDP, MSG_TCP, MSG_TLS,
					     MSG_TRANSP_MAX};

static void destructor(void *arg)
{
	struct record *r = arg;

	mem_deref(r->id);
	mem_deref(r->name);
	mem_deref(r->hostname);
	secret_reset(&r->secret);
	mem_deref(r->from_domain);
	for (size_t i = 0; i < r->headerc; i++) {
		mem_deref(r->headerv[i].name);
		mem_deref(r->headerv[i].value);
	}
	mem_deref(r->reg.user);
	mem_deref(r->reg.domain);
	mem_deref(r->reg.contact);
}

/* ---- reading ------------------------------------------------------------- */

static bool is_host(const char *s)
{
	struct pl pl;
	struct sa sa;

	pl_set_str(&pl, s);
	return !sa_set_str(&sa, s, 0) || dns_name_ok(&pl);
}

static void read_host(struct fields *f, const char *key, char **s, size_t min)
{
	fields_string(f, key, s, min, 253);
	if (!f->err && *s && !is_host(*s))
		(void)fields_bad(f, key,
				 "'%s'; allowed: a host's name, or an address "
				 "(IPv6 without brackets)",
				 *s);
}

/* It becomes part of a URI */
static void read_user(struct fields *f, const char *key, char **s)
{
	fields_string(f, key, s, 0, 64);
	for (const char *p = *s; p && *p && !f->err; p++)
		if (!isalnum((unsigned char)*p) &&
		    !strchr("-_.!~*'()&=+$,%/", *p))
			(void)fields_bad(f, key,
					 "'%s'; allowed: the user of a SIP URI",
					 *s);
}

static bool is_token(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-.!%*_+`'~", *s))
			return false;
	return true;
}

/* Headers that a message can have once, or that are ours to make */
static bool is_ours(const char *name)
{
	static const char *const v[] = {"Via",
					"v",
					"From",
					"f",
					"To",
					"t",
					"Call-ID",
					"i",
					"CSeq",
					"Max-Forwards",
					"Content-Length",
					"l",
					"Content-Type",
					"c",
					"Route",
					"Record-Route",
					"Contact",
					"m",
					"Authorization",
					"Proxy-Authorization",
					"RAck",
					"Require",
					"Proxy-Require"};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!str_casecmp(name, v[i]))
			return true;
	return false;
}

static void read_header(struct record *r, struct fields *f,
			const struct odict_entry *e)
{
	struct record_header *h = &r->headerv[r->headerc];

	if (strlen(e->key) > 64 || !*e->key || !is_token(e->key) ||
	    is_ours(e->key)) {
		(void)fields_bad(f, "", "'%s' is no header that can be added",
				 e->key);
		return;
	}
	r->headerc++;
	fields_string(f, e->key, &h->value, 1, 256);
	if (!f->err)
		f->err = str_dup(&h->name, e->key);
}

static void read_headers(struct record *r, struct fields *f)
{
	const struct odict *o = fields_object(f, "headers");
	struct fields in;
	struct le *le;

	if (!o)
		return;
	fields_inner(&in, f, "headers", o);
	for (le = list_head(&o->lst); le && !in.err; le = le->next) {
		if (r->headerc == RECORD_HEADERS)
			(void)fields_bad(&in, "", "allowed: %u at most",
					 RECORD_HEADERS);
		else
			read_header(r, &in, le->data);
	}
	f->err = fields_done(&in);
}

static void read_probe(struct record *r, struct fields *f,
		       const struct record_defaults *def)
{
	const struct odict *o = fields_object(f, "probe");
	struct fields in;

	r->probe.interval = def->interval;
	r->probe.timeout = def->timeout;
	r->probe.down = def->down;
	r->probe.up = def->up;
	if (!o)
		return;
	fields_inner(&in, f, "probe", o);
	fields_number(&in, "interval", &r->probe.interval, 0, 86400,
		      def->interval);
	fields_number(&in, "timeout", &r->probe.timeout, 100, 32000,
		      def->timeout);
	fields_number(&in, "down_after", &r->probe.down, 1, 100, def->down);
	fields_number(&in, "up_after", &r->probe.up, 1, 100, def->up);
	codes_read(&r->probe.codes, &in, "codes");
	f->err = fields_done(&in);
}

static void read_register(struct record *r, struct fields *f)
{
	const struct odict *o = fields_object(f, "register");
	struct fields in;

	if (!o)
		return;
	r->reg.on = true;
	fields_inner(&in, f, "register", o);
	fields_number(&in, "expires", &r->reg.expires, 60, 86400, 3600);
	read_user(&in, "user", &r->reg.user);
	read_host(&in, "domain", &r->reg.domain, 0);
	read_user(&in, "contact_user", &r->reg.contact);
	fields_bool(&in, "outbound", &r->reg.outbound, false);
	f->err = fields_done(&in);
	if (!f->err && !r->reg.user && !r->secret.username)
		(void)fields_bad(f, "register",
				 "who registers? allowed: user here, or a "
				 "username to log in with");
}

static void read_all(struct record *r, struct fields *f,
		     const struct record_defaults *def)
{
	uint32_t port;
	unsigned t;

	fields_string(f, "id", &r->id, 1, 64);
	if (!f->err && !fields_is_id(r->id))
		(void)fields_bad(f, "id",
				 "'%s'; allowed: letters, digits, '_', '-' "
				 "and '.'",
				 r->id);
	fields_string(f, "name", &r->name, 0, 128);
	read_host(f, "hostname", &r->hostname, 1);
	fields_number(f, "port", &port, 0, 65535, 0);
	r->port = (uint16_t)port;
	fields_word(f, "transport", &t, transpv, ARRAY_SIZE(transpv), 3);
	if (!f->err)
		r->transp = transp_ofv[t];
	fields_bool(f, "disabled", &r->disabled, false);
	secret_read(&r->secret, f);
	read_host(f, "from_domain", &r->from_domain, 0);
	read_headers(r, f);
	read_probe(r, f, def);
	read_register(r, f);
}

int record_decode(struct record **rp, const struct odict *o,
		  const struct record_defaults *def, struct fields_err *e)
{
	struct record *r;
	struct fields f;
	int err;

	if (!rp || !o || !def || !e)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	e->path[0] = '\0';
	fields_init(&f, o, e);
	read_all(r, &f, def);
	err = fields_done(&f);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

/* ---- and back --------------------------------------------------------------- */

static int put(struct odict *o, const char *key, const char *s)
{
	return s ? odict_entry_add(o, key, ODICT_STRING, s) : 0;
}

static int put_number(struct odict *o, const char *key, uint32_t n)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)n);
}

static int put_headers(struct odict *o, const struct record *r)
{
	struct odict *in = NULL;
	int err;

	if (!r->headerc)
		return 0;
	err = odict_alloc(&in, 8);
	for (size_t i = 0; i < r->headerc && !err; i++)
		err = put(in, r->headerv[i].name, r->headerv[i].value);
	if (!err)
		err = odict_entry_add(o, "headers", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

static int put_probe(struct odict *o, const struct record *r)
{
	struct odict *in = NULL;
	int err = odict_alloc(&in, 8);

	if (!err)
		err = put_number(in, "interval", r->probe.interval);
	if (!err)
		err = put_number(in, "timeout", r->probe.timeout);
	if (!err)
		err = put_number(in, "down_after", r->probe.down);
	if (!err)
		err = put_number(in, "up_after", r->probe.up);
	if (!err)
		err = codes_json(in, "codes", &r->probe.codes);
	if (!err)
		err = odict_entry_add(o, "probe", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

static int put_register(struct odict *o, const struct record *r)
{
	struct odict *in = NULL;
	int err;

	if (!r->reg.on)
		return 0;
	err = odict_alloc(&in, 4);
	if (!err)
		err = put_number(in, "expires", r->reg.expires);
	if (!err)
		err = put(in, "user", r->reg.user);
	if (!err)
		err = put(in, "domain", r->reg.domain);
	if (!err)
		err = put(in, "contact_user", r->reg.contact);
	if (!err)
		err = odict_entry_add(in, "outbound", ODICT_BOOL,
				      r->reg.outbound);
	if (!err)
		err = odict_entry_add(o, "register", ODICT_OBJECT, in);
	mem_deref(in);
	return err;
}

int record_json(struct odict *o, const struct record *r, bool secret)
{
	unsigned t = 0;
	int err;

	if (!o || !r)
		return EINVAL;
	while (transp_ofv[t] != r->transp && t < ARRAY_SIZE(transpv) - 1)
		t++;
	err = put(o, "id", r->id);
	if (!err)
		err = put(o, "name", r->name);
	if (!err)
		err = put(o, "hostname", r->hostname);
	if (!err && r->port)
		err = put_number(o, "port", r->port);
	if (!err)
		err = put(o, "transport", transpv[t]);
	if (!err)
		err = odict_entry_add(o, "disabled", ODICT_BOOL, r->disabled);
	if (!err)
		err = secret_json(o, &r->secret, secret);
	if (!err)
		err = put(o, "from_domain", r->from_domain);
	if (!err)
		err = put_headers(o, r);
	if (!err)
		err = put_probe(o, r);
	return err ? err : put_register(o, r);
}

bool record_same_peer(const struct record *a, const struct record *b)
{
	return !str_casecmp(a->hostname, b->hostname) && a->port == b->port &&
	       a->transp == b->transp;
}
