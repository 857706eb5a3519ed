/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offered profile, what a driver wants, answer: what each party is told and what its
 * leg does. Suites are called A, B, C (ours) and X (which we don't have); a section is
 * written as "SAVP A1 X2 setup=actpass ice".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>
#include <re.h>

#include "media/profile.h"

enum { TEXT = 1024 };

static const struct pl ours[] = {PL("A"), PL("B"), PL("C")};

/* ---- compact texts ---------------------------------------------------------- */

static const struct {
	const char *word, *proto;
} protov[] = {
	{"AVP", "RTP/AVP"},
	{"AVPF", "RTP/AVPF"},
	{"SAVP", "RTP/SAVP"},
	{"SAVPF", "RTP/SAVPF"},
	{"TSAVP", "UDP/TLS/RTP/SAVP"},
	{"TSAVPF", "UDP/TLS/RTP/SAVPF"},
	{"UDPTL", "udptl"},
	{"FOO", "RTP/FOO"},
};

static const char *proto_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(protov); i++) {
		if (!strcmp(protov[i].word, word))
			return protov[i].proto;
	}

	return NULL;
}

static void line(char *body, const char *fmt, const char *word)
{
	const size_t n = strlen(body);

	(void)re_snprintf(body + n, TEXT - n, fmt, word);
}

static void said(struct prof_said *s, const char *text)
{
	char head[TEXT] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
			  "c=IN IP4 192.0.2.1\r\nt=0 0\r\n";
	char tail[TEXT] = "", body[2 * TEXT], copy[TEXT], *word, *save = NULL;
	struct sdpx *sdp = NULL;
	struct pl pl;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char suite[64];

		if (proto_of(word))
			line(tail, "m=audio 4000 %s 0\r\n", proto_of(word));
		else if (!strncmp(word, "setup=", 6))
			line(tail, "a=fingerprint:sha-256 AA\r\na=setup:%s\r\n",
			     word + 6);
		else if (!strcmp(word, "fingerprint"))
			line(head, "a=fingerprint:sha-256 AA\r\n%s", "");
		else if (!strcmp(word, "ice"))
			line(tail, "a=ice-ufrag:x\r\na=ice-pwd:y\r\n%s", "");
		else if (!strcmp(word, "lite"))
			line(head, "a=ice-lite\r\n%s", "");
		else if (!strcmp(word, "trickle"))
			line(tail, "a=ice-options:ice2 trickle\r\n%s", "");
		else {
			(void)snprintf(suite, sizeof(suite), "%s %c inline:k",
				       word + 1, word[0]);
			line(tail, "a=crypto:%s\r\n", suite);
		}
	}
	(void)snprintf(body, sizeof(body), "%s%s", head, tail);
	pl_set_str(&pl, body);
	assert_int_equal(sdpx_decode(&sdp, &pl, NULL), 0);
	prof_read(s, sdp, 0);
	mem_deref(sdp);
}

static const char *side_text(const struct prof_side *s)
{
	static const char *const roles[] = {"none", "active", "passive",
					    "actpass"};
	static char buf[TEXT];
	size_t n = 0;

#define ADD(...) n += (size_t)snprintf(buf + n, sizeof(buf) - n, __VA_ARGS__)
	for (size_t i = 0; i < ARRAY_SIZE(protov); i++) {
		const char *name = prof_proto_name(s->proto);

		if (name && !strcmp(name, protov[i].proto))
			ADD("%s", protov[i].word);
	}
	for (unsigned i = 0; i < s->suites.n; i++) {
		const struct prof_suite *x = &s->suites.v[i];

		ADD(" %s%u%s", x->name, x->tag, x->src >= 0 ? "'" : "");
	}
	assert_int_equal(s->sdes, s->suites.n > 0);
	assert_int_equal(s->dtls, s->setup != ROLE_NONE);
	assert_int_equal(s->feedback, prof_feedback(s->proto));
	if (s->dtls)
		ADD(" dtls=%s", roles[s->setup]);
	if (s->pass_keys)
		ADD(" pass");
	if (s->ice)
		ADD(" ice=%s%s%s%s", s->ice_lite ? "lite" : "full",
		    s->controlling ? ",controls" : "",
		    s->relay_only ? ",relay" : "",
		    s->trickle ? ",trickle" : "");
#undef ADD

	return buf;
}

/** Wishes: "to=SAVP only=A no=B order=C,A prefer=B ice=force dtls=passive ..." */
struct wishes {
	struct prof_policy p;
	struct pl v[4][4];
	char text[TEXT];
};

static int word_index(const char *const *v, const char *word)
{
	for (int i = 0; v[i]; i++) {
		if (!strcmp(v[i], word))
			return i;
	}
	fail_msg("%s?", word);

	return 0;
}

static void wish_list(struct wishes *w, unsigned i, char *text)
{
	struct prof_names *l = &w->p.only;
	char *item, *save = NULL;

	l[i].v = w->v[i];
	for (item = strtok_r(text, ",", &save); item;
	     item = strtok_r(NULL, ",", &save))
		pl_set_str(&w->v[i][l[i].n++], item);
}

static void wish(struct wishes *w, char *word)
{
	static const char *const dtls[] = {"", "active", "passive", "off",
					   NULL};
	static const char *const ice[] = {"",      "remove",   "force",
					  "relay", "optional", NULL};
	static const char *const lite[] = {"",     "forward", "backward",
					   "both", "off",     NULL};
	static const char *const flags[] = {
		"sdes-off", "nonew",        "static",  "reject-ice", "trickle",
		"osrtp",    "osrtp-accept", "recrypt", "accept",     NULL};
	bool *const flagv[] = {
		&w->p.sdes_off,     &w->p.sdes_nonew, &w->p.sdes_static,
		&w->p.reject_ice,   &w->p.trickle,    &w->p.osrtp_offer,
		&w->p.osrtp_accept, &w->p.recrypt,    &w->p.transport_accept};
	static const char *const lists[] = {"only", "no", "order", "prefer",
					    NULL};
	char *eq = strchr(word, '=');
	struct pl pl;

	if (!eq) {
		*flagv[word_index(flags, word)] = true;
		return;
	}
	*eq++ = '\0';
	if (!strcmp(word, "to")) {
		pl_set_str(&pl, proto_of(eq));
		w->p.transport = prof_proto(&pl);
	} else if (!strcmp(word, "dtls")) {
		w->p.dtls = (enum prof_dtls)word_index(dtls, eq);
	} else if (!strcmp(word, "reverse")) {
		w->p.dtls_reverse = (enum prof_dtls)word_index(dtls, eq);
	} else if (!strcmp(word, "ice")) {
		w->p.ice = (enum prof_ice)word_index(ice, eq);
	} else if (!strcmp(word, "lite")) {
		w->p.lite = (enum prof_lite)word_index(lite, eq);
	} else {
		wish_list(w, (unsigned)word_index(lists, word), eq);
	}
}

static void wishes_decode(struct wishes *w, const char *text)
{
	char *word, *save = NULL;

	memset(w, 0, sizeof(*w));
	w->p.ours = (struct prof_names){ours, ARRAY_SIZE(ours)};
	(void)snprintf(w->text, sizeof(w->text), "%s", text);
	for (word = strtok_r(w->text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		wish(w, word);
}

/* ---- the cases -------------------------------------------------------------- */

struct row {
	const char *offer, *wish, *told; /* NULL: refused            */
	const char *answer, *back, *leg;
	const char *awish; /* of the answer, NULL none               */
};

static const struct row rows[] = {
	/* nothing to do */
	{"AVP", "", "AVP", "AVP", "AVP", "AVP", NULL},
	{"UDPTL", "", "UDPTL", "UDPTL", "UDPTL", "UDPTL", NULL},
	{"AVPF", "to=AVP", "AVP", "AVP", "AVPF", "AVP", NULL},
	{"AVP", "", "AVP", "AVPF", "AVPF", "AVP", "accept"},

	/* keys of the two parties pass; ours stand behind them */
	{"SAVP A1 X2", "", "SAVP A1' X2' B3 C4 dtls=actpass", "SAVP A1",
	 "SAVP A1' pass", "SAVP A1' pass", NULL},
	{"SAVP A1 X2", "", "SAVP A1' X2' B3 C4 dtls=actpass", "SAVP X2",
	 "SAVP X2' pass", "SAVP X2' pass", NULL},
	{"SAVP A1 X2", "", "SAVP A1' X2' B3 C4 dtls=actpass", "SAVP B3",
	 "SAVP A1", "SAVP B3", NULL},
	{"SAVP A1", "recrypt", "SAVP A1 B2 C3 dtls=actpass", "SAVP A1",
	 "SAVP A1", "SAVP A1", NULL},
	{"SAVP A7", "nonew dtls=off", "SAVP A7'", "SAVP A7", "SAVP A7' pass",
	 "SAVP A7' pass", NULL},
	{"SAVP A1", "dtls=off", "SAVP A1' B2 C3", "SAVP A2", NULL, NULL, NULL},
	{"SAVP A1", "dtls=off", "SAVP A1' B2 C3", "SAVP X1", NULL, NULL, NULL},

	/* only, no, order, offerer_pref */
	{"SAVP A1 B2", "only=B,C no=B dtls=off", "SAVP B2' C3", "SAVP C3",
	 "SAVP B2", "SAVP C3", NULL},
	{"SAVP A1 B2", "no=A dtls=off", "SAVP B2' C3", "SAVP B2",
	 "SAVP B2' pass", "SAVP B2' pass", NULL},
	{"SAVP A1", "only=C dtls=off", "SAVP C1", "SAVP C1", "SAVP A1",
	 "SAVP C1", NULL},
	{"SAVP A1 B2", "order=C,B dtls=off", "SAVP C3 B2' A1'", "SAVP C3",
	 "SAVP A1", "SAVP C3", NULL},
	{"SAVP A1 B2", "prefer=B recrypt no=A,B dtls=off", "SAVP C1", "SAVP C1",
	 "SAVP A1", "SAVP C1", NULL},
	{"SAVP A1 B2", "prefer=B only=C,B,A recrypt dtls=off", "SAVP A1 B2 C3",
	 "SAVP C3", "SAVP B2", "SAVP C3", NULL},

	/* RTP to SRTP and back */
	{"AVP", "to=SAVP", "SAVP A1 B2 C3 dtls=actpass", "SAVP B2", "AVP",
	 "SAVP B2", NULL},
	{"AVP", "to=SAVP sdes-off", "SAVP dtls=actpass", "SAVP setup=active",
	 "AVP", "SAVP dtls=passive", NULL},
	{"AVP", "to=SAVP sdes-off dtls=off", NULL, NULL, NULL, NULL, NULL},
	{"AVP", "to=SAVP nonew dtls=off", NULL, NULL, NULL, NULL, NULL},
	{"AVP", "to=SAVP", "SAVP A1 B2 C3 dtls=actpass", "SAVP", NULL, NULL,
	 NULL},
	{"SAVP A1 B2", "to=AVP", "AVP", "AVP", "SAVP A1", "AVP", NULL},
	{"SAVP X1", "to=AVP sdes-off", NULL, NULL, NULL, NULL, NULL},
	{"TSAVPF setup=actpass", "to=AVP reverse=off", NULL, NULL, NULL, NULL,
	 NULL},
	{"SAVP", "", NULL, NULL, NULL, NULL, NULL},

	/* DTLS: who offers lets the other choose; who is offered chooses */
	{"TSAVPF setup=actpass", "to=AVP", "AVP", "AVP", "TSAVPF dtls=active",
	 "AVP", NULL},
	{"TSAVPF setup=actpass", "to=AVP reverse=passive", "AVP", "AVP",
	 "TSAVPF dtls=passive", "AVP", NULL},
	{"TSAVPF setup=actpass", "to=AVP dtls=passive", "AVP", "AVP",
	 "TSAVPF dtls=passive", "AVP", NULL},
	{"TSAVPF setup=active", "to=AVP", "AVP", "AVP", "TSAVPF dtls=passive",
	 "AVP", NULL},
	{"TSAVPF setup=passive", "to=AVP reverse=passive", "AVP", "AVP",
	 "TSAVPF dtls=active", "AVP", NULL},
	{"TSAVPF fingerprint", "to=AVP", "AVP", "AVP", "TSAVPF dtls=passive",
	 "AVP", NULL},
	{"AVP", "to=TSAVPF ice=force", "TSAVPF dtls=actpass ice=full,controls",
	 "TSAVPF setup=passive ice", "AVP",
	 "TSAVPF dtls=active ice=full,controls", NULL},
	{"AVP", "to=TSAVPF dtls=off", NULL, NULL, NULL, NULL, NULL},
	{"TSAVPF setup=actpass A1", "to=SAVP", "SAVP A1' B2 C3 dtls=actpass",
	 "SAVP A1", "TSAVPF dtls=active", "SAVP A1'", NULL},
	{"SAVPF A1 setup=actpass", "", "SAVPF A1' B2 C3 dtls=actpass",
	 "SAVPF setup=active A1", "SAVPF dtls=active", "SAVPF dtls=passive",
	 NULL},

	/* ICE: as offered, unless the wishes are others */
	{"AVP ice", "", "AVP ice=full,controls", "AVP ice", "AVP ice=full",
	 "AVP ice=full,controls", NULL},
	{"AVP ice", "", "AVP ice=full,controls", "AVP", "AVP ice=full", "AVP",
	 NULL},
	{"AVP ice", "ice=remove", "AVP", "AVP", "AVP", "AVP", NULL},
	{"AVP ice", "reject-ice", "AVP ice=full,controls", "AVP ice", "AVP",
	 "AVP ice=full,controls", NULL},
	{"AVP ice", "", "AVP ice=full,controls", "AVP ice", "AVP",
	 "AVP ice=full,controls", "ice=remove"},
	{"AVP", "ice=relay", "AVP ice=full,controls,relay", "AVP ice", "AVP",
	 "AVP ice=full,controls,relay", NULL},
	{"AVP", "ice=optional", "AVP", "AVP", "AVP", "AVP", NULL},
	{"AVP ice lite", "", "AVP ice=full,controls", "AVP ice",
	 "AVP ice=full,controls", "AVP ice=full,controls", NULL},
	{"AVP ice lite", "lite=both", "AVP ice=lite", "AVP ice", "AVP ice=lite",
	 "AVP ice=lite", NULL},
	{"AVP ice", "lite=backward", "AVP ice=full,controls", "AVP ice",
	 "AVP ice=lite", "AVP ice=full,controls", NULL},
	{"AVP ice trickle", "", "AVP ice=full,controls,trickle", "AVP ice",
	 "AVP ice=full,trickle", "AVP ice=full,controls", NULL},
	{"AVP", "ice=force trickle", "AVP ice=full,controls,trickle",
	 "AVP ice trickle", "AVP", "AVP ice=full,controls,trickle", NULL},

	/* RFC 8643: keys in an RTP/AVP that may be taken, or not */
	{"AVP A1", "", "AVP A1' B2 C3", "AVP A1", "AVP A1' pass",
	 "AVP A1' pass", NULL},
	{"AVP A1", "", "AVP A1' B2 C3", "AVP", "AVP", "AVP", NULL},
	{"AVP A1", "osrtp-accept", "AVP A1' B2 C3", "AVP", "AVP A1", "AVP",
	 NULL},
	{"AVP A1", "", "AVP A1' B2 C3", "AVP", "AVP A1", "AVP", "osrtp-accept"},
	{"AVP", "osrtp", "AVP A1 B2 C3", "AVP B2", "AVP", "AVP B2", NULL},
	{"AVP", "osrtp", "AVP A1 B2 C3", "AVP", "AVP", "AVP", NULL},
	{"AVP setup=actpass", "", "AVP dtls=actpass", "AVP setup=active",
	 "AVP dtls=active", "AVP dtls=passive", NULL},
};

static unsigned failures;

static void same(const struct row *r, const char *what, const char *got,
		 const char *want)
{
	if (got && want && !strcmp(got, want))
		return;

	print_error("%s | %s | %s: %s is '%s', not '%s'\n", r->offer, r->wish,
		    r->answer ? r->answer : "", what, got ? got : "refused",
		    want ? want : "refused");
	++failures;
}

static void row(const struct row *r)
{
	struct prof_said o, an;
	struct prof_answer pa;
	struct prof_offer po;
	struct wishes w, aw;
	struct prof_err e = {""};
	int err;

	wishes_decode(&w, r->wish);
	wishes_decode(&aw, r->awish ? r->awish : "");
	said(&o, r->offer);
	err = prof_offer(&po, &o, &w.p, &e);
	if (err || !r->told) {
		if (!err || r->told || !e.msg[0])
			same(r, "offer", err ? NULL : side_text(&po.to),
			     r->told);
		return;
	}
	same(r, "offer", side_text(&po.to), r->told);

	said(&an, r->answer);
	err = prof_answer(&pa, &po, &an, &aw.p, NULL, &e);
	if (err || !r->back) {
		if (!err || r->back || !e.msg[0])
			same(r, "answer", err ? NULL : side_text(&pa.from),
			     r->back);
		return;
	}
	same(r, "answer", side_text(&pa.from), r->back);
	same(r, "leg", side_text(&pa.to), r->leg);
}

static void table_of_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row(&rows[i]);
	assert_int_equal(failures, 0);
}

/* SDES-static: what was agreed stays, even if keys could pass now */
static void stays(void **state)
{
	struct prof_answer first, again;
	struct prof_said o, an;
	struct prof_offer po;
	struct wishes w;

	(void)state;
	wishes_decode(&w, "static dtls=off order=C");
	said(&o, "SAVP A1 B2");
	assert_int_equal(prof_offer(&po, &o, &w.p, NULL), 0);
	said(&an, "SAVP C3");
	assert_int_equal(prof_answer(&first, &po, &an, &w.p, NULL, NULL), 0);
	assert_string_equal(side_text(&first.from), "SAVP A1");

	said(&o, "SAVP B1 A2");
	assert_int_equal(prof_offer(&po, &o, &w.p, NULL), 0);
	said(&an, "SAVP B1");
	assert_int_equal(prof_answer(&again, &po, &an, &w.p, &first, NULL), 0);
	assert_string_equal(side_text(&again.from), "SAVP A2");
	assert_int_equal(prof_answer(&again, &po, &an, &w.p, NULL, NULL), 0);
	assert_string_equal(side_text(&again.from), "SAVP B1' pass");
}

/* Lines that make no sense are none; there may be more than anybody needs */
static void read_odd(void **state)
{
	char text[TEXT] = "SAVP";
	struct prof_said s;

	(void)state;
	said(&s, "FOO Ax B7");
	assert_int_equal(s.proto, PROTO_OTHER);
	assert_null(prof_proto_name(s.proto));
	assert_int_equal(s.suites.n, 1);
	assert_int_equal(s.suites.v[0].tag, 7);
	assert_int_equal(s.suites.v[0].src, 1);

	for (unsigned i = 1; i <= PROF_SUITES + 2; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " A%u", i);
	said(&s, text);
	assert_int_equal(s.suites.n, PROF_SUITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_cases),
		cmocka_unit_test(stays),
		cmocka_unit_test(read_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
