/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of our own */
#include <errno.h>
#include <string.h>
#include "edge/edit.h"
#include "edge/forward.h"
#include "edge/key.h"

static uint16_t sentby_port(const struct msg_via *v)
{
	if (v->port)
		return v->port;
	return v->transp == MSG_TLS || v->transp == MSG_WSS ? 5061 : 5060;
}

static int via_addr(struct sa *dst, const struct msg_via *v, uint16_t port)
{
	return sa_set(dst, v->received.l ? &v->received : &v->host, port)
		       ? ENOENT
		       : 0;
}

int reply_addr(struct sa *dst, const struct msg_via *v)
{
	return via_addr(dst, v,
			v->rport.l ? (uint16_t)pl_u32(&v->rport)
				   : sentby_port(v));
}

int reply_addr_new(struct sa *dst, const struct msg_via *v)
{
	return via_addr(dst, v, sentby_port(v));
}

/* The Vias of the request, the topmost with what we know of the sender */
static int put_vias(struct mbuf *mb, const struct policy *p,
		    const struct forward_in *in, const struct msg *m)
{
	int err = 0;

	for (size_t i = 0; i < m->hdrc && !err; i++) {
		const struct msg_header *h = &m->hdrv[i];

		if (h->type != MSG_VIA)
			continue;
		if (h != m->viav[0].hdr) {
			err = mbuf_printf(mb, "Via: %r\r\n", &h->val);
			continue;
		}
		err = mbuf_write_str(mb, "Via: ");
		if (!err)
			err = edit_via_value(mb, p, in, m);
		if (!err)
			err = mbuf_write_str(mb, "\r\n");
	}
	return err;
}

static int put(struct mbuf *mb, const struct msg *m, enum msg_hdr type,
	       const char *name)
{
	const struct msg_header *h = m->first[type];

	return h ? mbuf_printf(mb, "%s: %r\r\n", name, &h->val) : 0;
}

static int put_to(struct mbuf *mb, const struct policy *p, const struct msg *m,
		  uint16_t code)
{
	const struct msg_header *to = m->first[MSG_TO];
	char tag[KEY_TAG];

	if (!to)
		return 0;
	if (m->to_tag.l || code == 100)
		return mbuf_printf(mb, "To: %r\r\n", &to->val);
	key_tag(tag, p, m);
	return mbuf_printf(mb, "To: %r;tag=%s\r\n", &to->val, tag);
}

int reply_make(struct mbuf **mbp, const struct policy *p,
	       const struct forward_in *in, const struct msg *m, uint16_t code,
	       const char *reason, const char *extra)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", code, reason);
	if (!err)
		err = put_vias(mb, p, in, m);
	if (!err)
		err = put(mb, m, MSG_FROM, "From");
	if (!err)
		err = put_to(mb, p, m, code);
	if (!err)
		err = put(mb, m, MSG_CALL_ID, "Call-ID");
	if (!err)
		err = put(mb, m, MSG_CSEQ, "CSeq");
	if (!err)
		err = mbuf_printf(mb,
				  "%sServer: Carom\r\n"
				  "Content-Length: 0\r\n\r\n",
				  extra ? extra : "");
	mb->pos = 0;
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}
