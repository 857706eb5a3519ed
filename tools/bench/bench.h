/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file bench.h  What the generator's BPF program and its loader agree on
 */
#ifndef CAROM_BENCH_H
#define CAROM_BENCH_H

#include <linux/types.h>

#define BENCH_FLOWS 30000 /**< most flows; the legs' ports are 2 apart  */
#define BENCH_ETH 14
#define BENCH_IP 20
#define BENCH_UDP 8
#define BENCH_RTP 12
#define BENCH_HEAD (BENCH_ETH + BENCH_IP + BENCH_UDP + BENCH_RTP)
#define BENCH_HEAD_WORDS (BENCH_HEAD / 8)
#define BENCH_VOICE 160 /**< G.711, 20 ms                             */
#define BENCH_FRAME (BENCH_HEAD + BENCH_VOICE)

#define BENCH_PT 8 /**< PCMA, which every relay under test was told of */

/** First media port, source port and RTP values of a flow */
#define BENCH_DPORT 5000
#define BENCH_SPORT 5002
#define BENCH_STEP 2

/** In .rodata: how each frame is made */
struct gen_cfg {
	/** Template up to the timestamp: what is filled in per packet (ports,
	 *  SSRC, sequence number, timestamp, UDP checksum) has its own fields */
	__u64 head[BENCH_HEAD_WORDS];
	__u32 csum;  /**< ones' complement sum of everything else
				  that the UDP checksum covers          */
	__u32 flows; /**< 1..BENCH_FLOWS                      */
	__u32 seq;   /**< sequence number of round 0          */
	__u32 pad;
	__u64 warm; /**< the clock starts at this packet     */
	__u64 last; /**< and stops at this one               */
};

#define BENCH_SIP_FRAMES 65536 /**< each with a Call-ID of its own        */

/** A SIP message from Ethernet up; all of a run have the same length */
struct sipgen_frame {
	__u8 data[1024];
};

/** In .rodata of the SIP generator */
struct sipgen_cfg {
	__u32 len; /**< of each frame                            */
	__u32 pad;
	__u64 warm, last; /**< as in gen_cfg                     */
};

/** In .bss: where the generator stands */
struct gen_state {
	__u64 sent;
	__u32 pos;    /**< place in the order                          */
	__u32 round;  /**< times that every flow had its packet        */
	__u64 t_warm; /**< CLOCK_MONOTONIC ns                          */
	__u64 t_last;
};

#endif
