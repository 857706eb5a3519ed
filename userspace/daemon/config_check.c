/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections that stand for themselves: log, user, paths, devices, and the
 * plain numbers of media */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "plane/plane.h"

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.-";

/* What useradd takes; "~" and "null" are what a YAML user writes for none */
static int fill_user(struct config *c, const struct config_src *src)
{
	const char *s = src->raw->user;

	if (!s)
		return 0;

	if (strlen(s) > 32 || strspn(s, name_chars) != strlen(s) || *s == '-')
		return config_tree_refuse(src->tree, src->e, "user",
					  "'%s' is no user name", s);

	return str_dup(&c->user, s);
}

/* The host's name, where it is one for us */
static int fill_node(struct config *c, const struct config_src *src)
{
	const char *s = src->raw->node;
	char host[64] = "";

	if (!s) {
		(void)gethostname(host, sizeof(host) - 1);
		s = *host && !host[strspn(host, name_chars)] ? host : "node";
	}
	if (!*s || strlen(s) > 63 || s[strspn(s, name_chars)])
		return config_tree_refuse(src->tree, src->e, "node",
					  "'%s' is no name of a node", s);

	return str_dup(&c->node, s);
}

int config_fill_path(char **out, const struct config_src *src, const char *key,
		     const char *value, const char *def)
{
	if (value && (*value != '/' || strlen(value) > 200))
		return config_tree_refuse(src->tree, src->e, key,
					  "'%s' is no absolute path of at most "
					  "200 characters",
					  value);

	return str_dup(out, value ? value : def);
}

static int fill_device(struct config *c, const struct config_src *src, size_t i)
{
	const char *s = src->raw->devicev[i];
	char path[32];
	size_t j;

	(void)re_snprintf(path, sizeof(path), "devices[%zu]", i);

	/* as the kernel's dev_valid_name() */
	if (strlen(s) > 15 || strpbrk(s, "/: \t\n\v\f\r") || !strcmp(s, ".") ||
	    !strcmp(s, ".."))
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' is no device name", s);

	for (j = 0; j < i; j++) {
		if (!strcmp(c->devicev[j], s))
			return config_tree_refuse(src->tree, src->e, path,
						  "'%s' twice", s);
	}

	c->devicec = i + 1;

	return str_dup(&c->devicev[i], s);
}

static int fill_devices(struct config *c, const struct config_src *src)
{
	size_t i;
	int err = 0;

	if (!src->raw->devicec)
		return 0;

	c->devicev = mem_zalloc(src->raw->devicec * sizeof(*c->devicev), NULL);
	if (!c->devicev)
		return ENOMEM;

	for (i = 0; i < src->raw->devicec && !err; i++)
		err = fill_device(c, src, i);

	return err;
}

/* A number of the file, or the rule's default */
static uint32_t number(const uint32_t *value, const char *path)
{
	return value ? *value : config_rule(path)->def;
}

static int fill_dscp(struct media_conf *m, const struct config_src *src)
{
	const char *s = src->raw->media->dscp;
	unsigned long n;
	char *end;

	m->dscp = -1;
	if (!s || !strcmp(s, "keep"))
		return 0;

	n = strtoul(s, &end, 10);
	if (*end || *s < '0' || *s > '9' || n > config_rule("media.dscp")->max)
		return config_tree_refuse(src->tree, src->e, "media.dscp",
					  "'%s' is no DSCP", s);

	m->dscp = (int)n;

	return 0;
}

static int fill_numbers(struct config *c, const struct config_src *src)
{
	const struct raw_media *r = src->raw->media;
	struct media_conf *m = &c->media;

	c->ttl = (int)number(r->ttl, "media.ttl");
	m->timeout = number(r->timeout, "media.timeout");
	m->silent_timeout = number(r->silent_timeout, "media.silent-timeout");
	m->final_timeout = number(r->final_timeout, "media.final-timeout");
	m->offer_timeout = number(r->offer_timeout, "media.offer-timeout");
	m->delete_delay = number(r->delete_delay, "media.delete-delay");
	m->latch_window = number(r->latch_window, "media.latch-window");
	m->latch_grace = number(r->latch_grace, "media.latch-grace");
	m->max_sessions = number(r->max_sessions, "media.max-sessions");
	m->worker_priority = number(r->worker_priority,
				    "media.worker-priority");
	m->max_load = number(r->max_load, "media.max-load");
	m->max_bandwidth = number(r->max_bandwidth, "media.max-bandwidth");
	m->jitter_buffer = number(r->jitter_buffer, "media.jitter-buffer");
	m->moh_max_duration = number(r->moh_max_duration,
				     "media.moh-max-duration");
	m->moh_max_repeats = number(r->moh_max_repeats,
				    "media.moh-max-repeats");
	m->workers = number(r->workers, "media.workers");
	m->sockets = r->sockets ? *r->sockets : PLANE_AUTO;
	m->ice_full = r->ice && *r->ice;
	m->ssrc_substitute = r->ssrc && *r->ssrc;

	/* a short window alone shortens the grace that it holds */
	if (!r->latch_grace && m->latch_grace > m->latch_window)
		m->latch_grace = m->latch_window;
	if (m->latch_grace > m->latch_window)
		return config_tree_refuse(src->tree, src->e,
					  "media.latch-grace",
					  "%u ms is longer than latch-window, "
					  "%u ms",
					  m->latch_grace, m->latch_window);

	return fill_dscp(m, src);
}

int config_fill(struct config *c, const struct config_src *src)
{
	const struct raw_config *r = src->raw;
	char *dir = NULL, *sounds = NULL, *dtls = NULL;
	int err;

	c->log_level = r->log && r->log->level
			       ? (enum log_level) * r->log->level
			       : LOG_INFO;

	err = fill_user(c, src);
	if (!err)
		err = fill_node(c, src);
	if (!err)
		err = config_fill_path(&c->pin_dir, src, "pin-dir", r->pin_dir,
				       CAROM_PIN_DIR);
	if (!err)
		err = config_fill_store(c, src);
	if (!err)
		err = config_fill_path(&c->control, src, "control", r->control,
				       CONTROL_PATH);
	if (!err)
		err = config_fill_path(&dir, src, "media.recording-dir",
				       r->media->recording_dir,
				       "/var/lib/carom/recordings");
	c->media.recording_dir = dir;
	if (!err)
		err = config_fill_path(&sounds, src, "media.sound-dir",
				       r->media->sound_dir,
				       "/usr/share/carom/sounds");
	c->media.sound_dir = sounds;
	if (!err)
		err = config_fill_path(&dtls, src, "media.dtls-certificate",
				       r->media->dtls_file,
				       "/var/lib/carom/dtls.pem");
	c->media.dtls_file = dtls;
	if (!err)
		err = fill_devices(c, src);
	if (!err)
		err = fill_numbers(c, src);

	return err;
}
