/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/command.c  The commands
 */
#include <string.h>
#include <re.h>
#include "base/log.h"
#include "ng/core.h"
#include "ng/flagapply.h"
#include "ng/flags.h"

/* Keys without which a command means nothing */
enum need {
	SDP = 1 << 0,
	CALL_ID = 1 << 1,
	FROM_TAG = 1 << 2,
	TO_TAG = 1 << 3,
};

struct command {
	const char *name;
	enum ng_scope scope;
	unsigned need;
	int (*h)(struct ng *ng, struct ng_flags *f, struct odict *reply);
};

int ng_reply_ok(struct odict *reply)
{
	return odict_entry_add(reply, "result", ODICT_STRING, "ok");
}

int ng_reply_failed(struct odict *reply, int err, const struct media_err *e)
{
	if (err == ENOMEM)
		return ENOMEM;
	if (e && e->msg[0])
		return ng_reply_error(reply, "%s", e->msg);
	if (err == ENOENT)
		return ng_reply_error(reply, "Unknown call-id");

	return ng_reply_error(reply, "%m", err);
}

static int cmd_ping(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	(void)ng;
	(void)f;

	return odict_entry_add(reply, "result", ODICT_STRING, "pong");
}

static int cmd_delete(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	const char *why = "Call-ID not found or tags didn't match";
	int err;

	err = media_delete(ng->media, &f->o.call_id, &f->o.from_tag,
			   &f->o.to_tag, &f->o.via_branch, f->delete_delay,
			   reply);
	if (!err)
		return ng_reply_ok(reply);
	if (err != ENOENT)
		return ng_reply_failed(reply, err, NULL);
	if (f->fatal)
		return ng_reply_error(reply, "%s", why);

	err = odict_entry_add(reply, "warning", ODICT_STRING, why);

	return err ? err : ng_reply_ok(reply);
}

static int cmd_query(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	int err;

	err = media_query(ng->media, &f->o.call_id, &f->o.from_tag,
			  &f->o.to_tag, reply);

	return err ? ng_reply_failed(reply, err, NULL) : ng_reply_ok(reply);
}

static int cmd_list(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	struct odict *calls;
	int err;

	err = odict_alloc(&calls, 64);
	if (err)
		return err;

	err = media_list(ng->media, f->limit, calls);
	if (!err)
		err = odict_entry_add(reply, "calls", ODICT_ARRAY, calls);
	mem_deref(calls);

	return err ? ng_reply_failed(reply, err, NULL) : ng_reply_ok(reply);
}

static int cmd_statistics(struct ng *ng, struct ng_flags *f,
			  struct odict *reply)
{
	struct odict *o;
	int err;

	(void)f;

	err = odict_alloc(&o, 32);
	if (err)
		return err;

	err = media_statistics(ng->media, o);
	if (!err)
		err = odict_entry_add(reply, "statistics", ODICT_OBJECT, o);
	mem_deref(o);

	return err ? ng_reply_failed(reply, err, NULL) : ng_reply_ok(reply);
}

static int record(struct ng *ng, struct ng_flags *f, struct odict *reply,
		  enum media_rec action)
{
	struct media_err e = {""};
	int err;

	err = media_record(ng->media, &f->o.call_id, action, f->o.rec_formats,
			   &f->o.metadata, &e);

	return err ? ng_reply_failed(reply, err, &e) : ng_reply_ok(reply);
}

static int cmd_rec_start(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return record(ng, f, reply, REC_START);
}

static int cmd_rec_stop(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return record(ng, f, reply, f->pause ? REC_PAUSE : REC_STOP);
}

static int cmd_rec_pause(struct ng *ng, struct ng_flags *f, struct odict *reply)
{
	return record(ng, f, reply, REC_PAUSE);
}

static int block(struct ng *ng, struct ng_flags *f, struct odict *reply,
		 bool dtmf, bool on)
{
	struct media_err e = {""};
	struct media_sel sel;
	int err;

	ng_select(&sel, f);
	/* Nobody is named: everybody is meant */
	sel.all = f->all ||
		  (!f->o.from_tag.l && !sa_isset(&f->address, SA_ADDR));

	if (!on)
		f->o.guard = (struct guard){.mode = GUARD_OFF};
	else if (!f->guard_given && !f->o.guard.delay_ms &&
		 !f->o.trigger.begin.l)
		f->o.guard.mode = GUARD_DROP;

	err = dtmf ? media_block_dtmf(ng->media, &sel, &f->o.guard,
				      &f->o.trigger, &e)
		   : media_block(ng->media, &sel, on, &e);

	return err ? ng_reply_failed(reply, err, &e) : ng_reply_ok(reply);
}

static int cmd_block_media(struct ng *ng, struct ng_flags *f,
			   struct odict *reply)
{
	return block(ng, f, reply, false, true);
}

static int cmd_unblock_media(struct ng *ng, struct ng_flags *f,
			     struct odict *reply)
{
	return block(ng, f, reply, false, false);
}

static int cmd_block_dtmf(struct ng *ng, struct ng_flags *f,
			  struct odict *reply)
{
	return block(ng, f, reply, true, true);
}

static int cmd_unblock_dtmf(struct ng *ng, struct ng_flags *f,
			    struct odict *reply)
{
	return block(ng, f, reply, true, false);
}

static const struct command commands[] = {
	{"ping", NG_VIEW, 0, cmd_ping},
	{"offer", NG_OFFER, SDP | CALL_ID | FROM_TAG, ng_offer},
	{"answer", NG_ANSWER, SDP | CALL_ID | FROM_TAG | TO_TAG, ng_answer},
	{"delete", NG_DELETE, CALL_ID, cmd_delete},
	{"query", NG_VIEW, CALL_ID, cmd_query},
	{"list", NG_VIEW, 0, cmd_list},
	{"statistics", NG_VIEW, 0, cmd_statistics},
	{"start recording", NG_RECORD, CALL_ID, cmd_rec_start},
	{"stop recording", NG_RECORD, CALL_ID, cmd_rec_stop},
	{"pause recording", NG_RECORD, CALL_ID, cmd_rec_pause},
	{"block media", NG_BLOCK, CALL_ID, cmd_block_media},
	{"unblock media", NG_BLOCK, CALL_ID, cmd_unblock_media},
	{"block DTMF", NG_BLOCK, CALL_ID, cmd_block_dtmf},
	{"unblock DTMF", NG_BLOCK, CALL_ID, cmd_unblock_dtmf},
	{"silence media", NG_BLOCK, CALL_ID, ng_silence_media},
	{"unsilence media", NG_BLOCK, CALL_ID, ng_unsilence_media},
	{"play media", NG_PLAY, CALL_ID, ng_play_media},
	{"stop media", NG_PLAY, CALL_ID, ng_stop_media},
	{"play DTMF", NG_PLAY, CALL_ID, ng_play_dtmf},
};

/* rtpengine has them, Carom has not: a proxy is told so */
static const char *const not_offered[] = {
	"start forwarding",
	"stop forwarding",
	"publish",
	"subscribe request",
	"subscribe answer",
	"unsubscribe",
	"inject start",
	"inject stop",
	"connect",
	"create",
	"create answer",
	"mesh",
	"cli",
	"transform",
};

static int unknown(const struct pl *name, struct odict *reply)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_offered); i++) {
		if (ng_name_eq(name, not_offered[i]))
			return ng_reply_error(reply,
					      "Command \"%s\" is not offered "
					      "by Carom",
					      not_offered[i]);
	}

	return ng_reply_error(reply, "Unrecognized command");
}

static const char *missing(unsigned need, const struct ng_flags *f)
{
	if (need & SDP && !f->o.sdp.l)
		return "No SDP body (key \"sdp\") in message";
	if (need & CALL_ID && !f->o.call_id.l)
		return "No call-id in message";
	if (need & FROM_TAG && !f->o.from_tag.l)
		return "No from-tag in message";
	if (need & TO_TAG && !f->o.to_tag.l)
		return "No to-tag in message";

	return NULL;
}

static int run(struct ng *ng, const struct command *cmd,
	       const struct odict *req, struct odict *reply)
{
	struct ng_flags *f;
	const char *why;
	int err;

	f = mem_alloc(sizeof(*f), NULL);
	if (!f)
		return ENOMEM;

	err = ng_flags_decode(f, cmd->scope, req);
	log_about(f->o.call_id.p, f->o.call_id.l);
	if (f->warning[0])
		ng_warn(&ng->odd, "call %H: %s", ng_flag_show, &f->o.call_id,
			f->warning);
	if (err) {
		ng_warn(&ng->odd, "%s refused: %s", cmd->name, f->error);
		err = ng_reply_error(reply, "%s", f->error);
	} else if ((why = missing(cmd->need, f))) {
		err = ng_reply_error(reply, "%s", why);
	} else {
		err = cmd->h(ng, f, reply);
	}

	/* A warning of the command's own goes first */
	if (!err && f->warning[0] && !odict_lookup(reply, "warning"))
		err = odict_entry_add(reply, "warning", ODICT_STRING,
				      f->warning);
	log_about(NULL, 0);
	mem_deref(f);

	return err;
}

int ng_command(struct ng *ng, const struct odict *req, struct odict *reply)
{
	const char *str = odict_string(req, "command");
	struct pl name;
	size_t i;

	if (!str)
		return ng_reply_error(reply,
				      "Dictionary contains no key \"command\"");

	pl_set_str(&name, str);

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (ng_name_eq(&name, commands[i].name))
			return run(ng, &commands[i], req, reply);
	}

	return unknown(&name, reply);
}
