/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may send what, and where it goes on */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "provider/call.h"
#include "provider/challenge.h"
#include "provider/core.h"
#include "provider/loop.h"
#include "provider/outbound.h"
#include "provider/peers.h"
#include "provider/relay.h"
#include "provider/strans.h"
#include "provider/uac.h"

struct outbound {
	struct providers *ps; /* has us                                     */
	struct outbound_conf conf;
	struct wire *wire;
	struct transs *transs;
	struct stranss *stranss;
	struct outbound_count count;
	struct list calls;
	struct loop loop;
};

static void destructor(void *arg)
{
	struct outbound *o = arg;

	list_flush(&o->calls);
	mem_deref(o->stranss);
	mem_deref(o->transs);
	mem_deref(o->wire);
}

struct wire *outbound_wire(const struct outbound *o)
{
	return o ? o->wire : NULL;
}

struct transs *outbound_transs(const struct outbound *o)
{
	return o ? o->transs : NULL;
}

struct stranss *outbound_stranss(const struct outbound *o)
{
	return o->stranss;
}

struct providers *outbound_providers(const struct outbound *o)
{
	return o->ps;
}

struct outbound_count *outbound_count(struct outbound *o)
{
	return &o->count;
}

struct list *outbound_calls(struct outbound *o)
{
	return &o->calls;
}

const struct outbound_conf *outbound_conf(const struct outbound *o)
{
	return &o->conf;
}

const struct loop *outbound_loop(const struct outbound *o)
{
	return &o->loop;
}

/* ---- tokens ---------------------------------------------------------------------- */

static uint64_t hash(const struct outbound *o, const struct pl *pl)
{
	return provider_hash(o->ps, pl->p, pl->l);
}

/* Vouches that this call has been here, and for what the token says */
static uint64_t vouch(const struct outbound *o, const struct msg *m,
		      const struct pl *said)
{
	uint64_t v[2] = {hash(o, &m->callid), hash(o, said)};

	return provider_hash(o->ps, (const char *)v, sizeof(v));
}

/* "oCSEQ~FROMTAG~PROVIDER~MARK"; no id has a '~' */
int outbound_token(const struct outbound *o, char text[OUTBOUND_TOKEN],
		   const struct msg *m, uint32_t cseq, bool inbound,
		   const char *provider)
{
	struct pl said = {text, 0};

	if (re_snprintf(text, OUTBOUND_TOKEN, "%s%u~%08x~%s",
			inbound ? "i" : "o", cseq,
			(uint32_t)hash(o, &m->from_tag), provider) < 0)
		return EOVERFLOW;
	said.l = strlen(text);
	return re_snprintf(text + said.l, OUTBOUND_TOKEN - said.l, "~%016llx",
			   vouch(o, m, &said)) < 0
		       ? EOVERFLOW
		       : 0;
}

/* What is in front of the next '~', or all */
static struct pl part(struct pl *rest)
{
	struct pl p = *rest;
	const char *end = pl_strchr(rest, '~');

	p.l = end ? (size_t)(end - p.p) : rest->l;
	pl_advance(rest, (ssize_t)MIN(p.l + 1, rest->l));
	return p;
}

int outbound_token_check(const struct outbound *o, const struct pl *user,
			 const struct msg *m, struct outbound_dialog *d)
{
	struct pl rest = *user, said = *user;
	struct pl cseq = part(&rest);
	const struct pl tag = part(&rest), provider = part(&rest),
			mark = part(&rest);

	if (cseq.l < 2 || tag.l != 8 || mark.l != 16 || rest.l)
		return EACCES;
	said.l = (size_t)(mark.p - said.p) - 1;
	if (pl_x64(&mark) != vouch(o, m, &said) ||
	    pl_strcpy(&provider, d->provider, sizeof(d->provider)))
		return EACCES;
	d->inbound = *cseq.p == 'i';
	pl_advance(&cseq, 1);
	d->cseq = pl_u32(&cseq);
	d->forth = pl_x32(&tag) == (uint32_t)hash(o, &m->from_tag);
	return 0;
}

/* ---- who it is -------------------------------------------------------------------- */

static bool within(const struct sa *sa, const struct outbound_net *n)
{
	const uint8_t *a, *b;
	unsigned bytes = n->bits / 8, rest = n->bits % 8;

	if (sa_af(sa) != sa_af(&n->addr))
		return false;
	if (sa_af(sa) == AF_INET) {
		a = (const uint8_t *)&sa->u.in.sin_addr;
		b = (const uint8_t *)&n->addr.u.in.sin_addr;
	} else {
		a = sa->u.in6.sin6_addr.s6_addr;
		b = n->addr.u.in6.sin6_addr.s6_addr;
	}
	return !memcmp(a, b, bytes) &&
	       (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

static bool trusted(const struct outbound *o, const struct sa *sa)
{
	for (size_t i = 0; i < o->conf.trustc; i++)
		if (within(sa, &o->conf.trustv[i]))
			return true;
	return false;
}

/* Whose Contact is it that was called? */
struct called {
	const struct pl *user;
	const struct sa *peer;
	struct provider *p;
};

static bool is_called(struct provider *p, void *arg)
{
	struct called *c = arg;
	const struct sa *peer = uac_peer(p->uac);

	if (!peer || !sa_cmp(peer, c->peer, SA_ADDR) ||
	    !uac_is_contact(p->uac, c->user))
		return false;
	c->p = p;
	return true;
}

/* ---- requests ------------------------------------------------------------------------ */

static void refuse(struct outbound *o, const struct wire_in *in, uint16_t code,
		   const char *phrase, const char *lines)
{
	if (pl_strcmp(&in->m->met, "ACK"))
		(void)stranss_answer(o->stranss, in, code, phrase, lines);
}

static bool is_ours(const struct outbound *o, const struct uri *uri)
{
	return wire_self(o->wire, &uri->host, uri->port);
}

/* Its first Routes, as far as they are ours: two where we have two sides */
static unsigned own_routes(const struct outbound *o, const struct msg *m)
{
	unsigned n = 0;

	while (n < m->routec && n < 2 && is_ours(o, &m->routev[n].uri))
		n++;
	return n;
}

static void within_dialog(struct outbound *o, const struct wire_in *in,
			  unsigned pop)
{
	struct outbound_dialog d;

	if (outbound_token_check(o, &in->m->routev[0].uri.user, in->m, &d)) {
		++o->count.refused;
		refuse(o, in, 403, "No Call Of Ours", NULL);
		return;
	}
	call_within(o, in, pop, &d);
}

static void first_invite(struct outbound *o, const struct wire_in *in,
			 unsigned pop)
{
	const bool out = trusted(o, &in->peer);
	struct called c = {&in->m->uri.user, &in->peer, NULL};

	if (!out)
		providers_each(o->ps, is_called, &c);
	if (!out && (!c.p || !sa_isset(&o->conf.inbound, SA_ALL))) {
		++o->count.refused;
		refuse(o, in, c.p ? 404 : 403,
		       c.p ? "Nowhere To Go" : "Not From There", NULL);
	} else if (loop_found(&o->loop, in->m, !out)) {
		++o->count.refused;
		log_warn("a call to %r has come back by %J: loop",
			 &in->m->uri.user, &in->peer);
		refuse(o, in, 482, "Loop Detected", NULL);
	} else if (out) {
		call_out(o, in, pop);
	} else {
		call_in(o, in, c.p->rec->id);
	}
}

static void fault(struct outbound *o, const struct wire_in *in)
{
	refuse(o, in, relay_hops(in->m) ? 400 : 483,
	       relay_hops(in->m) ? "Malformed" : "Too Many Hops", NULL);
}

static bool usable(const struct msg *m)
{
	return m->viac && pl_isset(&m->viav[0].branch) && m->first[MSG_FROM] &&
	       m->first[MSG_TO] && pl_isset(&m->callid) && m->first[MSG_CSEQ] &&
	       m->uri_ok && relay_hops(m) > 0;
}

static void extension(struct outbound *o, const struct wire_in *in)
{
	char lines[128];

	if (re_snprintf(lines, sizeof(lines), "Unsupported: %r\r\n",
			&in->m->first[MSG_PROXY_REQUIRE]->val) < 0)
		lines[0] = '\0';
	refuse(o, in, 420, "Bad Extension", lines);
}

static void request(struct outbound *o, const struct wire_in *in)
{
	const struct msg *m = in->m;
	const unsigned pop = own_routes(o, m);

	if (!usable(m)) {
		if (m->viac && m->first[MSG_FROM] && m->first[MSG_TO])
			fault(o, in);
		return;
	}
	if (stranss_take(o->stranss, in))
		return;
	if (m->first[MSG_PROXY_REQUIRE] && pl_strcmp(&m->met, "ACK"))
		extension(o, in);
	else if (pop && pl_isset(&m->to_tag))
		within_dialog(o, in, pop);
	else if (!pl_strcmp(&m->met, "INVITE") && !pl_isset(&m->to_tag))
		first_invite(o, in, pop);
	else if (!pl_strcmp(&m->met, "OPTIONS"))
		refuse(o, in, 200, "OK", NULL);
	else
		refuse(o, in, pl_isset(&m->to_tag) ? 481 : 405,
		       pl_isset(&m->to_tag) ? "No Such Call"
					    : "Method Not Allowed",
		       pl_isset(&m->to_tag)
			       ? NULL
			       : "Allow: INVITE, ACK, CANCEL, OPTIONS\r\n");
}

static void message_handler(const struct wire_in *in, void *arg)
{
	struct outbound *o = arg;

	if (in->m->code)
		(void)transs_response(o->transs, in);
	else
		request(o, in);
}

static void fail_handler(enum msg_transp transp, const struct sa *peer,
			 const char *why, void *arg)
{
	struct outbound *o = arg;

	transs_failed(o->transs, transp, peer, why);
}

/* ---- calls that were answered too late -------------------------------------------------- */

/* Whom the INVITE went to, or the provider has named, may be shown our log-in */
static int auth_handler(struct mbuf *mb, const char *owner,
			const struct wire_in *in, const struct pl *uri,
			void *arg)
{
	const struct outbound *o = arg;
	const struct provider *p = provider_find(o->ps, owner);
	struct challenge c;
	char why[HEALTH_REASON];
	int err;

	if (!p || !p->rec->secret.username ||
	    !peers_have_addr(p->peers, &in->peer))
		return EACCES;
	err = challenge_read(&c, in->m, &p->rec->secret, why, sizeof(why));
	return err ? err
		   : challenge_answer(mb, &c, &p->rec->secret, "BYE", uri);
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Strings are whose they were: the wire has read them */
static void take(struct outbound *o, const struct outbound_conf *conf)
{
	o->conf = *conf;
	memset(&o->conf.wire.cert, 0, sizeof(o->conf.wire.cert));
}

int outbound_renew(struct outbound *o, const struct outbound_conf *conf,
		   char *why, size_t sz)
{
	const int err = wire_reload(o->wire, &conf->wire, why, sz);

	if (!err)
		take(o, conf);
	return err;
}

static int put(struct odict *o, const char *key, uint64_t n)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)n);
}

int outbound_json(struct odict *o, const struct outbound *out)
{
	int err;

	if (!o || !out)
		return EINVAL;
	err = put(o, "under_way", out->count.now);
	if (!err)
		err = put(o, "calls", out->count.calls);
	if (!err)
		err = put(o, "answered", out->count.answered);
	if (!err)
		err = put(o, "failovers", out->count.failovers);
	if (!err)
		err = put(o, "unrouted", out->count.unrouted);
	if (!err)
		err = put(o, "refused", out->count.refused);
	return err ? err : put(o, "inbound", out->count.inbound);
}

int outbound_alloc(struct outbound **op, const struct outbound_conf *conf,
		   struct providers *ps, char *why, size_t sz)
{
	struct outbound *o;
	int err;

	if (!op || !conf || !ps || !conf->calls)
		return EINVAL;
	o = mem_zalloc(sizeof(*o), destructor);
	if (!o)
		return ENOMEM;
	o->ps = ps;
	list_init(&o->calls);
	take(o, conf);
	err = loop_init(&o->loop);
	if (!err)
		err = wire_alloc(&o->wire, &conf->wire, message_handler,
				 fail_handler, NULL, o, why, sz);
	if (!err)
		err = transs_alloc(&o->transs, o->wire);
	if (!err)
		err = stranss_alloc(&o->stranss, o->wire);
	if (err) {
		mem_deref(o);
		return err;
	}
	transs_byes(o->transs)->h = auth_handler;
	transs_byes(o->transs)->arg = o;
	*op = o;
	return err;
}
