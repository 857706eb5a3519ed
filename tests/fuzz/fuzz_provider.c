/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz_provider.c  Providers and routes as JSON, and what carriers say
 *
 * Byte 0 chooses: JSON of a provider, JSON of a route, or a message of a carrier.
 * What was taken is taken again, as it was printed; what goes on is a message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "base/jsontext.h"
#include "must.h"
#include "provider/challenge.h"
#include "provider/record.h"
#include "provider/relay.h"
#include "route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct odict *parse(const char *p, size_t n)
{
	const struct pl pl = {p, n};
	struct odict *o = NULL;

	return jsontext_decode(&o, &pl, 16, 4096, NULL) ? NULL : o;
}

static char *printed(const struct odict *o)
{
	char *s = NULL;

	MUST(!re_sdprintf(&s, "%H", json_encode_odict, o));
	return s;
}

static void provider(const char *p, size_t n)
{
	static const struct record_defaults def = {30, 5000, 3, 2};
	struct odict *o = parse(p, n), *once = NULL, *twice = NULL;
	struct record *r = NULL, *again = NULL;
	struct fields_err e = {"", ""};
	char *a, *b;

	if (!o)
		return;
	if (record_decode(&r, o, &def, &e)) {
		MUST(str_isset(e.text) || str_isset(e.path));
		mem_deref(o);
		return;
	}
	MUST(!odict_alloc(&once, 16) && !record_json(once, r, true));
	a = printed(once);
	mem_deref(once);
	once = parse(a, strlen(a));
	MUST(once && !record_decode(&again, once, &def, &e));
	MUST(!odict_alloc(&twice, 16) && !record_json(twice, again, true));
	b = printed(twice);
	MUST(!strcmp(a, b));
	mem_deref(a);
	mem_deref(b);
	mem_deref(o);
	mem_deref(once);
	mem_deref(twice);
	mem_deref(r);
	mem_deref(again);
}

static enum route_health up(const char *id, void *arg)
{
	(void)id;
	(void)arg;
	return ROUTE_UP;
}

static void choose(struct route *r)
{
	struct route_choice v[ROUTE_CHOICES];
	struct route_ask q = {.called = "+491512345678",
			      .caller = "030",
			      .when = 1774746000,
			      .healthh = up};
	struct routes *t = NULL;

	MUST(!routes_alloc(&t) && !routes_put(t, r));
	for (size_t i = route_find(t, &q, v); i-- > 0;)
		MUST(v[i].why != ROUTE_TAKEN ||
		     (v[i].called.s[0] && strlen(v[i].called.s) <= NUMBER_MAX));
	mem_deref(t);
}

static void route(const char *p, size_t n)
{
	struct odict *o = parse(p, n), *once = NULL;
	struct route *r = NULL, *again = NULL;
	struct fields_err e = {"", ""};
	char *a;

	if (!o)
		return;
	if (route_decode(&r, o, &e)) {
		mem_deref(o);
		return;
	}
	choose(r);
	MUST(!odict_alloc(&once, 16) && !route_json(once, r));
	a = printed(once);
	mem_deref(once);
	once = parse(a, strlen(a));
	MUST(once && !route_decode(&again, once, &e));
	mem_deref(a);
	mem_deref(o);
	mem_deref(once);
	mem_deref(r);
	mem_deref(again);
}

/* ---- messages ------------------------------------------------------------------ */

static const char invite[] =
	"INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP "
	"192.0.2.1;branch=z9hG4bK1\r\n"
	"From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
	"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

static void passes(const struct mbuf *mb, bool request, const char *start)
{
	struct mbuf *all = mbuf_alloc(mb->end + 256);
	struct msg_fault fault = {0, NULL};
	struct pl text;
	struct msg m;

	MUST(all && !mbuf_write_str(all, request ? start : "") &&
	     !mbuf_write_mem(all, mb->buf, mb->end));
	text = (struct pl){(char *)all->buf, all->end};
	/* it may have a fault that it had before, but it is a message */
	(void)msg_decode(&m, &text, true, &fault);
	MUST(m.hdrc > 0 || !request);
	mem_deref(all);
}

static void message(const char *p, size_t n)
{
	const struct pl text = {p, n}, req = {invite, sizeof(invite) - 1};
	struct secret s = {(char *)"u", (char *)"r", {{"a"}, {"b"}}};
	struct msg_fault fault = {0, NULL};
	struct challenge c;
	struct msg m, asked;
	struct sa src;
	struct relay r = {.pop = 1,
			  .lines = "X: y\r\n",
			  .from = "sip:x@y",
			  .cseq = 1,
			  .src = &src};
	struct mbuf *mb = mbuf_alloc(1024);
	struct pl uri = PL("sip:x");
	char why[96];

	MUST(!sa_set_str(&src, "192.0.2.7", 5060) &&
	     !msg_decode(&asked, &req, true, &fault));
	if (msg_decode(&m, &text, true, &fault))
		goto out;
	if (m.code) {
		if (!relay_response(mb, &m, &asked))
			passes(mb, false, "");
		if (!challenge_read(&c, &m, &s, why, sizeof(why)))
			MUST(!challenge_answer(mb, &c, &s, "INVITE", &uri));
	} else if (!relay_request(mb, &m, &r)) {
		passes(mb, true, "INVITE sip:x SIP/2.0\r\n");
	}
out:
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 3) {

	case 0:
		provider((const char *)data + 1, size - 1);
		break;
	case 1:
		route((const char *)data + 1, size - 1);
		break;
	default:
		message((const char *)data + 1, size - 1);
		break;
	}
	return 0;
}
