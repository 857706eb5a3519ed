/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include "base/log.h"
#include "provider/outbound.h"
#include "provider/uaccore.h"

static void uac_destructor(void *arg)
{
	struct uac *u = arg;

	tmr_cancel(&u->tmr);
	mem_deref(u->where);
	mem_deref(u->flow);
	trans_release(u->trans);
}

const char *uac_contact(const struct record *r)
{
	return r->reg.contact ? r->reg.contact : r->id;
}

void uac_tell(const struct uac *u, const char *type)
{
	const struct providers *ps = u->p->all;
	struct odict *o = NULL;

	if (!ps->eventh)
		return;
	if (!odict_alloc(&o, 8) &&
	    !odict_entry_add(o, "id", ODICT_STRING, u->p->rec->id) &&
	    !uac_json(o, u))
		ps->eventh(type, o, ps->arg);
	mem_deref(o);
}

uint32_t uac_number(const struct msg *m, const char *name)
{
	for (size_t i = 0; i < m->hdrc; i++)
		if (!pl_strcasecmp(&m->hdrv[i].name, name))
			return pl_u32(&m->hdrv[i].val);
	return 0;
}

/* ---- what came of it ---------------------------------------------------------------- */

static void failed(struct uac *u, uint16_t code, uint32_t after,
		   const char *fmt, ...)
{
	const bool was = u->registered;
	uint64_t wait = UAC_RETRY;
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(u->reason, sizeof(u->reason), fmt, ap);
	va_end(ap);
	u->code = code;
	u->trans = trans_release(u->trans);
	u->flow = mem_deref(u->flow);
	u->found = false;
	for (unsigned i = 0; i < u->fails && wait < UAC_RETRY_MAX; i++)
		wait *= 2;
	wait = MIN(wait, UAC_RETRY_MAX);
	/* who says when is heard, but not for ever */
	if (after)
		wait = MIN(after, UAC_RETRY_MAX);
	if (!u->fails++ || was)
		log_warn("provider %s: not registered: %s", u->p->rec->id,
			 u->reason);
	/* up to a tenth later: providers of one name server, say, that failed
	 * together */
	tmr_start(&u->tmr, wait * 1000 + rand_u32() % (wait * 100 + 1),
		  uac_begin, u);
	/* what was granted holds until it expires */
	if (was && (uint64_t)time(NULL) >= u->until) {
		u->registered = false;
		uac_tell(u, "provider.unregistered");
	}
}

/* "expires" of our Contact, else Expires, else what was asked for */
static uint32_t granted(const struct uac *u, const struct msg *m)
{
	const char *mine = uac_contact(u->p->rec);
	uint32_t expires = u->expires;
	struct pl val;

	for (size_t i = 0; i < m->hdrc; i++)
		if (!pl_strcasecmp(&m->hdrv[i].name, "Expires"))
			expires = pl_u32(&m->hdrv[i].val);
	for (size_t i = 0; i < m->hdrc; i++) {
		struct pl list = m->hdrv[i].val, entry, uri, tag;
		struct uri parsed;

		if (m->hdrv[i].type != MSG_CONTACT)
			continue;
		while (msg_list_next(&list, &entry)) {
			const struct pl rest = {
				entry.p,
				entry.l}; /* parameters are behind the URI */
			struct pl params;

			if (msg_addr(&uri, &tag, &rest) ||
			    msg_uri_decode(&parsed, &uri) ||
			    pl_strcmp(&parsed.user, mine))
				continue;
			params.p = uri.p + uri.l;
			params.l = (size_t)(entry.p + entry.l - params.p);
			if (params.l && *params.p == '>')
				pl_advance(&params, 1);
			if (msg_param(&params, "expires", &val))
				expires = pl_u32(&val);
		}
	}
	return expires;
}

static void keep_route(struct uac *u, const struct msg *m)
{
	size_t len = 0;

	u->route[0] = '\0';
	for (size_t i = 0; i < m->hdrc; i++) {
		const struct msg_header *h = &m->hdrv[i];

		if (pl_strcasecmp(&h->name, "Service-Route"))
			continue;
		/* half a route set leads nowhere */
		if (len + h->val.l + 3 > sizeof(u->route)) {
			u->route[0] = '\0';
			return;
		}
		(void)re_snprintf(u->route + len, sizeof(u->route) - len,
				  "%s%r", len ? ", " : "", &h->val);
		len = strlen(u->route);
	}
}

static void accepted(struct uac *u, const struct msg *m)
{
	const uint32_t s = granted(u, m);
	const bool was = u->registered;

	if (!s) {
		failed(u, m->code, 0, "%u, but it is not registered", m->code);
		return;
	}
	keep_route(u, m);
	uac_keep(u, m);
	u->trans = trans_release(u->trans);
	u->registered = true;
	u->peer = u->at.addr;
	u->fails = 0;
	u->code = m->code;
	u->until = (uint64_t)time(NULL) + s;
	(void)re_snprintf(u->reason, sizeof(u->reason), "%u %r", m->code,
			  &m->phrase);
	/* a tenth is left for trying again; of short ones half */
	tmr_start(&u->tmr, s > 120 ? s * 900ull : s * 500ull, uac_begin, u);
	if (was)
		return;
	log_info("provider %s: registered for %u s", u->p->rec->id, s);
	uac_tell(u, "provider.registered");
}

static void send_one(struct uac *u);

static void challenged(struct uac *u, const struct msg *m)
{
	const struct secret *s = &u->p->rec->secret;
	char why[HEALTH_REASON];

	if (challenge_read(&u->challenge, m, s, why, sizeof(why))) {
		u->challenged = false;
		failed(u, m->code, 0, "%u: %s", m->code, why);
		return;
	}
	/* the second is one too many, unless the nonce was all that was wrong */
	if (u->tries >= (u->challenge.stale ? 3u : 2u)) {
		u->challenged = false;
		failed(u, m->code, 0, "%u: it does not take our log-in",
		       m->code);
		return;
	}
	u->challenged = true;
	u->trans = trans_release(u->trans);
	send_one(u);
}

void uac_response(int err, const char *why, const struct wire_in *in, void *arg)
{
	struct uac *u = arg;
	const struct msg *m;

	if (err) {
		failed(u, 0, 0, "%s", why);
		return;
	}
	m = in->m;
	if (m->code < 200)
		return;
	if (m->code < 300) {
		accepted(u, m);
	} else if (m->code == 401 || m->code == 407) {
		challenged(u, m);
	} else if (m->code == 423 && !u->longer &&
		   uac_number(m, "Min-Expires") > u->expires &&
		   uac_number(m, "Min-Expires") <= 86400) {
		u->expires = uac_number(m, "Min-Expires");
		u->longer = true;
		u->tries = 0;
		u->trans = trans_release(u->trans);
		send_one(u);
	} else if (m->code == 439 && uac_outbound(u)) {
		u->plain = true;
		u->tries = 0;
		u->trans = trans_release(u->trans);
		send_one(u);
	} else {
		failed(u, m->code, uac_number(m, "Retry-After"), "%u %r",
		       m->code, &m->phrase);
	}
}

static void send_one(struct uac *u)
{
	int err;

	++u->tries;
	err = uac_send(u, u->expires);
	if (err)
		failed(u, 0, 0, "%m", err);
}

static void located(const struct locate_found *f, const char *why, void *arg)
{
	struct uac *u = arg;

	if (!f) {
		failed(u, 0, 0, "%s", why);
		return;
	}
	u->at = *f;
	u->found = true;
	provider_found(u->p, &f->addr);
	send_one(u);
}

/* A REGISTER begins: by the flow that is kept, else the name is looked up each time */
void uac_begin(void *arg)
{
	struct uac *u = arg;
	const struct record *r = u->p->rec;
	struct where_ask a = {.locator = u->p->all->locator,
			      .wire = outbound_wire(u->p->all->out),
			      .port = r->port,
			      .transp = r->transp,
			      .key = hash_joaat_str(r->id)};
	int err;

	u->tries = 0;
	u->longer = false;
	u->trans = trans_release(u->trans);
	if (u->registered && (uint64_t)time(NULL) >= u->until) {
		u->registered = false;
		uac_tell(u, "provider.unregistered");
	}
	if (u->flow) {
		send_one(u);
		return;
	}
	pl_set_str(&a.host, r->hostname);
	err = where_find(&u->where, &a, located, u);
	if (err)
		failed(u, 0, 0, "%m", err);
}

/* ---- life ------------------------------------------------------------------------------ */

static int identify(struct uac *u)
{
	uint64_t v[2];

	if (getrandom(v, sizeof(v), 0) != sizeof(v))
		return EIO;
	(void)re_snprintf(u->callid, sizeof(u->callid), "%016llx", v[0]);
	(void)re_snprintf(u->tag, sizeof(u->tag), "%08x", (uint32_t)v[1]);
	u->cseq = (uint32_t)(v[1] >> 48);
	return 0;
}

int uac_update(struct provider *p)
{
	struct uac *u;
	int err;

	uac_stop(p);
	if (!p->rec->reg.on || p->rec->disabled || !p->all->out)
		return 0;
	u = mem_zalloc(sizeof(*u), uac_destructor);
	if (!u)
		return ENOMEM;
	tmr_init(&u->tmr);
	u->p = p;
	u->expires = p->rec->reg.expires;
	err = identify(u);
	if (err) {
		mem_deref(u);
		return err;
	}
	p->uac = u;
	/* many that come at once are spread over two seconds */
	tmr_start(&u->tmr, hash_joaat_str(p->rec->id) % 2000, uac_begin, u);
	return 0;
}

void uac_stop(struct provider *p)
{
	struct uac *u = p->uac;

	if (!u)
		return;
	p->uac = NULL;
	/* a last word; nobody waits for the answer */
	u->trans = trans_release(u->trans);
	if (u->registered && u->found && p->all->out)
		(void)uac_send(u, 0);
	mem_deref(u);
}

bool uac_registered(const struct uac *u)
{
	return u && u->registered && (uint64_t)time(NULL) < u->until;
}

const char *uac_service_route(const struct uac *u)
{
	return uac_registered(u) && u->route[0] ? u->route : NULL;
}

bool uac_is_contact(const struct uac *u, const struct pl *user)
{
	return uac_registered(u) && !pl_strcmp(user, uac_contact(u->p->rec));
}

const struct sa *uac_peer(const struct uac *u)
{
	return u && sa_isset(&u->peer, SA_ALL) ? &u->peer : NULL;
}

int uac_json(struct odict *o, const struct uac *u)
{
	int err = odict_entry_add(o, "state", ODICT_STRING,
				  uac_registered(u) ? "registered"
				  : u->fails        ? "failed"
						    : "registering");

	if (!err && uac_registered(u))
		err = odict_entry_add(o, "expires", ODICT_INT,
				      (int64_t)u->until);
	if (!err)
		err = odict_entry_add(o, "code", ODICT_INT, (int64_t)u->code);
	return err ? err
		   : odict_entry_add(o, "reason", ODICT_STRING, u->reason);
}
