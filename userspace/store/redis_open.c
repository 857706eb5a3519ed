/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/redis.h"

static void destructor(void *data)
{
	struct redis *r = data;
	struct le *le;

	mem_deref(r->q); /* ends the thread */
	if (r->c)
		redisFree(r->c);
	if (r->sub)
		redisFree(r->sub);
	while ((le = r->news.head)) {
		void *news = le->data;

		list_unlink(le);
		free(news);
	}
	hash_flush(r->pending);
	mem_deref(r->pending);
	resp_free(&r->out);
	free(r->watchedv);
	mem_deref(r->password);
	(void)pthread_cond_destroy(&r->cond);
	(void)pthread_mutex_destroy(&r->lock);
}

static int read_password(struct redis *r, const char *path)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f || (!fgets(line, sizeof(line), f) && ferror(f)))
		err = errno;
	if (f)
		(void)fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (!err && !*line)
		err = EINVAL;
	if (err)
		log_error("store-password: %s: %m", path, err);
	else
		err = str_dup(&r->password, line);
	explicit_bzero(line, sizeof(line));

	return err;
}

static int configure(struct redis *r, const struct store_conf *conf)
{
	const char *why = "";
	int err;

	err = redis_url_decode(&r->url, conf->path, &why);
	if (err) {
		log_error("store: %s: %s", conf->path, why);
		return err;
	}
	r->readonly = conf->readonly;
	r->replicas = conf->replicas;
	str_ncpy(r->own, conf->own ? conf->own : "", sizeof(r->own));
	if (conf->node)
		str_ncpy(r->node, conf->node, sizeof(r->node));
	else if (gethostname(r->node, sizeof(r->node) - 1))
		return errno;
	r->hash_key[0] = rand_u64();
	r->hash_key[1] = rand_u64();
	(void)re_snprintf(r->id, sizeof(r->id), "%016llx", rand_u64());
	(void)re_snprintf(r->channel, sizeof(r->channel), "carom.changes.%u",
			  r->url.db);

	return conf->password_file ? read_password(r, conf->password_file) : 0;
}

/* Until it was tried once, at every address, and once more after a lease that a
 * node may have left behind */
static int wait_first(struct redis *r)
{
	const uint64_t end = tmr_jiffies() + REDIS_LEASE + REDIS_TIMEOUT;
	int err;

	(void)pthread_mutex_lock(&r->lock);
	while (r->state == REDIS_NEW ||
	       (r->state == REDIS_DOWN && r->err == EBUSY &&
		tmr_jiffies() < end))
		(void)pthread_cond_wait(&r->cond, &r->lock);
	err = r->state == REDIS_UP ? 0 : r->err;
	(void)pthread_mutex_unlock(&r->lock);

	return err;
}

int redis_alloc(void **bp, const struct store_conf *conf)
{
	struct redis *r;
	int err;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->cond, NULL);

	err = configure(r, conf);
	if (!err)
		err = redis_lease_alloc(r);
	if (!err)
		err = hash_alloc(&r->pending, 8192);
	if (!err)
		err = queue_alloc(&r->q, 0, redis_work, redis_told, r);
	if (!err)
		queue_failh(r->q, redis_doubt);
	if (!err)
		err = queue_start(r->q, !r->readonly);
	if (!err)
		err = wait_first(r);

	if (err)
		mem_deref(r);
	else
		*bp = r;

	return err;
}
