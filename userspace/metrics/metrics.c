/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file metrics/metrics.c  All figures, as Prometheus reads them
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include "metrics/metrics.h"

#ifndef CAROM_VERSION
#define CAROM_VERSION "0.1.0"
#endif

enum { STATES = LEG_AGENT + 1 };

static int head(struct mbuf *mb, const char *metric, const char *type,
		const char *help)
{
	return mbuf_printf(mb, "# HELP %s %s.\n# TYPE %s %s\n", metric, help,
			   metric, type);
}

/* ---- the kernel's ------------------------------------------------------------ */

static int reasons(struct mbuf *mb, const struct fp *fp, bool bytes)
{
	const char *metric = bytes ? "carom_bytes_total"
				   : "carom_packets_total";
	struct reason_count rc;
	int err = head(mb, metric, "counter",
		       bytes ? "Bytes of these packets, from the IP header on"
			     : "Packets seen by the XDP programs, by what "
			       "became of them");

	for (unsigned i = 0; i < CAROM_R_MAX && !err; i++) {
		err = fp_reason(fp, i, &rc);
		if (!err)
			err = mbuf_printf(
				mb, "%s{reason=\"%s\",class=\"%s\"} %llu\n",
				metric, fp_reason_name(i), fp_reason_class(i),
				bytes ? rc.bytes : rc.packets);
	}

	return err;
}

static int legs(struct mbuf *mb, const struct fp *fp)
{
	const uint32_t slots = fp_slots(fp);
	unsigned statev[STATES] = {0};
	int err;

	for (uint32_t i = 0; i < slots; i++) {
		const struct leg *l = fp_leg(fp, i);

		if (l && (unsigned)l->ctl.state < STATES)
			++statev[l->ctl.state];
	}
	err = head(mb, "carom_legs", "gauge",
		   "Legs, which are local UDP ports, by what is done with "
		   "their packets");
	for (unsigned i = LEG_RELAY; i < STATES && !err; i++)
		err = mbuf_printf(mb, "carom_legs{state=\"%s\"} %u\n",
				  fp_state_name((enum leg_state)i), statev[i]);
	if (!err)
		err = head(mb, "carom_leg_slots", "gauge",
			   "Legs that there may be");

	return err ? err : mbuf_printf(mb, "carom_leg_slots %u\n", slots);
}

/* ---- the agent's --------------------------------------------------------------- */

/* What a group's label says */
static const char *label_name(const char *group)
{
	if (!str_cmp(group, "sessions"))
		return "limit";
	return str_cmp(group, "registrar") ? "reason" : "result";
}

static int labels(struct mbuf *mb, const struct odict *o)
{
	const struct odict_entry *w = odict_get_type(o, ODICT_INT, "worker");
	const char *label = odict_string(o, "label");
	const char *group = odict_string(o, "group");
	const char *all = odict_string(o, "labels");
	int err;

	if (all)
		return mbuf_printf(mb, "{%s}", all);

	if (!label && !w)
		return 0;
	err = mbuf_write_u8(mb, '{');
	if (w && !err)
		err = mbuf_printf(mb, "worker=\"%lld\"%s", w->u.integer,
				  label ? "," : "");
	if (label && !err)
		err = mbuf_printf(mb, "%s=\"%s\"", label_name(group), label);

	return err ? err : mbuf_write_u8(mb, '}');
}

static int figure(struct mbuf *mb, const struct odict *o, const char **last)
{
	const struct odict_entry *e = odict_lookup(o, "value");
	const char *metric = odict_string(o, "metric");
	int err = 0;

	if (!metric || !e)
		return 0;
	if (!*last || strcmp(metric, *last) != 0)
		err = head(mb, metric, odict_string(o, "type"),
			   odict_string(o, "help"));
	*last = metric;
	if (!err)
		err = mbuf_write_str(mb, metric);
	if (!err)
		err = labels(mb, o);
	if (err)
		return err;

	return e->type == ODICT_DOUBLE
		       ? mbuf_printf(mb, " %.6f\n", e->u.dbl)
		       : mbuf_printf(mb, " %lld\n", e->u.integer);
}

static int figures(struct mbuf *mb, const struct odict *agent)
{
	const struct odict_entry *e = agent ? odict_get_type(agent, ODICT_ARRAY,
							     "figures")
					    : NULL;
	const char *last = NULL;
	struct le *le;
	int err;

	err = head(mb, "carom_agent_up", "gauge",
		   "Whether the agent answers; the kernel relays all the same");
	if (!err)
		err = mbuf_printf(mb, "carom_agent_up %d\n", agent != NULL);
	for (le = e ? list_head(&e->u.odict->lst) : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *x = le->data;

		if (x->type == ODICT_OBJECT)
			err = figure(mb, x->u.odict, &last);
	}

	return err;
}

int metrics_print(struct mbuf *mb, const struct fp *fp,
		  const struct odict *agent)
{
	int err;

	if (!mb || !fp)
		return EINVAL;
	err = head(mb, "carom_build_info", "gauge",
		   "1, with the version as a label");
	if (!err)
		err = mbuf_printf(mb,
				  "carom_build_info{version=\"" CAROM_VERSION
				  "\"} 1\n");
	if (!err)
		err = reasons(mb, fp, false);
	if (!err)
		err = reasons(mb, fp, true);
	if (!err)
		err = legs(mb, fp);

	return err ? err : figures(mb, agent);
}
