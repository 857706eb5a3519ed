/* SPDX-License-Identifier: BSD-2-Clause */
/* The role: its parts, started and stopped */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "edge/core.h"
#include "edge/leave.h"
#include "edge/options.h"

enum { EXPIRE = 60000 /* ms between two looks at nodes that went */ };

static void destructor(void *arg)
{
	struct edge *e = arg;

	tmr_cancel(&e->expire);
	tmr_cancel(&e->go);
	mem_deref(e->streams);
	mem_deref(e->probe);
	mem_deref(e->names);
	mem_deref(e->registered);
	for (size_t i = 0; i < e->policy->listenerc; i++)
		mem_deref(e->udpv[i]);
	mem_deref(e->deliver);
	mem_deref(e->nets);
	mem_deref(e->warned);
	mem_deref(e->publish);
	mem_deref(e->sets);
	mem_deref(e->policy);
	mem_deref(e->creds);
	mem_deref(e->sip);
	mem_deref(e->fp);
}

/* ---- what it has, and what its parts tell it --------------------------------- */

struct ds_sets *edge_sets(struct edge *e)
{
	return e->sets;
}

struct probe *edge_probe(struct edge *e)
{
	return e->probe;
}

const struct count *edge_count(const struct edge *e)
{
	return &e->count;
}

static void named_changed(struct ds_set *set, void *arg)
{
	edge_changed(arg, set);
}

static void waited(const struct forward_in *in, void *arg)
{
	struct edge *e = arg;

	deliver_waited(e->deliver, in);
}

static void target_changed(struct ds_set *set, struct ds_target *t,
			   enum ds_state before, void *arg)
{
	edge_changed(arg, set);
	edge_target_told(arg, set, t, before);
}

int edge_reload_users(struct edge *e, struct ds_err *derr)
{
	struct users_err ue = {""};
	int err = e->creds ? creds_reload(e->creds, &ue) : 0;

	if (err)
		str_ncpy(derr->msg, ue.msg, sizeof(derr->msg));
	return err;
}

void edge_watch(struct edge *e, sip_watch_h *h, void *arg)
{
	if (e)
		e->watcher = (struct sip_watcher){h, arg};
}

static void expire(void *arg)
{
	struct edge *e = arg;

	publish_expire(e->publish, tmr_jiffies());
	tmr_start(&e->expire, EXPIRE, expire, e);
}

/* Not before the event loop has read what waits in the sockets since the kernel was
 * told to leave all to us: what comes later must not overtake it */
static void go(void *arg)
{
	struct edge *e = arg;

	fp_sip_on(e->sip, true);
}

/* ---- probes ------------------------------------------------------------------- */

/* A UDP listener that the answer comes back to */
static unsigned probe_listener(const struct edge *e, const struct ds_target *t)
{
	const struct policy *p = e->policy;
	const struct sa *dst = ds_target_addr(t);
	const int asked = options_listener(p, t);
	const int own = policy_own_listener(p, MSG_UDP, sa_af(dst));
	unsigned i = sa_af(dst) == AF_INET6 ? e->conf.probe_listener6
					    : e->conf.probe_listener;

	if (asked >= 0)
		return (unsigned)asked;
	if (i >= p->listenerc && own >= 0)
		i = (unsigned)own;
	return i < p->listenerc && sa_af(&p->listenerv[i].addr) == sa_af(dst)
		       ? i
		       : leave_by(p, dst, 0);
}

static int probe_send(const struct ds_target *t, struct mbuf *mb, char *via,
		      size_t sz, void *arg)
{
	struct edge *e = arg;
	const struct policy *p = e->policy;
	const struct sa *dst = ds_target_addr(t);
	struct forward_out out = {.mb = mb};
	int own;

	out.transp = (enum msg_transp)ds_target_transp(t);
	own = out.transp == MSG_UDP
		      ? (int)probe_listener(e, t)
		      : policy_own_listener(p, out.transp, sa_af(dst));
	if (own < 0 || sa_af(&p->listenerv[own].addr) != sa_af(dst))
		return EAFNOSUPPORT;
	out.listener = (unsigned)own;
	sa_cpy(&out.dst, dst);
	if (!mb) {
		(void)re_snprintf(via, sz, "%J", &p->listenerv[own].advertised);
		return 0;
	}
	return out.transp == MSG_UDP
		       ? sip_udp_send(e->udpv[own], dst, mb)
		       : streams_send(e->streams, &out, NULL, NULL);
}

/* ---- start ---------------------------------------------------------------------- */

static int open_streams(struct edge *e, struct ds_err *derr)
{
	struct stream_conf conf = e->conf.stream;
	int err;

	conf.limitv = fp_sip_conf(e->sip)->limit;
	err = streams_alloc(&e->streams, &conf, &e->conf.cert, e->policy,
			    &e->count, deliver_stream, deliver_instead,
			    e->deliver, derr->msg, sizeof(derr->msg));
	if (err)
		return err;
	streams_watch(e->streams, &e->watcher);
	deliver_streams(e->deliver, e->streams);
	return 0;
}

static int open_listeners(struct edge *e, struct ds_err *derr)
{
	const struct policy *p = e->policy;
	int err = 0;

	for (size_t i = 0; i < p->listenerc && !err; i++) {
		if (p->listenerv[i].silent)
			continue;
		if (p->listenerv[i].transp != MSG_UDP)
			err = streams_listen(e->streams, (unsigned)i);
		else
			err = sip_udp_alloc(&e->udpv[i], &p->listenerv[i].addr,
					    (unsigned)i, deliver_datagram,
					    deliver_lost, e->deliver);
		sip_udp_watch(e->udpv[i], &e->watcher);
		if (err)
			(void)re_snprintf(derr->msg, sizeof(derr->msg),
					  "%J: %m", &p->listenerv[i].addr, err);
	}
	return err;
}

int edge_auth(struct auth **ap, struct creds **cp, struct edge *e,
	      const struct edge_conf *conf, struct ds_err *derr)
{
	struct auth_conf ac = conf->auth;
	struct users_err ue = {""};
	int err;

	*ap = NULL;
	*cp = NULL;
	if (!ac.realm)
		return 0;
	err = creds_alloc(cp, conf->users, ac.realm, &ue);
	if (err) {
		str_ncpy(derr->msg, ue.msg, sizeof(derr->msg));
		return err;
	}
	memcpy(ac.key, e->policy->key, sizeof(ac.key));
	ac.count = &e->count;
	ac.ha1h = edge_ha1;
	ac.arg = e;
	err = auth_alloc(ap, &ac, e->policy->auth);
	if (err == ENOTSUP)
		(void)re_snprintf(derr->msg, sizeof(derr->msg),
				  "OpenSSL here has no MD5 or SHA-256");
	if (err)
		*cp = mem_deref(*cp);
	return err;
}

static int start(struct edge *e, struct ds_err *derr)
{
	int err;

	err = edge_auth(&e->policy->auth, &e->creds, e, &e->conf, derr);
	if (!err)
		err = deliver_alloc(&e->deliver, e->policy, e->udpv, &e->count);
	if (!err)
		err = open_streams(e, derr);
	if (!err)
		err = open_listeners(e, derr);
	if (!err)
		err = ds_sets_alloc(&e->sets, &e->conf.ds);
	for (size_t i = 0; i < e->conf.setc && !err; i++)
		err = ds_sets_mode(e->sets, e->conf.set_idv[i],
				   edge_mode(e->policy->setv[i].flags));
	if (!err)
		err = publish_alloc(&e->publish, e->sip, e->policy);
	if (!err)
		err = nets_alloc(&e->nets, e->policy, e->sip,
				 e->policy->was_node, e);
	if (!err)
		err = names_alloc(&e->names, &e->conf.names, e->policy,
				  named_changed, waited, e);
	if (!err)
		err = edge_tell(e);
	if (!err)
		err = edge_reload(e, derr);
	if (!err)
		err = probe_alloc(&e->probe, &e->conf.probe, &e->conf.ds,
				  e->sets, probe_send, target_changed, e);
	if (!err) {
		deliver_probe(e->deliver, e->probe);
		deliver_names(e->deliver, e->names);
		err = edge_announce(e);
	}
	return err;
}

int edge_alloc(struct edge **ep, const struct edge_conf *conf, struct fp *fp,
	       struct fp_sip *sip, struct ds_err *derr)
{
	struct edge *e;
	int err;

	if (!ep || !conf || !conf->policy || !fp || !sip || !derr)
		return EINVAL;
	e = mem_zalloc(sizeof(*e), destructor);
	if (!e)
		return ENOMEM;
	derr->msg[0] = '\0';
	e->conf = *conf;
	e->policy = mem_ref(conf->policy);
	e->fp = mem_ref(fp);
	e->sip = mem_ref(sip);
	e->limits.sip = sip;
	edge_answer(e);
	tmr_init(&e->expire);
	tmr_init(&e->go);
	err = start(e, derr);
	if (err) {
		if (!derr->msg[0])
			(void)re_snprintf(derr->msg, sizeof(derr->msg), "%m",
					  err);
		mem_deref(e);
		return err;
	}
	tmr_start(&e->expire, EXPIRE, expire, e);
	tmr_start(&e->go, 0, go, e);
	*ep = e;
	return 0;
}
