/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DTLS-SRTP: both roles over a bad network, and openssl(1) as an independent peer
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "secure/dtls.h"
#include "secure/dtls_priv.h"

enum { QUEUE = 256, ROOM = 2048 };

struct datagram {
	uint8_t p[ROOM];
	size_t n;
};

/* One side, and what is on its way to the other */
struct side {
	struct dtlsx *d;
	struct sa addr;
	struct datagram out[QUEUE];
	unsigned n;
	size_t longest;
	int fd;
};

static struct dtlsx_cert *certv[2];
static struct side a, b;

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	struct side *s = arg;

	assert_true(s->n < QUEUE && n <= ROOM);
	memcpy(s->out[s->n].p, p, n);
	s->out[s->n++].n = n;
	if (n > s->longest)
		s->longest = n;
}

static void open_side(struct side *s, bool active, unsigned own, unsigned peer,
		      size_t mtu)
{
	struct fingerprint fp;
	const struct dtlsx_conf conf = {.cert = certv[own],
					.active = active,
					.mtu = mtu,
					.fpv = &fp,
					.fpc = 1,
					.sendh = send_h,
					.arg = s};

	s->n = 0;
	s->longest = 0;
	(void)sa_set_str(&s->addr, active ? "192.0.2.1" : "192.0.2.2", 4000);
	assert_int_equal(dtlsx_cert_fingerprint(certv[peer], FP_SHA256, &fp),
			 0);
	assert_int_equal(dtlsx_alloc(&s->d, &conf), 0);
}

static void open_both(size_t mtu)
{
	open_side(&a, true, 0, 1, mtu);
	open_side(&b, false, 1, 0, mtu);
}

static void close_both(void)
{
	a.d = mem_deref(a.d);
	b.d = mem_deref(b.d);
}

/* Each datagram may be lost, come twice, or behind the next one */
static void carry(struct side *from, struct side *to, unsigned bad)
{
	static struct datagram q[QUEUE];
	const unsigned n = from->n;

	memcpy(q, from->out, n * sizeof(*q));
	from->n = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned k = i;

		if (bad && (unsigned)rand() % 100 < bad)
			continue;
		if (bad && i + 1 < n && (unsigned)rand() % 100 < bad) {
			struct datagram swap = q[i];

			q[i] = q[i + 1];
			q[i + 1] = swap;
		}
		(void)dtlsx_recv(to->d, &from->addr, q[k].p, q[k].n);
		if (bad && (unsigned)rand() % 100 < bad)
			(void)dtlsx_recv(to->d, &from->addr, q[k].p, q[k].n);
	}
}

static void wait_tick(void)
{
	int t = dtlsx_timeout(a.d), u = dtlsx_timeout(b.d);

	if (t < 0 || (u >= 0 && u < t))
		t = u;
	if (t > 0)
		(void)usleep((unsigned)t * 1000);
	dtlsx_tick(a.d);
	dtlsx_tick(b.d);
}

static void shake(unsigned bad)
{
	dtlsx_start(a.d);
	for (unsigned i = 0; i < 60; i++) {
		carry(&a, &b, bad);
		carry(&b, &a, bad);
		if (dtlsx_state(a.d) && dtlsx_state(b.d))
			break;
		if (!a.n && !b.n)
			wait_tick();
	}
}

/* What one protects the other opens, both ways */
static void assert_media(const struct side *x, const struct side *y)
{
	struct srtpx *tx[2] = {NULL}, *rx[2] = {NULL};
	uint8_t p[256] = {0x80, 0, 0, 1}, was[172];
	size_t n;

	assert_int_equal(dtlsx_contexts(x->d, &tx[0], &rx[0]), 0);
	assert_int_equal(dtlsx_contexts(y->d, &tx[1], &rx[1]), 0);
	for (unsigned i = 0; i < 2; i++) {
		n = sizeof(was);
		memcpy(was, p, n);
		assert_int_equal(srtpx_protect(tx[i], p, &n, sizeof(p)), 0);
		assert_memory_not_equal(p, was, sizeof(was));
		assert_int_equal(srtpx_unprotect(rx[!i], p, &n), 0);
		assert_int_equal(n, sizeof(was));
		assert_memory_equal(p, was, n);
	}
	for (unsigned i = 0; i < 2; i++) {
		mem_deref(tx[i]);
		mem_deref(rx[i]);
	}
}

/* Tell the peer that it is over: Carom never does, others do */
static void hang_up(struct dtlsx *d)
{
	(void)SSL_shutdown(d->ssl);
}

static void handshake(void **state)
{
	(void)state;
	open_both(0);
	assert_int_equal(dtlsx_recv(b.d, &a.addr, (const uint8_t *)"\x80", 1),
			 EPERM);
	shake(0);
	assert_int_equal(dtlsx_state(a.d), DTLSX_UP);
	assert_int_equal(dtlsx_state(b.d), DTLSX_UP);
	assert_media(&a, &b);
	hang_up(a.d);
	carry(&a, &b, 0);
	assert_int_equal(dtlsx_state(b.d), DTLSX_CLOSED);
	assert_string_equal(dtlsx_reason(b.d), "closed by the peer");
	close_both();
}

static void small_datagrams(void **state)
{
	(void)state;
	open_both(DTLSX_MTU_MIN);
	shake(0);
	assert_int_equal(dtlsx_state(b.d), DTLSX_UP);
	assert_true(a.longest <= DTLSX_MTU_MIN);
	assert_true(b.longest <= DTLSX_MTU_MIN);
	close_both();
}

static void bad_network(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++) {
		srand(seed);
		open_both(0);
		shake(10);
		if (dtlsx_state(a.d) != DTLSX_UP ||
		    dtlsx_state(b.d) != DTLSX_UP)
			fail_msg("seed %u: %d %s, %d %s", seed,
				 dtlsx_state(a.d), dtlsx_reason(a.d),
				 dtlsx_state(b.d), dtlsx_reason(b.d));
		assert_media(&a, &b);
		close_both();
	}
}

static void wrong_fingerprint(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_side(&a, true, 0, i ? 1 : 0, 0);
		open_side(&b, false, 1, i ? 1 : 0, 0);
		shake(0);
		assert_int_equal(dtlsx_state(a.d), DTLSX_FAILED);
		assert_int_equal(dtlsx_state(b.d), DTLSX_FAILED);
		assert_string_equal(dtlsx_reason(i ? b.d : a.d),
				    "fingerprint does not match");
		assert_int_equal(dtlsx_contexts(a.d, NULL, NULL), ENOTCONN);
		close_both();
	}
}

/* Before, in the middle of and after the handshake; and a small answer to it */
static void strangers(void **state)
{
	struct side x = {.n = 0};
	struct datagram hello;

	(void)state;
	open_both(0);
	open_side(&x, true, 0, 1, 0);
	dtlsx_start(x.d);
	hello = x.out[0];
	(void)sa_set_str(&x.addr, "192.0.2.66", 4000);
	assert_int_equal(dtlsx_recv(b.d, &x.addr, hello.p, hello.n), 0);
	assert_int_equal(b.n, 1);
	assert_true(b.out[0].n < hello.n);
	b.n = 0;
	hello.n /= 2;
	assert_int_equal(dtlsx_recv(b.d, &x.addr, hello.p, hello.n), 0);
	assert_int_equal(b.n, 0);

	dtlsx_start(a.d);
	carry(&a, &b, 0); /* hello */
	hello = x.out[0];
	(void)dtlsx_recv(b.d, &x.addr, hello.p, hello.n);
	b.n = 1;
	carry(&b, &a, 0); /* cookie */
	carry(&a, &b, 0);
	assert_int_equal(dtlsx_recv(b.d, &x.addr, hello.p, hello.n), EPERM);
	shake(0);
	assert_int_equal(dtlsx_state(a.d), DTLSX_UP);
	assert_int_equal(dtlsx_state(b.d), DTLSX_UP);
	assert_int_equal(dtlsx_recv(b.d, &a.addr, hello.p, hello.n), 0);
	assert_int_equal(dtlsx_recv(a.d, &b.addr, hello.p, hello.n), 0);
	assert_int_equal(dtlsx_state(a.d), DTLSX_UP);
	assert_int_equal(dtlsx_state(b.d), DTLSX_UP);
	assert_media(&a, &b);
	mem_deref(x.d);
	close_both();
}

/* RFC 8122 */
static void fingerprints(void **state)
{
	static const char text[] =
		"sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C"
		":AB";
	struct fingerprint fpv[3];
	char b64[256];
	struct pl pl;

	(void)state;
	pl_set_str(&pl, text);
	assert_int_equal(fingerprint_decode(&fpv[0], &pl), 0);
	assert_int_equal(fpv[0].n, 20);
	assert_int_equal(fpv[0].v[19], 0xab);
	assert_true(re_snprintf(b64, sizeof(b64), "%H", fingerprint_print,
				&fpv[0]) > 0);
	assert_string_equal(b64, text);
	pl.l--;
	assert_int_equal(fingerprint_decode(&fpv[0], &pl), EBADMSG);
	pl_set_str(&pl, "md5 00:11");
	assert_int_equal(fingerprint_decode(&fpv[0], &pl), ENOTSUP);
	pl_set_str(&pl, "sha-1");
	assert_int_equal(fingerprint_decode(&fpv[0], &pl), EBADMSG);

	/* the strongest counts alone, one of its kind is enough */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(fingerprint_make(&fpv[i], FP_SHA256,
						  (const uint8_t *)"ab" + i, 1),
				 0);
	(void)fingerprint_make(&fpv[2], FP_SHA1, (const uint8_t *)"c", 1);
	assert_true(fingerprint_match(fpv, 3, (const uint8_t *)"b", 1));
	assert_false(fingerprint_match(fpv, 3, (const uint8_t *)"c", 1));
	assert_true(fingerprint_match(&fpv[2], 1, (const uint8_t *)"c", 1));
	assert_false(fingerprint_match(fpv, 0, (const uint8_t *)"c", 1));
}

static void words(void **state)
{
	char id[TLS_ID_LEN + 1];
	struct pl pl;

	(void)state;
	pl_set_str(&pl, "actpass");
	assert_int_equal(setup_decode(&pl), SETUP_ACTPASS);
	assert_string_equal(setup_name(setup_answer(SETUP_ACTPASS, true)),
			    "active");
	assert_int_equal(setup_answer(SETUP_ACTIVE, true), SETUP_PASSIVE);
	assert_int_equal(setup_answer(SETUP_PASSIVE, false), SETUP_ACTIVE);
	pl_set_str(&pl, "actpas");
	assert_int_equal(setup_decode(&pl), SETUP_NONE);
	assert_int_equal(tls_id_make(id), 0);
	pl_set_str(&pl, id);
	assert_true(tls_id_ok(&pl));
	pl.l = 19;
	assert_false(tls_id_ok(&pl));
	pl_set_str(&pl, "0123456789012345678!");
	assert_false(tls_id_ok(&pl));
}

/* ---- openssl(1) ---------------------------------------------------------- */

static void fd_send_h(const uint8_t *p, size_t n, void *arg)
{
	const struct side *s = arg;

	(void)sendto(s->fd, p, n, 0, &s->addr.u.sa, s->addr.len);
}

static pid_t spawn(const char *cmd, int *out)
{
	int fdv[2];
	pid_t pid;

	assert_int_equal(pipe(fdv), 0);
	pid = fork();
	if (!pid) {
		(void)setpgid(0, 0);
		(void)dup2(fdv[1], 1);
		(void)dup2(fdv[1], 2);
		(void)execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		_exit(127);
	}
	(void)setpgid(pid, pid);
	(void)close(fdv[1]);
	*out = fdv[0];
	return pid;
}

/* Our keys, as openssl(1) prints what it exported */
static void key_text(char *text, size_t size, const struct side *s, bool active)
{
	const struct srtpx_key *client, *server;
	struct srtpx_key tx, rx;

	assert_int_equal(dtlsx_keys(s->d, &tx, &rx), 0);
	assert_int_equal(tx.suite, SRTPX_AES_CM_128_HMAC_SHA1_80);
	client = active ? &tx : &rx;
	server = active ? &rx : &tx;
	(void)snprintf(text, size, "Keying material: ");
	for (unsigned i = 0; i < 60; i++)
		(void)snprintf(text + strlen(text), size - strlen(text), "%02X",
			       i < 16   ? client->key[i]
			       : i < 32 ? server->key[i - 16]
			       : i < 46 ? client->key[i - 16]
					: server->key[i - 30]);
}

static void independent(bool active)
{
	static char said[65536];
	char cmd[1024], dir[] = "/tmp/test_dtlsXXXXXX", want[256];
	struct fingerprint fp;
	struct dtlsx_conf conf = {.cert = certv[0],
				  .active = active,
				  .fpv = &fp,
				  .fpc = 1,
				  .sendh = fd_send_h,
				  .arg = &a};
	struct sockaddr_in in = {.sin_family = AF_INET};
	uint8_t der[4096], p[ROOM];
	socklen_t len = sizeof(in);
	size_t n = 0, got = 0;
	int out, port;
	ssize_t r;
	pid_t pid;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(cmd, sizeof(cmd),
		       "cd %s && openssl req -x509 -newkey rsa:2048 -nodes "
		       "-keyout k -out c -subj /CN=x >/dev/null 2>&1 && "
		       "openssl x509 -in c -outform der -out d",
		       dir);
	assert_int_equal(system(cmd), 0);
	(void)snprintf(cmd, sizeof(cmd), "%s/d", dir);
	f = fopen(cmd, "rb");
	assert_non_null(f);
	n = fread(der, 1, sizeof(der), f);
	(void)fclose(f);
	assert_int_equal(fingerprint_make(&fp, FP_SHA256, der, n), 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(a.fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(a.fd, (struct sockaddr *)&in, &len), 0);
	port = ntohs(in.sin_port);
	if (active) { /* a port for the server: of a socket that is closed */
		int other = socket(AF_INET, SOCK_DGRAM, 0);

		in.sin_port = 0;
		(void)bind(other, (struct sockaddr *)&in, len);
		(void)getsockname(other, (struct sockaddr *)&in, &len);
		port = ntohs(in.sin_port);
		(void)close(other);
	}
	(void)sa_set_str(&a.addr, "127.0.0.1", (uint16_t)port);
	(void)snprintf(cmd, sizeof(cmd),
		       "cd %s && sleep 15 | exec openssl %s:%d -dtls1_2 "
		       "-cert c -key k -use_srtp SRTP_AES128_CM_SHA1_80 "
		       "-keymatexport EXTRACTOR-dtls_srtp -keymatexportlen 60",
		       dir,
		       active ? "s_server -verify 1 -accept 127.0.0.1"
			      : "s_client -connect 127.0.0.1",
		       port);
	assert_int_equal(dtlsx_alloc(&a.d, &conf), 0);
	pid = spawn(cmd, &out);
	if (active)
		(void)usleep(300000);
	dtlsx_start(a.d);
	for (unsigned i = 0; i < 400; i++) {
		struct pollfd pv[2] = {{.fd = a.fd, .events = POLLIN},
				       {.fd = out, .events = POLLIN}};

		(void)poll(pv, 2, 20);
		if (pv[0].revents) {
			struct sa src = {.len = sizeof(src.u)};

			r = recvfrom(a.fd, p, sizeof(p), 0, &src.u.sa,
				     &src.len);
			if (r > 0) {
				a.addr = src;
				(void)dtlsx_recv(a.d, &src, p, (size_t)r);
			}
		}
		dtlsx_tick(a.d);
		if (pv[1].revents) {
			r = read(out, said + got, sizeof(said) - 1 - got);
			if (r <= 0)
				break;
			got += (size_t)r;
			said[got] = '\0';
			if (strstr(said, "Keying material: "))
				break;
		}
	}
	(void)kill(-pid, SIGTERM);
	if (dtlsx_state(a.d) != DTLSX_UP)
		fail_msg("%s\n%s", dtlsx_reason(a.d), said);
	key_text(want, sizeof(want), &a, active);
	assert_non_null(strstr(said, want));
	hang_up(a.d);
	(void)waitpid(pid, NULL, 0);
	(void)close(out);
	(void)close(a.fd);
	a.d = mem_deref(a.d);
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void openssl_client(void **state)
{
	(void)state;
	independent(false);
}

static void openssl_server(void **state)
{
	(void)state;
	independent(true);
}

static void print_of(const struct dtlsx_cert *c, struct fingerprint *fp)
{
	assert_int_equal(dtlsx_cert_fingerprint(c, FP_SHA256, fp), 0);
}

static void openssl_makes(const char *path, int days)
{
	char run[1024];

	(void)snprintf(run, sizeof(run),
		       "rm -f %s && openssl req -x509 -newkey ec -pkeyopt "
		       "ec_paramgen_curve:P-256 -nodes -subj /CN=x -days %d "
		       "-keyout %s -out %s.crt 2>/dev/null && cat %s.crt >>%s "
		       "&& rm %s.crt",
		       path, days, path, path, path, path, path);
	assert_int_equal(system(run), 0);
}

/* What is shown goes on when the process does not; for its owner alone; and ends in time.
 * What is not ours to replace is left alone */
static void kept_in_a_file(void **state)
{
	char dir[] = "/tmp/test_dtls.XXXXXX", path[64];
	struct fingerprint first, again;
	struct dtlsx_cert *c;
	struct stat st;
	bool made;
	FILE *f;
	(void)state;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/dtls.pem", dir);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), 0);
	assert_true(made);
	print_of(c, &first);
	mem_deref(c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), 0);
	assert_false(made);
	print_of(c, &again);
	assert_int_equal(first.n, again.n);
	assert_memory_equal(first.v, again.v, first.n);
	mem_deref(c);

	/* one that somebody else made, for ten days: it is renewed; for a year: taken */
	openssl_makes(path, 10);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), 0);
	assert_true(made);
	mem_deref(c);
	openssl_makes(path, 365);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), 0);
	assert_false(made);
	mem_deref(c);

	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("no key", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), EBADMSG);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(dtlsx_cert_open(&c, path, &made), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(small_datagrams),
		cmocka_unit_test(bad_network),
		cmocka_unit_test(wrong_fingerprint),
		cmocka_unit_test(strangers),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(words),
		cmocka_unit_test(openssl_client),
		cmocka_unit_test(openssl_server),
		cmocka_unit_test(kept_in_a_file),
	};
	int failed;

	if (dtlsx_cert_make(&certv[0]) || dtlsx_cert_make(&certv[1]))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	mem_deref(certv[0]);
	mem_deref(certv[1]);
	return failed;
}
