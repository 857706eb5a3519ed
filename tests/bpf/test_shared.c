/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Golden packets behind libxdp's dispatcher: what it calls is a program of type
 * EXT, which the verifier judges and the kernel compiles anew. Where the kernel
 * takes none, nothing is asserted but that the attach says so; tests/vm/run has
 * one that does.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/utsname.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
#include "sides.h"

static struct side sides[SIDES];
static uint8_t payload[1500];

/* false: this kernel has no such thing */
static bool attach_shared(struct bed *bed, struct fp_dev *dev)
{
	struct fp_attach_opts opts = {
		.pin_dir = bed->pin, .slots = 8192, .shared = true};
	struct fp_err e = {.msg = ""};
	int err;

	bed_sh("ip link add shr type veth peer name shr-p");
	bed_sh("ip link set shr-p up && ip link set shr up");
	err = fp_attach("shr", &opts, dev, &e);
	if (err == EOPNOTSUPP) {
		assert_non_null(strstr(e.msg, "without --shared"));
		return false;
	}
	if (err)
		fail_msg("attach --shared: %s", e.msg);
	assert_int_equal(dev->hold, FP_HOLD_DISPATCHER);
	return true;
}

static void check_budget(unsigned id)
{
	struct bpf_prog_info info = {.type = 0};
	__u32 len = sizeof(info);
	struct utsname un;
	int fd = bpf_prog_get_fd_by_id(id);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	assert_int_equal(info.type, BPF_PROG_TYPE_EXT);
	assert_int_equal(uname(&un), 0);
	printf("# %s(shared): %u instructions verified on %s\n", info.name,
	       info.verified_insns, un.release);
	assert_in_range(info.verified_insns, 100, BED_BUDGET);
}

/* From here on bed_run() runs the dispatcher */
static void run_dispatcher(struct bed *bed, const char *ifname)
{
	__u32 id = 0;

	assert_int_equal(bpf_xdp_query_id(if_nametoindex(ifname), 0, &id), 0);
	close(bed->prog);
	bed->prog = bpf_prog_get_fd_by_id(id);
	assert_true(bed->prog >= 0);
}

static void every_way(struct bed *bed)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 160, .ssrc = 7};
	struct gold g;

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);

			bed_clear(bed);
			leg_put(bed, &l);
			for (int n = 0; n < 6; n++, r.seq++) {
				g = side_gold("behind the dispatcher",
					      &sides[i], &sides[o], payload,
					      rtp_build(payload, &r, 160));
				gold_run(bed, &g);
			}
			g = side_drop("stranger", &sides[i], CAROM_R_STRANGER,
				      payload, 172);
			g.in.sport++;
			gold_run(bed, &g);
		}
	}
	g.what = "not ours";
	g.in.dport = 53;
	g.action = XDP_PASS;
	g.reason = -1;
	sa_init(&g.charged, AF_UNSPEC);
	gold_run(bed, &g);
}

static void test_shared(void **state)
{
	struct bed *bed = *state;
	struct fp_err e = {.msg = ""};
	struct fp_dev dev;

	sides_init(bed, sides);
	if (!attach_shared(bed, &dev))
		skip();
	assert_int_equal(fp_dev_query("shr", bed->pin, &dev, &e), 0);
	check_budget(dev.prog_id);
	run_dispatcher(bed, "shr");
	every_way(bed);
	if (fp_detach("shr", bed->pin, &e))
		fail_msg("detach: %s", e.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
