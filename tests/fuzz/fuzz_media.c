/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offers and answers through a whole call: legs, terms, bridges. An input is a byte
 * of flags and up to four SDPs, parted by 0x01: offer, answer, re-offer by the one
 * who answered, answer. Each may be a part of an SDP, with candidates, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "fake_bridge.h"
#include "fake_fp.h"
#include "media/media.h"
#include "media/sdp.h"
#include "must.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct media *m;
static struct fp *fp;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct media_iface_conf ifacev[2];
	struct media_conf conf;
	struct media_err e;
	(void)argc;
	(void)argv;

	memset(&conf, 0, sizeof(conf));
	for (size_t i = 0; i < 2; i++) {
		ifacev[i].name = "ext";
		MUST(!sa_set_str(&ifacev[i].addr,
				 i ? "2001:db8::1" : "192.0.2.1", 0));
		ifacev[i].port_min = 10000;
		ifacev[i].port_max = 10999;
	}
	conf.ifacev = ifacev;
	conf.ifacec = 2;
	conf.timeout = 60;
	conf.offer_timeout = 60;
	conf.dscp = -1;
	conf.plane = fake_plane();
	fp = fake_fp();
	MUST(!media_alloc(&m, &conf, fp, NULL, NULL, &e));
	return 0;
}

static struct media_opts opts(const char *from, const char *to)
{
	struct media_opts o;

	memset(&o, 0, sizeof(o));
	o.tos = -1;
	o.trust_address = true;
	pl_set_str(&o.call_id, "c");
	pl_set_str(&o.from_tag, from);
	if (to)
		pl_set_str(&o.to_tag, to);
	return o;
}

static void flags(struct media_opts *o, uint8_t how)
{
	static const char *const protov[] = {NULL, "RTP/AVP", "RTP/SAVP",
					     "RTP/SAVPF"};
	static const char *const codecv[] = {NULL, "opus", "PCMU", "G722"};

	if (protov[how & 3])
		pl_set_str(&o->transport, protov[how & 3]);
	if (codecv[how >> 2 & 3])
		pl_set_str(&o->transcode[o->transcodec++],
			   codecv[how >> 2 & 3]);
	if (how & 0x10)
		pl_set_str(&o->mask[o->maskc++], "all");
	if (how & 0x20)
		pl_set_str(&o->strip[o->stripc++], "opus");
	o->rtcp_mux = how & 0x40 ? RTCPMUX_OFFER : RTCPMUX_DEFAULT;
	o->replace_origin = how & 0x80;
	o->ice_optional = how & 2;
	o->ice_force = (how & 0x12) == 0x12;
	o->ice_lite = how & 8 ? ICE_LITE_OFF : ICE_LITE_UNSAID;
	o->trickle_ice = how & 0x40;
	o->t38_decode = how & 1;
	o->t38_force = (how & 0xc) == 0xc;
}

/* The SDP up to the next 0x01; what comes out is an SDP again */
static void put(struct media_opts *o, bool answer, struct pl *rest)
{
	struct mbuf *mb = mbuf_alloc(512);
	const char *end = memchr(rest->p, 1, rest->l);
	struct media_err e = {""};
	struct sdpx *out = NULL;
	struct pl pl;
	int err;

	MUST(mb);
	o->sdp = *rest;
	if (end)
		o->sdp.l = (size_t)(end - rest->p);
	pl_advance(rest, (ssize_t)(o->sdp.l + (end ? 1 : 0)));
	err = answer ? media_answer(m, o, mb, &e) : media_offer(m, o, mb, &e);
	if (err) {
		MUST(e.msg[0] && !mb->end);
	} else {
		pl.p = (const char *)mb->buf;
		pl.l = mb->end;
		MUST(!sdpx_decode(&out, &pl, NULL));
	}
	e.msg[0] = '\0';
	if (media_candidates(m, o, answer, &e))
		MUST(e.msg[0]);
	mem_deref(out);
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct media_opts o = opts("a", NULL);
	struct pl rest, id;

	if (size < 2)
		return 0;
	rest.p = (const char *)data + 1;
	rest.l = size - 1;
	flags(&o, data[0]);
	put(&o, false, &rest);
	o = opts("a", "b");
	put(&o, true, &rest);
	o = opts("b", "a");
	o.t38_decode = data[0] & 0x10;
	o.t38_force = data[0] & 0x20;
	o.t38_stop = (data[0] & 0xc0) == 0xc0;
	put(&o, false, &rest);
	put(&o, true, &rest);
	pl_set_str(&id, "c");
	(void)media_delete(m, &id, NULL, NULL, NULL, 0, NULL);
	MUST(!fake_bridges()->n && !fake_legs(fp));
	return 0;
}
