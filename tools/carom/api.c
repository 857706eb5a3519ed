/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api.c  carom api: one request to the agent's API
 */
#include <ctype.h>
#include "http.h"

enum { PATIENCE = 60000 /* ms */, BODY_MAX = 1 << 20 };

struct api_cmd {
	struct http_asking ask; /* first */
};

static const struct opt optv[] = {
	HTTP_OPTION,
	{0},
};

static int read_stdin(struct mbuf *mb)
{
	uint8_t buf[4096];
	size_t n;
	int err = 0;

	while (!err && mb->end <= BODY_MAX &&
	       (n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		err = mbuf_write_mem(mb, buf, n);

	return err;
}

static bool is_method(const char *s)
{
	for (; *s; s++)
		if (!isupper((unsigned char)*s))
			return false;

	return true;
}

static int request(struct cli *cli, const struct api_cmd *a,
		   const struct http_request *r)
{
	struct mbuf *body = mbuf_alloc(16384);
	unsigned status = 0;
	int code = body ? http_ask(cli, &a->ask, "api", r, &status, http_gather,
				   body, PATIENCE)
			: CLI_FAIL;

	if (!code && status >= 400)
		code = http_problem("api", status, body);
	else if (!code)
		(void)fwrite(body->buf, 1, body->end, cli->out);
	mem_deref(body);

	return code;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct http_request r = {.method = "GET"};
	struct mbuf *in = NULL;
	struct pl body;
	int code = cli_config(cli, false);

	if (code)
		return code;
	if (argc && is_method(argv[0])) {
		r.method = argv[0];
		++argv;
		--argc;
	}
	if (!argc || *argv[0] != '/' || argc > 2) {
		cli_error("usage: carom api [METHOD] /PATH [JSON|-]");
		return CLI_USAGE;
	}
	r.target = argv[0];
	if (argc == 2 && !strcmp(argv[1], "-")) {
		in = mbuf_alloc(4096);
		if (!in || read_stdin(in)) {
			mem_deref(in);
			return CLI_FAIL;
		}
		body = (struct pl){(char *)in->buf, in->end};
		r.body = &body;
	} else if (argc == 2) {
		pl_set_str(&body, argv[1]);
		r.body = &body;
	}
	code = request(cli, cfg, &r);
	mem_deref(in);

	return code;
}

const struct cmd cmd_api = {
	.name = "api",
	.args = "[METHOD] /PATH [JSON | -]",
	.summary = "Ask the agent's API",
	.text = "Prints what it answers; a problem goes to standard error, "
		"with exit code 1. METHOD is\nGET unless it is given. The body "
		"is JSON, or read from standard input (-).\nGET /v1 lists what "
		"there is; docs/api.md explains it.",
	.example = "  carom api /v1/nodes\n"
		   "  carom api PUT /v1/limits/invite '{\"rate\": 20}'",
	.optv = optv,
	.cfg_size = sizeof(struct api_cmd),
	.argc_max = 3,
	.run = run,
};
