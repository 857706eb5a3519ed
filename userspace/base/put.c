/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/put.h"

int put_str(struct mbuf *mb, const char *s)
{
	return mbuf_write_mem(mb, (const uint8_t *)s, strlen(s));
}

int put_digits(struct mbuf *mb, uint64_t n, unsigned digits)
{
	uint8_t text[20], *p = text + sizeof(text);

	while (n || digits) {
		*--p = (uint8_t)('0' + n % 10);
		n /= 10;
		digits -= digits > 0;
	}

	return mbuf_write_mem(mb, p, (size_t)(text + sizeof(text) - p));
}

int put_u64(struct mbuf *mb, uint64_t n)
{
	return put_digits(mb, n, 1);
}

/* "255.255.255.255" */
static size_t ipv4(char text[16], const struct sa *sa)
{
	const uint8_t *a = (const uint8_t *)&sa->u.in.sin_addr;
	char *p = text;

	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		if (a[i] >= 100)
			*p++ = (char)('0' + a[i] / 100);
		if (a[i] >= 10)
			*p++ = (char)('0' + a[i] / 10 % 10);
		*p++ = (char)('0' + a[i] % 10);
	}

	return (size_t)(p - text);
}

int put_host(struct mbuf *mb, const struct sa *sa)
{
	char text[16];

	if (sa_af(sa) != AF_INET)
		return mbuf_printf(mb, "%j", sa);

	return mbuf_write_mem(mb, (const uint8_t *)text, ipv4(text, sa));
}

int put_addr(struct mbuf *mb, const struct sa *sa)
{
	int err;

	if (sa_af(sa) != AF_INET)
		return mbuf_printf(mb, "%J", sa);
	err = put_host(mb, sa);
	if (!err)
		err = mbuf_write_u8(mb, ':');

	return err ? err : put_u64(mb, sa_port(sa));
}

int put_time(struct mbuf *mb, uint64_t when)
{
	const time_t t = (time_t)when;
	struct tm tm;
	int err;

	if (!gmtime_r(&t, &tm))
		return EINVAL;
	err = put_digits(mb, (uint64_t)tm.tm_year + 1900, 4);
	err = err ? err : mbuf_write_u8(mb, '-');
	err = err ? err : put_digits(mb, (uint64_t)tm.tm_mon + 1, 2);
	err = err ? err : mbuf_write_u8(mb, '-');
	err = err ? err : put_digits(mb, (uint64_t)tm.tm_mday, 2);
	err = err ? err : mbuf_write_u8(mb, 'T');
	err = err ? err : put_digits(mb, (uint64_t)tm.tm_hour, 2);
	err = err ? err : mbuf_write_u8(mb, ':');
	err = err ? err : put_digits(mb, (uint64_t)tm.tm_min, 2);
	err = err ? err : mbuf_write_u8(mb, ':');

	return err ? err : put_digits(mb, (uint64_t)tm.tm_sec, 2);
}
