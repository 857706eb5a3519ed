/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/prof_priv.h  What the files of the profiles share
 */
#ifndef CAROM_MEDIA_PROF_PRIV_H
#define CAROM_MEDIA_PROF_PRIV_H

#include "media/profile.h"

/** Set the message. @return err */
int prof_fail(struct prof_err *e, int err, const char *msg);
bool prof_named(const struct prof_names *l, const char *name);
/** By the name of the suite; NULL none */
const struct prof_suite *prof_find(const struct prof_suites *l,
				   const char *name);

#endif
