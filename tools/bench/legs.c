// SPDX-License-Identifier: BSD-2-Clause
/* Carom as the device under test: attaches it between two devices and puts
 * legs in force with the recipe that caromd gives a plain call: source
 * pinned, payload-type filter, loss and jitter figures. Or takes it away. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "fastpath/fastpath.h"

#define SLOTS 131072
#define TTL 64 /* caromd's default */

struct args {
	const char *ns, *in, *out;
	struct sa near, far;           /* the phones                   */
	struct sa local_in, local_out; /* ours, towards them          */
	uint32_t legs;
	bool down;
};

static const char usage[] =
	"bench-legs --netns NETNS --in DEV --out DEV --near IP --far IP\n"
	"           --local-in IP --local-out IP [--legs N]\n"
	"bench-legs --netns NETNS --down\n";

static void addr(struct sa *sa, const char *s)
{
	if (sa_set_str(sa, s, 0))
		die("\"%s\" is no address", s);
}

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"netns", 1, NULL, 'n'},     {"in", 1, NULL, 'i'},
		{"out", 1, NULL, 'o'},       {"near", 1, NULL, 'a'},
		{"far", 1, NULL, 'b'},       {"local-in", 1, NULL, 'x'},
		{"local-out", 1, NULL, 'y'}, {"legs", 1, NULL, 'l'},
		{"down", 0, NULL, 'd'},      {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			a->ns = optarg;
			break;
		case 'i':
			a->in = optarg;
			break;
		case 'o':
			a->out = optarg;
			break;
		case 'a':
			addr(&a->near, optarg);
			break;
		case 'b':
			addr(&a->far, optarg);
			break;
		case 'x':
			addr(&a->local_in, optarg);
			break;
		case 'y':
			addr(&a->local_out, optarg);
			break;
		case 'l':
			a->legs = (uint32_t)number("legs", optarg, 1,
						   BENCH_FLOWS);
			break;
		case 'd':
			a->down = true;
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (!a->ns || optind != argc ||
	    (!a->down &&
	     (!a->in || !a->out || !sa_isset(&a->near, SA_ADDR) ||
	      !sa_isset(&a->far, SA_ADDR) || !sa_isset(&a->local_in, SA_ADDR) ||
	      !sa_isset(&a->local_out, SA_ADDR))))
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

static struct sa at(const struct sa *sa, unsigned port)
{
	struct sa s = *sa;

	sa_set_port(&s, (uint16_t)port);
	return s;
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
	struct sa near = at(&a->near, BENCH_SPORT + i * BENCH_STEP);
	struct sa far = at(&a->far, port);
	struct sa in = at(&a->local_in, port), out = at(&a->local_out, port);

	set_leg(fp, &in, &near, &out, &far);
	set_leg(fp, &out, &far, &in, &near);
}

static void up(const struct args *a)
{
	unsigned last = BENCH_DPORT + BENCH_FLOWS * BENCH_STEP - 1;
	struct fp_err e = {""};
	struct fp *fp;
	uint32_t i;

	attach(a->in);
	attach(a->out);
	if (fp_open(&fp, NULL, false, &e))
		die("%s", e.msg);
	if (fp_local_add(fp, &a->local_in, BENCH_DPORT, (uint16_t)last, &e) ||
	    fp_local_add(fp, &a->local_out, BENCH_DPORT, (uint16_t)last, &e))
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
	enter(a.ns);
	if (a.down) {
		if (fp_detach_all(NULL, &n, &e))
			die("%s", e.msg);
	} else {
		up(&a);
	}
	return 0;
}
