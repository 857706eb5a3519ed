/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/registrar.h  /v1/registrations, /v1/extensions
 */
#ifndef CAROM_API_REGISTRAR_H
#define CAROM_API_REGISTRAR_H

#include "api/api.h"
#include "registrar/view.h"

/**
 * /v1/registrations; contacts that come and go as events: "registration.added",
 * "registration.removed", "registration.expired", "registration.unreachable",
 * "registration.refreshed": when it has moved, or each time (registrar.h)
 *
 * @param r, loc  Kept by the caller
 *
 * @return 0, ENOMEM
 */
int api_registrations(struct api *a, struct registrar *r, struct location *loc);

/** /v1/extensions. @param r, x  Kept by the caller. @return 0, ENOMEM */
int api_extensions(struct api *a, struct registrar *r, struct extensions *x);

#endif
