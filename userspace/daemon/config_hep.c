/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `hep`: whom what passes is shown to */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

enum { TEXT = 255, SAMPLE = 1000000 };

const char *const config_hep_transpv[3] = {"udp", "tcp", "tls"};

static int fill_send(struct config_hep *h, const struct config_src *src,
		     const char *s)
{
	const char *addr = s;

	h->transp = HEP_UDP;
	for (unsigned i = 0; i < ARRAY_SIZE(config_hep_transpv); i++) {
		if (strncmp(s, config_hep_transpv[i], 3) != 0 || s[3] != ':')
			continue;
		h->transp = (enum hep_transp)i;
		addr = s + 4;
	}
	if (config_addr_port(&h->dst, addr))
		return config_tree_refuse(src->tree, src->e, "hep.send",
					  "'%s' is nowhere to send to", s);
	return 0;
}

/* "1/N" */
static int fill_sample(struct config_hep *h, const struct config_src *src,
		       const char *s)
{
	char *end;
	unsigned long n;

	h->every = 1;
	if (!s)
		return 0;
	n = strncmp(s, "1/", 2) == 0 && s[2] >= '0' && s[2] <= '9'
		    ? strtoul(s + 2, &end, 10)
		    : 0;
	if (!n || n > SAMPLE || *end)
		return config_tree_refuse(src->tree, src->e, "hep.sample",
					  "'%s' is no part of all calls", s);
	h->every = (uint32_t)n;
	return 0;
}

static int fill_text(char **to, const struct config_src *src, const char *path,
		     const char *s)
{
	if (!s)
		return 0;
	if (strlen(s) > TEXT)
		return config_tree_refuse(src->tree, src->e, path,
					  "is too long");
	return str_dup(to, s);
}

static int fill_ca(struct config_hep *h, const struct config_src *src,
		   const char *s)
{
	if (!s)
		return 0;
	if (*s != '/')
		return config_tree_refuse(src->tree, src->e, "hep.ca",
					  "'%s' is no absolute path", s);
	if (h->transp != HEP_TLS)
		return config_tree_refuse(src->tree, src->e, "hep.ca",
					  "'%s' is of no use without TLS", s);
	return str_dup(&h->ca, s);
}

int config_fill_hep(struct config *c, const struct config_src *src)
{
	const struct raw_hep *r = src->raw->hep;
	struct config_hep *h = &c->hep;
	int err;

	if (!r)
		return 0;
	h->on = true;
	h->id = r->id ? *r->id : config_rule("hep.id")->def;
	h->queue = r->queue ? *r->queue : config_rule("hep.queue")->def;
	h->sip = !r->sip || *r->sip;
	h->rtcp = !r->rtcp || *r->rtcp;
	h->log = r->log && *r->log;
	h->large_by_tcp = r->large && *r->large;
	err = fill_send(h, src, r->send);
	if (!err)
		err = fill_sample(h, src, r->sample);
	if (!err)
		err = fill_text(&h->node_name, src, "hep.node-name",
				r->node_name);
	if (!err)
		err = fill_text(&h->password, src, "hep.password", r->password);
	return err ? err : fill_ca(h, src, r->ca);
}
