/* SPDX-License-Identifier: BSD-2-Clause */
/* A page by modem through the gateway to a T.38 terminal, and the reverse. Time is that
 * of the samples: as fast as the machine is */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include <cmocka.h>
#include <spandsp.h>
#include <tiffio.h>
#include "fax/gateway.h"

enum {
	WIDTH = 1728,
	LINES = 200,
	FRAME = 160,       /* samples in 20 ms                      */
	SECONDS_MAX = 180, /* of a call                             */
};

/** A call: one machine by sound, one by T.38, and the way between */
struct call {
	struct gateway *gw;
	struct udptl *udptl; /* of the T.38 machine                    */
	fax_state_t *fax;
	t38_terminal_state_t *t38;
	t38_core_state_t *core;
	unsigned loss; /* of 100 datagrams, each way                    */
	uint32_t chance;
	unsigned dropped;
	unsigned endc; /* machines that have ended                      */
	int result[2];
	int ecm, pages;
	char dir[32], sent[64], got[64];
};

static uint32_t random_next(struct call *c)
{
	c->chance = c->chance * 1664525u + 1013904223u;

	return c->chance >> 8;
}

static bool lose(struct call *c)
{
	if (random_next(c) % 100 >= c->loss)
		return false;
	++c->dropped;

	return true;
}

static bool to_terminal(const uint8_t *p, size_t n, void *arg)
{
	struct call *c = arg;

	if (!lose(c))
		assert_int_equal(udptl_receive(c->udptl, p, n), 0);

	return true;
}

static void terminal_in(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	struct call *c = arg;

	(void)t38_core_rx_ifp_packet(c->core, p, (int)n, seq);
}

static int terminal_out(t38_core_state_t *core, void *arg, const uint8_t *p,
			int n, int count)
{
	uint8_t out[UDPTL_DATAGRAM_MAX];
	struct call *c = arg;
	size_t len;
	(void)core;

	assert_int_equal(udptl_send(c->udptl, p, (size_t)n, out, &len), 0);
	for (int i = 0; i < count; i++) {
		if (!lose(c))
			assert_int_equal(gateway_receive(c->gw, out, len), 0);
	}

	return 0;
}

static void ended(t30_state_t *s, void *arg, int result)
{
	struct call *c = arg;
	t30_stats_t t;

	t30_get_transfer_statistics(s, &t);
	c->result[c->endc++ % 2] = result;
	c->ecm = t.error_correcting_mode;
	c->pages = t.pages_tx + t.pages_rx;
}

/* A page of stripes, no two lines alike */
static void draw(const char *name)
{
	TIFF *t = TIFFOpen(name, "w");
	uint8_t row[WIDTH / 8];

	assert_non_null(t);
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, (uint32_t)WIDTH);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, (uint32_t)LINES);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 1);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 1);
	TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_CCITT_T6);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
	TIFFSetField(t, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
	TIFFSetField(t, TIFFTAG_XRESOLUTION, 204.0);
	TIFFSetField(t, TIFFTAG_YRESOLUTION, 98.0);
	TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
	TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, (uint32_t)LINES);
	for (uint32_t y = 0; y < LINES; y++) {
		for (uint32_t x = 0; x < sizeof(row); x++)
			row[x] = (uint8_t)((x + y) % 5 ? (x * y) >> 4 & 0x3c
						       : y);
		assert_int_equal(TIFFWriteScanline(t, row, y, 0), 1);
	}
	TIFFClose(t);
}

static void compare(const char *a, const char *b)
{
	TIFF *ta = TIFFOpen(a, "r"), *tb = TIFFOpen(b, "r");
	uint8_t ra[WIDTH / 8], rb[WIDTH / 8];
	uint32_t lines = 0;

	assert_non_null(ta);
	assert_non_null(tb);
	assert_int_equal(TIFFGetField(tb, TIFFTAG_IMAGELENGTH, &lines), 1);
	assert_int_equal(lines, LINES);
	for (uint32_t y = 0; y < LINES; y++) {
		assert_int_equal(TIFFReadScanline(ta, ra, y, 0), 1);
		assert_int_equal(TIFFReadScanline(tb, rb, y, 0), 1);
		assert_memory_equal(ra, rb, sizeof(ra));
	}
	TIFFClose(ta);
	TIFFClose(tb);
}

static void machine(t30_state_t *t, struct call *c, bool sends)
{
	t30_set_tx_ident(t, sends ? "+4911" : "+4922");
	t30_set_phase_e_handler(t, ended, c);
	t30_set_ecm_capability(t, true);
	t30_set_supported_compressions(t,
				       T30_SUPPORT_T4_1D_COMPRESSION |
					       T30_SUPPORT_T4_2D_COMPRESSION |
					       T30_SUPPORT_T6_COMPRESSION);
	if (sends)
		t30_set_tx_file(t, c->sent, -1, -1);
	else
		t30_set_rx_file(t, c->got, -1);
}

static void begin(struct call *c, const struct fax_conf *conf, bool from_sound,
		  unsigned loss)
{
	const struct udptl_conf uc = {.ec = conf->ec, .depth = 3, .span = 3};

	memset(c, 0, sizeof(*c));
	c->loss = loss;
	c->chance = 4711;
	c->result[0] = c->result[1] = -1;
	strcpy(c->dir, "/tmp/carom-fax.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	(void)re_snprintf(c->sent, sizeof(c->sent), "%s/sent.tif", c->dir);
	(void)re_snprintf(c->got, sizeof(c->got), "%s/got.tif", c->dir);
	draw(c->sent);

	assert_int_equal(gateway_alloc(&c->gw, conf, to_terminal, c), 0);
	assert_int_equal(udptl_alloc(&c->udptl, &uc, terminal_in, c), 0);
	c->fax = fax_init(NULL, from_sound);
	c->t38 = t38_terminal_init(NULL, !from_sound, terminal_out, c);
	assert_non_null(c->fax);
	assert_non_null(c->t38);
	c->core = t38_terminal_get_t38_core_state(c->t38);
	t38_set_t38_version(c->core, (int)conf->version);
	t38_set_data_rate_management_method(c->core, conf->local_tcf ? 1 : 2);
	fax_set_transmit_on_idle(c->fax, true);
	machine(fax_get_t30_state(c->fax), c, from_sound);
	machine(t38_terminal_get_t30_state(c->t38), c, !from_sound);
}

static void run(struct call *c)
{
	int16_t pcm[FRAME];

	for (unsigned i = 0; i < SECONDS_MAX * 50 && c->endc < 2; i++) {
		int n = fax_tx(c->fax, pcm, FRAME);

		memset(pcm + n, 0, (size_t)(FRAME - n) * sizeof(*pcm));
		gateway_listen(c->gw, pcm, FRAME);
		gateway_speak(c->gw, pcm, FRAME);
		(void)fax_rx(c->fax, pcm, FRAME);
		(void)t38_terminal_send_timeout(c->t38, FRAME);
	}
	assert_int_equal(c->endc, 2);
	assert_int_equal(c->result[0], T30_ERR_OK);
	assert_int_equal(c->result[1], T30_ERR_OK);
	compare(c->sent, c->got);
}

static void finish(struct call *c)
{
	fax_free(c->fax);
	t38_terminal_free(c->t38);
	mem_deref(c->gw);
	mem_deref(c->udptl);
	(void)unlink(c->sent);
	(void)unlink(c->got);
	(void)rmdir(c->dir);
}

static struct fax_stats page(const struct fax_conf *conf, bool from_sound,
			     unsigned loss)
{
	struct fax_stats st;
	struct call c;

	begin(&c, conf, from_sound, loss);
	run(&c);
	gateway_stats(c.gw, &st);
	assert_int_equal(st.pages, 1);
	assert_int_equal(st.ecm, c.ecm);
	assert_int_equal(st.unsent, 0);
	assert_int_equal(st.udptl.malformed, 0);
	assert_true(st.udptl.received > 20);
	assert_true(st.udptl.sent > 20);
	if (loss)
		assert_true(c.dropped > 10);
	finish(&c);

	return st;
}

static const struct fax_conf plain = {.ec = UDPTL_EC_REDUNDANCY};

static void test_from_sound(void **state)
{
	const struct fax_stats st = page(&plain, true, 0);
	(void)state;

	assert_true(st.ecm);
	assert_int_equal(st.bitrate, 14400);
	assert_int_equal(st.udptl.lost, 0);
}

static void test_to_sound(void **state)
{
	const struct fax_stats st = page(&plain, false, 0);
	(void)state;

	assert_true(st.ecm);
	assert_int_equal(st.udptl.lost, 0);
}

/* Of 100 datagrams 5 are lost, each way: copies bring them back, bit by bit */
static void test_loss(void **state)
{
	struct fax_stats st = page(&plain, true, 5);
	(void)state;

	assert_true(st.udptl.recovered > 0);
	st = page(&plain, false, 5);
	assert_true(st.udptl.recovered > 10);
}

static void test_parity(void **state)
{
	struct fax_conf c = {.ec = UDPTL_EC_FEC};
	struct fax_stats st;
	(void)state;

	(void)page(&c, true, 2);
	st = page(&c, false, 2);
	assert_true(st.udptl.recovered > 0);
}

static void test_options(void **state)
{
	struct fax_conf c = {.ec = UDPTL_EC_REDUNDANCY, .no_v17 = true};
	(void)state;

	assert_int_equal(page(&c, true, 0).bitrate, 9600);
	c.no_v29 = true;
	assert_int_equal(page(&c, true, 0).bitrate, 4800);
	c = (struct fax_conf){.ec = UDPTL_EC_REDUNDANCY, .no_ecm = true};
	assert_false(page(&c, true, 0).ecm);
	c = (struct fax_conf){.ec = UDPTL_EC_REDUNDANCY, .bitrate = 9600};
	assert_int_equal(page(&c, true, 0).bitrate, 9600);
	c = (struct fax_conf){.ec = UDPTL_EC_NONE,
			      .no_iaf = true,
			      .max_datagram = 72,
			      .max_buffer = 200,
			      .version = 2};
	(void)page(&c, true, 0);
}

static void test_local_tcf(void **state)
{
	const struct fax_conf c = {.ec = UDPTL_EC_REDUNDANCY,
				   .local_tcf = true};
	(void)state;

	(void)page(&c, true, 0);
}

static bool nowhere(const uint8_t *p, size_t n, void *arg)
{
	(void)p;
	(void)n;
	(void)arg;

	return false;
}

static void test_refused(void **state)
{
	struct fax_stats st;
	struct fax_conf c = {.version = 4};
	struct gateway *g = NULL;
	(void)state;

	assert_int_equal(gateway_alloc(&g, &c, nowhere, NULL), EINVAL);
	c.version = 0;
	assert_int_equal(gateway_alloc(&g, &c, nowhere, NULL), 0);
	assert_int_equal(gateway_receive(g, (const uint8_t *)"\0\1", 2),
			 EBADMSG);
	/* no IFP packet that T.38 knows */
	assert_int_equal(
		gateway_receive(g, (const uint8_t *)"\0\0\2\xff\xff\0\0", 7),
		0);
	gateway_missing(g, 800);
	gateway_stats(g, &st);
	assert_int_equal(st.unsent, st.udptl.sent);
	mem_deref(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_sound),
		cmocka_unit_test(test_to_sound),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_parity),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_local_tcf),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
