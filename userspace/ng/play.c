/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/play.c  Commands that play: files, digits, silence
 */
#include <re.h>
#include "ng/core.h"
#include "ng/flags.h"

void ng_select(struct media_sel *sel, const struct ng_flags *f)
{
	*sel = (struct media_sel){
		.call_id = f->o.call_id,
		.from_tag = f->o.from_tag,
		.to_tag = f->o.to_tag,
		.via_branch = f->o.via_branch,
		.address = f->address,
		.all = f->all,
	};
}

/* Who is to hear, or to have dialled, has to be said: a whole call is a wish of its own */
static bool named(const struct ng_flags *f)
{
	return f->all || f->o.from_tag.l || f->o.via_branch.l ||
	       sa_isset(&f->address, SA_ADDR);
}

static int unnamed(struct odict *reply)
{
	return ng_reply_error(reply, "No participant party specified: give "
				     "from-tag, address, via-branch or all");
}

int ng_play_media(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	struct media_err e = {""};
	struct media_sel sel;
	uint64_t duration;
	int err;

	if (!named(f))
		return unnamed(reply);
	if (!f->clip.sound.file.l && !f->clip.sound.blob.l &&
	    !f->clip.sound.id.l)
		return ng_reply_error(reply, "No media file specified: give "
					     "file, blob or db-id");
	/* rtpengine: for so long, as often as it takes */
	if (!f->times_given)
		f->clip.times = f->clip.max_ms ? 0 : 1;
	ng_select(&sel, f);
	err = media_play(ng->media, &sel, &f->clip, &duration, &e);
	if (err)
		return ng_reply_failed(reply, err, &e);
	err = odict_entry_add(reply, "duration", ODICT_INT, (int64_t)duration);

	return err ? err : ng_reply_ok(reply);
}

int ng_stop_media(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	struct media_err e = {""};
	struct media_sel sel;
	uint64_t pos;
	int err;

	if (!named(f))
		return unnamed(reply);
	ng_select(&sel, f);
	err = media_play_stop(ng->media, &sel, &pos, &e);
	if (err)
		return ng_reply_failed(reply, err, &e);
	err = odict_entry_add(reply, "last-frame-pos", ODICT_INT, (int64_t)pos);

	return err ? err : ng_reply_ok(reply);
}

int ng_play_dtmf(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	struct media_err e = {""};
	struct media_sel sel;
	int err;

	if (!named(f))
		return unnamed(reply);
	ng_select(&sel, f);
	if (f->info_type.l) {
		err = media_dtmf_info(ng->media, &sel, &f->info_type,
				      &f->info_body, &e);
		return err ? ng_reply_failed(reply, err, &e)
			   : ng_reply_ok(reply);
	}
	if (!f->digit_given)
		return ng_reply_error(reply,
				      "No DTMF digit specified: give code, 0 "
				      "to 15 or one of 0-9 * # A-D");
	err = media_play_dtmf(ng->media, &sel, &f->digit, &e);

	return err ? ng_reply_failed(reply, err, &e) : ng_reply_ok(reply);
}

static int silence(struct ng *ng, struct ng_flags *f, struct odict *reply,
		   bool on)
{
	struct media_err e = {""};
	struct media_sel sel;
	int err;

	ng_select(&sel, f);
	/* nobody is named: everybody is meant, as of block */
	sel.all = !named(f) || f->all;
	err = media_silence(ng->media, &sel, on, &e);

	return err ? ng_reply_failed(reply, err, &e) : ng_reply_ok(reply);
}

int ng_silence_media(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return silence(ng, f, reply, true);
}

int ng_unsilence_media(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return silence(ng, f, reply, false);
}
