/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/jsonput.h"
#include "base/put.h"

int jsonput_name(struct mbuf *mb, const char *name)
{
	const bool first = mb->pos && mb->buf[mb->pos - 1] == '{';
	int err = first ? PUT(mb, "\"") : PUT(mb, ",\"");

	if (!err)
		err = put_str(mb, name);

	return err ? err : PUT(mb, "\":");
}

static bool plain(char c)
{
	return (uint8_t)c >= ' ' && c != '"' && c != '\\' && c != 0x7f;
}

static int escaped(struct mbuf *mb, char c)
{
	static const char digitv[] = "0123456789abcdef";
	const char text[] = {
		'\\',           'u', '0', '0', digitv[(uint8_t)c >> 4],
		digitv[c & 15], '\0'};
	const char pair[] = {'\\', c, '\0'};

	return put_str(mb, c == '"' || c == '\\' ? pair : text);
}

int jsonput_str(struct mbuf *mb, const char *name, const struct pl *val)
{
	int err = jsonput_name(mb, name);

	if (!err)
		err = mbuf_write_u8(mb, '"');
	for (size_t i = 0; i < val->l && !err;) {
		const size_t from = i;

		while (i < val->l && plain(val->p[i]))
			++i;
		err = i > from ? mbuf_write_mem(mb,
						(const uint8_t *)val->p + from,
						i - from)
			       : escaped(mb, val->p[i++]);
	}

	return err ? err : mbuf_write_u8(mb, '"');
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
