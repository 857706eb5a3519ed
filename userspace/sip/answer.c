/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers: what of the request stands in each (8.2.6.2), and where it goes (18.2.2) */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "base/put.h"
#include "sip/priv.h"

enum { ANSWER = 1024 };

/* Of the request: what an answer has, and where it goes */
struct asked {
	struct sip_node *node;
	struct sip_trans *trans;
	struct sa dst;
	unsigned listener;
	bool none; /* an ACK                                              */
};

struct sip_later {
	struct asked q;
	size_t n;
	char echo[]; /* the request's headers                             */
};

static void later_destructor(void *arg)
{
	struct sip_later *l = arg;

	mem_deref(l->q.trans);
	mem_deref(l->q.node);
}

/* ---- the request's headers ------------------------------------------------------ */

/* What we write ourselves */
static bool ours(const struct pl *name)
{
	return (name->l == 5 && !strncasecmp(name->p, "rport", 5)) ||
	       (name->l == 8 && !strncasecmp(name->p, "received", 8));
}

/* IPv6 in full, as the kernel writes it */
static int received(struct mbuf *mb, const struct sa *sa)
{
	const uint8_t *a = (const uint8_t *)&sa->u.in6.sin6_addr;
	int err = 0;

	if (sa_af(sa) == AF_INET)
		return put_host(mb, sa);
	for (size_t i = 0; i < 8 && !err; i++)
		err = mbuf_printf(mb, "%s%x", i ? ":" : "",
				  a[2 * i] << 8 | a[2 * i + 1]);
	return err;
}

/* The topmost entry says where it came from (18.2.1, RFC 3581) */
static int top_via(struct mbuf *mb, const struct sip_in *in)
{
	const struct msg_via *v = &in->m->viav[0];
	struct pl head = {v->entry.p, (size_t)(v->params.p - v->entry.p)};
	struct pl list = v->params, name, val;
	int err = mbuf_write_pl(mb, &head);

	while (!err && msg_param_next(&list, &name, &val)) {
		if (ours(&name))
			continue;
		err = mbuf_write_u8(mb, ';');
		if (!err)
			err = mbuf_write_pl(mb, &name);
		if (!err && val.p)
			err = mbuf_write_u8(mb, '=');
		if (!err && val.p)
			err = mbuf_write_pl(mb, &val);
	}
	err = err ? err : PUT(mb, ";received=");
	err = err ? err : received(mb, &in->peer);
	if (err || !v->has_rport)
		return err;
	err = PUT(mb, ";rport=");
	return err ? err : put_u64(mb, sa_port(&in->peer));
}

static int via_line(struct mbuf *mb, const struct sip_in *in,
		    const struct msg_header *h)
{
	const struct msg_via *v = &in->m->viav[0];
	const char *rest = v->entry.p + v->entry.l;
	int err;

	if (v->hdr != h)
		return mbuf_write_pl(mb, &h->line);
	err = PUT(mb, "Via: ");
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
	int err = PUT(mb, "To: ");

	if (!err)
		err = mbuf_write_pl(mb, &h->val);
	if (!err && !in->m->to_tag.l) {
		err = PUT(mb, ";tag=");
		err = err ? err : put_str(mb, in->tag);
	}
	return err ? err : PUT(mb, "\r\n");
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
	if (err || !in->node->agent)
		return err;
	err = PUT(mb, "Server: ");
	err = err ? err : put_str(mb, in->node->agent);
	return err ? err : PUT(mb, "\r\n");
}

static void destination(struct sa *dst, const struct sip_in *in)
{
	const struct msg_via *v = &in->m->viav[0];

	sa_cpy(dst, &in->peer);
	if (in->transp == MSG_UDP && !v->has_rport)
		sa_set_port(dst, v->port ? v->port : 5060);
}

static void fill(struct asked *q, const struct sip_in *in)
{
	q->node = in->node;
	q->trans = in->trans;
	q->listener = in->listener;
	q->none = !pl_strcmp(&in->m->met, "ACK");
	destination(&q->dst, in);
}

/* ---- whole ones ------------------------------------------------------------------ */

/* The node's own buffer, where nobody keeps what was in it, and sending calls nobody
 * who might answer in turn */
static struct mbuf *buffer(const struct asked *q)
{
	struct sip_node *n = q->node;

	if (q->trans || n->listenv[q->listener].transp != MSG_UDP)
		return mbuf_alloc(ANSWER);
	mbuf_rewind(n->out);
	return mem_ref(n->out);
}

static int first_line(struct mbuf *mb, uint16_t code, const char *reason)
{
	int err = PUT(mb, "SIP/2.0 ");

	err = err ? err : put_u64(mb, code);
	err = err ? err : mbuf_write_u8(mb, ' ');
	err = err ? err : put_str(mb, reason);
	return err ? err : PUT(mb, "\r\n");
}

static int finish(const struct asked *q, struct mbuf *mb)
{
	int err = PUT(mb, "Content-Length: 0\r\n\r\n");

	if (err)
		return err;
	mb->pos = 0;
	if (q->trans)
		trans_answered(q->trans, mb, &q->dst);
	return node_answer(q->node, q->listener, &q->dst, mb);
}

static bool is_answer(uint16_t code, const char *reason)
{
	return code >= 100 && code <= 699 && reason;
}

int sip_answer(const struct sip_in *in, uint16_t code, const char *reason,
	       const char *fmt, ...)
{
	struct mbuf *mb;
	struct asked q;
	va_list ap;
	int err;

	if (!in || !is_answer(code, reason))
		return EINVAL;
	fill(&q, in);
	if (q.none)
		return 0;
	mb = buffer(&q);
	if (!mb)
		return ENOMEM;
	err = first_line(mb, code, reason);
	if (!err)
		err = echo(mb, in);
	if (!err && fmt) {
		va_start(ap, fmt);
		err = mbuf_vprintf(mb, fmt, ap);
		va_end(ap);
	}
	if (!err)
		err = finish(&q, mb);
	mem_deref(mb);
	return err;
}

int sip_later(struct sip_later **lp, const struct sip_in *in)
{
	struct sip_later *l;
	struct mbuf *mb;
	int err;

	if (!lp || !in)
		return EINVAL;
	mb = in->node->echo;
	mbuf_rewind(mb);
	err = echo(mb, in);
	if (err)
		return err;
	l = mem_alloc(sizeof(*l) + mb->end, later_destructor);
	if (!l)
		return ENOMEM;
	fill(&l->q, in);
	mem_ref(l->q.node);
	mem_ref(l->q.trans);
	l->n = mb->end;
	memcpy(l->echo, mb->buf, l->n);
	*lp = l;
	return 0;
}

/* The beginning in a buffer. @return 0; ECANCELED: no answer is to be given */
static int begin(struct mbuf **mbp, const struct sip_later *l, uint16_t code,
		 const char *reason)
{
	struct mbuf *mb;
	int err;

	if (!l || !is_answer(code, reason))
		return EINVAL;
	if (l->q.none)
		return ECANCELED;
	mb = buffer(&l->q);
	if (!mb)
		return ENOMEM;
	err = first_line(mb, code, reason);
	if (!err)
		err = mbuf_write_mem(mb, (const uint8_t *)l->echo, l->n);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

int sip_later_answer(struct sip_later *l, uint16_t code, const char *reason,
		     const char *fmt, ...)
{
	struct mbuf *mb = NULL;
	va_list ap;
	int err = begin(&mb, l, code, reason);

	if (err)
		return err == ECANCELED ? 0 : err;
	if (fmt) {
		va_start(ap, fmt);
		err = mbuf_vprintf(mb, fmt, ap);
		va_end(ap);
	}
	if (!err)
		err = finish(&l->q, mb);
	mem_deref(mb);
	return err;
}

int sip_later_lines(struct sip_later *l, uint16_t code, const char *reason,
		    const struct mbuf *lines)
{
	struct mbuf *mb = NULL;
	int err = begin(&mb, l, code, reason);

	if (err)
		return err == ECANCELED ? 0 : err;
	err = mbuf_write_mem(mb, lines->buf, lines->end);
	if (!err)
		err = finish(&l->q, mb);
	mem_deref(mb);
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
