/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/edit.h  The message that leaves: the one that came, with edits
 */
#ifndef CAROM_EDGE_EDIT_H
#define CAROM_EDGE_EDIT_H

#include "edge/forward.h"
#include "edge/key.h"

/** What a request leaves with */
struct edit {
	size_t pops; /**< own Routes to be taken out                  */
	bool record_route;
	bool path;        /**< REGISTER: Path with the flow's token         */
	bool strict;      /**< 16.6, 6: next Route is a strict router's    */
	bool trusted;     /**< the source                                   */
	bool natted;      /**< the source, over UDP, is not where its Via is */
	unsigned in, out; /**< listeners                                   */
	/* Record-Route of either side: its listener, and the token of the flow
	 * that leads to the other side; "": none */
	unsigned rr_in, rr_out;
	char token_in[KEY_TOKEN], token_out[KEY_TOKEN];
	const char *uri; /**< Request-URI in place of the one that came; NULL */
	const char *routes; /**< Route header to be put in, or NULL         */
	/** Headers that stay here */
	const struct msg_header *const *stripv;
	size_t stripc;
};

/** @return 0 or ENOMEM */
int edit_request(struct mbuf **mbp, const struct policy *p,
		 const struct forward_in *in, const struct msg *m,
		 const struct edit *e);

/** Our Via out. @return 0 or ENOMEM */
int edit_response(struct mbuf **mbp, const struct forward_out *out,
		  const struct msg *m);

/** The value of the topmost Via's header, with received and rport filled in */
int edit_via_value(struct mbuf *mb, const struct policy *p,
		   const struct forward_in *in, const struct msg *m);

/** Where the response to the request will go: what the branch is made of */
void edit_reply_addr(struct sa *dst, const struct policy *p,
		     const struct forward_in *in, const struct msg *m);

#endif
