/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtpload.c  Paced two-way RTP calls between two network namespaces
 *
 * Reads a plan (ngclient.py plan): one call a line,
 *   A-ADDR A-PORT A-REMOTE A-RPORT  B-ADDR B-PORT B-REMOTE B-RPORT
 * opens A's sockets in one namespace and B's in another, and has each call
 * talk both ways. Sockets are connected: what comes from anywhere but the
 * answered address is not heard, as by a strict phone. What was sent is
 * numbered in the payload, so that a rewritten RTP header does not matter.
 *
 * Runs until --seconds are over or SIGINT comes, waits for what is under way,
 * prints one JSON object. SIGUSR1 prints one in between. The first --warmup
 * packets of a stream may be lost (next hops are being resolved); once all
 * have been sent, the line "warm" is printed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PAYLOAD = 160,
	MAGIC = 0x6361726f,
	RTCP_EVERY = 25,   /* packets */
	SEQ_START = 65400, /* wraps soon: a path must survive that */
	BURST = 64,
	EVENTS = 256,
	STEP = 500000, /* ns */
};

/* One end of a call: what it sends and what it heard of the other end */
struct end {
	int fd, rtcp_fd;
	uint32_t id, peer;
	uint32_t sent, rtcp_sent, rtcp_got;
	uint32_t top;    /* highest number heard, plus one */
	uint64_t window; /* bit n: top - 1 - n was heard */
	uint32_t heard;  /* different packets, warm-up left out */
	uint32_t first_ssrc;
};

struct load {
	struct end *endv;
	size_t endc;
	int epfd;
	uint32_t ptime, warmup, seconds;
	bool rtcp;
	uint64_t next; /* packets sent by all, in turn */
	uint64_t duplicate, reordered, corrupt, misdelivered, send_errors;
	uint64_t ssrc_changes, max_delay;
};

static volatile sig_atomic_t stop, report;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		report = 1;
	else
		stop = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

static int enter(const char *ns)
{
	char path[256];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (setns(fd, CLONE_NEWNET))
		err = errno;
	close(fd);
	return err;
}

static int resolve(struct sockaddr_storage *sa, socklen_t *len,
		   const char *addr, unsigned port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *ai;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(addr, service, &hints, &ai))
		return EINVAL;
	memcpy(sa, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

/* A socket bound to one address and connected to another, or -1 */
static int open_socket(const char *laddr, unsigned lport, const char *raddr,
		       unsigned rport)
{
	struct sockaddr_storage l, r;
	socklen_t llen, rlen;
	int fd;

	if (resolve(&l, &llen, laddr, lport) ||
	    resolve(&r, &rlen, raddr, rport)) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(l.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&l, llen) ||
	    connect(fd, (struct sockaddr *)&r, rlen)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int watch(struct load *l, int fd, uint64_t tag)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag};

	return epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) ? errno : 0;
}

static int open_end(struct load *l, size_t i, const char *laddr, unsigned lport,
		    const char *raddr, unsigned rport)
{
	struct end *e = &l->endv[i];

	e->id = (uint32_t)i;
	e->peer = (uint32_t)i ^ 1;
	e->fd = open_socket(laddr, lport, raddr, rport);
	if (e->fd < 0 || watch(l, e->fd, i * 2))
		goto bad;
	e->rtcp_fd = -1;
	if (l->rtcp) {
		e->rtcp_fd = open_socket(laddr, lport + 1, raddr, rport + 1);
		if (e->rtcp_fd < 0 || watch(l, e->rtcp_fd, i * 2 + 1))
			goto bad;
	}
	return 0;
bad:
	fprintf(stderr, "rtpload: %s %u -> %s %u: %s\n", laddr, lport, raddr,
		rport, strerror(errno));
	return EIO;
}

/* Every second end of the plan belongs to B's namespace */
static int open_side(struct load *l, FILE *plan, unsigned side)
{
	char addr[2][64], remote[2][64];
	unsigned port[2], rport[2];
	size_t i = 0;
	int n, err;

	rewind(plan);
	while ((n = fscanf(plan, "%63s %u %63s %u %63s %u %63s %u", addr[0],
			   &port[0], remote[0], &rport[0], addr[1], &port[1],
			   remote[1], &rport[1])) == 8) {
		if (i + 2 > l->endc) {
			struct end *v = reallocarray(l->endv, i + 2,
						     sizeof(*v));

			if (!v)
				return ENOMEM;
			memset(&v[i], 0, 2 * sizeof(*v));
			l->endv = v;
			l->endc = i + 2;
		}
		err = open_end(l, i + side, addr[side], port[side],
			       remote[side], rport[side]);
		if (err)
			return err;
		i += 2;
	}
	if (n != EOF || !i) {
		fprintf(stderr, "rtpload: the plan is not one\n");
		return EINVAL;
	}
	return 0;
}

static bool transmit(struct load *l, int fd, const void *buf, size_t len)
{
	/* The first try may only fetch an old ICMP error of the socket */
	for (int i = 0; i < 2; i++)
		if (send(fd, buf, len, 0) == (ssize_t)len)
			return true;
	++l->send_errors;
	return false;
}

static void send_rtcp(struct load *l, struct end *e)
{
	uint8_t p[28] = {0x80, 200, 0, 6};

	put32(p + 4, 0x10000 + e->id);
	put32(p + 20, e->sent);
	if (transmit(l, e->rtcp_fd, p, sizeof(p)))
		++e->rtcp_sent;
}

static void send_rtp(struct load *l, struct end *e)
{
	uint8_t p[12 + PAYLOAD] = {0x80, 8};
	uint16_t seq = htons((uint16_t)(SEQ_START + e->sent));
	uint64_t t = now_ns();

	memcpy(p + 2, &seq, 2);
	put32(p + 4, e->sent * l->ptime * 8);
	put32(p + 8, 0x10000 + e->id);
	put32(p + 12, MAGIC);
	put32(p + 16, e->id);
	put32(p + 20, e->sent);
	memcpy(p + 24, &t, 8);
	memset(p + 32, (int)(e->id + e->sent), sizeof(p) - 32);
	if (!transmit(l, e->fd, p, sizeof(p)))
		return;
	++e->sent;
	if (e->rtcp_fd >= 0 && e->sent % RTCP_EVERY == 0)
		send_rtcp(l, e);
}

/* One number more: new, late, or heard before? */
static void account(struct load *l, struct end *e, uint32_t n)
{
	uint32_t d;

	if (n >= e->top) {
		d = n + 1 - e->top;
		e->window = d < 64 ? e->window << d : 0;
		e->window |= 1;
		e->top = n + 1;
	} else {
		d = e->top - 1 - n;
		if (d < 64 && (e->window & 1ull << d)) {
			++l->duplicate;
			return;
		}
		if (d < 64)
			e->window |= 1ull << d;
		++l->reordered;
	}
	if (n >= l->warmup)
		++e->heard;
}

static void hear_rtp(struct load *l, struct end *e, const uint8_t *p, size_t n)
{
	uint64_t sent, now = now_ns();
	uint32_t number, ssrc;
	uint8_t fill;

	if (n != 12 + PAYLOAD || p[0] != 0x80 || (p[1] & 0x7f) != 8 ||
	    get32(p + 12) != MAGIC) {
		++l->corrupt;
		return;
	}
	number = get32(p + 20);
	if (get32(p + 16) != e->peer) {
		++l->misdelivered;
		return;
	}
	fill = (uint8_t)(e->peer + number);
	if (p[32] != fill || memcmp(p + 32, p + 33, n - 33)) {
		++l->corrupt;
		return;
	}
	ssrc = get32(p + 8);
	if (!e->first_ssrc)
		e->first_ssrc = ssrc;
	if (ssrc != e->first_ssrc)
		++l->ssrc_changes;
	memcpy(&sent, p + 24, 8);
	if (now - sent > l->max_delay && number >= l->warmup)
		l->max_delay = now - sent;
	account(l, e, number);
}

static unsigned hear(struct load *l, uint64_t wait_ns)
{
	const struct timespec wait = {
		.tv_sec = (time_t)(wait_ns / 1000000000),
		.tv_nsec = (long)(wait_ns % 1000000000),
	};
	struct epoll_event evv[EVENTS];
	uint8_t buf[2048];
	unsigned total = 0;
	int i, n = epoll_pwait2(l->epfd, evv, EVENTS, &wait, NULL);

	for (i = 0; i < n; i++) {
		struct end *e = &l->endv[evv[i].data.u64 / 2];
		bool rtcp = evv[i].data.u64 & 1;
		int fd = rtcp ? e->rtcp_fd : e->fd;
		ssize_t len;

		while ((len = recv(fd, buf, sizeof(buf), 0)) >= 0) {
			++total;
			if (!rtcp)
				hear_rtp(l, e, buf, (size_t)len);
			else if (len == 28 && buf[1] == 200)
				++e->rtcp_got;
			else
				++l->corrupt;
		}
	}
	return total;
}

static void print_totals(const struct load *l, const char *event)
{
	uint64_t sent = 0, heard = 0, rtcp_sent = 0, rtcp_got = 0;
	size_t i, silent = 0, hurt = 0;

	for (i = 0; i < l->endc; i++) {
		const struct end *e = &l->endv[i];
		const struct end *peer = &l->endv[e->peer];
		uint32_t due = peer->sent > l->warmup ? peer->sent - l->warmup
						      : 0;

		sent += due;
		heard += e->heard;
		rtcp_sent += e->rtcp_sent;
		rtcp_got += e->rtcp_got;
		silent += !e->heard;
		hurt += e->heard < due;
	}
	printf("{\"event\": \"%s\", \"streams\": %zu, \"sent\": %llu, "
	       "\"received\": %llu, \"lost\": %lld, \"duplicate\": %llu, "
	       "\"reordered\": %llu, \"corrupt\": %llu, "
	       "\"misdelivered\": %llu, \"send_errors\": %llu, "
	       "\"ssrc_changes\": %llu, \"silent_streams\": %zu, "
	       "\"hurt_streams\": %zu, \"rtcp_sent\": %llu, "
	       "\"rtcp_received\": %llu, \"max_delay_ms\": %.1f}\n",
	       event, l->endc, (unsigned long long)sent,
	       (unsigned long long)heard, (long long)(sent - heard),
	       (unsigned long long)l->duplicate,
	       (unsigned long long)l->reordered, (unsigned long long)l->corrupt,
	       (unsigned long long)l->misdelivered,
	       (unsigned long long)l->send_errors,
	       (unsigned long long)l->ssrc_changes, silent, hurt,
	       (unsigned long long)rtcp_sent, (unsigned long long)rtcp_got,
	       (double)l->max_delay / 1e6);
	fflush(stdout);
}

static void talk(struct load *l)
{
	const uint64_t gap = (uint64_t)l->ptime * 1000000 / l->endc;
	const uint64_t start = now_ns();
	const uint64_t warm = (uint64_t)l->warmup * l->endc;
	bool told = false;
	int burst;

	while (!stop) {
		uint64_t t = now_ns() - start;

		if (l->seconds && t > (uint64_t)l->seconds * 1000000000)
			break;
		for (burst = 0; burst < BURST && l->next * gap <= t; burst++)
			send_rtp(l, &l->endv[l->next++ % l->endc]);
		/* Small steps, not one packet a turn: leave the CPU some air */
		hear(l, l->next * gap > t ? STEP : 0);
		if (!told && l->next >= warm) {
			puts("warm");
			fflush(stdout);
			told = true;
		}
		if (report) {
			report = 0;
			print_totals(l, "so far");
		}
	}
	/* What is under way is here when it has been quiet for a second */
	while (hear(l, 1000000000))
		;
}

static int usage(void)
{
	fprintf(stderr, "usage: rtpload --plan FILE --a-ns NAME --b-ns NAME "
			"[--ptime MS] [--warmup PACKETS] [--seconds S] "
			"[--rtcp]\n");
	return 2;
}

static const struct option options[] = {
	{"plan", required_argument, NULL, 'p'},
	{"a-ns", required_argument, NULL, 'a'},
	{"b-ns", required_argument, NULL, 'b'},
	{"ptime", required_argument, NULL, 't'},
	{"warmup", required_argument, NULL, 'w'},
	{"seconds", required_argument, NULL, 's'},
	{"rtcp", no_argument, NULL, 'r'},
	{0},
};

int main(int argc, char *argv[])
{
	struct load l = {.ptime = 20, .warmup = 5};
	struct rlimit files;
	const struct sigaction sa = {.sa_handler = on_signal};
	const char *ns[2] = {NULL, NULL};
	FILE *plan = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			plan = fopen(optarg, "r");
			break;
		case 'a':
			ns[0] = optarg;
			break;
		case 'b':
			ns[1] = optarg;
			break;
		case 't':
			l.ptime = (uint32_t)atoi(optarg);
			break;
		case 'w':
			l.warmup = (uint32_t)atoi(optarg);
			break;
		case 's':
			l.seconds = (uint32_t)atoi(optarg);
			break;
		case 'r':
			l.rtcp = true;
			break;
		default:
			return usage();
		}
	}
	if (!plan || !ns[0] || !ns[1] || !l.ptime)
		return usage();
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l.epfd = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned side = 0; side < 2; side++) {
		int err = enter(ns[side]);

		if (err) {
			fprintf(stderr, "rtpload: namespace %s: %s\n", ns[side],
				strerror(err));
			return 1;
		}
		if (open_side(&l, plan, side))
			return 1;
	}
	fclose(plan);
	talk(&l);
	print_totals(&l, "end");
	free(l.endv);
	return 0;
}
