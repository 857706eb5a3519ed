/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * REGISTERs from anybody, one behind the other (a zero between two), into a whole
 * registrar but for its socket and its store. What is answered can be read, what is
 * stored can be read back, no address has more contacts than it may, and each
 * request gets one answer at most. The first byte says whether digest is asked for.
 */
#include <errno.h>
#include <string.h>
#include "location/priv.h"
#include "registrar/registrar.h"
#include "sip/udp.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 3, PENDING = 64 };

/* ---- a socket ------------------------------------------------------------------ */

struct sip_udp {
	sip_udp_h *h;
	void *arg;
};

static struct sip_udp *udp;
static unsigned answers;
static bool faulty; /* what is answered */
static struct msg answer;

static void gone(void *arg)
{
	(void)arg;
	udp = NULL;
}

int sip_udp_alloc(struct sip_udp **up, const struct sa *laddr,
		  unsigned listener, sip_udp_h *h, sip_udp_lost_h *losth,
		  void *arg)
{
	(void)laddr;
	(void)listener;
	(void)losth;
	udp = *up = mem_zalloc(sizeof(*udp), gone);
	MUST(udp);
	udp->h = h;
	udp->arg = arg;
	return 0;
}

void sip_udp_watch(struct sip_udp *u, const struct sip_watcher *w)
{
	(void)u;
	(void)w;
}

int sip_udp_post(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	const struct pl text = {(const char *)mbuf_buf(mb), mbuf_get_left(mb)};
	struct msg_fault f;
	(void)u;
	(void)dst;

	++answers;
	/* what is echoed is the request's, and a Via below ours is not looked at */
	MUST(!msg_decode(&answer, &text, true, &f) || faulty ||
	     strstr(f.why, "Via"));
	MUST(answer.code >= 200);
	return 0;
}

int sip_udp_send(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	return sip_udp_post(u, dst, mb);
}

/* ---- a store -------------------------------------------------------------------- */

static struct {
	store_done_h *h;
	void *arg;
} pendingv[PENDING];
static size_t pendingc;

static void same(const struct binding *a, const struct binding *b)
{
	MUST(!pl_cmp(&a->uri, &b->uri));
	MUST(a->expires == b->expires && a->cseq == b->cseq);
	MUST(a->q == b->q && a->reg_id == b->reg_id);
	MUST(sa_cmp(&a->src, &b->src, SA_ALL));
}

int store_write(struct store *s, const struct store_op *opv, size_t opc,
		store_done_h *h, void *arg)
{
	struct entry *e = NULL;
	struct binding b, again;
	(void)s;

	for (size_t i = 0; i < opc; i++) {
		MUST(!record_key_parse(&b.aor, &b.id, &opv[i].key));
		if (!opv[i].value.p)
			continue;
		MUST(!record_parse(&b, &opv[i].value, ""));
		MUST(b.expires == opv[i].expires && b.q <= LOCATION_Q);
		MUST(!entry_alloc(&e, &b));
		entry_view(&again, e);
		same(&b, &again);
		e = mem_deref(e);
	}
	if (pendingc == PENDING)
		return EAGAIN;
	pendingv[pendingc].h = h;
	pendingv[pendingc++].arg = arg;
	return 0;
}

static void durable(void)
{
	/* one may lead to another */
	while (pendingc) {
		store_done_h *h = pendingv[0].h;
		void *arg = pendingv[0].arg;

		memmove(pendingv, pendingv + 1,
			--pendingc * sizeof(pendingv[0]));
		h(0, arg);
	}
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
	(void)s;
	(void)kind;
	(void)h;
	(void)arg;
	*wp = NULL;
	return 0;
}

int store_get(struct store *s, const char *kind, const struct pl *key,
	      char **value)
{
	(void)s;
	(void)kind;
	(void)key;
	(void)value;
	return ENOENT;
}

int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value)
{
	(void)s;
	(void)kind;
	(void)key;
	(void)value;
	return EIO;
}

int store_del(struct store *s, const char *kind, const struct pl *key)
{
	(void)s;
	(void)kind;
	(void)key;
	return EIO;
}

/* ---- a registrar ------------------------------------------------------------------ */

static struct sip_node *node;
static struct location *loc;
static struct extensions *ext;
static struct registrar *reg;

static void configure(bool authenticate)
{
	static const char *const domainv[] = {"example.com", "192.0.2.3"};
	const struct registrar_conf rc = {.domainv = domainv,
					  .domainc = 2,
					  .min_expires = 60,
					  .max_expires = 7200,
					  .default_expires = 3600,
					  .max_contacts = MOST,
					  .gruu = true,
					  .service_route = "<sip:e;lr>",
					  .authenticate = authenticate,
					  .algv = {DIGEST_MD5},
					  .algc = 1,
					  .nonce_lifetime = 300,
					  .key = {1, 2}};
	char why[256];

	if (!reg)
		MUST(!registrar_alloc(&reg, &rc, node, loc, ext, why,
				      sizeof(why)));
	else
		MUST(!registrar_renew(reg, &rc, why, sizeof(why)));
}

/* Once: an input leaves nothing behind */
static void start(void)
{
	static struct sip_listen l = {.transp = MSG_UDP};
	static struct sip_trust t = {.bits = 24};
	static struct prefix d = {.bits = 16};
	const struct sip_node_conf nc = {.listenv = &l,
					 .listenc = 1,
					 .trustv = &t,
					 .trustc = 1,
					 .denyv = &d,
					 .denyc = 1,
					 .agent = "fuzz",
					 .connections = 1,
					 .per_source = 1,
					 .idle = 10};
	char why[256];

	(void)sa_set_str(&l.addr, "192.0.2.3", 5060);
	(void)sa_set_str(&t.addr, "192.0.2.0", 0);
	(void)sa_set_str(&d.addr, "169.254.0.0", 0);
	MUST(!sip_node_alloc(&node, &nc, why, sizeof(why)));
	MUST(!location_alloc(&loc, (struct store *)1, NULL, NULL));
	MUST(!extensions_alloc(&ext, (struct store *)1));
	configure(true);
}

static bool some(const struct binding *b, void *arg)
{
	char **aor = arg;

	MUST(!pl_strdup(aor, &b->aor));
	return true;
}

static void stop(void)
{
	char *text = NULL;

	while (location_each(loc, some, &text)) {
		struct pl aor;

		pl_set_str(&aor, text);
		MUST(!location_remove(loc, &aor, NULL, LOCATION_DEACTIVATED,
				      NULL, NULL));
		durable();
		text = mem_deref(text);
	}
	MUST(!location_count(loc, NULL));
}

static bool one(const struct binding *b, void *arg)
{
	unsigned *n = arg;

	MUST(b->uri.l && b->id.l && b->aor.l);
	++*n;
	return false;
}

static bool of_aor(const struct binding *b, void *arg)
{
	unsigned n = 0;
	(void)arg;

	(void)location_find(loc, &b->aor, one, &n);
	MUST(n >= 1 && n <= MOST);
	return false;
}

static void datagram(const uint8_t *data, size_t size)
{
	char *copy = mem_alloc(size + 1, NULL);
	const struct pl text = {copy, size};
	struct msg_fault f;
	struct sa src;

	MUST(copy);
	memcpy(copy, data, size);
	(void)sa_set_str(&src, "192.0.2.77", 5060);
	answers = 0;
	faulty = msg_decode(&answer, &text, true, &f);
	udp->h(&src, &text, 0, udp->arg);
	/* nobody reads what came when the answer is given */
	memset(copy, 'x', size);
	mem_deref(copy);
	durable();
	MUST(answers <= 1);
	(void)location_each(loc, of_aor, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (!node)
		start();
	configure(*data & 1);
	++data;
	--size;
	while (size) {
		const uint8_t *zero = memchr(data, '\0', size);
		const size_t n = zero ? (size_t)(zero - data) : size;

		datagram(data, n);
		data += n + (zero != NULL);
		size -= n + (zero != NULL);
	}
	stop();
	return 0;
}
