/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flags.c  Request dictionary to (name, value) pairs to options
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include "ng/flagapply.h"
#include "ng/flagset.h"

static const struct pl pl_empty = {"", 0};

/* Keys that the commands read themselves, or that hold other flags */
static const char *const plain_keys[] = {
	"command", "sdp", "call-id", "from-tag", "to-tag", "cookie",
};

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
		return ng_flag_apply_bare(f, word);

	name = (struct pl){word->p, (size_t)(br - word->p) - 1};
	list = (struct pl){br + 1, word->l - name.l - 3};

	while (!err && (val = next_word(&list)).l)
		err = ng_flag_apply(f, &name, &val);

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
			err = err ? ng_flag_refuse(f, name, &pl_empty, err,
						   "bad value")
				  : ng_flag_apply(f, name, &val);
			if (err)
				return err;
		}
		return 0;
	}

	/* A dictionary may be refused, but never honoured, as a whole */
	if (e->type == ODICT_OBJECT)
		return ng_flag_apply(f, name, &pl_empty);

	err = value_text(f, e, &val);
	if (err)
		return ng_flag_refuse(f, name, &pl_empty, EINVAL, "bad value");

	return ng_flag_apply(f, name, &val);
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
			ng_flag_unknown(f, &name, &pl_empty);
			continue;
		}

		pl_set_str(&name, buf);
		err = apply_entry(f, &name, e);
	}

	return err;
}

/* "moh": {"file": ..., "mode": ..., "connection": ...} */
static int apply_moh(struct ng_flags *f, const struct odict *moh)
{
	int err = 0;

	if (!(f->scope & NG_SDP))
		return 0;

	for (struct le *le = moh->lst.head; le && !err; le = le->next) {

		const struct odict_entry *e = le->data;
		struct pl key, val;

		pl_set_str(&key, e->key);
		err = value_text(f, e, &val);
		if (!err)
			err = ng_moh(f, &key, &val);
		if (err)
			(void)re_snprintf(f->error, sizeof(f->error),
					  "moh: %H: bad value", ng_flag_show,
					  &key);
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
			err = ng_flag_apply_bare(f, &flag);
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

	if (ng_name_eq(&name, "moh") && e->type == ODICT_OBJECT)
		return apply_moh(f, e->u.odict);

	if (ng_name_eq(&name, "sdp-attr") && e->type == ODICT_OBJECT)
		return f->scope & NG_SDP ? ng_sdp_attr(f, e->u.odict) : 0;

	return apply_entry(f, &name, e);
}

/* The word that decides, and accept or reject beside it. What cannot be meant
 * together is not guessed at */
static int resolve_mux(struct ng_flags *f)
{
	const unsigned beside = 1u << RTCPMUX_ACCEPT | 1u << RTCPMUX_REJECT;
	unsigned word = f->rtcp_mux & ~beside;

	f->o.rtcp_mux_accept = f->rtcp_mux & 1u << RTCPMUX_ACCEPT;
	f->o.rtcp_mux_reject = f->rtcp_mux & 1u << RTCPMUX_REJECT;
	if ((f->rtcp_mux & beside) == beside ||
	    (word & 1u << RTCPMUX_DEMUX &&
	     (word != 1u << RTCPMUX_DEMUX || f->o.rtcp_mux_reject))) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "rtcp-mux: these options contradict each "
				  "other");
		return EINVAL;
	}

	if (word & 1u << RTCPMUX_DEMUX)
		f->o.rtcp_mux = RTCPMUX_DEMUX;
	else if (word & 1u << RTCPMUX_REQUIRE)
		f->o.rtcp_mux = RTCPMUX_REQUIRE;
	else if (word & 1u << RTCPMUX_OFFER)
		f->o.rtcp_mux = RTCPMUX_OFFER;
	else if (f->o.rtcp_mux_accept)
		f->o.rtcp_mux = RTCPMUX_ACCEPT;
	else if (f->o.rtcp_mux_reject)
		f->o.rtcp_mux = RTCPMUX_REJECT;

	return 0;
}

/* Wishes that hold only in the light of the SDP or of one another */
static int resolve(struct ng_flags *f)
{
	int err;

	err = resolve_mux(f);
	if (err)
		return err;

	if (f->moh_given && !f->o.moh.on) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "moh: give file, blob or db-id");
		return EINVAL;
	}

	if ((f->o.trigger.end.l || f->o.trigger.on || f->o.trigger.off) &&
	    !f->o.trigger.begin.l) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "DTMF-security-trigger: give trigger");
		return EINVAL;
	}

	if (f->o.guard.delay_ms && f->o.guard.mode == GUARD_TONE) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "DTMF-delay: not with DTMF-security=tone");
		return ENOTSUP;
	}

	if ((f->o.guard.mode == GUARD_DIGIT || f->o.trigger.on == GUARD_DIGIT ||
	     f->o.trigger.off == GUARD_DIGIT) &&
	    !f->digit_given) {
		(void)re_snprintf(f->error, sizeof(f->error),
				  "DTMF-security=DTMF: give digit");
		return EINVAL;
	}

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
	/* rtpengine's of play DTMF */
	f->digit.ms = 250;
	f->digit.pause_ms = 100;
	f->digit.volume = 8;
	f->o.guard.volume = 10;
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

	return err;
}
