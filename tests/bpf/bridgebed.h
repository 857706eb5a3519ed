/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/bridgebed.h  A bridge on a media worker, on the wires of the bed, and who
 *                        speaks and listens at its ends
 */
#ifndef TESTS_BPF_BRIDGEBED_H
#define TESTS_BPF_BRIDGEBED_H

#include "bridge/bridge.h"
#include "rtp/packet.h"
#include "sides.h"
#include "wire.h"

enum { TONE = 1000, AMP = 8000, PACKETS = 50, HEADERS = 14 + 20 + 8 };

struct bridgebed {
	struct bed *bed;
	struct fp_net *net;
	struct plane *pl;
	struct bridge *b;
	bridge_event_h *eventh; /* of the next bridge, NULL: none */
	uint32_t ssrc_out;      /* that legs rewrite to, 0: none */
	int lan, wan;           /* sockets of the parties' wires */
	int16_t heard[48000 * 4];
	size_t heardn;
};

extern struct bridgebed bb;
extern struct side bb_sides[SIDES];

/** cmocka's fixtures; after each test, what it left is taken away */
int bb_setup(void **state);
int bb_teardown(void **state);
int bb_clear(void **state);

const struct codec *bb_codec(const char *name);
/** A member on a side, that is sent to PEER_PORT */
void bb_member(struct bridge_member *m, const struct side *s, uint16_t port);
/** a sends codec x, b wants codec y; and the other way round */
void bb_transcoding(struct bridge_member mv[2], const char *x, const char *y);
/** The bridge and its legs */
void bb_up(enum plane_mode mode, struct bridge_member mv[2]);
void bb_down(void);

/** The near party sends */
void bb_put(const struct side *s, uint16_t dport, const uint8_t *p, size_t n);
/** The UDP payload of the next packet that the far party gets, but for reports of
 *  ours; 0: none within `wait` ms */
size_t bb_get(uint8_t *p, unsigned wait);

/** A phone that sends a tone */
struct phone {
	struct codec_enc *enc;
	size_t at;
	struct rtp_head h;
	uint8_t pkt[CODEC_BYTES_MAX + RTP_HEADER];
};

void phone_open(struct phone *ph, const char *name, uint8_t pt);
/** 20 ms into pkt; its length */
size_t phone_packet(struct phone *ph);
/** The numbers of the packet behind it */
void phone_next(struct phone *ph, const struct codec *c);

/** One stream without a step, and its sound */
struct ear {
	struct codec_dec *dec;
	bool started;
	struct rtp_head last;
	unsigned packets;
};

void ear_hear(struct ear *e, const uint8_t *p, size_t n, uint32_t step);
/** What was heard is the phone's tone, as loud as it was sent */
void tone_heard(const char *what, uint32_t rate);

#endif
