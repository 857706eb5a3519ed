/* SPDX-License-Identifier: BSD-2-Clause */
/* What a token may do, by name */
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

#include <re.h>

#include "api/api.h"

static const struct {
	enum api_scope scope;
	const char *name;
} scopev[] = {
	{API_READ, "read"},     {API_WRITE, "write"}, {API_CALLS, "calls"},
	{API_EVENTS, "events"}, {API_ADMIN, "admin"},
};

const char *api_scope_name(enum api_scope scope)
{
	for (size_t i = 0; i < ARRAY_SIZE(scopev); i++)
		if (scopev[i].scope == scope)
			return scopev[i].name;

	return NULL;
}

enum api_scope api_scope_of(const struct pl *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scopev); i++)
		if (!pl_strcmp(name, scopev[i].name))
			return scopev[i].scope;

	return API_OPEN;
}

int api_scopes_of(unsigned *scopes, const struct pl *list)
{
	struct pl rest = *list;

	*scopes = 0;
	while (rest.l) {
		const char *comma = pl_strchr(&rest, ',');
		const struct pl one = {rest.p, comma ? (size_t)(comma - rest.p)
						     : rest.l};
		const enum api_scope scope = api_scope_of(&one);

		/* nothing behind the last comma either */
		if (!scope || (comma && one.l + 1 == rest.l))
			return EBADMSG;
		*scopes |= scope;
		pl_advance(&rest, (ssize_t)one.l + (comma ? 1 : 0));
	}

	return *scopes ? 0 : EBADMSG;
}
