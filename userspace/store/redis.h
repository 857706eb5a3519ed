/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file store/redis.h  Inside the Redis backend
 *
 * The store's thread has two connections to the one server that is master:
 * one for commands, one for what other nodes publish. It carries out jobs,
 * asks what the loop wants to know, and brings news for the watches. Names in
 * Redis:
 *
 *   carom:KIND:KEY       the value, with its expiry
 *   carom.index:KIND     sorted set of keys, by when they were first written
 *   carom.node:NAME      who that is, while it is there
 *   carom.version        of all this
 *   carom.changes.DB     channel; notice.h says what is published there
 *
 * KIND is KIND@NODE where records are one node's alone.
 */
#ifndef CAROM_STORE_REDIS_H
#define CAROM_STORE_REDIS_H

#include <pthread.h>
#include <hiredis/hiredis.h>

#include "store/backend.h"
#include "store/redis_url.h"
#include "store/resp.h"

enum {
	REDIS_VERSION = 1,
	REDIS_TIMEOUT = 1000, /* ms: to connect, for an answer, for WAIT      */
	REDIS_PATIENCE =
		3000,       /* ms: how long a job waits for Redis to return */
	REDIS_LEASE = 5000, /* ms: how long a name outlives its node        */
	REDIS_PAGE = 500,   /* records read in one go                       */
	REDIS_SWEPT = 8,    /* kinds whose index is swept                   */
	REDIS_KIND = STORE_KIND_MAX +
		     72, /* bytes of KIND@NODE                */
};

enum redis_state {
	REDIS_NEW, /* it has not been tried yet */
	REDIS_UP,
	REDIS_DOWN,
};

/** What the loop wants to know; lives on the stack of who waits */
struct ask {
	struct le le;
	const struct resp *cmd;
	redisReply *reply;
	int err;
	bool done;
};

enum news_type {
	NEWS_CHANGE, /* published by another node  */
	NEWS_BEGIN,  /* all records of a kind come */
	NEWS_RECORD,
	NEWS_END, /* what did not come is gone  */
};

/** From the thread to the loop; of the C library's memory */
struct news {
	struct le le;
	enum news_type type;
	uint64_t seen; /* our own jobs that were published before this one */
	char kind[STORE_KIND_MAX + 1];
	struct pl key, value; /* behind it; value p NULL: removed */
};

struct redis_sweep {
	char kind[REDIS_KIND];
	unsigned long long cursor;
};

struct redis {
	/* does not change */
	struct redis_url url;
	char *password;
	char node[64], own[64];
	char holder[72]; /* of the node's name */
	char id[20];     /* of this process, in what it publishes */
	char channel[32];
	uint64_t hash_key[2]; /* keys and values come from outside: nobody is to
				 choose which look alike */
	unsigned replicas;
	bool readonly;
	struct queue *q;

	/* the thread's */
	redisContext *c, *sub;
	size_t at; /* which address */
	uint64_t next_try, checked;
	uint64_t score;    /* of the index, the last one given */
	uint64_t seen;     /* highest of our jobs' numbers that was published */
	uint64_t finished; /* highest that was done, however                  */
	struct list todo;
	struct resp out;
	struct redis_sweep sweepv[REDIS_SWEPT];
	size_t sweepc, sweep_at;
	uint64_t resync_at; /* ms: when everything is to be read again; 0: no */
	bool fresh;         /* nothing is known of what was published before */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t cond;  /* state, asks     */
	enum redis_state state;
	int err; /* why it is down, for store_open() */
	char why[256];
	struct list asks, news;
	char (*watchedv)[STORE_KIND_MAX + 1];
	size_t watchedc;
	bool watched;       /* the thread has not looked at them yet */
	uint64_t seen_last; /* seen, after all of the news            */

	/* the loop's */
	char reason[256]; /* a copy of why */
	struct list watches;
	struct hash *pending; /* keys of watched kinds that we write */
	struct list pendings; /* the same, the oldest first          */
	uint64_t seq;
	uint64_t begun; /* seen, when a resync began */
	bool syncing;
};

/* ---- any thread ---------------------------------------------------------- */

/** KIND, or KIND@NODE */
const char *redis_kind(const struct redis *r, const char *kind,
		       char buf[REDIS_KIND]);
bool redis_is_own(const struct redis *r, const char *kind);

void redis_cmd_record(struct resp *cmd, const char *kind, const struct pl *key);
void redis_cmd_index(struct resp *cmd, const char *kind);

uint64_t redis_hash(const struct redis *r, const struct pl *pl);

/* ---- the thread (redis_work.c, redis_conn.c, redis_lease.c, redis_job.c,
 * redis_sync.c) ---- */

void redis_work(void *arg);

bool redis_connect(struct redis *r);
/** Begin to listen anew; what was published meanwhile is not known */
void redis_resubscribe(struct redis *r);
/** Close, and say why; the next attempt comes after a moment */
void redis_disconnect(struct redis *r, int err, const char *why);
/** Send commands, and await one reply. NULL: it is disconnected */
redisReply *redis_ask(struct redis *r, const struct resp *cmd);
/** Every second or so: it is still there, and still master */
void redis_check(struct redis *r);

/** Who we are, when it comes to names. @return 0, or an error */
int redis_lease_alloc(struct redis *r);
/** Take the node's name, or keep it. @return 0, EBUSY, EIO, with a reason */
int redis_lease_take(struct redis *r, char *why, size_t size);
/** Let others have it */
void redis_lease_leave(struct redis *r);

/** Carry out what waits, with what was queued by now. @return false when the
 * connection was lost, or is not there */
bool redis_do_jobs(struct redis *r);
bool redis_flush(struct redis *r);
/** Give up what has waited too long, or all */
void redis_give_up(struct redis *r, bool all);

/** Take what was published */
void redis_listen(struct redis *r);
/** Read everything that is watched */
void redis_resync(struct redis *r);
/** Take expired keys out of an index, some each time */
void redis_sweep(struct redis *r);

/* ---- the loop (redis.c, redis_open.c, redis_watch.c, redis_pending.c) ----- */

/** Wait for an answer. @return 0, EAGAIN (Redis is away), ENOMEM, EIO */
int redis_wait(struct redis *r, const struct resp *cmd, redisReply **reply);

/** A record of a watched kind is written by us, or was handed out by
 * store_each(): not news any more. seq 0: the latter */
void redis_known(struct redis *r, const struct store_op *op, uint64_t seq);

/** What we write with a job of that number, is it newer than a notice by which
 * so many of ours had been heard? */
void redis_pending_set(struct redis *r, const char *kind, const struct pl *key,
		       uint64_t seq);
bool redis_pending(const struct redis *r, const char *kind,
		   const struct pl *key, uint64_t seen);
void redis_pending_forget(struct redis *r, uint64_t seen);

/** It failed, and may have been done nevertheless: what a watch is told next of its
 * records is news, whatever it is */
void redis_doubt(const struct job *job, void *arg);

/** Tell the watches */
void redis_told(void *arg);

int redis_watch_alloc(void **wp, struct redis *r, const char *kind,
		      store_change_h *h, void *arg);

#endif
