/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/json.c  JSON in the bounds of the protocol
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "base/jsontext.h"
#include "ng/bencode.h"
#include "ng/json.h"

int ng_json_scan(const struct pl *pl, size_t *used)
{
	return jsontext_scan(pl, NG_DEPTH_MAX, NG_ITEMS_MAX, used);
}

int ng_json_decode(struct odict **op, const struct pl *pl, size_t *used)
{
	return jsontext_decode(op, pl, NG_DEPTH_MAX, NG_ITEMS_MAX, used);
}
