/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP in fragments and behind IP options: the agent is shown what the host makes of
 * it, so its source is looked at like any other's
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sides.h"
#include "sipbed.h"

#define TEXT                                                                   \
	"INVITE sip:bob@192.0.2.1 SIP/2.0\n"                                   \
	"Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc\n\n"
#define HOUR 3600000000000ull

/* As a fragment header its ports are: UDP is next; offset and flags */
#define NEXT_UDP (17 << 8)
#define NEXT_TCP (6 << 8)
#define NEXT_OPTIONS (60 << 8)
#define SIX                                                                    \
	.src = A6, .dst = LAN6, .proto = 44, .in = "UDP head" TEXT,            \
	.reason = CAROM_R_FRAGMENT

static const struct sb first = {.what = "first fragment",
				.in = TEXT,
				.frag = 0x2000,
				.reason = CAROM_R_FRAGMENT},
		       later = {.what = "later fragment",
				.in = TEXT,
				.frag = 0x2001,
				.reason = CAROM_R_FRAGMENT},
		       options = {.what = "IP options",
				  .in = TEXT,
				  .ihl = 6,
				  .reason = CAROM_R_IP_OPTIONS},
		       first6 = {.what = "first fragment, IPv6",
				 .sport = NEXT_UDP,
				 .dport = 1,
				 SIX},
		       later6 = {.what = "later fragment, IPv6",
				 .sport = NEXT_UDP,
				 .dport = 8,
				 SIX},
		       other6 = {.what = "fragment of TCP",
				 .sport = NEXT_TCP,
				 .dport = 1,
				 SIX},
		       hidden6 = {.what = "options behind the fragment header",
				  .sport = NEXT_OPTIONS,
				  .dport = 1,
				  SIX};

static void limit(struct sipbed *s, enum sip_class class, unsigned n)
{
	/* in an hour; so many at once */
	fp_sip_conf(s->sip)->limit[class] = (struct sip_limit){
		.interval = n ? HOUR : 0, .burst = n ? (n - 1) * HOUR : 0};
	fp_sip_forgive(s->sip);
}

static void run(struct sipbed *s, const struct sb *m, int reason)
{
	struct sb it = *m;

	if (reason)
		it.reason = reason;
	sb_packet(s, &it);
}

static void test_denied(void **state)
{
	const struct sb v[] = {first,  later,  options, first6,
			       later6, other6, hidden6};
	struct sipbed *s = *state;
	struct sa a4 = addr(A4, 0), a6 = addr(A6, 0);

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		run(s, &v[i], 0);
	fp_sip_net(s->sip, &a4, 32, SIP_NET_DENY, SIP_NONE);
	fp_sip_net(s->sip, &a6, 128, SIP_NET_DENY, SIP_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		run(s, &v[i], CAROM_R_SIP_DENIED);
}

/* The class is that of the message which begins in it */
static void test_flood(void **state)
{
	static const struct sb *const v[][2] = {{&first, &later},
						{&first6, &later6}};
	struct sipbed *s = *state;

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		limit(s, SIP_CLASS_INVITE, 2);
		for (unsigned k = 0; k < 2; k++) {
			run(s, v[i][0], 0);
			run(s, v[i][1], 0);
		}
		run(s, v[i][0], CAROM_R_SIP_FLOOD);
		/* it leads to nothing without the first one */
		run(s, v[i][1], 0);
	}
	limit(s, SIP_CLASS_INVITE, 0);
}

/* What can't be told is junk */
static void test_junk(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	limit(s, SIP_CLASS_JUNK, 1);
	run(s, &hidden6, 0);
	run(s, &hidden6, CAROM_R_SIP_FLOOD);
	run(s, &other6, 0);
	limit(s, SIP_CLASS_JUNK, 0);
	limit(s, SIP_CLASS_INVITE, 1);
	run(s, &options, 0);
	run(s, &options, CAROM_R_SIP_FLOOD);
	limit(s, SIP_CLASS_INVITE, 0);
}

/* Linux takes a UDP length of 0 over IPv6 for all that came */
static void test_jumbo(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {.what = "UDP length 0",
		       .src = A6,
		       .dst = LAN6,
		       .in = TEXT,
		       .jumbo = true,
		       .reason = CAROM_R_MALFORMED};

	sb_reset(s);
	run(s, &m, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_jumbo),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
