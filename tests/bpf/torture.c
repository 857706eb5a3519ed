/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/torture.c  Torture messages: what each is, and reading their files
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bed.h"
#include "torture.h"

#define VALID(name_, section_, ...)                                            \
	{                                                                      \
		.name = name_, .section = section_, .valid = true, __VA_ARGS__ \
	}
#define INVALID(name_, section_, ...)                                          \
	{                                                                      \
		.name = name_, .section = section_, __VA_ARGS__                \
	}
#define FORWARDED .reason = CAROM_R_SIP_FORWARDED
#define PUNT(r) .reason = CAROM_R_SIP_##r
#define REPLY(code_) .verdict = FORWARD_REPLY, .code = code_
#define DROP(why_) .verdict = FORWARD_DROP, .why = why_
#define V4 .rfc = 4475
#define V6 .rfc = 5118, .v6 = true

const struct torture torturev[] = {
	VALID("wsinv", "3.1.1.1", V4, PUNT(SYNTAX)),
	VALID("intmeth", "3.1.1.2", V4, PUNT(START)),
	VALID("esc01", "3.1.1.3", V4, PUNT(URI)),
	VALID("escnull", "3.1.1.4", V4, FORWARDED),
	VALID("esc02", "3.1.1.5", V4, FORWARDED),
	VALID("lwsdisp", "3.1.1.6", V4, FORWARDED),
	VALID("longreq", "3.1.1.7", V4, .reason = TORTURE_TOO_LONG),
	VALID("dblreq", "3.1.1.8", V4, PUNT(LENGTH)),
	VALID("semiuri", "3.1.1.9", V4, PUNT(URI)),
	VALID("transports", "3.1.1.10", V4, FORWARDED),
	VALID("mpart01", "3.1.1.11", V4, FORWARDED),
	VALID("unreason", "3.1.1.12", V4, FORWARDED, .to = A4, .tport = 5062),
	VALID("noreason", "3.1.1.13", V4, FORWARDED, .to = A4, .tport = 5062),
	INVALID("badinv01", "3.1.2.1", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("clerr", "3.1.2.2", V4, REPLY(400), PUNT(LENGTH)),
	INVALID("ncl", "3.1.2.3", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("scalar02", "3.1.2.4", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("scalarlg", "3.1.2.5", V4, DROP("Malformed CSeq"),
		PUNT(SYNTAX)),
	INVALID("quotbal", "3.1.2.6", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("ltgtruri", "3.1.2.7", V4, REPLY(400), PUNT(URI)),
	INVALID("lwsruri", "3.1.2.8", V4, REPLY(400), PUNT(START)),
	INVALID("lwsstart", "3.1.2.9", V4, REPLY(400), PUNT(START)),
	INVALID("trws", "3.1.2.10", V4, REPLY(400), PUNT(START)),
	INVALID("escruri", "3.1.2.11", V4, REPLY(400), PUNT(URI)),
	/* Date is of no concern to us, nor is Contact: 16.3, 1 */
	INVALID("baddate", "3.1.2.12", V4, FORWARDED),
	INVALID("regbadct", "3.1.2.13", V4, FORWARDED),
	INVALID("badaspec", "3.1.2.14", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("baddn", "3.1.2.15", V4, REPLY(400), PUNT(SYNTAX)),
	INVALID("badvers", "3.1.2.16", V4, REPLY(505), PUNT(START)),
	INVALID("mismatch01", "3.1.2.17", V4, REPLY(400), PUNT(CSEQ)),
	INVALID("mismatch02", "3.1.2.18", V4, REPLY(400), PUNT(CSEQ)),
	INVALID("bigcode", "3.1.2.19", V4, DROP("status line"), PUNT(START)),
	/* as one of RFC 2543, which the section allows */
	INVALID("badbranch", "3.2.1", V4, PUNT(SYNTAX)),
	INVALID("insuf", "3.3.1", V4, REPLY(400), PUNT(MISSING)),
	VALID("unkscm", "3.3.2", V4, REPLY(416), PUNT(URI)),
	VALID("novelsc", "3.3.3", V4, REPLY(416), PUNT(URI)),
	VALID("unksm2", "3.3.4", V4, FORWARDED),
	VALID("bext01", "3.3.5", V4, REPLY(420), PUNT(REQUIRE)),
	VALID("invut", "3.3.6", V4, FORWARDED),
	VALID("regaut01", "3.3.7", V4, FORWARDED),
	INVALID("multi01", "3.3.8", V4, REPLY(400), PUNT(TWICE)),
	INVALID("mcl01", "3.3.9", V4, REPLY(400), PUNT(TWICE)),
	VALID("bcast", "3.3.10", V4, DROP("forbidden address"), PUNT(DEST)),
	VALID("zeromf", "3.3.11", V4, REPLY(483), PUNT(MAX_FORWARDS)),
	VALID("cparam01", "3.3.12", V4, FORWARDED),
	VALID("cparam02", "3.3.13", V4, FORWARDED),
	VALID("regescrt", "3.3.14", V4, FORWARDED),
	VALID("sdp01", "3.3.15", V4, FORWARDED),
	VALID("inv2543", "3.4.1", V4, PUNT(SYNTAX)),

	VALID("ipv6-good", "4.1", V6, FORWARDED),
	INVALID("ipv6-bad", "4.2", V6, REPLY(400), PUNT(URI)),
	VALID("port-ambiguous", "4.3", V6, FORWARDED, .trusted = true,
	      .to = "2001:db8:2::20:5070"),
	VALID("port-unambiguous", "4.4", V6, FORWARDED, .trusted = true,
	      .to = B6, .tport = 5070),
	VALID("via-received-delim", "4.5", V6, PUNT(SYNTAX)),
	VALID("via-received-no-delim", "4.5", V6, PUNT(SYNTAX)),
	VALID("ipv6-in-sdp", "4.6", V6, FORWARDED),
	VALID("mult-ip-in-header", "4.7", V6, FORWARDED),
	VALID("mult-ip-in-sdp", "4.8", V6, FORWARDED),
	VALID("ipv4-mapped-ipv6", "4.9", .rfc = 5118, FORWARDED),
	INVALID("ipv6-bug-abnf-3-colons", "4.10", V6, REPLY(400), PUNT(URI)),
	VALID("ipv6-correct-abnf-2-colons", "4.10", V6, PUNT(URI),
	      .trusted = true, .to = "2001:db8:2::198.51.100.20"),
};

const size_t torturec = ARRAY_SIZE(torturev);

/* ---- reading --------------------------------------------------------------- */

#define TOP(host) "Via: SIP/2.0/UDP " host ":5060;branch=z9hG4bK"
#define RR(host) "Record-Route: <sip:" host ":5060;lr>\n"

struct render {
	struct torture_text *t;
	const char *ours;
	char len[8]; /* for {{len}} */
	int err;
};

static void put(char *to, size_t *n, const char *p, size_t len)
{
	for (size_t i = 0; i < len && *n + 2 < TORTURE_MAX; i++) {
		if (p[i] == '\n')
			to[(*n)++] = '\r';
		to[(*n)++] = p[i];
	}
}

static void raw(struct torture_text *t, char c)
{
	if (t->inlen < TORTURE_MAX && t->outlen < TORTURE_MAX) {
		t->in[t->inlen++] = c;
		t->out[t->outlen++] = c;
	}
}

static void in(struct torture_text *t, const char *p, size_t len)
{
	put(t->in, &t->inlen, p, len);
}

static void out(struct torture_text *t, const char *p, size_t len)
{
	put(t->out, &t->outlen, p, len);
}

static void both(struct torture_text *t, const char *p, size_t len)
{
	in(t, p, len);
	out(t, p, len);
}

static void bytes(struct render *r, const char *p, const char *end)
{
	char *stop;

	while (p < end) {
		raw(r->t, (char)strtoul(p, &stop, 16));
		p = stop == p ? end : stop;
	}
}

static bool is(const char *p, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(p, word, len);
}

/* What stands between the braces. Returns bytes behind them that are left out */
static size_t braces(struct render *r, const char *p, size_t len)
{
	static const char top[] = TOP(LAN4) "@b\n", rr[] = RR(LAN4);
	static const char top6[] = TOP("[" LAN6 "]") "@b\n";
	static const char rr6[] = RR("[" LAN6 "]"), via[] = TOP(LAN4);
	const char *gt = memchr(p, '>', len), *mul = memchr(p, '*', len);
	const unsigned long times = strtoul(p, NULL, 10);

	if (is(p, len, "top"))
		out(r->t, top, sizeof(top) - 1);
	else if (is(p, len, "top6"))
		out(r->t, top6, sizeof(top6) - 1);
	else if (is(p, len, "rr"))
		out(r->t, rr, sizeof(rr) - 1);
	else if (is(p, len, "rr6"))
		out(r->t, rr6, sizeof(rr6) - 1);
	else if (is(p, len, "len"))
		both(r->t, r->len, strlen(r->len));
	else if (is(p, len, "."))
		return 1;
	else if (len > 2 && p[0] == 'x' && p[1] == ' ')
		bytes(r, p + 2, p + len);
	else if (is(p, len, "ours")) {
		r->t->response = true;
		in(r->t, via, sizeof(via) - 1);
		in(r->t, r->ours, strlen(r->ours));
		in(r->t, "\n", 1);
	} else if (times && mul) {
		for (unsigned long i = 0; i < times; i++)
			both(r->t, mul + 1, (size_t)(p + len - mul - 1));
	} else if (gt) {
		/* addresses in <> are part of the text: the last one divides */
		while (memchr(gt + 1, '>', (size_t)(p + len - gt - 1)))
			gt = memchr(gt + 1, '>', (size_t)(p + len - gt - 1));
		in(r->t, p, (size_t)(gt - p));
		out(r->t, gt + 1, (size_t)(p + len - gt - 1));
	} else {
		r->err = EBADMSG;
	}
	return 0;
}

static void render(struct render *r, const char *s)
{
	const char *open, *close;

	r->t->inlen = r->t->outlen = 0;
	while ((open = strstr(s, "{{")) && (close = strstr(open, "}}"))) {
		both(r->t, s, (size_t)(open - s));
		s = close + 2;
		s += braces(r, open + 2, (size_t)(close - open - 2));
	}
	both(r->t, s, strlen(s));
}

int torture_read(struct torture_text *t, const char *name, const char *ours)
{
	struct render r = {.t = t, .ours = ours, .len = "0"};
	static char text[TORTURE_MAX];
	const char *body;
	char path[512];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/bpf/torture/%s.sip", TEST_DATA,
		       name);
	f = fopen(path, "r");
	if (!f)
		return errno;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	t->response = false;
	render(&r, text);
	body = memmem(t->in, t->inlen, "\r\n\r\n", 4);
	if (!body || r.err)
		return r.err ? r.err : EBADMSG;
	(void)snprintf(r.len, sizeof(r.len), "%u",
		       (unsigned)(t->in + t->inlen - body - 4));
	render(&r, text);
	return r.err;
}
