/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers: what of the request stands in each (8.2.6.2), and where it goes (18.2.2) */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "sip/priv.h"

enum { ANSWER = 1024 };

struct sip_later {
	struct sip_node *node;
	struct sip_trans *trans;
	struct mbuf *echo; /* the request's headers                        */
	struct sa dst;
	unsigned listener;
	bool none; /* of an ACK                                           */
};

static void later_destructor(void *arg)
{
	struct sip_later *l = arg;

	mem_deref(l->trans);
	mem_deref(l->echo);
	mem_deref(l->node);
}

static int put(struct mbuf *mb, const char *s)
{
	return mbuf_write_mem(mb, (const uint8_t *)s, strlen(s));
}

/* ---- the request's headers ------------------------------------------------------ */

/* The topmost entry says where it came from (18.2.1, RFC 3581) */
static int top_via(struct mbuf *mb, const struct sip_in *in)
{
	const struct msg_via *v = &in->m->viav[0];
	struct pl head = {v->entry.p, (size_t)(v->params.p - v->entry.p)};
	struct pl list = v->params, name, val;
	int err = mbuf_write_pl(mb, &head);

	while (!err && msg_param_next(&list, &name, &val)) {
		if (!pl_strcasecmp(&name, "received") ||
		    !pl_strcasecmp(&name, "rport"))
			continue;
		err = mbuf_write_u8(mb, ';');
		if (!err)
			err = mbuf_write_pl(mb, &name);
		if (!err && val.p)
			err = mbuf_write_u8(mb, '=');
		if (!err && val.p)
			err = mbuf_write_pl(mb, &val);
	}
	if (!err)
		err = mbuf_printf(mb, ";received=%j", &in->peer);
	if (!err && v->has_rport)
		err = mbuf_printf(mb, ";rport=%u", sa_port(&in->peer));
	return err;
}

static int via_line(struct mbuf *mb, const struct sip_in *in,
		    const struct msg_header *h)
{
	const struct msg_via *v = &in->m->viav[0];
	const char *rest = v->entry.p + v->entry.l;
	int err;

	if (v->hdr != h)
		return mbuf_write_pl(mb, &h->line);
	err = put(mb, "Via: ");
	if (!err)
		err = top_via(mb, in);
	/* further entries of the same line, and its end */
	if (!err)
		err = mbuf_write_mem(mb, (const uint8_t *)rest,
				     (size_t)(h->line.p + h->line.l - rest));
	return err;
}

static int to_line(struct mbuf *mb, const struct sip_in *in,
		   const struct msg_header *h)
{
	int err = put(mb, "To: ");

	if (!err)
		err = mbuf_write_pl(mb, &h->val);
	if (!err && !in->m->to_tag.l) {
		err = put(mb, ";tag=");
		err = err ? err : put(mb, in->tag);
	}
	return err ? err : put(mb, "\r\n");
}

static int echo(struct mbuf *mb, const struct sip_in *in)
{
	int err = 0;

	for (size_t i = 0; i < in->m->hdrc && !err; i++) {
		const struct msg_header *h = &in->m->hdrv[i];

		switch (h->type) {
		case MSG_VIA:
			err = via_line(mb, in, h);
			break;
		case MSG_TO:
			err = to_line(mb, in, h);
			break;
		case MSG_FROM:
		case MSG_CALL_ID:
		case MSG_CSEQ:
			err = mbuf_write_pl(mb, &h->line);
			break;
		default:
			break;
		}
	}
	if (!err && in->node->agent)
		err = mbuf_printf(mb, "Server: %s\r\n", in->node->agent);
	return err;
}

static void destination(struct sa *dst, const struct sip_in *in)
{
	const struct msg_via *v = &in->m->viav[0];

	sa_cpy(dst, &in->peer);
	if (in->transp == MSG_UDP && !v->has_rport)
		sa_set_port(dst, v->port ? v->port : 5060);
}

/* --------------------------------------------------------------------------------- */

static int vanswer(struct sip_later *l, uint16_t code, const char *reason,
		   const char *fmt, va_list ap)
{
	struct mbuf *mb;
	int err;

	if (code < 100 || code > 699 || !reason)
		return EINVAL;
	if (l->none)
		return 0;
	mb = mbuf_alloc(ANSWER);
	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", code, reason);
	if (!err)
		err = mbuf_write_mem(mb, l->echo->buf, l->echo->end);
	if (!err && fmt)
		err = mbuf_vprintf(mb, fmt, ap);
	if (!err)
		err = put(mb, "Content-Length: 0\r\n\r\n");
	mb->pos = 0;
	if (!err && l->trans)
		trans_answered(l->trans, mb, &l->dst);
	if (!err)
		err = node_send(l->node, l->listener, &l->dst, mb, false);
	mem_deref(mb);
	return err;
}

static int fill(struct sip_later *l, const struct sip_in *in)
{
	l->node = in->node;
	l->trans = in->trans;
	l->listener = in->listener;
	l->none = !pl_strcmp(&in->m->met, "ACK");
	destination(&l->dst, in);
	l->echo = mbuf_alloc(ANSWER);
	return l->echo ? echo(l->echo, in) : ENOMEM;
}

int sip_answer(const struct sip_in *in, uint16_t code, const char *reason,
	       const char *fmt, ...)
{
	struct sip_later l = {.node = NULL};
	va_list ap;
	int err;

	if (!in)
		return EINVAL;
	err = fill(&l, in);
	if (!err) {
		va_start(ap, fmt);
		err = vanswer(&l, code, reason, fmt, ap);
		va_end(ap);
	}
	mem_deref(l.echo);
	return err;
}

int sip_later(struct sip_later **lp, const struct sip_in *in)
{
	struct sip_later *l;
	int err;

	if (!lp || !in)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), later_destructor);
	if (!l)
		return ENOMEM;
	err = fill(l, in);
	mem_ref(l->node);
	mem_ref(l->trans);
	if (err)
		mem_deref(l);
	else
		*lp = l;
	return err;
}

int sip_later_answer(struct sip_later *l, uint16_t code, const char *reason,
		     const char *fmt, ...)
{
	va_list ap;
	int err;

	if (!l)
		return EINVAL;
	va_start(ap, fmt);
	err = vanswer(l, code, reason, fmt, ap);
	va_end(ap);
	return err;
}

/* ---- kept ------------------------------------------------------------------------ */

struct sip_kept {
	struct sip_in in;
	size_t n;
	char text[];
};

static void kept_destructor(void *arg)
{
	struct sip_kept *k = arg;

	mem_deref(k->in.trans);
	mem_deref(k->in.node);
}

int sip_keep(struct sip_kept **kp, const struct sip_in *in)
{
	struct sip_kept *k;

	if (!kp || !in)
		return EINVAL;
	k = mem_alloc(sizeof(*k) + in->m->text.l, kept_destructor);
	if (!k)
		return ENOMEM;
	k->in = *in;
	k->in.m = NULL;
	mem_ref(k->in.node);
	mem_ref(k->in.trans);
	k->n = in->m->text.l;
	memcpy(k->text, in->m->text.p, k->n);
	*kp = k;
	return 0;
}

void sip_kept_again(const struct sip_kept *k, sip_request_h *h, void *arg)
{
	const struct pl text = {k->text, k->n};
	struct msg *m = mem_alloc(sizeof(*m), NULL);
	struct sip_in in = k->in;
	struct msg_fault f;

	in.m = m;
	if (m && !msg_decode(m, &text, !msg_is_stream(in.transp), &f))
		h(&in, arg);
	mem_deref(m);
}
