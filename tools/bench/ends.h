/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ends.h  The device under test and its ends, as arguments name them
 */
#ifndef CAROM_BENCH_ENDS_H
#define CAROM_BENCH_ENDS_H

#include <getopt.h>
#include <re.h>

struct ends {
	const char *ns, *in, *out;
	struct sa near, far;           /**< the phones                   */
	struct sa local_in, local_out; /**< ours, towards them          */
};

/** Of getopt_long(): these go to ends_take() */
#define ENDS_OPTIONS                                                           \
	{"netns", 1, NULL, 'n'}, {"in", 1, NULL, 'i'}, {"out", 1, NULL, 'o'},  \
		{"near", 1, NULL, 'a'}, {"far", 1, NULL, 'b'},                 \
		{"local-in", 1, NULL, 'x'},                                    \
	{                                                                      \
		"local-out", 1, NULL, 'y'                                      \
	}

#define ENDS_USAGE                                                             \
	"--netns NETNS --in DEV --out DEV --near IP --far IP\n"                \
	"           --local-in IP --local-out IP"

/** Take option c. @return false: it is none of these */
bool ends_take(struct ends *e, int c, const char *arg);
/** Has it got all of them? */
bool ends_whole(const struct ends *e);
/** An address of theirs with a port */
struct sa ends_at(const struct sa *sa, unsigned port);

#endif
