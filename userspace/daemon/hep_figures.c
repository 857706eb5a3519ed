/* SPDX-License-Identifier: BSD-2-Clause */
/* What was shown to a collector, among the agent's figures */
#include "base/figure.h"
#include "daemon/hep_figures.h"

enum { LOST = HEP_LOST_MAX + 2 };

static const char group[] = "hep";

static size_t add_lost(struct figure *v, const struct hep_count *c,
		       uint64_t unreadable, uint64_t lines)
{
	static const struct figure lost = {
		.group = group,
		.key = "lost",
		.metric = "carom_hep_lost_packets_total",
		.help = "HEP packets that the collector was to get, and won't",
	};

	for (unsigned i = 0; i < LOST; i++)
		v[i] = lost;
	for (unsigned i = 0; i < HEP_LOST_MAX; i++) {
		v[i].label = hep_lost_name((enum hep_lost)i);
		v[i].value = c->lost[i];
	}
	v[HEP_LOST_MAX].label = "unreadable";
	v[HEP_LOST_MAX].value = unreadable;
	v[HEP_LOST_MAX + 1].label = "log_line";
	v[HEP_LOST_MAX + 1].value = lines;
	return LOST;
}

int hep_figures(struct odict *figures, const struct hep_count *c,
		uint64_t unreadable, uint64_t lines)
{
	struct figure lostv[LOST];
	int err;

	if (!c)
		return 0;
	const struct figure sentv[] = {
		{group, "sent", NULL, "carom_hep_packets_total",
		 "HEP packets sent to the collector", FIGURE_COUNTER,
		 c->packets},
		{group, "sent_bytes", NULL, "carom_hep_bytes_total",
		 "Bytes of these packets", FIGURE_COUNTER, c->bytes},
	};
	const struct figure connv[] = {
		{group, "connects", NULL, "carom_hep_connects_total",
		 "Connections made to the collector", FIGURE_COUNTER,
		 c->connects},
		{group, "waiting_bytes", NULL, "carom_hep_queue_bytes",
		 "Bytes that wait for the collector", FIGURE_GAUGE, c->queued},
		{group, "up", NULL, "carom_hep_up",
		 "Whether the collector is connected; over UDP, whether nobody "
		 "said that it is not there",
		 FIGURE_GAUGE, c->up},
	};

	err = figure_add(figures, sentv, ARRAY_SIZE(sentv));
	if (!err)
		err = figure_add(figures, lostv,
				 add_lost(lostv, c, unreadable, lines));
	return err ? err : figure_add(figures, connv, ARRAY_SIZE(connv));
}
