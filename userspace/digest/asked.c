/* SPDX-License-Identifier: BSD-2-Clause */
/* The credentials of a request, for whoever answers it himself */
#include <errno.h>
#include "carom/sipkey.h"
#include "digest/asked.h"
#include "sip/sip.h"

enum { CREDENTIALS = 16 /* that are looked at */ };

int asked_find(struct cred *c, const struct verify *v, const struct msg *m,
	       const struct pl *realm)
{
	unsigned n = 0;

	for (size_t i = 0; i < m->hdrc && n < CREDENTIALS; i++) {
		int err;

		if (m->hdrv[i].type != MSG_AUTHORIZATION)
			continue;
		++n;
		err = cred_decode(c, &m->hdrv[i].val);
		if (err == ENOENT || (c->realm.p && !cred_is(&c->realm, realm)))
			continue;
		if (err || !c->realm.p)
			return EBADMSG;
		if (verify_offers(v, c->alg))
			return 0;
	}
	return ENOENT;
}

uint64_t asked_hash(const struct msg *m, const struct cred *c,
		    const uint64_t key[2])
{
	struct siphash h;

	siphash_start(&h, key[0], key[1]);
	siphash_word(&h, SIP_KEY_NONCE);
	sipkey_mem(&h, m->viav[0].branch.p, m->viav[0].branch.l);
	sipkey_mem(&h, c->response.p, c->response.l);
	sip_hash_asked(&h, m);
	return siphash_end(&h);
}
