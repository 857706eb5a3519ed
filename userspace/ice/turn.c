/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/turn.c  An allocation: asked for, refreshed, given back (RFC 8656 7, 8)
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "ice/chandata.h"
#include "ice/turn_priv.h"

enum {
	MARGIN = 60, /* s before its end that a lifetime is renewed */
	SHORT = 2 * MARGIN,
	LIFETIME_MIN = 10,
	SHA1_SIZE = 20, /* s: shorter ones are taken for this */
};

static void destructor(void *arg)
{
	struct turn *t = arg;

	peers_close(t);
	req_close(&t->req);
	memset(t->pass, 0, sizeof(t->pass));
	memset(t->key, 0, sizeof(t->key));
}

void turn_sooner(uint64_t *next, uint64_t at)
{
	if (at != UINT64_MAX && (!*next || at < *next))
		*next = at;
}

int turn_alloc(struct turn **tp, const struct turn_conf *c)
{
	struct turn *t;

	if (!tp || !c || !c->sendh || !c->datah || !str_isset(c->user) ||
	    !c->pass || strlen(c->user) > TURN_USER ||
	    strlen(c->pass) > TURN_USER)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	str_ncpy(t->user, c->user, sizeof(t->user));
	str_ncpy(t->pass, c->pass, sizeof(t->pass));
	t->af = c->af;
	t->sendh = c->sendh;
	t->datah = c->datah;
	t->arg = c->arg;
	sa_init(&t->relayed, AF_UNSPEC);
	sa_init(&t->mapped, AF_UNSPEC);
	sa_init(&t->alternate, AF_UNSPEC);
	if (c->kept) {
		t->state = TURN_UP;
		t->relayed = c->kept->relayed;
		t->mapped = c->kept->mapped;
		if (sa_isset(&c->kept->peer, SA_ALL))
			peers_resume(t, &c->kept->peer, c->kept->channel);
	}
	*tp = t;

	return 0;
}

void turn_over(struct turn *t, enum turn_why why)
{
	peers_close(t);
	req_close(&t->req);
	t->why = t->state == TURN_ENDING ? TURN_RELEASED : why;
	t->state = TURN_OVER;
}

void turn_end(struct turn *t)
{
	if (t->state == TURN_ASKING) {
		turn_over(t, TURN_RELEASED);
		return;
	}
	if (t->state != TURN_UP)
		return;
	peers_close(t);
	req_close(&t->req);
	t->state = TURN_ENDING;
	t->refresh_due = 0;
}

bool turn_keep(const struct turn *t, struct turn_kept *k)
{
	if (t->state != TURN_UP)
		return false;
	k->relayed = t->relayed;
	k->mapped = t->mapped;
	k->channel = 0;
	sa_init(&k->peer, AF_UNSPEC);
	for (unsigned i = 0; i < t->peerc; i++) {
		const struct turn_peer *p = &t->peerv[i];

		if (!p->bind)
			continue;
		k->peer = p->addr;
		k->channel = p->channel;
	}

	return true;
}

/* ---- what comes ------------------------------------------------------------- */

/* Renewed a minute before its end, a short one at half of it */
static void take_lifetime(struct turn *t, const struct stun_msg *msg,
			  uint64_t now)
{
	const struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_LIFETIME);
	uint64_t s = a ? a->v.lifetime : TURN_LIFETIME;

	s = max(s, (uint64_t)LIFETIME_MIN);
	t->refresh_due = now + 1000 * (s > SHORT ? s - MARGIN : s / 2);
}

static void granted(struct turn *t, const struct stun_msg *msg, uint64_t now)
{
	const struct stun_attr *relayed, *mapped;

	if (t->state == TURN_ENDING) {
		turn_over(t, TURN_RELEASED);
		return;
	}
	take_lifetime(t, msg, now);
	if (t->state == TURN_UP)
		return;
	relayed = stun_msg_attr(msg, STUN_ATTR_XOR_RELAY_ADDR);
	mapped = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
	if (!relayed || !mapped || sa_af(&relayed->v.sa) != t->af ||
	    !sa_isset(&relayed->v.sa, SA_ALL)) {
		turn_over(t, TURN_FAULT);
		return;
	}
	t->relayed = relayed->v.sa;
	t->mapped = mapped->v.sa;
	t->state = TURN_UP;
}

static enum turn_why why_of(uint16_t code)
{
	switch (code) {

	case 401:
	case 403:
	case 438:
	case 441:
		return TURN_DENIED;
	case 437:
		return TURN_CLASH;
	case 486:
	case 508:
		return TURN_FULL;
	case 300:
	case 400:
	case 420:
	case 440:
	case 442:
		return TURN_UNFIT;
	default:
		return TURN_FAULT;
	}
}

static bool answered(struct turn *t, const struct stun_msg *msg, uint64_t now)
{
	uint16_t code = 0;

	switch (req_answered(t, &t->req, NULL, msg, &code, now)) {

	case REQ_OTHERS:
		return peers_answered(t, msg, now);
	case REQ_AGAIN:
		break;
	case REQ_GRANTED:
		granted(t, msg, now);
		break;
	case REQ_REFUSED:
		turn_over(t, t->state == TURN_UP ? TURN_LOST : why_of(code));
		break;
	}

	return true;
}

static bool take(struct turn *t, const struct stun_msg *msg, uint64_t now)
{
	if (!stun_msg_mcookie(msg) ||
	    (stun_msg_attr(msg, STUN_ATTR_FINGERPRINT) &&
	     stun_msg_chk_fingerprint(msg)))
		return false;
	switch (stun_msg_class(msg)) {

	case STUN_CLASS_SUCCESS_RESP:
	case STUN_CLASS_ERROR_RESP:
		return answered(t, msg, now);

	case STUN_CLASS_INDICATION:
		if (stun_msg_method(msg) != STUN_METHOD_DATA ||
		    t->state != TURN_UP)
			return false;
		peers_indicated(t, msg);
		return true;

	default:
		return false;
	}
}

bool turn_recv(struct turn *t, const uint8_t *p, size_t n, uint64_t now)
{
	struct stun_unknown_attr ua = {.typec = 0};
	struct stun_msg *msg = NULL;
	struct mbuf *mb;
	bool good = false;

	if (!t || !p || t->state == TURN_OVER)
		return false;
	if (n && p[0] >> 6 == 1)
		return t->state == TURN_UP && peers_data(t, p, n);
	if (n < STUN_HEADER_SIZE)
		return false;
	mb = mbuf_alloc(n);
	if (!mb)
		return false;
	(void)mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	if (!stun_msg_decode(&msg, mb, &ua))
		good = take(t, msg, now);
	mem_deref(msg);
	mem_deref(mb);

	return good;
}

int64_t turn_tick(struct turn *t, uint64_t now)
{
	uint64_t next = 0;

	if (t->state == TURN_OVER)
		return -1;
	if (!req_tick(t, &t->req, now)) {
		turn_over(t, TURN_SILENT);
		return -1;
	}
	if (!t->req.open && t->refresh_due <= now)
		req_open(t, &t->req,
			 t->state == TURN_ASKING ? ASK_ALLOCATE : ASK_REFRESH,
			 NULL, now);
	turn_sooner(&next, t->req.open ? t->req.due : t->refresh_due);
	peers_tick(t, now, &next);
	if (t->state == TURN_OVER)
		return -1;

	return next > now ? (int64_t)(next - now) : 0;
}

/* ---- views ------------------------------------------------------------------- */

enum turn_state turn_state(const struct turn *t)
{
	return t->state;
}

enum turn_why turn_why(const struct turn *t)
{
	return t->why;
}

const char *turn_why_name(enum turn_why why)
{
	static const char *const namev[TURN_WHYS] = {
		[TURN_RELEASED] = "released", [TURN_SILENT] = "no_answer",
		[TURN_DENIED] = "denied",     [TURN_FULL] = "full",
		[TURN_CLASH] = "port_in_use", [TURN_UNFIT] = "unfit",
		[TURN_FAULT] = "fault",       [TURN_LOST] = "lost",
	};

	return (unsigned)why < TURN_WHYS ? namev[why] : "?";
}

const char *turn_said(const struct turn *t)
{
	return t->said;
}

const struct sa *turn_alternate(const struct turn *t)
{
	return &t->alternate;
}

const struct sa *turn_relayed(const struct turn *t)
{
	return &t->relayed;
}

const struct sa *turn_mapped(const struct turn *t)
{
	return &t->mapped;
}

/* ---- credentials that are made ------------------------------------------------ */

int turn_password(char *pass, size_t pass_size, const char *secret,
		  const char *user)
{
	uint8_t md[SHA1_SIZE];
	size_t n = pass_size - 1;

	if (!pass_size)
		return EOVERFLOW;
	hmac_sha1((const uint8_t *)secret, strlen(secret),
		  (const uint8_t *)user, strlen(user), md, sizeof(md));
	if (base64_encode(md, sizeof(md), pass, &n))
		return EOVERFLOW;
	pass[n] = '\0';

	return 0;
}

int turn_credentials(char *user, size_t user_size, char *pass, size_t pass_size,
		     const char *secret, const char *name, uint64_t until)
{
	if (re_snprintf(user, user_size, "%llu%s%s", until,
			str_isset(name) ? ":" : "", name ? name : "") < 0)
		return EOVERFLOW;

	return turn_password(pass, pass_size, secret, user);
}
