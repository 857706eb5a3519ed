/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipcopy.c  A copied SIP message
 */
#include <time.h>
#include <arpa/inet.h>
#include <netinet/udp.h>
#include "sipcopy.h"

static bool is_v4(const uint8_t a[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(a, mapped, sizeof(mapped));
}

/* ---- packet -------------------------------------------------------------- */

static uint32_t sum(uint32_t acc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		acc += i & 1 ? p[i] : (uint32_t)p[i] << 8;

	return acc;
}

static uint16_t fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);

	return htons((uint16_t)~acc);
}

enum { IP4 = 20, IP6 = 40 /* bytes of a header */ };

static size_t put_ip4(uint8_t *h, const struct sip_copy *c, size_t udp_len)
{
	const size_t len = IP4 + udp_len;
	uint16_t check;

	memset(h, 0, IP4);
	h[0] = 4 << 4 | IP4 / 4;
	h[2] = (uint8_t)(len >> 8);
	h[3] = (uint8_t)len;
	h[8] = 64;
	h[9] = IPPROTO_UDP;
	memcpy(h + 12, c->src + 12, 4);
	memcpy(h + 16, c->dst + 12, 4);
	check = fold(sum(0, h, IP4));
	memcpy(h + 10, &check, 2);

	return IP4;
}

static size_t put_ip6(uint8_t *h, const struct sip_copy *c, size_t udp_len)
{
	memset(h, 0, IP6);
	h[0] = 6 << 4;
	h[4] = (uint8_t)(udp_len >> 8);
	h[5] = (uint8_t)udp_len;
	h[6] = IPPROTO_UDP;
	h[7] = 64;
	memcpy(h + 8, c->src, 16);
	memcpy(h + 24, c->dst, 16);

	return IP6;
}

size_t sipcopy_packet(uint8_t *buf, const struct sip_copy *c, const char *text)
{
	const size_t udp_len = sizeof(struct udphdr) + c->len;
	const bool v4 = is_v4(c->dst);
	const size_t skip = v4 ? 12 : 0;
	struct udphdr udp;
	uint32_t acc = IPPROTO_UDP + (uint32_t)udp_len;
	size_t n;

	if (c->len > SCAN_BUF)
		return 0;

	memset(&udp, 0, sizeof(udp));
	udp.source = htons(c->sport);
	udp.dest = htons(c->dport);
	udp.len = htons((uint16_t)udp_len);
	n = v4 ? put_ip4(buf, c, udp_len) : put_ip6(buf, c, udp_len);
	acc = sum(acc, c->src + skip, 16 - skip);
	acc = sum(acc, c->dst + skip, 16 - skip);
	acc = sum(acc, &udp, sizeof(udp));
	udp.check = fold(sum(acc, text, c->len));
	if (!udp.check)
		udp.check = 0xffff;
	memcpy(buf + n, &udp, sizeof(udp));
	memcpy(buf + n + sizeof(udp), text, c->len);

	return n + udp_len;
}

/* ---- text ---------------------------------------------------------------- */

static void when(char *buf, size_t size, uint64_t ns)
{
	const time_t s = (time_t)(ns / 1000000000u);
	struct tm tm;
	size_t n = 0;

	if (localtime_r(&s, &tm))
		n = strftime(buf, size, "%H:%M:%S", &tm);
	(void)re_snprintf(buf + n, size - n, ".%06u",
			  (unsigned)(ns % 1000000000u / 1000));
}

/* What comes from the network gets to no terminal but as text */
static void put_text(FILE *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '\r')
			continue;
		fputc(c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f) ? c
									: '?',
		      f);
	}
}

void sipcopy_print(FILE *f, const struct sip_copy *c, const char *text,
		   uint64_t ns, bool brief)
{
	const char *eol = memchr(text, '\r', c->len);
	struct sa src, dst, to;
	char t[40];

	fp_sip_addr(&src, c->src, c->sport);
	fp_sip_addr(&dst, c->dst, c->dport);
	when(t, sizeof(t), ns);
	(void)re_fprintf(f, "%s %J > %J ", t, &src, &dst);
	if (c->tport) {
		fp_sip_addr(&to, c->to, c->tport);
		(void)re_fprintf(f, "> %J", &to);
	} else {
		(void)re_fprintf(f, "%s", fp_reason_name(c->reason));
	}
	fputs(brief ? "  " : "\n", f);
	put_text(f, text, brief && eol ? (size_t)(eol - text) : (size_t)c->len);
	fputc('\n', f);
}

int sipcopy_json(struct odict **odp, const struct sip_copy *c, const char *text,
		 uint64_t ns)
{
	struct odict *od = NULL;
	char *s = NULL;
	struct sa sa;
	int err = odict_alloc(&od, 8);

	js_dbl(&err, od, "time", (double)ns / 1e9);
	fp_sip_addr(&sa, c->src, c->sport);
	js_sa(&err, od, "source", &sa);
	fp_sip_addr(&sa, c->dst, c->dport);
	js_sa(&err, od, "destination", &sa);
	if (c->tport) {
		fp_sip_addr(&sa, c->to, c->tport);
		js_sa(&err, od, "sent_to", &sa);
	} else {
		js_null(&err, od, "sent_to");
	}
	js_str(&err, od, "reason", fp_reason_name(c->reason));
	if (!err)
		err = re_sdprintf(&s, "%b", text, (size_t)c->len);
	js_str(&err, od, "text", s);
	mem_deref(s);
	if (err)
		mem_deref(od);
	else
		*odp = od;

	return err;
}
