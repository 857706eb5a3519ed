// SPDX-License-Identifier: BSD-2-Clause
/* Time, arguments and namespaces */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("bench: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void sleep_until(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

uint64_t number(const char *what, const char *s, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || !*s || *end || *s == '-' || v < min || v > max)
		die("%s: \"%s\" is no number from %llu to %llu", what, s,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

void enter(const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	(void)close(fd);
}

int enter_at(const char *at)
{
	char name[64];
	const char *dev = strchr(at, ':');
	int index;

	if (!dev || (size_t)(dev - at) >= sizeof(name))
		die("\"%s\" is not NETNS:DEVICE", at);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(dev - at), at);
	enter(name);

	index = (int)if_nametoindex(dev + 1);
	if (!index)
		die("%s: %s", at, strerror(errno));
	return index;
}

uint32_t ipv4(const char *s)
{
	struct in_addr a;

	if (inet_pton(AF_INET, s, &a) != 1)
		die("\"%s\" is no IPv4 address", s);
	return a.s_addr;
}

void mac(uint8_t out[6], const char *s)
{
	if (sscanf(s, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &out[0], &out[1],
		   &out[2], &out[3], &out[4], &out[5]) != 6)
		die("\"%s\" is no MAC address", s);
}
