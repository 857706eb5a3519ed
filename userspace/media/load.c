/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/load.c  How busy the node is, and whether it takes another call
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/load.h"
#include "plane/plane.h"

enum { LOOK_MS = 500 /* at least, between two looks */ };

/* User, nice, system, idle, iowait, irq, softirq, steal: what the kernel relays is
 * softirq; a hypervisor's share is not ours to give either */
int load_ticks(const char *line, uint64_t *busy, uint64_t *all)
{
	uint64_t v[8] = {0};

	/* "cpu0" is one of them */
	if (strncmp(line, "cpu ", 4) ||
	    sscanf(line,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) < 4)
		return EBADMSG;
	*all = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(v); i++)
		*all += v[i];
	*busy = *all - v[3] - v[4];

	return 0;
}

static int read_ticks(uint64_t *busy, uint64_t *all)
{
	FILE *f = fopen("/proc/stat", "re");
	char line[256];
	int err;

	if (!f)
		return errno;
	err = fgets(line, sizeof(line), f) ? load_ticks(line, busy, all) : EIO;
	(void)fclose(f);

	return err;
}

static void look_at_processors(struct load *l)
{
	uint64_t busy = 0, all = 0;

	if (read_ticks(&busy, &all))
		return;
	if (l->all && all > l->all)
		l->percent = (unsigned)((busy - l->busy) * 100 /
					(all - l->all));
	l->busy = busy;
	l->all = all;
}

/* A call that needs a worker goes to the one with the fewest ports: if that one has no
 * time, none has */
static void look_at_worker(struct media *m, uint64_t ms)
{
	struct load *l = &m->load;
	const unsigned w = m->plane ? plane_least(m->plane) : 0;
	struct plane_stats st;

	l->worker_percent = 0;
	if (!m->plane || plane_stats(m->plane, w, &st))
		return;
	if (l->worker == w && ms && st.cpu_ns >= l->worker_ns)
		l->worker_percent = (unsigned)((st.cpu_ns - l->worker_ns) /
					       (ms * 10000));
	l->worker = w;
	l->worker_ns = st.cpu_ns;
}

void load_workers(struct media *m, uint64_t now)
{
	const unsigned n = m->plane ? plane_workers(m->plane) : 0;
	struct load *l = &m->load;
	const uint64_t ns = l->workers_at ? now - l->workers_at : 0;
	struct plane_stats st;

	for (unsigned i = 0; i < n && i < PLANE_WORKERS_MAX; i++) {
		if (plane_stats(m->plane, i, &st))
			continue;
		if (ns && st.cpu_ns >= l->cpuv[i])
			l->permillev[i] = (unsigned)((st.cpu_ns - l->cpuv[i]) *
						     1000 / ns);
		l->cpuv[i] = st.cpu_ns;
	}
	l->workers_at = now;
}

static void look_at_bytes(struct media *m, uint64_t ms)
{
	uint64_t sum = m->tot.bytes, packets, bytes, errors;
	struct load *l = &m->load;

	for (struct le *le = list_head(&m->calll); le; le = le->next) {
		packets = bytes = errors = 0;
		call_totals(le->data, &packets, &bytes, &errors);
		sum += bytes;
	}
	if (ms && sum >= l->bytes)
		l->kbits = (sum - l->bytes) * 8 / ms;
	l->bytes = sum;
}

void load_look(struct media *m)
{
	const uint64_t now = media_now(), ms = now - m->load.at;

	if (!m->conf.max_load && !m->conf.max_bandwidth)
		return;
	if (m->load.at && ms < LOOK_MS)
		return;
	if (m->conf.max_load) {
		look_at_processors(&m->load);
		look_at_worker(m, m->load.at ? ms : 0);
	}
	if (m->conf.max_bandwidth)
		look_at_bytes(m, m->load.at ? ms : 0);
	m->load.at = now;
}

int load_admit(struct media *m, struct media_err *e)
{
	const struct media_conf *conf = &m->conf;
	const struct load *l = &m->load;
	const unsigned percent = l->percent > l->worker_percent
					 ? l->percent
					 : l->worker_percent;

	if (conf->max_sessions && m->callc >= conf->max_sessions) {
		++m->tot.rejected;
		return media_fail(e, EDQUOT, "limit of %u sessions reached",
				  conf->max_sessions);
	}
	if (conf->max_load && percent >= conf->max_load) {
		++m->tot.rejected_load;
		return media_fail(e, EDQUOT,
				  "limit of load reached: %s %u %% busy, %u %% "
				  "are allowed",
				  l->percent >= l->worker_percent
					  ? "the processors are"
					  : "the media workers are",
				  percent, conf->max_load);
	}
	if (conf->max_bandwidth && l->kbits >= conf->max_bandwidth) {
		++m->tot.rejected_bandwidth;
		return media_fail(e, EDQUOT,
				  "limit of bandwidth reached: %llu kbit/s, %u "
				  "are allowed",
				  l->kbits, conf->max_bandwidth);
	}

	return 0;
}
