/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file apiask.c  Objects of the API, and records of it
 */
#include <ctype.h>
#include "apiask.h"
#include "base/jsontext.h"

enum {
	PATIENCE = 40000, /* ms: longer than the API itself waits for others */
	GLANCE = 1000,    /* for what is shown beside what the kernel knows */
	DEPTH = 32,
	ITEMS = 4 << 20,
};

static int decode(struct odict **reply, const struct mbuf *mb, const char *what)
{
	const struct pl text = {(const char *)mb->buf, mb->end};

	*reply = NULL;
	if (!text.l)
		return CLI_OK;
	if (!jsontext_decode(reply, &text, DEPTH, ITEMS, NULL))
		return CLI_OK;
	cli_error("%s: the agent's answer is no JSON", what);

	return CLI_FAIL;
}

/* How the agent is asked */
struct asked {
	struct http_request r;
	bool maybe; /* 404 is no error */
	unsigned ms;
};

static int ask_it(struct cli *cli, const struct http_asking *a,
		  const char *what, const struct asked *k, struct odict **reply)
{
	struct mbuf *mb = mbuf_alloc(16384);
	unsigned status = 0;
	int code = mb ? http_ask(cli, a, what, &k->r, &status, http_gather, mb,
				 k->ms)
		      : CLI_FAIL;

	*reply = NULL;
	if (!code && status == 404 && k->maybe)
		code = CLI_OK;
	else if (!code && status >= 300)
		code = k->r.quiet ? CLI_FAIL : http_problem(what, status, mb);
	else if (!code)
		code = decode(reply, mb, what);
	mem_deref(mb);

	return code;
}

int apiask(struct cli *cli, const struct http_asking *a, const char *what,
	   const char *method, const char *path, const struct odict *body,
	   struct odict **reply)
{
	struct asked k = {.r = {.method = method,
				.target = path,
				.accept = "application/json"},
			  .ms = PATIENCE};
	char *text = NULL;
	struct pl pl;
	int code = CLI_OK;

	if (body && re_sdprintf(&text, "%H", json_encode_odict, body))
		code = CLI_FAIL;
	if (text) {
		pl_set_str(&pl, text);
		k.r.body = &pl;
	}
	if (!code)
		code = ask_it(cli, a, what, &k, reply);
	mem_deref(text);

	return code;
}

int apiask_there(struct cli *cli, const struct http_asking *a, const char *what,
		 const char *path, struct odict **reply)
{
	const struct asked k = {.r = {.method = "GET",
				      .target = path,
				      .accept = "application/json"},
				.maybe = true,
				.ms = PATIENCE};

	return ask_it(cli, a, what, &k, reply);
}

int apiask_quietly(struct cli *cli, const char *path, struct odict **reply)
{
	const struct asked k = {.r = {.method = "GET",
				      .target = path,
				      .accept = "application/json",
				      .quiet = true},
				.ms = GLANCE};

	return ask_it(cli, NULL, "", &k, reply);
}

void apiask_escape(char *to, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && n + 4 < size; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			to[n++] = *s;
		else
			n += (size_t)re_snprintf(to + n, size - n, "%%%02X",
						 (unsigned char)*s);
	}
	to[n] = '\0';
}

/* ---- records ------------------------------------------------------------------------ */

static int append(struct odict *all, const char *key, const struct odict *page)
{
	const struct odict *arr = ask_array(page, key);
	struct le *le;
	int err = 0;

	for (le = arr ? list_head(&arr->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;
		char nth[16];

		(void)re_snprintf(nth, sizeof(nth), "%zu",
				  odict_count(all, false));
		err = odict_entry_add(all, nth, e->type, e->u.odict);
	}

	return err;
}

int apiask_all(struct cli *cli, const struct http_asking *a, const char *what,
	       const char *path, const char *key, struct odict **reply)
{
	char url[1024], next[600] = "";
	struct odict *o = NULL, *all = NULL;
	int code = CLI_OK, err = odict_alloc(&o, 4);

	if (!err)
		err = odict_alloc(&all, 1024);
	do {
		struct odict *page = NULL;
		const char *cursor;

		(void)re_snprintf(url, sizeof(url), "%s?limit=1000%s%s", path,
				  *next ? "&cursor=" : "", next);
		code = err ? CLI_FAIL
			   : apiask(cli, a, what, "GET", url, NULL, &page);
		if (code)
			break;
		err = append(all, key, page);
		cursor = odict_string(page, "next");
		apiask_escape(next, sizeof(next), cursor ? cursor : "");
		mem_deref(page);
	} while (*next && !err);
	if (!err && !code)
		err = odict_entry_add(o, key, ODICT_ARRAY, all);
	mem_deref(all);
	if (err || code) {
		mem_deref(o);
		return CLI_FAIL;
	}
	*reply = o;

	return CLI_OK;
}

/* "times.zone  Europe/Berlin": a line for each value */
static void flat(FILE *f, const struct odict *o, const char *above)
{
	struct le *le;

	for (le = list_head(&o->lst); le; le = le->next) {
		const struct odict_entry *e = le->data;
		char name[128];

		(void)re_snprintf(name, sizeof(name), "%s%s%s", above,
				  *above ? "." : "", e->key);
		switch (e->type) {

		case ODICT_OBJECT:
		case ODICT_ARRAY:
			flat(f, e->u.odict, name);
			break;
		case ODICT_STRING:
			fprintf(f, "%-28s %s\n", name, e->u.str);
			break;
		case ODICT_INT:
			fprintf(f, "%-28s %lld\n", name,
				(long long)e->u.integer);
			break;
		case ODICT_DOUBLE:
			fprintf(f, "%-28s %g\n", name, e->u.dbl);
			break;
		case ODICT_BOOL:
			fprintf(f, "%-28s %s\n", name,
				e->u.boolean ? "true" : "false");
			break;
		default:
			break;
		}
	}
}

static int show(struct cli *cli, struct odict *reply)
{
	if (cli->json)
		return cli_json(cli, reply);
	flat(cli->out, reply, "");
	mem_deref(reply);

	return CLI_OK;
}

/* A file of JSON, or standard input */
static int read_body(struct odict **op, const char *what, const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	struct mbuf *mb = mbuf_alloc(4096);
	uint8_t buf[4096];
	struct pl text;
	size_t n, used = 0;
	int err = !f ? errno : mb ? 0 : ENOMEM;

	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = mbuf_write_mem(mb, buf, n);
	if (f && f != stdin)
		(void)fclose(f);
	if (err) {
		cli_error("%s: %s: %m", what, name, err);
	} else {
		text = (struct pl){(const char *)mb->buf, mb->end};
		err = jsontext_decode(op, &text, DEPTH, ITEMS, &used);
		if (err)
			cli_error("%s: %s: no JSON object: wrong behind byte "
				  "%zu",
				  what, name, used);
	}
	mem_deref(mb);

	return err ? CLI_FAIL : CLI_OK;
}

int apirecords_run(struct cli *cli, const struct http_asking *a,
		   const struct apirecords *r, const struct verb *verb,
		   int argc, char **argv)
{
	struct odict *reply = NULL, *body = NULL;
	char path[512], id[256] = "";
	int code;

	if (argc > 1)
		apiask_escape(id, sizeof(id), argv[1]);
	(void)re_snprintf(path, sizeof(path), "%s/%s", r->path, id);
	if (!strcmp(verb->name, "list")) {
		code = apiask_all(cli, a, r->what, r->path, r->list->key,
				  &reply);
		if (code)
			return code;
		return cli->json ? cli_json(cli, reply)
				 : ask_table(cli, r->list, reply);
	}
	if (!strcmp(verb->name, "show")) {
		code = apiask(cli, a, r->what, "GET", path, NULL, &reply);
		return code ? code : show(cli, reply);
	}
	if (!strcmp(verb->name, "set")) {
		code = read_body(&body, r->what, argv[2]);
		if (!code)
			code = apiask(cli, a, r->what, "PUT", path, body,
				      &reply);
		mem_deref(body);
		return code ? code : show(cli, reply);
	}
	if (strcmp(verb->name, "delete") != 0)
		return -1;
	code = apiask(cli, a, r->what, "DELETE", path, NULL, &reply);
	mem_deref(reply);

	return code;
}
