/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/health.h  Healthy or not: what results in a row say
 *
 * Pure logic; times are the caller's, in ms. A provider that nothing is known of is
 * taken for healthy: calls find out.
 */
#ifndef CAROM_PROVIDER_HEALTH_H
#define CAROM_PROVIDER_HEALTH_H

#include <re.h>

enum health_state {
	HEALTH_UNKNOWN = 0, /**< nothing is known yet                     */
	HEALTH_UP,
	HEALTH_DOWN,
};

enum { HEALTH_REASON = 96 };

/** One result: of a probe, or of a call */
struct health_result {
	bool ok;
	uint16_t code; /**< 0: there was no answer                        */
	uint32_t rtt;  /**< us; of an answer                             */
	char reason[HEALTH_REASON]; /**< "no answer within 5000 ms"         */
};

struct health {
	enum health_state state;
	uint32_t oks, fails; /**< in a row                               */
	uint64_t changed;    /**< s since 1970; 0: never                  */
	uint64_t at;         /**< s since 1970, of the last result; 0: none */
	struct health_result last;
	uint32_t rtt_avg; /**< us, over the last few; 0: none           */
	uint64_t answers, failures; /**< probes, since the start            */
};

/** "unknown", "up", "down" */
const char *health_name(enum health_state s);

/**
 * Take a result in
 *
 * @param down, up  So many in a row change the state
 * @param now       s since 1970
 *
 * @return Whether the state has changed; from unknown to up, too
 */
bool health_take(struct health *h, const struct health_result *r, uint32_t down,
		 uint32_t up, uint64_t now);

/** What another node has found. Our own last result, where we have one, must not
 *  say the contrary. @return Whether the state has changed */
bool health_adopt(struct health *h, enum health_state s, const char *reason,
		  uint16_t code, uint64_t now);

/* For the store, and for people */
int health_json(struct odict *o, const struct health *h);
int health_load(struct health *h, const struct odict *o);

#endif
