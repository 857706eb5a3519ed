/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media_fix.h  What the tests of the media room share
 */
#ifndef CAROM_MEDIA_FIX_H
#define CAROM_MEDIA_FIX_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <cmocka.h>
#include <re.h>
#include "fake_fp.h"
#include "media/call.h"

/* Our addresses: "ext" has both families, "int" IPv4 only */
#define EXT4 "192.0.2.1"
#define EXT6 "2001:db8::1"
#define INT4 "198.51.100.1"

/** Phones: the one who calls, and two that may answer */
#define ALICE "203.0.113.10"
#define BOB "203.0.113.20"
#define CAROL "203.0.113.30"

/** The line of DTMF, as payload type 101 */
#define DTMF "a=rtpmap:101 telephone-event/8000\r\n"

struct fix {
	struct fp *fp;
	struct store *store;
	struct media *m;
	struct media_iface_conf ifacev[3];
	struct media_conf conf;
	struct media_err e;
	struct sdpx *out; /**< last SDP that went out */
	char *text;       /**< the same, as text      */
};

static inline void fix_conf(struct fix *f)
{
	static const char *const namev[] = {"ext", "int", "ext"};
	static const char *const addrv[] = {EXT4, INT4, EXT6};

	for (size_t i = 0; i < 3; i++) {
		f->ifacev[i].name = namev[i];
		assert_int_equal(sa_set_str(&f->ifacev[i].addr, addrv[i], 0),
				 0);
		f->ifacev[i].port_min = 10000;
		f->ifacev[i].port_max = 10999;
	}

	f->conf.ifacev = f->ifacev;
	f->conf.ifacec = 3;
	f->conf.timeout = 60;
	f->conf.silent_timeout = 3600;
	f->conf.offer_timeout = 180;
	f->conf.latch_window = 5000;
	f->conf.latch_grace = 400;
	f->conf.dscp = -1;
}

static inline void fix_start(struct fix *f)
{
	int err = media_alloc(&f->m, &f->conf, f->fp, NULL, f->store, &f->e);

	if (err)
		fail_msg("media_alloc: %s", f->e.msg);
}

static inline struct fix *fix_new(void)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	fix_conf(f);
	f->fp = fake_fp();
	assert_non_null(f->fp);
	assert_int_equal(store_open(&f->store, ":memory:", false), 0);

	return f;
}

static inline int fix_setup(void **state)
{
	struct fix *f = fix_new();

	fix_start(f);
	*state = f;

	return 0;
}

static inline int fix_teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->out);
	mem_deref(f->text);
	mem_deref(f->m);
	mem_deref(f->store);
	mem_deref(f->fp);
	test_free(f);

	return 0;
}

static inline struct media_opts opts(const char *call, const char *from,
				     const char *to)
{
	struct media_opts o;

	memset(&o, 0, sizeof(o));
	o.tos = -1;
	o.trust_address = true;
	pl_set_str(&o.call_id, call);
	pl_set_str(&o.from_tag, from);
	if (to)
		pl_set_str(&o.to_tag, to);

	return o;
}

/** A body with one audio line; more: lines behind it, or NULL */
static inline char *audio(const char *addr, uint16_t port, const char *pts,
			  const char *more)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "v=0\r\no=- 1 1 IN IP%c %s\r\ns=-\r\n"
				     "c=IN IP%c %s\r\nt=0 0\r\n"
				     "m=audio %u RTP/AVP %s\r\n%s",
				     strchr(addr, ':') ? '6' : '4', addr,
				     strchr(addr, ':') ? '6' : '4', addr, port,
				     pts, more ? more : ""),
			 0);

	return s;
}

static inline int put(struct fix *f, bool answer, struct media_opts *o,
		      char *body)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct pl pl;
	int err;

	f->out = mem_deref(f->out);
	f->text = mem_deref(f->text);

	pl_set_str(&o->sdp, body);
	err = answer ? media_answer(f->m, o, mb, &f->e)
		     : media_offer(f->m, o, mb, &f->e);
	if (!err) {
		pl.p = (char *)mb->buf;
		pl.l = mb->end;
		assert_int_equal(sdpx_decode(&f->out, &pl, NULL), 0);
		assert_int_equal(pl_strdup(&f->text, &pl), 0);
	} else {
		assert_int_equal(mb->end, 0);
		assert_true(f->e.msg[0]);
	}

	mem_deref(mb);
	mem_deref(body);

	return err;
}

static inline void offer(struct fix *f, struct media_opts o, char *body)
{
	if (put(f, false, &o, body))
		fail_msg("offer refused: %s", f->e.msg);
}

static inline void answer(struct fix *f, struct media_opts o, char *body)
{
	if (put(f, true, &o, body))
		fail_msg("answer refused: %s", f->e.msg);
}

/** Port and address of section i in the SDP that went out */
static inline uint16_t out_port(const struct fix *f, size_t i)
{
	return sdpx_media(f->out, i)->port;
}

static inline void assert_out(const struct fix *f, size_t i, const char *addr)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, 0), 0);
	assert_true(sa_cmp(&sdpx_media(f->out, i)->raddr, &sa, SA_ADDR));
}

static inline void assert_sa(const struct sa *sa, const char *addr,
			     uint16_t port)
{
	char is[80], want[80];

	(void)re_snprintf(is, sizeof(is), "%J", sa);
	(void)re_snprintf(want, sizeof(want),
			  strchr(addr, ':') ? "[%s]:%u" : "%s:%u", addr, port);
	assert_string_equal(is, want);
}

static inline bool has_pt(const struct fp_leg *l, unsigned pt)
{
	return l->pt_mask[pt / 32] >> (pt % 32) & 1;
}

/** Alice calls Bob: *a faces Alice, *b faces Bob (both on ext) */
static inline void plain_call(struct fix *f, const char *id, uint16_t *a,
			      uint16_t *b)
{
	offer(f, opts(id, "A", NULL), audio(ALICE, 4000, "0 8 101", DTMF));
	*b = out_port(f, 0);
	answer(f, opts(id, "A", "B"), audio(BOB, 5000, "8 101", DTMF));
	*a = out_port(f, 0);
}

/** The call ends. @param to  Or NULL */
static inline int delete (struct fix *f, const char *id, const char *from,
			  const char *to, int delay)
{
	struct pl i, a, b = PL_INIT;

	pl_set_str(&i, id);
	pl_set_str(&a, from);
	if (to)
		pl_set_str(&b, to);

	return media_delete(f->m, &i, &a, &b, NULL, delay, NULL);
}

#endif
