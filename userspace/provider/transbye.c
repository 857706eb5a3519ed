/* SPDX-License-Identifier: BSD-2-Clause */
/* A call that was answered when nobody waited for it any more: ACK and BYE */
#include <errno.h>
#include <string.h>
#include "provider/trans.h"

enum { ROUTES = 16 };

/* The route set is the Record-Routes backwards (RFC 3261 12.1.2) */
static int write_routes(struct mbuf *mb, const struct msg *m)
{
	struct pl v[ROUTES];
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry;

		if (m->hdrv[i].type != MSG_RECORD_ROUTE)
			continue;
		while (n < ROUTES && msg_list_next(&list, &entry))
			v[n++] = entry;
	}
	while (n && !err)
		err = mbuf_printf(mb, "Route: %r\r\n", &v[--n]);
	return err;
}

static void tell(struct wire *w, const struct wire_in *in, const char *host,
		 const char *method, const struct pl *uri)
{
	const struct msg *m = in->m;
	struct trans_req r = {.method = method,
			      .transp = in->transp,
			      .dst = in->peer,
			      .host = host,
			      .uri = *uri};
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return;
	err = write_routes(mb, m);
	if (!err)
		err = mbuf_printf(mb,
				  "Max-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\n"
				  "Call-ID: %r\r\nCSeq: %u %s\r\n"
				  "Content-Length: 0\r\n\r\n",
				  &m->first[MSG_FROM]->val,
				  &m->first[MSG_TO]->val, &m->callid,
				  m->cseq_num + !strcmp(method, "BYE"), method);
	r.rest = (struct pl){(char *)mb->buf, mb->end};
	if (!err)
		(void)trans_forget(w, &r);
	mem_deref(mb);
}

void trans_bye(struct wire *w, const struct wire_in *in, const char *host)
{
	const struct msg *m = in->m;
	struct pl uri, tag;

	if (!m->first[MSG_CONTACT] || !m->first[MSG_FROM] ||
	    !m->first[MSG_TO] ||
	    msg_addr(&uri, &tag, &m->first[MSG_CONTACT]->val))
		return;
	tell(w, in, host, "ACK", &uri);
	tell(w, in, host, "BYE", &uri);
}
