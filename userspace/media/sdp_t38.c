/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_t38.c  What SDP says of T.38 over UDPTL
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp_doc.h"
#include "media/sdp_t38.h"

enum { BITRATE = 14400, BITRATE_MAX = 33600 };

const struct t38_sdp t38_default = {
	.bitrate = BITRATE,
	.max_buffer = 1800,
	.max_datagram = 512,
	.ec = T38_EC_REDUNDANCY,
};

bool t38_section(const struct sdpx_media *sm)
{
	return !pl_strcasecmp(&sm->type, "image") &&
	       !pl_strcasecmp(&sm->proto, "udptl") && sm->fmtc &&
	       !pl_strcasecmp(&sm->fmtv[0].id, "t38");
}

static bool is(const struct sdp_line *ln, const char *name)
{
	return ln->attr.l && !pl_strcasecmp(&ln->attr, name);
}

static void set_uint(uint32_t *n, const struct sdp_line *ln, uint32_t max)
{
	struct pl rest = ln->aval, word;
	uint32_t v;

	if (ln->aval.p && sdp_word(&rest, &word) && !sdp_uint(&v, &word, max))
		*n = v;
}

/* "a=T38FaxFillBitRemoval", or with ":1" or ":0" */
static bool boolean(const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;

	return !ln->aval.p || !sdp_word(&rest, &word) ||
	       pl_strcmp(&word, "0") != 0;
}

static enum t38_ec ec_of(const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;

	if (!ln->aval.p || !sdp_word(&rest, &word))
		return T38_EC_NONE;
	if (!pl_strcasecmp(&word, "t38UDPRedundancy"))
		return T38_EC_REDUNDANCY;

	return pl_strcasecmp(&word, "t38UDPFEC") ? T38_EC_NONE : T38_EC_FEC;
}

static void take_line(struct t38_sdp *t, const struct sdp_line *ln)
{
	struct pl rest = ln->aval, word;

	if (is(ln, "T38FaxVersion"))
		set_uint(&t->version, ln, 255);
	else if (is(ln, "T38MaxBitRate"))
		set_uint(&t->bitrate, ln, BITRATE_MAX);
	else if (is(ln, "T38FaxFillBitRemoval"))
		t->fill_bit_removal = boolean(ln);
	else if (is(ln, "T38FaxTranscodingMMR"))
		t->mmr = boolean(ln);
	else if (is(ln, "T38FaxTranscodingJBIG"))
		t->jbig = boolean(ln);
	else if (is(ln, "T38FaxRateManagement"))
		t->local_tcf = ln->aval.p && sdp_word(&rest, &word) &&
			       !pl_strcasecmp(&word, "localTCF");
	else if (is(ln, "T38FaxMaxBuffer"))
		set_uint(&t->max_buffer, ln, UINT32_MAX);
	else if (is(ln, "T38FaxMaxDatagram"))
		set_uint(&t->max_datagram, ln, UINT32_MAX);
	else if (is(ln, "T38FaxUdpEC"))
		t->ec = ec_of(ln);
}

void t38_decode(struct t38_sdp *t, const struct sdpx *sdp, size_t i)
{
	*t = (struct t38_sdp){.bitrate = BITRATE};

	if (i >= sdpx_mediac(sdp))
		return;

	for (size_t k = sdp->rangev[i].first; k < sdp->rangev[i].end; k++) {
		if (sdp->linev[k].type == 'a')
			take_line(t, &sdp->linev[k]);
	}
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void t38_answer(struct t38_sdp *answer, const struct t38_sdp *offer,
		const struct t38_sdp *can)
{
	*answer = *can;
	answer->version = less(offer->version, can->version);
	answer->bitrate = less(offer->bitrate, can->bitrate);
	answer->fill_bit_removal &= offer->fill_bit_removal;
	answer->mmr &= offer->mmr;
	answer->jbig &= offer->jbig;
	/* how training is done is the offerer's to say, over UDP too */
	answer->local_tcf = offer->local_tcf;
	/* redundancy is what everybody has; FEC only for who offered it */
	if (offer->ec == T38_EC_NONE || can->ec == T38_EC_NONE)
		answer->ec = T38_EC_NONE;
	else if (offer->ec != can->ec)
		answer->ec = T38_EC_REDUNDANCY;
}

/** Lines while they are being written */
struct lines {
	char (*text)[T38_TEXT];
	struct pl *v;
	size_t n;
};

static void put(struct lines *l, const char *name, const char *value)
{
	char *to = l->text[l->n];

	(void)re_snprintf(to, T38_TEXT, "%s%s%s", name, value ? ":" : "",
			  value ? value : "");
	pl_set_str(&l->v[l->n++], to);
}

static void put_uint(struct lines *l, const char *name, uint32_t n)
{
	char buf[16];

	(void)re_snprintf(buf, sizeof(buf), "%u", n);
	put(l, name, buf);
}

size_t t38_lines(const struct t38_sdp *t, char text[T38_LINES][T38_TEXT],
		 struct pl v[T38_LINES])
{
	struct lines l = {text, v, 0};

	put_uint(&l, "T38FaxVersion", t->version);
	put_uint(&l, "T38MaxBitRate", t->bitrate);
	if (t->fill_bit_removal)
		put(&l, "T38FaxFillBitRemoval", NULL);
	if (t->mmr)
		put(&l, "T38FaxTranscodingMMR", NULL);
	if (t->jbig)
		put(&l, "T38FaxTranscodingJBIG", NULL);
	put(&l, "T38FaxRateManagement",
	    t->local_tcf ? "localTCF" : "transferredTCF");
	if (t->max_buffer)
		put_uint(&l, "T38FaxMaxBuffer", t->max_buffer);
	if (t->max_datagram)
		put_uint(&l, "T38FaxMaxDatagram", t->max_datagram);
	if (t->ec)
		put(&l, "T38FaxUdpEC",
		    t->ec == T38_EC_FEC ? "t38UDPFEC" : "t38UDPRedundancy");

	return l.n;
}
