// SPDX-License-Identifier: BSD-2-Clause
/* Two-way calls at a given rate, through a relay that was told of them.
 *
 * Standard input is a plan, a line for each call:
 *   A-ADDR A-PORT A-REMOTE A-RPORT  B-ADDR B-PORT B-REMOTE B-RPORT
 * Frames leave through packet sockets, a batch for each direction every
 * millisecond; what comes out is counted at both ends. Prints JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"
#include "secure/srtp.h"
#include "sink.h"
#include "speech.h"

#define BATCH 256
#define TICK 1000000u   /* ns */
#define WARM 150000000u /* ns */
#define TIMED_BATCH                                                            \
	32 /* so few that the last leaves soon after its time is noted */
#define OPUS_PT 96
#define SETTLE 20000 /* us: what is in a queue after that came too late */

struct flow {
	struct frame_addr addr;
	struct frame_flow rtp;
	struct srtpx *srtp; /* NULL: in the clear */
};

/* One direction: the calls' A sides or their B sides */
struct side {
	const char *at; /* NETNS:DEVICE */
	uint8_t smac[6], dmac[6];
	struct flow *flows;
	size_t n, cap, next;
	struct sink *sink;
	int fd, ifindex;
	uint8_t pt;
	uint8_t frames[BATCH][BENCH_FRAME + SRTPX_GROWTH];
};

struct args {
	const char *dir;
	uint64_t rate; /* packets/s, both directions together */
	uint64_t ms;
	bool tc;
	enum srtpx_suite suite; /* of what A sends */
	bool timed;             /* how long do packets take? */
	bool speech; /* as many calls as make the rate with 50 packets/s each */
};

static const char usage[] =
	"bench-load --a NETNS:DEV --a-mac MAC --a-gw MAC\n"
	"           --b NETNS:DEV --b-mac MAC --b-gw MAC\n"
	"           [--rate PPS] [--ms N] [--tc] [--objects DIR]\n"
	"           [--a-pt PT] [--b-pt PT] [--srtp SUITE] [--speech] "
	"[--timed]\n"
	"           <plan\n";

static struct side sides[2];
static enum srtpx_suite suite(const char *name)
{
	enum srtpx_suite s;
	struct pl pl;

	pl_set_str(&pl, name);
	s = srtpx_suite_find(&pl);
	if (s == SRTPX_NONE)
		die("%s: no suite of SRTP", name);
	return s;
}

/* The key that the lab's ng client writes into A's SDP */
static void secure(const struct args *a)
{
	struct srtpx_key key = {.suite = a->suite};

	for (size_t i = 0; i < 30; i++)
		key.key[i] = (uint8_t)('0' + i % 10);
	for (size_t i = 0; i < sides[0].n; i++)
		if (srtpx_alloc(&sides[0].flows[i].srtp, &key))
			die("no memory");
}

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"a", 1, NULL, 0},      {"b", 1, NULL, 1},
		{"a-mac", 1, NULL, 2},  {"b-mac", 1, NULL, 3},
		{"a-gw", 1, NULL, 4},   {"b-gw", 1, NULL, 5},
		{"rate", 1, NULL, 6},   {"ms", 1, NULL, 7},
		{"tc", 0, NULL, 8},     {"objects", 1, NULL, 9},
		{"a-pt", 1, NULL, 10},  {"b-pt", 1, NULL, 11},
		{"srtp", 1, NULL, 12},  {"speech", 0, NULL, 13},
		{"timed", 0, NULL, 14}, {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 0:
		case 1:
			sides[c].at = optarg;
			break;
		case 2:
		case 3:
			mac(sides[c - 2].smac, optarg);
			break;
		case 4:
		case 5:
			mac(sides[c - 4].dmac, optarg);
			break;
		case 6:
			a->rate = number("rate", optarg, 1000, 10000000);
			break;
		case 7:
			a->ms = number("ms", optarg, 1, 3600000);
			break;
		case 8:
			a->tc = true;
			break;
		case 9:
			a->dir = optarg;
			break;
		case 10:
		case 11:
			sides[c - 10].pt = (uint8_t)number("payload type",
							   optarg, 0, 127);
			break;
		case 12:
			a->suite = suite(optarg);
			break;
		case 13:
			a->speech = true;
			break;
		case 14:
			a->timed = true;
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (!sides[0].at || !sides[1].at || optind != argc)
		die("usage: %s", usage);
}

static void add_flow(struct side *s, const char *src, unsigned sport,
		     const char *dst, unsigned dport)
{
	struct flow *f;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->flows = realloc(s->flows, s->cap * sizeof(*s->flows));
		if (!s->flows)
			die("no memory");
	}
	f = &s->flows[s->n++];
	memset(f, 0, sizeof(*f));
	memcpy(f->addr.smac, s->smac, 6);
	memcpy(f->addr.dmac, s->dmac, 6);
	f->addr.saddr = ipv4(src);
	f->addr.daddr = ipv4(dst);
	f->rtp.sport = (uint16_t)sport;
	f->rtp.dport = (uint16_t)dport;
	f->rtp.ssrc = (uint32_t)s->n * 0x9e3779b1u + (s == &sides[1]);
}

static void read_plan(void)
{
	char line[512], aa[64], ar[64], ba[64], br[64];
	unsigned ap, arp, bp, brp;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%63s %u %63s %u %63s %u %63s %u", aa, &ap, ar,
			   &arp, ba, &bp, br, &brp) != 8)
			die("plan: not a call: %s", line);
		add_flow(&sides[0], aa, ap, ar, arp);
		add_flow(&sides[1], ba, bp, br, brp);
	}
	if (!sides[0].n)
		die("plan: no calls");
}

/* Speech comes as fast as it is spoken: who makes streams anew may go by its
 * timestamps. And each run is streams of its own, with SSRCs that nobody has seen */
static void pace(const struct args *a)
{
	const size_t n = (a->rate + 99) / 100;
	uint32_t run = (uint32_t)now_ns();

	for (unsigned i = 0; i < 2; i++) {
		struct side *s = &sides[i];

		if (s->n < n)
			die("%zu calls for %llu packets/s: %zu are needed",
			    s->n, (unsigned long long)a->rate, n);
		s->n = n;
		for (size_t k = 0; k < n; k++)
			s->flows[k].rtp.ssrc ^= run;
	}
}

static void open_side(struct side *s, const struct args *a)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET};
	int one = 1;

	s->sink = sink_open(a->dir, s->at,
			    a->timed ? SINK_TIMED
			    : a->tc  ? SINK_TC
				     : SINK_XDP);
	s->ifindex = enter_at(s->at);
	s->fd = socket(AF_PACKET, SOCK_RAW, 0);
	ll.sll_ifindex = s->ifindex;
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&ll, sizeof(ll)))
		die("%s: packet socket: %s", s->at, strerror(errno));
	(void)setsockopt(s->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
			 sizeof(one));
}

static size_t make(uint8_t *frame, struct flow *f, uint8_t pt)
{
	size_t n = BENCH_RTP + BENCH_VOICE;
	uint8_t *rtp = frame_rtp(frame, &f->rtp, pt);

	if (pt == OPUS_PT) {
		n = speech_opus(rtp + BENCH_RTP, f->rtp.seq);
		return frame_wrap(frame, &f->addr, &f->rtp, BENCH_RTP + n);
	}
	speech_noise(rtp + BENCH_RTP, f->rtp.ts);
	if (f->srtp && srtpx_protect(f->srtp, rtp, &n, n + SRTPX_GROWTH))
		die("SRTP failed");
	return frame_wrap(frame, &f->addr, &f->rtp, n);
}

/* The next n packets leave now, for the ports of the calls' other sides */
static void note_sent(const struct side *s, unsigned n)
{
	const struct side *to = &sides[s == &sides[0]];
	const uint64_t now = now_ns();

	for (unsigned i = 0; i < n; i++)
		sink_sent(to->sink, to->flows[(s->next + i) % s->n].rtp.sport,
			  now);
}

/* Send the next n packets, flow after flow */
static uint64_t send_batch(struct side *s, unsigned n, bool timed)
{
	struct mmsghdr m[BATCH] = {0};
	struct iovec iov[BATCH];
	unsigned i;
	int got;

	for (i = 0; i < n; i++) {
		struct flow *f = &s->flows[(s->next + i) % s->n];

		iov[i].iov_len = make(s->frames[i], f, s->pt);
		f->rtp.seq++;
		f->rtp.ts += s->pt == OPUS_PT ? SPEECH_STEP : BENCH_VOICE;
		iov[i].iov_base = s->frames[i];
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (timed)
		note_sent(s, n);
	got = sendmmsg(s->fd, m, n, 0);
	if (got != (int)n)
		die("%s: sent %d of %u: %s", s->at, got, n, strerror(errno));
	s->next = (s->next + n) % s->n;
	return n;
}

/* Counted from here on: a resampler keeps the last packet of each stream, and was
 * given one more at the begin */
struct mark {
	uint64_t sent, got;
};

static uint64_t received(void)
{
	return sink_count(sides[0].sink, -1) + sink_count(sides[1].sink, -1);
}

/* Paced by the clock: a tick that comes late sends what is due by then */
static uint64_t run(const struct args *a, uint64_t *elapsed, struct mark *warm)
{
	uint64_t start = now_ns(), end = start + a->ms * 1000000u;
	const uint64_t most = a->timed ? TIMED_BATCH : BATCH;
	uint64_t sent = 0, t = start, due;
	unsigned i;

	while (t < end) {
		if (a->speech && !warm->sent && t - start > WARM) {
			warm->got = received();
			warm->sent = sent;
		}
		due = (t - start) * a->rate / 2000000000u;
		while (sent / 2 < due) {
			uint64_t n = due - sent / 2;

			for (i = 0; i < 2; i++)
				sent += send_batch(
					&sides[i],
					(unsigned)(n < most ? n : most),
					a->timed);
		}
		sleep_until(t + TICK);
		t = now_ns();
	}
	*elapsed = now_ns() - start;
	return sent;
}

/* us that a share of all packets did not exceed */
static unsigned quantile(const uint64_t *binv, uint64_t all, double share)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < SINK_BINS - 1; i++) {
		sum += binv[i];
		if ((double)sum >= (double)all * share)
			break;
	}
	return i;
}

static void print_times(void)
{
	static uint64_t binv[SINK_BINS];
	uint64_t all = 0;

	sink_took(sides[0].sink, binv);
	sink_took(sides[1].sink, binv);
	for (unsigned i = 0; i < SINK_BINS; i++)
		all += binv[i];
	if (!all)
		die("not one packet arrived");
	(void)printf(",\"p50_us\":%u,\"p99_us\":%u,\"late\":%.6f",
		     quantile(binv, all, 0.5), quantile(binv, all, 0.99),
		     (double)binv[SINK_BINS - 1] / (double)all);
}

int main(int argc, char *argv[])
{
	struct args a = {.dir = "build/bench", .rate = 10000, .ms = 1000};
	uint64_t sent, arrived, got, elapsed;
	struct mark warm = {0, 0};

	sides[0].pt = sides[1].pt = BENCH_PT;
	parse(&a, argc, argv);
	read_plan();
	if (a.speech)
		pace(&a);
	speech_init();
	if (a.suite != SRTPX_NONE)
		secure(&a);
	open_side(&sides[0], &a);
	open_side(&sides[1], &a);

	sent = run(&a, &elapsed, &warm);
	(void)usleep(SETTLE);
	arrived = received();
	got = arrived - warm.got;
	(void)printf("{\"sent\":%llu,\"arrived\":%llu,\"received\":%llu,"
		     "\"seconds\":%.6f,\"lost\":%.6f",
		     (unsigned long long)sent, (unsigned long long)arrived,
		     (unsigned long long)got, (double)elapsed / 1e9,
		     got < sent - warm.sent
			     ? 1.0 - (double)got / (double)(sent - warm.sent)
			     : 0.0);
	if (a.timed)
		print_times();
	(void)printf("}\n");
	sink_close(sides[0].sink);
	sink_close(sides[1].sink);
	free(sides[0].flows);
	free(sides[1].flows);
	return 0;
}
