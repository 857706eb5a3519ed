/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents read by expat: where each child of the root begins and ends */
#include <errno.h>
#include <string.h>
#include <expat.h>
#include "presence/xml.h"

#define SEP '\x1f' /* between a namespace and a name: in no URI */

enum { INNER_MAX = 1024 /* bytes of an inner text that are kept */ };

/* A namespace that the root declares */
struct space {
	char *prefix; /* NULL: the default one */
	char *uri;
};

struct reader {
	XML_Parser parser;
	struct pl text;
	struct xml *x;
	struct space spacev[XML_SPACES];
	size_t spacec;
	bool ownv[XML_SPACES]; /* the child declares the prefix itself    */
	unsigned depth, children;
	size_t from, name_end; /* of the child: offsets                   */
	size_t texts; /* bytes of children's texts so far                 */
	struct xml_child *child;
	int inner; /* that is being read; -1: none                       */
	unsigned inner_depth;
	struct mbuf *chars;
	int err;
	const char *why;
};

static const char *const innerv[XML_INNER] = {"basic", "contact", "note",
					      "state"};

static void child_destructor(void *arg)
{
	struct xml_child *c = arg;

	list_unlink(&c->le);
	mem_deref(c->name);
	mem_deref(c->ns);
	mem_deref(c->id);
	mem_deref(c->text);
	for (unsigned i = 0; i < XML_INNER; i++)
		mem_deref(c->inner[i]);
}

static void destructor(void *arg)
{
	struct xml *x = arg;

	list_flush(&x->children);
	mem_deref(x->root);
	mem_deref(x->ns);
	mem_deref(x->entity);
}

static void fail(struct reader *r, int err, const char *why)
{
	if (r->err)
		return;
	r->err = err;
	r->why = why;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

/* ---- names --------------------------------------------------------------------------- */

/* "NAMESPACE SEP NAME" */
static int split(char **ns, char **name, const char *s)
{
	const char *sep = strchr(s, SEP);
	struct pl space = {s, sep ? (size_t)(sep - s) : 0};
	int err = pl_strdup(ns, &space);

	return err ? err : str_dup(name, sep ? sep + 1 : s);
}

static const char *local(const char *s)
{
	const char *sep = strchr(s, SEP);

	return sep ? sep + 1 : s;
}

static const char *attr(const XML_Char **v, const char *name)
{
	for (; *v; v += 2)
		if (!strcmp(v[0], name))
			return v[1];
	return NULL;
}

/* ---- namespaces ----------------------------------------------------------------------- */

static bool same_prefix(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Comes in front of the element that declares it */
static void XMLCALL space_handler(void *arg, const XML_Char *prefix,
				  const XML_Char *uri)
{
	struct reader *r = arg;
	struct space *s;

	if (r->depth == 1)
		for (size_t i = 0; i < r->spacec; i++)
			r->ownv[i] |= same_prefix(r->spacev[i].prefix, prefix);
	if (r->depth)
		return;
	if (r->spacec == XML_SPACES) {
		fail(r, EMSGSIZE, "Too Many Namespaces");
		return;
	}
	s = &r->spacev[r->spacec];
	if ((prefix && str_dup(&s->prefix, prefix)) ||
	    str_dup(&s->uri, uri ? uri : ""))
		fail(r, ENOMEM, "Out Of Memory");
	r->spacec++;
}

static int put_space(struct mbuf *mb, const struct space *s)
{
	struct pl uri;

	pl_set_str(&uri, s->uri);
	return mbuf_printf(mb, " xmlns%s%s=\"%H\"", s->prefix ? ":" : "",
			   s->prefix ? s->prefix : "", xml_text, &uri);
}

/* The child's text, with what its root had declared behind its name */
static int child_text(struct reader *r, size_t to)
{
	const struct pl head = {r->text.p + r->from, r->name_end - r->from};
	const struct pl rest = {r->text.p + r->name_end, to - r->name_end};
	struct mbuf *mb = mbuf_alloc(head.l + rest.l + 256);
	int err = mb ? mbuf_write_pl(mb, &head) : ENOMEM;

	for (size_t i = 0; i < r->spacec && !err; i++)
		if (!r->ownv[i])
			err = put_space(mb, &r->spacev[i]);
	if (!err)
		err = mbuf_write_pl(mb, &rest);
	/* a small document is not to become a large one */
	if (!err && (r->texts += mb->end) > XML_TEXTS)
		err = EMSGSIZE;
	if (!err)
		err = re_sdprintf(&r->child->text, "%b", mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

/* ---- elements ------------------------------------------------------------------------ */

static void begin_root(struct reader *r, const XML_Char *name,
		       const XML_Char **v)
{
	const char *entity = attr(v, "entity");
	int err = split(&r->x->ns, &r->x->root, name);

	if (!err && entity)
		err = str_dup(&r->x->entity, entity);
	if (err)
		fail(r, err, "Out Of Memory");
}

static void begin_child(struct reader *r, const XML_Char *name,
			const XML_Char **v)
{
	const char *id = attr(v, "id");
	struct xml_child *c;
	size_t i = (size_t)XML_GetCurrentByteIndex(r->parser);
	int err;

	if (r->children++ == XML_CHILDREN) {
		fail(r, EMSGSIZE, "Too Many Elements");
		return;
	}
	c = mem_zalloc(sizeof(*c), child_destructor);
	if (!c) {
		fail(r, ENOMEM, "Out Of Memory");
		return;
	}
	list_append(&r->x->children, &c->le, c);
	r->child = c;
	err = split(&c->ns, &c->name, name);
	if (!err && id)
		err = str_dup(&c->id, id);
	if (err)
		fail(r, err, "Out Of Memory");
	r->from = i;
	while (i < r->text.l && !strchr(" \t\r\n/>", r->text.p[i]))
		i++;
	r->name_end = i;
}

static void begin_inner(struct reader *r, const XML_Char *name)
{
	if (!r->child || r->inner >= 0)
		return;
	for (int i = 0; i < XML_INNER; i++)
		if (!r->child->inner[i] && !strcmp(local(name), innerv[i])) {
			r->inner = i;
			r->inner_depth = r->depth;
			mbuf_rewind(r->chars);
			return;
		}
}

static void XMLCALL start_handler(void *arg, const XML_Char *name,
				  const XML_Char **v)
{
	struct reader *r = arg;

	if (r->err)
		return;
	if (r->depth == 0)
		begin_root(r, name, v);
	else if (r->depth == 1)
		begin_child(r, name, v);
	else
		begin_inner(r, name);
	if (++r->depth > XML_DEPTH)
		fail(r, EMSGSIZE, "Elements Too Deep");
}

static void XMLCALL chars_handler(void *arg, const XML_Char *s, int n)
{
	struct reader *r = arg;

	if (r->err || r->inner < 0 || n <= 0)
		return;
	if (r->chars->end + (size_t)n <= INNER_MAX &&
	    mbuf_write_mem(r->chars, (const uint8_t *)s, (size_t)n))
		fail(r, ENOMEM, "Out Of Memory");
}

static void end_inner(struct reader *r)
{
	struct pl text = {(const char *)r->chars->buf, r->chars->end};

	while (text.l && strchr(" \t\r\n", text.p[0]))
		pl_advance(&text, 1);
	while (text.l && strchr(" \t\r\n", text.p[text.l - 1]))
		text.l--;
	if (pl_strdup(&r->child->inner[r->inner], &text))
		fail(r, ENOMEM, "Out Of Memory");
	r->inner = -1;
}

static void XMLCALL end_handler(void *arg, const XML_Char *name)
{
	struct reader *r = arg;
	int err;
	(void)name;

	if (r->err)
		return;
	--r->depth;
	if (r->inner >= 0 && r->depth == r->inner_depth)
		end_inner(r);
	if (r->depth != 1 || !r->child)
		return;
	err = child_text(r, (size_t)XML_GetCurrentByteIndex(r->parser) +
				    (size_t)XML_GetCurrentByteCount(r->parser));
	if (err)
		fail(r, err,
		     err == EMSGSIZE ? "Too Much Of Namespaces"
				     : "Out Of Memory");
	r->child = NULL;
	memset(r->ownv, 0, sizeof(r->ownv));
}

static void XMLCALL doctype_handler(void *arg, const XML_Char *name,
				    const XML_Char *sysid,
				    const XML_Char *pubid, int subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)subset;
	fail(arg, EBADMSG, "DOCTYPE Is Not Allowed");
}

/* --------------------------------------------------------------------------------------- */

static int parse(struct reader *r)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start_handler, end_handler);
	XML_SetCharacterDataHandler(r->parser, chars_handler);
	XML_SetStartNamespaceDeclHandler(r->parser, space_handler);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype_handler);
	if (XML_Parse(r->parser, r->text.p, (int)r->text.l, XML_TRUE) !=
		    XML_STATUS_OK &&
	    !r->err) {
		r->err = XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY
				 ? ENOMEM
				 : EBADMSG;
		r->why = "Body Is No Well-Formed XML";
	}
	return r->err;
}

int xml_decode(struct xml **xp, const struct pl *text, const char **why)
{
	struct reader r = {.inner = -1};
	int err = 0;

	if (!xp || !text || !why)
		return EINVAL;
	*why = "Body Is Too Large";
	if (text->l > XML_BYTES)
		return EMSGSIZE;
	r.text = *text;
	r.x = mem_zalloc(sizeof(*r.x), destructor);
	r.chars = mbuf_alloc(64);
	r.parser = XML_ParserCreateNS("UTF-8", SEP);
	if (!r.x || !r.chars || !r.parser)
		err = ENOMEM;
	if (!err)
		err = parse(&r);
	*why = r.why;
	if (r.parser)
		XML_ParserFree(r.parser);
	for (size_t i = 0; i < r.spacec; i++) {
		mem_deref(r.spacev[i].prefix);
		mem_deref(r.spacev[i].uri);
	}
	mem_deref(r.chars);
	if (err)
		mem_deref(r.x);
	else
		*xp = r.x;
	return err;
}

int xml_text(struct re_printf *pf, const struct pl *text)
{
	int err = 0;

	for (size_t i = 0; i < text->l && !err; i++) {
		const char c = text->p[i];

		switch (c) {
		case '&':
			err = pf->vph("&amp;", 5, pf->arg);
			break;
		case '<':
			err = pf->vph("&lt;", 4, pf->arg);
			break;
		case '>':
			err = pf->vph("&gt;", 4, pf->arg);
			break;
		case '"':
			err = pf->vph("&quot;", 6, pf->arg);
			break;
		default:
			/* what XML does not have at all */
			if ((uint8_t)c < ' ' && c != '\t' && c != '\n')
				err = pf->vph("?", 1, pf->arg);
			else
				err = pf->vph(&c, 1, pf->arg);
		}
	}
	return err;
}
