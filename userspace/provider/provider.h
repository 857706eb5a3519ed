/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/provider.h  Carriers: how they are, and which of them a call takes
 *
 * Providers and routes are records of the store (kinds "provider", "route"), which
 * the API writes; here is what follows from them. Each provider is asked by OPTIONS
 * now and then, from sockets that no call uses, and counts as down after so many
 * failures in a row; a route to one that is down is left out until it is up again.
 * What is known of health is in the store, too (kind "provider-health"): a restart
 * does not forget it, and nodes share it.
 *
 * One thread, that of the event loop.
 */
#ifndef CAROM_PROVIDER_H
#define CAROM_PROVIDER_H

#include <re.h>
#include "base/fields.h"
#include "locate/locate.h"
#include "provider/health.h"
#include "provider/record.h"
#include "provider/wire.h"
#include "route/route.h"

struct store;
struct provider;
struct providers;

enum { PROVIDERS_MAX = 20000 };

/** Something has happened: "provider.up", "provider.down". data: see
 *  docs/providers.md */
typedef void(provider_event_h)(const char *type, const struct odict *data,
			       void *arg);

enum { OUTBOUND_NETS = 256 };

/** The proxy for calls: see provider/outbound.h */
struct outbound_conf {
	struct wire_conf wire;
	struct outbound_net {
		struct sa addr;
		unsigned bits;
	} trustv[OUTBOUND_NETS]; /**< who may call out by us            */
	size_t trustc;
	struct sa inbound; /**< where calls from providers go; unset: nowhere */
	enum msg_transp inbound_transp;
	uint32_t calls;    /**< at a time                             */
	bool record_route; /**< always, not only where we have to      */
};

struct providers_conf {
	struct store *store;  /**< referenced                               */
	struct dns *dns;      /**< referenced                               */
	uint32_t dns_timeout; /**< ms, for a name with all its records      */
	struct wire_conf probe_wire; /**< probes alone use it             */
	uint32_t rate; /**< probes a second, over all providers      */
	char *from;    /**< URI of probes' From; copied               */
	struct record_defaults def;
	const struct outbound_conf *outbound; /**< NULL: no calls, and no
						 registration             */
	provider_event_h *eventh; /**< may be NULL                         */
	void *arg;
};

/**
 * Read what the store has, and begin to probe
 *
 * A record of the store that cannot be read is logged and left out.
 *
 * @param pp   Pointer to the object (mem_deref when done)
 * @param why  Result: says what is wrong
 *
 * @return 0, EINVAL, ENOMEM, errno of a socket, or the store's
 */
int providers_alloc(struct providers **pp, const struct providers_conf *conf,
		    char *why, size_t sz);

/** Show all SIP that probes and calls read and send; h NULL: to nobody any more */
void providers_watch(struct providers *ps, sip_watch_h *h, void *arg);

/** Another configuration: rate, From, defaults, certificates. Sockets stay as they
 *  are. On an error nothing changes, and why says what is wrong. @return 0, EINVAL,
 *  ENOMEM, errno of a certificate */
int providers_renew(struct providers *ps, const struct providers_conf *conf,
		    char *why, size_t sz);

/* ---- providers ------------------------------------------------------------ */

/**
 * A provider has been added or changed. One at another address is unknown again
 *
 * @param rec  Referenced
 *
 * @return 0, ENOSPC, ENOMEM
 */
int provider_put(struct providers *ps, struct record *rec);

/** One is gone. @return 0, ENOENT */
int provider_del(struct providers *ps, const char *id);

/** NULL: there is none of that id */
struct provider *provider_find(const struct providers *ps, const char *id);

/** What it is by configuration, and how it is: both change with the event loop */
const struct record *provider_record(const struct provider *p);
const struct health *provider_health(const struct provider *p);

/** May calls go there? */
enum route_health provider_route_health(const struct provider *p);

/** Its health and, where it has one, its registration: what people are shown beside
 *  the record, added to o. @return 0 or ENOMEM */
int provider_status(struct odict *o, const struct provider *p);

/** Return true to stop */
typedef bool(provider_h)(struct provider *p, void *arg);

/** All of them, in no order */
void providers_each(const struct providers *ps, provider_h *h, void *arg);

/** How many there are */
size_t providers_count(const struct providers *ps);

/** What a record has that does not say so */
const struct record_defaults *providers_defaults(const struct providers *ps);

/* ---- probes (probing.c) --------------------------------------------------- */

enum { PROBES_ASKED = 256 /**< that people wait for, at a time */ };

/** The answer, or why there is none; once */
typedef void(probe_done_h)(const struct health_result *r, void *arg);

struct probe_wait;

/**
 * Ask a provider now, whatever the interval; where it is being asked already, that
 * answer will do
 *
 * @param wp     Pointer to the object: mem_deref to lose interest. Set to NULL
 *               before h is called
 * @param count  The result counts for its health, as one of the regular probes
 *
 * @return 0; EBUSY: PROBES_ASKED wait already; ENOMEM
 */
int provider_probe(struct probe_wait **wp, struct provider *p, bool count,
		   probe_done_h *h, void *arg);

/** A call has found that: counts as a probe's result does, and has a failed one
 *  probed at once */
void provider_passive(struct provider *p, const struct health_result *r);

/** No calls to it for so many seconds: it has said so itself (503, Retry-After) */
void provider_hold(struct provider *p, uint32_t seconds);

/* ---- routes --------------------------------------------------------------- */

/** The table; to be changed by routes_put() and routes_del() */
struct routes *providers_routes(const struct providers *ps);

/**
 * Which way a call goes, and why not by the others
 *
 * @param called, caller  Numbers; caller may be NULL
 * @param when    s since 1970
 * @param callid  Chooses among equals; NULL: any
 * @param v       Room for ROUTE_CHOICES
 *
 * @return How many
 */
size_t provider_choose(const struct providers *ps, const char *called,
		       const char *caller, int64_t when,
		       const struct pl *callid, struct route_choice *v);

/* ---- for those who look --------------------------------------------------- */

/** Calls sent to it, and those that it has failed, since the start */
void provider_calls(const struct provider *p, uint64_t *sent, uint64_t *failed);

/** Is it registered there? @return false where it is not to be, too; *wanted says */
bool provider_registered(const struct provider *p, bool *wanted);

/** Figures of the proxy */
struct outbound_count {
	uint64_t now;      /**< requests under way, and INVITEs for 32 s more */
	uint64_t calls;    /**< INVITEs that began one                     */
	uint64_t answered; /**< with 2xx                                   */
	uint64_t failovers; /**< to a next provider                         */
	uint64_t unrouted;  /**< no route, or none that is open             */
	uint64_t refused;   /**< of strangers, or too many                  */
	uint64_t inbound;   /**< from a provider, to `inbound`              */
};

/** NULL: no calls go out by us */
const struct outbound_count *providers_outbound(const struct providers *ps);

#endif
