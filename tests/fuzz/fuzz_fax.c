/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IFP packets to the gateway, in UDPTL that is right: what a far end could have spandsp
 * do. Behind each packet the machine by sound is heard, and hears, for some time; what
 * is sent is UDPTL that another end understands.
 */
#include <stdlib.h>
#include <string.h>
#include "fax/gateway.h"
#include "must.h"

enum { FRAME = 160, FRAMES_MAX = 400 /* 8 s */ };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct ends {
	struct udptl *far; /* makes datagrams, and reads ours */
	struct gateway *gw;
	unsigned frames;
};

static void far_got(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	(void)p;
	(void)seq;
	(void)arg;
	MUST(n && n <= UDPTL_IFP_MAX);
}

static bool far_receive(const uint8_t *p, size_t n, void *arg)
{
	struct ends *x = arg;

	MUST(n <= UDPTL_DATAGRAM_MAX);
	MUST(!udptl_receive(x->far, p, n));

	return true;
}

static void pass_time(struct ends *x, unsigned frames, unsigned noise)
{
	int16_t pcm[FRAME];

	while (frames-- && x->frames < FRAMES_MAX) {
		++x->frames;
		for (unsigned i = 0; i < FRAME; i++)
			pcm[i] = (int16_t)(noise * (i * 2654435761u >> 20));
		if (noise & 1)
			gateway_missing(x->gw, FRAME);
		else
			gateway_listen(x->gw, pcm, FRAME);
		gateway_speak(x->gw, pcm, FRAME);
	}
}

/* One that is right in all but what it says (T.38 7.3): an indicator, or data with one
 * field of up to 240 bytes, twice. Three bytes say which */
static size_t grammatical(uint8_t *p, const uint8_t *d)
{
	const size_t len = d[2] & 0x80 ? (d[2] & 0x7fu) * 2 : 0;
	size_t n = 0;

	if (d[0] & 1) {
		p[n++] = (uint8_t)((d[0] >> 1 & 31) << 1);
		return n;
	}
	p[n++] = (uint8_t)(0xc0 | (d[0] >> 1 & 15) << 1);
	p[n++] = 2;
	for (unsigned i = 0; i < 2; i++) {
		const unsigned kind = (i ? d[1] >> 4 : d[1]) & 7;

		p[n++] = (uint8_t)((len ? 0x80 : 0) | kind << 4);
		if (!len)
			continue;
		p[n++] = (uint8_t)((len - 1) >> 8);
		p[n++] = (uint8_t)(len - 1);
		for (size_t k = 0; k < len; k++)
			p[n++] = (uint8_t)(k < 2 ? 0xff : k * d[2]);
	}

	return n;
}

static void ifp(struct ends *x, const uint8_t *p, size_t n)
{
	uint8_t out[UDPTL_DATAGRAM_MAX];
	size_t len;

	MUST(!udptl_send(x->far, p, n, out, &len));
	MUST(!gateway_receive(x->gw, out, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct udptl_conf uc = {0};
	uint8_t made[UDPTL_IFP_MAX];
	bool grammar;
	struct fax_conf c = {0};
	struct ends x = {0};
	struct fax_stats st;

	if (size < 2)
		return 0;
	c.ec = data[0] % 3;
	c.version = data[0] >> 6;
	grammar = data[0] & 0x20;
	c.local_tcf = data[1] & 1;
	c.no_ecm = data[1] & 2;
	c.no_v17 = data[1] & 4;
	c.fill_bit_removal = data[1] & 8;
	data += 2;
	size -= 2;
	MUST(!udptl_alloc(&x.far, &uc, far_got, &x));
	MUST(!gateway_alloc(&x.gw, &c, far_receive, &x));
	while (size > 4) {
		const unsigned time = data[1];
		size_t len = data[0];

		data += 2;
		size -= 2;
		if (grammar) {
			ifp(&x, made, grammatical(made, data));
			len = 3;
		} else {
			len = len < size ? len : size;
			if (len)
				ifp(&x, data, len);
		}
		data += len;
		size -= len;
		pass_time(&x, time & 15, time >> 4);
	}
	gateway_stats(x.gw, &st);
	MUST(!st.udptl.malformed && !st.udptl.lost && !st.unsent);
	mem_deref(x.far);
	mem_deref(x.gw);

	return 0;
}
