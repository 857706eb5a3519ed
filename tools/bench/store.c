// SPDX-License-Identifier: BSD-2-Clause
/* What a write costs that is told when it is durable, and how long it takes to
 * read everything back: bench-store PATH [RECORDS]. Windows of so many writes
 * are kept on their way, as a registrar has so many REGISTERs. Prints JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <re.h>

#include "store/store.h"

enum { VALUE = 400, ROUND = 100000 };

static struct store *store;
static unsigned records = 100000, sent, done, end, errors;
static uint32_t pick = 1;
static char value[VALUE];

static double clock_us(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void one_more(void);

static void done_h(int err, void *arg)
{
	(void)arg;
	errors += err != 0;
	if (sent < end)
		one_more();
	if (++done == end)
		re_cancel();
}

/* The first round in turn, then anybody */
static void one_more(void)
{
	const unsigned n = sent < records ? sent : (pick >> 8) % records;
	struct store_op op = {.kind = "binding", .expires = 4000000000};
	char key[64];

	pick = pick * 1664525 + 1013904223;
	(void)snprintf(key, sizeof(key), "sip:user%06u@example.com", n);
	pl_set_str(&op.key, key);
	(void)snprintf(value, 16, "%015u", sent);
	op.value.p = value;
	op.value.l = sizeof(value);
	++sent;
	if (store_write(store, &op, 1, done_h, NULL)) {
		++errors;
		--end;
	}
}

static void write_all(const char *name, unsigned count, unsigned window)
{
	double wall = clock_us(CLOCK_MONOTONIC);
	double cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	double loop = clock_us(CLOCK_THREAD_CPUTIME_ID);

	end = sent + count;
	for (unsigned i = 0; i < window && sent < end; i++)
		one_more();
	(void)re_main(NULL);
	wall = clock_us(CLOCK_MONOTONIC) - wall;
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	loop = clock_us(CLOCK_THREAD_CPUTIME_ID) - loop;
	printf("  {\"what\": \"%s\", \"window\": %u, \"writes\": %u, "
	       "\"us\": %.2f, \"cpu_us\": %.2f, \"loop_cpu_us\": %.2f, "
	       "\"errors\": %u},\n",
	       name, window, count, wall / count, cpu / count, loop / count,
	       errors);
}

static bool count_h(const struct pl *key, const struct pl *val, void *arg)
{
	unsigned *n = arg;
	(void)key;

	*n += val->l == VALUE;
	return false;
}

int main(int argc, char **argv)
{
	static const unsigned windowv[] = {1, 10, 100, 1000, 10000};
	unsigned n = 0;
	double t;

	if (argc < 2 || libre_init())
		return 2;
	if (argc > 2)
		records = (unsigned)strtoul(argv[2], NULL, 10);
	if (store_open(&store, argv[1], false)) {
		fprintf(stderr, "%s: cannot be opened\n", argv[1]);
		return 1;
	}
	memset(value, 'x', sizeof(value));
	printf("[\n");
	write_all("new", records, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(windowv); i++)
		write_all("again", windowv[i] < 100 ? ROUND / 20 : ROUND,
			  windowv[i]);

	store = mem_deref(store);
	t = clock_us(CLOCK_MONOTONIC);
	if (!store_open(&store, argv[1], false))
		(void)store_each(store, "binding", count_h, &n);
	printf("  {\"what\": \"each\", \"records\": %u, \"seconds\": "
	       "%.3f}\n]\n",
	       n, (clock_us(CLOCK_MONOTONIC) - t) / 1e6);
	mem_deref(store);
	libre_close();

	return errors ? 1 : 0;
}
