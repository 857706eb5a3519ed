/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file terms_ice_fix.c  Calls whose ICE checks a phone answers that makes its own
 */
#include "terms_ice_fix.h"

int full_setup(void **state)
{
	struct fix *f = fix_new();

	f->conf.plane = fake_plane();
	f->conf.ice_full = true;
	fix_start(f);
	mem_deref(f->conf.plane);
	memset(fake_bridges(), 0, sizeof(*fake_bridges()));
	*state = f;

	return 0;
}

static void send_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	const struct phone *ph = arg;
	(void)dst;

	fake_event(ph->side, RTP_STUN, &ph->addr, p, n);
}

void phone_new(struct phone *ph, unsigned side, const char *addr, uint16_t port)
{
	memset(ph, 0, sizeof(*ph));
	ph->side = side;
	lite_make(&ph->us);
	assert_int_equal(sa_set_str(&ph->addr, addr, port), 0);
	assert_int_equal(sa_set_str(&ph->ours, EXT4, 10000), 0);
}

void phone_end(struct phone *ph)
{
	ph->x = mem_deref(ph->x);
}

struct lite told(const struct fix *f)
{
	struct lite l;
	struct pl val;

	assert_true(sdpx_attr(f->out, 0, "ice-ufrag", 0, &val));
	assert_int_equal(pl_strcpy(&val, l.ufrag, sizeof(l.ufrag)), 0);
	assert_true(sdpx_attr(f->out, 0, "ice-pwd", 0, &val));
	assert_int_equal(pl_strcpy(&val, l.pwd, sizeof(l.pwd)), 0);

	return l;
}

void phone_begin(struct phone *ph, const struct fix *f, bool controlling)
{
	const struct lite l = told(f);
	const struct full_conf c = {.us = ph->us,
				    .controlling = controlling,
				    .ufrag = l.ufrag,
				    .pwd = l.pwd,
				    .sendh = send_h,
				    .arg = ph};
	struct pl val;
	struct sa sa;
	uint32_t prio;

	ph->x = mem_deref(ph->x);
	assert_int_equal(full_alloc(&ph->x, &c, media_now()), 0);
	assert_true(sdpx_attr(f->out, 0, "candidate", 0, &val));
	assert_int_equal(full_cand_decode(&sa, &prio, &val), 0);
	assert_int_equal(full_candidate(ph->x, &sa, prio, media_now()), 0);
	ph->ours = sa;
}

static struct stun_msg *decode(const struct fake_datagram *d)
{
	struct mbuf *mb = mbuf_alloc(d->n);
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;

	assert_int_equal(mbuf_write_mem(mb, d->p, d->n), 0);
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	mem_deref(mb);

	return msg;
}

static void say_no(const struct phone *ph, const struct stun_msg *msg)
{
	struct stun_errcode ec = {.code = 400, .reason = (char *)"No"};
	struct mbuf *mb = mbuf_alloc(256);

	assert_int_equal(stun_msg_encode(mb, STUN_METHOD_BINDING,
					 STUN_CLASS_ERROR_RESP,
					 stun_msg_tid(msg), &ec,
					 (const uint8_t *)ph->us.pwd,
					 strlen(ph->us.pwd), true, 0, 0),
			 0);
	fake_event(ph->side, RTP_STUN, &ph->addr, mb->buf, mb->end);
	mem_deref(mb);
}

/* A datagram of ours arrives */
static void heard(struct phone *ph, const struct fake_datagram *d)
{
	struct stun_msg *msg = decode(d);
	const bool asks = stun_msg_class(msg) == STUN_CLASS_REQUEST;
	struct mbuf *no = NULL, *mb = mbuf_alloc(256);
	const struct sa us = ph->ours;

	ph->checks += asks;
	ph->uses += stun_msg_attr(msg, STUN_ATTR_USE_CAND) != NULL;
	if (ph->deaf) {
		;
	} else if (ph->rude && asks) {
		say_no(ph, msg);
	} else if (ph->x) {
		(void)full_recv(ph->x, false, &us, d->p, d->n, media_now(),
				&no);
	} else if (lite_recv(&ph->us, &us, d->p, d->n, mb) != LITE_NOTHING) {
		fake_event(ph->side, RTP_STUN, &ph->addr, mb->buf, mb->end);
	}
	mem_deref(msg);
	mem_deref(mb);
	assert_null(no);
}

void talk(struct phone *ph)
{
	struct fake_bridges *fb = fake_bridges();

	turn();
	for (unsigned i = 0; i < fb->sentc; i++) {
		const struct fake_datagram d = fb->sentv[i];

		if (d.side == ph->side && sa_cmp(&d.dst, &ph->addr, SA_ALL))
			heard(ph, &d);
	}
	fb->sentc = 0;
	if (ph->x)
		(void)full_tick(ph->x, media_now());
}

struct media_opts ice(struct media_opts o)
{
	o.ice_optional = true;

	return o;
}
