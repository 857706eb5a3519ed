// SPDX-License-Identifier: BSD-2-Clause
/* Carom as the device under test: attaches it between two devices and puts
 * legs in force with the recipe that caromd gives a plain call: source
 * pinned, payload-type filter, loss and jitter figures. Or takes it away. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "ends.h"
#include "fastpath/fastpath.h"

#define SLOTS 131072
#define TTL 64 /* caromd's default */

struct args {
	struct ends e;
	uint32_t legs;
	bool down;
};

static const char usage[] = "bench-legs " ENDS_USAGE " [--legs N]\n"
			    "bench-legs --netns NETNS --down\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {ENDS_OPTIONS,
					      {"legs", 1, NULL, 'l'},
					      {"down", 0, NULL, 'd'},
					      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'l')
			a->legs = (uint32_t)number("legs", optarg, 1,
						   BENCH_FLOWS);
		else if (c == 'd')
			a->down = true;
		else if (!ends_take(&a->e, c, optarg))
			die("usage: %s", usage);
	}
	if (!a->e.ns || optind != argc || (!a->down && !ends_whole(&a->e)))
		die("usage: %s", usage);
}

static void attach(const char *dev)
{
	struct fp_attach_opts o = {.slots = SLOTS};
	struct fp_dev d;
	struct fp_err e = {""};

	if (fp_attach(dev, &o, &d, &e))
		die("%s: %s", dev, e.msg);
	if (d.mode != FP_NATIVE)
		die("%s: attached, but not in native mode", dev);
}

static void set_leg(struct fp *fp, const struct sa *local,
		    const struct sa *remote, const struct sa *peer_local,
		    const struct sa *peer_remote)
{
	struct fp_leg l = {
		.state = LEG_RELAY,
		.media = LEG_RTP,
		.local = *local,
		.remote = *remote,
		.peer_local = *peer_local,
		.peer_remote = *peer_remote,
		.pt_filter = true,
		.pt_mask = {1u << 0 | 1u << 8, 0, 0, 1u << 5},
		.clock_rate = 8000,
		.dscp = -1,
		.dtmf_pt = 101,
	};
	int err = fp_leg_set(fp, &l);

	if (err)
		die("leg %u: %s", sa_port(local), strerror(err));
}

/* Call i: what the near phone sends to our port 5000 + 2i leaves for the
 * far phone's port of the same number, and back */
static void set_call(struct fp *fp, const struct args *a, uint32_t i)
{
	unsigned port = BENCH_DPORT + i * BENCH_STEP;
	struct sa near = ends_at(&a->e.near, BENCH_SPORT + i * BENCH_STEP);
	struct sa far = ends_at(&a->e.far, port);
	struct sa in = ends_at(&a->e.local_in, port),
		  out = ends_at(&a->e.local_out, port);

	set_leg(fp, &in, &near, &out, &far);
	set_leg(fp, &out, &far, &in, &near);
}

static void up(const struct args *a)
{
	unsigned last = BENCH_DPORT + BENCH_FLOWS * BENCH_STEP - 1;
	struct fp_err e = {""};
	struct fp *fp;
	uint32_t i;

	attach(a->e.in);
	attach(a->e.out);
	if (fp_open(&fp, NULL, false, &e))
		die("%s", e.msg);
	if (fp_local_add(fp, &a->e.local_in, BENCH_DPORT, (uint16_t)last, &e) ||
	    fp_local_add(fp, &a->e.local_out, BENCH_DPORT, (uint16_t)last, &e))
		die("%s", e.msg);
	if (fp_set_ttl(fp, TTL))
		die("cannot set the TTL");
	for (i = 0; i < a->legs; i++)
		set_call(fp, a, i);
	mem_deref(fp);
}

int main(int argc, char *argv[])
{
	struct args a = {.legs = 1};
	struct fp_err e = {""};
	unsigned n;

	parse(&a, argc, argv);
	enter(a.e.ns);
	if (a.down) {
		if (fp_detach_all(NULL, &n, &e))
			die("%s", e.msg);
	} else {
		up(&a);
	}
	return 0;
}
