/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/jsonput.h  A JSON object, member by member, without a dictionary
 *
 * For what is written for each message. The object begins with "{" and ends with
 * "}", which are the caller's to write; before each member but the first there is a
 * comma. All return 0 or ENOMEM.
 */
#ifndef CAROM_JSONPUT_H
#define CAROM_JSONPUT_H

#include <re.h>

/** A string: control characters, quotes and backslashes are escaped, all other bytes
 *  are as they came */
int jsonput_str(struct mbuf *mb, const char *name, const struct pl *val);

int jsonput_u64(struct mbuf *mb, const char *name, uint64_t n);

int jsonput_bool(struct mbuf *mb, const char *name, bool is);

/** The name of a member whose value the caller writes */
int jsonput_name(struct mbuf *mb, const char *name);

#endif
