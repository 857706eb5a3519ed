/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/dtlsterms.c  What SDP says of DTLS-SRTP, and what we say
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"
#include "media/dict.h"
#include "media/dtlsterms.h"

/* Some name RTP/SAVPF, and mean it: nothing else there says how to encrypt */
bool dtls_keyed(const struct sdpx_media *sm)
{
	return sm->dtls || (sm->srtp && sm->fingerprint && !sm->crypto);
}

bool dtls_best_effort(const struct sdpx_media *sm)
{
	return !sm->srtp && sm->rtp && sm->fingerprint && !sm->crypto;
}

/* Lines of the section, else those of its bundle or of the session: never both
 * (RFC 8122 5) */
static void take_prints(struct dtls_terms *d, const struct sdpx *sdp, size_t i)
{
	struct pl val;

	for (unsigned n = 0;
	     d->fpc < DTLSX_FPS && sdpx_attr(sdp, i, "fingerprint", n, &val);
	     n++) {
		if (!fingerprint_decode(&d->fpv[d->fpc], &val))
			++d->fpc;
	}
}

static int take(struct dtls_terms *d, enum setup_role *theirs,
		const struct sdpx *sdp, size_t i, struct media_err *e)
{
	struct pl val = PL_INIT;

	d->fpc = 0;
	d->peer_id[0] = '\0';
	take_prints(d, sdp, sdpx_place(sdp, i, "fingerprint"));
	if (!d->fpc)
		return media_fail(e, EINVAL,
				  "m= line %zu has no a=fingerprint that can "
				  "be taken: sha-256 and the like are needed "
				  "for DTLS",
				  i + 1);
	if (sdpx_attr_for(sdp, i, "setup", &val))
		*theirs = setup_decode(&val);
	if (sdpx_attr_for(sdp, i, "tls-id", &val) && tls_id_ok(&val))
		(void)pl_strcpy(&val, d->peer_id, sizeof(d->peer_id));

	return 0;
}

static bool same_peer(const struct dtls_terms *a, const struct dtls_terms *b)
{
	if (!a->on || !b->on || a->fpc != b->fpc ||
	    strcmp(a->peer_id, b->peer_id))
		return false;
	for (unsigned i = 0; i < a->fpc; i++) {
		const struct fingerprint *x = &a->fpv[i], *y = &b->fpv[i];

		if (x->hash != y->hash || x->n != y->n ||
		    memcmp(x->v, y->v, x->n))
			return false;
	}

	return true;
}

bool dtls_same(const struct dtls_terms *a, const struct dtls_terms *b)
{
	return same_peer(a, b) && a->setup == b->setup && !strcmp(a->id, b->id);
}

/* Does an offer leave us the role that we have? */
static bool role_stays(enum setup_role ours, enum setup_role theirs)
{
	return theirs == SETUP_ACTPASS ||
	       (ours == SETUP_ACTIVE && theirs == SETUP_PASSIVE) ||
	       (ours == SETUP_PASSIVE && theirs == SETUP_ACTIVE);
}

int dtls_asked(struct dtls_terms *d, const struct dtls_terms *now,
	       const struct sdpx *sdp, size_t i, bool active,
	       struct media_err *e)
{
	enum setup_role theirs = SETUP_ACTIVE; /* RFC 4145 4: the default */
	const enum fp_hash hash = d->hash;
	int err;

	memset(d, 0, sizeof(*d));
	d->on = true;
	d->hash = hash;
	err = take(d, &theirs, sdp, i, e);
	if (err)
		return err;
	if (same_peer(d, now) && role_stays(now->setup, theirs)) {
		d->setup = now->setup;
		memcpy(d->id, now->id, sizeof(d->id));
		return 0;
	}
	d->setup = setup_answer(theirs, active);
	if (d->setup != SETUP_ACTIVE && d->setup != SETUP_PASSIVE)
		return media_fail(e, EINVAL,
				  "m= line %zu: its a=setup cannot be "
				  "answered: actpass, active or passive",
				  i + 1);

	return tls_id_make(d->id);
}

int dtls_offer(struct dtls_terms *d, const struct dtls_terms *now)
{
	const enum fp_hash hash = d->hash;

	memset(d, 0, sizeof(*d));
	d->on = true;
	d->hash = hash;
	d->setup = SETUP_ACTPASS; /* RFC 5763 5 */
	if (!now->on)
		return tls_id_make(d->id);
	memcpy(d->id, now->id, sizeof(d->id));

	return 0;
}

int dtls_answered(struct dtls_terms *d, const struct sdpx *sdp, size_t i,
		  struct media_err *e)
{
	enum setup_role theirs = SETUP_PASSIVE; /* RFC 4145 4 */
	int err = take(d, &theirs, sdp, i, e);

	if (err)
		return err;
	if (theirs != SETUP_ACTIVE && theirs != SETUP_PASSIVE)
		return media_fail(e, EINVAL,
				  "m= line %zu: a=setup of an answer is active "
				  "or passive",
				  i + 1);
	d->setup = theirs == SETUP_ACTIVE ? SETUP_PASSIVE : SETUP_ACTIVE;

	return 0;
}

int dtls_lines(char *linev[DTLS_LINES], const struct dtls_terms *d,
	       const struct dtlsx_cert *cert)
{
	struct fingerprint fp;
	int err = dtlsx_cert_fingerprint(cert, d->hash, &fp);

	if (!err)
		err = re_sdprintf(&linev[0], "fingerprint:%H",
				  fingerprint_print, &fp);
	if (!err)
		err = re_sdprintf(&linev[1], "setup:%s", setup_name(d->setup));
	if (!err)
		err = re_sdprintf(&linev[2], "tls-id:%s", d->id);

	return err;
}

/* ---- store ---------------------------------------------------------------- */

int dtls_put(struct odict *o, const char *key, const struct dtls_terms *d)
{
	struct odict *x, *arr;
	int err;

	if (!d->on)
		return 0;
	err = dict_add(&x, o, key, ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(x, "setup", setup_name(d->setup));
	err |= dict_int(x, "hash", (int64_t)d->hash);
	err |= dict_str(x, "peer_id", d->peer_id);
	err |= dict_str(x, "id", d->id);
	err |= dict_add(&arr, x, "fingerprints", ODICT_ARRAY);
	for (unsigned i = 0; i < d->fpc && !err; i++) {
		char n[16], *text = NULL;

		(void)re_snprintf(n, sizeof(n), "%u", i);
		err = re_sdprintf(&text, "%H", fingerprint_print, &d->fpv[i]);
		if (!err)
			err = dict_str(arr, n, text);
		mem_deref(text);
	}

	return err;
}

static void load_prints(struct dtls_terms *d, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_ARRAY,
						     "fingerprints");
	struct le *le;

	for (le = e ? list_head(&e->u.odict->lst) : NULL;
	     le && d->fpc < DTLSX_FPS; le = le->next) {
		const struct odict_entry *x = le->data;
		struct pl pl;

		if (x->type != ODICT_STRING)
			continue;
		pl_set_str(&pl, x->u.str);
		if (!fingerprint_decode(&d->fpv[d->fpc], &pl))
			++d->fpc;
	}
}

void dtls_load(struct dtls_terms *d, const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, key);
	const struct odict_entry *hash;
	struct pl pl;

	memset(d, 0, sizeof(*d));
	if (!e)
		return;
	d->on = true;
	pl_set_str(&pl, odict_string(e->u.odict, "setup"));
	d->setup = setup_decode(&pl);
	hash = odict_get_type(e->u.odict, ODICT_INT, "hash");
	d->hash = hash && hash->u.integer >= 0 && hash->u.integer < FP_HASHES
			  ? (enum fp_hash)hash->u.integer
			  : FP_SHA256;
	pl_set_str(&pl, odict_string(e->u.odict, "peer_id"));
	(void)pl_strcpy(&pl, d->peer_id, sizeof(d->peer_id));
	pl_set_str(&pl, odict_string(e->u.odict, "id"));
	(void)pl_strcpy(&pl, d->id, sizeof(d->id));
	load_prints(d, e->u.odict);
}
