/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file flow_fix.c  Two edges of one address, a farm behind them, and a client by TCP
 */
#include "flow_fix.h"

struct policy *edge1, *edge2;
static struct ds_sets *sets;
struct msg msg;
struct forward_out out;
char text[8192];

struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, port), 0);
	return sa;
}

void listener(struct policy *p, enum msg_transp t, const char *ip,
	      uint16_t port, bool own)
{
	struct policy_listener *l = &p->listenerv[p->listenerc++];

	l->transp = t;
	l->addr = l->advertised = addr(ip, port);
	l->own = own;
}

static struct policy *edge(const char *own)
{
	struct policy *p = NULL;

	assert_int_equal(policy_alloc(&p), 0);
	p->key[0] = 1;
	p->key[1] = 2;
	listener(p, MSG_UDP, VIP, 5060, false);
	listener(p, MSG_UDP, own, 5060, true);
	listener(p, MSG_TCP, VIP, 5060, false);
	listener(p, MSG_WS, VIP, 8080, false);
	p->setv[0].set = mem_ref(ds_sets_find(sets, 1));
	p->setv[0].flags = SIP_SET_RR;
	p->rulec = 1;
	assert_int_equal(str_dup(&p->domainv[0], "example.com"), 0);
	p->domainc = 1;
	p->netv = mem_zalloc(2 * sizeof(*p->netv), NULL);
	assert_non_null(p->netv);
	for (unsigned i = 0; i < 2; i++)
		p->netv[i] = (struct policy_net){
			.addr = addr(i ? OWN2 : OWN1, 0),
			.bits = 32,
			.flags = SIP_NET_TRUSTED,
			.set = SIP_NONE};
	p->netc = 2;
	return p;
}

int setup(void **state)
{
	struct ds_list *list = NULL;
	struct pl pl = PL("1 sip:" FARM ":5060\n");
	(void)state;

	assert_int_equal(ds_list_parse(&list, "list", &pl, NULL), 0);
	assert_int_equal(ds_sets_alloc(&sets, NULL), 0);
	assert_int_equal(ds_sets_merge(sets, list, 1, NULL), 0);
	mem_deref(list);
	edge1 = edge(OWN1);
	edge2 = edge(OWN2);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	edge1 = mem_deref(edge1);
	edge2 = mem_deref(edge2);
	sets = mem_deref(sets);
	return 0;
}

enum forward_verdict put(const struct policy *p, unsigned in, const char *ip,
			 uint16_t port, const char *m)
{
	static char crlf[8192];
	struct forward_in i = {.listener = in, .src = addr(ip, port)};
	enum forward_verdict v;
	size_t n = 0;

	for (; *m; m++) {
		if (*m == '\n')
			crlf[n++] = '\r';
		crlf[n++] = *m;
	}
	i.text = (struct pl){crlf, n};
	v = forward(p, &i, &msg, &out);
	text[0] = '\0';
	if (out.mb)
		(void)re_snprintf(text, sizeof(text), "%b", mbuf_buf(out.mb),
				  mbuf_get_left(out.mb));
	out.mb = mem_deref(out.mb);
	return v;
}

void has(const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in:\n%s", what, text);
}

void has_not(const char *what)
{
	if (strstr(text, what))
		fail_msg("'%s' in:\n%s", what, text);
}

void goes_to(enum msg_transp t, const char *ip, uint16_t port)
{
	const struct sa want = addr(ip, port);

	assert_int_equal(out.transp, t);
	if (!sa_cmp(&out.dst, &want, SA_ALL)) {
		char have[80];

		re_snprintf(have, sizeof(have), "%J", &out.dst);
		fail_msg("goes to %s", have);
	}
}

const char *request(const char *method, const char *uri, const char *via,
		    const char *more, bool tag)
{
	static char m[4096];

	(void)re_snprintf(
		m, sizeof(m),
		"%s %s SIP/2.0\nVia: %s;branch=z9hG4bK1\n%s"
		"From: <sip:a@example.com>;tag=1\nTo: <sip:b@example.com>%s\n"
		"Call-ID: c\nCSeq: 1 %s\nMax-Forwards: 70\n"
		"Content-Length: 0\n\n",
		method, uri, via, more, tag ? ";tag=2" : "", method);
	return m;
}

void record_route(char *to, size_t sz, unsigned n)
{
	const char *p = text;

	for (unsigned i = 0; i <= n; i++) {
		p = strstr(i ? p + 1 : p, "Record-Route: ");
		assert_non_null(p);
	}
	p += strlen("Record-Route: ");
	(void)re_snprintf(to, sz, "%b", p, strcspn(p, "\r"));
}

char top[200], bottom[200];

void call(void)
{
	assert_int_equal(
		put(edge1, TCP, CLIENT, 40000,
		    request("INVITE", "sip:b@example.com", CVIA, "", false)),
		FORWARD_SEND);
	goes_to(MSG_UDP, FARM, 5060);
	assert_int_equal(out.listener, OWN);
	record_route(top, sizeof(top), 0);
	record_route(bottom, sizeof(bottom), 1);
}

const char *routes(const char *a, const char *b)
{
	static char r[500];

	(void)re_snprintf(r, sizeof(r), "Route: %s\nRoute: %s\n", a, b);
	return r;
}
