/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel asks for credentials, for the registrar: told what it needs, and once a
 * second that we are alive. Where we are not, phones should hear that nobody listens,
 * and go elsewhere */
#include <errno.h>
#include "base/log.h"
#include "daemon/role_challenge.h"
#include "fastpath/sip.h"
#include "registrar/challenge.h"

enum {
	BEAT = 1000,  /* ms between two signs of life */
	ALIVE = 5000, /* ms that one of them holds    */
};

struct role_challenge {
	struct fp *fp;
	struct fp_sip *sip;
	const struct sip_node *node;
	const struct registrar *reg;
	struct tmr beat;
};

static void forget(struct role_challenge *r)
{
	(void)fp_sip_registrar_clear(r->sip);
	fp_local_no_registrar(r->fp);
}

static void destructor(void *arg)
{
	struct role_challenge *r = arg;

	tmr_cancel(&r->beat);
	if (r->sip)
		forget(r);
	mem_deref(r->sip);
	mem_deref(r->fp);
}

static void beat_handler(void *arg)
{
	struct role_challenge *r = arg;

	fp_sip_registrar_alive(r->sip, ALIVE);
	tmr_start(&r->beat, BEAT, beat_handler, r);
}

static int tell_domains(struct role_challenge *r)
{
	static struct sip_realm realm;
	struct pl domain;
	int err = 0;

	for (size_t i = 0; err != ENOENT; i++) {
		err = registrar_challenge(r->reg, i, &domain, &realm);
		if (!err)
			err = fp_sip_realm(r->sip, &domain, &realm);
		if (err == EOVERFLOW) {
			log_info("registrar: %r: too long for the kernel: "
				 "credentials are asked for here",
				 &domain);
			err = 0;
		}
		if (err && err != ENOENT)
			return err;
	}
	return 0;
}

static int tell_addresses(struct role_challenge *r, const struct config *c)
{
	int err = 0;

	for (size_t i = 0; i < c->registrar.listenc && !err; i++) {
		const struct config_registrar_listen *l =
			&c->registrar.listenv[i];

		if (l->transp != CONFIG_UDP)
			continue;
		err = fp_local_registrar(r->fp, &l->addr);
		if (!err)
			err = fp_sip_registrar_at(r->sip, &l->addr);
	}
	return err;
}

static int tell(struct role_challenge *r, const struct config *c)
{
	const struct pl method = PL("REGISTER");
	struct siphash tag;
	int err;

	forget(r);
	/* a collector is to see both ends of a message */
	if (!c->registrar.auth.required || !c->registrar.auth.kernel ||
	    (c->hep.on && c->hep.sip))
		return 0;
	err = tell_domains(r);
	if (!err)
		err = tell_addresses(r, c);
	if (err)
		return err;
	sip_node_tag_seed(&tag, r->node, &method);
	fp_sip_registrar_on(r->sip, &tag, rand_u64());
	return 0;
}

void role_challenge_renew(struct role_challenge *r, const struct config *c)
{
	int err;

	if (!r || !c->registrar.on)
		return;
	err = tell(r, c);
	if (!err)
		return;
	forget(r);
	log_warn("registrar: the kernel can't ask for credentials, which are "
		 "asked for here: %m",
		 err);
}

int role_challenge(struct role_challenge **rp, const struct config *c,
		   struct fp *fp, const struct sip_node *node,
		   const struct registrar *reg, char *why, size_t sz)
{
	struct role_challenge *r;
	struct fp_err e = {""};
	int err;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->fp = mem_ref(fp);
	r->node = node;
	r->reg = reg;
	err = fp_sip_open(&r->sip, c->pin_dir, false, &e);
	if (err) {
		(void)re_snprintf(why, sz, "%s", e.msg);
		mem_deref(r);
		return err;
	}
	role_challenge_renew(r, c);
	beat_handler(r);
	*rp = r;
	return 0;
}
