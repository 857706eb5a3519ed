/* SPDX-License-Identifier: BSD-2-Clause */
/* What a REGISTER asks for: Contact, Expires, Path */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "registrar/priv.h"

enum { INSTANCE = 256, HOUR = 3600 };

/* Digits; what is no number counts as the default (20.19, 10.3) */
static uint32_t seconds(const struct pl *val, uint32_t otherwise)
{
	uint64_t n = 0;

	if (!val->l || val->l > 10)
		return val->l > 10 && val->p[0] >= '0' && val->p[0] <= '9'
			       ? UINT32_MAX
			       : otherwise;
	for (size_t i = 0; i < val->l; i++) {
		if (val->p[i] < '0' || val->p[i] > '9')
			return otherwise;
		n = n * 10 + (uint64_t)(val->p[i] - '0');
	}
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* qvalue (25.1): "1", "0.5", "0.333". @return whether it is one */
static bool qvalue(uint16_t *q, const struct pl *val)
{
	unsigned n = 0, step = 100;

	if (!val->l || val->l > 5 || (val->p[0] != '0' && val->p[0] != '1') ||
	    (val->l > 1 && val->p[1] != '.'))
		return false;
	n = val->p[0] == '1' ? LOCATION_Q : 0;
	for (size_t i = 2; i < val->l; i++, step /= 10) {
		if (val->p[i] < '0' || val->p[i] > '9')
			return false;
		n += (unsigned)(val->p[i] - '0') * step;
	}
	*q = (uint16_t)n;
	return n <= LOCATION_Q;
}

/* "<urn:uuid:...>" in quotes (RFC 5626 4.1): what is in them */
static bool instance_of(struct pl *instance, const struct pl *val)
{
	*instance = *val;
	if (instance->l < 5 || instance->l > INSTANCE ||
	    strncmp(instance->p, "\"<", 2) != 0 ||
	    strncmp(instance->p + instance->l - 2, ">\"", 2) != 0)
		return false;
	pl_advance(instance, 2);
	instance->l -= 2;
	for (size_t i = 0; i < instance->l; i++)
		if ((uint8_t)instance->p[i] <= ' ' ||
		    strchr("\"<>\\;", instance->p[i]))
			return false;
	return true;
}

/* ---- one contact ----------------------------------------------------------------- */

static bool uri_good(const struct pl *text)
{
	struct uri uri;
	const int err = msg_uri_decode(&uri, text);

	/* another scheme may be registered, and nobody here reads it */
	return text->l <= LOCATION_TEXT &&
	       (!err ? uri.host.l || !pl_strcasecmp(&uri.scheme, "tel")
		     : err == ENOTSUP);
}

static const char *params_in(const struct reg *g, struct wanted *w,
			     const struct pl *params, uint32_t expires)
{
	struct pl val, reg_id = pl_null;

	w->expires = expires;
	w->q = LOCATION_Q;
	if (msg_param(params, "expires", &val))
		w->expires = seconds(&val, g->r->conf.default_expires);
	if (msg_param(params, "q", &val) && !qvalue(&w->q, &val))
		return "Malformed q";
	if (msg_param(params, "+sip.instance", &val) &&
	    !instance_of(&w->instance, &val))
		return "Malformed Instance";
	if (!msg_param(params, "reg-id", &reg_id))
		return NULL;
	w->reg_id = seconds(&reg_id, 0);
	return !w->reg_id || w->reg_id > INT32_MAX ? "Malformed reg-id" : NULL;
}

static const char *one_contact(struct reg *g, const struct pl *entry,
			       uint32_t expires)
{
	struct wanted *w = &g->wantv[g->wantc];
	struct pl params;
	const char *bad;

	if (g->wantc == REGISTRAR_CONTACTS)
		return "Too Many Contacts";
	memset(w, 0, offsetof(struct wanted, idbuf));
	if (msg_name_addr(&w->uri, &params, entry) || !uri_good(&w->uri))
		return "Malformed Contact";
	bad = params_in(g, w, &params, expires);
	if (bad)
		return bad;
	++g->wantc;
	return NULL;
}

static const char *contacts(struct reg *g)
{
	const struct msg *m = g->in->m;
	uint32_t expires = g->r->conf.default_expires;
	struct pl val, list, entry;
	const char *bad = NULL;

	if (sip_header(m, "Expires", 0, NULL, &val))
		expires = seconds(&val, expires);
	for (size_t i = 0; i < m->hdrc && !bad; i++) {
		if (m->hdrv[i].type != MSG_CONTACT)
			continue;
		list = m->hdrv[i].val;
		while (!bad && msg_list_next(&list, &entry)) {
			if (!pl_strcmp(&entry, "*"))
				g->star = true;
			else
				bad = one_contact(g, &entry, expires);
		}
	}
	/* all of them, and nothing else, at once (10.2.2) */
	if (!bad && g->star && (g->wantc || expires))
		bad = "Contact * With Others Or Without Expires 0";
	return bad;
}

/* ---- the way there --------------------------------------------------------------- */

static const char *paths(struct reg *g)
{
	struct pl val;
	size_t at = 0, n = 0;

	while (sip_header(g->in->m, "Path", 0, &at, &val)) {
		if (!val.l)
			continue;
		if (n + 1 + val.l > LOCATION_TEXT)
			return "Path Too Long";
		if (n)
			g->pathbuf[n++] = ',';
		memcpy(g->pathbuf + n, val.p, val.l);
		n += val.l;
	}
	g->path = (struct pl){n ? g->pathbuf : NULL, n};
	return NULL;
}

/* The proxy next to the phone wrote the last one: does it keep flows (RFC 5626
 * 6)? */
static bool first_hop_keeps_flows(const struct reg *g)
{
	struct pl list = g->path, entry, last = pl_null, text, params;
	struct uri uri;

	if (g->in->direct)
		return true;
	while (msg_list_next(&list, &entry))
		last = entry;
	return last.l && !msg_name_addr(&text, &params, &last) &&
	       !msg_uri_decode(&uri, &text) && msg_uri_param(&uri, "ob");
}

/* @return whether it can go on */
static bool outbound(struct reg *g)
{
	bool wished = false;

	for (size_t i = 0; i < g->wantc; i++) {
		struct wanted *w = &g->wantv[i];

		if (!sip_option(g->in->m, "Supported", 'k', "outbound") ||
		    !w->instance.l)
			w->reg_id = 0;
		wished |= w->reg_id != 0;
	}
	if (!wished)
		return true;
	if (g->wantc > 1)
		return reg_refuse(g, 400, "reg-id Of Several Contacts");
	if (!first_hop_keeps_flows(g))
		return reg_refuse(g, 439, "First Hop Lacks Outbound Support");
	g->outbound = true;
	return true;
}

/* ---- where nobody may be ---------------------------------------------------------- */

static bool path_denied(const struct reg *g)
{
	struct pl list = g->path, entry, uri, params;

	while (msg_list_next(&list, &entry))
		if (!msg_name_addr(&uri, &params, &entry) &&
		    sip_node_denies_uri(g->in->node, &uri))
			return true;
	return false;
}

/* By a datagram it is reached where it came from, if by no Path */
static bool source_denied(const struct reg *g)
{
	return !g->path.l && g->in->src_transp == MSG_UDP &&
	       sip_node_denies(g->in->node, &g->in->src);
}

static bool permitted(const struct reg *g)
{
	bool any = false;

	for (size_t i = 0; i < g->wantc; i++) {
		const struct wanted *w = &g->wantv[i];

		any |= w->expires > 0;
		if (w->expires && sip_node_denies_uri(g->in->node, &w->uri))
			return reg_refuse(g, 403, "Contact Address Denied");
	}
	if (any && path_denied(g))
		return reg_refuse(g, 403, "Path Address Denied");
	if (any && source_denied(g))
		return reg_refuse(g, 403, "Source Address Denied");
	return true;
}

/* ---- bounds ---------------------------------------------------------------------- */

static bool times(struct reg *g)
{
	const struct registrar_conf *c = &g->r->conf;

	for (size_t i = 0; i < g->wantc; i++) {
		struct wanted *w = &g->wantv[i];

		if (w->expires && w->expires < c->min_expires &&
		    w->expires < HOUR) {
			++g->r->stats.brief;
			(void)sip_answer(g->in, 423, "Interval Too Brief",
					 "Min-Expires: %u\r\n", c->min_expires);
			return false;
		}
		w->expires = min(w->expires, c->max_expires);
	}
	return true;
}

static void name_them(struct reg *g)
{
	for (size_t i = 0; i < g->wantc; i++) {
		struct wanted *w = &g->wantv[i];

		w->id = w->uri;
		if (!w->reg_id)
			continue;
		(void)re_snprintf(w->idbuf, sizeof(w->idbuf), "%r %u",
				  &w->instance, w->reg_id);
		pl_set_str(&w->id, w->idbuf);
	}
}

bool contacts_read(struct reg *g)
{
	const struct msg *m = g->in->m;
	const char *bad = contacts(g);

	if (!bad)
		bad = paths(g);
	if (!bad && m->callid.l > LOCATION_TEXT)
		bad = "Call-ID Too Long";
	if (bad)
		return reg_refuse(g, 400, bad);
	if (!permitted(g) || !outbound(g) || !times(g))
		return false;
	g->gruu = g->r->conf.gruu && sip_option(m, "Supported", 'k', "gruu");
	if (sip_header(m, "User-Agent", 0, NULL, &g->agent))
		g->agent.l = min(g->agent.l, (size_t)AGENT);
	name_them(g);
	return true;
}
