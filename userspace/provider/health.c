/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "provider/health.h"

static const char *const namev[] = {"unknown", "up", "down"};

const char *health_name(enum health_state s)
{
	return (size_t)s < ARRAY_SIZE(namev) ? namev[s] : "?";
}

static bool change(struct health *h, enum health_state s, uint64_t now)
{
	if (h->state == s)
		return false;
	h->state = s;
	h->changed = now;
	return true;
}

bool health_take(struct health *h, const struct health_result *r, uint32_t down,
		 uint32_t up, uint64_t now)
{
	h->last = *r;
	h->at = now;
	if (r->code && r->rtt)
		h->rtt_avg = h->rtt_avg ? (h->rtt_avg * 7ull + r->rtt) / 8
					: r->rtt;
	if (!r->ok) {
		++h->failures;
		h->oks = 0;
		++h->fails;
		return h->fails >= down && change(h, HEALTH_DOWN, now);
	}
	++h->answers;
	h->fails = 0;
	++h->oks;
	/* the first answer will do for one that nobody has called dead */
	return (h->oks >= up || h->state == HEALTH_UNKNOWN) &&
	       change(h, HEALTH_UP, now);
}

bool health_adopt(struct health *h, enum health_state s, const char *reason,
		  uint16_t code, uint64_t now)
{
	const bool known = h->oks || h->fails;

	if (s == HEALTH_UNKNOWN || (known && (s == HEALTH_UP) != h->last.ok))
		return false;
	if (!change(h, s, now))
		return false;
	h->at = now;
	h->last.ok = s == HEALTH_UP;
	h->last.code = code;
	str_ncpy(h->last.reason, reason ? reason : "", sizeof(h->last.reason));
	return true;
}

int health_json(struct odict *o, const struct health *h)
{
	int err = odict_entry_add(o, "state", ODICT_STRING,
				  health_name(h->state));

	if (!err && h->changed)
		err = odict_entry_add(o, "changed", ODICT_INT,
				      (int64_t)h->changed);
	if (!err && h->at)
		err = odict_entry_add(o, "checked", ODICT_INT, (int64_t)h->at);
	if (!err)
		err = odict_entry_add(o, "code", ODICT_INT,
				      (int64_t)h->last.code);
	if (!err)
		err = odict_entry_add(o, "reason", ODICT_STRING,
				      h->last.reason);
	if (!err && h->rtt_avg)
		err = odict_entry_add(o, "rtt_us", ODICT_INT,
				      (int64_t)h->rtt_avg);
	return err;
}

int health_load(struct health *h, const struct odict *o)
{
	const char *state = odict_string(o, "state");
	const char *reason = odict_string(o, "reason");
	uint64_t n;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; state && i < ARRAY_SIZE(namev); i++)
		if (!strcmp(state, namev[i]))
			h->state = (enum health_state)i;
	if (odict_get_number(o, &n, "changed"))
		h->changed = n;
	if (odict_get_number(o, &n, "checked"))
		h->at = n;
	if (odict_get_number(o, &n, "code"))
		h->last.code = (uint16_t)n;
	str_ncpy(h->last.reason, reason ? reason : "", sizeof(h->last.reason));
	return state ? 0 : EBADMSG;
}
