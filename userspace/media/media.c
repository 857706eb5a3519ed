/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/media.c  All media calls of this node
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/call.h"
#include "media/digits.h"
#include "media/load.h"
#include "media/relays.h"
#include "media/sounds.h"

enum {
	CALL_BUCKETS = 16384,
	TAP_BUCKETS = 16384,
	LOCAL_BUCKETS = 16384,
	WALK_MS = 1000,
};

int media_fail(struct media_err *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		(void)re_vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
		va_end(ap);
	}

	return err;
}

/* Legs and store stay: they are what the next process takes over */
static void media_destructor(void *arg)
{
	struct media *m = arg;
	struct le *le;

	tmr_cancel(&m->tmr);
	if (m->tap)
		fp_tap_flush(m->tap);
	m->tap = mem_deref(m->tap);
	relays_close(m->relays);

	for (le = list_head(&m->calll); le; le = le->next) {
		struct media_call *c = le->data;
		struct le *pe, *se;

		for (pe = list_head(&c->parties); pe; pe = pe->next) {
			struct party *p = pe->data;

			for (se = list_head(&p->streams); se; se = se->next) {
				struct stream *s = se->data;

				s->leg_on[0] = s->leg_on[1] = false;
			}
		}
	}

	list_flush(&m->calll);
	m->relays = mem_deref(m->relays);
	mem_deref(m->calls);
	mem_deref(m->taps);
	mem_deref(m->locals);
	ifaces_close(m);
	mem_deref(m->recording_dir);
	mem_deref(m->dtls_file);
	mem_deref(m->sounds);
	mem_deref(m->digitlog);
	mem_deref(m->store);
	mem_deref(m->net);
	mem_deref(m->plane);
	mem_deref(m->cert);
	mem_deref(m->fp);
}

static void walk(void *arg)
{
	struct media *m = arg;
	uint64_t now = media_now();
	struct le *le = list_head(&m->calll);

	while (le) {
		struct media_call *c = le->data;

		le = le->next;
		log_about(c->id, strlen(c->id));
		quality_look(c, now, QUALITY_MS);
		(void)call_check(c, now);
	}
	log_about(NULL, 0);
	load_look(m);
	load_workers(m, now * 1000000);

	tmr_start(&m->tmr, WALK_MS, walk, m);
}

/* Legs that no call owns: of a process that died between two writes */
static void sweep(struct media *m)
{
	unsigned n = 0;

	for (size_t i = 0; i < m->ifacec; i++) {
		const struct ports *p = m->ifacev[i].ports;
		struct sa sa = m->ifacev[i].addr;

		for (uint32_t port = ports_min(p); port <= ports_max(p);
		     port++) {
			const struct leg *leg;
			uint32_t slot;

			if (ports_busy(p, (uint16_t)port))
				continue;

			sa_set_port(&sa, (uint16_t)port);
			if (fp_slot(m->fp, &sa, &slot))
				continue;

			leg = fp_leg(m->fp, slot);
			if (!leg || leg->ctl.state == LEG_FREE ||
			    leg->ctl.state == LEG_FOREIGN)
				continue;

			(void)fp_leg_del(m->fp, &sa);
			++n;
		}
	}

	if (n)
		log_warn("media: %u legs that no call owns were freed", n);
}

static int take_over(struct media *m)
{
	int err = calls_load(m);

	if (err)
		return err;

	sweep(m);
	if (m->callc)
		log_info("media: %u calls taken over", m->callc);

	return 0;
}

int media_alloc(struct media **mp, const struct media_conf *conf, struct fp *fp,
		struct fp_net *net, struct store *store, struct media_err *e)
{
	struct media *m;
	int err;

	if (!mp || !conf || !fp)
		return EINVAL;

	if (e)
		e->msg[0] = '\0';

	m = mem_zalloc(sizeof(*m), media_destructor);
	if (!m)
		return ENOMEM;

	m->conf = *conf;
	m->conf.ifacev = NULL;
	m->conf.recording_dir = m->conf.sound_dir = m->conf.dtls_file = NULL;
	m->conf.plane = NULL;
	memset(&m->conf.turn, 0, sizeof(m->conf.turn));
	m->fp = mem_ref(fp);
	m->net = mem_ref(net);
	m->plane = mem_ref(conf->plane);
	m->store = mem_ref(store);
	m->started = media_now();
	tmr_init(&m->tmr);

	err = hash_alloc(&m->calls, CALL_BUCKETS);
	if (!err)
		err = hash_alloc(&m->taps, TAP_BUCKETS);
	if (!err)
		err = hash_alloc(&m->locals, LOCAL_BUCKETS);
	if (!err && conf->recording_dir)
		err = str_dup(&m->recording_dir, conf->recording_dir);
	if (!err && conf->dtls_file)
		err = str_dup(&m->dtls_file, conf->dtls_file);
	if (!err)
		err = sounds_alloc(&m->sounds, conf->sound_dir);
	if (!err)
		err = digitlog_alloc(&m->digitlog);
	if (!err)
		err = ifaces_init(m, conf, e);
	if (!err)
		err = tapsink_init(m);
	if (!err)
		err = relays_alloc(&m->relays, m, &conf->turn, e);
	if (!err)
		err = take_over(m);
	if (err)
		goto out;

	tmr_start(&m->tmr, WALK_MS, walk, m);

out:
	if (err) {
		if (e && !e->msg[0])
			(void)media_fail(e, err, "media: %m", err);
		mem_deref(m);
	} else {
		*mp = m;
	}

	return err;
}

uint32_t media_calls(const struct media *m)
{
	return m ? m->callc : 0;
}
