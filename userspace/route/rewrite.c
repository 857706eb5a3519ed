/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "route/rewrite.h"

enum {
	PATTERN = 128, /* bytes of an expression                          */
	GROUPS = 10,   /* the whole match, and \1 to \9                   */
	REPEAT = 32,   /* "{n}" at most                                   */
	STATES = 2048, /* of an expression                                */
};

struct step {
	uint32_t strip;
	char *add; /* may be NULL                               */
	char *match, *replace;
	regex_t re;
	bool compiled;
};

struct rewrite {
	size_t n;
	struct step v[REWRITE_STEPS];
};

static void destructor(void *arg)
{
	struct rewrite *r = arg;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].compiled)
			regfree(&r->v[i].re);
		mem_deref(r->v[i].add);
		mem_deref(r->v[i].match);
		mem_deref(r->v[i].replace);
	}
}

/* What an expression has been read to, and the states that it takes so far */
struct cost {
	const char *s;
	unsigned long sumv[PATTERN + 1]; /* of each group that is open       */
	size_t depth;
	unsigned long last; /* of what a repetition would repeat            */
};

static void skip_bracket(struct cost *c)
{
	const char *p = c->s + 1;

	p += *p == '^';
	p += *p == ']';
	while (*p && *p != ']') {
		/* "[:digit:]" and the like have a ']' of their own */
		if (*p == '[' && p[1] && strchr(":.=", p[1])) {
			const char kind = p[1];

			for (p += 2; *p && (*p != kind || p[1] != ']'); p++)
				;
			p += *p ? 1 : 0;
		}
		p += *p ? 1 : 0;
	}
	c->s = *p ? p : p - 1;
}

/* It is there so often, one more where it has no end */
static bool repeated(struct cost *c, unsigned long times)
{
	c->sumv[c->depth] += c->last * (MAX(times, 1ul) - 1);
	c->last *= MAX(times, 1ul);
	return c->sumv[c->depth] <= STATES;
}

static bool add_state(struct cost *c)
{
	c->last = 1;
	return ++c->sumv[c->depth] <= STATES;
}

/* "{n}", "{n,}", "{,m}", "{n,m}"; what is neither the compiler says something of */
static bool bounded(struct cost *c)
{
	unsigned long n, m;
	char *end, *from;

	n = m = strtoul(c->s + 1, &end, 10);
	if (*end == ',') {
		from = end + 1;
		m = strtoul(from, &end, 10);
		m = end == from ? n : m;
		n = end == from ? n + 1 : n;
	}
	if (*end != '}')
		return add_state(c);
	c->s = end;
	return m <= REPEAT && n <= REPEAT + 1 && repeated(c, MAX(n, m));
}

static bool cost_one(struct cost *c)
{
	switch (*c->s) {

	case '\\':
		if (c->s[1])
			c->s++;
		return !isdigit((unsigned char)*c->s) && add_state(c);
	case '[':
		skip_bracket(c);
		return add_state(c);
	case '(':
		c->sumv[++c->depth] = 0;
		return true;
	case ')':
		if (!c->depth)
			return add_state(c);
		c->last = c->sumv[c->depth--] + 1;
		c->sumv[c->depth] += c->last;
		return c->sumv[c->depth] <= STATES;
	case '*':
	case '?':
		return ++c->sumv[c->depth] <= STATES;
	case '+':
		return repeated(c, 2);
	case '{':
		return bounded(c);
	default:
		return add_state(c);
	}
}

/* glibc compiles "(a{1,99}){1,99}" to as many states as it says, "((a+)+)+" to twice
 * as many with each "+", and finds \1 in an expression by trying all ways */
static bool affordable(const char *s)
{
	struct cost c = {.s = s};

	for (; *c.s; c.s++)
		if (!cost_one(&c))
			return false;
	return true;
}

/* "\1" names a group that there is, "\\" is itself */
static bool replace_ok(const char *s, size_t groups)
{
	for (; *s; s++) {
		if (*s != '\\')
			continue;
		s++;
		if (*s != '\\' &&
		    !(*s >= '1' && *s <= '9' && (size_t)(*s - '0') <= groups))
			return false;
	}
	return true;
}

static void read_match(struct step *s, struct fields *f)
{
	char text[80];
	int rc;

	fields_string(f, "replace", &s->replace, 0, NUMBER_MAX);
	if (f->err)
		return;
	if (!affordable(s->match)) {
		(void)fields_bad(f, "match",
				 "costs too much; allowed: no back references, "
				 "repeated up to %u times, %u states",
				 REPEAT, STATES);
		return;
	}
	rc = regcomp(&s->re, s->match, REG_EXTENDED);
	if (rc) {
		(void)regerror(rc, &s->re, text, sizeof(text));
		(void)fields_bad(f, "match", "%s", text);
		return;
	}
	s->compiled = true;
	if (s->replace && !replace_ok(s->replace, s->re.re_nsub))
		(void)fields_bad(f, "replace",
				 "allowed: text, \\1 to \\9 for a group of "
				 "match, \\\\");
}

static void read_step(struct step *s, struct fields *f)
{
	fields_string(f, "match", &s->match, 0, PATTERN);
	if (s->match) {
		read_match(s, f);
	} else {
		fields_number(f, "strip", &s->strip, 0, NUMBER_MAX, 0);
		fields_string(f, "add", &s->add, 0, NUMBER_MAX);
		if (!f->err && !s->strip && !s->add)
			(void)fields_bad(f, "",
					 "does nothing; allowed: strip and "
					 "add, or match and replace");
	}
	(void)fields_done(f);
}

void rewrite_read(struct rewrite **rp, struct fields *f, const char *key)
{
	const struct odict *arr = fields_array(f, key, REWRITE_STEPS);
	struct rewrite *r;
	struct le *le;

	if (!arr)
		return;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r) {
		f->err = ENOMEM;
		return;
	}
	for (le = list_head(&arr->lst); le && !f->err; le = le->next) {
		struct fields in;

		fields_element(&in, f, key, r->n, le->data);
		if (!in.err)
			read_step(&r->v[r->n++], &in);
		f->err = in.err;
	}
	if (f->err)
		mem_deref(r);
	else
		*rp = r;
}

static int put(struct odict *o, const char *key, const char *s)
{
	return s ? odict_entry_add(o, key, ODICT_STRING, s) : 0;
}

int rewrite_json(struct odict *arr, const struct rewrite *r)
{
	int err = 0;

	for (size_t i = 0; r && i < r->n && !err; i++) {
		const struct step *s = &r->v[i];
		struct odict *o = NULL;
		char key[8];

		err = odict_alloc(&o, 4);
		if (!err && s->strip)
			err = odict_entry_add(o, "strip", ODICT_INT,
					      (int64_t)s->strip);
		if (!err)
			err = put(o, "add", s->add);
		if (!err)
			err = put(o, "match", s->match);
		if (!err)
			err = put(o, "replace", s->replace);
		(void)re_snprintf(key, sizeof(key), "%zu", i);
		if (!err)
			err = odict_entry_add(arr, key, ODICT_OBJECT, o);
		mem_deref(o);
	}
	return err;
}

/* ---- applying ----------------------------------------------------------- */

static int append(struct number *n, size_t *len, const char *s, size_t l)
{
	if (*len + l > NUMBER_MAX)
		return EOVERFLOW;
	memcpy(n->s + *len, s, l);
	*len += l;
	n->s[*len] = '\0';
	return 0;
}

static int substitute(const struct step *s, struct number *n)
{
	regmatch_t mv[GROUPS];
	struct number out = {""};
	size_t len = 0;
	int err;

	if (regexec(&s->re, n->s, GROUPS, mv, 0))
		return 0;
	err = append(&out, &len, n->s, (size_t)mv[0].rm_so);
	for (const char *p = s->replace ? s->replace : ""; *p && !err; p++) {
		const regmatch_t *m;

		if (*p != '\\' || *++p == '\\') {
			err = append(&out, &len, p, 1);
			continue;
		}
		m = &mv[*p - '0'];
		if (m->rm_so >= 0)
			err = append(&out, &len, n->s + m->rm_so,
				     (size_t)(m->rm_eo - m->rm_so));
	}
	if (!err)
		err = append(&out, &len, n->s + mv[0].rm_eo,
			     strlen(n->s + mv[0].rm_eo));
	if (!err)
		*n = out;
	return err;
}

static int change(const struct step *s, struct number *n)
{
	struct number out = {""};
	size_t len = 0;
	int err;

	if (strlen(n->s) < s->strip)
		return 0;
	err = append(&out, &len, s->add ? s->add : "", str_len(s->add));
	if (!err)
		err = append(&out, &len, n->s + s->strip,
			     strlen(n->s + s->strip));
	if (!err)
		*n = out;
	return err;
}

int rewrite_apply(const struct rewrite *r, struct number *n)
{
	int err = 0;

	for (size_t i = 0; r && i < r->n && !err; i++)
		err = r->v[i].compiled ? substitute(&r->v[i], n)
				       : change(&r->v[i], n);
	return !err && r && !n->s[0] ? EINVAL : err;
}
