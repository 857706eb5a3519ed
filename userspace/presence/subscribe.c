/* SPDX-License-Identifier: BSD-2-Clause */
/* SUBSCRIBE (RFC 6665 4.2) */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"

/* ---- the dialog that it makes (RFC 3261 12.1.1) ---------------------------------- */

static int dup_value(char **sp, const struct msg *m, enum msg_hdr type)
{
	const struct msg_header *h = m->first[type];

	if (!h || h->val.l > TEXT)
		return EBADMSG;
	return re_sdprintf(sp, "%r", &h->val);
}

/* From without its tag: To of our NOTIFYs */
static int dup_remote(struct sub *s, const struct msg *m)
{
	const struct msg_header *h = m->first[MSG_FROM];
	struct pl uri, tag;

	if (!h || h->val.l > TEXT || msg_addr(&uri, &tag, &h->val) ||
	    !m->from_tag.l || m->from_tag.l > TEXT)
		return EBADMSG;
	return re_sdprintf(&s->remote, "<%r>", &uri);
}

/* Record-Route, in its order */
static int dup_route(struct sub *s, const struct msg *m)
{
	struct mbuf *mb = mbuf_alloc(256);
	int err = mb ? 0 : ENOMEM;

	for (size_t i = 0; i < m->hdrc && !err; i++)
		if (m->hdrv[i].type == MSG_RECORD_ROUTE)
			err = mbuf_printf(mb, "%s%r", mb->end ? ", " : "",
					  &m->hdrv[i].val);
	if (!err && mb->end > TEXT)
		err = EBADMSG;
	s->route = mem_deref(s->route);
	if (!err && mb->end)
		err = re_sdprintf(&s->route, "%b", mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

/* It names the host that it came from, and no other */
static bool names_peer(const struct sip_in *in, const struct pl *text)
{
	struct uri uri;
	struct sa sa;

	return !msg_uri_decode(&uri, text) && !sa_set(&sa, &uri.host, 0) &&
	       sa_cmp(&sa, &in->peer, SA_ADDR);
}

/* Contact says where to; what it can't be reached by, its NAT or connection, is
 * remembered beside it */
static int take_target(struct sub *s, const struct sip_in *in)
{
	const struct msg_header *h = in->m->first[MSG_CONTACT];
	const struct msg_via *v = &in->m->viav[0];
	struct pl uri, params;
	struct sa via;

	if (!h || msg_name_addr(&uri, &params, &h->val) || uri.l > TEXT ||
	    !uri.l)
		return EBADMSG;
	s->contact = mem_deref(s->contact);
	s->flow = (struct sip_flow){true, in->transp, in->peer};
	s->by_flow = !s->route &&
		     (in->transp != MSG_UDP || sa_set(&via, &v->host, 0) ||
		      !sa_cmp(&via, &in->peer, SA_ADDR));
	/* nor does he whom nobody knows say whom else we send to */
	if (s->guest && !sip_node_trusts(in->node, &in->peer) &&
	    (s->route || !names_peer(in, &uri)))
		s->by_flow = true;
	return pl_strdup(&s->contact, &uri);
}

static int our_contact(struct sub *s, const struct sip_in *in)
{
	const struct sip_listen *l = sip_node_listener(in->node, in->transp,
						       sa_af(&in->peer));
	const char *t = msg_transp_name(in->transp);

	if (!l)
		return EAFNOSUPPORT;
	return in->transp == MSG_UDP
		       ? re_sdprintf(&s->ours, "sip:%J", &l->addr)
		       : re_sdprintf(&s->ours, "sip:%J;transport=%s", &l->addr,
				     t);
}

static int make_dialog(struct sub *s, const struct sip_in *in)
{
	const struct msg *m = in->m;
	int err = dup_value(&s->local, m, MSG_TO);

	if (!err && m->callid.l > TEXT)
		err = EBADMSG;
	if (!err)
		err = str_dup(&s->tag, in->tag);
	if (!err)
		err = dup_remote(s, m);
	if (!err)
		err = pl_strdup(&s->rtag, &m->from_tag);
	if (!err)
		err = pl_strdup(&s->callid, &m->callid);
	if (!err)
		err = dup_route(s, m);
	if (!err)
		err = take_target(s, in);
	if (!err)
		err = our_contact(s, in);
	s->rcseq = m->cseq_num;
	return err;
}

/* A NOTIFY goes by the first Route, by the flow, or to the Contact: none of them may
 * lead where nothing is sent */
static bool permitted(const struct req *q)
{
	const struct msg *m = q->in->m;
	const struct msg_header *h = m->first[MSG_CONTACT];
	struct pl list, entry, uri, params;
	bool denied = h && !msg_name_addr(&uri, &params, &h->val) &&
		      sip_node_denies_uri(q->in->node, &uri);

	for (size_t i = 0; i < m->hdrc && !denied; i++) {
		if (m->hdrv[i].type != MSG_RECORD_ROUTE)
			continue;
		list = m->hdrv[i].val;
		while (!denied && msg_list_next(&list, &entry))
			denied = !msg_name_addr(&uri, &params, &entry) &&
				 sip_node_denies_uri(q->in->node, &uri);
	}
	if (!denied && q->in->transp == MSG_UDP)
		denied = sip_node_denies(q->in->node, &q->in->peer);
	return !denied || req_refuse(q, 403, "Contact Address Denied", NULL);
}

/* ---- what is asked for ------------------------------------------------------------ */

/* A package has one type of body: whoever says what he takes has to take it */
static bool accepts(const struct req *q)
{
	const char *type = package_of(q->pkg)->type;
	struct pl list, entry;
	bool said = false;
	size_t at = 0;

	if (roster_find(q->p, q->pkg, &q->aor))
		return roster_accepts(q);

	while (sip_header(q->in->m, "Accept", 0, &at, &list)) {
		said = true;
		while (msg_list_next(&list, &entry)) {
			const char *semi = pl_strchr(&entry, ';');

			if (semi)
				entry.l = (size_t)(semi - entry.p);
			msg_trim(&entry);
			if (!pl_strcasecmp(&entry, type) ||
			    !pl_strcmp(&entry, "*/*") ||
			    !pl_strcasecmp(&entry, "application/*"))
				return true;
		}
	}
	return !said ||
	       req_refuse(q, 406, "Not Acceptable", "Accept: %s\r\n", type);
}

static bool exists(const struct req *q)
{
	const char *at = pl_strrchr(&q->aor, '@');
	const struct pl user = {q->aor.p, (size_t)(at - q->aor.p)};
	const struct pl domain = {at + 1, q->aor.l - user.l - 1};

	return !q->p->conf.knownh || roster_find(q->p, q->pkg, &q->aor) ||
	       q->p->conf.knownh(&user, &domain, q->p->conf.arg) ||
	       req_refuse(q, 404, "Not Found", NULL);
}

/* ---- answers ------------------------------------------------------------------------ */

/* A SUBSCRIBE whose subscription is being written */
struct wait {
	struct sub *s;
	struct sip_later *later;
	struct mbuf *rr; /* Record-Route, its lines */
	uint32_t expires;
	bool first;
};

static void wait_destructor(void *arg)
{
	struct wait *w = arg;

	mem_deref(w->later);
	mem_deref(w->rr);
	mem_deref(w->s);
}

static int copy_routes(struct mbuf *mb, const struct msg *m)
{
	int err = 0;

	for (size_t i = 0; i < m->hdrc && !err; i++)
		if (m->hdrv[i].type == MSG_RECORD_ROUTE)
			err = mbuf_printf(mb, "Record-Route: %r\r\n",
					  &m->hdrv[i].val);
	return err;
}

static int wait_alloc(struct wait **wp, struct sub *s, const struct req *q)
{
	struct wait *w = mem_zalloc(sizeof(*w), wait_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->s = mem_ref(s);
	w->expires = q->expires;
	w->rr = mbuf_alloc(256);
	err = w->rr ? copy_routes(w->rr, q->in->m) : ENOMEM;
	if (!err)
		err = sip_later(&w->later, q->in);
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

static void safe(int err, void *arg)
{
	struct wait *w = arg;
	struct sub *s = w->s;

	if (!s->p)
		goto out;
	if (err) {
		log_warn("presence: subscription of %s to %s is not stored: %m",
			 s->remote, s->res->aor, err);
		++s->p->stats.refused;
		(void)sip_later_answer(w->later, 503, "Service Unavailable",
				       "Retry-After: %u\r\n", RETRY_AFTER);
		if (w->first)
			sub_drop(s);
		goto out;
	}
	(void)sip_later_answer(w->later, 200, "OK",
			       "%bContact: <%s>\r\nExpires: %u\r\n%s",
			       w->rr->buf, w->rr->end, s->ours, w->expires,
			       s->res->roster ? "Require: eventlist\r\n" : "");
	s->answered = true;
	if (w->expires)
		sub_notify(s, true);
	else
		sub_finish(s, SUB_TIMEOUT);
out:
	mem_deref(w);
}

/* Written down, then answered, then told. @return errno: the caller answers */
static int commit(struct sub *s, const struct req *q, bool first)
{
	struct wait *w = NULL;
	int err = wait_alloc(&w, s, q);

	if (err)
		return err;
	w->first = first;
	err = sub_write(s, safe, w);
	if (err)
		mem_deref(w);
	return err;
}

static void busy(const struct req *q, int err)
{
	if (err == EBADMSG)
		(void)req_refuse(q, 400, "Bad Request", NULL);
	else
		(void)req_refuse(q, 503, "Service Unavailable",
				 "Retry-After: %u\r\n", RETRY_AFTER);
}

/* ---- in a dialog, and outside ------------------------------------------------------ */

static void refresh(struct req *q)
{
	const struct msg *m = q->in->m;
	struct sub *s = sub_find(q->p, &m->to_tag);
	struct presence *p = q->p;
	int err;

	if (!s || pl_strcmp(&m->callid, s->callid) != 0 ||
	    pl_strcmp(&m->from_tag, s->rtag) != 0 || s->res->pkg != q->pkg ||
	    s->end != SUB_STAYS) {
		(void)req_refuse(q, 481, "Subscription Does Not Exist", NULL);
		return;
	}
	if (!permitted(q))
		return;
	if (m->cseq_num <= s->rcseq) {
		(void)req_refuse(q, 500, "CSeq Is Behind", NULL);
		return;
	}
	if (!req_expires(q))
		return;
	s->rcseq = m->cseq_num;
	err = take_target(s, q->in);
	if (!err && q->expires)
		s->expires = presence_now(p) + q->expires;
	if (!err)
		err = commit(s, q, false);
	if (err)
		busy(q, err);
	else
		++*(q->expires ? &p->stats.refreshed : &p->stats.unsubscribed);
}

static int make(struct sub **sp, const struct req *q, struct res *r)
{
	struct sub *s = NULL;
	int err = sub_alloc(&s, q->p, r);

	if (err)
		return err;
	s->guest = q->guest;
	err = make_dialog(s, q->in);
	if (!err && q->event_id.l)
		err = q->event_id.l > TEXT
			      ? EBADMSG
			      : pl_strdup(&s->event_id, &q->event_id);
	if (err) {
		mem_deref(s);
		return err;
	}
	s->expires = presence_now(q->p) + q->expires;
	s->listed = r->roster != NULL;
	sub_link(s);
	*sp = s;
	return 0;
}

/* Whoever comes by a connection is where he says */
static int admit(struct sub *s, const struct req *q)
{
	if (!q->guest || q->in->src_transp != MSG_UDP)
		return 0;
	if (!guest_comes(q->p->guests, &q->in->src, tmr_jiffies()))
		return EBUSY;
	s->unproven = true;
	sa_cpy(&s->src, &q->in->src);
	return 0;
}

static void subscribe(const struct req *q)
{
	struct presence *p = q->p;
	struct sub *s = NULL;
	struct res *r = NULL;
	int err;

	if (p->stats.subscriptions >= p->conf.subscriptions) {
		(void)req_refuse(q, 503, "Too Many Subscriptions",
				 "Retry-After: %u\r\n", p->conf.min_expires);
		return;
	}
	err = res_get(&r, p, q->pkg, &q->aor);
	if (!err)
		err = make(&s, q, r);
	if (!err)
		err = admit(s, q);
	if (!err)
		err = commit(s, q, true);
	if (err) {
		busy(q, err);
		if (s) {
			sub_unlink(s);
			mem_deref(s);
		}
		res_release(r);
		return;
	}
	++*(q->expires ? &p->stats.subscribed : &p->stats.fetched);
}

void subscribe_handler(const struct sip_in *in, void *arg)
{
	struct req q;

	if (!req_read(&q, arg, in))
		return;
	if (in->m->to_tag.l) {
		refresh(&q);
		return;
	}
	if (presence_auth_passes(&q) && permitted(&q) && exists(&q) &&
	    accepts(&q) && req_expires(&q))
		subscribe(&q);
}
