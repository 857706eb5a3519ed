/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flags.c  Request dictionary to (name, value) pairs to options
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include "base/log.h"
#include "ng/flags.h"

enum {
	/** A name is shown up to here in a warning or error */
	SHOW_MAX = 48,
};

static const struct pl pl_empty = {"", 0};

/* Keys that the commands read themselves, or that hold other flags */
static const char *const plain_keys[] = {
	"command", "sdp", "call-id", "from-tag", "to-tag", "cookie",
};

static char fold(char c)
{
	return c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static bool prefix_eq(const struct pl *pl, const char *name, size_t len)
{
	size_t i;

	if (pl->l < len)
		return false;

	for (i = 0; i < len; i++) {
		if (fold(pl->p[i]) != fold(name[i]))
			return false;
	}

	return true;
}

bool ng_name_eq(const struct pl *pl, const char *name)
{
	return pl->l == strlen(name) && prefix_eq(pl, name, pl->l);
}

/* Printable text of what a stranger sent: it goes to the log and the reply */
static int show(struct re_printf *pf, const struct pl *pl)
{
	char buf[SHOW_MAX + 1];
	size_t i;

	for (i = 0; i < pl->l && i < SHOW_MAX; i++)
		buf[i] = isprint((unsigned char)pl->p[i]) && pl->p[i] != '"'
				 ? pl->p[i] : '?';
	buf[i] = '\0';

	return re_hprintf(pf, "%s%s", buf, pl->l > SHOW_MAX ? "..." : "");
}

static void warn_unknown(struct ng_flags *f, const struct pl *name,
			 const struct pl *val)
{
	const size_t len = strlen(f->warning);
	const size_t left = sizeof(f->warning) - len;

	/* One more would be cut in the middle: the log has all of them */
	if (left < 3 * SHOW_MAX)
		return;

	(void)re_snprintf(f->warning + len, left, "%s'%H%s%H'",
			  len ? ", " : "unknown flag or key: ", show, name,
			  val->l ? "=" : "", show, val);
}

static int refuse(struct ng_flags *f, const struct pl *name,
		  const struct pl *val, int err, const char *why)
{
	/* The first refusal stands */
	if (!f->error[0])
		(void)re_snprintf(f->error, sizeof(f->error), "%H%s%H: %s",
				  show, name, val->l ? "=" : "", show, val,
				  why);

	return err;
}

static int apply_row(struct ng_flags *f, const struct ng_flag *row,
		     const struct pl *name, const struct pl *val)
{
	int err;

	if (row->fate == NG_HARMLESS || !(row->scopes & f->scope))
		return 0;

	if (row->fate == NG_REFUSED)
		return refuse(f, name, val, ENOTSUP, row->why);

	err = row->set(f, val);
	if (!err)
		return 0;

	return refuse(f, name, val, err,
		      err == EOVERFLOW ? "too many of them" : "bad value");
}

/* The row of a name and value. A row with the value goes before one without */
static const struct ng_flag *find_row(const struct pl *name,
				      const struct pl *val, bool *named)
{
	const struct ng_flag *tab, *any = NULL;
	const size_t n = ng_flag_table(&tab);
	size_t i;

	*named = false;

	for (i = 0; i < n; i++) {

		if (!ng_name_eq(name, tab[i].name))
			continue;

		*named = true;
		if (!tab[i].value)
			any = &tab[i];
		else if (ng_name_eq(val, tab[i].value))
			return &tab[i];
	}

	return any;
}

static int apply(struct ng_flags *f, const struct pl *name,
		 const struct pl *val)
{
	const struct ng_flag *row;
	bool named;

	row = find_row(name, val, &named);
	if (!row) {
		warn_unknown(f, name, val);
		return 0;
	}

	return apply_row(f, row, name, val);
}

/* "name-value": the longest name of the table that the flag begins with */
static const struct ng_flag *find_prefix(const struct pl *flag, struct pl *name,
					 struct pl *val)
{
	const struct ng_flag *tab, *best = NULL;
	const size_t n = ng_flag_table(&tab);
	size_t i;

	for (i = 0; i < n; i++) {

		const size_t len = strlen(tab[i].name);
		const struct ng_flag *row;
		struct pl nm, v;
		bool named;

		if (flag->l < len + 2 || fold(flag->p[len]) != '-' ||
		    !prefix_eq(flag, tab[i].name, len))
			continue;
		if (best && strlen(best->name) >= len)
			continue;

		nm = (struct pl){flag->p, len};
		v = (struct pl){flag->p + len + 1, flag->l - len - 1};

		row = find_row(&nm, &v, &named);
		if (row) {
			best = row;
			*name = nm;
			*val = v;
		}
	}

	return best;
}

/* An item of "flags" or a word of "rtpp-flags" */
static int apply_flag(struct ng_flags *f, const struct pl *flag)
{
	const struct ng_flag *row;
	struct pl name, val;
	const char *eq;
	bool named;

	row = find_row(flag, &pl_empty, &named);
	if (row)
		return apply_row(f, row, flag, &pl_empty);

	eq = memchr(flag->p, '=', flag->l);
	if (eq && eq > flag->p) {
		name = (struct pl){flag->p, (size_t)(eq - flag->p)};
		val = (struct pl){eq + 1, flag->l - name.l - 1};

		(void)find_row(&name, &val, &named);
		if (named)
			return apply(f, &name, &val);
	}

	row = find_prefix(flag, &name, &val);
	if (row)
		return apply_row(f, row, &name, &val);

	/* rtpp-flags may name a transport bare */
	if (flag->l > 4 && memchr(flag->p, '/', flag->l)) {
		pl_set_str(&name, "transport-protocol");
		return apply(f, &name, flag);
	}

	warn_unknown(f, flag, &pl_empty);

	return 0;
}

/* One word; "name=[a b c]" keeps its brackets, and is one word too */
static struct pl next_word(struct pl *pl)
{
	struct pl w;
	int depth = 0;

	while (pl->l && isspace((unsigned char)*pl->p))
		pl_advance(pl, 1);

	w = (struct pl){pl->p, 0};
	while (w.l < pl->l) {
		const char c = pl->p[w.l];

		depth += c == '[' ? 1 : c == ']' ? -1 : 0;
		if (depth <= 0 && isspace((unsigned char)c))
			break;
		w.l++;
	}
	pl_advance(pl, (ssize_t)w.l);

	return w;
}

static int apply_word(struct ng_flags *f, const struct pl *word)
{
	struct pl name, list, val;
	const char *br;
	int err = 0;

	br = memchr(word->p, '[', word->l);
	if (!br || br == word->p || br[-1] != '=' ||
	    word->p[word->l - 1] != ']')
		return apply_flag(f, word);

	name = (struct pl){word->p, (size_t)(br - word->p) - 1};
	list = (struct pl){br + 1, word->l - name.l - 3};

	while (!err && (val = next_word(&list)).l)
		err = apply(f, &name, &val);

	return err;
}

static int apply_words(struct ng_flags *f, const char *str)
{
	struct pl pl, w;
	int err = 0;

	pl_set_str(&pl, str);
	while (!err && (w = next_word(&pl)).l)
		err = apply_word(f, &w);

	return err;
}

/* The text of a simple value. Booleans are yes and no */
static int value_text(struct ng_flags *f, const struct odict_entry *e,
		      struct pl *val)
{
	switch (e->type) {

	case ODICT_STRING:
		pl_set_str(val, e->u.str);
		return 0;

	case ODICT_BOOL:
		pl_set_str(val, e->u.boolean ? "yes" : "no");
		return 0;

	case ODICT_INT:
		if (f->numc >= ARRAY_SIZE(f->numv))
			return EOVERFLOW;
		(void)re_snprintf(f->numv[f->numc], sizeof(f->numv[0]), "%lld",
				  e->u.integer);
		pl_set_str(val, f->numv[f->numc++]);
		return 0;

	default:
		return EINVAL;
	}
}

static int apply_entry(struct ng_flags *f, const struct pl *name,
		       const struct odict_entry *e)
{
	struct pl val;
	struct le *le;
	int err;

	if (e->type == ODICT_ARRAY) {
		for (le = e->u.odict->lst.head; le; le = le->next) {
			err = value_text(f, le->data, &val);
			err = err ? refuse(f, name, &pl_empty, err, "bad value")
				  : apply(f, name, &val);
			if (err)
				return err;
		}
		return 0;
	}

	/* A dictionary may be refused, but never honoured, as a whole */
	if (e->type == ODICT_OBJECT)
		return apply(f, name, &pl_empty);

	err = value_text(f, e, &val);
	if (err)
		return refuse(f, name, &pl_empty, EINVAL, "bad value");

	return apply(f, name, &val);
}

/* "codec": {"strip": [...], ...} is "codec-strip": [...] */
static int apply_codec(struct ng_flags *f, const struct odict *codec)
{
	struct le *le;
	int err = 0;

	for (le = codec->lst.head; le && !err; le = le->next) {

		const struct odict_entry *e = le->data;
		char buf[64];
		struct pl name;

		if (re_snprintf(buf, sizeof(buf), "codec-%s", e->key) < 0) {
			pl_set_str(&name, e->key);
			warn_unknown(f, &name, &pl_empty);
			continue;
		}

		pl_set_str(&name, buf);
		err = apply_entry(f, &name, e);
	}

	return err;
}

static int apply_flags(struct ng_flags *f, const struct odict_entry *list)
{
	struct le *le;
	int err = 0;

	if (list->type == ODICT_STRING)
		return apply_words(f, list->u.str);

	if (list->type != ODICT_ARRAY)
		return EINVAL;

	for (le = list->u.odict->lst.head; le && !err; le = le->next) {

		struct pl flag;

		err = value_text(f, le->data, &flag);
		if (!err && flag.l)
			err = apply_flag(f, &flag);
	}

	return err;
}

static bool is_plain(const struct pl *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plain_keys); i++) {
		if (ng_name_eq(name, plain_keys[i]))
			return true;
	}

	return false;
}

static int apply_key(struct ng_flags *f, const struct odict_entry *e)
{
	struct pl name;

	pl_set_str(&name, e->key);

	if (is_plain(&name))
		return 0;

	if (ng_name_eq(&name, "flags"))
		return apply_flags(f, e);

	if (ng_name_eq(&name, "rtpp-flags") && e->type == ODICT_STRING)
		return apply_words(f, e->u.str);

	if (ng_name_eq(&name, "codec") && e->type == ODICT_OBJECT)
		return apply_codec(f, e->u.odict);

	return apply_entry(f, &name, e);
}

static int resolve_mux(struct ng_flags *f)
{
	/* What cannot be meant together is not guessed at */
	static const struct {
		unsigned mask;
		enum media_rtcp_mux mux;
	} tab[] = {
		{1u << RTCPMUX_OFFER, RTCPMUX_OFFER},
		{1u << RTCPMUX_OFFER | 1u << RTCPMUX_ACCEPT, RTCPMUX_OFFER},
		{1u << RTCPMUX_REQUIRE, RTCPMUX_REQUIRE},
		{1u << RTCPMUX_REQUIRE | 1u << RTCPMUX_OFFER, RTCPMUX_REQUIRE},
		{1u << RTCPMUX_REQUIRE | 1u << RTCPMUX_ACCEPT,
		 RTCPMUX_REQUIRE},
		{1u << RTCPMUX_REQUIRE | 1u << RTCPMUX_ACCEPT |
		 1u << RTCPMUX_OFFER, RTCPMUX_REQUIRE},
		{1u << RTCPMUX_DEMUX, RTCPMUX_DEMUX},
		{1u << RTCPMUX_DEMUX | 1u << RTCPMUX_ACCEPT, RTCPMUX_DEMUX},
		{1u << RTCPMUX_ACCEPT, RTCPMUX_ACCEPT},
		{1u << RTCPMUX_REJECT, RTCPMUX_REJECT},
		{0, RTCPMUX_DEFAULT},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tab); i++) {
		if (tab[i].mask == f->rtcp_mux) {
			f->o.rtcp_mux = tab[i].mux;
			return 0;
		}
	}

	(void)re_snprintf(f->error, sizeof(f->error),
			  "rtcp-mux: these options contradict each other");

	return EINVAL;
}

/* Wishes that hold only in the light of the SDP or of one another */
static int resolve(struct ng_flags *f)
{
	int err;

	err = resolve_mux(f);
	if (err)
		return err;

	if (f->sip_source)
		f->o.trust_address = false;

	if (f->sdes_off && (f->scope & NG_SDP) &&
	    !re_regex(f->o.sdp.p, f->o.sdp.l, "\na=crypto:")) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "SDES=off: the SDP has SDES keys, which "
				  "Carom relays and does not take out");
		return ENOTSUP;
	}

	return 0;
}

static void set_text(struct pl *pl, const struct odict *req, const char *key)
{
	struct le *le;

	*pl = pl_null;

	for (le = req->lst.head; le; le = le->next) {

		const struct odict_entry *e = le->data;
		struct pl name;

		pl_set_str(&name, e->key);
		if (e->type == ODICT_STRING && ng_name_eq(&name, key)) {
			pl_set_str(pl, e->u.str);
			return;
		}
	}
}

int ng_flags_decode(struct ng_flags *f, enum ng_scope scope,
		    const struct odict *req)
{
	struct le *le;
	int err = 0;

	if (!f || !req)
		return EINVAL;

	memset(f, 0, sizeof(*f));
	f->scope = scope;
	f->delete_delay = -1;
	f->limit = 32;
	f->o.tos = -1;
	/* As rtpengine without --sip-source: the SDP's addresses hold */
	f->o.trust_address = true;

	set_text(&f->o.sdp, req, "sdp");
	set_text(&f->o.call_id, req, "call-id");
	set_text(&f->o.from_tag, req, "from-tag");
	set_text(&f->o.to_tag, req, "to-tag");

	for (le = req->lst.head; le && !err; le = le->next)
		err = apply_key(f, le->data);

	if (!err)
		err = resolve(f);

	if (err && !f->error[0])
		(void)re_snprintf(f->error, sizeof(f->error),
				  "a value in the request cannot be read");
	if (f->warning[0])
		log_warn("ng: call %H: %s", show, &f->o.call_id,
			 f->warning);

	return err;
}
