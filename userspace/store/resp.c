/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/resp.h"

static void append(struct resp *r, const void *p, size_t n)
{
	if (r->n + n > r->room) {
		const size_t room = (r->n + n) * 2 + 256;
		char *q = r->failed ? NULL : realloc(r->p, room);

		if (!q) {
			r->failed = true;
			return;
		}
		r->p = q;
		r->room = room;
	}
	if (n)
		memcpy(r->p + r->n, p, n);
	r->n += n;
}

static void head(struct resp *r, char type, size_t n)
{
	char buf[32];

	append(r, buf,
	       (size_t)snprintf(buf, sizeof(buf), "%c%zu\r\n", type, n));
}

void resp_cmd(struct resp *r, unsigned argc)
{
	head(r, '*', argc);
}

void resp_join(struct resp *r, const struct pl *plv, size_t plc)
{
	size_t n = 0;

	for (size_t i = 0; i < plc; i++)
		n += plv[i].l;
	head(r, '$', n);
	for (size_t i = 0; i < plc; i++)
		append(r, plv[i].p, plv[i].l);
	append(r, "\r\n", 2);
}

void resp_pl(struct resp *r, const struct pl *pl)
{
	resp_join(r, pl, 1);
}

void resp_str(struct resp *r, const char *s)
{
	const struct pl pl = {s, strlen(s)};

	resp_join(r, &pl, 1);
}

void resp_u64(struct resp *r, uint64_t n)
{
	char buf[24];

	(void)snprintf(buf, sizeof(buf), "%" PRIu64, n);
	resp_str(r, buf);
}

void resp_clear(struct resp *r)
{
	r->n = 0;
	r->failed = false;
}

void resp_free(struct resp *r)
{
	free(r->p);
	memset(r, 0, sizeof(*r));
}
