/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTCP of two parties, one datagram after the other: the first byte of each
 * says whose it is and how long. What is refused is counted and leaves the
 * party as it was; figures stay within what RFC 3550 and the E-model allow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "media/rtcp.h"
#include "must.h"
#include "rtp/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte too far is seen. Each SSRC of the maps is one that a packet may well have */
static void translated(uint8_t *p, size_t n)
{
	const struct rtcp_map said = {true, 0x01010101, 0x02020202, 100, 1000};
	const struct rtcp_map heard = {true, 0x03030303, 0x04040404, 0xff00, 7};

	rtcp_translate(p, n, &said, &heard);
}

static void datagram(struct rtcpx_party *own, struct rtcpx_party *peer,
		     uint64_t now, const uint8_t *p, size_t n)
{
	struct rtcpx_party was;
	uint8_t *copy = malloc(n ? n : 1); /* so that a byte too far is seen */
	double mos;
	int err;

	MUST(copy);
	memcpy(&was, own, sizeof(was));
	memcpy(copy, p, n);
	err = rtcpx_update(own, peer, now, copy, n);
	translated(copy, n);
	free(copy);
	if (err) {
		was.malformed++;
		MUST(!memcmp(own, &was, sizeof(was)));
	}
	MUST(own->malformed == was.malformed);
	MUST(own->lost >= -0x800000 && own->lost <= 0x7fffff);
	MUST(own->srs >= was.srs && own->blocks >= was.blocks);
	if (rtcpx_party_mos(&mos, own, peer, 8000))
		MUST(mos >= 1 && mos <= 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcpx_party party[2] = {0};
	uint64_t now = 1000000000;

	while (size > 1) {
		size_t n = data[0] >> 1;
		unsigned who = data[0] & 1;

		data++;
		size--;
		if (n > size || n == 127)
			n = size;
		datagram(&party[who], &party[!who], now, data, n);
		data += n;
		size -= n;
		now += 20000000;
	}
	return 0;
}
