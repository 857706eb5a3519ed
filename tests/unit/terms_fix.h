/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file terms_fix.h  Calls with media workers that only remember what they were told
 */
#ifndef CAROM_TERMS_FIX_H
#define CAROM_TERMS_FIX_H

#include "fake_bridge.h"
#include "media_fix.h"

static inline int setup(void **state)
{
	struct fix *f = fix_new();

	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
	memset(fake_bridges(), 0, sizeof(*fake_bridges()));
	*state = f;

	return 0;
}

static inline void turn_over(void *arg)
{
	(void)arg;
	re_cancel();
}

/* What is due happens */
static inline void turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 5, turn_over, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static inline int teardown(void **state)
{
	int rc = fix_teardown(state);

	assert_int_equal(fake_bridges()->n, 0);

	return rc;
}

/* The same body with another profile */
static inline char *profile(const char *addr, uint16_t port, const char *proto,
			    const char *pts, const char *more)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\n"
				     "c=IN IP4 %s\r\nt=0 0\r\n"
				     "m=audio %u %s %s\r\n%s",
				     addr, addr, port, proto, pts,
				     more ? more : ""),
			 0);

	return s;
}

static inline void has(const struct fix *f, const char *line)
{
	if (!strstr(f->text, line))
		fail_msg("'%s' is not in:\n%s", line, f->text);
}

static inline void has_not(const struct fix *f, const char *line)
{
	if (strstr(f->text, line))
		fail_msg("'%s' is in:\n%s", line, f->text);
}

static inline struct media_opts transcode(struct media_opts o, const char *a,
					  const char *b)
{
	pl_set_str(&o.transcode[o.transcodec++], a);
	if (b)
		pl_set_str(&o.transcode[o.transcodec++], b);

	return o;
}

/** ICE, whatever the body says */
static inline struct media_opts forced(struct media_opts o)
{
	o.ice_force = true;

	return o;
}

/** What `query` says of call "c" */
static inline void query_says(const struct fix *f, const char *what)
{
	struct odict *o;
	struct pl id = PL("c");
	char *s = NULL;

	assert_int_equal(odict_alloc(&o, 16), 0);
	assert_int_equal(media_query(f->m, &id, NULL, NULL, o), 0);
	assert_int_equal(re_sdprintf(&s, "%H", json_encode_odict, o), 0);
	if (!strstr(s, what))
		fail_msg("'%s' is not in:\n%s", what, s);
	mem_deref(o);
	mem_deref(s);
}

static inline enum leg_state state_of(const struct fix *f, const char *addr,
				      uint16_t port)
{
	return fake_leg(f->fp, addr, port)->state;
}

/* Another process takes over what is there */
static inline void start_again(struct fix *f)
{
	f->m = mem_deref(f->m);
	assert_int_equal(fake_bridges()->n, 0);
	f->conf.plane = fake_plane();
	fix_start(f);
	mem_deref(f->conf.plane);
}

#endif
