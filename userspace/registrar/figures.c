/* SPDX-License-Identifier: BSD-2-Clause */
/* The registrar's figures, among the agent's */
#include <errno.h>
#include "registrar/control.h"
#include "registrar/priv.h"

struct figure {
	const char *key, *label, *metric, *help;
	enum { COUNTER, GAUGE, MICROSECONDS /* that go out as seconds */ } kind;
	uint64_t value;
};

static const char registers[] = "carom_registrar_registers_total";
static const char registers_help[] = "REGISTERs by what was answered";

static int add(struct odict *array, const struct figure *f)
{
	struct odict *o = NULL;
	char name[32];
	int err = odict_alloc(&o, 8);

	(void)re_snprintf(name, sizeof(name), "reg%zu",
			  odict_count(array, false));
	if (!err)
		err = odict_entry_add(o, "group", ODICT_STRING, "registrar");
	if (!err)
		err = odict_entry_add(o, "key", ODICT_STRING, f->key);
	if (!err && f->label)
		err = odict_entry_add(o, "label", ODICT_STRING, f->label);
	if (!err)
		err = odict_entry_add(o, "metric", ODICT_STRING, f->metric);
	if (!err)
		err = odict_entry_add(o, "type", ODICT_STRING,
				      f->kind == GAUGE ? "gauge" : "counter");
	if (!err)
		err = odict_entry_add(o, "help", ODICT_STRING, f->help);
	if (!err && f->kind == MICROSECONDS)
		err = odict_entry_add(o, "value", ODICT_DOUBLE,
				      (double)f->value / 1e6);
	else if (!err)
		err = odict_entry_add(o, "value", ODICT_INT, (int64_t)f->value);
	if (!err)
		err = odict_entry_add(array, name, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

int registrar_figures(const struct registrar *r, struct odict *figures)
{
	const struct odict_entry *e = odict_get_type(figures, ODICT_ARRAY,
						     "figures");
	const struct registrar_stats *s = &r->stats;
	size_t aors;
	const size_t contacts = location_count(r->loc, &aors);
#define REGISTERS(member)                                                      \
	{                                                                      \
		"registers", #member, registers, registers_help, COUNTER,      \
			s->member                                              \
	}
	const struct figure v[] = {
		{"contacts", NULL, "carom_registrar_contacts",
		 "Contacts that are registered", GAUGE, contacts},
		{"addresses", NULL, "carom_registrar_addresses",
		 "Addresses of record that have contacts", GAUGE, aors},
		{"extensions", NULL, "carom_registrar_extensions",
		 "Extensions that may register", GAUGE,
		 extensions_count(r->ext)},
		{"memory", NULL, "carom_registrar_memory_bytes",
		 "Memory that the contacts take", GAUGE,
		 location_memory(r->loc)},
		REGISTERS(accepted),
		REGISTERS(challenged),
		REGISTERS(stale),
		REGISTERS(wrong),
		REGISTERS(held),
		REGISTERS(refused),
		REGISTERS(brief),
		REGISTERS(full),
		REGISTERS(failed),
		{"blocked", NULL, "carom_registrar_blocked_total",
		 "Sources kept out because they guessed passwords", COUNTER,
		 s->blocked},
		{"keepalives", "answered", "carom_registrar_keepalives_total",
		 "OPTIONS to contacts by what came of them", COUNTER,
		 s->alive_answered},
		{"keepalives", "lost", "carom_registrar_keepalives_total",
		 "OPTIONS to contacts by what came of them", COUNTER,
		 s->alive_lost},
		{"keepalive_rtt", NULL,
		 "carom_registrar_keepalive_rtt_seconds_total",
		 "Time that those which were answered took, in all",
		 MICROSECONDS, s->rtt_sum},
	};
	int err = 0;

	for (size_t i = 0; e && i < ARRAY_SIZE(v) && !err; i++)
		err = add(e->u.odict, &v[i]);
	return err;
}
