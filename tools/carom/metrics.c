/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file metrics.c  carom metrics: all figures in the text format of Prometheus
 */
#include "ask.h"
#include "mediastats.h"
#include "snap.h"

#ifndef CAROM_VERSION
#define CAROM_VERSION "0.1.0"
#endif

static void head(FILE *f, const char *metric, const char *type,
		 const char *help)
{
	fprintf(f, "# HELP %s %s.\n# TYPE %s %s\n", metric, help, metric, type);
}

/* ---- the kernel's --------------------------------------------------------- */

static void reasons(FILE *f, const struct snap *s)
{
	static const char *const metricv[] = {"carom_packets_total",
					      "carom_bytes_total"};
	static const char *const helpv[] = {
		"Packets seen by the XDP programs, by what became of them",
		"Bytes of these packets, from the IP header on"};

	for (unsigned k = 0; k < 2; k++) {
		head(f, metricv[k], "counter", helpv[k]);
		for (unsigned i = 0; i < CAROM_R_MAX; i++) {
			const struct reason_count *rc = &s->reasonv[i];

			fprintf(f, "%s{reason=\"%s\",class=\"%s\"} %llu\n",
				metricv[k], fp_reason_name(i),
				fp_reason_class(i),
				(unsigned long long)(k ? rc->bytes
						       : rc->packets));
		}
	}
}

static void legs(FILE *f, const struct snap *s)
{
	head(f, "carom_legs", "gauge",
	     "Legs, which are local UDP ports, by what is done with their "
	     "packets");
	for (unsigned i = LEG_RELAY; i < SNAP_STATES; i++)
		fprintf(f, "carom_legs{state=\"%s\"} %u\n",
			fp_state_name((enum leg_state)i), s->statec[i]);
	head(f, "carom_leg_slots", "gauge", "Legs that there may be");
	fprintf(f, "carom_leg_slots %u\n", s->slots);
}

/* ---- the agent's ------------------------------------------------------------ */

struct printing {
	FILE *f;
	char last[80]; /* the metric that has its head */
};

static const char *label_of(const struct odict *o)
{
	const char *group = odict_string(o, "group");

	return group && !strcmp(group, "sessions") ? "limit" : "reason";
}

static void labels(FILE *f, const struct odict *o)
{
	const char *label = odict_string(o, "label");
	const bool worker = odict_lookup(o, "worker") != NULL;

	if (!label && !worker)
		return;
	fputc('{', f);
	if (worker)
		fprintf(f, "worker=\"%llu\"%s",
			(unsigned long long)ask_number(o, "worker"),
			label ? "," : "");
	if (label)
		fprintf(f, "%s=\"%s\"", label_of(o), label);
	fputc('}', f);
}

static void figure(const struct odict *o, void *arg)
{
	const struct odict_entry *e = odict_lookup(o, "value");
	const char *metric = odict_string(o, "metric");
	struct printing *p = arg;

	if (!metric || !e)
		return;
	if (strcmp(metric, p->last)) {
		head(p->f, metric, odict_string(o, "type"),
		     odict_string(o, "help"));
		(void)snprintf(p->last, sizeof(p->last), "%s", metric);
	}
	fputs(metric, p->f);
	labels(p->f, o);
	if (e->type == ODICT_DOUBLE)
		fprintf(p->f, " %.6f\n", e->u.dbl);
	else
		fprintf(p->f, " %lld\n", (long long)e->u.integer);
}

static void agent(struct cli *cli)
{
	struct odict *reply = mediastats_ask(cli);
	struct printing p = {.f = cli->out};

	head(cli->out, "carom_agent_up", "gauge",
	     "Whether the agent answers; the kernel relays all the same");
	fprintf(cli->out, "carom_agent_up %d\n", reply != NULL);
	ask_each(ask_array(reply, "figures"), figure, &p);
	mem_deref(reply);
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct snap *s = NULL;
	struct fp *fp = NULL;
	int err, code = cli_open(cli, &fp);
	(void)cfg;
	(void)argc;
	(void)argv;

	if (code)
		return code;
	err = snap_take(&s, fp);
	mem_deref(fp);
	if (err)
		return cli_fp_error("metrics", err, NULL);
	head(cli->out, "carom_build_info", "gauge",
	     "1, with the version as a label");
	fprintf(cli->out, "carom_build_info{version=\"%s\"} 1\n",
		CAROM_VERSION);
	reasons(cli->out, s);
	legs(cli->out, s);
	agent(cli);
	mem_deref(s);

	return CLI_OK;
}

const struct cmd cmd_metrics = {
	.name = "metrics",
	.args = "",
	.summary = "Print all figures as Prometheus reads them",
	.text = "Its text format, with types and help, in base units: for "
		"node_exporter's textfile\ncollector, or whatever serves it. "
		"What the kernel knows is there without the agent,\ntoo; "
		"carom_agent_up says whether the rest is.",
	.example = "  carom metrics\n"
		   "  carom metrics >/var/lib/prometheus/node-exporter/"
		   "carom.prom",
	.argc_max = 0,
	.run = run,
};
