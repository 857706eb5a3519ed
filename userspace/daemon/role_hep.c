/* SPDX-License-Identifier: BSD-2-Clause */
/* Who sees what a collector is shown is watched, as the configuration says; a reload
 * changes all of it */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "daemon/hep_figures.h"
#include "daemon/hep_show.h"
#include "fastpath/sip.h"
#include "media/media.h"

/* ---- a section ------------------------------------------------------------ */

static void section_destructor(void *arg)
{
	struct hep_section *s = arg;

	mem_deref(s->c.node_name);
	mem_deref(s->c.password);
	mem_deref(s->c.ca);
}

/* The configuration that it is from goes with the next reload */
static int section_copy(struct hep_section **sp, const struct config_hep *c)
{
	struct hep_section *s = mem_zalloc(sizeof(*s), section_destructor);
	int err = 0;

	if (!s)
		return ENOMEM;
	s->c = *c;
	s->c.node_name = s->c.password = s->c.ca = NULL;
	if (c->node_name)
		err = str_dup(&s->c.node_name, c->node_name);
	if (!err && c->password)
		err = str_dup(&s->c.password, c->password);
	if (!err && c->ca)
		err = str_dup(&s->c.ca, c->ca);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static bool same(const struct config_hep *a, const struct config_hep *b)
{
	return a->transp == b->transp && sa_cmp(&a->dst, &b->dst, SA_ALL) &&
	       a->id == b->id && a->sip == b->sip && a->rtcp == b->rtcp &&
	       a->log == b->log && a->every == b->every &&
	       a->large_by_tcp == b->large_by_tcp && a->queue == b->queue &&
	       same_text(a->node_name, b->node_name) &&
	       same_text(a->password, b->password) && same_text(a->ca, b->ca);
}

static int open_sender(struct hep **hp, const struct config_hep *ch, char *why,
		       size_t size)
{
	const struct hep_conf conf = {
		.node = {ch->id, ch->node_name, ch->password},
		.transp = ch->transp,
		.dst = ch->dst,
		.large_by_tcp = ch->large_by_tcp,
		.queue = ch->queue,
		.ca = ch->ca,
	};

	return hep_alloc(hp, &conf, why, size);
}

/* ---- watching ------------------------------------------------------------- */

static bool wants_sip(const struct role_hep *r)
{
	return r->conf && r->conf->c.sip;
}

/* Who is no edge, or shows no SIP, wants no copies. One that died may have left the
 * kernel making them */
static void ask_kernel(const struct role_hep *r)
{
	if (r->sip)
		__atomic_store_n(&fp_sip_conf(r->sip)->hop_every,
				 wants_sip(r) ? r->conf->c.every : 0,
				 __ATOMIC_RELEASE);
}

/* Log lines have no ends: both are the address that we reach the collector from */
static void find_self(struct role_hep *r, const struct sa *to)
{
	const int fd = socket(sa_af(to), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sa_init(&r->self, sa_af(to));
	r->self.len = sizeof(r->self.u);
	if (fd < 0 || connect(fd, &to->u.sa, to->len) ||
	    getsockname(fd, &r->self.u.sa, &r->self.len))
		log_debug("hep: no address towards %J", to);
	if (fd >= 0)
		(void)close(fd);
	sa_set_port(&r->self, 0);
}

static void watch_sip(struct role_hep *r)
{
	const bool on = wants_sip(r);

	if (r->sip)
		edge_watch(r->edge, on ? hep_passed : NULL, r);
	if (r->sip && on)
		tmr_start(&r->tmr, HEP_LOOK, hep_look, r);
	else
		tmr_cancel(&r->tmr);
	providers_watch(r->providers, on ? hep_passed : NULL, r);
	if (r->node)
		sip_node_watch(r->node, on ? hep_passed : NULL, r);
}

/* As its section says, or nothing where there is none */
static void watch(struct role_hep *r)
{
	const struct hep_section *s = r->conf;
	const bool lines = s && s->c.log;

	ask_kernel(r);
	watch_sip(r);
	media_rtcp_handler(r->media, s && s->c.rtcp ? hep_rtcp : NULL, r);
	if (s)
		(void)re_snprintf(r->name, sizeof(r->name), "%u", s->c.id);
	if (lines)
		find_self(r, &s->c.dst);
	__atomic_store_n(&r->lines, lines, __ATOMIC_RELEASE);
}

int role_hep_renew(struct role_hep *r, const struct config *c, char *why,
		   size_t size)
{
	struct hep_section *s = NULL;
	struct hep *h = NULL;
	int err = 0;

	if (!r)
		return 0;
	if (c->hep.on ? r->conf && same(&r->conf->c, &c->hep) : !r->conf)
		return 0;
	if (c->hep.on)
		err = section_copy(&s, &c->hep);
	if (s)
		err = open_sender(&h, &s->c, why, size);
	if (err) {
		mem_deref(s);
		return err;
	}
	/* what is said of that is for nobody */
	__atomic_store_n(&r->lines, false, __ATOMIC_RELEASE);
	mem_deref(r->hep);
	mem_deref(r->conf);
	r->hep = h;
	r->conf = s;
	watch(r);

	return 0;
}

void role_hep_providers(struct role_hep *r, struct providers *ps)
{
	if (!r)
		return;
	r->providers = ps;
	watch_sip(r);
}

void role_hep_node(struct role_hep *r, struct sip_node *n)
{
	if (!r)
		return;
	r->node = n;
	watch_sip(r);
}

int role_hep_figures(const struct role_hep *r, struct odict *figures)
{
	struct hep_count c;

	if (!r || !r->hep || !figures)
		return 0;
	hep_count(r->hep, &c);

	return hep_figures(figures, &c, r->unreadable,
			   __atomic_load_n(&r->dropped, __ATOMIC_RELAXED));
}

/* ---- start ---------------------------------------------------------------- */

static void destructor(void *arg)
{
	struct role_hep *r = arg;

	log_watch(NULL, NULL);
	r->conf = mem_deref(r->conf);
	watch(r);
	mem_deref(r->mq);
	mem_deref(r->hep);
	mem_deref(r->sip);
}

/* What a reload can't have any more: it is no root then */
static int open_edge(struct role_hep *r, const struct config *c)
{
	struct config_err ce = {""};
	struct fp_err fe = {""};
	int err;

	if (!c->sip.on)
		return 0;
	err = fp_sip_open(&r->sip, c->pin_dir, false, &fe);
	if (err) {
		log_error("hep: %s", fe.msg);
		return err;
	}
	err = config_read_key(r->key, c->sip.key_file, &ce);
	if (err)
		log_error("hep: %s", ce.msg);

	return err;
}

int role_hep(struct role_hep **rp, const struct config *c, struct edge *edge,
	     struct media *media)
{
	struct role_hep *r = mem_zalloc(sizeof(*r), destructor);
	char why[256] = "";
	int err;

	if (!r)
		return ENOMEM;
	tmr_init(&r->tmr);
	r->edge = edge;
	r->media = media;
	r->thread = pthread_self();
	err = open_edge(r, c);
	if (!err)
		err = mqueue_alloc(&r->mq, hep_line_came, r);
	if (!err)
		log_watch(hep_line, r);
	if (!err) {
		ask_kernel(r);
		err = role_hep_renew(r, c, why, sizeof(why));
		if (err)
			log_error("hep: %s", why);
	}
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}
