/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/registered.h  Users of the registrar: where their calls go
 *
 * The edge asks whoever has the bindings (struct registered_source), and tells the
 * kernel. It keeps nothing of them but, for a while, the contacts that calls went to:
 * an INVITE's retransmission, its CANCEL and the ACK of a refusal follow it, with the
 * same Request-URI, whatever has been registered since (RFC 3261 16.11).
 */
#ifndef CAROM_EDGE_REGISTERED_H
#define CAROM_EDGE_REGISTERED_H

#include "edge/contact.h"
#include "fastpath/sip.h"

struct registered;

/** A binding of the user. @return whether that is enough of them */
typedef bool(registered_binding_h)(const struct contact_binding *b, void *harg);

/** Who has the bindings */
struct registered_source {
	/**
	 * Call h with each binding of a user that has not expired: highest q first,
	 * of the same q the latest first
	 *
	 * @param user    Escapes undone
	 * @param domain  Small letters; an address as it stands, without brackets
	 * @param gr      Value of the parameter `gr`, escapes undone: those of that
	 *                instance alone (RFC 5627; l 0: user is a temporary
	 *                GRUU's); NULL: all
	 *
	 * @return whether the user is known, be he registered or not
	 */
	bool (*each)(const struct pl *user, const struct pl *domain,
		     const struct pl *gr, registered_binding_h *h, void *harg,
		     void *arg);
	/** Call registered_changed() for each binding and each user that is known;
	 *  NULL: it is done without being asked */
	void (*all)(void *arg);
	void *arg;
};

/**
 * @param rp      mem_deref when done; the kernel keeps what it was told
 * @param policy  Kept by the caller; its `connected` is asked
 * @param sip     Referenced
 */
int registered_alloc(struct registered **rp, const struct policy *policy,
		     struct fp_sip *sip,
		     const struct registered_source *source);

/** Have the source tell of all that there is, where a rule is for registered users:
 *  at the start, and when such a rule has come */
void registered_start(struct registered *r);

/**
 * Something of the user has changed: tell the kernel, where a rule is for registered
 * users
 *
 * @param b  The binding that was added or refreshed; NULL: none was
 *
 * @return 0; E2BIG: the kernel's table is full, and the agent does all for those who
 *         are not in it; EINVAL, ENOMEM
 */
int registered_changed(struct registered *r, const struct pl *user,
		       const struct pl *domain,
		       const struct contact_binding *b);

/**
 * The contact that a request goes to, by its Request-URI
 *
 * @param cp  mem_deref when done
 *
 * @return 0; ENOENT: no such user; EHOSTUNREACH: he is not to be reached now; ENOMEM
 */
int registered_find(struct registered *r, struct contact **cp,
		    const struct msg *m);

/** Is a registered user there, by UDP? */
bool registered_at(const struct registered *r, const struct sa *sa);

#endif
