/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bed as a SIP edge, for the fuzzers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "must.h"
#include "sipedge.h"
#include "sipusers.h"
#include "siptext.h"

static struct tally counted; /* up to now */

/* What libFuzzer takes for coverage: cleared by it before each input */
static uint8_t reached[CAROM_R_MAX + 1]
	__attribute__((section("__libfuzzer_extra_counters"), used));

static const char *const ownv[] = {"example.com", "six.example.com"};

static void add_rules(struct sipbed *s)
{
	struct sip_rule v[] = {
		{.flags = SIP_RULE_REGISTERED | SIP_RULE_RR, .set = SIP_NONE},
		{.methods = 1u << SCAN_M_SUBSCRIBE | 1u << SCAN_M_PUBLISH,
		 .flags = SIP_RULE_PRESENCE,
		 .set = 1},
		{.domain = 2, .set = 1},
		{.set = 1},
		{.methods = ~(1u << SCAN_M_PUBLISH), .set = 0},
	};
	struct pl name;

	pl_set_str(&name, "six-");
	MUST(!fp_sip_rule_user(&v[3], &name));
	MUST(!fp_sip_rules(s->sip, v, ARRAY_SIZE(v)));
	memcpy(s->policy->rulev, v, sizeof(v));
	s->policy->rulec = ARRAY_SIZE(v);
	for (size_t i = 0; i < ARRAY_SIZE(ownv); i++) {
		pl_set_str(&name, ownv[i]);
		MUST(!fp_sip_domain(s->sip, &name, (uint32_t)i + 1));
		MUST(!str_dup(&s->policy->domainv[i], ownv[i]));
	}
	s->policy->domainc = ARRAY_SIZE(ownv);
}

/* At T4, one of them behind a NAT, and some whom the agent calls */
static void add_users(struct sipbed *s)
{
	const int life = 86400;

	/* so that a token does not depend on the listener */
	s->policy->listenerv[0].own = true;
	su_source(s);
	su_bind(s, "bob", "sip:bob-0x5581@" T4 ":5070", NULL, NULL, 0, life);
	su_bind(s, "nat", "sip:nat@10.0.0.7:5060;ob", NULL, T4, 40000, life);
	su_bind(s, "six", "sip:six@[" T6 "]:5070", NULL, NULL, 0, life);
	su_bind(s, "tcp", "sip:tcp@" T4 ":5070;transport=tcp", NULL, NULL, 0,
		life);
	su_bind(s, "far", "sip:far@" T4 ":5070", "<sip:" B4 ";lr>", NULL, 0,
		life);
	su_bind(s, "alice", "sip:alice@" A4 ":5062", NULL, NULL, 0, life);
	su_unbind(s, "gone");
}

static void say_reasons(void)
{
	for (unsigned i = 0; i < CAROM_R_MAX; i++)
		if (counted.packets[i])
			fprintf(stderr, "reason %s: %llu\n", fp_reason_name(i),
				(unsigned long long)counted.packets[i]);
}

struct sipbed *sipedge_open(void)
{
	void *state = NULL;
	struct sipbed *s;

	if (geteuid()) {
		fprintf(stderr, "BPF_PROG_RUN needs root\n");
		exit(1);
	}
	MUST(!libre_init());
	MUST(!sb_setup(&state));
	s = state;
	sb_differential(s);
	sb_reset(s);
	sb_two(s);
	add_rules(s);
	add_users(s);
	bed_tally(s->bed, &counted);
	atexit(say_reasons);
	return s;
}

void sipedge_configure(struct sipbed *s, uint8_t how)
{
	const uint16_t first[1] = {0};
	const uint32_t flags = (how & 0x04 ? SIP_SET_RR : 0) |
			       (how & 0x10 ? SIP_SET_AUTH : 0) |
			       (how & 0x20 ? SIP_SET_KAMAILIO : 0);
	static int before = -1;
	struct sip_conf *c = fp_sip_conf(s->sip);

	s->policy->force_rport = how & HOW_FORCE_RPORT;
	c->flags &= ~(SIP_CONF_FORCE_RPORT | SIP_CONF_AUTH);
	if (flags & SIP_SET_AUTH)
		c->flags |= SIP_CONF_AUTH;
	if (s->policy->force_rport)
		c->flags |= SIP_CONF_FORCE_RPORT;
	fp_set_ttl(s->bed->fp, how & 0x40 ? 0 : 64);
	if ((how & 0x34) == before)
		return;
	before = how & 0x34;
	for (unsigned i = 0; i < 2; i++) {
		MUST(!fp_sip_set(s->sip, i, i + 1, flags, first, 1));
		s->policy->setv[i].flags = flags;
	}
}

const struct sipedge_from *sipedge_from(uint8_t byte)
{
	/* by the bits that fuzz_sip_agent reads the source from */
	static const struct sipedge_from v[] = {
		{A4, LAN4, 5062, false}, {B4, LAN4, 5060, true},
		{C4, WAN4, 40000, true}, {A4, WAN4, 5060, false},
		{A6, LAN6, 5062, false}, {B6, LAN6, 5060, true},
		{B4, WAN4, 5060, true},  {T4, LAN4, 5060, true},
	};

	return &v[byte >> 4 & 7];
}

void sipedge_frame(struct pkt *p, struct sipbed *s,
		   const struct sipedge_from *f, const void *text, size_t n,
		   enum pkt_sum sum)
{
	const struct spec spec = {
		.dmac = f->wan ? s->bed->mac_wan : s->bed->mac_lan,
		.smac = f->wan ? mac_b : mac_a,
		.vlan = {strcmp(f->src, T4) ? 0 : TAG_ID},
		.src = f->src,
		.dst = f->dst,
		.sport = f->sport,
		.dport = 5060,
		.sum = sum,
		.payload = text,
		.paylen = n,
	};

	pkt_build(p, &spec);
}

/* ---- the verdict -------------------------------------------------------------- */

/* The reason that was counted. Notes stand beside one */
static int reason_of(const struct tally *t0, const struct tally *t1)
{
	int reason = -1;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		uint64_t n = t1->packets[i] - t0->packets[i];

		if (!n || !strcmp(fp_reason_class(i), "note"))
			continue;
		MUST(n == 1 && reason < 0);
		reason = (int)i;
	}
	return reason;
}

static struct sa sa_of(const uint8_t *p, bool v6, uint16_t port)
{
	struct sa sa;

	if (v6)
		sa_set_in6(&sa, p, port);
	else
		sa_set_in(&sa, frame_get32(p), port);
	return sa;
}

/* Forwarded: a good frame from a listener of ours to somebody who may be sent to,
 * with a message in it that can be read */
static void check(struct sipbed *s, const struct pkt *in, const struct pkt *out)
{
	static struct msg m;
	struct frame a, b;
	struct sa src, dst;
	struct pl text;
	bool wrong;

	MUST(frame_look(&a, in) && frame_look(&b, out));
	/* a checksum may be missing by IPv4, or be an offload's; a wrong one
	 * leaves wrong, and must not have become a right one */
	MUST(a.check || !a.v6);
	wrong = a.check && !frame_is_partial(&a) && udp_verify(a.ip);
	MUST(frame_ip_right(&b) && b.check && !!udp_verify(b.ip) == wrong);
	MUST(b.ip + b.iplen == b.end || a.ip + a.iplen != a.end);
	MUST(b.udplen == b.iplen - (b.v6 ? 40u : 20u));
	MUST(b.ttl);
	src = sa_of(b.src, b.v6, b.sport);
	dst = sa_of(b.dst, b.v6, b.dport);
	MUST(policy_self(s->policy, &src) >= 0);
	MUST(!policy_forbidden(s->policy, &dst));
	text.p = (const char *)b.payload;
	text.l = b.udplen - 8u;
	(void)siptext_read(&m, &text);
}

void sipedge_put(struct sipbed *s, struct sipedge_run *r, int dev,
		 const struct pkt *in)
{
	struct tally t0 = counted;

	r->action = bed_run(s->bed, dev, in, &r->out);
	bed_tally(s->bed, &counted);
	r->reason = reason_of(&t0, &counted);
	reached[r->reason + 1]++;
	switch (r->action) {
	case XDP_PASS:
		MUST(r->reason < 0 ||
		     !strcmp(fp_reason_class((unsigned)r->reason), "punt"));
		MUST(in->len == r->out.len &&
		     !memcmp(in->b, r->out.b, in->len));
		break;
	case XDP_DROP:
		MUST(r->reason >= 0 &&
		     !strcmp(fp_reason_class((unsigned)r->reason), "drop"));
		break;
	case XDP_TX:
	case XDP_REDIRECT:
		MUST(r->reason == CAROM_R_SIP_FORWARDED);
		check(s, in, &r->out);
		break;
	default:
		MUST(!"a verdict");
	}
}
