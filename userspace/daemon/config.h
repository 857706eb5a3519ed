/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config.h  The one configuration file
 *
 * YAML, read through a libcyaml schema. Strings and sections are owned by the
 * object; addresses are parsed and checked.
 */
#ifndef CAROM_CONFIG_H
#define CAROM_CONFIG_H

#include <re.h>
#include "base/ports.h"
#include "base/log.h"
#include "control/control.h"
#include "daemon/config_api.h"
#include "daemon/config_providers.h"
#include "daemon/config_registrar.h"
#include "daemon/config_sip.h"
#include "hep/hep.h"
#include "media/media.h"

#define CONFIG_PATH "/etc/carom/carom.yaml"
/** `store`, where the file does not say, or is not there */
#define CONFIG_STORE "/var/lib/carom/carom.db"

/** A listener of the ng protocol */
struct config_listen {
	struct sa addr;
	bool udp, tcp;
};

/** By enum hep_transp: "udp", ... */
extern const char *const config_hep_transpv[3];

/** What is shown to whom */
struct config_hep {
	bool on;
	enum hep_transp transp;
	struct sa dst;
	uint32_t id;
	char *node_name, *password; /**< NULL: none                      */
	bool sip, rtcp, log;
	uint32_t every; /**< one of so many calls                        */
	bool large_by_tcp;
	uint32_t queue; /**< bytes                                       */
	char *ca;       /**< NULL: certificates are not looked at        */
};

/** Who may see whom, and how much of it */
enum { CONFIG_PRESENCE_LISTS = 256, CONFIG_PRESENCE_MEMBERS = 200 };

struct config_presence {
	bool on;
	unsigned allow; /**< enum presence_allow                         */
	bool partial;
	uint32_t min_expires, max_expires, default_expires; /**< s        */
	uint32_t interval;                                  /**< ms       */
	uint32_t subscriptions, publications, tcp_above;
	struct config_list {
		char *name;
		char **memberv;
		size_t memberc;
	} * listv;
	size_t listc;
};

void config_presence_free(struct config_presence *p);

/** By enum presence_allow: "domain", ... */
extern const char *const config_presence_allowv[4];

struct config {
	enum log_level log_level;
	char *user;        /**< run as; NULL stay root                     */
	char *node;        /**< name of this node                           */
	char *pin_dir;     /**< under which the maps are pinned            */
	char *store_path;  /**< SQLite database, or redis://               */
	bool store_shared; /**< the latter                              */
	char *store_password;    /**< file with Redis' password; NULL: none   */
	uint32_t store_replicas; /**< that have to have what is written    */
	char *control;  /**< socket that the CLI talks to               */
	uint32_t slots; /**< size of the leg table                      */
	int ttl;        /**< of relayed packets; 0 decrements           */
	char **devicev; /**< what `carom attach` without arguments takes */
	size_t devicec;
	struct media_conf media;
	struct config_listen *ngv;
	size_t ngc;
	struct sa *metricsv; /**< where Prometheus finds the figures      */
	size_t metricsc;
	struct config_api api;
	struct config_sip sip;
	struct config_hep hep;
	struct config_presence presence;
	struct config_providers providers;
	struct config_registrar registrar;
};

/** What is wrong, ready to print: "FILE:LINE: KEY: what; allowed: ..." */
struct config_err {
	char msg[512];
};

/**
 * Load and check a configuration file
 *
 * @return 0, ENOENT, EBADMSG (e says file, line, key, what is allowed)
 */
int config_load(struct config **cp, const char *path, struct config_err *e);

/** The agent's lock is this and ".lock": beside its store, which two agents must
 * not have in common, or beside its control socket, where several may */
const char *config_lock(const struct config *c);

/** Ports that the fast path takes: for media, whichever address they are of */
void config_media_ports(struct ports *p, const struct config *c);

/** Print the configuration in force, defaults filled in, as YAML */
int config_print(struct re_printf *pf, const struct config *c);

#endif
