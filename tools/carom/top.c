/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file top.c  carom top: the fast path, live
 */
#include <unistd.h>
#include "carom.h"
#include "screen.h"
#include "topview.h"

struct top {
	double interval;
	uint32_t count, legs;
	bool once;
};

static const struct opt optv[] = {
	{.name = "interval",
	 .key = 'i',
	 .type = OPT_SECONDS,
	 .off = offsetof(struct top, interval),
	 .arg = "SECONDS",
	 .min = 0.1,
	 .max = 3600,
	 .help = "time between two looks (default 1)"},
	{.name = "once",
	 .key = '1',
	 .off = offsetof(struct top, once),
	 .help = "one look, over one interval; for scripts"},
	{.name = "count",
	 .key = 'n',
	 .type = OPT_U32,
	 .off = offsetof(struct top, count),
	 .arg = "N",
	 .min = 1,
	 .max = 4294967295.0,
	 .help = "so many looks, then end"},
	{.name = "legs",
	 .key = 'l',
	 .type = OPT_U32,
	 .off = offsetof(struct top, legs),
	 .arg = "N",
	 .min = 1,
	 .max = 10000,
	 .help = "busiest legs shown (default: what fits; 10)"},
	{0},
};

enum { LEGS_DEFAULT = 10 };

/** Maps and snapshots of one run */
struct session {
	struct cli *cli;
	struct fp *fp;
	struct snap *old, *new;
	struct sipsnap *sip_old, *sip_new;
	struct screen *screen;
	bool full;
};

static int look_sip(struct session *ss)
{
	struct fp_sip *sip = NULL;
	struct fp_err e;
	int err = fp_sip_open(&sip, ss->cli->pin_dir, true, &e);

	mem_deref(ss->sip_old);
	ss->sip_old = ss->sip_new;
	ss->sip_new = NULL;
	if (!err)
		err = sipsnap_take(&ss->sip_new, sip);
	mem_deref(sip);

	return err;
}

/* Opened anew for each look: after a detach and attach the maps are others */
static int look(struct session *ss)
{
	struct fp_err e = {""};
	int err;

	ss->fp = mem_deref(ss->fp);
	err = fp_open(&ss->fp, ss->cli->pin_dir, true, &e);
	if (err)
		return cli_fp_error("top", err, &e);

	mem_deref(ss->old);
	ss->old = ss->new;
	ss->new = NULL;

	err = snap_take(&ss->new, ss->fp);
	if (!err)
		err = look_sip(ss);

	return err ? cli_fp_error("top", err, NULL) : CLI_OK;
}

static size_t how_many(const struct session *ss, const struct top *t)
{
	unsigned rows = 0, cols = 0,
		 other = topview_overhead(ss->new, ss->sip_new);

	if (t->legs)
		return t->legs;

	screen_size(ss->screen, &rows, &cols);
	if (!rows)
		return LEGS_DEFAULT;

	return rows > other ? rows - other : 1;
}

static int draw(struct session *ss, const struct top *t)
{
	struct topview v = {.cli = ss->cli,
			    .fp = ss->fp,
			    .old = ss->old,
			    .new = ss->new,
			    .sip_old = ss->sip_old,
			    .sip_new = ss->sip_new,
			    .legs = how_many(ss, t)};
	unsigned rows, cols;
	char *text = NULL;
	size_t size;
	FILE *f;
	int err;

	if (ss->cli->json)
		return topview_json(&v);

	screen_size(ss->screen, &rows, &cols);
	if (cols)
		ss->cli->style.width = cols;

	f = open_memstream(&text, &size);
	if (!f)
		return cli_fp_error("top", errno, NULL);

	err = topview_print(&v, f);
	if (fclose(f) && !err)
		err = ENOMEM;
	if (!err)
		screen_draw(ss->screen, text);
	free(text);

	return err ? cli_fp_error("top", err, NULL) : CLI_OK;
}

/* A new size is drawn at once, but takes nothing from the interval */
static bool rest(struct session *ss, const struct top *t)
{
	for (;;) {
		unsigned ms = (unsigned)(t->interval * 1000);

		switch (screen_wait(ss->screen, ms)) {
		case SCREEN_TICK:
			return true;
		case SCREEN_QUIT:
			return false;
		case SCREEN_RESIZE:
			if (ss->old && draw(ss, t))
				return false;
			break;
		}
	}
}

static int loop(struct session *ss, const struct top *t)
{
	uint32_t n = 0;
	int code = look(ss);

	while (!code && (!t->count || n < t->count)) {
		if (!rest(ss, t))
			break;

		code = look(ss);
		/* a blank line between tables that follow each other */
		if (!code && n++ && !ss->full && !ss->cli->json)
			screen_draw(ss->screen, "\n");
		if (!code)
			code = draw(ss, t);

		/* whoever reads along has it now */
		(void)fflush(ss->cli->out);
	}

	return code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct top *t = cfg;
	struct session ss = {.cli = cli};
	int err, code;
	(void)argc;
	(void)argv;

	if (t->interval == 0)
		t->interval = 1;
	if (t->once)
		t->count = 1;

	/* explain on the ordinary screen that nothing is attached */
	code = cli_open(cli, &ss.fp);
	if (code)
		return code;

	ss.full = !t->once && !cli->json && isatty(STDIN_FILENO) &&
		  isatty(STDOUT_FILENO);

	err = screen_alloc(&ss.screen, ss.full);
	code = err ? cli_fp_error("top", err, NULL) : loop(&ss, t);

	mem_deref(ss.screen);
	mem_deref(ss.old);
	mem_deref(ss.new);
	mem_deref(ss.sip_old);
	mem_deref(ss.sip_new);
	mem_deref(ss.fp);

	return code;
}

const struct cmd cmd_top = {
	.name = "top",
	.args = "",
	.summary = "Watch the fast path: rates, SIP, drops, busiest legs",
	.text = "On a terminal the table is drawn over and over until q; else "
		"one table follows\nthe other. Rates are those of the last "
		"interval.",
	.example = "  carom top\n"
		   "  carom top --once --interval 5 --json",
	.optv = optv,
	.cfg_size = sizeof(struct top),
	.argc_max = 0,
	.run = run,
};
