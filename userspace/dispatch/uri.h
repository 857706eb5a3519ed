/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/uri.h  URI of a target
 */
#ifndef CAROM_DISPATCH_URI_H
#define CAROM_DISPATCH_URI_H

#include <re.h>
#include "dispatch/dispatch.h"

/**
 * Check a SIP or SIPS URI (RFC 3261 19.1)
 *
 * @param addr  Address, when the URI has it in figures, with its port or the
 *              default one; else left unset. May be NULL
 *
 * @return 0 or EBADMSG; a transport other than UDP, TCP and TLS is none that we
 *         could speak
 */
int ds_uri_check(const struct pl *pl, struct sa *addr);

/** Of a URI that ds_uri_check() has found good */
enum ds_transp ds_uri_transp(const struct pl *pl);

#endif
