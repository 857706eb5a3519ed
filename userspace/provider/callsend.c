/* SPDX-License-Identifier: BSD-2-Clause */
/* A call's request as it leaves */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "provider/callcore.h"
#include "provider/peers.h"
#include "provider/uac.h"

/* ---- where to -------------------------------------------------------------------- */

static void hop_of_uri(struct where_ask *a, const struct uri *u)
{
	struct pl transp;

	a->host = u->host;
	a->port = u->port;
	a->transp = MSG_TRANSP_MAX;
	if (msg_param(&u->params, "transport", &transp))
		a->transp = msg_transp(&transp);
	if (!pl_strcasecmp(&u->scheme, "sips"))
		a->transp = MSG_TLS;
}

int call_hop(struct call *c, struct where_ask *a)
{
	const struct provider *p = call_provider(c);
	const char *route = p && !c->within ? uac_service_route(p->uac) : NULL;
	struct msg_route first;
	struct pl list, entry;

	if (c->within) {
		/* a Route that is not ours comes before the Request-URI */
		hop_of_uri(a, c->pop < call_msg(c)->routec
				      ? &call_msg(c)->routev[c->pop].uri
				      : &call_msg(c)->uri);
		return pl_isset(&a->host) ? 0 : EBADMSG;
	}
	if (!p)
		return EBADMSG;
	if (route) {
		pl_set_str(&list, route);
		if (!msg_list_next(&list, &entry) ||
		    msg_route_decode(&first, &entry))
			return EBADMSG;
		hop_of_uri(a, &first.uri);
		return 0;
	}
	pl_set_str(&a->host, p->rec->hostname);
	a->port = p->rec->port;
	a->transp = p->rec->transp;
	return 0;
}

const char *call_host(struct call *c)
{
	const struct provider *p = call_provider(c);

	return p && !c->inbound ? p->rec->hostname : NULL;
}

/* ---- whom our log-in may be shown to -------------------------------------------------- */

static uint16_t port_of(const struct where_ask *a)
{
	return a->port ? a->port : a->transp == MSG_TLS ? 5061 : 5060;
}

/* The Record-Route in front of our own, else the Contact. *u: false where there is
 * neither */
static bool goes_on_with(struct uri *u, struct call *c, const struct msg *m)
{
	bool found = false;
	struct pl uri, tag;

	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry;
		struct msg_route r;

		if (m->hdrv[i].type != MSG_RECORD_ROUTE)
			continue;
		while (msg_list_next(&list, &entry)) {
			if (msg_route_decode(&r, &entry))
				return false;
			if (wire_self(outbound_wire(c->o), &r.uri.host,
				      r.uri.port))
				goto own;
			*u = r.uri;
			found = true;
		}
	}
own:
	return found || (m->first[MSG_CONTACT] &&
			 !msg_addr(&uri, &tag, &m->first[MSG_CONTACT]->val) &&
			 !msg_uri_decode(u, &uri));
}

void call_learn(struct call *c, const struct msg *m)
{
	struct provider *p = call_provider(c);
	struct where_ask a;
	struct uri u;

	if (!p || c->within || !p->rec->secret.username ||
	    !goes_on_with(&u, c, m))
		return;
	hop_of_uri(&a, &u);
	(void)peers_add(&p->peers, &a.host, port_of(&a));
}

bool call_may_log_in(struct call *c)
{
	const struct provider *p = call_provider(c);
	struct where_ask a;

	if (!p || !c->within)
		return p;
	return peers_have_addr(p->peers, &c->to.addr) ||
	       (!call_hop(c, &a) && peers_have(p->peers, &a.host, port_of(&a)));
}

/* ---- staying in the path ------------------------------------------------------------ */

static int write_rr(struct mbuf *mb, struct call *c, const char *token,
		    enum msg_transp transp, const struct sa *to)
{
	char sentby[WIRE_SENTBY];
	int err = wire_sentby(outbound_wire(c->o), transp, to, sentby);

	return err ? err
		   : mbuf_printf(mb, "Record-Route: <sip:%s@%s%s;lr>\r\n",
				 token, sentby,
				 transp == MSG_UDP   ? ""
				 : transp == MSG_TCP ? ";transport=tcp"
						     : ";transport=tls");
}

/* Who logs in has to see the requests that follow, and who raises CSeqs all the more;
 * two transports, or two families, meet nowhere else; and a proxy before us that stays
 * (an edge) sends to nodes it knows, not to whatever a carrier's Contact says */
static bool stays(struct call *c)
{
	const struct provider *p = call_provider(c);

	return outbound_conf(c->o)->record_route || c->inbound ||
	       call_msg(c)->count[MSG_RECORD_ROUTE] ||
	       c->to.transp != c->transp ||
	       sa_af(&c->to.addr) != sa_af(&c->peer) ||
	       (p && p->rec->secret.username) || (p && p->uac);
}

/* Both sides, where they differ (RFC 5658): the nearer one first */
static int write_record_route(struct mbuf *mb, struct call *c)
{
	const bool same = c->to.transp == c->transp &&
			  sa_af(&c->to.addr) == sa_af(&c->peer);
	const struct provider *p = call_provider(c);
	char token[OUTBOUND_TOKEN];
	int err;

	if (c->within || !stays(c))
		return 0;
	err = outbound_token(c->o, token, call_msg(c), c->cseq, c->inbound,
			     p ? p->rec->id : c->dialog.provider);
	if (!err)
		err = write_rr(mb, c, token, c->to.transp, &c->to.addr);
	if (!err && !same)
		err = write_rr(mb, c, token, c->transp, &c->peer);
	return err;
}

/* ---- numbers ---------------------------------------------------------------------------- */

/* A number as the user of a URI */
static int write_user(struct mbuf *mb, const char *s)
{
	int err = 0;

	for (; *s && !err; s++) {
		if (isalnum((unsigned char)*s) || strchr("-_.!~*'()&=+$,/", *s))
			err = mbuf_write_u8(mb, (uint8_t)*s);
		else
			err = mbuf_printf(mb, "%%%02X", (uint8_t)*s);
	}
	return err;
}

static int write_host(struct mbuf *mb, const struct record *r)
{
	const bool six = strchr(r->hostname, ':') != NULL;
	int err = mbuf_printf(mb, "%s%s%s", six ? "[" : "", r->hostname,
			      six ? "]" : "");

	return err || !r->port ? err : mbuf_printf(mb, ":%u", r->port);
}

/* The callee: the number that is rewritten, at the provider */
static int write_uri(struct mbuf *mb, struct call *c, const struct provider *p)
{
	int err;

	if (c->within || c->inbound || !p)
		return mbuf_write_pl(mb, &call_msg(c)->ruri);
	err = mbuf_write_str(mb, "sip:");
	if (!err)
		err = write_user(mb, c->candidatev[c->at].called.s);
	if (!err)
		err = mbuf_write_u8(mb, '@');
	if (!err)
		err = write_host(mb, p->rec);
	if (!err && (p->rec->transp == MSG_TCP || p->rec->transp == MSG_TLS))
		err = mbuf_printf(mb, ";transport=%s",
				  p->rec->transp == MSG_TCP ? "tcp" : "tls");
	return err;
}

/* The caller, where its number or its domain is another one there. *uri NULL: as it
 * came */
static int make_from(char **uri, struct call *c, const struct provider *p)
{
	const struct candidate *k = &c->candidatev[c->at];
	struct pl was, tag;
	struct mbuf *mb;
	struct uri u;
	int err;

	*uri = NULL;
	if (c->within || c->inbound || !p || (!k->from && !p->rec->from_domain))
		return 0;
	if (msg_addr(&was, &tag, &call_msg(c)->first[MSG_FROM]->val) ||
	    msg_uri_decode(&u, &was))
		return EBADMSG;
	mb = mbuf_alloc(128);
	if (!mb)
		return ENOMEM;
	err = mbuf_write_str(mb, "sip:");
	if (!err)
		err = k->from ? write_user(mb, k->caller.s)
			      : mbuf_write_pl(mb, &u.user);
	if (!err)
		err = mbuf_printf(mb, "%s", k->from || u.user.l ? "@" : "");
	if (!err && p->rec->from_domain)
		err = mbuf_write_str(mb, p->rec->from_domain);
	else if (!err)
		err = mbuf_printf(mb, pl_strchr(&u.host, ':') ? "[%r]" : "%r",
				  &u.host);
	if (!err)
		err = mbuf_write_u8(mb, '\0');
	if (!err)
		err = str_dup(uri, (char *)mb->buf);
	mem_deref(mb);
	return err;
}

/* ---- the provider's own ------------------------------------------------------------------- */

static int write_own(struct mbuf *mb, struct call *c, struct provider *p,
		     const struct pl *uri)
{
	const char *route = p ? uac_service_route(p->uac) : NULL;
	char method[32];
	int err = 0;

	if (!p || c->inbound)
		return 0;
	if (!c->within && route)
		err = mbuf_printf(mb, "Route: %s\r\n", route);
	for (size_t i = 0; i < p->rec->headerc && !c->within && !err; i++)
		if (!pl_strcmp(&call_msg(c)->met, "INVITE"))
			err = mbuf_printf(mb, "%s: %s\r\n",
					  p->rec->headerv[i].name,
					  p->rec->headerv[i].value);
	/* an ACK can't be challenged: it has what its INVITE had */
	if (err || !p->challenge || !call_may_log_in(c) ||
	    pl_strcpy(&call_msg(c)->met, method, sizeof(method)))
		return err;
	return challenge_answer(mb, p->challenge, &p->rec->secret, method, uri);
}

int call_compose(struct call *c, struct mbuf *uri, struct mbuf *rest)
{
	struct provider *p = call_provider(c);
	struct mbuf *lines = mbuf_alloc(512);
	/* where a call goes is ours to say: no other Route holds */
	struct relay r = {.pop = c->within ? c->pop : UINT_MAX,
			  .cseq = c->cseq,
			  .src = &c->peer};
	char *from = NULL;
	struct pl pl;
	int err = lines ? write_uri(uri, c, p) : ENOMEM;

	pl = (struct pl){(char *)uri->buf, uri->end};
	if (!err)
		err = write_record_route(lines, c);
	if (!err)
		err = write_own(lines, c, p, &pl);
	if (!err)
		err = mbuf_write_u8(lines, '\0');
	if (!err)
		err = make_from(&from, c, p);
	if (!err) {
		r.lines = (char *)lines->buf;
		r.from = from;
		err = relay_request(rest, call_msg(c), &r);
	}
	mem_deref(from);
	mem_deref(lines);
	return err;
}
