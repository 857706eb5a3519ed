/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams to an association, from where its peer is. The first byte says how far its
 * handshake with a good peer has come before, and whose side is meant; each
 * datagram starts with its length. What nobody signed never ends an association
 * that is up, and never brings one up.
 */
#include <string.h>
#include "secure/dtls.h"
#include "must.h"

enum { QUEUE = 64, ROOM = 2048 };

struct side {
	struct dtlsx *d;
	struct sa addr;
	uint8_t p[QUEUE][ROOM];
	size_t len[QUEUE];
	unsigned n;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dtlsx_cert *cert;
static struct side a, b;

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	struct side *s = arg;

	MUST(n <= DTLSX_MTU);
	if (s->n == QUEUE)
		return;
	memcpy(s->p[s->n], p, n);
	s->len[s->n++] = n;
}

static void open_side(struct side *s, bool active)
{
	struct fingerprint fp;
	const struct dtlsx_conf conf = {.cert = cert,
					.active = active,
					.fpv = &fp,
					.fpc = 1,
					.sendh = send_h,
					.arg = s};

	s->n = 0;
	(void)sa_set_str(&s->addr, active ? "192.0.2.1" : "192.0.2.2", 4000);
	MUST(!dtlsx_cert_fingerprint(cert, FP_SHA256, &fp));
	MUST(!dtlsx_alloc(&s->d, &conf));
}

static void carry(struct side *from, struct side *to)
{
	for (unsigned i = 0; i < from->n; i++)
		(void)dtlsx_recv(to->d, &from->addr, from->p[i], from->len[i]);
	from->n = 0;
}

static void datagram(struct side *s, const struct side *from, const uint8_t *p,
		     size_t n)
{
	const enum dtlsx_state was = dtlsx_state(s->d);
	uint8_t *copy = malloc(n ? n : 1); /* so that a byte too far is seen */

	MUST(copy);
	memcpy(copy, p, n);
	(void)dtlsx_recv(s->d, &from->addr, copy, n);
	free(copy);
	if (was == DTLSX_UP)
		MUST(dtlsx_state(s->d) == DTLSX_UP);
	else
		MUST(dtlsx_state(s->d) != DTLSX_UP);
	MUST(dtlsx_timeout(s->d) >= -1);
	s->n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct side *to, *from;

	if (!size)
		return 0;
	MUST(cert || !dtlsx_cert_make(&cert));
	open_side(&a, true);
	open_side(&b, false);
	dtlsx_start(a.d);
	for (unsigned i = 0; i < (data[0] & 7); i++)
		carry(i & 1 ? &b : &a, i & 1 ? &a : &b);
	to = data[0] & 8 ? &a : &b;
	from = data[0] & 8 ? &b : &a;
	data++;
	size--;
	while (size > 1) {
		size_t n = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		datagram(to, from, data, n);
		data += n;
		size -= n;
	}
	a.d = mem_deref(a.d);
	b.d = mem_deref(b.d);
	return 0;
}
