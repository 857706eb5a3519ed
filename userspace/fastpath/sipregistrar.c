/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/sipregistrar.c  What the kernel answers for a registrar
 */
#include <errno.h>
#include <time.h>
#include <bpf/bpf.h>
#include "sippriv.h"

static struct sip_registrar *writable(struct fp_sip *s)
{
	return s && !s->readonly ? s->memv[M_REGISTRAR] : NULL;
}

int fp_sip_registrar_clear(struct fp_sip *s)
{
	struct sip_registrar *r = writable(s);

	if (!r)
		return EINVAL;
	/* who has begun an answer sees at its end that something has changed */
	__atomic_store_n(&r->flags, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&r->serial, 1, __ATOMIC_SEQ_CST);
	fp_sip_empty(s->fdv[M_REGISTRARS], sizeof(struct sip_hostport),
		     SIP_REGISTRARS);
	fp_sip_empty(s->fdv[M_REALMS], sizeof(struct sip_domain), SIP_REALMS);
	return 0;
}

int fp_sip_registrar_at(struct fp_sip *s, const struct sa *sa)
{
	const uint32_t one = 1;
	struct sip_hostport key;

	if (!writable(s) || fp_sip_hostport(&key, sa))
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_REGISTRARS], &key, &one, BPF_ANY)
		       ? errno
		       : 0;
}

int fp_sip_realm(struct fp_sip *s, const struct pl *domain,
		 const struct sip_realm *realm)
{
	struct sip_domain key;

	if (!writable(s) || !realm || realm->len > sizeof(realm->text) ||
	    realm->nonces > SIP_REALM_ALGS || fp_sip_domain_key(&key, domain))
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_REALMS], &key, realm, BPF_ANY)
		       ? errno
		       : 0;
}

void fp_sip_registrar_on(struct fp_sip *s, const struct siphash *tag,
			 uint64_t chance)
{
	struct sip_registrar *r = writable(s);

	if (!r)
		return;
	r->tag = *tag;
	r->chance = chance;
	__atomic_store_n(&r->flags, SIP_REGISTRAR_ON, __ATOMIC_RELEASE);
}

void fp_sip_registrar_alive(struct fp_sip *s, uint32_t ms)
{
	struct sip_registrar *r = writable(s);
	const uint64_t now = fp_sip_now();
	struct timespec ts;

	if (!r)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	__atomic_store_n(&r->wall,
			 (uint64_t)ts.tv_sec * 1000000000 +
				 (uint64_t)ts.tv_nsec - now,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&r->until, now + (uint64_t)ms * 1000000,
			 __ATOMIC_RELEASE);
}
