/* SPDX-License-Identifier: BSD-2-Clause */
/* A subscription: NOTIFYs, one after the other, each written down before it is sent */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "carom/siphash.h"
#include "carom/sipkey.h"
#include "presence/priv.h"

enum { LAST = 64 /* s that a record is kept for its last NOTIFY */ };

static void destructor(void *arg)
{
	struct sub *s = arg;

	tmr_cancel(&s->tmr);
	mem_deref(s->ask);
	mem_deref(s->body);
	mem_deref(s->tag);
	mem_deref(s->rtag);
	mem_deref(s->callid);
	mem_deref(s->local);
	mem_deref(s->remote);
	mem_deref(s->contact);
	mem_deref(s->route);
	mem_deref(s->event_id);
	mem_deref(s->ours);
}

static uint32_t key(const struct pl *tag)
{
	return hash_joaat((const uint8_t *)tag->p, tag->l);
}

struct sub *sub_find(const struct presence *p, const struct pl *tag)
{
	struct le *le = list_head(hash_list(p->subs, key(tag)));

	for (; le; le = le->next) {
		struct sub *s = le->data;

		if (!pl_strcmp(tag, s->tag))
			return s;
	}
	return NULL;
}

int sub_alloc(struct sub **sp, struct presence *p, struct res *r)
{
	struct sub *s = mem_zalloc(sizeof(*s), destructor);

	if (!s)
		return ENOMEM;
	tmr_init(&s->tmr);
	s->p = p;
	s->res = r;
	*sp = s;
	return 0;
}

void sub_link(struct sub *s)
{
	struct pl tag;

	pl_set_str(&tag, s->tag);
	hash_append(s->p->subs, key(&tag), &s->he, s);
	list_append(&s->res->subs, &s->le, s);
	++s->p->stats.subscriptions;
}

void sub_unlink(struct sub *s)
{
	if (!s->p)
		return;
	tmr_cancel(&s->tmr);
	s->ask = mem_deref(s->ask);
	if (s->unproven)
		guest_leaves(s->p->guests, &s->src);
	s->unproven = false;
	hash_unlink(&s->he);
	list_unlink(&s->le);
	--s->p->stats.subscriptions;
	s->p = NULL;
}

void sub_drop(struct sub *s)
{
	struct presence *p = s->p;
	struct res *r = s->res;
	const struct store_op op = {.kind = SUB_KIND,
				    .key = {s->tag, strlen(s->tag)}};

	if (!p)
		return;
	if (store_write(p->store, &op, 1, NULL, NULL))
		log_debug("presence: %s: its record stays until it expires",
			  s->callid);
	sub_unlink(s);
	mem_deref(s);
	res_release(r);
}

/* ---- the state -------------------------------------------------------------------- */

static uint64_t hash_of(const struct mbuf *mb)
{
	struct siphash h;

	siphash_start(&h, 0, 0);
	sipkey_mem(&h, mb->buf, mb->end);
	/* a number of JSON is exact up to 53 bits */
	return siphash_end(&h) & 0xffffffffffff;
}

/* Of the state as it is, whoever is told: the same for all. @return 0, ENOMEM */
static int state_hash(uint64_t *hash, const struct sub *s)
{
	struct res *r = s->res;
	struct mbuf *mb;
	int err = 0;

	if (r->hash_gen != r->gen) {
		mb = mbuf_alloc(1024);
		err = mb ? res_compose(mb, r, NULL) : ENOMEM;
		if (!err) {
			r->hash = hash_of(mb);
			r->hash_gen = r->gen;
		}
		mem_deref(mb);
	}
	*hash = r->hash;
	return err;
}

bool sub_behind(const struct sub *s)
{
	uint64_t hash;

	return state_hash(&hash, s) || hash != s->hash;
}

/* ---- NOTIFY ----------------------------------------------------------------------- */

static const char *const reasonv[] = {
	[SUB_STAYS] = "",
	[SUB_TIMEOUT] = "timeout",
	[SUB_NORESOURCE] = "noresource",
	[SUB_DEACTIVATED] = "deactivated",
	[SUB_REJECTED] = "rejected",
};

static int put_state(struct mbuf *mb, const struct sub *s)
{
	const uint64_t now = presence_now(s->p);

	if (s->end != SUB_STAYS)
		return mbuf_printf(mb,
				   "Subscription-State: terminated;"
				   "reason=%s\r\n",
				   reasonv[s->end]);
	return mbuf_printf(mb, "Subscription-State: active;expires=%llu\r\n",
			   s->expires > now ? s->expires - now : 0);
}

static int put_lines(struct mbuf *mb, const struct sub *s)
{
	const struct package *pk = package_of(s->res->pkg);
	int err;

	err = mbuf_printf(mb,
			  "From: %s;tag=%s\r\n"
			  "To: %s;tag=%s\r\n"
			  "Call-ID: %s\r\n"
			  "CSeq: %u NOTIFY\r\n"
			  "Contact: <%s>\r\n"
			  "Event: %s%s%s\r\n",
			  s->local, s->tag, s->remote, s->rtag, s->callid,
			  s->lcseq, s->ours, pk->name,
			  s->event_id ? ";id=" : "",
			  s->event_id ? s->event_id : "");
	if (!err)
		err = put_state(mb, s);
	if (!err && s->listed)
		err = mbuf_printf(mb, "Require: eventlist\r\n");
	if (!err && s->body->end && s->listed)
		err = mbuf_printf(mb, "Content-Type: %H\r\n", roster_type, s);
	else if (!err && s->body->end)
		err = mbuf_printf(mb, "Content-Type: %s\r\n", pk->type);
	return err;
}

static void answered(int err, const struct sip_in *resp, void *arg);

static int send_notify(struct sub *s)
{
	const struct pl body = {(const char *)s->body->buf, s->body->end};
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_way way = {.uri = {s->contact, strlen(s->contact)}};
	struct pl lines;
	int err = mb ? put_lines(mb, s) : ENOMEM;

	if (err)
		goto out;
	if (s->route)
		pl_set_str(&way.route, s->route);
	if (s->by_flow)
		way.flow = s->flow;
	/* Via, Route and what sip_ask() writes besides */
	s->again = !s->again && s->p->conf.datagram &&
		   mb->end + body.l + str_len(s->route) + 200 >
			   s->p->conf.datagram;
	way.stream = s->again;
	lines.p = (const char *)mb->buf;
	lines.l = mb->end;
	err = sip_ask(&s->ask, s->p->node, "NOTIFY", &way, &lines, &body,
		      answered, s);
	/* of a connection that went with the agent's restart there may be another one */
	if (err == ENOTCONN && way.flow.set && !s->guest) {
		way.flow.set = false;
		err = sip_ask(&s->ask, s->p->node, "NOTIFY", &way, &lines,
			      &body, answered, s);
	}
out:
	mem_deref(mb);
	return err;
}

/* Not there, or not any more: RFC 6665 4.2.2, RFC 5057 5.1. Others may pass */
static bool is_over(uint16_t code)
{
	return code >= 300 && code != 500 && code != 503 && code != 491 &&
	       code != 429;
}

static void went(struct sub *s)
{
	++s->p->stats.notified;
	if (s->last)
		sub_drop(s);
	else if (s->due)
		sub_notify(s, s->must);
}

static void failed(struct sub *s, int err, uint16_t code)
{
	++s->p->stats.notify_failed;
	log_info("presence: %s is not told of %s any more: %u %m", s->remote,
		 s->res->aor, code, err);
	sub_drop(s);
}

static void answered(int err, const struct sip_in *resp, void *arg)
{
	struct sub *s = arg;
	const uint16_t code = resp ? resp->m->code : 0;

	s->ask = mem_deref(s->ask);
	/* nobody takes TCP there: a large datagram, then */
	if (err && s->again && !send_notify(s))
		return;
	s->again = false;
	s->busy = false;
	s->body = mem_deref(s->body);
	if (s->unproven)
		guest_answered(s->p->guests, &s->src, !err && code < 300,
			       tmr_jiffies());
	s->unproven = false;
	if (err || is_over(code)) {
		failed(s, err, code);
		return;
	}
	if (code >= 300)
		++s->p->stats.notify_failed;
	went(s);
}

/* What can't be written down is told nevertheless: who subscribed has to know, and the
 * store may be there again before it is needed */
static void written(int err, void *arg)
{
	struct sub *s = arg;

	if (!s->p) {
		mem_deref(s);
		return;
	}
	if (err)
		log_warn("presence: subscription of %s to %s is not stored: %m",
			 s->remote, s->res->aor, err);
	s->sent = tmr_jiffies();
	s->again = false;
	err = send_notify(s);
	if (err && s->again)
		err = send_notify(s);
	if (err) {
		s->busy = false;
		failed(s, err, 0);
	}
	mem_deref(s);
}

int sub_write(struct sub *s, store_done_h *h, void *arg)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct store_op op = {.kind = SUB_KIND,
			      .key = {s->tag, strlen(s->tag)},
			      .expires = s->expires + LAST};
	int err = mb ? presence_record_sub(mb, s) : ENOMEM;

	if (!err) {
		op.value.p = (const char *)mb->buf;
		op.value.l = mb->end;
		err = store_write(s->p->store, &op, 1, h, arg);
	}
	mem_deref(mb);
	return err;
}

/* What a NOTIFY has in it is settled here: version, CSeq, state */
static int prepare(struct sub *s)
{
	int err;

	s->body = mbuf_alloc(1024);
	if (!s->body)
		return ENOMEM;
	if (s->end == SUB_NORESOURCE || s->end == SUB_REJECTED)
		err = 0;
	else
		err = res_compose(s->body, s->res, s);
	if (!err)
		err = state_hash(&s->hash, s);
	if (err)
		return err;
	s->last = s->end != SUB_STAYS;
	s->listed = s->res->roster != NULL;
	s->told = s->res->gen;
	++s->version;
	++s->lcseq;
	return 0;
}

static void notify_now(struct sub *s)
{
	int err;

	tmr_cancel(&s->tmr);
	if (s->end == SUB_STAYS && s->expires <= presence_now(s->p)) {
		++s->p->stats.expired;
		s->end = SUB_TIMEOUT;
	}
	s->due = s->must = false;
	s->busy = true;
	err = prepare(s);
	if (err) {
		s->busy = false;
		s->body = mem_deref(s->body);
		failed(s, err, 0);
		return;
	}
	err = sub_write(s, written, mem_ref(s));
	if (err)
		written(err, s);
}

static void later(void *arg)
{
	struct sub *s = arg;

	if (s->busy)
		return;
	if (!s->must && !sub_behind(s) && s->res->pkg != PRESENCE_REG)
		s->due = false;
	else
		notify_now(s);
}

void sub_notify(struct sub *s, bool at_once)
{
	const uint64_t now = tmr_jiffies();
	const uint64_t next = s->sent + s->p->conf.interval;

	if (s->busy || s->due)
		++s->p->stats.coalesced;
	if (!at_once && !s->due && !s->busy && s->res->pkg != PRESENCE_REG &&
	    !sub_behind(s))
		return;
	s->due = true;
	s->must |= at_once;
	if (s->busy || !s->answered)
		return;
	if (s->must || !s->sent || now >= next)
		notify_now(s);
	else if (!tmr_isrunning(&s->tmr))
		tmr_start(&s->tmr, next - now, later, s);
}

void sub_resume(struct sub *s, uint32_t ms)
{
	s->due = true;
	tmr_start(&s->tmr, ms, later, s);
}

void sub_finish(struct sub *s, enum sub_end end)
{
	if (s->end != SUB_STAYS)
		return;
	s->end = end;
	sub_notify(s, true);
}
