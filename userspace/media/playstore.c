/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/playstore.c  What is played, written to the store, and gone on with
 *
 * Where in the file it is follows from when it began: nothing has to be written while it
 * is played.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/play.h"
#include "media/sounds.h"

uint64_t play_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int play_put(struct odict *o, const struct play *p)
{
	struct odict *x;
	int err;

	/* of digits alone nothing is kept */
	if (!p || (!p->clip && !p->silence))
		return 0;
	err = dict_add(&x, o, "play", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_int(x, "silence", p->silence);
	if (!p->clip)
		return err;
	err |= dict_str(x, "file", p->file);
	err |= dict_int(x, "moh", p->moh);
	err |= dict_int(x, "pos", (int64_t)p->pos);
	err |= dict_int(x, "times", p->times);
	if (p->on)
		err |= dict_int(x, "began", (int64_t)p->began);
	if (p->until)
		err |= dict_int(
			x, "until",
			(int64_t)(play_wall() + p->until - tmr_jiffies()));

	return err;
}

static uint64_t number(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer > 0 ? (uint64_t)e->u.integer : 0;
}

/* It is where it would be by now. @return false: at its end */
static bool go_on(struct play *p, const struct odict *x)
{
	const uint64_t now = play_wall(), began = number(x, "began");
	const uint64_t until = number(x, "until"), ms = clip_ms(p->clip);
	uint64_t rounds;

	p->pos = number(x, "pos");
	p->times = (unsigned)number(x, "times");
	if (until && until <= now)
		return false;
	p->until = until ? tmr_jiffies() + until - now : 0;
	if (!began || began > now || !ms)
		return true;
	p->pos += now - began;
	rounds = p->pos / ms;
	p->pos %= ms;
	if (!p->times)
		return true;
	if (rounds >= p->times)
		return false;
	p->times -= (unsigned)rounds;

	return true;
}

static int load_file(struct play *p, struct media_call *c,
		     const struct odict *x)
{
	struct media_err e = {""};
	struct media_sound sound = {.file = PL_INIT};
	int err;

	pl_set_str(&sound.file, odict_string(x, "file"));
	if (!pl_isset(&sound.file))
		return 0;
	if (sounds_get(&p->clip, c->m->sounds, &sound, &e)) {
		log_warn("media: call %s: what was played is not gone on with: "
			 "%s",
			 c->id, e.msg);
		return 0;
	}
	err = pl_strdup(&p->file, &sound.file);
	p->moh = number(x, "moh") != 0;
	if (!err && !go_on(p, x))
		p->clip = mem_deref(p->clip);

	return err;
}

int play_load(struct stream *s, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "play");
	struct play *p;
	int err;

	if (!e)
		return 0;
	err = play_get(&p, s);
	if (err)
		return err;
	p->silence = number(e->u.odict, "silence") != 0;
	err = load_file(p, s->party->call, e->u.odict);
	if (err || (!p->clip && !p->silence))
		s->play = mem_deref(p);

	return err;
}
