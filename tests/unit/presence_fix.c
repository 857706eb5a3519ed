/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file presence_fix.c  Presence on loopback with a clock of the test's own, and a phone that asks it
 */
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "presence_fix.h"

uint64_t now;

static uint64_t clock_now(void)
{
	return now;
}

static const char *const domains[] = {"example.com", "other.example"};

static void late(void *arg)
{
	(void)arg;
	fail_msg("nothing came");
}

void run(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, WAIT, late, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}

static void stop(void *arg)
{
	(void)arg;
	re_cancel();
}

void quiet(struct fix *f, uint64_t ms)
{
	const unsigned got = f->got;
	struct tmr tmr;

	f->want = 0;
	tmr_init(&tmr);
	tmr_start(&tmr, ms, stop, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
	assert_int_equal(f->got, got);
}

void header(char *buf, size_t sz, const char *text, const char *name)
{
	const char *p = strstr(text, name);
	size_t n;

	*buf = '\0';
	if (!p)
		return;
	p += strlen(name);
	n = strcspn(p, "\r\n");
	assert_true(n < sz);
	memcpy(buf, p, n);
	buf[n] = '\0';
}

void note(struct fix *f, const char *p, size_t n)
{
	char tag[128], *t;

	assert_true(f->got < GOT);
	f->gotv[f->got] = malloc(n + 1);
	memcpy(f->gotv[f->got], p, n);
	f->gotv[f->got++][n] = '\0';
	if (!strncmp(p, "SIP/2.0 200", 11)) {
		header(tag, sizeof(tag), f->gotv[f->got - 1], "\r\nTo: ");
		t = strstr(tag, ";tag=");
		if (t)
			str_ncpy(f->totag, t + 5, sizeof(f->totag));
	}
	if (f->want && f->got >= f->want)
		re_cancel();
}

int echo(char *buf, size_t sz, const char *text, unsigned code)
{
	static const char *const namev[] = {
		"\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ",
		"\r\nCSeq: "};
	int n = snprintf(buf, sz, "SIP/2.0 %u Whatever\r\n", code);
	char val[512];

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		header(val, sizeof(val), text, namev[i]);
		n += snprintf(buf + n, sz - (size_t)n, "%s%s\r\n", namev[i] + 2,
			      val);
	}
	return n +
	       snprintf(buf + n, sz - (size_t)n, "Content-Length: 0\r\n\r\n");
}

void send_text(struct fix *f, const char *text)
{
	struct mbuf *mb = mbuf_alloc(strlen(text));

	assert_int_equal(mbuf_write_str(mb, text), 0);
	mb->pos = 0;
	assert_int_equal(udp_send(f->us, &f->addr, mb), 0);
	mem_deref(mb);
}

static void recv_udp(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct fix *f = arg;
	char reply[2048];
	(void)src;

	/* a retransmission of one that was not answered */
	if (!f->notify_code && f->got && mbuf_get_left(mb) > 7 &&
	    !strncmp((char *)mbuf_buf(mb), "NOTIFY", 6) &&
	    strlen(f->gotv[f->got - 1]) == mbuf_get_left(mb))
		return;
	note(f, (const char *)mbuf_buf(mb), mbuf_get_left(mb));
	if (f->notify_code && !strncmp(f->gotv[f->got - 1], "NOTIFY", 6)) {
		(void)echo(reply, sizeof(reply), f->gotv[f->got - 1],
			   f->notify_code);
		send_text(f, reply);
	}
}

/* ---- start ------------------------------------------------------------------- */

void start(struct fix *f)
{
	assert_int_equal(store_open(&f->store, f->path, false), 0);
	assert_int_equal(location_alloc(&f->loc, f->store, NULL, clock_now), 0);
	assert_int_equal(presence_alloc(&f->p, &f->conf, f->node, f->store,
					f->loc, NULL),
			 0);
}

void end(struct fix *f)
{
	f->p = mem_deref(f->p);
	f->loc = mem_deref(f->loc);
	f->store = mem_deref(f->store);
}

static void node(struct fix *f)
{
	struct sip_listen lv[] = {{MSG_UDP, f->addr}, {MSG_TCP, f->addr}};
	struct sip_node_conf conf = {.listenv = lv,
				     .listenc = 2,
				     .agent = "test",
				     .connections = 10,
				     .per_source = 10,
				     .idle = 60};
	char why[256] = "";

	assert_int_equal(sip_node_alloc(&f->node, &conf, why, sizeof(why)), 0);
}

int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);
	char path[] = "/tmp/carom-presence-XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)close(fd);
	(void)unlink(path);
	now = (uint64_t)time(NULL);
	log_init(LOG_ERROR);
	assert_int_equal(libre_init(), 0);
	assert_int_equal(str_dup(&f->path, path), 0);
	assert_int_equal(sa_set_str(&f->addr, "127.0.0.1",
				    (uint16_t)(20000 + getpid() % 20000)),
			 0);
	assert_int_equal(sa_set_str(&f->phone, "127.0.0.2", 0), 0);
	assert_int_equal(udp_listen(&f->us, &f->phone, recv_udp, f), 0);
	udp_rxsz_set(f->us, 65536);
	assert_int_equal(udp_local_get(f->us, &f->phone), 0);
	f->notify_code = 200;
	f->conf = (struct presence_conf){.domainv = domains,
					 .domainc = 2,
					 .min_expires = 60,
					 .max_expires = 3600,
					 .default_expires = 600,
					 .interval = 0,
					 .subscriptions = 10,
					 .publications = 10,
					 .datagram = 1300,
					 .allow = PRESENCE_ALLOW_DOMAIN,
					 .now = clock_now};
	node(f);
	start(f);
	*state = f;
	return 0;
}

void forget(struct fix *f)
{
	while (f->got)
		free(f->gotv[--f->got]);
}

int teardown(void **state)
{
	struct fix *f = *state;
	char name[64];

	end(f);
	mem_deref(f->node);
	mem_deref(f->us);
	mem_deref(f->tc);
	mem_deref(f->ts);
	mem_deref(f->stream);
	forget(f);
	(void)unlink(f->path);
	(void)re_snprintf(name, sizeof(name), "%s-wal", f->path);
	(void)unlink(name);
	(void)re_snprintf(name, sizeof(name), "%s-shm", f->path);
	(void)unlink(name);
	mem_deref(f->path);
	mem_deref(f);
	libre_close();
	return 0;
}

/* ---- requests --------------------------------------------------------------------- */

void ask(struct fix *f, unsigned more, const char *method, const char *ruri,
	 const char *totag, unsigned cseq, const char *headers,
	 const char *body)
{
	char text[8192], contact[80];

	(void)re_snprintf(contact, sizeof(contact), "%J", &f->phone);
	(void)snprintf(text, sizeof(text),
		       "%s %s SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\n"
		       "Max-Forwards: 70\r\n"
		       "From: <sip:watcher@example.com>;tag=w1\r\n"
		       "To: <sip:bob@example.com>%s%s\r\n"
		       "Call-ID: c1\r\n"
		       "CSeq: %u %s\r\n"
		       "Contact: <sip:watcher@%s>\r\n"
		       "%sContent-Length: %zu\r\n\r\n%s",
		       method, ruri, contact, ++f->branch, totag ? ";tag=" : "",
		       totag ? totag : "", cseq, method, contact, headers,
		       strlen(body), body);
	forget(f);
	f->want = 1 + more;
	send_text(f, text);
	run();
}

void subscribe(struct fix *f, const char *event, const char *headers)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "Event: %s\r\n%s", event, headers);
	ask(f, 1, "SUBSCRIBE", "sip:bob@example.com", NULL, 1, text, "");
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	assert_int_equal(strncmp(f->gotv[1], "NOTIFY ", 7), 0);
}

void refused(struct fix *f, const char *method, const char *ruri,
	     const char *headers, const char *body, unsigned code)
{
	char want[32];

	(void)snprintf(want, sizeof(want), "SIP/2.0 %u ", code);
	ask(f, 0, method, ruri, NULL, 1, headers, body);
	if (strncmp(f->gotv[0], want, strlen(want)) != 0)
		fail_msg("%s: %s", want, f->gotv[0]);
}

void publish(struct fix *f, unsigned more, const char *headers,
	     const char *body, unsigned code)
{
	char text[8192], contact[80], want[32];

	(void)re_snprintf(contact, sizeof(contact), "%J", &f->phone);
	(void)snprintf(text, sizeof(text),
		       "PUBLISH sip:bob@example.com SIP/2.0\r\n"
		       "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\n"
		       "Max-Forwards: 70\r\n"
		       "From: <sip:bob@example.com>;tag=p%u\r\n"
		       "To: <sip:bob@example.com>\r\n"
		       "Call-ID: p%u\r\n"
		       "CSeq: 1 PUBLISH\r\n"
		       "%sContent-Length: %zu\r\n\r\n%s",
		       contact, f->branch + 1, f->branch + 1, f->branch + 1,
		       headers, strlen(body), body);
	++f->branch;
	forget(f);
	f->want = 1 + more;
	send_text(f, text);
	run();
	(void)snprintf(want, sizeof(want), "SIP/2.0 %u ", code);
	if (strncmp(f->gotv[0], want, strlen(want)) != 0)
		fail_msg("%s: %s", want, f->gotv[0]);
}

/* ---- packages ----------------------------------------------------------------------- */

unsigned calls;

void set_done(int err, void *arg)
{
	(void)arg;
	assert_int_equal(err, 0);
	++calls;
}
