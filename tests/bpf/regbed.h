/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/regbed.h  The bed with a registrar
 *
 * A whole registrar but for its sockets and its store, at LAN4:5070 and LAN6:5070, of
 * example.com and of LAN4 as a domain. What the kernel answers for it is held against
 * what it answers itself.
 */
#ifndef TESTS_BPF_REGBED_H
#define TESTS_BPF_REGBED_H

#include "bed.h"
#include "carom/sipnonce.h"
#include "fastpath/sip.h"
#include "registrar/registrar.h"

enum { REGBED_PORT = 5070, REGBED_TEXT = 4096, REGBED_NONCES = 3 };

struct regbed {
	struct bed *bed;
	struct fp_sip *sip;
	struct sip_node *node;
	struct location *loc;
	struct extensions *ext;
	struct registrar *reg;
};

/** What a registrar is told, beside its domains. Zeroes: MD5 alone, a realm each */
struct regbed_conf {
	const char *realm;
	enum digest_alg algv[DIGEST_ALGS];
	size_t algc;
	bool open; /**< nobody is asked for credentials                  */
};

/** A datagram that is answered */
struct regbed_reply {
	char text[REGBED_TEXT];
	size_t len; /**< 0: it is not answered                           */
	struct sa dst;
};

int regbed_setup(void **state);
int regbed_teardown(void **state);

/** Configure it, and tell the kernel, who is alive for a minute from now on */
void regbed_configure(struct regbed *r, const struct regbed_conf *conf);

/** Let the kernel answer, or not; what it was told stays told */
void regbed_kernel(struct regbed *r, bool on);

/** What the registrar answers to a datagram from src. dst: one of its addresses */
void regbed_ask(struct regbed_reply *reply, const struct sa *src,
		const struct sa *dst, const char *text, size_t n);

/**
 * Take the nonces out of a reply: zeroes instead
 *
 * @param noncev  They, with a zero behind each
 *
 * @return How many there were
 */
size_t regbed_nonces(struct regbed_reply *reply,
		     char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1]);

#endif
