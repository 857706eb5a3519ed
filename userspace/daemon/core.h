/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/core.h  The agent's parts, between the files that open them
 */
#ifndef CAROM_DAEMON_CORE_H
#define CAROM_DAEMON_CORE_H

#include <stdint.h>
#include <re.h>

#include "daemon/config.h"
#include "daemon/lock.h"
#include "daemon/privs.h"
#include "daemon/reload.h"
#include "daemon/role_presence.h"
#include "daemon/role_registrar.h"

struct daemon {
	const struct config *conf;
	const char *path;
	struct privs privs;
	struct lock *lock;      /* of the store */
	struct lock *maps_lock; /* of the maps */
	struct store *store;
	struct events *events;
	struct api *api;
	struct fp *fp;
	struct fp_net *net;
	struct plane *plane;
	struct media *media;
	struct ng *ng;
	struct edge *edge;             /* NULL without a section sip */
	struct location *location;     /* NULL where nobody asks for it */
	struct located *located;       /* NULL without an edge */
	struct extensions *extensions; /* whom it knows; the same */
	struct role_hep *hep;
	struct trunks *trunks;            /* NULL without an edge */
	struct providers *providers;      /* NULL without its section */
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

/* Each opens its part of d, and logs what is wrong. @return 0 or errno */

/** The maps; locked: two agents would free each other's legs */
int daemon_open_maps(struct daemon *d);

/** Workers and calls, those of the store with them */
int daemon_open_media(struct daemon *d);

/** NG, at each configured address */
int daemon_listen_ng(struct daemon *d);

/** Edge, registrar, presence: those that the configuration has */
int daemon_open_signalling(struct daemon *d);

/** The socket of `carom reload` */
int daemon_open_control(struct daemon *d);

/** The API, at last: with the resources of all that is open */
int daemon_open_api(struct daemon *d);

/**
 * Read configuration, tokens and certificates again
 *
 * @param text  Pointer to what there is to say (mem_deref when done), also on an error
 */
int daemon_renew(struct daemon *d, char **text);

#endif
