/* SPDX-License-Identifier: BSD-2-Clause */
/* Client transactions but of INVITE (17.1.2) */
#include <errno.h>
#include <string.h>
#include "sip/priv.h"

enum { BUCKETS = 1024, BRANCH = 24 };

struct asks {
	struct sip_node *node;
	struct hash *hash; /* by branch */
};

struct sip_ask {
	struct le he;
	struct asks *asks; /* NULL: it is over                            */
	struct mbuf *mb;
	struct sa dst;
	unsigned listener;
	struct tmr again, over;
	uint32_t interval; /* ms */
	char branch[BRANCH];
	sip_ask_h *h;
	void *arg;
	bool own; /* nobody has it but we                              */
};

static void asks_destructor(void *arg)
{
	struct asks *as = arg;

	for (uint32_t i = 0; i < hash_bsize(as->hash); i++) {
		struct le *le;

		while ((le = list_head(hash_list(as->hash, i)))) {
			struct sip_ask *a = le->data;

			hash_unlink(le);
			a->asks = NULL;
			tmr_cancel(&a->again);
			tmr_cancel(&a->over);
			if (a->own)
				mem_deref(a);
		}
	}
	mem_deref(as->hash);
}

int asks_alloc(struct asks **ap, struct sip_node *n)
{
	struct asks *as = mem_zalloc(sizeof(*as), asks_destructor);
	int err;

	if (!as)
		return ENOMEM;
	as->node = n;
	err = hash_alloc(&as->hash, BUCKETS);
	if (err)
		mem_deref(as);
	else
		*ap = as;
	return err;
}

static void ask_destructor(void *arg)
{
	struct sip_ask *a = arg;

	hash_unlink(&a->he);
	tmr_cancel(&a->again);
	tmr_cancel(&a->over);
	mem_deref(a->mb);
}

/* ---- its end --------------------------------------------------------------------- */

static void finish(struct sip_ask *a, int err, const struct sip_in *resp)
{
	sip_ask_h *h = a->h;
	void *arg = a->arg;
	const bool own = a->own;

	hash_unlink(&a->he);
	a->asks = NULL;
	tmr_cancel(&a->again);
	tmr_cancel(&a->over);
	/* the handler may let go of it */
	if (h)
		h(err, resp, arg);
	if (own)
		mem_deref(a);
}

static void over_handler(void *arg)
{
	finish(arg, ETIMEDOUT, NULL);
}

static void again_handler(void *arg)
{
	struct sip_ask *a = arg;

	a->interval = min(2 * a->interval, (uint32_t)SIP_T2_MS);
	tmr_start(&a->again, a->interval, again_handler, a);
	(void)node_send(a->asks->node, a->listener, &a->dst, a->mb, false);
}

bool asks_response(struct asks *as, const struct sip_in *in)
{
	const struct pl *branch = &in->m->viav[0].branch;
	struct le *le = list_head(hash_list(
		as->hash, hash_joaat((const uint8_t *)branch->p, branch->l)));

	for (; le; le = le->next) {
		struct sip_ask *a = le->data;

		if (pl_strcmp(branch, a->branch) != 0)
			continue;
		if (in->m->code >= 200)
			finish(a, 0, in);
		else if (tmr_isrunning(&a->again))
			tmr_start(&a->again, a->interval = SIP_T2_MS,
				  again_handler, a);
		return true;
	}
	return false;
}

void asks_lost(struct asks *as, const struct sa *dst, enum msg_transp transp,
	       int err)
{
	for (uint32_t i = 0; i < hash_bsize(as->hash); i++) {
		struct le *le = list_head(hash_list(as->hash, i));

		while (le) {
			struct sip_ask *a = le->data;

			le = le->next;
			if (as->node->listenv[a->listener].transp != transp ||
			    !sa_cmp(&a->dst, dst, SA_ALL))
				continue;
			finish(a, err, NULL);
			/* the list may be another one now */
			le = list_head(hash_list(as->hash, i));
		}
	}
}

/* ---- where to --------------------------------------------------------------------- */

static int next_hop(struct sip_flow *f, const struct sip_way *to)
{
	struct pl list = to->route, entry, text = to->uri, params, transp;
	struct uri uri;
	int err = 0;

	if (msg_list_next(&list, &entry))
		err = msg_name_addr(&text, &params, &entry);
	if (err || msg_uri_decode(&uri, &text) || !uri.host.l)
		return EINVAL;
	f->transp = MSG_UDP;
	if (!pl_strcasecmp(&uri.scheme, "sips"))
		f->transp = MSG_TLS;
	else if (msg_param(&uri.params, "transport", &transp))
		f->transp = msg_transp(&transp);
	else if (to->stream)
		f->transp = MSG_TCP;
	if (f->transp == MSG_TRANSP_MAX)
		return EAFNOSUPPORT;
	if (sa_set(&f->peer, &uri.host,
		   uri.port               ? uri.port
		   : f->transp == MSG_TLS ? 5061
					  : 5060))
		return EDESTADDRREQ;
	return 0;
}

/* ---- the request ------------------------------------------------------------------- */

static int write(struct sip_ask *a, const char *method,
		 const struct sip_way *to, const struct pl *lines,
		 const struct pl *body)
{
	const struct sip_node *n = a->asks->node;
	const struct sip_listen *l = &n->listenv[a->listener];
	int err;

	a->mb = mbuf_alloc(1024);
	if (!a->mb)
		return ENOMEM;
	err = mbuf_printf(a->mb,
			  "%s %r SIP/2.0\r\nVia: SIP/2.0/%s %J;branch=%s%s\r\n"
			  "Max-Forwards: 70\r\n",
			  method, &to->uri, msg_transp_name(l->transp),
			  &l->addr, a->branch,
			  l->transp == MSG_UDP ? ";rport" : "");
	if (!err && to->route.l)
		err = mbuf_printf(a->mb, "Route: %r\r\n", &to->route);
	if (!err)
		err = mbuf_write_pl(a->mb, lines);
	if (!err && n->agent)
		err = mbuf_printf(a->mb, "User-Agent: %s\r\n", n->agent);
	if (!err)
		err = mbuf_printf(a->mb, "Content-Length: %zu\r\n\r\n",
				  body ? body->l : 0);
	if (!err && body && body->l)
		err = mbuf_write_pl(a->mb, body);
	a->mb->pos = 0;
	return err;
}

static void prepare(struct sip_ask *a, struct sip_node *n,
		    const struct sip_flow *flow, unsigned listener)
{
	a->asks = n->asks;
	sa_cpy(&a->dst, &flow->peer);
	a->listener = listener;
	tmr_init(&a->again);
	tmr_init(&a->over);
	(void)re_snprintf(a->branch, sizeof(a->branch), "z9hG4bK%016llx",
			  rand_u64());
}

/* Not before it has been sent: a connection that fails in that ends what waits for
 * it, and of this one the caller is told by our error */
static void start(struct sip_ask *a, enum msg_transp transp)
{
	hash_append(a->asks->hash,
		    hash_joaat((const uint8_t *)a->branch, strlen(a->branch)),
		    &a->he, a);
	tmr_start(&a->over, SIP_FOREVER_MS, over_handler, a);
	a->interval = SIP_T1_MS;
	if (transp == MSG_UDP)
		tmr_start(&a->again, a->interval, again_handler, a);
}

int sip_ask(struct sip_ask **ap, struct sip_node *n, const char *method,
	    const struct sip_way *to, const struct pl *lines,
	    const struct pl *body, sip_ask_h *h, void *arg)
{
	const struct sip_listen *l;
	struct sip_flow flow;
	struct sip_ask *a;
	int err = 0;

	if (!n || !method || !to || !to->uri.l || !lines)
		return EINVAL;
	flow = to->flow;
	if (!flow.set)
		err = next_hop(&flow, to);
	if (err)
		return err;
	/* who has connected to us is where he is */
	if ((!to->flow.set || flow.transp == MSG_UDP) &&
	    sip_node_denies(n, &flow.peer))
		return EACCES;
	l = sip_node_listener(n, flow.transp, sa_af(&flow.peer));
	if (!l)
		return EAFNOSUPPORT;
	a = mem_zalloc(sizeof(*a), ask_destructor);
	if (!a)
		return ENOMEM;
	prepare(a, n, &flow, (unsigned)(l - n->listenv));
	a->h = h;
	a->arg = arg;
	err = write(a, method, to, lines, body);
	if (!err)
		err = node_send(n, a->listener, &a->dst, a->mb, !flow.set);
	if (err) {
		mem_deref(a);
		return err;
	}
	start(a, flow.transp);
	a->own = !ap;
	if (ap)
		*ap = a;
	return 0;
}
