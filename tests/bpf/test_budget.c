/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier had to look at before it let the program in. It grows with
 * branches more than with lines: a budget below the kernel's million, so
 * that other kernels' verifiers have room too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <cmocka.h>
#include "bed.h"

#define RECORD "build/bpf/verified-insns" /* a line for each kernel */

/* The other kernels' lines stay */
static void record(const char *kernel, unsigned insns, unsigned xlated)
{
	char lines[64][96];
	int n = 0;
	FILE *f = fopen(RECORD, "r");

	while (f && n < 64 && fgets(lines[n], sizeof(lines[n]), f))
		if (strncmp(lines[n], kernel, strlen(kernel)))
			n++;
	if (f)
		fclose(f);
	f = fopen(RECORD, "w");
	if (!f)
		return; /* not run from the tree: the output must do */
	for (int i = 0; i < n; i++)
		fputs(lines[i], f);
	fprintf(f, "%s carom_xdp %u verified, %u bytes\n", kernel, insns,
		xlated);
	fclose(f);
}

static void test_verified_insns(void **state)
{
	struct bed *bed = *state;
	struct bpf_prog_info info = {.type = 0};
	__u32 len = sizeof(info);
	struct utsname un;

	assert_int_equal(bpf_obj_get_info_by_fd(bed->prog, &info, &len), 0);
	assert_int_equal(uname(&un), 0);
	printf("# %s: %u instructions verified on %s, %u bytes translated\n",
	       info.name, info.verified_insns, un.release,
	       info.xlated_prog_len);
	record(un.release, info.verified_insns, info.xlated_prog_len);
	assert_string_equal(info.name, "carom_xdp");
	assert_in_range(info.verified_insns, 100, BED_BUDGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verified_insns),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
