/* SPDX-License-Identifier: BSD-2-Clause */
/* Keep-alives over UDP */
#include <errno.h>
#include <string.h>
#include "sip/keepalive.h"

enum {
	STUN_HEAD = 20,
	LONGEST = 16, /* of line ends and zeroes */
};

static bool is_filler(const struct pl *text)
{
	for (size_t i = 0; i < text->l; i++)
		if (text->p[i] && text->p[i] != '\r' && text->p[i] != '\n')
			return false;
	return text->l <= LONGEST;
}

/* The two highest bits are zero in STUN; SIP begins with a letter */
static bool may_be_stun(const struct pl *text)
{
	const uint8_t *p = (const uint8_t *)text->p;

	return text->l >= STUN_HEAD && p[0] < 0x40 &&
	       (size_t)(p[2] << 8 | p[3]) + STUN_HEAD == text->l;
}

static int bound(struct mbuf *mb, const struct stun_msg *msg,
		 const struct sa *src)
{
	/* RFC 3489 knew no cookie, and no address that is masked by it */
	return stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_SUCCESS_RESP,
			       stun_msg_tid(msg), NULL, NULL, 0, false, 0x00, 1,
			       stun_msg_mcookie(msg) ? STUN_ATTR_XOR_MAPPED_ADDR
						     : STUN_ATTR_MAPPED_ADDR,
			       src);
}

static int unknown(struct mbuf *mb, const struct stun_msg *msg,
		   const struct stun_unknown_attr *ua)
{
	struct stun_errcode ec = {.code = 420, .reason = "Unknown Attribute"};

	return stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_ERROR_RESP,
			       stun_msg_tid(msg), NULL, NULL, 0, false, 0x00, 2,
			       STUN_ATTR_ERR_CODE, &ec, STUN_ATTR_UNKNOWN_ATTR,
			       ua);
}

/* What is decoded keeps the buffer */
static struct stun_msg *decode(const struct pl *text,
			       struct stun_unknown_attr *ua)
{
	struct mbuf *mb = mbuf_alloc(text->l);
	struct stun_msg *msg = NULL;

	if (!mb || mbuf_write_pl(mb, text))
		goto out;
	mb->pos = 0;
	(void)stun_msg_decode(&msg, mb, ua);
out:
	mem_deref(mb);
	return msg;
}

bool keepalive(struct mbuf **reply, const struct sa *src, const struct pl *text)
{
	struct stun_unknown_attr ua = {.typec = 0};
	struct stun_msg *msg;
	struct mbuf *mb = NULL;
	int err;

	*reply = NULL;
	if (is_filler(text))
		return true;
	msg = may_be_stun(text) ? decode(text, &ua) : NULL;
	if (!msg)
		return false;
	if (stun_msg_class(msg) != STUN_CLASS_REQUEST ||
	    stun_msg_method(msg) != STUN_METHOD_BINDING)
		goto out;
	mb = mbuf_alloc(128);
	err = !mb        ? ENOMEM
	      : ua.typec ? unknown(mb, msg, &ua)
			 : bound(mb, msg, src);
	if (!err) {
		mb->pos = 0;
		*reply = mem_ref(mb);
	}
out:
	mem_deref(mb);
	mem_deref(msg);
	return true;
}
