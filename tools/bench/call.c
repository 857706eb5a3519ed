// SPDX-License-Identifier: BSD-2-Clause
/* Calls by way of the edge, one after the other: how long until the INVITE is at
 * the phone that is called, and until its answer is back. Prints JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipmsg.h"

enum { TARGETS = 6, PORT = 5064, GIVE_UP = 500 /* ms */ };

struct args {
	const char *from, *to;
	struct sipmsg_addr addr;
	uint64_t count, rate;
	uint32_t run;
};

struct times {
	uint64_t *v;
	size_t n;
};

static const char usage[] =
	"bench-call --from NETNS --to NETNS --near IP --edge IP --far IP\n"
	"           [--count N] [--rate N] [--run N]\n";

static void parse(struct args *a, int argc, char *argv[])
{
	static const struct option longs[] = {
		{"from", 1, NULL, 'f'}, {"to", 1, NULL, 't'},
		{"near", 1, NULL, 'n'}, {"edge", 1, NULL, 'e'},
		{"far", 1, NULL, 'F'},  {"count", 1, NULL, 'c'},
		{"rate", 1, NULL, 'r'}, {"run", 1, NULL, 'u'},
		{NULL, 0, NULL, 0},
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
		case 'n':
			a->addr.near = optarg;
			break;
		case 'e':
			a->addr.edge = optarg;
			break;
		case 'F':
			a->addr.far = optarg;
			break;
		case 'c':
			a->count = number("count", optarg, 1, 1u << 20);
			break;
		case 'r':
			a->rate = number("rate", optarg, 1, 100000);
			break;
		case 'u':
			a->run = (uint32_t)number("run", optarg, 0, UINT32_MAX);
			break;
		default:
			die("usage: %s", usage);
		}
	}
	if (!a->from || !a->to || !a->addr.near || !a->addr.edge ||
	    !a->addr.far || optind != argc)
		die("usage: %s", usage);
}

static int udp(const char *ns, const char *ip, unsigned port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = ipv4(ip),
	};
	int fd;

	enter(ns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("%s: port %u: %s", ip, port, strerror(errno));
	return fd;
}

/* A 200 with the lines that 8.2.6.2 has copied */
static size_t answer_make(char *out, size_t sz, const char *request)
{
	size_t n = (size_t)snprintf(out, sz, "SIP/2.0 200 OK\r\n");

	for (const char *p = strstr(request, "\r\n"); p && p[2] != '\r';
	     p = strstr(p + 2, "\r\n")) {
		const char *line = p + 2, *end = strstr(line, "\r\n");

		if (!end)
			break;
		if (strncmp(line, "Via:", 4) != 0 &&
		    strncmp(line, "From:", 5) != 0 &&
		    strncmp(line, "To:", 3) != 0 &&
		    strncmp(line, "Call-ID:", 8) != 0 &&
		    strncmp(line, "CSeq:", 5) != 0)
			continue;
		n += (size_t)snprintf(out + n, sz - n, "%.*s%s\r\n",
				      (int)(end - line), line,
				      line[0] == 'T' ? ";tag=8f1c" : "");
	}
	n += (size_t)snprintf(out + n, sz - n, "Content-Length: 0\r\n\r\n");
	return n;
}

static ssize_t take(int fd, char *buf, size_t sz, struct sockaddr_in *from)
{
	socklen_t len = sizeof(*from);
	ssize_t n = recvfrom(fd, buf, sz - 1, 0, (struct sockaddr *)from, &len);

	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* What has come to the one that is called: is it of this call? */
static bool answer(int fd, const char *callid)
{
	char in[2048], out[2048];
	struct sockaddr_in from;
	bool found = false;

	while (take(fd, in, sizeof(in), &from) > 0) {
		const size_t n = answer_make(out, sizeof(out), in);

		found |= strstr(in, callid) != NULL;
		(void)sendto(fd, out, n, 0, (struct sockaddr *)&from,
			     sizeof(from));
	}
	return found;
}

static bool answered(int fd, const char *callid)
{
	struct sockaddr_in from;
	char in[2048];
	bool found = false;

	while (take(fd, in, sizeof(in), &from) > 0)
		found |= !strncmp(in, "SIP/2.0 200", 11) &&
			 strstr(in, callid) != NULL;
	return found;
}

/* Times in ns that it took: there, and there and back. False: no answer */
static bool call(int fdv[TARGETS + 1], const char *text, size_t len,
		 const struct sockaddr_in *edge, uint64_t *there,
		 uint64_t *back)
{
	struct pollfd pv[TARGETS + 1];
	uint64_t start, now;
	char callid[64];

	if (sscanf(strstr(text, "Call-ID: "), "Call-ID: %63s", callid) != 1)
		die("no Call-ID");
	for (int i = 0; i <= TARGETS; i++)
		pv[i] = (struct pollfd){.fd = fdv[i], .events = POLLIN};
	start = now_ns();
	(void)sendto(fdv[TARGETS], text, len, 0, (const struct sockaddr *)edge,
		     sizeof(*edge));
	for (now = start; now - start < GIVE_UP * 1000000ull; now = now_ns()) {
		(void)poll(pv, TARGETS + 1, 20);
		for (int i = 0; i < TARGETS; i++)
			if (pv[i].revents && answer(fdv[i], callid))
				*there = now_ns() - start;
		if (pv[TARGETS].revents && answered(fdv[TARGETS], callid)) {
			*back = now_ns() - start;
			return true;
		}
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t percentile(struct times *t, unsigned percent)
{
	qsort(t->v, t->n, sizeof(*t->v), compare);
	return t->n ? t->v[t->n * percent / 100] : 0;
}

int main(int argc, char *argv[])
{
	struct args a = {.count = 100, .rate = 50};
	struct sockaddr_in edge = {.sin_family = AF_INET};
	struct times there, back;
	int fdv[TARGETS + 1];
	char text[2048];
	uint64_t start, lost = 0;

	parse(&a, argc, argv);
	a.addr.user = "probe";
	a.addr.port = PORT;
	for (unsigned i = 0; i < TARGETS; i++)
		fdv[i] = udp(a.to, a.addr.far, 5060 + i);
	fdv[TARGETS] = udp(a.from, a.addr.near, PORT);
	edge.sin_port = htons(5060);
	edge.sin_addr.s_addr = ipv4(a.addr.edge);
	there = (struct times){calloc(a.count, sizeof(uint64_t)), 0};
	back = (struct times){calloc(a.count, sizeof(uint64_t)), 0};
	if (!there.v || !back.v)
		die("no memory");
	start = now_ns();
	for (uint64_t i = 0; i < a.count; i++) {
		uint64_t t = 0, b = 0;
		size_t len = sipmsg_make(text, sizeof(text), SIPMSG_INVITE,
					 &a.addr, a.run, (uint32_t)i);

		sleep_until(start + i * 1000000000u / a.rate);
		lost += !call(fdv, text, len, &edge, &t, &b);
		if (t)
			there.v[there.n++] = t;
		if (b)
			back.v[back.n++] = b;
	}
	(void)printf("{\"calls\":%llu,\"lost\":%llu,"
		     "\"there_p50_ns\":%llu,\"there_p99_ns\":%llu,"
		     "\"answer_p50_ns\":%llu,\"answer_p99_ns\":%llu}\n",
		     (unsigned long long)a.count, (unsigned long long)lost,
		     (unsigned long long)percentile(&there, 50),
		     (unsigned long long)percentile(&there, 99),
		     (unsigned long long)percentile(&back, 50),
		     (unsigned long long)percentile(&back, 99));
	free(there.v);
	free(back.v);
	return 0;
}
