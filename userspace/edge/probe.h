/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/probe.h  OPTIONS to targets, to know who is alive
 *
 * RFC 3261 11: a server answers OPTIONS as it would an INVITE. One request each
 * interval and target, not retransmitted: the next one comes soon enough.
 */
#ifndef CAROM_EDGE_PROBE_H
#define CAROM_EDGE_PROBE_H

#include <re.h>
#include "dispatch/dispatch.h"

enum { PROBE_RANGES = 32 };

struct probe_conf {
	uint32_t interval; /**< s between two of a target; 0: no probes     */
	uint32_t timeout;  /**< ms until one counts as not answered        */
	struct probe_codes {
		uint16_t min, max;
	} acceptv[PROBE_RANGES]; /**< codes that count as alive         */
	size_t acceptc;
	bool marked; /**< only targets with DS_F_PROBING                  */
	const char *from; /**< URI of From; kept by the caller           */
};

/**
 * Send a request over UDP to a target
 *
 * @param via  Result: our sent-by, "HOST:PORT", for the Via; called with mb
 *             NULL before the request is made
 */
typedef int(probe_send_h)(const struct ds_target *t, struct mbuf *mb, char *via,
			  size_t sz, void *arg);

/** A target's state was another one before: its set has been built anew */
typedef void(probe_change_h)(struct ds_set *set, struct ds_target *t,
			     enum ds_state before, void *arg);

struct probe;

/**
 * @param pp    Pointer to the object (mem_deref when done)
 * @param conf  Copied
 * @param ds    Thresholds up and down
 */
int probe_alloc(struct probe **pp, const struct probe_conf *conf,
		const struct ds_conf *ds, struct ds_sets *sets,
		probe_send_h *sendh, probe_change_h *changeh, void *arg);

/** Other settings from now on; what is under way ends by them, too */
void probe_set(struct probe *p, const struct probe_conf *conf,
	       const struct ds_conf *ds);

/** ms until a probe counts as not answered */
uint32_t probe_timeout(const struct probe *p);

/** Probe a target now, whatever the interval. @return 0, ENOENT (no address) */
int probe_now(struct probe *p, struct ds_set *set, struct ds_target *t);

/**
 * A response whose only Via is ours
 *
 * @param branch  Of that Via
 * @param code    Status
 *
 * @return Whether it answers a probe that is under way
 */
bool probe_response(struct probe *p, const struct pl *branch, uint16_t code);

#endif
