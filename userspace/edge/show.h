/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/show.h  Who is connected, for people; inside the room
 */
#ifndef CAROM_EDGE_SHOW_H
#define CAROM_EDGE_SHOW_H

#include "edge/edge.h"

/** "sip connections": the first thousand, and how many there are in all. @return 0
 *  or ENOMEM */
int show_connections(const struct edge *e, struct odict *reply);

#endif
