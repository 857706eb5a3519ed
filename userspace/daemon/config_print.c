/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration in force, as a file that would give the same */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

int config_quoted(struct re_printf *pf, const char *s)
{
	int err = pf->vph("\"", 1, pf->arg);

	for (; *s && !err; s++) {
		const unsigned char ch = (unsigned char)*s;

		if (ch == '"' || ch == '\\')
			err = re_hprintf(pf, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			err = re_hprintf(pf, "\\x%02x", ch);
		else
			err = pf->vph(s, 1, pf->arg);
	}

	return err ? err : pf->vph("\"", 1, pf->arg);
}

static int print_devices(struct re_printf *pf, const struct config *c)
{
	size_t i;
	int err;

	err = re_hprintf(pf, "devices:%s\n", c->devicec ? "" : " []");
	for (i = 0; i < c->devicec && !err; i++)
		err = re_hprintf(pf, "  - %H\n", config_quoted, c->devicev[i]);

	return err;
}

static int print_iface(struct re_printf *pf, const struct media_iface_conf *m)
{
	int err;

	err = re_hprintf(pf,
			 "    - name: %H\n"
			 "      address: \"%j\"\n",
			 config_quoted, m->name, &m->addr);
	if (!err && sa_isset(&m->advertised, SA_ADDR))
		err = re_hprintf(pf, "      advertised: \"%j\"\n",
				 &m->advertised);

	return err ? err
		   : re_hprintf(pf, "      ports: %u-%u\n", m->port_min,
				m->port_max);
}

static int print_dscp(struct re_printf *pf, const int *dscp)
{
	return *dscp < 0 ? re_hprintf(pf, "keep") : re_hprintf(pf, "%d", *dscp);
}

/* With what it is known by: whoever reads this can read the file */
static int print_turn(struct re_printf *pf, const struct media_turn_conf *t)
{
	if (!sa_isset(&t->server, SA_ALL))
		return 0;

	return re_hprintf(pf,
			  "  turn:\n    server: \"udp:%J\"\n"
			  "    username: %H\n    %s: %H\n    interface: %H\n"
			  "    ready: %u\n",
			  &t->server, config_quoted, t->username,
			  t->secret ? "secret" : "password", config_quoted,
			  t->secret ? t->secret : t->password, config_quoted,
			  t->iface, t->ready);
}

static const char *const sockets[] = {"auto", "xdp", "plain"};

static int print_media(struct re_printf *pf, const struct config *c)
{
	const struct media_conf *m = &c->media;
	size_t i;
	int err;

	err = re_hprintf(pf, "media:\n  legs: %u\n  ttl: %d\n  interfaces:\n",
			 c->slots, c->ttl);
	for (i = 0; i < m->ifacec && !err; i++)
		err = print_iface(pf, &m->ifacev[i]);
	if (err)
		return err;

	err = re_hprintf(pf,
			 "  timeout: %u\n"
			 "  silent-timeout: %u\n"
			 "  final-timeout: %u\n"
			 "  offer-timeout: %u\n"
			 "  delete-delay: %u\n"
			 "  latch-window: %u\n"
			 "  latch-grace: %u\n"
			 "  dscp: %H\n"
			 "  max-sessions: %u\n"
			 "  max-load: %u\n"
			 "  max-bandwidth: %u\n"
			 "  jitter-buffer: %u\n"
			 "  moh-max-duration: %u\n"
			 "  moh-max-repeats: %u\n"
			 "  workers: %u\n"
			 "  worker-priority: %u\n"
			 "  worker-sockets: %s\n"
			 "  ice: %s\n"
			 "  ssrc: %s\n"
			 "  recording-dir: %H\n"
			 "  sound-dir: %H\n"
			 "  dtls-certificate: %H\n",
			 m->timeout, m->silent_timeout, m->final_timeout,
			 m->offer_timeout, m->delete_delay, m->latch_window,
			 m->latch_grace, print_dscp, &m->dscp, m->max_sessions,
			 m->max_load, m->max_bandwidth, m->jitter_buffer,
			 m->moh_max_duration, m->moh_max_repeats, m->workers,
			 m->worker_priority, sockets[m->sockets % 3],
			 m->ice_full ? "full" : "lite",
			 m->ssrc_substitute ? "substitute" : "keep",
			 config_quoted, m->recording_dir, config_quoted,
			 m->sound_dir, config_quoted, m->dtls_file);

	return err ? err : print_turn(pf, &m->turn);
}

static int print_ng(struct re_printf *pf, const struct config *c)
{
	size_t i;
	int err;

	err = re_hprintf(pf, "ng:\n  listen:%s\n", c->ngc ? "" : " []");
	for (i = 0; i < c->ngc && !err; i++) {
		const struct config_listen *l = &c->ngv[i];

		err = re_hprintf(pf, "    - \"%s%J\"\n",
				 l->udp && l->tcp ? ""
				 : l->udp         ? "udp:"
						  : "tcp:",
				 &l->addr);
	}
	if (!err && sa_isset(&c->media.dtmf_log, SA_ALL))
		err = re_hprintf(pf, "  dtmf-log: \"%J\"\n",
				 &c->media.dtmf_log);

	return err;
}

static int print_metrics(struct re_printf *pf, const struct config *c)
{
	int err = re_hprintf(pf, "metrics:\n  listen:%s\n",
			     c->metricsc ? "" : " []");

	for (size_t i = 0; i < c->metricsc && !err; i++)
		err = re_hprintf(pf, "    - \"%J\"\n", &c->metricsv[i]);

	return err;
}

static const char *yes(bool on)
{
	return on ? "true" : "false";
}

static int print_text(struct re_printf *pf, const char *key, const char *s)
{
	return s ? re_hprintf(pf, "  %s: %H\n", key, config_quoted, s) : 0;
}

static int print_hep(struct re_printf *pf, const struct config_hep *h)
{
	int err;

	if (!h->on)
		return 0;
	err = re_hprintf(pf, "hep:\n  send: \"%s:%J\"\n  id: %u\n",
			 config_hep_transpv[h->transp], &h->dst, h->id);
	if (!err)
		err = print_text(pf, "node-name", h->node_name);
	if (!err)
		err = print_text(pf, "password", h->password);
	if (!err)
		err = re_hprintf(pf,
				 "  sip: %s\n  rtcp: %s\n  log: %s\n"
				 "  sample: \"1/%u\"\n  large: %s\n"
				 "  queue: %u\n",
				 yes(h->sip), yes(h->rtcp), yes(h->log),
				 h->every, h->large_by_tcp ? "tcp" : "fragment",
				 h->queue);
	return err ? err : print_text(pf, "ca", h->ca);
}

static int print_list(struct re_printf *pf, const struct config_list *l)
{
	int err = re_hprintf(pf, "    - name: %H\n      members:\n",
			     config_quoted, l->name);

	for (size_t i = 0; i < l->memberc && !err; i++)
		err = re_hprintf(pf, "        - %H\n", config_quoted,
				 l->memberv[i]);
	return err;
}

static int print_presence(struct re_printf *pf, const struct config_presence *p)
{
	int err;

	if (!p->on)
		return 0;
	err = re_hprintf(pf,
			 "presence:\n"
			 "  allow: %s\n"
			 "  dialog-state: %s\n"
			 "  min-expires: %u\n"
			 "  max-expires: %u\n"
			 "  default-expires: %u\n"
			 "  interval: %u\n"
			 "  subscriptions: %u\n"
			 "  publications: %u\n"
			 "  tcp-above: %u\n",
			 config_presence_allowv[p->allow],
			 p->partial ? "partial" : "full", p->min_expires,
			 p->max_expires, p->default_expires, p->interval,
			 p->subscriptions, p->publications, p->tcp_above);
	if (!err && p->listc)
		err = re_hprintf(pf, "  lists:\n");
	for (size_t i = 0; i < p->listc && !err; i++)
		err = print_list(pf, &p->listv[i]);
	return err;
}

int config_print(struct re_printf *pf, const struct config *c)
{
	int err;

	if (!c)
		return 0;

	err = re_hprintf(pf, "log:\n  level: %s\n", level_names[c->log_level]);
	if (!err && c->user)
		err = re_hprintf(pf, "user: %H\n", config_quoted, c->user);
	if (!err)
		err = re_hprintf(pf, "node: %H\n", config_quoted, c->node);
	if (!err)
		err = re_hprintf(pf, "pin-dir: %H\n", config_quoted,
				 c->pin_dir);
	if (!err)
		err = config_print_store(pf, c);
	if (!err)
		err = re_hprintf(pf, "control: %H\n", config_quoted,
				 c->control);
	if (!err)
		err = print_devices(pf, c);
	if (!err)
		err = print_media(pf, c);
	if (!err)
		err = print_ng(pf, c);
	if (!err)
		err = print_metrics(pf, c);
	if (!err)
		err = config_api_print(pf, &c->api);
	if (!err)
		err = config_sip_print(pf, &c->sip);
	if (!err)
		err = print_hep(pf, &c->hep);
	if (!err)
		err = config_providers_print(pf, &c->providers);
	if (!err)
		err = config_registrar_print(pf, &c->registrar);
	if (!err)
		err = print_presence(pf, &c->presence);

	return err;
}
