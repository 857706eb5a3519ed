/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/figures.c  What media workers and bridges did, for whoever watches the node
 *
 * One list has all: names, units, what they mean. carom prints it as a table, as JSON
 * and as Prometheus has it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/dict.h"
#include "media/figures.h"
#include "media/relays.h"
#include "media/terms.h"

/** A worker, with what is not its own to know */
struct worker_figures {
	struct plane_stats st;
	unsigned load; /* thousandths of a processor, in the last second */
};

/** Calls, and what was refused */
struct session_figures {
	uint64_t now, started, transcoded_now, transcoded, bridges;
	uint64_t refused_sessions, refused_load, refused_bandwidth;
	uint64_t recordings, recording_errors;
};

enum unit { PLAIN = 0, NANOSECONDS, MILLISECONDS, THOUSANDTHS };

/** Those of one metric follow one another */
struct figure {
	const char *key; /* in JSON                                 */
	const char
		*label; /* what tells it from others of its metric, or NULL */
	const char *metric;
	bool gauge;
	enum unit unit; /* that it is kept in: seconds and shares go out */
	const char *help;
	size_t off, size;
};

#define FIELD(type, field)                                                     \
	offsetof(struct type, field), sizeof(((struct type *)0)->field)

static const char worker_drop[] = "carom_worker_dropped_packets_total";
static const char worker_dropped[] = "Packets that a media worker lost";

static const struct figure workerv[] = {
	{"received", NULL, "carom_worker_received_packets_total", false, PLAIN,
	 "Packets that came to a media worker", FIELD(worker_figures, st.rx)},
	{"sent", NULL, "carom_worker_sent_packets_total", false, PLAIN,
	 "Packets that a media worker sent", FIELD(worker_figures, st.tx)},
	{"sent_by_host", NULL, "carom_worker_sent_by_host_packets_total", false,
	 PLAIN, "Of those sent, packets that went through the host's IP stack",
	 FIELD(worker_figures, st.tx_slow)},
	{"handed", NULL, "carom_worker_handed_packets_total", false, PLAIN,
	 "Of those that came, packets that another media worker handed over",
	 FIELD(worker_figures, st.handed)},
	{"dropped", "queue_full", worker_drop, false, PLAIN, worker_dropped,
	 FIELD(worker_figures, st.hand_full)},
	{"dropped", "too_slow", worker_drop, false, PLAIN, worker_dropped,
	 FIELD(worker_figures, st.rx_lost)},
	{"dropped", "not_sent", worker_drop, false, PLAIN, worker_dropped,
	 FIELD(worker_figures, st.tx_lost)},
	{"dropped", "stray", worker_drop, false, PLAIN, worker_dropped,
	 FIELD(worker_figures, st.stray)},
	{"dropped", "malformed", worker_drop, false, PLAIN, worker_dropped,
	 FIELD(worker_figures, st.malformed)},
	{"lost_events", NULL, "carom_worker_lost_events_total", false, PLAIN,
	 "Events for the signalling loop that found no room",
	 FIELD(worker_figures, st.event_full)},
	{"wakes", NULL, "carom_worker_wakes_total", false, PLAIN,
	 "Times that a media worker woke up", FIELD(worker_figures, st.wakes)},
	{"batches", NULL, "carom_worker_batches_total", false, PLAIN,
	 "Of those, times that packets were there",
	 FIELD(worker_figures, st.batches)},
	{"system_calls", NULL, "carom_worker_system_calls_total", false, PLAIN,
	 "System calls that a media worker made for packets",
	 FIELD(worker_figures, st.kicks)},
	{"cpu_seconds", NULL, "carom_worker_cpu_seconds_total", false,
	 NANOSECONDS, "Processor time that a media worker used",
	 FIELD(worker_figures, st.cpu_ns)},
	{"load", NULL, "carom_worker_load_ratio", true, THOUSANDTHS,
	 "Share of a processor that a media worker used in the last second",
	 FIELD(worker_figures, load)},
	{"ports", NULL, "carom_worker_ports", true, PLAIN,
	 "Ports that a media worker serves", FIELD(worker_figures, st.ports)},
	{"sockets", NULL, "carom_worker_sockets", true, PLAIN,
	 "AF_XDP sockets of a media worker", FIELD(worker_figures, st.sockets)},
};

static const char bridge_drop[] = "carom_bridge_dropped_packets_total";
static const char bridge_dropped[] = "Packets that bridges did not take";

static const struct figure bridgev[] = {
	{"received", NULL, "carom_bridge_received_packets_total", false, PLAIN,
	 "RTP packets that came to bridges, opened",
	 FIELD(bridge_stats, packets)},
	{"decoded", NULL, "carom_bridge_decoded_packets_total", false, PLAIN,
	 "Packets decoded", FIELD(bridge_stats, decoded)},
	{"encoded", NULL, "carom_bridge_encoded_packets_total", false, PLAIN,
	 "Packets encoded", FIELD(bridge_stats, encoded)},
	{"passed", NULL, "carom_bridge_passed_packets_total", false, PLAIN,
	 "Packets passed on without another codec",
	 FIELD(bridge_stats, passed)},
	{"events", NULL, "carom_bridge_event_packets_total", false, PLAIN,
	 "Packets of telephone-event", FIELD(bridge_stats, events)},
	{"played", NULL, "carom_bridge_played_packets_total", false, PLAIN,
	 "Packets of files, digits and silence that were played",
	 FIELD(bridge_stats, played)},
	{"sent", NULL, "carom_bridge_sent_packets_total", false, PLAIN,
	 "RTP packets that bridges sent", FIELD(bridge_stats, sent)},
	{"rtcp", NULL, "carom_bridge_rtcp_packets_total", false, PLAIN,
	 "RTCP packets that came to bridges", FIELD(bridge_stats, rtcp)},
	{"lost", NULL, "carom_bridge_lost_packets_total", false, PLAIN,
	 "Packets that did not come, or too late", FIELD(bridge_stats, lost)},
	{"late", NULL, "carom_bridge_late_packets_total", false, PLAIN,
	 "Packets that came too late, or twice", FIELD(bridge_stats, late)},
	{"undue", NULL, "carom_bridge_undue_packets_total", false, PLAIN,
	 "Packets that came when the jitter buffer had had them due",
	 FIELD(bridge_stats, undue)},
	{"concealed_seconds", NULL, "carom_bridge_concealed_seconds_total",
	 false, MILLISECONDS, "Sound that had to be guessed",
	 FIELD(bridge_stats, concealed)},
	{"dropped", "not_authentic", bridge_drop, false, PLAIN, bridge_dropped,
	 FIELD(bridge_stats, auth)},
	{"dropped", "replayed", bridge_drop, false, PLAIN, bridge_dropped,
	 FIELD(bridge_stats, replay)},
	{"dropped", "malformed", bridge_drop, false, PLAIN, bridge_dropped,
	 FIELD(bridge_stats, malformed)},
	{"dropped", "payload_type", bridge_drop, false, PLAIN, bridge_dropped,
	 FIELD(bridge_stats, refused)},
	{"dropped", "before_keys", bridge_drop, false, PLAIN, bridge_dropped,
	 FIELD(bridge_stats, locked)},
};

static const char refused[] = "carom_sessions_refused_total";
static const char refused_help[] =
	"New calls refused, by the limit that was reached";

static const struct figure sessionv[] = {
	{"now", NULL, "carom_sessions", true, PLAIN, "Calls that there are",
	 FIELD(session_figures, now)},
	{"started", NULL, "carom_sessions_total", false, PLAIN,
	 "Calls that there have been", FIELD(session_figures, started)},
	{"bridges", NULL, "carom_bridges", true, PLAIN,
	 "Bridges of the media workers", FIELD(session_figures, bridges)},
	{"transcoded_now", NULL, "carom_transcoded_sessions", true, PLAIN,
	 "Calls that are transcoded", FIELD(session_figures, transcoded_now)},
	{"transcoded", NULL, "carom_transcoded_sessions_total", false, PLAIN,
	 "Calls that were transcoded", FIELD(session_figures, transcoded)},
	{"refused", "sessions", refused, false, PLAIN, refused_help,
	 FIELD(session_figures, refused_sessions)},
	{"refused", "load", refused, false, PLAIN, refused_help,
	 FIELD(session_figures, refused_load)},
	{"refused", "bandwidth", refused, false, PLAIN, refused_help,
	 FIELD(session_figures, refused_bandwidth)},
	{"recordings", NULL, "carom_recordings", true, PLAIN,
	 "Calls that are recorded", FIELD(session_figures, recordings)},
	{"recording_errors", NULL, "carom_recording_errors_total", false, PLAIN,
	 "Writes of recordings that failed",
	 FIELD(session_figures, recording_errors)},
};

static const char turn_fail[] = "carom_turn_failures_total";
static const char turn_failed[] =
	"Allocations at the TURN server that came to nothing, or were lost";

#define TURN_FAILURE(label, why)                                               \
	{                                                                      \
		"failed", label, turn_fail, false, PLAIN, turn_failed,         \
			FIELD(relays_stats, failed[why])                       \
	}

static const struct figure turnv[] = {
	{"ready", NULL, "carom_turn_ready_allocations", true, PLAIN,
	 "Allocations at the TURN server that wait for a call",
	 FIELD(relays_stats, ready)},
	{"used", NULL, "carom_turn_used_allocations", true, PLAIN,
	 "Allocations at the TURN server that calls have",
	 FIELD(relays_stats, used)},
	{"selected", NULL, "carom_turn_selected_allocations", true, PLAIN,
	 "Of those that calls have, ones that their media goes by",
	 FIELD(relays_stats, pairs)},
	{"allocated", NULL, "carom_turn_allocations_total", false, PLAIN,
	 "Allocations that the TURN server has made",
	 FIELD(relays_stats, allocated)},
	{"missing", NULL, "carom_turn_missing_total", false, PLAIN,
	 "Times that an offer or answer went out without a relay as none was "
	 "ready",
	 FIELD(relays_stats, missing)},
	TURN_FAILURE("no_answer", TURN_SILENT),
	TURN_FAILURE("denied", TURN_DENIED),
	TURN_FAILURE("full", TURN_FULL),
	TURN_FAILURE("port_in_use", TURN_CLASH),
	TURN_FAILURE("unfit", TURN_UNFIT),
	TURN_FAILURE("fault", TURN_FAULT),
	TURN_FAILURE("lost", TURN_LOST),
	{"received", NULL, "carom_turn_received_packets_total", false, PLAIN,
	 "Packets of media that came by the TURN server",
	 FIELD(relays_stats, rx)},
	{"sent", NULL, "carom_turn_sent_packets_total", false, PLAIN,
	 "Packets of media that went by the TURN server",
	 FIELD(relays_stats, tx)},
};

/* ---- sums ----------------------------------------------------------------- */

void figures_ended(struct bridge_stats *sum, const struct bridge_stats *st)
{
	for (size_t i = 0; i < ARRAY_SIZE(bridgev); i++) {
		const size_t off = bridgev[i].off;

		/* all of them are uint64_t */
		*(uint64_t *)(void *)((uint8_t *)sum + off) += *(
			const uint64_t *)(const void *)((const uint8_t *)st +
							off);
	}
}

static void add_stream(struct session_figures *f, struct bridge_stats *sum,
		       const struct stream *s, bool *transcoded)
{
	struct bridge_stats st;

	if (!stream_agent_stats(s, &st))
		return;
	figures_ended(sum, &st);
	*transcoded |= agent_why(s) == LEG_WHY_TRANSCODING;
	/* one of two streams stands for it */
	f->bridges += stream_agent_first(s);
}

static void add_up(struct session_figures *f, struct bridge_stats *sum,
		   const struct media *m)
{
	const struct totals *t = &m->tot;
	struct le *ce, *pe, *se;

	memset(f, 0, sizeof(*f));
	*sum = m->bridged;
	f->now = m->callc;
	f->started = t->managed + m->callc;
	f->transcoded = t->transcoded;
	f->refused_sessions = t->rejected;
	f->refused_load = t->rejected_load;
	f->refused_bandwidth = t->rejected_bandwidth;
	f->recording_errors = t->rec_errors;
	for (ce = list_head(&m->calll); ce; ce = ce->next) {
		const struct media_call *c = ce->data;
		bool transcoded = false;

		f->recordings += c->rec != NULL;
		for (pe = list_head(&c->parties); pe; pe = pe->next) {
			const struct party *p = pe->data;

			for (se = list_head(&p->streams); se; se = se->next)
				add_stream(f, sum, se->data, &transcoded);
		}
		f->transcoded_now += transcoded;
	}
}

/* ---- told ------------------------------------------------------------------ */

static int add_value(struct odict *o, const struct figure *f, const void *base)
{
	const uint8_t *p = (const uint8_t *)base + f->off;
	uint64_t v;
	unsigned u;

	if (f->size == sizeof(v)) {
		memcpy(&v, p, sizeof(v));
	} else {
		memcpy(&u, p, sizeof(u));
		v = u;
	}
	switch (f->unit) {
	case PLAIN:
		break;
	case NANOSECONDS:
		return dict_float(o, "value", (double)v / 1e9);
	case MILLISECONDS:
	case THOUSANDTHS:
		return dict_float(o, "value", (double)v / 1e3);
	}

	return dict_int(o, "value", (int64_t)v);
}

/* worker: -1: not of a worker */
static int add_figure(struct odict *arr, const struct figure *f,
		      const char *group, const void *base, int worker)
{
	struct odict *o;
	char key[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%zu", odict_count(arr, false));
	err = dict_add(&o, arr, key, ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(o, "group", group);
	err |= dict_str(o, "key", f->key);
	err |= dict_str(o, "label", f->label);
	err |= dict_str(o, "metric", f->metric);
	err |= dict_str(o, "type", f->gauge ? "gauge" : "counter");
	err |= dict_str(o, "help", f->help);
	if (worker >= 0)
		err |= dict_int(o, "worker", worker);

	return err | add_value(o, f, base);
}

/* All workers of one figure, then the next: a metric has its samples side by side */
static int add_workers(struct odict *arr, const struct media *m)
{
	const unsigned n = m->plane ? plane_workers(m->plane) : 0;
	struct worker_figures *wv;
	int err = 0;

	if (!n)
		return 0;
	wv = mem_zalloc(n * sizeof(*wv), NULL);
	if (!wv)
		return ENOMEM;
	for (unsigned i = 0; i < n && !err; i++) {
		err = plane_stats(m->plane, i, &wv[i].st);
		wv[i].load = m->load.permillev[i % PLANE_WORKERS_MAX];
	}
	for (size_t f = 0; f < ARRAY_SIZE(workerv); f++) {
		for (unsigned i = 0; i < n && !err; i++)
			err = add_figure(arr, &workerv[f], "workers", &wv[i],
					 (int)i);
	}
	mem_deref(wv);

	return err;
}

int media_figures(const struct media *m, struct odict *out)
{
	struct session_figures sf;
	struct bridge_stats sum;
	struct relays_stats ts;
	struct odict *arr;
	int err;

	if (!m || !out)
		return EINVAL;
	if (m->plane)
		err = dict_str(out, "by",
			       plane_is_xdp(m->plane) ? "AF_XDP"
						      : "plain sockets");
	else
		err = 0;
	if (!err)
		err = dict_add(&arr, out, "figures", ODICT_ARRAY);
	if (!err)
		err = add_workers(arr, m);
	if (err)
		return err;
	add_up(&sf, &sum, m);
	for (size_t i = 0; i < ARRAY_SIZE(bridgev) && !err; i++)
		err = add_figure(arr, &bridgev[i], "bridges", &sum, -1);
	for (size_t i = 0; i < ARRAY_SIZE(sessionv) && !err; i++)
		err = add_figure(arr, &sessionv[i], "sessions", &sf, -1);
	if (m->relays)
		relays_stats(m->relays, &ts);
	for (size_t i = 0; m->relays && i < ARRAY_SIZE(turnv) && !err; i++)
		err = add_figure(arr, &turnv[i], "turn", &ts, -1);

	return err;
}
