/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/handshake.c  DTLS over a stream's ports: its keys come of it
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
	bool rtcp;     /* over the RTCP port: of RTCP alone */
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
	int err = agent_send(h->s, h->rtcp, &h->dst, p, n);

	if (err)
		log_debug("media: call %s: DTLS to %J: %m",
			  h->s->party->call->id, &h->dst, err);
}

static struct handshake **place(struct stream *s, bool rtcp)
{
	return rtcp ? &s->hs_rtcp : &s->hs;
}

/* Of what comes, and of what is sent */
static struct srtpx_key *key_rx(const struct stream *s, bool rtcp)
{
	return rtcp ? &s->terms->rtcp_rx : &s->terms->keys.rx;
}

static struct srtpx_key *key_tx(const struct stream *s, bool rtcp)
{
	return rtcp ? &s->terms->rtcp_tx : &s->terms->keys.tx;
}

/* The bridge gets the keys, the store too: an agent that starts again has them */
static void take_keys(struct handshake *h)
{
	struct media_call *c = h->s->party->call;
	int err = dtlsx_keys(h->d, key_tx(h->s, h->rtcp),
			     key_rx(h->s, h->rtcp));

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
		if (key_rx(h->s, h->rtcp)->suite == SRTPX_NONE)
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

static int begin(struct stream *s, bool rtcp)
{
	const struct dtls_terms *t = &s->terms->dtls;
	struct media *m = s->party->call->m;
	struct dtlsx_conf conf = {.cert = m->cert,
				  .active = t->setup == SETUP_ACTIVE,
				  .fpv = t->fpv,
				  .fpc = t->fpc,
				  .sendh = send_handler};
	struct handshake *h = mem_zalloc(sizeof(*h), destructor);
	int err;

	if (!h)
		return ENOMEM;
	h->s = s;
	h->rtcp = rtcp;
	h->active = conf.active;
	h->dst = stream_whereabouts(s, rtcp);
	conf.arg = h;
	err = dtlsx_alloc(&h->d, &conf);
	if (err) {
		mem_deref(h);
		return err;
	}
	*place(s, rtcp) = h;
	dtlsx_start(h->d);
	look(h);

	return 0;
}

static int start(struct stream *s, bool rtcp)
{
	const struct dtls_terms *t = &s->terms->dtls;
	const struct handshake *h = *place(s, rtcp);
	int err;

	/* until the party has said by ICE where it is, nobody may be talked to */
	if (t->on && t->setup == SETUP_ACTIVE && s->terms->ice &&
	    !sa_isset(&s->terms->pair, SA_ALL))
		return 0;
	if (h && h->active)
		(*place(s, rtcp))->dst = stream_whereabouts(s, rtcp);
	/* keys without an association: those of before this process */
	if (!t->on || h || key_rx(s, rtcp)->suite != SRTPX_NONE) {
		hello_take(s, rtcp, false);
		return 0;
	}
	err = handshake_cert(s->party->call->m);
	if (!err)
		err = begin(s, rtcp);
	if (!err)
		hello_take(s, rtcp, true);

	return err;
}

int handshake_start(struct stream *s)
{
	const bool fresh = !s->hs;
	int err;

	if (!s->terms)
		return 0;
	err = start(s, false);
	if (err)
		return err;
	if (agent_rtcp_keyed(s) && stream_has_rtcp(s))
		return start(s, true);
	s->hs_rtcp = mem_deref(s->hs_rtcp);
	memset(&s->terms->rtcp_rx, 0, sizeof(s->terms->rtcp_rx));
	memset(&s->terms->rtcp_tx, 0, sizeof(s->terms->rtcp_tx));
	if (fresh && s->hs && agent_no_rtcp(s))
		log_warn("media: call %s: %J has ICE and no rtcp-mux: RTCP "
			 "does not pass, as of ICE we have one component",
			 s->party->call->id, &s->hs->dst);

	return 0;
}

void handshake_recv(struct stream *s, bool rtcp, const struct sa *src,
		    const uint8_t *p, size_t n)
{
	struct handshake *h = *place(s, rtcp);
	struct sa was;

	/* perhaps of an association that the answer will begin */
	hello_keep(s, rtcp, src, p, n);
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
