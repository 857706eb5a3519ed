/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames with SIP in them through the XDP program: a good frame around any message,
 * then bytes of its headers changed, cut short or made longer, and mended again or
 * not. What must be true of it is said in sipedge.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "must.h"
#include "sipedge.h"
#include "siptext.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS 82 /* Ethernet, two tags, IPv6, UDP, and some of the message */

static struct sipbed *bed;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bed = sipedge_open();
	return 0;
}

/* What the second byte says beside the source and the checksum */
enum { AS_IT_IS, CHANGED, CUT, SCARCE };

/* The last byte says how much, and how to mend; in front of it lie pairs of offset
 * and value. They are part of the message as well, where they do no harm */
static void change(struct pkt *p, const uint8_t *data, size_t size, int what)
{
	const uint8_t *tail = data + size - 1;
	const unsigned n = (*tail & 7u) + 1;

	if (what == CHANGED && size > 3 + 2 * n)
		for (unsigned i = 0; i < n; i++, tail -= 2)
			if (tail[-2] % HEADERS < p->len)
				p->b[tail[-2] % HEADERS] = tail[-1];
	if (what == CUT && *tail & 0x08) {
		p->len -= tail[-1] % p->len;
	} else if (what == CUT && p->len + 256 < PKT_MAX) {
		memset(p->b + p->len, 0x5a, 256);
		p->len += tail[-1];
	}
	tail = data + size - 1;
	frame_mend(p, (*tail >> 5) | (*tail & MEND_IP_SUM));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sipedge_run r;
	static char text[SIPTEXT_MAX];
	const struct sipedge_from *f;
	struct pkt p;
	size_t n = siptext_make(text, bed->policy, data, size);
	int what;

	if (!n || size < 4)
		return 0;
	f = sipedge_from(data[1]);
	sipedge_configure(bed, data[0]);
	sipedge_frame(&p, bed, f, text, n, (enum pkt_sum)(data[1] & 3));
	what = data[1] >> 2 & 3;
	if (what == CHANGED || what == CUT)
		change(&p, data, size, what);
	if (p.len < 14)
		return 0;
	/* as behind a driver that leaves little room */
	if (what == SCARCE)
		(void)bed_scarce(bed->bed, 200);
	sipedge_put(bed, &r, f->wan ? bed->bed->wan : bed->bed->lan, &p);
	bed->bed->meta = 0;
	return 0;
}
