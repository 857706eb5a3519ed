/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/dtlsterms.h  What was agreed of DTLS-SRTP with one party of an m= line
 *                          (RFC 5763, 8122, 8842)
 */
#ifndef CAROM_MEDIA_DTLSTERMS_H
#define CAROM_MEDIA_DTLSTERMS_H

#include <re.h>
#include "media/media.h"
#include "media/sdp.h"
#include "secure/dtls.h"

enum { TLS_ID_MAX = 255, DTLS_LINES = 3 };

struct dtls_terms {
	bool on;               /**< its SRTP is keyed by DTLS with us        */
	enum setup_role setup; /**< ours, as it was told last                */
	enum fp_hash hash;     /**< of the fingerprint that it is told       */
	struct fingerprint fpv[DTLSX_FPS]; /**< the party's                 */
	unsigned fpc;
	char peer_id[TLS_ID_MAX + 1]; /**< its a=tls-id, "" none            */
	char id[TLS_ID_LEN + 1];      /**< ours                             */
};

/** Is a section one whose keys come by DTLS? */
bool dtls_keyed(const struct sdpx_media *sm);
/** The same in a profile that is in the clear: who offers so can do without (RFC 8643) */
bool dtls_best_effort(const struct sdpx_media *sm);

/**
 * What a party offers
 *
 * @param now     In force, while its association lives: on stays false else. The
 *                same association keeps its role and tls-id
 * @param active  We are to be the client where the offer leaves it to us
 *
 * @return 0; EINVAL no fingerprint, or a setup that cannot be answered (e says it);
 *         EIO
 */
int dtls_asked(struct dtls_terms *d, const struct dtls_terms *now,
	       const struct sdpx *sdp, size_t i, bool active,
	       struct media_err *e);

/** What a party is offered; `now` as above. @return 0, EIO */
int dtls_offer(struct dtls_terms *d, const struct dtls_terms *now);

/** Its answer to what it was offered, into d. @return as dtls_asked() */
int dtls_answered(struct dtls_terms *d, const struct sdpx *sdp, size_t i,
		  struct media_err *e);

/** The same association? */
bool dtls_same(const struct dtls_terms *a, const struct dtls_terms *b);

/** Attributes to write, behind "a=": allocated strings. @return 0, ENOMEM, EIO */
int dtls_lines(char *linev[DTLS_LINES], const struct dtls_terms *d,
	       const struct dtlsx_cert *cert);

/** Put into the store and read again */
int dtls_put(struct odict *o, const char *key, const struct dtls_terms *d);
void dtls_load(struct dtls_terms *d, const struct odict *o, const char *key);

#endif
