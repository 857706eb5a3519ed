/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SUBSCRIBE and PUBLISH as they come, several after one another, and their bodies. The
 * input is cut at bytes 0xff; what is no message of SIP is a body: of a document that is
 * read, each child has to be a document again. The node and the store are stand-ins: what
 * is written is safe later, what is sent is answered later, or never.
 */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"
#include "must.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRITES = 256, ASKS = 64 };

struct sip_later {
	int unused;
};

struct sip_ask {
	sip_ask_h *h;
	void *arg;
};

static struct {
	store_done_h *h;
	void *arg;
} writev[WRITES];
static size_t writec;
static struct sip_ask *askv[ASKS];
static size_t askc;
static unsigned answers;
static uint64_t now = 1000;
static struct presence *p;
static struct msg m;

/* ---- stand-ins ------------------------------------------------------------------------ */

int sip_node_handle(struct sip_node *n, const char *method, enum sip_mode mode,
		    sip_request_h *h, void *arg)
{
	(void)n;
	(void)method;
	(void)mode;
	(void)h;
	(void)arg;
	return 0;
}

bool sip_node_trusts(const struct sip_node *n, const struct sa *host)
{
	(void)n;
	(void)host;
	return true;
}

bool sip_node_denies(const struct sip_node *n, const struct sa *dst)
{
	(void)n;
	(void)dst;
	return false;
}

bool sip_node_denies_uri(const struct sip_node *n, const struct pl *uri)
{
	(void)n;
	(void)uri;
	return false;
}

const struct sip_listen *sip_node_listener(const struct sip_node *n,
					   enum msg_transp transp, int af)
{
	static struct sip_listen l;
	(void)n;
	(void)af;

	l.transp = transp;
	(void)sa_set_str(&l.addr, "192.0.2.1", 5060);
	return &l;
}

int sip_answer(const struct sip_in *in, uint16_t code, const char *reason,
	       const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(64);
	va_list ap;
	(void)in;

	MUST(code >= 200 && code < 600 && reason && *reason);
	va_start(ap, fmt);
	if (mb && fmt)
		(void)mbuf_vprintf(mb, fmt, ap);
	va_end(ap);
	mem_deref(mb);
	++answers;
	return 0;
}

int sip_later(struct sip_later **lp, const struct sip_in *in)
{
	(void)in;
	*lp = mem_zalloc(sizeof(**lp), NULL);
	return *lp ? 0 : ENOMEM;
}

int sip_later_answer(struct sip_later *l, uint16_t code, const char *reason,
		     const char *fmt, ...)
{
	(void)l;
	(void)code;
	(void)reason;
	(void)fmt;
	++answers;
	return 0;
}

static void ask_destructor(void *arg)
{
	for (size_t i = 0; i < askc; i++)
		if (askv[i] == arg)
			askv[i] = askv[--askc];
}

/* No header of ours may have a line more than it should */
static void check_lines(const struct pl *lines)
{
	struct pl rest = *lines;

	MUST(rest.l > 2 && !memcmp(rest.p + rest.l - 2, "\r\n", 2));
	MUST(!memmem(rest.p, rest.l, "\r\n\r\n", 4));
	MUST(!memchr(rest.p, '\0', rest.l));
}

int sip_ask(struct sip_ask **ap, struct sip_node *n, const char *method,
	    const struct sip_way *to, const struct pl *lines,
	    const struct pl *body, sip_ask_h *h, void *arg)
{
	struct sip_ask *a;
	(void)n;
	(void)body;

	MUST(!strcmp(method, "NOTIFY") && to->uri.l && ap);
	check_lines(lines);
	if (askc == ASKS)
		return ENOBUFS;
	a = mem_zalloc(sizeof(*a), ask_destructor);
	if (!a)
		return ENOMEM;
	a->h = h;
	a->arg = arg;
	askv[askc++] = a;
	*ap = a;
	return 0;
}

int store_write(struct store *s, const struct store_op *opv, size_t opc,
		store_done_h *h, void *arg)
{
	(void)s;
	MUST(opc >= 1);
	for (size_t i = 0; i < opc; i++)
		MUST(opv[i].key.l && opv[i].kind);
	if (!h)
		return 0;
	if (writec == WRITES)
		return EAGAIN;
	writev[writec].h = h;
	writev[writec++].arg = arg;
	return 0;
}

int store_each(struct store *s, const char *kind, store_h *h, void *arg)
{
	(void)s;
	(void)kind;
	(void)h;
	(void)arg;
	return 0;
}

int store_watch(struct store_watch **wp, struct store *s, const char *kind,
		store_change_h *h, void *arg)
{
	(void)wp;
	(void)s;
	(void)kind;
	(void)h;
	(void)arg;
	return 0;
}

bool location_find(const struct location *l, const struct pl *aor, binding_h *h,
		   void *arg)
{
	(void)l;
	(void)aor;
	(void)h;
	(void)arg;
	return false;
}

int location_watch(struct location_watch **wp, struct location *l,
		   location_watch_h *h, void *arg)
{
	(void)wp;
	(void)l;
	(void)h;
	(void)arg;
	return 0;
}

int event_emit(struct events *ev, const char *type, const struct odict *data)
{
	(void)ev;
	(void)type;
	(void)data;
	return 0;
}

static uint64_t clock_now(void)
{
	return now;
}

/* ---- what comes ------------------------------------------------------------------------ */

static void settle(unsigned how)
{
	while (writec) {
		const int err = how & 1 ? EIO : 0;
		store_done_h *h = writev[0].h;
		void *arg = writev[0].arg;

		memmove(&writev[0], &writev[1], --writec * sizeof(writev[0]));
		h(err, arg);
	}
	for (size_t i = askc; i--;) {
		struct sip_ask *a;

		if (i >= askc)
			continue;
		a = askv[i];
		if (how & 2)
			a->h(ETIMEDOUT, NULL, a->arg);
	}
}

static void body(const struct pl *text)
{
	const char *why = NULL;
	struct xml *x = NULL;
	struct le *le;

	if (xml_decode(&x, text, &why)) {
		MUST(why);
		return;
	}
	LIST_FOREACH (&x->children, le) {
		const struct xml_child *c = le->data;
		struct xml *again = NULL;
		struct pl part;

		pl_set_str(&part, c->text);
		/* with the namespaces it has grown */
		if (part.l > XML_BYTES)
			continue;
		MUST(!xml_decode(&again, &part, &why));
		MUST(!strcmp(again->root, c->name) &&
		     !strcmp(again->ns, c->ns));
		mem_deref(again);
	}
	mem_deref(x);
}

static void message(const struct pl *text, unsigned n)
{
	struct sip_in in = {.m = &m, .transp = MSG_UDP, .direct = true};
	const unsigned before = answers;
	struct msg_fault f;

	if (msg_decode(&m, text, true, &f) || m.code) {
		body(text);
		return;
	}
	(void)sa_set_str(&in.peer, "192.0.2.20", 5060);
	sa_cpy(&in.src, &in.peer);
	(void)re_snprintf(in.tag, sizeof(in.tag), "cm-%u", n);
	if (!pl_strcmp(&m.met, "SUBSCRIBE"))
		subscribe_handler(&in, p);
	else if (!pl_strcmp(&m.met, "PUBLISH"))
		publish_handler(&in, p);
	else
		return;
	/* one answer: now, or once it is written */
	MUST(answers - before <= 1);
	MUST(answers != before || writec);
	settle(text->l & 3);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_init(LOG_ERROR);
	return libre_init() != 0;
}

static void start(void)
{
	static const char *const domainv[] = {"example.com"};
	static const char *const memberv[] = {"bob@example.com", "x@y"};
	static const struct presence_list lists[] = {
		{"team@example.com", memberv, 2}};
	static struct sip_node *node;
	static struct store *store;
	const struct presence_conf conf = {.domainv = domainv,
					   .domainc = 1,
					   .listv = lists,
					   .listc = 1,
					   .min_expires = 60,
					   .max_expires = 3600,
					   .default_expires = 600,
					   .subscriptions = 20,
					   .publications = 20,
					   .datagram = 1300,
					   .allow = PRESENCE_ALLOW_ALL,
					   .partial = true,
					   .now = clock_now};

	if (!node) {
		node = mem_zalloc(8, NULL);
		store = mem_zalloc(8, NULL);
	}
	MUST(!presence_alloc(&p, &conf, node, store, NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned n = 0;

	start();
	while (size) {
		const uint8_t *end = memchr(data, 0xff, size);
		const size_t len = end ? (size_t)(end - data) : size;
		char *copy = mem_alloc(len + 1, NULL);
		const struct pl text = {copy, len};

		if (!copy)
			break;
		memcpy(copy, data, len);
		message(&text, n++);
		mem_deref(copy);
		now += len % 50;
		presence_sweep(p, now);
		data += len + (end != NULL);
		size -= len + (end != NULL);
	}
	p = mem_deref(p);
	settle(0);
	MUST(!askc);
	return 0;
}
