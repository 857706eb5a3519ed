/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatcher.c  carom dispatcher: sets of SIP targets, and their states
 */
#include "apiask.h"
#include "human.h"

struct dispatcher {
	struct http_asking ask; /* first */
	const char *set;
	const char *reason;
};

static const struct opt optv[] = {
	{.name = "set",
	 .key = 's',
	 .type = OPT_STR,
	 .off = offsetof(struct dispatcher, set),
	 .arg = "ID",
	 .help = "this set alone"},
	{.name = "reason",
	 .key = 'r',
	 .type = OPT_STR,
	 .off = offsetof(struct dispatcher, reason),
	 .arg = "TEXT",
	 .help = "why a state is set, for those who look later"},
	HTTP_OPTION,
	{0},
};

static const struct verb verbv[] = {
	{"list", 0, 0, "dispatcher list"},
	{"set", 2, 2, "dispatcher set URI active|inactive|disabled"},
	{"ping", 0, 1, "dispatcher ping [URI]"},
	{"reload", 0, 0, "dispatcher reload"},
	{0},
};

static const struct table_col colv[] = {
	{"SET", true, 0},     {"TARGET", false, 0}, {"DUID", false, 4},
	{"STATE", false, 0},  {"SHARE", true, 0},   {"PRIORITY", true, 3},
	{"WEIGHT", true, 2},  {"LATENCY", true, 0}, {"SINCE", true, 1},
	{"REASON", false, 0},
};

static enum tint tint(const char *state)
{
	if (!str_cmp(state, "active"))
		return TINT_GOOD;
	if (!str_cmp(state, "trying"))
		return TINT_WARN;

	return str_cmp(state, "inactive") ? TINT_DIM : TINT_BAD;
}

static const char *text(const struct odict *o, const char *key)
{
	const char *s = odict_string(o, key);

	return s ? s : "";
}

/* ---- list ------------------------------------------------------------- */

/* With the address, where the URI has a name */
static void cell_target(struct table *t, const struct odict *o)
{
	const char *uri = text(o, "uri"), *addr = text(o, "address");
	const char *port = strrchr(addr, ':');
	char host[64] = "";

	if (port && (size_t)(port - addr) < sizeof(host))
		memcpy(host, addr, (size_t)(port - addr));
	if (*host && !strstr(uri, host))
		table_cell(t, TINT_NONE, "%s (%s)", uri, addr);
	else
		table_cell(t, TINT_NONE, "%s", uri);
}

static void row(const struct odict *o, void *arg)
{
	const char *state = text(o, "state");
	struct table *t = arg;
	struct human h;

	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "set"));
	cell_target(t, o);
	table_cell(t, TINT_NONE, "%s", text(o, "duid"));
	table_cell(t, tint(state), "%s", state);
	table_cell(t, TINT_NONE, "%.1f %%",
		   (double)ask_number(o, "slots_permille") / 10.0);
	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "priority"));
	table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "weight"));
	if (ask_number(o, "answers"))
		table_cell(t, TINT_NONE, "%.2f ms",
			   (double)ask_number(o, "latency_us") / 1000.0);
	else
		table_cell(t, TINT_DIM, "-");
	table_cell(t, TINT_NONE, "%s",
		   human_age(&h, ask_number(o, "since_ms")));
	table_cell(t, TINT_NONE, "%s", text(o, "reason"));
}

static const struct ask_list table = {
	.key = "targets",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "DUID",
	.nothing = "no targets",
};

/* All targets, or those of --set */
static int list(struct cli *cli, const struct dispatcher *d,
		struct odict **reply)
{
	char path[400] = "/v1/dispatchers/targets", set[300];

	if (!d->set)
		return apiask_all(cli, &d->ask, "dispatcher", path, table.key,
				  reply);
	apiask_escape(set, sizeof(set), d->set);
	(void)re_snprintf(path, sizeof(path), "/v1/dispatchers/%s/targets",
			  set);

	return apiask_all(cli, &d->ask, "dispatcher", path, table.key, reply);
}

/* ---- states ------------------------------------------------------------- */

struct setting {
	struct cli *cli;
	const struct dispatcher *d;
	const char *name, *state;
	unsigned n;
	int code;
};

static void set_one(const struct odict *o, void *arg)
{
	struct setting *s = arg;
	struct odict *body = NULL, *reply = NULL;
	char path[1024], uri[900];
	int err;

	if (s->code || (strcmp(text(o, "uri"), s->name) != 0 &&
			strcmp(text(o, "duid"), s->name) != 0))
		return;
	apiask_escape(uri, sizeof(uri), text(o, "uri"));
	(void)re_snprintf(path, sizeof(path),
			  "/v1/dispatchers/%u/targets/%s/state",
			  (unsigned)ask_number(o, "set"), uri);
	err = odict_alloc(&body, 4);
	js_str(&err, body, "state", s->state);
	if (s->d->reason)
		js_str(&err, body, "reason", s->d->reason);
	s->code = err ? CLI_FAIL
		      : apiask(s->cli, &s->d->ask, "dispatcher", "PUT", path,
			       body, &reply);
	mem_deref(reply);
	mem_deref(body);
	++s->n;
}

/* A target may be in several sets */
static int set(struct cli *cli, const struct dispatcher *d, const char *name,
	       const char *state)
{
	struct setting s = {.cli = cli, .d = d, .name = name, .state = state};
	struct odict *all = NULL;

	s.code = list(cli, d, &all);
	if (s.code)
		return s.code;
	ask_each(ask_array(all, table.key), set_one, &s);
	mem_deref(all);
	if (s.code)
		return s.code;
	if (!s.n) {
		cli_error("dispatcher: no target %s; carom dispatcher list "
			  "shows them",
			  name);
		return CLI_FAIL;
	}
	fprintf(cli->out, "%s: done, %u target%s\n", name, s.n,
		s.n == 1 ? "" : "s");

	return CLI_OK;
}

/* ---- ping --------------------------------------------------------------- */

struct ping {
	struct cli *cli;
	uint64_t timeout; /* ms */
	bool failed;
};

static void print_ping(const struct odict *o, void *arg)
{
	const unsigned code = (unsigned)ask_number(o, "last_code");
	struct ping *p = arg;

	p->failed |= ask_number(o, "fails") > 0;
	if (p->cli->json)
		return;
	fprintf(p->cli->out, "set %u  %s  ", (unsigned)ask_number(o, "set"),
		text(o, "uri"));
	if (code)
		fprintf(p->cli->out, "%u in %.2f ms%s", code,
			(double)ask_number(o, "last_us") / 1000.0,
			ask_number(o, "fails") ? ", which is no sign of life "
						 "(sip.probe.accept)"
					       : "");
	else
		fprintf(p->cli->out, "no answer within %u ms",
			(unsigned)p->timeout);
	fprintf(p->cli->out, "; %s\n", text(o, "state"));
}

static int ping(struct cli *cli, const struct dispatcher *d, const char *uri)
{
	struct odict *body = NULL, *reply = NULL;
	struct ping p = {.cli = cli};
	char *end = NULL;
	int code, err = odict_alloc(&body, 4);
	const unsigned long id = d->set ? strtoul(d->set, &end, 10) : 0;

	if (d->set && (!*d->set || *end)) {
		cli_error("dispatcher: --set '%s': allowed: the id of a set, "
			  "a number",
			  d->set);
		mem_deref(body);
		return CLI_USAGE;
	}
	if (d->set)
		js_int(&err, body, "set", (int64_t)id);
	if (uri)
		js_str(&err, body, "target", uri);
	code = err ? CLI_FAIL
		   : apiask(cli, &d->ask, "dispatcher", "POST",
			    "/v1/dispatchers/ping", body, &reply);
	mem_deref(body);
	if (code)
		return code;
	p.timeout = ask_number(reply, "timeout_ms");
	ask_each(ask_array(reply, table.key), print_ping, &p);
	if (cli->json)
		code = cli_json(cli, reply);
	else
		mem_deref(reply);

	return p.failed ? CLI_FAIL : code;
}

/* ------------------------------------------------------------------------ */

static int reload(struct cli *cli, const struct dispatcher *d)
{
	struct odict *reply = NULL;
	const int code = apiask(cli, &d->ask, "dispatcher", "POST",
				"/v1/dispatchers/reload", NULL, &reply);

	return code ? code : ask_print(cli, reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "dispatcher", argc, argv);
	const struct dispatcher *d = cfg;
	struct odict *reply = NULL;
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (code)
		return code;
	if (!strcmp(verb->name, "set"))
		return set(cli, d, argv[1], argv[2]);
	if (!strcmp(verb->name, "ping"))
		return ping(cli, d, argc > 1 ? argv[1] : NULL);
	if (!strcmp(verb->name, "reload"))
		return reload(cli, d);
	code = list(cli, d, &reply);
	if (code)
		return code;

	return cli->json ? cli_json(cli, reply) : ask_table(cli, &table, reply);
}

const struct cmd cmd_dispatcher = {
	.name = "dispatcher",
	.args = "[list | set URI STATE | ping [URI] | reload]",
	.summary = "Show and change the sets of SIP targets",
	.text = "SHARE is how much of a set's new calls a target gets now. A "
		"target is named by its\nURI or its duid. set: active, "
		"inactive "
		"(probes bring it back) or disabled (they\ndon't). ping: one "
		"OPTIONS at once, and its answer; exit code 1 where one is not "
		"alive.\nreload: read the list again; calls under way stay "
		"where they are.",
	.example = "  carom dispatcher\n  carom dispatcher set "
		   "sip:192.0.2.7:5060 disabled --reason upgrade\n"
		   "  carom dispatcher ping sip:192.0.2.7:5060",
	.optv = optv,
	.cfg_size = sizeof(struct dispatcher),
	.argc_max = 3,
	.run = run,
};
