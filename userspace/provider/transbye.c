/* SPDX-License-Identifier: BSD-2-Clause */
/* A call that was answered when nobody waited for it any more: ACK and BYE (RFC 3261
 * 13.2.2.4) */
#include <errno.h>
#include <string.h>
#include "provider/trans.h"

enum { ROUTES = 16 };

static bool is_ours(const struct wire *w, const struct pl *entry)
{
	struct msg_route r;

	return !msg_route_decode(&r, entry) &&
	       wire_self(w, &r.uri.host, r.uri.port);
}

/* Those in front of our own: what is behind it is on the caller's side. @return How
 * many; the last is the next hop */
static size_t read_routes(struct pl v[ROUTES], const struct wire_in *in)
{
	const struct msg *m = in->m;
	size_t n = 0;

	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry;

		if (m->hdrv[i].type != MSG_RECORD_ROUTE)
			continue;
		while (n < ROUTES && msg_list_next(&list, &entry)) {
			if (is_ours(in->wire, &entry))
				return n;
			v[n++] = entry;
		}
	}
	return n;
}

/* The route set is the Record-Routes backwards (RFC 3261 12.1.2) */
static int write_routes(struct mbuf *mb, const struct wire_in *in)
{
	struct pl v[ROUTES];
	size_t n = read_routes(v, in);
	int err = 0;

	while (n && !err)
		err = mbuf_printf(mb, "Route: %r\r\n", &v[--n]);
	return err;
}

/* The ACK has the credentials of its INVITE (13.2.2.4) */
static int write_credentials(struct mbuf *mb, const struct mbuf *invite)
{
	const struct pl text = {(const char *)invite->buf, invite->end};
	struct msg *m = mem_zalloc(sizeof(*m), NULL);
	struct msg_fault fault = {0, NULL};
	int err = m ? msg_decode(m, &text, true, &fault) : ENOMEM;

	for (size_t i = 0; !err && i < m->hdrc; i++)
		if (m->hdrv[i].type == MSG_AUTHORIZATION ||
		    m->hdrv[i].type == MSG_PROXY_AUTHORIZATION)
			err = mbuf_write_pl(mb, &m->hdrv[i].line);
	mem_deref(m);
	return err;
}

/* Datagrams go to the first Route, else to the Contact, where that is an address;
 * everything else to where the INVITE went, which knows the way */
static void next_hop(struct sa *dst, const struct wire_in *in,
		     const struct pl *contact)
{
	struct pl routev[ROUTES];
	const size_t n = read_routes(routev, in);
	struct msg_route r;
	struct uri uri;
	struct sa sa;

	*dst = in->peer;
	if (in->transp != MSG_UDP)
		return;
	if (n && !msg_route_decode(&r, &routev[n - 1]))
		uri = r.uri;
	else if (n || msg_uri_decode(&uri, contact))
		return;
	if (msg_host_addr(&sa, &uri.host, uri.port ? uri.port : 5060) &&
	    sa_af(&sa) == sa_af(&in->peer))
		*dst = sa;
}

/* What both have, and a second BYE, too */
static int write_lines(struct mbuf *mb, const struct wire_in *in)
{
	const struct msg *m = in->m;
	int err = write_routes(mb, in);

	return err ? err
		   : mbuf_printf(mb,
				 "Max-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\n"
				 "Call-ID: %r\r\n",
				 &m->first[MSG_FROM]->val,
				 &m->first[MSG_TO]->val, &m->callid);
}

static int write_end(struct mbuf *mb, uint32_t cseq, const char *method)
{
	return mbuf_printf(mb, "CSeq: %u %s\r\nContent-Length: 0\r\n\r\n", cseq,
			   method);
}

static void acknowledge(struct transs *ts, const struct wire_in *in,
			const char *host, const struct pl *uri,
			const struct mbuf *invite)
{
	struct trans_req r = {.method = "ACK",
			      .transp = in->transp,
			      .host = host,
			      .uri = *uri};
	struct mbuf *mb = mbuf_alloc(512);
	int err = mb ? write_lines(mb, in) : ENOMEM;

	if (!err)
		err = write_credentials(mb, invite);
	if (!err)
		err = write_end(mb, in->m->cseq_num, r.method);
	if (!err) {
		next_hop(&r.dst, in, uri);
		r.rest = (struct pl){(char *)mb->buf, mb->end};
		(void)trans_forget(transs_wire(ts), &r);
	}
	mem_deref(mb);
}

/* ---- BYE ----------------------------------------------------------------------- */

struct bye {
	struct le le;
	struct transs *ts; /* has us                                        */
	struct trans *t;
	enum msg_transp transp;
	struct sa dst;
	char *host, *owner, *uri;
	struct mbuf *lines;
	uint32_t cseq;
	bool again; /* with a log-in                                       */
};

static void destructor(void *arg)
{
	struct bye *b = arg;

	list_unlink(&b->le);
	trans_release(b->t);
	mem_deref(b->host);
	mem_deref(b->owner);
	mem_deref(b->uri);
	mem_deref(b->lines);
}

static void ended(int err, const char *why, const struct wire_in *in,
		  void *arg);

/* @param challenge  What it answers to; NULL: nothing. @return 0 or errno */
static int send_bye(struct bye *b, const struct wire_in *challenge)
{
	const struct trans_byes *known = transs_byes(b->ts);
	struct trans_req r = {.method = "BYE",
			      .transp = b->transp,
			      .dst = b->dst,
			      .host = b->host,
			      .uri = {b->uri, strlen(b->uri)}};
	struct mbuf *mb = mbuf_alloc(1024);
	int err = mb ? mbuf_write_mem(mb, b->lines->buf, b->lines->end)
		     : ENOMEM;

	if (!err && challenge)
		err = known->h(mb, b->owner, challenge, &r.uri, known->arg);
	if (!err)
		err = write_end(mb, ++b->cseq, r.method);
	if (!err) {
		r.rest = (struct pl){(char *)mb->buf, mb->end};
		b->t = trans_release(b->t);
		err = trans_send(&b->t, b->ts, &r, ended, b);
	}
	mem_deref(mb);
	return err;
}

/* But for a log-in its answer is all the same: who does not know the call has ended
 * it */
static void ended(int err, const char *why, const struct wire_in *in, void *arg)
{
	struct bye *b = arg;
	const uint16_t code = err ? 0 : in->m->code;
	(void)why;

	if (code >= 100 && code < 200)
		return;
	if ((code == 401 || code == 407) && !b->again && b->owner &&
	    transs_byes(b->ts)->h) {
		b->again = true;
		if (!send_bye(b, in))
			return;
	}
	mem_deref(b);
}

static int begin_bye(struct transs *ts, const struct wire_in *in,
		     const char *host, const char *owner, const struct pl *uri)
{
	struct bye *b = mem_zalloc(sizeof(*b), destructor);
	int err;

	if (!b)
		return ENOMEM;
	b->ts = ts;
	b->transp = in->transp;
	b->cseq = in->m->cseq_num;
	b->lines = mbuf_alloc(512);
	next_hop(&b->dst, in, uri);
	err = b->lines ? write_lines(b->lines, in) : ENOMEM;
	if (!err)
		err = pl_strdup(&b->uri, uri);
	if (!err && host)
		err = str_dup(&b->host, host);
	if (!err && owner)
		err = str_dup(&b->owner, owner);
	if (!err)
		err = send_bye(b, NULL);
	if (err)
		mem_deref(b);
	else
		list_append(&transs_byes(ts)->l, &b->le, b);
	return err;
}

static bool has_ended(const struct trans_ended *e, uint32_t tag)
{
	for (unsigned i = 0; i < e->n; i++)
		if (e->v[i] == tag)
			return true;
	return false;
}

void trans_bye(struct transs *ts, struct trans_ended *e,
	       const struct wire_in *in, const char *host, const char *owner,
	       const struct mbuf *invite)
{
	const struct msg *m = in->m;
	struct pl uri, param;
	uint32_t tag;

	if (!m->first[MSG_CONTACT] || !m->first[MSG_FROM] ||
	    !m->first[MSG_TO] ||
	    msg_addr(&uri, &param, &m->first[MSG_CONTACT]->val))
		return;
	acknowledge(ts, in, host, &uri, invite);
	tag = hash_joaat((const uint8_t *)m->to_tag.p, m->to_tag.l);
	if (has_ended(e, tag) || begin_bye(ts, in, host, owner, &uri))
		return;
	e->v[e->n % TRANS_FORKS] = tag;
	e->n = MIN(e->n + 1, TRANS_FORKS);
}
