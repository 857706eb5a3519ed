/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDPTL datagrams to one end, each behind a byte or two that says how long it is. What
 * is handed on has a length, and goes on by number; it is put into datagrams of ours,
 * which another end understands, whatever is lost on the way.
 */
#include <stdlib.h>
#include <string.h>
#include "fax/udptl.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct way {
	struct udptl *first, *ours, *second;
	uint8_t losses; /* bits: which datagrams of ours do not come */
	unsigned made, came;
	uint16_t seq;
	bool begun;
};

static void second(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	struct way *w = arg;

	MUST(p && n && n <= UDPTL_IFP_MAX);
	MUST(!w->begun || (int16_t)(seq - w->seq) > 0);
	w->begun = true;
	w->seq = seq;
	++w->came;
	MUST(w->came <= w->made);
}

static void ours(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	(void)p;
	(void)n;
	(void)seq;
	(void)arg;
}

static void first(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	uint8_t *out = malloc(UDPTL_DATAGRAM_MAX);
	struct way *w = arg;
	size_t len;
	(void)seq;

	MUST(out && p && n && n <= UDPTL_IFP_MAX);
	MUST(!udptl_send(w->ours, p, n, out, &len));
	MUST(len > n && len <= UDPTL_DATAGRAM_MAX);
	++w->made;
	if (!(w->losses & 1 << w->made % 8))
		MUST(!udptl_receive(w->second, out, len));
	free(out);
}

static void datagram(struct way *w, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1); /* so that a byte too far is seen */
	struct udptl_stats was, is;

	MUST(copy);
	memcpy(copy, p, n);
	udptl_stats(w->first, &was);
	(void)udptl_receive(w->first, copy, n);
	udptl_stats(w->first, &is);
	MUST(is.datagrams == was.datagrams + 1);
	MUST(is.received <= was.received + UDPTL_WINDOW);
	MUST(is.recovered <= is.received);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct udptl_conf c = {.depth = 3, .span = 3};
	struct udptl_stats st;
	struct way w = {0};

	if (size < 3)
		return 0;
	c.ec = data[0] % 3;
	c.depth = data[0] / 3 % (UDPTL_DEPTH_MAX + 1);
	c.max_datagram = data[1] * 8;
	w.losses = data[2];
	data += 3;
	size -= 3;
	MUST(!udptl_alloc(&w.first, &c, first, &w));
	MUST(!udptl_alloc(&w.ours, &c, ours, &w));
	MUST(!udptl_alloc(&w.second, &c, second, &w));
	while (size > 1) {
		size_t n = data[0] < 128 ? data[0] : (data[0] - 127u) * 12;

		data++;
		size--;
		n = n > size ? size : n;
		datagram(&w, data, n);
		data += n;
		size -= n;
	}
	udptl_stats(w.second, &st);
	MUST(!st.malformed);
	mem_deref(w.first);
	mem_deref(w.ours);
	mem_deref(w.second);

	return 0;
}
