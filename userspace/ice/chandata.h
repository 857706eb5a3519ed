/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/chandata.h  ChannelData: four bytes in front of what a TURN server relays
 *                       (RFC 8656 12.4)
 */
#ifndef CAROM_ICE_CHANDATA_H
#define CAROM_ICE_CHANDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHANDATA_HDR = 4,      /**< bytes: channel, length                   */
	CHANDATA_MIN = 0x4000, /**< numbers that may be bound              */
	CHANDATA_MAX = 0x4fff,
};

/** Write the header of n bytes that follow it */
static inline void chandata_put(uint8_t *p, uint16_t channel, size_t n)
{
	p[0] = (uint8_t)(channel >> 8);
	p[1] = (uint8_t)channel;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

/**
 * Read a datagram's header. What is behind its length is padding
 *
 * @param channel  Set to its number
 * @param len      Set to the bytes behind the header, which are there
 *
 * @return false: it is no ChannelData
 */
static inline bool chandata_get(uint16_t *channel, size_t *len,
				const uint8_t *p, size_t n)
{
	if (n < CHANDATA_HDR)
		return false;
	*channel = (uint16_t)(p[0] << 8 | p[1]);
	*len = (size_t)p[2] << 8 | p[3];

	return *channel >= CHANDATA_MIN && *channel <= CHANDATA_MAX &&
	       *len <= n - CHANDATA_HDR;
}

#endif
