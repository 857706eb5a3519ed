/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures for Prometheus, by HTTP */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>

#include "base/log.h"
#include "daemon/scrape.h"
#include "fastpath/fastpath.h"
#include "metrics/metrics.h"

struct listening {
	struct http_sock *sock;
};

struct scrape {
	struct fp *fp;
	scrape_figures_h *h;
	void *arg;
	struct listening *v;
	size_t n;
};

static void destructor(void *arg)
{
	struct scrape *s = arg;

	for (size_t i = 0; i < s->n; i++)
		mem_deref(s->v[i].sock);
	mem_deref(s->v);
	mem_deref(s->fp);
}

static int print(struct mbuf *mb, const struct scrape *s)
{
	struct odict *figures = NULL;
	int err = odict_alloc(&figures, 8);

	if (!err)
		err = s->h(figures, s->arg);
	if (!err)
		err = metrics_print(mb, s->fp, figures);
	mem_deref(figures);

	return err;
}

static void answer(struct http_conn *conn, const struct scrape *s)
{
	struct mbuf *mb = mbuf_alloc(16384);
	int err = mb ? print(mb, s) : ENOMEM;

	if (err)
		(void)http_ereply(conn, 500, "Internal Server Error");
	else
		(void)http_creply(conn, 200, "OK", METRICS_TYPE, "%b", mb->buf,
				  mb->end);
	if (err)
		log_warn("metrics: %m", err);
	mem_deref(mb);
}

static void request(struct http_conn *conn, const struct http_msg *msg,
		    void *arg)
{
	const struct scrape *s = arg;

	if (pl_strcasecmp(&msg->path, "/metrics"))
		(void)http_ereply(conn, 404, "Not Found");
	else if (pl_strcmp(&msg->met, "GET"))
		(void)http_ereply(conn, 405, "Method Not Allowed");
	else
		answer(conn, s);
}

int scrape_alloc(struct scrape **sp, const struct sa *addrv, size_t n,
		 struct fp *fp, scrape_figures_h *h, void *arg)
{
	struct scrape *s;
	int err = 0;

	if (!sp || (!addrv && n) || !fp || !h)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->fp = mem_ref(fp);
	s->h = h;
	s->arg = arg;
	s->v = mem_zalloc((n + 1) * sizeof(*s->v), NULL);
	if (!s->v)
		err = ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		err = http_listen(&s->v[i].sock, &addrv[i], request, s);
		if (err)
			log_error("metrics: cannot listen at %J: %m", &addrv[i],
				  err);
		else
			++s->n;
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}
