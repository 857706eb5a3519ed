/* SPDX-License-Identifier: BSD-2-Clause */
/* From a binding to a next hop */
#include <errno.h>
#include <string.h>
#include "edge/contact.h"
#include "edge/flow.h"
#include "edge/hop.h"

static void destructor(void *arg)
{
	struct contact *c = arg;

	mem_deref(c->uri);
	mem_deref(c->routes);
	mem_deref(c->via);
}

/* ---- URI ------------------------------------------------------------------- */

/* A Request-URI has neither headers nor a method (19.1.1) */
static int uri_for_request(char **sp, const struct pl *text,
			   const struct uri *u)
{
	struct pl rest = u->params, one;
	struct mbuf *mb = mbuf_alloc(text->l + 1);
	const size_t front = (size_t)((u->params.l    ? u->params.p
				       : u->headers.l ? u->headers.p
						      : text->p + text->l) -
				      text->p);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_write_mem(mb, (const uint8_t *)text->p, front);
	while (rest.l && !err) {
		const char *next = memchr(rest.p + 1, ';', rest.l - 1);

		one.p = rest.p;
		one.l = next ? (size_t)(next - rest.p) : rest.l;
		pl_advance(&rest, (ssize_t)one.l);
		if (!msg_param(&one, "method", NULL))
			err = mbuf_write_pl(mb, &one);
	}
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, sp, mbuf_get_left(mb));
	mem_deref(mb);
	return err;
}

/* ---- the way ----------------------------------------------------------------- */

/* To the host of a URI, be it the contact's or a Path's */
static int by_uri(struct contact *c, const struct pl *text)
{
	struct forward_out out = {.any = false};
	struct uri u;
	struct pl pl;
	int err = pl_strdup(&c->via, text);

	if (err)
		return err;
	pl_set_str(&pl, c->via);
	if (msg_uri_decode(&u, &pl) || !u.host.l)
		return EBADMSG;
	hop_uri(&out, &u);
	c->dst = out.dst;
	c->host = out.host;
	c->port = out.port;
	c->transp = out.transp;
	c->any = out.any;
	c->secure = out.secure;
	return 0;
}

static void by_flow(struct contact *c, enum msg_transp transp,
		    const struct sa *peer, unsigned listener)
{
	c->flow = true;
	c->transp = transp;
	sa_cpy(&c->dst, peer);
	c->listener = listener;
}

/* By the token of a Path. *done: that was it */
static int by_token(struct contact *c, const struct policy *p,
		    const struct uri *u, bool *done)
{
	struct key_flow f;
	const int err = key_token_check(p, &u->user, &f);

	*done = !err;
	if (err)
		return err == EACCES && hop_own(p, u) ? ENOTCONN : 0;
	switch (flow_where(p, &f)) {
	case FLOW_HERE:
		by_flow(c, f.transp, &f.peer, f.listener);
		return 0;
	case FLOW_AWAY:
		c->relay = true;
		c->transp = MSG_UDP;
		sa_cpy(&c->dst, &f.holder);
		return 0;
	default:
		return ENOTCONN;
	}
}

/* What is left of the Paths, as a header. No control character may end its line */
static int routes(char **sp, struct pl path)
{
	struct mbuf *mb;
	int err;

	msg_trim(&path);
	if (!path.l)
		return 0;
	mb = mbuf_alloc(path.l + 16);
	if (!mb)
		return ENOMEM;
	err = mbuf_write_str(mb, "Route: ");
	for (size_t i = 0; i < path.l && !err; i++)
		err = mbuf_write_u8(mb, (uint8_t)path.p[i] < ' '
						? ' '
						: (uint8_t)path.p[i]);
	if (!err)
		err = mbuf_write_str(mb, "\r\n");
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, sp, mbuf_get_left(mb));
	mem_deref(mb);
	return err;
}

/* Own Paths off the top, the rest become Routes; *done: they say where to */
static int by_path(struct contact *c, const struct policy *p, struct pl path,
		   bool *done)
{
	struct pl entry, from = path;
	struct msg_route r;
	int err;

	while (!*done && msg_list_next(&path, &entry)) {
		if (msg_route_decode(&r, &entry))
			return EBADMSG;
		err = by_token(c, p, &r.uri, done);
		if (err)
			return err;
		if (*done && !c->relay)
			from = path;
		else if (!*done && !hop_own(p, &r.uri)) {
			*done = true;
			err = by_uri(c, &r.text);
		} else if (!*done)
			from = path;
		if (err)
			return err;
	}
	return routes(&c->routes, from);
}

/* Who sends from another address or port than he names is behind a NAT */
static void by_source(struct contact *c, const struct policy *p,
		      const struct sa *src)
{
	if (c->transp != MSG_UDP || sa_cmp(&c->dst, src, SA_ALL))
		return;
	by_flow(c, MSG_UDP, src, p->leave ? p->leave(src, 0, p->arg) : 0);
}

/* A flow that ends where the URI leads to needs no token */
static void straighten(struct contact *c, const struct uri *u)
{
	struct forward_out out = {.any = false};

	if (!c->flow || c->transp != MSG_UDP || c->routes)
		return;
	hop_uri(&out, u);
	c->flow = out.transp != MSG_UDP || !sa_cmp(&out.dst, &c->dst, SA_ALL);
}

static uint32_t id_of(const struct policy *p, const struct contact_binding *b)
{
	struct siphash h;
	char src[64] = "";

	if (sa_isset(&b->received, SA_ADDR))
		(void)re_snprintf(src, sizeof(src), "%J", &b->received);
	siphash_start(&h, p->key[0], p->key[1]);
	sipkey_mem(&h, b->uri.p, b->uri.l);
	sipkey_mem(&h, b->path.p, b->path.l);
	sipkey_mem(&h, src, strlen(src));
	return (uint32_t)siphash_end(&h) | 1;
}

static int fill(struct contact *c, const struct policy *p,
		const struct contact_binding *b)
{
	bool done = false;
	struct uri u;
	int err;

	if (msg_uri_decode(&u, &b->uri) || !u.host.l)
		return EBADMSG;
	c->id = id_of(p, b);
	c->sips = !pl_strcasecmp(&u.scheme, "sips");
	c->expires = b->expires;
	sa_init(&c->dst, AF_UNSPEC);
	err = uri_for_request(&c->uri, &b->uri, &u);
	if (!err && b->path.l)
		err = by_path(c, p, b->path, &done);
	if (!err && !done) {
		/* another user of ours: a proxy is no forwarding service */
		err = hop_own(p, &u) ? EACCES : by_uri(c, &b->uri);
		if (!err && sa_isset(&b->received, SA_ALL))
			by_source(c, p, &b->received);
	}
	if (err)
		return err;
	straighten(c, &u);
	/* whose connection it is has been here; a source may be forged */
	if ((!c->flow || c->transp == MSG_UDP) && !c->relay &&
	    policy_denied(p, &c->dst))
		return EACCES;
	if (!c->flow && !c->relay && sa_isset(&c->dst, SA_ADDR) &&
	    policy_forbidden(p, &c->dst) && !policy_node(p, &c->dst, NULL))
		return EACCES;
	return 0;
}

int contact_alloc(struct contact **cp, const struct policy *p,
		  const struct contact_binding *b)
{
	struct contact *c;
	int err;

	if (!cp || !p || !b)
		return EINVAL;
	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;
	err = fill(c, p, b);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

/* ---- to the kernel and back ---------------------------------------------------- */

bool contact_by_udp(const struct contact *c)
{
	return c->transp == MSG_UDP && !c->relay && sa_isset(&c->dst, SA_ALL);
}

/* Addresses as SIP's maps have them */
static void addr_put(uint8_t a[16], const struct sa *sa)
{
	const uint32_t v4 = htonl(sa_in(sa));

	memset(a, 0, 16);
	if (sa_af(sa) == AF_INET6) {
		memcpy(a, &sa->u.in6.sin6_addr, 16);
		return;
	}
	a[10] = a[11] = 0xff;
	memcpy(a + 12, &v4, 4);
}

static void addr_get(struct sa *sa, const uint8_t a[16], uint16_t port)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(a, mapped, sizeof(mapped)) != 0)
		sa_set_in6(sa, a, port);
	else
		sa_set_in(sa,
			  (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 |
				  (uint32_t)a[14] << 8 | a[15],
			  port);
}

/* What the far side is to call the flow by: as flow_leave() has it, where that does
 * not depend on how the call comes in */
static bool put_token(struct sip_user *u, const struct contact *c,
		      const struct policy *p)
{
	const int own = policy_own_listener(p, MSG_UDP, sa_af(&c->dst));
	struct key_flow f = {.transp = MSG_UDP, .listener = c->listener};
	char text[KEY_TOKEN];

	if (own < 0)
		return false;
	sa_cpy(&f.peer, &c->dst);
	sa_cpy(&f.holder, &p->listenerv[own].advertised);
	key_token(text, p, &f);
	u->token_len = (uint16_t)strlen(text);
	u->listener = (uint16_t)c->listener;
	memcpy(u->token, text, u->token_len);
	return true;
}

void contact_user(struct sip_user *u, const struct contact *c,
		  const struct policy *p)
{
	const size_t n = strlen(c->uri);

	u->id = c->id;
	u->uri_len = u->token_len = 0;
	if (!contact_by_udp(c) || c->routes || n > sizeof(u->uri) ||
	    (c->flow && !put_token(u, c, p)))
		return;
	addr_put(u->addr, &c->dst);
	u->port = sa_port(&c->dst);
	u->uri_len = (uint16_t)n;
	memcpy(u->uri, c->uri, n);
}

struct contact *contact_of_user(const struct sip_user *u)
{
	struct contact *c;
	struct pl uri = {u->uri, u->uri_len};

	if (!u->uri_len || u->uri_len > sizeof(u->uri))
		return NULL;
	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return NULL;
	c->id = u->id;
	c->transp = MSG_UDP;
	c->flow = u->token_len;
	c->listener = u->listener;
	addr_get(&c->dst, u->addr, u->port);
	return pl_strdup(&c->uri, &uri) ? mem_deref(c) : c;
}

void contact_out(struct forward_out *out, struct contact *c)
{
	out->contact = mem_ref(c);
	sa_cpy(&out->dst, &c->dst);
	out->transp = c->transp;
	out->host = c->host;
	out->port = c->port;
	out->any = c->any;
	out->secure = c->secure;
	out->flow = c->flow;
	if (c->flow)
		out->listener = c->listener;
}
