/* SPDX-License-Identifier: BSD-2-Clause */
/* Those who are told what changes */
#include <errno.h>
#include "location/priv.h"

struct location_watch {
	struct le le;
	location_watch_h *h;
	void *arg;
};

static const char *const namev[LOCATION_EVENTS] = {
	[LOCATION_CREATED] = "created",
	[LOCATION_REFRESHED] = "refreshed",
	[LOCATION_SHORTENED] = "shortened",
	[LOCATION_UNREGISTERED] = "unregistered",
	[LOCATION_EXPIRED] = "expired",
	[LOCATION_PROBATION] = "probation",
	[LOCATION_DEACTIVATED] = "deactivated",
};

const char *location_event_name(enum location_event ev)
{
	return ev < LOCATION_EVENTS ? namev[ev] : "?";
}

static void destructor(void *arg)
{
	struct location_watch *w = arg;

	list_unlink(&w->le);
}

int location_watch(struct location_watch **wp, struct location *l,
		   location_watch_h *h, void *arg)
{
	struct location_watch *w;

	if (!wp || !l || !h)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	list_append(&l->watchl, &w->le, w);
	*wp = w;
	return 0;
}

void watch_tell(const struct location *l, enum location_event ev,
		const struct entry *e)
{
	struct le *le = list_head(&l->watchl);
	struct binding b;

	entry_view(&b, e);
	while (le) {
		const struct location_watch *w = le->data;

		le = le->next;
		w->h(ev, &b, w->arg);
	}
}

void watch_close(struct location *l)
{
	while (list_head(&l->watchl))
		list_unlink(list_head(&l->watchl));
}
