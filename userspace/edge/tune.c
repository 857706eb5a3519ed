/* SPDX-License-Identifier: BSD-2-Clause */
/* carom limit, carom network: what may be changed by hand, until the agent ends */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/prefix.h"
#include "control/control.h"
#include "edge/core.h"
#include "edge/tune.h"

/* ---- limits ----------------------------------------------------------------- */

static int put_limit(struct odict *arr, const struct limits *l, unsigned class)
{
	const struct limit v = limits_get(l, class);
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "class", ODICT_STRING,
				      fp_sip_class(class));
	if (!err)
		err = odict_entry_add(o, "rate", ODICT_INT, (int64_t)v.rate);
	if (!err)
		err = odict_entry_add(o, "burst", ODICT_INT, (int64_t)v.burst);
	if (!err)
		err = odict_entry_add(o, "file_rate", ODICT_INT,
				      (int64_t)l->filev[class].rate);
	if (!err)
		err = odict_entry_add(o, "file_burst", ODICT_INT,
				      (int64_t)l->filev[class].burst);
	if (!err)
		err = odict_entry_add(o, "temporary", ODICT_BOOL,
				      (int)l->by_hand[class]);
	if (!err)
		err = odict_entry_add(arr, fp_sip_class(class), ODICT_OBJECT,
				      o);
	mem_deref(o);
	return err;
}

static int limit_list(const struct edge *e, struct odict *reply)
{
	struct odict *arr = NULL;
	int err = odict_alloc(&arr, 8);

	for (unsigned i = 0; i < SIP_CLASS_MAX && !err; i++)
		err = put_limit(arr, &e->limits, i);
	if (!err)
		err = odict_entry_add(reply, "limits", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

static unsigned class_of(const char *name)
{
	unsigned i = 0;

	while (i < SIP_CLASS_MAX && str_cmp(name, fp_sip_class(i)) != 0)
		i++;
	return i;
}

/* A number of at most LIMITS_MAX */
static bool number(uint32_t *n, const char *s)
{
	const size_t digits = s ? strspn(s, "0123456789") : 0;

	if (!digits || digits > 7 || s[digits])
		return false;
	*n = (uint32_t)strtoul(s, NULL, 10);
	return *n <= LIMITS_MAX;
}

static int limit_change(struct edge *e, const struct odict *req,
			struct odict *reply, bool reset)
{
	const char *name = odict_string(req, "class");
	const char *burst = odict_string(req, "burst");
	const unsigned class = class_of(name);
	struct limit v;

	if (class == SIP_CLASS_MAX)
		return control_fail(reply, EINVAL,
				    "class '%s': allowed: invite, register, "
				    "dialog, other, response, junk",
				    name ? name : "");
	if (!reset && (!number(&v.rate, odict_string(req, "rate")) ||
		       (burst && !number(&v.burst, burst))))
		return control_fail(reply, EINVAL,
				    "rate and burst: allowed: numbers, "
				    "0..%u; rate 0: no limit",
				    LIMITS_MAX);
	if (!reset && !burst)
		v.burst = 2 * v.rate < LIMITS_MAX ? 2 * v.rate : LIMITS_MAX;
	limits_set(&e->limits, class, reset ? NULL : &v);
	v = limits_get(&e->limits, class);
	log_info("edge: limit of %s: %u/s, burst %u (%s)", name, v.rate,
		 v.burst, reset ? "the file's" : "by hand");
	return control_say(reply, "%s: %u a second of one source, %u at once%s",
			   name, v.rate, v.burst,
			   reset ? ", as configured"
				 : "; until caromd restarts");
}

enum { FOR_MAX = 31536000 /* s that a network is set for: a year */ };

/* ---- networks ---------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t flags;
} kindv[] = {
	{"trusted", SIP_NET_TRUSTED},
	{"allow", SIP_NET_ALLOW},
	{"deny", SIP_NET_DENY},
};

static const char *kind_name(const struct policy_net *net)
{
	if (net->set != SIP_NONE)
		return "trunk";
	for (size_t i = 0; i < ARRAY_SIZE(kindv); i++)
		if (net->flags & kindv[i].flags)
			return kindv[i].name;
	return "?";
}

struct prefix_text {
	char s[64];
};

static const char *prefix_print(struct prefix_text *t,
				const struct policy_net *net)
{
	(void)re_snprintf(t->s, sizeof(t->s), "%j/%u", &net->addr, net->bits);
	return t->s;
}

/* s until it ends, rounded up */
static uint64_t left(const struct policy_net *net)
{
	const uint64_t now = tmr_jiffies();

	return net->until > now ? (net->until - now + 999) / 1000 : 0;
}

static int put_net(struct odict *arr, const struct edge *e,
		   const struct policy_net *net, bool hand)
{
	struct odict *o = NULL;
	struct prefix_text t;
	const char *prefix = prefix_print(&t, net);
	int err = odict_alloc(&o, 4);

	if (!err)
		err = odict_entry_add(o, "prefix", ODICT_STRING, prefix);
	if (!err)
		err = odict_entry_add(o, "kind", ODICT_STRING, kind_name(net));
	if (!err && net->set < SIP_SETS)
		err = odict_entry_add(o, "set", ODICT_INT,
				      (int64_t)e->conf.set_idv[net->set]);
	if (!err)
		err = odict_entry_add(o, "temporary", ODICT_BOOL, (int)hand);
	if (!err && net->until)
		err = odict_entry_add(o, "seconds_left", ODICT_INT,
				      (int64_t)left(net));
	if (!err)
		err = odict_entry_add(arr, prefix, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

static int net_list(const struct edge *e, struct odict *reply)
{
	const struct policy_net *net;
	struct odict *arr = NULL;
	bool hand = false;
	int err = odict_alloc(&arr, 64);

	for (size_t i = 0; !err && (net = nets_at(e->nets, i, &hand)); i++)
		err = put_net(arr, e, net, hand);
	if (!err)
		err = odict_entry_add(reply, "networks", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

/* An address alone is that host */
static int read_prefix(struct policy_net *net, const char *s)
{
	struct sa sa;

	if (!s)
		return EINVAL;
	if (strchr(s, '/') || sa_set_str(&sa, s, 0))
		return prefix_decode(&net->addr, &net->bits, s);
	net->addr = sa;
	net->bits = sa_af(&sa) == AF_INET ? 32 : 128;
	return 0;
}

static int read_net(struct policy_net *net, const struct odict *req,
		    struct odict *reply)
{
	const char *s = odict_string(req, "prefix");

	net->set = SIP_NONE;
	if (!read_prefix(net, s))
		return 0;
	return control_fail(reply, EINVAL,
			    "'%s' is no network: allowed: ADDRESS or "
			    "ADDRESS/BITS, zeroes behind the prefix",
			    s ? s : "");
}

/* A number of seconds */
static bool seconds(uint64_t *n, const char *s)
{
	const size_t digits = strspn(s, "0123456789");

	if (!digits || digits > 8 || s[digits])
		return false;
	*n = strtoul(s, NULL, 10);
	return *n <= FOR_MAX;
}

static int net_add(struct edge *e, const struct odict *req, struct odict *reply)
{
	const char *kind = odict_string(req, "kind");
	const char *life = odict_string(req, "for");
	struct policy_net net = {.flags = 0};
	struct prefix_text t;
	int err = read_net(&net, req, reply);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(kindv); i++)
		if (!str_cmp(kind, kindv[i].name))
			net.flags = kindv[i].flags;
	if (!net.flags)
		return control_fail(reply, EINVAL,
				    "kind '%s': allowed: trusted, allow, deny; "
				    "a trunk has its set, and goes into the "
				    "configuration",
				    kind ? kind : "");
	if (life && (!seconds(&net.until, life) || !net.until))
		return control_fail(reply, EINVAL,
				    "for '%s': allowed: seconds, 1..%u", life,
				    FOR_MAX);
	if (net.until)
		net.until = tmr_jiffies() + net.until * 1000;
	err = nets_set(e->nets, &net);
	if (err == ENOSPC)
		return control_fail(reply, err,
				    "%u networks are set by hand: put them "
				    "into the configuration, and carom reload",
				    NETS_HAND_MAX);
	if (err)
		return err;
	streams_review(e->streams);
	log_info("edge: network %s: %s (by hand)", prefix_print(&t, &net),
		 kind);
	if (life)
		return control_say(reply, "%s: %s, for %s s",
				   prefix_print(&t, &net), kind, life);
	return control_say(reply, "%s: %s; until caromd restarts",
			   prefix_print(&t, &net), kind);
}

/* What one host may use freely: an IPv4 address, or an IPv6 /64 */
static void source_net(struct policy_net *net, const struct sa *src)
{
	uint8_t raw[16];

	net->bits = 32;
	net->addr = *src;
	sa_set_port(&net->addr, 0);
	if (sa_af(src) != AF_INET6)
		return;
	sa_in6(src, raw);
	memset(raw + 8, 0, 8);
	sa_set_in6(&net->addr, raw, 0);
	net->bits = 64;
}

static int net_del(struct edge *e, const struct odict *req, struct odict *reply)
{
	struct policy_net net = {.flags = 0};
	struct prefix_text t;
	int err = read_net(&net, req, reply);

	if (err)
		return err;
	err = nets_unset(e->nets, &net.addr, net.bits);
	if (err == ENOENT)
		return control_fail(
			reply, err,
			"%s was not set by hand; what the configuration "
			"has is changed there (carom reload), or overruled by "
			"carom network add",
			prefix_print(&t, &net));
	if (err)
		return err;
	streams_review(e->streams);
	log_info("edge: network %s: taken back", prefix_print(&t, &net));
	return control_say(reply, "%s: taken back", prefix_print(&t, &net));
}

int edge_deny(struct edge *e, const struct sa *src, uint32_t seconds)
{
	const struct policy_net *had;
	struct policy_net net = {.flags = SIP_NET_DENY, .set = SIP_NONE};
	struct prefix_text t;
	int err;

	if (!e || !sa_isset(src, SA_ADDR) || !seconds)
		return EINVAL;
	had = policy_net(e->policy, src);
	if (policy_trusted(e->policy, src) || policy_own_addr(e->policy, src) ||
	    (had && had->flags & SIP_NET_ALLOW))
		return EPERM;
	source_net(&net, src);
	net.until = tmr_jiffies() + (uint64_t)seconds * 1000;
	had = nets_by_hand(e->nets, &net.addr, net.bits);
	if (had && had->flags & SIP_NET_DENY &&
	    (!had->until || had->until >= net.until))
		return 0;
	err = nets_set(e->nets, &net);
	if (err)
		return err;
	streams_review(e->streams);
	log_info("edge: network %s: deny, for %u s", prefix_print(&t, &net),
		 seconds);
	return 0;
}

int edge_tune(struct edge *e, const char *command, const struct odict *req,
	      struct odict *reply)
{
	if (!strcmp(command, "limit list"))
		return limit_list(e, reply);
	if (!strcmp(command, "limit set"))
		return limit_change(e, req, reply, false);
	if (!strcmp(command, "limit reset"))
		return limit_change(e, req, reply, true);
	if (!strcmp(command, "network list"))
		return net_list(e, reply);
	if (!strcmp(command, "network add"))
		return net_add(e, req, reply);
	if (!strcmp(command, "network delete"))
		return net_del(e, req, reply);
	return ENOSYS;
}
