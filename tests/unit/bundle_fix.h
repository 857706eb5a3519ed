/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bundle_fix.h  Calls of a browser that bundles, and one that has RTP by two ports
 */
#ifndef CAROM_BUNDLE_FIX_H
#define CAROM_BUNDLE_FIX_H

#include "terms_fix.h"
#include "media/terms.h"
#include "rtp/packet.h"

#define T(f) cmocka_unit_test_setup_teardown(f, setup, web_end)

#define TLS "UDP/TLS/RTP/SAVPF"
#define MID_EXT "urn:ietf:params:rtp-hdrext:sdes:mid"
#define PWD "0123456789012345678901234567"

/** A browser: one certificate, one port */
struct browser {
	struct dtlsx_cert *cert;
	struct dtlsx *d;
	struct sa addr;
};

/** The one of the test */
extern struct browser web;

/** A browser at an address */
void web_new(const char *addr, uint16_t port);

/** For cmocka: and the browser goes */
int web_end(void **state);

/** How it is reached, as lines of SDP: mem_deref */
char *transport(const char *setup);

/** A body of two lines, each with a port of its own: mem_deref */
char *plain_sdp(const char *addr, uint16_t sound, uint16_t picture);

/** Towards a side of that profile */
struct media_opts to(const char *proto, struct media_opts o);

/** Does section i of what went out say so? */
bool says(const struct fix *f, size_t i, const char *name, const char *want);

/** The leg at one of our ports */
const struct fp_leg *leg(const struct fix *f, uint16_t port);

/** For cmocka: before all tests, and behind them */
int all_up(void **state);
int all_down(void **state);

#endif
