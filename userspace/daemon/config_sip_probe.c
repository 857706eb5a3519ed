/* SPDX-License-Identifier: BSD-2-Clause */
/* `sip.probe`: how targets are asked whether they are alive */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_sip_raw.h"

static int refuse(const struct config_src *src, const char *path,
		  const char *value, const char *what)
{
	return config_tree_refuse(src->tree, src->e, path, "'%s' %s", value,
				  what);
}

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

/* ---- codes that count as alive ------------------------------------------ */

static bool code(const char *s, size_t n, uint16_t *val)
{
	if (n != 3 || strspn(s, "0123456789") < 3)
		return false;
	*val = (uint16_t)((s[0] - '0') * 100 + (s[1] - '0') * 10 + s[2] - '0');
	return *val >= 200 && *val <= 699;
}

/* "403", "200-299" */
static bool range(struct config_sip_codes *c, const char *s)
{
	const char *dash = strchr(s, '-');

	if (!code(s, dash ? (size_t)(dash - s) : strlen(s), &c->min))
		return false;
	c->max = c->min;
	return !dash ||
	       (code(dash + 1, strlen(dash + 1), &c->max) && c->min <= c->max);
}

static int fill_accept(struct config_sip *s, const struct raw_sip_probe *r,
		       const struct config_src *src)
{
	/* answers by which a server shows that it is alive: also that it does
	 * not know OPTIONS, or the user */
	static const struct config_sip_codes defv[] = {
		{200, 299}, {404, 405}, {480, 489}, {501, 501}};
	const size_t n = r->accept ? r->acceptc : ARRAY_SIZE(defv);
	char path[40];

	/* libcyaml does not tell an empty list from none */
	if (!r->accept && config_tree_has(src->tree, "sip.probe.accept"))
		return refuse(src, "sip.probe.accept", "[]",
			      "lets no target be alive");
	s->probe.acceptv = mem_zalloc((n + 1) * sizeof(*defv), NULL);
	if (!s->probe.acceptv)
		return ENOMEM;
	s->probe.acceptc = n;
	if (!r->accept) {
		memcpy(s->probe.acceptv, defv, sizeof(defv));
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		(void)re_snprintf(path, sizeof(path), "sip.probe.accept[%zu]",
				  i);
		if (!range(&s->probe.acceptv[i], r->accept[i]))
			return refuse(src, path, r->accept[i],
				      "is no code or range of codes");
	}
	return 0;
}

/* ---- the rest ------------------------------------------------------------ */

static int fill_from(struct config_sip *s, const struct raw_sip_probe *r,
		     const struct config_src *src)
{
	const char *from = r->from ? r->from : "sip:carom@carom.invalid";

	if (strncmp(from, "sip:", 4) != 0 || strpbrk(from, "<> \t\r\n\""))
		return refuse(src, "sip.probe.from", from, "is no sip: URI");
	return str_dup(&s->probe.from, from);
}

static int fill_listener(struct config_sip *s, const struct raw_sip_probe *r,
			 const struct config_src *src)
{
	bool found = !r->listener;

	s->probe.listener = s->probe.listener6 = ~0u;
	for (size_t i = 0; i < s->listenc && r->listener; i++) {
		if (strcmp(s->listenv[i].name, r->listener) != 0 ||
		    s->listenv[i].transp != CONFIG_UDP)
			continue;
		found = true;
		if (sa_af(&s->listenv[i].addr) == AF_INET6)
			s->probe.listener6 = (unsigned)i;
		else
			s->probe.listener = (unsigned)i;
	}
	return found ? 0
		     : refuse(src, "sip.probe.listener", r->listener,
			      "is no UDP listener");
}

int config_fill_probe(struct config_sip *s, const struct config_src *src)
{
	const struct raw_sip *raw = src->raw->sip;
	const struct raw_sip_probe none = {.interval = NULL},
				   *r = raw->probe ? raw->probe : &none;
	int err;

	s->probe.interval = number(r->interval, "sip.probe.interval");
	s->probe.timeout = number(r->timeout, "sip.probe.timeout");
	s->probe.down = number(r->down, "sip.probe.down");
	s->probe.up = number(r->up, "sip.probe.up");
	s->probe.marked = r->targets && *r->targets;
	err = fill_accept(s, r, src);
	if (!err)
		err = fill_from(s, r, src);
	if (!err)
		err = fill_listener(s, r, src);
	return err;
}
