/* SPDX-License-Identifier: BSD-2-Clause */
/* What was shown to a collector, among the agent's figures */
#include <errno.h>
#include "daemon/hep_figures.h"

/* One figure, as media_figures() has them. The odict's key is of no meaning */
static int figure(struct odict *array, const char *key, const char *label,
		  const char *metric, bool gauge, const char *help, uint64_t v)
{
	struct odict *o = NULL;
	char name[32];
	int err = odict_alloc(&o, 8);

	(void)re_snprintf(name, sizeof(name), "hep%zu",
			  odict_count(array, false));
	if (!err)
		err = odict_entry_add(o, "group", ODICT_STRING, "hep");
	if (!err)
		err = odict_entry_add(o, "key", ODICT_STRING, key);
	if (!err && label)
		err = odict_entry_add(o, "label", ODICT_STRING, label);
	if (!err)
		err = odict_entry_add(o, "metric", ODICT_STRING, metric);
	if (!err)
		err = odict_entry_add(o, "type", ODICT_STRING,
				      gauge ? "gauge" : "counter");
	if (!err)
		err = odict_entry_add(o, "help", ODICT_STRING, help);
	if (!err)
		err = odict_entry_add(o, "value", ODICT_INT, (int64_t)v);
	if (!err)
		err = odict_entry_add(array, name, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

static int add_lost(struct odict *a, const struct hep_count *c,
		    uint64_t unreadable, uint64_t lines)
{
	static const char metric[] = "carom_hep_lost_packets_total";
	static const char help[] = "HEP packets that the collector was to get, "
				   "and won't";
	int err = 0;

	for (unsigned i = 0; i < HEP_LOST_MAX && !err; i++)
		err = figure(a, "lost", hep_lost_name((enum hep_lost)i), metric,
			     false, help, c->lost[i]);
	if (!err)
		err = figure(a, "lost", "unreadable", metric, false, help,
			     unreadable);
	return err ? err
		   : figure(a, "lost", "log_line", metric, false, help, lines);
}

int hep_figures(struct odict *figures, const struct hep_count *c,
		uint64_t unreadable, uint64_t lines)
{
	const struct odict_entry *e = odict_get_type(figures, ODICT_ARRAY,
						     "figures");
	struct odict *a;
	int err;

	if (!e || !c)
		return 0;
	a = e->u.odict;
	err = figure(a, "sent", NULL, "carom_hep_packets_total", false,
		     "HEP packets sent to the collector", c->packets);
	if (!err)
		err = figure(a, "sent_bytes", NULL, "carom_hep_bytes_total",
			     false, "Bytes of these packets", c->bytes);
	if (!err)
		err = add_lost(a, c, unreadable, lines);
	if (!err)
		err = figure(a, "connects", NULL, "carom_hep_connects_total",
			     false, "Connections made to the collector",
			     c->connects);
	if (!err)
		err = figure(a, "waiting_bytes", NULL, "carom_hep_queue_bytes",
			     true, "Bytes that wait for the collector",
			     c->queued);
	return err ? err
		   : figure(a, "up", NULL, "carom_hep_up", true,
			    "Whether the collector is connected; over UDP, "
			    "whether nobody said that it is not there",
			    c->up);
}
