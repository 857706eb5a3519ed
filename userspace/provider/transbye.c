/* SPDX-License-Identifier: BSD-2-Clause */
/* A call that was answered when nobody waited for it any more: ACK and BYE (RFC 3261
 * 13.2.2.4) */
#include <errno.h>
#include <string.h>
#include "provider/trans.h"

enum { ROUTES = 16 };

/* @return How many; the last is the next hop */
static size_t read_routes(struct pl v[ROUTES], const struct msg *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry;

		if (m->hdrv[i].type != MSG_RECORD_ROUTE)
			continue;
		while (n < ROUTES && msg_list_next(&list, &entry))
			v[n++] = entry;
	}
	return n;
}

/* The route set is the Record-Routes backwards (RFC 3261 12.1.2) */
static int write_routes(struct mbuf *mb, const struct msg *m)
{
	struct pl v[ROUTES];
	size_t n = read_routes(v, m);
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
	const struct msg *m = in->m;
	struct pl routev[ROUTES];
	const size_t n = read_routes(routev, m);
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

static int compose(struct mbuf *mb, const struct msg *m, const char *method,
		   const struct mbuf *invite)
{
	const bool bye = !invite;
	int err = write_routes(mb, m);

	if (!err && invite)
		err = write_credentials(mb, invite);
	return err ? err
		   : mbuf_printf(mb,
				 "Max-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\n"
				 "Call-ID: %r\r\nCSeq: %u %s\r\n"
				 "Content-Length: 0\r\n\r\n",
				 &m->first[MSG_FROM]->val,
				 &m->first[MSG_TO]->val, &m->callid,
				 m->cseq_num + bye, method);
}

/* Its answer is all the same: who does not know the call has ended it */
static void ended(int err, const char *why, const struct wire_in *in, void *arg)
{
	(void)err;
	(void)why;
	(void)in;
	(void)arg;
}

/* @param invite  Of an ACK; NULL: it is a BYE. @return 0 or errno */
static int tell(struct transs *ts, const struct wire_in *in, const char *host,
		const struct pl *uri, const struct mbuf *invite)
{
	struct trans_req r = {.method = invite ? "ACK" : "BYE",
			      .transp = in->transp,
			      .host = host,
			      .uri = *uri};
	struct mbuf *mb = mbuf_alloc(512);
	struct trans *t = NULL;
	int err = mb ? compose(mb, in->m, r.method, invite) : ENOMEM;

	if (err)
		goto out;
	next_hop(&r.dst, in, uri);
	r.rest = (struct pl){(char *)mb->buf, mb->end};
	if (invite)
		err = trans_forget(transs_wire(ts), &r);
	else
		err = trans_send(&t, ts, &r, ended, NULL);
	trans_release(t);
out:
	mem_deref(mb);
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
	       const struct wire_in *in, const char *host,
	       const struct mbuf *invite)
{
	const struct msg *m = in->m;
	struct pl uri, param;
	uint32_t tag;

	if (!m->first[MSG_CONTACT] || !m->first[MSG_FROM] ||
	    !m->first[MSG_TO] ||
	    msg_addr(&uri, &param, &m->first[MSG_CONTACT]->val))
		return;
	(void)tell(ts, in, host, &uri, invite);
	tag = hash_joaat((const uint8_t *)m->to_tag.p, m->to_tag.l);
	if (has_ended(e, tag) || tell(ts, in, host, &uri, NULL))
		return;
	e->v[e->n % TRANS_FORKS] = tag;
	e->n = MIN(e->n + 1, TRANS_FORKS);
}
