/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file password.h  A password from standard input
 */
#ifndef CAROM_PASSWORD_H
#define CAROM_PASSWORD_H

enum { PASSWORD = 256 /**< bytes, with the end of line and the zero */ };

/**
 * Read one: from a terminal twice, unseen
 *
 * @param who  Begins what is said of an error: "user add"
 *
 * @return 0 or errno, explained on stderr
 */
int password_read(char line[PASSWORD], const char *who);

#endif
