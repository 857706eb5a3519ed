/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_t38.h  What SDP says of T.38 over UDPTL (ITU-T T.38 annex D)
 */
#ifndef CAROM_SDP_T38_H
#define CAROM_SDP_T38_H

#include <re.h>
#include "media/sdp.h"

enum {
	T38_LINES = 9, /**< attributes that we write                 */
	T38_TEXT = 48, /**< bytes of one                             */
};

enum t38_ec { T38_EC_NONE = 0, T38_EC_REDUNDANCY, T38_EC_FEC };

struct t38_sdp {
	uint32_t version; /**< 0 by default                           */
	uint32_t bitrate; /**< bit/s, 14400 by default                */
	bool fill_bit_removal, mmr, jbig; /**< transcodings                 */
	bool local_tcf;        /**< rate management by the gateway, not by the
				     far machine                            */
	uint32_t max_buffer;   /**< bytes, 0 not said                      */
	uint32_t max_datagram; /**< bytes, 0 not said                      */
	enum t38_ec ec;
};

/** What we offer where a driver asks for T.38 */
extern const struct t38_sdp t38_default;

/** Is this section T.38 over UDPTL? */
bool t38_section(const struct sdpx_media *sm);

/**
 * Read the attributes of a section. Letter case does not matter, "T38FaxUdpECDepth"
 * and the like are passed over; a boolean may have a value or none ("T38FaxJbig:0");
 * numbers that make no sense keep their default
 */
void t38_decode(struct t38_sdp *t, const struct sdpx *sdp, size_t i);

/** What answers an offer: version and error correction not above what was offered,
 *  transcodings that both do (annex D.2.3) */
void t38_answer(struct t38_sdp *answer, const struct t38_sdp *offer,
		const struct t38_sdp *can);

/**
 * Attributes to be put into a section (struct sdpx_attrs.addv)
 *
 * @param text  Where they are kept
 * @param v     Point into text
 *
 * @return how many
 */
size_t t38_lines(const struct t38_sdp *t, char text[T38_LINES][T38_TEXT],
		 struct pl v[T38_LINES]);

#endif
