/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/persist.h  What writer and reader of stored calls share
 */
#ifndef CAROM_MEDIA_PERSIST_H
#define CAROM_MEDIA_PERSIST_H

#include <re.h>
#include "media/call.h"

#define PERSIST_KIND "media"

/** Records of a higher version are left alone: a newer build wrote them */
enum { PERSIST_VERSION = 1 };

#endif
