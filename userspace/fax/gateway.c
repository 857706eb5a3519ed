/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/gateway.c  A fax call between sound and T.38
 */
#include <errno.h>
#include <string.h>
#include <spandsp.h>
#include "fax/gateway.h"

enum {
	VERSION_MAX = 3,
	DEPTH = 3, /* copies in a datagram, and parities                  */
	SPAN = 3,  /* packets of a parity                                 */
	/* so often goes what nothing follows that would have its copy */
	REPEAT = 3,
	RATE_MAX = 14400,
};

struct gateway {
	t38_gateway_state_t *t38;
	t38_core_state_t *core;
	struct udptl *udptl;
	gateway_send_h *h;
	void *arg;
	uint64_t unsent;
};

static void destructor(void *arg)
{
	struct gateway *g = arg;

	if (g->t38)
		t38_gateway_free(g->t38);
	mem_deref(g->udptl);
}

/* Copies sent on purpose have the same number */
static int ifp_out(t38_core_state_t *core, void *arg, const uint8_t *p, int n,
		   int count)
{
	struct gateway *g = arg;
	uint8_t out[UDPTL_DATAGRAM_MAX];
	size_t len;
	(void)core;

	if (n < 0 || udptl_send(g->udptl, p, (size_t)n, out, &len))
		return -1;
	for (int i = 0; i < count; i++) {
		if (!g->h(out, len, g->arg))
			++g->unsent;
	}

	return 0;
}

static void ifp_in(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	struct gateway *g = arg;

	/* what it makes nothing of it leaves out: the fax goes on */
	(void)t38_core_rx_ifp_packet(g->core, p, (int)n, seq);
}

static void set_modems(struct gateway *g, const struct fax_conf *c)
{
	int modems = 0;

	if (!c->no_v27ter)
		modems |= T30_SUPPORT_V27TER;
	if (!c->no_v29 && (!c->bitrate || c->bitrate >= 7200))
		modems |= T30_SUPPORT_V29;
	if (!c->no_v17 && (!c->bitrate || c->bitrate >= RATE_MAX))
		modems |= T30_SUPPORT_V17;
	if (!c->no_iaf)
		modems |= T30_SUPPORT_IAF;
	t38_gateway_set_supported_modems(g->t38, modems);
}

static void set_core(t38_core_state_t *core, const struct fax_conf *c)
{
	const int repeat = c->ec == UDPTL_EC_NONE ? 1 : REPEAT;

	t38_set_t38_version(core, (int)c->version);
	t38_set_data_transport_protocol(core, T38_TRANSPORT_UDPTL);
	t38_set_data_rate_management_method(
		core, c->local_tcf ? T38_DATA_RATE_MANAGEMENT_LOCAL_TCF
				   : T38_DATA_RATE_MANAGEMENT_TRANSFERRED_TCF);
	t38_set_fill_bit_removal(core, c->fill_bit_removal);
	t38_set_mmr_transcoding(core, c->mmr);
	t38_set_jbig_transcoding(core, c->jbig);
	if (c->max_buffer && c->max_buffer <= INT32_MAX)
		t38_set_max_buffer_size(core, (int)c->max_buffer);
	if (c->max_datagram && c->max_datagram <= INT32_MAX)
		t38_set_max_datagram_size(core, (int)c->max_datagram);
	if (c->bitrate)
		t38_set_fastest_image_data_rate(core, (int)c->bitrate);
	t38_set_redundancy_control(core, T38_PACKET_CATEGORY_INDICATOR, repeat);
	t38_set_redundancy_control(core, T38_PACKET_CATEGORY_CONTROL_DATA, 1);
	t38_set_redundancy_control(core, T38_PACKET_CATEGORY_CONTROL_DATA_END,
				   repeat);
	t38_set_redundancy_control(core, T38_PACKET_CATEGORY_IMAGE_DATA, 1);
	t38_set_redundancy_control(core, T38_PACKET_CATEGORY_IMAGE_DATA_END,
				   repeat);
}

int gateway_alloc(struct gateway **gp, const struct fax_conf *conf,
		  gateway_send_h *h, void *arg)
{
	struct udptl_conf uc = {.depth = DEPTH, .span = SPAN};
	struct gateway *g;
	int err;

	if (!gp || !conf || !h || conf->version > VERSION_MAX)
		return EINVAL;
	g = mem_zalloc(sizeof(*g), destructor);
	if (!g)
		return ENOMEM;
	g->h = h;
	g->arg = arg;
	uc.ec = conf->ec;
	uc.max_datagram = conf->max_datagram;
	err = udptl_alloc(&g->udptl, &uc, ifp_in, g);
	if (err)
		goto out;
	g->t38 = t38_gateway_init(NULL, ifp_out, g);
	if (!g->t38) {
		err = ENOMEM;
		goto out;
	}
	g->core = t38_gateway_get_t38_core_state(g->t38);
	set_core(g->core, conf);
	set_modems(g, conf);
	t38_gateway_set_ecm_capability(g->t38, !conf->no_ecm);
	t38_gateway_set_fill_bit_removal(g->t38, conf->fill_bit_removal);
	t38_gateway_set_transmit_on_idle(g->t38, true);
	*gp = g;

out:
	if (err)
		mem_deref(g);

	return err;
}

bool fax_conf_same(const struct fax_conf *a, const struct fax_conf *b)
{
	return a->version == b->version && a->bitrate == b->bitrate &&
	       a->max_buffer == b->max_buffer &&
	       a->max_datagram == b->max_datagram && a->ec == b->ec &&
	       a->fill_bit_removal == b->fill_bit_removal && a->mmr == b->mmr &&
	       a->jbig == b->jbig && a->local_tcf == b->local_tcf &&
	       a->no_ecm == b->no_ecm && a->no_v17 == b->no_v17 &&
	       a->no_v27ter == b->no_v27ter && a->no_v29 == b->no_v29 &&
	       a->no_iaf == b->no_iaf;
}

void gateway_listen(struct gateway *g, int16_t *pcm, size_t n)
{
	(void)t38_gateway_rx(g->t38, pcm, (int)n);
}

void gateway_missing(struct gateway *g, size_t n)
{
	(void)t38_gateway_rx_fillin(g->t38, (int)n);
}

void gateway_speak(struct gateway *g, int16_t *pcm, size_t n)
{
	int got = t38_gateway_tx(g->t38, pcm, (int)n);

	if (got < 0)
		got = 0;
	if ((size_t)got < n)
		memset(pcm + got, 0, (n - (size_t)got) * sizeof(*pcm));
}

int gateway_receive(struct gateway *g, const uint8_t *p, size_t n)
{
	return udptl_receive(g->udptl, p, n);
}

void gateway_stats(const struct gateway *g, struct fax_stats *st)
{
	t38_stats_t t;

	memset(&t, 0, sizeof(t));
	t38_gateway_get_transfer_statistics(g->t38, &t);
	udptl_stats(g->udptl, &st->udptl);
	st->unsent = g->unsent;
	st->pages = (uint32_t)t.pages_transferred;
	st->bitrate = (uint32_t)t.bit_rate;
	st->ecm = t.error_correcting_mode;
}
