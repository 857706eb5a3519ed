/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file config_fix.h  Configurations that are loaded from a file of their own
 */
#ifndef CAROM_CONFIG_FIX_H
#define CAROM_CONFIG_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config.h"

/* Three lines that every file needs; what follows is in line 4 and on, inside
 * `media` when it is indented by two */
#define IFACES "media:\n  interfaces:\n  - {name: a, address: 192.0.2.1}\n"
#define TWO(a, b) "media:\n  interfaces:\n  - {" a "}\n  - {" b "}\n"

/** The file that was loaded last: it is gone */
extern char path[];

/** Load so many bytes. @param e  What is wrong with them; emptied first */
int load_bytes(struct config **cp, const char *p, size_t n,
	       struct config_err *e);

/** Load a text */
int load(struct config **cp, const char *text, struct config_err *e);

/** Load a text that nothing is wrong with */
struct config *good(const char *text);

#endif
