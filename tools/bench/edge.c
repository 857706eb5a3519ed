// SPDX-License-Identifier: BSD-2-Clause
/* The edge under test, without an agent: attached to two devices, one listener,
 * six targets at the far address, the near one trusted as a node for responses.
 * --off: what an agent put in force stays, but the kernel leaves all to it. */
#include <stdio.h>
#include <string.h>
#include <re.h>

#include "common.h"
#include "fastpath/sip.h"
#include "sipmsg.h"

enum { TARGETS = 6 };

static struct sa at(const char *ip, uint16_t port)
{
	struct sa sa;

	if (sa_set_str(&sa, ip, port))
		die("%s: no address", ip);
	return sa;
}

static void must(int err, const char *what, const struct fp_err *e)
{
	if (err)
		die("%s: %s%s%s", what, e ? e->msg : "", e ? " " : "",
		    strerror(err));
}

static void attach(const char *dev)
{
	struct fp_attach_opts o = {.slots = 1024};
	struct fp_err e = {""};
	struct fp_dev d;

	must(fp_attach(dev, &o, &d, &e), dev, &e);
}

static void set_up(const char *near, const char *edge, const char *far)
{
	static uint16_t slotv[SIP_SLOTS];
	struct sa self = at(edge, 5060), n = at(near, 0), f = at(far, 0);
	struct sip_rule any = {.set = 0};
	struct fp_err e = {""};
	struct sip_conf *c;
	struct fp_sip *s;
	struct fp *fp;

	must(fp_open(&fp, NULL, false, &e), "open", &e);
	must(fp_sip_open(&s, NULL, false, &e), "open", &e);
	must(fp_sip_clear(s), "clear", NULL);
	c = fp_sip_conf(s);
	c->key[0] = SIPMSG_KEY0;
	c->key[1] = SIPMSG_KEY1;
	must(fp_sip_listener(s, 0, &self, NULL, 0), "listener", NULL);
	must(fp_sip_self(s, &self, 0), "self", NULL);
	for (unsigned i = 0; i < TARGETS; i++) {
		struct sa t = at(far, (uint16_t)(5060 + i));

		must(fp_sip_target(s, 0, (uint16_t)i, &t, true), "target",
		     NULL);
	}
	must(fp_sip_net(s, &n, 32, SIP_NET_ALLOW, SIP_NONE), "net", NULL);
	must(fp_sip_net(s, &f, 32, SIP_NET_TRUSTED, SIP_NONE), "net", NULL);
	for (uint32_t i = 0; i < SIP_SLOTS; i++)
		slotv[i] = (uint16_t)(i % TARGETS);
	must(fp_sip_set(s, 0, 1, SIP_SET_RR, slotv, SIP_SLOTS), "set", NULL);
	must(fp_sip_rules(s, &any, 1), "rules", NULL);
	must(fp_local_sip(fp, &self, 1), "local", NULL);
	fp_sip_on(s, true);
	mem_deref(s);
	mem_deref(fp);
}

int main(int argc, char *argv[])
{
	struct fp_err e = {""};
	struct fp_sip *s;
	unsigned n;

	if (argc == 3 && !strcmp(argv[1], "--off")) {
		must(fp_sip_open(&s, argv[2], false, &e), "open", &e);
		fp_sip_on(s, false);
		mem_deref(s);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--down")) {
		must(fp_detach_all(NULL, &n, &e), "detach", &e);
		return 0;
	}
	if (argc != 6)
		die("usage: bench-edge NEAR EDGE FAR DEV DEV | --down | "
		    "--off PIN-DIR");
	attach(argv[4]);
	attach(argv[5]);
	set_up(argv[1], argv[2], argv[3]);
	return 0;
}
