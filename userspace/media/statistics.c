/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/statistics.c  Totals of the node, in rtpengine 10.5's keys
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/call.h"
#include "media/dict.h"
#include "media/query.h"
#include "media/terms.h"

/* rtpengine writes its floating point figures as strings */
static int add_float(struct odict *o, const char *key, double val)
{
	char buf[32];

	(void)re_snprintf(buf, sizeof(buf), "%.6f", val);

	return odict_entry_add(o, key, ODICT_STRING, buf);
}

static int add_current(struct media *m, struct odict *out)
{
	static const char *const zerov[] = {
		"packetrate_user",   "byterate_user",   "errorrate_user",
		"packetrate_kernel", "byterate_kernel", "errorrate_kernel",
		"packetrate",        "byterate",        "errorrate",
	};
	struct odict *d;
	uint64_t kernel = 0, user = 0, transcoded = 0;
	struct le *ce, *pe, *se;
	int err = dict_add(&d, out, "currentstatistics", ODICT_OBJECT);

	if (err)
		return err;

	for (ce = list_head(&m->calll); ce; ce = ce->next) {
		const struct media_call *c = ce->data;

		for (pe = list_head(&c->parties); pe; pe = pe->next) {
			const struct party *p = pe->data;

			for (se = list_head(&p->streams); se; se = se->next) {
				const struct stream *s = se->data;

				user += stream_in_agent(s);
				kernel += s->leg_on[0] && !stream_in_agent(s);
				transcoded += s->agent &&
					      agent_why(s) ==
						      LEG_WHY_TRANSCODING;
			}
		}
	}

	err |= dict_int(d, "sessionsown", m->callc);
	err |= dict_int(d, "sessionsforeign", 0);
	err |= dict_int(d, "sessionstotal", m->callc);
	err |= dict_int(d, "transcodedmedia", transcoded);
	/* rates: whoever polls takes the difference of the totals */
	for (size_t i = 0; i < ARRAY_SIZE(zerov); i++)
		err |= dict_int(d, zerov[i], 0);
	err |= dict_int(d, "media_userspace", user);
	err |= dict_int(d, "media_kernel", kernel);
	err |= dict_int(d, "media_mixed", 0);

	return err;
}

static void sum_live(const struct media *m, uint64_t *packets, uint64_t *bytes,
		     uint64_t *errors)
{
	struct le *le;

	*packets = m->tot.packets;
	*bytes = m->tot.bytes;
	*errors = m->tot.errors;

	for (le = list_head(&m->calll); le; le = le->next) {
		uint64_t p, b, e;

		call_totals(le->data, &p, &b, &e);
		*packets += p;
		*bytes += b;
		*errors += e;
	}
}

static int add_durations(struct odict *d, const struct totals *t)
{
	double n = (double)t->managed, avg, var;
	int err = 0;

	avg = t->managed ? t->duration / n : 0.0;
	var = t->managed ? t->duration2 / n - avg * avg : 0.0;

	err |= add_float(d, "avgcallduration", avg);
	err |= add_float(d, "totalcallsduration", t->duration);
	err |= add_float(d, "totalcallsduration2", t->duration2);
	err |= add_float(d, "totalcallsduration_stddev",
			 var > 0.0 ? sqrt(var) : 0.0);

	return err;
}

static int add_total(const struct media *m, struct odict *out)
{
	const struct totals *t = &m->tot;
	uint64_t packets, bytes, errors;
	struct odict *d;
	char up[24];
	int err = dict_add(&d, out, "totalstatistics", ODICT_OBJECT);

	if (err)
		return err;

	sum_live(m, &packets, &bytes, &errors);
	(void)re_snprintf(up, sizeof(up), "%llu",
			  (media_now() - m->started) / 1000);

	err |= odict_entry_add(d, "uptime", ODICT_STRING, up);
	err |= dict_int(d, "managedsessions", t->managed);
	err |= dict_int(d, "rejectedsessions",
			t->rejected + t->rejected_load + t->rejected_bandwidth);
	err |= dict_int(d, "timeoutsessions", t->timeout);
	err |= dict_int(d, "silenttimeoutsessions", t->silent);
	err |= dict_int(d, "finaltimeoutsessions", t->final);
	err |= dict_int(d, "offertimeoutsessions", t->offer);
	err |= dict_int(d, "regularterminatedsessions", t->regular);
	err |= dict_int(d, "forcedterminatedsessions", t->forced);
	err |= dict_int(d, "relayedpackets_user", 0);
	err |= dict_int(d, "relayedpacketerrors_user", 0);
	err |= dict_int(d, "relayedbytes_user", 0);
	err |= dict_int(d, "relayedpackets_kernel", packets);
	err |= dict_int(d, "relayedpacketerrors_kernel", errors);
	err |= dict_int(d, "relayedbytes_kernel", bytes);
	err |= dict_int(d, "relayedpackets", packets);
	err |= dict_int(d, "relayedpacketerrors", errors);
	err |= dict_int(d, "relayedbytes", bytes);
	err |= dict_int(d, "zerowaystreams", t->zeroway);
	err |= dict_int(d, "onewaystreams", t->oneway);
	err |= add_durations(d, t);

	return err;
}

static int add_iface(struct odict *arr, const struct iface *ifc, unsigned n)
{
	struct odict *d, *p;
	uint32_t total, used, resting;
	char addr[64], key[16], pct[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", n);
	(void)re_snprintf(addr, sizeof(addr), "%j", &ifc->addr);
	ports_count(ifc->ports, &total, &used, &resting);
	(void)re_snprintf(pct, sizeof(pct), "%.2f",
			  total ? 100.0 * used / total : 0.0);

	err = dict_add(&d, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= odict_entry_add(d, "name", ODICT_STRING, ifc->name);
	err |= odict_entry_add(d, "address", ODICT_STRING, addr);
	err |= dict_add(&p, d, "ports", ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_int(p, "min", ports_min(ifc->ports));
	err |= dict_int(p, "max", ports_max(ifc->ports));
	err |= dict_int(p, "used", used * 2ull);
	err |= odict_entry_add(p, "used_pct", ODICT_STRING, pct);
	err |= dict_int(p, "free", (total - used - resting) * 2ull);
	err |= dict_int(p, "totals", total * 2ull);

	return err;
}

/* Where limits are: how near they are */
static int add_limits(struct odict *out, const struct media *m)
{
	const struct media_conf *conf = &m->conf;
	const struct load *l = &m->load;
	struct odict *d;
	int err = dict_add(&d, out, "limits", ODICT_OBJECT);

	if (err)
		return err;
	err |= dict_int(d, "sessions", m->callc);
	err |= dict_int(d, "max sessions", conf->max_sessions);
	err |= dict_int(d, "rejected for sessions", m->tot.rejected);
	err |= dict_int(d, "max load", conf->max_load);
	err |= dict_int(d, "rejected for load", m->tot.rejected_load);
	err |= dict_int(d, "max bandwidth", conf->max_bandwidth);
	err |= dict_int(d, "rejected for bandwidth", m->tot.rejected_bandwidth);
	if (conf->max_load) {
		err |= dict_int(d, "load", l->percent);
		err |= dict_int(d, "worker load", l->worker_percent);
	}
	if (conf->max_bandwidth)
		err |= dict_int(d, "bandwidth", l->kbits);

	return err;
}

static int add_recordings(struct odict *out, const struct media *m)
{
	struct odict *d;
	uint64_t n = 0;
	int err = dict_add(&d, out, "recordings", ODICT_OBJECT);

	for (struct le *le = list_head(&m->calll); le; le = le->next) {
		const struct media_call *c = le->data;

		n += c->rec != NULL;
	}
	if (err)
		return err;
	err |= dict_int(d, "running", n);
	err |= dict_int(d, "errors", m->tot.rec_errors);

	return err;
}

int media_statistics(struct media *m, struct odict *out)
{
	struct odict *arr;
	int err;

	if (!m || !out)
		return EINVAL;

	err = add_current(m, out);
	if (!err)
		err = add_total(m, out);
	if (!err)
		err = dict_add(&arr, out, "interfaces", ODICT_ARRAY);

	for (size_t i = 0; i < m->ifacec && !err; i++)
		err = add_iface(arr, &m->ifacev[i], (unsigned)i);
	if (!err)
		err = add_limits(out, m);
	if (!err)
		err = add_recordings(out, m);
	if (!err)
		err = statistics_workers(out, m);
	if (!err)
		err = statistics_turn(out, m);

	return err;
}
