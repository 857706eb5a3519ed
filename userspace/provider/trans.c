/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include "provider/trans.h"

enum { BUCKETS = 1024, TIMER_C = 180000 };

enum state {
	CALLING, /* or trying                                              */
	PROCEEDING,
	ACCEPTED,  /* a 2xx of an INVITE: there may come more              */
	COMPLETED, /* a failure: its retransmissions have their ACK        */
};

struct trans {
	struct le he;
	struct transs *ts;
	char branch[TRANS_BRANCH];
	char *method, *host, *owner;
	bool invite;
	enum msg_transp transp;
	struct sa dst;
	struct mbuf *mb;  /* the request                                   */
	struct mbuf *ack; /* of the failure                                */
	enum state state;
	bool cancel;    /* wanted                                          */
	bool cancelled; /* sent                                            */
	bool abandoned; /* who answers is told that it is over             */
	uint32_t again; /* ms until it is sent again                       */
	uint32_t timeout;
	struct timer retransmit, end;
	struct trans_ended ended; /* who is told                           */
	trans_h *h;
	void *arg;
};

struct transs {
	struct wire *wire;
	struct hash *ht;
	size_t n;
	struct trans_byes byes;
};

static void transs_destructor(void *arg)
{
	struct transs *ts = arg;

	list_flush(&ts->byes.l);
	hash_flush(ts->ht);
	mem_deref(ts->ht);
}

/* Whoever holds it, and the table, have a reference each */
static void destructor(void *arg)
{
	struct trans *t = arg;

	timer_stop(&t->retransmit);
	timer_stop(&t->end);
	hash_unlink(&t->he);
	mem_deref(t->mb);
	mem_deref(t->ack);
	mem_deref(t->method);
	mem_deref(t->host);
	mem_deref(t->owner);
}

int transs_alloc(struct transs **tp, struct wire *w)
{
	struct transs *ts;
	int err;

	if (!tp || !w)
		return EINVAL;
	ts = mem_zalloc(sizeof(*ts), transs_destructor);
	if (!ts)
		return ENOMEM;
	ts->wire = w;
	list_init(&ts->byes.l);
	err = hash_alloc(&ts->ht, BUCKETS);
	if (err)
		mem_deref(ts);
	else
		*tp = ts;
	return err;
}

/* ---- its life ----------------------------------------------------------------- */

/* Off the table: it is nothing any more, but for who holds it */
static void drop(void *arg)
{
	struct trans *t = arg;

	timer_stop(&t->retransmit);
	timer_stop(&t->end);
	if (!t->he.list)
		return;
	--t->ts->n;
	hash_unlink(&t->he);
	mem_deref(t);
}

static void fail(struct trans *t, int err, const char *why)
{
	trans_h *h = t->h;
	void *arg = t->arg;

	t->h = NULL;
	drop(t);
	if (h)
		h(err, why, NULL, arg);
}

static void abandon(struct trans *t);

static void timeout(void *arg)
{
	struct trans *t = arg;
	char why[48];

	(void)re_snprintf(why, sizeof(why), "no answer within %u ms",
			  t->timeout);
	/* whoever is late with an INVITE rings after all */
	if (t->invite && !t->abandoned && !t->cancelled && t->h) {
		trans_h *h = t->h;
		void *arg = t->arg;

		mem_ref(t);
		abandon(t);
		h(ETIMEDOUT, why, NULL, arg);
		mem_deref(t);
		return;
	}
	fail(t, ETIMEDOUT, why);
}

static void send_again(void *arg)
{
	struct trans *t = arg;

	t->mb->pos = 0;
	(void)wire_send(t->ts->wire, t->transp, &t->dst, t->host, t->mb);
	t->again = t->invite ? t->again * 2 : MIN(t->again * 2, TRANS_T2);
	timer_start(wire_timers(t->ts->wire), &t->retransmit, t->again,
		    send_again, t);
}

/* RFC 3261 17.1.2.2: what has been heard is sent again, but seldom */
static void heard(struct trans *t)
{
	t->state = PROCEEDING;
	if (t->invite)
		timer_stop(&t->retransmit);
	else if (timer_runs(&t->retransmit))
		timer_start(wire_timers(t->ts->wire), &t->retransmit,
			    t->again = TRANS_T2, send_again, t);
}

/* ---- ACK and CANCEL -------------------------------------------------------------- */

/* Both have the INVITE's Request-URI, Via, Route, From, Call-ID and CSeq number
 * (9.1, 17.1.1.3) */
static int derive(struct mbuf **mbp, const struct trans *t, const char *method,
		  const struct pl *to)
{
	const struct pl text = {(const char *)t->mb->buf, t->mb->end};
	struct msg_fault fault = {0, NULL};
	struct mbuf *mb = mbuf_alloc(512);
	struct msg m;
	bool via = false;
	int err;

	if (!mb)
		return ENOMEM;
	err = msg_decode(&m, &text, true, &fault);
	if (!err)
		err = mbuf_printf(mb, "%s %r SIP/2.0\r\n", method, &m.ruri);
	for (size_t i = 0; i < m.hdrc && !err; i++) {
		const struct msg_header *h = &m.hdrv[i];

		if (h->type == MSG_VIA && !via) {
			via = true;
			err = mbuf_write_pl(mb, &h->line);
		} else if (h->type == MSG_FROM || h->type == MSG_CALL_ID ||
			   h->type == MSG_ROUTE ||
			   h->type == MSG_MAX_FORWARDS) {
			err = mbuf_write_pl(mb, &h->line);
		} else if (h->type == MSG_TO) {
			err = mbuf_printf(mb, "To: %r\r\n", to ? to : &h->val);
		}
	}
	if (!err)
		err = mbuf_printf(mb,
				  "CSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
				  m.cseq_num, method);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

static void ack(struct trans *t, const struct msg *resp)
{
	if (!t->ack && resp->first[MSG_TO] &&
	    derive(&t->ack, t, "ACK", &resp->first[MSG_TO]->val))
		return;
	if (!t->ack)
		return;
	t->ack->pos = 0;
	(void)wire_send(t->ts->wire, t->transp, &t->dst, t->host, t->ack);
}

/* A transaction of its own, with the branch of what it cancels */
static void cancel(struct trans *t)
{
	struct trans *c;
	struct mbuf *mb = NULL;

	if (t->cancelled || derive(&mb, t, "CANCEL", NULL))
		return;
	t->cancelled = true;
	c = mem_zalloc(sizeof(*c), destructor);
	if (c) {
		c->ts = t->ts;
		c->transp = t->transp;
		c->dst = t->dst;
		c->mb = mem_ref(mb);
		c->again = TRANS_T1;
		if (str_dup(&c->method, "CANCEL") ||
		    (t->host && str_dup(&c->host, t->host))) {
			mem_deref(c);
		} else {
			str_ncpy(c->branch, t->branch, sizeof(c->branch));
			hash_append(t->ts->ht, hash_joaat_str(c->branch),
				    &c->he, c);
			++t->ts->n;
			if (t->transp == MSG_UDP)
				timer_start(wire_timers(c->ts->wire),
					    &c->retransmit, c->again,
					    send_again, c);
			timer_start(wire_timers(c->ts->wire), &c->end,
				    TRANS_LIFE, timeout, c);
		}
	}
	mb->pos = 0;
	(void)wire_send(t->ts->wire, t->transp, &t->dst, t->host, mb);
	mem_deref(mb);
	/* 9.1: who does not answer a CANCEL has given up */
	t->timeout = TRANS_LIFE;
	timer_start(wire_timers(t->ts->wire), &t->end, TRANS_LIFE, timeout, t);
}

static void abandon(struct trans *t)
{
	t->h = NULL;
	if (!t->invite || t->state > PROCEEDING || !t->he.list)
		return;
	t->abandoned = true;
	timer_stop(&t->retransmit);
	timer_start(wire_timers(t->ts->wire), &t->end, TRANS_LIFE, timeout, t);
	trans_cancel(t);
}

void *trans_abandon(struct trans *t)
{
	if (t)
		abandon(t);
	return mem_deref(t);
}

void *trans_release(struct trans *t)
{
	if (t)
		t->h = NULL;
	return mem_deref(t);
}

void trans_cancel(struct trans *t)
{
	if (!t || !t->invite || t->cancel || t->state > PROCEEDING)
		return;
	t->cancel = true;
	if (t->state == PROCEEDING)
		cancel(t);
}

void trans_wait(struct trans *t, uint32_t ms)
{
	if (!t || t->state > PROCEEDING || t->cancelled)
		return;
	t->timeout = ms;
	timer_start(wire_timers(t->ts->wire), &t->end, ms, timeout, t);
}

/* ---- responses --------------------------------------------------------------------- */

static void provisional(struct trans *t, const struct wire_in *in)
{
	if (t->state > PROCEEDING)
		return;
	heard(t);
	/* 100 says that it has come, not that anybody is there */
	if (t->invite && in->m->code > 100 && !t->cancelled)
		trans_wait(t, TIMER_C);
	if (t->cancel)
		cancel(t);
	if (t->h)
		t->h(0, NULL, in, t->arg);
}

/* @return whether it is told */
static bool final(struct trans *t, const struct wire_in *in)
{
	const enum state before = t->state;

	timer_stop(&t->retransmit);
	if (!t->invite) {
		drop(t);
		return true;
	}
	if (in->m->code < 300) {
		/* after a failure there is no success */
		if (before == COMPLETED)
			return false;
		t->state = ACCEPTED;
	} else {
		if (before == ACCEPTED)
			return false;
		t->state = COMPLETED;
		ack(t, in->m);
	}
	if (before != t->state)
		timer_start(wire_timers(t->ts->wire), &t->end, TRANS_LIFE, drop,
			    t);
	return t->state == ACCEPTED || before != COMPLETED;
}

struct key {
	const struct pl *branch, *method;
};

static bool is(struct le *le, void *arg)
{
	const struct trans *t = le->data;
	const struct key *k = arg;

	return !pl_strcmp(k->branch, t->branch) &&
	       !pl_strcmp(k->method, t->method);
}

bool transs_response(struct transs *ts, const struct wire_in *in)
{
	const struct msg *m = in->m;
	const struct key k = {&m->viav[0].branch, &m->cseq_met};
	struct trans *t;

	if (!ts || !m->code || !m->viac || !pl_isset(k.branch))
		return false;
	t = list_ledata(hash_lookup(
		ts->ht, hash_joaat((const uint8_t *)k.branch->p, k.branch->l),
		is, (void *)&k));
	if (!t)
		return false;
	mem_ref(t);
	if (m->code < 200) {
		provisional(t, in);
	} else if (final(t, in)) {
		if (t->abandoned && m->code < 300)
			trans_bye(ts, &t->ended, in, t->host, t->owner, t->mb);
		else if (t->h)
			t->h(0, NULL, in, t->arg);
	}
	mem_deref(t);
	return true;
}

struct lost {
	enum msg_transp transp;
	const struct sa *peer;
	struct trans *found;
};

static bool is_lost(struct le *le, void *arg)
{
	struct trans *t = le->data;
	struct lost *l = arg;

	if (t->state > PROCEEDING || t->transp != l->transp ||
	    !sa_cmp(&t->dst, l->peer, SA_ALL))
		return false;
	/* an answer to an INVITE that rings may come by another connection; and an
	 * ICMP error says nothing new of one that has been heard */
	if (t->state == PROCEEDING)
		return false;
	l->found = t;
	return true;
}

void transs_failed(struct transs *ts, enum msg_transp transp,
		   const struct sa *peer, const char *why)
{
	struct lost l = {transp, peer, NULL};

	if (!ts)
		return;
	do {
		l.found = NULL;
		(void)hash_apply(ts->ht, is_lost, &l);
		if (l.found)
			fail(l.found, EHOSTUNREACH, why);
	} while (l.found);
}

/* ---- requests ------------------------------------------------------------------------ */

static int compose(struct mbuf *mb, struct wire *w, const struct trans_req *r,
		   const char *branch)
{
	char sentby[WIRE_SENTBY];
	int err = wire_sentby(w, r->transp, &r->dst, sentby);

	return err ? err
		   : mbuf_printf(mb,
				 "%s %r SIP/2.0\r\n"
				 "Via: SIP/2.0/%s %s;branch=%s;rport\r\n%r",
				 r->method, &r->uri, msg_transp_name(r->transp),
				 sentby, branch, &r->rest);
}

static int new_branch(char branch[TRANS_BRANCH], const struct trans_req *r)
{
	uint64_t id;

	/* who can't see the request can't answer it */
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return EIO;
	return re_snprintf(branch, TRANS_BRANCH, "z9hG4bKp%016llx%s%s", id,
			   r->mark ? "." : "", r->mark ? r->mark : "") < 0
		       ? EOVERFLOW
		       : 0;
}

int trans_forget(struct wire *w, const struct trans_req *r)
{
	struct mbuf *mb = mbuf_alloc(1024);
	char branch[TRANS_BRANCH];
	int err = mb ? new_branch(branch, r) : ENOMEM;

	if (!err)
		err = compose(mb, w, r, branch);
	if (!err) {
		mb->pos = 0;
		err = wire_send(w, r->transp, &r->dst, r->host, mb);
	}
	mem_deref(mb);
	return err;
}

static void unsent(void *arg)
{
	fail(arg, EHOSTUNREACH, "can't be sent");
}

int trans_send(struct trans **tp, struct transs *ts, const struct trans_req *r,
	       trans_h *h, void *arg)
{
	struct trans *t;
	int err;

	if (!tp || !ts || !r || !h)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->ts = ts;
	t->invite = !strcmp(r->method, "INVITE");
	t->transp = r->transp;
	t->dst = r->dst;
	t->again = TRANS_T1;
	t->timeout = r->timeout ? r->timeout : TRANS_LIFE;
	t->h = h;
	t->arg = arg;
	t->mb = mbuf_alloc(1024 + r->rest.l);
	err = t->mb ? str_dup(&t->method, r->method) : ENOMEM;
	if (!err && r->host)
		err = str_dup(&t->host, r->host);
	if (!err && r->owner)
		err = str_dup(&t->owner, r->owner);
	if (!err)
		err = new_branch(t->branch, r);
	if (!err)
		err = compose(t->mb, ts->wire, r, t->branch);
	if (err) {
		mem_deref(t);
		return err;
	}
	t->mb->pos = 0;
	err = wire_send(ts->wire, t->transp, &t->dst, t->host, t->mb);
	/* only now: a connection that broke has told all that were on it, at once */
	hash_append(ts->ht, hash_joaat_str(t->branch), &t->he, t);
	++ts->n;
	if (!err && t->transp == MSG_UDP)
		timer_start(wire_timers(t->ts->wire), &t->retransmit, t->again,
			    send_again, t);
	timer_start(wire_timers(t->ts->wire), &t->end, err ? 0 : t->timeout,
		    err ? unsent : timeout, t);
	*tp = mem_ref(t);
	return 0;
}

struct wire *transs_wire(const struct transs *ts)
{
	return ts ? ts->wire : NULL;
}

struct trans_byes *transs_byes(struct transs *ts)
{
	return &ts->byes;
}

size_t transs_count(const struct transs *ts)
{
	return ts ? ts->n : 0;
}
