/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file events.c  carom events: what happened, and what happens
 */
#include <unistd.h>
#include "http.h"

enum {
	PATIENCE = 60000, /* ms; a beat comes each 15 s */
	PAGE = 1000,      /* events that are asked for at a time */
};

struct events_cmd {
	struct http_asking ask; /* first */
	bool follow;
	const char *since, *types;
	uint32_t limit;
};

static const struct opt optv[] = {
	{.name = "follow",
	 .key = 'f',
	 .off = offsetof(struct events_cmd, follow),
	 .help = "those that come, until interrupted"},
	{.name = "since",
	 .key = 's',
	 .type = OPT_STR,
	 .off = offsetof(struct events_cmd, since),
	 .arg = "SEQ",
	 .help = "those behind this number"},
	{.name = "types",
	 .key = 't',
	 .type = OPT_STR,
	 .off = offsetof(struct events_cmd, types),
	 .arg = "TYPE,...",
	 .help = "these alone: call.created, dispatcher.*"},
	{.name = "limit",
	 .key = 'n',
	 .type = OPT_U32,
	 .off = offsetof(struct events_cmd, limit),
	 .arg = "N",
	 .min = 1,
	 .max = 1000000,
	 .help = "at most so many (default: all)"},
	HTTP_OPTION,
	{0},
};

/* "TIME SEQ TYPE {...}" of an event's line of JSON */
static void print(struct cli *cli, const struct pl *json)
{
	const struct odict_entry *data;
	struct odict *o = NULL;
	uint64_t seq = 0;
	char *text = NULL;

	if (cli->json) {
		fprintf(cli->out, "%.*s\n", (int)json->l, json->p);
		return;
	}
	if (json_decode_odict(&o, 8, json->p, json->l, 8))
		return;
	(void)odict_get_number(o, &seq, "seq");
	data = odict_get_type(o, ODICT_OBJECT, "data");
	if (data)
		(void)re_sdprintf(&text, "%H", json_encode_odict,
				  data->u.odict);
	fprintf(cli->out, "%s %8llu %-26s %s\n", odict_string(o, "time"),
		(unsigned long long)seq, odict_string(o, "type"),
		text ? text : "");
	mem_deref(text);
	mem_deref(o);
}

/* ---- as they come --------------------------------------------------------- */

struct following {
	struct cli *cli;
	struct mbuf *mb; /* what has no line end yet               */
	bool plain;      /* a problem, and no events               */
};

static bool line_came(const char *p, size_t n, void *arg)
{
	static const char data[] = "data: ";
	struct following *f = arg;
	char *nl;

	if (mbuf_write_mem(f->mb, (const uint8_t *)p, n))
		return true;
	while ((nl = memchr(f->mb->buf, '\n', f->mb->end))) {
		const struct pl line = {(char *)f->mb->buf,
					(size_t)(nl - (char *)f->mb->buf)};

		if (line.l > 6 && !memcmp(line.p, data, 6)) {
			print(f->cli,
			      &(const struct pl){line.p + 6, line.l - 6});
			fflush(f->cli->out);
		} else if (line.p[0] == '{') {
			return true; /* a problem */
		}
		f->mb->end -= line.l + 1;
		memmove(f->mb->buf, nl + 1, f->mb->end);
		f->mb->pos = f->mb->end;
	}

	return ferror(f->cli->out);
}

static int follow(struct cli *cli, const struct events_cmd *e,
		  const char *target)
{
	struct following f = {.cli = cli, .mb = mbuf_alloc(4096)};
	const struct http_request r = {.method = "GET",
				       .target = target,
				       .accept = "text/event-stream"};
	unsigned status = 0;
	int code = f.mb ? http_ask(cli, &e->ask, "events", &r, &status,
				   line_came, &f, PATIENCE)
			: CLI_FAIL;

	if (!code && status >= 400)
		code = http_problem("events", status, f.mb);
	mem_deref(f.mb);

	return code;
}

/* ---- those that are kept -------------------------------------------------- */

/* How far the pages have been read */
struct reading {
	char since[24];
	unsigned n; /* events of the page that was read last */
};

/* Each event is a line of its own, and so is the end: "],"last":4711}" */
static void read_page(struct cli *cli, const struct mbuf *mb, struct reading *r)
{
	static const char last[] = "],\"last\":";
	struct pl rest = {(const char *)mb->buf, mb->end};

	r->n = 0;
	while (rest.l) {
		const char *nl = memchr(rest.p, '\n', rest.l);
		struct pl line = {rest.p, nl ? (size_t)(nl - rest.p) : rest.l};

		pl_advance(&rest, (ssize_t)line.l + (nl ? 1 : 0));
		if (line.l && line.p[line.l - 1] == ',')
			--line.l;
		if (line.l > 7 && !strncmp(line.p, "{\"seq\":", 7)) {
			print(cli, &line);
			++r->n;
		} else if (line.l >= sizeof(last) &&
			   !strncmp(line.p, last, sizeof(last) - 1)) {
			pl_advance(&line, sizeof(last) - 1);
			line.l = strspn(line.p, "0123456789");
			(void)pl_strcpy(&line, r->since, sizeof(r->since));
		}
	}
}

static int page(struct cli *cli, const struct events_cmd *e, unsigned limit,
		struct reading *pos)
{
	struct http_request r = {.method = "GET"};
	struct mbuf *mb = mbuf_alloc(16384);
	unsigned status = 0;
	char *target = NULL;
	int code = mb && !re_sdprintf(&target, "/v1/events?limit=%u%s%s%s%s",
				      limit, *pos->since ? "&since=" : "",
				      pos->since, e->types ? "&types=" : "",
				      e->types ? e->types : "")
			   ? CLI_OK
			   : CLI_FAIL;

	r.target = target;
	if (!code)
		code = http_ask(cli, &e->ask, "events", &r, &status,
				http_gather, mb, PATIENCE);
	if (!code && status >= 400)
		code = http_problem("events", status, mb);
	if (!code)
		read_page(cli, mb, pos);
	mem_deref(target);
	mem_deref(mb);

	return code;
}

/* All of them, or so many */
static int pages(struct cli *cli, const struct events_cmd *e)
{
	struct reading pos = {.n = 0};
	unsigned left = e->limit ? e->limit : UINT32_MAX;
	int code = CLI_OK;

	if (e->since)
		str_ncpy(pos.since, e->since, sizeof(pos.since));
	while (!code && left) {
		const unsigned limit = left < PAGE ? left : PAGE;

		code = page(cli, e, limit, &pos);
		if (code || pos.n < limit)
			break;
		left -= limit;
	}

	return code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	const struct events_cmd *e = cfg;
	char *target = NULL;
	int code = cli_config(cli, false);
	(void)argc;
	(void)argv;

	if (code)
		return code;
	if (!e->follow)
		return pages(cli, e);
	if (re_sdprintf(&target, "/v1/events?%s%s%s%s%s",
			e->since ? "since=" : "", e->since ? e->since : "",
			e->since && e->types ? "&" : "",
			e->types ? "types=" : "", e->types ? e->types : ""))
		return CLI_FAIL;
	code = follow(cli, e, target);
	mem_deref(target);

	return code;
}

const struct cmd cmd_events = {
	.name = "events",
	.args = "",
	.summary = "Show what happened, and what happens",
	.text = "Calls, targets, nodes: a line for each event with its time, "
		"number and type. Those\nof the last day are kept, 100,000 at "
		"most. --since goes on behind a number; where\nthere is "
		"nothing kept of what lies between, it says so.",
	.example = "  carom events --follow\n"
		   "  carom events --since 4711 --types 'dispatcher.*'",
	.optv = optv,
	.cfg_size = sizeof(struct events_cmd),
	.argc_max = 0,
	.run = run,
};
