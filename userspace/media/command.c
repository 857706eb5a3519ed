/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/command.c  Delete, block and record: what is done to a call
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/call.h"
#include "media/trigger.h"

/* ---- delete ---------------------------------------------------------- */

static bool other_branches(const struct media_call *c, const struct party *a,
			   const struct party *b)
{
	struct le *le;

	for (le = list_head(&c->parties); le; le = le->next) {
		if (le->data != a && le->data != b)
			return true;
	}

	return false;
}

/*
 * A branch goes alone while another is left: it was named by its via-branch
 * (CANCEL, or a failure), or it is not the one that the caller talks to. A
 * BYE between the two who talk ends the call.
 */
static struct party *lone_branch(const struct media_call *c,
				 const struct party *from,
				 const struct pl *to_tag,
				 const struct pl *via_branch)
{
	struct party *p = party_by_branch(c, via_branch);
	bool by_branch = p != NULL;

	if (!p)
		p = party_by_tag(c, to_tag);

	if (!p || p == from || p->offerer != from)
		return NULL;

	if (!by_branch && from->peer == p)
		return NULL;

	return other_branches(c, from, p) ? p : NULL;
}

static int drop_branch(struct media_call *c, struct party *p)
{
	int err;

	log_info("media: call %s: branch %s deleted", c->id,
		 p->branch ? p->branch
		 : p->tag  ? p->tag
			   : "-");
	party_drop(p);

	c->check_at = 0;
	err = call_store(c);
	if (err)
		log_warn("media: call %s could not be stored: %m", c->id, err);

	return call_apply(c);
}

static void delete_later(struct media_call *c, uint32_t delay)
{
	c->delete_at = media_now() + (uint64_t)delay * 1000;
	c->delete_wall = (uint64_t)time(NULL) + delay;
	(void)call_store(c);
}

int media_delete(struct media *m, const struct pl *call_id,
		 const struct pl *from_tag, const struct pl *to_tag,
		 const struct pl *via_branch, int delay, struct odict *out)
{
	struct media_call *c = call_find(m, call_id);
	struct party *from = NULL, *p;
	int err = 0;

	if (!c)
		return ENOENT;

	if (pl_isset(from_tag)) {
		from = party_find(c, from_tag);
		if (!from)
			return ENOENT;
	}

	if (out) {
		quality_look(c, media_now(), QUALITY_LEAST_MS);
		err = call_stats(c, NULL, NULL, out);
		if (err)
			return err;
	}

	if (from) {
		p = lone_branch(c, from, to_tag, via_branch);
		if (p)
			return drop_branch(c, p);

		/* a fork that another answer took the place of */
		p = party_find(c, to_tag);
		if (p && p->offerer == from && !party_is(p, to_tag))
			return 0;

		/* a fork that we never heard of: those who talk go on */
		if (!p && pl_isset(to_tag) && c->answered &&
		    !party_by_branch(c, via_branch))
			return ENOENT;
	}

	if (delay < 0)
		delay = (int)m->conf.delete_delay;

	if (delay > 0) {
		if (!c->delete_at)
			delete_later(c, (uint32_t)delay);
		return 0;
	}

	++m->tot.regular;
	log_info("media: call %s deleted", c->id);
	news_tell(c, MEDIA_ENDED, "deleted");
	call_drop(c);

	return 0;
}

/* ---- block ----------------------------------------------------------- */

bool sel_has(const struct media_sel *sel, const struct party *p,
	     const struct stream *s)
{
	bool narrow = pl_isset(&sel->from_tag) || pl_isset(&sel->via_branch) ||
		      sa_isset(&sel->address, SA_ADDR);

	if (sel->all || !narrow)
		return true;

	if (pl_isset(&sel->from_tag) && party_has_tag(p, &sel->from_tag))
		return true;

	if (pl_isset(&sel->via_branch) && p->branch &&
	    !pl_strcmp(&sel->via_branch, p->branch))
		return true;

	return sa_isset(&sel->address, SA_ADDR) && s->cur.known &&
	       sa_cmp(&s->cur.remote, &sel->address, SA_ADDR);
}

/* Something is to be put in the place of its digits */
static int guard_able(const struct stream *s, struct media_err *e)
{
	if (!s->party->call->m->plane)
		return media_fail(e, ENOTSUP,
				  "there are no media workers: see "
				  "media.workers");
	if (!s->terms && !s->note)
		return media_fail(e, ENOTSUP,
				  "its media is encrypted from end to end");

	return 0;
}

static int block_one(struct stream *s, bool on, const struct guard *guard,
		     const struct media_trigger *trigger, struct media_err *e)
{
	int err = 0;

	if (!guard) {
		s->blocked = on;
		return 0;
	}
	if (guard_sounds(guard) && str_casecmp(s->cur.type, "audio"))
		return 0;
	if (guard_sounds(guard) || (trigger && trigger->begin.l))
		err = guard_able(s, e);
	if (!err && trigger)
		err = trigger_set(s, trigger);
	/* unblocked: nor does a digit block it again */
	if (!err && guard->mode == GUARD_OFF && trigger && !trigger->begin.l)
		s->trigger = mem_deref(s->trigger);
	if (!err)
		s->guard = *guard;

	return err;
}

/* guard: of digits; NULL: all that it sends, on or not */
static int block(struct media *m, const struct media_sel *sel, bool on,
		 const struct guard *guard, const struct media_trigger *trigger,
		 struct media_err *e)
{
	struct media_call *c = sel ? call_find(m, &sel->call_id) : NULL;
	struct le *pe, *se;
	unsigned n = 0;
	int err;

	if (!c)
		return media_fail(e, ENOENT, "Unknown call-id");

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			if (!sel_has(sel, p, s))
				continue;
			err = block_one(s, on, guard, trigger, e);
			if (err)
				return err;
			++n;
		}
	}

	if (!n)
		return media_fail(e, ENOENT, "no party of the call matches");

	c->check_at = 0;
	err = call_store(c);
	if (!err)
		err = call_apply(c);
	if (err)
		return media_fail(e, err, "block: %m", err);

	return 0;
}

int media_block(struct media *m, const struct media_sel *sel, bool on,
		struct media_err *e)
{
	return block(m, sel, on, NULL, NULL, e);
}

int media_block_dtmf(struct media *m, const struct media_sel *sel,
		     const struct guard *guard,
		     const struct media_trigger *trigger, struct media_err *e)
{
	return guard ? block(m, sel, false, guard, trigger, e) : EINVAL;
}

/* ---- record ---------------------------------------------------------- */

int media_record(struct media *m, const struct pl *call_id,
		 enum media_rec action, unsigned formats,
		 const struct pl *metadata, struct media_err *e)
{
	struct media_call *c = call_find(m, call_id);
	int err;

	if (!c)
		return media_fail(e, ENOENT, "Unknown call-id");

	err = call_record(c, action, formats, metadata, e);
	if (!err)
		err = call_store(c);
	if (!err)
		err = call_apply(c);
	if (!err)
		news_tell(c,
			  action == REC_START ? MEDIA_RECORDING
					      : MEDIA_RECORDED,
			  action == REC_PAUSE ? "paused" : NULL);
	if (err && e && !e->msg[0])
		(void)media_fail(e, err, "recording: %m", err);

	return err;
}
