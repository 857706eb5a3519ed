/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls: media workers, the media room, and NG in front of it */
#include <ifaddrs.h>
#include <sys/resource.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/core.h"
#include "media/media.h"
#include "ng/ng.h"
#include "plane/plane.h"

enum {
	WORKERS_MAX = 8, /* when the configuration leaves it to us */
};

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

int daemon_open_media(struct daemon *d)
{
	struct media_conf conf = d->conf->media;
	struct media_err e = {""};
	int err;

	check_addresses(&d->conf->media);
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

int daemon_listen_ng(struct daemon *d)
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
