/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/target.c  A target and its state
 */
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/set.h"
#include "dispatch/uri.h"

enum { STATE_FLAGS = DS_F_INACTIVE | DS_F_TRYING | DS_F_DISABLED };

const struct ds_conf ds_conf_default = {
	.mode = DS_RENDEZVOUS,
	.slots = DS_SLOTS,
	.down = 3,
	.up = 1,
	.smooth = 10,
};

const char *ds_state_name(enum ds_state state)
{
	switch (state) {
	case DS_ACTIVE:
		return "active";
	case DS_TRYING:
		return "trying";
	case DS_INACTIVE:
		return "inactive";
	case DS_DISABLED:
		return "disabled";
	}

	return "?";
}

bool ds_target_usable(const struct ds_target *t)
{
	return t->st.state == DS_ACTIVE || t->st.state == DS_TRYING;
}

static enum ds_state state_of(uint32_t flags)
{
	if (flags & DS_F_DISABLED)
		return DS_DISABLED;
	if (flags & DS_F_INACTIVE)
		return DS_INACTIVE;

	return flags & DS_F_TRYING ? DS_TRYING : DS_ACTIVE;
}

static bool enter(struct ds_target *t, enum ds_state state, uint64_t now)
{
	if (t->st.state == state)
		return false;

	t->st.state = state;
	t->st.changed = now;

	return true;
}

static bool obey_list(struct ds_target *t, uint64_t now)
{
	t->st.fails = t->st.oks = 0;
	re_snprintf(t->st.reason, sizeof(t->st.reason),
		    "flags in the list are %u", t->flags);

	return enter(t, state_of(t->flags), now);
}

static void note_latency(struct ds_latency *lat, uint32_t rtt, uint32_t smooth)
{
	uint32_t us = min(rtt, DS_LATENCY_MAX * 1000u);
	int64_t step = (int64_t)us - (int64_t)lat->avg;

	if (smooth < 1)
		smooth = 1;
	else if (smooth > 100)
		smooth = 100;

	/* without a value from the list the first one is the average */
	if (!lat->answers && !lat->avg)
		lat->avg = us;
	else
		lat->avg = (uint32_t)((int64_t)lat->avg + step * smooth / 100);

	if (!lat->answers || us < lat->min)
		lat->min = us;
	if (us > lat->max)
		lat->max = us;
	++lat->answers;
}

static bool answered(struct ds_target *t, uint32_t up, uint64_t now)
{
	struct ds_status *st = &t->st;

	st->fails = 0;
	if (st->oks < UINT32_MAX)
		++st->oks;

	if (st->state == DS_TRYING)
		re_snprintf(st->reason, sizeof(st->reason), "answers again");
	else if (st->state == DS_INACTIVE && st->oks >= up)
		re_snprintf(st->reason, sizeof(st->reason),
			    "%u of %u probes answered", st->oks, up);
	else
		return false;

	return enter(t, DS_ACTIVE, now);
}

static bool failed(struct ds_target *t, uint32_t down, uint64_t now)
{
	struct ds_status *st = &t->st;

	st->oks = 0;
	++st->lat.timeouts;
	if (st->fails < UINT32_MAX)
		++st->fails;

	if (!ds_target_usable(t))
		return false;

	if (st->code)
		re_snprintf(st->reason, sizeof(st->reason),
			    "%u of %u probes failed, the last by answer %u",
			    st->fails, down, st->code);
	else
		re_snprintf(st->reason, sizeof(st->reason),
			    "%u of %u probes without answer", st->fails, down);

	return enter(t, st->fails >= down ? DS_INACTIVE : DS_TRYING, now);
}

void ds_target_sent(struct ds_target *t, bool request)
{
	if (!t)
		return;

	if (request)
		++t->st.requests;
	else
		++t->st.responses;
}

void ds_target_note(struct ds_target *t, uint16_t code, uint32_t rtt_us)
{
	if (!t)
		return;

	t->st.code = code;
	t->st.rtt = code ? rtt_us : 0;
}

bool ds_target_result(struct ds_target *t, const struct ds_conf *conf, bool ok,
		      uint32_t rtt_us, uint64_t now_ms)
{
	if (!t)
		return false;
	if (!conf)
		conf = &ds_conf_default;

	if (!ok)
		return failed(t, conf->down ? conf->down : 1, now_ms);

	note_latency(&t->st.lat, rtt_us, conf->smooth);

	return answered(t, conf->up ? conf->up : 1, now_ms);
}

bool ds_target_set_state(struct ds_target *t, enum ds_state state, bool probing,
			 const char *reason, uint64_t now_ms)
{
	if (!t || (unsigned)state > DS_DISABLED)
		return false;

	t->st.probing = probing;
	t->st.fails = t->st.oks = 0;
	str_ncpy(t->st.reason, reason ? reason : "set by hand",
		 sizeof(t->st.reason));

	return enter(t, state, now_ms);
}

static void target_destructor(void *arg)
{
	struct ds_target *t = arg;

	mem_deref(t->uri);
	mem_deref(t->attrs);
}

/* Strings are shared, so there is nothing here that could fail */
static void adopt(struct ds_target *t, const struct ds_entry *en)
{
	mem_deref(t->attrs);
	t->attrs = mem_ref(en->attrs);
	t->priority = en->priority;
	t->weight = en->weight;
	t->maxload = en->maxload;
	t->flags = en->flags;
}

int ds_target_alloc(struct ds_target **tp, const struct ds_entry *en,
		    uint16_t num, uint64_t now_ms)
{
	struct ds_target *t = mem_zalloc(sizeof(*t), target_destructor);
	struct pl uri;

	if (!t)
		return ENOMEM;

	pl_set_str(&uri, en->uri);
	(void)ds_uri_check(&uri, &t->addr);
	t->transp = ds_uri_transp(&uri);
	t->uri = mem_ref(en->uri);
	t->id = en->id;
	t->num = num;
	adopt(t, en);
	t->st.probing = en->flags & DS_F_PROBING;
	t->st.lat.avg = en->latency * 1000u;
	t->st.changed = now_ms;
	(void)obey_list(t, now_ms);
	if (t->st.state == DS_ACTIVE)
		str_ncpy(t->st.reason, "new in the list", sizeof(t->st.reason));

	*tp = t;

	return 0;
}

bool ds_target_update(struct ds_target *t, const struct ds_entry *en,
		      uint64_t now_ms)
{
	uint32_t flip = t->flags ^ en->flags;
	bool build = t->weight != en->weight || t->priority != en->priority;

	adopt(t, en);
	if (flip & DS_F_PROBING)
		t->st.probing = en->flags & DS_F_PROBING;
	if (flip & STATE_FLAGS)
		build |= obey_list(t, now_ms);

	return build;
}

void ds_target_set_addr(struct ds_target *t, const struct sa *addr)
{
	if (!t)
		return;

	if (addr)
		sa_cpy(&t->addr, addr);
	else
		sa_init(&t->addr, AF_UNSPEC);
}

const struct sa *ds_target_addr(const struct ds_target *t)
{
	return t && sa_isset(&t->addr, SA_ADDR) ? &t->addr : NULL;
}

enum ds_transp ds_target_transp(const struct ds_target *t)
{
	return t ? t->transp : DS_UDP;
}

const char *ds_target_uri(const struct ds_target *t)
{
	return t ? t->uri : NULL;
}

const char *ds_target_attrs(const struct ds_target *t)
{
	return t ? t->attrs : NULL;
}

uint32_t ds_target_flags(const struct ds_target *t)
{
	return t ? t->flags : 0;
}

uint32_t ds_target_priority(const struct ds_target *t)
{
	return t ? t->priority : 0;
}

uint32_t ds_target_weight(const struct ds_target *t)
{
	return t ? t->weight : 0;
}

uint32_t ds_target_maxload(const struct ds_target *t)
{
	return t ? t->maxload : 0;
}

uint16_t ds_target_number(const struct ds_target *t)
{
	return t ? t->num : DS_NONE;
}

const struct ds_status *ds_target_status(const struct ds_target *t)
{
	return t ? &t->st : NULL;
}
