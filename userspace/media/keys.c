/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/keys.c  SRTP that ends here: keys of one m= line, by a=crypto
 */
#include <errno.h>
#include <string.h>
#include "media/keys.h"

/* What everybody has comes first; who knows better may choose it */
static const enum srtpx_suite suitev[KEYS_OFFERS] = {
	SRTPX_AES_CM_128_HMAC_SHA1_80, SRTPX_AES_CM_128_HMAC_SHA1_32,
	SRTPX_AEAD_AES_256_GCM, SRTPX_AEAD_AES_128_GCM,
	SRTPX_AES_256_CM_HMAC_SHA1_80};

_Static_assert((int)MEDIA_SUITES == (int)SRTPX_SUITES - 1,
	       "all suites can be put in order");

static bool may(const struct media_suites *wish, enum srtpx_suite suite)
{
	const uint32_t bit = 1u << suite;

	return wish->only ? wish->only & bit : !(wish->no & bit);
}

static void want(enum srtpx_suite *v, unsigned *n, enum srtpx_suite suite,
		 const struct media_suites *wish)
{
	if (*n == KEYS_OFFERS || !may(wish, suite))
		return;
	for (unsigned i = 0; i < *n; i++) {
		if (v[i] == suite)
			return;
	}
	v[(*n)++] = suite;
}

/* Those that have their place, those that we like, and what is asked for by name */
static unsigned wanted(enum srtpx_suite v[KEYS_OFFERS],
		       const struct media_suites *wish)
{
	unsigned n = 0;

	for (unsigned i = 0; i < wish->orderc; i++)
		want(v, &n, (enum srtpx_suite)wish->orderv[i], wish);
	for (unsigned i = 0; i < KEYS_OFFERS; i++)
		want(v, &n, suitev[i], wish);
	for (unsigned i = 1; wish->only && i < SRTPX_SUITES; i++)
		want(v, &n, (enum srtpx_suite)i, wish);

	return n;
}

static bool offered(const struct keys *k, const enum srtpx_suite *v, unsigned n)
{
	if (k->offerc != n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (k->offerv[i].key.suite != v[i])
			return false;
	}

	return true;
}

int keys_offer(struct keys *k, const struct media_suites *wish)
{
	enum srtpx_suite v[KEYS_OFFERS];
	const unsigned n = wanted(v, wish);
	int err = 0;

	if (!n)
		return ENOTSUP;
	k->on = true;
	if (offered(k, v, n))
		return 0;
	for (k->offerc = 0; k->offerc < n && !err; k->offerc++)
		err = sdes_make(&k->offerv[k->offerc], v[k->offerc],
				k->offerc + 1);

	return err;
}

int keys_answered(struct keys *k, const struct sdpx_media *sm)
{
	struct sdes s;

	for (size_t i = 0; i < sm->cryptoc; i++) {
		if (sdes_decode(&s, &sm->cryptov[i]) != SDES_OK)
			continue;
		for (unsigned n = 0; n < k->offerc; n++) {
			const struct sdes *o = &k->offerv[n];

			if (o->tag != s.tag || o->key.suite != s.key.suite)
				continue;
			k->rx = s.key;
			k->tx = o->key;
			return 0;
		}
	}

	return ENOTSUP;
}

/* The first line that can be taken; of one suite, or of any (SRTPX_NONE) */
static bool take(struct keys *k, const struct sdpx_media *sm,
		 const struct media_suites *wish, enum srtpx_suite suite)
{
	struct sdes s;

	for (size_t i = 0; i < sm->cryptoc; i++) {
		if (sdes_decode(&s, &sm->cryptov[i]) != SDES_OK ||
		    !may(wish, s.key.suite) ||
		    (suite != SRTPX_NONE && s.key.suite != suite))
			continue;
		k->on = true;
		k->asked = s;
		return true;
	}

	return false;
}

int keys_asked(struct keys *k, const struct sdpx_media *sm,
	       const struct media_suites *wish)
{
	for (unsigned i = 0; i < wish->preferc; i++) {
		if (take(k, sm, wish, (enum srtpx_suite)wish->preferv[i]))
			return 0;
	}

	return take(k, sm, wish, SRTPX_NONE) ? 0 : ENOTSUP;
}

/* A key of ours that serves already stays: nothing has to be told anew */
int keys_accept(struct keys *k)
{
	int err = 0;

	if (k->tx.suite != k->asked.key.suite) {
		err = sdes_make(&k->offerv[0], k->asked.key.suite,
				k->asked.tag);
		k->tx = k->offerv[0].key;
	}
	k->offerv[0].tag = k->asked.tag;
	k->offerv[0].key = k->tx;
	k->offerc = 1;
	k->rx = k->asked.key;

	return err;
}

int keys_text(char *textv[KEYS_OFFERS], const struct keys *k, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = re_sdprintf(&textv[i], "%H", sdes_print, &k->offerv[i]);

	return err;
}

void keys_text_free(char *textv[KEYS_OFFERS])
{
	for (unsigned i = 0; i < KEYS_OFFERS; i++)
		textv[i] = mem_deref(textv[i]);
}
