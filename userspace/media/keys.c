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

int keys_offer(struct keys *k)
{
	int err = 0;

	k->on = true;
	if (k->offerc == KEYS_OFFERS)
		return 0;
	for (k->offerc = 0; k->offerc < KEYS_OFFERS && !err; k->offerc++)
		err = sdes_make(&k->offerv[k->offerc], suitev[k->offerc],
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

int keys_asked(struct keys *k, const struct sdpx_media *sm)
{
	struct sdes s;

	for (size_t i = 0; i < sm->cryptoc; i++) {
		if (sdes_decode(&s, &sm->cryptov[i]) != SDES_OK)
			continue;
		k->on = true;
		k->asked = s;
		return 0;
	}

	return ENOTSUP;
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
