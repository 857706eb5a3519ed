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

#define TEXT_MAX 2300
#define HEADERS 82 /* Ethernet, two tags, IPv6, UDP, and some of the message */

static struct sipbed *bed;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bed = sipedge_open();
	return 0;
}

/* The last bytes of an input: how many changes, how to mend; then pairs of offset
 * and value. They are part of the message as well, where they do no harm */
static void change(struct pkt *p, const uint8_t *data, size_t size)
{
	const uint8_t *tail = data + size;
	const unsigned n = tail[-1] & 7;

	if (size < 4 + 2 * n + 2)
		return;
	tail -= 2;
	for (unsigned i = 0; i < n; i++, tail -= 2)
		if (tail[-2] % HEADERS < p->len)
			p->b[tail[-2] % HEADERS] = tail[-1];
	if (data[size - 1] & 0x08)
		p->len -= data[size - 2] % p->len;
	if (data[size - 1] & 0x10 && p->len + 40 < PKT_MAX) {
		memset(p->b + p->len, 0x5a, 40);
		p->len += data[size - 2] % 40;
	}
	frame_mend(p, data[size - 1] >> 5 | (data[size - 1] & 0x80) >> 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sipedge_run r;
	static char text[TEXT_MAX];
	const struct sipedge_from *f;
	struct pkt p;

	if (size < 4 || size - 2 > sizeof(text))
		return 0;
	f = sipedge_from(data[1]);
	sipedge_configure(bed, data[0]);
	memcpy(text, data + 2, size - 2);
	if (!(data[0] & HOW_UNSIGNED))
		siptext_sign(bed->policy, text, size - 2);
	sipedge_frame(&p, bed, f, text, size - 2, (enum pkt_sum)(data[1] & 3));
	change(&p, data, size);
	if (p.len < 14)
		return 0;
	/* room is scarce at times, as behind a driver that leaves little */
	if ((data[1] & 0x0c) == 0x0c)
		(void)bed_scarce(bed->bed, 200);
	sipedge_put(bed, &r, f->wan ? bed->bed->wan : bed->bed->lan, &p);
	bed->bed->meta = 0;
	return 0;
}
