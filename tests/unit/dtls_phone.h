/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dtls_phone.h  A phone with DTLS-SRTP at the far end of a port of ours
 */
#ifndef TESTS_UNIT_DTLS_PHONE_H
#define TESTS_UNIT_DTLS_PHONE_H

#include "terms_fix.h"
#include "rtp/packet.h"
#include "secure/dtls.h"

#define TLS "UDP/TLS/RTP/SAVPF"

/* A phone at the far end of one side's port */
struct phone {
	struct dtlsx_cert *cert;
	struct dtlsx *d;
	unsigned side;
	uint16_t our; /* port of ours that it was told */
	struct sa addr;
};

/* Before its answer there is no bridge, but somebody listens */
static inline void send_h(const uint8_t *p, size_t n, void *arg)
{
	const struct phone *ph = arg;
	const bool rtcp = ph->side >= FAKE_RTCP;

	if (fake_bridges()->last)
		fake_event(ph->side % FAKE_RTCP,
			   rtcp ? (unsigned)BRIDGE_DTLS_RTCP
				: (unsigned)RTP_DTLS,
			   &ph->addr, p, n);
	else
		fake_port_event(ph->our, RTP_DTLS, &ph->addr, p, n);
}

static inline void phone_new(struct phone *ph, unsigned side, const char *addr,
			     uint16_t port)
{
	memset(ph, 0, sizeof(*ph));
	ph->side = side;
	assert_int_equal(sa_set_str(&ph->addr, addr, port), 0);
	assert_int_equal(dtlsx_cert_make(&ph->cert), 0);
}

static inline void phone_end(struct phone *ph)
{
	ph->d = mem_deref(ph->d);
	ph->cert = mem_deref(ph->cert);
}

/* Its lines, as it has them in its SDP; more: behind them */
static inline char *lines_with(const struct phone *ph, const char *role,
			       const char *more)
{
	struct fingerprint fp;
	char *s = NULL;

	assert_int_equal(dtlsx_cert_fingerprint(ph->cert, FP_SHA256, &fp), 0);
	assert_int_equal(re_sdprintf(&s, "a=fingerprint:%H\r\na=setup:%s\r\n%s",
				     fingerprint_print, &fp, role, more),
			 0);

	return s;
}

static inline char *lines(const struct phone *ph, const char *role)
{
	return lines_with(ph, role, "a=rtcp-mux\r\n");
}

static inline char *body(const struct phone *ph, uint16_t port,
			 const char *role)
{
	char *more = lines(ph, role);
	char addr[64], *s;

	(void)re_snprintf(addr, sizeof(addr), "%j", &ph->addr);
	s = profile(addr, port, TLS, "0", more);
	mem_deref(more);

	return s;
}

/* What our SDP says of our fingerprint is what the phone looks for */
static inline void phone_ring(struct phone *ph, const struct fix *f,
			      bool active)
{
	struct fingerprint fp;
	struct dtlsx_conf conf = {.cert = ph->cert,
				  .active = active,
				  .fpv = &fp,
				  .fpc = 1,
				  .sendh = send_h,
				  .arg = ph};
	struct pl val;

	assert_true(sdpx_attr(f->out, 0, "fingerprint", 0, &val));
	assert_int_equal(fingerprint_decode(&fp, &val), 0);
	ph->our = out_port(f, 0);
	if (ph->side >= FAKE_RTCP)
		++ph->our;
	ph->d = mem_deref(ph->d);
	assert_int_equal(dtlsx_alloc(&ph->d, &conf), 0);
}

/* Everything that was sent to the phone arrives, until nobody says anything more */
static inline void listens(struct phone *ph, const char *our, uint16_t port)
{
	struct fake_bridges *fb = fake_bridges();
	struct sa src;

	assert_int_equal(sa_set_str(&src, our, port), 0);
	for (unsigned i = 0; i < fb->sentc; i++) {
		struct fake_datagram d = fb->sentv[i];

		assert_int_equal(d.side, ph->side);
		assert_true(sa_cmp(&d.dst, &ph->addr, SA_ALL));
		(void)dtlsx_recv(ph->d, &src, d.p, d.n);
	}
	fb->sentc = 0;
}

/* And it begins, if it is the client */
static inline void talk(struct phone *ph, const char *our, uint16_t port)
{
	dtlsx_start(ph->d);
	listens(ph, our, port);
}

static inline void same_keys(const struct phone *ph)
{
	const struct bridge_member *m = &fake_bridges()->mv[ph->side];
	struct srtpx_key tx, rx;

	assert_int_equal(dtlsx_keys(ph->d, &tx, &rx), 0);
	assert_true(srtpx_same_key(&m->rx, &tx));
	assert_true(srtpx_same_key(&m->tx, &rx));
	assert_false(m->locked);
}

static inline struct media_opts to(const char *proto, struct media_opts o)
{
	pl_set_str(&o.transport, proto);

	return o;
}

/* What `query` and `statistics` say, as text */
static inline char *asked_of(const struct fix *f, bool query)
{
	struct odict *o;
	struct pl id = PL("c");
	char *s = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	if (query)
		assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	else
		assert_int_equal(media_statistics(f->m, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	mem_deref(o);

	return s;
}

static inline void says(const struct fix *f, bool query, const char *what)
{
	char *s = asked_of(f, query);

	if (!strstr(s, what))
		fail_msg("'%s' is not in:\n%s", what, s);
	mem_deref(s);
}

#endif
