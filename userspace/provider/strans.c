/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "provider/relay.h"
#include "provider/strans.h"

enum { BUCKETS = 1024 };

struct strans {
	struct le he;
	struct stranss *ss;
	char *key; /* branch, sent-by, method                              */
	bool invite;
	enum msg_transp transp;
	struct sa dst;
	uint16_t code; /* of the last response; 0: none                     */
	bool acked;
	struct mbuf *mb; /* the last response                             */
	uint32_t again;
	struct timer retransmit, end;
	strans_cancel_h *h;
	void *arg;
};

struct stranss {
	struct wire *wire;
	struct hash *ht;
	size_t n;
};

static void stranss_destructor(void *arg)
{
	struct stranss *ss = arg;

	hash_flush(ss->ht);
	mem_deref(ss->ht);
}

static void destructor(void *arg)
{
	struct strans *s = arg;

	timer_stop(&s->retransmit);
	timer_stop(&s->end);
	hash_unlink(&s->he);
	mem_deref(s->mb);
	mem_deref(s->key);
}

int stranss_alloc(struct stranss **sp, struct wire *w)
{
	struct stranss *ss;
	int err;

	if (!sp || !w)
		return EINVAL;
	ss = mem_zalloc(sizeof(*ss), stranss_destructor);
	if (!ss)
		return ENOMEM;
	ss->wire = w;
	err = hash_alloc(&ss->ht, BUCKETS);
	if (err)
		mem_deref(ss);
	else
		*sp = ss;
	return err;
}

static void drop(void *arg)
{
	struct strans *s = arg;

	timer_stop(&s->retransmit);
	timer_stop(&s->end);
	if (!s->he.list)
		return;
	--s->ss->n;
	hash_unlink(&s->he);
	mem_deref(s);
}

void *strans_release(struct strans *s)
{
	if (s)
		s->h = NULL;
	return mem_deref(s);
}

const struct sa *strans_peer(const struct strans *s)
{
	return &s->dst;
}

size_t stranss_count(const struct stranss *ss)
{
	return ss ? ss->n : 0;
}

/* ---- finding -------------------------------------------------------------------- */

/* 17.2.3: an ACK matches its INVITE's */
static char *make_key(const struct msg *m, const char *method)
{
	const struct msg_via *via = &m->viav[0];
	char *key = NULL;

	if (!m->viac || !pl_isset(&via->branch))
		return NULL;
	if (method)
		(void)re_sdprintf(&key, "%r %r %s", &via->branch, &via->sentby,
				  method);
	else
		(void)re_sdprintf(&key, "%r %r %r", &via->branch, &via->sentby,
				  &m->met);
	return key;
}

static bool is(struct le *le, void *arg)
{
	const struct strans *s = le->data;

	return !strcmp(s->key, arg);
}

static struct strans *find(const struct stranss *ss, const struct msg *m,
			   const char *method)
{
	char *key = make_key(m, method);
	struct strans *s = NULL;

	if (key)
		s = list_ledata(
			hash_lookup(ss->ht, hash_joaat_str(key), is, key));
	mem_deref(key);
	return s;
}

/* ---- sending ---------------------------------------------------------------------- */

static void send_last(struct strans *s)
{
	if (!s->mb)
		return;
	s->mb->pos = 0;
	(void)wire_send(s->ss->wire, s->transp, &s->dst, NULL, s->mb);
}

/* Timer G: a failure of an INVITE, until its ACK */
static void send_again(void *arg)
{
	struct strans *s = arg;

	send_last(s);
	s->again = MIN(s->again * 2, TRANS_T2);
	timer_start(wire_timers(s->ss->wire), &s->retransmit, s->again,
		    send_again, s);
}

void strans_send(struct strans *s, uint16_t code, struct mbuf *mb)
{
	if (!s || !mb || (s->code >= 200 && (code < 200 || code >= 300)))
		return;
	mem_ref(mb);
	mem_deref(s->mb);
	s->mb = mb;
	send_last(s);
	if (s->code < 200 && code >= 200) {
		/* H, I, J, L: as long as its requests may come again */
		timer_start(wire_timers(s->ss->wire), &s->end, TRANS_LIFE, drop,
			    s);
		s->again = TRANS_T1;
		if (s->invite && code >= 300 && s->transp == MSG_UDP)
			timer_start(wire_timers(s->ss->wire), &s->retransmit,
				    s->again, send_again, s);
	}
	s->code = code;
}

/* The same for a retransmission (8.2.6.2) */
static int write_to(struct mbuf *mb, const struct msg *req, uint16_t code)
{
	const struct msg_header *to = req->first[MSG_TO];
	const struct pl *branch = &req->viav[0].branch;

	if (pl_isset(&req->to_tag) || code == 100)
		return mbuf_write_pl(mb, &to->line);
	return mbuf_printf(mb, "To: %r;tag=%08x\r\n", &to->val,
			   hash_joaat((const uint8_t *)branch->p, branch->l));
}

static int compose(struct mbuf **mbp, const struct msg *req,
		   const struct sa *src, uint16_t code, const char *phrase,
		   const char *lines)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", code, phrase);
	if (!err)
		err = relay_vias(mb, req, src);
	for (size_t i = 0; i < req->hdrc && !err; i++) {
		const struct msg_header *h = &req->hdrv[i];

		if (h->type == MSG_FROM || h->type == MSG_CALL_ID ||
		    h->type == MSG_CSEQ)
			err = mbuf_write_pl(mb, &h->line);
		else if (h == req->first[MSG_TO])
			err = write_to(mb, req, code);
	}
	if (!err)
		err = mbuf_printf(mb, "%sContent-Length: 0\r\n\r\n",
				  lines ? lines : "");
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

int strans_answer(struct strans *s, const struct msg *req, uint16_t code,
		  const char *phrase, const char *lines)
{
	struct mbuf *mb = NULL;
	int err = compose(&mb, req, &s->dst, code, phrase, lines);

	if (!err)
		strans_send(s, code, mb);
	mem_deref(mb);
	return err;
}

/* 18.2.2, RFC 3581 */
static void reply_addr(struct sa *dst, const struct wire_in *in)
{
	const struct msg_via *via = &in->m->viav[0];

	*dst = in->peer;
	if (in->transp == MSG_UDP && !via->has_rport)
		sa_set_port(dst, via->port ? via->port : 5060);
}

int stranss_answer(struct stranss *ss, const struct wire_in *in, uint16_t code,
		   const char *phrase, const char *lines)
{
	struct mbuf *mb = NULL;
	struct sa dst;
	int err;

	if (!in->m->viac)
		return EINVAL;
	err = compose(&mb, in->m, &in->peer, code, phrase, lines);
	if (err)
		return err;
	reply_addr(&dst, in);
	mb->pos = 0;
	err = wire_send(ss->wire, in->transp, &dst, NULL, mb);
	mem_deref(mb);
	return err;
}

/* ---- requests ----------------------------------------------------------------------- */

static void acked(struct strans *s)
{
	if (s->acked || s->code < 300)
		return;
	s->acked = true;
	timer_stop(&s->retransmit);
	/* timer I: further ACKs are taken, too */
	timer_start(wire_timers(s->ss->wire), &s->end,
		    s->transp == MSG_UDP ? TRANS_T4 : 0, drop, s);
}

static void cancelled(struct stranss *ss, struct strans *s,
		      const struct wire_in *in)
{
	strans_cancel_h *h = s->h;

	(void)stranss_answer(ss, in, 200, "OK", NULL);
	if (s->code < 200 && h)
		h(s->arg);
}

bool stranss_take(struct stranss *ss, const struct wire_in *in)
{
	const bool ack = !pl_strcmp(&in->m->met, "ACK");
	const bool cancel = !pl_strcmp(&in->m->met, "CANCEL");
	struct strans *s = find(ss, in->m, ack || cancel ? "INVITE" : NULL);

	if (!s) {
		if (cancel)
			(void)stranss_answer(ss, in, 481, "No Such Transaction",
					     NULL);
		return cancel;
	}
	/* the ACK of a 2xx goes all the way; some give it the INVITE's branch */
	if (ack && s->code < 300)
		return false;
	mem_ref(s);
	if (ack)
		acked(s);
	else if (cancel)
		cancelled(ss, s, in);
	else
		send_last(s);
	mem_deref(s);
	return true;
}

int strans_alloc(struct strans **sp, struct stranss *ss,
		 const struct wire_in *in, strans_cancel_h *h, void *arg)
{
	struct strans *s;

	if (!sp || !ss || !in)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->ss = ss;
	s->key = make_key(in->m, NULL);
	if (!s->key) {
		mem_deref(s);
		return EINVAL;
	}
	s->invite = !pl_strcmp(&in->m->met, "INVITE");
	s->transp = in->transp;
	reply_addr(&s->dst, in);
	s->h = h;
	s->arg = arg;
	hash_append(ss->ht, hash_joaat_str(s->key), &s->he, s);
	++ss->n;
	*sp = mem_ref(s);
	return 0;
}
