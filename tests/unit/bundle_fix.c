/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bundle_fix.c  Calls of a browser that bundles, and one that has RTP by two ports
 */
#include "bundle_fix.h"

struct browser web;

void web_new(const char *addr, uint16_t port)
{
	memset(&web, 0, sizeof(web));
	assert_int_equal(sa_set_str(&web.addr, addr, port), 0);
	assert_int_equal(dtlsx_cert_make(&web.cert), 0);
}

int web_end(void **state)
{
	mem_deref(web.d);
	mem_deref(web.cert);
	memset(&web, 0, sizeof(web));

	return teardown(state);
}

char *transport(const char *setup)
{
	struct fingerprint fp;
	char *s = NULL;

	assert_int_equal(dtlsx_cert_fingerprint(web.cert, FP_SHA256, &fp), 0);
	assert_int_equal(re_sdprintf(&s,
				     "a=fingerprint:%H\r\na=setup:%s\r\n"
				     "a=ice-ufrag:web1\r\na=ice-pwd:" PWD
				     "\r\n",
				     fingerprint_print, &fp, setup),
			 0);

	return s;
}

char *plain_sdp(const char *addr, uint16_t sound, uint16_t picture)
{
	char *s = NULL;

	assert_int_equal(re_sdprintf(&s,
				     "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\n"
				     "c=IN IP4 %s\r\nt=0 0\r\n"
				     "m=audio %u RTP/AVP 0\r\n"
				     "m=video %u RTP/AVP 96\r\n"
				     "a=rtpmap:96 VP8/90000\r\n",
				     addr, addr, sound, picture),
			 0);

	return s;
}

struct media_opts to(const char *proto, struct media_opts o)
{
	pl_set_str(&o.transport, proto);

	return o;
}

bool says(const struct fix *f, size_t i, const char *name, const char *want)
{
	struct pl val;

	return sdpx_attr(f->out, i, name, 0, &val) &&
	       (!want || !pl_strcmp(&val, want));
}

const struct fp_leg *leg(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

int all_up(void **state)
{
	(void)state;
	return libre_init();
}

int all_down(void **state)
{
	(void)state;
	libre_close();
	return 0;
}
