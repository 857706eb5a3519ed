/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/echo.c  Parties that hear themselves, and parties that nobody hears
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/echo.h"
#include "media/terms.h"

static bool passes_keys(const struct party *p)
{
	const struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		const struct stream *s = le->data;
		struct pl proto;

		pl_set_str(&proto, s->cur.proto);
		if (s->cur.known && s->cur.active && terms_secure(&proto) &&
		    !(s->terms && terms_keyed(s->terms)))
			return true;
	}

	return false;
}

int echo_check(const struct media_opts *o, const struct party *from,
	       const struct party *to, struct media_err *e)
{
	if (o->echo == MEDIA_ECHO_NONE || o->echo == MEDIA_ECHO_BLACKHOLE ||
	    (!passes_keys(from) && !passes_keys(to)))
		return 0;

	return media_fail(e, ENOTSUP,
			  "media-echo: the media is encrypted from end to end, "
			  "as it was not wanted in the offer");
}

void echo_take(const struct media_opts *o, struct party *sender,
	       struct party *reader)
{
	const bool to = o->echo == MEDIA_ECHO_FORWARD ||
			o->echo == MEDIA_ECHO_BOTH;
	const bool back = o->echo == MEDIA_ECHO_BACKWARDS ||
			  o->echo == MEDIA_ECHO_BOTH;

	if (o->echo == MEDIA_ECHO_NONE)
		return;
	reader->echo = to ? PARTY_ECHO : PARTY_SINK;
	sender->echo = back ? PARTY_ECHO : PARTY_SINK;
}

bool echo_wanted(const struct media_opts *o, const struct party *a,
		 const struct party *b)
{
	return (o->echo != MEDIA_ECHO_NONE &&
		o->echo != MEDIA_ECHO_BLACKHOLE) ||
	       a->echo == PARTY_ECHO || b->echo == PARTY_ECHO;
}

bool echo_back(const struct stream *s)
{
	const struct stream *t = stream_peer(s);

	return s->party->echo == PARTY_ECHO && t && !fax_between(s, t);
}

bool echo_sunk(const struct stream *s)
{
	const struct stream *t = stream_peer(s);

	if (echo_back(s) || !t || fax_between(s, t))
		return false;

	return s->party->echo == PARTY_SINK || echo_back(t);
}

struct stream *echo_far(const struct stream *s)
{
	return echo_back(s) ? stream_find(s->party, s->idx) : stream_peer(s);
}
