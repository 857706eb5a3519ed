/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/core.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/role_api.h"
#include "daemon/role_hep.h"
#include "daemon/role_providers.h"
#include "daemon/role_store.h"
#include "edge/located.h"
#include "event/event.h"
#include "fastpath/fastpath.h"
#include "media/media.h"
#include "plane/plane.h"
#include "provider/provider.h"
#include "provider/trunk.h"

enum {
	MAPS_INTERVAL = 500, /* ms */
	DESCRIPTORS = 4096,  /* for all but SIP's connections: a port that the
				agent serves by a plain socket has one */
};

static void destructor(void *data)
{
	struct daemon *d = data;

	tmr_cancel(&d->watchdog);
	tmr_cancel(&d->maps);
	if (d->hup_fd >= 0) {
		fd_close(d->hup_fd);
		(void)close(d->hup_fd);
	}
	/* who asks goes before who answers */
	mem_deref(d->api);
	mem_deref(d->control);
	mem_deref(d->hep);
	if (d->extensions)
		extensions_watch(d->extensions, NULL, NULL);
	mem_deref(d->located);
	mem_deref(d->extensions);
	mem_deref(d->providers);
	edge_users(d->edge, NULL, NULL);
	mem_deref(d->trunks);
	mem_deref(d->presence);
	mem_deref(d->registrar);
	mem_deref(d->edge);
	mem_deref(d->location);
	mem_deref(d->reload); /* the edge uses its strings */
	mem_deref(d->ng);
	mem_deref(d->media);
	mem_deref(d->plane);
	mem_deref(d->net);
	mem_deref(d->fp);
	mem_deref(d->events);
	mem_deref(d->store);
	mem_deref(d->lock);
	mem_deref(d->maps_lock);
}

/* ---- the configuration read again ----------------------------------------- */

static int renew(struct daemon *d, struct mbuf *said)
{
	int err = reload_now(d->reload, said);

	if (!err)
		err = role_api_renew(d->api, d->conf, said);
	if (!err)
		(void)event_emit(d->events, "config.reloaded", NULL);

	return err;
}

int daemon_renew(struct daemon *d, char **text)
{
	struct mbuf *said = mbuf_alloc(512);
	int err = said ? renew(d, said) : ENOMEM;

	if (said && re_sdprintf(text, "%b", said->buf, said->end))
		err = ENOMEM;
	mem_deref(said);

	return err;
}

/* ---- signals ------------------------------------------------------------ */

static void reload(struct daemon *d)
{
	char *text = NULL;

	/* what there is to say is in the log */
	(void)daemon_renew(d, &text);
	mem_deref(text);
}

static void hup_handler(int flags, void *arg)
{
	struct daemon *d = arg;
	struct signalfd_siginfo si;
	(void)flags;

	if (read(d->hup_fd, &si, sizeof(si)) == sizeof(si))
		reload(d);
}

/* libre knows no SIGHUP; a descriptor needs no handler and no race */
static int watch_hup(struct daemon *d)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return errno;

	d->hup_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (d->hup_fd < 0)
		return errno;

	return fd_listen(d->hup_fd, FD_READ, hup_handler, d);
}

static void stop_handler(int sig)
{
	(void)sig;
	re_cancel();
}

static void watchdog_handler(void *arg)
{
	struct daemon *d = arg;

	notify("WATCHDOG=1");
	tmr_start(&d->watchdog, d->watchdog_ms, watchdog_handler, d);
}

/* Maps that nobody finds any more relay nothing: answering for them would tell
 * callers of sessions that are deaf. Whoever supervises us starts us again, on
 * the maps of the next `carom attach` */
static void maps_handler(void *arg)
{
	struct daemon *d = arg;

	if (!fp_closed(d->fp)) {
		plane_devices(d->plane);
		tmr_start(&d->maps, MAPS_INTERVAL, maps_handler, d);
		return;
	}

	log_error("`carom detach` took the maps away, and the calls with them: "
		  "stopping; start caromd again after `carom attach`");
	d->err = ESTALE;
	re_cancel();
}

/* ------------------------------------------------------------------------- */

/* libre has a place for each descriptor, 128 unless told before the first one */
static int make_room(const struct config *c)
{
	const rlim_t want = c->sip.streams.connections +
			    c->registrar.connections + DESCRIPTORS;
	const struct rlimit more = {want, want};
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return errno;
	/* even root may not, where CAP_SYS_RESOURCE was taken away */
	if (lim.rlim_max < want && !setrlimit(RLIMIT_NOFILE, &more))
		lim = more;
	lim.rlim_cur = min(want, lim.rlim_max);
	if (setrlimit(RLIMIT_NOFILE, &lim))
		return errno;
	if (lim.rlim_cur < want)
		log_warn("sip.streams.connections: %u are wanted, but no more "
			 "than %llu files may be open: raise LimitNOFILE",
			 c->sip.streams.connections,
			 (unsigned long long)lim.rlim_cur);
	return fd_setsize((int)lim.rlim_cur);
}

static int open_events(struct daemon *d)
{
	const int err = events_alloc(&d->events, d->store, d->conf->node,
				     EVENT_KEEP, EVENT_SECONDS);

	if (err)
		log_error("events: %m", err);

	return err;
}

static int start(struct daemon *d)
{
	int err;

	err = make_room(d->conf);
	if (err)
		return err;

	err = privs_user(&d->privs, d->conf->user);
	if (err)
		return err;

	/* the maps first: without them nothing is created on disk */
	err = daemon_open_maps(d);
	if (!err)
		err = role_store(&d->store, &d->lock, d->conf, &d->privs);
	if (!err)
		err = open_events(d);
	if (!err)
		err = daemon_open_media(d);
	if (!err)
		err = daemon_listen_ng(d);
	if (!err)
		err = daemon_open_signalling(d);
	if (!err)
		err = role_hep(&d->hep, d->conf, d->edge, d->media);
	if (!err && d->registrar)
		role_hep_node(d->hep, d->registrar->node);
	if (!err)
		err = role_trunks(&d->trunks, d->store, d->edge);
	if (!err)
		err = role_providers(&d->providers, d->conf, d->store,
				     d->events);
	if (!err)
		role_hep_providers(d->hep, d->providers);
	if (!err)
		err = reload_alloc(&d->reload, d->path, d->conf, d->edge,
				   d->providers, d->registrar, d->presence,
				   d->hep);
	if (!err)
		err = daemon_open_control(d);
	if (!err)
		err = daemon_open_api(d);
	if (!err)
		err = privs_drop(&d->privs);
	if (err)
		return err;
	reload_foresee(d->reload);

	err = watch_hup(d);
	if (err)
		log_error("SIGHUP: %m", err);

	return err;
}

static int run(struct daemon *d)
{
	int err;

	d->watchdog_ms = notify_watchdog();
	if (d->watchdog_ms)
		tmr_start(&d->watchdog, d->watchdog_ms, watchdog_handler, d);

	tmr_start(&d->maps, MAPS_INTERVAL, maps_handler, d);

	log_info("caromd " CAROM_VERSION " is ready: %u calls taken over, %u "
		 "legs in all",
		 media_calls(d->media), fp_slots(d->fp));
	(void)event_emit(d->events, "node.started", NULL);
	notify("READY=1");

	err = re_main(stop_handler);

	notify("STOPPING=1");
	(void)event_emit(d->events, "node.stopping", NULL);
	(void)events_flush(d->events);
	if (err)
		log_error("event loop: %m", err);
	else if (!d->err)
		log_info("stopping; %u calls go on being relayed",
			 media_calls(d->media));

	return err ? err : d->err;
}

int daemon_run(const struct config *conf, const char *path)
{
	struct daemon *d;
	int err;

	if (!conf || !path)
		return EINVAL;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	d->conf = conf;
	d->path = path;
	d->hup_fd = -1;
	tmr_init(&d->watchdog);
	tmr_init(&d->maps);

	err = start(d);
	if (!err)
		err = run(d);
	mem_deref(d);

	return err;
}
