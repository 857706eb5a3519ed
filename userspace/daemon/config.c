/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <cyaml/cyaml.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

enum { FILE_MAX = 1 << 20 };

static void destructor(void *data)
{
	struct config *c = data;
	size_t i;

	mem_deref(c->user);
	mem_deref(c->pin_dir);
	mem_deref(c->store_path);
	mem_deref(c->store_password);
	mem_deref(c->control);
	for (i = 0; i < c->devicec; i++)
		mem_deref(c->devicev[i]);
	mem_deref(c->devicev);
	for (i = 0; i < c->media.ifacec; i++)
		mem_deref((void *)c->media.ifacev[i].name);
	mem_deref((void *)c->media.ifacev);
	mem_deref((void *)c->media.recording_dir);
	mem_deref((void *)c->media.sound_dir);
	mem_deref((void *)c->media.dtls_file);
	mem_deref((void *)c->media.turn.username);
	mem_deref((void *)c->media.turn.password);
	mem_deref((void *)c->media.turn.secret);
	mem_deref((void *)c->media.turn.iface);
	mem_deref(c->ngv);
	mem_deref(c->metricsv);
	mem_deref(c->node);
	config_api_free(&c->api);
	config_providers_free(&c->providers);
	config_sip_free(&c->sip);
	mem_deref(c->hep.node_name);
	mem_deref(c->hep.password);
	mem_deref(c->hep.ca);
	config_registrar_free(&c->registrar);
	config_presence_free(&c->presence);
}

static int read_file(struct mbuf *mb, const char *path, struct config_err *e)
{
	FILE *f;
	int err = 0;

	f = fopen(path, "re");
	if (!f) {
		err = errno;
		goto out;
	}

	while (!err && mb->end < FILE_MAX) {
		uint8_t buf[4096];
		const size_t n = fread(buf, 1, sizeof(buf), f);

		if (!n)
			break;
		err = mbuf_write_mem(mb, buf, n);
	}
	if (!err && ferror(f))
		err = errno ? errno : EIO;
	else if (!err && mb->end >= FILE_MAX)
		err = EFBIG;
	(void)fclose(f);

out:
	if (err)
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s: %m", path, err);

	return err;
}

/* The tree was checked by the same schema: what libcyaml refuses still is a
 * case that the check missed, and its own words are better than none */
static void cyaml_says(cyaml_log_t level, void *arg, const char *fmt,
		       va_list ap)
{
	struct config_err *e = arg;
	char text[sizeof(e->msg) / 2];
	size_t len;

	if (level < CYAML_LOG_ERROR || strstr(e->msg, "; ") ||
	    !strncmp(fmt, "Load: Backtrace", 15))
		return;

	if (vsnprintf(text, sizeof(text), fmt, ap) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';

	len = strlen(e->msg);
	(void)re_snprintf(e->msg + len, sizeof(e->msg) - len, " %s;", text);
}

static const cyaml_config_t cyaml = {
	.mem_fn = cyaml_mem,
	.log_level = CYAML_LOG_ERROR,
};

static int load_raw(struct raw_config **rawp, const char *path,
		    const struct mbuf *mb, struct config_err *e)
{
	struct config_err said;
	cyaml_config_t conf = cyaml;
	cyaml_err_t rc;

	(void)re_snprintf(said.msg, sizeof(said.msg), "%s:", path);
	conf.log_fn = cyaml_says;
	conf.log_ctx = &said;

	rc = cyaml_load_data(mb->buf, mb->end, &conf, &config_schema,
			     (cyaml_data_t **)rawp, NULL);
	if (rc == CYAML_OK && *rawp)
		return 0;

	*e = said;

	return rc == CYAML_ERR_OOM ? ENOMEM : EBADMSG;
}

static int fill(struct config *c, const struct config_src *src)
{
	int err;

	err = config_fill(c, src);
	if (!err)
		err = config_fill_media(c, src);
	if (!err)
		err = config_fill_turn(c, src);
	if (!err)
		err = config_fill_ng(c, src);
	if (!err)
		err = config_fill_metrics(c, src);
	if (!err)
		err = config_fill_api(c, src);
	if (!err)
		err = config_fill_sip(c, src);
	if (!err)
		err = config_fill_hep(c, src);
	if (!err)
		err = config_fill_providers(c, src);
	if (!err)
		err = config_fill_registrar(c, src);
	if (!err)
		err = config_fill_presence(c, src);
	if (!err)
		err = config_check_ports(c, src);

	return err;
}

int config_load(struct config **cp, const char *path, struct config_err *e)
{
	struct raw_config *raw = NULL;
	struct config_tree *tree = NULL;
	struct config_src src;
	struct config_err none;
	struct config *c = NULL;
	struct mbuf *mb;
	struct pl text;
	int err;

	if (!cp || !path)
		return EINVAL;

	e = e ? e : &none;
	e->msg[0] = '\0';

	mb = mbuf_alloc(4096);
	c = mem_zalloc(sizeof(*c), destructor);
	if (!mb || !c) {
		err = ENOMEM;
		goto out;
	}

	err = read_file(mb, path, e);
	if (err)
		goto out;

	text.p = (const char *)mb->buf;
	text.l = mb->end;

	err = config_tree_parse(&tree, path, &text, e);
	if (!err)
		err = config_tree_check(tree, e);
	if (!err)
		err = load_raw(&raw, path, mb, e);
	if (err)
		goto out;

	src.raw = raw;
	src.tree = tree;
	src.e = e;
	err = fill(c, &src);

out:
	if (err == ENOMEM)
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s: %m", path, err);
	if (raw)
		(void)cyaml_free(&cyaml, &config_schema, raw, 0);
	mem_deref(tree);
	mem_deref(mb);
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}
