/* SPDX-License-Identifier: BSD-2-Clause */
/* What leaves, byte by byte: all that is not edited stays as it came */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "edge/edit.h"
#include "edge/key.h"

static int raw(struct mbuf *mb, const char *from, const char *to)
{
	return from < to ? mbuf_write_mem(mb, (const uint8_t *)from,
					  (size_t)(to - from))
			 : 0;
}

static const char *end_of(const struct pl *pl)
{
	return pl->p + pl->l;
}

/* ---- Via ----------------------------------------------------------------- */

/* A connection is known by its port: the response has to bring it back */
static bool forces(const struct policy *p, const struct forward_in *in)
{
	return p->force_rport || p->listenerv[in->listener].transp != MSG_UDP;
}

static bool forced(const struct policy *p, const struct forward_in *in,
		   const struct msg_via *v)
{
	return forces(p, in) && !v->has_rport;
}

/* Does the sender's Via not say where it is? */
static bool wants_received(const struct policy *p, const struct forward_in *in,
			   const struct msg_via *v)
{
	struct sa host;

	if (v->has_rport || forced(p, in, v))
		return true;
	return sa_set(&host, &v->host, 1) || !sa_cmp(&host, &in->src, SA_ADDR);
}

static int put_source(struct mbuf *mb, const struct sa *src)
{
	const uint8_t *a;
	int err = 0;

	if (sa_af(src) == AF_INET)
		return mbuf_printf(mb, "%j", src);
	a = (const uint8_t *)&src->u.in6.sin6_addr;
	for (int i = 0; i < 8 && !err; i++)
		err = mbuf_printf(mb, "%s%x", i ? ":" : "",
				  a[2 * i] << 8 | a[2 * i + 1]);
	return err;
}

/* Parameters: what the sender says of itself is not believed */
static int put_params(struct mbuf *mb, const struct forward_in *in,
		      const struct pl *params)
{
	const char *p = params->p, *end = end_of(params);
	int err = 0;

	while (p < end && !err) {
		const char *next = p + 1, *name = p + 1, *stop;
		bool quoted = false;
		struct pl pl;

		for (; next < end && (quoted || *next != ';'); next++)
			if (*next == '"')
				quoted = !quoted;
		while (name < next && (*name == ' ' || *name == '\t' ||
				       *name == '\r' || *name == '\n'))
			++name;
		stop = name;
		while (stop < next && *stop != '=' && *stop != ' ' &&
		       *stop != '\t' && *stop != '\r' && *stop != '\n')
			++stop;
		pl.p = name;
		pl.l = (size_t)(stop - name);
		if (!pl_strcasecmp(&pl, "rport")) {
			err = raw(mb, p, stop);
			if (!err)
				err = mbuf_printf(mb, "=%u", sa_port(&in->src));
			/* white space behind it stays, a value does not */
			if (!err && !memchr(stop, '=', (size_t)(next - stop)))
				err = raw(mb, stop, next);
		} else if (pl_strcasecmp(&pl, "received")) {
			err = raw(mb, p, next);
		}
		p = next;
	}
	return err;
}

int edit_via_value(struct mbuf *mb, const struct policy *p,
		   const struct forward_in *in, const struct msg *m)
{
	const struct msg_via *v = &m->viav[0];
	int err;

	if (!v->host.l) /* not to be read: as it is */
		return mbuf_write_pl(mb, &v->hdr->val);
	err = raw(mb, v->hdr->val.p, v->params.p);
	if (!err)
		err = put_params(mb, in, &v->params);
	if (!err && forced(p, in, v))
		err = mbuf_printf(mb, ";rport=%u", sa_port(&in->src));
	if (!err && wants_received(p, in, v)) {
		err = mbuf_write_str(mb, ";received=");
		if (!err)
			err = put_source(mb, &in->src);
	}
	if (!err)
		err = raw(mb, end_of(&v->entry), end_of(&v->hdr->val));
	return err;
}

void edit_reply_addr(struct sa *dst, const struct policy *p,
		     const struct forward_in *in, const struct msg *m)
{
	const struct msg_via *v = &m->viav[0];
	const bool tls = v->transp == MSG_TLS || v->transp == MSG_WSS;

	sa_cpy(dst, &in->src);
	if (!v->has_rport && !forces(p, in))
		sa_set_port(dst, v->port ? v->port : tls ? 5061 : 5060);
}

/* ---- what is put in ------------------------------------------------------ */

/* RFC 7118 5: "ws" is for both, "wss" for Via alone */
static const char *transp_param(enum msg_transp t)
{
	static const char *const v[] = {"", ";transport=tcp", ";transport=tls",
					";transport=ws", ";transport=ws"};

	return t < MSG_TRANSP_MAX ? v[t] : "";
}

static int put_route_uri(struct mbuf *mb, const struct policy *p,
			 const char *name, unsigned i, const char *token,
			 const char *params)
{
	const struct policy_listener *l = &p->listenerv[i];

	return mbuf_printf(mb, "%s: <sip:%s%s%J%s;lr%s>\r\n", name, token,
			   *token ? "@" : "", &l->advertised,
			   transp_param(l->transp), params);
}

/* RFC 5626 5.1: who registers a flow with us first is told that it counts */
static bool outbound(const struct msg *m)
{
	const struct msg_header *c = m->first[MSG_CONTACT];

	return c && m->viac == 1 &&
	       !re_regex(c->val.p, c->val.l, ";[ \t\r\n]*reg-id", NULL);
}

/* A datagram may do without; a stream's reader may not (18.3) */
static int put_length(struct mbuf *mb, enum msg_transp transp,
		      const struct msg *m)
{
	return msg_is_stream(transp) && !m->first[MSG_CONTENT_LENGTH]
		       ? mbuf_printf(mb, "Content-Length: %zu\r\n", m->body.l)
		       : 0;
}

static int put_top(struct mbuf *mb, const struct policy *p,
		   const struct forward_in *in, const struct msg *m,
		   const struct edit *e)
{
	const struct policy_listener *l = &p->listenerv[e->out];
	char branch[KEY_BRANCH];
	struct sa reply;
	int err;

	edit_reply_addr(&reply, p, in, m);
	key_branch(branch, p, m, &m->viav[0], &reply, e->in);
	err = mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=%s\r\n",
			  msg_transp_name(l->transp), &l->advertised, branch);
	if (!err && e->record_route)
		err = put_route_uri(mb, p, "Record-Route", e->rr_out,
				    e->token_out, "");
	if (!err && e->record_route &&
	    (e->rr_in != e->rr_out || *e->token_in || *e->token_out))
		err = put_route_uri(mb, p, "Record-Route", e->rr_in,
				    e->token_in, "");
	if (!err && e->path)
		err = put_route_uri(mb, p, "Path", e->rr_out, e->token_out,
				    outbound(m) ? ";ob" : "");
	if (!err && !m->first[MSG_MAX_FORWARDS])
		err = mbuf_write_str(mb, "Max-Forwards: 70\r\n");
	if (!err && e->routes)
		err = mbuf_write_str(mb, e->routes);
	return err ? err : put_length(mb, l->transp, m);
}

/* ---- headers ------------------------------------------------------------- */

static int put_hops(struct mbuf *mb, const struct msg_header *h)
{
	int err = raw(mb, h->line.p, h->val.p);
	char digits[12];

	/* libre's printf knows no width in an argument */
	(void)snprintf(digits, sizeof(digits), "%0*u", (int)h->val.l,
		       pl_u32(&h->val) - 1);
	if (!err)
		err = mbuf_write_str(mb, digits);
	if (!err)
		err = raw(mb, end_of(&h->val), end_of(&h->line));
	return err;
}

/* A Route header without those of its entries that are popped */
static int put_route(struct mbuf *mb, const struct msg *m,
		     const struct msg_header *h, size_t pops)
{
	const struct msg_route *first = NULL;
	bool popped = false;
	int err;

	for (size_t i = 0; i < pops && i < m->routec; i++)
		popped |= m->routev[i].hdr == h;
	/* of more entries than are kept nothing was popped, either */
	if (!popped)
		return mbuf_write_pl(mb, &h->line);
	for (size_t i = pops; i < m->routec && !first; i++)
		if (m->routev[i].hdr == h)
			first = &m->routev[i];
	if (!first)
		return 0;
	err = raw(mb, h->line.p, h->val.p);
	if (!err)
		err = raw(mb, first->entry.p, end_of(&h->line));
	return err;
}

static int put_header(struct mbuf *mb, const struct policy *p,
		      const struct forward_in *in, const struct msg *m,
		      const struct msg_header *h, size_t pops)
{
	int err;

	if (h == m->viav[0].hdr) {
		err = raw(mb, h->line.p, h->val.p);
		if (!err)
			err = edit_via_value(mb, p, in, m);
		if (!err)
			err = raw(mb, end_of(&h->val), end_of(&h->line));
		return err;
	}
	if (h->type == MSG_MAX_FORWARDS)
		return put_hops(mb, h);
	if (h->type == MSG_ROUTE && pops)
		return put_route(mb, m, h, pops);
	return mbuf_write_pl(mb, &h->line);
}

static bool stripped(const struct edit *e, const struct msg_header *h)
{
	for (size_t i = 0; i < e->stripc; i++)
		if (e->stripv[i] == h)
			return true;
	return false;
}

/* A contact in place of the user's name (16.6, 2). 16.6, 6: the strict router's URI into the start line, the Request-URI behind
 * the Routes */
static int put_start(struct mbuf *mb, const struct msg *m, const struct edit *e)
{
	if (e->uri)
		return mbuf_printf(
			mb, "%b%s%b", m->start.p,
			(size_t)(m->ruri.p - m->start.p), e->uri,
			end_of(&m->ruri),
			(size_t)(end_of(&m->start) - end_of(&m->ruri)));
	if (!e->strict)
		return mbuf_write_pl(mb, &m->start);
	return mbuf_printf(mb, "%r %r %r\r\n", &m->met,
			   &m->routev[e->pops].text, &m->version);
}

int edit_request(struct mbuf **mbp, const struct policy *p,
		 const struct forward_in *in, const struct msg *m,
		 const struct edit *e)
{
	const size_t pops = e->pops + (e->strict ? 1 : 0);
	struct mbuf *mb = mbuf_alloc(m->text.l + 512);
	const char *behind = end_of(&m->start);
	int err;

	if (!mb)
		return ENOMEM;
	err = put_start(mb, m, e);
	if (!err)
		err = put_top(mb, p, in, m, e);
	for (size_t i = 0; i < m->hdrc && !err; i++) {
		if (!stripped(e, &m->hdrv[i]))
			err = put_header(mb, p, in, m, &m->hdrv[i], pops);
		behind = end_of(&m->hdrv[i].line);
	}
	if (!err && e->strict)
		err = mbuf_printf(mb, "Route: <%r>\r\n", &m->ruri);
	if (!err)
		err = raw(mb, behind, end_of(&m->text));
	mb->pos = 0;
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

int edit_response(struct mbuf **mbp, const struct forward_out *out,
		  const struct msg *m)
{
	const struct msg_header *h = m->viav[0].hdr;
	struct mbuf *mb = mbuf_alloc(m->text.l + 64);
	int err;

	if (!mb)
		return ENOMEM;
	err = raw(mb, m->text.p, h->line.p);
	if (!err)
		err = put_length(mb, out->transp, m);
	if (!err && !m->viav[0].last) {
		err = raw(mb, h->line.p, h->val.p);
		if (!err)
			err = raw(mb, m->viav[1].entry.p, end_of(&h->line));
	}
	if (!err)
		err = raw(mb, end_of(&h->line), end_of(&m->text));
	mb->pos = 0;
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}
