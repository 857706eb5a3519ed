/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of providers, and of the calls that go to them */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <re.h>

#include "api/providers.h"
#include "provider/provider.h"

enum what {
	UP,
	ANSWER,
	HEALTHY,
	FAILED,
	CALLS,
	CALLS_FAILED,
	REGISTERED,
	WHATS,
};

/* Those of one metric follow one another */
static const struct {
	const char *metric, *label, *type, *help;
} figurev[WHATS] = {
	[UP] = {"carom_provider_up", "", "gauge",
		"Whether a provider is healthy; one that nothing is known of "
		"counts as healthy"},
	[ANSWER] = {"carom_provider_answer_seconds", "", "gauge",
		    "How long a provider takes to answer OPTIONS, over the "
		    "last few"},
	[HEALTHY] = {"carom_provider_probes_total", ",result=\"healthy\"",
		     "counter", "OPTIONS that counted, by what came of them"},
	[FAILED] = {"carom_provider_probes_total", ",result=\"failed\"",
		    "counter", "OPTIONS that counted, by what came of them"},
	[CALLS] = {"carom_provider_calls_total", "", "counter",
		   "Calls sent to a provider"},
	[CALLS_FAILED] = {"carom_provider_calls_failed_total", "", "counter",
			  "Calls that a provider did not answer, or failed"},
	[REGISTERED] = {"carom_provider_registered", "", "gauge",
			"Whether Carom is registered at a provider that wants "
			"it"},
};

struct adding {
	struct odict *arr;
	enum what what;
	int err;
};

static int add_real(struct odict *arr, const char *metric, const char *labels,
		    const char *type, const char *help, double value)
{
	struct odict *o = NULL;
	char key[16];
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "group", ODICT_STRING, "providers");
	if (!err)
		err = odict_entry_add(o, "key", ODICT_STRING, metric + 6);
	if (!err)
		err = odict_entry_add(o, "metric", ODICT_STRING, metric);
	if (!err)
		err = odict_entry_add(o, "labels", ODICT_STRING, labels);
	if (!err)
		err = odict_entry_add(o, "type", ODICT_STRING, type);
	if (!err)
		err = odict_entry_add(o, "help", ODICT_STRING, help);
	if (!err)
		err = odict_entry_add(o, "value", ODICT_DOUBLE, value);
	(void)re_snprintf(key, sizeof(key), "%zu", odict_count(arr, false));
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

/* @return whether it has that figure */
static bool value_of(const struct provider *p, enum what what, double *v)
{
	const struct health *h = provider_health(p);
	uint64_t sent, failed;
	bool wanted = true, is;

	provider_calls(p, &sent, &failed);
	is = provider_registered(p, &wanted);
	switch (what) {

	case UP:
		*v = h->state != HEALTH_DOWN;
		return true;
	case ANSWER:
		*v = h->rtt_avg / 1e6;
		return h->rtt_avg > 0;
	case HEALTHY:
		*v = (double)h->answers;
		return true;
	case FAILED:
		*v = (double)h->failures;
		return true;
	case CALLS:
		*v = (double)sent;
		return true;
	case CALLS_FAILED:
		*v = (double)failed;
		return true;
	default:
		*v = is;
		return wanted;
	}
}

static bool add_one(struct provider *p, void *arg)
{
	struct adding *a = arg;
	char labels[128];
	double v = 0;

	if (!value_of(p, a->what, &v))
		return false;
	/* an id has nothing that would have to be escaped */
	(void)re_snprintf(labels, sizeof(labels), "provider=\"%s\"%s",
			  provider_record(p)->id, figurev[a->what].label);
	a->err = add_real(a->arr, figurev[a->what].metric, labels,
			  figurev[a->what].type, figurev[a->what].help, v);
	return a->err != 0;
}

/* ---- the proxy ------------------------------------------------------------------ */

static int outbound(struct odict *arr, const struct outbound_count *c)
{
	static const char calls[] = "carom_outbound_calls_total";
	static const char help[] = "Calls that came to the proxy for "
				   "providers, by what became of them";
	const struct {
		struct api_figure f;
		uint64_t n;
	} v[] = {
		{{.key = "requests",
		  .metric = "carom_outbound_requests",
		  .type = "gauge",
		  .help = "Requests under way in the proxy for providers, "
			  "INVITEs for 32 s more"},
		 c->now},
		{{.key = "calls",
		  .metric = calls,
		  .labels = "result=\"taken\"",
		  .help = help},
		 c->calls},
		{{.key = "answered",
		  .metric = calls,
		  .labels = "result=\"answered\"",
		  .help = help},
		 c->answered},
		{{.key = "unrouted",
		  .metric = calls,
		  .labels = "result=\"unrouted\"",
		  .help = help},
		 c->unrouted},
		{{.key = "refused",
		  .metric = calls,
		  .labels = "result=\"refused\"",
		  .help = help},
		 c->refused},
		{{.key = "inbound",
		  .metric = calls,
		  .labels = "result=\"inbound\"",
		  .help = help},
		 c->inbound},
		{{.key = "failovers",
		  .metric = "carom_outbound_failovers_total",
		  .help = "Calls that went on to a next provider"},
		 c->failovers},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++) {
		struct api_figure f = v[i].f;

		f.group = "outbound";
		f.type = f.type ? f.type : "counter";
		err = api_figure_add(arr, &f, (int64_t)v[i].n);
	}
	return err;
}

int provider_figures(struct odict *arr, void *arg)
{
	const struct outbound_count *c = providers_outbound(arg);
	struct adding a = {arr, UP, 0};

	for (; a.what < WHATS && !a.err; a.what++)
		providers_each(arg, add_one, &a);
	return a.err || !c ? a.err : outbound(arr, c);
}
