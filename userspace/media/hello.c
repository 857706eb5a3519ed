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

struct hello {
	struct bundle *port; /* that nobody has joined; NULL: none */
	struct sa src;
	uint8_t *p; /* NULL: nothing has come */
	size_t n;
};

static void destructor(void *arg)
{
	struct hello *h = arg;

	bundle_close(h->port);
	mem_deref(h->p);
}

static int get(struct stream *s)
{
	if (!s->hello)
		s->hello = mem_zalloc(sizeof(*s->hello), destructor);

	return s->hello ? 0 : ENOMEM;
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

void hello_keep(struct stream *s, const struct sa *src, const uint8_t *p,
		size_t n)
{
	struct hello *h;

	if (!hello_welcome(s) || !is_hello(p, n) || get(s))
		return;
	h = s->hello;
	if (h->p)
		return;
	h->p = mem_alloc(n, NULL);
	if (!h->p)
		return;
	memcpy(h->p, p, n);
	h->n = n;
	h->src = *src;
}

void hello_take(struct stream *s, bool begins)
{
	struct hello *h = s->hello;

	if (!h || hello_welcome(s))
		return;
	/* what it is handed to may look here again */
	s->hello = NULL;
	if (h->p && begins && s->terms->dtls.setup == SETUP_PASSIVE)
		handshake_recv(s, &h->src, h->p, h->n);
	mem_deref(h);
}

/* ---- ports ---------------------------------------------------------------- */

static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	if (type == RTP_DTLS)
		hello_keep(arg, src, p, n);
}

void hello_close(struct stream *s)
{
	if (!s->hello)
		return;
	bundle_close(s->hello->port);
	s->hello->port = NULL;
}

bool hello_listens(const struct stream *s)
{
	return s->hello && s->hello->port;
}

bool hello_plain(const struct stream *s)
{
	return hello_listens(s) && bundle_plain(s->hello->port);
}

/* Has a bridge got the port? */
static bool served(const struct stream *s)
{
	return s->agent || (s->party->bundle && stream_carries(s));
}

static void apply(struct stream *s)
{
	struct plane *pl = s->party->call->m->plane;
	const bool want = hello_welcome(s) && s->iface && !s->grp.joined &&
			  !served(s) && pl;
	int err;

	if (hello_listens(s) &&
	    (!want || !sa_cmp(bundle_local(s->hello->port), &s->local, SA_ALL)))
		hello_close(s);
	if (!want || hello_listens(s))
		return;
	err = get(s);
	if (!err)
		err = bundle_alloc(&s->hello->port, pl, plane_least(pl),
				   &s->local, event_handler, s);
	if (err)
		log_warn("media: call %s: DTLS to %J before its answer would "
			 "be lost: %m",
			 s->party->call->id, &s->local, err);
}

void hellos_apply(struct media_call *c)
{
	struct le *pe, *se;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next)
			apply(se->data);
	}
}
