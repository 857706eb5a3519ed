/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng_util.h  Requests as JSON text, put in either coding
 */
#ifndef NG_UTIL_H
#define NG_UTIL_H

#include <stdbool.h>
#include "fake_media.h"
#include "ng/bencode.h"
#include "ng/json.h"
#include "ng/ng.h"

/** A smallest offer, to which a test adds: `OFFER ",\"TOS\":5}"` */
#define OFFER                                                                  \
	"{\"command\":\"offer\",\"sdp\":\"v=0\\r\\n\","                        \
	"\"call-id\":\"c\",\"from-tag\":\"f\""
#define ANSWER                                                                 \
	"{\"command\":\"answer\",\"sdp\":\"v=0\\r\\n\","                       \
	"\"call-id\":\"c\",\"from-tag\":\"f\",\"to-tag\":\"t\""

struct fix {
	struct media *m;
	struct ng *ng;
	struct sa src;
	unsigned cookie;     /* of the next request                  */
	bool bencode;        /* how requests are coded               */
	struct odict *reply; /* the last one                         */
};

static inline int fix_up(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	f->m = fake_media();
	if (ng_alloc(&f->ng, f->m, NULL))
		return -1;
	sa_set_str(&f->src, "192.0.2.1", 5000);
	*state = f;

	return 0;
}

static inline int fix_down(void **state)
{
	struct fix *f = *state;

	mem_deref(f->reply);
	mem_deref(f->ng);
	mem_deref(f->m);
	mem_deref(f);

	return 0;
}

/** Send a request, given as JSON; the reply is left in f->reply */
static inline struct odict *request(struct fix *f, const char *json)
{
	struct mbuf *mb = mbuf_alloc(256), *out = mbuf_alloc(256);
	struct odict *o = NULL;
	char cookie[32];
	struct pl pl;
	size_t n;

	n = (size_t)re_snprintf(cookie, sizeof(cookie), "ck%u ", f->cookie++);
	pl_set_str(&pl, json);
	assert_int_equal(ng_json_decode(&o, &pl, NULL), 0);
	mbuf_printf(mb, "%s%H", cookie,
		    f->bencode ? bencode_encode : json_encode_odict, o);
	mem_deref(o);

	pl = (struct pl){(char *)mb->buf, mb->end};
	assert_int_equal(ng_handle(f->ng, &f->src, &pl, NG_DGRAM_MAX, out), 0);

	assert_true(out->end > n);
	assert_memory_equal(out->buf, cookie, n);
	pl = (struct pl){(char *)out->buf + n, out->end - n};
	f->reply = mem_deref(f->reply);
	assert_int_equal(f->bencode ? bencode_decode(&f->reply, &pl, &n)
				    : ng_json_decode(&f->reply, &pl, &n),
			 0);
	assert_int_equal(n, pl.l);
	mem_deref(out);
	mem_deref(mb);

	return f->reply;
}

/** A text of the last reply, "" where it has none */
static inline const char *said(const struct fix *f, const char *key)
{
	const char *s = odict_string(f->reply, key);

	return s ? s : "";
}

/** The request is carried out, and media is asked exactly this */
#define asks(f, json, want)                                                    \
	do {                                                                   \
		request(f, json);                                              \
		assert_string_equal(said(f, "error-reason"), "");              \
		assert_string_equal(said(f, "warning"), "");                   \
		assert_string_equal(said(f, "result"), "ok");                  \
		assert_string_equal((f)->m->last, want);                       \
	} while (0)

/** The request is refused with a reason that has this in it; media is not
 *  asked */
#define refused(f, json, why)                                                  \
	do {                                                                   \
		const unsigned n_ = (f)->m->calls;                             \
		request(f, json);                                              \
		assert_string_equal(said(f, "result"), "error");               \
		if (!strstr(said(f, "error-reason"), why))                     \
			fail_msg("\"%s\" is not in \"%s\"", why,               \
				 said(f, "error-reason"));                     \
		assert_int_equal((f)->m->calls, n_);                           \
	} while (0)

#endif
