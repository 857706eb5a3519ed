/* SPDX-License-Identifier: BSD-2-Clause */
/* Names at the edge: whose are looked up, who waits for them, and targets of the
 * dispatcher list */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "edge/lookup.h"
#include "edge/names.h"
#include "fake_dns.h"

#define OWN "192.0.2.11"
#define NODE "192.0.2.32"
#define STRANGER "198.51.100.7"
#define WAITING 8

struct fix {
	struct fake_dns *s;
	struct policy *p;
	struct ds_sets *sets;
	struct names *n;
	struct msg m;
	struct forward_out out;
	unsigned changes;
	char waited[1024]; /* Call-IDs of what has waited, in order      */
	unsigned waitedc;
};

static struct fix *fix; /* policy's callbacks have it                    */

static void changed(struct ds_set *set, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(ds_set_id(set), 1);
	f->changes++;
}

static void waited(const struct forward_in *in, void *arg)
{
	struct fix *f = arg;
	struct msg_fault fault;

	assert_true(in->looked_up);
	assert_int_equal(msg_decode(&f->m, &in->text, true, &fault), 0);
	(void)re_snprintf(f->waited + strlen(f->waited),
			  sizeof(f->waited) - strlen(f->waited), "%r ",
			  &f->m.callid);
	f->waitedc++;
}

static const struct sa *named(const struct pl *host, uint16_t port, void *arg)
{
	(void)arg;
	return names_node(fix->n, host, port);
}

static int locate_name(const struct locate_want *w, struct locate_found *found,
		       void *arg)
{
	(void)arg;
	return names_locate(fix->n, w, found);
}

static bool unsettled(void *arg)
{
	(void)arg;
	return names_unsettled(fix->n);
}

static struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

static void take(struct fix *f, const char *text)
{
	struct ds_list *list = NULL;
	struct pl pl;

	pl_set_str(&pl, text);
	assert_int_equal(ds_list_parse(&list, "list", &pl, NULL), 0);
	assert_int_equal(ds_sets_merge(f->sets, list, 1, NULL), 0);
	mem_deref(list);
	mem_deref(f->p->setv[0].set);
	f->p->setv[0].set = mem_ref(ds_sets_find(f->sets, 1));
	names_update(f->n);
}

static int fix_up(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);
	struct names_conf conf = {.waiting = WAITING,
				  .dns = {.serverc = 1,
					  .timeout = 300,
					  .ttl_min = 1,
					  .ttl_max = 3600,
					  .entries = 64}};

	*state = fix = f;
	f->s = fake_dns();
	conf.dns.serverv[0] = f->s->addr;
	assert_int_equal(policy_alloc(&f->p), 0);
	f->p->listenerv[0].addr = f->p->listenerv[0].advertised = addr(OWN,
								       5060);
	f->p->listenerc = 1;
	f->p->named = named;
	f->p->locate = locate_name;
	f->p->unsettled = unsettled;
	assert_int_equal(ds_sets_alloc(&f->sets, NULL), 0);
	assert_int_equal(names_alloc(&f->n, &conf, f->p, changed, waited, f),
			 0);
	return 0;
}

static int fix_down(void **state)
{
	struct fix *f = *state;

	mem_deref(f->out.mb);
	mem_deref(f->n);
	mem_deref(f->sets);
	mem_deref(f->p);
	mem_deref(f->s);
	mem_deref(f);
	return 0;
}

/* ---- targets --------------------------------------------------------------------- */

static struct ds_target *target(struct fix *f, const char *uri)
{
	struct ds_target *t = ds_set_find(ds_sets_find(f->sets, 1), uri);

	assert_non_null(t);
	return t;
}

static void is_at(const struct ds_target *t, const char *where)
{
	char text[64] = "nowhere";

	if (ds_target_addr(t))
		(void)re_snprintf(text, sizeof(text), "%J", ds_target_addr(t));
	assert_string_equal(text, where);
}

static bool settled(void *arg)
{
	return !names_unsettled(((struct fix *)arg)->n);
}

static bool active(void *arg)
{
	return ds_target_status(arg)->state == DS_ACTIVE;
}

static bool inactive(void *arg)
{
	return ds_target_status(arg)->state == DS_INACTIVE;
}

#define LIST                                                                   \
	"1 sip:farm.lab:5070\n1 sip:" NODE ":5060\n1 sip:srv.lab\n"            \
	"1 sip:nobody.lab\n1 sip:off.lab 4\n"

static void test_targets(void **state)
{
	struct fix *f = *state;

	fake_dns_add(f->s, "farm.lab 60 A 192.0.2.31");
	fake_dns_add(f->s, "off.lab 60 A 192.0.2.34");
	fake_dns_add(f->s, "_sip._udp.srv.lab 60 SRV 1 1 5071 h.lab");
	fake_dns_add(f->s, "h.lab 60 A 192.0.2.33");
	take(f, LIST);
	assert_false(settled(f));
	assert_true(inactive(target(f, "sip:farm.lab:5070")));
	assert_true(active(target(f, "sip:" NODE ":5060")));
	assert_int_equal(ds_set_usable(ds_sets_find(f->sets, 1)), 1);
	fake_until(settled, f);
	fake_until(active, target(f, "sip:srv.lab"));
	is_at(target(f, "sip:farm.lab:5070"), "192.0.2.31:5070");
	is_at(target(f, "sip:srv.lab"), "192.0.2.33:5071");
	is_at(target(f, "sip:nobody.lab"), "nowhere");
	assert_non_null(
		strstr(ds_target_status(target(f, "sip:nobody.lab"))->reason,
		       "not in the DNS"));
	/* who disabled it meant it */
	is_at(target(f, "sip:off.lab"), "192.0.2.34:5060");
	assert_int_equal(ds_target_status(target(f, "sip:off.lab"))->state,
			 DS_DISABLED);
	/* it comes into being */
	fake_dns_add(f->s, "nobody.lab 60 A 192.0.2.35");
	names_reload(f->n);
	fake_until(active, target(f, "sip:nobody.lab"));
	is_at(target(f, "sip:nobody.lab"), "192.0.2.35:5060");
	/* the list goes, and the names with it */
	take(f, "1 sip:" NODE ":5060\n");
	assert_true(settled(f));
}

static bool moved(void *arg)
{
	struct sa sa = addr("192.0.2.41", 5060);

	return sa_cmp(ds_target_addr(arg), &sa, SA_ALL);
}

static void test_target_moves(void **state)
{
	struct fix *f = *state;
	struct ds_target *t;

	fake_dns_add(f->s, "farm.lab 1 A 192.0.2.31");
	take(f, "1 sip:farm.lab\n");
	t = target(f, "sip:farm.lab");
	fake_until(active, t);
	is_at(t, "192.0.2.31:5060");
	/* it stays as long as it may, whatever else there is */
	for (unsigned i = 0; i < 8; i++) {
		char line[64];

		(void)re_snprintf(line, sizeof(line), "farm.lab 1 A 192.0.2.%u",
				  50 + i);
		fake_dns_add(f->s, line);
	}
	names_reload(f->n);
	f->s->asked = 0;
	while (!f->s->asked)
		fake_until(settled, f);
	is_at(t, "192.0.2.31:5060");
	/* by itself, when the time is up */
	fake_dns_del(f->s, "farm.lab");
	fake_dns_add(f->s, "farm.lab 1 A 192.0.2.41");
	fake_until(moved, t);
	/* servers are silent: where it was; the name is gone: nowhere */
	f->s->mood = FAKE_SILENT;
	f->s->asked = 0;
	names_reload(f->n);
	while (f->s->asked < 2)
		fake_until(settled, f);
	assert_true(moved(t));
	assert_true(active(t));
	f->s->mood = FAKE_ANSWERS;
	fake_dns_del(f->s, "farm.lab");
	names_reload(f->n);
	fake_until(inactive, t);
	is_at(t, "nowhere");
}

/* ---- permission -------------------------------------------------------------------- */

static enum forward_verdict decide(struct fix *f, const char *src,
				   const char *uri, bool looked_up,
				   unsigned call)
{
	struct forward_in in = {.src = addr(src, 5060), .looked_up = looked_up};
	static char text[1024];

	(void)re_snprintf(text, sizeof(text),
			  "INVITE %s SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u\r\n"
			  "From: <sip:a@x>;tag=1\r\nTo: <sip:b@y>\r\n"
			  "Call-ID: c%u\r\nCSeq: 1 INVITE\r\n"
			  "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			  uri, src, call, call);
	pl_set_str(&in.text, text);
	f->out.mb = mem_deref(f->out.mb);
	return forward(f->p, &in, &f->m, &f->out);
}

static int wait_for(struct fix *f, const char *uri, unsigned call)
{
	struct forward_in in = {.src = addr(NODE, 5060)};
	struct locate_want w;

	assert_int_equal(decide(f, NODE, uri, false, call), FORWARD_LOOKUP);
	in.text = f->m.text;
	lookup_want(&w, f->p, &f->m, &f->out);
	return names_wait(f->n, &in, &w);
}

static bool one_waited(void *arg)
{
	return ((struct fix *)arg)->waitedc >= 1;
}

static void refused(struct fix *f, const char *src, const char *uri,
		    uint16_t code)
{
	assert_int_equal(decide(f, src, uri, false, 1), FORWARD_REPLY);
	assert_int_equal(f->out.code, code);
}

static void test_permission(void **state)
{
	struct fix *f = *state;
	struct sa sa = addr("192.0.2.31", 5060);

	fake_dns_add(f->s, "farm.lab 60 A 192.0.2.31");
	fake_dns_add(f->s, "far.lab 60 A 203.0.113.9");
	fake_dns_add(f->s, "self.lab 60 A " OWN);
	fake_dns_add(f->s, "loop.lab 60 A 127.0.0.1");
	take(f, "1 sip:farm.lab\n1 sip:" NODE ":5060\n");
	/* in the first moments nobody is told off */
	assert_int_equal(decide(f, STRANGER, "sip:b@far.lab", false, 1),
			 FORWARD_DROP);
	fake_until(settled, f);
	f->s->asked = 0;
	refused(f, STRANGER, "sip:b@far.lab", 403);
	refused(f, STRANGER, "sip:b@farm.lab:5070", 403);
	assert_int_equal(decide(f, STRANGER, "sip:b@FARM.lab", false, 1),
			 FORWARD_SEND);
	assert_true(sa_cmp(&f->out.dst, &sa, SA_ALL));
	assert_int_equal(decide(f, STRANGER, "sip:b@farm.lab:5060", false, 1),
			 FORWARD_SEND);
	assert_int_equal(f->s->asked, 0);
	/* a node may, but not just anywhere */
	assert_int_equal(wait_for(f, "sip:b@far.lab:5080", 2), 0);
	fake_until(one_waited, f);
	assert_int_equal(decide(f, NODE, "sip:b@far.lab:5080", true, 2),
			 FORWARD_SEND);
	sa = addr("203.0.113.9", 5080);
	assert_true(sa_cmp(&f->out.dst, &sa, SA_ALL));
	f->waitedc = 0;
	assert_int_equal(wait_for(f, "sip:b@self.lab:5060", 3), 0);
	assert_int_equal(wait_for(f, "sip:b@loop.lab:5060", 4), 0);
	while (f->waitedc < 2)
		fake_until(one_waited, f);
	refused(f, NODE, "sip:b@self.lab:5060", 403);
	refused(f, NODE, "sip:b@loop.lab:5060", 403);
	/* and not for ever */
	assert_int_equal(decide(f, NODE, "sip:b@new.lab", true, 5),
			 FORWARD_REPLY);
	assert_int_equal(f->out.code, 503);
}

/* ---- waiting ------------------------------------------------------------------------- */

static bool all_waited(void *arg)
{
	return ((struct fix *)arg)->waitedc == WAITING;
}

static void test_waiting(void **state)
{
	struct fix *f = *state;

	fake_dns_add(f->s, "far.lab 60 A 203.0.113.9");
	take(f, "1 sip:" NODE ":5060\n");
	for (unsigned i = 0; i < WAITING; i++) {
		assert_int_equal(wait_for(f, "sip:b@far.lab", i), 0);
		/* sent again: swallowed */
		assert_int_equal(wait_for(f, "sip:b@far.lab", i), 0);
	}
	assert_int_equal(wait_for(f, "sip:b@far.lab", WAITING), ENOSPC);
	fake_until(all_waited, f);
	assert_string_equal(f->waited, "c0 c1 c2 c3 c4 c5 c6 c7 ");
	/* NAPTR, two of SRV at most, A: once for all of them */
	assert_in_range(f->s->asked, 1, 4);
	/* room again */
	fake_dns_add(f->s, "near.lab 60 A 203.0.113.10");
	f->waitedc = 0;
	assert_int_equal(wait_for(f, "sip:b@near.lab", 1), 0);
	fake_until(one_waited, f);
	/* what still waits at the end is let go of */
	f->s->mood = FAKE_SILENT;
	assert_int_equal(wait_for(f, "sip:b@never.lab", 1), 0);
}

static void test_silence(void **state)
{
	struct fix *f = *state;

	take(f, "1 sip:" NODE ":5060\n");
	f->s->mood = FAKE_SILENT;
	assert_int_equal(wait_for(f, "sip:b@far.lab", 1), 0);
	fake_until(one_waited, f);
	refused(f, NODE, "sip:b@far.lab", 503);
}

/* A call stays where its first request went, though the records are others */
static void test_pins(void **state)
{
	struct fix *f = *state;
	struct sa was, other = addr("203.0.113.99", 5060);

	fake_dns_add(f->s, "far.lab 60 A 203.0.113.9");
	take(f, "1 sip:" NODE ":5060\n");
	assert_int_equal(wait_for(f, "sip:b@far.lab:5060", 1), 0);
	fake_until(one_waited, f);
	assert_int_equal(decide(f, NODE, "sip:b@far.lab:5060", true, 1),
			 FORWARD_SEND);
	was = f->out.dst;
	fake_dns_del(f->s, "far.lab");
	fake_dns_add(f->s, "far.lab 60 A 203.0.113.99");
	names_reload(f->n);
	assert_int_equal(decide(f, NODE, "sip:b@far.lab:5060", false, 1),
			 FORWARD_SEND);
	assert_true(sa_cmp(&was, &f->out.dst, SA_ALL));
	/* another call asks anew */
	f->waitedc = 0;
	assert_int_equal(wait_for(f, "sip:b@far.lab:5060", 2), 0);
	fake_until(one_waited, f);
	assert_int_equal(decide(f, NODE, "sip:b@far.lab:5060", true, 2),
			 FORWARD_SEND);
	assert_true(sa_cmp(&other, &f->out.dst, SA_ALL));
	/* so does the first one where its place refuses */
	names_refused(f->n, &was);
	assert_int_equal(decide(f, NODE, "sip:b@far.lab:5060", true, 1),
			 FORWARD_SEND);
	assert_true(sa_cmp(&other, &f->out.dst, SA_ALL));
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_up, fix_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_targets), T(test_target_moves), T(test_permission),
		T(test_waiting), T(test_silence),      T(test_pins),
	};
	int err;

	log_init(LOG_ERROR);
	if (libre_init())
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	mem_debug();
	return err;
}
