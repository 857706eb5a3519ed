/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message that an input stands for.
 */
#include <string.h>
#include "edge/key.h"
#include "must.h"
#include "sipmutate.h"
#include "siptext.h"
#include "torture.h"

/* The right branch into a response's topmost Via, where one of ours could be: else
 * none would ever get as far as being forwarded */
static void sign(const struct policy *p, char *text, size_t n)
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
	i %= (int)p->listenerc;
	/* it goes to where its request came from: of the listener's family */
	if (sa_af(&to) != sa_af(&p->listenerv[i].addr))
		return;
	key_branch(branch, p, &m, &m.viav[1], &to, (unsigned)i);
	memcpy(text + (m.viav[0].branch.p - text), branch, KEY_BRANCH - 1);
}

/* ---- recipes ----------------------------------------------------------------- */

static const char *const seedv[] = {
	"invite",     "invite-domain", "invite6",     "ack",       "cancel",
	"bye-routes", "bye-strict",    "ok",          "ok-line",   "ok6",
	"node-out",   "register",      "options",     "subscribe", "old",
	"digest",     "user-invite",   "user-cancel", "user-nat",  "user-gruu",
	"phone-bye",  "phone-token",
};

/* A good message: a seed, which has two bytes in front, or a torture message */
static size_t good(char *text, unsigned i)
{
	static struct torture_text t;
	char path[512];
	size_t n;
	FILE *f;

	i %= ARRAY_SIZE(seedv) + (unsigned)torturec;
	if (i >= ARRAY_SIZE(seedv)) {
		MUST(!torture_read(&t, torturev[i - ARRAY_SIZE(seedv)].name,
				   "000000000000000000"));
		n = t.inlen < SIPTEXT_MAX ? t.inlen : 0;
		memcpy(text, t.in, n);
		return n;
	}
	(void)snprintf(path, sizeof(path), "%s/fuzz/corpus/sip/%s", TEST_DATA,
		       seedv[i]);
	f = fopen(path, "r");
	MUST(f);
	MUST(fread(text, 1, SIPTEXT_HEAD, f) == SIPTEXT_HEAD);
	n = fread(text, 1, SIPTEXT_MAX, f);
	(void)fclose(f);
	return n;
}

/* All of them are read once */
static size_t base(char *text, unsigned i)
{
	static struct {
		char text[SIPTEXT_MAX];
		size_t n;
	} cachev[128];
	const unsigned k = i % ARRAY_SIZE(cachev);

	if (!cachev[k].n)
		cachev[k].n = good(cachev[k].text, k);
	memcpy(text, cachev[k].text, cachev[k].n);
	return cachev[k].n;
}

/* One change, of four bytes: what, where (of 65536 parts), with what */
static size_t change(char *text, size_t n, const uint8_t *d)
{
	const size_t at = ((size_t)d[1] << 8 | d[2]) * n >> 16;
	const char *word = sip_wordv[d[3] % sip_wordc];
	unsigned seed = (unsigned)d[2] << 8 | d[3];
	size_t len = strlen(word);

	switch (d[0] % 5) {
	case 0:
		if (n + len > SIPTEXT_MAX)
			return n;
		memmove(text + at + len, text + at, n - at);
		memcpy(text + at, word, len);
		return n + len;
	case 1:
		len = d[3] % 8 < n - at ? d[3] % 8 : 0;
		memmove(text + at, text + at + len, n - at - len);
		return n - len;
	case 2:
		text[at] = (char)d[3];
		return n;
	case 3: /* one letter more of a number, or another digit */
		if (text[at] >= '0' && text[at] <= '9')
			text[at] = (char)('0' + d[3] % 10);
		else if (text[at] >= 'A')
			text[at] ^= 0x20;
		return n;
	default:
		return sip_move_line((uint8_t *)text, n, SIPTEXT_MAX, d[1] % 3,
				     &seed);
	}
}

size_t siptext_make(char *text, const struct policy *p, const uint8_t *data,
		    size_t size)
{
	size_t n = size - SIPTEXT_HEAD;

	if (size <= SIPTEXT_HEAD || n > SIPTEXT_MAX)
		return 0;
	if (data[1] & SIPTEXT_RECIPE) {
		n = base(text, data[SIPTEXT_HEAD]);
		for (size_t i = SIPTEXT_HEAD + 1; n && i + 4 <= size && i < 32;
		     i += 4)
			n = change(text, n, data + i);
	} else {
		memcpy(text, data + SIPTEXT_HEAD, n);
	}
	if (!(data[0] & HOW_UNSIGNED))
		sign(p, text, n);
	return n;
}
