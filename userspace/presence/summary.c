/* SPDX-License-Identifier: BSD-2-Clause */
/* message-summary (RFC 3842): counts that were set, else what was published last */
#include "presence/priv.h"

static int put_counts(struct mbuf *mb, const struct res *r)
{
	const struct presence_mailbox *b = &r->box;

	return mbuf_printf(mb,
			   "Messages-Waiting: %s\r\n"
			   "Message-Account: sip:%s\r\n"
			   "Voice-Message: %u/%u (%u/%u)\r\n",
			   b->fresh ? "yes" : "no", r->aor, b->fresh, b->old,
			   b->urgent_fresh, b->urgent_old);
}

int summary_compose(struct mbuf *mb, struct res *r, const struct sub *s)
{
	const struct pub *pb = list_ledata(list_head(&r->pubs));
	(void)s;

	if (r->boxed)
		return put_counts(mb, r);
	if (pb)
		return mbuf_write_str(mb, pb->body);
	return mbuf_printf(mb,
			   "Messages-Waiting: no\r\n"
			   "Message-Account: sip:%s\r\n",
			   r->aor);
}
