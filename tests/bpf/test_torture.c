/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The torture messages of RFC 4475 and RFC 5118, a test for each: through the
 * agent's path, by UDP and by TCP, and as a packet through the program. What is
 * forwarded leaves as its file says, byte for byte, and a response to it finds the
 * way back; what the program settles is what the agent makes of it; what it leaves
 * to the agent is as it came
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sipbed.h"
#include "torture.h"

#define SPORT 5062

static struct sipbed *bed_of_sip;
static unsigned done; /* messages that were as they should be */

static const char *const ownv[] = {"example.com", "example.net", "example.org",
				   "registrar.example.com",
				   "company.example.com"};

/* Ours, for both; clearing the kernel's takes them away */
static void domains(struct sipbed *s)
{
	struct policy *p = s->policy;

	for (size_t i = 0; i < ARRAY_SIZE(ownv); i++) {
		struct pl name;

		pl_set_str(&name, ownv[i]);
		assert_int_equal(fp_sip_domain(s->sip, &name, (uint32_t)i + 1),
				 0);
		if (!p->domainv[i])
			assert_int_equal(str_dup(&p->domainv[i], ownv[i]), 0);
	}
	p->domainc = ARRAY_SIZE(ownv);
}

static int setup(void **state)
{
	int err = sb_setup(state);

	if (err)
		return err;
	bed_of_sip = *state;
	sb_differential(bed_of_sip);
	bed_of_sip->policy->netv = mem_zalloc(sizeof(struct policy_net), NULL);
	assert_non_null(bed_of_sip->policy->netv);
	bed_sh("ip neigh replace 2001:db8:2::20:5070 dev wan lladdr "
	       "02:00:00:00:02:21 nud permanent");
	bed_sh("ip neigh replace 2001:db8:2::198.51.100.20 dev wan lladdr "
	       "02:00:00:00:02:21 nud permanent");
	*state = NULL; /* each test has its own: the message */
	return 0;
}

static int teardown(void **state)
{
	void *s = bed_of_sip;
	(void)state;

	return sb_teardown(&s);
}

/* The edge for this message */
static void edge_for(struct sipbed *s, const struct torture *c)
{
	struct sip_rule any = {.set = c->v6 ? 1 : 0};
	struct sa a6 = addr(A6, 0);

	sb_reset(s);
	domains(s);
	assert_int_equal(fp_sip_rules(s->sip, &any, 1), 0);
	s->policy->rulev[0] = any;
	s->policy->netc = c->trusted;
	s->policy->netv[0] = (struct policy_net){.addr = a6,
						 .bits = 128,
						 .flags = SIP_NET_TRUSTED,
						 .set = SIP_NONE};
	if (c->trusted)
		assert_int_equal(
			fp_sip_net(s->sip, &a6, 128, SIP_NET_TRUSTED, SIP_NONE),
			0);
}

/* ---- the agent ------------------------------------------------------------ */

static struct sa source(const struct torture *c, bool response)
{
	if (response)
		return addr(B4, 5060);
	return addr(c->v6 ? A6 : A4, SPORT);
}

static struct sa destination(const struct torture *c)
{
	return addr(c->to   ? c->to
		    : c->v6 ? B6
			    : B4,
		    c->tport ? c->tport : 5060);
}

/* As the file has it; @b stands for the branch that we made */
static void check_bytes(const struct torture *c, const struct torture_text *t,
			const char *got, size_t n)
{
	const char *b = memmem(t->out, t->outlen, "@b\r\n", 4);
	const size_t at = b ? (size_t)(b - t->out) : t->outlen;
	const size_t digits = b ? 18 : 0, rest = t->outlen - at - (b ? 2 : 0);

	if (n != t->outlen + (b ? 16 : 0) || memcmp(t->out, got, at) != 0 ||
	    memcmp(t->out + t->outlen - rest, got + at + digits, rest) != 0)
		fail_msg("%s leaves as:\n%.*s\nnot:\n%.*s", c->name, (int)n,
			 got, (int)t->outlen, t->out);
	for (size_t i = 0; i < digits; i++)
		assert_non_null(strchr("0123456789abcdef", got[at + i]));
}

/* The other end answers: its 200 must come back to the sender */
static void check_way_back(struct sipbed *s, const struct forward_out *o,
			   const struct sa *src)
{
	static struct msg m, back;
	struct forward_in in = {
		.text = {(char *)mbuf_buf(o->mb), mbuf_get_left(o->mb)},
		.listener = o->listener};
	struct forward_out home;
	struct mbuf *mb = NULL;
	struct msg_fault f;

	in.src = s->policy->listenerv[o->listener].addr;
	assert_int_equal(msg_decode(&m, &in.text, true, &f), 0);
	assert_int_equal(reply_make(&mb, s->policy, &in, &m, 200, "OK", NULL),
			 0);
	in.text.p = (char *)mbuf_buf(mb);
	in.text.l = mbuf_get_left(mb);
	in.src = o->dst;
	assert_int_equal(forward(s->policy, &in, &back, &home), FORWARD_SEND);
	assert_true(sa_cmp(&home.dst, src, SA_ADDR));
	assert_int_equal(home.listener, o->listener);
	mem_deref(home.mb);
	mem_deref(mb);
}

static void check_reply(const struct torture *c, const struct torture_text *t,
			const struct forward_out *o, const struct sa *src)
{
	const char *text = (const char *)mbuf_buf(o->mb);
	const size_t n = mbuf_get_left(o->mb);
	char status[32];

	(void)snprintf(status, sizeof(status), "SIP/2.0 %u ", c->code);
	if (o->code != c->code || memcmp(text, status, strlen(status)) != 0)
		fail_msg("%s: %u %s, not %u", c->name, o->code, o->why,
			 c->code);
	assert_true(sa_cmp(&o->dst, src, SA_ADDR));
	assert_non_null(memmem(text, n, "\r\nVia: SIP/", 10));
	assert_non_null(memmem(text, n, ";received=", 10));
	assert_memory_equal(text + n - 4, "\r\n\r\n", 4);
	assert_int_equal(!!memmem(text, n, "\r\nFrom: ", 8),
			 !!memmem(t->in, t->inlen, "\r\nFrom: ", 8));
	if (c->code == 420)
		assert_non_null(memmem(text, n,
				       "\r\nUnsupported: noProxyHasThis, "
				       "norHasAnyThis\r\n",
				       46));
}

/* What the agent makes of it; o->mb is the caller's */
static void by_agent(struct sipbed *s, const struct torture *c,
		     const struct torture_text *t, struct forward_out *o)
{
	static const char *const verdictv[] = {"forwarded", "answered", "ours",
					       "absorbed", "dropped"};
	static struct msg m;
	const struct sa dst = destination(c);
	struct forward_in in = {.text = {t->in, t->inlen},
				.src = source(c, t->response),
				.listener = c->v6};
	enum forward_verdict v = forward(s->policy, &in, &m, o);

	if (v != c->verdict)
		fail_msg("%s is %s (%u %s), not %s", c->name, verdictv[v],
			 o->code, o->why ? o->why : "", verdictv[c->verdict]);
	if (v == FORWARD_DROP)
		assert_string_equal(o->why, c->why);
	if (v == FORWARD_REPLY)
		check_reply(c, t, o, &in.src);
	if (v != FORWARD_SEND)
		return;
	check_bytes(c, t, (char *)mbuf_buf(o->mb), mbuf_get_left(o->mb));
	assert_true(sa_cmp(&o->dst, &dst, SA_ALL));
	assert_int_equal(o->listener, in.listener);
	if (!t->response)
		check_way_back(s, o, &in.src);
}

/* By TCP, where a length is known before: the same comes of it */
static void by_stream(struct sipbed *s, const struct torture *c,
		      const struct torture_text *t)
{
	static struct msg m;
	struct policy *p = s->policy;
	struct policy_listener *l = &p->listenerv[p->listenerc++];
	struct forward_in in = {.text = {t->in, t->inlen},
				.src = source(c, false),
				.listener = (unsigned)(l - p->listenerv)};
	struct forward_out o;
	enum forward_verdict v;

	*l = p->listenerv[c->v6];
	l->transp = MSG_TCP;
	v = forward(p, &in, &m, &o);
	if (v != c->verdict || o.code != c->code)
		fail_msg("%s by TCP: %d (%u %s)", c->name, (int)v, o.code,
			 o.why ? o.why : "");
	if (v == FORWARD_SEND) {
		assert_int_equal(o.listener, c->v6);
		assert_true(o.transp == MSG_UDP);
	} else {
		assert_true(o.flow && sa_cmp(&o.dst, &in.src, SA_ALL));
	}
	mem_deref(o.mb);
	p->listenerc--;
}

/* ---- the program ----------------------------------------------------------- */

static void by_program(struct sipbed *s, const struct torture *c,
		       const struct torture_text *t,
		       const struct forward_out *o)
{
	struct bed *bed = s->bed;
	const struct sa dst = destination(c);
	const char *to = c->to ? c->to : c->v6 ? B6 : B4;
	const char *local = c->v6 ? LAN6 : LAN4;
	const bool back = t->response;
	struct gold g = {
		.what = c->name,
		.reason = c->reason,
		.action = XDP_PASS,
		.in_dev = back ? bed->wan : bed->lan,
		.in = {.dmac = back ? bed->mac_wan : bed->mac_lan,
		       .smac = back ? mac_b : mac_a,
		       .src = back    ? B4
			      : c->v6 ? A6
				      : A4,
		       .dst = local,
		       .sport = back ? 5060 : SPORT,
		       .dport = 5060,
		       .payload = t->in,
		       .paylen = t->inlen},
	};

	if (c->reason == CAROM_R_SIP_FORWARDED) {
		g.action = XDP_REDIRECT;
		g.out = (struct spec){
			.dmac = back                              ? mac_a
				: c->to && strcmp(c->to, B6) != 0 ? mac_c
								  : mac_b,
			.smac = back ? bed->mac_lan : bed->mac_wan,
			.src = local,
			.dst = to,
			.sport = 5060,
			.dport = sa_port(&dst),
			.frag = c->v6 ? 0 : 0x4000,
			.payload = mbuf_buf(o->mb),
			.paylen = mbuf_get_left(o->mb)};
	}
	gold_run(bed, &g);
}

static void say(const struct torture *c)
{
	char outcome[32] = "forwarded";

	if (c->code)
		(void)snprintf(outcome, sizeof(outcome), "answered %u",
			       c->code);
	else if (c->why)
		(void)snprintf(outcome, sizeof(outcome), "dropped");
	print_message("# %-26s RFC %u %-8s  %-7s  %-12s  %s\n", c->name, c->rfc,
		      c->section, c->valid ? "valid" : "invalid", outcome,
		      c->reason == TORTURE_TOO_LONG
			      ? "(longer than a packet here)"
			      : fp_reason_name((unsigned)c->reason));
}

static void test_message(void **state)
{
	static struct torture_text t;
	const struct torture *c = *state;
	struct sipbed *s = bed_of_sip;
	struct sb of_ours = {.via_port = 5062};
	struct forward_out o;
	char branch[19];
	int err;

	if (!strcmp(c->name, "bcast"))
		of_ours = (struct sb){.via_host = "255.255.255.255",
				      .reply = "255.255.255.255",
				      .rport = 5060};
	edge_for(s, c);
	sb_branch(branch, &of_ours);
	err = torture_read(&t, c->name, branch);
	if (err)
		fail_msg("%s.sip: %s", c->name, strerror(err));
	by_agent(s, c, &t, &o);
	if (!t.response)
		by_stream(s, c, &t);
	if (c->reason != TORTURE_TOO_LONG)
		by_program(s, c, &t, &o);
	mem_deref(o.mb);
	say(c);
	done++;
}

/* None is left out */
static void test_all(void **state)
{
	unsigned rfc4475 = 0, rfc5118 = 0;
	(void)state;

	for (size_t i = 0; i < torturec; i++) {
		rfc4475 += torturev[i].rfc == 4475;
		rfc5118 += torturev[i].rfc == 5118;
	}
	assert_int_equal(rfc4475, 49);
	assert_int_equal(rfc5118, 12);
	print_message("# %u of %u torture messages as they should be\n", done,
		      rfc4475 + rfc5118);
	assert_int_equal(done, rfc4475 + rfc5118);
}

int main(void)
{
	struct CMUnitTest testv[64];
	size_t n = 0;

	for (; n < torturec && n + 1 < ARRAY_SIZE(testv); n++)
		testv[n] = (struct CMUnitTest){
			.name = torturev[n].name,
			.test_func = test_message,
			.initial_state = (void *)&torturev[n],
		};
	testv[n++] = (struct CMUnitTest){.name = "all of them",
					 .test_func = test_all};
	return _cmocka_run_group_tests("torture", testv, n, setup, teardown);
}
