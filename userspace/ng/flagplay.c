/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagplay.c  What the flags of playing and of digits do
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <re.h>
#include "ng/flagset.h"

enum {
	MS_MAX = 24 * 3600 * 1000, /**< a day: more is a slip of the pen */
	TIMES_MAX = 1000000,
	DIGIT_MS_MIN = 100, /**< as rtpengine has it */
	DIGIT_MS_MAX = 5000,
	EVENTS = 16,
	VOLUME_MAX = 63, /**< -dBm0 */
	HZ_MIN = 100,
	HZ_MAX = 3400,
};

int ng_set_file(struct ng_flags *f, const struct pl *val)
{
	f->clip.sound.file = *val;

	return val->l ? 0 : EINVAL;
}

int ng_set_blob(struct ng_flags *f, const struct pl *val)
{
	f->clip.sound.blob = *val;

	return val->l ? 0 : EINVAL;
}

int ng_set_db_id(struct ng_flags *f, const struct pl *val)
{
	f->clip.sound.id = *val;

	return val->l ? 0 : EINVAL;
}

int ng_set_times(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 1, TIMES_MAX))
		return EINVAL;
	f->clip.times = (unsigned)n;
	f->times_given = true;

	return 0;
}

int ng_set_play_for(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 1, MS_MAX))
		return EINVAL;
	f->clip.max_ms = (uint64_t)n;

	return 0;
}

int ng_set_play_from(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, MS_MAX))
		return EINVAL;
	f->clip.start_ms = (uint64_t)n;

	return 0;
}

/* Code 0 to 15, or the digit itself; 0 to 9 are the same either way */
int ng_set_digit(struct ng_flags *f, const struct pl *val)
{
	static const char digits[] = "0123456789*#ABCD";
	const char *at = NULL;
	int64_t n;

	if (val->l == 1)
		at = strchr(digits, toupper((unsigned char)*val->p));
	if (at)
		n = at - digits;
	else if (ng_set_int(&n, val, 0, EVENTS - 1))
		return EINVAL;
	f->digit.event = (uint8_t)n;
	f->digit_given = true;
	f->o.guard.digit = (uint8_t)n;

	return 0;
}

int ng_set_info_type(struct ng_flags *f, const struct pl *val)
{
	f->info_type = *val;

	return val->l ? 0 : EINVAL;
}

int ng_set_info_body(struct ng_flags *f, const struct pl *val)
{
	f->info_body = *val;

	return val->l ? 0 : EINVAL;
}

static int moh_mode(struct media_moh *m, const struct pl *val)
{
	m->sendrecv = ng_name_eq(val, "sendrecv");

	return m->sendrecv || ng_name_eq(val, "sendonly") ? 0 : EINVAL;
}

static int moh_connection(struct media_moh *m, const struct pl *val)
{
	m->zero = ng_name_eq(val, "zero");

	return m->zero ? 0 : EINVAL;
}

int ng_moh(struct ng_flags *f, const struct pl *key, const struct pl *val)
{
	struct media_moh *m = &f->o.moh;

	f->moh_given = true;
	if (!val->l)
		return EINVAL;
	if (ng_name_eq(key, "mode"))
		return moh_mode(m, val);
	if (ng_name_eq(key, "connection"))
		return moh_connection(m, val);
	m->on = true;
	if (ng_name_eq(key, "file"))
		m->sound.file = *val;
	else if (ng_name_eq(key, "db-id"))
		m->sound.id = *val;
	else if (ng_name_eq(key, "blob"))
		m->sound.blob = *val;
	else
		return EINVAL;

	return 0;
}

/* "file=/a.wav": one key of the dictionary */
int ng_set_moh(struct ng_flags *f, const struct pl *val)
{
	const char *eq = val->l ? memchr(val->p, '=', val->l) : NULL;
	struct pl key, rest = *val;

	if (!eq)
		return EINVAL;
	key = (struct pl){val->p, (size_t)(eq - val->p)};
	pl_advance(&rest, (ssize_t)key.l + 1);

	return ng_moh(f, &key, &rest);
}

static int digit_ms(unsigned *msp, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, DIGIT_MS_MIN, DIGIT_MS_MAX))
		return EINVAL;
	*msp = (unsigned)n;

	return 0;
}

int ng_set_digit_ms(struct ng_flags *f, const struct pl *val)
{
	return digit_ms(&f->digit.ms, val);
}

/* "pause" of a digit is behind it; of a recording, it is what becomes of it */
int ng_set_pause(struct ng_flags *f, const struct pl *val)
{
	if (f->scope == NG_PLAY)
		return digit_ms(&f->digit.pause_ms, val);

	return ng_set_bool(&f->pause, val);
}

/* dBm0; a number without its minus means the same */
int ng_set_volume(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, -VOLUME_MAX, VOLUME_MAX))
		return EINVAL;
	f->digit.volume = (uint8_t)(n < 0 ? -n : n);
	f->o.guard.volume = f->digit.volume;

	return 0;
}

static int guard_mode(enum guard_mode *mp, const struct pl *val)
{
	static const char *const modev[] = {
		[GUARD_OFF] = "off",         [GUARD_DROP] = "drop",
		[GUARD_SILENCE] = "silence", [GUARD_TONE] = "tone",
		[GUARD_RANDOM] = "random",   [GUARD_ZERO] = "zero",
		[GUARD_DIGIT] = "DTMF",
	};

	for (size_t i = 0; i < ARRAY_SIZE(modev); i++) {
		if (!ng_name_eq(val, modev[i]))
			continue;
		*mp = (enum guard_mode)i;
		return 0;
	}

	return EINVAL;
}

int ng_set_dtmf_security(struct ng_flags *f, const struct pl *val)
{
	f->guard_given = true;

	return guard_mode(&f->o.guard.mode, val);
}

int ng_set_trigger_on(struct ng_flags *f, const struct pl *val)
{
	return guard_mode(&f->o.trigger.on, val);
}

int ng_set_trigger_off(struct ng_flags *f, const struct pl *val)
{
	return guard_mode(&f->o.trigger.off, val);
}

static int digit_string(struct pl *pl, const struct pl *val)
{
	if (!val->l || val->l > MEDIA_TRIGGER_MAX)
		return EINVAL;
	for (size_t i = 0; i < val->l; i++) {
		if (!strchr("0123456789*#ABCD", val->p[i]))
			return EINVAL;
	}
	*pl = *val;

	return 0;
}

int ng_set_trigger(struct ng_flags *f, const struct pl *val)
{
	return digit_string(&f->o.trigger.begin, val);
}

int ng_set_trigger_end(struct ng_flags *f, const struct pl *val)
{
	return digit_string(&f->o.trigger.end, val);
}

int ng_set_trigger_ms(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, MS_MAX))
		return EINVAL;
	f->o.trigger.ms = (uint32_t)n;

	return 0;
}

int ng_set_trigger_digits(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, TIMES_MAX))
		return EINVAL;
	f->o.trigger.digits = (unsigned)n;

	return 0;
}

int ng_set_dtmf_delay(struct ng_flags *f, const struct pl *val)
{
	int64_t n;

	if (ng_set_int(&n, val, 0, DIGIT_MS_MAX))
		return EINVAL;
	f->o.guard.delay_ms = (uint32_t)n;

	return 0;
}

/* One, or some with commas between */
int ng_set_frequency(struct ng_flags *f, const struct pl *val)
{
	struct guard *g = &f->o.guard;
	struct pl rest = *val;

	while (rest.l) {
		const char *comma = memchr(rest.p, ',', rest.l);
		const struct pl one = {rest.p, comma ? (size_t)(comma - rest.p)
						     : rest.l};
		int64_t hz;

		pl_advance(&rest, (ssize_t)(one.l + (comma ? 1 : 0)));
		if (ng_set_int(&hz, &one, HZ_MIN, HZ_MAX))
			return EINVAL;
		if (g->freqc >= GUARD_FREQS)
			return EOVERFLOW;
		g->freqv[g->freqc++] = (uint16_t)hz;
	}

	return val->l ? 0 : EINVAL;
}

int ng_set_dtmf_log(struct ng_flags *f, const struct pl *val)
{
	char text[64];

	if (pl_strcpy(val, text, sizeof(text)) ||
	    sa_decode(&f->o.dtmf_log, text, strlen(text)) ||
	    !sa_port(&f->o.dtmf_log))
		return EINVAL;

	return 0;
}
