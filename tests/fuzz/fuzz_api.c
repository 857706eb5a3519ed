/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to the API, from their head on: METHOD TARGET, headers, an empty line, a
 * body. Whatever comes is answered once, with what HTTP and RFC 9457 allow */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "api/core.h"
#include "base/log.h"
#include "event/event.h"
#include "must.h"
#include "store/store.h"

enum { HEADERS = 8 };

struct fuzz {
	struct store *st;
	struct events *ev;
	struct api *a;
	struct tmr tmr;
};

struct asked {
	struct pl namev[HEADERS];
	char *valuev[HEADERS];
	size_t n;
	unsigned answers;
};

static const struct api_field fieldv[] = {
	{"id", API_STRING, false, 1, 20, NULL},
	{"n", API_NUMBER, true, -5, 100, NULL},
	{"mode", API_ENUM, false, 0, 0, "a|b"},
	{"on", API_BOOL, false, 0, 0, NULL},
	{"list", API_ARRAY, false, 1, 3, NULL},
	{"sub", API_OBJECT, false, 0, 0, NULL},
	{0},
};

static const struct api_record record = {
	.path = "/v1/boxes",
	.name = "boxes",
	.kind = "box",
	.fieldv = fieldv,
};

static int echo(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);
	(void)arg;

	MUST(*api_param(req, "a"));
	MUST(strlen(api_param(req, "a")) <= API_PARAM_MAX);
	if (!err)
		err = odict_entry_add(o, "a", ODICT_STRING,
				      api_param(req, "a"));
	if (!err && api_body(req))
		err = odict_entry_add(o, "body", ODICT_OBJECT, api_body(req));
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

static struct fuzz *fuzz_get(void)
{
	static struct fuzz f;
	struct api_conf conf = {.node = "n"};

	if (f.a)
		return &f;
	log_init(LOG_ERROR);
	MUST(!libre_init());
	MUST(!store_open(&f.st, ":memory:", false));
	MUST(!events_alloc(&f.ev, f.st, "n", 64, 60));
	conf.store = f.st;
	conf.events = f.ev;
	MUST(!api_alloc(&f.a, &conf));
	MUST(!api_records(f.a, &record));
	MUST(!api_health(f.a));
	MUST(!api_event_routes(f.a));
	MUST(!api_route(f.a, "GET", "/v1/x/{a}/y", API_READ, echo, NULL));
	MUST(!api_route(f.a, "POST", "/v1/x/{a}", API_CALLS, echo, NULL));
	for (int i = 0; i < 200; i++)
		MUST(!event_emit(f.ev, i % 2 ? "a.b" : "c.d", NULL));
	MUST(!events_flush(f.ev));

	return &f;
}

/* ---- what is asked --------------------------------------------------------- */

static const char *get_header(const char *name, void *arg)
{
	const struct asked *q = arg;

	for (size_t i = 0; i < q->n; i++)
		if (!pl_strcasecmp(&q->namev[i], name))
			return q->valuev[i];

	return NULL;
}

static bool line(struct pl *rest, struct pl *l)
{
	const char *nl = pl_strchr(rest, '\n');

	if (!nl)
		return false;
	*l = (struct pl){rest->p, (size_t)(nl - rest->p)};
	pl_advance(rest, (ssize_t)l->l + 1);

	return true;
}

static bool take(struct asked *q, struct api_in *in, struct pl *rest)
{
	const char *blank;
	struct pl l;

	if (!line(rest, &l) || !(blank = pl_strchr(&l, ' ')))
		return false;
	in->method = (struct pl){l.p, (size_t)(blank - l.p)};
	in->target = (struct pl){blank + 1, l.l - in->method.l - 1};
	/* the library that reads HTTP makes C strings of both */
	if (memchr(l.p, '\0', l.l))
		return false;
	while (line(rest, &l) && l.l) {
		const char *colon = pl_strchr(&l, ':');
		struct pl value;

		if (!colon || q->n == HEADERS || memchr(l.p, '\0', l.l))
			return false;
		value = (struct pl){colon + 1, l.l - (size_t)(colon - l.p) - 1};
		q->namev[q->n] = (struct pl){l.p, (size_t)(colon - l.p)};
		MUST(!pl_strdup(&q->valuev[q->n++], &value));
	}

	return true;
}

/* ---- what is answered ----------------------------------------------------- */

static void answered(struct api_req *req, void *arg)
{
	struct asked *q = arg;

	MUST(req->out.status);
	MUST(++q->answers == 1);
}

static void end_handler(void *arg)
{
	(void)arg;
	re_cancel();
}

/* What is on its way to the disk is answered when it is there */
static void wait_for(struct fuzz *f, const struct asked *q)
{
	for (int i = 0; i < 1000 && !q->answers; i++) {
		tmr_start(&f->tmr, 1, end_handler, NULL);
		MUST(!re_main(NULL));
	}
}

static void judge(const struct api_req *req)
{
	const struct api_out *out = &req->out;
	struct odict *o = NULL;
	uint64_t status = 0;

	MUST(out->status == 101 || (out->status >= 200 && out->status < 600));
	MUST(*api_status_text(out->status));
	for (size_t i = 0; i < out->headerc; i++)
		MUST(!strpbrk(out->headerv[i].value, "\r\n"));
	MUST(out->status < 500);
	if (!out->body) {
		MUST(out->status < 400);
		return;
	}
	MUST(!json_decode_odict(&o, 8, (char *)out->body->buf, out->body->end,
				API_DEPTH_MAX + 4));
	if (out->status >= 400) {
		MUST(!strcmp(out->type, "application/problem+json"));
		MUST(odict_get_number(o, &status, "status"));
		MUST(status == out->status);
		MUST(odict_string(o, "type") && odict_string(o, "detail"));
	}
	mem_deref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl rest = {(const char *)data, size};
	struct fuzz *f = fuzz_get();
	struct asked q = {.n = 0};
	struct api_in in = {.open = true,
			    .header = get_header,
			    .answered = answered,
			    .arg = &q};
	struct api_req *req = NULL;

	if (take(&q, &in, &rest)) {
		MUST(!api_begin(&req, f->a, &in));
		api_run(req, &rest);
		wait_for(f, &q);
		MUST(q.answers == 1);
		judge(req);
		api_abandon(req);
		mem_deref(req);
	}
	for (size_t i = 0; i < q.n; i++)
		mem_deref(q.valuev[i]);

	return 0;
}
