/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A header Proxy-Authorization in a request that needs it. "@m" and "@s" in it stand
 * for nonces that are good, and new each time, "@r" and "@t" for the right answers to
 * them, with nc 1, cnonce "c" and the request's URI:
 *
 *   - it leaves only with what libre, too, finds to be the right digest of a user,
 *     and then without a header of our realm;
 *   - else it is refused, by 407 with a challenge for each algorithm, or without;
 *   - the same once more has the same end (a retransmission).
 *
 * The input is read as a file of users, too.
 */
#include <string.h>
#include "carom/sipkey.h"
#include "edge/auth.h"
#include "digest/cred.h"
#include "edge/forward.h"
#include "digest/nonce.h"
#include "digest/users.h"
#include "must.h"

#define REALM "example.com"
#define URI "sip:b@" REALM
#define PASSWORD "secret"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1000000, TEXT = 65536 };

static struct policy *policy;
static struct users *users;
static struct digest *digest;
static char noncev[DIGEST_ALGS][NONCE_LEN + 1];
static char answerv[DIGEST_ALGS][DIGEST_HEX + 1];
static char ha1v[DIGEST_ALGS][DIGEST_HEX + 1];

static uint64_t now(void)
{
	return NOW;
}

static const char *ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	return users_ha1(arg, user, alg);
}

static const struct auth_conf conf = {
	.key = {1, 2},
	.realm = REALM,
	.algv = {DIGEST_SHA256, DIGEST_MD5},
	.algc = 2,
	.lifetime = 300,
	.match_from = true,
	.ha1h = ha1,
	.now = now,
};

static void make_users(void)
{
	struct users_err e = {""};
	char text[512];
	struct pl pl;

	MUST(!digest_alloc(&digest));
	for (unsigned i = 0; i < DIGEST_FILED; i++)
		MUST(!digest_join(
			digest, ha1v[i], i,
			(struct pl[]){PL("alice"), PL(REALM), PL(PASSWORD)},
			3));
	(void)re_snprintf(text, sizeof(text),
			  "alice:" REALM ":%s\nalice:" REALM ":%s\n", ha1v[0],
			  ha1v[1]);
	pl_set_str(&pl, text);
	MUST(!users_parse(&users, "users", REALM, &pl, &e));
}

static int open_auth(void)
{
	struct auth_conf c = conf;

	c.arg = users;
	MUST(!auth_alloc(&policy->auth, &c, NULL));
	return 0;
}

/* Nonces that nobody has used, and what answers them */
static void make_nonces(void)
{
	static uint64_t nth;
	char ha2[DIGEST_HEX + 1];

	nth++;
	for (unsigned i = 0; i < DIGEST_FILED; i++) {
		const struct nonce_scope s = {
			.key = {1, 2}, .realm = PL(REALM), .alg = i};
		struct pl v[6] = {PL("INVITE"), PL(URI)};

		nonce_make(noncev[i], &s, NOW, nth);
		MUST(!digest_join(digest, ha2, i, v, 2));
		pl_set_str(&v[0], ha1v[i]);
		pl_set_str(&v[1], noncev[i]);
		pl_set_str(&v[2], "00000001");
		pl_set_str(&v[3], "c");
		pl_set_str(&v[4], "auth");
		pl_set_str(&v[5], ha2);
		MUST(!digest_join(digest, answerv[i], i, v, 6));
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char list_text[] = "1 sip:192.0.2.31:5060\n";
	const struct pl pl = {list_text, sizeof(list_text) - 1};
	struct ds_sets *sets = NULL;
	struct ds_list *list = NULL;
	(void)argc;
	(void)argv;

	MUST(!libre_init());
	make_users();
	MUST(!policy_alloc(&policy));
	policy->listenerc = 1;
	MUST(!sa_set_str(&policy->listenerv[0].addr, "192.0.2.1", 5060));
	policy->listenerv[0].advertised = policy->listenerv[0].addr;
	MUST(!str_dup(&policy->domainv[policy->domainc++], REALM));
	MUST(!ds_list_parse(&list, "list", &pl, NULL));
	MUST(!ds_sets_alloc(&sets, NULL));
	MUST(!ds_sets_merge(sets, list, 1, NULL));
	policy->setv[0].set = mem_ref(ds_sets_find(sets, 1));
	policy->setv[0].flags = SIP_SET_AUTH;
	policy->rulec = 1;
	mem_deref(sets);
	mem_deref(list);
	return open_auth();
}

/* ---- a run -------------------------------------------------------------------- */

/* What "@m" and the like stand for; NULL: for themselves */
static const char *stands_for(uint8_t c)
{
	switch (c) {
	case 'm':
		return noncev[DIGEST_MD5];
	case 's':
		return noncev[DIGEST_SHA256];
	case 'r':
		return answerv[DIGEST_MD5];
	case 't':
		return answerv[DIGEST_SHA256];
	default:
		return NULL;
	}
}

static bool more_of_it(const uint8_t *p, size_t n)
{
	static const char name[] = "Proxy-Authorization: ";

	return n >= sizeof(name) && !memcmp(p, name, sizeof(name) - 1);
}

static struct mbuf *request(const uint8_t *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1024);

	MUST(mb);
	MUST(!mbuf_printf(mb,
			  "INVITE sip:b@" REALM " SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1\r\n"
			  "From: <sip:alice@" REALM ">;tag=1\r\n"
			  "To: <sip:b@" REALM ">\r\nCall-ID: c\r\n"
			  "CSeq: 1 INVITE\r\nProxy-Authorization: "));
	for (size_t i = 0; i < size; i++) {
		const char *s = data[i] == '@' && i + 1 < size
					? stands_for(data[i + 1])
					: NULL;

		MUST(!(s ? mbuf_write_str(mb, s) : mbuf_write_u8(mb, data[i])));
		i += s != NULL;
		/* a line that is none of these would be another subject */
		if (data[i] == '\n' && !more_of_it(data + i + 1, size - i - 1))
			MUST(!mbuf_write_u8(mb, ' '));
	}
	MUST(!mbuf_printf(mb, "\r\nContent-Length: 0\r\n\r\n"));
	mb->pos = 0;
	return mb;
}

/* Any header of the message that libre finds right */
static bool judged_right(const struct msg *m)
{
	uint8_t raw[MD5_SIZE];

	MUST(!md5_printf(raw, "alice:" REALM ":" PASSWORD));
	for (size_t i = 0; i < m->hdrc; i++) {
		struct httpauth_digest_resp r;
		struct cred c;

		if (m->hdrv[i].type != MSG_PROXY_AUTHORIZATION ||
		    cred_decode(&c, &m->hdrv[i].val))
			continue;
		/* it knows MD5 alone, and values that are as they should be */
		if (c.alg == DIGEST_SHA256 || !c.qop.p ||
		    httpauth_digest_response_decode(&r, &m->hdrv[i].val) ||
		    pl_cmp(&r.nonce, &c.nonce) || pl_cmp(&r.uri, &c.uri) ||
		    pl_cmp(&r.cnonce, &c.cnonce) || pl_cmp(&r.nc, &c.nc) ||
		    pl_cmp(&r.response, &c.response) || pl_cmp(&r.qop, &c.qop))
			return true;
		/* small letters are not demanded */
		if (!httpauth_digest_response_auth(&r, &m->met, raw))
			return true;
	}
	return false;
}

static void look_at_sent(const struct mbuf *mb)
{
	static struct msg m;
	const struct pl text = {(const char *)mb->buf, mb->end},
			realm = PL(REALM);
	struct msg_fault f;

	MUST(!msg_decode(&m, &text, true, &f));
	for (size_t i = 0; i < m.hdrc; i++) {
		struct cred c;

		if (m.hdrv[i].type != MSG_PROXY_AUTHORIZATION ||
		    cred_decode(&c, &m.hdrv[i].val) == ENOENT)
			continue;
		MUST(!c.realm.p || !cred_is(&c.realm, &realm));
	}
}

static void look_at_reply(const struct forward_out *out)
{
	const struct pl text = {(const char *)out->mb->buf, out->mb->end};
	static struct msg m;
	struct msg_fault f;
	unsigned n = 0;

	MUST(out->code == 400 || out->code == 403 || out->code == 407);
	MUST(!msg_decode(&m, &text, true, &f));
	for (size_t i = 0; i < m.hdrc; i++)
		n += !pl_strcasecmp(&m.hdrv[i].name, "Proxy-Authenticate");
	MUST(n == (out->code == 407 ? 2 : 0));
}

static enum forward_verdict run(const struct mbuf *mb)
{
	struct forward_in in = {.text = {(const char *)mb->buf, mb->end}};
	static struct msg m;
	struct forward_out out;
	enum forward_verdict v;

	MUST(!sa_set_str(&in.src, "192.0.2.9", 5060));
	v = forward(policy, &in, &m, &out);
	MUST(v == FORWARD_SEND || v == FORWARD_REPLY || v == FORWARD_DROP);
	if (v == FORWARD_SEND) {
		MUST(judged_right(&m));
		look_at_sent(out.mb);
	} else if (v == FORWARD_REPLY) {
		look_at_reply(&out);
	}
	mem_deref(out.mb);
	return v;
}

static void as_users(const uint8_t *data, size_t size)
{
	const struct pl text = {(const char *)data, size};
	struct users_err e = {""};
	struct users *u = NULL;

	if (users_parse(&u, "fuzz", REALM, &text, &e)) {
		MUST(!strncmp(e.msg, "fuzz:", 5));
		MUST(strstr(e.msg, "; allowed: "));
	}
	mem_deref(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mbuf *mb;

	as_users(data, size);
	if (size > TEXT)
		return 0;
	make_nonces();
	mb = request(data, size);
	MUST(run(mb) == run(mb));
	mem_deref(mb);
	return 0;
}
