/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relays.c  Allocations at the TURN server, kept ready, taken and given back
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/relays.h"
#include "media/terms.h"

enum {
	RETRY_MS = 1000,       /* after a first failure, then twice as long */
	RETRY_MAX_MS = 60000,  /* and at most: also, when it is full        */
	SETTLE_MS = 3000,      /* RFC 8445 8.3.1                           */
	CREDENTIALS_S = 86400, /* for which a name that is made holds      */
};

/** One, whoever has it */
struct entry {
	struct le le;
	struct relays *rs;
	struct relayport *rp;
	struct tmr settle; /* the owner has come to a pair             */
	bool was_up;
	bool ending;
};

struct relays {
	struct media *m;
	struct iface *ifc;
	struct media_turn_conf conf;
	char *username, *password, *secret;
	struct list l; /* struct entry                              */
	struct tmr tmr;
	struct sa elsewhere; /* whom the server refers us to; AF_UNSPEC: it does
				not                                    */
	unsigned failures;   /* one after another                          */
	enum turn_why why;   /* of the last                                */
	bool short_;         /* said that there was none                   */
	bool closing;
	struct relays_stats st;
};

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	struct relay_stats st;

	tmr_cancel(&e->settle);
	list_unlink(&e->le);
	if (e->rp) {
		relayport_stats(e->rp, &st);
		e->rs->st.rx += st.rx;
		e->rs->st.tx += st.tx;
	}
	mem_deref(e->rp);
}

static void destructor(void *arg)
{
	struct relays *rs = arg;

	tmr_cancel(&rs->tmr);
	list_flush(&rs->l);
	mem_deref(rs->username);
	mem_deref(rs->password);
	mem_deref(rs->secret);
}

static bool is_spare(const struct entry *e)
{
	return !e->ending && !relayport_owner(e->rp);
}

static struct entry *entry_of(const struct stream *s)
{
	struct relays *rs = s->party->call->m->relays;
	struct le *le;

	for (le = rs && s->relay ? list_head(&rs->l) : NULL; le;
	     le = le->next) {
		struct entry *e = le->data;

		if (e->rp == s->relay)
			return e;
	}

	return NULL;
}

/* ---- made ------------------------------------------------------------------- */

static void fill(void *arg);

static uint64_t backoff(const struct relays *rs)
{
	uint64_t ms = RETRY_MS;

	if (!rs->failures)
		return 0;
	if (rs->why == TURN_FULL)
		return RETRY_MAX_MS;
	for (unsigned i = 1; i < rs->failures && ms < RETRY_MAX_MS; i++)
		ms *= 2;

	return min(ms, (uint64_t)RETRY_MAX_MS);
}

/* Said once, until it is another way */
static void failed(struct relays *rs, const struct turn *t)
{
	const enum turn_why why = turn_why(t);
	const char *said = turn_said(t);

	if (!rs->failures || why != rs->why)
		log_warn("media: TURN server %J: %s%s%s; calls go on without "
			 "a relay",
			 &rs->conf.server, turn_why_name(why),
			 *said ? ": " : "", said);
	++rs->failures;
	rs->why = why;
}

static void came_up(struct relays *rs, struct entry *e)
{
	e->was_up = true;
	++rs->st.allocated;
	if (rs->failures)
		log_info("media: TURN server %J answers again",
			 &rs->conf.server);
	rs->failures = 0;
}

/* A successor must not take a port for a relay that is another's by then */
static void forget(const struct stream *s)
{
	int err = call_store(s->party->call);

	if (err)
		log_warn("media: call %s: %m", s->party->call->id, err);
}

/* The owner's checks end where there is no other pair */
static void bereave(struct entry *e)
{
	struct stream *s = relayport_owner(e->rp);

	if (!s)
		return;
	log_warn("media: call %s: %J: its relay at %J is gone: %s %s",
		 s->party->call->id, &s->local, relayport_server(e->rp),
		 turn_why_name(turn_why(relayport_turn(e->rp))),
		 turn_said(relayport_turn(e->rp)));
	relayport_own(e->rp, NULL);
	s->relay = NULL;
	if (s->terms && s->terms->pair_relayed) {
		s->terms->pair_relayed = false;
		sa_init(&s->terms->pair, AF_UNSPEC);
	}
	checks_relay_gone(s);
	forget(s);
}

/* Asked anew there (RFC 8489 10); but who is referred to refers to nobody else */
static bool referred(struct relays *rs, const struct entry *e)
{
	const struct sa *alt = turn_alternate(relayport_turn(e->rp));
	const struct sa *at = relayport_server(e->rp);

	if (!sa_cmp(at, &rs->conf.server, SA_ALL)) {
		if (!e->was_up)
			sa_init(&rs->elsewhere, AF_UNSPEC);
		return false;
	}
	if (!sa_isset(alt, SA_ALL) || sa_af(alt) != sa_af(at) ||
	    sa_cmp(alt, at, SA_ALL))
		return false;
	if (!sa_cmp(alt, &rs->elsewhere, SA_ALL))
		log_info("media: TURN server %J refers to %J", at, alt);
	rs->elsewhere = *alt;

	return true;
}

static void over(struct relays *rs, struct entry *e)
{
	const struct turn *t = relayport_turn(e->rp);
	const enum turn_why why = turn_why(t);

	if (why != TURN_RELEASED && !referred(rs, e)) {
		++rs->st.failed[why];
		if (!e->was_up)
			failed(rs, t);
	}
	e->ending = true;
	bereave(e);
	mem_deref(e);
	if (!rs->closing)
		tmr_start(&rs->tmr, backoff(rs), fill, rs);
}

static void changed_handler(struct relayport *rp, void *arg)
{
	struct entry *e = arg;

	switch (relayport_state(rp)) {

	case TURN_UP:
		came_up(e->rs, e);
		fill(e->rs);
		break;
	case TURN_OVER:
		over(e->rs, e);
		break;
	case TURN_ASKING:
	case TURN_ENDING:
		break;
	}
}

static int credentials(const struct relays *rs, char *user, char *pass,
		       size_t size)
{
	if (rs->secret)
		return turn_credentials(user, size, pass, size, rs->secret,
					rs->username,
					(uint64_t)time(NULL) + CREDENTIALS_S);
	str_ncpy(user, rs->username, size);
	str_ncpy(pass, rs->password, size);

	return 0;
}

static int entry_alloc(struct entry **ep, struct relays *rs,
		       struct relayport_conf *c)
{
	struct entry *e = mem_zalloc(sizeof(*e), entry_destructor);
	int err;

	if (!e)
		return ENOMEM;
	e->rs = rs;
	tmr_init(&e->settle);
	c->m = rs->m;
	c->changedh = changed_handler;
	c->arg = e;
	err = relayport_alloc(&e->rp, c);
	if (err) {
		mem_deref(e);
		return err;
	}
	list_append(&rs->l, &e->le, e);
	*ep = e;

	return 0;
}

static int add(struct relays *rs)
{
	char user[TURN_USER + 1], pass[TURN_USER + 1];
	struct relayport_conf c = {.ifc = rs->ifc,
				   .server = sa_isset(&rs->elsewhere, SA_ALL)
						     ? rs->elsewhere
						     : rs->conf.server,
				   .user = user,
				   .pass = pass};
	struct entry *e;
	int err = credentials(rs, user, pass, sizeof(user));

	return err ? err : entry_alloc(&e, rs, &c);
}

/* As many as are to be ready; where it failed before one at a time */
static void fill(void *arg)
{
	struct relays *rs = arg;
	unsigned spare = 0, asking = 0;
	struct le *le;
	int err = 0;

	for (le = list_head(&rs->l); le; le = le->next) {
		const struct entry *e = le->data;

		spare += is_spare(e);
		asking += is_spare(e) && relayport_state(e->rp) == TURN_ASKING;
	}
	while (!rs->closing && !err && spare < rs->conf.ready &&
	       !(rs->failures && asking)) {
		err = add(rs);
		++spare;
		++asking;
	}
	if (!err)
		return;
	log_warn("media: no port for a relay at %J: %m", &rs->conf.server, err);
	tmr_start(&rs->tmr, RETRY_MAX_MS, fill, rs);
}

static int copy_words(struct relays *rs, const struct media_turn_conf *c)
{
	int err = 0;

	if (c->username)
		err = str_dup(&rs->username, c->username);
	if (!err && c->password)
		err = str_dup(&rs->password, c->password);
	if (!err && c->secret)
		err = str_dup(&rs->secret, c->secret);
	rs->conf = *c;
	rs->conf.username = rs->conf.password = rs->conf.secret =
		rs->conf.iface = NULL;

	return err;
}

int relays_alloc(struct relays **rsp, struct media *m,
		 const struct media_turn_conf *c, struct media_err *e)
{
	struct relays *rs;
	struct pl name;
	int err;

	if (!sa_isset(&c->server, SA_ALL) || !m->plane)
		return 0;
	rs = mem_zalloc(sizeof(*rs), destructor);
	if (!rs)
		return ENOMEM;
	rs->m = m;
	sa_init(&rs->elsewhere, AF_UNSPEC);
	tmr_init(&rs->tmr);
	pl_set_str(&name, c->iface ? c->iface : "");
	rs->ifc = iface_find(m, &name, sa_af(&c->server));
	if (!rs->ifc || sa_af(&rs->ifc->addr) != sa_af(&c->server))
		err = media_fail(e, EINVAL,
				 "no interface reaches the TURN server %J",
				 &c->server);
	else
		err = copy_words(rs, c);
	if (err) {
		mem_deref(rs);
		return err;
	}
	tmr_start(&rs->tmr, 0, fill, rs);
	*rsp = rs;

	return 0;
}

/* Those that are spare are given back by one word, which nobody waits for */
void relays_close(struct relays *rs)
{
	struct le *le = rs ? list_head(&rs->l) : NULL;

	if (!rs)
		return;
	rs->closing = true;
	tmr_cancel(&rs->tmr);
	while (le) {
		struct entry *e = le->data;

		le = le->next;
		if (relayport_owner(e->rp)) {
			relayport_leave(e->rp);
			continue;
		}
		relayport_close(e->rp);
		mem_deref(e);
	}
}

/* ---- taken and given back ---------------------------------------------------- */

void relays_take(struct stream *s)
{
	struct relays *rs = s->party->call->m->relays;
	struct le *le;

	if (!rs || !s->iface || s->grp.joined ||
	    !sa_cmp(&s->iface->addr, &rs->ifc->addr, SA_ADDR))
		return;
	if (s->relay) {
		tmr_cancel(&entry_of(s)->settle);
		return;
	}
	for (le = list_head(&rs->l); le; le = le->next) {
		struct entry *e = le->data;

		if (!is_spare(e) || relayport_state(e->rp) != TURN_UP)
			continue;
		relayport_own(e->rp, s);
		s->relay = e->rp;
		rs->short_ = false;
		tmr_start(&rs->tmr, backoff(rs), fill, rs);
		return;
	}
	++rs->st.missing;
	if (!rs->short_ && !rs->failures)
		log_warn("media: call %s: no relay is ready at %J: %s",
			 s->party->call->id, &rs->conf.server,
			 rs->st.allocated ? "more may be needed "
					    "(media.turn.ready)"
					  : "it has not answered yet");
	rs->short_ = true;
}

void relays_give(struct stream *s)
{
	struct entry *e = entry_of(s);

	if (!e)
		return;
	s->relay = NULL;
	if (e->rs->closing)
		return;
	tmr_cancel(&e->settle);
	e->ending = true;
	relayport_end(e->rp);
}

bool stream_relayed(const struct stream *s)
{
	return s && s->relay && s->terms && s->terms->ice &&
	       s->terms->pair_relayed && sa_isset(&s->terms->pair, SA_ALL);
}

void stream_relay_add(const struct stream *s, struct fp_leg_stats *st)
{
	const uint64_t now = media_now() * 1000000;
	struct relay_stats r;

	if (!s->relay)
		return;
	relayport_stats(s->relay, &r);
	st->packets += r.rx;
	st->bytes += r.rx_bytes;
	if (r.heard)
		st->age_ms = min(st->age_ms,
				 now > r.heard ? (now - r.heard) / 1000000 : 0);
}

uint64_t stream_relay_heard(const struct stream *s)
{
	struct relay_stats r = {.heard = 0};

	if (s->relay)
		relayport_stats(s->relay, &r);

	return r.heard;
}

static void settled(void *arg)
{
	struct entry *e = arg;
	struct stream *s = relayport_owner(e->rp);

	if (!s)
		return;
	if (stream_relayed(s)) {
		relayport_settle(e->rp);
		return;
	}
	relays_give(s);
	checks_relay_gone(s);
	forget(s);
}

void relays_nominated(struct stream *s)
{
	struct entry *e = entry_of(s);
	int err = 0;

	if (!e)
		return;
	if (stream_relayed(s))
		err = relayport_use(e->rp, &s->terms->pair);
	if (err)
		log_warn("media: call %s: %J by a relay: %m",
			 s->party->call->id, &s->terms->pair, err);
	tmr_start(&e->settle, SETTLE_MS, settled, e);
}

/* ---- those of a former process --------------------------------------------------- */

static void get_sa(struct sa *sa, const struct odict *o, const char *key)
{
	const char *text = odict_string(o, key);

	sa_init(sa, AF_UNSPEC);
	if (text)
		(void)sa_decode(sa, text, strlen(text));
}

static int resume(struct relays *rs, struct stream *s, const struct odict *o)
{
	const struct odict_entry *ch = odict_get_type(o, ODICT_INT, "channel");
	const char *user = odict_string(o, "user");
	char pass[TURN_USER + 1];
	struct turn_kept k;
	struct sa local;
	struct relayport_conf c = {
		.user = user, .pass = pass, .local = &local, .kept = &k};
	struct entry *e;
	int err = 0;

	if (!user)
		return EBADMSG;
	get_sa(&local, o, "local");
	get_sa(&c.server, o, "server");
	get_sa(&k.relayed, o, "relayed");
	get_sa(&k.mapped, o, "mapped");
	get_sa(&k.peer, o, "peer");
	k.channel = ch ? (uint16_t)ch->u.integer : 0;
	c.ifc = iface_by_addr(rs->m, &local);
	if (!c.ifc)
		return ENOENT;
	if (rs->secret)
		err = turn_password(pass, sizeof(pass), rs->secret, user);
	else
		str_ncpy(pass, rs->password, sizeof(pass));
	if (!err)
		err = entry_alloc(&e, rs, &c);
	if (err)
		return err;
	e->was_up = true;
	relayport_own(e->rp, s);
	s->relay = e->rp;
	if (s->terms && s->terms->pair_kept)
		relays_nominated(s);

	return 0;
}

void relays_resume(struct stream *s, const struct odict *o)
{
	struct relays *rs = s->party->call->m->relays;
	const struct odict_entry *x = odict_get_type(o, ODICT_OBJECT, "relay");
	int err = 0;

	if (x)
		err = rs ? resume(rs, s, x->u.odict) : ENOENT;
	if (err)
		log_warn("media: call %s: its relay is not taken over: %m",
			 s->party->call->id, err);
	/* a pair by what is no more is none: the checks begin again */
	if (s->terms && s->terms->pair_relayed && !s->relay) {
		s->terms->pair_relayed = s->terms->pair_kept = false;
		sa_init(&s->terms->pair, AF_UNSPEC);
	}
}

/* ---- views --------------------------------------------------------------------- */

void relays_stats(const struct relays *rs, struct relays_stats *st)
{
	struct le *le;

	*st = rs->st;
	for (le = list_head(&rs->l); le; le = le->next) {
		const struct entry *e = le->data;
		struct relay_stats r;

		relayport_stats(e->rp, &r);
		st->rx += r.rx;
		st->tx += r.tx;
		if (relayport_state(e->rp) != TURN_UP || e->ending)
			continue;
		st->ready += is_spare(e);
		st->used += !is_spare(e);
		st->pairs += stream_relayed(relayport_owner(e->rp));
	}
}

const struct sa *relays_server(const struct relays *rs)
{
	return &rs->conf.server;
}

const char *relays_text(const struct relays *rs)
{
	if (rs->failures)
		return turn_why_name(rs->why);

	return rs->st.allocated ? "up" : "asked";
}
