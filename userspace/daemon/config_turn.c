/* SPDX-License-Identifier: BSD-2-Clause */
/* The TURN server that media has candidates of ICE at */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

enum {
	WORD_MAX = 508, /* RFC 8489 14.3 */
	TIME_MAX = 21,  /* of it, what a secret's time takes, with its colon */
};

static int refuse(const struct config_src *src, const char *key,
		  const char *what, const char *value)
{
	return config_tree_refuse(src->tree, src->e, key, what, value);
}

static int server(struct media_turn_conf *t, const struct config_src *src,
		  const char *s)
{
	if (strncmp(s, "udp:", 4) || config_addr_port(&t->server, s + 4) ||
	    sa_is_any(&t->server))
		return refuse(src, "media.turn.server", "'%s' is no server", s);

	return 0;
}

static const struct media_iface_conf *iface_named(const struct media_conf *m,
						  const char *name, int af)
{
	for (size_t i = 0; i < m->ifacec; i++) {
		const struct media_iface_conf *ifc = &m->ifacev[i];

		if ((!name || !strcmp(ifc->name, name)) &&
		    sa_af(&ifc->addr) == af)
			return ifc;
	}

	return NULL;
}

static int interface(struct config *c, const struct config_src *src,
		     const char *name)
{
	struct media_turn_conf *t = &c->media.turn;
	const struct media_iface_conf *ifc = iface_named(&c->media, name,
							 sa_af(&t->server));

	if (!ifc && name)
		return refuse(src, "media.turn.interface",
			      "'%s' has no address of the server's family",
			      name);
	if (!ifc)
		return refuse(src, "media.turn.server",
			      "'%s' is of another family than all interfaces",
			      src->raw->media->turn->server);

	return str_dup((char **)&t->iface, ifc->name);
}

static int word(const char **to, const struct config_src *src, const char *key,
		const char *s, size_t most)
{
	if (strlen(s) > most)
		return refuse(src, key, "is longer than that", NULL);

	return str_dup((char **)to, s);
}

/* One of the two: who would be taken, if both were there? */
static int credentials(struct media_turn_conf *t, const struct config_src *src,
		       const struct raw_turn *r)
{
	int err;

	if (r->password && r->secret)
		return refuse(src, "media.turn.secret",
			      "stands beside a password", NULL);
	if (!r->password && !r->secret)
		return refuse(src, "media.turn.password", "is missing", NULL);
	if (r->secret) {
		err = word(&t->username, src, "media.turn.username",
			   r->username ? r->username : "", WORD_MAX - TIME_MAX);
		return err ? err
			   : word(&t->secret, src, "media.turn.secret",
				  r->secret, WORD_MAX);
	}
	if (!r->username || !*r->username)
		return refuse(src, "media.turn.username", "is missing", NULL);
	err = word(&t->username, src, "media.turn.username", r->username,
		   WORD_MAX);

	return err ? err
		   : word(&t->password, src, "media.turn.password", r->password,
			  WORD_MAX);
}

int config_fill_turn(struct config *c, const struct config_src *src)
{
	const struct raw_turn *r = src->raw->media->turn;
	struct media_turn_conf *t = &c->media.turn;
	int err;

	sa_init(&t->server, AF_UNSPEC);
	if (!r)
		return 0;
	err = server(t, src, r->server);
	if (!err)
		err = interface(c, src, r->iface);
	if (!err)
		err = credentials(t, src, r);
	t->ready = r->ready ? *r->ready : config_rule("media.turn.ready")->def;

	return err;
}
