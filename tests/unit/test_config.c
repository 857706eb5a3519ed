/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "daemon/config.h"

/* Three lines that every file needs; what follows is in line 4 and on, inside
 * `media` when it is indented by two */
#define IFACES "media:\n  interfaces:\n  - {name: a, address: 192.0.2.1}\n"
#define TWO(a, b) "media:\n  interfaces:\n  - {" a "}\n  - {" b "}\n"

static char path[] = "/tmp/carom-config-XXXXXX";

static int load(struct config **cp, const char *text, size_t len,
		struct config_err *e)
{
	int fd, err;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
	e->msg[0] = '\0';
	err = config_load(cp, path, e);
	assert_int_equal(unlink(path), 0);
	return err;
}

static struct config *load_ok(const char *text)
{
	struct config *c = NULL;
	struct config_err e;

	if (load(&c, text, strlen(text), &e))
		fail_msg("%s", e.msg);
	assert_non_null(c);
	return c;
}

static void defaults(void **state)
{
	struct config *c = load_ok(IFACES);
	struct sa sa;

	(void)state;
	assert_int_equal(c->log_level, LOG_INFO);
	assert_null(c->user);
	assert_string_equal(c->pin_dir, "/sys/fs/bpf/carom");
	assert_string_equal(c->store_path, "/var/lib/carom/carom.db");
	assert_int_equal(c->slots, 65536);
	assert_int_equal(c->ttl, 64);
	assert_int_equal(c->devicec, 0);
	assert_int_equal(c->media.ifacec, 1);
	assert_string_equal(c->media.ifacev[0].name, "a");
	assert_int_equal(sa_af(&c->media.ifacev[0].advertised), AF_UNSPEC);
	assert_int_equal(c->media.ifacev[0].port_min, 16384);
	assert_int_equal(c->media.ifacev[0].port_max, 32767);
	assert_int_equal(c->media.timeout, 60);
	assert_int_equal(c->media.silent_timeout, 3600);
	assert_int_equal(c->media.final_timeout, 0);
	assert_int_equal(c->media.offer_timeout, 3600);
	assert_int_equal(c->media.delete_delay, 30);
	assert_int_equal(c->media.latch_window, 5000);
	assert_int_equal(c->media.latch_grace, 250);
	assert_int_equal(c->media.dscp, -1);
	assert_int_equal(c->media.max_sessions, 0);
	assert_int_equal(c->media.jitter_buffer, 0);
	assert_int_equal(c->media.moh_max_duration, 1800);
	assert_int_equal(c->media.moh_max_repeats, 999);
	assert_int_equal(c->media.worker_priority, 1);
	assert_false(c->media.ice_full);
	assert_false(c->media.ssrc_substitute);
	assert_string_equal(c->media.recording_dir,
			    "/var/lib/carom/recordings");
	assert_string_equal(c->media.sound_dir, "/usr/share/carom/sounds");
	assert_string_equal(c->media.dtls_file, "/var/lib/carom/dtls.pem");
	assert_int_equal(c->ngc, 1);
	assert_int_equal(sa_set_str(&sa, "127.0.0.1", 2223), 0);
	assert_true(sa_cmp(&c->ngv[0].addr, &sa, SA_ALL));
	assert_true(c->ngv[0].udp && c->ngv[0].tcp);
	mem_deref(c);
}

static const char everything[] =
	"log: {level: debug}\n"
	"user: carom\n"
	"pin-dir: /sys/fs/bpf/other\n"
	"store: /run/c.db\n"
	"devices: [eth0, eth1.7]\n"
	"media:\n"
	"  legs: 100000\n"
	"  ttl: 0\n"
	"  timeout: 61\n"
	"  silent-timeout: 62\n"
	"  final-timeout: 63\n"
	"  offer-timeout: 64\n"
	"  delete-delay: 0\n"
	"  latch-window: 66\n"
	"  latch-grace: 65\n"
	"  dscp: 46\n"
	"  max-sessions: 67\n"
	"  jitter-buffer: 68\n"
	"  moh-max-duration: 69\n"
	"  moh-max-repeats: 71\n"
	"  worker-priority: 69\n"
	"  max-load: 70\n"
	"  max-bandwidth: 4000000000\n"
	"  ice: full\n"
	"  ssrc: substitute\n"
	"  recording-dir: \"/srv/a \\\"b\\\"\\\\\"\n"
	"  sound-dir: /srv/sounds\n"
	"  dtls-certificate: /srv/d.pem\n"
	"  turn: {server: \"udp:[2001:db8::9]:3478\", username: \"a \\\"b\","
	" password: \"#x\", ready: 3}\n"
	"  interfaces:\n"
	"  - {name: ext, address: 192.0.2.1, advertised: 203.0.113.1,"
	" ports: 1024-65535}\n"
	"  - {name: ext, address: \"2001:db8::1\", ports: 2000-2001}\n"
	"  - {name: ext2, address: 192.0.2.1, ports: 1024-65535}\n"
	"ng:\n"
	"  listen: [\"udp:127.0.0.1:2223\", \"tcp:[::1]:2224\", "
	"\"0.0.0.0:999\"]\n"
	"  dtmf-log: \"[2001:db8::5]:99\"\n"
	"metrics:\n"
	"  listen: [\"127.0.0.1:9090\", \"[::1]:9091\"]\n"
	"hep:\n"
	"  send: \"tls:[2001:db8::9]:9061\"\n"
	"  id: 4000000000\n"
	"  node-name: \"node \\\"1\\\"\"\n"
	"  password: secret\n"
	"  sip: false\n"
	"  rtcp: false\n"
	"  log: true\n"
	"  sample: 1/10\n"
	"  large: tcp\n"
	"  queue: 70000\n"
	"  ca: /srv/ca.pem\n";

static void check_everything(const struct config *c)
{
	char buf[64];

	assert_int_equal(c->log_level, LOG_DEBUG);
	assert_string_equal(c->user, "carom");
	assert_string_equal(c->pin_dir, "/sys/fs/bpf/other");
	assert_string_equal(c->store_path, "/run/c.db");
	assert_int_equal(c->devicec, 2);
	assert_string_equal(c->devicev[0], "eth0");
	assert_string_equal(c->devicev[1], "eth1.7");
	assert_int_equal(c->slots, 100000);
	assert_int_equal(c->ttl, 0);
	assert_int_equal(c->media.timeout, 61);
	assert_int_equal(c->media.silent_timeout, 62);
	assert_int_equal(c->media.final_timeout, 63);
	assert_int_equal(c->media.offer_timeout, 64);
	assert_int_equal(c->media.delete_delay, 0);
	assert_int_equal(c->media.latch_window, 66);
	assert_int_equal(c->media.latch_grace, 65);
	assert_int_equal(c->media.dscp, 46);
	assert_int_equal(c->media.max_sessions, 67);
	assert_int_equal(c->media.jitter_buffer, 68);
	assert_int_equal(c->media.moh_max_duration, 69);
	assert_int_equal(c->media.moh_max_repeats, 71);
	assert_int_equal(c->media.worker_priority, 69);
	assert_int_equal(c->media.max_load, 70);
	assert_int_equal(c->media.max_bandwidth, 4000000000u);
	(void)re_snprintf(buf, sizeof(buf), "%J", &c->media.turn.server);
	assert_string_equal(buf, "[2001:db8::9]:3478");
	assert_string_equal(c->media.turn.username, "a \"b");
	assert_string_equal(c->media.turn.password, "#x");
	assert_null(c->media.turn.secret);
	assert_string_equal(c->media.turn.iface, "ext");
	assert_int_equal(c->media.turn.ready, 3);
	assert_true(c->media.ice_full);
	assert_true(c->media.ssrc_substitute);
	assert_string_equal(c->media.recording_dir, "/srv/a \"b\"\\");
	assert_string_equal(c->media.sound_dir, "/srv/sounds");
	assert_string_equal(c->media.dtls_file, "/srv/d.pem");
	re_snprintf(buf, sizeof(buf), "%J", &c->media.dtmf_log);
	assert_string_equal(buf, "[2001:db8::5]:99");
	assert_int_equal(c->metricsc, 2);
	re_snprintf(buf, sizeof(buf), "%J", &c->metricsv[1]);
	assert_string_equal(buf, "[::1]:9091");
	assert_true(c->hep.on);
	assert_int_equal(c->hep.transp, HEP_TLS);
	re_snprintf(buf, sizeof(buf), "%J", &c->hep.dst);
	assert_string_equal(buf, "[2001:db8::9]:9061");
	assert_int_equal(c->hep.id, 4000000000u);
	assert_string_equal(c->hep.node_name, "node \"1\"");
	assert_string_equal(c->hep.password, "secret");
	assert_false(c->hep.sip || c->hep.rtcp);
	assert_true(c->hep.log && c->hep.large_by_tcp);
	assert_int_equal(c->hep.every, 10);
	assert_int_equal(c->hep.queue, 70000);
	assert_string_equal(c->hep.ca, "/srv/ca.pem");
	assert_int_equal(c->media.ifacec, 3);
	assert_string_equal(c->media.ifacev[1].name, "ext");
	re_snprintf(buf, sizeof(buf), "%j %j %j", &c->media.ifacev[0].addr,
		    &c->media.ifacev[0].advertised, &c->media.ifacev[1].addr);
	assert_string_equal(buf, "192.0.2.1 203.0.113.1 2001:db8::1");
	assert_int_equal(c->media.ifacev[0].port_min, 1024);
	assert_int_equal(c->media.ifacev[0].port_max, 65535);
	assert_int_equal(c->media.ifacev[1].port_max, 2001);
	assert_int_equal(c->ngc, 3);
	re_snprintf(buf, sizeof(buf), "%J %J %J", &c->ngv[0].addr,
		    &c->ngv[1].addr, &c->ngv[2].addr);
	assert_string_equal(buf, "127.0.0.1:2223 [::1]:2224 0.0.0.0:999");
	assert_true(c->ngv[0].udp && !c->ngv[0].tcp);
	assert_true(!c->ngv[1].udp && c->ngv[1].tcp);
	assert_true(c->ngv[2].udp && c->ngv[2].tcp);
}

static void every_field(void **state)
{
	struct config *c = load_ok(everything);

	(void)state;
	check_everything(c);
	mem_deref(c);
}

/* Without a name; printed as it is, too */
static void turn_by_secret(void **state)
{
	static const char text[] = IFACES
		"  turn: {server: \"udp:192.0.2.9:3478\", secret: north}\n";
	struct config *c = load_ok(text);
	char *s = NULL;
	(void)state;

	assert_string_equal(c->media.turn.secret, "north");
	assert_string_equal(c->media.turn.username, "");
	assert_null(c->media.turn.password);
	assert_string_equal(c->media.turn.iface, "a");
	assert_int_equal(c->media.turn.ready, 8);
	assert_int_equal(re_sdprintf(&s, "%H", config_print, c), 0);
	assert_non_null(strstr(s, "  turn:\n"
				  "    server: \"udp:192.0.2.9:3478\"\n"
				  "    username: \"\"\n"
				  "    secret: \"north\"\n"
				  "    interface: \"a\"\n"
				  "    ready: 8\n"));
	mem_deref(s);
	mem_deref(c);
}

/* What is printed loads again, as the same */
static void printed_is_loaded(void **state)
{
	struct config *c = load_ok(everything), *again;
	char *one = NULL, *two = NULL;

	(void)state;
	assert_int_equal(re_sdprintf(&one, "%H", config_print, c), 0);
	again = load_ok(one);
	check_everything(again);
	assert_int_equal(re_sdprintf(&two, "%H", config_print, again), 0);
	assert_string_equal(one, two);
	mem_deref(one);
	mem_deref(two);
	mem_deref(again);
	mem_deref(c);

	c = load_ok(IFACES "ng: {listen: []}\n");
	assert_int_equal(c->ngc, 0);
	assert_int_equal(re_sdprintf(&one, "%H", config_print, c), 0);
	again = load_ok(one);
	assert_int_equal(again->ngc, 0);
	assert_int_equal(again->devicec, 0);
	assert_null(again->user);
	assert_int_equal(again->media.dscp, -1);
	mem_deref(one);
	mem_deref(again);
	mem_deref(c);
}

static void store_of_several_nodes(void **state)
{
	struct config *c, *again;
	char *text = NULL;

	(void)state;
	c = load_ok("store: \"redis://carom@10.0.0.1,[2001:db8::1]:6380/2\"\n"
		    "store-password: /etc/carom/redis\nstore-replicas: 2\n"
		    "control: /run/x/c.sock\n" IFACES);
	assert_true(c->store_shared);
	assert_int_equal(c->store_replicas, 2);
	assert_string_equal(config_lock(c), "/run/x/c.sock");
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	again = load_ok(text);
	assert_string_equal(again->store_path, c->store_path);
	assert_string_equal(again->store_password, "/etc/carom/redis");
	assert_int_equal(again->store_replicas, 2);
	mem_deref(text);
	mem_deref(again);
	mem_deref(c);

	c = load_ok("store: /run/c.db\n" IFACES);
	assert_false(c->store_shared);
	assert_string_equal(config_lock(c), "/run/c.db");
	mem_deref(c);
}

static void example_is_right(void **state)
{
	struct config *c = NULL;
	struct config_err e = {""};

	(void)state;
	if (config_load(&c, TEST_DATA "/../carom.yaml.example", &e))
		fail_msg("%s", e.msg);
	assert_int_equal(c->media.ifacec, 3);
	assert_string_equal(c->user, "carom");
	assert_int_equal(c->ngc, 2);
	assert_int_equal(c->slots, 65536);
	mem_deref(c);
}

/* Without `legs`, the table has room for every port, and slot 0 */
static void legs_follow_ports(void **state)
{
	struct config *c;

	(void)state;
	c = load_ok(TWO("name: a, address: 192.0.2.1, ports: 1024-65535",
			"name: b, address: 192.0.2.2, ports: 1024-65535"));
	assert_int_equal(c->slots, 2 * 64512 + 1);
	mem_deref(c);

	/* a shared address counts once */
	c = load_ok("media:\n  legs: 101\n  interfaces:\n"
		    "  - {name: a, address: 192.0.2.1, ports: 2000-2099}\n"
		    "  - {name: b, address: 192.0.2.1, ports: 2000-2099, "
		    "advertised: 203.0.113.1}\n");
	assert_int_equal(c->slots, 101);
	mem_deref(c);
}

static void short_window_shortens_grace(void **state)
{
	struct config *c = load_ok(IFACES "  latch-window: 100\n");

	(void)state;
	assert_int_equal(c->media.latch_window, 100);
	assert_int_equal(c->media.latch_grace, 100);
	mem_deref(c);
}

struct refusal {
	const char *text;
	unsigned line;
	const char *key; /* "" for the file as such */
	const char *what;
	const char *allowed;
};

#define A "name: a, address: 192.0.2.1"
#define PORTS "MIN-MAX in 1024..65535, MIN even"
#define UNICAST "a unicast IPv4 or IPv6 address of this host"
#define LISTEN "[udp:|tcp:]ADDRESS:PORT"

static const struct refusal refusals[] = {
	/* not YAML */
	{"log:\n\tlevel: info\n", 2, "", "not YAML", "indented with spaces"},
	{"media: [\n", 2, "", "not YAML", "indented with spaces"},
	{"log: {level: info}\n\xff\xfe\xfd: x\n", 2, "", "not YAML", "UTF-8"},
	{"", 1, "", "empty",
	 "log, user, node, pin-dir, store, store-password, store-replicas, "
	 "control, devices, media, ng"},
	{"# nothing\n", 1, "", "empty", "media"},
	{"- a\n", 1, "", "no section", "media"},
	{IFACES "---\nlog: {}\n", 4, "", "second document", "one"},
	/* unknown keys */
	{IFACES "colour: red\n", 4, "colour", "unknown key",
	 "log, user, node, pin-dir, store, store-password, store-replicas, "
	 "control, devices, media, ng"},
	{"log:\n  level: info\n  file: x\n", 3, "log.file", "unknown key",
	 "level"},
	{IFACES "  timout: 5\n", 4, "media.timout", "unknown key",
	 "silent-timeout"},
	{TWO(A, "nom: b"), 4, "media.interfaces[1].nom", "unknown key",
	 "name, address, advertised, ports"},
	{IFACES "ng:\n  listen: []\n  port: 5\n", 6, "ng.port", "unknown key",
	 "listen"},
	{IFACES "? [a]\n: b\n", 4, "", "a key that is no text", "log, user"},
	/* duplicate and missing keys */
	{IFACES "  ttl: 5\n  ttl: 6\n", 5, "media.ttl",
	 "given before, in line 4", "0..255"},
	{IFACES "log: {}\nlog: {}\n", 5, "log", "given before, in line 4",
	 "level"},
	{"log: {}\n", 1, "media", "missing", "interfaces"},
	{"log: {}\nmedia:\n  ttl: 5\n", 2, "media.interfaces", "missing",
	 "at least one"},
	{TWO(A, "name: b"), 4, "media.interfaces[1].address", "missing",
	 UNICAST},
	{TWO("address: 192.0.2.1", A), 3, "media.interfaces[0].name", "missing",
	 "letters, digits"},
	/* wrong types */
	{"log: info\n" IFACES, 1, "log", "no section", "level"},
	{"log:\n" IFACES, 1, "log", "no section", "level"},
	{"log: {level: loud}\n" IFACES, 1, "log.level", "'loud'",
	 "error, warning, info, debug"},
	{"log: {level: [info]}\n" IFACES, 1, "log.level", "is a list",
	 "error, warning, info, debug"},
	{"devices: eth0\n" IFACES, 1, "devices", "no list",
	 "a list of network devices"},
	{"devices:\n- eth0\n- {a: b}\n" IFACES, 3, "devices[1]", "a section",
	 "the name of a network device"},
	{"user: [a]\n" IFACES, 1, "user", "is a list", "the name of a user"},
	{"user:\n" IFACES, 1, "user", "is empty", "the name of a user"},
	{"user: \"a\\0b\"\n" IFACES, 1, "user", "zero byte", "name of a user"},
	{"media: []\n", 1, "media", "no section", "interfaces"},
	{"media:\n  interfaces: ext\n", 2, "media.interfaces", "no list",
	 "at least one"},
	{"media:\n  interfaces:\n  - ext\n", 3, "media.interfaces[0]",
	 "no section", "name, address"},
	{IFACES "ng: {listen: 127.0.0.1:2223}\n", 4, "ng.listen", "no list",
	 "a list of listeners"},
	/* numbers */
	{IFACES "  ttl: high\n", 4, "media.ttl", "'high'", "0..255"},
	{IFACES "  ttl: 256\n", 4, "media.ttl", "'256'", "0..255"},
	{IFACES "  ttl: -1\n", 4, "media.ttl", "'-1'", "0..255"},
	{IFACES "  ttl: 1.5\n", 4, "media.ttl", "'1.5'", "0..255"},
	{IFACES "  ttl: 010\n", 4, "media.ttl", "'010'", "0..255"},
	{IFACES "  ttl: 0x10\n", 4, "media.ttl", "'0x10'", "0..255"},
	{IFACES "  ttl: {a: b}\n", 4, "media.ttl", "is a section", "0..255"},
	{IFACES "  ttl:\n", 4, "media.ttl", "is empty", "0..255"},
	{IFACES "  timeout: 0\n", 4, "media.timeout", "'0'", "1..604800"},
	{IFACES "  timeout: 99999999999\n", 4, "media.timeout", "'99999999999'",
	 "1..604800"},
	{IFACES "  timeout: 4294967297\n", 4, "media.timeout", "'4294967297'",
	 "1..604800"},
	{IFACES "  silent-timeout: 0\n", 4, "media.silent-timeout", "'0'",
	 "1..604800"},
	{IFACES "  final-timeout: x\n", 4, "media.final-timeout", "'x'",
	 "0 never"},
	{IFACES "  offer-timeout: 0\n", 4, "media.offer-timeout", "'0'",
	 "1..604800"},
	{IFACES "  delete-delay: 3601\n", 4, "media.delete-delay", "'3601'",
	 "0..3600"},
	{IFACES "  latch-window: 60001\n", 4, "media.latch-window", "'60001'",
	 "milliseconds, 0..60000"},
	{IFACES "  latch-window: 10\n  latch-grace: 11\n", 5,
	 "media.latch-grace", "11 ms is longer than latch-window, 10 ms",
	 "at most latch-window"},
	{IFACES "  max-sessions: many\n", 4, "media.max-sessions", "'many'",
	 "0 no limit"},
	{IFACES "  dscp: 64\n", 4, "media.dscp", "'64'", "keep, or"},
	{IFACES "  dscp: -1\n", 4, "media.dscp", "'-1'", "keep, or"},
	{IFACES "  dscp: ef\n", 4, "media.dscp", "'ef'", "keep, or"},
	{IFACES "  ice: half\n", 4, "media.ice", "'half'", "lite, full"},
	{IFACES "  turn: {username: a, password: b}\n", 4, "media.turn.server",
	 "is missing", "udp:ADDRESS:PORT"},
	{IFACES "  turn: {server: \"192.0.2.9:3478\", username: a,"
		" password: b}\n",
	 4, "media.turn.server", "is no server", "udp:ADDRESS:PORT"},
	{IFACES "  turn: {server: \"tcp:192.0.2.9:3478\", username: a,"
		" password: b}\n",
	 4, "media.turn.server", "is no server", "udp:ADDRESS:PORT"},
	{IFACES "  turn: {server: \"udp:[2001:db8::9]:3478\", username: a,"
		" password: b}\n",
	 4, "media.turn.server", "of another family", "of the family of"},
	{IFACES "  turn: {server: \"udp:192.0.2.9:3478\", username: a,"
		" password: b, interface: int}\n",
	 4, "media.turn.interface", "'int' has no address",
	 "the name of an interface"},
	{IFACES "  turn: {server: \"udp:192.0.2.9:3478\", username: a}\n", 4,
	 "media.turn.password", "is missing", "or a secret instead"},
	{IFACES "  turn: {server: \"udp:192.0.2.9:3478\", password: a}\n", 4,
	 "media.turn.username", "is missing", "1 to 508 bytes"},
	{IFACES "  turn: {server: \"udp:192.0.2.9:3478\", username: a,"
		" password: b, secret: c}\n",
	 4, "media.turn.secret", "beside a password", "or a password instead"},
	{IFACES "  turn: {server: \"udp:192.0.2.9:3478\", username: a,"
		" password: b, ready: 0}\n",
	 4, "media.turn.ready", "'0'", "1..256"},
	{IFACES "  ssrc: both\n", 4, "media.ssrc", "'both'",
	 "keep, substitute"},
	{IFACES "  ssrc: 1\n", 4, "media.ssrc", "'1'", "keep, substitute"},
	{IFACES "  legs: 63\n", 4, "media.legs", "'63'", "64..4194304"},
	{IFACES "  legs: 16384\n", 4, "media.legs",
	 "too few for the 16384 ports", "more than all interfaces' ports"},
	/* names and paths */
	{"user: a b\n" IFACES, 1, "user", "'a b'", "the name of a user"},
	{"user: ~\n" IFACES, 1, "user", "'~'", "the name of a user"},
	{"pin-dir: carom\n" IFACES, 1, "pin-dir", "'carom'",
	 "an absolute path on a BPF file system"},
	{"store: a.db\n" IFACES, 1, "store", "'a.db'", "an absolute path"},
	{"store: redis://\n" IFACES, 1, "store", "an address is HOST",
	 "redis://[USER@]HOST[:PORT]"},
	{"store: redis://a:b@h\n" IFACES, 1, "store", "store-password",
	 "redis://"},
	{"store: rediss://h\n" IFACES, 1, "store", "TLS", "redis://"},
	{"store: redis://h:0\n" IFACES, 1, "store", "a port is", "redis://"},
	{"store: redis://h/x\n" IFACES, 1, "store", "a database", "redis://"},
	{"store: \"redis://[::1\"\n" IFACES, 1, "store", "without", "redis://"},
	{"store: http://h\n" IFACES, 1, "store", "a URL here", "redis://"},
	{"store-replicas: 1\n" IFACES, 1, "store-replicas", "store is a file",
	 "0..8"},
	{"store: redis://h\nstore-replicas: 9\n" IFACES, 2, "store-replicas",
	 "9", "0..8"},
	{"store-password: /p\n" IFACES, 1, "store-password", "store is a file",
	 "an absolute path"},
	{"store: redis://h\nstore-password: p\n" IFACES, 2, "store-password",
	 "'p'", "an absolute path"},
	{IFACES "metrics:\n  listen: [\"1.2.3.4\"]\n", 5, "metrics.listen[0]",
	 "'1.2.3.4' is no listener",
	 "ADDRESS:PORT, an IPv6 address in brackets, each once"},
	{IFACES "metrics:\n  listen: [\"1.2.3.4:5\", \"1.2.3.4:5\"]\n", 5,
	 "metrics.listen[1]", "'1.2.3.4:5' twice",
	 "ADDRESS:PORT, an IPv6 address in brackets, each once"},
	{IFACES "hep:\n  id: 1\n", 4, "hep.send", "is missing",
	 "[udp:|tcp:|tls:]ADDRESS:PORT"},
	{IFACES "hep:\n  send: sctp:192.0.2.1:9060\n", 5, "hep.send",
	 "'sctp:192.0.2.1:9060' is nowhere", "[udp:|tcp:|tls:]ADDRESS:PORT"},
	{IFACES "hep: {send: \"192.0.2.1:1\", sample: 2/3}\n", 4, "hep.sample",
	 "'2/3' is no part", "1/N"},
	{IFACES "hep: {send: \"192.0.2.1:1\", sample: 1/0}\n", 4, "hep.sample",
	 "'1/0' is no part", "1/N"},
	{IFACES "hep: {send: \"192.0.2.1:1\", sample: 1/3x}\n", 4, "hep.sample",
	 "'1/3x' is no part", "1/N"},
	{IFACES "hep: {send: \"192.0.2.1:1\", ca: /a.pem}\n", 4, "hep.ca",
	 "of no use without TLS", "with tls:"},
	{IFACES "hep: {send: \"tls:192.0.2.1:1\", ca: a.pem}\n", 4, "hep.ca",
	 "no absolute path", "an absolute path"},
	{IFACES "hep: {send: \"192.0.2.1:1\", large: cut}\n", 4, "hep.large",
	 "'cut'", "fragment, tcp"},
	{IFACES "hep: {send: \"192.0.2.1:1\", queue: 1}\n", 4, "hep.queue",
	 "'1'", "65536..1073741824"},
	{IFACES "ng:\n  dtmf-log: example.com\n", 5, "ng.dtmf-log",
	 "'example.com' is nowhere", "ADDRESS:PORT"},
	{IFACES "ng:\n  dtmf-log: 192.0.2.1:70000\n", 5, "ng.dtmf-log",
	 "'192.0.2.1:70000'", "ADDRESS:PORT"},
	{IFACES "  max-load: 101\n", 4, "media.max-load", "101", "0..100"},
	{IFACES "  jitter-buffer: 201\n", 4, "media.jitter-buffer", "201",
	 "0..200"},
	{IFACES "  sound-dir: s\n", 4, "media.sound-dir", "'s'",
	 "an absolute path"},
	{IFACES "  recording-dir: rec\n", 4, "media.recording-dir", "'rec'",
	 "an absolute path"},
	{"devices: [a, abcdefghijklmnop]\n" IFACES, 1, "devices[1]",
	 "'abcdefghijklmnop'", "at most 15 characters"},
	{"devices: [a/b]\n" IFACES, 1, "devices[0]", "'a/b'", "each once"},
	{"devices:\n- a\n- b\n- a\n" IFACES, 4, "devices[2]", "'a' twice",
	 "each once"},
	{TWO(A, "name: a/b, address: 192.0.2.2"), 4, "media.interfaces[1].name",
	 "'a/b'", "letters, digits"},
	{TWO(A, "name: a, address: 192.0.2.2"), 4, "media.interfaces[1].name",
	 "'a' is the name of interfaces[0] too",
	 "each name once per address family"},
	/* addresses */
	{"media:\n  interfaces: []\n", 2, "media.interfaces", "empty",
	 "at least one"},
	{TWO(A, "name: b, address: 192.0.2.256"), 4,
	 "media.interfaces[1].address", "'192.0.2.256'", UNICAST},
	{TWO(A, "name: b, address: example.org"), 4,
	 "media.interfaces[1].address", "'example.org'", UNICAST},
	{TWO(A, "name: b, address: 192.0.2.2:80"), 4,
	 "media.interfaces[1].address", "'192.0.2.2:80'", UNICAST},
	{TWO(A, "name: b, address: 0.0.0.0"), 4, "media.interfaces[1].address",
	 "unspecified", UNICAST},
	{TWO(A, "name: b, address: '::'"), 4, "media.interfaces[1].address",
	 "unspecified", UNICAST},
	{TWO(A, "name: b, address: 239.1.2.3"), 4,
	 "media.interfaces[1].address", "multicast", UNICAST},
	{TWO(A, "name: b, address: 'ff02::1'"), 4,
	 "media.interfaces[1].address", "multicast", UNICAST},
	{TWO(A, "name: b, address: 255.255.255.255"), 4,
	 "media.interfaces[1].address", "broadcast", UNICAST},
	{TWO(A, "name: b, address: 'fe80::1'"), 4,
	 "media.interfaces[1].address", "link-local", UNICAST},
	{TWO(A, "name: b, address: 'fe80::1%lo'"), 4,
	 "media.interfaces[1].address", "'fe80::1%lo'", UNICAST},
	/* an IPv4 address in disguise is that address */
	{TWO(A, "name: b, address: '::ffff:192.0.2.1'"), 4,
	 "media.interfaces[1].ports", "overlaps", "one range for an address"},
	{TWO(A ", advertised: 203.0.113.999", "name: b, address: 192.0.2.2"), 3,
	 "media.interfaces[0].advertised", "'203.0.113.999'",
	 "of the same family as address"},
	{TWO(A ", advertised: '2001:db8::1'", "name: b, address: 192.0.2.2"), 3,
	 "media.interfaces[0].advertised", "not of the family",
	 "of the same family as address"},
	/* ports */
	{TWO(A, "name: b, address: 192.0.2.2, ports: 16384"), 4,
	 "media.interfaces[1].ports", "'16384' is no range", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 2000-70000"), 4,
	 "media.interfaces[1].ports", "'2000-70000'", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 2000-+2009"), 4,
	 "media.interfaces[1].ports", "'2000-+2009'", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 2000-"), 4,
	 "media.interfaces[1].ports", "'2000-'", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 2001-3000"), 4,
	 "media.interfaces[1].ports", "odd port", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 3000-2000"), 4,
	 "media.interfaces[1].ports", "out of range", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 2000-2000"), 4,
	 "media.interfaces[1].ports", "out of range", PORTS},
	{TWO(A, "name: b, address: 192.0.2.2, ports: 22-2000"), 4,
	 "media.interfaces[1].ports", "out of range", PORTS},
	{TWO(A, "name: b, address: 192.0.2.1, ports: 32766-40000"), 4,
	 "media.interfaces[1].ports",
	 "32766-40000 overlaps with that of interfaces[0] (a), 16384-32767",
	 "one range for an address"},
	{TWO(A, "name: b, address: 192.0.2.1"), 4, "media.interfaces[1].ports",
	 "overlaps", "one range for an address"},
	{TWO(A, "name: b, address: 192.0.2.1, ports: 40000-50000"), 4,
	 "media.interfaces[1].ports", "another range",
	 "one range for an address"},
	/* listeners */
	{IFACES "ng: {listen: [\"127.0.0.1\"]}\n", 4, "ng.listen[0]",
	 "'127.0.0.1'", LISTEN},
	{IFACES "ng: {listen: [\"127.0.0.1:0\"]}\n", 4, "ng.listen[0]",
	 "'127.0.0.1:0'", LISTEN},
	{IFACES "ng: {listen: [\"127.0.0.1:67759\"]}\n", 4, "ng.listen[0]",
	 "'127.0.0.1:67759'", LISTEN},
	{IFACES "ng: {listen: [\"udp:[::1]:22x\"]}\n", 4, "ng.listen[0]",
	 "'udp:[::1]:22x'", LISTEN},
	{IFACES "ng: {listen: [\"sctp:127.0.0.1:5\"]}\n", 4, "ng.listen[0]",
	 "'sctp:127.0.0.1:5'", LISTEN},
	{IFACES "ng: {listen: [\"localhost:2223\"]}\n", 4, "ng.listen[0]",
	 "'localhost:2223'", LISTEN},
	{IFACES "ng:\n  listen:\n  - 127.0.0.1:2223\n  - udp:127.0.0.1:2223\n",
	 7, "ng.listen[1]", "twice", "each once"},
	{IFACES "ng:\n  listen:\n  - udp:192.0.2.1:20000\n", 6, "ng.listen[0]",
	 "a media port of interfaces[0] (a)", "outside the media ports"},
};

static void check_refusal(const struct refusal *r)
{
	struct config *c = NULL;
	struct config_err e;
	char start[256];
	int err;

	err = load(&c, r->text, strlen(r->text), &e);
	(void)snprintf(start, sizeof(start), "%s:%u: %s%s", path, r->line,
		       r->key, *r->key ? ": " : "");
	if (err != EBADMSG || c || strncmp(e.msg, start, strlen(start)) ||
	    !strstr(e.msg, r->what) || !strstr(e.msg, "; allowed: ") ||
	    !strstr(strstr(e.msg, "; allowed: "), r->allowed))
		fail_msg("err %d, \"%s\" for:\n%s(wanted: \"%s...%s...%s\")",
			 err, e.msg, r->text, start, r->what, r->allowed);
}

static void each_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		check_refusal(&refusals[i]);
}

/* A list of `n` entries is one too long */
static void too_long(const char *head, const char *entry, unsigned n,
		     const char *tail, const char *key)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct config *c = NULL;
	struct config_err e = {""};
	unsigned i;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_str(mb, head), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(mbuf_printf(mb, entry, i / 200, i % 200 + 1),
				 0);
	assert_int_equal(mbuf_write_str(mb, tail), 0);
	assert_int_equal(load(&c, (char *)mb->buf, mb->end, &e), EBADMSG);
	assert_null(c);
	if (!strstr(e.msg, key) || !strstr(e.msg, "has more than"))
		fail_msg("%s", e.msg);
	mem_deref(mb);
}

static void lists_end(void **state)
{
	(void)state;
	too_long("media:\n  interfaces:\n",
		 "  - {name: a, address: 10.0.%u.%u, ports: 2000-2001}\n", 1025,
		 "", "media.interfaces: ");
	too_long("devices:\n", "- d%u-%u\n", 65, IFACES, "devices: ");
	too_long(IFACES "ng:\n  listen:\n", "  - 127.0.%u.%u:2223\n", 65, "",
		 "ng.listen: ");
}

static void listener_may_share_tcp(void **state)
{
	struct config *c;

	(void)state;
	/* TCP is not media, and a port of UDP is not one of TCP */
	c = load_ok(IFACES "ng: {listen: [\"tcp:192.0.2.1:20000\", "
			   "\"udp:127.0.0.1:1\", \"tcp:127.0.0.1:1\"]}\n");
	assert_int_equal(c->ngc, 3);
	mem_deref(c);
}

static void file_itself(void **state)
{
	struct config *c = NULL;
	struct config_err e = {""};
	char *big;

	(void)state;
	assert_int_equal(config_load(&c, "/nonexistent/carom.yaml", &e),
			 ENOENT);
	assert_non_null(strstr(e.msg, "/nonexistent/carom.yaml: No such file"));
	assert_int_equal(config_load(&c, "/", &e), EISDIR);
	assert_non_null(strstr(e.msg, "/: Is a directory"));
	assert_int_equal(config_load(&c, "/nonexistent", NULL), ENOENT);

	big = malloc(2 << 20);
	assert_non_null(big);
	memset(big, '#', 2 << 20);
	assert_int_equal(load(&c, big, 2 << 20, &e), EFBIG);
	assert_non_null(strstr(e.msg, "too large"));
	free(big);
	assert_null(c);
}

/* Whatever is cut off, doubled or bent: refused or loaded, never a crash, and
 * a refusal always says why */
static void mutations(void **state)
{
	char text[sizeof(everything)];
	const size_t n = sizeof(everything) - 1;
	struct config_err e;
	struct config *c;
	size_t i, loaded = 0, refused = 0;

	(void)state;
	for (i = 0; i < 3 * n; i++) {
		static const char odd[] = "\t{}[]:&*!%@-?\x01\xff\n'\"0";
		const size_t pos = i % n;
		size_t len = n;

		memcpy(text, everything, n);
		if (i < n)
			len = pos;
		else
			text[pos] = odd[i % (sizeof(odd) - 1)];

		c = NULL;
		if (load(&c, text, len, &e)) {
			assert_null(c);
			assert_true(strlen(e.msg) > strlen(path) + 2);
			refused++;
		} else {
			assert_non_null(c);
			loaded++;
		}
		mem_deref(c);
	}
	assert_true(refused > n);
	assert_true(loaded > 0);
}

static void aliases(void **state)
{
	struct config *c = NULL;
	struct config_err e;
	static const char self[] = "devices: &a [*a]\n" IFACES;

	(void)state;
	assert_int_equal(load(&c, self, sizeof(self) - 1, &e), EBADMSG);
	assert_null(c);
	c = load_ok("user: &u carom\nstore: /a\nlog: {level: info}\n" IFACES
		    "devices: [*u]\n");
	assert_string_equal(c->devicev[0], "carom");
	mem_deref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_field),
		cmocka_unit_test(printed_is_loaded),
		cmocka_unit_test(store_of_several_nodes),
		cmocka_unit_test(example_is_right),
		cmocka_unit_test(legs_follow_ports),
		cmocka_unit_test(short_window_shortens_grace),
		cmocka_unit_test(turn_by_secret),
		cmocka_unit_test(each_is_refused),
		cmocka_unit_test(listener_may_share_tcp),
		cmocka_unit_test(lists_end),
		cmocka_unit_test(file_itself),
		cmocka_unit_test(mutations),
		cmocka_unit_test(aliases),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
