/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sdp_fmt.c  Formats of an m= line and what they mean
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/sdp.h"
#include "media/sdp_doc.h"

/* RFC 3551, tables 4 and 5 */
static const struct {
	int pt;
	const char *name;
	uint32_t rate;
	uint32_t ch;
} staticv[] = {
	{0, "PCMU", 8000, 1},   {3, "GSM", 8000, 1},    {4, "G723", 8000, 1},
	{5, "DVI4", 8000, 1},   {6, "DVI4", 16000, 1},  {7, "LPC", 8000, 1},
	{8, "PCMA", 8000, 1},   {9, "G722", 8000, 1},   {10, "L16", 44100, 2},
	{11, "L16", 44100, 1},  {12, "QCELP", 8000, 1}, {13, "CN", 8000, 1},
	{14, "MPA", 90000, 1},  {15, "G728", 8000, 1},  {16, "DVI4", 11025, 1},
	{17, "DVI4", 22050, 1}, {18, "G729", 8000, 1},  {25, "CelB", 90000, 1},
	{26, "JPEG", 90000, 1}, {28, "nv", 90000, 1},   {31, "H261", 90000, 1},
	{32, "MPV", 90000, 1},  {33, "MP2T", 90000, 1}, {34, "H263", 90000, 1},
};

int sdp_fmt_list(struct sdpx_media *m, struct pl list)
{
	struct pl word;

	while (sdp_word(&list, &word)) {
		struct sdpx_fmt *f = &m->fmtv[m->fmtc];
		uint32_t pt;

		if (m->fmtc >= SDPX_FMT_MAX)
			return E2BIG;

		f->id = word;
		f->pt = -1;
		f->ch = 1;
		f->name.p = "";
		f->fmtp.p = "";

		if (m->rtp && !sdp_uint(&pt, &word, 127))
			f->pt = (int)pt;

		++m->fmtc;
	}

	return 0;
}

void sdp_fmt_static(struct sdpx_media *m)
{
	for (size_t i = 0; i < m->fmtc; i++) {
		struct sdpx_fmt *f = &m->fmtv[i];

		for (size_t j = 0; j < ARRAY_SIZE(staticv); j++) {
			if (staticv[j].pt != f->pt)
				continue;

			pl_set_str(&f->name, staticv[j].name);
			f->rate = staticv[j].rate;
			f->ch = staticv[j].ch;
			break;
		}
	}
}

/* Cut the part before the next slash off */
static struct pl part(struct pl *rest)
{
	struct pl head = *rest;
	const char *slash = pl_strchr(rest, '/');

	if (slash) {
		head.l = (size_t)(slash - rest->p);
		pl_advance(rest, (ssize_t)head.l + 1);
	} else {
		pl_advance(rest, (ssize_t)rest->l);
	}

	return head;
}

void sdp_fmt_rtpmap(struct sdpx_media *m, const struct pl *val)
{
	struct pl rest = *val, id, enc, name, num;
	uint32_t rate, ch = 1;

	if (!m->rtp || !sdp_word(&rest, &id) || !sdp_word(&rest, &enc))
		return;

	name = part(&enc);
	num = part(&enc);
	if (!name.l || sdp_uint(&rate, &num, UINT32_MAX))
		return;

	/* a parameter that is no number is none of the channels */
	num = part(&enc);
	if (num.l && (sdp_uint(&ch, &num, 255) || !ch))
		ch = 1;

	for (size_t i = 0; i < m->fmtc; i++) {
		if (pl_cmp(&m->fmtv[i].id, &id))
			continue;

		m->fmtv[i].name = name;
		m->fmtv[i].rate = rate;
		m->fmtv[i].ch = ch;
	}
}

void sdp_fmt_fmtp(struct sdpx_media *m, const struct pl *val)
{
	struct pl rest = *val, id;

	if (!m->rtp || !sdp_word(&rest, &id))
		return;

	while (rest.l && (*rest.p == ' ' || *rest.p == '\t'))
		pl_advance(&rest, 1);

	for (size_t i = 0; i < m->fmtc; i++) {
		if (!pl_cmp(&m->fmtv[i].id, &id))
			m->fmtv[i].fmtp = rest;
	}
}
