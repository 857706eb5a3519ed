/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists by the page: the first `limit` keys behind the cursor */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"

enum { KEY_MAX = 512 };

struct entry {
	struct le le;
	struct odict *o;
	size_t len;
	char key[];
};

struct api_page {
	struct api_req *req;
	const char *name;
	uint64_t limit;
	struct pl after; /* the cursor: keys up to it were shown         */
	char buf[KEY_MAX + 1];
	struct list entries; /* sorted, one more than there is room for    */
	uint32_t n;
	struct {
		const char *name;
		uint64_t n;
	} numberv[2];
	size_t numberc;
};

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->o);
}

static void destructor(void *arg)
{
	struct api_page *p = arg;

	list_flush(&p->entries);
	mem_deref(p->req);
}

static int compare(const struct pl *a, const struct pl *b)
{
	const int d = memcmp(a->p, b->p, min(a->l, b->l));

	return d ? d : a->l < b->l ? -1 : a->l > b->l;
}

static struct pl key_of(const struct entry *e)
{
	return (struct pl){e->key, e->len};
}

/* ---- cursors: base64url (RFC 4648 section 5) of 'k' and the last key ------ */

static int read_cursor(struct api_page *p, const char *s)
{
	char b64[KEY_MAX * 2];
	uint8_t raw[KEY_MAX + 1];
	size_t n = strlen(s), len = sizeof(raw);

	if (!n || n + 4 > sizeof(b64) ||
	    s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789-_")])
		return EBADMSG;
	memcpy(b64, s, n);
	for (size_t i = 0; i < n; i++)
		b64[i] = s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i];
	while (n % 4)
		b64[n++] = '=';
	if (base64_decode(b64, n, raw, &len) || !len || raw[0] != 'k')
		return EBADMSG;
	memcpy(p->buf, raw + 1, len - 1);
	p->after = (struct pl){p->buf, len - 1};

	return 0;
}

static int print_cursor(char *s, size_t size, const struct pl *key)
{
	uint8_t raw[KEY_MAX + 1] = {'k'};
	size_t n = size - 1;
	int err;

	memcpy(raw + 1, key->p, key->l);
	err = base64_encode(raw, key->l + 1, s, &n);
	if (err)
		return err;
	while (n && s[n - 1] == '=')
		--n;
	s[n] = '\0';
	for (; *s; s++)
		*s = (char)(*s == '+' ? '-' : *s == '/' ? '_' : *s);

	return 0;
}

int api_page_begin(struct api_page **pp, struct api_req *req, const char *name)
{
	const char *cursor = api_query(req, "cursor");
	struct api_page *p;
	uint64_t limit;
	int err;

	err = api_query_number(req, "limit", 1, API_PAGE_MAX, API_PAGE, &limit);
	if (err)
		return err;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	p->req = mem_ref(req);
	p->name = name;
	p->limit = limit;
	list_init(&p->entries);
	if (cursor && read_cursor(p, cursor)) {
		(void)api_problem(req, 400, "bad-query",
				  "cursor=%s: this is none; allowed: the "
				  "\"next\" of an answer",
				  cursor);
		mem_deref(p);
		return EINVAL;
	}
	*pp = p;

	return 0;
}

bool api_page_wants(const struct api_page *p, const struct pl *key)
{
	const struct entry *last;

	if (!p || !key->l || key->l > KEY_MAX ||
	    (p->after.p && compare(key, &p->after) <= 0))
		return false;
	if (p->n <= p->limit)
		return true;
	last = list_tail(&p->entries)->data;

	return compare(key, &(const struct pl){last->key, last->len}) < 0;
}

int api_page_add(struct api_page *p, const struct pl *key, struct odict *o)
{
	struct entry *e;
	struct le *le;

	if (!p || !o || !api_page_wants(p, key))
		return EINVAL;
	e = mem_zalloc(sizeof(*e) + key->l, entry_destructor);
	if (!e)
		return ENOMEM;
	e->len = key->l;
	memcpy(e->key, key->p, key->l);
	e->o = mem_ref(o);
	/* most come in order: from the end */
	for (le = list_tail(&p->entries); le; le = le->prev) {
		const struct pl other = key_of(le->data);

		if (compare(&other, key) <= 0)
			break;
	}
	if (le)
		list_insert_after(&p->entries, le, &e->le, e);
	else
		list_prepend(&p->entries, &e->le, e);
	if (++p->n > p->limit + 1) {
		mem_deref(list_tail(&p->entries)->data);
		--p->n;
	}

	return 0;
}

/* The query as it was, with another cursor */
static int print_link(struct re_printf *pf, const struct api_page *p)
{
	return re_hprintf(pf, "%s?limit=%llu", p->req->instance,
			  (unsigned long long)p->limit);
}

static int print_rest(struct re_printf *pf, const struct api_req *req)
{
	int err = 0;

	for (size_t i = 0; i < req->queryc && !err; i++) {
		const struct api_keyval *kv = &req->queryv[i];
		const struct pl k = {kv->key, strlen(kv->key)};
		const struct pl v = {kv->value, strlen(kv->value)};

		if (strcmp(kv->key, "limit") && strcmp(kv->key, "cursor"))
			err = re_hprintf(pf, "&%H=%H", api_escape, &k,
					 api_escape, &v);
	}

	return err;
}

static int add_next(struct api_page *p, struct odict *body)
{
	struct entry *more = list_tail(&p->entries)->data;
	char next[KEY_MAX * 2];
	struct pl key;
	int err;

	mem_deref(more);
	key = key_of(list_tail(&p->entries)->data);
	err = print_cursor(next, sizeof(next), &key);
	if (!err)
		err = odict_entry_add(body, "next", ODICT_STRING, next);
	if (!err)
		err = api_reply_header(p->req, "Link",
				       "<%H&cursor=%s%H>; rel=\"next\"",
				       print_link, p, next, print_rest, p->req);

	return err;
}

void api_page_number(struct api_page *p, const char *name, uint64_t n)
{
	if (p->numberc == ARRAY_SIZE(p->numberv))
		return;
	p->numberv[p->numberc].name = name;
	p->numberv[p->numberc++].n = n;
}

int api_page_reply(struct api_page *p)
{
	struct odict *body = NULL, *arr = NULL;
	uint32_t i = 0;
	struct le *le;
	int err;

	if (!p)
		return EINVAL;
	err = odict_alloc(&body, 4);
	if (!err)
		err = odict_alloc(&arr, 4);
	if (!err)
		err = odict_entry_add(body, p->name, ODICT_ARRAY, arr);
	if (!err && p->n > p->limit)
		err = add_next(p, body);
	for (size_t i = 0; i < p->numberc && !err; i++)
		err = odict_entry_add(body, p->numberv[i].name, ODICT_INT,
				      (int64_t)p->numberv[i].n);
	for (le = list_head(&p->entries); le && !err; le = le->next) {
		const struct entry *e = le->data;
		char key[16];

		(void)re_snprintf(key, sizeof(key), "%u", i++);
		err = odict_entry_add(arr, key, ODICT_OBJECT, e->o);
	}
	if (!err)
		err = api_reply(p->req, 200, body);
	mem_deref(arr);
	mem_deref(body);
	mem_deref(p);

	return err;
}
