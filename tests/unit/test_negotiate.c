/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An offer, what its driver wants, and what goes on to the other party. Formats are
 * written as "0 8 96:opus/48000/2".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include <cmocka.h>
#include <re.h>

#include "media/negotiate.h"

enum { TEXT = 2048, NAMES = 16 };

/* What the machine of this test can transcode */
static bool table(struct neg_codec *c, const struct pl *name, uint32_t clock,
		  unsigned ch, void *arg)
{
	static const struct neg_codec v[] = {
		{"PCMU", 8000, 1, 0},     {"PCMA", 8000, 1, 8},
		{"G722", 8000, 1, 9},     {"GSM", 8000, 1, 3},
		{"G729", 8000, 1, 18},    {"opus", 48000, 2, -1},
		{"G726-32", 8000, 1, -1}, {"AAL2-G726-32", 8000, 1, -1},
		{"L16", 16000, 1, -1},    {"L16", 44100, 2, 10},
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		if (pl_strcasecmp(name, v[i].name) ||
		    (clock && clock != v[i].clock) || (ch && ch != v[i].ch))
			continue;
		*c = v[i];
		return true;
	}

	return false;
}

/* ---- compact texts ------------------------------------------------------- */

/* "0 96:opus/48000/2 101:telephone-event/8000" to a section; words with '=' are
 * attributes: "ptime=20", "18=annexb=no" an fmtp */
static struct sdpx *section(const char *text)
{
	char body[TEXT] = "", fmts[TEXT] = "", attrs[TEXT] = "";
	struct sdpx_err e = {0, ""};
	struct sdpx *sdp = NULL;
	char copy[TEXT], *word, *save = NULL;
	struct pl pl;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '='), *colon = strchr(word, ':');
		const size_t n = strlen(attrs);

		if (eq && (word[0] < '0' || word[0] > '9')) {
			*eq = ':';
			(void)snprintf(attrs + n, sizeof(attrs) - n, "a=%s\r\n",
				       word);
			continue;
		}
		if (eq) {
			*eq = ' ';
			(void)snprintf(attrs + n, sizeof(attrs) - n,
				       "a=fmtp:%s\r\n", word);
			continue;
		}
		if (colon) {
			*colon = '\0';
			(void)snprintf(attrs + n, sizeof(attrs) - n,
				       "a=rtpmap:%s %s\r\n", word, colon + 1);
		}
		(void)snprintf(fmts + strlen(fmts), sizeof(fmts) - strlen(fmts),
			       " %s", word);
	}
	(void)snprintf(body, sizeof(body),
		       "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
		       "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		       "m=audio 4000 RTP/AVP%s\r\n%s",
		       fmts, attrs);

	pl_set_str(&pl, body);
	if (sdpx_decode(&sdp, &pl, &e))
		fail_msg("%s: %s", e.msg, body);

	return sdp;
}

static const char *fmts_text(const struct neg_fmts *f)
{
	static char buf[TEXT];
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < f->n; i++) {
		const struct neg_fmt *x = &f->v[i];

		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%u",
				      i ? " " : "", x->pt);
		if (x->pt >= 35)
			n += (size_t)snprintf(buf + n, sizeof(buf) - n,
					      ":%s/%u%s",
					      neg_is_event(x) ? "te" : x->name,
					      x->clock, x->ch == 2 ? "/2" : "");
	}

	return buf;
}

/** A driver's wishes, from "transcode=opus,G722 mask=all ptime=40 always" */
struct wishes {
	struct neg_policy p;
	struct pl v[8][NAMES];
	char text[TEXT];
};

static struct neg_names *list_of(struct wishes *w, const char *name)
{
	static const char *const namev[] = {"strip",   "mask",      "offer",
					    "except",  "transcode", "accept",
					    "consume", "set"};
	struct neg_names *l = &w->p.strip;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!strcmp(name, namev[i]))
			return &l[i];
	}

	return NULL;
}

static void wish(struct wishes *w, char *word, unsigned *used)
{
	char *eq = strchr(word, '='), *item, *save = NULL;
	struct neg_names *l;

	if (eq)
		*eq++ = '\0';
	else
		eq = word + strlen(word);
	if (!strcmp(word, "always"))
		w->p.always_transcode = true;
	else if (!strcmp(word, "reuse"))
		w->p.keep_order = true;
	else if (!strcmp(word, "again"))
		w->p.again = true;
	else {
		l = list_of(w, word);
		assert_non_null(l);
		assert_true(*used < ARRAY_SIZE(w->v));
		l->v = w->v[*used];
		for (item = strtok_r(eq, ",", &save); item;
		     item = strtok_r(NULL, ",", &save))
			pl_set_str(&w->v[*used][l->n++], item);
		++*used;
	}
}

static void wishes_decode(struct wishes *w, const char *text)
{
	char *word, *save = NULL;
	unsigned used = 0;

	memset(w, 0, sizeof(*w));
	w->p.codech = table;
	(void)snprintf(w->text, sizeof(w->text), "%s", text);
	for (word = strtok_r(w->text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		wish(w, word, &used);
}

/* ---- the cases ------------------------------------------------------------ */

#define TE "101:telephone-event/8000 101=0-15"
#define TE96 "96:telephone-event/8000"
#define OPUS "96:opus/48000/2"
#define TE48 "97:telephone-event/48000"

struct row {
	const char *offer, *wish, *out; /* NULL: refused */
};

static const struct row rows[] = {
	/* nothing is asked for: nothing changes */
	{"0 8 " TE, "", "0 8 101:te/8000"},
	{"0 8", "", "0 8"},
	{OPUS " 0", "", "96:opus/48000/2 0"},

	/* a codec is offered beside */
	{"0 8 " TE, "transcode=opus",
	 "0 8 96:opus/48000/2 97:te/48000 101:te/8000"},
	{"0 8 " TE, "transcode=PCMA", "0 8 101:te/8000"},
	{"0 8 " TE, "transcode=G722,GSM", "0 8 9 3 101:te/8000"},
	{"0 8 " TE, "transcode=G722", "0 8 9 101:te/8000"},

	/* masked: not shown, but taken */
	{"0 8 " TE, "mask=PCMU transcode=opus",
	 "8 96:opus/48000/2 97:te/48000 101:te/8000"},
	{"0 8 " TE, "mask=all transcode=G722", "9"},
	{"0 8 " TE, "mask=full transcode=PCMU", "0"},
	{"0 8 " TE, "mask=all transcode=PCMU", "0"},
	{OPUS " 8", "mask=opus transcode=opus", "8 96:opus/48000/2"},
	{"0 8 9 " TE, "mask=all except=telephone-event transcode=opus",
	 "96:opus/48000/2 97:te/48000"},
	{OPUS " 8 " TE, "mask=opus", "8 101:te/8000"},

	/* stripped: as if it had never been there */
	{"0 8 " TE, "strip=PCMU transcode=PCMU", "8 0 101:te/8000"},
	{"0 8 " TE, "strip=all transcode=GSM", "3"},
	{"0 8 9 " TE, "strip=all transcode=G722,opus,PCMA",
	 "9 96:opus/48000/2 8"},
	{"0 8 9 " TE, "strip=all offer=G722,PCMA", "9 8"},
	{"0 8 9 " TE, "strip=all except=PCMA transcode=opus",
	 "8 96:opus/48000/2"},
	{"0 8 9 " TE, "strip=telephone-event transcode=opus",
	 "0 8 9 96:opus/48000/2"},
	{"0 8", "strip=all", NULL},
	{"0 " TE, "strip=PCMU", NULL},

	/* taken in any case */
	{"0 8 " TE, "accept=PCMU", "0 8 101:te/8000"},
	{"8 0 9 " TE, "accept=PCMU,G722", "8 0 9 101:te/8000"},
	{"9 0 8 " TE, "always", "9 0 8 101:te/8000"},
	{"0 8 " TE, "always", "0 8 101:te/8000"},
	{"9 0 8 " TE, "consume=G722", "0 8 101:te/8000"},
	{OPUS " 8 " TE, "consume=opus", "8 101:te/8000"},

	/* events of a party that the other one knows nothing of */
	{"0 8", "transcode=telephone-event", "0 8 96:te/8000"},
	{"0 " TE, "accept=telephone-event", "0 101:te/8000"},

	/* the clock of the events is not that of the codec: many phones do it */
	{OPUS " 0 " TE, "transcode=G722", "96:opus/48000/2 0 9 101:te/8000"},
	{OPUS " 100:telephone-event/48000", "transcode=PCMU",
	 "96:opus/48000/2 0 97:te/8000 100:te/48000"},

	/* comfort noise only goes where it is known */
	{"0 13 " TE, "transcode=G722", "0 9 13 101:te/8000"},
	{"0 13", "transcode=G722", "0 9 13"},

	/* what we cannot read does not stand beside what we would turn it into */
	{"0 102:FOO/8000 8 " TE, "transcode=opus",
	 "0 8 96:opus/48000/2 97:te/48000 101:te/8000"},

	/* what nobody can make */
	{"0", "transcode=iLBC", NULL},
	{"0", "transcode=all", NULL},

	/* the same name, but not the same bits */
	{"18 0", "transcode=G729", "18 0"},
	{"18 18=annexb=no 0", "transcode=G722", "18 0 9"},
	{"96:G726-32/8000", "transcode=AAL2-G726-32",
	 "96:G726-32/8000 97:AAL2-G726-32/8000"},
	{OPUS " 96=stereo=1", "transcode=PCMU", "96:opus/48000/2 0"},
	{"96:AMR/8000 96=octet-align=1 0", "transcode=G722", "0 9"},
};

/* All rows are gone through before the test fails */
static unsigned failures;

static void bad(const struct row *r, const char *got)
{
	print_error("%s | %s: '%s', not '%s'\n", r->offer, r->wish, got,
		    r->out ? r->out : "refused");
	++failures;
}

static void row(const struct row *r)
{
	struct neg_offer *n = mem_zalloc(sizeof(*n), NULL);
	struct sdpx *offer = section(r->offer);
	struct wishes w;
	struct neg_err e = {""};
	int err;

	wishes_decode(&w, r->wish);
	err = neg_offer(n, sdpx_media(offer, 0), &w.p, NULL, &e);
	if (err ? r->out || !e.msg[0]
		: !r->out || strcmp(fmts_text(&n->out), r->out))
		bad(r, err ? e.msg : fmts_text(&n->out));
	mem_deref(offer);
	mem_deref(n);
}

static void table_of_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row(&rows[i]);
	assert_int_equal(failures, 0);
}

/* ---- sessions -------------------------------------------------------------- */

/** Two parties whose offers and answers follow one another */
struct pair {
	struct neg_offer n;
	struct neg_fmts told, own; /* of the one who answered */
};

static void exchange(struct pair *p, const char *offer, const char *wish,
		     const char *out, const char *answer)
{
	const struct neg_before to = {.told = &p->told, .own = &p->own};
	struct sdpx *os = section(offer), *as = section(answer);
	struct wishes w;
	struct neg_err e = {""};

	wishes_decode(&w, wish);
	if (neg_offer(&p->n, sdpx_media(os, 0), &w.p, &to, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(fmts_text(&p->n.out), out);
	p->told = p->n.out;
	neg_take(&p->own, sdpx_media(as, 0));
	mem_deref(os);
	mem_deref(as);
}

/* RFC 3264 8.3.2: a number means the same codec as long as the session lasts */
static void numbers_stay(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);

	(void)state;
	exchange(p, "0 8", "transcode=opus,G726-32",
		 "0 8 96:opus/48000/2 97:G726-32/8000", "96:opus/48000/2");
	/* the order of the wishes does not matter, nor one that is new */
	exchange(p, "0 8", "transcode=G726-32,AAL2-G726-32,opus",
		 "0 8 97:G726-32/8000 98:AAL2-G726-32/8000 96:opus/48000/2",
		 "96:opus/48000/2");
	/* nor what is not offered any more */
	exchange(p, "0", "transcode=opus", "0 96:opus/48000/2",
		 "96:opus/48000/2");
	mem_deref(p);
}

/* The answerer has numbers of its own, and knows no others */
static void numbers_of_theirs(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);

	(void)state;
	exchange(p, "0 111:opus/48000/2", "", "0 111:opus/48000/2",
		 "107:opus/48000/2");
	exchange(p, "0", "transcode=opus", "0 107:opus/48000/2",
		 "107:opus/48000/2");
	mem_deref(p);
}

/* A call that is transcoded goes on so when its offerer asks for nothing */
static void offered_again(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);

	(void)state;
	exchange(p, "0", "mask=all transcode=opus", "96:opus/48000/2",
		 "96:opus/48000/2");
	exchange(p, "0", "again", "0 96:opus/48000/2", "96:opus/48000/2");
	mem_deref(p);
}

/* reuse-codecs: an offerer that turns its list round changes nothing */
static void order_kept(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);

	(void)state;
	exchange(p, "0 8", "reuse", "0 8", "0 8");
	exchange(p, "8 9 0", "reuse", "0 8 9", "0 8");
	exchange(p, "8 9 0", "", "8 9 0", "0 8");
	mem_deref(p);
}

/* ---- what goes with a codec ------------------------------------------------ */

static void options(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);
	const struct neg_fmt *x;

	(void)state;
	exchange(p, "96:opus/48000/2 96=stereo=1",
		 "set=opus/48000/2/24000////complexity=3 "
		 "transcode=G722,L16/16000/1/0/40/foo--bar mask=opus",
		 "9 97:L16/16000", "9");
	x = &p->n.out.v[1];
	assert_string_equal(x->fmtp, "foo=bar");
	assert_int_equal(x->ptime, 40);
	/* what is encoded for the offerer: its own a=fmtp, our bit rate */
	x = &p->n.mine.v[0];
	assert_string_equal(x->name, "opus");
	assert_string_equal(x->fmtp, "stereo=1");
	assert_int_equal(x->bitrate, 24000);
	assert_int_equal(x->complexity, 3);

	/* and for the answerer, what was asked for it */
	exchange(p, "0", "mask=all transcode=opus/48000/2/32000/20",
		 "96:opus/48000/2", "96:opus/48000/2");
	x = &p->n.out.v[0];
	assert_string_equal(x->fmtp, "useinbandfec=1");
	assert_int_equal(x->bitrate, 32000);
	assert_int_equal(x->ptime, 20);
	mem_deref(p);
}

/* Lines that stay as they were written are told from those that are ours */
static void changes(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);

	(void)state;
	exchange(p, "0 8", "", "0 8", "8");
	assert_false(p->n.engaged);
	exchange(p, "0 8", "strip=PCMU transcode=opus", "8 96:opus/48000/2",
		 "96:opus/48000/2");
	assert_true(p->n.engaged);
	assert_int_equal(p->n.out.v[0].src, 1);
	assert_int_equal(p->n.out.v[1].src, -1);
	mem_deref(p);
}

/* 32 and 29 dynamic numbers, and then no more; never one that is RTCP's */
static void numbers_end(void **state)
{
	struct neg_offer *n = mem_zalloc(sizeof(*n), NULL);
	char text[TEXT] = "0";
	struct neg_err e = {""};
	struct wishes w;
	struct sdpx *sdp;

	(void)state;
	for (unsigned pt = 96; pt <= 127; pt++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " %u:X%u/8000", pt, pt);
	sdp = section(text);
	wishes_decode(&w, "transcode=opus");
	assert_int_equal(neg_offer(n, sdpx_media(sdp, 0), &w.p, NULL, &e), 0);
	assert_int_equal(n->out.v[n->out.n - 1].pt, 35);
	mem_deref(sdp);

	for (unsigned pt = 35; pt <= 63; pt++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " %u:X%u/8000", pt, pt);
	sdp = section(text);
	assert_int_equal(neg_offer(n, sdpx_media(sdp, 0), &w.p, NULL, &e),
			 ENOSPC);
	assert_non_null(strstr(e.msg, "opus"));
	mem_deref(sdp);
	mem_deref(n);
}

/* An a=fmtp that we cannot keep whole belongs to a codec that only passes */
static void too_long(void **state)
{
	struct pair *p = mem_zalloc(sizeof(*p), NULL);
	char text[TEXT];

	(void)state;
	(void)snprintf(text, sizeof(text), "96:opus/48000/2 96=x=%0200d 0", 1);
	exchange(p, text, "mask=PCMU transcode=G722", "9", "9");
	mem_deref(p);
}

static void params(void **state)
{
	struct pl val;

	(void)state;
	assert_true(neg_param("annexb=no", "annexb", &val));
	assert_int_equal(pl_strcmp(&val, "no"), 0);
	assert_true(neg_param("a=1; STEREO=1 ;b", "stereo", &val));
	assert_int_equal(pl_strcmp(&val, "1"), 0);
	assert_false(neg_param("xannexb=no;annexbx=yes", "annexb", &val));
	assert_false(neg_param("", "annexb", &val));
	assert_false(neg_param("annexb", "annexb", &val));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_cases),
		cmocka_unit_test(numbers_stay),
		cmocka_unit_test(numbers_of_theirs),
		cmocka_unit_test(offered_again),
		cmocka_unit_test(order_kept),
		cmocka_unit_test(options),
		cmocka_unit_test(changes),
		cmocka_unit_test(numbers_end),
		cmocka_unit_test(too_long),
		cmocka_unit_test(params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
