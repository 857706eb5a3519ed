/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_word.c  Words, numbers and addresses of SDP lines
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

int sdp_refuse(struct sdpx_err *e, size_t line, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return EBADMSG;

	e->line = (unsigned)line + 1;

	va_start(ap, fmt);
	(void)re_vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);

	return EBADMSG;
}

/* A stray CR is no letter of a word either: it would end the line elsewhere */
bool sdp_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool sdp_word(struct pl *rest, struct pl *word)
{
	while (rest->l && sdp_blank(rest->p[0]))
		pl_advance(rest, 1);

	word->p = rest->p;
	word->l = 0;

	while (rest->l && !sdp_blank(rest->p[0])) {
		pl_advance(rest, 1);
		++word->l;
	}

	return word->l > 0;
}

int sdp_uint(uint32_t *n, const struct pl *pl, uint32_t max)
{
	uint64_t v = 0;

	if (!pl->l)
		return EBADMSG;

	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return EBADMSG;
		if (v <= max)
			v = v * 10 + (uint64_t)(pl->p[i] - '0');
	}

	if (v > max)
		return ERANGE;

	*n = (uint32_t)v;

	return 0;
}

bool sdp_attr_is(const struct sdp_line *ln, const char *name)
{
	return ln->attr.l && !pl_strcmp(&ln->attr, name);
}

bool sdp_attr_dir(enum sdp_dir *dir, const struct sdp_line *ln)
{
	if (sdp_attr_is(ln, "sendrecv"))
		*dir = SDP_SENDRECV;
	else if (sdp_attr_is(ln, "sendonly"))
		*dir = SDP_SENDONLY;
	else if (sdp_attr_is(ln, "recvonly"))
		*dir = SDP_RECVONLY;
	else if (sdp_attr_is(ln, "inactive"))
		*dir = SDP_INACTIVE;
	else
		return false;

	return true;
}

/* Multicast only: IPv4 has "/ttl" or "/ttl/count", IPv6 "/count" */
static bool suffix_ok(const struct sa *sa, const struct pl *suffix)
{
	unsigned slashes = 1;

	if (!suffix->l)
		return false;

	for (size_t i = 0; i < suffix->l; i++) {
		char c = suffix->p[i];

		if (c == '/' && i && i + 1 < suffix->l)
			++slashes;
		else if (c < '0' || c > '9')
			return false;
	}

	return slashes <= (sa_af(sa) == AF_INET ? 2u : 1u);
}

int sdp_addr_decode(struct sa *sa, const struct pl *pl, const char **why)
{
	struct pl rest = *pl, net, type, addr, suffix = PL_INIT;
	const char *slash;
	int af;

	*why = "connection needs \"IN IP4 ADDRESS\" or \"IN IP6 ADDRESS\"";

	if (!sdp_word(&rest, &net) || !sdp_word(&rest, &type) ||
	    !sdp_word(&rest, &addr) || pl_strcasecmp(&net, "IN"))
		return EBADMSG;

	if (!pl_strcasecmp(&type, "IP4"))
		af = AF_INET;
	else if (!pl_strcasecmp(&type, "IP6"))
		af = AF_INET6;
	else
		return EBADMSG;

	*why = "not an address of the family it names"
	       " (host names are not looked up)";

	slash = pl_strchr(&addr, '/');
	if (slash) {
		suffix.p = slash + 1;
		suffix.l = (size_t)(addr.p + addr.l - suffix.p);
		addr.l = (size_t)(slash - addr.p);
	}

	if (!addr.l || sa_set(sa, &addr, 0) || sa_af(sa) != af)
		return EBADMSG;

	return slash && !suffix_ok(sa, &suffix) ? EBADMSG : 0;
}
