/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole ng messages, against a stand-in for media: every request with a
 * cookie gets a reply with the same cookie that can be decoded, and the same
 * reply again. The first byte chooses what media says. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "../unit/fake_media.h"
#include "base/log.h"
#include "ng/bencode.h"
#include "ng/json.h"
#include "ng/ng.h"

static void check_reply(const struct mbuf *out, const struct pl *msg)
{
	const char *sp = memchr(msg->p, ' ', msg->l);
	const size_t n = (size_t)(sp - msg->p) + 1;
	struct odict *o = NULL;
	struct pl pl;
	size_t used = 0;

	if (out->end <= n || memcmp(out->buf, msg->p, n))
		abort();

	pl = (struct pl){(const char *)out->buf + n, out->end - n};
	if (*pl.p == '{' ? ng_json_decode(&o, &pl, &used)
			 : bencode_decode(&o, &pl, &used))
		abort();
	if (used != pl.l || !odict_string(o, "result"))
		abort();
	mem_deref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int errv[] = {0, ENOENT, EDQUOT, ENOTSUP, EBADMSG, 0};
	struct mbuf *one, *two;
	struct media *m;
	struct ng *ng;
	struct sa src;
	struct pl msg;
	unsigned calls;

	if (size < 2)
		return 0;

	log_init(LOG_ERROR);
	m = fake_media();
	if (!m || ng_alloc(&ng, m, NULL))
		abort();
	m->err = errv[data[0] % 6];
	m->raw_sdp = data[0] & 0x40;
	m->list = 40;

	sa_set_str(&src, "192.0.2.1", 5000);
	msg = (struct pl){(const char *)data + 1, size - 1};
	one = mbuf_alloc(64);
	two = mbuf_alloc(64);

	if (!ng_handle(ng, &src, &msg, NG_DGRAM_MAX, one)) {
		check_reply(one, &msg);

		calls = m->calls;
		if (ng_handle(ng, &src, &msg, NG_DGRAM_MAX, two))
			abort();
		if (m->calls != calls || one->end != two->end ||
		    memcmp(one->buf, two->buf, one->end))
			abort();
	}

	mem_deref(one);
	mem_deref(two);
	mem_deref(ng);
	mem_deref(m);

	return 0;
}
