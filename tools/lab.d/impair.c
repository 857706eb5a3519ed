/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bad wire: two devices of one network namespace, and what comes from the first to the
 * second is lost, doubled, late and out of order. The other direction is a good one.
 *
 *   impair FROM TO [loss=PCT] [duplicate=PCT] [reorder=PCT] [jitter=MS] [seed=N]
 *          [packets=N] [shut=1]
 *
 * Streams (UDP; both addresses and ports) are treated, each packet by the seed and its
 * number in the stream alone: each run is the same. SIP (port 5060) and
 * what is not UDP passes. A packet that is out of order comes behind the next one of its
 * stream. Jitter is added evenly, 0 to MS; it puts nothing out of order. A loss is of one
 * packet: the one behind it comes.
 *
 * packets: a stream ends with its Nth packet, or the next one that is not lost nor waits;
 * "done" is said then. shut: nothing of a stream passes or is counted before SIGUSR1.
 *
 * SIGTERM ends it, with what it did as a line of JSON for each stream:
 *   {"from": "192.0.2.10:6000", "to": "203.0.113.2:30000", "packets": 150, "lost": 4,
 *    "duplicated": 1, "reordered": 3, "delayed": 140, "delay ms": 29.8, "kept": 0}
 * `kept`: its last packet was to come behind the next one, and there was none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 2048, HELD = 4096, STREAMS = 64, SIP = 5060, WAIT_MS = 100 };

struct stream {
	uint8_t key[12]; /* addresses and ports, as in the packet */
	uint32_t n;      /* packets that came */
	uint32_t lost, duplicated, reordered, delayed;
	double worst;           /* ms */
	uint64_t last;          /* ns: when its last packet goes */
	struct frame *next_one; /* waits for the next packet */
	bool spared;
	bool done; /* nothing more of it passes */
};

struct frame {
	struct stream *s;
	uint64_t at; /* ns: when it goes */
	uint64_t order;
	size_t n;
	uint8_t b[FRAME];
};

struct wire {
	int in, out;
	double loss, duplicate, reorder, jitter;
	double packets; /* of a stream; 0: all */
	double shut;
	uint64_t seed;
	struct stream streamv[STREAMS];
	unsigned streamc;
	struct frame *heldv[HELD];
	unsigned heldc;
	uint64_t order;
};

static volatile sig_atomic_t over, opened;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static void on_usr1(int sig)
{
	(void)sig;
	opened = 1;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* 0 to 1, by what the packet is (splitmix64) */
static double chance(const struct wire *w, const struct stream *s,
		     unsigned what)
{
	uint64_t x = w->seed * 4 + what;

	x = (x << 20) + s->n;
	for (unsigned i = 0; i < 2; i++) {
		x += 0x9e3779b97f4a7c15;
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
		x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
		x ^= x >> 31;
	}
	return (double)(x >> 11) / (double)(1ull << 53);
}

/* ---- streams --------------------------------------------------------------- */

static struct stream *stream_of(struct wire *w, const uint8_t *p, size_t n)
{
	const uint8_t *ip = p + ETH_HLEN;
	uint8_t key[12];
	size_t head;

	if (n < ETH_HLEN + 28 || p[12] != 8 || p[13] || ip[9] != IPPROTO_UDP)
		return NULL;
	head = (size_t)(ip[0] & 15) * 4;
	if (n < ETH_HLEN + head + 8)
		return NULL;
	memcpy(key, ip + 12, 8);
	memcpy(key + 8, ip + head, 4);
	if ((key[8] << 8 | key[9]) == SIP || (key[10] << 8 | key[11]) == SIP)
		return NULL;
	for (unsigned i = 0; i < w->streamc; i++) {
		if (!memcmp(w->streamv[i].key, key, sizeof(key)))
			return &w->streamv[i];
	}
	if (w->streamc == STREAMS)
		return NULL;
	memcpy(w->streamv[w->streamc].key, key, sizeof(key));
	return &w->streamv[w->streamc++];
}

static void name(char *out, size_t n, const uint8_t *addr, const uint8_t *port)
{
	snprintf(out, n, "%u.%u.%u.%u:%u", addr[0], addr[1], addr[2], addr[3],
		 port[0] << 8 | port[1]);
}

static void tell(const struct wire *w)
{
	for (unsigned i = 0; i < w->streamc; i++) {
		const struct stream *s = &w->streamv[i];
		char from[32], to[32];

		name(from, sizeof(from), s->key, s->key + 8);
		name(to, sizeof(to), s->key + 4, s->key + 10);
		printf("{\"from\": \"%s\", \"to\": \"%s\", \"packets\": %u, "
		       "\"lost\": %u, \"duplicated\": %u, \"reordered\": %u, "
		       "\"delayed\": %u, \"delay ms\": %.1f, "
		       "\"kept\": %d}\n",
		       from, to, s->n, s->lost, s->duplicated, s->reordered,
		       s->delayed, s->worst, s->next_one != NULL);
	}
	fflush(stdout);
}

/* ---- packets ------------------------------------------------------------------ */

/* The receiver may be gone; that is no matter of the wire's */
static void put(int fd, const uint8_t *p, size_t n)
{
	(void)!send(fd, p, n, 0);
}

/* Not before what its stream has sent already */
static void hold(struct wire *w, struct frame *f, uint64_t at)
{
	if (w->heldc == HELD) {
		fprintf(stderr, "impair: too many packets wait\n");
		exit(1);
	}
	if (at < f->s->last)
		at = f->s->last;
	f->at = f->s->last = at;
	f->order = w->order++;
	w->heldv[w->heldc++] = f;
}

/* What is due, in its order; returns ms until the next one */
static int release(struct wire *w)
{
	for (;;) {
		unsigned best = 0;
		uint64_t t = now();

		if (!w->heldc)
			return WAIT_MS;
		for (unsigned i = 1; i < w->heldc; i++) {
			const struct frame *a = w->heldv[i],
					   *b = w->heldv[best];

			if (a->at < b->at ||
			    (a->at == b->at && a->order < b->order))
				best = i;
		}
		if (w->heldv[best]->at > t)
			return (int)((w->heldv[best]->at - t) / 1000000) + 1;
		put(w->out, w->heldv[best]->b, w->heldv[best]->n);
		free(w->heldv[best]);
		w->heldv[best] = w->heldv[--w->heldc];
	}
}

static struct frame *frame(struct stream *s, const uint8_t *p, size_t n)
{
	struct frame *f = malloc(sizeof(*f));

	if (!f) {
		perror("impair");
		exit(1);
	}
	f->s = s;
	f->n = n;
	memcpy(f->b, p, n);
	return f;
}

static void treat(struct wire *w, const uint8_t *p, size_t n)
{
	struct stream *s = stream_of(w, p, n);
	const uint64_t t = now();
	struct frame *before;
	double late;

	if (!s) {
		put(w->out, p, n);
		return;
	}
	if (s->done || (w->shut > 0 && !opened))
		return;
	++s->n;
	before = s->next_one;
	s->next_one = NULL;
	if (!before && !s->spared && chance(w, s, 0) * 100 < w->loss) {
		++s->lost;
		s->spared = true;
		return;
	}
	s->spared = false;
	if (!before && chance(w, s, 1) * 100 < w->reorder) {
		++s->reordered;
		s->next_one = frame(s, p, n);
		return;
	}
	late = chance(w, s, 2) * w->jitter;
	hold(w, frame(s, p, n), t + (uint64_t)(late * 1e6));
	if (s->last > t) {
		++s->delayed;
		if ((double)(s->last - t) / 1e6 > s->worst)
			s->worst = (double)(s->last - t) / 1e6;
	}
	if (chance(w, s, 3) * 100 < w->duplicate) {
		++s->duplicated;
		hold(w, frame(s, p, n), s->last);
	}
	if (before)
		hold(w, before, s->last);
	if (w->packets > 0 && s->n >= w->packets) {
		s->done = true;
		fprintf(stderr, "impair: done\n");
	}
}

/* Our own packets are seen, too: they are going out */
static void take(int fd, struct wire *w, int to)
{
	static uint8_t b[65536];
	struct sockaddr_ll from = {0};
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, b, sizeof(b), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len)) > 0) {
		len = sizeof(from);
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (w && n <= FRAME)
			treat(w, b, (size_t)n);
		else
			put(to, b, (size_t)n);
	}
}

static int device(const char *dev)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(dev)};
	struct packet_mreq mr = {.mr_ifindex = ll.sll_ifindex,
				 .mr_type = PACKET_MR_PROMISC};
	const int big = 8 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (!ll.sll_ifindex || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big)) ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr,
		       sizeof(mr))) {
		fprintf(stderr, "impair: %s: %s\n", dev, strerror(errno));
		exit(1);
	}
	return fd;
}

static bool option(struct wire *w, const char *s)
{
	char *end;
	const char *eq = strchr(s, '=');
	double v = eq ? strtod(eq + 1, &end) : 0;
	const struct {
		const char *name;
		double *v;
		double most;
	} optv[] = {{"loss", &w->loss, 100},
		    {"duplicate", &w->duplicate, 100},
		    {"reorder", &w->reorder, 100},
		    {"jitter", &w->jitter, 1000},
		    {"packets", &w->packets, 1e6},
		    {"shut", &w->shut, 1}};

	if (!eq || end == eq + 1 || *end || v < 0)
		return false;
	for (unsigned i = 0; i < sizeof(optv) / sizeof(optv[0]); i++) {
		if (strlen(optv[i].name) == (size_t)(eq - s) &&
		    !strncmp(s, optv[i].name, (size_t)(eq - s))) {
			*optv[i].v = v;
			return v <= optv[i].most;
		}
	}
	if (strncmp(s, "seed=", 5))
		return false;
	w->seed = (uint64_t)v;
	return true;
}

int main(int argc, char *argv[])
{
	static struct wire w = {.seed = 1};
	struct pollfd pv[2] = {{.events = POLLIN}, {.events = POLLIN}};

	if (argc < 3) {
		fprintf(stderr,
			"usage: impair FROM TO [loss=PCT] [duplicate=PCT] "
			"[reorder=PCT] [jitter=MS] [seed=N] "
			"[packets=N] [shut=1]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (!option(&w, argv[i])) {
			fprintf(stderr, "impair: %s?\n", argv[i]);
			return 2;
		}
	}
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	signal(SIGUSR1, on_usr1);
	pv[0].fd = w.in = device(argv[1]);
	pv[1].fd = w.out = device(argv[2]);
	fprintf(stderr, "impair: ready\n");
	while (!over) {
		if (poll(pv, 2, release(&w)) < 0 && errno != EINTR)
			return 1;
		take(w.in, &w, w.out);
		take(w.out, NULL, w.in);
	}
	/* what it has taken goes its way */
	while (w.heldc)
		(void)poll(NULL, 0, release(&w));
	tell(&w);
	return 0;
}
