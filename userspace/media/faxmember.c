/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/faxmember.c  What was agreed of T.38, for the worker and for the store
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/dict.h"
#include "media/terms.h"

/* ---- the worker's ----------------------------------------------------------- */

static enum udptl_ec ec_of(enum t38_ec ec)
{
	switch (ec) {
	case T38_EC_REDUNDANCY:
		return UDPTL_EC_REDUNDANCY;
	case T38_EC_FEC:
		return UDPTL_EC_FEC;
	case T38_EC_NONE:
		break;
	}

	return UDPTL_EC_NONE;
}

static void set_fax(struct fax_conf *c, const struct fax_terms *ft)
{
	const struct t38_sdp *t = &ft->sdp;

	*c = (struct fax_conf){
		.version = t->version,
		.bitrate = t->bitrate,
		.max_buffer = ft->far_buffer,
		.max_datagram = ft->far_datagram,
		.ec = ec_of(t->ec),
		.fill_bit_removal = t->fill_bit_removal,
		.mmr = t->mmr,
		.jbig = t->jbig,
		.local_tcf = t->local_tcf,
		.no_ecm = ft->no_ecm,
		.no_v17 = ft->no_v17,
		.no_v27ter = ft->no_v27ter,
		.no_v29 = ft->no_v29,
		.no_iaf = ft->no_iaf,
	};
}

/* All that it may send is decoded; events mean nothing to a fax */
static void set_sound(struct bridge_member *m, const struct formats *told)
{
	for (unsigned i = 0; i < told->n && m->codecc < BRIDGE_CODECS; i++) {
		const struct format *x = &told->v[i];
		const struct codec *c = format_codec(x);

		if (!c)
			continue;
		m->ptv[x->pt & 0x7f] = (struct bridge_pt){
			.act = BRIDGE_DECODE, .codec = (uint8_t)m->codecc};
		m->codecv[m->codecc].codec = c;
		(void)re_snprintf(m->codecv[m->codecc].fmtp,
				  sizeof(m->codecv[0].fmtp), "%s", x->fmtp);
		++m->codecc;
	}
}

void fax_member(struct bridge_member *m, const struct stream *s)
{
	m->t38 = fax_speaks(s);
	if (m->t38) {
		set_fax(&m->fax, &s->terms->fax);
		return;
	}
	set_sound(m, &s->terms->told);
	agent_encoder(m, s);
}

/* ---- the store --------------------------------------------------------------- */

/* Everything but t38, by name */
#define NUMBERS(X)                                                             \
	X(sdp.version)                                                         \
	X(sdp.bitrate)                                                         \
	X(sdp.max_buffer)                                                      \
	X(sdp.max_datagram)                                                    \
	X(sdp.ec)                                                              \
	X(sdp.fill_bit_removal)                                                \
	X(sdp.mmr)                                                             \
	X(sdp.jbig)                                                            \
	X(sdp.local_tcf)                                                       \
	X(far_buffer)                                                          \
	X(far_datagram)                                                        \
	X(no_ecm)                                                              \
	X(no_v17)                                                              \
	X(no_v27ter)                                                           \
	X(no_v29)                                                              \
	X(no_iaf)

int fax_put(struct odict *o, const char *key, const struct fax_terms *ft)
{
	struct odict *x;
	int err;

	if (!ft->t38)
		return 0;
	err = dict_add(&x, o, key, ODICT_OBJECT);
	if (err)
		return err;
#define X(name) err |= dict_int(x, #name, ft->name);
	NUMBERS(X)
#undef X

	return err;
}

static uint32_t number(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e ? (uint32_t)e->u.integer : 0;
}

void fax_load(struct fax_terms *ft, const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, key);

	memset(ft, 0, sizeof(*ft));
	if (!e)
		return;
	ft->t38 = true;
#define X(name) ft->name = number(e->u.odict, #name);
	NUMBERS(X)
#undef X
	if (ft->sdp.ec > T38_EC_FEC)
		ft->sdp.ec = T38_EC_NONE;
	if (ft->sdp.version > t38_default.version)
		ft->sdp.version = t38_default.version;
}
