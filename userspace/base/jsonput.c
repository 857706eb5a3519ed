/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "base/jsonput.h"
#include "base/put.h"

/* Room for so many bytes more, to be written at once */
static uint8_t *room(struct mbuf *mb, size_t n)
{
	if (mbuf_get_space(mb) < n &&
	    mbuf_resize(mb, max(2 * mb->size, mb->pos + n)))
		return NULL;

	return mbuf_buf(mb);
}

static void used(struct mbuf *mb, const uint8_t *end)
{
	mb->pos = mb->end = (size_t)(end - mb->buf);
}

/* ,"name": */
static uint8_t *put_name(uint8_t *p, const struct mbuf *mb, const char *name,
			 size_t n)
{
	if (mb->pos && mb->buf[mb->pos - 1] != '{')
		*p++ = ',';
	*p++ = '"';
	memcpy(p, name, n);
	p += n;
	*p++ = '"';
	*p++ = ':';

	return p;
}

enum { NAME = 4 /* bytes beside a name */, ESCAPED = 6 /* of a character */ };

int jsonput_name(struct mbuf *mb, const char *name)
{
	const size_t n = strlen(name);
	uint8_t *p = room(mb, n + NAME);

	if (!p)
		return ENOMEM;
	used(mb, put_name(p, mb, name, n));

	return 0;
}

static uint8_t *put_char(uint8_t *p, uint8_t c)
{
	static const char digitv[] = "0123456789abcdef";

	if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
		*p++ = c;
		return p;
	}
	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = c;
		return p;
	}
	memcpy(p, "u00", 3);
	p[3] = (uint8_t)digitv[c >> 4];
	p[4] = (uint8_t)digitv[c & 15];

	return p + 5;
}

int jsonput_str(struct mbuf *mb, const char *name, const struct pl *val)
{
	const size_t n = strlen(name);
	uint8_t *p = room(mb, n + NAME + ESCAPED * val->l + 2);

	if (!p)
		return ENOMEM;
	p = put_name(p, mb, name, n);
	*p++ = '"';
	for (size_t i = 0; i < val->l; i++)
		p = put_char(p, (uint8_t)val->p[i]);
	*p++ = '"';
	used(mb, p);

	return 0;
}

int jsonput_u64(struct mbuf *mb, const char *name, uint64_t n)
{
	int err = jsonput_name(mb, name);

	return err ? err : put_u64(mb, n);
}

int jsonput_bool(struct mbuf *mb, const char *name, bool is)
{
	int err = jsonput_name(mb, name);

	return err ? err : put_str(mb, is ? "true" : "false");
}
