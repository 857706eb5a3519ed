/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/reply.c  Checks of the other side, and what is answered
 */
#include <errno.h>
#include <string.h>
#include "ice/reply.h"

int ice_decode(struct stun_msg **msgp, struct stun_unknown_attr *ua,
	       const uint8_t *p, size_t n)
{
	struct stun_msg *msg = NULL;
	struct mbuf *mb;
	int err;

	if (!p || n < STUN_HEADER_SIZE || n > ICE_MSG_MAX)
		return EBADMSG;
	mb = mbuf_alloc(n);
	if (!mb)
		return ENOMEM;
	(void)mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	memset(ua, 0, sizeof(*ua));
	err = stun_msg_decode(&msg, mb, ua);
	mem_deref(mb);
	if (err)
		return err == ENOMEM ? err : EBADMSG;
	/* what shares the port with media has a fingerprint (RFC 8445 7.1) */
	if (!stun_msg_mcookie(msg) ||
	    stun_msg_method(msg) != STUN_METHOD_BINDING ||
	    stun_msg_chk_fingerprint(msg)) {
		mem_deref(msg);
		return EBADMSG;
	}
	*msgp = msg;

	return 0;
}

/* USERNAME is ours, a colon, and theirs (RFC 8445 7.2.2) */
static bool is_ours(const struct lite *l, const char *username)
{
	const size_t n = strlen(l->ufrag);

	return username && !strncmp(username, l->ufrag, n) &&
	       username[n] == ':';
}

int ice_refuse(struct mbuf *out, const struct stun_msg *msg, uint16_t code,
	       const char *why, const struct lite *l)
{
	struct stun_errcode ec = {.code = code, .reason = (char *)why};
	const size_t pos = out->pos;
	int err = stun_msg_encode(out, STUN_METHOD_BINDING,
				  STUN_CLASS_ERROR_RESP, stun_msg_tid(msg), &ec,
				  l ? (const uint8_t *)l->pwd : NULL,
				  l ? strlen(l->pwd) : 0, true, 0x00, 0);

	if (err)
		out->pos = out->end = pos;

	return err;
}

static int unknown(struct mbuf *out, const struct stun_msg *msg,
		   const struct stun_unknown_attr *ua, const struct lite *l)
{
	struct stun_errcode ec = {.code = 420, .reason = "Unknown Attribute"};
	const size_t pos = out->pos;
	int err = stun_msg_encode(out, STUN_METHOD_BINDING,
				  STUN_CLASS_ERROR_RESP, stun_msg_tid(msg), &ec,
				  (const uint8_t *)l->pwd, strlen(l->pwd), true,
				  0x00, 1, STUN_ATTR_UNKNOWN_ATTR, ua);

	if (err)
		out->pos = out->end = pos;

	return err;
}

int ice_admit(const struct lite *l, const struct stun_msg *msg,
	      const struct stun_unknown_attr *ua, struct mbuf *out)
{
	const struct stun_attr *user = stun_msg_attr(msg, STUN_ATTR_USERNAME);
	int err;

	if (!user || !stun_msg_attr(msg, STUN_ATTR_MSG_INTEGRITY))
		err = ice_refuse(out, msg, 400, "Bad Request", NULL);
	else if (!is_ours(l, user->v.username) ||
		 stun_msg_chk_mi(msg, (const uint8_t *)l->pwd, strlen(l->pwd)))
		err = ice_refuse(out, msg, 401, "Unauthorized", NULL);
	else if (ua->typec)
		err = unknown(out, msg, ua, l);
	else
		return 0;

	return err ? err : EACCES;
}

int ice_succeed(struct mbuf *out, const struct stun_msg *msg,
		const struct lite *l, const struct sa *src)
{
	const size_t pos = out->pos;
	int err = stun_msg_encode(
		out, STUN_METHOD_BINDING, STUN_CLASS_SUCCESS_RESP,
		stun_msg_tid(msg), NULL, (const uint8_t *)l->pwd,
		strlen(l->pwd), true, 0x00, 1, STUN_ATTR_XOR_MAPPED_ADDR, src);

	if (err)
		out->pos = out->end = pos;

	return err;
}
