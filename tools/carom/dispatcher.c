/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatcher.c  carom dispatcher: sets of SIP targets, and their states
 */
#include <unistd.h>
#include "ask.h"
#include "human.h"

struct dispatcher {
	struct asking ask; /* first */
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
	ASK_OPTION,
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

/* ---- ping --------------------------------------------------------------- */

enum { LOOK = 20 /* ms between two looks for the answer */ };

/* How many probes the targets have had their result of */
struct tally {
	const char *uri; /* these alone; NULL all */
	uint64_t v[1024];
	size_t c;
};

static bool meant(const struct odict *o, const char *uri)
{
	return !uri || !strcmp(text(o, "uri"), uri) ||
	       !strcmp(text(o, "duid"), uri);
}

static void count(const struct odict *o, void *arg)
{
	struct tally *t = arg;

	if (meant(o, t->uri) && t->c < ARRAY_SIZE(t->v))
		t->v[t->c++] = ask_number(o, "answers") +
			       ask_number(o, "timeouts");
}

/* Each target has had a result since */
static bool moved(const struct tally *a, const struct tally *b)
{
	for (size_t i = 0; i < a->c && i < b->c; i++) {
		if (a->v[i] == b->v[i])
			return false;
	}

	return true;
}

struct ping {
	struct cli *cli;
	const char *uri;
	uint64_t timeout; /* ms */
	bool failed;
};

static void print_ping(const struct odict *o, void *arg)
{
	const unsigned code = (unsigned)ask_number(o, "last_code");
	struct ping *p = arg;

	if (!meant(o, p->uri))
		return;

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

static int list(struct cli *cli, const struct dispatcher *d,
		struct odict **reply)
{
	struct odict *req = NULL;
	int err = ask_request(&req, "dispatcher", &verbv[0]);

	if (d->set)
		js_str(&err, req, "set", d->set);

	return ask(cli, &d->ask, "dispatcher", err ? mem_deref(req) : req,
		   reply);
}

/* The answers come to the agent: look until it has them */
static int ping(struct cli *cli, const struct dispatcher *d, const char *uri,
		const struct tally *before, uint64_t timeout)
{
	struct ping p = {.cli = cli, .uri = uri, .timeout = timeout};
	const uint64_t end = tmr_jiffies() + timeout + 1000;
	struct odict *reply = NULL;
	struct tally now = {.uri = uri};
	int code;

	do {
		reply = mem_deref(reply);
		(void)usleep(LOOK * 1000);
		code = list(cli, d, &reply);
		if (code)
			return code;
		now.c = 0;
		ask_each(ask_array(reply, "targets"), count, &now);
	} while (!moved(before, &now) && tmr_jiffies() < end);

	ask_each(ask_array(reply, "targets"), print_ping, &p);
	if (cli->json)
		code = cli_json(cli, reply);
	else
		mem_deref(reply);

	return p.failed ? CLI_FAIL : code;
}

/* ------------------------------------------------------------------------ */

static struct odict *request(const struct dispatcher *d,
			     const struct verb *verb, int argc, char **argv)
{
	struct odict *req = NULL;
	int err = ask_request(&req, "dispatcher", verb);

	if (d->set)
		js_str(&err, req, "set", d->set);
	if (argc > 1)
		js_str(&err, req, "uri", argv[1]);
	if (argc > 2)
		js_str(&err, req, "state", argv[2]);
	if (d->reason)
		js_str(&err, req, "reason", d->reason);

	return err ? mem_deref(req) : req;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct verb *verb = ask_verb(verbv, "dispatcher", argc, argv);
	struct odict *reply = NULL;
	const struct dispatcher *d = cfg;
	struct tally before = {.uri = argc > 1 ? argv[1] : NULL};
	int code;

	if (!verb)
		return CLI_USAGE;
	code = cli_config(cli, false);
	if (!code && !strcmp(verb->name, "ping")) {
		code = list(cli, d, &reply);
		if (!code)
			ask_each(ask_array(reply, "targets"), count, &before);
		reply = mem_deref(reply);
	}
	if (!code)
		code = ask(cli, &d->ask, "dispatcher",
			   request(d, verb, argc, argv), &reply);
	if (code)
		return code;

	if (!strcmp(verb->name, "ping")) {
		const uint64_t timeout = ask_number(reply, "timeout_ms");

		mem_deref(reply);
		return ping(cli, d, before.uri, &before, timeout);
	}

	return verb == verbv && !cli->json ? ask_table(cli, &table, reply)
					   : ask_print(cli, reply);
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
