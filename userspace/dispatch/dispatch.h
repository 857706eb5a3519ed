/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/dispatch.h  Sets of SIP targets, and who gets which call
 *
 * Reads Kamailio's dispatcher.list, keeps the state of each target, and fills
 * a table for each set that leads from the hash of a Call-ID to a target. Pure
 * logic: no sockets, no timers, no name lookups. Who sends probes hands in
 * their results; time is whatever the caller's clock says, in ms.
 *
 * Objects are reference counted (mem_deref). Nothing here locks: one thread.
 */
#ifndef CAROM_DISPATCH_H
#define CAROM_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>

enum {
	DS_SLOTS = 65536,      /**< slots of a table, by default and at most */
	DS_SETS_MAX = 4096,    /**< sets of a list                           */
	DS_TARGETS_MAX = 1024, /**< targets of a set                        */
	DS_NUMBERS = 2 * DS_TARGETS_MAX, /**< target numbers are below      */
	DS_LINE_MAX = 65535,   /**< bytes of a line, its end not counted     */
	DS_URI_MAX = 1024,     /**< bytes of a URI                           */
	DS_FILE_MAX = 4 << 20, /**< bytes of a file                         */
	DS_LATENCY_MAX = 3600000, /**< ms; what is longer counts as this    */
	DS_WEIGHT_MAX = 100,
};

/** What an empty slot has */
#define DS_NONE 0xffff

/* ---- hash -------------------------------------------------------------- */

/**
 * Hash of a string, the same that Kamailio's dispatcher takes of a Call-ID
 *
 * Of bytes above 127 (no Call-ID has them: RFC 3261 25.1, word) Kamailio's
 * result depends on the CPU it was built for; this is the one of x86.
 *
 * @param key  Any bytes; NULL and the empty string hash to 1
 *
 * @return 1..2^32-1, never 0
 */
uint32_t ds_hash(const struct pl *key);

/* ---- list: what the file says ------------------------------------------ */

/** Bits of the flags column */
enum ds_flag {
	DS_F_INACTIVE = 1,
	DS_F_TRYING = 2,
	DS_F_DISABLED = 4,
	DS_F_PROBING = 8, /**< is to be probed                              */
	DS_F_NODNS = 16,  /**< Kamailio: no lookup at load, SRV when it sends;
			     here each name is looked up as RFC 3263 says */
	DS_F_NOPING = 32, /**< never probed, whatever else says so          */
	DS_F_ALL = 63,
};

/** What is wrong, ready to print: "FILE:LINE: what; allowed: ..." */
struct ds_err {
	char msg[512];
};

/** A line of the list. Strings are reference counted; read only */
struct ds_entry {
	char *uri;         /**< sip: or sips:, as in the file               */
	char *attrs;       /**< name=value;..., outer quotes off; or NULL   */
	uint64_t id;       /**< of the URI; the same on all machines        */
	uint32_t line;     /**< in the file, from 1                         */
	uint32_t flags;    /**< enum ds_flag                                */
	uint32_t priority; /**< 0..2^31-1, higher ones first                */
	uint32_t weight;   /**< 0..100: weight, else rweight, else 1        */
	uint32_t maxload;  /**< calls, 0 without limit                      */
	uint32_t latency;  /**< ms, where to start from; 0 unknown          */
};

struct ds_list;

/**
 * Read a dispatcher.list
 *
 * Each line is `setid uri [flags] [priority] [attributes]`; attributes may
 * follow the URI or the flags directly. `#` begins a comment outside of
 * quotes. Stricter than Kamailio where that one skips a target with no more
 * than a line in its log: here the whole file is refused.
 *
 * @param lp    Pointer to the list (mem_deref when done)
 * @param path  A regular file of DS_FILE_MAX bytes at most
 * @param e     Says what is wrong, in all cases but ENOMEM; may be NULL
 *
 * @return 0, EBADMSG (a line is wrong), EFBIG, ENOMEM, or errno of open(2),
 *         read(2); EINVAL for what is not a file
 */
int ds_list_load(struct ds_list **lp, const char *path, struct ds_err *e);

/**
 * The same from memory
 *
 * @param name  What messages call the text
 * @param text  Not kept
 *
 * @return 0, EBADMSG, EFBIG, ENOMEM, EINVAL
 */
int ds_list_parse(struct ds_list **lp, const char *name, const struct pl *text,
		  struct ds_err *e);

/** Something in a list is of no effect here: "attribute socket (line 3 and 2
 *  more): ..." */
typedef void(ds_warn_h)(const char *text, void *arg);

/** Name the attributes that somebody relies on in vain, each kind once */
void ds_list_warn(const struct ds_list *l, ds_warn_h *h, void *arg);

/** Number of sets; they are in ascending order of their ids */
size_t ds_list_count(const struct ds_list *l);

/**
 * One of the sets
 *
 * @param i   0..ds_list_count() - 1
 * @param id  Set id, 0..2^31-1; may be NULL
 *
 * @return Number of entries, 0 when there is no such set
 */
size_t ds_list_set(const struct ds_list *l, size_t i, uint32_t *id);

/**
 * One of the entries, in the order that Kamailio counts them in: priority
 * downwards, among equals the last of the file first.
 *
 * @return Entry, owned by the list; NULL when there is no such
 */
const struct ds_entry *ds_list_entry(const struct ds_list *l, size_t i,
				     size_t k);

/**
 * Value of an attribute; of several the last, as in Kamailio
 *
 * @param attrs  name=value;name="value";name; NULL has none
 * @param name   Case matters
 * @param val    Points into attrs, quotes off, empty for a name alone; or NULL
 *
 * @return Whether it is there
 */
bool ds_attr_get(const char *attrs, const char *name, struct pl *val);

/* ---- targets: their state ---------------------------------------------- */

enum ds_state {
	DS_ACTIVE = 0,
	DS_TRYING,   /**< did not answer lately; gets calls nevertheless    */
	DS_INACTIVE, /**< gets no calls; comes back when probes are answered */
	DS_DISABLED, /**< gets no calls, whatever probes say                */
};

/** How calls are spread over the targets of a set */
enum ds_mode {
	DS_RENDEZVOUS = 0, /**< by weight, and moving as few as can be      */
	DS_KAMAILIO,       /**< as Kamailio's algorithm 0: hash modulo n     */
};

struct ds_conf {
	enum ds_mode mode;
	uint32_t slots;  /**< of a rendezvous table, 1..DS_SLOTS            */
	uint32_t down;   /**< failures in a row until inactive, 1..         */
	uint32_t up;     /**< answers in a row until active, 1..            */
	uint32_t smooth; /**< weight of a new round trip in the average, %  */
};

/** Rendezvous, DS_SLOTS, down after 3, up after 1, 10 % */
extern const struct ds_conf ds_conf_default;

struct ds_latency {
	uint32_t avg, min, max; /**< us; min and max 0 before any answer    */
	uint64_t answers;       /**< probes answered                        */
	uint64_t timeouts;      /**< probes not answered                    */
};

struct ds_status {
	enum ds_state state;
	bool probing;     /**< to be probed                                 */
	char reason[128]; /**< of the state: "3 of 3 probes without answer" */
	uint64_t changed; /**< ms, when the state became what it is         */
	uint16_t code;    /**< of the last probe's answer; 0: it had none    */
	uint32_t rtt;     /**< us, of the last probe's answer               */
	uint64_t requests, responses; /**< sent to it: ds_target_sent()     */
	uint32_t fails; /**< in a row                                     */
	uint32_t oks;   /**< in a row                                     */
	struct ds_latency lat;
};

struct ds_target;

/** "active", "trying", "inactive", "disabled"; "?" for what is none */
const char *ds_state_name(enum ds_state state);

/** A message was sent to it, other than a probe */
void ds_target_sent(struct ds_target *t, bool request);

/** What the last probe brought: status and round trip; code 0: no answer. To
 *  be told before its result, whose reason names it */
void ds_target_note(struct ds_target *t, uint16_t code, uint32_t rtt_us);

/**
 * A probe has its result
 *
 * A failure makes an active target trying, the conf->down'th in a row makes it
 * inactive. An answer makes a trying one active, the conf->up'th in a row an
 * inactive one. A disabled one keeps its state; its latency is noted.
 *
 * @param conf    Thresholds; 0 is taken as 1; NULL is ds_conf_default
 * @param ok      Answered in time
 * @param rtt_us  Round trip, us; only when ok
 * @param now_ms  Time of the caller's clock, ms
 *
 * @return Whether the state changed: then ds_set_build() is due
 */
bool ds_target_result(struct ds_target *t, const struct ds_conf *conf, bool ok,
		      uint32_t rtt_us, uint64_t now_ms);

/**
 * Set the state by hand. Counts of probes in a row begin anew.
 *
 * @param probing  Whether it is to be probed from now on
 * @param reason   NULL for "set by hand"; cut at 127 bytes
 *
 * @return Whether the state changed: then ds_set_build() is due. The reason
 *         is replaced in any case
 */
bool ds_target_set_state(struct ds_target *t, enum ds_state state, bool probing,
			 const char *reason, uint64_t now_ms);

/**
 * Set the address that the URI's name stands for. An address that the URI has
 * in figures is set from the start. The table does not ask for it: who cannot
 * resolve a name sets the state, and says so in the reason.
 *
 * @param addr  Address and port; NULL takes it away
 */
void ds_target_set_addr(struct ds_target *t, const struct sa *addr);

/** @return Address; port 5060 or 5061 where the URI has none (RFC 3261
 *          19.1.2); NULL when it is not resolved */
const struct sa *ds_target_addr(const struct ds_target *t);

/** By what a target is spoken to */
enum ds_transp { DS_UDP = 0, DS_TCP, DS_TLS };

/** As the URI says: its transport parameter; TLS for sips: (RFC 3261 26.2.2) */
enum ds_transp ds_target_transp(const struct ds_target *t);

/** URI as in the list */
const char *ds_target_uri(const struct ds_target *t);

/** Attributes for ds_attr_get(); NULL without any */
const char *ds_target_attrs(const struct ds_target *t);

/** enum ds_flag, as in the list */
uint32_t ds_target_flags(const struct ds_target *t);

/** 0..2^31-1 */
uint32_t ds_target_priority(const struct ds_target *t);

/** 0..100; 0 gets no calls in a rendezvous table */
uint32_t ds_target_weight(const struct ds_target *t);

/** Calls at a time, 0 without limit; it is the caller who counts */
uint32_t ds_target_maxload(const struct ds_target *t);

/** What slots call it, 0..DS_NUMBERS - 1; unique in its set, and its own for
 *  as long as it stays */
uint16_t ds_target_number(const struct ds_target *t);

/** State and latency; valid as long as the target */
const struct ds_status *ds_target_status(const struct ds_target *t);

/* ---- sets: their tables ------------------------------------------------ */

struct ds_set;

/** 0..2^31-1 */
uint32_t ds_set_id(const struct ds_set *set);

/** Number of targets */
size_t ds_set_count(const struct ds_set *set);

/** Target by position, in Kamailio's order; NULL behind the last. Owned by
 *  the set: who keeps it across ds_sets_merge() has to mem_ref() it */
struct ds_target *ds_set_target(const struct ds_set *set, size_t i);

/** Target by URI, to the byte; of several the last in the file; or NULL */
struct ds_target *ds_set_find(const struct ds_set *set, const char *uri);

/** Number of targets that may get calls: active or trying */
size_t ds_set_usable(const struct ds_set *set);

/**
 * Fill the table from the targets' states
 *
 * Rendezvous: shared among the usable targets of the highest priority that
 * has one, by weight. Kamailio: one slot for each target, of any priority;
 * the slot of one that is not usable has the next one that is. When nobody is
 * usable each slot is DS_NONE.
 *
 * @return Number of slots that lead elsewhere now
 */
uint32_t ds_set_build(struct ds_set *set);

/**
 * The table
 *
 * @param n  Number of slots; in Kamailio's mode that of targets
 *
 * @return Target numbers (ds_target_number) or DS_NONE; owned by the set
 */
const uint16_t *ds_set_slots(const struct ds_set *set, uint32_t *n);

/**
 * Slot of a hash: hash modulo n, in both modes
 *
 * @param hash  ds_hash()
 *
 * @return 0..n - 1; 0 for a set without slots
 */
uint32_t ds_set_slot(const struct ds_set *set, uint32_t hash);

/**
 * Who gets the call
 *
 * @return Target, owned by the set; NULL: nobody can (answer 503, RFC 3261
 *         21.5.4)
 */
struct ds_target *ds_set_pick(const struct ds_set *set, uint32_t hash);

/* ---- all sets ---------------------------------------------------------- */

struct ds_sets;

/** What a reload brought */
struct ds_change {
	uint32_t sets_added, sets_removed;
	uint32_t added, removed, kept; /**< targets                         */
	uint32_t slots; /**< that lead elsewhere, in the sets that there are */
};

/**
 * No sets yet
 *
 * @param sp    Pointer to the object (mem_deref when done)
 * @param conf  Copied; NULL is ds_conf_default
 *
 * @return 0, ENOMEM, EINVAL (no such mode, slots out of range)
 */
int ds_sets_alloc(struct ds_sets **sp, const struct ds_conf *conf);

/**
 * How calls are spread over one set, whether it is there already or comes with a
 * list. A set of which nothing is said has the mode that ds_sets_alloc() got.
 * The table of one that changes its mode is built anew
 *
 * @return 0, ENOMEM, EINVAL (no such mode)
 */
int ds_sets_mode(struct ds_sets *s, uint32_t id, enum ds_mode mode);

/**
 * Make the sets what a list says, and build the tables that this changes
 *
 * A target that stays (same set, same URI) is the same object, with its
 * number, state, reason, latency and address; weight, priority and attributes
 * become what the list says. Its state becomes so, too, only where the state
 * bits of the flags are not those of the list before: who edits the file means
 * it.
 *
 * @param l       Not kept
 * @param now_ms  Time of what changes
 * @param c       What changed; may be NULL
 *
 * @return 0; ENOMEM, EINVAL: then nothing has changed
 */
int ds_sets_merge(struct ds_sets *s, const struct ds_list *l, uint64_t now_ms,
		  struct ds_change *c);

/** Number of sets */
size_t ds_sets_count(const struct ds_sets *s);

/** Set by position, ids ascending; NULL behind the last. Owned by s */
struct ds_set *ds_sets_at(const struct ds_sets *s, size_t i);

/** Set by its id; NULL when there is none. Owned by s */
struct ds_set *ds_sets_find(const struct ds_sets *s, uint32_t id);

#endif
