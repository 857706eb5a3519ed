/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file faxphone.c  A fax machine, by sound (G.711 over RTP) or by T.38 over UDPTL
 *
 *   faxphone draw PAGE.tif
 *   faxphone same A.tif B.tif
 *   faxphone sound|t38 LOCAL:PORT REMOTE:PORT send|receive PAGE.tif [LOSS]
 *
 * spandsp's machines, in real time. UDPTL is written and read here, on purpose not by what
 * is under test: copies of the three packets before go with each. Of 100 datagrams that
 * it sends and that it gets LOSS are lost. Prints one JSON object when the call is over.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <spandsp.h>
#include <tiffio.h>

enum {
	WIDTH = 1728,
	LINES = 40,
	FRAME = 160,
	SECONDS_MAX = 90,
	LINGER = 50, /* frames behind the end of its call */
	PT = 0,
	IFP_MAX = 512,
	COPIES = 3,
};

struct machine {
	int fd;
	bool t38, over;
	unsigned loss, dropped, missed, recovered, heard;
	int result;
	t30_stats_t stats;
	fax_state_t *fax;
	t38_terminal_state_t *term;
	t38_core_state_t *core;
	/* what is sent */
	uint16_t seq;
	uint32_t ts;
	uint8_t lastv[COPIES][IFP_MAX]; /* the youngest first */
	int lastn[COPIES];
	/* what comes */
	bool begun;
	uint16_t expected;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static bool lose(struct machine *m)
{
	if ((unsigned)random() % 100 >= m->loss)
		return false;
	m->dropped++;
	return true;
}

static void transmit(struct machine *m, const uint8_t *p, size_t n)
{
	/* nobody may be there yet */
	if (!lose(m))
		(void)!send(m->fd, p, n, 0);
}

/* ---- T.38 ------------------------------------------------------------------ */

static int put_ifp(uint8_t *out, const uint8_t *p, int n)
{
	int k = 0;

	if (n > 127)
		out[k++] = 0x80 | n >> 8;
	out[k++] = n;
	memcpy(out + k, p, n);
	return k + n;
}

static int ifp_out(t38_core_state_t *core, void *arg, const uint8_t *p, int n,
		   int count)
{
	uint8_t out[(COPIES + 2) * IFP_MAX];
	struct machine *m = arg;
	int k = 2, i, copies;
	(void)core;

	if (n > IFP_MAX)
		return -1;
	out[0] = m->seq >> 8;
	out[1] = m->seq++;
	k += put_ifp(out + k, p, n);
	out[k++] = 0;
	copies = k++;
	for (i = 0; i < COPIES && m->lastn[i]; i++)
		k += put_ifp(out + k, m->lastv[i], m->lastn[i]);
	out[copies] = i;
	for (i = COPIES - 1; i > 0; i--) {
		memcpy(m->lastv[i], m->lastv[i - 1], IFP_MAX);
		m->lastn[i] = m->lastn[i - 1];
	}
	memcpy(m->lastv[0], p, n);
	m->lastn[0] = n;
	while (count--)
		transmit(m, out, k);
	return 0;
}

static int get_ifp(const uint8_t **pp, const uint8_t *end, const uint8_t **ifp)
{
	const uint8_t *p = *pp;
	int n;

	if (p == end)
		return -1;
	n = *p++;
	if (n & 0x80) {
		if (p == end)
			return -1;
		n = (n & 0x3f) << 8 | *p++;
	}
	if (end - p < n)
		return -1;
	*ifp = p;
	*pp = p + n;
	return n;
}

static void take_ifp(struct machine *m, const uint8_t *p, int n, uint16_t seq)
{
	m->heard++;
	(void)t38_core_rx_ifp_packet(m->core, p, n, seq);
	m->expected = seq + 1;
}

/* Copies fill the gap before this one; parities are not understood */
static void udptl_in(struct machine *m, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *ifp, *v[128];
	int len, lenv[128], copies = 0;
	uint16_t seq;

	if (n < 3)
		return;
	seq = p[0] << 8 | p[1];
	p += 2;
	len = get_ifp(&p, end, &ifp);
	if (len <= 0)
		return;
	if (!m->begun)
		m->expected = seq < 4 ? 0 : seq;
	m->begun = true;
	if ((int16_t)(seq - m->expected) < 0)
		return;
	if (end - p >= 2 && !p[0]) {
		int want = p[1] & 0x7f;

		for (p += 2; copies < want; copies++) {
			lenv[copies] = get_ifp(&p, end, &v[copies]);
			if (lenv[copies] < 0)
				break;
		}
	}
	while (m->expected != seq) {
		int i = (uint16_t)(seq - m->expected) - 1;

		if (i < copies && lenv[i] > 0) {
			m->recovered++;
			take_ifp(m, v[i], lenv[i], m->expected);
		} else {
			m->missed++;
			m->expected++;
		}
	}
	take_ifp(m, ifp, len, seq);
}

/* ---- sound ------------------------------------------------------------------ */

static void speak(struct machine *m)
{
	uint8_t out[12 + FRAME] = {0x80, PT};
	int16_t pcm[FRAME];
	int n = fax_tx(m->fax, pcm, FRAME);

	memset(pcm + n, 0, (FRAME - n) * sizeof(*pcm));
	out[2] = m->seq >> 8;
	out[3] = m->seq++;
	out[4] = m->ts >> 24;
	out[5] = m->ts >> 16;
	out[6] = m->ts >> 8;
	out[7] = m->ts;
	out[11] = m->t38 + 7;
	m->ts += FRAME;
	for (int i = 0; i < FRAME; i++)
		out[12 + i] = linear_to_ulaw(pcm[i]);
	transmit(m, out, sizeof(out));
}

static void hear(struct machine *m, const uint8_t *p, size_t n)
{
	int16_t pcm[FRAME * 4];
	size_t k = 0;

	if (n < 12 || p[0] != 0x80 || (p[1] & 0x7f) != PT)
		return;
	for (size_t i = 12; i < n && k < FRAME * 4; i++)
		pcm[k++] = ulaw_to_linear(p[i]);
	m->heard++;
	(void)fax_rx(m->fax, pcm, k);
}

/* ---- both -------------------------------------------------------------------- */

static void receive(struct machine *m)
{
	uint8_t p[2000];
	ssize_t n;

	while ((n = recv(m->fd, p, sizeof(p), MSG_DONTWAIT)) > 0) {
		if (lose(m))
			continue;
		if (m->t38)
			udptl_in(m, p, n);
		else
			hear(m, p, n);
	}
}

static void ended(t30_state_t *s, void *arg, int result)
{
	struct machine *m = arg;

	m->result = result;
	m->over = true;
	t30_get_transfer_statistics(s, &m->stats);
}

static void run(struct machine *m)
{
	struct timespec at;
	unsigned linger = 0;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (unsigned i = 0; i < SECONDS_MAX * 50 && linger < LINGER; i++) {
		receive(m);
		if (m->t38)
			(void)t38_terminal_send_timeout(m->term, FRAME);
		else
			speak(m);
		linger += m->over;
		at.tv_nsec += 20000000;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
}

static struct sockaddr_in address(char *text)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	char *colon = strrchr(text, ':');

	if (!colon)
		exit(64);
	*colon = '\0';
	sin.sin_port = htons(atoi(colon + 1));
	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1)
		exit(64);
	return sin;
}

static int phone(char **argv, bool t38, const char *loss)
{
	struct sockaddr_in local = address(argv[0]), remote = address(argv[1]);
	struct machine m = {.t38 = t38, .result = -1};
	bool sends = !strcmp(argv[2], "send");
	t30_state_t *t30;

	m.loss = loss ? atoi(loss) : 0;
	srandom(4711 + sends);
	m.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (m.fd < 0 || bind(m.fd, (void *)&local, sizeof(local)) ||
	    connect(m.fd, (void *)&remote, sizeof(remote)))
		die("socket");
	if (t38) {
		m.term = t38_terminal_init(NULL, sends, ifp_out, &m);
		m.core = t38_terminal_get_t38_core_state(m.term);
		t30 = t38_terminal_get_t30_state(m.term);
	} else {
		m.fax = fax_init(NULL, sends);
		fax_set_transmit_on_idle(m.fax, true);
		t30 = fax_get_t30_state(m.fax);
	}
	t30_set_phase_e_handler(t30, ended, &m);
	t30_set_ecm_capability(t30, true);
	t30_set_supported_compressions(t30,
				       T30_SUPPORT_T4_1D_COMPRESSION |
					       T30_SUPPORT_T4_2D_COMPRESSION |
					       T30_SUPPORT_T6_COMPRESSION);
	if (sends)
		t30_set_tx_file(t30, argv[3], -1, -1);
	else
		t30_set_rx_file(t30, argv[3], -1);
	run(&m);
	printf("{\"result\": \"%s\", \"pages\": %d, \"ecm\": %d, \"bitrate\": "
	       "%d, \"heard\": %u, \"dropped\": %u, \"recovered\": %u, "
	       "\"missed\": %u}\n",
	       m.over ? t30_completion_code_to_str(m.result) : "no end",
	       m.stats.pages_tx + m.stats.pages_rx,
	       m.stats.error_correcting_mode, m.stats.bit_rate, m.heard,
	       m.dropped, m.recovered, m.missed);
	return m.over && m.result == T30_ERR_OK ? 0 : 1;
}

/* ---- pages ------------------------------------------------------------------- */

static int draw(const char *name)
{
	TIFF *t = TIFFOpen(name, "w");
	uint8_t row[WIDTH / 8];

	if (!t)
		return 2;
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
			row[x] = (x + y) % 5 ? (x * y) >> 4 & 0x3c : y;
		if (TIFFWriteScanline(t, row, y, 0) != 1)
			return 2;
	}
	TIFFClose(t);
	return 0;
}

static int same(const char *a, const char *b)
{
	TIFF *ta = TIFFOpen(a, "r"), *tb = TIFFOpen(b, "r");
	uint8_t ra[WIDTH / 8], rb[WIDTH / 8];
	uint32_t na = 0, nb = 0, diff = 0;

	if (!ta || !tb || !TIFFGetField(ta, TIFFTAG_IMAGELENGTH, &na) ||
	    !TIFFGetField(tb, TIFFTAG_IMAGELENGTH, &nb))
		return 2;
	for (uint32_t y = 0; y < na && y < nb; y++) {
		if (TIFFReadScanline(ta, ra, y, 0) != 1 ||
		    TIFFReadScanline(tb, rb, y, 0) != 1)
			return 2;
		diff += memcmp(ra, rb, sizeof(ra)) != 0;
	}
	printf("%u and %u lines, %u of them differ\n", na, nb, diff);
	return na == nb && !diff ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "draw"))
		return draw(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "same"))
		return same(argv[2], argv[3]);
	if ((argc == 6 || argc == 7) &&
	    (!strcmp(argv[1], "sound") || !strcmp(argv[1], "t38")))
		return phone(argv + 2, !strcmp(argv[1], "t38"),
			     argc == 7 ? argv[6] : NULL);
	fprintf(stderr, "usage: faxphone sound|t38 LOCAL:PORT REMOTE:PORT "
			"send|receive PAGE [LOSS] | draw PAGE | same A B\n");
	return 64;
}
