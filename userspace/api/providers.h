/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/providers.h  /v1/providers, /v1/routes
 */
#ifndef CAROM_API_PROVIDERS_H
#define CAROM_API_PROVIDERS_H

#include "api/api.h"

struct fields_err;
struct providers;

/** Serve them. @param ps  Kept by the caller. @return 0, ENOMEM */
int api_providers(struct api *a, struct providers *ps);

/** /v1/routes, a part of it (routes.c) */
int api_routes(struct api *a, struct providers *ps);

/** A member that base/fields.h refused becomes a fault of the request: its path
 *  "times.windows[1].from" as a JSON pointer */
void api_field_fault(struct api_req *req, const struct fields_err *e);

/** Make *o what *from has: from's members take the place of all of o's */
int api_become(struct odict *o, const struct odict *from);

#endif
