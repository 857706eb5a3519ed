/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent did with the messages that came to it */
#include <errno.h>
#include <string.h>
#include "edge/count.h"

static const struct {
	const char *name, *text;
} eventv[COUNT_MAX] = {
#define X(id, name, text) {name, text},
	COUNT_EVENTS(X)
#undef X
};

const char *count_name(enum count_event ev)
{
	return ev < COUNT_MAX ? eventv[ev].name : "?";
}

const char *count_text(enum count_event ev)
{
	return ev < COUNT_MAX ? eventv[ev].text : "?";
}

void count_outcome(struct count *c, uint16_t code, const char *why)
{
	struct count_outcome *o;
	size_t i;

	if (!c)
		return;
	count_up(c, code ? COUNT_REPLIED : COUNT_DROPPED);
	why = why ? why : "";
	for (i = 0; i < c->outcomec; i++)
		if (c->outcomev[i].code == code &&
		    !strcmp(c->outcomev[i].why, why))
			break;
	if (i == COUNT_OUTCOMES)
		return;
	o = &c->outcomev[i];
	if (i == c->outcomec) {
		o->code = code;
		o->why = why;
		++c->outcomec;
	}
	++o->n;
}

static int put_events(struct odict *od, const struct count *c)
{
	struct odict *events = NULL, *texts = NULL;
	int err = odict_alloc(&events, 32);

	if (!err)
		err = odict_alloc(&texts, 32);
	for (unsigned i = 0; i < COUNT_MAX && !err; i++) {
		err = odict_entry_add(events, eventv[i].name, ODICT_INT,
				      (int64_t)c->eventv[i]);
		if (!err)
			err = odict_entry_add(texts, eventv[i].name,
					      ODICT_STRING, eventv[i].text);
	}
	if (!err)
		err = odict_entry_add(od, "events", ODICT_OBJECT, events);
	if (!err)
		err = odict_entry_add(od, "texts", ODICT_OBJECT, texts);
	mem_deref(events);
	mem_deref(texts);
	return err;
}

static int put_outcome(struct odict *arr, const struct count_outcome *o,
		       size_t nth)
{
	struct odict *one = NULL;
	char key[24];
	int err = odict_alloc(&one, 4);

	/* an array's keys are never shown, yet must differ */
	(void)re_snprintf(key, sizeof(key), "%zu", nth);
	if (!err)
		err = odict_entry_add(one, "code", ODICT_INT, (int64_t)o->code);
	if (!err)
		err = odict_entry_add(one, "reason", ODICT_STRING, o->why);
	if (!err)
		err = odict_entry_add(one, "count", ODICT_INT, (int64_t)o->n);
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, one);
	mem_deref(one);
	return err;
}

int count_json(struct odict *od, const struct count *c)
{
	struct odict *arr = NULL;
	int err;

	if (!od || !c)
		return EINVAL;
	err = put_events(od, c);
	if (!err)
		err = odict_alloc(&arr, 16);
	for (size_t i = 0; i < c->outcomec && !err; i++)
		err = put_outcome(arr, &c->outcomev[i], i);
	if (!err)
		err = odict_entry_add(od, "outcomes", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}
