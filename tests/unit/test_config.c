/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_config.c  The configuration, the sections of SIP aside: defaults, every field, as it is printed
 */
#include "config_fix.h"

static void defaults(void **state)
{
	struct config *c = good(IFACES);
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
	struct config *c = good(everything);

	(void)state;
	check_everything(c);
	mem_deref(c);
}

/* Without a name; printed as it is, too */
static void turn_by_secret(void **state)
{
	static const char text[] = IFACES
		"  turn: {server: \"udp:192.0.2.9:3478\", secret: north}\n";
	struct config *c = good(text);
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
	struct config *c = good(everything), *again;
	char *one = NULL, *two = NULL;

	(void)state;
	assert_int_equal(re_sdprintf(&one, "%H", config_print, c), 0);
	again = good(one);
	check_everything(again);
	assert_int_equal(re_sdprintf(&two, "%H", config_print, again), 0);
	assert_string_equal(one, two);
	mem_deref(one);
	mem_deref(two);
	mem_deref(again);
	mem_deref(c);

	c = good(IFACES "ng: {listen: []}\n");
	assert_int_equal(c->ngc, 0);
	assert_int_equal(re_sdprintf(&one, "%H", config_print, c), 0);
	again = good(one);
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
	c = good("store: \"redis://carom@10.0.0.1,[2001:db8::1]:6380/2\"\n"
		 "store-password: /etc/carom/redis\nstore-replicas: 2\n"
		 "control: /run/x/c.sock\n" IFACES);
	assert_true(c->store_shared);
	assert_int_equal(c->store_replicas, 2);
	assert_string_equal(config_lock(c), "/run/x/c.sock");
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	again = good(text);
	assert_string_equal(again->store_path, c->store_path);
	assert_string_equal(again->store_password, "/etc/carom/redis");
	assert_int_equal(again->store_replicas, 2);
	mem_deref(text);
	mem_deref(again);
	mem_deref(c);

	c = good("store: /run/c.db\n" IFACES);
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
	c = good(TWO("name: a, address: 192.0.2.1, ports: 1024-65535",
		     "name: b, address: 192.0.2.2, ports: 1024-65535"));
	assert_int_equal(c->slots, 2 * 64512 + 1);
	mem_deref(c);

	/* a shared address counts once */
	c = good("media:\n  legs: 101\n  interfaces:\n"
		 "  - {name: a, address: 192.0.2.1, ports: 2000-2099}\n"
		 "  - {name: b, address: 192.0.2.1, ports: 2000-2099, "
		 "advertised: 203.0.113.1}\n");
	assert_int_equal(c->slots, 101);
	mem_deref(c);
}

static void short_window_shortens_grace(void **state)
{
	struct config *c = good(IFACES "  latch-window: 100\n");

	(void)state;
	assert_int_equal(c->media.latch_window, 100);
	assert_int_equal(c->media.latch_grace, 100);
	mem_deref(c);
}

static void listener_may_share_tcp(void **state)
{
	struct config *c;

	(void)state;
	/* TCP is not media, and a port of UDP is not one of TCP */
	c = good(IFACES "ng: {listen: [\"tcp:192.0.2.1:20000\", "
			"\"udp:127.0.0.1:1\", \"tcp:127.0.0.1:1\"]}\n");
	assert_int_equal(c->ngc, 3);
	mem_deref(c);
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
		if (load_bytes(&c, text, len, &e)) {
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
		cmocka_unit_test(listener_may_share_tcp),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
