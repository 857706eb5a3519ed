/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/sa6.h  Addresses as the maps hold them: 16 bytes, IPv4 mapped
 */
#ifndef CAROM_SA6_H
#define CAROM_SA6_H

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <re.h>

/** @return 0, or EAFNOSUPPORT */
static inline int sa6_from_sa(uint8_t a[16], const struct sa *sa)
{
	uint32_t v4;

	memset(a, 0, 16);
	switch (sa_af(sa)) {
	case AF_INET:
		a[10] = a[11] = 0xff;
		v4 = htonl(sa_in(sa));
		memcpy(a + 12, &v4, 4);
		return 0;
	case AF_INET6:
		sa_in6(sa, a);
		return 0;
	}
	return EAFNOSUPPORT;
}

static inline void sa6_to_sa(struct sa *sa, const uint8_t a[16], uint16_t port)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint32_t v4;

	if (memcmp(a, mapped, sizeof(mapped))) {
		sa_set_in6(sa, a, port);
		return;
	}
	memcpy(&v4, a + 12, 4);
	sa_set_in(sa, ntohl(v4), port);
}

#endif
