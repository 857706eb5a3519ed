/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of all rooms: /metrics for Prometheus, /v1/statistics as JSON */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "base/log.h"
#include "event/event.h"
#include "fastpath/fastpath.h"
#include "metrics/metrics.h"
#include "store/store.h"

struct figures {
	struct le le;
	api_figures_h *h;
	void *arg;
};

static void figures_destructor(void *arg)
{
	struct figures *f = arg;

	list_unlink(&f->le);
}

int api_figures(struct api *a, api_figures_h *h, void *arg)
{
	struct figures *f;

	if (!a || !h)
		return EINVAL;
	f = mem_zalloc(sizeof(*f), figures_destructor);
	if (!f)
		return ENOMEM;
	f->h = h;
	f->arg = arg;
	list_append(&a->figures, &f->le, f);

	return 0;
}

int api_figure_add(struct odict *arr, const struct api_figure *f, int64_t n)
{
	const struct {
		const char *key, *value;
	} v[] = {
		{"group", f->group},   {"key", f->key},   {"metric", f->metric},
		{"labels", f->labels}, {"type", f->type}, {"help", f->help},
	};
	struct odict *o = NULL;
	char key[16];
	int err = odict_alloc(&o, 8);

	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++)
		if (v[i].value)
			err = odict_entry_add(o, v[i].key, ODICT_STRING,
					      v[i].value);
	if (!err)
		err = odict_entry_add(o, "value", ODICT_INT, n);
	(void)re_snprintf(key, sizeof(key), "%zu", odict_count(arr, false));
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);

	return err;
}

/* ---- our own -------------------------------------------------------------- */

static int own_requests(struct odict *arr, const struct api *a)
{
	static const char *const classv[] = {"code=\"1xx\"", "code=\"2xx\"",
					     "code=\"3xx\"", "code=\"4xx\"",
					     "code=\"5xx\""};
	struct api_figure f = {
		.group = "api",
		.key = "requests",
		.metric = "carom_api_requests_total",
		.type = "counter",
		.help = "Requests that the API answered, by class of status",
	};
	int err = 0;

	for (unsigned i = 2; i < 6 && !err; i++) {
		f.labels = classv[i - 1];
		err = api_figure_add(arr, &f, (int64_t)a->answersv[i]);
	}

	return err;
}

static int own(struct odict *arr, void *arg)
{
	static const struct api_figure streams = {
		"api",
		"streams",
		"carom_api_streams",
		"gauge",
		"Readers of events that are connected",
		NULL};
	static const struct api_figure events = {"events",
						 "sequence",
						 "carom_event_sequence",
						 "gauge",
						 "Number of the last event",
						 NULL};
	const struct api *a = arg;
	int err = own_requests(arr, a);

	if (!err)
		err = api_figure_add(arr, &streams, a->streams);
	if (!err && a->conf.events)
		err = api_figure_add(arr, &events,
				     (int64_t)events_last(a->conf.events));
	if (!err && a->conf.store)
		err = api_store_figures(arr, a->conf.store);

	return err;
}

/* ---- all of them ---------------------------------------------------------- */

/* Add those of all rooms to what media_figures() made */
static int add_all(struct api *a, struct odict *out)
{
	const struct odict_entry *e = odict_get_type(out, ODICT_ARRAY,
						     "figures");
	struct le *le;
	int err;

	if (!e)
		return ENOENT;
	err = own(e->u.odict, a);
	for (le = list_head(&a->figures); le && !err; le = le->next) {
		const struct figures *f = le->data;

		err = f->h(e->u.odict, f->arg);
	}

	return err;
}

static int all(struct api *a, struct odict **op)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = a->figuresh(o, a->figures_arg);
	if (!err)
		err = add_all(a, o);
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

static int metrics_get(struct api_req *req, void *arg)
{
	struct mbuf *mb = mbuf_alloc(32768);
	struct odict *figures = NULL;
	struct api *a = arg;
	int err = mb ? all(a, &figures) : ENOMEM;

	if (!err)
		err = metrics_print(mb, a->fp, figures);
	if (!err)
		err = api_reply_text(req, 200, METRICS_TYPE, mb);
	mem_deref(figures);
	mem_deref(mb);

	return err;
}

/* What became of packets, in the kernel */
static int put_reasons(struct odict *to, const struct fp *fp)
{
	struct odict *arr = NULL;
	int err = odict_alloc(&arr, 64);

	for (unsigned i = 0; i < CAROM_R_MAX && !err; i++) {
		struct reason_count rc;
		struct odict *o = NULL;

		err = fp_reason(fp, i, &rc);
		if (!err)
			err = odict_alloc(&o, 4);
		if (!err)
			err = odict_entry_add(o, "reason", ODICT_STRING,
					      fp_reason_name(i));
		if (!err)
			err = odict_entry_add(o, "class", ODICT_STRING,
					      fp_reason_class(i));
		if (!err)
			err = odict_entry_add(o, "packets", ODICT_INT,
					      (int64_t)rc.packets);
		if (!err)
			err = odict_entry_add(o, "bytes", ODICT_INT,
					      (int64_t)rc.bytes);
		if (!err)
			err = odict_entry_add(arr, fp_reason_name(i),
					      ODICT_OBJECT, o);
		mem_deref(o);
	}
	if (!err)
		err = odict_entry_add(to, "reasons", ODICT_ARRAY, arr);
	mem_deref(arr);

	return err;
}

static int statistics_get(struct api_req *req, void *arg)
{
	static const char *const none[] = {NULL};
	struct odict *o = NULL;
	struct api *a = arg;
	int err = api_query_only(req, none);

	if (!err)
		err = all(a, &o);
	if (!err)
		err = put_reasons(o, a->fp);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

int api_statistics(struct api *a, struct fp *fp, api_begin_figures_h *h,
		   void *arg)
{
	int err;

	if (!a || !fp || !h)
		return EINVAL;
	a->fp = mem_ref(fp);
	a->figuresh = h;
	a->figures_arg = arg;
	err = api_route(a, "GET", "/metrics", API_READ, metrics_get, a);

	return err ? err
		   : api_route(a, "GET", "/v1/statistics", API_READ,
			       statistics_get, a);
}
