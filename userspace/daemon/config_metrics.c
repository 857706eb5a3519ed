/* SPDX-License-Identifier: BSD-2-Clause */
/* Where Prometheus finds the figures */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

static int add(struct config *c, const struct config_src *src, size_t i,
	       const char *s)
{
	struct sa *sa = &c->metricsv[i];
	char path[32];

	(void)re_snprintf(path, sizeof(path), "metrics.listen[%zu]", i);
	if (config_addr_port(sa, s))
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' is no listener", s);
	for (size_t j = 0; j < i; j++) {
		if (sa_cmp(sa, &c->metricsv[j], SA_ALL))
			return config_tree_refuse(src->tree, src->e, path,
						  "'%s' twice", s);
	}
	++c->metricsc;

	return 0;
}

int config_fill_metrics(struct config *c, const struct config_src *src)
{
	const struct raw_metrics *r = src->raw->metrics;
	int err = 0;

	if (!r || !r->listenc)
		return 0;
	c->metricsv = mem_zalloc(r->listenc * sizeof(*c->metricsv), NULL);
	if (!c->metricsv)
		return ENOMEM;
	for (size_t i = 0; i < r->listenc && !err; i++)
		err = add(c, src, i, r->listenv[i]);

	return err;
}
