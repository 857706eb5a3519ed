/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP messages for the fuzzers: made, signed, and looked at once they have left.
 */
#include <string.h>
#include "edge/edit.h"
#include "edge/key.h"
#include "must.h"
#include "siptext.h"
#include "torture.h"

#define TEXT_MAX 2300
#define HEAD 2 /* how, from where */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);

/* ---- mutation -------------------------------------------------------------- */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Start and length, with the end, of the line that holds this byte */
static size_t line_at(const uint8_t *p, size_t n, size_t at, size_t *len)
{
	size_t from = at, to = at;

	while (from && p[from - 1] != '\n')
		--from;
	while (to < n && p[to] != '\n')
		++to;
	*len = (to < n ? to + 1 : n) - from;
	return from;
}

/* A line out, in once more, or to another place */
static size_t move_line(uint8_t *p, size_t n, size_t max, unsigned how,
			unsigned *seed)
{
	static uint8_t line[TEXT_MAX];
	size_t len, at = line_at(p, n, next_random(seed) % n, &len), to;

	memcpy(line, p + at, len);
	if (how != 1) {
		memmove(p + at, p + at + len, n - at - len);
		n -= len;
	}
	if (!how || !n || n + len > max)
		return n;
	to = line_at(p, n, next_random(seed) % n, &(size_t){0});
	memmove(p + to + len, p + to, n - to);
	memcpy(p + to, line, len);
	return n + len;
}

/* Text of ours in front of a line or of a byte */
static size_t insert(uint8_t *p, size_t n, size_t max, unsigned *seed)
{
	static const char *const v[] = {
		" ",
		"\t",
		"\r\n ",
		";",
		",",
		"\"",
		"<",
		">",
		"%",
		"@",
		":",
		";rport",
		";received=192.0.2.10",
		";branch=z9hG4bKx",
		";lr",
		";tag=x",
		"?x=y",
		"[",
		"::ffff:",
		"Route: <sip:192.0.2.1;lr>\r\n",
		"Route: <sip:198.51.100.20;lr>, <sip:192.0.2.10>\r\n",
		"Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKy\r\n",
		"Max-Forwards: 70\r\n",
		"l: 0\r\n",
		"Record-Route: <sip:192.0.2.1;lr>\r\n",
	};
	const unsigned i = next_random(seed) % ARRAY_SIZE(v);
	const size_t len = strlen(v[i]);
	size_t at = next_random(seed) % n;

	if (n + len > max)
		return n;
	if (len > 16)
		at = line_at(p, n, at, &(size_t){0});
	memmove(p + at + len, p + at, n - at);
	memcpy(p + at, v[i], len);
	return n + len;
}

static size_t torture(uint8_t *p, size_t max, unsigned *seed)
{
	static struct torture_text t;

	MUST(!torture_read(&t, torturev[next_random(seed) % torturec].name,
			   "000000000000000000"));
	if (t.inlen > max || t.inlen > TEXT_MAX)
		return 0;
	memcpy(p, t.in, t.inlen);
	return t.inlen;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	const unsigned what = next_random(&seed) % 64;
	uint8_t *p = data + HEAD;
	size_t n = size - HEAD;

	if (max > TEXT_MAX)
		max = TEXT_MAX;
	if (max <= HEAD)
		return LLVMFuzzerMutate(data, size, max);
	if (size <= HEAD || size > max || what == 0) {
		data[0] = (uint8_t)next_random(&seed);
		data[1] = (uint8_t)next_random(&seed);
		n = torture(p, max - HEAD, &seed);
		return HEAD + n;
	}
	if (what < 4) {
		data[0] = (uint8_t)next_random(&seed);
		data[1] = (uint8_t)next_random(&seed);
		return size;
	}
	if (what < 16)
		return HEAD + move_line(p, n, max - HEAD, what % 3, &seed);
	if (what < 28)
		return HEAD + insert(p, n, max - HEAD, &seed);
	return HEAD + LLVMFuzzerMutate(p, n, max - HEAD);
}

/* ---- responses of our own making -------------------------------------------- */

void siptext_sign(const struct policy *p, char *text, size_t n)
{
	static struct msg m;
	const struct pl pl = {text, n};
	char branch[KEY_BRANCH];
	struct msg_fault f;
	struct sa to;
	int i;

	(void)msg_decode(&m, &pl, true, &f);
	if (!m.code || m.viac < 2 || reply_addr(&to, &m.viav[1]))
		return;
	i = key_branch_listener(&m.viav[0].branch);
	if (i < 0)
		return;
	key_branch(branch, p, &m, &m.viav[1], &to,
		   (unsigned)i % (unsigned)p->listenerc);
	memcpy(text + (m.viav[0].branch.p - text), branch, KEY_BRANCH - 1);
}

/* ---- what left --------------------------------------------------------------- */

static void same(const struct pl *a, const struct pl *b)
{
	MUST(a->l == b->l && (!a->l || !memcmp(a->p, b->p, a->l)));
}

static void check_same(const struct msg *a, const struct msg *b)
{
	same(&a->callid, &b->callid);
	same(&a->from_tag, &b->from_tag);
	same(&a->to_tag, &b->to_tag);
	same(&a->cseq, &b->cseq);
	same(&a->cseq_met, &b->cseq_met);
	same(&a->body, &b->body);
}

bool siptext_read(struct msg *m, const struct pl *text)
{
	struct msg_fault f;

	if (!msg_decode(m, text, true, &f))
		return true;
	/* the fourth Route and the third Via are for others to look at, who are
	 * nearer to them */
	if (f.why &&
	    (!strcmp(f.why, "Malformed Route") ||
	     (m->code && m->viac > 1 && !strcmp(f.why, "Malformed Via"))))
		return false;
	fprintf(stderr, "%s in:\n%.*s\n", f.why ? f.why : "?", (int)text->l,
		text->p);
	abort();
}

void siptext_check_request(const struct policy *p, const struct msg *in,
			   const struct pl *text)
{
	static struct msg m;
	const struct msg_header *hops;
	struct sa sa;

	if (!siptext_read(&m, text))
		return;
	MUST(!m.code);
	check_same(in, &m);
	same(&in->met, &m.met);
	MUST(m.viac == in->viac + 1);
	MUST(!sa_set(&sa, &m.viav[0].host,
		     m.viav[0].port ? m.viav[0].port : 5060));
	MUST(policy_self(p, &sa) >= 0);
	MUST(key_branch_listener(&m.viav[0].branch) >= 0);
	same(&in->viav[0].branch, &m.viav[1].branch);
	same(&in->viav[0].sentby, &m.viav[1].sentby);
	for (size_t i = 1; i < in->viac; i++)
		same(&in->viav[i].entry, &m.viav[i + 1].entry);
	MUST(m.routec + 2 >= in->routec && m.routec <= in->routec);
	hops = in->first[MSG_MAX_FORWARDS];
	MUST(m.first[MSG_MAX_FORWARDS]);
	MUST(pl_u32(&m.first[MSG_MAX_FORWARDS]->val) ==
	     (hops ? pl_u32(&hops->val) - 1 : 70));
}

void siptext_check_response(const struct msg *in, const struct pl *text)
{
	static struct msg m;

	if (!siptext_read(&m, text))
		return;
	MUST(m.code == in->code);
	check_same(in, &m);
	MUST(m.viac + 1 == in->viac);
	for (size_t i = 1; i < in->viac; i++)
		same(&in->viav[i].entry, &m.viav[i - 1].entry);
}
