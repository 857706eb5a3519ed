/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/control.h  `carom registrations` and `carom extension`, answered
 */
#ifndef CAROM_REGISTRAR_CONTROL_H
#define CAROM_REGISTRAR_CONTROL_H

#include "registrar/registrar.h"

enum { CONTROL_SHOWN = 1000 /**< entries of a list, at most */ };

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

/**
 * Commands (control.h): "registrations list" [aor], "registrations delete" aor [id],
 * "extension list", "extension add" id password, "extension delete" id
 *
 * @return ENOSYS for any other
 */
int registrar_control(struct registrar *r, const char *command,
		      const struct odict *req, struct odict *reply);

/** Its figures among the agent's: those of media_figures(), in the array "figures".
 *  @return 0 or ENOMEM */
int registrar_figures(const struct registrar *r, struct odict *figures);

#endif
