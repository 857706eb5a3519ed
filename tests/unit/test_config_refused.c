/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_config_refused.c  What is refused in a configuration, and in which words
 */
#include "config_fix.h"

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

	err = load(&c, r->text, &e);
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
	assert_int_equal(load_bytes(&c, (char *)mb->buf, mb->end, &e), EBADMSG);
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
	assert_int_equal(load_bytes(&c, big, 2 << 20, &e), EFBIG);
	assert_non_null(strstr(e.msg, "too large"));
	free(big);
	assert_null(c);
}

static void aliases(void **state)
{
	struct config *c = NULL;
	struct config_err e;
	static const char self[] = "devices: &a [*a]\n" IFACES;

	(void)state;
	assert_int_equal(load(&c, self, &e), EBADMSG);
	assert_null(c);
	c = good("user: &u carom\nstore: /a\nlog: {level: info}\n" IFACES
		 "devices: [*u]\n");
	assert_string_equal(c->devicev[0], "carom");
	mem_deref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused),
		cmocka_unit_test(lists_end),
		cmocka_unit_test(file_itself),
		cmocka_unit_test(aliases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
