/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file common.h  What the benchmark's programs share
 */
#ifndef CAROM_BENCH_COMMON_H
#define CAROM_BENCH_COMMON_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <bpf/libbpf.h>
#include <bpf/bpf.h>

#include "bench.h"

/** Say what went wrong and end the program: a benchmark has nothing to save */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/** CLOCK_MONOTONIC in ns */
uint64_t now_ns(void);

/** Sleep until that moment of CLOCK_MONOTONIC */
void sleep_until(uint64_t ns);

/** Read a decimal number from min to max, or die naming it */
uint64_t number(const char *what, const char *s, uint64_t min, uint64_t max);

/**
 * Move this thread into a network namespace
 *
 * @param name  Name below /run/netns
 */
void enter(const char *name);

/**
 * Enter the namespace of a "NETNS:DEVICE" argument
 *
 * @param at  The argument
 *
 * @return The device's ifindex there
 */
int enter_at(const char *at);

/** Network byte order address of dotted text, or die */
uint32_t ipv4(const char *s);

/** Six bytes of "02:00:...", or die */
void mac(uint8_t out[6], const char *s);

/* ---- frames (frame.c) ------------------------------------------------ */

/** What is the same in every packet of a sender */
struct frame_addr {
	uint8_t smac[6];
	uint8_t dmac[6];
	uint32_t saddr; /**< network order */
	uint32_t daddr;
};

/** What differs between packets; host order */
struct frame_flow {
	uint16_t sport;
	uint16_t dport;
	uint16_t seq;
	uint32_t ts;
	uint32_t ssrc;
};

/** Write an RTP header where it belongs in a frame; returns where. The payload goes
 *  behind it */
uint8_t *frame_rtp(uint8_t *f, const struct frame_flow *fl, uint8_t pt);
/** Write all in front of `len` bytes of RTP, header included; one byte behind them
 *  is written to. Returns the length of the frame */
size_t frame_wrap(uint8_t *f, const struct frame_addr *a,
		  const struct frame_flow *fl, size_t len);
/** Write a whole RTP frame of BENCH_FRAME bytes, checksums included */
void frame_make(uint8_t *f, const struct frame_addr *a,
		const struct frame_flow *fl);

/** Sum of what a frame's UDP checksum covers but struct frame_flow's fields */
uint32_t frame_csum(const uint8_t *f);

/* ---- sinks (sink.c) --------------------------------------------------- */

struct sink;

enum sink_kind {
	SINK_XDP = 0,
	SINK_TC,    /* count at tc ingress (UDP over IPv4 only) */
	SINK_TIMED, /* the same, and how long packets took      */
};

/**
 * Count and drop what arrives at a device, until the program ends
 *
 * @param dir  Directory of the BPF objects
 * @param at   NETNS:DEVICE
 */
struct sink *sink_open(const char *dir, const char *at, enum sink_kind kind);

/** A packet that will arrive at `port` leaves now. SINK_TIMED alone; the one before it has
 *  arrived by then */
void sink_sent(struct sink *s, uint16_t port, uint64_t now);

/** Add the packets that took so many microseconds to binv[SINK_BINS]; the last bin has
 *  all that took longer */
void sink_took(const struct sink *s, uint64_t *binv);

/**
 * Packets counted so far
 *
 * @param s    Sink
 * @param cpu  Only those counted on this CPU; -1 for all
 */
uint64_t sink_count(const struct sink *s, int cpu);

/** Detach. The sink is gone afterwards */
void sink_close(struct sink *s);

/* ---- BPF objects (object.c) ------------------------------------------- */

/** Open DIR/NAME.bpf.o, or die */
struct bpf_object *object_open(const char *dir, const char *name);

/** Load it, or die */
void object_load(struct bpf_object *o);

/** File descriptor of a map of a loaded object, or die */
int object_map(struct bpf_object *o, const char *name);

/** Put a device into entry 0 of a device map */
void object_port(struct bpf_object *o, const char *map, uint32_t ifindex);

/**
 * Attach an XDP program to a device of this namespace, in native mode
 *
 * @return Descriptor of the link: closing it detaches
 */
int object_xdp(struct bpf_object *o, const char *prog, int ifindex);

#endif
