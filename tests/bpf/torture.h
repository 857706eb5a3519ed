/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/torture.h  The torture messages of RFC 4475 and RFC 5118
 *
 * Ours, written after what each section describes, with hosts of the bed so that
 * what is valid has somewhere to go. Each is a file in tests/bpf/torture/, read as
 * text whose line ends become CRLF, with what can't be typed in double braces:
 *
 *   {{A>B}}    A as it comes, B as it has to leave; both may go over lines
 *   {{N*TEXT}} TEXT, N times
 *   {{x 00 ff}} bytes
 *   {{len}}    bytes behind the empty line
 *   {{.}}      takes the line end behind it away
 *   {{top}}    where it leaves: our Via, its branch as @b (top6: of IPv6)
 *   {{rr}}     where it leaves: our Record-Route (rr6)
 *   {{ours}}   where it comes: our Via, as in front of the one below it
 */
#ifndef TESTS_BPF_TORTURE_H
#define TESTS_BPF_TORTURE_H

#include "edge/forward.h"

#define TORTURE_MAX 8192
/** Not put through the program: longer than BPF_PROG_RUN takes */
#define TORTURE_TOO_LONG -2

struct torture {
	const char *name; /**< as the RFC has it; the file's             */
	unsigned rfc;
	const char *section;
	bool valid; /**< so the RFC calls it                         */
	enum forward_verdict verdict;
	uint16_t code;   /**< of our reply                                */
	const char *why; /**< it is dropped                              */
	int reason;      /**< CAROM_R_*: what the program says           */
	bool v6;         /**< comes from A6 to LAN6                       */
	bool trusted;    /**< its source may send anywhere                */
	const char *to;  /**< goes there; NULL: B4, or B6                 */
	uint16_t tport;  /**< 0: 5060                                     */
};

extern const struct torture torturev[];
extern const size_t torturec;

struct torture_text {
	char in[TORTURE_MAX], out[TORTURE_MAX];
	size_t inlen, outlen;
	bool response;
};

/**
 * Read the file
 *
 * @param ours  Branch of our own Via, for {{ours}}
 *
 * @return 0, or what is wrong with the file
 */
int torture_read(struct torture_text *t, const char *name, const char *ours);

#endif
