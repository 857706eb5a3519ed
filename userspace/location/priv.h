/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file location/priv.h  What the table is made of; inside this room alone
 *
 * An AOR has a chain of entries. An entry is one allocation: its figures, its
 * address packed, and its texts one behind the other. It hangs in a wheel of one
 * slot a second, so that nothing has a timer of its own.
 */
#ifndef CAROM_LOCATION_PRIV_H
#define CAROM_LOCATION_PRIV_H

#include "location/location.h"

enum { WHEEL = 8192 /**< slots; who expires later is passed by */ };

/** Texts of an entry, in the order in which they lie there */
enum text {
	TEXT_ID = 0,
	TEXT_URI, /**< empty: the same as the id                          */
	TEXT_INSTANCE,
	TEXT_PATH,
	TEXT_CALLID,
	TEXT_AGENT,
	TEXTS
};

struct entry {
	struct entry *next; /**< of the AOR, in no order                   */
	struct aor *aor;
	struct entry *wheel, **wheelp; /**< next in the slot, who points here */
	uint32_t since, refreshed, expires;
	uint32_t cseq, reg_id, rtt;
	uint16_t q;
	uint16_t port; /**< of the address, host order                    */
	uint16_t lenv[TEXTS];
	uint8_t addr[16];
	uint8_t v6 : 1, direct : 1, transp : 3, elsewhere : 1, moved : 1;
	uint8_t failed;
	char text[];
};

struct aor {
	struct aor *next; /**< in the bucket                              */
	struct entry *first;
	uint32_t hash;
	uint32_t busy : 1; /**< a change is under way                     */
	uint32_t count : 31;
	uint16_t len;
	char name[];
};

struct location {
	struct store *store;
	struct store_watch *watch;
	char node[LOCATION_NODE + 1]; /**< "": no other has this store       */
	uint64_t (*now)(void);
	uint64_t key[2]; /**< of the hash                                  */
	struct aor **bucketv;
	uint32_t mask;
	size_t aorc, entryc, bytes;
	struct entry *wheelv[WHEEL];
	uint32_t wheel_at; /**< s, the last that has been looked at         */
	struct tmr tick;
	struct list watchl;
	struct list changel; /**< under way                               */
	struct mbuf *mb;     /**< what is written to the store            */
};

/* table.c */
struct aor *aor_find(const struct location *l, const struct pl *name);
struct aor *aor_get(struct location *l, const struct pl *name);
/** Goes, if it has no entries and no change */
void aor_put(struct location *l, struct aor *a);
struct entry *entry_find(const struct aor *a, const struct pl *id);
void entry_add(struct location *l, struct aor *a, struct entry *e);
/** Out of its AOR and of the wheel; the caller's from now on */
void entry_out(struct location *l, struct entry *e);

/* entry.c */
int entry_alloc(struct entry **ep, const struct binding *b);
/** Is the phone reached another way, or preferred otherwise? */
bool entry_moved(const struct entry *old, const struct entry *e);
/** @param b  Filled; texts are the entry's */
void entry_view(struct binding *b, const struct entry *e);

/* record.c: an entry as the store has it */
int record_key(struct mbuf *mb, const struct pl *aor, const struct pl *id);
int record_key_parse(struct pl *aor, struct pl *id, const struct pl *key);
/** @param node  Whose it is from now on; "": there is only one */
int record_print(struct mbuf *mb, const struct binding *b, const char *node);
/** Texts point into the record. @param node  Whose are not elsewhere's; "": all are
 *  not. @return 0, EBADMSG */
int record_parse(struct binding *b, const struct pl *record, const char *node);

/* wheel.c */
void wheel_add(struct location *l, struct entry *e);
void wheel_remove(struct entry *e);
void wheel_start(struct location *l);

/* watch.c */
void watch_tell(const struct location *l, enum location_event ev,
		const struct entry *e);
void watch_close(struct location *l);

/* change.c */
struct step {
	enum location_event event;
	struct entry *e; /**< to be put; NULL: to be removed               */
	char *id;        /**< of what is to be removed                     */
};

/** Into the table, and told. Takes the entry */
void change_step(struct location *l, struct aor *a, struct step *s);
/** What is to wait for the change of the AOR that is under way; NULL: there is none */
struct list *change_held(const struct location *l, const struct aor *a);
void change_close(struct location *l);

/* foreign.c */
/** What was held */
void foreign_catch_up(struct location *l, struct aor *a,
		      const struct list *heldl);
/** Another node has changed it (store_change_h) */
void change_foreign(const char *kind, const struct pl *key,
		    const struct pl *value, void *arg);

#endif
