/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/trunk.h  Customers' and peers' systems that call us: by address, or by a log-in
 *
 * Records of the store (kind "trunk"), which the API writes. What follows from them
 * is the edge's: a trunk's networks are told to it, its log-in is asked for by it.
 */
#ifndef CAROM_PROVIDER_TRUNK_H
#define CAROM_PROVIDER_TRUNK_H

#include <re.h>
#include "base/fields.h"
#include "provider/record.h"

struct store;

enum { TRUNK_NETS = 32, TRUNKS_MAX = 4000 };

struct trunk {
	char *id, *name;
	struct trunk_net {
		struct sa addr;
		unsigned bits;
	} netv[TRUNK_NETS]; /**< where it calls from                     */
	size_t netc;
	uint32_t set; /**< of the dispatcher: where its new dialogs go    */
	bool disabled;
	struct secret secret; /**< or what it logs in with                 */
};

/**
 * A trunk, of JSON as docs/providers.md has it
 *
 * @param tp  Pointer to the trunk (mem_deref when done)
 * @param e   Says what is wrong
 *
 * @return 0, EBADMSG, ENOMEM, EINVAL
 */
int trunk_decode(struct trunk **tp, const struct odict *o,
		 struct fields_err *e);
/** All of it, added to o. @return 0 or ENOMEM. @param secret  Its HA1s too: for the store, for nobody else */
int trunk_json(struct odict *o, const struct trunk *t, bool secret);

struct trunks;

/**
 * A network is a trunk's from now on, or is no more
 *
 * @return 0, or why it can't be
 */
typedef int(trunk_net_h)(const struct trunk_net *net, uint32_t set, bool add,
			 void *arg);

/** Is there such a set? */
typedef bool(trunk_set_h)(uint32_t set, void *arg);

/**
 * Take what the store has
 *
 * @param tp     Pointer to the object (mem_deref when done: networks stay told)
 * @param store  Referenced
 *
 * @return 0, EINVAL, ENOMEM, errno of the store
 */
int trunks_alloc(struct trunks **tp, struct store *store, trunk_net_h *neth,
		 trunk_set_h *seth, void *arg);

/** Is there such a set of the dispatcher? */
bool trunks_has_set(const struct trunks *ts, uint32_t set);

/** Add one, or take the place of the one of the same id. Referenced. @return 0,
 *  ENOSPC, ENOMEM, or the handler's: it is there, but not all of it in force */
int trunks_put(struct trunks *ts, struct trunk *t);

/** @return 0, ENOENT */
int trunks_del(struct trunks *ts, const char *id);

/** Whose network, or user name, is that already, but for the one of that id? NULL:
 *  nobody's */
const struct trunk *trunks_net(const struct trunks *ts,
			       const struct trunk_net *net, const char *id);
const struct trunk *trunks_user(const struct trunks *ts, const char *username,
				const char *id);

/** HA1 of a user (an auth_ha1_h; arg: the trunks); NULL: none */
const char *trunks_ha1(const struct pl *user, enum digest_alg alg, void *arg);

#endif
