// SPDX-License-Identifier: BSD-2-Clause
/* Phones that register with digest, a window of them at a time or so many a second:
 * how many a second, how long it takes, how many are lost. Prints JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "regmsg.h"

enum {
	BATCH = 32,
	TRIES = 7, /* sent so often before it counts as lost (RFC 3261 17.1.2.1) */
};
static const uint64_t again_ns = 500000000ull; /* timer E, without its growth */

struct args {
	const char *from;
	struct regmsg_conf reg;
	const char *to;
	uint64_t users, first, turns, window, rate, cseq;
	bool keep;    /* use a nonce again: one request for each refresh */
	bool patient; /* go on while nobody listens */
	bool ha1;     /* print the users file, do nothing else */
};

enum state { IDLE = 0, ASKED, PROVED, DONE, LOST };

struct phone {
	uint64_t sent, began; /* ns */
	uint32_t cseq, nc;
	uint8_t state, tries;
	uint8_t proofs; /* in this turn */
	char nonce[REGMSG_NONCE];
};

/* What is sent in one go */
struct out {
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
	char textv[BATCH][REGMSG_MAX];
	unsigned n;
};

struct bench {
	struct args a;
	int fd;
	struct out out;
	struct phone *v;
	uint32_t *
		queue; /* those under way, the one that was sent first in front */
	size_t head, tail, size;
	uint64_t next, open, done, lost, resent, challenged, odd, unbound;
	uint32_t *took; /* us, by order of being done */
	unsigned code;  /* of the first answer that nobody expects */
};

static const char usage[] =
	"bench-register --from NETNS --near IP --to IP:PORT [--domain NAME]\n"
	"    [--password WORD] [--users N] [--first N] [--turns N]\n"
	"    [--window N | --rate N] [--expires S] [--cseq N] [--run N]\n"
	"    [--port N] [--keep-nonce] [--query] [--patient] [--ha1]\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"from", 1, NULL, 'f'},       {"near", 1, NULL, 'n'},
		{"to", 1, NULL, 't'},         {"domain", 1, NULL, 'd'},
		{"password", 1, NULL, 'p'},   {"users", 1, NULL, 'u'},
		{"first", 1, NULL, '1'},      {"window", 1, NULL, 'w'},
		{"rate", 1, NULL, 'r'},       {"expires", 1, NULL, 'e'},
		{"cseq", 1, NULL, 'c'},       {"run", 1, NULL, 'R'},
		{"keep-nonce", 0, NULL, 'k'}, {"ha1", 0, NULL, 'h'},
		{"turns", 1, NULL, 'T'},      {"port", 1, NULL, 'o'},
		{"query", 0, NULL, 'q'},      {"patient", 0, NULL, 'P'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			a->from = optarg;
			break;
		case 'n':
			a->reg.near = optarg;
			break;
		case 't':
			a->to = optarg;
			break;
		case 'd':
			a->reg.domain = optarg;
			break;
		case 'p':
			a->reg.password = optarg;
			break;
		case 'u':
			a->users = number("users", optarg, 1, 9999999);
			break;
		case '1':
			a->first = number("first", optarg, 0, 9999999);
			break;
		case 'o':
			a->reg.port = (unsigned)number("port", optarg, 1,
						       65535);
			break;
		case 'T':
			a->turns = number("turns", optarg, 1, 1000);
			break;
		case 'w':
			a->window = number("window", optarg, 1, 100000);
			break;
		case 'r':
			a->rate = number("rate", optarg, 1, 1000000);
			break;
		case 'e':
			a->reg.expires = (unsigned)number("expires", optarg, 1,
							  1u << 30);
			break;
		case 'c':
			a->cseq = number("cseq", optarg, 1, 1u << 30);
			break;
		case 'R':
			a->reg.run = (uint32_t)number("run", optarg, 0,
						      UINT32_MAX);
			break;
		case 'k':
			a->keep = true;
			break;
		case 'h':
			a->ha1 = true;
			break;
		case 'q':
			a->reg.query = true;
			break;
		case 'P':
			a->patient = true;
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (optind != argc || (!a->ha1 && (!a->from || !a->reg.near || !a->to)))
		die("usage: %s", usage);
}

static void print_users(const struct args *a)
{
	char ha1[33], user[16];

	for (uint64_t i = 0; i < a->users; i++) {
		const uint32_t n = (uint32_t)(a->first + i);

		(void)regmsg_user(user, n);
		regmsg_ha1(ha1, &a->reg, n);
		(void)printf("%s:%s:%s\n", user, a->reg.domain, ha1);
	}
}

static void udp(struct bench *b)
{
	struct sockaddr_in near = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)b->a.reg.port),
				   .sin_addr.s_addr = ipv4(b->a.reg.near)};
	struct sockaddr_in to = {.sin_family = AF_INET};
	const int room = 8 << 20;
	char host[64];
	unsigned port;

	if (sscanf(b->a.to, "%63[0-9.]:%u", host, &port) != 2)
		die("%s: no IP:PORT", b->a.to);
	to.sin_addr.s_addr = ipv4(host);
	to.sin_port = htons((uint16_t)port);
	enter(b->a.from);
	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (b->fd < 0 || bind(b->fd, (struct sockaddr *)&near, sizeof(near)) ||
	    connect(b->fd, (struct sockaddr *)&to, sizeof(to)))
		die("%s: %s", b->a.to, strerror(errno));
	(void)setsockopt(b->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
			 sizeof(room));
	(void)setsockopt(b->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
			 sizeof(room));
}

/* ---- one phone ---------------------------------------------------------- */

static void flush(struct bench *b)
{
	struct out *o = &b->out;
	unsigned done = 0;

	while (done < o->n) {
		const int n = sendmmsg(b->fd, o->v + done, o->n - done, 0);

		if (n > 0) {
			done += (unsigned)n;
		} else if (errno == EAGAIN) {
			struct pollfd pfd = {.fd = b->fd, .events = POLLOUT};

			(void)poll(&pfd, 1, 10);
		} else {
			++done; /* lost, or an error of one before */
		}
	}
	o->n = 0;
}

static void transmit(struct bench *b, uint32_t i)
{
	struct phone *p = &b->v[i];
	struct out *o = &b->out;

	if (o->n == BATCH)
		flush(b);
	o->iov[o->n] = (struct iovec){
		o->textv[o->n],
		regmsg_make(o->textv[o->n], &b->a.reg, (uint32_t)b->a.first + i,
			    p->cseq, p->state == PROVED ? p->nonce : "",
			    p->nc)};
	o->v[o->n].msg_hdr = (struct msghdr){.msg_iov = &o->iov[o->n],
					     .msg_iovlen = 1};
	++o->n;
	p->sent = now_ns();
	++p->tries;
	b->queue[b->tail++ % b->size] = i;
}

static void request(struct bench *b, uint32_t i, enum state state)
{
	struct phone *p = &b->v[i];

	p->state = state;
	p->tries = 0;
	++p->cseq;
	if (state == PROVED) {
		++p->nc;
		++p->proofs;
	}
	transmit(b, i);
}

static void begin(struct bench *b)
{
	const uint32_t i = (uint32_t)(b->next++ % b->a.users);
	struct phone *p = &b->v[i];

	p->began = now_ns();
	p->proofs = 0;
	if (!p->cseq)
		p->cseq = (uint32_t)b->a.cseq;
	++b->open;
	request(b, i, b->a.keep && p->nonce[0] ? PROVED : ASKED);
}

static void end(struct bench *b, struct phone *p, enum state state)
{
	p->state = state;
	--b->open;
	if (state == LOST)
		++b->lost;
	else
		b->took[b->done++] = (uint32_t)((now_ns() - p->began) / 1000);
}

static void answered(struct bench *b, const char *text)
{
	uint32_t n, cseq, i;
	const unsigned code = regmsg_answer(text, &n, &cseq);
	struct phone *p;

	i = n - (uint32_t)b->a.first;
	if (!code || i >= b->a.users)
		return;
	p = &b->v[i];
	/* an answer to a request that was answered before */
	if ((p->state != ASKED && p->state != PROVED) || cseq != p->cseq)
		return;
	if (code == 200) {
		b->unbound += !regmsg_bound(text, &b->a.reg, n);
		end(b, p, DONE);
	} else if (code == 401 && p->proofs < 2 &&
		   regmsg_nonce(text, p->nonce)) {
		++b->challenged;
		p->nc = 0;
		request(b, i, PROVED);
	} else if (code >= 200) {
		++b->odd;
		if (!b->code)
			b->code = code;
		end(b, p, LOST);
	}
}

/* ---- all of them ---------------------------------------------------------- */

static void take(struct bench *b)
{
	static char textv[BATCH][4096];
	struct mmsghdr v[BATCH] = {0};
	struct iovec iov[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){textv[i], sizeof(textv[i]) - 1};
		v[i].msg_hdr.msg_iov = &iov[i];
		v[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(b->fd, v, BATCH, 0, NULL);
	if (n < 0 && errno == ECONNREFUSED && !b->a.patient)
		die("%s: nobody listens there", b->a.to);
	for (int i = 0; i < n; i++) {
		textv[i][v[i].msg_len] = '\0';
		answered(b, textv[i]);
	}
}

/* What has waited too long is sent again; whose turn has passed is left out */
static void overdue(struct bench *b)
{
	const uint64_t before = now_ns() - again_ns;

	while (b->head != b->tail) {
		const uint32_t i = b->queue[b->head % b->size];
		struct phone *p = &b->v[i];
		const bool open = p->state == ASKED || p->state == PROVED;

		if (open && p->sent > before)
			return;
		++b->head;
		if (!open)
			continue;
		if (p->tries == TRIES) {
			end(b, p, LOST);
			continue;
		}
		++b->resent;
		transmit(b, i);
	}
}

static void run(struct bench *b)
{
	const uint64_t start = now_ns(), all = b->a.users * b->a.turns;

	while (b->done + b->lost < all) {
		struct pollfd pfd = {.fd = b->fd, .events = POLLIN};
		uint64_t due = all;

		if (b->a.rate)
			due = (now_ns() - start) * b->a.rate / 1000000000u;
		for (int i = 0; i < BATCH && b->next < all && b->next < due &&
				b->open < b->a.window;
		     i++)
			begin(b);
		flush(b);
		take(b);
		overdue(b);
		flush(b);
		if (b->open == b->a.window || b->next >= due)
			(void)poll(&pfd, 1, b->a.rate ? 1 : 10);
	}
}

static int compare(const void *x, const void *y)
{
	const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static void print(struct bench *b, double seconds)
{
	qsort(b->took, b->done, sizeof(*b->took), compare);
	(void)printf("{\"users\": %lu, \"registered\": %lu, \"lost\": %lu, "
		     "\"resent\": %lu, \"challenged\": %lu, \"odd\": %lu, "
		     "\"code\": %u, \"unbound\": %lu, \"seconds\": %.4f, "
		     "\"rate\": %.1f, \"p50_us\": %u, \"p99_us\": %u}\n",
		     b->a.users, b->done, b->lost, b->resent, b->challenged,
		     b->odd, b->code, b->unbound, seconds,
		     (double)b->done / seconds,
		     b->done ? b->took[b->done / 2] : 0,
		     b->done ? b->took[b->done * 99 / 100] : 0);
}

int main(int argc, char *argv[])
{
	static struct bench b = {.a = {.users = 1000,
				       .turns = 1,
				       .window = 64,
				       .cseq = 1,
				       .reg = {.port = 5070,
					       .domain = "example.com",
					       .password = "secret",
					       .expires = 3600}}};
	uint64_t start;

	parse(&b.a, argc, argv);
	if (b.a.ha1) {
		print_users(&b.a);
		return 0;
	}
	if (b.a.rate || b.a.window > b.a.users)
		b.a.window = b.a.users; /* a phone does one thing at a time */
	b.size = b.a.users * 2 * TRIES + 1;
	b.v = calloc(b.a.users, sizeof(*b.v));
	b.took = calloc(b.a.users * b.a.turns, sizeof(*b.took));
	b.queue = calloc(b.size, sizeof(*b.queue));
	if (!b.v || !b.took || !b.queue)
		die("no memory");
	udp(&b);
	start = now_ns();
	run(&b);
	print(&b, (double)(now_ns() - start) / 1e9);
	return 0;
}
