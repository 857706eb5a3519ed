/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relays.c  Allocations at the TURN server: made, kept ready, and over
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/relays_priv.h"

enum {
	RETRY_MS = 1000,       /* after a first failure, then twice as long */
	RETRY_MAX_MS = 60000,  /* and at most: also, when it is full        */
	CREDENTIALS_S = 86400, /* for which a name that is made holds      */
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

void relays_refill(struct relays *rs)
{
	tmr_start(&rs->tmr, backoff(rs), fill, rs);
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
	relays_bereave(e);
	mem_deref(e);
	if (!rs->closing)
		relays_refill(rs);
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

int relays_add(struct entry **ep, struct relays *rs, struct relayport_conf *c)
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

	return err ? err : relays_add(&e, rs, &c);
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

		spare += entry_spare(e);
		asking += entry_spare(e) &&
			  relayport_state(e->rp) == TURN_ASKING;
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
		st->ready += entry_spare(e);
		st->used += !entry_spare(e);
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
