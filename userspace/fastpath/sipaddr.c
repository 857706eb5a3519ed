/* SPDX-License-Identifier: BSD-2-Clause */
/* An address as SIP's maps have it */
#include "fastpath/sip.h"
#include "sa6.h"

void fp_sip_addr(struct sa *sa, const uint8_t addr[16], uint16_t port)
{
	sa6_to_sa(sa, addr, port);
}
