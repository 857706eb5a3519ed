/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/stats.c  query and list, in the keys of rtpengine 10.5
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "media/call.h"

enum { DICT_BUCKETS = 8 };

/** Packets, bytes and errors, of RTP and of RTCP */
struct sums {
	uint64_t packets[2], bytes[2], errors[2];
};

static int add_dict(struct odict **dp, struct odict *o, const char *key,
		    int type)
{
	int err = odict_alloc(dp, DICT_BUCKETS);

	if (err)
		return err;

	/* the entry takes a reference of its own */
	err = odict_entry_add(o, key, type, *dp);
	mem_deref(*dp);

	return err;
}

static int add_str(struct odict *o, const char *key, const char *val)
{
	return odict_entry_add(o, key, ODICT_STRING, val);
}

static int add_int(struct odict *o, const char *key, uint64_t val)
{
	return odict_entry_add(o, key, ODICT_INT, (int64_t)val);
}

static const char *family(const struct sa *sa)
{
	return sa_af(sa) == AF_INET6 ? "IPv6" : "IPv4";
}

static int add_addr(struct odict *o, const char *key, const struct sa *sa)
{
	struct odict *d;
	char addr[64];
	int err = add_dict(&d, o, key, ODICT_OBJECT);

	if (err)
		return err;

	(void)re_snprintf(addr, sizeof(addr), "%j", sa);
	err |= add_str(d, "family", family(sa));
	err |= add_str(d, "address", addr);
	err |= add_int(d, "port", sa_port(sa));

	return err;
}

/* Everything the leg dropped is an error in rtpengine's eyes */
static uint64_t leg_errors(const struct fp_leg_stats *st)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CAROM_R_LEG_MAX; i++) {
		const char *cls = fp_reason_class(i);

		if (cls && !str_cmp(cls, "drop"))
			n += st->count[i];
	}

	return n;
}

static int add_reasons(struct odict *o, const struct fp_leg_stats *st)
{
	struct odict *d;
	int err = add_dict(&d, o, "reasons", ODICT_OBJECT);

	for (unsigned i = 0; i < CAROM_R_LEG_MAX && !err; i++) {
		if (st->count[i])
			err = add_int(d, fp_reason_name(i), st->count[i]);
	}

	return err;
}

/* What rtpengine has no key for */
static int add_carom(struct odict *o, const struct fp_leg_stats *st)
{
	struct odict *d;
	char peer[80];
	int err = add_dict(&d, o, "carom", ODICT_OBJECT);

	if (err)
		return err;

	err |= add_str(d, "state", fp_state_name(st->state));
	err |= add_str(d, "media", fp_media_name(st->media));
	err |= add_str(d, "latch", fp_latch_name(st->latch));
	if (sa_isset(&st->peer_remote, SA_ADDR)) {
		(void)re_snprintf(peer, sizeof(peer), "%J", &st->peer_remote);
		err |= add_str(d, "sends to", peer);
	}
	err |= odict_entry_add(d, "lost", ODICT_INT, st->lost);
	err |= add_int(d, "reordered", st->reordered);
	err |= add_int(d, "duplicate", st->duplicate);
	err |= odict_entry_add(d, "jitter ms", ODICT_DOUBLE, st->jitter_ms);
	err |= add_int(d, "payload type", st->pt);
	err |= add_int(d, "SSRC changes", st->ssrc_changes);
	err |= add_reasons(d, st);

	return err;
}

static int add_flags(struct odict *o, const struct stream *s, unsigned i,
		     const struct fp_leg_stats *st)
{
	struct odict *d;
	int err = add_dict(&d, o, "flags", ODICT_ARRAY);

	if (err)
		return err;

	err |= add_str(d, "0", i ? "RTCP" : "RTP");
	if (!i && s->mux)
		err |= add_str(d, "1", "RTCP");
	err |= add_str(d, "2", "filled");
	if (st->latch == LATCH_DONE)
		err |= add_str(d, "3", "confirmed");
	if (st->state == LEG_RELAY)
		err |= add_str(d, "4", "kernelized");
	if (s->cur.strict)
		err |= add_str(d, "5", "strict source");

	return err;
}

static int add_port(struct odict *arr, const struct stream *s, unsigned i,
		    struct sums *sum, struct odict *ssrcs)
{
	const struct media_call *c = s->party->call;
	const struct sa *sig = i ? &s->cur.rtcp : &s->cur.remote;
	struct fp_leg_stats st;
	struct odict *d, *n;
	struct sa local = s->local;
	char addr[64], key[16];
	uint64_t last;
	int err;

	memset(&st, 0, sizeof(st));
	if (!s->leg_on[i] || fp_leg_stats(c->m->fp, s->slot[i], &st)) {
		sa_init(&st.remote, AF_UNSPEC);
		st.age_ms = UINT64_MAX;
	}

	(void)re_snprintf(key, sizeof(key), "%u", i);
	err = add_dict(&d, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	sa_set_port(&local, (uint16_t)(sa_port(&s->local) + i));
	(void)re_snprintf(addr, sizeof(addr), "%j", &local);
	err |= add_int(d, "local port", sa_port(&local));
	err |= add_str(d, "local address", addr);
	err |= add_str(d, "family", family(&local));

	if (s->cur.known && s->cur.active) {
		err |= add_addr(d, "endpoint", sa_isset(&st.remote, SA_ADDR) ?
				&st.remote : sig);
		err |= add_addr(d, "advertised endpoint", sig);
	}

	last = c->signalled;
	if (st.age_ms != UINT64_MAX)
		last = (uint64_t)time(NULL) - st.age_ms / 1000;
	err |= add_int(d, "last packet", last);
	err |= add_flags(d, s, i, &st);

	err |= add_dict(&n, d, "stats", ODICT_OBJECT);
	if (err)
		return err;
	err |= add_int(n, "packets", st.packets);
	err |= add_int(n, "bytes", st.bytes);
	err |= add_int(n, "errors", leg_errors(&st));
	err |= add_carom(d, &st);

	sum->packets[i] += st.packets;
	sum->bytes[i] += st.bytes;
	sum->errors[i] += leg_errors(&st);

	if (!i && st.packets && st.ssrc) {
		err |= add_int(d, "SSRC", st.ssrc);
		(void)re_snprintf(key, sizeof(key), "%u", st.ssrc);
		if (!odict_lookup(ssrcs, key)) {
			err |= add_dict(&n, ssrcs, key, ODICT_OBJECT);
			if (err)
				return err;
			err |= odict_entry_add(n, "cumulative loss",
					       ODICT_INT, st.lost);
			err |= odict_entry_add(n, "jitter ms", ODICT_DOUBLE,
					       st.jitter_ms);
		}
	}

	return err;
}

static int add_media_flags(struct odict *o, const struct stream *s)
{
	struct odict *d;
	int err = add_dict(&d, o, "flags", ODICT_ARRAY);

	if (err)
		return err;

	err |= add_str(d, "0", "initialized");
	if (s->cur.dir & SDP_RECVONLY)
		err |= add_str(d, "1", "send");
	if (s->cur.dir & SDP_SENDONLY)
		err |= add_str(d, "2", "recv");
	if (s->mux)
		err |= add_str(d, "3", "rtcp-mux");
	if (s->cur.any_src)
		err |= add_str(d, "4", "asymmetric");
	if (s->blocked)
		err |= add_str(d, "5", "media blocked");
	if (s->dtmf_block)
		err |= add_str(d, "6", "DTMF blocked");

	return err;
}

static int add_media(struct odict *arr, const struct stream *s,
		     struct sums *sum, struct odict *ssrcs)
{
	struct odict *d, *streams;
	char key[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", s->idx);
	err = add_dict(&d, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= add_int(d, "index", s->idx + 1);
	err |= add_str(d, "type", s->cur.type);
	err |= add_str(d, "protocol", s->cur.proto);
	err |= add_dict(&streams, d, "streams", ODICT_ARRAY);
	if (err)
		return err;

	if (s->iface) {
		err |= add_port(streams, s, 0, sum, ssrcs);
		if (s->cur.media != LEG_OTHER)
			err |= add_port(streams, s, 1, sum, ssrcs);
	}

	return err | add_media_flags(d, s);
}

static int add_subscription(struct odict *o, const char *key,
			    const struct party *peer)
{
	struct odict *arr, *d;
	int err = add_dict(&arr, o, key, ODICT_ARRAY);

	if (err || !peer || !peer->tag)
		return err;

	err = add_dict(&d, arr, "0", ODICT_OBJECT);
	if (err)
		return err;

	err |= add_str(d, "tag", peer->tag);
	err |= add_str(d, "type", "offer/answer");

	return err;
}

static int add_party(struct odict *tags, const struct party *p, unsigned n,
		     struct sums *sum, struct odict *ssrcs)
{
	struct odict *d, *medias;
	char key[TAG_MAX + 32];
	struct le *le;
	int err;

	if (p->tag)
		(void)re_snprintf(key, sizeof(key), "%s", p->tag);
	else if (p->branch)
		(void)re_snprintf(key, sizeof(key), "via-branch %s",
				  p->branch);
	else
		(void)re_snprintf(key, sizeof(key), "pending %u", n);

	err = add_dict(&d, tags, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= add_str(d, "tag", p->tag ? p->tag : "");
	if (p->branch)
		err |= add_str(d, "via-branch", p->branch);
	err |= add_int(d, "created", p->created);
	if (p->peer && p->peer->tag)
		err |= add_str(d, "in dialogue with", p->peer->tag);
	err |= add_subscription(d, "subscriptions", p->peer);
	err |= add_subscription(d, "subscribers", p->peer);
	err |= add_dict(&medias, d, "medias", ODICT_ARRAY);

	for (le = list_head(&p->streams); le && !err; le = le->next)
		err = add_media(medias, le->data, sum, ssrcs);

	return err;
}

static int add_totals(struct odict *o, const struct sums *sum)
{
	struct odict *t, *d;
	int err = add_dict(&t, o, "totals", ODICT_OBJECT);

	for (unsigned i = 0; i < 2 && !err; i++) {
		err = add_dict(&d, t, i ? "RTCP" : "RTP", ODICT_OBJECT);
		if (err)
			break;
		err |= add_int(d, "packets", sum->packets[i]);
		err |= add_int(d, "bytes", sum->bytes[i]);
		err |= add_int(d, "errors", sum->errors[i]);
	}

	return err;
}

static int add_recording(struct odict *o, const struct media_call *c)
{
	struct record_stats rs;
	struct odict *d, *files;
	const char *path;
	int err;

	if (!c->rec)
		return 0;

	err = add_dict(&d, o, "recording", ODICT_OBJECT);
	if (!err)
		err = add_dict(&files, d, "files", ODICT_ARRAY);
	if (err)
		return err;

	path = record_path(c->rec, MEDIA_REC_PCAP);
	if (path)
		err |= add_str(files, "0", path);
	path = record_path(c->rec, MEDIA_REC_WAV);
	if (path)
		err |= add_str(files, "1", path);

	record_stats(c->rec, &rs);
	err |= odict_entry_add(d, "paused", ODICT_BOOL, c->rec_paused);
	err |= add_int(d, "packets", rs.packets);
	err |= add_int(d, "gaps", rs.gaps);
	err |= add_int(d, "gap ms", rs.gap_ms);
	err |= add_int(d, "skipped", rs.skipped);
	err |= add_int(d, "errors", rs.errors);

	return err;
}

/* With a from-tag only it, whom it talks to, and the to-tag are told of */
static bool asked_for(const struct party *p, const struct pl *from_tag,
		      const struct pl *to_tag)
{
	if (!pl_isset(from_tag) && !pl_isset(to_tag))
		return true;

	return party_has_tag(p, from_tag) || party_has_tag(p, to_tag) ||
	       party_has_tag(p->peer, from_tag);
}

int call_stats(const struct media_call *c, const struct pl *from_tag,
	       const struct pl *to_tag, struct odict *out)
{
	struct odict *tags, *ssrcs;
	struct sums sum;
	struct le *le;
	unsigned n = 0;
	int err = 0;

	memset(&sum, 0, sizeof(sum));

	err |= add_int(out, "created", c->created / 1000000);
	err |= add_int(out, "created_us", c->created % 1000000);
	err |= add_int(out, "last signal", c->signalled);
	err |= add_dict(&ssrcs, out, "SSRC", ODICT_OBJECT);
	if (err)
		return err;
	err = add_dict(&tags, out, "tags", ODICT_OBJECT);

	for (le = list_head(&c->parties); le && !err; le = le->next, n++) {
		if (asked_for(le->data, from_tag, to_tag))
			err = add_party(tags, le->data, n, &sum, ssrcs);
	}

	if (!err)
		err = add_totals(out, &sum);
	if (!err)
		err = add_recording(out, c);

	return err;
}

void call_totals(const struct media_call *c, uint64_t *packets,
		 uint64_t *bytes, uint64_t *errors)
{
	struct fp_leg_stats st;
	struct le *pe, *se;

	*packets = *bytes = *errors = 0;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;

			for (unsigned i = 0; i < 2; i++) {
				if (!s->leg_on[i] ||
				    fp_leg_stats(c->m->fp, s->slot[i], &st))
					continue;
				*packets += st.packets;
				*bytes += st.bytes;
				*errors += leg_errors(&st);
			}
		}
	}
}

int media_query(struct media *m, const struct pl *call_id,
		const struct pl *from_tag, const struct pl *to_tag,
		struct odict *out)
{
	const struct media_call *c = call_find(m, call_id);

	if (!c)
		return ENOENT;

	if (pl_isset(from_tag) && !party_find(c, from_tag))
		return ENOENT;

	return call_stats(c, from_tag, to_tag, out);
}

int media_list(struct media *m, uint32_t limit, struct odict *out)
{
	struct le *le;
	uint32_t n = 0;
	int err = 0;

	for (le = list_head(&m->calll); le && n < limit && !err;
	     le = le->next, n++) {
		const struct media_call *c = le->data;
		char key[16];

		(void)re_snprintf(key, sizeof(key), "%u", n);
		err = add_str(out, key, c->id);
	}

	return err;
}
