/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel is told, so that it can challenge as auth.c does */
#include <errno.h>
#include <string.h>
#include "registrar/challenge.h"
#include "registrar/priv.h"

_Static_assert((int)DIGEST_ALGS <= SIP_REALM_ALGS, "a place for each");

/* All that follows what the answer repeats of the request (sip/answer.c) */
static int text(struct mbuf *mb, const struct registrar *r,
		const struct pl *realm, struct verify_place placev[DIGEST_ALGS],
		size_t *placec)
{
	const char *agent = sip_node_agent(r->node);
	int err = agent ? mbuf_printf(mb, "Server: %s\r\n", agent) : 0;

	if (!err)
		err = verify_template(mb, r->verify, "WWW-Authenticate", realm,
				      placev, placec);
	return err ? err : mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
}

int registrar_challenge(const struct registrar *r, size_t i, struct pl *domain,
			struct sip_realm *realm)
{
	struct verify_place placev[DIGEST_ALGS];
	struct mbuf *mb;
	struct pl name;
	size_t n;
	int err;

	if (!r || !domain || !realm)
		return EINVAL;
	if (!r->conf.authenticate || i >= r->conf.domainc)
		return ENOENT;
	pl_set_str(domain, r->domainv[i]);
	pl_set_str(&name, r->realm ? r->realm : r->domainv[i]);
	mb = mbuf_alloc(sizeof(realm->text));
	if (!mb)
		return ENOMEM;
	memset(realm, 0, sizeof(*realm));
	err = text(mb, r, &name, placev, &n);
	if (!err &&
	    (mb->end > sizeof(realm->text) || domain->l > SIP_DOMAIN_MAX))
		err = EOVERFLOW;
	if (!err) {
		memcpy(realm->text, mb->buf, mb->end);
		realm->len = (uint16_t)mb->end;
		realm->nonces = (uint16_t)n;
		for (size_t k = 0; k < n; k++) {
			realm->nonce[k] = (uint16_t)placev[k].pos;
			realm->seed[k] = placev[k].seed;
		}
	}
	mem_deref(mb);
	return err;
}
