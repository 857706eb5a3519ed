/* SPDX-License-Identifier: BSD-2-Clause */
/* A binding as the store has it: a line of fields, made to be read back by the
 * hundred thousand
 *
 * Key: AOR, a space, id. Value: "1", then figures and texts, each with a tab in
 * front: expires, since, refreshed, cseq, reg-id, q, transport's digit, 'd' or '-'
 * (direct), source address, uri (empty: the id), instance, path, call-id, agent,
 * the node that wrote it (empty: the only one).
 * No text of SIP has a tab or an end of line where these come from; one that has
 * gets a space instead. */
#include <errno.h>
#include <string.h>
#include "base/put.h"
#include "location/priv.h"

enum { FIGURES = 6, FIELDS = 14 };

int record_key(struct mbuf *mb, const struct pl *aor, const struct pl *id)
{
	int err = mbuf_write_pl(mb, aor);

	if (!err)
		err = mbuf_write_u8(mb, ' ');
	return err ? err : mbuf_write_pl(mb, id);
}

int record_key_parse(struct pl *aor, struct pl *id, const struct pl *key)
{
	const char *sp = pl_strchr(key, ' ');

	if (!sp)
		return EBADMSG;
	aor->p = key->p;
	aor->l = (size_t)(sp - key->p);
	id->p = sp + 1;
	id->l = key->l - aor->l - 1;
	return aor->l && id->l && aor->l <= LOCATION_AOR ? 0 : EBADMSG;
}

static int text(struct mbuf *mb, const struct pl *pl)
{
	int err = mbuf_write_u8(mb, '\t');
	const size_t at = mb->pos;

	if (!err && pl->l)
		err = mbuf_write_pl(mb, pl);
	for (size_t i = at; i < mb->pos && !err; i++)
		if (mb->buf[i] < ' ')
			mb->buf[i] = ' ';
	return err;
}

static int figure(struct mbuf *mb, uint64_t n)
{
	int err = mbuf_write_u8(mb, '\t');

	return err ? err : put_u64(mb, n);
}

int record_print(struct mbuf *mb, const struct binding *b, const char *node)
{
	const bool same = !pl_cmp(&b->uri, &b->id);
	const struct pl textv[] = {same ? pl_null : b->uri,
				   b->instance,
				   b->path,
				   b->callid,
				   b->agent,
				   {node, strlen(node)}};
	const uint64_t figurev[FIGURES] = {b->expires, b->since,  b->refreshed,
					   b->cseq,    b->reg_id, b->q};
	int err = PUT(mb, "1");

	for (size_t i = 0; i < ARRAY_SIZE(figurev) && !err; i++)
		err = figure(mb, figurev[i]);
	err = err ? err : mbuf_write_u8(mb, '\t');
	err = err ? err : mbuf_write_u8(mb, (uint8_t)('0' + b->transp));
	err = err ? err : b->direct ? PUT(mb, "\td\t") : PUT(mb, "\t-\t");
	if (!err && sa_isset(&b->src, SA_ADDR))
		err = put_addr(mb, &b->src);
	for (size_t i = 0; i < ARRAY_SIZE(textv) && !err; i++)
		err = text(mb, &textv[i]);
	return err;
}

static bool field(struct pl *rest, struct pl *f)
{
	const char *tab;

	if (!rest->p)
		return false;
	tab = rest->l ? memchr(rest->p, '\t', rest->l) : NULL;
	f->p = rest->p;
	f->l = tab ? (size_t)(tab - rest->p) : rest->l;
	if (tab)
		pl_advance(rest, (ssize_t)f->l + 1);
	else
		*rest = pl_null;
	return true;
}

static bool number(uint64_t *n, const struct pl *f)
{
	*n = 0;
	if (!f->l || f->l > 10)
		return false;
	for (size_t i = 0; i < f->l; i++) {
		if (f->p[i] < '0' || f->p[i] > '9')
			return false;
		*n = *n * 10 + (uint64_t)(f->p[i] - '0');
	}
	return *n <= UINT32_MAX;
}

/* "192.0.2.1:5060", "[2001:db8::1]:5060"; libre's sa_decode() is a regular
 * expression */
static bool address(struct sa *sa, const struct pl *f)
{
	const char *colon = pl_strrchr(f, ':');
	struct pl host, port;
	uint64_t n;

	sa_init(sa, AF_UNSPEC);
	if (!f->l)
		return true;
	if (!colon)
		return false;
	host = (struct pl){f->p, (size_t)(colon - f->p)};
	port = (struct pl){colon + 1, f->l - host.l - 1};
	if (host.l > 2 && host.p[0] == '[' && host.p[host.l - 1] == ']') {
		pl_advance(&host, 1);
		--host.l;
	}
	return number(&n, &port) && n <= UINT16_MAX &&
	       !sa_set(sa, &host, (uint16_t)n);
}

int record_parse(struct binding *b, const struct pl *record, const char *node)
{
	const struct pl id = b->id, aor = b->aor;
	struct pl rest = *record, v[FIELDS + 2];
	uint64_t nv[FIGURES];
	size_t n = 0;

	while (n < ARRAY_SIZE(v) && field(&rest, &v[n]))
		++n;
	/* an earlier version has no node, a later one may have more behind it */
	if (n < FIELDS + 1 || pl_strcmp(&v[0], "1") != 0)
		return EBADMSG;
	for (unsigned i = 0; i < FIGURES; i++)
		if (!number(&nv[i], &v[1 + i]))
			return EBADMSG;
	memset(b, 0, sizeof(*b));
	b->id = id;
	b->aor = aor;
	b->expires = nv[0];
	b->since = nv[1];
	b->refreshed = nv[2];
	b->cseq = (uint32_t)nv[3];
	b->reg_id = (uint32_t)nv[4];
	b->q = (uint16_t)min(nv[5], (uint64_t)LOCATION_Q);
	b->transp = v[7].l == 1 ? (enum msg_transp)(v[7].p[0] - '0')
				: MSG_TRANSP_MAX;
	b->direct = v[8].l == 1 && v[8].p[0] == 'd';
	if (b->transp >= MSG_TRANSP_MAX || !address(&b->src, &v[9]))
		return EBADMSG;
	b->uri = v[10].l ? v[10] : id;
	b->instance = v[11];
	b->path = v[12];
	b->callid = v[13];
	b->agent = v[14];
	b->elsewhere = *node &&
		       (n < FIELDS + 2 || pl_strcmp(&v[15], node) != 0);
	return 0;
}
