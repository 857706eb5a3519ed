/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same message as a packet through the XDP program, and through the agent's
 * path: what the program forwards, the agent makes the same bytes of, for the same
 * destination, from the same listener; what the program drops, the agent does not
 * send. The scanner runs here too, for its coverage, and must say what the kernel's
 * said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "carom/sipscan.h"
#include "must.h"
#include "sipedge.h"
#include "siptext.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sipbed *bed;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bed = sipedge_open();
	return 0;
}

/* Is it plain? The kernel must have found so too */
static void scan(const struct pl *text, const struct sipedge_run *r)
{
	static struct scan_buf buf;
	int odd;

	memset(buf.data, 0, sizeof(buf.data));
	buf.len = (uint32_t)text->l;
	memcpy(buf.data, text->p, text->l);
	odd = scan_message(&buf);
	if (r->reason == CAROM_R_SIP_FORWARDED)
		MUST(odd == SCAN_OK);
	if (odd == SCAN_OK)
		MUST(r->reason != CAROM_R_SIP_LINE &&
		     r->reason != CAROM_R_SIP_START &&
		     r->reason != CAROM_R_SIP_FOLDED &&
		     r->reason != CAROM_R_SIP_TWICE &&
		     r->reason != CAROM_R_SIP_MISSING);
}

static void different(const char *what, const struct pl *in,
		      const struct forward_out *o, const struct frame *f)
{
	fprintf(stderr, "%s (%s); in:\n%.*s\n", what, o->why ? o->why : "",
		(int)in->l, in->p);
	if (o->mb)
		fprintf(stderr, "agent to %u:\n%.*s\n", sa_port(&o->dst),
			(int)mbuf_get_left(o->mb), (char *)mbuf_buf(o->mb));
	if (f)
		fprintf(stderr, "kernel to %u:\n%.*s\n", f->dport,
			(int)f->udplen - 8, (const char *)f->payload);
	abort();
}

static bool is(const struct sa *sa, const uint8_t *ip, bool v6, uint16_t port)
{
	struct sa other;

	if (v6)
		sa_set_in6(&other, ip, port);
	else
		sa_set_in(&other, frame_get32(ip), port);
	return sa_cmp(sa, &other, SA_ALL);
}

/* The program has forwarded it */
static void compare(const struct forward_in *in, const struct forward_out *o,
		    enum forward_verdict v, const struct pkt *out)
{
	const struct sa *from = &bed->policy->listenerv[o->listener].addr;
	struct frame f;

	MUST(frame_look(&f, out));
	if (v != FORWARD_SEND)
		different("the agent does not send it", &in->text, o, &f);
	if (mbuf_get_left(o->mb) != f.udplen - 8u ||
	    memcmp(mbuf_buf(o->mb), f.payload, f.udplen - 8u) != 0)
		different("not the same bytes", &in->text, o, &f);
	if (o->transp != MSG_UDP || !is(&o->dst, f.dst, f.v6, f.dport))
		different("to another address", &in->text, o, &f);
	if (!is(from, f.src, f.v6, f.sport))
		different("from another listener", &in->text, o, &f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sipedge_run r;
	static struct msg m;
	static char text[SIPTEXT_MAX];
	struct forward_in in = {.listener = 0};
	const struct sipedge_from *f;
	struct forward_out o;
	enum forward_verdict v;
	struct sa dst;
	struct pkt p;
	size_t n = siptext_make(text, bed->policy, data, size);

	if (!n || n > SCAN_LEN_MAX)
		return 0;
	f = sipedge_from(data[1]);
	sipedge_configure(bed, data[0]);
	in.text.p = text;
	in.text.l = n;
	in.src = addr(f->src, f->sport);
	dst = addr(f->dst, 5060);
	in.listener = (unsigned)policy_self(bed->policy, &dst);
	sipedge_frame(&p, bed, f, text, n, (enum pkt_sum)((data[1] & 3) % 3));
	sipedge_put(bed, &r, f->wan ? bed->bed->wan : bed->bed->lan, &p);
	scan(&in.text, &r);
	v = forward(bed->policy, &in, &m, &o);
	if (r.action == XDP_TX || r.action == XDP_REDIRECT)
		compare(&in, &o, v, &r.out);
	if (r.action == XDP_DROP && v == FORWARD_SEND)
		different("the kernel drops what the agent sends", &in.text, &o,
			  NULL);
	mem_deref(o.contact);
	mem_deref(o.mb);
	mem_deref(o.datagram);
	return 0;
}
