/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bindings of registered users: their URI in the first line, the rest is their Path.
 * What they become stays in its line, and has no more in it than they had.
 */
#include <string.h>
#include "edge/contact.h"
#include "must.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct policy *policy;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct policy_listener *l;
	(void)argc;
	(void)argv;

	MUST(!policy_alloc(&policy));
	/* of tests/bpf/sipbed.h, so that a token of its seeds is a good one */
	policy->key[0] = 0x0706050403020100ull;
	policy->key[1] = 0x0f0e0d0c0b0a0908ull;
	l = &policy->listenerv[policy->listenerc++];
	MUST(!sa_set_str(&l->addr, "192.0.2.1", 5060));
	l->advertised = l->addr;
	MUST(!str_dup(&policy->domainv[policy->domainc++], "example.com"));
	return 0;
}

static void one_line(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		MUST((uint8_t)s[i] >= ' ');
}

static void look(const struct contact *c, const struct pl *uri)
{
	struct sip_user u = {.id = 0};
	struct contact *again;

	MUST(c->id && strlen(c->uri) <= uri->l);
	one_line(c->uri, strlen(c->uri));
	if (c->routes) {
		const size_t n = strlen(c->routes);

		MUST(n > 9 && !strncmp(c->routes, "Route: ", 7) &&
		     !strcmp(c->routes + n - 2, "\r\n"));
		one_line(c->routes, n - 2);
	}
	MUST(sa_isset(&c->dst, SA_ALL) || c->host.l);
	MUST(c->flow || c->relay || !sa_isset(&c->dst, SA_ADDR) ||
	     !policy_forbidden(policy, &c->dst));
	contact_user(&u, c, policy);
	MUST(u.uri_len <= sizeof(u.uri) && u.token_len <= sizeof(u.token));
	again = contact_of_user(&u);
	MUST(!again == !u.uri_len);
	if (again)
		MUST(again->id == c->id && !strcmp(again->uri, c->uri) &&
		     again->flow == c->flow &&
		     sa_cmp(&again->dst, &c->dst, SA_ALL));
	mem_deref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct contact_binding b = {.expires = 1};
	const uint8_t *end = memchr(data, '\n', size);
	struct contact *c;

	if (size && data[0] == '!') { /* one that has a source of its own */
		MUST(!sa_set_str(&b.received, "203.0.113.30", 40000));
		++data;
		--size;
		end = memchr(data, '\n', size);
	}
	b.uri = (struct pl){(const char *)data,
			    end ? (size_t)(end - data) : size};
	if (end)
		b.path = (struct pl){(const char *)end + 1, size - b.uri.l - 1};
	if (!contact_alloc(&c, policy, &b)) {
		look(c, &b.uri);
		mem_deref(c);
	}
	return 0;
}
