/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/hello.c  A ClientHello that comes before its answer does
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "bridge/bundle.h"
#include "media/handshake.h"
#include "media/hello.h"
#include "media/terms.h"
#include "rtp/packet.h"

enum {
	RECORD_HEADER =
		13, /* type, version, epoch, number, length (RFC 6347 4.1) */
	RECORD_HANDSHAKE = 22,
	EPOCH_AT = 3,
	CLIENT_HELLO = 1,
};

/** Of one port */
struct heard {
	struct stream *s;
	bool rtcp;
	struct bundle *port; /* that nobody has joined; NULL: none */
	struct sa src;
	uint8_t *p; /* NULL: nothing has come */
	size_t n;
};

struct hello {
	struct heard v[2]; /* RTP, RTCP */
};

static void destructor(void *arg)
{
	struct hello *h = arg;

	for (unsigned i = 0; i < 2; i++) {
		bundle_close(h->v[i].port);
		mem_deref(h->v[i].p);
	}
}

static int get(struct stream *s)
{
	if (s->hello)
		return 0;
	s->hello = mem_zalloc(sizeof(*s->hello), destructor);
	if (!s->hello)
		return ENOMEM;
	for (unsigned i = 0; i < 2; i++) {
		s->hello->v[i].s = s;
		s->hello->v[i].rtcp = i;
	}

	return 0;
}

bool hello_welcome(const struct stream *s)
{
	const struct dtls_terms *t = s->terms ? &s->terms->next_dtls : NULL;

	return t && t->on && t->setup == SETUP_ACTPASS;
}

/* In the clear: of an association that begins */
static bool is_hello(const uint8_t *p, size_t n)
{
	return n > RECORD_HEADER && p[0] == RECORD_HANDSHAKE && !p[EPOCH_AT] &&
	       !p[EPOCH_AT + 1] && p[RECORD_HEADER] == CLIENT_HELLO;
}

void hello_keep(struct stream *s, bool rtcp, const struct sa *src,
		const uint8_t *p, size_t n)
{
	struct heard *h;

	if (!hello_welcome(s) || !is_hello(p, n) || get(s))
		return;
	h = &s->hello->v[rtcp];
	if (h->p)
		return;
	h->p = mem_alloc(n, NULL);
	if (!h->p)
		return;
	memcpy(h->p, p, n);
	h->n = n;
	h->src = *src;
}

void hello_take(struct stream *s, bool rtcp, bool begins)
{
	struct heard *h = s->hello ? &s->hello->v[rtcp] : NULL;
	uint8_t *p;

	if (!h || !h->p || hello_welcome(s))
		return;
	/* what it is handed to may look here again */
	p = h->p;
	h->p = NULL;
	if (begins && s->terms->dtls.setup == SETUP_PASSIVE)
		handshake_recv(s, rtcp, &h->src, p, h->n);
	mem_deref(p);
}

/* ---- ports ---------------------------------------------------------------- */

static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	const struct heard *h = arg;

	if (type == RTP_DTLS)
		hello_keep(h->s, h->rtcp, src, p, n);
}

static void close_port(struct heard *h)
{
	bundle_close(h->port);
	h->port = NULL;
}

void hello_close(struct stream *s)
{
	for (unsigned i = 0; s->hello && i < 2; i++)
		close_port(&s->hello->v[i]);
}

bool hello_listens(const struct stream *s, bool rtcp)
{
	return s->hello && s->hello->v[rtcp].port;
}

bool hello_plain(const struct stream *s)
{
	return hello_listens(s, false) && bundle_plain(s->hello->v[0].port);
}

/* Has a bridge got its ports? */
static bool served(const struct stream *s)
{
	return s->agent || (s->party->bundle && stream_carries(s));
}

static bool wanted(const struct stream *s, bool rtcp)
{
	if (!hello_welcome(s) || !s->iface || s->grp.joined || served(s))
		return false;

	/* of ICE we have one component */
	return !rtcp || (!s->mux && !s->terms->next_ice);
}

static void apply(struct stream *s, bool rtcp)
{
	struct plane *pl = s->party->call->m->plane;
	const bool want = pl && wanted(s, rtcp);
	struct sa local = s->local;
	struct heard *h;
	int err;

	sa_set_port(&local, (uint16_t)(sa_port(&s->local) + rtcp));
	if (hello_listens(s, rtcp)) {
		h = &s->hello->v[rtcp];
		if (!want || !sa_cmp(bundle_local(h->port), &local, SA_ALL))
			close_port(h);
	}
	if (!want || hello_listens(s, rtcp))
		return;
	err = get(s);
	if (!err) {
		h = &s->hello->v[rtcp];
		err = bundle_alloc(&h->port, pl, plane_least(pl), &local,
				   event_handler, h);
	}
	/* the range of the interface may end with the RTP port */
	if (err && !(rtcp && err == ENOENT))
		log_warn("media: call %s: DTLS to %J before its answer would "
			 "be lost: %m",
			 s->party->call->id, &local, err);
}

void hellos_apply(struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			apply(se->data, false);
			apply(se->data, true);
		}
	}
}
