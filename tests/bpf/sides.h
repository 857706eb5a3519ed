/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sides.h  The ways in and out of the bed, and a leg between two
 */
#ifndef TESTS_BPF_SIDES_H
#define TESTS_BPF_SIDES_H

#include "bed.h"

/** Where a party of a call sits */
struct side {
	const char *name;
	const char *local, *peer; /**< our address there, and the party's  */
	const uint8_t *our_mac, *peer_mac;
	int dev;
	uint16_t vlan;
};

enum {
	SIDE_LAN4,
	SIDE_LAN6,
	SIDE_WAN4,
	SIDE_WAN6,
	SIDE_TAG4,
	SIDE_TAG6,
	SIDES
};

#define PEER_PORT 4000 /**< of every party                                 */
#define IN_PORT 30010  /**< where a leg of side_leg() receives             */
#define OUT_PORT 30020 /**< and what it sends from                         */

void sides_init(const struct bed *bed, struct side sides[SIDES]);

bool side_v6(const struct side *s);

/** A leg that takes packets from one side's party to the other's */
struct fp_leg side_leg(const struct side *in, const struct side *out);

/** A packet of that leg as the party sends it, and as it must leave */
struct spec side_in(const struct side *in, const void *payload, size_t len);
struct spec side_out(const struct side *out, const struct spec *in);

/** TX back to where it came from, else REDIRECT */
int side_action(const struct side *in, const struct side *out);

/** Golden packet from side to side, unchanged but for what must change */
struct gold side_gold(const char *what, const struct side *in,
		      const struct side *out, const void *payload, size_t len);

/** The same packet, but dropped for this reason */
struct gold side_drop(const char *what, const struct side *in, int reason,
		      const void *payload, size_t len);

#endif
