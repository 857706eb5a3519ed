/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/zone.h  What the clock on the wall says in a named time zone
 *
 * The C library knows one zone for a process. Here are as many as routes name,
 * from the system's files (TZif, RFC 8536): their list of changes, and the rule
 * behind it for what comes later.
 */
#ifndef CAROM_ROUTE_ZONE_H
#define CAROM_ROUTE_ZONE_H

#include <re.h>

#define ZONE_DIR "/usr/share/zoneinfo"

struct zone;

/**
 * @param zp    Pointer to the object (mem_deref when done)
 * @param name  "Europe/Berlin", "UTC"
 *
 * @return 0; ENOENT: there is none of that name; EBADMSG: its file is no TZif
 */
int zone_load(struct zone **zp, const char *name);

/** From a file's bytes: what zone_load() reads */
int zone_decode(struct zone **zp, const uint8_t *p, size_t n);

/** @param t  s since 1970. @return s east of UTC at that time */
int32_t zone_offset(const struct zone *z, int64_t t);

/** The day of the week (0 Sunday) and the minute of that day */
void zone_wall(const struct zone *z, int64_t t, unsigned *wday,
	       unsigned *minute);

/* posixtz.c */

/** One of the two changes of a year (POSIX TZ) */
struct posixtz_change {
	char kind;                 /**< 'M' month.week.day, 'J' without 29
				    February, 'N' day of the year           */
	unsigned day, week, month; /**< of 'M' the day of the week       */
	int32_t time;              /**< s after midnight, -604800..604800 */
};

/** "CET-1CEST,M3.5.0,M10.5.0/3" */
struct posixtz {
	int32_t std, dst; /**< s east of UTC                           */
	bool changes;     /**< it has dst                              */
	struct posixtz_change to_dst, to_std;
};

/** @return 0, EBADMSG */
int posixtz_decode(struct posixtz *tz, const struct pl *text);

/** s east of UTC */
int32_t posixtz_offset(const struct posixtz *tz, int64_t t);

#endif
