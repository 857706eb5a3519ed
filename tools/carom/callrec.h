/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callrec.h  A call as the agent wrote it into the store
 *
 * Read without the agent: it may be dead, and its calls relayed all the same.
 */
#ifndef CAROM_CALLREC_H
#define CAROM_CALLREC_H

#include "carom.h"

/** One m= line of one party */
struct callrec_stream {
	struct le le;
	unsigned idx;
	char *iface; /**< name of the interface, NULL not known       */
	char *type;  /**< audio, video, ...; NULL not known           */
	bool held;
	struct sa local; /**< RTP; RTCP is the port after it; may be unset */
};

struct callrec_party {
	struct le le;
	char *tag;    /**< NULL: not known yet                         */
	char *branch; /**< via-branch of the offer to it, or NULL      */
	bool answered;
	struct list streaml; /**< struct callrec_stream                      */
};

struct callrec {
	struct le le;
	char *id;           /**< Call-ID                                     */
	uint64_t created;   /**< us, wall clock; 0 not known                 */
	uint64_t delete_at; /**< s, wall clock; 0 not being deleted          */
	bool answered, recorded;
	struct list partyl; /**< struct callrec_party                        */
};

/**
 * Read a record
 *
 * @param rp  Pointer to the object (mem_deref when done)
 *
 * @return 0; EBADMSG not a call's record; EPROTO written by a newer version
 */
int callrec_decode(struct callrec **rp, const struct pl *id,
		   const struct pl *json);

/** Is this address and port one of the call's? */
bool callrec_has_leg(const struct callrec *rec, const struct sa *local);

/** "offered", "answered", "held" or "ending" */
const char *callrec_state(const struct callrec *rec);

#endif
