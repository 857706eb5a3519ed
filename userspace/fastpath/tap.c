/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/tap.c  Copies of relayed packets, handed to the agent
 *
 * The kernel never wakes us: a look every `interval` costs the same whether
 * one call is recorded or a thousand.
 */
#include <errno.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "priv.h"

struct fp_tap {
	struct ring_buffer *rb;
	struct tmr tmr;
	struct fp *fp;
	uint32_t interval;
	fp_tap_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct fp_tap *t = arg;

	tmr_cancel(&t->tmr);
	ring_buffer__free(t->rb);
	mem_deref(t->fp);
}

static int sample_handler(void *arg, void *data, size_t size)
{
	const struct fp_tap *t = arg;
	const struct tap *tap = data;

	if (size < sizeof(*tap) || size - sizeof(*tap) < tap->caplen ||
	    tap->payload > tap->caplen)
		return 0;
	t->h(tap, (const uint8_t *)(tap + 1), t->arg);
	return 0;
}

static void timeout(void *arg)
{
	struct fp_tap *t = arg;

	tmr_start(&t->tmr, t->interval, timeout, t);
	fp_tap_flush(t);
}

void fp_tap_flush(struct fp_tap *t)
{
	if (t)
		ring_buffer__consume(t->rb);
}

int fp_tap_alloc(struct fp_tap **tapp, struct fp *fp, uint32_t interval_ms,
		 fp_tap_h *h, void *arg)
{
	struct fp_tap *t;

	if (!tapp || !fp || !h || fp->taps_fd < 0)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->fp = mem_ref(fp);
	t->interval = interval_ms;
	t->h = h;
	t->arg = arg;
	t->rb = ring_buffer__new(fp->taps_fd, sample_handler, t, NULL);
	if (!t->rb) {
		mem_deref(t);
		return errno ? errno : EIO;
	}
	tmr_start(&t->tmr, interval_ms, timeout, t);
	*tapp = t;
	return 0;
}
