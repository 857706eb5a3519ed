// SPDX-License-Identifier: BSD-2-Clause
/* How many calls go elsewhere when a target of six dies, and when a seventh comes;
 * how even the load is. By the dispatcher's own tables. Prints JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "carom/sipkey.h"
#include "common.h"
#include "dispatch/dispatch.h"

enum { CALLS = 200000, MOST = 8 };

static uint32_t hashv[CALLS];
static uint16_t wentv[CALLS], goesv[CALLS];

/* Call-IDs of phones, hashed as the edge does */
static void make_calls(void)
{
	char id[64];

	for (uint32_t i = 0; i < CALLS; i++) {
		struct siphash h;

		(void)snprintf(id, sizeof(id), "%08x-%u@192.0.2.%u",
			       i * 0x9e3779b1u, i, i & 255);
		siphash_start(&h, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
		siphash_word(&h, SIP_KEY_CALL);
		sipkey_mem(&h, id, strlen(id));
		hashv[i] = (uint32_t)siphash_end(&h);
	}
}

static void merge(struct ds_sets *sets, unsigned targets)
{
	struct ds_list *list = NULL;
	char text[1024] = "";
	struct pl pl;
	size_t n = 0;

	for (unsigned i = 0; i < targets; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "1 sip:198.51.100.%u:5060\n", 10 + i);
	pl_set_str(&pl, text);
	if (ds_list_parse(&list, "list", &pl, NULL) ||
	    ds_sets_merge(sets, list, 1, NULL))
		die("%u targets: no list", targets);
	mem_deref(list);
}

static void look_up(const struct ds_set *set, uint16_t v[])
{
	for (uint32_t i = 0; i < CALLS; i++)
		v[i] = ds_target_number(ds_set_pick(set, hashv[i]));
}

/* The greatest distance of a target's load from an even share */
static double unevenness(const uint16_t v[], unsigned targets)
{
	const double even = (double)CALLS / targets;
	uint32_t load[MOST] = {0};
	double worst = 0;

	for (uint32_t i = 0; i < CALLS; i++)
		load[v[i] % MOST]++;
	for (unsigned i = 0; i < MOST; i++) {
		double d = ((double)load[i] - even) / even;

		d = d < 0 ? -d : d;
		if (load[i] && d > worst)
			worst = d;
	}
	return worst;
}

static double moved(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < CALLS; i++)
		n += wentv[i] != goesv[i];
	return (double)n / CALLS;
}

int main(void)
{
	double gone = 0, off = 0, d;
	struct ds_sets *sets;
	struct ds_set *set;

	make_calls();
	if (ds_sets_alloc(&sets, NULL))
		die("no memory");
	merge(sets, 6);
	set = ds_sets_find(sets, 1);
	look_up(set, wentv);
	off = unevenness(wentv, 6);
	for (size_t i = 0; i < 6; i++) {
		struct ds_target *t = ds_set_target(set, i);

		(void)ds_target_set_state(t, DS_INACTIVE, false, "bench", 2);
		(void)ds_set_build(set);
		look_up(set, goesv);
		d = moved();
		gone = d > gone ? d : gone;
		d = unevenness(goesv, 5);
		off = d > off ? d : off;
		(void)ds_target_set_state(t, DS_ACTIVE, false, "bench", 3);
		(void)ds_set_build(set);
	}
	merge(sets, 7);
	look_up(ds_sets_find(sets, 1), goesv);
	d = unevenness(goesv, 7);
	off = d > off ? d : off;
	(void)printf("{\"keys_moved_gone\":%.5f,\"keys_moved_came\":%.5f,"
		     "\"load_uneven\":%.5f}\n",
		     gone, moved(), off);
	mem_deref(sets);
	return 0;
}
