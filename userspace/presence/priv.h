/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file presence/priv.h  What the room is made of; inside it alone
 */
#ifndef CAROM_PRESENCE_PRIV_H
#define CAROM_PRESENCE_PRIV_H

#include "presence/presence.h"
#include "presence/xml.h"

#define SUB_KIND "subscription"
#define PUB_KIND "publication"
#define BOX_KIND "mailbox"

enum {
	AOR = LOCATION_AOR,
	ETAG = 17,       /**< bytes of an entity-tag, and its zero           */
	RETRY_AFTER = 5, /**< s                                            */
	TEXT = 1024,     /**< bytes of a header that is kept                */
};

struct guests;

/** The room, for who is called back later; p NULL: it is gone */
struct life {
	struct presence *p;
};

struct presence {
	struct life *life;
	struct presence_conf conf;
	char *domainv[PRESENCE_DOMAINS];
	char *realm;
	struct verify *verify;
	struct sip_node *node;
	struct store *store;
	struct store_watch
		*watchv[2]; /**< publications, mailboxes of other nodes */
	struct location *loc;
	struct location_watch *locw;
	struct events *events;
	struct guests *guests;
	struct hash *resources; /**< struct res                            */
	struct hash *subs;      /**< struct sub, by our tag                */
	struct list lists;      /**< struct roster                          */
	struct tmr sweep;       /**< looks at who has expired               */
	struct presence_stats stats;
};

/** A list, as it is configured */
struct roster {
	struct le le;
	char *aor;
	char **v; /**< its members                                        */
	size_t n;
};

/** One of a list's */
struct member {
	struct res *res; /**< NULL: of another domain, it has no state here */
};

/** A call that was told by presence_dialog() */
struct own {
	struct le le;
	char *id;
	char *text; /**< the element "dialog"                              */
	bool confirmed, over;
};

/** A dialog, as subscribers are told of it */
struct line {
	struct le le;
	char *id, *text;
	uint64_t gen;  /**< res.gen when it changed last                    */
	uint64_t gone; /**< s, when it ended; 0: it is there                */
	bool seen;     /**< while the list is made anew                     */
};

/** The event state of an AOR */
struct res {
	struct le he;
	struct presence *p;
	enum presence_package pkg;
	char *aor;
	struct list pubs;  /**< struct pub, the last one first              */
	struct list subs;  /**< struct sub                                  */
	struct list owns;  /**< struct own                                  */
	struct list lines; /**< struct line: of dialog                      */
	struct presence_mailbox box;
	bool boxed; /**< box is set                                       */
	unsigned pending; /**< changes that are being written               */
	unsigned listed;  /**< lists that have it                          */
	struct roster *roster; /**< it is a list; NULL: it is none            */
	struct member *members; /**< of it                                  */
	uint64_t gen; /**< grows with each change                           */
	uint64_t hash, hash_gen; /**< of the state as it was at that gen */
};

/** A publication */
struct pub {
	struct le le;
	struct res *res;
	char etag[ETAG];
	uint64_t expires; /**< s; 0: never                                  */
	char *body;
	struct xml *xml; /**< NULL: the package has none                    */
	bool leaving;    /**< its end is being written                      */
};

/** What is to become of a subscription */
enum sub_end {
	SUB_STAYS = 0,
	SUB_TIMEOUT,
	SUB_NORESOURCE,
	SUB_DEACTIVATED,
	SUB_REJECTED,
};

struct sub {
	struct le he, le;
	struct presence *p;
	struct res *res;
	char *tag, *rtag, *callid;
	char *local, *remote; /**< To and From of the SUBSCRIBE, without tags */
	char *contact, *route, *event_id; /**< or NULL                      */
	char *ours;                       /**< our Contact's URI            */
	struct sip_flow flow;             /**< as it came                   */
	bool by_flow;  /**< it can be reached by that alone                  */
	bool guest;    /**< nobody knows who it is of                       */
	bool unproven; /**< and its first NOTIFY has not been answered      */
	struct sa src; /**< of that one: where its SUBSCRIBE came from      */
	uint32_t rcseq, lcseq, version;
	uint64_t expires;
	uint64_t told; /**< res.gen that it was told last; 0: nothing        */
	uint64_t hash; /**< of the body that it was told last                */
	enum sub_end end;
	/* of a NOTIFY under way */
	bool answered; /**< its SUBSCRIBE; nobody is told before             */
	bool busy;   /**< it is written down, or its answer is awaited       */
	bool due;    /**< another one is to follow                          */
	bool must;   /**< whatever the state is                             */
	bool last;   /**< it ends the subscription                          */
	bool listed; /**< its body is that of a list                         */
	bool again;  /**< it went by TCP, and may go by UDP                 */
	uint64_t sent; /**< ms, when the last one was                       */
	struct mbuf *body;
	struct sip_ask *ask;
	struct tmr tmr;
};

/** A SUBSCRIBE or PUBLISH that is looked at */
struct req {
	struct presence *p;
	const struct sip_in *in;
	enum presence_package pkg;
	struct pl event_id;
	struct pl aor; /**< whose state                                  */
	struct pl
		user; /**< From: who asks, "user@domain"; unset: no user of ours */
	char aorbuf[AOR + 1], userbuf[AOR + 1];
	bool has_expires;
	uint32_t expires;
	bool guest; /**< nobody has been asked who he is                    */
};

/* package.c */

struct package {
	const char *name;
	const char *type;  /**< of a NOTIFY's body                          */
	const char *takes; /**< of a PUBLISH's; NULL: nobody publishes       */
	const char *root, *ns; /**< of an XML body; NULL: it is none         */
	bool self; /**< for the AOR alone                                  */
	/** Body for a subscriber; s NULL: for whoever looks. @return 0 or ENOMEM */
	int (*compose)(struct mbuf *mb, struct res *r, const struct sub *s);
};

const struct package *package_of(enum presence_package pkg);
/** By name; PRESENCE_PACKAGES: none */
enum presence_package package_find(const struct pl *name);
/** "Allow-Events: ...", a line */
int package_allow(struct re_printf *pf, const void *unused);

/* presence.c */

uint64_t presence_now(const struct presence *p);
/** Who has expired by now is ended */
void presence_sweep(struct presence *p, uint64_t now);
/** The domain is ours. @return as configured; NULL: it is not */
const char *presence_domain(const struct presence *p, const struct pl *host);
/** AOR of a URI, in buf. @return 0, ENOENT, EOVERFLOW */
int presence_aor(const struct presence *p, struct pl *aor, char *buf, size_t sz,
		 const struct pl *uri);

/* res.c */

struct res *res_find(const struct presence *p, enum presence_package pkg,
		     const struct pl *aor);
/** The same, made where there is none. @return 0 or ENOMEM */
int res_get(struct res **rp, struct presence *p, enum presence_package pkg,
	    const struct pl *aor);
/** It is of no use any more, unless it is */
void res_release(struct res *r);
/** Its state has changed: whoever subscribed is told. It stays: the caller releases it */
void res_changed(struct res *r);
/** Whoever subscribed to it is told, where there is something to tell. It stays */
void res_tell(struct res *r);
/** The body of a NOTIFY: of the package, or of a list. @return 0 or ENOMEM */
int res_compose(struct mbuf *mb, struct res *r, const struct sub *s);

/* list.c */

/** @return 0 or ENOMEM */
int roster_read(struct list *lists, const struct presence_conf *conf);
/** NULL: it is no list, or not for that package */
struct roster *roster_find(const struct presence *p, enum presence_package pkg,
			   const struct pl *aor);
/** It is a list from now on. @return 0 or ENOMEM */
int roster_attach(struct res *r, struct roster *l);
void roster_detach(struct res *r);
/** Its state has changed: the lists that have it are told on */
void roster_changed(const struct res *member);
/** After another configuration */
void roster_renew(struct presence *p);
/** Does he who subscribes take a list? @return whether; else it has been answered */
bool roster_accepts(const struct req *q);
int roster_compose(struct mbuf *mb, const struct res *r, const struct sub *s);
/** Content-Type of it */
int roster_type(struct re_printf *pf, const struct sub *s);

/* request.c: what SUBSCRIBE and PUBLISH have in common */

/** Read it. @return whether it can go on; else it has been answered */
bool req_read(struct req *q, struct presence *p, const struct sip_in *in);
/** Answer, and count. @return false */
bool req_refuse(const struct req *q, uint16_t code, const char *phrase,
		const char *fmt, ...);
/** Expires within bounds. @return whether; else it has been answered */
bool req_expires(struct req *q);

/* auth.c */

int presence_auth_start(const struct presence_conf *conf, struct verify **vp,
			const struct verify *before);
/** Is From who it says, where that has to be known? @return whether the request may go
 *  on; else it has been answered */
bool presence_auth_passes(struct req *q);
/** May that user see it? @param user  l 0: no user of ours */
bool presence_may(const struct presence *p, enum presence_package pkg,
		  const struct pl *aor, const struct pl *user);

/* guest.c */

int guests_alloc(struct guests **gp);
/** One more subscription of that address, whose first NOTIFY is to be answered. @param
 *  now  ms. @return whether it may be */
bool guest_comes(struct guests *gs, const struct sa *src, uint64_t now);
/** It has been answered, by 2xx or not well; or was not at all */
void guest_answered(struct guests *gs, const struct sa *src, bool well,
		    uint64_t now);
/** It will not be: the subscription has gone before */
void guest_leaves(struct guests *gs, const struct sa *src);

/* subscribe.c */
void subscribe_handler(const struct sip_in *in, void *arg);

/* sub.c */

int sub_alloc(struct sub **sp, struct presence *p, struct res *r);
/** It is one of the AOR's from now on; the table has the caller's reference */
void sub_link(struct sub *s);
/** Not any more, with nobody told and nothing written; the reference is the caller's */
void sub_unlink(struct sub *s);
/** Write its record. @param h  Called with arg, later. @return 0; errno: it is not called */
int sub_write(struct sub *s, store_done_h *h, void *arg);
/** Is the state another one than it was told last? */
bool sub_behind(const struct sub *s);
/** After a restart: look in so many ms whether there is something to tell */
void sub_resume(struct sub *s, uint32_t ms);
struct sub *sub_find(const struct presence *p, const struct pl *tag);
/** Tell it the state, as soon as it may be; at once: whatever the interval */
void sub_notify(struct sub *s, bool at_once);
/** End it, by a last NOTIFY */
void sub_finish(struct sub *s, enum sub_end end);
/** End it, without one: the subscriber is gone */
void sub_drop(struct sub *s);

/* record.c: in the store and back */

int presence_record_sub(struct mbuf *mb, const struct sub *s);
int presence_record_box(struct mbuf *mb, const struct presence_mailbox *m);
int presence_record_pub(struct mbuf *mb, const struct pub *pb);
int presence_read(struct presence *p);
/** Another node's */
void presence_pub_changed(const char *kind, const struct pl *key,
			  const struct pl *value, void *arg);
void presence_box_changed(const char *kind, const struct pl *key,
			  const struct pl *value, void *arg);

/* publish.c */

void publish_handler(const struct sip_in *in, void *arg);
/** @param body  Copied, read. @return 0, EBADMSG, EMSGSIZE, ENOMEM; why for a phrase */
int pub_alloc(struct pub **pp, struct res *r, const struct pl *body,
	      const char **why);
/** The same under another tag */
int pub_again(struct pub **pp, const struct pub *was);
/** `was` goes, pb comes; either may be NULL. References are the list's own */
void pub_replace(struct res *r, struct pub *was, struct pub *pb);
struct pub *pub_find(const struct res *r, const struct pl *etag);
void pub_key(char *buf, size_t sz, const struct pub *pb);

/* pidf.c, dialoginfo.c, summary.c, reginfo.c */

int pidf_compose(struct mbuf *mb, struct res *r, const struct sub *s);
int dialoginfo_compose(struct mbuf *mb, struct res *r, const struct sub *s);
/** Make res.lines anew */
int dialoginfo_lines(struct res *r);
int summary_compose(struct mbuf *mb, struct res *r, const struct sub *s);
int reginfo_compose(struct mbuf *mb, struct res *r, const struct sub *s);

#endif
