/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/absent.c  Sections that a party is not shown
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/absent.h"
#include "media/dict.h"

static bool listed(const struct media_opts *o, const struct pl *type)
{
	for (size_t i = 0; i < o->removec; i++) {
		if (!pl_casecmp(&o->removev[i], type))
			return true;
	}

	return false;
}

/* Its m= line as who refuses it has it */
static int take_line(struct stream *t, const struct sdpx_media *sm)
{
	struct mbuf *mb = mbuf_alloc(64);
	char *line = NULL;
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "%r 0 %r", &sm->type, &sm->proto);
	for (size_t i = 0; i < sm->fmtc && !err; i++)
		err = mbuf_printf(mb, " %r", &sm->fmtv[i].id);
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, &line, mbuf_get_left(mb));
	mem_deref(mb);
	if (err)
		return err;
	mem_deref(t->absent);
	t->absent = line;

	return 0;
}

int absent_offer(bool refusev[SDPX_MEDIA_MAX], const struct media_opts *o,
		 const struct sdpx *sdp, struct party *to, struct media_err *e)
{
	size_t shown = 0;

	for (size_t i = 0; i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);
		struct stream *t = stream_find(to, (unsigned)i);
		const bool away = t && t->absent, gone = listed(o, &sm->type);
		int err;

		if (!away && (t || !gone)) {
			refusev[i] = gone;
			++shown;
			continue;
		}
		err = stream_get(&t, to, (unsigned)i);
		if (!err)
			err = take_line(t, sm);
		if (err)
			return err;
	}
	if (!shown)
		return media_fail(e, ENOTSUP,
				  "sdp-media-remove: no section would be left");

	return 0;
}

bool absent_is(const struct stream *s)
{
	return s && s->absent;
}

/* ---- what it says ------------------------------------------------------------ */

static bool any(const struct party *p)
{
	struct le *le;

	for (le = list_head(&p->streams); le; le = le->next) {
		if (absent_is(le->data))
			return true;
	}

	return false;
}

/* All that come before the next one that it knows. conn: they need an address (RFC 8866
 * 5.7), as the session has none */
static int put_lines(struct mbuf *mb, const struct party *p, unsigned *idx,
		     bool conn)
{
	const struct stream *s;
	int err = 0;

	while ((s = stream_find(p, *idx)) && s->absent && !err) {
		err = mbuf_printf(mb, "m=%s\r\n%s", s->absent,
				  conn ? "c=IN IP4 0.0.0.0\r\n" : "");
		++*idx;
	}

	return err;
}

static struct pl next_line(struct pl *rest)
{
	const char *nl = pl_strchr(rest, '\n');
	struct pl line = {rest->p, nl ? (size_t)(nl - rest->p) + 1 : rest->l};

	pl_advance(rest, (ssize_t)line.l);

	return line;
}

static bool is_type(const struct pl *line, char type)
{
	return line->l > 1 && line->p[0] == type && line->p[1] == '=';
}

static int fill(struct mbuf *mb, struct pl rest, const struct party *p)
{
	bool conn = true, session = true;
	unsigned idx = 0;
	char last = '\n';
	int err = 0;

	while (rest.l && !err) {
		const struct pl line = next_line(&rest);

		if (is_type(&line, 'm')) {
			session = false;
			err = put_lines(mb, p, &idx, conn);
			++idx;
		} else if (session && is_type(&line, 'c')) {
			conn = false;
		}
		if (!err)
			err = mbuf_write_pl(mb, &line);
		last = line.p[line.l - 1];
	}
	if (!err && last != '\n')
		err = mbuf_write_str(mb, "\r\n");

	return err ? err : put_lines(mb, p, &idx, conn);
}

int absent_fill(char **textp, const struct pl *body, const struct party *p)
{
	struct mbuf *mb;
	int err;

	*textp = NULL;
	if (!p || !any(p))
		return 0;
	mb = mbuf_alloc(body->l + 64);
	if (!mb)
		return ENOMEM;
	err = fill(mb, *body, p);
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, textp, mbuf_get_left(mb));
	mem_deref(mb);

	return err;
}

/* ---- store ------------------------------------------------------------------- */

int absent_put(struct odict *o, const struct stream *s)
{
	return s->absent ? dict_str(o, "absent", s->absent) : 0;
}

int absent_load(struct stream *s, const struct odict *o)
{
	const char *line = odict_string(o, "absent");

	return line ? str_dup(&s->absent, line) : 0;
}
