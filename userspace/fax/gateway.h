/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/gateway.h  A fax call between sound and T.38 (ITU-T T.38, T.30)
 *
 * spandsp's gateway between our UDPTL and samples: what a fax machine says by modem
 * becomes IFP packets, and the reverse. It has no clock: who asks for samples drives
 * it. One thread at a time may use an object; only gateway_alloc() and the end of an
 * object allocate or free.
 */
#ifndef CAROM_FAX_GATEWAY_H
#define CAROM_FAX_GATEWAY_H

#include "fax/udptl.h"

enum { FAX_RATE = 8000 /**< Hz of samples, which are mono */ };

struct fax_conf {
	/* towards T.38, as agreed by SDP */
	uint32_t version;      /**< of T.38: 0..3                         */
	uint32_t bitrate;      /**< bit/s at most, 0: as fast as modems go */
	uint32_t max_buffer;   /**< bytes that the far end stores, 0 not said */
	uint32_t max_datagram; /**< bytes that it takes, 0 not said       */
	enum udptl_ec ec;      /**< of what we send                       */
	bool fill_bit_removal, mmr, jbig;
	bool local_tcf; /**< each gateway trains by itself             */

	/* what is taken out of the machines' capabilities */
	bool no_ecm, no_v17, no_v27ter, no_v29;
	bool no_iaf; /**< the far end is no fax machine at the network */
};

struct fax_stats {
	struct udptl_stats udptl;
	uint64_t unsent;  /**< datagrams that the sender did not take      */
	uint32_t pages;   /**< that went through                           */
	uint32_t bitrate; /**< bit/s of the page under way, or the last   */
	bool ecm;         /**< with error correction (T.30 annex A)        */
};

struct gateway;

/** A datagram is to go to the far end. @return whether it went */
typedef bool(gateway_send_h)(const uint8_t *p, size_t n, void *arg);

/**
 * @param gp  Pointer to the object (mem_deref when done)
 * @param h   Called in gateway_listen(), gateway_speak() and gateway_receive()
 *
 * @return 0, EINVAL (a version that there is not), ENOMEM
 */
int gateway_alloc(struct gateway **gp, const struct fax_conf *conf,
		  gateway_send_h *h, void *arg);

/** Does one of the one do for the other? */
bool fax_conf_same(const struct fax_conf *a, const struct fax_conf *b);

/** The machine that speaks by sound said n samples. They may be changed */
void gateway_listen(struct gateway *g, int16_t *pcm, size_t n);

/** n samples of it were lost, or not sent */
void gateway_missing(struct gateway *g, size_t n);

/** What it is to hear: n samples, silence where there is nothing to say. Time goes on
 *  by as many */
void gateway_speak(struct gateway *g, int16_t *pcm, size_t n);

/** A datagram came from the far end. @return 0, EBADMSG */
int gateway_receive(struct gateway *g, const uint8_t *p, size_t n);

void gateway_stats(const struct gateway *g, struct fax_stats *st);

#endif
