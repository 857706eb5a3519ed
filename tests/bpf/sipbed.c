/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sipbed.c  The bed as a SIP edge
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "carom/sipkey.h"
#include "sides.h"
#include "sipbed.h"

static struct sipbed the_sipbed;

static void listener(struct sipbed *s, unsigned i, const char *ip, int ifindex)
{
	struct sa sa = addr(ip, 5060);

	assert_int_equal(fp_sip_listener(s->sip, i, &sa, NULL, ifindex), 0);
	assert_int_equal(fp_sip_self(s->sip, &sa, i), 0);
	assert_int_equal(fp_local_sip(s->bed->fp, &sa, 1), 0);
}

static void node(struct sipbed *s, unsigned set, unsigned number,
		 const char *ip)
{
	struct sa sa = addr(ip, 5060);

	assert_int_equal(fp_sip_target(s->sip, set, number, &sa, true), 0);
	assert_int_equal(fp_sip_net(s->sip, &sa,
				    sa_af(&sa) == AF_INET ? 32 : 128,
				    SIP_NET_TRUSTED, SIP_NONE),
			 0);
}

/* ---- the agent's path ------------------------------------------------------ */

static const char list_text[] = "1 sip:" B4 ":5060 0 0 weight=1\n"
				"1 sip:" C4 ":5060 0 0 weight=0\n"
				"2 sip:[" B6 "]:5060\n";

static unsigned leave(const struct sa *dst, unsigned in, void *arg)
{
	const struct sipbed *s = arg;
	const bool tag = sa_af(dst) == AF_INET &&
			 (sa_in(dst) & 0xffffff00) == 0xcb007100;
	const bool lan = sa_af(dst) == AF_INET6 ||
			 (sa_in(dst) & 0xffffff00) == 0xc0000200;

	if (s->policy->listenerv[in].transp != MSG_UDP)
		return sa_af(dst) == AF_INET6;
	if (s->policy->listenerc < 3 || sa_af(dst) == AF_INET6 || tag)
		return in;
	return lan ? 0 : 2;
}

static void policy_listener_add(struct sipbed *s, const char *ip)
{
	struct policy_listener *l =
		&s->policy->listenerv[s->policy->listenerc++];

	l->transp = MSG_UDP;
	l->addr = l->advertised = addr(ip, 5060);
}

void sb_differential(struct sipbed *s)
{
	struct ds_list *list = NULL;
	struct pl pl;

	pl_set_str(&pl, list_text);
	assert_int_equal(ds_list_parse(&list, "list", &pl, NULL), 0);
	assert_int_equal(ds_sets_alloc(&s->sets, NULL), 0);
	assert_int_equal(ds_sets_merge(s->sets, list, 1, NULL), 0);
	mem_deref(list);
	assert_int_equal(policy_alloc(&s->policy), 0);
	s->policy->leave = leave;
	s->policy->arg = s;
	for (unsigned i = 0; i < 2; i++) {
		s->policy->setv[i].set = mem_ref(ds_sets_find(s->sets, i + 1));
		s->policy->setv[i].flags = SIP_SET_RR;
	}
}

static void policy_reset(struct sipbed *s)
{
	struct policy *p = s->policy;

	if (!p)
		return;
	p->key[0] = SB_KEY0;
	p->key[1] = SB_KEY1;
	p->listenerc = 0;
	policy_listener_add(s, LAN4);
	policy_listener_add(s, LAN6);
	p->rulev[0] = (struct sip_rule){.set = 0};
	p->rulec = 1;
}

/* The same message through the agent's path */
static void differ(struct sipbed *s, const struct sb *m, const char *in,
		   size_t inlen, const char *out, size_t outlen)
{
	static struct msg msg;
	struct forward_out o;
	struct forward_in i = {
		.text = {in, inlen},
		.src = addr(m->src ? m->src : A4, m->sport ? m->sport : 5062)};
	struct sa dst = addr(m->to ? m->to : B4, m->tport ? m->tport : 5060);
	struct sa dest = addr(m->dst ? m->dst : LAN4, 5060);
	struct sa from = addr(m->from ? m->from : m->dst ? m->dst : LAN4, 5060);
	enum forward_verdict v;

	s->policy->force_rport = fp_sip_conf(s->sip)->flags &
				 SIP_CONF_FORCE_RPORT;
	i.listener = (unsigned)policy_self(s->policy, &dest);
	v = forward(s->policy, &i, &msg, &o);
	if (!m->out) {
		/* what the kernel drops, the agent must not send either */
		if (v == FORWARD_SEND && m->reason != CAROM_R_SIP_FAMILY)
			fail_msg("%s: the agent sends it", m->what);
		mem_deref(o.contact);
		mem_deref(o.mb);
		return;
	}
	if (v != FORWARD_SEND)
		fail_msg("%s: the agent does not send it: %s", m->what, o.why);
	if (mbuf_get_left(o.mb) != outlen ||
	    memcmp(mbuf_buf(o.mb), out, outlen) != 0)
		fail_msg("%s: the agent's differs:\n%.*s\nkernel's:\n%.*s",
			 m->what, (int)mbuf_get_left(o.mb),
			 (char *)mbuf_buf(o.mb), (int)outlen, out);
	assert_true(sa_cmp(&o.dst, &dst, SA_ALL));
	assert_true(
		sa_cmp(&s->policy->listenerv[o.listener].addr, &from, SA_ALL));
	mem_deref(o.contact);
	mem_deref(o.mb);
}

/* ---------------------------------------------------------------------------- */

void sb_reset(struct sipbed *s)
{
	static const uint16_t first[1] = {0};
	struct sip_rule any = {.set = 0};
	struct sip_conf *c = fp_sip_conf(s->sip);
	struct sa wan = addr(WAN4, 5060);

	assert_int_equal(fp_sip_clear(s->sip), 0);
	assert_int_equal(fp_local_sip(s->bed->fp, &wan, 0), 0);
	c->key[0] = SB_KEY0;
	c->key[1] = SB_KEY1;
	listener(s, 0, LAN4, s->bed->lan);
	listener(s, 1, LAN6, s->bed->lan);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 2; k++)
			fp_sip_target(s->sip, i, k, NULL, false);
	node(s, 0, 0, B4);
	node(s, 0, 1, C4);
	node(s, 1, 0, B6);
	for (unsigned i = 0; i < 2; i++) {
		/* nothing was there before */
		fp_sip_set(s->sip, i, i + 1, SIP_SET_RR, NULL, 0);
		assert_int_equal(
			fp_sip_set(s->sip, i, i + 1, SIP_SET_RR, first, 1), 0);
	}
	assert_int_equal(fp_sip_rules(s->sip, &any, 1), 0);
	fp_sip_on(s->sip, true);
	policy_reset(s);
}

void sb_two(struct sipbed *s)
{
	listener(s, 2, WAN4, s->bed->wan);
	assert_int_equal(fp_sip_exit(s->sip, s->bed->wan, false, 2), 0);
	assert_int_equal(fp_sip_exit(s->sip, s->bed->lan, false, 0), 0);
	if (s->policy)
		policy_listener_add(s, WAN4);
}

int sb_setup(void **state)
{
	struct fp_err e = {.msg = ""};
	int err = bed_setup(state);

	if (err)
		return err;
	the_sipbed.bed = *state;
	if (fp_sip_open(&the_sipbed.sip, the_sipbed.bed->pin, false, &e))
		fail_msg("open: %s", e.msg);
	*state = &the_sipbed;
	return 0;
}

int sb_teardown(void **state)
{
	struct sipbed *s = *state;
	void *bed = s->bed;

	s->sip = mem_deref(s->sip);
	s->policy = mem_deref(s->policy);
	s->sets = mem_deref(s->sets);
	return bed_teardown(&bed);
}

static void text(struct siphash *h, const char *s)
{
	sipkey_mem(h, s, strlen(s));
}

void sb_branch(char out[19], const struct sb *m)
{
	struct sa sa = addr(m->reply ? m->reply : m->src ? m->src : A4, 0);
	uint8_t a[16] = {[10] = 0xff, [11] = 0xff};
	struct siphash h;

	if (sa_af(&sa) == AF_INET6)
		memcpy(a, &sa.u.in6.sin6_addr, 16);
	else
		memcpy(a + 12, &sa.u.in.sin_addr, 4);
	siphash_start(&h, SB_KEY0, SB_KEY1);
	siphash_word(&h, SIP_KEY_BRANCH);
	text(&h, m->via_branch ? m->via_branch : "z9hG4bKabc");
	text(&h, m->via_host ? m->via_host : A4);
	siphash_word(&h, m->via_port);
	sipkey_addr(&h, a, m->rport ? m->rport : 5062);
	text(&h, m->callid ? m->callid : "call-1@192.0.2.10");
	siphash_word(&h, m->listener);
	snprintf(out, 19, "%016llx%02x", (unsigned long long)siphash_end(&h),
		 m->listener);
}

/* Line ends, and what @ stands for. Returns the length */
size_t sb_expand(char *to, size_t sz, const char *s, const struct sb *m)
{
	char branch[19];
	size_t n = 0;

	sb_branch(branch, m);
	for (; *s && n + 128 < sz; s++) {
		if (*s == '\n')
			n += snprintf(to + n, sz - n, "\r\n");
		else if (*s == '@' && s[1] == 'b' && ++s)
			n += snprintf(to + n, sz - n, "%s", branch);
		else if (*s == '@' && s[1] == 'a' && ++s)
			n += snprintf(to + n, sz - n,
				      "Via: SIP/2.0/UDP " LAN4
				      ":5060;branch=z9hG4bK%s",
				      branch);
		else if (*s == '@' && s[1] == 'w' && ++s)
			n += snprintf(to + n, sz - n,
				      "Via: SIP/2.0/UDP " WAN4
				      ":5060;branch=z9hG4bK%s",
				      branch);
		else
			to[n++] = *s;
	}
	return n;
}

/* Which way an address lies: what is none of the bed's peers is behind wan */
static const struct side *side_of(const struct bed *bed, const char *ip)
{
	static struct side sides[SIDES];

	sides_init(bed, sides);
	for (size_t i = 0; i < SIDES; i++)
		if (!strcmp(sides[i].peer, ip))
			return &sides[i];
	return &sides[strchr(ip, ':') ? SIDE_WAN6 : SIDE_WAN4];
}

static void gold_make(struct gold *g, const struct sb *m, struct sipbed *s)
{
	static char in[4096], out[4096];
	const char *src = m->src ? m->src : A4, *to = m->to ? m->to : B4;
	const char *dst = m->dst ? m->dst : LAN4;
	bool drop = m->reason == CAROM_R_SIP_DENIED ||
		    m->reason == CAROM_R_SIP_FLOOD ||
		    m->reason == CAROM_R_SIP_SPOOFED ||
		    m->reason == CAROM_R_SIP_NOT_OURS ||
		    m->reason == CAROM_R_SIP_FORGED ||
		    m->reason == CAROM_R_MALFORMED;
	struct bed *bed = s->bed;
	const struct side *from = side_of(bed, src), *there = side_of(bed, to);
	*g = (struct gold){
		.what = m->what,
		.reason = m->reason ? m->reason : CAROM_R_SIP_FORWARDED,
		.in_dev = m->in_dev ? m->in_dev : from->dev,
		.notes = m->notes,
	};

	g->in = (struct spec){
		.dmac = from->our_mac,
		.smac = from->peer_mac,
		.vlan = {m->in_dev ? m->vlan : from->vlan},
		.src = src,
		.dst = dst,
		.sport = m->sport ? m->sport : 5062,
		.dport = m->dport ? m->dport : 5060,
		.sum = m->sum,
		.frag = m->frag,
		.proto = m->proto,
		.ihl = m->ihl,
		.jumbo = m->jumbo,
		.payload = in,
		.paylen = sb_expand(in, sizeof(in), m->in, m),
	};
	g->action = drop ? XDP_DROP : XDP_PASS;
	if (m->out) {
		g->action = g->in_dev == there->dev ? XDP_TX : XDP_REDIRECT;
		g->out = (struct spec){
			.dmac = strcmp(to, C4) ? there->peer_mac : mac_c,
			.smac = there->our_mac,
			.vlan = {there->vlan},
			.src = m->from ? m->from : dst,
			.dst = to,
			.sport = 5060,
			.dport = m->tport ? m->tport : 5060,
			.frag = strchr(to, ':') ? 0 : 0x4000,
			.payload = out,
			.paylen = sb_expand(out, sizeof(out), m->out, m),
		};
	}
}

/* ---- copies for HEP -------------------------------------------------------- */

struct hops {
	const struct gold *g;
	unsigned n;
};

static void same(const struct gold *g, const char *which, const char *got,
		 size_t n, const struct spec *want)
{
	if (n != want->paylen || memcmp(got, want->payload, n) != 0)
		fail_msg("%s: copied as it %s:\n%.*s", g->what, which, (int)n,
			 got);
}

static void hop_handler(const struct sip_copy *c, const char *text, void *arg)
{
	struct hops *h = arg;
	const bool left = c->flags & SIP_COPY_LEFT;

	if (left != (h->n++ == 1))
		fail_msg("%s: copies in the wrong order", h->g->what);
	if (left)
		same(h->g, "left", text, c->len, &h->g->out);
	else
		same(h->g, "came", text, c->len, &h->g->in);
}

static void forget_handler(const struct sip_copy *c, const char *text,
			   void *arg)
{
	(void)c;
	(void)text;
	(void)arg;
}

/* Of what leaves, both ends; of what is dropped for what it says, the one; nothing of
 * what goes up */
static void check_hops(struct sipbed *s, const struct gold *g)
{
	struct sip_conf *c = fp_sip_conf(s->sip);
	const bool left = g->action == XDP_TX || g->action == XDP_REDIRECT;
	const bool said = g->reason == CAROM_R_SIP_FORGED ||
			  g->reason == CAROM_R_SIP_NOT_OURS;
	struct hops h = {.g = g};
	int err = fp_sip_hops(s->sip, hop_handler, &h);

	assert_int_equal(err, 0);
	/* one that has outgrown the scratch is not shown in part */
	const unsigned ends = g->out.paylen > SCAN_BUF ? 1 : 2;

	if (c->hop_every == 1 && h.n != (left ? ends : said ? 1 : 0))
		fail_msg("%s: %u copies", g->what, h.n);
}

static void gold_hops(struct sipbed *s, const struct gold *g)
{
	struct sip_conf *c = fp_sip_conf(s->sip);
	const uint32_t had = c->hop_every;

	assert_int_equal(fp_sip_hops(s->sip, forget_handler, NULL), 0);
	c->hop_every = 1;
	gold_run(s->bed, g);
	check_hops(s, g);
	c->hop_every = had;
}

void sb_run(struct sipbed *s, const struct sb *m)
{
	struct gold g;

	gold_make(&g, m, s);
	gold_hops(s, &g);
	if (s->policy)
		differ(s, m, g.in.payload, g.in.paylen, g.out.payload,
		       g.out.paylen);
}

void sb_packet(struct sipbed *s, const struct sb *m)
{
	struct gold g;

	gold_make(&g, m, s);
	gold_hops(s, &g);
}

uint16_t sb_sum_out(struct sipbed *s, const struct sb *m)
{
	struct pkt in, out;
	struct gold g;
	int action;

	gold_make(&g, m, s);
	pkt_build(&in, &g.in);
	action = bed_run(s->bed, g.in_dev, &in, &out);
	if (action != XDP_TX && action != XDP_REDIRECT)
		fail_msg("%s: it does not leave", m->what);
	return udp_verify(out.b + pkt_l3(&g.out));
}

void sb_send(struct sipbed *s, const struct sb *m)
{
	struct pkt in, out;
	struct gold g;

	gold_make(&g, m, s);
	pkt_build(&in, &g.in);
	(void)bed_run(s->bed, g.in_dev, &in, &out);
}
