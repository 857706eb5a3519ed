/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagsdes.c  Values of SDES: which suites
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <re.h>
#include "ng/flagset.h"
#include "secure/srtp.h"

static int suite_of(enum srtpx_suite *suite, const struct pl *name)
{
	*suite = srtpx_suite_find(name);

	return *suite == SRTPX_NONE ? EINVAL : 0;
}

/* "A;B;C" */
static int suites(uint8_t v[MEDIA_SUITES], unsigned *c, struct pl list)
{
	enum srtpx_suite suite;
	struct pl word;

	for (*c = 0; list.l && *c < MEDIA_SUITES; ++*c) {
		const char *end = pl_strchr(&list, ';');

		word = list;
		if (end)
			word.l = (size_t)(end - list.p);
		pl_advance(&list, (ssize_t)(word.l + (end ? 1 : 0)));
		if (suite_of(&suite, &word))
			return EINVAL;
		v[*c] = (uint8_t)suite;
	}

	return list.l || !*c ? EINVAL : 0;
}

static bool begins(struct pl *pl, const char *with)
{
	const size_t n = strlen(with);

	if (pl->l <= n || strncasecmp(pl->p, with, n))
		return false;
	pl_advance(pl, (ssize_t)n);

	return true;
}

int ng_set_sdes(struct ng_flags *f, const struct pl *val)
{
	struct media_suites *s = &f->o.suites;
	enum srtpx_suite suite = SRTPX_NONE;
	struct pl word = *val;

	if (begins(&word, "order:"))
		return suites(s->orderv, &s->orderc, word);
	if (begins(&word, "offerer_pref:") || begins(&word, "offerer-pref:"))
		return suites(s->preferv, &s->preferc, word);
	if (begins(&word, "no-")) {
		if (suite_of(&suite, &word))
			return EINVAL;
		s->no |= 1u << suite;
		return 0;
	}
	if (!begins(&word, "only-") || suite_of(&suite, &word))
		return EINVAL;
	s->only |= 1u << suite;

	return 0;
}
