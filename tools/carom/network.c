/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file network.c  carom network: whose SIP is welcome
 */
#include "apiask.h"
#include "human.h"

struct networking {
	struct http_asking asking;
	const char *life;
};

static const struct opt optv[] = {
	HTTP_OPTION,
	{.name = "for",
	 .type = OPT_STR,
	 .off = offsetof(struct networking, life),
	 .arg = "TIME",
	 .help = "add, deny: until then alone; seconds, or 10m, 2h, 1d"},
	{0}};

static const struct verb verbv[] = {
	{"list", 0, 0, "network list"},
	{"add", 2, 2, "network add PREFIX trusted|allow|deny [--for TIME]"},
	{"deny", 1, 1, "network deny PREFIX [--for TIME]"},
	{"delete", 1, 1, "network delete PREFIX"},
	{0},
};

enum { VERB_ADD = 1, VERB_DENY, LIFE_MAX = 31536000 /* s */ };

static const struct table_col colv[] = {
	{"NETWORK", false, 0}, {"KIND", false, 0},   {"SET", true, 0},
	{"FROM", false, 0},    {"ENDS IN", true, 0},
};

static enum tint tint(const char *kind)
{
	if (!str_cmp(kind, "deny"))
		return TINT_BAD;

	return str_cmp(kind, "allow") ? TINT_GOOD : TINT_NONE;
}

static void row(const struct odict *o, void *arg)
{
	const char *kind = odict_string(o, "kind");
	const bool hand = ask_bool(o, "temporary");
	struct table *t = arg;
	const bool ends = odict_lookup(o, "seconds_left");
	struct human h;

	table_cell(t, TINT_NONE, "%s", odict_string(o, "prefix"));
	table_cell(t, tint(kind), "%s", kind);
	if (odict_lookup(o, "set"))
		table_cell(t, TINT_NONE, "%u", (unsigned)ask_number(o, "set"));
	else
		table_cell(t, TINT_NONE, "%s", "");
	table_cell(t, hand ? TINT_WARN : TINT_NONE, "%s%s%s",
		   hand ? "by hand" : "configuration", ends ? ", for " : "",
		   ends ? human_age(&h, ask_number(o, "seconds_left") * 1000)
			: "");
}

static const struct ask_list list = {
	.key = "networks",
	.colv = colv,
	.colc = ARRAY_SIZE(colv),
	.row = row,
	.hide = "SET",
	.nothing =
		"no networks: all sources are strangers, but for the targets",
};

/* Seconds from "600", "10m"; 0: it can't be read */
static uint32_t seconds(const char *s)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} unitv[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const size_t digits = strspn(s, "0123456789");
	const unsigned long n = digits && digits < 9 ? strtoul(s, NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(unitv); i++)
		if (s[digits] == unitv[i].unit &&
		    (!s[digits] || !s[digits + 1]) &&
		    n <= LIFE_MAX / unitv[i].seconds)
			return (uint32_t)n * unitv[i].seconds;
	return 0;
}

static int usage(const char *what)
{
	cli_error("network: %s", what);

	return CLI_USAGE;
}

/* deny: add, of that kind */
static int change(struct cli *cli, const struct networking *n,
		  const struct verb *verb, int argc, char **argv)
{
	const bool add = verb == &verbv[VERB_ADD] || verb == &verbv[VERB_DENY];
	struct odict *body = NULL, *reply = NULL;
	char path[320], prefix[280];
	int code, err = odict_alloc(&body, 4);

	apiask_escape(prefix, sizeof(prefix), argv[1]);
	(void)re_snprintf(path, sizeof(path), "/v1/networks/%s", prefix);
	js_str(&err, body, "kind", argc > 2 ? argv[2] : "deny");
	if (n->life)
		js_int(&err, body, "seconds", seconds(n->life));
	code = err ? CLI_FAIL
		   : apiask(cli, &n->asking, "network", add ? "PUT" : "DELETE",
			    path, add ? body : NULL, &reply);
	mem_deref(body);

	return code ? code : ask_print(cli, reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct networking *n = cfg;
	const struct verb *verb = ask_verb(verbv, "network", argc, argv);
	struct odict *reply = NULL;
	bool add;
	int code;

	if (!verb)
		return CLI_USAGE;
	add = verb == &verbv[VERB_ADD] || verb == &verbv[VERB_DENY];
	if (n->life && !add)
		return usage("--for goes with add and deny");
	if (n->life && !seconds(n->life))
		return usage(
			"--for: allowed: seconds, or a number with s, m, h "
			"or d, at most a year");
	code = cli_config(cli, false);
	if (code)
		return code;
	if (verb != verbv)
		return change(cli, n, verb, argc, argv);
	code = apiask_all(cli, &n->asking, "network", "/v1/networks", list.key,
			  &reply);
	if (code)
		return code;

	return cli->json ? cli_json(cli, reply) : ask_table(cli, &list, reply);
}

const struct cmd cmd_network = {
	.name = "network",
	.args = "[list | add PREFIX KIND | deny PREFIX | delete PREFIX]",
	.summary = "Show and change which networks' SIP is welcome",
	.text = "deny: all that comes from there is dropped, before it is "
		"read. "
		"allow: no flood\nlimits. trusted: none either, and it may be "
		"sent anywhere. PREFIX is ADDRESS/BITS, or\nan address; the "
		"longest one that fits a source decides. What is added holds "
		"at once,\nin the kernel too, and goes before the "
		"configuration's of the same prefix, until\ncaromd restarts, "
		"--for TIME is over, or delete takes it back. deny PREFIX is "
		"add PREFIX deny.",
	.example = "  carom network deny 198.51.100.7 --for 10m\n"
		   "  carom network delete 198.51.100.7\n  carom network",
	.optv = optv,
	.cfg_size = sizeof(struct networking),
	.argc_max = 3,
	.run = run,
};
