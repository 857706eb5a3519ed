/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/providers.h  /v1/providers, /v1/routes
 */
#ifndef CAROM_API_PROVIDERS_H
#define CAROM_API_PROVIDERS_H

#include "api/api.h"

struct providers;

/** Serve them. @param ps  Kept by the caller. @return 0, ENOMEM */
int api_providers(struct api *a, struct providers *ps);

struct trunks;

/** /v1/trunks (trunks.c). @param ts  Kept by the caller */
int api_trunks(struct api *a, struct trunks *ts);

/** /v1/routes, a part of it (routes.c) */
int api_routes(struct api *a, struct providers *ps);

/** Their figures (providerfigures.c): an api_figures_h, arg the providers */
int provider_figures(struct odict *arr, void *arg);

/** Does it keep the HA1s of what is there? */
bool api_keeps_secret(const struct odict *body, const struct odict *old);
/**
 * Nobody is shown an HA1: who writes back what he has read has not meant to take it
 * away. Where a body has the user name and realm of what is there, and no password, it
 * keeps the HA1s
 */
int api_keep_secret(struct odict *body, const struct odict *old);

/** Make *o what *from has: from's members take the place of all of o's */
int api_become(struct odict *o, const struct odict *from);

#endif
