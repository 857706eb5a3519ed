/* SPDX-License-Identifier: BSD-2-Clause */
/* Names as text */
#include <ctype.h>
#include <errno.h>
#include "dns/priv.h"

enum { LABEL = 63 };

static bool label_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

int name_fold(char name[DNS_NAME], const struct pl *text)
{
	size_t n = text ? text->l : 0, label = 0;

	if (n && text->p[n - 1] == '.')
		--n;
	if (!n || n >= DNS_NAME)
		return EINVAL;
	for (size_t i = 0; i < n; i++) {
		const char c = text->p[i];

		if (c == '.' ? !label : !label_char(c) || label == LABEL)
			return EINVAL;
		label = c == '.' ? 0 : label + 1;
		name[i] = (char)tolower((unsigned char)c);
	}
	name[n] = '\0';
	return label ? 0 : EINVAL;
}

bool dns_name_ok(const struct pl *name)
{
	char text[DNS_NAME];

	return !name_fold(text, name);
}
