/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file stats.c  carom stats: what became of the packets, by reason
 */
#include "carom.h"
#include "human.h"
#include "mediastats.h"
#include "sipstats.h"
#include "statsview.h"

struct stats {
	bool all;
};

static const struct opt optv[] = {
	{.name = "all",
	 .key = 'a',
	 .off = offsetof(struct stats, all),
	 .help = "the reasons that never occurred, too"},
	{0},
};

static const struct table_col colv[] = {
	{"REASON", false, 0}, {"CLASS", false, 0},   {"PACKETS", true, 0},
	{"BYTES", true, 1},   {"MEANING", false, 0},
};

static enum tint tint(const char *class)
{
	if (!strcmp(class, "drop"))
		return TINT_BAD;
	if (!strcmp(class, "punt"))
		return TINT_WARN;
	if (!strcmp(class, "relay"))
		return TINT_GOOD;

	return TINT_DIM;
}

static bool has_prefix(const char *name, const char *prefix)
{
	return !prefix || !strncmp(name, prefix, strlen(prefix));
}

int stats_table(struct cli *cli, const struct reason_count *rcv, bool all,
		const char *prefix)
{
	struct table *t = NULL;
	struct human h;
	int err = table_alloc(&t, colv, ARRAY_SIZE(colv));

	if (err)
		return err;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		const char *class = fp_reason_class(i);

		if ((!rcv[i].packets && !all) ||
		    !has_prefix(fp_reason_name(i), prefix))
			continue;

		table_cell(t, TINT_NONE, "%s", fp_reason_name(i));
		table_cell(t, tint(class), "%s", class);
		table_cell(t, TINT_NONE, "%s",
			   human_num(&h, (double)rcv[i].packets));
		table_cell(t, TINT_NONE, "%s",
			   human_num(&h, (double)rcv[i].bytes));
		table_cell(t, TINT_NONE, "%s", fp_reason_text(i));
	}

	if (table_rows(t))
		err = table_print(t, cli->out, &cli->style);
	else if (!prefix)
		fprintf(cli->out, "no packet of a media address seen so far\n");

	mem_deref(t);

	return err;
}

void stats_json(int *err, struct odict *od, const struct reason_count *rcv,
		bool all, const char *prefix)
{
	struct odict *reasons = js_obj(err, od, "reasons"), *o;

	for (unsigned i = 0; !*err && i < CAROM_R_MAX; i++) {
		if ((!rcv[i].packets && !all) ||
		    !has_prefix(fp_reason_name(i), prefix))
			continue;

		o = js_obj(err, reasons, fp_reason_name(i));
		js_str(err, o, "class", fp_reason_class(i));
		js_int(err, o, "packets", (int64_t)rcv[i].packets);
		js_int(err, o, "bytes", (int64_t)rcv[i].bytes);
		js_str(err, o, "text", fp_reason_text(i));
	}
}

static int print_json(struct cli *cli, const struct reason_count *rcv, bool all)
{
	struct odict *od = NULL;
	int err = odict_alloc(&od, 32);

	stats_json(&err, od, rcv, all, NULL);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct stats *s = cfg;
	struct reason_count rcv[CAROM_R_MAX];
	struct fp *fp = NULL;
	int err = 0, code;

	if (argc && !strcmp(argv[0], "media"))
		return mediastats(cli, s->all);
	if (argc && strcmp(argv[0], "sip") != 0) {
		cli_error("stats: '%s' is none of sip, media", argv[0]);
		return CLI_USAGE;
	}
	code = cli_open(cli, &fp);

	if (code)
		return code;

	for (unsigned i = 0; !err && i < CAROM_R_MAX; i++)
		err = fp_reason(fp, i, &rcv[i]);

	mem_deref(fp);

	if (!err && argc)
		return sipstats(cli, rcv, s->all);

	if (!err && cli->json)
		return print_json(cli, rcv, s->all);

	if (!err)
		err = stats_table(cli, rcv, s->all, NULL);

	return err ? cli_fp_error("stats", err, NULL) : CLI_OK;
}

const struct cmd cmd_stats = {
	.name = "stats",
	.args = "[sip|media]",
	.summary = "Show what became of the packets, by reason",
	.text = "Totals since the maps were created. relay: left by the peer "
		"leg; drop: ended here;\npunt: went up to the host, "
		"unmodified; note: counted beside one of these.\n\n"
		"sip: the SIP messages that the kernel forwarded, by method, "
		"and by target; what it\nleft to the agent or dropped, by "
		"reason; and what the agent did, since it runs.\n\n"
		"media: the agent's media workers and bridges, and new calls "
		"that were refused, since\nit runs.",
	.example = "  carom stats\n  carom stats --all --json\n"
		   "  carom stats sip\n  carom stats media --json",
	.optv = optv,
	.cfg_size = sizeof(struct stats),
	.argc_max = 1,
	.run = run,
};
