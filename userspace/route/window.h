/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/window.h  Times of day at which a route is open
 */
#ifndef CAROM_ROUTE_WINDOW_H
#define CAROM_ROUTE_WINDOW_H

#include <re.h>
#include "base/fields.h"

enum { WINDOWS = 16 };

/** From a minute on weekdays; past midnight, where `to` is not behind `from` */
struct window {
	uint8_t days;      /**< 1 << weekday, 0 Sunday: on which it begins */
	uint16_t from, to; /**< minutes of the day, 0..1440                */
};

/** {"days": ["mon", ...], "from": "08:00", "to": "18:30"}; without days it is all
 *  of them */
void window_read(struct window *w, struct fields *f);

int window_json(struct odict *o, const struct window *w);

/** @param wday  0 Sunday. @param minute  0..1439 */
bool window_open(const struct window *w, unsigned wday, unsigned minute);

#endif
