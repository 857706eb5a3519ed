/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/loop.c  Loop protection: our own SDPs are known again
 */
#include <string.h>
#include <re.h>
#include "ng/core.h"

/* One line with its ending; pl is advanced */
static struct pl next_line(struct pl *pl)
{
	const char *nl = memchr(pl->p, '\n', pl->l);
	struct pl line = *pl;

	if (nl)
		line.l = (size_t)(nl - pl->p) + 1;
	pl_advance(pl, (ssize_t)line.l);

	return line;
}

static bool begins(const struct pl *line, const char *str)
{
	const size_t len = strlen(str);

	return line->l >= len && !memcmp(line->p, str, len);
}

bool ng_loop_marked(const struct pl *sdp, const char *id)
{
	struct pl pl = *sdp, line;

	while (pl.l) {

		line = next_line(&pl);
		if (!begins(&line, "a=rtpengine:"))
			continue;

		pl_advance(&line, 12);
		while (line.l && strchr("\r\n", line.p[line.l - 1]))
			line.l--;
		if (!pl_strcmp(&line, id))
			return true;
	}

	return false;
}

int ng_loop_mark(struct mbuf *out, const struct pl *sdp, const char *id)
{
	const char *eol = "\r\n";
	struct pl pl = *sdp, line;
	size_t head = 0;

	/* The session's part ends where the first medium begins */
	while (pl.l) {
		line = next_line(&pl);
		if (begins(&line, "m="))
			break;
		if (line.l < 2 || line.p[line.l - 2] != '\r')
			eol = "\n";
		head += line.l;
	}

	return mbuf_printf(out, "%b%sa=rtpengine:%s%s%b", sdp->p, head,
			   head && sdp->p[head - 1] != '\n' ? eol : "", id, eol,
			   sdp->p + head, sdp->l - head);
}
