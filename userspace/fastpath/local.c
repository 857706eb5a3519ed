/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/local.c  Media addresses, and the slots of their ports
 */
#include <errno.h>
#include <string.h>
#include "priv.h"
#include "sa6.h"

/* Where an address is in `locals`; with `place`, where it could go */
static struct local *find(const struct fp *fp, const uint8_t a[16], bool place)
{
	struct local *hole = NULL;
	uint32_t w[4], h;

	memcpy(w, a, sizeof(w));
	h = local_hash(w[0], w[1], w[2], w[3]);
	for (int i = 0; i < CAROM_LOCAL_PROBES; i++) {
		struct local *l = &fp->locals[(h + i) & (CAROM_LOCALS - 1)];

		if (l->used == LOCAL_USED && !memcmp(l->addr, a, 16))
			return l;
		if (l->used != LOCAL_USED && !hole)
			hole = l;
		if (l->used == LOCAL_FREE)
			break;
	}
	return place ? hole : NULL;
}

/* 0 where no media comes to it */
static uint32_t slot_count(const struct local *l)
{
	return l->port_max - l->port_min + 1u;
}

/* First gap between the address ranges that is `n` slots wide. Slot 0 is
 * never given out: in leg_aux.peer it means none */
static int find_slots(const struct fp *fp, uint32_t n, uint32_t *base)
{
	uint32_t at = 1;
	bool moved;

	do {
		moved = false;
		for (int i = 0; i < CAROM_LOCALS; i++) {
			const struct local *l = &fp->locals[i];
			uint32_t end = l->base + slot_count(l);

			if (l->used == LOCAL_USED && at < end &&
			    l->base < at + n) {
				at = end;
				moved = true;
			}
		}
	} while (moved);
	if (at + n > fp->slots || at + n < at)
		return ENOSPC;
	*base = at;
	return 0;
}

static bool legs_in_use(const struct fp *fp, const struct local *l)
{
	uint32_t n = slot_count(l);

	for (uint32_t i = 0; i < n; i++) {
		enum leg_state st = fp->legs[l->base + i].ctl.state;

		if (st != LEG_FREE && st != LEG_FOREIGN)
			return true;
	}
	return false;
}

static void clear_slots(struct fp *fp, uint32_t base, uint32_t n)
{
	memset(&fp->legs[base], 0, n * sizeof(struct leg));
	memset(&fp->aux[base], 0, n * sizeof(struct leg_aux));
}

int fp_local_add(struct fp *fp, const struct sa *laddr, uint16_t port_min,
		 uint16_t port_max, struct fp_err *e)
{
	uint32_t base, n = port_max - port_min + 1u;
	struct local *l;
	uint8_t a[16];
	int err;

	if (!fp || fp->readonly || port_min > port_max || port_min & 1 ||
	    sa6_from_sa(a, laddr))
		return fp_fail(e, EINVAL, "bad media address or port range");
	l = find(fp, a, false);
	if (l && l->port_min == port_min && l->port_max == port_max) {
		for (uint32_t i = 0; i < n; i++)
			fp_leg_recover(&fp->legs[l->base + i]);
		return 0;
	}
	if (l && legs_in_use(fp, l))
		return fp_fail(e, EBUSY,
			       "media address has calls on ports "
			       "%u-%u of an earlier configuration: keep that "
			       "range until they end, or run: carom detach",
			       l->port_min, l->port_max);
	if (l)
		l->used = LOCAL_DELETED;
	else
		l = find(fp, a, true);
	if (!l)
		return fp_fail(e, ENOSPC, "too many media addresses");
	err = find_slots(fp, n, &base);
	if (err)
		return fp_fail(e, err,
			       "leg table is full: %u ports wanted of "
			       "%u in all; raise media.legs, then: carom "
			       "detach --all; carom attach DEV",
			       n, fp->slots);

	clear_slots(fp, base, n);
	if (l->used != LOCAL_DELETED || memcmp(l->addr, a, sizeof(l->addr)))
		l->sip = 0;
	memcpy(l->addr, a, sizeof(l->addr));
	l->base = base;
	l->port_min = port_min;
	l->port_max = port_max;
	l->id = l - fp->locals;
	/* last: from here on the kernel sees it */
	__atomic_store_n(&l->used, LOCAL_USED, __ATOMIC_RELEASE);
	return 0;
}

/* An address without media: no port is in its range */
static void no_media(struct local *l)
{
	l->base = 0;
	l->port_min = 1;
	l->port_max = 0;
}

static int put_sip(struct fp *fp, const uint8_t a[16], int sip)
{
	struct local *l = find(fp, a, false);

	if (l) {
		l->sip = sip;
		if (!sip && !slot_count(l))
			l->used = LOCAL_DELETED;
		return 0;
	}
	if (!sip)
		return 0;
	l = find(fp, a, true);
	if (!l)
		return ENOSPC;
	memcpy(l->addr, a, sizeof(l->addr));
	no_media(l);
	l->sip = sip;
	l->id = l - fp->locals;
	__atomic_store_n(&l->used, LOCAL_USED, __ATOMIC_RELEASE);
	return 0;
}

int fp_local_sip(struct fp *fp, const struct sa *laddr, int listeners)
{
	struct local *l;
	uint8_t a[16];

	if (!fp || fp->readonly || sa6_from_sa(a, laddr))
		return EINVAL;
	l = find(fp, a, false);
	return put_sip(fp, a, listeners | (l ? l->sip & LOCAL_REGISTRAR : 0));
}

int fp_local_registrar(struct fp *fp, const struct sa *laddr)
{
	struct local *l;
	uint8_t a[16];

	if (!fp || fp->readonly || sa6_from_sa(a, laddr))
		return EINVAL;
	l = find(fp, a, false);
	return put_sip(fp, a, LOCAL_REGISTRAR | (l ? l->sip : 0));
}

void fp_local_no_registrar(struct fp *fp)
{
	for (int i = 0; fp && !fp->readonly && i < CAROM_LOCALS; i++) {
		const struct local *l = &fp->locals[i];

		if (l->used == LOCAL_USED && l->sip & LOCAL_REGISTRAR)
			(void)put_sip(fp, l->addr, l->sip & ~LOCAL_REGISTRAR);
	}
}

int fp_local_foreign(struct fp *fp, const struct sa *laddr, uint16_t port_min,
		     uint16_t port_max)
{
	struct local *l;
	uint8_t a[16];

	if (!fp || fp->readonly || sa6_from_sa(a, laddr))
		return EINVAL;
	l = find(fp, a, false);
	if (!l)
		return ENOENT;
	for (uint32_t p = port_min; p <= port_max; p++)
		if (p >= l->port_min && p <= l->port_max)
			fp->legs[local_slot(l, p)].ctl.state = LEG_FOREIGN;
	return 0;
}

int fp_local_del(struct fp *fp, const struct sa *laddr)
{
	struct local *l;
	uint8_t a[16];

	if (!fp || fp->readonly || sa6_from_sa(a, laddr))
		return EINVAL;
	l = find(fp, a, false);
	if (!l)
		return ENOENT;
	if (!l->sip)
		__atomic_store_n(&l->used, LOCAL_DELETED, __ATOMIC_RELEASE);
	clear_slots(fp, l->base, slot_count(l));
	no_media(l);
	return 0;
}

int fp_slot(const struct fp *fp, const struct sa *local, uint32_t *slot)
{
	uint16_t port = sa_port(local);
	struct local *l;
	uint8_t a[16];

	if (!fp || sa6_from_sa(a, local))
		return EINVAL;
	l = find(fp, a, false);
	if (!l || port < l->port_min || port > l->port_max)
		return ENOENT;
	*slot = local_slot(l, port);
	return 0;
}

int fp_slot_of(const struct fp *fp, const uint8_t addr[16], uint16_t port,
	       uint32_t *slot)
{
	const struct local *l = find(fp, addr, false);

	if (!l || port < l->port_min || port > l->port_max)
		return ENOENT;
	*slot = local_slot(l, port);
	return 0;
}

static bool has_slot(const struct local *l, uint32_t slot)
{
	return l->used == LOCAL_USED && slot >= l->base &&
	       slot - l->base < slot_count(l);
}

int fp_slot_addr(const struct fp *fp, uint32_t slot, struct sa *sa)
{
	const struct local *l;

	if (!fp)
		return EINVAL;
	/* neighbours are asked for one after another */
	l = &fp->locals[*fp->last_local];
	for (int i = 0; i < CAROM_LOCALS && !has_slot(l, slot); i++)
		l = &fp->locals[i];
	if (!has_slot(l, slot))
		return ENOENT;
	*fp->last_local = l - fp->locals;
	sa6_to_sa(sa, l->addr, local_port(l, slot));
	return 0;
}
