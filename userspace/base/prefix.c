/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/prefix.h"

static bool host_bits(const struct sa *sa, unsigned bits)
{
	const bool v4 = sa_af(sa) == AF_INET;
	const uint8_t *b = v4 ? (const uint8_t *)&sa->u.in.sin_addr
			      : (const uint8_t *)&sa->u.in6.sin6_addr;

	for (unsigned i = bits; i < (v4 ? 32u : 128u); i++)
		if (b[i / 8] >> (7 - i % 8) & 1)
			return true;
	return false;
}

int prefix_decode(struct sa *addr, unsigned *bits, const char *s)
{
	const char *slash = s ? strchr(s, '/') : NULL;
	const size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
	const struct pl host = {s, slash ? (size_t)(slash - s) : 0};

	if (!addr || !bits || !digits || digits > 3 || slash[1 + digits] ||
	    sa_set(addr, &host, 0))
		return EINVAL;
	*bits = (unsigned)strtoul(slash + 1, NULL, 10);
	return *bits > (sa_af(addr) == AF_INET ? 32u : 128u) ||
			       host_bits(addr, *bits)
		       ? EINVAL
		       : 0;
}

static const uint8_t *bytes_of(const struct sa *sa, unsigned *len)
{
	const bool v4 = sa_af(sa) == AF_INET;
	const uint8_t *b = v4 ? (const uint8_t *)&sa->u.in.sin_addr
			      : (const uint8_t *)&sa->u.in6.sin6_addr;

	*len = v4 ? 4 : 16;
	if (v4 || !IN6_IS_ADDR_V4MAPPED(&sa->u.in6.sin6_addr))
		return b;
	*len = 4;
	return b + 12;
}

static bool inside(const struct prefix *p, const struct sa *sa)
{
	unsigned la, lb, bits = p->bits, i = 0;
	const uint8_t *a = bytes_of(&p->addr, &la), *b = bytes_of(sa, &lb);

	if (la != lb || (sa_port(&p->addr) && sa_port(&p->addr) != sa_port(sa)))
		return false;
	for (; bits >= 8 && i < la; bits -= 8, i++)
		if (a[i] != b[i])
			return false;
	return i == la || !bits || !((a[i] ^ b[i]) >> (8 - bits));
}

const struct prefix *prefix_find(const struct prefix *v, size_t n,
				 const struct sa *sa)
{
	if (!sa_isset(sa, SA_ADDR))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (inside(&v[i], sa))
			return &v[i];
	return NULL;
}
