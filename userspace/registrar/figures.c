/* SPDX-License-Identifier: BSD-2-Clause */
/* The registrar's figures, among the agent's */
#include "base/figure.h"
#include "registrar/view.h"
#include "registrar/priv.h"

static const char group[] = "registrar";
static const char registers[] = "carom_registrar_registers_total";
static const char registers_help[] = "REGISTERs by what was answered";

int registrar_figures(const struct registrar *r, struct odict *figures)
{
	const struct registrar_stats *s = &r->stats;
	size_t aors;
	const size_t contacts = location_count(r->loc, &aors);
#define REGISTERS(member)                                                      \
	{                                                                      \
		group, "registers", #member, registers, registers_help,        \
			FIGURE_COUNTER, s->member                              \
	}
	const struct figure v[] = {
		{group, "contacts", NULL, "carom_registrar_contacts",
		 "Contacts that are registered", FIGURE_GAUGE, contacts},
		{group, "addresses", NULL, "carom_registrar_addresses",
		 "Addresses of record that have contacts", FIGURE_GAUGE, aors},
		{group, "extensions", NULL, "carom_registrar_extensions",
		 "Extensions that may register", FIGURE_GAUGE,
		 extensions_count(r->ext)},
		{group, "memory", NULL, "carom_registrar_memory_bytes",
		 "Memory that the contacts take", FIGURE_GAUGE,
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
		{group, "blocked", NULL, "carom_registrar_blocked_total",
		 "Sources kept out because they guessed passwords",
		 FIGURE_COUNTER, s->blocked},
		{group, "keepalives", "answered",
		 "carom_registrar_keepalives_total",
		 "OPTIONS to contacts by what came of them", FIGURE_COUNTER,
		 s->alive_answered},
		{group, "keepalives", "lost",
		 "carom_registrar_keepalives_total",
		 "OPTIONS to contacts by what came of them", FIGURE_COUNTER,
		 s->alive_lost},
		{group, "keepalive_rtt", NULL,
		 "carom_registrar_keepalive_rtt_seconds_total",
		 "Time that those which were answered took, in all",
		 FIGURE_MICROSECONDS, s->rtt_sum},
	};

	return figure_add(figures, v, ARRAY_SIZE(v));
}
