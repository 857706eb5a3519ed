/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/codes.h  A list of SIP codes and ranges of them: "503", "500-599"
 */
#ifndef CAROM_ROUTE_CODES_H
#define CAROM_ROUTE_CODES_H

#include <re.h>
#include "base/fields.h"

enum { CODES = 16 };

struct codes {
	struct code_range {
		uint16_t min, max;
	} v[CODES];
	size_t n;
};

/** Read "503" or "500-599". @return whether it is one, of 200..699 */
bool code_range_decode(struct code_range *r, const char *s);

/** Read the array at key; where it is missing, what *c is stays */
void codes_read(struct codes *c, struct fields *f, const char *key);

/** As an array at key */
int codes_json(struct odict *o, const char *key, const struct codes *c);

bool codes_have(const struct codes *c, uint16_t code);

#endif
