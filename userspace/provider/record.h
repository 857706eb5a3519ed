/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/record.h  A provider as its owner describes it (docs/providers.md)
 */
#ifndef CAROM_PROVIDER_RECORD_H
#define CAROM_PROVIDER_RECORD_H

#include <re.h>
#include "base/fields.h"
#include "digest/digest.h"
#include "route/codes.h"
#include "sip/msg.h"

enum { RECORD_HEADERS = 16 };

/** What to log in with: H(user:realm:password) by algorithm, never the password */
struct secret {
	char *username; /**< NULL: none                */
	char *realm;
	char ha1v[DIGEST_ALGS][DIGEST_HEX + 1]; /**< "": none of that         */
};

struct record {
	char *id, *name;
	char *hostname;         /**< name or address                      */
	uint16_t port;          /**< 0: as RFC 3263 finds it               */
	enum msg_transp transp; /**< MSG_TRANSP_MAX: as RFC 3263 finds it  */
	bool disabled;
	struct secret secret;
	char *from_domain; /**< NULL: the caller's                    */
	struct record_header {
		char *name, *value;
	} headerv[RECORD_HEADERS]; /**< added to each INVITE              */
	size_t headerc;
	struct {
		uint32_t interval;  /**< s; 0 none                          */
		uint32_t timeout;   /**< ms                                 */
		uint32_t down, up;  /**< so many in a row                   */
		struct codes codes; /**< of a healthy one; none: any answer */
	} probe;
	struct {
		bool on;
		uint32_t expires; /**< s that are asked for                  */
		char *user;    /**< of the address of record; NULL: username */
		char *domain;  /**< of it; NULL: hostname                 */
		char *contact; /**< user of our Contact; NULL: the id     */
		bool outbound; /**< by a flow that is kept (RFC 5626)      */
	} reg;
};

/** What a provider has that does not say so itself */
struct record_defaults {
	uint32_t interval, timeout, down, up;
};

/**
 * Read one
 *
 * A "password" becomes HA1s, which takes a realm.
 *
 * @param e  Says what is wrong
 *
 * @return 0, EBADMSG, ENOMEM, EINVAL
 */
int record_decode(struct record **rp, const struct odict *o,
		  const struct record_defaults *def, struct fields_err *e);

/**
 * All of it, defaults filled in
 *
 * @param secret  Its HA1s too: for the store, for nobody else
 */
int record_json(struct odict *o, const struct record *r, bool secret);

/** What two have to share for connections, health and registration to go on */
bool record_same_peer(const struct record *a, const struct record *b);

/* secret.c */

/** "username", "realm", and "password" or "ha1" */
void secret_read(struct secret *s, struct fields *f);
int secret_json(struct odict *o, const struct secret *s, bool secret);
void secret_reset(struct secret *s);
bool secret_same(const struct secret *a, const struct secret *b);

#endif
