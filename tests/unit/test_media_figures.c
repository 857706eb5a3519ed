/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of media workers, bridges and refused calls to who watches the node */
#include "fake_bridge.h"
#include "media/load.h"
#include "terms_fix.h"

static int begin(void **state)
{
	struct fix *f;

	assert_int_equal(setup(state), 0);
	f = *state;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	f->conf.max_sessions = 1;
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	memset(fake_bridges(), 0, sizeof(*fake_bridges()));

	return 0;
}

static struct odict *figures(const struct fix *f)
{
	struct odict *o;

	assert_int_equal(odict_alloc(&o, 8), 0);
	assert_int_equal(media_figures(f->m, o), 0);

	return o;
}

/* Of the figure with that name, and that label if it has one */
static double value(const struct odict *o, const char *metric,
		    const char *label, const char **type)
{
	const struct odict *arr = odict_lookup(o, "figures")->u.odict;

	for (struct le *le = list_head(&arr->lst); le; le = le->next) {
		const struct odict_entry *e = le->data, *v;
		const struct odict *x = e->u.odict;

		const char *of = odict_string(x, "label");

		if (str_cmp(odict_string(x, "metric"), metric) ||
		    !of != !label || (label && str_cmp(of, label)))
			continue;
		assert_non_null(odict_string(x, "help"));
		if (type)
			*type = odict_string(x, "type");
		v = odict_lookup(x, "value");

		return v->type == ODICT_INT ? (double)v->u.integer : v->u.dbl;
	}
	fail_msg("no %s", metric);

	return 0;
}

static double now(const struct fix *f, const char *metric, const char *label)
{
	struct odict *o = figures(f);
	const double v = value(o, metric, label, NULL);

	mem_deref(o);

	return v;
}

static void transcoded(struct fix *f)
{
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.transcode[o.transcodec++], "PCMU");
	offer(f, o, audio(ALICE, 4000, "8", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
}

/* What a bridge counted is not lost with it */
static void bridged(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct pl id = PL("c");

	transcoded(f);
	assert_int_equal(fb->n, 1);
	fb->st[0] = (struct bridge_stats){
		.decoded = 10, .concealed = 1500, .auth = 1, .jitter_us = 7};
	fb->st[1] = (struct bridge_stats){
		.decoded = 5, .late = 2, .undue = 3, .replay = 4};
	for (unsigned i = 0; i < 2; i++) {
		assert_true(now(f, "carom_bridge_decoded_packets_total",
				NULL) == 15);
		assert_true(now(f, "carom_bridge_concealed_seconds_total",
				NULL) == 1.5);
		assert_true(now(f, "carom_bridge_late_packets_total", NULL) ==
			    2);
		assert_true(now(f, "carom_bridge_undue_packets_total", NULL) ==
			    3);
		assert_true(now(f, "carom_bridge_dropped_packets_total",
				"not_authentic") == 1);
		assert_true(now(f, "carom_bridge_dropped_packets_total",
				"replayed") == 4);
		assert_true(now(f, "carom_bridges", NULL) == !i);
		assert_true(now(f, "carom_transcoded_sessions", NULL) == !i);
		assert_true(now(f, "carom_transcoded_sessions_total", NULL) ==
			    1);
		assert_true(now(f, "carom_sessions", NULL) == !i);
		assert_true(now(f, "carom_sessions_total", NULL) == 1);
		if (!i)
			assert_int_equal(media_delete(f->m, &id, NULL, NULL,
						      NULL, 0, NULL),
					 0);
	}
}

static void refused(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("d", "A", NULL);
	char *sdp = audio(ALICE, 4002, "8", NULL);
	struct mbuf *out = mbuf_alloc(512);

	transcoded(f);
	pl_set_str(&o.sdp, sdp);
	assert_int_equal(media_offer(f->m, &o, out, &f->e), EDQUOT);
	mem_deref(out);
	mem_deref(sdp);
	assert_true(now(f, "carom_sessions_refused_total", "sessions") == 1);
	assert_true(now(f, "carom_sessions_refused_total", "load") == 0);
	assert_true(now(f, "carom_sessions_total", NULL) == 1);
}

static void workers(void **state)
{
	const struct fix *f = *state;
	struct odict *o = figures(f);
	const char *type;

	assert_true(value(o, "carom_worker_received_packets_total", NULL,
			  &type) == 7);
	assert_string_equal(type, "counter");
	(void)value(o, "carom_worker_dropped_packets_total", "queue_full",
		    &type);
	assert_string_equal(type, "counter");
	(void)value(o, "carom_worker_load_ratio", NULL, &type);
	assert_string_equal(type, "gauge");
	mem_deref(o);
}

/* A second in which it had the processor for a quarter */
static void load(void **state)
{
	struct fix *f = *state;

	load_workers(f->m, 1000000000);
	assert_true(now(f, "carom_worker_load_ratio", NULL) == 0);
	f->m->load.cpuv[0] = 0;
	fake_bridges()->cpu_ns = 250000000;
	load_workers(f->m, 2000000000);
	assert_true(now(f, "carom_worker_load_ratio", NULL) == 0.25);
	assert_true(now(f, "carom_worker_cpu_seconds_total", NULL) == 0.25);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bridged),
		T(refused),
		T(workers),
		T(load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
