/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/exttable.h  The table of extensions; for extension.c and extwrite.c
 */
#ifndef CAROM_REGISTRAR_EXTTABLE_H
#define CAROM_REGISTRAR_EXTTABLE_H

#include "registrar/extension.h"

enum {
	EXTENSION_RAW = DIGEST_HEX / 2, /**< bytes of the longest HA1        */
	EXTENSION_KEY = 2 * EXTENSION_PART + 2,
};

/* One of them; its names lie behind it: "user@domain", then the realm */
struct extension {
	struct le le;
	uint8_t ha1[DIGEST_ALGS][EXTENSION_RAW];
	uint8_t has; /* bit of each algorithm */
	uint16_t userl, keyl, realml;
	char text[];
};

struct extensions {
	struct store *store;
	struct store_watch *watch;
	struct hash *hash;
	struct digest *digest;
	extension_change_h *changeh;
	void *change_arg;
	size_t count;
	char hex[DIGEST_HEX + 1]; /* that was handed out */
};

/** May it be a user, or a domain? */
bool extkey_part(const struct pl *pl);

/** user@domain, the domain in small letters. @param key  Points into buf.
 *  @return 0 or EINVAL */
int extkey_make(struct pl *key, char buf[EXTENSION_KEY], const struct pl *user,
		const struct pl *domain);

/** @return NULL: there is none */
struct extension *exttable_find(const struct extensions *x,
				const struct pl *key);

/** Its record is another now; NULL: it has gone. Whoever watches is told; a record that
 *  says it wrongly changes nothing, and is in the log */
void exttable_take(struct extensions *x, const struct pl *key,
		   const struct odict *o);

#endif
