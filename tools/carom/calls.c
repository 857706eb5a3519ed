/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file calls.c  carom calls: what the agent knows of each call, and how its
 * legs fare
 */
#include "callstore.h"
#include "callview.h"
#include "legmos.h"

static int print_list(struct cli *cli, struct list *recl,
		      const struct callview_figures *f)
{
	struct table *t = NULL;
	struct le *le;
	int err;

	if (list_isempty(recl)) {
		fprintf(cli->out, "no calls\n");
		return CLI_OK;
	}

	err = callview_table(&t);
	for (le = list_head(recl); le && !err; le = le->next)
		callview_row(t, le->data, f);

	if (!err)
		table_hide_empty(t, "MOS");
	if (!err)
		err = table_print(t, cli->out, &cli->style);
	mem_deref(t);

	return err ? cli_fp_error("calls", err, NULL) : CLI_OK;
}

static int print_json(struct cli *cli, struct list *recl,
		      const struct callview_figures *f)
{
	struct odict *od = NULL, *arr;
	struct le *le;
	int err = odict_alloc(&od, 8);

	arr = js_arr(&err, od, "calls");
	for (le = list_head(recl); le && !err; le = le->next)
		callview_json(&err, arr, le->data, f);

	return cli_json(cli, err ? mem_deref(od) : od);
}

static int show_one(struct cli *cli, const char *id,
		    const struct callview_figures *f)
{
	struct callrec *rec = NULL;
	struct list recl = LIST_INIT;
	int err, code = callstore_find(cli, id, &rec);

	if (code)
		return code;

	if (cli->json) {
		list_append(&recl, &rec->le, rec);
		code = print_json(cli, &recl, f);
		list_unlink(&rec->le);
	} else {
		err = callview_print(cli, rec, f);
		code = err ? cli_fp_error("calls", err, NULL) : CLI_OK;
	}

	mem_deref(rec);

	return code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct callview_figures f = {NULL, NULL};
	struct list recl = LIST_INIT;
	struct odict *mos;
	struct fp *fp = NULL;
	struct fp_err e = {""};
	int err, code = cli_config(cli, false);
	(void)cfg;

	if (code)
		return code;

	/* the store is the list; the maps add the figures where they are */
	err = fp_open(&fp, cli->pin_dir, true, &e);
	if (err)
		(void)cli_fp_error("no figures", err, &e);
	f.fp = fp;
	mos = legmos_ask(cli);
	f.mos = mos;

	if (argc) {
		code = show_one(cli, argv[0], &f);
	} else {
		code = callstore_all(cli, &recl);
		if (!code)
			code = cli->json ? print_json(cli, &recl, &f)
					 : print_list(cli, &recl, &f);
		list_flush(&recl);
	}

	mem_deref(mos);
	mem_deref(fp);

	return code;
}

const struct cmd cmd_calls = {
	.name = "calls",
	.args = "[CALL-ID]",
	.summary = "List the calls, or show one with its parties and legs",
	.text = "Read from the agent's store, joined with the figures in the "
		"kernel: the agent may be\ndead, and its calls go on.",
	.example = "  carom calls\n  carom calls 'a84b4c76e66710@192.0.2.7'",
	.argc_max = 1,
	.run = run,
};
