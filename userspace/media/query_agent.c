/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/query_agent.c  What the agent's media workers do, as commands tell of it
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/checks.h"
#include "media/dict.h"
#include "media/handshake.h"
#include "media/query.h"
#include "media/relays.h"
#include "media/terms.h"

static int add_bridge(struct odict *d, const struct bridge_stats *st)
{
	int err = 0;

	err |= dict_int(d, "packets", st->packets);
	err |= dict_int(d, "lost", st->lost);
	err |= dict_int(d, "late", st->late);
	err |= dict_int(d, "not authentic", st->auth);
	err |= dict_int(d, "replayed", st->replay);
	err |= dict_int(d, "malformed", st->malformed);
	err |= dict_int(d, "refused", st->refused);
	err |= dict_int(d, "before keys", st->locked);
	err |= dict_int(d, "decoded", st->decoded);
	err |= dict_int(d, "encoded", st->encoded);
	err |= dict_int(d, "passed", st->passed);
	err |= dict_int(d, "events", st->events);
	err |= dict_int(d, "concealed ms", st->concealed);
	err |= dict_int(d, "RTCP", st->rtcp);
	err |= dict_int(d, "sent", st->sent);
	err |= dict_int(d, "played", st->played);
	err |= dict_float(d, "jitter ms", st->jitter_us / 1000.0);
	err |= dict_float(d, "held ms", st->held_us / 1000.0);
	err |= dict_float(d, "held at most ms", st->target_us / 1000.0);
	err |= dict_int(d, "undue", st->undue);
	err |= dict_float(d, "clock ppm", -st->drift_ppb / 1000.0);
	err |= dict_float(d, "RTT ms", st->rtt_us / 1000.0);
	err |= dict_float(d, "far loss", st->far_lost / 256.0);
	err |= dict_float(d, "far jitter ms", st->far_jitter_us / 1000.0);

	return err;
}

/* One way: to us, or from us */
static int add_mos(struct odict *o, const char *key, const struct quality *q)
{
	struct quality_sample x;
	struct odict *d;
	int err;

	if (!quality_average(&x, q))
		return 0;
	err = dict_add(&d, o, key, ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_float(d, "average", x.mos);
	err |= dict_float(d, "lowest", q->low.mos);
	err |= dict_float(d, "highest", q->high.mos);
	err |= dict_int(d, "samples", q->samples);

	return err;
}

static int add_fax(struct odict *o, const struct fax_stats *st)
{
	const struct udptl_stats *u = &st->udptl;
	struct odict *d;
	int err = dict_add(&d, o, "fax", ODICT_OBJECT);

	if (err)
		return err;
	err |= dict_int(d, "pages", st->pages);
	err |= dict_int(d, "bit/s", st->bitrate);
	err |= dict_int(d, "ECM", st->ecm);
	err |= dict_int(d, "datagrams", u->datagrams);
	err |= dict_int(d, "IFP received", u->received);
	err |= dict_int(d, "IFP recovered", u->recovered);
	err |= dict_int(d, "IFP lost", u->lost);
	err |= dict_int(d, "late", u->late);
	err |= dict_int(d, "malformed", u->malformed);
	err |= dict_int(d, "IFP sent", u->sent);
	err |= dict_int(d, "trimmed", u->trimmed);
	err |= dict_int(d, "not sent", st->unsent);

	return err;
}

/* Our address at the TURN server, and what goes by it */
static int add_relay(struct odict *d, const struct stream *s)
{
	const struct full_relay c = relayport_candidate(s->relay);
	struct relay_stats st;
	struct odict *x;
	char text[80];
	int err = dict_add(&x, d, "relay", ODICT_OBJECT);

	if (err)
		return err;
	relayport_stats(s->relay, &st);
	(void)re_snprintf(text, sizeof(text), "%J", &c.relayed);
	err |= dict_str(x, "address", text);
	(void)re_snprintf(text, sizeof(text), "%J", relayport_server(s->relay));
	err |= dict_str(x, "server", text);
	err |= odict_entry_add(x, "selected", ODICT_BOOL, stream_relayed(s));
	err |= dict_int(x, "received", (int64_t)st.rx);
	err |= dict_int(x, "sent", (int64_t)st.tx);
	err |= dict_int(x, "dropped", (int64_t)st.dropped);

	return err;
}

/* Where it is, or how far ICE has come; as the full side, our part in it, too */
static int add_ice(struct odict *d, const struct stream *s)
{
	const char *state = checks_text(s->checks);
	char pair[80];
	int err;

	(void)re_snprintf(pair, sizeof(pair), "%J", &s->terms->pair);
	if (!state)
		state = sa_isset(&s->terms->pair, SA_ALL) ? pair : "checking";
	else if (!strcmp(state, "up"))
		state = pair;
	err = dict_str(d, "ICE", state);
	err |= dict_str(d, "ICE role",
			!s->terms->full                 ? "lite"
			: checks_controlling(s->checks) ? "controlling"
							: "controlled");
	if (checks_consent_ms(s->checks) >= 0)
		err |= dict_int(d, "consent ms", checks_consent_ms(s->checks));
	if (s->relay)
		err |= add_relay(d, s);

	return err;
}

int query_agent(struct odict *o, const struct stream *s)
{
	struct bridge_stats st;
	struct fax_stats fax;
	struct odict *d;
	int err;

	if (!stream_agent_stats(s, &st))
		return 0;
	err = dict_add(&d, o, "agent", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(d, "why", fp_why_name(agent_why(s)));
	if (stream_bundled(s))
		err |= dict_str(d, "bundled as", s->grp.mid);
	if (s->terms && s->terms->dtls.on)
		err |= dict_str(d, "DTLS", handshake_text(s->hs));
	if (agent_rtcp_keyed(s) && stream_has_rtcp(s))
		err |= dict_str(d, "DTLS of RTCP", handshake_text(s->hs_rtcp));
	if (agent_no_rtcp(s))
		err |= dict_str(d, "RTCP",
				"none: with DTLS and ICE it needs rtcp-mux");
	if (s->terms && s->terms->ice)
		err |= add_ice(d, s);

	if (stream_fax_stats(s, &fax))
		err |= add_fax(d, &fax);

	err |= add_mos(d, "MOS in", &s->mos_in);
	err |= add_mos(d, "MOS out", &s->mos_out);

	return err | add_bridge(d, &st);
}

static int add_worker(struct odict *arr, const struct plane *pl, unsigned i)
{
	struct plane_stats st;
	struct odict *d;
	char key[16];
	int err;

	err = plane_stats(pl, i, &st);
	if (err)
		return err;
	(void)re_snprintf(key, sizeof(key), "%u", i);
	err = dict_add(&d, arr, key, ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_int(d, "received", st.rx);
	err |= dict_int(d, "sent", st.tx);
	err |= dict_int(d, "lost before it", st.rx_lost);
	err |= dict_int(d, "not sent", st.tx_lost);
	err |= dict_int(d, "sent by the host", st.tx_slow);
	err |= dict_int(d, "handed over", st.handed);
	err |= dict_int(d, "lost handing over", st.hand_full);
	err |= dict_int(d, "stray", st.stray);
	err |= dict_int(d, "malformed", st.malformed);
	err |= dict_int(d, "events lost", st.event_full);
	err |= dict_int(d, "wakes", st.wakes);
	err |= dict_int(d, "batches", st.batches);
	err |= dict_int(d, "system calls", st.kicks);
	err |= dict_int(d, "cpu ns", st.cpu_ns);
	err |= dict_int(d, "ports", st.ports);
	err |= dict_int(d, "sockets", st.sockets);

	return err;
}

int statistics_turn(struct odict *out, const struct media *m)
{
	struct relays_stats st;
	struct odict *d, *f;
	char server[80];
	int err;

	if (!m->relays)
		return 0;
	relays_stats(m->relays, &st);
	err = dict_add(&d, out, "turn", ODICT_OBJECT);
	if (err)
		return err;
	(void)re_snprintf(server, sizeof(server), "%J",
			  relays_server(m->relays));
	err |= dict_str(d, "server", server);
	err |= dict_str(d, "state", relays_text(m->relays));
	err |= dict_int(d, "ready", (int64_t)st.ready);
	err |= dict_int(d, "in use", (int64_t)st.used);
	err |= dict_int(d, "selected", (int64_t)st.pairs);
	err |= dict_int(d, "allocated", (int64_t)st.allocated);
	err |= dict_int(d, "missing", (int64_t)st.missing);
	err |= dict_int(d, "received", (int64_t)st.rx);
	err |= dict_int(d, "sent", (int64_t)st.tx);
	err |= dict_add(&f, d, "failed", ODICT_OBJECT);
	for (unsigned i = TURN_RELEASED + 1; i < TURN_WHYS && !err; i++)
		err = dict_int(f, turn_why_name(i), (int64_t)st.failed[i]);

	return err;
}

int statistics_workers(struct odict *out, const struct media *m)
{
	struct odict *d, *arr;
	int err;

	if (!m->plane)
		return 0;
	err = dict_add(&d, out, "mediaworkers", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(d, "by",
			plane_is_xdp(m->plane) ? "AF_XDP" : "plain sockets");
	if (!plane_is_xdp(m->plane))
		err |= dict_str(d, "why", plane_why_plain(m->plane));
	err |= dict_add(&arr, d, "workers", ODICT_ARRAY);
	for (unsigned i = 0; i < plane_workers(m->plane) && !err; i++)
		err = add_worker(arr, m->plane, i);

	return err;
}
