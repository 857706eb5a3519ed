/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/bencode.c  Bencode decoder and encoder
 */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "ng/bencode.h"

/* Where the decoder stands. keep is false when only the length is wanted */
struct ben {
	const char *p, *end;
	unsigned items;
	bool keep;
	bool bytes; /* the value that comes may be any bytes */
};

static int ben_value(struct ben *b, struct odict *o, const char *key,
		     unsigned depth);

/* Digits up to the byte `stop`, in canonical form: no sign, no leading zero */
static int ben_digits(struct ben *b, uint64_t max, char stop, uint64_t *np)
{
	const char *start = b->p;
	uint64_t n = 0;

	for (; b->p < b->end && *b->p >= '0' && *b->p <= '9'; b->p++) {

		const unsigned d = (unsigned)(*b->p - '0');

		if (b->p > start && *start == '0')
			return EBADMSG;
		if (n > (max - d) / 10)
			return EBADMSG;
		n = n * 10 + d;
	}

	if (b->p == b->end)
		return EAGAIN;
	if (b->p == start || *b->p != stop)
		return EBADMSG;

	b->p++;
	*np = n;

	return 0;
}

static int ben_string(struct ben *b, struct pl *pl)
{
	uint64_t len;
	int err;

	/* The bound is that of a message: a length beyond it never comes */
	err = ben_digits(b, 1u << 20, ':', &len);
	if (err)
		return err;

	if (len > (size_t)(b->end - b->p))
		return EAGAIN;

	pl->p = b->p;
	pl->l = (size_t)len;
	b->p += len;

	return 0;
}

/* A NUL would cut it short in a dictionary */
static int ben_words(struct ben *b, struct pl *pl)
{
	const int err = ben_string(b, pl);

	return err ? err : memchr(pl->p, '\0', pl->l) ? EBADMSG : 0;
}

static int ben_int(struct ben *b, int64_t *vp)
{
	bool neg = false;
	uint64_t n;
	int err;

	b->p++;
	if (b->p == b->end)
		return EAGAIN;

	if (*b->p == '-') {
		neg = true;
		b->p++;
	}

	err = ben_digits(b, (uint64_t)INT64_MAX, 'e', &n);
	if (err)
		return err;

	/* "-0" has two spellings too many */
	if (neg && !n)
		return EBADMSG;

	*vp = neg ? -(int64_t)n : (int64_t)n;

	return 0;
}

static int ben_pair(struct ben *b, struct odict *o, unsigned depth)
{
	char *key = NULL;
	struct pl pl;
	int err;

	err = ben_words(b, &pl);
	if (err)
		return err;

	b->bytes = !pl_strcmp(&pl, NG_BYTES);
	if (b->keep) {
		err = pl_strdup(&key, &pl);
		if (err)
			return err;
	}

	err = ben_value(b, o, key, depth);
	mem_deref(key);

	return err;
}

/* The inside of a dictionary or list, up to and with its 'e' */
static int ben_container(struct ben *b, struct odict *o, bool dict,
			 unsigned depth)
{
	char idx[16];
	unsigned i;
	int err;

	b->p++;

	for (i = 0; b->p < b->end && *b->p != 'e'; i++) {

		if (dict) {
			err = ben_pair(b, o, depth);
		} else {
			(void)re_snprintf(idx, sizeof(idx), "%u", i);
			err = ben_value(b, o, idx, depth);
		}
		if (err)
			return err;
	}

	if (b->p == b->end)
		return EAGAIN;

	b->p++;

	return 0;
}

static int ben_nested(struct ben *b, struct odict *o, const char *key,
		      unsigned depth)
{
	const bool dict = *b->p == 'd';
	struct odict *sub = NULL;
	int err;

	if (depth >= NG_DEPTH_MAX)
		return EOVERFLOW;

	if (b->keep) {
		err = odict_alloc(&sub, 8);
		if (err)
			return err;
	}

	err = ben_container(b, sub, dict, depth + 1);
	if (!err && b->keep)
		err = odict_entry_add(o, key, dict ? ODICT_OBJECT : ODICT_ARRAY,
				      sub);
	mem_deref(sub);

	return err;
}

/* As JSON has to have them: in base64 */
static int ben_bytes(struct ben *b, struct odict *o, const char *key)
{
	struct pl pl;
	size_t len;
	char *str;
	int err;

	err = ben_string(b, &pl);
	if (err || !b->keep)
		return err;

	len = (pl.l + 2) / 3 * 4;
	str = mem_zalloc(len + 1, NULL);
	if (!str)
		return ENOMEM;

	err = base64_encode((const uint8_t *)pl.p, pl.l, str, &len);
	if (!err)
		err = odict_entry_add(o, key, ODICT_STRING, str);
	mem_deref(str);

	return err;
}

static int ben_text(struct ben *b, struct odict *o, const char *key)
{
	struct pl pl;
	char *str;
	int err;

	err = ben_words(b, &pl);
	if (err || !b->keep)
		return err;

	err = pl_strdup(&str, &pl);
	if (err)
		return err;

	err = odict_entry_add(o, key, ODICT_STRING, str);
	mem_deref(str);

	return err;
}

static int ben_value(struct ben *b, struct odict *o, const char *key,
		     unsigned depth)
{
	const bool bytes = b->bytes;
	int64_t v = 0;
	int err;

	b->bytes = false;
	if (b->p == b->end)
		return EAGAIN;
	if (++b->items > NG_ITEMS_MAX)
		return EOVERFLOW;

	switch (*b->p) {

	case 'd':
	case 'l':
		return ben_nested(b, o, key, depth);

	case 'i':
		err = ben_int(b, &v);
		if (err || !b->keep)
			return err;
		return odict_entry_add(o, key, ODICT_INT, v);

	default:
		return bytes ? ben_bytes(b, o, key) : ben_text(b, o, key);
	}
}

static int ben_top(struct ben *b, struct odict *o)
{
	if (b->p == b->end)
		return EAGAIN;
	if (*b->p != 'd')
		return EBADMSG;

	return ben_container(b, o, true, 1);
}

int bencode_decode(struct odict **op, const struct pl *pl, size_t *used)
{
	struct odict *o;
	struct ben b;
	int err;

	if (!op || !pl || !pl->p)
		return EINVAL;

	b = (struct ben){.p = pl->p, .end = pl->p + pl->l, .keep = true};

	err = odict_alloc(&o, 32);
	if (err)
		return err;

	err = ben_top(&b, o);
	if (err) {
		mem_deref(o);
		return err;
	}

	*op = o;
	if (used)
		*used = (size_t)(b.p - pl->p);

	return 0;
}

int bencode_scan(const struct pl *pl, size_t *used)
{
	struct ben b;
	int err;

	if (!pl || !pl->p || !used)
		return EINVAL;

	b = (struct ben){.p = pl->p, .end = pl->p + pl->l};

	err = ben_top(&b, NULL);
	if (!err)
		*used = (size_t)(b.p - pl->p);

	return err;
}

static int ben_print_str(struct re_printf *pf, const char *s)
{
	return re_hprintf(pf, "%zu:%s", str_len(s), s ? s : "");
}

static int ben_print_entry(struct re_printf *pf, const struct odict_entry *e)
{
	char buf[64];

	switch (e->type) {

	case ODICT_OBJECT:
		return bencode_encode(pf, e->u.odict);

	case ODICT_STRING:
		return ben_print_str(pf, e->u.str);

	case ODICT_INT:
		return re_hprintf(pf, "i%llie", e->u.integer);

	case ODICT_DOUBLE:
		(void)re_snprintf(buf, sizeof(buf), "%f", e->u.dbl);
		return ben_print_str(pf, buf);

	case ODICT_BOOL:
		return ben_print_str(pf, e->u.boolean ? "yes" : "no");

	default:
		return ben_print_str(pf, "");
	}
}

static int ben_print(struct re_printf *pf, const struct odict *o, bool dict)
{
	struct le *le;
	int err;

	err = re_hprintf(pf, dict ? "d" : "l");

	for (le = o ? o->lst.head : NULL; le && !err; le = le->next) {

		const struct odict_entry *e = le->data;

		if (dict)
			err = ben_print_str(pf, e->key);
		if (!err && e->type == ODICT_ARRAY)
			err = ben_print(pf, e->u.odict, false);
		else if (!err)
			err = ben_print_entry(pf, e);
	}

	return err ? err : re_hprintf(pf, "e");
}

int bencode_encode(struct re_printf *pf, const struct odict *o)
{
	return ben_print(pf, o, true);
}
