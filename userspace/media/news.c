/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/news.c  What happens to calls, told to whoever keeps a log
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"

void media_news_handler(struct media *m, media_news_h *h, void *arg)
{
	if (!m)
		return;
	m->newsh = h;
	m->news_arg = arg;
}

static void tell(const struct media *m, const struct media_news *n)
{
	if (m->newsh)
		m->newsh(n, m->news_arg);
}

void news_tell(const struct media_call *c, enum media_what what,
	       const char *reason)
{
	const struct media_news n = {
		.what = what, .call_id = c->id, .reason = reason};

	tell(c->m, &n);
}

void news_dialled(const struct media_call *c, const char *tag, char digit,
		  unsigned ms)
{
	const struct media_news n = {.what = MEDIA_DIALLED,
				     .call_id = c->id,
				     .tag = tag,
				     .digit = digit,
				     .ms = ms};

	tell(c->m, &n);
}
