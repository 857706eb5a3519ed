/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/handshake.c  DTLS over a stream's RTP port: its keys come of it
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/handshake.h"
#include "media/hello.h"
#include "media/terms.h"

struct handshake {
	struct stream *s;
	struct dtlsx *d;
	struct tmr tmr;
	struct sa dst; /* where our next datagram goes */
	bool active;
	bool told; /* its end was logged */
};

static void destructor(void *arg)
{
	struct handshake *h = arg;

	tmr_cancel(&h->tmr);
	mem_deref(h->d);
}

int handshake_cert(struct media *m)
{
	bool made = false;
	int err;

	if (m->cert)
		return 0;
	if (!m->dtls_file)
		return dtlsx_cert_make(&m->cert);
	err = dtlsx_cert_open(&m->cert, m->dtls_file, &made);
	if (!err) {
		if (made)
			log_info("media: new certificate for DTLS in %s",
				 m->dtls_file);
		return 0;
	}
	log_warn("media: certificate for DTLS, %s: %m; one for this process is "
		 "made, and offers that are unanswered when it ends fail",
		 m->dtls_file, err);

	return dtlsx_cert_make(&m->cert);
}

static void send_handler(const uint8_t *p, size_t n, void *arg)
{
	struct handshake *h = arg;
	int err = agent_send(h->s, &h->dst, p, n);

	if (err)
		log_debug("media: call %s: DTLS to %J: %m",
			  h->s->party->call->id, &h->dst, err);
}

/* The bridge gets the keys, the store too: an agent that starts again has them */
static void take_keys(struct handshake *h)
{
	struct keys *k = &h->s->terms->keys;
	struct media_call *c = h->s->party->call;
	int err = dtlsx_keys(h->d, &k->tx, &k->rx);

	if (!err)
		err = agents_apply(c);
	if (!err)
		err = call_store(c);
	if (err)
		log_warn("media: call %s: keys of DTLS with %J: %m", c->id,
			 &h->dst, err);
}

static void tick(void *arg);

static void look(struct handshake *h)
{
	const int ms = dtlsx_timeout(h->d);

	if (ms >= 0)
		tmr_start(&h->tmr, (uint64_t)ms, tick, h);
	else
		tmr_cancel(&h->tmr);
	if (dtlsx_state(h->d) == DTLSX_UP) {
		if (h->s->terms->keys.rx.suite == SRTPX_NONE)
			take_keys(h);
	} else if (dtlsx_state(h->d) == DTLSX_FAILED && !h->told) {
		h->told = true;
		log_warn("media: call %s: DTLS with %J failed: %s",
			 h->s->party->call->id, &h->dst, dtlsx_reason(h->d));
	}
}

static void tick(void *arg)
{
	struct handshake *h = arg;

	dtlsx_tick(h->d);
	look(h);
}

int handshake_start(struct stream *s)
{
	const struct dtls_terms *t = s->terms ? &s->terms->dtls : NULL;
	struct media *m = s->party->call->m;
	struct dtlsx_conf conf = {.sendh = send_handler};
	struct handshake *h;
	int err;

	if (!t)
		return 0;
	conf.active = t->setup == SETUP_ACTIVE;
	conf.fpv = t->fpv;
	conf.fpc = t->fpc;

	/* until the party has said by ICE where it is, nobody may be talked to */
	if (t->on && conf.active && s->terms->ice &&
	    !sa_isset(&s->terms->pair, SA_ALL))
		return 0;
	if (s->hs && s->hs->active)
		s->hs->dst = stream_whereabouts(s, 0);
	/* keys without an association: those of before this process */
	if (!t->on || s->hs || s->terms->keys.rx.suite != SRTPX_NONE) {
		hello_take(s, false);
		return 0;
	}
	err = handshake_cert(m);
	if (err)
		return err;
	h = mem_zalloc(sizeof(*h), destructor);
	if (!h)
		return ENOMEM;
	h->s = s;
	h->active = conf.active;
	h->dst = stream_whereabouts(s, 0);
	conf.cert = m->cert;
	conf.arg = h;
	err = dtlsx_alloc(&h->d, &conf);
	if (err) {
		mem_deref(h);
		return err;
	}
	s->hs = h;
	if (agent_no_rtcp(s))
		log_warn(
			"media: call %s: %J has no rtcp-mux: RTCP does not "
			"pass, as it would need DTLS of its own (RFC 5764 4.1)",
			s->party->call->id, &h->dst);
	dtlsx_start(h->d);
	look(h);
	hello_take(s, true);

	return 0;
}

void handshake_recv(struct stream *s, const struct sa *src, const uint8_t *p,
		    size_t n)
{
	struct handshake *h = s->hs;
	struct sa was;

	/* perhaps of an association that the answer will begin */
	hello_keep(s, src, p, n);
	if (!h)
		return;
	/* as the client we asked one address; nobody else has a say. As the server
	 * we answer whoever asks, by a cookie that nothing is kept of */
	if (h->active && !sa_cmp(src, &h->dst, SA_ALL))
		return;
	was = h->dst;
	h->dst = *src;
	if (dtlsx_recv(h->d, src, p, n))
		h->dst = was;
	look(h);
}

bool handshake_lives(const struct handshake *h)
{
	return h && dtlsx_state(h->d) <= DTLSX_UP;
}

const char *handshake_text(const struct handshake *h)
{
	if (!h)
		return "over, its keys are kept";
	switch (dtlsx_state(h->d)) {
	case DTLSX_HANDSHAKE:
		return "handshake";
	case DTLSX_UP:
		return "up";
	default:
		return dtlsx_reason(h->d);
	}
}
