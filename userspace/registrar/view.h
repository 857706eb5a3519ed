/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/view.h  A binding, and the figures, as they are shown
 */
#ifndef CAROM_REGISTRAR_VIEW_H
#define CAROM_REGISTRAR_VIEW_H

#include "registrar/registrar.h"

/**
 * A binding as JSON: "aor", "id", "contact", "q", "expires_in" and "registered_for"
 * (s), "call_id", "cseq", "source", "transport", "direct", and where there are any
 * "instance", "reg_id", "path", "user_agent", "rtt_us", "unanswered"
 *
 * @param now  s since 1970
 *
 * @return 0 or ENOMEM
 */
int registration_json(struct odict **op, const struct binding *b, uint64_t now);

/** The same as text. @return 0 or ENOMEM */
int registration_print(struct mbuf *mb, const struct binding *b, uint64_t now);

/** Its figures among the agent's: those of media_figures(), in the array "figures".
 *  @return 0 or ENOMEM */
int registrar_figures(const struct registrar *r, struct odict *figures);

#endif
