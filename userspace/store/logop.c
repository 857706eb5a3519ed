/* SPDX-License-Identifier: BSD-2-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "store/logop.h"

enum {
	HEAD = LOGOP_HEAD,
	LENGTH = 0,
	KEY = 4,
	EXPIRES = 8,
	THERE = 16,
	KIND = 17
};

int logop_write(struct mbuf *mb, const struct store_op *op)
{
	const size_t kindl = strlen(op->kind),
		     valuel = op->value.p ? op->value.l : 0;
	const size_t len = HEAD + kindl + op->key.l + valuel;
	const uint32_t len32 = htole32((uint32_t)len),
		       key32 = htole32((uint32_t)op->key.l);
	const uint64_t expires = htole64(op->expires);
	uint8_t *p;
	int err;

	if (op->key.l > INT32_MAX || valuel > INT32_MAX || len > INT32_MAX)
		return EOVERFLOW;
	if (mbuf_get_space(mb) < len) {
		err = mbuf_resize(mb, max(2 * mb->size, mb->pos + len));
		if (err)
			return err;
	}
	p = mbuf_buf(mb);
	memcpy(p + LENGTH, &len32, 4);
	memcpy(p + KEY, &key32, 4);
	memcpy(p + EXPIRES, &expires, 8);
	p[THERE] = op->value.p != NULL;
	p[KIND] = (uint8_t)kindl;
	memcpy(p + HEAD, op->kind, kindl);
	memcpy(p + HEAD + kindl, op->key.p, op->key.l);
	if (valuel)
		memcpy(p + HEAD + kindl + op->key.l, op->value.p, valuel);
	mb->pos += len;
	mb->end = mb->pos;

	return 0;
}

int logop_read(struct logop *o, const void *text, size_t n, size_t at)
{
	const uint8_t *p = text;
	uint32_t len, key;
	size_t kind;

	if (at >= n)
		return at == n ? ENOENT : EBADMSG;
	if (n - at < HEAD)
		return EBADMSG;
	p += at;
	memcpy(&len, p + LENGTH, 4);
	memcpy(&key, p + KEY, 4);
	memcpy(&o->expires, p + EXPIRES, 8);
	len = le32toh(len);
	key = le32toh(key);
	o->expires = le64toh(o->expires);
	kind = p[KIND];
	if (len > n - at || len < HEAD + kind || key > len - HEAD - kind ||
	    p[THERE] > 1 || !kind || kind > STORE_KIND_MAX)
		return EBADMSG;
	o->kind = (struct pl){(const char *)p + HEAD, kind};
	o->key = (struct pl){o->kind.p + kind, key};
	o->value = (struct pl){p[THERE] ? o->key.p + key : NULL,
			       len - HEAD - kind - key};
	o->at = at;
	o->len = len;

	return p[THERE] || !o->value.l ? 0 : EBADMSG;
}
