/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_section.c  One m= section, written again
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"
#include "media/sdp_write.h"

/* A refused section keeps the address it has: nobody sends there */
bool sdp_sets_addr(const struct sdp_writer *w)
{
	return w->me->set_addr && !w->me->reject;
}

static bool has_none(const struct sdp_writer *w)
{
	return w->me->zero_addr || (w->me->keep_zero_addr && w->m->held);
}

static int put_conn(struct sdp_writer *w)
{
	const struct sa *sa = &w->me->addr;

	if (has_none(w))
		return mbuf_printf(w->mb, "c=IN %s %s", sdp_family(sa),
				   sa_af(sa) == AF_INET6 ? "::" : "0.0.0.0");

	return mbuf_printf(w->mb, "c=IN %s %j", sdp_family(sa), sa);
}

bool sdp_fmt_stays(const struct sdp_writer *w, size_t i)
{
	const struct sdpx_medit *me = w->me;

	for (size_t k = 0; me->orderv && k < me->orderc; k++) {
		if (me->orderv[k] == (int)i)
			return true;
	}

	return !me->orderv && (!me->fmt_drop || !me->fmt_drop[i]);
}

static int put_added_fmt(struct sdp_writer *w, size_t i)
{
	const struct sdpx_add *a = &w->me->addv[i];

	return a->id ? mbuf_printf(w->mb, " %s", a->id)
		     : mbuf_printf(w->mb, " %d", a->pt);
}

/* In their order, those that stay; then what is added */
static int put_fmts(struct sdp_writer *w, struct pl *rest, const char **from)
{
	struct pl word;
	int err = 0;

	for (size_t i = 0; i < w->m->fmtc; i++) {
		if (sdp_fmt_stays(w, i)) {
			err |= sdp_put_word(w, rest, from, NULL);
			continue;
		}
		(void)sdp_word(rest, &word);
		*from = word.p + word.l;
	}
	for (size_t i = 0; i < w->me->addc; i++)
		err |= put_added_fmt(w, i);

	return err;
}

static int put_ordered(struct sdp_writer *w, struct pl *rest, const char **from)
{
	const struct sdpx_medit *me = w->me;
	struct pl word;
	int err = 0;

	for (size_t i = 0; i < w->m->fmtc; i++) {
		(void)sdp_word(rest, &word);
		*from = word.p + word.l;
	}
	for (size_t i = 0; i < me->orderc; i++) {
		const int k = me->orderv[i];

		err |= k < 0 ? put_added_fmt(w, (size_t)(-1 - k))
			     : mbuf_printf(w->mb, " %r", &w->m->fmtv[k].id);
	}

	return err;
}

/* An order names what is there, and each added one */
static bool order_ok(const struct sdp_writer *w)
{
	const struct sdpx_medit *me = w->me;

	for (size_t i = 0; i < me->orderc; i++) {
		const int k = me->orderv[i];

		if (k >= (int)w->m->fmtc || (k < 0 && -1 - k >= (int)me->addc))
			return false;
	}

	return me->orderc > 0;
}

static int put_mline(struct sdp_writer *w, const struct sdp_line *ln)
{
	const struct sdpx_medit *me = w->me;
	struct pl rest = ln->val, port, tail;
	const char *from = ln->full.p;
	char buf[8];
	int err = 0;

	if (me->reject || me->set_addr) {
		(void)re_snprintf(
			buf, sizeof(buf), "%u",
			me->reject || me->bundle_only ? 0 : sa_port(&me->addr));
		pl_set_str(&port, buf);
	}

	err |= sdp_put_word(w, &rest, &from, me->type);
	err |= sdp_put_word(w, &rest, &from,
			    me->reject || me->set_addr ? &port : NULL);
	err |= sdp_put_word(w, &rest, &from, me->proto);
	err |= me->orderv ? put_ordered(w, &rest, &from)
			  : put_fmts(w, &rest, &from);

	tail.p = from;
	tail.l = (size_t)(ln->full.p + ln->full.l - from);

	return err | sdp_put(w, &tail);
}

static int put_media_line(struct sdp_writer *w, const struct sdp_line *ln)
{
	int err;

	switch (ln->type) {

	case 'm':
		return put_mline(w, ln);

	case 'c':
		if (!sdp_sets_addr(w))
			break;
		err = put_conn(w);
		return err ? err : sdp_put_eol(w, ln);

	case 'a':
		return sdp_put_attr(w, ln);
	}

	return sdp_put(w, &ln->full);
}

/* Of the lines that RFC 8866 puts into a section, only i= precedes c= */
static size_t conn_place(const struct sdpx *doc, const struct sdp_range *r)
{
	size_t i = r->first + 1;

	while (i < r->end && doc->linev[i].type == 'i')
		++i;

	return i;
}

static bool needs_conn(const struct sdp_writer *w)
{
	const struct sdpx_edit *e = w->edit;

	if (!sdp_sets_addr(w) || w->m->has_conn)
		return false;

	/* a zero address is never the session's new one */
	if (has_none(w))
		return true;

	return !(e->replace_session_conn && w->doc->has_conn &&
		 sa_cmp(&e->origin, &w->me->addr, SA_ADDR));
}

/* Empty lines at the end of a section stay behind what is added to it */
static size_t last_line(const struct sdpx *doc, const struct sdp_range *r)
{
	size_t i = r->end;

	while (i > r->first + 1 && !doc->linev[i - 1].type)
		--i;

	return i;
}

static int put_section(struct sdp_writer *w, const struct sdp_range *r)
{
	const size_t conn = needs_conn(w) ? conn_place(w->doc, r) : 0;
	const size_t last = last_line(w->doc, r);
	int err = 0;

	for (size_t i = r->first; i <= r->end && !err; i++) {
		if (i == conn)
			err |= sdp_add_line(w, put_conn);
		if (i == last)
			err |= sdp_put_missing(w);
		if (i < r->end)
			err |= put_media_line(w, &w->doc->linev[i]);
	}

	return err;
}

int sdp_put_media(struct sdp_writer *w, size_t i)
{
	size_t left = 0;

	w->m = &w->doc->mediav[i];
	w->me = &w->edit->mediav[i];
	w->rtcp_done = w->mux_done = w->ptime_done = w->dir_done = false;

	if (sdp_sets_addr(w) && !sa_isset(&w->me->addr, SA_ADDR))
		return EINVAL;

	if (w->me->orderv && !order_ok(w))
		return EINVAL;

	for (size_t j = 0; j < w->m->fmtc; j++)
		left += sdp_fmt_stays(w, j);

	if (w->m->fmtc && !left && !w->me->addc)
		return EINVAL;

	return put_section(w, &w->doc->rangev[i]);
}
