/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/offer.c  The commands that carry an SDP
 */
#include <re.h>
#include "ng/core.h"
#include "ng/flags.h"

static int reply_sdp(struct ng *ng, const struct ng_flags *f, struct mbuf *mb,
		     struct odict *reply)
{
	struct mbuf *marked = NULL;
	struct pl sdp;
	char *str;
	int err;

	pl_set_mbuf(&sdp, mb);

	if (f->loop_protect) {
		marked = mbuf_alloc(sdp.l + 64);
		if (!marked)
			return ENOMEM;
		err = ng_loop_mark(marked, &sdp, ng->id);
		if (err)
			goto out;
		marked->pos = 0;
		pl_set_mbuf(&sdp, marked);
	}

	err = pl_strdup(&str, &sdp);
	if (err)
		goto out;

	err = odict_entry_add(reply, "sdp", ODICT_STRING, str);
	mem_deref(str);
	if (!err)
		err = ng_reply_ok(reply);

out:
	mem_deref(marked);

	return err;
}

static int sdp_failed(const struct ng_flags *f, struct odict *reply, int err,
		      const struct media_err *e)
{
	if (err != EDQUOT || !f->load_limit)
		return ng_reply_failed(reply, err, e);

	err = odict_entry_add(reply, "result", ODICT_STRING, "load limit");
	err |= odict_entry_add(reply, "message", ODICT_STRING,
			       e->msg[0] ? e->msg : "Load limit exceeded");

	return err ? ENOMEM : 0;
}

/* Nothing goes on for it: our candidate is known from the start */
static int candidates(struct ng *ng, struct ng_flags *f, struct odict *reply,
		      bool answer)
{
	struct media_err e = {""};
	int err = media_candidates(ng->media, &f->o, answer, &e);

	return err ? ng_reply_failed(reply, err, &e) : ng_reply_ok(reply);
}

static int offer_answer(struct ng *ng, struct ng_flags *f, struct odict *reply,
			bool answer)
{
	struct media_err e = {""};
	struct mbuf *mb;
	int err;

	if (f->fragment)
		return candidates(ng, f, reply, answer);
	mb = mbuf_alloc(f->o.sdp.l + 512);
	if (!mb)
		return ENOMEM;

	/* It went round in a loop and is ours already: not twice */
	if (f->loop_protect && ng_loop_marked(&f->o.sdp, ng->id)) {
		f->loop_protect = false;
		err = mbuf_write_pl(mb, &f->o.sdp);
	} else {
		err = answer ? media_answer(ng->media, &f->o, mb, &e)
			     : media_offer(ng->media, &f->o, mb, &e);
	}

	if (err) {
		err = sdp_failed(f, reply, err, &e);
	} else {
		mb->pos = 0;
		err = reply_sdp(ng, f, mb, reply);
	}
	mem_deref(mb);

	return err;
}

int ng_offer(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return offer_answer(ng, f, reply, false);
}

int ng_answer(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return offer_answer(ng, f, reply, true);
}
