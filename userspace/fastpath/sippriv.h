/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps that SIP is forwarded by, as this room's files share them */
#ifndef CAROM_FASTPATH_SIPPRIV_H
#define CAROM_FASTPATH_SIPPRIV_H

#include "fastpath/sip.h"

enum {
	M_CONF = 0,
	M_LISTENERS,
	M_RULES,
	M_SETS,
	M_SLOTS,
	M_TARGETS,
	M_REGISTRAR,
	M_MAPPED, /* those before are memory */
	M_HOSTS = M_MAPPED,
	M_EXITS,
	M_NETS,
	M_DOMAINS,
	M_COUNTS,
	M_COPIES,
	M_HOPS,
	M_STICKY,
	M_BUCKETS,
	M_USERS,
	M_PHONES,
	M_REGISTRARS,
	M_REALMS,
	M_MAX
};

struct fp_sip {
	int fdv[M_MAX];
	void *memv[M_MAPPED];
	struct ring_buffer *copies, *hops;
	fp_sip_copy_h *copy_h; /* while a ring is read */
	void *copy_arg;
	struct sip_hostport swept; /* up to here */
	bool readonly;
};

/** A key of sip_hosts and sip_phones. @return 0, EINVAL */
int fp_sip_hostport(struct sip_hostport *h, const struct sa *sa);

/** A key of sip_domains and sip_realms. @return 0, EINVAL: it is too long */
int fp_sip_domain_key(struct sip_domain *key, const struct pl *name);

/** Delete `most` entries, or all */
void fp_sip_empty(int fd, size_t key_size, size_t most);

/** Nobody is registered any more, as far as the kernel knows (sipuser.c) */
void fp_sip_users_clear(struct fp_sip *s);

#endif
