/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file metrics.c  carom metrics: all figures in the text format of Prometheus
 */
#include "mediastats.h"
#include "metrics/metrics.h"

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct odict *agent = NULL;
	struct mbuf *mb = NULL;
	struct fp *fp = NULL;
	int err, code = cli_open(cli, &fp);
	(void)cfg;
	(void)argc;
	(void)argv;

	if (code)
		return code;
	agent = mediastats_ask(cli);
	mb = mbuf_alloc(16384);
	err = mb ? metrics_print(mb, fp, agent) : ENOMEM;
	if (!err)
		(void)fwrite(mb->buf, 1, mb->end, cli->out);
	mem_deref(mb);
	mem_deref(agent);
	mem_deref(fp);

	return err ? cli_fp_error("metrics", err, NULL) : CLI_OK;
}

const struct cmd cmd_metrics = {
	.name = "metrics",
	.args = "",
	.summary = "Print all figures as Prometheus reads them",
	.text = "Its text format, with types and help, in base units: for "
		"node_exporter's textfile\ncollector. What the kernel knows is "
		"there without the agent, too; carom_agent_up says\nwhether "
		"the rest is. The agent serves the same by HTTP where "
		"metrics.listen says so.",
	.example = "  carom metrics\n"
		   "  carom metrics >/var/lib/prometheus/node-exporter/"
		   "carom.prom",
	.argc_max = 0,
	.run = run,
};
