// SPDX-License-Identifier: BSD-2-Clause
/* The device under test and its ends, as arguments name them */
#include "common.h"
#include "ends.h"

static void addr(struct sa *sa, const char *s)
{
	if (sa_set_str(sa, s, 0))
		die("\"%s\" is no address", s);
}

bool ends_take(struct ends *e, int c, const char *arg)
{
	switch (c) {
	case 'n':
		e->ns = arg;
		break;
	case 'i':
		e->in = arg;
		break;
	case 'o':
		e->out = arg;
		break;
	case 'a':
		addr(&e->near, arg);
		break;
	case 'b':
		addr(&e->far, arg);
		break;
	case 'x':
		addr(&e->local_in, arg);
		break;
	case 'y':
		addr(&e->local_out, arg);
		break;
	default:
		return false;
	}
	return true;
}

bool ends_whole(const struct ends *e)
{
	return e->ns && e->in && e->out && sa_isset(&e->near, SA_ADDR) &&
	       sa_isset(&e->far, SA_ADDR) && sa_isset(&e->local_in, SA_ADDR) &&
	       sa_isset(&e->local_out, SA_ADDR);
}

struct sa ends_at(const struct sa *sa, unsigned port)
{
	struct sa s = *sa;

	sa_set_port(&s, (uint16_t)port);
	return s;
}
