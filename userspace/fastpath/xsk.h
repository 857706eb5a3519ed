/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/xsk.h  AF_XDP: packets of one device queue, in and out
 *
 * A socket belongs to one thread. It has memory of its own, half of it for
 * packets that come, half for those that go. No call but fp_xsk_flush() enters
 * the kernel.
 */
#ifndef CAROM_FASTPATH_XSK_H
#define CAROM_FASTPATH_XSK_H

#include "fastpath/fastpath.h"

struct fp_xsk;

enum {
	FP_XSK_BATCH = 64,   /**< packets taken at once                    */
	FP_XSK_FRAME = 4096, /**< bytes of a frame to send                 */
};

/** A frame that came, from its Ethernet header on; may be written to */
struct fp_xsk_pkt {
	uint8_t *data;
	uint32_t len;
};

struct fp_xsk_stats {
	uint64_t rx, tx;  /**< frames                                   */
	uint64_t tx_full; /**< no room: not sent                        */
	uint64_t rx_lost; /**< kernel: ours was full, or no frame free  */
	uint64_t tx_bad;  /**< kernel: frames that it would not send    */
	uint64_t kicks;   /**< system calls                             */
	bool zerocopy;
};

/** Number of receive queues of a device, at least 1, at most CAROM_QUEUES */
unsigned fp_xsk_queues(const char *ifname);

/**
 * Open a socket on a device's queue and enter it where the program looks
 *
 * @param xp      Pointer to the object (mem_deref when done)
 * @param ifname  Attached device
 * @param port    Its index in tx_ports (fp_dev_port())
 *
 * @return 0; EPERM without CAP_NET_RAW; EBUSY another socket has the queue;
 *         ENOBUFS locked memory is limited; EOPNOTSUPP
 */
int fp_xsk_alloc(struct fp_xsk **xp, struct fp *fp, const char *ifname,
		 uint32_t port, unsigned queue, struct fp_err *e);

/** To poll for POLLIN */
int fp_xsk_fd(const struct fp_xsk *x);

/** Frames that have come; they are ours until fp_xsk_done()
 *
 * @return How many, at most FP_XSK_BATCH
 */
unsigned fp_xsk_recv(struct fp_xsk *x, struct fp_xsk_pkt *v);

/** Has anything come that was not received? */
bool fp_xsk_pending(struct fp_xsk *x);

/** Give back all that the last fp_xsk_recv() gave */
void fp_xsk_done(struct fp_xsk *x);

/**
 * Room for a frame to send
 *
 * @return FP_XSK_FRAME bytes, NULL when all are under way (counted)
 */
uint8_t *fp_xsk_reserve(struct fp_xsk *x);
/** What was reserved last */
uint8_t *fp_xsk_reserved(const struct fp_xsk *x);

/** Send `len` bytes, from `off` on, of what was reserved last; it goes with the
 *  next flush */
void fp_xsk_commit(struct fp_xsk *x, uint32_t off, uint32_t len);

/** Let the kernel send what was committed. Nothing committed: does nothing */
void fp_xsk_flush(struct fp_xsk *x);

void fp_xsk_stats(const struct fp_xsk *x, struct fp_xsk_stats *st);

#endif
