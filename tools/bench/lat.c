// SPDX-License-Identifier: BSD-2-Clause
/* How long a packet takes: one paced RTP flow from a socket in one namespace
 * to a socket in another, each packet carrying the moment that it was sent.
 * One thread sends and then looks for the packet until it is there: both
 * clocks are the same, and nobody waits for a scheduler but the device under
 * test. Prints one line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common.h"

#define LATE 100000000u /* ns after which a packet counts as lost */
#define GIVE_UP 20      /* lost packets                               */
#define WARM 100        /* packets that are not looked at          */

struct args {
	const char *from; /* NETNS                           */
	const char *to;
	struct sockaddr_in bind; /* where the sender stands         */
	struct sockaddr_in dst;  /* where it sends                  */
	struct sockaddr_in listen;
	uint64_t rate, count;
};

struct packet {
	uint8_t rtp[BENCH_RTP];
	uint64_t sent;
	uint8_t voice[BENCH_VOICE - sizeof(uint64_t)];
} __attribute__((packed));

static const char usage[] =
	"bench-lat --from NETNS --to NETNS --bind IP:PORT --dst IP:PORT\n"
	"          --listen IP:PORT [--rate PPS] [--count N]\n";

static struct sockaddr_in endpoint(const char *s)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	const char *colon = strchr(s, ':');
	char host[32];

	if (!colon || (size_t)(colon - s) >= sizeof(host))
		die("\"%s\" is not IP:PORT", s);
	(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - s), s);
	sin.sin_addr.s_addr = ipv4(host);
	sin.sin_port = htons((uint16_t)number("port", colon + 1, 1, 65535));
	return sin;
}

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"from", 1, NULL, 'f'},   {"to", 1, NULL, 't'},
		{"bind", 1, NULL, 'b'},   {"dst", 1, NULL, 'd'},
		{"listen", 1, NULL, 'l'}, {"rate", 1, NULL, 'r'},
		{"count", 1, NULL, 'c'},  {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			a->from = optarg;
			break;
		case 't':
			a->to = optarg;
			break;
		case 'b':
			a->bind = endpoint(optarg);
			break;
		case 'd':
			a->dst = endpoint(optarg);
			break;
		case 'l':
			a->listen = endpoint(optarg);
			break;
		case 'r':
			a->rate = number("rate", optarg, 1, 1000000);
			break;
		case 'c':
			a->count = number("count", optarg, WARM, 1u << 24);
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (!a->from || !a->to || !a->bind.sin_port || !a->dst.sin_port ||
	    !a->listen.sin_port || optind != argc)
		die("usage: %s", usage);
}

static int udp_socket(const char *ns, const struct sockaddr_in *at)
{
	int fd;

	enter(ns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		die("%s: port %u: %s", ns, ntohs(at->sin_port),
		    strerror(errno));
	return fd;
}

static void rtp_header(struct packet *p, uint32_t i)
{
	uint32_t ts = htonl(i * BENCH_VOICE), ssrc = htonl(0x5eed);
	uint16_t seq = htons((uint16_t)i);

	p->rtp[0] = 0x80;
	p->rtp[1] = BENCH_PT;
	memcpy(p->rtp + 2, &seq, 2);
	memcpy(p->rtp + 4, &ts, 4);
	memcpy(p->rtp + 8, &ssrc, 4);
}

/* ns that packet i took, or 0 when it was lost */
static uint64_t one(int tx, int rx, struct packet *p, uint32_t i)
{
	struct packet got;
	uint64_t t;

	rtp_header(p, i);
	p->sent = now_ns();
	if (send(tx, p, sizeof(*p), 0) != sizeof(*p))
		return 0;
	do {
		ssize_t n = recv(rx, &got, sizeof(got), 0);

		t = now_ns();
		if (n == sizeof(got) && got.sent == p->sent)
			return t - p->sent;
	} while (t - p->sent < LATE);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(uint64_t *v, size_t n, uint64_t lost)
{
	if (!n)
		die("not one packet arrived");
	qsort(v, n, sizeof(*v), compare);
	(void)printf("{\"received\":%zu,\"lost\":%llu,\"min_ns\":%llu,"
		     "\"p50_ns\":%llu,\"p99_ns\":%llu}\n",
		     n, (unsigned long long)lost, (unsigned long long)v[0],
		     (unsigned long long)v[n / 2],
		     (unsigned long long)v[n * 99 / 100]);
}

int main(int argc, char *argv[])
{
	struct args a = {.rate = 1000, .count = 1000};
	struct packet p = {.sent = 0};
	uint64_t i, start, t, lost = 0, *v;
	int tx, rx;
	size_t n = 0;

	parse(&a, argc, argv);
	rx = udp_socket(a.to, &a.listen);
	tx = udp_socket(a.from, &a.bind);
	if (connect(tx, (const struct sockaddr *)&a.dst, sizeof(a.dst)))
		die("connect: %s", strerror(errno));
	v = calloc(a.count, sizeof(*v));
	if (!v)
		die("no memory");

	memset(p.voice, 0xd5, sizeof(p.voice));
	start = now_ns();
	for (i = 0; i < a.count + WARM; i++) {
		sleep_until(start + i * 1000000000u / a.rate);
		t = one(tx, rx, &p, (uint32_t)i);
		lost += !t;
		if (lost > GIVE_UP)
			die("%llu packets were lost", (unsigned long long)lost);
		if (t && i >= WARM)
			v[n++] = t;
	}
	report(v, n, lost);
	free(v);
	return 0;
}
