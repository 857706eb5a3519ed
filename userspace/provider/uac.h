/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/uac.h  Registration at a provider that wants one (RFC 3261 10.2, RFC 3608)
 *
 * Sent over the calls' wire, so that what the provider sends to our Contact comes
 * there. Renewed before it expires; a failure is tried again after 30 s, and longer
 * each time, up to half an hour. With RFC 5626, what it sends comes by the flow of the
 * REGISTER, which is kept alive, and made anew where it breaks.
 */
#ifndef CAROM_PROVIDER_UAC_H
#define CAROM_PROVIDER_UAC_H

#include "provider/core.h"

enum {
	UAC_RETRY = 30,          /**< s                                      */
	UAC_RETRY_MAX = 1800,    /**< s                                      */
	UAC_SERVICE_ROUTE = 512, /**< bytes of it that are kept            */
	UAC_SOON = 2000,     /**< ms at most, after a flow broke           */
	UAC_STABLE = 120000, /**< ms: one that lasts so long was good      */
};

struct uac;

/** Begin, or go on by another record. A provider without registration has none */
int uac_update(struct provider *p);

/** Give it up: where it is registered, REGISTER with Expires 0 goes out */
void uac_stop(struct provider *p);

bool uac_registered(const struct uac *u);

/** Value of Route for requests to the provider; NULL: it gave none */
const char *uac_service_route(const struct uac *u);

/** Is the user of a request's URI the one of our Contact there? */
bool uac_is_contact(const struct uac *u, const struct pl *user);

/** Where the provider's registrar is that knows us; NULL: there was none yet */
const struct sa *uac_peer(const struct uac *u);

/** {"state", "expires", "code", "reason"} */
int uac_json(struct odict *o, const struct uac *u);

#endif
