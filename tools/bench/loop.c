// SPDX-License-Identifier: BSD-2-Clause
/* The media workers' loop without anything to do: two-way calls whose legs are all in the
 * agent, and what comes is copied and sent on. Prints bench-load's plan, then an empty
 * line, and goes on until its standard input ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>

#include "common.h"
#include "ends.h"
#include "fastpath/fastpath.h"
#include "plane/plane.h"

#define SLOTS 131072
#define PRIORITY 10 /* caromd's default */

struct args {
	struct ends e;
	uint32_t calls;
};

/** One side of a call: what comes to `local` goes to the other's phone */
struct end {
	struct sa local, remote;
	struct plane_port *port;
	struct plane_dst *dst; /* its own phone */
	struct end *other;
};

static const char usage[] = "bench-loop " ENDS_USAGE " --calls N\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		ENDS_OPTIONS, {"calls", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'l')
			a->calls = (uint32_t)number("calls", optarg, 1,
						    BENCH_FLOWS);
		else if (!ends_take(&a->e, c, optarg))
			die("usage: %s", usage);
	}
	if (!ends_whole(&a->e) || !a->calls || optind != argc)
		die("usage: %s", usage);
}

static void forward(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	struct end *to = ((struct end *)arg)->other;
	uint8_t *p = plane_reserve(to->port, to->dst);
	(void)port;

	if (!p)
		return;
	memcpy(p, pkt->data, pkt->len);
	plane_commit(to->port, to->dst, pkt->len);
}

static void leg_up(struct fp *fp, struct plane *pl, struct end *leg)
{
	struct fp_leg l = {
		.state = LEG_AGENT,
		.media = LEG_RTP,
		.local = leg->local,
		.remote = leg->remote,
		.peer_local = leg->other->local,
		.peer_remote = leg->other->remote,
		.clock_rate = 8000,
		.dscp = -1,
	};
	int err;

	err = plane_port_open(&leg->port, pl, 0, &leg->local, forward, NULL,
			      leg);
	if (!err)
		err = plane_dst_alloc(&leg->dst, pl, &leg->local, &leg->remote);
	if (!err)
		err = fp_leg_set(fp, &l);
	if (err)
		die("leg %u: %s", sa_port(&leg->local), strerror(err));
}

static void say(const struct end *leg)
{
	char local[64], remote[64];

	(void)re_snprintf(local, sizeof(local), "%j", &leg->local);
	(void)re_snprintf(remote, sizeof(remote), "%j", &leg->remote);
	(void)printf("%s %u %s %u", remote, sa_port(&leg->remote), local,
		     sa_port(&leg->local));
}

static void calls_up(const struct args *a, struct fp *fp, struct plane *pl,
		     struct end *legv)
{
	for (uint32_t i = 0; i < a->calls; i++) {
		const unsigned port = BENCH_DPORT + i * BENCH_STEP;
		struct end *in = &legv[2 * i], *out = in + 1;

		in->local = ends_at(&a->e.local_in, port);
		in->remote = ends_at(&a->e.near, port);
		out->local = ends_at(&a->e.local_out, port);
		out->remote = ends_at(&a->e.far, port);
		in->other = out;
		out->other = in;
		leg_up(fp, pl, in);
		leg_up(fp, pl, out);
		say(in);
		(void)printf("  ");
		say(out);
		(void)printf("\n");
	}
	(void)printf("\n");
	(void)fflush(stdout);
}

static void attach(const char *dev)
{
	struct fp_attach_opts o = {.slots = SLOTS};
	struct fp_dev d;
	struct fp_err e = {""};

	if (fp_attach(dev, &o, &d, &e))
		die("%s: %s", dev, e.msg);
}

/* Who holds its other end is gone */
static void ended(int flags, void *arg)
{
	(void)flags;
	(void)arg;
	re_cancel();
}

static void run(const struct args *a)
{
	const struct plane_conf conf = {.workers = 1,
					.mode = PLANE_XDP,
					.priority = PRIORITY,
					.dscp = -1};
	const unsigned last = BENCH_DPORT + BENCH_FLOWS * BENCH_STEP - 1;
	struct end *legv = calloc(2 * (size_t)a->calls, sizeof(*legv));
	struct fp_err e = {""};
	struct fp_net *net;
	struct plane *pl;
	struct fp *fp;
	unsigned n;

	if (fp_open(&fp, NULL, false, &e) ||
	    fp_local_add(fp, &a->e.local_in, BENCH_DPORT, (uint16_t)last, &e) ||
	    fp_local_add(fp, &a->e.local_out, BENCH_DPORT, (uint16_t)last, &e))
		die("%s", e.msg);
	if (!legv || fp_net_alloc(&net, fp))
		die("no memory");
	if (plane_alloc(&pl, fp, net, &conf, &e))
		die("%s", e.msg);
	calls_up(a, fp, pl, legv);
	if (fd_listen(STDIN_FILENO, FD_READ, ended, NULL) || re_main(NULL))
		die("no event loop");
	for (uint32_t i = 0; i < 2 * a->calls; i++) {
		mem_deref(legv[i].port);
		mem_deref(legv[i].dst);
	}
	free(legv);
	mem_deref(pl);
	mem_deref(net);
	mem_deref(fp);
	if (fp_detach_all(NULL, &n, &e))
		die("%s", e.msg);
}

int main(int argc, char *argv[])
{
	struct args a = {NULL};

	parse(&a, argc, argv);
	if (libre_init())
		die("no memory");
	enter(a.e.ns);
	attach(a.e.in);
	attach(a.e.out);
	run(&a);
	return 0;
}
