/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/program.c  What a member is made of, built on the signalling loop
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "audio/cn.h"
#include "bridge/member.h"
#include "rtp/extension.h"

static void destructor(void *arg)
{
	struct program *p = arg;

	mem_deref(p->dst);
	mem_deref(p->dst_rtcp);
	mem_deref(p->rx);
	mem_deref(p->tx);
	mem_deref(p->rtcp_rx);
	mem_deref(p->rtcp_tx);
	for (unsigned i = 0; i < BRIDGE_CODECS; i++) {
		mem_deref(p->sourcev[i].dec);
		mem_deref(p->sourcev[i].rs);
	}
	mem_deref(p->enc);
	mem_deref(p->acc);
	mem_deref(p->ear);
	mem_deref(p->tone);
	mem_deref(p->noise);
}

/* Seconds rise faster than reports are sent, in each life of ours */
uint32_t program_resume_index(void)
{
	return (uint32_t)time(NULL) & INT32_MAX;
}

static int take_pair(struct srtpx **rx, const struct srtpx_key *rx_key,
		     struct srtpx **tx, const struct srtpx_key *tx_key,
		     bool resumed)
{
	int err = 0;

	if (rx_key->suite != SRTPX_NONE)
		err = srtpx_alloc(rx, rx_key);
	if (!err && tx_key->suite != SRTPX_NONE)
		err = srtpx_alloc(tx, tx_key);
	if (resumed && *rx)
		srtpx_resume(*rx, 0);
	if (resumed && *tx)
		srtpx_resume(*tx, program_resume_index());

	return err;
}

static int take_keys(struct program *p)
{
	const struct bridge_member *c = &p->conf;
	int err;

	if (c->bundle)
		return bundle_keys(c->bundle, p);
	err = take_pair(&p->rx, &c->rx, &p->tx, &c->tx, c->resumed);
	if (err || !c->rtcp_keyed)
		return err;

	return take_pair(&p->rtcp_rx, &c->rtcp_rx, &p->rtcp_tx, &c->rtcp_tx,
			 c->resumed);
}

struct srtpx *program_rtcp_rx(const struct program *p)
{
	return p->conf.rtcp_keyed ? p->rtcp_rx : p->rx;
}

struct srtpx *program_rtcp_tx(const struct program *p)
{
	return p->conf.rtcp_keyed ? p->rtcp_tx : p->tx;
}

bool program_rtcp_locked(const struct program *p)
{
	return p->conf.rtcp_keyed ? !p->rtcp_rx || !p->rtcp_tx : p->conf.locked;
}

static int take_addresses(struct program *p, struct plane *pl)
{
	const struct bridge_member *m = &p->conf;
	struct sa local = m->local;
	int err = 0;

	/* on hold, it has no address */
	if (sa_isset(&m->remote, SA_ALL))
		err = plane_dst_alloc(&p->dst, pl, &local, &m->remote);
	if (err || !sa_isset(&m->rtcp, SA_ALL))
		return err;
	if (!m->mux)
		sa_set_port(&local, (uint16_t)(sa_port(&local) + 1));

	return plane_dst_alloc(&p->dst_rtcp, pl, &local, &m->rtcp);
}

/* What is spoken narrowly needs no wide codec: both ends of a conversion run at the
 * lower rate where they can */
static uint32_t common_rate(const struct codec *a, const struct codec *b)
{
	return a->rate < b->rate ? a->rate : b->rate;
}

static int take_encoder(struct program *p, const struct bridge_member *other)
{
	const struct bridge_member *m = &p->conf;
	struct codec_param prm = {.codec = m->codec,
				  .bitrate = m->bitrate,
				  .complexity = m->complexity,
				  .ptime = m->ptime};
	int err;

	if (!m->codec)
		return 0;
	pl_set_str(&prm.fmtp, m->fmtp);
	prm.rate = other->codecc ? common_rate(m->codec, other->codecv[0].codec)
				 : m->codec->rate;
	if (other->t38)
		prm.rate = FAX_RATE;

	err = codec_enc_alloc(&p->enc, &prm);
	if (err)
		return err;
	if (other->t38 && codec_enc_rate(p->enc) != FAX_RATE)
		return ENOTSUP;
	p->acc = mem_zalloc((size_t)codec_enc_rate(p->enc) * m->ptime / 1000 *
				    codec_enc_ch(p->enc) * sizeof(*p->acc),
			    NULL);

	return p->acc ? 0 : ENOMEM;
}

static int take_source(struct program *p, unsigned i, uint32_t rate)
{
	struct source *s = &p->sourcev[i];
	const struct bridge_codec *bc = &p->conf.codecv[i];
	struct codec_param prm = {
		.codec = bc->codec, .rate = rate, .complexity = -1};
	int err;

	pl_set_str(&prm.fmtp, bc->fmtp);
	err = codec_dec_alloc(&s->dec, &prm);
	if (err)
		return err;
	s->clock = bc->codec->clock;
	if (codec_dec_rate(s->dec) == rate)
		return 0;

	return resample_alloc(&s->rs, codec_dec_rate(s->dec), rate, 1);
}

static bool has(const struct bridge_member *m, enum bridge_act act)
{
	for (unsigned i = 0; i < ARRAY_SIZE(m->ptv); i++) {
		if (m->ptv[i].act == act)
			return true;
	}

	return false;
}

/* Sound is made of something that is none */
static bool sounds(const struct bridge_member *m)
{
	return has(m, BRIDGE_TONE) || has(m, BRIDGE_NOISE) ||
	       guard_sounds(&m->guard);
}

/* What digits need: `rate` is that of the other's encoder */
static int take_digits(struct program *p, uint32_t rate)
{
	const struct bridge_member *m = &p->conf;
	int err = 0;

	p->rate = rate;
	if (has(m, BRIDGE_TONE) || guard_sounds(&m->guard))
		err = tone_alloc(&p->tone, rate);
	if (!err && has(m, BRIDGE_NOISE))
		err = cn_alloc(&p->noise);
	if (!err && m->codecc &&
	    (m->hear || m->event_clock || m->guard.mode != GUARD_OFF))
		err = digit_rx_alloc(&p->ear, rate, NULL, NULL);

	return err;
}

static int take_sources(struct program *p, const struct bridge_member *other)
{
	struct codec_param prm = {.codec = other->codec, .complexity = -1};
	struct codec_enc *enc;
	uint32_t rate;
	int err = 0;

	if (!other->t38 &&
	    (!other->codec || (!p->conf.codecc && !sounds(&p->conf))))
		return 0;
	for (unsigned i = 0; other->t38 && i < p->conf.codecc && !err; i++)
		err = take_source(p, i, FAX_RATE);
	if (err || other->t38)
		return err;
	/* the rate that the other's encoder will run at */
	prm.rate = p->conf.codecc
			   ? common_rate(other->codec, p->conf.codecv[0].codec)
			   : other->codec->rate;
	pl_set_str(&prm.fmtp, other->fmtp);
	err = codec_enc_alloc(&enc, &prm);
	if (err)
		return err;
	rate = codec_enc_rate(enc);
	mem_deref(enc);
	for (unsigned i = 0; i < p->conf.codecc && !err; i++)
		err = take_source(p, i, rate);

	return err ? err : take_digits(p, rate);
}

static bool valid(const struct bridge_member *m)
{
	if (m->t38 && (m->codec || m->codecc))
		return false;
	if (m->bundle && (m->t38 || !m->mux || m->ssrcc > BRIDGE_SSRCS))
		return false;
	if (m->echo && m->t38)
		return false;
	if (m->rtcp_keyed && (m->mux || m->t38))
		return false;
	if (m->mid_id > RTP_EXT_ID_MAX)
		return false;
	if (m->codecc > BRIDGE_CODECS || m->ptime > CODEC_PTIME_MAX ||
	    !sa_isset(&m->local, SA_ALL))
		return false;
	/* packets of it that never end would be made without one going out */
	if (m->codec && m->ptime < m->codec->frame)
		return false;
	for (unsigned i = 0; i < 128; i++) {
		if (m->ptv[i].act == BRIDGE_DECODE &&
		    m->ptv[i].codec >= m->codecc)
			return false;
	}

	return true;
}

int program_alloc(struct program **pp, struct plane *pl,
		  const struct bridge_member *m,
		  const struct bridge_member *other)
{
	struct program *p;
	int err;

	if (!valid(m))
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	p->conf = *m;
	err = take_keys(p);
	if (!err)
		err = take_addresses(p, pl);
	if (!err)
		err = take_encoder(p, other);
	if (!err)
		err = take_sources(p, other);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}
