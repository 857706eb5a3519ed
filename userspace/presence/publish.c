/* SPDX-License-Identifier: BSD-2-Clause */
/* PUBLISH (RFC 3903 6) */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "presence/priv.h"

static void destructor(void *arg)
{
	struct pub *pb = arg;

	list_unlink(&pb->le);
	mem_deref(pb->body);
	mem_deref(pb->xml);
}

static void new_etag(struct pub *pb)
{
	(void)re_snprintf(pb->etag, sizeof(pb->etag), "%016llx", rand_u64());
}

static int read_xml(struct pub *pb, const struct package *pk, const char **why)
{
	struct pl body;
	int err;

	pl_set_str(&body, pb->body);
	err = xml_decode(&pb->xml, &body, why);
	if (err)
		return err;
	if (strcmp(pb->xml->root, pk->root) != 0 ||
	    strcmp(pb->xml->ns, pk->ns) != 0) {
		*why = "Body Is Of Another Kind";
		return EBADMSG;
	}
	return 0;
}

/* Lines of text, no more: it is sent on as it is */
static int read_text(const struct pub *pb, const char **why)
{
	for (const char *s = pb->body; *s; s++)
		if ((uint8_t)*s < ' ' && *s != '\r' && *s != '\n' &&
		    *s != '\t') {
			*why = "Body Is No Text";
			return EBADMSG;
		}
	return 0;
}

int pub_alloc(struct pub **pp, struct res *r, const struct pl *body,
	      const char **why)
{
	const struct package *pk = package_of(r->pkg);
	struct pub *pb;
	int err;

	*why = "Out Of Memory";
	if (memchr(body->p, '\0', body->l)) {
		*why = "Body Is No Text";
		return EBADMSG;
	}
	pb = mem_zalloc(sizeof(*pb), destructor);
	if (!pb)
		return ENOMEM;
	pb->res = r;
	new_etag(pb);
	err = pl_strdup(&pb->body, body);
	if (!err)
		err = pk->root ? read_xml(pb, pk, why) : read_text(pb, why);
	if (err)
		mem_deref(pb);
	else
		*pp = pb;
	return err;
}

struct pub *pub_find(const struct res *r, const struct pl *etag)
{
	struct le *le;

	for (le = r ? list_head(&r->pubs) : NULL; le; le = le->next) {
		struct pub *pb = le->data;

		if (!pb->leaving && !pl_strcmp(etag, pb->etag))
			return pb;
	}
	return NULL;
}

/* Of one AOR and package, told by the tag; another one takes its place, or none */
void pub_key(char *buf, size_t sz, const struct pub *pb)
{
	(void)re_snprintf(buf, sz, "%s %s %s", presence_name(pb->res->pkg),
			  pb->res->aor, pb->etag);
}

/* ---- a change, and its answer once it is safe -------------------------------------- */

/* `was` goes, `pb` comes; either may be NULL */
struct change {
	struct life *life;
	struct res *res;
	struct pub *was, *pb;
	struct sip_later *later;
	uint32_t expires;
	bool news; /* for subscribers */
};

static void change_destructor(void *arg)
{
	struct change *c = arg;

	mem_deref(c->was);
	mem_deref(c->pb);
	mem_deref(c->later);
	mem_deref(c->life);
}

static void answer(const struct change *c, struct presence *p)
{
	const char *etag = c->pb ? c->pb->etag : c->was ? c->was->etag : "0";

	/* who publishes is answered before anybody is told of it */
	(void)sip_later_answer(c->later, 200, "OK",
			       "SIP-ETag: %s\r\nExpires: %u\r\n", etag,
			       c->expires);
	++*(c->pb ? &p->stats.published : &p->stats.withdrawn);
}

static void done(int err, void *arg)
{
	struct change *c = arg;
	struct presence *p = c->life->p;

	/* the room is closed meanwhile: nobody can be told */
	if (!p)
		goto out;
	--c->res->pending;
	if (!err) {
		answer(c, p);
		pub_replace(c->res, c->was, c->pb);
		if (c->news)
			res_changed(c->res);
	} else {
		log_warn("presence: %s: a publication is not stored: %m",
			 c->res->aor, err);
		++p->stats.refused;
		if (c->was)
			c->was->leaving = false;
		(void)sip_later_answer(c->later, 503, "Service Unavailable",
				       "Retry-After: %u\r\n", RETRY_AFTER);
	}
	res_release(c->res);
out:
	mem_deref(c);
}

void pub_replace(struct res *r, struct pub *was, struct pub *pb)
{
	if (was && was->le.list) {
		--r->p->stats.publications;
		list_unlink(&was->le);
		mem_deref(was);
	}
	if (pb) {
		list_prepend(&r->pubs, &pb->le, mem_ref(pb));
		++r->p->stats.publications;
	}
}

static int write_change(struct change *c, struct presence *p)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct store_op opv[2];
	char keyv[2][AOR + 64];
	size_t n = 0;
	int err = mb ? 0 : ENOMEM;

	if (c->was) {
		pub_key(keyv[n], sizeof(keyv[n]), c->was);
		opv[n] = (struct store_op){.kind = PUB_KIND};
		pl_set_str(&opv[n].key, keyv[n]);
		n++;
	}
	if (!err && c->pb) {
		pub_key(keyv[n], sizeof(keyv[n]), c->pb);
		opv[n] = (struct store_op){.kind = PUB_KIND,
					   .expires = c->pb->expires};
		pl_set_str(&opv[n].key, keyv[n]);
		err = presence_record_pub(mb, c->pb);
		opv[n].value.p = (const char *)mb->buf;
		opv[n].value.l = mb->end;
		n++;
	}
	if (!err)
		err = store_write(p->store, opv, n, done, c);
	mem_deref(mb);
	return err;
}

/* ---- what is asked for ----------------------------------------------------------- */

/* NULL: it has been answered that there is no memory */
static struct change *begin(const struct req *q, struct res *r)
{
	struct change *c = mem_zalloc(sizeof(*c), change_destructor);

	if (!c || sip_later(&c->later, q->in)) {
		mem_deref(c);
		(void)req_refuse(q, 500, "Server Internal Error", NULL);
		return NULL;
	}
	c->life = mem_ref(q->p->life);
	c->res = r;
	c->expires = q->expires;
	return c;
}

/* The change is what the request asks for: write it down */
static void commit(struct change *c, const struct req *q)
{
	int err = write_change(c, q->p);

	if (!err) {
		if (c->was)
			c->was->leaving = true;
		++c->res->pending;
		return;
	}
	mem_deref(c);
	(void)req_refuse(q, 503, "Service Unavailable", "Retry-After: %u\r\n",
			 RETRY_AFTER);
}

static bool type_fits(const struct req *q)
{
	const char *takes = package_of(q->pkg)->takes;
	struct pl val, type;
	const char *semi;

	if (!sip_header(q->in->m, "Content-Type", 'c', NULL, &val))
		return false;
	semi = pl_strchr(&val, ';');
	type.p = val.p;
	type.l = semi ? (size_t)(semi - val.p) : val.l;
	msg_trim(&type);
	return !pl_strcasecmp(&type, takes);
}

static bool room(const struct req *q, const struct res *r, bool more)
{
	if (!more)
		return true;
	if (list_count(&r->pubs) + r->pending < PRESENCE_PUBLICATIONS &&
	    q->p->stats.publications < q->p->conf.publications)
		return true;
	return req_refuse(q, 503, "Too Many Publications",
			  "Retry-After: %u\r\n", q->p->conf.min_expires);
}

/* A body that comes: a new publication, in place of `was` or beside others */
static void with_body(const struct req *q, struct res *r, struct pub *was)
{
	struct change *c;
	const char *why;
	int err;

	if (!type_fits(q)) {
		(void)req_refuse(q, 415, "Unsupported Media Type",
				 "Accept: %s\r\n", package_of(q->pkg)->takes);
		return;
	}
	if (!room(q, r, !was))
		return;
	c = begin(q, r);
	if (!c)
		return;
	c->was = mem_ref(was);
	c->news = true;
	err = pub_alloc(&c->pb, r, &q->in->m->body, &why);
	if (err) {
		mem_deref(c);
		if (err == EMSGSIZE)
			(void)req_refuse(q, 413, why, NULL);
		else
			(void)req_refuse(q, err == ENOMEM ? 500 : 400, why,
					 NULL);
		return;
	}
	c->pb->expires = presence_now(q->p) + q->expires;
	commit(c, q);
}

/* The same once more, under another tag; or not any more */
static void without_body(const struct req *q, struct res *r, struct pub *was)
{
	struct change *c = begin(q, r);

	if (!c)
		return;
	c->was = mem_ref(was);
	c->news = !q->expires;
	if (q->expires && pub_again(&c->pb, was)) {
		mem_deref(c);
		(void)req_refuse(q, 500, "Server Internal Error", NULL);
		return;
	}
	if (c->pb)
		c->pb->expires = presence_now(q->p) + q->expires;
	commit(c, q);
}

int pub_again(struct pub **pp, const struct pub *was)
{
	struct pub *pb = mem_zalloc(sizeof(*pb), destructor);

	if (!pb)
		return ENOMEM;
	pb->res = was->res;
	new_etag(pb);
	pb->body = mem_ref(was->body);
	pb->xml = mem_ref(was->xml);
	*pp = pb;
	return 0;
}

static void publish(const struct req *q, struct res *r)
{
	const struct pl *body = &q->in->m->body;
	struct pub *was = NULL;
	struct pl etag;

	if (sip_header(q->in->m, "SIP-If-Match", 0, NULL, &etag)) {
		was = pub_find(r, &etag);
		if (!was) {
			(void)req_refuse(q, 412, "Conditional Request Failed",
					 NULL);
			return;
		}
	}
	if (!was && (!body->l || !q->expires))
		(void)req_refuse(q, 400,
				 body->l ? "Nothing To Be Removed" : "No Body",
				 NULL);
	else if (body->l > PRESENCE_BODY)
		(void)req_refuse(q, 413, "Request Entity Too Large", NULL);
	else if (body->l && q->expires)
		with_body(q, r, was);
	else
		without_body(q, r, was);
}

void publish_handler(const struct sip_in *in, void *arg)
{
	struct presence *p = arg;
	struct res *r;
	struct req q;

	if (!req_read(&q, p, in))
		return;
	/* no dialog is made of it: one that is named is none (RFC 3903 6) */
	if (in->m->to_tag.l) {
		(void)req_refuse(&q, 481, "Subscription Does Not Exist", NULL);
		return;
	}
	if (!package_of(q.pkg)->takes) {
		(void)req_refuse(&q, 489, "Bad Event", "%H", package_allow,
				 NULL);
		return;
	}
	if (!presence_auth_passes(&q) || !req_expires(&q))
		return;
	if (res_get(&r, p, q.pkg, &q.aor)) {
		(void)req_refuse(&q, 500, "Server Internal Error", NULL);
		return;
	}
	publish(&q, r);
	res_release(r);
}
