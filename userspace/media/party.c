/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/party.c  Parties of a call, by tag and by via-branch
 */
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "base/log.h"
#include "media/call.h"

static void oldtag_destructor(void *arg)
{
	struct oldtag *t = arg;

	list_unlink(&t->le);
	mem_deref(t->tag);
}

static void party_destructor(void *arg)
{
	struct party *p = arg;

	list_unlink(&p->le);
	list_flush(&p->streams);
	bundle_close(p->bundle);
	list_flush(&p->oldtags);
	mem_deref(p->moh);
	mem_deref(p->tag);
	mem_deref(p->branch);
}

int party_alloc(struct party **pp, struct media_call *call,
		const struct pl *tag, const struct pl *branch)
{
	struct party *p;
	int err = 0;

	if (list_count(&call->parties) >= PARTY_MAX)
		return EDQUOT;

	p = mem_zalloc(sizeof(*p), party_destructor);
	if (!p)
		return ENOMEM;

	p->call = call;
	p->created = (uint64_t)time(NULL);

	if (pl_isset(tag))
		err = pl_strdup(&p->tag, tag);
	if (!err && pl_isset(branch))
		err = pl_strdup(&p->branch, branch);
	if (err) {
		mem_deref(p);
		return err;
	}

	list_append(&call->parties, &p->le, p);
	*pp = p;

	return 0;
}

struct party *party_by_tag(const struct media_call *call, const struct pl *tag)
{
	struct le *le;

	if (!pl_isset(tag))
		return NULL;

	for (le = list_head(&call->parties); le; le = le->next) {
		struct party *p = le->data;

		if (p->tag && !pl_strcmp(tag, p->tag))
			return p;
	}

	return NULL;
}

bool party_has_tag(const struct party *p, const struct pl *tag)
{
	struct le *le;

	if (!p || !pl_isset(tag))
		return false;

	if (p->tag && !pl_strcmp(tag, p->tag))
		return true;

	for (le = list_head(&p->oldtags); le; le = le->next) {
		const struct oldtag *t = le->data;

		if (!pl_strcmp(tag, t->tag))
			return true;
	}

	return false;
}

bool party_is(const struct party *p, const struct pl *tag)
{
	return p->tag && !pl_strcmp(tag, p->tag);
}

struct party *party_find(const struct media_call *call, const struct pl *tag)
{
	struct party *p = party_by_tag(call, tag);
	struct le *le;

	for (le = list_head(&call->parties); le && !p; le = le->next) {
		if (party_has_tag(le->data, tag))
			p = le->data;
	}

	return p;
}

struct party *party_by_branch(const struct media_call *call,
			      const struct pl *branch)
{
	struct le *le;

	if (!pl_isset(branch))
		return NULL;

	for (le = list_tail(&call->parties); le; le = le->prev) {
		struct party *p = le->data;

		if (p->branch && !pl_strcmp(branch, p->branch))
			return p;
	}

	return NULL;
}

struct party *party_pending(const struct media_call *call,
			    const struct party *from)
{
	struct le *le;

	for (le = list_tail(&call->parties); le; le = le->prev) {
		struct party *p = le->data;

		if (!p->tag && p->offerer == from)
			return p;
	}

	return NULL;
}

struct party *party_offered(const struct media_call *call,
			    const struct party *from, const struct pl *branch)
{
	struct party *p = party_by_branch(call, branch);
	struct le *le;

	if (p && p->offerer == from)
		return p;

	p = party_pending(call, from);
	if (p)
		return p;

	for (le = list_tail(&call->parties); le; le = le->prev) {
		p = le->data;

		if (p->offerer == from)
			return p;
	}

	return NULL;
}

int party_oldtag(struct party *p, const struct pl *tag)
{
	struct oldtag *old;
	int err;

	if (list_count(&p->oldtags) >= PARTY_MAX || party_has_tag(p, tag))
		return 0;

	old = mem_zalloc(sizeof(*old), oldtag_destructor);
	if (!old)
		return ENOMEM;

	err = pl_strdup(&old->tag, tag);
	if (err)
		mem_deref(old);
	else
		list_append(&p->oldtags, &old->le, old);

	return err;
}

int party_bind(struct party *p, const struct pl *tag)
{
	char *name, *was = p->tag;
	struct pl pl = PL_INIT;
	int err;

	if (was && !pl_strcmp(tag, was))
		return 0;

	err = pl_strdup(&name, tag);
	if (err)
		return err;

	p->tag = name;
	pl_set_str(&pl, was);
	err = was ? party_oldtag(p, &pl) : 0;
	mem_deref(was);

	return err;
}

/* Whoever sent to p sends to another one who was answered, or to nobody */
static void rejoin(struct media_call *c, struct party *p)
{
	struct le *le;

	for (le = list_head(&c->parties); le; le = le->next) {
		struct party *o = le->data;
		struct le *ae;

		if (o->offerer == p)
			o->offerer = NULL;
		if (o->peer != p)
			continue;

		o->peer = NULL;
		for (ae = list_tail(&c->parties); ae; ae = ae->prev) {
			struct party *a = ae->data;

			if (a != p && a->answered && a->offerer == o) {
				o->peer = a;
				break;
			}
		}
	}
}

void party_drop(struct party *p)
{
	struct media_call *c = p->call;

	rejoin(c, p);
	mem_deref(p);
}
