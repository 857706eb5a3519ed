/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames through the XDP program, by BPF_PROG_RUN. The input says from which
 * leg's good packet to start, which bytes of it to change, and what to mend
 * afterwards, so that lengths and checksums do not turn everything away;
 * between two of them the leg gets packets in order, so that both of the
 * program's ways are taken. libFuzzer does not see into the kernel: it is told
 * which leg had a packet of which reason. What comes out is read by a parser
 * that shares nothing with the program:
 *
 *   - passed frames are as they came, dropped and relayed ones are counted,
 *     once, with a reason whose class says the same as the verdict;
 *   - what goes up without a reason is not for a media port;
 *   - what is relayed is as check_relayed() wants it, and nothing else is in
 *     the leg's figures;
 *   - what took the express lane is put through the long way too, and that
 *     makes the same bytes and the same figures of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <linux/bpf.h>
#include <unistd.h>
#include <cmocka.h>
#include "fastpath/priv.h"
#include "must.h"
#include "relayed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX 2048 /* BPF_PROG_RUN takes no more than a page holds */

/* The first byte of an input: the way, and */
#define OWN_FRAME 0x80 /* a frame of the input's own making */
#define TTL_DOWN 0x40  /* the TTL goes down by one */
/* The second one: MEND_*, and */
#define HOW_CUT 0x08 /* cut short or made longer, to the third byte's */

static struct bed *bed;
static uint8_t ttl_set;
static struct tally counted; /* up to now */

/* What libFuzzer takes for coverage: cleared by it before each input */
static uint8_t reached[WAYS][CAROM_R_MAX + 1]
	__attribute__((section("__libfuzzer_extra_counters"), used));

/* One run, and what became of the frame and of the leg */
struct run {
	int action, reason; /* reason: -1 for none */
	struct pkt out;
	struct leg leg;
	struct leg_aux aux;
};

/* Is it for a port of the media range, if one looks no further than that? */
static bool for_media(const struct pkt *p)
{
	struct frame f;

	if (!frame_find(&f, p) || f.l2 > 22 || f.proto != 17 ||
	    (!f.v6 && (f.ip[0] & 15) != 5))
		return false;
	for (size_t i = 0; i < SIDES; i++)
		if (f.v6 == side_v6(&sides[i]) &&
		    frame_is_addr(f.dst, f.v6, sides[i].local))
			return f.dport >= PORT_MIN && f.dport <= PORT_MAX;
	return false;
}

/* The reason that was counted. Notes stand beside one */
static int reason_of(const struct tally *t0, const struct tally *t1)
{
	int reason = -1;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		uint64_t n = t1->packets[i] - t0->packets[i];

		if (!n || !strcmp(fp_reason_class(i), "note"))
			continue;
		MUST(n == 1 && reason < 0);
		reason = (int)i;
	}
	return reason;
}

/* A leg that the agent has; or STUN or DTLS (RFC 7983) for one that hands them up */
static bool for_agent(const struct pkt *in)
{
	const struct way *w;
	struct frame f;
	uint8_t b;

	if (!frame_look(&f, in))
		return false;
	w = way_of(&f);
	if (!w)
		return false;
	if (w->agent)
		return true;
	b = f.udplen > 8 ? f.payload[0] : 255;
	return w->alien && (b < 4 || (b >= 20 && b <= 63));
}

static void check_verdict(const struct run *r, const struct pkt *in)
{
	MUST(r->action == XDP_PASS || r->action == XDP_DROP ||
	     r->action == XDP_TX || r->action == XDP_REDIRECT);
	if (r->reason < 0)
		MUST(r->action == XDP_PASS && !for_media(in));
	else if (r->action == XDP_PASS)
		MUST(!strcmp(fp_reason_class(r->reason), "punt") ||
		     (r->reason == CAROM_R_AGENT && for_agent(in)));
	else if (r->action == XDP_DROP)
		MUST(!strcmp(fp_reason_class(r->reason), "drop"));
	else
		MUST(r->reason == CAROM_R_RELAYED);
}

static void run(struct run *r, int dev, const struct pkt *in, uint32_t slot)
{
	uint64_t before = bed->fp->legs[slot].packets;
	struct tally t0 = counted;

	r->action = bed_run(bed, dev, in, &r->out);
	bed_tally(bed, &counted);
	r->reason = reason_of(&t0, &counted);
	check_verdict(r, in);
	if (r->action == XDP_PASS)
		MUST(in->len == r->out.len &&
		     !memcmp(in->b, r->out.b, in->len));
	else if (r->action != XDP_DROP)
		check_relayed(in, &r->out, ttl_set,
			      counted.bytes[r->reason] - t0.bytes[r->reason]);
	r->leg = bed->fp->legs[slot];
	r->aux = bed->fp->aux[slot];
	/* STUN and DTLS are no figures of the stream */
	if (r->reason == CAROM_R_AGENT)
		MUST(!slot || r->leg.packets - before <= 1);
	else
		MUST(!slot ||
		     r->leg.packets == before + (r->reason == CAROM_R_RELAYED));
}

static void check_same(const struct run *a, const struct run *b)
{
	const struct leg *la = &a->leg, *lb = &b->leg;
	const struct leg_aux *xa = &a->aux, *xb = &b->aux;

	MUST(a->action == b->action && a->reason == b->reason);
	MUST(a->out.len == b->out.len &&
	     !memcmp(a->out.b, b->out.b, a->out.len));
	MUST(la->packets == lb->packets && la->bytes == lb->bytes);
	MUST(la->ssrc == lb->ssrc && la->seq_max == lb->seq_max &&
	     la->pt == lb->pt);
	MUST(xa->lost == xb->lost && xa->reordered == xb->reordered &&
	     xa->duplicate == xb->duplicate &&
	     xa->ssrc_changes == xb->ssrc_changes);
	MUST(!memcmp(xa->count, xb->count, sizeof(xa->count)));
}

/* The slot whose figures the packet goes into, 0 for none */
static uint32_t slot_of(const struct way *w, bool up)
{
	struct sa sa = addr(sides[w->in].local, w->port + up);
	uint32_t slot = 0;

	MUST(!fp_slot(bed->fp, &sa, &slot));
	return slot;
}

/* The verdict; *express says whether it went so */
static int put(struct way *from, const struct pkt *in, bool *express)
{
	static struct run fast, slow;
	const struct way *w = NULL;
	uint32_t slot = 0;
	struct leg_aux aux;
	struct leg leg;
	struct frame f;
	int dev = sides[from->in].dev;

	if (frame_look(&f, in))
		w = way_of(&f);
	if (w)
		slot = slot_of(w, way_turns_off(w, &f));
	leg = bed->fp->legs[slot];
	aux = bed->fp->aux[slot];
	run(&fast, dev, in, slot);
	reached[from - ways][fast.reason + 1]++;
	/* the long way writes down up to where it has seen the sequence; a stream
	 * that starts anew may start just there, which is no next packet */
	*express = w && fast.leg.seq_max == (uint16_t)(leg.seq_max + 1) &&
		   fast.aux.seq_base == aux.seq_base;
	if (!*express)
		return fast.action;

	MUST(leg.ctl.flags & CTL_EXPRESS && w->express);
	leg.ctl.flags &= ~CTL_EXPRESS;
	bed->fp->legs[slot] = leg;
	bed->fp->aux[slot] = aux;
	run(&slow, dev, in, slot);
	MUST(slow.aux.seq_base == slow.leg.seq_max);
	check_same(&fast, &slow);
	return fast.action;
}

/* How far the inputs got */
static void say_reasons(void)
{
	for (unsigned i = 0; i < CAROM_R_MAX; i++)
		if (counted.packets[i])
			fprintf(stderr, "reason %s: %llu\n", fp_reason_name(i),
				(unsigned long long)counted.packets[i]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *state = NULL;

	(void)argc;
	(void)argv;
	if (geteuid()) {
		fprintf(stderr, "fuzz_xdp: BPF_PROG_RUN needs root\n");
		exit(1);
	}
	MUST(!libre_init());
	MUST(!bed_setup(&state));
	bed = state;
	sides_init(bed, sides);
	for (size_t i = 0; i < WAYS; i++)
		way_open(bed, &ways[i]);
	bed_tally(bed, &counted);
	usleep(3 * LEG_GRACE / 1000);
	atexit(say_reasons);
	return 0;
}

/* Packets in order. The first one is of a new sender, for what was before may
 * have moved the sequence ahead; the next ones are express, but once a second
 * one asks for the next hop */
static void in_order(struct way *w)
{
	bool express = false;
	struct pkt p;

	w->ssrc_in += 0x9e3779b1;
	for (int i = 0; i < 6 && (i < 2 || (w->express && !express)); i++) {
		way_packet(w, &p);
		MUST(put(w, &p, &express) >= (w->agent ? XDP_PASS : XDP_TX));
	}
	MUST(express == w->express);
}

/* A good packet, cut short or made longer, and with bytes changed */
static void changed(struct way *w, struct pkt *p, const uint8_t *data,
		    size_t size)
{
	way_packet(w, p);
	memset(p->b + p->len, 0x5a, FRAME_MAX - p->len);
	if (data[1] & HOW_CUT)
		p->len = data[2] < 0xc0 ? data[2] : (data[2] & 0x3fu) * 25;
	for (size_t i = 3; i + 1 < size; i += 2)
		p->b[data[i]] = data[i + 1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool express;
	struct way *w;
	struct pkt p;

	if (size < 3 || size > FRAME_MAX)
		return 0;
	w = &ways[(data[0] & 0x3f) % WAYS];
	ttl_set = data[0] & TTL_DOWN ? 0 : 64;
	fp_set_ttl(bed->fp, ttl_set);
	in_order(w);

	if (data[0] & OWN_FRAME) {
		memcpy(p.b, data + 2, size - 2);
		p.len = size - 2;
	} else {
		changed(w, &p, data, size);
	}
	frame_mend(&p, data[1]);
	if (p.len >= 14)
		(void)put(w, &p, &express);
	return 0;
}
