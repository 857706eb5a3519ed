/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/exchange.c  How an offer and an answer end
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/echo.h"
#include "media/exchange.h"

static int keep(struct exchange *x, struct party *reader)
{
	int err;

	call_touch(x->call);
	if (x->o->record_call && !x->call->rec_formats) {
		err = call_record(x->call, REC_START, x->o->rec_formats, NULL,
				  x->e);
		if (err)
			return err;
	}

	echo_take(x->o, reader == x->to ? x->from : x->to, reader);
	x->stored = true;
	err = call_store(x->call);

	return err ? media_fail(x->e, err, "call could not be stored: %m", err)
		   : 0;
}

int exchange_finish(struct exchange *x, struct party *reader, struct mbuf *out)
{
	struct mbuf *mb = mbuf_alloc(2048);
	int err;

	if (!mb)
		return ENOMEM;

	err = edit_write(mb, x->sdp, reader, x->filter, x->o, x->rtcpv, x->tev,
			 x->mohv, &x->group, x->e);
	if (!err)
		err = call_options(x->call, x->o);
	if (!err)
		err = keep(x, reader);
	if (err)
		goto out;

	err = call_apply(x->call);
	if (err) {
		(void)media_fail(x->e, err, "fast path refused a leg: %m", err);
		goto out;
	}

	err = mbuf_write_mem(out, mb->buf, mb->end);

out:
	mem_deref(mb);

	return err;
}

void exchange_reset(struct exchange *x)
{
	x->sdp = mem_deref(x->sdp);
	x->filter = mem_deref(x->filter);
	for (size_t i = 0; i < SDPX_MEDIA_MAX; i++)
		x->tev[i] = mem_deref(x->tev[i]);
}
