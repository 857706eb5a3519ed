/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/extension.h  Elements of an RTP header's extension (RFC 8285)
 */
#ifndef CAROM_RTP_EXTENSION_H
#define CAROM_RTP_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_EXT_ID_MAX = 14,  /**< of the form with one byte, RFC 8285 4.2 */
	RTP_EXT_LEN_MAX = 16, /**< bytes of an element of that form        */
};

/**
 * The first element of an id, in the form with one byte or with two
 *
 * @param id   1..255
 * @param val  Set to it; it lies in the packet
 * @param len  Its bytes
 *
 * @return false: there is none, or the packet is no RTP
 */
bool rtp_ext_find(const uint8_t *p, size_t n, uint8_t id, const uint8_t **val,
		  size_t *len);

/**
 * Have an element in a packet, in the form with one byte. It goes behind those that are
 * there; one of its id that is there already has to go first, or stays
 *
 * @param room  Bytes that may be written at p
 * @param id    1..RTP_EXT_ID_MAX
 * @param len   1..RTP_EXT_LEN_MAX
 *
 * @return Length of the packet then; n where it stays as it was: no room, an extension
 *         of another form, an element of this id
 */
size_t rtp_ext_put(uint8_t *p, size_t n, size_t room, uint8_t id,
		   const uint8_t *val, size_t len);

#endif
