/* SPDX-License-Identifier: BSD-2-Clause */
/* PIDF (RFC 3863): what was published, put together; else what the registrar knows */
#include <string.h>
#include "presence/priv.h"

/* An id stands once in a document */
static bool id_before(const struct res *r, const struct pub *pb,
		      const struct xml_child *c)
{
	struct le *pe, *ce;

	if (!c->id)
		return false;
	LIST_FOREACH (&r->pubs, pe) {
		const struct pub *b = pe->data;

		LIST_FOREACH (&b->xml->children, ce) {
			const struct xml_child *x = ce->data;

			if (x == c)
				return false;
			if (b != pb && x->id && !strcmp(x->id, c->id))
				return true;
		}
	}
	return false;
}

/* Elements of one kind: tuples first, then notes, then what is of other namespaces, as the
 * schema wants them */
static int put_kind(struct mbuf *mb, const struct res *r, int kind)
{
	struct le *pe, *ce;
	int err = 0;

	LIST_FOREACH (&r->pubs, pe) {
		const struct pub *pb = pe->data;

		LIST_FOREACH (&pb->xml->children, ce) {
			const struct xml_child *c = ce->data;
			const bool ours = !strcmp(
				c->ns, package_of(PRESENCE_PRESENCE)->ns);
			const int k = !ours                      ? 2
				      : strcmp(c->name, "tuple") ? 1
								 : 0;

			if (k != kind || id_before(r, pb, c))
				continue;
			err = mbuf_printf(mb, "%s\r\n", c->text);
			if (err)
				return err;
		}
	}
	return err;
}

struct best {
	char uri[LOCATION_TEXT + 1];
	unsigned q;
	bool there;
};

static bool first_binding(const struct binding *b, void *arg)
{
	struct best *best = arg;

	best->there = true;
	best->q = b->q;
	(void)pl_strcpy(&b->uri, best->uri, sizeof(best->uri));
	return true;
}

/* Nobody has published: is a phone registered? */
static int put_registered(struct mbuf *mb, const struct res *r)
{
	struct best best = {.there = false};
	struct pl aor, uri;
	int err;

	pl_set_str(&aor, r->aor);
	if (r->p->loc)
		(void)location_find(r->p->loc, &aor, first_binding, &best);
	pl_set_str(&uri, best.uri);
	err = mbuf_printf(mb,
			  "<tuple id=\"registration\"><status><basic>%s"
			  "</basic></status>",
			  best.there ? "open" : "closed");
	if (!err && best.there)
		err = mbuf_printf(mb,
				  "<contact priority=\"%u.%03u\">%H</contact>",
				  best.q / LOCATION_Q, best.q % LOCATION_Q,
				  xml_text, &uri);
	return err ? err : mbuf_printf(mb, "</tuple>\r\n");
}

int pidf_compose(struct mbuf *mb, struct res *r, const struct sub *s)
{
	struct pl aor;
	int err;
	(void)s;

	pl_set_str(&aor, r->aor);
	err = mbuf_printf(mb,
			  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			  "<presence xmlns=\"%s\" entity=\"sip:%H\">\r\n",
			  package_of(PRESENCE_PRESENCE)->ns, xml_text, &aor);
	if (!err && !r->pubs.head)
		err = put_registered(mb, r);
	for (int kind = 0; kind < 3 && !err; kind++)
		err = put_kind(mb, r, kind);
	return err ? err : mbuf_printf(mb, "</presence>\r\n");
}
