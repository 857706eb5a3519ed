/* SPDX-License-Identifier: BSD-2-Clause */
/* The flow that a registration came by: kept, and made anew where it breaks */
#include <string.h>
#include "base/log.h"
#include "provider/outbound.h"
#include "provider/uaccore.h"

static bool has_word(const struct msg *m, const char *name, const char *word)
{
	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry;

		if (pl_strcasecmp(&m->hdrv[i].name, name))
			continue;
		while (msg_list_next(&list, &entry))
			if (!pl_strcasecmp(&entry, word))
				return true;
	}
	return false;
}

/* Nobody calls us any more: registered anew at once, but more and more slowly where
 * it does not last (RFC 5626 4.5) */
static void flow_broke(const char *why, void *arg)
{
	struct uac *u = arg;
	uint64_t wait = UAC_SOON;

	u->flow = mem_deref(u->flow);
	u->trans = trans_release(u->trans);
	if (tmr_jiffies() - u->kept >= UAC_STABLE)
		u->breaks = 0;
	if (u->breaks++)
		wait = UAC_RETRY * 1000ull << MIN(u->breaks - 2, 6);
	wait = MIN(wait, UAC_RETRY_MAX * 1000ull);
	tmr_start(&u->tmr, wait / 2 + rand_u32() % (wait / 2 + 1), uac_begin,
		  u);
	u->code = 0;
	str_ncpy(u->reason, why, sizeof(u->reason));
	log_warn("provider %s: %s", u->p->rec->id, why);
	if (!u->registered)
		return;
	u->registered = false;
	uac_tell(u, "provider.unregistered");
}

void uac_keep(struct uac *u, const struct msg *m)
{
	const struct record *r = u->p->rec;
	struct wire_flow_conf c = {.transp = u->at.transp,
				   .dst = u->at.addr,
				   .host = r->hostname,
				   .timer = uac_number(m, "Flow-Timer")};

	if (!r->reg.outbound || u->flow)
		return;
	c.answers = c.timer || has_word(m, "Require", "outbound");
	u->kept = tmr_jiffies();
	if (wire_flow_alloc(&u->flow, outbound_wire(u->p->all->out), &c,
			    flow_broke, u))
		log_warn("provider %s: its flow can't be kept", r->id);
}
