/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP in frames of all kinds: from and to each side of the bed, with and without
 * VLAN tags, by IPv4 and IPv6, with each checksum that a driver may leave, of each
 * length in bytes modulo four, and up to what fits. Each goes the agent's path too
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sides.h"
#include "sipbed.h"

#define REST                                                                   \
	"From: <sip:a@example.com>;tag=a\nTo: <sip:b@example.com>;tag=b\n"     \
	"Call-ID: call-1@192.0.2.10\nCSeq: 1 MESSAGE\n\n"

static const char *const v4[] = {A4, B4, T4}, *const v6[] = {A6, B6, T6};
static const char body[] = "abcdefghijklmnopqrstuvwxyz";

/* All peers may send anywhere: whom a rule or a node lets in is tested elsewhere */
static void trust(struct sipbed *s)
{
	static const struct {
		const char *ip;
		unsigned bits;
	} v[] = {{A4, 24}, {B4, 25}, {T4, 24}, {A6, 64}, {B6, 64}, {T6, 64}};
	struct policy *p = s->policy;

	mem_deref(p->netv);
	p->netv = mem_zalloc(ARRAY_SIZE(v) * sizeof(*p->netv), NULL);
	assert_non_null(p->netv);
	p->netc = ARRAY_SIZE(v);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct sa sa = addr(v[i].ip, 0);

		p->netv[i] = (struct policy_net){.addr = sa,
						 .bits = v[i].bits,
						 .flags = SIP_NET_TRUSTED,
						 .set = SIP_NONE};
		assert_int_equal(fp_sip_net(s->sip, &sa, v[i].bits,
					    SIP_NET_TRUSTED, SIP_NONE),
				 0);
	}
}

static int setup(void **state)
{
	int err = sb_setup(state);

	if (!err)
		sb_differential(*state);
	return err;
}

static void host(char text[64], const char *ip)
{
	(void)snprintf(text, 64, strchr(ip, ':') ? "[%s]" : "%s", ip);
}

/* A message that goes from one peer to another: texts are the caller's */
struct passage {
	char what[128], in[4096], out[4096];
	struct sb m;
};

static void passage(struct passage *p, const char *from, const char *to,
		    enum pkt_sum sum)
{
	const bool six = strchr(from, ':') != NULL;

	p->m = (struct sb){
		.what = p->what,
		.in = p->in,
		.out = p->out,
		.src = from,
		.dst = six ? LAN6 : LAN4,
		.to = to,
		.tport = 5070,
		.via_port = 5062,
		.listener = six,
		.sum = sum,
	};
}

static void request(struct passage *p, const char *from, const char *to,
		    enum pkt_sum sum, int more)
{
	char src[64], dst[64], own[64];

	passage(p, from, to, sum);
	p->m.via_host = from;
	host(src, from);
	host(dst, to);
	host(own, p->m.dst);
	(void)snprintf(p->what, sizeof(p->what),
		       "request %s to %s, %d more, sum %d", from, to, more,
		       (int)sum);
	(void)snprintf(p->in, sizeof(p->in),
		       "MESSAGE sip:x@%s:5070 SIP/2.0\n"
		       "Via: SIP/2.0/UDP %s:5062;branch=z9hG4bKabc\n"
		       "Max-Forwards: 70\n" REST "%.*s",
		       dst, src, more, body);
	(void)snprintf(p->out, sizeof(p->out),
		       "MESSAGE sip:x@%s:5070 SIP/2.0\n"
		       "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK@b\n"
		       "Via: SIP/2.0/UDP %s:5062;branch=z9hG4bKabc\n"
		       "Max-Forwards: 69\n" REST "%.*s",
		       dst, own, src, more, body);
}

static void response(struct passage *p, const char *from, const char *to,
		     enum pkt_sum sum, int more)
{
	char dst[64], own[64];

	passage(p, from, to, sum);
	p->m.via_host = to;
	p->m.via_port = p->m.rport = 5070;
	p->m.reply = to;
	p->m.sport = 5060;
	host(dst, to);
	host(own, p->m.dst);
	(void)snprintf(p->what, sizeof(p->what),
		       "response %s to %s, %d more, sum %d", from, to, more,
		       (int)sum);
	(void)snprintf(p->in, sizeof(p->in),
		       "SIP/2.0 200 OK\n"
		       "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK@b\n"
		       "Via: SIP/2.0/UDP %s:5070;branch=z9hG4bKabc\n" REST
		       "%.*s",
		       own, dst, more, body);
	(void)snprintf(p->out, sizeof(p->out),
		       "SIP/2.0 200 OK\n"
		       "Via: SIP/2.0/UDP %s:5070;branch=z9hG4bKabc\n" REST
		       "%.*s",
		       dst, more, body);
}

/* From each of three peers to each: nine ways, four lengths */
static void all_ways(struct sipbed *s, const char *const peerv[3],
		     enum pkt_sum sum)
{
	static struct passage p;

	for (int i = 0; i < 3; i++) {
		for (int o = 0; o < 3; o++) {
			for (int more = 0; more < 4; more++) {
				request(&p, peerv[i], peerv[o], sum, more);
				sb_run(s, &p.m);
				response(&p, peerv[i], peerv[o], sum, more);
				sb_run(s, &p.m);
			}
		}
	}
}

static void test_ipv4(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	all_ways(s, v4, SUM_RIGHT);
	all_ways(s, v4, SUM_PARTIAL);
	all_ways(s, v4, SUM_ZERO);
}

static void test_ipv6(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	all_ways(s, v6, SUM_RIGHT);
	all_ways(s, v6, SUM_PARTIAL);
}

/* IPv6 knows no packet without a checksum */
static void test_no_sum(void **state)
{
	static struct passage p;
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	request(&p, A6, B6, SUM_ZERO, 0);
	p.m.out = NULL;
	p.m.reason = CAROM_R_SIP_CHECKSUM;
	sb_packet(s, &p.m);
	response(&p, A6, B6, SUM_ZERO, 1);
	p.m.out = NULL;
	p.m.reason = CAROM_R_SIP_CHECKSUM;
	sb_packet(s, &p.m);
}

/* A wrong checksum leaves wrong: nobody launders it */
static void test_wrong_sums(void **state)
{
	static struct passage p;
	struct sipbed *s = *state;
	const char *const v[][2] = {{A6, B6}, {T6, A6}, {A4, B4}, {T4, A4}};

	sb_reset(s);
	trust(s);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		request(&p, v[i][0], v[i][1], SUM_WRONG, (int)i);
		assert_int_not_equal(sb_sum_out(s, &p.m), 0);
		response(&p, v[i][0], v[i][1], SUM_WRONG, (int)i);
		assert_int_not_equal(sb_sum_out(s, &p.m), 0);
	}
}

/* To the other family: the agent's. A response goes to where its request came
 * from, so there is none */
static void test_family(void **state)
{
	static struct passage p;
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	for (int i = 0; i < 3; i++) {
		for (int o = 0; o < 3; o++) {
			request(&p, v4[i], v6[o], SUM_RIGHT, i);
			p.m.out = NULL;
			p.m.reason = CAROM_R_SIP_FAMILY;
			sb_run(s, &p.m);
			request(&p, v6[i], v4[o], SUM_RIGHT, o);
			p.m.out = NULL;
			p.m.reason = CAROM_R_SIP_FAMILY;
			sb_run(s, &p.m);
		}
	}
}

/* Bytes as they go out, and '\n' stands for two */
static size_t length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n'                    ? 2
		     : *text == '@' && text[1] == 'b' ? 17
						      : 1;
	return n;
}

static void fill(char *text, size_t n)
{
	size_t len = strlen(text);

	memset(text + len, 'x', n);
	text[len + n] = '\0';
}

typedef void(make_h)(struct passage *p, const char *from, const char *to,
		     enum pkt_sum sum, int more);

/* Up to a byte count of what comes or of what leaves */
static void up_to(struct sipbed *s, make_h *make, const char *from,
		  const char *to, bool leaving, size_t bytes, int reason)
{
	static struct passage p;
	size_t n;

	make(&p, from, to, SUM_RIGHT, 0);
	n = bytes - length(leaving ? p.out : p.in);
	fill(p.in, n);
	fill(p.out, n);
	p.m.reason = reason;
	if (reason != CAROM_R_SIP_FORWARDED)
		p.m.out = NULL;
	sb_packet(s, &p.m);
}

/* The last byte that fits the MTU of the way out, and the first that does not.
 * Only a request grows */
static void test_mtu(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	up_to(s, request, A4, B4, true, 1500 - 28, CAROM_R_SIP_FORWARDED);
	up_to(s, request, A4, B4, true, 1501 - 28, CAROM_R_SIP_BIG);
	up_to(s, request, T4, B4, true, 1500 - 28, CAROM_R_SIP_FORWARDED);
	up_to(s, request, T4, B4, true, 1501 - 28, CAROM_R_SIP_BIG);
	up_to(s, request, A4, T4, true, 1500 - 28, CAROM_R_SIP_FORWARDED);
	up_to(s, request, A4, T4, true, 1501 - 28, CAROM_R_SIP_BIG);
	up_to(s, request, A6, B6, true, 1500 - 48, CAROM_R_SIP_FORWARDED);
	up_to(s, request, A6, B6, true, 1501 - 48, CAROM_R_SIP_BIG);
	up_to(s, response, A4, B4, false, 1500 - 28, CAROM_R_SIP_FORWARDED);
	up_to(s, response, T6, A6, false, 1500 - 48, CAROM_R_SIP_FORWARDED);
}

/* And the last byte that is looked at, where the MTU is no limit */
static void test_longest(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	bed_sh("ip link set lan mtu 2500 && ip link set wan mtu 2500");
	/* as the agent does when a link changes */
	bed_bump(s->bed);
	up_to(s, request, A4, B4, false, 2040, CAROM_R_SIP_FORWARDED);
	up_to(s, request, A4, B4, false, 2041, CAROM_R_SIP_LONG);
	up_to(s, request, A6, B6, false, 2040, CAROM_R_SIP_FORWARDED);
	up_to(s, request, A6, B6, false, 2041, CAROM_R_SIP_LONG);
	up_to(s, response, B4, A4, false, 2040, CAROM_R_SIP_FORWARDED);
	up_to(s, response, B4, A4, false, 2041, CAROM_R_SIP_LONG);
	up_to(s, response, T4, B4, false, 2039, CAROM_R_SIP_FORWARDED);
	bed_sh("ip link set lan mtu 1500 && ip link set wan mtu 1500");
	bed_bump(s->bed);
}

/* Two listeners: by another one where the device is another, but a response leaves
 * by the one that its request came to */
static void test_two(void **state)
{
	static struct passage p;
	struct sipbed *s = *state;

	sb_reset(s);
	trust(s);
	sb_two(s);
	for (int more = 0; more < 4; more++) {
		request(&p, A4, B4, SUM_RIGHT, more);
		p.m.from = WAN4;
		(void)snprintf(p.out, sizeof(p.out),
			       "MESSAGE sip:x@" B4 ":5070 SIP/2.0\n@w\n"
			       "Via: SIP/2.0/UDP " A4
			       ":5062;branch=z9hG4bKabc\n"
			       "Max-Forwards: 69\n" REST "%.*s",
			       more, body);
		sb_run(s, &p.m);
		/* no listener stands at the tagged device */
		request(&p, A4, T4, SUM_PARTIAL, more);
		sb_run(s, &p.m);
		response(&p, B4, A4, SUM_PARTIAL, more);
		p.m.dst = WAN4;
		p.m.from = LAN4;
		(void)snprintf(p.in, sizeof(p.in),
			       "SIP/2.0 200 OK\n@w\nVia: SIP/2.0/UDP " A4
			       ":5070;branch=z9hG4bKabc\n" REST "%.*s",
			       more, body);
		sb_run(s, &p.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_no_sum),
		cmocka_unit_test(test_wrong_sums),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_two),
	};

	return cmocka_run_group_tests(tests, setup, sb_teardown);
}
