/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages through the agent's path, from anywhere, by any listener:
 *
 *   - what leaves goes to nobody forbidden, to a stranger for none but the trusted,
 *     and is the message that came but for what docs/sip.md names; sent to
 *     ourselves it does not leave a second time;
 *   - a reply goes back to the source, is no longer than the request but for what
 *     we say, and none is for an ACK;
 *   - the same message again makes the same bytes (16.11).
 */
#include <string.h>
#include "edge/auth.h"
#include "edge/key.h"
#include "must.h"
#include "siptext.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	REPLY_MORE = 700 + AUTH_CHALLENGE
}; /* what a reply may have more than the request */

static const struct {
	enum msg_transp transp;
	const char *ip;
	uint16_t port;
} listenerv[] = {
	{MSG_UDP, "192.0.2.1", 5060},     {MSG_UDP, "2001:db8:1::1", 5060},
	{MSG_UDP, "198.51.100.1", 5060},  {MSG_TCP, "192.0.2.1", 5060},
	{MSG_TLS, "192.0.2.1", 5061},     {MSG_WS, "192.0.2.1", 8080},
	{MSG_WSS, "2001:db8:1::1", 8443},
};

static const struct {
	const char *ip;
	uint16_t port;
} sourcev[] = {
	{"192.0.2.10", 5062},     {"198.51.100.20", 5060},
	{"198.51.100.21", 40000}, {"203.0.113.30", 5060},
	{"2001:db8:1::10", 5062}, {"2001:db8:2::20", 5060},
	{"127.0.0.1", 5060},      {"192.0.2.1", 5060},
};

static const char list[] = "1 sip:198.51.100.20:5060 0 0 weight=2\n"
			   "1 sip:198.51.100.21:5060 0 0 weight=1\n"
			   "2 sip:[2001:db8:2::20]:5060\n";
static const char *const ownv[] = {"example.com", "six.example.com"};

static struct policy *policy;
static struct ds_sets *sets;
static struct auth *digest;

static void add_sets(void)
{
	struct ds_list *l = NULL;
	struct pl pl;

	pl_set_str(&pl, list);
	MUST(!ds_list_parse(&l, "list", &pl, NULL));
	MUST(!ds_sets_alloc(&sets, NULL));
	MUST(!ds_sets_merge(sets, l, 1, NULL));
	mem_deref(l);
	for (unsigned i = 0; i < 2; i++)
		policy->setv[i].set = mem_ref(ds_sets_find(sets, i + 1));
}

static void add_rules(void)
{
	/* 203.0.113.0/24: a trunk */
	policy->netv = mem_zalloc(sizeof(*policy->netv), NULL);
	MUST(policy->netv &&
	     !sa_set_str(&policy->netv->addr, "203.0.113.0", 0));
	policy->netv->bits = 24;
	policy->netv->flags = SIP_NET_TRUSTED;
	policy->netv->set = 1;
	policy->netc = 1;
	policy->rulev[0] = (struct sip_rule){.methods = 1u << SCAN_M_SUBSCRIBE,
					     .flags = SIP_RULE_PRESENCE,
					     .set = 1};
	policy->rulev[1] = (struct sip_rule){.domain = 2, .set = 1};
	policy->rulev[2] = (struct sip_rule){.methods = ~(1u << SCAN_M_PUBLISH),
					     .set = 0};
	policy->rulec = 3;
}

static const char *ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	(void)alg;
	(void)arg;
	return pl_strcmp(user, "alice") ? NULL
					: "0123456789abcdef0123456789abcdef";
}

/* The same nonce each time */
static uint64_t now(void)
{
	return 1700000000;
}

static void add_digest(void)
{
	const struct auth_conf conf = {.key = {1, 2},
				       .realm = "example.com",
				       .algv = {DIGEST_MD5},
				       .algc = 1,
				       .lifetime = 300,
				       .ha1h = ha1,
				       .now = now};

	MUST(!auth_alloc(&digest, &conf, NULL));
}

static bool try_tcp(const struct sa *dst, void *arg)
{
	(void)dst;
	(void)arg;
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(!libre_init());
	MUST(!policy_alloc(&policy));
	policy->key[0] = 1;
	policy->key[1] = 2;
	for (size_t i = 0; i < ARRAY_SIZE(listenerv); i++) {
		struct policy_listener *l = &policy->listenerv[i];

		l->transp = listenerv[i].transp;
		MUST(!sa_set_str(&l->addr, listenerv[i].ip, listenerv[i].port));
		l->advertised = l->addr;
		l->own = i == 3;
	}
	policy->listenerc = ARRAY_SIZE(listenerv);
	for (size_t i = 0; i < ARRAY_SIZE(ownv); i++)
		MUST(!str_dup(&policy->domainv[i], ownv[i]));
	policy->domainc = ARRAY_SIZE(ownv);
	policy->try_tcp = try_tcp;
	add_sets();
	add_rules();
	add_digest();
	return 0;
}

/* Each bit of `how` is something that a set may ask for */
static void configure(uint8_t how)
{
	uint32_t flags = 0;

	flags |= how & 0x04 ? SIP_SET_RR : 0;
	flags |= how & 0x08 ? SIP_SET_PATH : 0;
	flags |= how & 0x10 ? SIP_SET_AUTH : 0;
	flags |= how & 0x20 ? SIP_SET_KAMAILIO : 0;
	policy->setv[0].flags = policy->setv[1].flags = flags;
	policy->auth = how & 0x80 ? digest : NULL;
	policy->force_rport = how & HOW_FORCE_RPORT;
	policy->datagram = how & 0x40 ? 400 : 0;
}

static void check_reply(const struct forward_in *in, const struct msg *m,
			const struct forward_out *o)
{
	const char *p = (const char *)mbuf_buf(o->mb);
	const size_t n = mbuf_get_left(o->mb);

	MUST(pl_strcmp(&m->met, "ACK"));
	MUST(o->code >= 200 && o->code <= 699);
	MUST(n <= in->text.l + REPLY_MORE);
	MUST(n > 16 && !memcmp(p, "SIP/2.0 ", 8));
	MUST(!memcmp(p + n - 4, "\r\n\r\n", 4));
	MUST(sa_cmp(&o->dst, &in->src, SA_ADDR));
	MUST(o->listener == in->listener);
}

/* A stranger gets nothing from a stranger */
static void check_permitted(const struct forward_in *in, const struct msg *m,
			    const struct forward_out *o)
{
	if (o->flow)
		return;
	if (sa_isset(&o->dst, SA_ADDR))
		MUST(!policy_forbidden(policy, &o->dst));
	if (m->code || policy_trusted(policy, &in->src))
		return;
	MUST(sa_isset(&o->dst, SA_ADDR));
	MUST(policy_node(policy, &o->dst, NULL) ||
	     policy_trusted(policy, &o->dst));
}

/* It comes back to us: a loop, or nothing that we would send on */
static void check_loop(const struct forward_out *o)
{
	static struct msg m;
	struct forward_in in = {
		.text = {(char *)mbuf_buf(o->mb), mbuf_get_left(o->mb)},
		.src = policy->listenerv[0].addr};
	struct forward_out again;

	MUST(forward(policy, &in, &m, &again) != FORWARD_SEND);
	mem_deref(again.mb);
	mem_deref(again.datagram);
}

static void check_sent(const struct forward_in *in, const struct msg *m,
		       const struct forward_out *o)
{
	const struct pl text = {(char *)mbuf_buf(o->mb), mbuf_get_left(o->mb)};

	check_permitted(in, m, o);
	MUST(o->listener < policy->listenerc);
	if (m->code) {
		siptext_check_response(m, &text);
		return;
	}
	siptext_check_request(policy, m, &text);
	if (o->datagram) {
		const struct pl other = {(char *)mbuf_buf(o->datagram),
					 mbuf_get_left(o->datagram)};

		MUST(o->transp == MSG_TCP);
		siptext_check_request(policy, m, &other);
	}
	check_loop(o);
}

static void check_again(const struct forward_in *in,
			const struct forward_out *o, enum forward_verdict v)
{
	static struct msg m;
	struct forward_out o2;

	MUST(forward(policy, in, &m, &o2) == v);
	MUST(!o->mb == !o2.mb);
	/* but for the nonce of a challenge */
	if (o->mb && o->code != 407)
		MUST(mbuf_get_left(o->mb) == mbuf_get_left(o2.mb) &&
		     !memcmp(mbuf_buf(o->mb), mbuf_buf(o2.mb),
			     mbuf_get_left(o->mb)));
	MUST(sa_cmp(&o->dst, &o2.dst, SA_ALL) || !sa_isset(&o->dst, SA_ADDR));
	mem_deref(o2.mb);
	mem_deref(o2.datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct msg m;
	struct forward_in in = {.listener = 0};
	struct forward_out o;
	enum forward_verdict v;
	static char made[SIPTEXT_MAX];
	char *text;
	size_t n = siptext_make(made, policy, data, size);

	if (!n)
		return 0;
	configure(data[0]);
	in.listener = (data[1] & 15) % ARRAY_SIZE(listenerv);
	MUST(!sa_set_str(&in.src, sourcev[data[1] >> 4 & 7].ip,
			 sourcev[data[1] >> 4 & 7].port));
	in.text.l = n;
	/* of its own size: reading past it is seen */
	text = malloc(n);
	MUST(text);
	memcpy(text, made, n);
	in.text.p = text;
	v = forward(policy, &in, &m, &o);
	MUST(!o.mb == (v != FORWARD_SEND && v != FORWARD_REPLY));
	MUST(v != FORWARD_DROP || o.why);
	if (v == FORWARD_REPLY)
		check_reply(&in, &m, &o);
	if (v == FORWARD_SEND)
		check_sent(&in, &m, &o);
	check_again(&in, &o, v);
	mem_deref(o.mb);
	mem_deref(o.datagram);
	free(text);
	return 0;
}
