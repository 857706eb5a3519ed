/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sipusers.c  A registrar for the bed
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "carom/sipkey.h"
#include "sipusers.h"

enum { BINDINGS = 32 };

/* The latest first. A user without a binding has an entry without a URI */
static struct binding {
	char user[64], uri[512], path[512], gr[64];
	struct sa src;
	uint64_t expires;
} bindingv[BINDINGS];
static size_t bindingc;
static struct registered *registered;

static bool each(const struct pl *user, const struct pl *domain,
		 const struct pl *gr, registered_binding_h *h, void *harg,
		 void *arg)
{
	bool known = false;
	(void)arg;

	if (pl_strcmp(domain, SU_DOMAIN) != 0)
		return false;
	for (size_t i = 0; i < bindingc; i++) {
		const struct binding *b = &bindingv[i];
		struct contact_binding cb = {.received = b->src,
					     .expires = b->expires};

		if (pl_strcmp(user, b->user) != 0)
			continue;
		known = true;
		if (!*b->uri || b->expires <= (uint64_t)time(NULL) ||
		    (gr && pl_strcmp(gr, b->gr) != 0))
			continue;
		pl_set_str(&cb.uri, b->uri);
		pl_set_str(&cb.path, b->path);
		if (h(&cb, harg))
			break;
	}
	return known;
}

static int find(struct contact **cp, const struct msg *m, void *arg)
{
	(void)arg;
	return registered_find(registered, cp, m);
}

static bool phone(const struct sa *sa, void *arg)
{
	(void)arg;
	return registered_at(registered, sa);
}

static void tell(const char *user, const struct binding *b)
{
	struct contact_binding cb = {.expires = 0};
	struct pl u, d;

	pl_set_str(&u, user);
	pl_set_str(&d, SU_DOMAIN);
	if (b) {
		pl_set_str(&cb.uri, b->uri);
		pl_set_str(&cb.path, b->path);
		cb.received = b->src;
		cb.expires = b->expires;
	}
	assert_int_equal(registered_changed(registered, &u, &d, b ? &cb : NULL),
			 0);
}

static void drop(const char *user)
{
	size_t n = 0;

	for (size_t i = 0; i < bindingc; i++)
		if (strcmp(bindingv[i].user, user) != 0)
			bindingv[n++] = bindingv[i];
	bindingc = n;
}

void su_bind(struct sipbed *s, const char *user, const char *uri,
	     const char *path, const char *src, uint16_t sport, int life)
{
	struct binding *b = bindingv;
	(void)s;

	assert_true(bindingc < BINDINGS);
	memmove(bindingv + 1, bindingv, bindingc++ * sizeof(*b));
	memset(b, 0, sizeof(*b));
	str_ncpy(b->user, user, sizeof(b->user));
	str_ncpy(b->uri, uri, sizeof(b->uri));
	str_ncpy(b->path, path ? path : "", sizeof(b->path));
	sa_init(&b->src, AF_UNSPEC);
	if (src)
		b->src = addr(src, sport);
	b->expires = (uint64_t)(time(NULL) + life);
	tell(user, b);
}

void su_unbind(struct sipbed *s, const char *user)
{
	(void)s;
	drop(user);
	assert_true(bindingc < BINDINGS);
	memset(&bindingv[bindingc], 0, sizeof(*bindingv));
	str_ncpy(bindingv[bindingc++].user, user, sizeof(bindingv->user));
	tell(user, NULL);
}

void su_forget(struct sipbed *s, const char *user)
{
	(void)s;
	drop(user);
	tell(user, NULL);
}

bool su_get(struct sipbed *s, const char *user, struct sip_user *u)
{
	const char domain[SIP_DOMAIN_MAX] = SU_DOMAIN;
	struct siphash h;
	uint64_t w;

	siphash_start(&h, SB_KEY0, SB_KEY1);
	siphash_word(&h, SIP_KEY_USER);
	sipkey_mem(&h, user, strlen(user));
	for (size_t i = 0; i < sizeof(domain); i += sizeof(w)) {
		memcpy(&w, domain + i, sizeof(w));
		siphash_word(&h, w);
	}
	return !fp_sip_user_get(s->sip, siphash_end(&h), u);
}

void su_source(struct sipbed *s)
{
	static const struct registered_source source = {.each = each};
	struct policy *p = s->policy;

	su_close(s);
	bindingc = 0;
	p->registered = find;
	p->phone = phone;
	assert_int_equal(registered_alloc(&registered, p, s->sip, &source), 0);
}

void su_open(struct sipbed *s, uint16_t flags)
{
	const struct sip_rule v[] = {
		{.flags = SIP_RULE_REGISTERED | flags, .set = SIP_NONE},
		{.set = 0},
	};
	struct policy *p = s->policy;
	struct pl name;

	su_source(s);
	pl_set_str(&name, SU_DOMAIN);
	assert_int_equal(fp_sip_domain(s->sip, &name, 1), 0);
	assert_int_equal(fp_sip_rules(s->sip, v, ARRAY_SIZE(v)), 0);
	mem_deref(p->domainv[0]);
	assert_int_equal(str_dup(&p->domainv[0], SU_DOMAIN), 0);
	p->domainc = 1;
	memcpy(p->rulev, v, sizeof(v));
	p->rulec = ARRAY_SIZE(v);
}

void su_close(struct sipbed *s)
{
	registered = mem_deref(registered);
	if (s->policy)
		s->policy->registered = NULL;
}
