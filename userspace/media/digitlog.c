/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/digitlog.c  Lines of JSON about digits, in datagrams
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/digits.h"
#include "media/dtmfinfo.h"
#include "rtp/event.h"

enum { V4, V6, FAMILIES, QUIET_MS = 60000 };

struct digitlog {
	int fdv[FAMILIES]; /* -1: not needed yet */
	uint64_t warned;   /* ms */
};

static void destructor(void *arg)
{
	struct digitlog *l = arg;

	for (unsigned i = 0; i < FAMILIES; i++) {
		if (l->fdv[i] >= 0)
			(void)close(l->fdv[i]);
	}
}

int digitlog_alloc(struct digitlog **lp)
{
	struct digitlog *l = mem_zalloc(sizeof(*l), destructor);

	if (!l)
		return ENOMEM;
	for (unsigned i = 0; i < FAMILIES; i++)
		l->fdv[i] = -1;
	*lp = l;

	return 0;
}

static int send_line(struct digitlog *l, const struct sa *to, const char *line)
{
	int *fd = &l->fdv[sa_af(to) == AF_INET6 ? V6 : V4];

	if (*fd < 0)
		*fd = socket(sa_af(to),
			     SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return errno;

	return sendto(*fd, line, strlen(line), 0, &to->u.sa, to->len) < 0
		       ? errno
		       : 0;
}

static int put_tags(struct odict *o, const struct media_call *c)
{
	struct odict *arr;
	unsigned n = 0;
	int err = dict_add(&arr, o, "tags", ODICT_ARRAY);

	for (struct le *le = list_head(&c->parties); le && !err;
	     le = le->next) {
		const struct party *p = le->data;
		char key[16];

		if (!p->tag)
			continue;
		(void)re_snprintf(key, sizeof(key), "%u", n++);
		err = dict_str(arr, key, p->tag);
	}

	return err;
}

/* A proxy whose other end takes INFO alone has its body ready */
static int put_info(struct odict *o, const struct bridge_heard *d)
{
	const struct dtmfinfo info = {.event = d->event, .ms = d->ms};
	char body[64];

	if (d->event >= EVENT_DIGITS ||
	    re_snprintf(body, sizeof(body), "%H", dtmfinfo_print, &info) < 0)
		return 0;

	return dict_str(o, "sip_info", body);
}

static int print_line(char **line, const struct stream *s,
		      const struct bridge_heard *d)
{
	const struct party *p = s->party;
	const struct sa src = stream_whereabouts(s, 0);
	struct odict *o;
	char ip[64];
	int err;

	err = odict_alloc(&o, 16);
	if (err)
		return err;
	(void)re_snprintf(ip, sizeof(ip), "%j", &src);
	err |= dict_str(o, "callid", p->call->id);
	err |= dict_str(o, "source_tag", p->tag ? p->tag : "");
	err |= put_tags(o, p->call);
	err |= dict_str(o, "type", "DTMF");
	err |= dict_int(o, "timestamp", (uint64_t)time(NULL));
	err |= dict_str(o, "source_ip", ip);
	err |= dict_int(o, "event", d->event);
	err |= dict_int(o, "duration", d->ms);
	err |= dict_int(o, "volume", d->volume);
	err |= put_info(o, d);
	if (!err)
		err = re_sdprintf(line, "%H", json_encode_odict, o);
	mem_deref(o);

	return err;
}

void digitlog_send(struct digitlog *l, const struct stream *s,
		   const struct bridge_heard *d)
{
	const struct media_call *c = s->party->call;
	const struct sa *to = sa_isset(&c->dtmf_log, SA_ALL)
				      ? &c->dtmf_log
				      : &c->m->conf.dtmf_log;
	char *line = NULL;
	int err;

	if (!sa_isset(to, SA_ALL))
		return;
	err = print_line(&line, s, d);
	if (!err && line)
		err = send_line(l, to, line);
	if (err && (!l->warned || media_now() - l->warned > QUIET_MS)) {
		log_warn("media: DTMF of call %s cannot be logged to %J: %m",
			 c->id, to, err);
		l->warned = media_now();
	}
	mem_deref(line);
}
