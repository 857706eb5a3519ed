/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks: vendor, type, length with this head, value; numbers in network order */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include "hep/hep.h"

enum chunk {
	FAMILY = 1, /* 2: IPv4, 10: IPv6, as Linux has them             */
	PROTO = 2,
	SRC4 = 3,
	DST4 = 4,
	SRC6 = 5,
	DST6 = 6,
	SPORT = 7,
	DPORT = 8,
	SECONDS = 9,
	MICROSECONDS = 10,
	TYPE = 11,
	NODE_ID = 12,
	PASSWORD = 14,
	PAYLOAD = 15,
	CORRELATION = 17,
	NODE_NAME = 19,
};

enum { HEAD = 6 /* bytes of the packet's head, and of a chunk's */ };

static int put16(struct mbuf *mb, size_t v)
{
	return mbuf_write_u16(mb, htons((uint16_t)v));
}

static int put(struct mbuf *mb, enum chunk type, const void *p, size_t n)
{
	int err;

	if (n > HEP_PACKET_MAX - HEAD)
		return EMSGSIZE;
	err = put16(mb, 0); /* the generic vendor */
	err |= put16(mb, type);
	err |= put16(mb, HEAD + n);
	err |= mbuf_write_mem(mb, p, n);
	return err ? ENOMEM : 0;
}

static int put_u8(struct mbuf *mb, enum chunk type, uint8_t v)
{
	return put(mb, type, &v, sizeof(v));
}

static int put_u16(struct mbuf *mb, enum chunk type, uint16_t v)
{
	v = htons(v);
	return put(mb, type, &v, sizeof(v));
}

static int put_u32(struct mbuf *mb, enum chunk type, uint32_t v)
{
	v = htonl(v);
	return put(mb, type, &v, sizeof(v));
}

static int put_text(struct mbuf *mb, enum chunk type, const char *s)
{
	return s ? put(mb, type, s, strlen(s)) : 0;
}

static int put_addrs(struct mbuf *mb, const struct sa *src,
		     const struct sa *dst)
{
	int err;

	if (sa_af(src) != sa_af(dst))
		return EAFNOSUPPORT;
	switch (sa_af(src)) {
	case AF_INET:
		err = put(mb, SRC4, &src->u.in.sin_addr, 4);
		if (!err)
			err = put(mb, DST4, &dst->u.in.sin_addr, 4);
		break;
	case AF_INET6:
		err = put(mb, SRC6, &src->u.in6.sin6_addr, 16);
		if (!err)
			err = put(mb, DST6, &dst->u.in6.sin6_addr, 16);
		break;
	default:
		return EAFNOSUPPORT;
	}
	if (!err)
		err = put_u16(mb, SPORT, sa_port(src));
	return err ? err : put_u16(mb, DPORT, sa_port(dst));
}

static int put_chunks(struct mbuf *mb, const struct hep_node *node,
		      const struct hep_packet *p)
{
	int err = put_u8(mb, FAMILY, sa_af(p->src) == AF_INET6 ? 10 : 2);

	if (!err)
		err = put_u8(mb, PROTO, p->proto);
	if (!err)
		err = put_addrs(mb, p->src, p->dst);
	if (!err)
		err = put_u32(mb, SECONDS, (uint32_t)(p->time / 1000000));
	if (!err)
		err = put_u32(mb, MICROSECONDS, (uint32_t)(p->time % 1000000));
	if (!err)
		err = put_u8(mb, TYPE, (uint8_t)p->type);
	if (!err)
		err = put_u32(mb, NODE_ID, node->id);
	if (!err)
		err = put_text(mb, NODE_NAME, node->name);
	if (!err)
		err = put_text(mb, PASSWORD, node->password);
	if (!err && p->correlation.l)
		err = put(mb, CORRELATION, p->correlation.p, p->correlation.l);
	return err ? err : put(mb, PAYLOAD, p->payload.p, p->payload.l);
}

int hep_encode(struct mbuf *mb, const struct hep_node *node,
	       const struct hep_packet *p)
{
	size_t start, end;
	int err;

	if (!mb || !node || !p || !p->src || !p->dst)
		return EINVAL;
	start = mb->pos;
	err = mbuf_write_str(mb, "HEP3");
	if (!err)
		err = put16(mb, 0);
	if (!err)
		err = put_chunks(mb, node, p);
	end = mb->pos;
	if (!err && end - start > HEP_PACKET_MAX)
		err = EMSGSIZE;
	if (err) {
		mb->pos = mb->end = start;
		return err;
	}
	mb->pos = start + 4;
	(void)put16(mb, end - start);
	mb->pos = end;
	return 0;
}

/* ---- Call-ID ----------------------------------------------------------------- */

/* The value of a line "NAME: value", in any case of letters; LWS in front of the colon
 * and around the value */
static bool value_of(struct pl *val, const struct pl *line, const char *name)
{
	const size_t n = strlen(name);
	const char *p = line->p, *end = line->p + line->l;

	if (line->l < n || strncasecmp(p, name, n) != 0)
		return false;
	p += n;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p++ != ':')
		return false;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	val->p = p;
	while (p < end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
		p++;
	val->l = (size_t)(p - val->p);
	return val->l > 0;
}

int hep_callid(struct pl *callid, const struct pl *text)
{
	struct pl rest;

	if (!callid || !text || !text->p)
		return EINVAL;
	rest = *text;
	while (rest.l) {
		const char *nl = pl_strchr(&rest, '\n');
		struct pl line = {rest.p,
				  nl ? (size_t)(nl - rest.p) + 1 : rest.l};

		if (*line.p == '\r' || *line.p == '\n')
			break; /* the body */
		if (value_of(callid, &line, "call-id") ||
		    value_of(callid, &line, "i"))
			return 0;
		pl_advance(&rest, (ssize_t)line.l);
	}
	return ENOENT;
}
