/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/dst.c  Destinations, and how to get there
 */
#include <errno.h>
#include <string.h>
#include "plane/core.h"

enum { AGAIN_MS = 100 };

static void destructor(void *arg)
{
	struct plane_dst *d = arg;

	list_unlink(&d->le);
}

/* @return false: the next hop is being resolved */
static bool look(struct plane_dst *d)
{
	struct fp_hop hop;
	int err;

	if (d->slot != NO_SLOT || !d->pl->net)
		return true;
	err = fp_hop_find(d->pl->net, &d->remote, &d->local, &hop);
	if (d->known == !err && !memcmp(&hop, &d->hop, sizeof(hop)))
		return err != EAGAIN;
	__atomic_fetch_add(&d->seq, 1, __ATOMIC_ACQ_REL);
	d->known = !err;
	d->hop = hop;
	__atomic_fetch_add(&d->seq, 1, __ATOMIC_ACQ_REL);

	return err != EAGAIN;
}

static void again(void *arg)
{
	dsts_refresh(arg);
}

void dsts_refresh(struct plane *pl)
{
	bool all = true;
	struct le *le;

	for (le = list_head(&pl->dsts); le; le = le->next)
		all &= look(le->data);
	if (!all)
		tmr_start(&pl->tmr, AGAIN_MS, again, pl);
}

int plane_dst_alloc(struct plane_dst **dstp, struct plane *pl,
		    const struct sa *local, const struct sa *remote)
{
	struct plane_dst *d;

	if (!dstp || !pl || !sa_isset(local, SA_ALL) ||
	    !sa_isset(remote, SA_ALL) || sa_af(local) != sa_af(remote))
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->pl = pl;
	d->local = *local;
	d->remote = *remote;
	if (fp_slot(pl->fp, remote, &d->slot))
		d->slot = NO_SLOT;
	list_append(&pl->dsts, &d->le, d);
	if (!look(d) && !tmr_isrunning(&pl->tmr))
		tmr_start(&pl->tmr, AGAIN_MS, again, pl);
	*dstp = d;

	return 0;
}

const struct sa *plane_dst_remote(const struct plane_dst *d)
{
	return d ? &d->remote : NULL;
}
