/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/lite.c  Checks answered
 */
#include <errno.h>
#include <ctype.h>
#include <string.h>
#include "ice/lite.h"

enum {
	HOST_PRIORITY = 126,
	LOCAL_PRIORITY = 65535,
	STUN_MAX = 1280,
};

void lite_make(struct lite *l)
{
	rand_str(l->ufrag, sizeof(l->ufrag));
	rand_str(l->pwd, sizeof(l->pwd));
}

bool lite_word_ok(const struct pl *word, size_t least)
{
	if (!word || word->l < least || word->l > LITE_NAME_MAX)
		return false;
	for (size_t i = 0; i < word->l; i++) {
		if (!isalnum((unsigned char)word->p[i]) && word->p[i] != '+' &&
		    word->p[i] != '/')
			return false;
	}

	return true;
}

int lite_candidate(struct re_printf *pf, const struct sa *addr)
{
	const uint32_t prio = (uint32_t)HOST_PRIORITY << 24 |
			      (uint32_t)LOCAL_PRIORITY << 8 | 255;

	return re_hprintf(pf, "candidate:1 1 UDP %u %j %u typ host", prio, addr,
			  sa_port(addr));
}

/* USERNAME is ours, a colon, and theirs (RFC 8445 7.2.2) */
static bool is_ours(const struct lite *l, const char *username)
{
	const size_t n = strlen(l->ufrag);

	return username && !strncmp(username, l->ufrag, n) &&
	       username[n] == ':';
}

static enum lite_got refuse(struct mbuf *out, const struct stun_msg *msg,
			    uint16_t code, const char *why,
			    const struct lite *l)
{
	struct stun_errcode ec = {.code = code, .reason = (char *)why};
	const size_t pos = out->pos;
	int err = stun_msg_encode(out, STUN_METHOD_BINDING,
				  STUN_CLASS_ERROR_RESP, stun_msg_tid(msg), &ec,
				  l ? (const uint8_t *)l->pwd : NULL,
				  l ? strlen(l->pwd) : 0, true, 0x00, 0);

	if (!err)
		return LITE_REFUSED;
	out->pos = out->end = pos;

	return LITE_NOTHING;
}

static enum lite_got unknown(struct mbuf *out, const struct stun_msg *msg,
			     const struct stun_unknown_attr *ua,
			     const struct lite *l)
{
	struct stun_errcode ec = {.code = 420, .reason = "Unknown Attribute"};
	int err = stun_msg_encode(out, STUN_METHOD_BINDING,
				  STUN_CLASS_ERROR_RESP, stun_msg_tid(msg), &ec,
				  (const uint8_t *)l->pwd, strlen(l->pwd), true,
				  0x00, 1, STUN_ATTR_UNKNOWN_ATTR, ua);

	return err ? LITE_NOTHING : LITE_REFUSED;
}

static enum lite_got succeed(struct mbuf *out, const struct stun_msg *msg,
			     const struct lite *l, const struct sa *src)
{
	int err = stun_msg_encode(
		out, STUN_METHOD_BINDING, STUN_CLASS_SUCCESS_RESP,
		stun_msg_tid(msg), NULL, (const uint8_t *)l->pwd,
		strlen(l->pwd), true, 0x00, 1, STUN_ATTR_XOR_MAPPED_ADDR, src);

	if (err)
		return LITE_NOTHING;

	return stun_msg_attr(msg, STUN_ATTR_USE_CAND) ? LITE_NOMINATED
						      : LITE_CHECK;
}

static enum lite_got check(const struct lite *l, const struct sa *src,
			   const struct stun_msg *msg,
			   const struct stun_unknown_attr *ua, struct mbuf *out)
{
	const struct stun_attr *user = stun_msg_attr(msg, STUN_ATTR_USERNAME);

	/* RFC 8489 9.1.3 */
	if (!user || !stun_msg_attr(msg, STUN_ATTR_MSG_INTEGRITY))
		return refuse(out, msg, 400, "Bad Request", NULL);
	if (!is_ours(l, user->v.username) ||
	    stun_msg_chk_mi(msg, (const uint8_t *)l->pwd, strlen(l->pwd)))
		return refuse(out, msg, 401, "Unauthorized", NULL);
	if (ua->typec)
		return unknown(out, msg, ua, l);
	/* who is lite is controlled: the other one has to know (RFC 8445 6.1.1) */
	if (stun_msg_attr(msg, STUN_ATTR_CONTROLLED))
		return refuse(out, msg, 487, "Role Conflict", l);

	return succeed(out, msg, l, src);
}

enum lite_got lite_recv(const struct lite *l, const struct sa *src,
			const uint8_t *p, size_t n, struct mbuf *out)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;
	enum lite_got got = LITE_NOTHING;
	struct mbuf *mb;

	if (!l || !l->pwd[0] || !src || !p || !out || n < STUN_HEADER_SIZE ||
	    n > STUN_MAX)
		return LITE_NOTHING;
	mb = mbuf_alloc(n);
	if (!mb)
		return LITE_NOTHING;
	(void)mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	memset(&ua, 0, sizeof(ua));
	if (stun_msg_decode(&msg, mb, &ua))
		goto out;
	if (!stun_msg_mcookie(msg) ||
	    stun_msg_class(msg) != STUN_CLASS_REQUEST ||
	    stun_msg_method(msg) != STUN_METHOD_BINDING)
		goto out;
	/* what shares the port with media has one (RFC 8445 7.1) */
	if (stun_msg_chk_fingerprint(msg))
		goto out;
	got = check(l, src, msg, &ua, out);

out:
	mem_deref(msg);
	mem_deref(mb);

	return got;
}
