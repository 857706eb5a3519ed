/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be true of a SIP message that has left.
 */
#include <string.h>
#include "edge/key.h"
#include "must.h"
#include "siptext.h"

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
	 * nearer to them; with ours there may be more than we would take */
	if (f.why &&
	    (!strcmp(f.why, "Malformed Route") ||
	     !strcmp(f.why, "Too many headers") ||
	     (m->code && m->viac == 1 && !strcmp(f.why, "Empty Via")) ||
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
	MUST(m.viac == in->viac + 1 || in->viac == MSG_VIAS);
	MUST(!sa_set(&sa, &m.viav[0].host,
		     m.viav[0].port ? m.viav[0].port : 5060));
	MUST(policy_self(p, &sa) >= 0);
	MUST(key_branch_listener(&m.viav[0].branch) >= 0);
	same(&in->viav[0].branch, &m.viav[1].branch);
	same(&in->viav[0].sentby, &m.viav[1].sentby);
	for (size_t i = 1; i + 1 < m.viac; i++)
		same(&in->viav[i].entry, &m.viav[i + 1].entry);
	MUST((m.routec + 2 >= in->routec && m.routec <= in->routec) ||
	     in->routec == MSG_ROUTES);
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
	MUST(m.viac + 1 == in->viac || in->viac == MSG_VIAS);
	for (size_t i = 1; i < in->viac; i++)
		same(&in->viav[i].entry, &m.viav[i - 1].entry);
}
