/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/bed.c  A host of our own to run the XDP program on
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/mount.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include "bed.h"

const uint8_t mac_a[6] = {2, 0, 0, 0, 1, 0x10};
const uint8_t mac_b[6] = {2, 0, 0, 0, 2, 0x20};
const uint8_t mac_c[6] = {2, 0, 0, 0, 2, 0x21};
const uint8_t mac_t[6] = {2, 0, 0, 0, 5, 0x30};
const uint8_t mac_x[6] = {2, 0, 0, 0, 6, 0x40};

static struct bed the_bed;

void bed_sh(const char *fmt, ...)
{
	char cmd[512];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	rc = system(cmd);
	if (rc)
		fail_msg("%s: status %d", cmd, rc);
}

static void neigh(const char *dev, const char *ip, const uint8_t *m)
{
	bed_sh("ip neigh replace %s dev %s lladdr "
	       "%02x:%02x:%02x:%02x:%02x:%02x nud permanent",
	       ip, dev, m[0], m[1], m[2], m[3], m[4], m[5]);
}

static int device(const char *name, uint8_t mac[6])
{
	char path[64];
	unsigned m[6];
	FILE *f;
	int n;

	bed_sh("ip link add %s type veth peer name %s-p", name, name);
	/* no neighbour or router solicitations of its own accord */
	bed_sh("echo 1 > /proc/sys/net/ipv6/conf/%s-p/disable_ipv6", name);
	bed_sh("echo 0 > /proc/sys/net/ipv6/conf/%s/accept_dad", name);
	bed_sh("ip link set %s-p up && ip link set %s up", name, name);
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fscanf(f, "%2x:%2x:%2x:%2x:%2x:%2x", m, m + 1, m + 2, m + 3, m + 4,
		   m + 5);
	fclose(f);
	assert_int_equal(n, 6);
	for (int i = 0; mac && i < 6; i++)
		mac[i] = m[i];
	return if_nametoindex(name);
}

static void address(const char *dev, const char *ip, int bits)
{
	bed_sh("ip addr add %s/%d dev %s%s", ip, bits, dev,
	       strchr(ip, ':') ? " nodad" : "");
}

static void network(struct bed *bed)
{
	bed_sh("ip link set lo up");
	bed->lan = device("lan", bed->mac_lan);
	bed->wan = device("wan", bed->mac_wan);
	bed->tag = device("tag", bed->mac_tag);
	bed->off = device("off", NULL);
	address("lan", LAN4, 24);
	address("lan", LAN6, 64);
	address("wan", WAN4, 25);
	address("wan", WAN6, 64);
	address("tag", TAG4, 24);
	address("tag", TAG6, 64);
	address("off", "198.51.100.129", 25);
	neigh("lan", A4, mac_a);
	neigh("lan", A6, mac_a);
	neigh("wan", B4, mac_b);
	neigh("wan", B6, mac_b);
	neigh("wan", C4, mac_c);
	neigh("tag", T4, mac_t);
	neigh("tag", T6, mac_t);
	neigh("off", "198.51.100.140", mac_x);
}

/* A /sys that shows the new network, and a bpffs of our own: both go when
 * this process does */
static void namespaces(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"))
		fail_msg("namespaces: %s (are we root?)", strerror(errno));
}

static void attach(struct bed *bed, const char *ifname)
{
	struct fp_attach_opts opts = {.pin_dir = bed->pin, .slots = 8192};
	struct fp_dev dev = {.ifindex = 0};
	struct fp_err e = {.msg = ""};

	if (fp_attach(ifname, &opts, &dev, &e))
		fail_msg("attach %s: %s", ifname, e.msg);
	assert_int_equal(dev.mode, FP_NATIVE);
	if (bed->prog >= 0)
		close(bed->prog);
	bed->prog = bpf_prog_get_fd_by_id(dev.prog_id);
	assert_true(bed->prog >= 0);
}

/* What attach does for a VLAN device; made by hand, for not every kernel that
 * this runs on has the 8021q module */
static void vlan(struct bed *bed)
{
	struct device d;
	__u32 key = bed->wan;

	assert_int_equal(bpf_map_lookup_elem(bed->fp->devices_fd, &key, &d), 0);
	assert_int_equal(d.ifindex, bed->wan);
	d.vlan = TAG_ID;
	key = bed->tag;
	assert_int_equal(bpf_map_update_elem(bed->fp->devices_fd, &key, &d, 0),
			 0);
}

static const char *const localv[] = {LAN4, WAN4, TAG4, LAN6, WAN6, TAG6};

int bed_setup(void **state)
{
	struct bed *bed = &the_bed;
	struct fp_err e = {.msg = ""};

	memset(bed, 0, sizeof(*bed));
	bed->prog = -1;
	namespaces();
	network(bed);
	snprintf(bed->pin, sizeof(bed->pin), "/sys/fs/bpf/carom-test-%d",
		 (int)getpid());
	attach(bed, "lan");
	attach(bed, "wan");
	if (fp_open(&bed->fp, bed->pin, false, &e))
		fail_msg("open: %s", e.msg);
	vlan(bed);
	for (size_t i = 0; i < ARRAY_SIZE(localv); i++) {
		struct sa sa = addr(localv[i], 0);

		if (fp_local_add(bed->fp, &sa, PORT_MIN, PORT_MAX, &e))
			fail_msg("%s: %s", localv[i], e.msg);
	}
	*state = bed;
	return 0;
}

int bed_teardown(void **state)
{
	struct bed *bed = *state;
	struct fp_err e = {.msg = ""};
	unsigned n;

	close(bed->prog);
	bed->fp = mem_deref(bed->fp);
	if (fp_detach_all(bed->pin, &n, &e)) {
		fprintf(stderr, "# detach: %s\n", e.msg);
		return -1;
	}
	if (n != 2 || !access(bed->pin, F_OK)) {
		fprintf(stderr, "# detach left something behind\n");
		return -1;
	}
	return 0;
}

bool bed_scarce(struct bed *bed, unsigned meta)
{
	uint8_t probe[512] = {0};
	struct xdp_md ctx = {.data = meta, .data_end = sizeof(probe)};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = probe,
		    .data_size_in = sizeof(probe), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(bed->prog, &opts))
		return false;
	bed->meta = meta;
	return true;
}

int bed_run(struct bed *bed, int ifindex, const struct pkt *in, struct pkt *out)
{
	uint8_t buf[PKT_MAX + 256] = {0};
	struct xdp_md ctx = {
		.data = bed->meta,
		.data_end = bed->meta + in->len,
		.ingress_ifindex = ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = buf,
		    .data_size_in = bed->meta + in->len, .data_out = out->b,
		    .data_size_out = sizeof(out->b), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);
	int err;

	memcpy(buf + bed->meta, in->b, in->len);
	err = bpf_prog_test_run_opts(bed->prog, &opts);
	if (err)
		fail_msg("BPF_PROG_RUN: %s", strerror(-err));
	if (bed->meta)
		memmove(out->b, out->b + bed->meta,
			opts.data_size_out - bed->meta);
	out->len = opts.data_size_out - bed->meta;
	bed->ns = opts.duration;
	return opts.retval;
}

void bed_tally(const struct bed *bed, struct tally *t)
{
	struct reason_count rc;

	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		assert_int_equal(fp_reason(bed->fp, i, &rc), 0);
		t->packets[i] = rc.packets;
		t->bytes[i] = rc.bytes;
	}
}

struct sa addr(const char *ip, uint16_t port)
{
	struct sa sa;

	if (sa_set_str(&sa, ip, port))
		fail_msg("%s: no address", ip);
	return sa;
}

struct fp_leg leg_plain(struct sa local, struct sa remote, struct sa peer_local,
			struct sa peer_remote)
{
	struct fp_leg l;

	memset(&l, 0, sizeof(l));
	l.state = LEG_RELAY;
	l.local = local;
	l.remote = remote;
	l.peer_local = peer_local;
	l.peer_remote = peer_remote;
	l.dscp = -1;
	l.dtmf_pt = -1;
	sa_init(&l.follow[0], AF_UNSPEC);
	sa_init(&l.follow[1], AF_UNSPEC);
	return l;
}

void leg_put(struct bed *bed, const struct fp_leg *l)
{
	int err = fp_leg_set(bed->fp, l);

	if (err)
		fail_msg("fp_leg_set: %s", strerror(err));
}

static uint32_t slot_at(const struct bed *bed, const char *ip, uint16_t port)
{
	struct sa sa = addr(ip, port);
	uint32_t slot = 0;

	assert_int_equal(fp_slot(bed->fp, &sa, &slot), 0);
	return slot;
}

const struct leg *leg_at(const struct bed *bed, const char *ip, uint16_t port)
{
	return fp_leg(bed->fp, slot_at(bed, ip, port));
}

const struct leg_aux *aux_at(const struct bed *bed, const char *ip,
			     uint16_t port)
{
	return fp_leg_aux(bed->fp, slot_at(bed, ip, port));
}

void bed_clear(struct bed *bed)
{
	for (size_t i = 0; i < ARRAY_SIZE(localv); i++) {
		for (uint16_t p = PORT_MIN; p <= PORT_MAX; p++) {
			struct sa sa = addr(localv[i], p);

			if (leg_at(bed, localv[i], p)->ctl.state)
				assert_int_equal(fp_leg_del(bed->fp, &sa), 0);
		}
	}
	fp_set_ttl(bed->fp, 64);
}

void bed_bump(struct bed *bed)
{
	bed->fp->settings->nh_generation++;
}

void bed_settle(void)
{
	const uint64_t second = 1ULL << 30; /* ns */
	struct timespec t;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		if ((t.tv_sec * 1000000000ULL + t.tv_nsec) % second <
		    second / 4)
			return;
		usleep(10000);
	}
}

/* ---- golden packets ------------------------------------------------- */

static size_t ip_len(const struct spec *s, const struct pkt *p)
{
	return p->len - s->pad - pkt_l3(s);
}

static bool is_note(unsigned reason)
{
	return !strcmp(fp_reason_class(reason), "note");
}

/* +1 for the reason and for the notes named, and for nothing else. A next hop
 * is looked up again every second: that note alone is free to come */
static void check_tally(const struct gold *g, const struct tally *t0,
			const struct tally *t1, size_t bytes)
{
	for (unsigned i = 0; i < CAROM_R_MAX; i++) {
		uint64_t want = (int)i == g->reason, got;

		if (is_note(i))
			want = g->notes >> (i - CAROM_R_LATCHED) & 1ull;
		got = t1->packets[i] - t0->packets[i];
		if (i == CAROM_R_NH_REFRESH && got >= want)
			continue;
		/* what is copied is looked at by itself: sipbed.c */
		if (i == CAROM_R_SIP_HOP || i == CAROM_R_SIP_HOP_LOST)
			continue;
		if (got != want)
			fail_msg("%s: reason %s counted %d times, not %d",
				 g->what, fp_reason_name(i), (int)got,
				 (int)want);
		if ((int)i == g->reason && bytes &&
		    t1->bytes[i] - t0->bytes[i] != bytes)
			fail_msg("%s: reason %s has %d bytes, not %zu", g->what,
				 fp_reason_name(i),
				 (int)(t1->bytes[i] - t0->bytes[i]), bytes);
	}
}

static const char *const actionv[] = {"ABORTED", "DROP", "PASS", "TX",
				      "REDIRECT"};

static void check_frame(const struct gold *g, const struct pkt *want,
			const struct pkt *got)
{
	if (want->len == got->len && !memcmp(want->b, got->b, got->len))
		return;
	fprintf(stderr, "# want %zu bytes\n", want->len);
	hexdump(stderr, want->b, want->len);
	fprintf(stderr, "# got %zu bytes\n", got->len);
	hexdump(stderr, got->b, got->len);
	fail_msg("%s: the frame is not as it should be", g->what);
}

static uint32_t charged(const struct bed *bed, const struct gold *g)
{
	uint32_t slot;

	if (!sa_isset(&g->charged, SA_ALL) || g->reason < 0)
		return 0;
	assert_int_equal(fp_slot(bed->fp, &g->charged, &slot), 0);
	return fp_leg_aux(bed->fp, slot)->count[g->reason];
}

static void gold_check(struct bed *bed, const struct gold *g,
		       const struct pkt *in, const struct pkt *out,
		       size_t bytes)
{
	struct tally t0, t1;
	struct pkt got;
	uint32_t c0 = charged(bed, g);
	int action;

	bed_tally(bed, &t0);
	action = bed_run(bed, g->in_dev ? g->in_dev : bed->lan, in, &got);
	bed_tally(bed, &t1);
	if (action != g->action)
		fail_msg("%s: verdict %s, not %s", g->what, actionv[action & 7],
			 actionv[g->action]);
	check_tally(g, &t0, &t1, bytes);
	if (sa_isset(&g->charged, SA_ALL))
		assert_int_equal(charged(bed, g), c0 + 1);
	/* of a frame that ends here nobody sees the bytes */
	if (action != XDP_DROP || !out)
		check_frame(g, out ? out : in, &got);
}

void gold_frames(struct bed *bed, const struct gold *g, const struct pkt *in,
		 const struct pkt *out)
{
	gold_check(bed, g, in, out, 0);
}

void gold_run(struct bed *bed, const struct gold *g)
{
	struct pkt in, out;
	size_t bytes;

	pkt_build(&in, &g->in);
	bytes = g->reason >= 0 ? ip_len(&g->in, &in) : 0;
	if (g->action != XDP_TX && g->action != XDP_REDIRECT) {
		gold_check(bed, g, &in, NULL, bytes);
		return;
	}
	pkt_build(&out, &g->out);
	gold_check(bed, g, &in, &out, bytes);
}
