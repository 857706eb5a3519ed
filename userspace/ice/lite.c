/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/lite.c  Checks answered
 */
#include <errno.h>
#include <ctype.h>
#include <string.h>
#include "ice/lite.h"
#include "ice/reply.h"

enum {
	HOST_PRIORITY = 126,
	LOCAL_PRIORITY = 65535,
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

uint32_t lite_priority(void)
{
	return (uint32_t)HOST_PRIORITY << 24 | (uint32_t)LOCAL_PRIORITY << 8 |
	       255;
}

int lite_candidate(struct re_printf *pf, const struct sa *addr)
{
	return re_hprintf(pf, "candidate:1 1 UDP %u %j %u typ host",
			  lite_priority(), addr, sa_port(addr));
}

static enum lite_got check(const struct lite *l, const struct sa *src,
			   const struct stun_msg *msg,
			   const struct stun_unknown_attr *ua, struct mbuf *out)
{
	int err = ice_admit(l, msg, ua, out);

	if (err)
		return err == EACCES ? LITE_REFUSED : LITE_NOTHING;
	/* who is lite is controlled: the other one has to know (RFC 8445 6.1.1) */
	if (stun_msg_attr(msg, STUN_ATTR_CONTROLLED))
		return ice_refuse(out, msg, 487, "Role Conflict", l)
			       ? LITE_NOTHING
			       : LITE_REFUSED;
	if (ice_succeed(out, msg, l, src))
		return LITE_NOTHING;

	return stun_msg_attr(msg, STUN_ATTR_USE_CAND) ? LITE_NOMINATED
						      : LITE_CHECK;
}

enum lite_got lite_recv(const struct lite *l, const struct sa *src,
			const uint8_t *p, size_t n, struct mbuf *out)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg;
	enum lite_got got = LITE_NOTHING;

	if (!l || !l->pwd[0] || !src || !p || !out ||
	    ice_decode(&msg, &ua, p, n))
		return LITE_NOTHING;
	if (stun_msg_class(msg) == STUN_CLASS_REQUEST)
		got = check(l, src, msg, &ua, out);
	mem_deref(msg);

	return got;
}
