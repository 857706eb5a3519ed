/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/regbed.c  The bed with a registrar
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "registrar/challenge.h"
#include "regbed.h"
#include "sip/udp.h"
#include "store/store.h"

static struct regbed the_regbed;

/* ---- sockets -------------------------------------------------------------- */

struct sip_udp {
	struct sa laddr;
	unsigned listener;
	sip_udp_h *h;
	void *arg;
};

static struct sip_udp *udpv[2];
static struct regbed_reply *into;

int sip_udp_alloc(struct sip_udp **up, const struct sa *laddr,
		  unsigned listener, sip_udp_h *h, sip_udp_lost_h *losth,
		  void *arg)
{
	struct sip_udp *u = mem_zalloc(sizeof(*u), NULL);
	(void)losth;

	assert_non_null(u);
	assert_in_range(listener, 0, 1);
	u->laddr = *laddr;
	u->listener = listener;
	u->h = h;
	u->arg = arg;
	*up = udpv[listener] = u;
	return 0;
}

void sip_udp_watch(struct sip_udp *u, const struct sip_watcher *w)
{
	(void)u;
	(void)w;
}

int sip_udp_post(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	(void)u;
	assert_non_null(into);
	assert_int_equal(into->len, 0);
	assert_in_range(mbuf_get_left(mb), 1, sizeof(into->text));
	memcpy(into->text, mbuf_buf(mb), mbuf_get_left(mb));
	into->len = mbuf_get_left(mb);
	into->dst = *dst;
	return 0;
}

int sip_udp_send(struct sip_udp *u, const struct sa *dst, const struct mbuf *mb)
{
	return sip_udp_post(u, dst, mb);
}

void regbed_ask(struct regbed_reply *reply, const struct sa *src,
		const struct sa *dst, const char *text, size_t n)
{
	const struct pl pl = {text, n};

	memset(reply, 0, sizeof(*reply));
	into = reply;
	for (size_t i = 0; i < ARRAY_SIZE(udpv); i++)
		if (sa_cmp(&udpv[i]->laddr, dst, SA_ALL))
			udpv[i]->h(src, &pl, udpv[i]->listener, udpv[i]->arg);
	into = NULL;
}

/* ---- a store in which nothing is ---------------------------------------------- */

int store_write(struct store *s, const struct store_op *opv, size_t opc,
		store_done_h *h, void *arg)
{
	(void)s;
	(void)opv;
	(void)opc;
	(void)h;
	(void)arg;
	return EIO;
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

/* ---- the registrar ------------------------------------------------------------- */

static void tell(struct regbed *r)
{
	const struct pl method = PL("REGISTER");
	struct sip_realm realm;
	struct siphash tag;
	struct pl domain;

	assert_int_equal(fp_sip_registrar_clear(r->sip), 0);
	for (size_t i = 0; !registrar_challenge(r->reg, i, &domain, &realm);
	     i++)
		assert_int_equal(fp_sip_realm(r->sip, &domain, &realm), 0);
	for (size_t i = 0; i < ARRAY_SIZE(udpv); i++) {
		assert_int_equal(
			fp_local_registrar(r->bed->fp, &udpv[i]->laddr), 0);
		assert_int_equal(fp_sip_registrar_at(r->sip, &udpv[i]->laddr),
				 0);
	}
	sip_node_tag_seed(&tag, r->node, &method);
	fp_sip_registrar_on(r->sip, &tag, 0x1234567812345678);
	fp_sip_registrar_alive(r->sip, 60000);
}

void regbed_kernel(struct regbed *r, bool on)
{
	fp_sip_registrar_alive(r->sip, on ? 60000 : 0);
}

void regbed_configure(struct regbed *r, const struct regbed_conf *conf)
{
	static const char *const domainv[] = {"example.com", LAN4};
	struct registrar_conf rc = {.domainv = domainv,
				    .domainc = 2,
				    .min_expires = 60,
				    .max_expires = 7200,
				    .default_expires = 3600,
				    .max_contacts = 10,
				    .authenticate = !conf->open,
				    .realm = conf->realm,
				    .algv = {DIGEST_MD5},
				    .algc = conf->algc ? conf->algc : 1,
				    .nonce_lifetime = 300,
				    .key = {1, 2}};
	char why[256] = "";

	if (conf->algc)
		memcpy(rc.algv, conf->algv, sizeof(rc.algv));
	assert_int_equal(registrar_renew(r->reg, &rc, why, sizeof(why)), 0);
	tell(r);
}

static void open_registrar(struct regbed *r)
{
	static const char *const domainv[] = {"example.com"};
	const struct registrar_conf rc = {.domainv = domainv,
					  .domainc = 1,
					  .min_expires = 60,
					  .max_expires = 7200,
					  .default_expires = 3600,
					  .max_contacts = 10};
	const struct sip_listen lv[] = {
		{.transp = MSG_UDP, .addr = addr(LAN4, REGBED_PORT)},
		{.transp = MSG_UDP, .addr = addr(LAN6, REGBED_PORT)}};
	const struct sip_node_conf nc = {.listenv = lv,
					 .listenc = 2,
					 .agent = "carom/test",
					 .connections = 1,
					 .per_source = 1,
					 .idle = 10};
	struct store *store = (struct store *)1;
	char why[256] = "";

	assert_int_equal(sip_node_alloc(&r->node, &nc, why, sizeof(why)), 0);
	assert_int_equal(location_alloc(&r->loc, store, "here", NULL), 0);
	assert_int_equal(extensions_alloc(&r->ext, store), 0);
	assert_int_equal(registrar_alloc(&r->reg, &rc, r->node, r->loc, r->ext,
					 why, sizeof(why)),
			 0);
}

int regbed_setup(void **state)
{
	struct regbed *r = &the_regbed;
	struct fp_err e = {.msg = ""};
	int err = bed_setup(state);

	if (err)
		return err;
	r->bed = *state;
	if (fp_sip_open(&r->sip, r->bed->pin, false, &e))
		fail_msg("open: %s", e.msg);
	open_registrar(r);
	regbed_configure(r, &(struct regbed_conf){.open = false});
	*state = r;
	return 0;
}

int regbed_teardown(void **state)
{
	struct regbed *r = *state;
	void *bed = r->bed;

	r->reg = mem_deref(r->reg);
	r->ext = mem_deref(r->ext);
	r->loc = mem_deref(r->loc);
	r->node = mem_deref(r->node);
	r->sip = mem_deref(r->sip);
	return bed_teardown(&bed);
}

size_t regbed_nonces(struct regbed_reply *reply,
		     char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1])
{
	static const char begin[] = ", nonce=\"";
	char *p = reply->text;
	size_t n = 0;

	while (n < REGBED_NONCES &&
	       (p = memmem(p, (size_t)(reply->text + reply->len - p), begin,
			   strlen(begin)))) {
		p += strlen(begin);
		assert_true(p + SIP_NONCE_LEN < reply->text + reply->len);
		memcpy(noncev[n], p, SIP_NONCE_LEN);
		noncev[n++][SIP_NONCE_LEN] = '\0';
		memset(p, '0', SIP_NONCE_LEN);
	}
	return n;
}
