/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file capture.c  carom capture sip: the messages that XDP read
 *
 * tcpdump does not see what is forwarded in the kernel. The program copies each
 * message into a ring buffer, as it came in; here is who reads it.
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/pcap.h"
#include "carom.h"
#include "sipcopy.h"

enum { LOOK = 50 /* ms between two looks at the ring */ };

struct capture {
	const char *file;
	uint32_t count, every;
	bool brief;
};

static const struct opt optv[] = {
	{.name = "write",
	 .key = 'w',
	 .type = OPT_STR,
	 .off = offsetof(struct capture, file),
	 .arg = "FILE",
	 .help = "into a pcap file, for tcpdump and wireshark"},
	{.name = "count",
	 .key = 'n',
	 .type = OPT_U32,
	 .off = offsetof(struct capture, count),
	 .arg = "N",
	 .min = 1,
	 .max = 4294967295.0,
	 .help = "so many messages, then end"},
	{.name = "every",
	 .key = 'e',
	 .type = OPT_U32,
	 .off = offsetof(struct capture, every),
	 .arg = "N",
	 .min = 1,
	 .max = 1000000,
	 .help = "one of N messages, by chance (default 1: all)"},
	{.name = "brief",
	 .key = 'b',
	 .off = offsetof(struct capture, brief),
	 .help = "of each message its first line alone"},
	{0},
};

/** One run */
struct run {
	struct cli *cli;
	const struct capture *conf;
	struct fp_sip *sip;
	struct pcap *pcap;
	uint64_t start; /* CLOCK_MONOTONIC ns                         */
	uint64_t wall;  /* what makes ns since 1970 of it             */
	uint32_t n;
	int lock;
	int err;
};

static uint64_t now(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int write_packet(struct run *r, const struct sip_copy *c,
			const char *text, uint64_t ns)
{
	uint8_t buf[SIPCOPY_PACKET];
	const size_t n = sipcopy_packet(buf, c, text);

	return n ? pcap_write(r->pcap, ns, buf, n, n) : 0;
}

static void copied(const struct sip_copy *c, const char *text, void *arg)
{
	struct run *r = arg;
	const uint64_t ns = c->time + r->wall;
	struct odict *od = NULL;

	/* the ring may hold what nobody fetched before */
	if (c->time < r->start || r->err ||
	    (r->conf->count && r->n >= r->conf->count))
		return;

	r->n++;
	if (r->pcap) {
		r->err = write_packet(r, c, text, ns);
	} else if (r->cli->json) {
		r->err = sipcopy_json(&od, c, text, ns);
		if (!r->err && cli_json(r->cli, od))
			r->err = EIO;
	} else {
		sipcopy_print(r->cli->out, c, text, ns, r->conf->brief);
	}
}

/* The ring has one reader: a second one would take copies from the first. The
 * name goes with whoever holds it */
static int take_turn(struct run *r)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	r->lock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r->lock < 0)
		return errno;
	(void)snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1,
		       "carom-sip-copies-%s",
		       r->cli->pin_dir ? r->cli->pin_dir : CAROM_PIN_DIR);
	if (!bind(r->lock, (const struct sockaddr *)&sun, sizeof(sun)))
		return 0;
	if (errno == EADDRINUSE)
		cli_error("capture: somebody captures already, and each copy "
			  "can be read once");

	return errno;
}

static int open_file(struct run *r)
{
	int fd;

	if (!r->conf->file)
		return 0;

	fd = open(r->conf->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return errno;

	return pcap_alloc(&r->pcap, fd);
}

/* Until so many have come, a signal, or nobody reads what we print */
static int loop(struct run *r, const sigset_t *set)
{
	const struct timespec look = {.tv_nsec = LOOK * 1000000};
	int err = 0;

	while (!err && !r->err) {
		err = fp_sip_copies(r->sip, copied, r);
		if (fflush(r->cli->out))
			err = errno;
		if (r->conf->count && r->n >= r->conf->count)
			break;
		if (sigtimedwait(set, NULL, &look) > 0)
			break;
	}

	return err ? err : r->err;
}

static int capture(struct run *r)
{
	struct sip_conf *c = fp_sip_conf(r->sip);
	const uint32_t every = r->conf->every ? r->conf->every : 1;
	const uint32_t had = c->copy_every;
	sigset_t set, old;
	int err;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, &old))
		return errno;
	(void)signal(SIGPIPE, SIG_IGN);

	r->start = now(CLOCK_MONOTONIC);
	r->wall = now(CLOCK_REALTIME) - r->start;
	__atomic_store_n(&c->copy_every, every, __ATOMIC_RELEASE);
	err = loop(r, &set);
	/* unless a reload has set another meanwhile */
	if (c->copy_every == every)
		__atomic_store_n(&c->copy_every, had, __ATOMIC_RELEASE);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);

	return err;
}

static int run(struct cli *cli, void *cfg, int argc, char **argv)
{
	struct run r = {.cli = cli, .conf = cfg, .lock = -1};
	struct fp_err e = {""};
	int err, code;

	if (argc != 1 || strcmp(argv[0], "sip") != 0) {
		cli_error("usage: carom capture sip; see carom capture --help");
		return CLI_USAGE;
	}
	code = cli_config(cli, false);
	if (code)
		return code;
	err = fp_sip_open(&r.sip, cli->pin_dir, false, &e);
	if (err)
		return cli_fp_error("capture", err, &e);

	err = take_turn(&r);
	if (!err) {
		err = open_file(&r);
		if (err)
			cli_error("capture: %s: %m", r.conf->file, err);
		else
			err = capture(&r);
		if (err == EPIPE)
			err = 0;
	}
	if (r.pcap && pcap_flush(r.pcap))
		err = EIO;
	mem_deref(r.pcap);
	if (r.conf->file && !err)
		(void)re_fprintf(stderr, "%u messages in %s\n", r.n,
				 r.conf->file);
	if (r.lock >= 0)
		(void)close(r.lock);
	mem_deref(r.sip);

	return err ? CLI_FAIL : CLI_OK;
}

const struct cmd cmd_capture = {
	.name = "capture",
	.args = "sip",
	.summary = "Show or record the SIP messages that come in",
	.text = "Over UDP, as they came in, also those that are forwarded in "
		"the kernel and that\ntcpdump does not see: behind the second "
		"> "
		"is where each went, or the reason why the\nkernel left it to "
		"the agent or dropped it. Until interrupted. When messages "
		"come\nfaster than they can be read, copies are lost and "
		"counted (sip_copy_lost in carom\nstats); no message waits.",
	.example = "  carom capture sip --brief\n"
		   "  carom capture sip --write /tmp/sip.pcap --count 1000",
	.optv = optv,
	.cfg_size = sizeof(struct capture),
	.argc_max = 1,
	.run = run,
};
