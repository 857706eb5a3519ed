/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/trigger.c  Digits that change what becomes of digits
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/trigger.h"
#include "rtp/event.h"

struct trigger {
	struct stream *s;
	char begin[MEDIA_TRIGGER_MAX + 1]; /* digits                        */
	char end[MEDIA_TRIGGER_MAX + 1];   /* "" none                       */
	enum guard_mode on, off;           /* modes that they change to     */
	uint32_t ms;                       /* that `on` lasts at most, 0 any */
	unsigned digits;                   /* the same                      */
	bool active;                       /* `on` holds                    */
	unsigned seen;                     /* digits since                  */
	char last[MEDIA_TRIGGER_MAX + 1];  /* digits, the newest one last   */
	struct tmr tmr, apply;
};

static void destructor(void *arg)
{
	struct trigger *t = arg;

	tmr_cancel(&t->tmr);
	tmr_cancel(&t->apply);
}

static int make(struct stream *s)
{
	struct trigger *t = mem_zalloc(sizeof(*t), destructor);

	if (!t)
		return ENOMEM;
	t->s = s;
	tmr_init(&t->tmr);
	tmr_init(&t->apply);
	mem_deref(s->trigger);
	s->trigger = t;

	return 0;
}

int trigger_set(struct stream *s, const struct media_trigger *x)
{
	struct trigger *t;

	if (!x->begin.l)
		return 0;
	if (make(s))
		return ENOMEM;
	t = s->trigger;
	(void)pl_strcpy(&x->begin, t->begin, sizeof(t->begin));
	if (x->end.l)
		(void)pl_strcpy(&x->end, t->end, sizeof(t->end));
	t->on = x->on;
	t->off = x->off;
	t->ms = x->ms;
	t->digits = x->digits;

	return 0;
}

static void apply(void *arg)
{
	struct trigger *t = arg;
	struct media_call *c = t->s->party->call;
	int err = call_apply(c);

	if (!err)
		err = call_store(c);
	if (err)
		log_warn("media: call %s: behind a trigger: %m", c->id, err);
}

static void change(struct trigger *t, bool active)
{
	t->active = active;
	t->seen = 0;
	t->last[0] = '\0';
	t->s->guard.mode = active ? t->on : t->off;
	tmr_cancel(&t->tmr);
	tmr_start(&t->apply, 0, apply, t);
}

static void time_is_up(void *arg)
{
	change(arg, false);
}

static bool ends_with(const char *text, const char *what)
{
	const size_t n = strlen(text), k = strlen(what);

	return k && n >= k && !strcmp(text + n - k, what);
}

void trigger_digit(struct stream *s, uint8_t event)
{
	struct trigger *t = s->trigger;
	size_t n;

	if (!t || event >= EVENT_DIGITS)
		return;
	n = strlen(t->last);
	if (n == MEDIA_TRIGGER_MAX)
		memmove(t->last, t->last + 1, n--);
	t->last[n] = event_char(event);
	t->last[n + 1] = '\0';
	if (!t->active) {
		if (!ends_with(t->last, t->begin))
			return;
		change(t, true);
		if (t->ms)
			tmr_start(&t->tmr, t->ms, time_is_up, t);
		return;
	}
	++t->seen;
	if (ends_with(t->last, t->end) || (t->digits && t->seen >= t->digits))
		change(t, false);
}

/* ---- store ------------------------------------------------------------------ */

int trigger_put(struct odict *o, const struct trigger *t)
{
	struct odict *x;
	int err;

	if (!t)
		return 0;
	err = dict_add(&x, o, "trigger", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(x, "begin", t->begin);
	err |= dict_str(x, "end", t->end);
	err |= dict_int(x, "on", t->on);
	err |= dict_int(x, "off", t->off);
	err |= dict_int(x, "ms", t->ms);
	err |= dict_int(x, "digits", t->digits);
	err |= dict_int(x, "active", t->active);
	err |= dict_int(x, "seen", t->seen);

	return err;
}

static uint32_t number(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer > 0 ? (uint32_t)e->u.integer : 0;
}

static enum guard_mode mode(const struct odict *o, const char *key)
{
	const uint32_t n = number(o, key);

	return n <= GUARD_DIGIT ? (enum guard_mode)n : GUARD_OFF;
}

int trigger_load(struct stream *s, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT,
						     "trigger");
	const struct odict *x = e ? e->u.odict : NULL;
	struct media_trigger m;
	int err;

	if (!x)
		return 0;
	memset(&m, 0, sizeof(m));
	pl_set_str(&m.begin, odict_string(x, "begin"));
	pl_set_str(&m.end, odict_string(x, "end"));
	m.on = mode(x, "on");
	m.off = mode(x, "off");
	m.ms = number(x, "ms");
	m.digits = number(x, "digits");
	if (m.begin.l > MEDIA_TRIGGER_MAX || m.end.l > MEDIA_TRIGGER_MAX)
		return EBADMSG;
	err = trigger_set(s, &m);
	if (err || !s->trigger || !number(x, "active"))
		return err;
	s->trigger->active = true;
	s->trigger->seen = number(x, "seen");
	/* its time begins anew */
	if (m.ms)
		tmr_start(&s->trigger->tmr, m.ms, time_is_up, s->trigger);

	return 0;
}
