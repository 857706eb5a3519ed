/* SPDX-License-Identifier: BSD-2-Clause */
/* Values: lists, parameters, Via, Route, tags */
#include <errno.h>
#include <string.h>
#include "sip/msg.h"

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void msg_trim(struct pl *pl)
{
	while (pl->l && is_lws(pl->p[0]))
		pl_advance(pl, 1);
	while (pl->l && is_lws(pl->p[pl->l - 1]))
		--pl->l;
}

/* Length of a string in quotes, with both of them, that begins at i */
static size_t quoted_len(const struct pl *pl, size_t i)
{
	const size_t from = i++;

	while (i < pl->l && pl->p[i] != '"')
		i += pl->p[i] == '\\' ? 2 : 1;

	return min(i + 1, pl->l) - from;
}

/* Length up to the first `stop` outside of quotes and <>; l: none */
static size_t span(const struct pl *pl, char stop)
{
	bool angle = false;
	size_t i = 0;

	while (i < pl->l) {
		const char c = pl->p[i];

		/* nothing that is looked for comes after '>' */
		if (c > '>') {
			++i;
		} else if (c == '"') {
			i += quoted_len(pl, i);
		} else {
			if (c == stop && !angle)
				return i;
			if (c == '<')
				angle = true;
			else if (c == '>')
				angle = false;
			++i;
		}
	}
	return pl->l;
}

bool msg_list_next(struct pl *list, struct pl *entry)
{
	size_t n;

	if (!list->p || !list->l)
		return false;
	n = span(list, ',');
	entry->p = list->p;
	entry->l = n;
	pl_advance(list, (ssize_t)(n < list->l ? n + 1 : n));
	msg_trim(entry);
	return true;
}

bool msg_param_next(struct pl *list, struct pl *name, struct pl *val)
{
	struct pl one;
	size_t n;

	msg_trim(list);
	if (!list->l || list->p[0] != ';')
		return false;
	pl_advance(list, 1);
	n = span(list, ';');
	one.p = list->p;
	one.l = n;
	pl_advance(list, (ssize_t)n);
	n = span(&one, '=');
	name->p = one.p;
	name->l = n;
	msg_trim(name);
	*val = pl_null;
	if (n < one.l) {
		val->p = one.p + n + 1;
		val->l = one.l - n - 1;
		msg_trim(val);
	}
	return true;
}

/* A token or a host; a string in quotes is as long as span() says */
static bool is_value(const struct pl *v)
{
	if (v->l && v->p[0] == '"')
		return v->l > 1 && v->p[v->l - 1] == '"';
	for (size_t i = 0; i < v->l; i++)
		switch (v->p[i]) {
		case '"':
		case '<':
		case '=':
		case '>':
			return false;
		default:
			if ((uint8_t)v->p[i] <= ' ')
				return false;
		}
	return true;
}

static bool is(const struct pl *name, const char *other)
{
	return name->l == strlen(other) &&
	       !strncasecmp(name->p, other, name->l);
}

bool msg_param(const struct pl *params, const char *name, struct pl *val)
{
	struct pl list = *params, n, v;

	while (msg_param_next(&list, &n, &v)) {
		if (!is(&n, name))
			continue;
		if (val)
			*val = v;
		return true;
	}
	return false;
}

static const char *const transpv[MSG_TRANSP_MAX] = {"UDP", "TCP", "TLS", "WS",
						    "WSS"};

enum msg_transp msg_transp(const struct pl *name)
{
	unsigned i;

	for (i = 0; i < MSG_TRANSP_MAX; i++)
		if (is(name, transpv[i]))
			break;
	return i;
}

const char *msg_transp_name(enum msg_transp t)
{
	return t < MSG_TRANSP_MAX ? transpv[t] : "?";
}

/* "SIP / 2.0 / UDP" off the front: one of the three, and the slash behind */
static bool protocol_part(struct pl *rest, struct pl *part, bool last)
{
	size_t n = 0;

	msg_trim(rest);
	while (n < rest->l && !is_lws(rest->p[n]) && rest->p[n] != '/')
		++n;
	part->p = rest->p;
	part->l = n;
	if (!n)
		return false;
	pl_advance(rest, (ssize_t)n);
	if (last)
		return rest->l && is_lws(rest->p[0]);
	msg_trim(rest);
	if (!rest->l || rest->p[0] != '/')
		return false;
	pl_advance(rest, 1);
	return true;
}

/* All in one go. @return whether there is nothing but parameters, each of a name (a
 * semicolon too many is an error) */
static bool via_params(struct msg_via *v)
{
	struct pl list = v->params, name, val;
	bool branch = false, received = false, plain = true;

	while (msg_param_next(&list, &name, &val)) {
		plain &= name.l && is_value(&name) && is_value(&val);
		if (!branch && is(&name, "branch")) {
			branch = true;
			v->branch = val;
		} else if (!received && is(&name, "received")) {
			received = true;
			v->received = val;
		} else if (!v->has_rport && is(&name, "rport")) {
			v->has_rport = true;
			v->rport = val;
		}
	}
	return plain && !list.l;
}

int msg_via_decode(struct msg_via *v, const struct pl *entry)
{
	struct pl rest = *entry, name, version, transp;
	size_t n;
	bool plain;
	int err;

	v->entry = *entry;
	if (!protocol_part(&rest, &name, false) ||
	    !protocol_part(&rest, &version, false) ||
	    !protocol_part(&rest, &transp, true) || pl_strcasecmp(&name, "SIP"))
		return EBADMSG;
	v->transp = msg_transp(&transp);
	msg_trim(&rest);
	n = span(&rest, ';');
	v->sentby.p = rest.p;
	v->sentby.l = n;
	v->params.p = rest.p + n;
	v->params.l = rest.l - n;
	msg_trim(&v->sentby);
	plain = via_params(v);
	err = msg_hostport(&v->host, &v->port, &v->sentby);
	/* the host is known by now: a reply can be sent */
	return err || pl_strcmp(&version, "2.0") || !plain ? EBADMSG : 0;
}

int msg_route_decode(struct msg_route *r, const struct pl *entry)
{
	struct pl rest = *entry;
	const char *lt, *gt;
	size_t n = span(&rest, ';');

	r->entry = *entry;
	rest.l = n;
	lt = pl_strchr(&rest, '<');
	gt = lt ? pl_strchr(&rest, '>') : NULL;
	if (!gt || gt < lt)
		return EBADMSG;
	r->text.p = lt + 1;
	r->text.l = (size_t)(gt - lt - 1);
	/* no headers in a Route (19.1.1) */
	if (msg_uri_decode(&r->uri, &r->text) || !r->uri.host.l ||
	    r->uri.headers.l)
		return EBADMSG;
	r->lr = msg_uri_param(&r->uri, "lr");
	return 0;
}

/* A URI as From and To may have it, of any scheme: nothing in it that would end it
 * for one reader and not for another */
static bool is_addr(const struct pl *uri)
{
	const char *colon = pl_strchr(uri, ':');

	for (size_t i = 0; i < uri->l; i++)
		if ((uint8_t)uri->p[i] <= ' ' || uri->p[i] == '"' ||
		    uri->p[i] == '>')
			return false;
	return colon && colon > uri->p && colon + 1 < uri->p + uri->l;
}

/* A display name off the front, up to the '<': a quoted string, or words without
 * quotes and without what separates addresses (25.1) */
static bool display_name(struct pl *rest)
{
	const bool quoted = rest->l && rest->p[0] == '"';
	size_t n = quoted ? 1 : 0;

	while (quoted && n < rest->l && rest->p[n] != '"')
		n += rest->p[n] == '\\' ? 2 : 1;
	if (quoted && n >= rest->l)
		return false;
	pl_advance(rest, quoted ? (ssize_t)n + 1 : 0);
	if (quoted)
		msg_trim(rest);
	for (n = 0; n < rest->l && rest->p[n] != '<'; n++)
		if (quoted || (rest->p[n] && strchr("\",;=>", rest->p[n])))
			return false;
	pl_advance(rest, (ssize_t)n);
	return rest->l > 0;
}

int msg_name_addr(struct pl *uri, struct pl *params, const struct pl *val)
{
	struct pl rest = *val;
	size_t n = span(&rest, ';');

	params->p = rest.p + n;
	params->l = rest.l - n;
	rest.l = n;
	msg_trim(&rest);
	if (rest.l && (rest.p[0] == '"' || pl_strchr(&rest, '<'))) {
		if (!display_name(&rest) || rest.p[rest.l - 1] != '>')
			return EBADMSG;
		pl_advance(&rest, 1);
		--rest.l;
	}
	if (!is_addr(&rest))
		return EBADMSG;
	*uri = rest;
	return 0;
}

int msg_addr(struct pl *uri, struct pl *tag, const struct pl *val)
{
	struct pl params;
	int err = msg_name_addr(uri, &params, val);

	*tag = pl_null;
	if (!err)
		(void)msg_param(&params, "tag", tag);
	return err;
}

int msg_tag(struct pl *tag, const struct pl *val)
{
	struct pl uri;

	return msg_addr(&uri, tag, val);
}

bool msg_host_addr(struct sa *sa, const struct pl *host, uint16_t port)
{
	return !sa_set(sa, host, port);
}
