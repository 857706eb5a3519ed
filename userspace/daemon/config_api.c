/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the API is served, and to whom */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

enum { PORT = 9650, SOCKET_MAX = 107 };

void config_api_free(struct config_api *a)
{
	for (size_t i = 0; i < a->listenc; i++)
		mem_deref(a->listenv[i].path);
	mem_deref(a->listenv);
	mem_deref(a->certificate);
	mem_deref(a->key);
	mem_deref(a->tokens);
}

bool config_api_is_far(const struct config_api_listen *l)
{
	return !l->path && !sa_is_loopback(&l->addr);
}

static int path_dup(char **dst, const struct config_src *src, const char *key,
		    const char *value)
{
	if (!value)
		return 0;
	if (*value != '/')
		return config_tree_refuse(src->tree, src->e, key,
					  "'%s' is no absolute path", value);

	return str_dup(dst, value);
}

/* Beside the control socket, which each agent has its own of: with the default
 * /run/carom/api.sock, with /run/carom/a.sock /run/carom/a-api.sock */
static int default_socket(char **path, const char *control)
{
	const char *slash = strrchr(control, '/');
	const size_t dir = slash ? (size_t)(slash - control) + 1 : 0;
	const char *name = control + dir;
	const char *dot = strrchr(name, '.');
	const size_t len = dot ? (size_t)(dot - name) : strlen(name);
	const bool plain = len == 7 && !strncmp(name, "control", len);

	return re_sdprintf(path, "%b%b%sapi.sock", control, dir, name,
			   plain ? (size_t)0 : len, plain ? "" : "-");
}

static int fill_default(struct config *c)
{
	struct config_api *a = &c->api;
	int err;

	a->listenv = mem_zalloc(2 * sizeof(*a->listenv), NULL);
	if (!a->listenv)
		return ENOMEM;
	a->listenc = 2;
	err = default_socket(&a->listenv[0].path, c->control);

	return err ? err : sa_set_str(&a->listenv[1].addr, "127.0.0.1", PORT);
}

static bool same(const struct config_api_listen *x,
		 const struct config_api_listen *y)
{
	return x->path && y->path ? !strcmp(x->path, y->path)
				  : !x->path && !y->path &&
					    sa_cmp(&x->addr, &y->addr, SA_ALL);
}

static int add(struct config_api *a, const struct config_src *src, size_t i,
	       const char *s)
{
	struct config_api_listen *l = &a->listenv[i];
	char path[32];
	int err = 0;

	(void)re_snprintf(path, sizeof(path), "api.listen[%zu]", i);
	++a->listenc;
	if (!strncmp(s, "unix:/", 6) && strlen(s + 5) <= SOCKET_MAX)
		err = str_dup(&l->path, s + 5);
	else if (!strncmp(s, "unix:", 5) || config_addr_port(&l->addr, s))
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' is no listener", s);
	for (size_t j = 0; j < i && !err; j++)
		if (same(l, &a->listenv[j]))
			return config_tree_refuse(src->tree, src->e, path,
						  "'%s' twice", s);
	if (!err && config_api_is_far(l) && (!a->certificate || !a->tokens))
		return config_tree_refuse(
			src->tree, src->e, path,
			"'%s' can be reached by other hosts: this takes "
			"api.tls and api.tokens-file",
			s);

	return err;
}

int config_fill_api(struct config *c, const struct config_src *src)
{
	const struct raw_api *r = src->raw->api;
	struct config_api *a = &c->api;
	int err = 0;

	if (r && r->tls) {
		err = path_dup(&a->certificate, src, "api.tls.certificate",
			       r->tls->certificate);
		if (!err)
			err = path_dup(&a->key, src, "api.tls.key",
				       r->tls->key);
	}
	if (!err && r)
		err = path_dup(&a->tokens, src, "api.tokens-file", r->tokens);
	if (err)
		return err;
	if (!r || !config_tree_has(src->tree, "api.listen"))
		return fill_default(c);
	a->given = true;
	if (!r->listenc)
		return 0;
	a->listenv = mem_zalloc(r->listenc * sizeof(*a->listenv), NULL);
	if (!a->listenv)
		return ENOMEM;
	for (size_t i = 0; i < r->listenc && !err; i++)
		err = add(a, src, i, r->listenv[i]);

	return err;
}

static int print_listen(struct re_printf *pf, const struct config_api_listen *l)
{
	char text[sizeof("unix:") + SOCKET_MAX];

	if (!l->path)
		return re_hprintf(pf, "    - \"%J\"\n", &l->addr);
	(void)re_snprintf(text, sizeof(text), "unix:%s", l->path);

	return re_hprintf(pf, "    - %H\n", config_quoted, text);
}

int config_api_print(struct re_printf *pf, const struct config_api *a)
{
	int err = re_hprintf(pf, "api:\n  listen:%s\n",
			     a->listenc ? "" : " []");

	for (size_t i = 0; i < a->listenc && !err; i++)
		err = print_listen(pf, &a->listenv[i]);
	if (!err && a->certificate)
		err = re_hprintf(pf, "  tls:\n    certificate: %H\n",
				 config_quoted, a->certificate);
	if (!err && a->certificate)
		err = re_hprintf(pf, "    key: %H\n", config_quoted, a->key);
	if (!err && a->tokens)
		err = re_hprintf(pf, "  tokens-file: %H\n", config_quoted,
				 a->tokens);

	return err;
}
