/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/presence.h  /v1/presence
 */
#ifndef CAROM_API_PRESENCE_H
#define CAROM_API_PRESENCE_H

#include "api/api.h"

struct presence;

/** Serve it. @param p  Kept by the caller. @return 0, ENOMEM */
int api_presence(struct api *a, struct presence *p);

#endif
