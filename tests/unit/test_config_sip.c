/* SPDX-License-Identifier: BSD-2-Clause */ #include "config_fix.h"

/* The section `sip`: what is taken, what is refused, and that what is printed can
 * be read again */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config.h"

#define MEDIA "media:\n  interfaces:\n    - {name: ext, address: 192.0.2.1}\n"
#define SIP                                                                    \
	MEDIA "sip:\n  listen:\n    - {name: a, address: "                     \
	      "\"192.0.2.1:5060\"}\n"                                          \
	      "  key-file: /k\n"
#define LISTEN                                                                 \
	MEDIA "sip:\n  listen:\n    - {name: a, address: \"192.0.2.1:5060\""
#define SETS                                                                   \
	SIP "  domains: [example.com, example.org]\n  dispatcher: /d\n"        \
	    "  sets:\n    - {name: calls, id: 1}\n"                            \
	    "    - {name: reg, id: 2, mode: kamailio, record-route: false, "   \
	    "own: true}\n"
#define AUTH SIP "  auth: {realm: r, users: /u"

	static void
	test_defaults(void **state)
{
	struct config *c = good(SIP);
	(void)state;

	assert_true(c->sip.on);
	assert_int_equal(c->sip.listenc, 1);
	assert_int_equal(sa_port(&c->sip.listenv[0].addr), 5060);
	assert_true(sa_cmp(&c->sip.listenv[0].addr,
			   &c->sip.listenv[0].advertised, SA_ALL));
	assert_string_equal(c->sip.key_file, "/k");
	assert_int_equal(c->sip.limitv[SIP_CLASS_INVITE].rate, 50);
	assert_int_equal(c->sip.limitv[SIP_CLASS_INVITE].burst, 100);
	assert_int_equal(c->sip.probe.interval, 10);
	assert_int_equal(c->sip.probe.timeout, 2000);
	assert_int_equal(c->sip.probe.down, 3);
	assert_int_equal(c->sip.probe.acceptc, 4);
	assert_false(c->sip.probe.marked);
	assert_false(c->sip.force_rport);
	assert_true(c->sip.reverse_path);
	assert_int_equal(c->sip.listenv[0].transp, CONFIG_UDP);
	assert_false(c->sip.listenv[0].own);
	assert_int_equal(c->sip.streams.connections, 10000);
	assert_int_equal(c->sip.streams.per_source, 200);
	assert_int_equal(c->sip.streams.idle, 600);
	assert_int_equal(c->sip.tcp_above, 1300);
	assert_null(c->sip.tls.certificate);
	assert_int_equal(c->sip.dns.serverc, 0);
	assert_int_equal(c->sip.dns.timeout, 4000);
	assert_int_equal(c->sip.dns.ttl_min, 1);
	assert_int_equal(c->sip.dns.ttl_max, 3600);
	assert_int_equal(c->sip.dns.entries, 4096);
	assert_int_equal(c->sip.dns_waiting, 1000);
	mem_deref(c);

	c = good(MEDIA);
	assert_false(c->sip.on);
	mem_deref(c);
}

/* One name, two families: both are probed from there */
static void test_shared_name(void **state)
{
	struct config *c = good(
		MEDIA "sip:\n  listen:\n"
		      "    - {name: v, address: \"192.0.2.1:5060\"}\n"
		      "    - {name: o, address: \"192.0.2.2:5060\"}\n"
		      "    - {name: o, address: \"[2001:db8::2]:5060\"}\n"
		      "  key-file: /k\n  probe: {listener: o}\n");
	(void)state;

	assert_int_equal(c->sip.probe.listener, 1);
	assert_int_equal(c->sip.probe.listener6, 2);
	mem_deref(c);
	c = good(SIP "  probe: {listener: a}\n");
	assert_int_equal(c->sip.probe.listener, 0);
	assert_int_equal(c->sip.probe.listener6, ~0u);
	mem_deref(c);
}

static void look_at_all(const struct config_sip *s)
{
	assert_int_equal(s->setc, 2);
	assert_int_equal(s->setv[1].id, 2);
	assert_true(s->setv[1].kamailio);
	assert_false(s->setv[1].record_route);
	assert_true(s->setv[1].own && !s->setv[0].own);
	assert_true(s->setv[0].record_route);
	assert_int_equal(s->rulec, 4);
	assert_int_equal(s->rulev[0].rule.methods,
			 1u << SCAN_M_SUBSCRIBE | 1u << SCAN_M_PUBLISH);
	assert_int_equal(s->rulev[0].rule.flags, SIP_RULE_PRESENCE);
	assert_int_equal(s->rulev[0].rule.set, 1);
	assert_int_equal(s->rulev[1].rule.domain, 2);
	assert_memory_equal(s->rulev[1].rule.user, "conf-", 5);
	assert_int_equal(s->rulev[2].rule.methods, 0);
	assert_int_equal(s->rulev[3].rule.set, SIP_NONE);
	assert_int_equal(s->rulev[3].rule.domain, 1);
	assert_int_equal(s->rulev[3].rule.flags,
			 SIP_RULE_REGISTERED | SIP_RULE_RR);
	assert_int_equal(s->netc, 3);
	assert_int_equal(s->netv[0].set, 0);
	assert_int_equal(s->netv[0].flags, SIP_NET_TRUSTED);
	assert_int_equal(s->netv[1].bits, 64);
	assert_int_equal(s->netv[1].flags, SIP_NET_DENY);
	assert_int_equal(s->netv[1].set, SIP_NONE);
	assert_int_equal(s->limitv[SIP_CLASS_JUNK].rate, 7);
	assert_int_equal(s->limitv[SIP_CLASS_JUNK].burst, 9);
	assert_int_equal(s->probe.listener, 0);
	assert_int_equal(s->probe.acceptc, 2);
	assert_int_equal(s->probe.acceptv[0].min, 200);
	assert_int_equal(s->probe.acceptv[0].max, 299);
	assert_int_equal(s->probe.acceptv[1].min, 403);
	assert_int_equal(s->probe.acceptv[1].max, 403);
	assert_true(s->probe.marked);
	assert_string_equal(s->probe.from, "sip:p@example.com");
	assert_int_equal(s->dns.serverc, 4);
	assert_int_equal(sa_port(&s->dns.serverv[0]), 53);
	assert_int_equal(sa_port(&s->dns.serverv[1]), 5353);
	assert_int_equal(sa_af(&s->dns.serverv[2]), AF_INET6);
	assert_int_equal(sa_port(&s->dns.serverv[2]), 53);
	assert_int_equal(sa_port(&s->dns.serverv[3]), 54);
	assert_int_equal(s->dns.timeout, 500);
	assert_int_equal(s->dns.ttl_min, 2);
	assert_int_equal(s->dns.ttl_max, 30);
	assert_int_equal(s->dns.entries, 16);
	assert_int_equal(s->dns_waiting, 10);
	assert_int_equal(s->copy, 5);
	assert_true(s->force_rport);
	assert_false(s->reverse_path);
}

static void test_all(void **state)
{
	struct config *c = good(
		SETS
		"  force-rport: true\n  reverse-path: false\n  rules:\n"
		"    - {set: reg, methods: [SUBSCRIBE, PUBLISH], event: "
		"presence}\n"
		"    - {set: calls, user-prefix: conf-, domain: example.org}\n"
		"    - {set: calls}\n"
		"    - {registered: true, domain: example.com}\n"
		"  networks:\n"
		"    - {prefix: 203.0.113.0/24, kind: trunk, set: calls}\n"
		"    - {prefix: \"2001:db8::/64\", kind: deny}\n"
		"    - {prefix: 10.0.0.0/8, kind: allow}\n"
		"  limits:\n    junk: {rate: 7, burst: 9}\n"
		"  probe: {listener: a, from: \"sip:p@example.com\", accept: "
		"[200-299, 403], targets: marked}\n"
		"  dns:\n    servers: [192.0.2.53, \"127.0.0.1:5353\", "
		"\"2001:db8::53\", \"[2001:db8::53]:54\"]\n"
		"    timeout: 500\n    ttl-min: 2\n    ttl-max: 30\n"
		"    cache: 16\n    waiting: 10\n"
		"  copy: 5\n");
	char *text = NULL;
	(void)state;

	look_at_all(&c->sip);
	/* what is printed says the same */
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	mem_deref(c);
	c = good(text);
	look_at_all(&c->sip);
	mem_deref(c);
	mem_deref(text);
}

static void look_at_streams(const struct config_sip *s)
{
	assert_int_equal(s->listenc, 6);
	for (unsigned i = 1; i < 6; i++)
		assert_int_equal(s->listenv[i].transp, i - 1);
	assert_true(s->listenv[1].own);
	assert_true(s->listenv[2].own);
	assert_false(s->listenv[3].own);
	assert_string_equal(s->tls.certificate, "/c");
	assert_string_equal(s->tls.key, "/k");
	assert_string_equal(s->tls.ca, "/ca");
	assert_int_equal(s->tls.min_version, 13);
	assert_int_equal(s->streams.connections, 5);
	assert_int_equal(s->streams.per_source, 3);
	assert_int_equal(s->streams.idle, 10);
	assert_int_equal(s->tcp_above, 0);
	assert_true(s->setv[0].path);
	assert_false(s->setv[1].path);
}

static void test_streams(void **state)
{
	struct config *c = good(
		MEDIA
		"sip:\n  listen:\n"
		"    - {name: vip, address: \"192.0.2.9:5060\"}\n"
		"    - {name: a, address: \"192.0.2.1:5060\", own: true}\n"
		"    - {name: b, address: \"192.0.2.1:5060\", transport: tcp, "
		"own: true}\n"
		"    - {name: c, address: \"192.0.2.1:5061\", transport: tls}\n"
		"    - {name: d, address: \"192.0.2.1:80\", transport: ws}\n"
		"    - {name: e, address: \"192.0.2.1:443\", transport: wss}\n"
		"  key-file: /k\n  dispatcher: /d\n"
		"  sets:\n    - {name: r, id: 1, path: true}\n"
		"    - {name: s, id: 2}\n"
		"  tls: {certificate: /c, key: /k, ca: /ca, min-version: "
		"\"1.3\"}\n"
		"  streams: {connections: 5, per-source: 3, idle: 10}\n"
		"  tcp-above: 0\n");
	char *text = NULL;
	(void)state;

	look_at_streams(&c->sip);
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	mem_deref(c);
	c = good(text);
	look_at_streams(&c->sip);
	mem_deref(c);
	mem_deref(text);
}

static void look_at_auth(const struct config_sip *s)
{
	const struct config_sip_auth *a = &s->auth;

	assert_string_equal(a->realm, "example.com");
	assert_string_equal(a->users, "/etc/carom/users");
	assert_int_equal(a->algc, 1);
	assert_int_equal(a->algv[0], CONFIG_SIP_MD5);
	assert_int_equal(a->nonce_lifetime, 60);
	assert_int_equal(a->guesses, 0);
	assert_false(a->match_from);
	assert_false(a->bind_source);
	assert_true(s->setv[2].auth);
	assert_false(s->setv[0].auth);
}

static void test_auth(void **state)
{
	struct config *c = good(
		SETS "    - {name: in, id: 3, auth: true}\n"
		     "  auth:\n    realm: example.com\n"
		     "    users: /etc/carom/users\n    algorithms: [MD5]\n"
		     "    nonce-lifetime: 60\n    guesses: 0\n"
		     "    match-from: false\n    bind-source: false\n");
	char *text = NULL;
	(void)state;

	look_at_auth(&c->sip);
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	mem_deref(c);
	c = good(text);
	look_at_auth(&c->sip);
	mem_deref(c);
	mem_deref(text);

	c = good(AUTH "}\n");
	assert_int_equal(c->sip.auth.algc, 2);
	assert_int_equal(c->sip.auth.algv[0], CONFIG_SIP_SHA256);
	assert_int_equal(c->sip.auth.algv[1], CONFIG_SIP_MD5);
	assert_int_equal(c->sip.auth.nonce_lifetime, 300);
	assert_int_equal(c->sip.auth.guesses, 20);
	assert_true(c->sip.auth.match_from && c->sip.auth.bind_source);
	mem_deref(c);
	c = good(SIP);
	assert_null(c->sip.auth.realm);
	mem_deref(c);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *where;
	} casev[] = {
		{MEDIA "sip:\n  key-file: /k\n", ":4: sip.listen: "},
		{MEDIA "sip:\n  listen: []\n  key-file: /k\n",
		 ":5: sip.listen: "},
		{MEDIA
		 "sip:\n  listen:\n    - {name: a, address: \"1.2.3.4:5\"}\n",
		 ": sip.key-file: "},
		{SIP "  nonsense: 1\n", ":8: sip.nonsense: "},
		{SIP "  dns: {servers: [a.b]}\n", ":8: sip.dns.servers[0]: "},
		{SIP "  dns: {servers: [\"1.2.3.4:\"]}\n",
		 ":8: sip.dns.servers[0]: "},
		{SIP "  dns: {servers: [\"1.2.3.4:70000\"]}\n",
		 ":8: sip.dns.servers[0]: "},
		{SIP "  dns: {servers: [0.0.0.0]}\n",
		 ":8: sip.dns.servers[0]: "},
		{SIP "  dns: {servers: [224.0.0.1]}\n",
		 ":8: sip.dns.servers[0]: "},
		{SIP "  dns: {servers: [1.2.3.4, \"1.2.3.4:53\"]}\n",
		 ":8: sip.dns.servers[1]: "},
		{SIP "  dns: {servers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, "
		     "1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8, 1.1.1.9]}\n",
		 ":8: sip.dns.servers: "},
		{SIP "  dns: {timeout: 50}\n", ":8: sip.dns.timeout: "},
		{SIP "  dns: {ttl-min: 0}\n", ":8: sip.dns.ttl-min: "},
		{SIP "  dns: {ttl-min: 9, ttl-max: 8}\n",
		 ":8: sip.dns.ttl-min: "},
		{SIP "  dns: {cache: 1}\n", ":8: sip.dns.cache: "},
		{SIP "  dns: {waiting: 0}\n", ":8: sip.dns.waiting: "},
		{SIP "  domains: [Example.com]\n", ":8: sip.domains[0]: "},
		{SIP "  domains: [a.b, a.b]\n", ":8: sip.domains[1]: "},
		{SIP "  sets:\n    - {name: x, id: 1}\n", "dispatcher"},
		{SETS "    - {name: calls, id: 3}\n",
		 ":13: sip.sets[2].name: "},
		{SETS "    - {name: more, id: 1}\n", ":13: sip.sets[2].id: "},
		{SETS "    - {name: more, id: -1}\n", ":13: sip.sets[2].id: "},
		{SETS "  rules:\n    - {domain: example.com}\n",
		 ":14: sip.rules[0].set: "},
		{SETS "  rules:\n    - {registered: false}\n",
		 ":14: sip.rules[0].set: "},
		{SETS "  rules:\n    - {registered: true, set: reg}\n",
		 ":14: sip.rules[0].set: "},
		{SETS "  rules:\n    - {set: reg, auth: true}\n",
		 ":14: sip.rules[0].auth: "},
		{SETS "  rules:\n    - {set: reg, record-route: true}\n",
		 ":14: sip.rules[0].record-route: "},
		{SETS "  rules:\n    - {registered: true, auth: true}\n",
		 ":14: sip.rules[0].auth: "},
		{SETS "  rules:\n    - {set: nobody}\n",
		 ":14: sip.rules[0].set: "},
		{SETS "  rules:\n    - {set: reg, methods: [HELLO]}\n",
		 ":14: sip.rules[0].methods: "},
		{SETS "  rules:\n    - {set: reg, event: dialog}\n",
		 ":14: sip.rules[0].event: "},
		{SETS "  rules:\n    - {set: reg, domain: other.org}\n",
		 ":14: sip.rules[0].domain: "},
		{SETS "  rules:\n    - {set: reg, user-prefix: "
		      "seventeen-letters}\n",
		 ":14: sip.rules[0].user-prefix: "},
		{SETS "  networks:\n    - {prefix: 192.0.2.1/24, kind: deny}\n",
		 ":14: sip.networks[0].prefix: "},
		{SETS "  networks:\n    - {prefix: 192.0.2.0/33, kind: deny}\n",
		 ":14: sip.networks[0].prefix: "},
		{SETS
		 "  networks:\n    - {prefix: 192.0.2.0/24, kind: trunk}\n",
		 ": sip.networks[0].set: "},
		{SETS "  networks:\n    - {prefix: 192.0.2.0/24, kind: deny, "
		      "set: reg}\n",
		 ":14: sip.networks[0].set: "},
		{SETS "  networks:\n    - {prefix: 192.0.2.0/24, kind: best}\n",
		 ":14: sip.networks[0].kind: "},
		{SIP "  probe: {listener: b}\n", ":8: sip.probe.listener: "},
		{SIP "  probe: {from: \"tel:1\"}\n", ":8: sip.probe.from: "},
		{SIP "  probe: {interval: 3601}\n", ":8: sip.probe.interval: "},
		{SIP "  probe: {accept: [199]}\n", ":8: sip.probe.accept[0]: "},
		{SIP "  probe: {accept: [200, 299-200]}\n",
		 ":8: sip.probe.accept[1]: "},
		{SIP "  probe: {accept: [200-29]}\n",
		 ":8: sip.probe.accept[0]: "},
		{SIP "  probe: {accept: [ok]}\n", ":8: sip.probe.accept[0]: "},
		{SIP "  probe: {accept: []}\n", ":8: sip.probe.accept: "},
		{SIP "  probe: {targets: some}\n", ":8: sip.probe.targets: "},
		{LISTEN ", transport: sctp}\n",
		 ":6: sip.listen[0].transport: "},
		{LISTEN ", transport: tls}\n  key-file: /k\n",
		 ":6: sip.listen[0].transport: "},
		{MEDIA "sip:\n  listen:\n    - {name: a, address: "
		       "\"192.0.2.1:16384\"}\n  key-file: /k\n",
		 ":6: sip.listen[0].address: "},
		{LISTEN ", own: true}\n    - {name: b, own: true, address: "
			"\"192.0.2.2:5060\"}\n  key-file: /k\n",
		 ":7: sip.listen[1].own: "},
		{LISTEN ", transport: tcp}\n    - {name: b, transport: ws, "
			"address: \"192.0.2.1:5060\"}\n  key-file: /k\n",
		 ":7: sip.listen[1].address: "},
		{SIP "  tls: {certificate: c, key: /k}\n",
		 ":8: sip.tls.certificate: "},
		{SIP "  tls: {certificate: /c, key: /k, ca: ca}\n",
		 ":8: sip.tls.ca: "},
		{SIP "  tls: {certificate: /c}\n", "sip.tls.key: "},
		{SIP "  tls: {certificate: /c, key: /k, min-version: 1.1}\n",
		 ":8: sip.tls.min-version: "},
		{SIP "  streams: {idle: 9}\n", ":8: sip.streams.idle: "},
		{SIP "  streams: {connections: 0}\n",
		 ":8: sip.streams.connections: "},
		{SIP "  tcp-above: 65536\n", ":8: sip.tcp-above: "},
		{SETS "    - {name: in, id: 3, auth: true}\n",
		 ":13: sip.sets[2].auth: "},
		{SIP "  auth: {realm: r}\n", ": sip.auth.users: "},
		{SIP "  auth: {users: /u}\n", ": sip.auth.realm: "},
		{SIP "  auth: {realm: \"\", users: /u}\n",
		 ":8: sip.auth.realm: "},
		{SIP "  auth: {realm: \"a:b\", users: /u}\n",
		 ":8: sip.auth.realm: "},
		{SIP "  auth: {realm: 'a\"b', users: /u}\n",
		 ":8: sip.auth.realm: "},
		{SIP "  auth: {realm: r, users: u}\n", ":8: sip.auth.users: "},
		{AUTH ", algorithms: []}\n", ":8: sip.auth.algorithms: "},
		{AUTH ", algorithms: [SHA-512]}\n",
		 ":8: sip.auth.algorithms[0]: "},
		{AUTH ", algorithms: [MD5, MD5]}\n",
		 ":8: sip.auth.algorithms[1]: "},
		{AUTH ", nonce-lifetime: 9}\n",
		 ":8: sip.auth.nonce-lifetime: "},
		{AUTH ", guesses: 60001}\n", ":8: sip.auth.guesses: "},
		{AUTH ", match-from: maybe}\n", ":8: sip.auth.match-from: "},
		{SIP "  limits: {invite: {rate: 1000001}}\n",
		 ":8: sip.limits.invite.rate: "},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct config_err e = {""};
		struct config *c = NULL;

		if (load(&c, casev[i].text, &e) != EBADMSG)
			fail_msg("taken:\n%s", casev[i].text);
		if (!strstr(e.msg, casev[i].where) ||
		    !strstr(e.msg, "allowed: "))
			fail_msg("%s\nshould have: %s", e.msg, casev[i].where);
	}
}

static void test_addresses(void **state)
{
	static const char *const badv[] = {
		"192.0.2.1",        "0.0.0.0:5060",    "224.0.0.1:5060",
		"192.0.2.1:0",      "192.0.2.1:70000", "192.0.2.1:05060",
		"[ff02::1]:5060",   "[fe80::1]:5060",  "example.com:5060",
		"2001:db8::1:5060x"};
	char text[512];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		struct config_err e = {""};
		struct config *c = NULL;

		snprintf(text, sizeof(text),
			 MEDIA "sip:\n  listen:\n    - {name: a, address: "
			       "\"%s\"}\n  key-file: /k\n",
			 badv[i]);
		if (!load(&c, text, &e))
			fail_msg("taken: %s", badv[i]);
		assert_non_null(strstr(e.msg, ":6: sip.listen[0].address: "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_shared_name),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
