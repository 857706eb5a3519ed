/* SPDX-License-Identifier: BSD-2-Clause */
/* The role: listeners, sets, probes, and the kernel told of them */
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

/* ---- the policy's questions ------------------------------------------------- */

static bool was_node(const struct sa *addr, void *arg)
{
	const struct edge *e = arg;

	return publish_knows(e->publish, addr);
}

static bool before(unsigned set, uint32_t hash, struct sa *dst, void *arg)
{
	const struct edge *e = arg;

	return !fp_sip_before(e->sip, set, hash, dst);
}

static bool stuck(unsigned set, uint64_t call, bool invite, struct sa *dst,
		  void *arg)
{
	const struct edge *e = arg;

	return !fp_sip_stuck(e->sip, set, call, invite, dst);
}

static bool streamed(unsigned set, uint64_t call, void *arg)
{
	const struct edge *e = arg;

	return fp_sip_streamed(e->sip, set, call);
}

static void remember(unsigned set, const struct ds_target *t, uint64_t call,
		     bool stream, void *arg)
{
	struct edge *e = arg;

	/* the kernel must not send there by UDP */
	if (ds_target_transp(t) == DS_UDP)
		(void)fp_sip_remember(e->sip, set, ds_target_number(t), call,
				      stream);
}

static unsigned leave_from(const struct sa *dst, unsigned in, void *arg)
{
	const struct edge *e = arg;

	return leave_by(e->policy, dst, in);
}

static bool try_tcp(const struct sa *dst, void *arg)
{
	struct edge *e = arg;

	return streams_worth(e->streams, dst);
}

static const struct sa *named(const struct pl *host, uint16_t port, void *arg)
{
	const struct edge *e = arg;

	return names_node(e->names, host, port);
}

static int locate_name(const struct locate_want *w, struct locate_found *f,
		       void *arg)
{
	struct edge *e = arg;

	return names_locate(e->names, w, f);
}

static bool unsettled(void *arg)
{
	const struct edge *e = arg;

	return names_unsettled(e->names);
}

/* ---- registered users --------------------------------------------------------- */

static int find_user(struct contact **cp, const struct msg *m, void *arg)
{
	struct edge *e = arg;

	return registered_find(e->registered, cp, m);
}

static bool is_phone(const struct sa *addr, void *arg)
{
	const struct edge *e = arg;

	return registered_at(e->registered, addr);
}

static bool connected(enum msg_transp transp, const struct sa *peer,
		      unsigned listener, void *arg)
{
	struct edge *e = arg;

	return streams_has(e->streams, transp, peer, listener);
}

int edge_registered(struct edge *e, const struct registered_source *source)
{
	int err;

	if (!e)
		return EINVAL;
	if (!source) {
		e->registered = mem_deref(e->registered);
		return 0;
	}
	if (e->registered)
		return EALREADY;
	err = registered_alloc(&e->registered, e->policy, e->sip, source);
	if (!err)
		registered_start(e->registered);
	return err;
}

int edge_registered_changed(struct edge *e, const struct pl *user,
			    const struct pl *domain,
			    const struct contact_binding *b)
{
	return e ? registered_changed(e->registered, user, domain, b) : EINVAL;
}

/* ---- sets ------------------------------------------------------------------- */

const struct policy_set *edge_set(const struct edge *e, size_t i)
{
	return i < e->conf.setc ? &e->policy->setv[i] : NULL;
}

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

void edge_changed(struct edge *e, struct ds_set *set)
{
	for (size_t i = 0; i < e->conf.setc; i++) {
		const struct policy_set *s = &e->policy->setv[i];
		int err;

		if (s->set != set)
			continue;
		err = publish_set(e->publish, (unsigned)i, set, s->flags,
				  tmr_jiffies());
		if (err)
			log_error("edge: set %u: the kernel can't be told: %m",
				  ds_set_id(set), err);
	}
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

void edge_target_watch(struct edge *e, edge_target_h *h, void *arg)
{
	e->targeth = h;
	e->target_arg = arg;
}

void edge_target_told(const struct edge *e, const struct ds_set *set,
		      const struct ds_target *t, enum ds_state before)
{
	if (e->targeth && ds_target_status(t)->state != before)
		e->targeth(set, t, before, e->target_arg);
}

enum ds_mode edge_mode(uint32_t flags)
{
	return flags & SIP_SET_KAMAILIO ? DS_KAMAILIO : DS_RENDEZVOUS;
}

static void warn(const char *text, void *arg)
{
	struct edge *e = arg;

	char *all = NULL;

	log_warn("edge: %s: %s", e->conf.list, text);
	if (re_sdprintf(&all, "%s%s: %s\n", edge_warnings(e), e->conf.list,
			text))
		return;
	mem_deref(e->warned);
	e->warned = all;
}

const char *edge_warnings(const struct edge *e)
{
	return e->warned ? e->warned : "";
}

int edge_take(struct edge *e, const struct ds_list *list)
{
	struct ds_change c;
	int err = ds_sets_merge(e->sets, list, tmr_jiffies(), &c);

	if (err)
		return err;
	e->warned = mem_deref(e->warned);
	ds_list_warn(list, warn, e);
	for (size_t i = 0; i < e->conf.setc && !err; i++) {
		struct policy_set *s = &e->policy->setv[i];
		const bool used = e->conf.set_idv[i] != EDGE_NO_SET;
		struct ds_set *set = used ? ds_sets_find(e->sets,
							 e->conf.set_idv[i])
					  : NULL;

		if (used && !set)
			log_warn("edge: %s: no set %u in it", e->conf.list,
				 e->conf.set_idv[i]);
		mem_deref(s->set);
		s->set = mem_ref(set);
	}
	names_update(e->names);
	for (size_t i = 0; i < e->conf.setc && !err; i++) {
		struct policy_set *s = &e->policy->setv[i];

		err = publish_set(e->publish, (unsigned)i, s->set, s->flags,
				  tmr_jiffies());
	}
	if (!err)
		log_info("edge: %s: %u targets added, %u removed, %u kept",
			 e->conf.list, c.added, c.removed, c.kept);
	return err;
}

int edge_reload(struct edge *e, struct ds_err *derr)
{
	struct ds_list *list = NULL;
	int err;

	names_reload(e->names);
	if (!e->conf.list)
		return 0;
	err = ds_list_load(&list, e->conf.list, derr);
	if (!err)
		err = edge_take(e, list);
	mem_deref(list);
	return err;
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

/* How many of the listeners stand at the address? */
static int listeners_at(const struct policy *p, const struct sa *addr)
{
	int n = 0;

	for (size_t i = 0; i < p->listenerc; i++)
		n += p->listenerv[i].transp == MSG_UDP &&
		     sa_cmp(&p->listenerv[i].addr, addr, SA_ADDR);
	return n;
}

/* Its address and the advertised one are ours, unless UDP's listener, which comes
 * first, has said so already */
static int tell_self(struct edge *e, const struct sa *sa, unsigned i)
{
	const struct policy *p = e->policy;
	const bool udp = p->listenerv[i].transp == MSG_UDP;

	for (size_t k = 0; !udp && k < p->listenerc; k++) {
		const struct policy_listener *l = &p->listenerv[k];

		if (l->transp == MSG_UDP &&
		    (sa_cmp(sa, &l->addr, SA_ALL) ||
		     sa_cmp(sa, &l->advertised, SA_ALL)))
			return 0;
	}
	return fp_sip_self(e->sip, sa, udp ? i : SIP_LISTENERS);
}

/* Of those that messages may leave from by listener i's device, the first one */
static unsigned first_at(const struct policy *p, unsigned i)
{
	const struct policy_listener *v = p->listenerv;

	for (unsigned k = 0; k < i; k++)
		if (v[k].transp == MSG_UDP &&
		    sa_af(&v[k].addr) == sa_af(&v[i].addr) &&
		    (!v[k].ifindex || v[k].ifindex == v[i].ifindex))
			return k;
	return i;
}

static int tell_listener(struct edge *e, unsigned i)
{
	struct policy_listener *l = &e->policy->listenerv[i];
	const bool v6 = sa_af(&l->addr) == AF_INET6;
	int err;

	if (leave_device_of(&l->ifindex, &l->addr))
		log_warn("edge: %j is no address of this host", &l->addr);
	err = tell_self(e, &l->addr, i);
	if (!err)
		err = tell_self(e, &l->advertised, i);
	if (err || l->transp != MSG_UDP || i >= SIP_LISTENERS)
		return err;
	err = fp_sip_listener(e->sip, i, &l->addr, &l->advertised, l->ifindex);
	return err ? err
		   : fp_sip_exit(e->sip, l->ifindex, v6,
				 first_at(e->policy, i));
}

/* Which address is this edge's alone? */
static int tell_own(struct edge *e, int af)
{
	const int own = policy_own_listener(e->policy, MSG_UDP, af);

	return own < 0 || own >= SIP_LISTENERS
		       ? 0
		       : fp_sip_exit(e->sip, SIP_EXIT_OWN, af == AF_INET6,
				     (unsigned)own);
}

/* All but the sets: they come with the list */
static int tell_kernel(struct edge *e)
{
	const struct policy *p = e->policy;
	struct sip_conf *c = fp_sip_conf(e->sip);
	int err = fp_sip_clear(e->sip);

	c->key[0] = p->key[0];
	c->key[1] = p->key[1];
	c->flags = (p->force_rport ? SIP_CONF_FORCE_RPORT : 0) |
		   (p->reverse_path ? SIP_CONF_REVERSE : 0) |
		   (p->auth ? SIP_CONF_AUTH : 0);
	c->copy_every = e->conf.copy_every;
	for (size_t i = 0; i < p->listenerc && !err; i++)
		err = tell_listener(e, (unsigned)i);
	if (!err)
		err = tell_own(e, AF_INET);
	if (!err)
		err = tell_own(e, AF_INET6);
	for (size_t i = 0; i < p->domainc && !err; i++) {
		struct pl name;

		pl_set_str(&name, p->domainv[i]);
		err = fp_sip_domain(e->sip, &name, (uint32_t)i + 1);
	}
	limits_file(&e->limits, e->conf.limitv);
	if (!err)
		err = nets_file(e->nets, p->netv, p->netc);
	if (!err)
		err = fp_sip_rules(e->sip, p->rulev, p->rulec);
	return err;
}

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

static int announce(struct edge *e)
{
	const struct policy *p = e->policy;
	int err = 0;

	for (size_t i = 0; i < p->listenerc && !err; i++)
		err = fp_local_sip(e->fp, &p->listenerv[i].addr,
				   listeners_at(p, &p->listenerv[i].addr));
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
		err = nets_alloc(&e->nets, e->policy, e->sip, was_node, e);
	if (!err)
		err = names_alloc(&e->names, &e->conf.names, e->policy,
				  named_changed, waited, e);
	if (!err)
		err = tell_kernel(e);
	if (!err)
		err = edge_reload(e, derr);
	if (!err)
		err = probe_alloc(&e->probe, &e->conf.probe, &e->conf.ds,
				  e->sets, probe_send, target_changed, e);
	if (!err) {
		deliver_probe(e->deliver, e->probe);
		deliver_names(e->deliver, e->names);
		err = announce(e);
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
	e->policy->was_node = was_node;
	e->policy->stuck = stuck;
	e->policy->before = before;
	e->policy->remember = remember;
	e->policy->streamed = streamed;
	e->policy->leave = leave_from;
	e->policy->try_tcp = try_tcp;
	e->policy->named = named;
	e->policy->locate = locate_name;
	e->policy->unsettled = unsettled;
	e->policy->registered = find_user;
	e->policy->phone = is_phone;
	e->policy->connected = connected;
	e->policy->arg = e;
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
