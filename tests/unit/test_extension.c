/* SPDX-License-Identifier: BSD-2-Clause */
/* Elements of RTP header extensions (RFC 8285): found in both forms, and put in */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "rtp/extension.h"
#include "rtp/packet.h"

#define FIXED(b0) b0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3

static void finds(const uint8_t *p, size_t n, uint8_t id, const char *want)
{
	const uint8_t *val;
	size_t len;

	if (!want) {
		assert_false(rtp_ext_find(p, n, id, &val, &len));
		return;
	}
	assert_true(rtp_ext_find(p, n, id, &val, &len));
	assert_int_equal(len, strlen(want));
	assert_memory_equal(val, want, len);
}

static void found(void **state)
{
	static const uint8_t one[] = {FIXED(0x90), 0xbe, 0xde, 0,   3,   0x10,
				      'a',         0,    0x42, 'm', 'i', 'd',
				      0x20,        'z',  0,    0,   'P'};
	static const uint8_t two[] = {FIXED(0x90), 0x10, 0x03, 0,   2, 9,  0, 4,
				      3,           'm',  'i',  'd', 0, 'P'};
	static const uint8_t stops[] = {FIXED(0x90), 0xbe, 0xde, 0,   2,
					0xf0,        0,    0x42, 'm', 'i',
					'd',         0,    0};
	static const uint8_t cut[] = {FIXED(0x90), 0xbe, 0xde, 0,   1,
				      0x43,        'm',  'i',  'd', 'P'};
	static const uint8_t plain[] = {FIXED(0x80), 0x42, 'm', 'i', 'd'};
	static const uint8_t csrc[] = {
		FIXED(0x91), 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 0x42, 'm', 'i', 'd'};
	(void)state;

	finds(one, sizeof(one), 4, "mid");
	finds(one, sizeof(one), 2, "z");
	finds(one, sizeof(one), 3, NULL);
	finds(one, sizeof(one), 0, NULL);
	finds(two, sizeof(two), 4, "mid");
	finds(two, sizeof(two), 9, "");
	finds(two, sizeof(two), 5, NULL);
	finds(stops, sizeof(stops), 4, NULL);
	finds(cut, sizeof(cut), 4, NULL);
	finds(plain, sizeof(plain), 4, NULL);
	finds(csrc, sizeof(csrc), 4, "mid");
	/* each length that is too short */
	for (size_t n = 0; n + 1 < sizeof(one); n++)
		finds(one, n, 3, NULL);
}

static void put(void **state)
{
	static const uint8_t plain[] = {FIXED(0x80), 'P', 'Q'};
	static const uint8_t with[] = {FIXED(0x90), 0xbe, 0xde, 0,   1,  0x42,
				       'm',         'i',  'd',  'P', 'Q'};
	static const uint8_t more[] = {FIXED(0x90), 0xbe, 0xde, 0,   2,
				       0x42,        'm',  'i',  'd', 0x50,
				       '7',         0,    0,    'P', 'Q'};
	static const uint8_t other[] = {FIXED(0x90), 0xab, 0xcd, 0, 1,
					1,           2,    3,    4, 'P'};
	uint8_t p[64];
	size_t n;
	(void)state;

	memcpy(p, plain, sizeof(plain));
	n = rtp_ext_put(p, sizeof(plain), sizeof(p), 4, (uint8_t *)"mid", 3);
	assert_int_equal(n, sizeof(with));
	assert_memory_equal(p, with, n);
	/* one that is there stays */
	assert_int_equal(rtp_ext_put(p, n, sizeof(p), 4, (uint8_t *)"x", 1), n);
	n = rtp_ext_put(p, n, sizeof(p), 5, (uint8_t *)"7", 1);
	assert_int_equal(n, sizeof(more));
	assert_memory_equal(p, more, n);

	/* no room; a form that is not known */
	memcpy(p, plain, sizeof(plain));
	assert_int_equal(rtp_ext_put(p, sizeof(plain), sizeof(with) - 1, 4,
				     (uint8_t *)"mid", 3),
			 sizeof(plain));
	assert_memory_equal(p, plain, sizeof(plain));
	memcpy(p, other, sizeof(other));
	assert_int_equal(rtp_ext_put(p, sizeof(other), sizeof(p), 4,
				     (uint8_t *)"mid", 3),
			 sizeof(other));
	assert_memory_equal(p, other, sizeof(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
