/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/load.h  How busy the node is, and whether it takes another call
 *
 * The node is looked at each second, where a limit was configured. New calls are refused, never those
 * that there are: their offers and answers go on.
 */
#ifndef CAROM_MEDIA_LOAD_H
#define CAROM_MEDIA_LOAD_H

#include "media/call.h"

/** Look: once a second or so. Nothing is done without a limit */
void load_look(struct media *m);

/**
 * How busy is each worker? Once a second or so, with or without a limit
 *
 * @param now  ns, of a clock that runs evenly
 */
void load_workers(struct media *m, uint64_t now);

/**
 * May another call begin?
 *
 * @return 0; EDQUOT: a limit is reached, e says which; it is counted
 */
int load_admit(struct media *m, struct media_err *e);

/** Of a line of /proc/stat ("cpu ..."): ticks that all processors were busy, and all.
 *  @return 0, EBADMSG */
int load_ticks(const char *line, uint64_t *busy, uint64_t *all);

#endif
