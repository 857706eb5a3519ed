/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/query.c  query and list, in the keys of rtpengine 10.5
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/dict.h"
#include "media/query.h"

static int add_media_flags(struct odict *o, const struct stream *s)
{
	struct odict *d;
	int err = dict_add(&d, o, "flags", ODICT_ARRAY);

	if (err)
		return err;

	err |= dict_str(d, "0", "initialized");
	if (s->cur.dir & SDP_RECVONLY)
		err |= dict_str(d, "1", "send");
	if (s->cur.dir & SDP_SENDONLY)
		err |= dict_str(d, "2", "recv");
	if (s->mux)
		err |= dict_str(d, "3", "rtcp-mux");
	if (s->cur.any_src)
		err |= dict_str(d, "4", "asymmetric");
	if (s->blocked)
		err |= dict_str(d, "5", "media blocked");
	if (s->guard.mode != GUARD_OFF)
		err |= dict_str(d, "6", "DTMF blocked");

	return err;
}

static int add_media(struct odict *arr, const struct stream *s,
		     struct sums *sum, struct odict *ssrcs)
{
	struct odict *d, *streams;
	char key[16];
	int err;

	(void)re_snprintf(key, sizeof(key), "%u", s->idx);
	err = dict_add(&d, arr, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_int(d, "index", s->idx + 1);
	err |= dict_str(d, "type", s->cur.type);
	err |= dict_str(d, "protocol", s->cur.proto);
	err |= dict_add(&streams, d, "streams", ODICT_ARRAY);
	if (err)
		return err;

	if (s->iface) {
		err |= query_port(streams, s, 0, sum, ssrcs);
		if (s->cur.media != LEG_OTHER)
			err |= query_port(streams, s, 1, sum, ssrcs);
	}

	return err | add_media_flags(d, s);
}

static int add_subscription(struct odict *o, const char *key,
			    const struct party *peer)
{
	struct odict *arr, *d;
	int err = dict_add(&arr, o, key, ODICT_ARRAY);

	if (err || !peer || !peer->tag)
		return err;

	err = dict_add(&d, arr, "0", ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_str(d, "tag", peer->tag);
	err |= dict_str(d, "type", "offer/answer");

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
		(void)re_snprintf(key, sizeof(key), "via-branch %s", p->branch);
	else
		(void)re_snprintf(key, sizeof(key), "pending %u", n);

	err = dict_add(&d, tags, key, ODICT_OBJECT);
	if (err)
		return err;

	err |= dict_str(d, "tag", p->tag ? p->tag : "");
	if (p->branch)
		err |= dict_str(d, "via-branch", p->branch);
	err |= dict_int(d, "created", p->created);
	if (p->peer && p->peer->tag)
		err |= dict_str(d, "in dialogue with", p->peer->tag);
	err |= add_subscription(d, "subscriptions", p->peer);
	err |= add_subscription(d, "subscribers", p->peer);
	err |= dict_add(&medias, d, "medias", ODICT_ARRAY);

	for (le = list_head(&p->streams); le && !err; le = le->next)
		err = add_media(medias, le->data, sum, ssrcs);

	return err;
}

static int add_totals(struct odict *o, const struct sums *sum)
{
	struct odict *t, *d;
	int err = dict_add(&t, o, "totals", ODICT_OBJECT);

	for (unsigned i = 0; i < 2 && !err; i++) {
		err = dict_add(&d, t, i ? "RTCP" : "RTP", ODICT_OBJECT);
		if (err)
			break;
		err |= dict_int(d, "packets", sum->packets[i]);
		err |= dict_int(d, "bytes", sum->bytes[i]);
		err |= dict_int(d, "errors", sum->errors[i]);
	}

	return err;
}

static int add_recording(struct odict *o, const struct media_call *c)
{
	static const unsigned formatv[] = {MEDIA_REC_PCAP, MEDIA_REC_WAV,
					   MEDIA_REC_OGG};
	struct record_stats rs;
	struct odict *d, *files;
	int err;

	if (!c->rec)
		return 0;

	err = dict_add(&d, o, "recording", ODICT_OBJECT);
	if (!err)
		err = dict_add(&files, d, "files", ODICT_ARRAY);
	if (err)
		return err;

	for (unsigned i = 0; i < ARRAY_SIZE(formatv); i++) {
		const char *path = record_path(c->rec, formatv[i]);
		char key[16];

		(void)re_snprintf(key, sizeof(key), "%u", i);
		if (path)
			err |= dict_str(files, key, path);
	}

	record_stats(c->rec, &rs);
	err |= odict_entry_add(d, "paused", ODICT_BOOL, c->rec_paused);
	err |= dict_int(d, "packets", rs.packets);
	err |= dict_int(d, "gaps", rs.gaps);
	err |= dict_int(d, "gap ms", rs.gap_ms);
	err |= dict_int(d, "skipped", rs.skipped);
	err |= dict_int(d, "errors", rs.errors);
	if (rs.errors)
		err |= dict_str(d, "error", strerror(rs.error));

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

	err |= dict_int(out, "created", c->created / 1000000);
	err |= dict_int(out, "created_us", c->created % 1000000);
	err |= dict_int(out, "last signal", c->signalled);
	err |= dict_add(&ssrcs, out, "SSRC", ODICT_OBJECT);
	if (err)
		return err;
	err = dict_add(&tags, out, "tags", ODICT_OBJECT);

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

int media_query(struct media *m, const struct pl *call_id,
		const struct pl *from_tag, const struct pl *to_tag,
		struct odict *out)
{
	struct media_call *c = call_find(m, call_id);

	if (!c)
		return ENOENT;

	quality_look(c, media_now(), QUALITY_LEAST_MS);
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
		err = dict_str(out, key, c->id);
	}

	return err;
}
