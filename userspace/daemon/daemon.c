/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <linux/limits.h>

#include <re.h>

#include "api/api.h"
#include "api/presence.h"
#include "api/providers.h"
#include "api/registrar.h"
#include "base/log.h"
#include "control/control.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/lock.h"
#include "daemon/notify.h"
#include "daemon/privs.h"
#include "daemon/reload.h"
#include "daemon/role_api.h"
#include "daemon/role_edge.h"
#include "daemon/role_hep.h"
#include "daemon/role_providers.h"
#include "daemon/role_registrar.h"
#include "daemon/role_store.h"
#include "edge/located.h"
#include "event/event.h"
#include "fastpath/fastpath.h"
#include "location/location.h"
#include "media/media.h"
#include "ng/ng.h"
#include "plane/plane.h"
#include "provider/provider.h"
#include "provider/trunk.h"
#include "store/store.h"

enum {
	MAPS_INTERVAL = 500, /* ms */
	DESCRIPTORS = 4096,  /* for all but SIP's connections: a port that the
				agent serves by a plain socket has one */
	WORKERS_MAX = 8,     /* when the configuration leaves it to us */
};

struct daemon {
	const struct config *conf;
	const char *path;
	struct privs privs;
	struct lock *lock;      /* of the store                   */
	struct lock *maps_lock; /* of the maps                    */
	struct store *store;
	struct events *events;
	struct api *api;
	struct fp *fp;
	struct fp_net *net;
	struct plane *plane;
	struct media *media;
	struct ng *ng;
	struct edge *edge;         /* NULL without a section sip            */
	struct location *location; /* NULL where nobody asks for it */
	struct located *located;   /* NULL without an edge          */
	struct extensions *extensions;    /* whom it knows; the same     */
	struct role_hep *hep;             /* NULL without a section hep */
	struct trunks *trunks;            /* NULL without an edge */
	struct providers *providers;      /* NULL without that section */
	struct role_registrar *registrar; /* NULL without its section */
	struct role_presence *presence;   /* NULL without its section */
	struct reload *reload;
	struct control *control;
	struct tmr watchdog;
	struct tmr maps; /* looks whether they are still in force */
	uint64_t watchdog_ms;
	int hup_fd;
	int err; /* why it stops, unless it was asked to */
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

/* ---- what was there before us ------------------------------------------ */

static bool is_ours(const struct sa *sa, const struct ifaddrs *all)
{
	const struct ifaddrs *a;
	struct sa have;

	for (a = all; a; a = a->ifa_next) {
		if (a->ifa_addr && !sa_set_sa(&have, a->ifa_addr) &&
		    sa_cmp(sa, &have, SA_ADDR))
			return true;
	}

	return false;
}

/* No error: the address may come later, by DHCP or from a failing neighbour */
static void check_addresses(const struct media_conf *m)
{
	struct ifaddrs *all = NULL;
	size_t i;

	if (getifaddrs(&all))
		return;

	for (i = 0; i < m->ifacec; i++) {
		if (!is_ours(&m->ifacev[i].addr, all))
			log_warn("media interface %s: %j is no address of this "
				 "host",
				 m->ifacev[i].name, &m->ifacev[i].addr);
	}
	freeifaddrs(all);
}

/* Two agents with a store each would free each other's legs. The directory of
 * the links comes and goes with the maps, and is not what `carom attach` and
 * `carom detach` lock: those go on working while we run */
static int lock_maps(struct daemon *d)
{
	char dir[PATH_MAX], path[PATH_MAX + 8];
	struct fp_err e = {""};
	int err;

	err = fp_pin_path(dir, sizeof(dir), d->conf->pin_dir, false, &e);
	if (err) {
		log_error("fast path: %s", e.msg);
		return err;
	}
	(void)re_snprintf(path, sizeof(path), "%s/links", dir);

	err = lock_take_dir(&d->maps_lock, path);
	if (err == EBUSY)
		log_error("one agent for one set of maps: stop the other one, "
			  "or give this one a pin-dir of its own");

	return err;
}

static int open_fastpath(struct daemon *d)
{
	struct fp_err e = {""};
	int err;

	err = fp_open(&d->fp, d->conf->pin_dir, false, &e);
	if (err) {
		log_error("fast path: %s", e.msg);
		if (err == ENOENT && d->conf->devicec)
			log_error("devices are configured: `carom attach` "
				  "without arguments takes them");
		return err;
	}

	err = lock_maps(d);
	if (err)
		return err;

	if (fp_slots(d->fp) < d->conf->slots)
		log_warn("the leg table has %u entries, the configuration "
			 "wants %u: they come with `carom detach --all` and "
			 "`carom attach`",
			 fp_slots(d->fp), d->conf->slots);

	err = fp_set_ttl(d->fp, (uint8_t)d->conf->ttl);
	if (!err)
		err = fp_net_alloc(&d->net, d->fp);
	if (err)
		log_error("fast path: %m", err);

	return err;
}

static int start_workers(struct daemon *d)
{
	const struct media_conf *m = &d->conf->media;
	struct plane_conf conf = {.workers = m->workers,
				  .mode = (enum plane_mode)m->sockets,
				  .priority = (int)m->worker_priority,
				  .dscp = m->dscp};
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct fp_err e = {""};
	int err;

	if (!conf.workers)
		conf.workers = cpus < 1             ? 1
			       : cpus > WORKERS_MAX ? WORKERS_MAX
						    : (unsigned)cpus;
	/* memory that AF_XDP shares with the kernel counts as locked, unless
	 * we are allowed any */
	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	err = plane_alloc(&d->plane, d->fp, d->net, &conf, &e);
	if (err)
		log_error("media workers: %s%s%m", e.msg, *e.msg ? ": " : "",
			  err);
	else
		log_info("media workers: %u, by %s", conf.workers,
			 plane_is_xdp(d->plane) ? "AF_XDP" : "plain sockets");

	return err;
}

static int open_media(struct daemon *d)
{
	struct media_conf conf = d->conf->media;
	struct media_err e = {""};
	int err;

	err = privs_dir(&d->privs, d->conf->media.recording_dir);
	if (!err)
		err = start_workers(d);
	if (err)
		return err;

	conf.plane = d->plane;
	err = media_alloc(&d->media, &conf, d->fp, d->net, d->store, &e);
	if (err)
		log_error("media: %s%s%m", e.msg, *e.msg ? ": " : "", err);

	return err;
}

static int listen_ng(struct daemon *d)
{
	size_t i;
	int err;

	err = ng_alloc(&d->ng, d->media, NULL);

	for (i = 0; i < d->conf->ngc && !err; i++) {
		const struct config_listen *l = &d->conf->ngv[i];

		err = ng_listen(d->ng, &l->addr, l->udp, l->tcp);
		if (err)
			log_error("ng: cannot listen at %J: %m", &l->addr, err);
	}

	return err;
}

/* Who is registered: by a registrar here, or by another node with the same store */
static int open_location(struct daemon *d)
{
	const struct config *c = d->conf;
	const int err = location_alloc(&d->location, d->store,
				       c->store_shared ? c->node : NULL, NULL);

	if (err)
		log_error("registrations: %m", err);

	return err;
}

/* Who may register is reachable, or is told that he is not */
static bool user_known(const struct pl *user, const struct pl *domain,
		       void *arg)
{
	const struct daemon *d = arg;

	return extension_known(d->extensions, user, domain);
}

struct each_user {
	void (*h)(const struct pl *user, const struct pl *domain, void *arg);
	void *arg;
};

static bool tell_user(const struct pl *user, const struct pl *domain, void *arg)
{
	const struct each_user *u = arg;

	u->h(user, domain, u->arg);
	return false;
}

static void each_user(void (*h)(const struct pl *user, const struct pl *domain,
				void *harg),
		      void *harg, void *arg)
{
	const struct daemon *d = arg;
	struct each_user u = {h, harg};

	(void)extension_each(d->extensions, tell_user, &u);
}

static int temporary_gruu(struct pl *aor, struct pl *instance, char *buf,
			  size_t sz, const struct pl *user,
			  const struct pl *domain, void *arg)
{
	const struct daemon *d = arg;
	char text[2048];
	struct pl uri;

	/* whoever made it can read it */
	if (!d->registrar ||
	    re_snprintf(text, sizeof(text), "sip:%r@%r;gr", user, domain) < 0)
		return ENOENT;
	pl_set_str(&uri, text);
	return registrar_aor(d->registrar->reg, aor, instance, buf, sz, &uri);
}

static void user_changed(const struct pl *user, const struct pl *domain,
			 void *arg)
{
	const struct daemon *d = arg;

	if (d->located)
		located_changed(d->located, user, domain);
	role_presence_user(d->presence, user, domain);
}

/* Who guesses passwords is kept out by the kernel, where there is an edge */
static void keep_out(const struct sa *src, uint32_t seconds, void *arg)
{
	struct daemon *d = arg;
	const int err = d->edge ? edge_deny(d->edge, src, seconds) : ENOENT;

	if (err && d->edge)
		log_warn("registrar: %j can't be kept out: %m", src, err);
}

static int open_registrar(struct daemon *d)
{
	int err = role_registrar(&d->registrar, d->conf, d->store, d->location);

	if (!err && d->registrar)
		registrar_block(d->registrar->reg, keep_out, d);
	return err;
}

/* Without a registrar here the store says who may register elsewhere */
static int open_extensions(struct daemon *d)
{
	if (d->registrar)
		d->extensions = mem_ref(d->registrar->ext);

	return d->registrar || !d->edge
		       ? 0
		       : extensions_alloc(&d->extensions, d->store);
}

static int open_located(struct daemon *d)
{
	const struct located_users users = {user_known, each_user,
					    temporary_gruu, d};

	return d->edge ? located_alloc(&d->located, d->edge, d->location,
				       &users)
		       : 0;
}

static int open_signalling(struct daemon *d)
{
	int err = role_edge(&d->edge, d->conf, d->fp);

	if (!err && (d->edge || d->conf->registrar.on))
		err = open_location(d);
	if (!err)
		err = open_registrar(d);
	if (!err)
		err = open_extensions(d);
	if (!err)
		err = open_located(d);
	if (!err)
		err = role_presence(&d->presence, d->conf, d->registrar,
				    d->store, d->location, d->events);
	if (!err && d->extensions)
		extensions_watch(d->extensions, user_changed, d);
	return err;
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

/* The same, with what there is to say as a text: mem_deref when done */
static int renew_text(struct daemon *d, char **text)
{
	struct mbuf *said = mbuf_alloc(512);
	int err = said ? renew(d, said) : ENOMEM;

	if (said && re_sdprintf(text, "%b", said->buf, said->end))
		err = ENOMEM;
	mem_deref(said);

	return err;
}

/* ---- the API ---------------------------------------------------------------- */

static bool maps_ready(char *why, size_t size, void *arg)
{
	struct daemon *d = arg;

	(void)re_snprintf(why, size, "`carom detach` took the maps away");

	return !fp_closed(d->fp);
}

static int reload_post(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	char *text = NULL;
	int err = renew_text(arg, &text);

	if (err && text) {
		err = api_problem(req, 422, "bad-configuration", "%s", text);
	} else if (!err) {
		err = odict_alloc(&o, 2);
		if (!err)
			err = odict_entry_add(o, "text", ODICT_STRING, text);
		if (!err)
			err = api_reply(req, 200, o);
	}
	mem_deref(o);
	mem_deref(text);

	return err;
}

static int open_events(struct daemon *d)
{
	const int err = events_alloc(&d->events, d->store, d->conf->node,
				     EVENT_KEEP, EVENT_SECONDS);

	if (err)
		log_error("events: %m", err);

	return err;
}

static int figures(struct odict *o, void *arg)
{
	const struct daemon *d = arg;
	int err = media_figures(d->media, o);

	if (!err && d->registrar)
		err = registrar_figures(d->registrar->reg, o);
	if (!err)
		err = role_presence_figures(d->presence, o);
	return err ? err : role_hep_figures(d->hep, o);
}

static int api_registrar(struct daemon *d)
{
	int err = api_registrations(d->api, d->registrar->reg, d->location);

	if (!err)
		err = api_extensions(d->api, d->registrar->reg,
				     d->registrar->ext);
	api_role(d->api, "registrar");
	return err;
}

static int open_api(struct daemon *d)
{
	const struct api_conf conf = {d->conf->node, d->store, d->events};
	int err = api_alloc(&d->api, &conf);

	if (!err)
		err = api_health(d->api);
	if (!err)
		err = api_ready(d->api, "maps", maps_ready, d);
	if (!err)
		err = api_ready(d->api, "store", role_store_ready, d->store);
	if (!err)
		err = api_route(d->api, "POST", "/v1/reload", API_ADMIN,
				reload_post, d);
	if (!err)
		err = api_event_routes(d->api);
	if (!err && d->providers)
		err = api_providers(d->api, d->providers);
	if (!err && d->trunks)
		err = api_trunks(d->api, d->trunks);
	if (!err)
		err = api_presence(d->api, role_presence_room(d->presence));
	if (!err)
		err = api_nodes(d->api);
	if (!err)
		err = api_legs(d->api, d->fp);
	if (!err)
		err = api_media(d->api, d->media);
	if (!err)
		err = api_statistics(d->api, d->fp, figures, d);
	api_role(d->api, "media");
	if (!err && d->edge)
		err = api_edge(d->api, d->edge);
	if (d->edge)
		api_role(d->api, "edge");
	if (!err && d->registrar)
		err = api_registrar(d);
	if (!err)
		err = role_api_listen(d->api, d->conf, &d->privs);

	return err;
}

/* ---- the CLI's questions -------------------------------------------------- */

static int reload_command(struct daemon *d, struct odict *reply)
{
	char *text = NULL;
	int err = renew_text(d, &text);

	if (text && !err)
		err = control_say(reply, "%s", text);
	else if (text)
		(void)control_fail(reply, err, "%s", text);
	mem_deref(text);

	return err;
}

static int registrar_command(struct daemon *d, const char *name,
			     const struct odict *req, struct odict *reply)
{
	return d->registrar
		       ? registrar_control(d->registrar->reg, name, req, reply)
		       : control_fail(reply, ENOENT,
				      "this node is no registrar: its "
				      "configuration has no section "
				      "registrar");
}

static int command(const char *name, const struct odict *req,
		   struct odict *reply, void *arg)
{
	struct daemon *d = arg;

	if (!strcmp(name, "reload"))
		return reload_command(d, reply);
	if (!strcmp(name, "media quality"))
		return media_quality(d->media, reply);
	if (!strcmp(name, "media stats")) {
		const int err = figures(reply, d);

		return err ? err : api_figures_all(d->api, reply);
	}
	if (!strncmp(name, "registrations ", 14) ||
	    !strncmp(name, "extension ", 10))
		return registrar_command(d, name, req, reply);
	if (!d->edge)
		return control_fail(reply, ENOENT,
				    "this node is no edge: its configuration "
				    "has no section sip");

	return edge_control(d->edge, name, req, reply);
}

static int listen_control(struct daemon *d)
{
	int err;

	err = privs_parent(&d->privs, d->conf->control);
	if (!err)
		err = control_alloc(&d->control, d->conf->control, command, d);
	if (err == EADDRINUSE)
		log_error("%s: another agent listens there: give this one a "
			  "control of its own",
			  d->conf->control);
	else if (err)
		log_error("control: %s: %m", d->conf->control, err);

	return err;
}

/* ---- signals ------------------------------------------------------------ */

static void reload(struct daemon *d)
{
	char *text = NULL;

	/* what there is to say is in the log */
	(void)renew_text(d, &text);
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
	err = open_fastpath(d);
	if (!err)
		err = role_store(&d->store, &d->lock, d->conf, &d->privs);
	if (!err)
		err = open_events(d);
	if (!err) {
		check_addresses(&d->conf->media);
		err = open_media(d);
	}
	if (!err)
		err = listen_ng(d);
	if (!err)
		err = open_signalling(d);
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
				   d->providers, d->registrar, d->presence);
	if (!err)
		err = listen_control(d);
	if (!err)
		err = open_api(d);
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
