/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store did, among the figures */
#include "api/core.h"
#include "store/store.h"

int api_store_figures(struct odict *arr, struct store *s)
{
	struct store_count c;
	int err = 0;

	store_count(s, &c);

	const struct {
		const char *key, *metric, *type, *help;
		uint64_t value;
	} v[] = {
		{"operations", "carom_store_operations_total", "counter",
		 "Records written to the store, or removed", c.operations},
		{"failed", "carom_store_failed_operations_total", "counter",
		 "Of these, those that the store did not take", c.failed},
		{"commits", "carom_store_commits_total", "counter",
		 "Groups of operations that were made durable at once",
		 c.commits},
		{"reads", "carom_store_reads_total", "counter",
		 "Records, and lists of records, read from the store", c.reads},
		{"queued", "carom_store_queued_operations", "gauge",
		 "Operations that are not durable yet", c.queued},
		{"degraded", "carom_store_degraded", "gauge",
		 "Whether what is written may be lost, or cannot be written",
		 c.degraded},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++) {
		const struct api_figure f = {.group = "store",
					     .key = v[i].key,
					     .metric = v[i].metric,
					     .type = v[i].type,
					     .help = v[i].help};

		err = api_figure_add(arr, &f, (int64_t)v[i].value);
	}

	return err;
}
