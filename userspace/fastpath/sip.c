/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/sip.c  The maps that SIP is forwarded by
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "fastpath/sip.h"
#include "priv.h"
#include "sa6.h"
#include "sippriv.h"

#define TABLE_LINES (SIP_SLOTS / SIP_SLOT_LINE)

static const struct {
	const char *name;
	size_t value, entries;
} mapv[M_MAX] = {
	[M_CONF] = {"sip_conf", sizeof(struct sip_conf), 1},
	[M_LISTENERS] = {"sip_listeners", sizeof(struct sip_listener),
			 SIP_LISTENERS},
	[M_RULES] = {"sip_rules", sizeof(struct sip_rule), SIP_RULES},
	[M_SETS] = {"sip_sets", sizeof(struct sip_set), SIP_SETS},
	[M_SLOTS] = {"sip_slots", sizeof(struct sip_slots),
		     SIP_SETS * 2 * TABLE_LINES},
	[M_TARGETS] = {"sip_targets", sizeof(struct sip_target), SIP_TARGETS},
	[M_REGISTRAR] = {"sip_registrar", sizeof(struct sip_registrar), 1},
	[M_HOSTS] = {"sip_hosts", sizeof(struct sip_host), 0},
	[M_EXITS] = {"sip_exits", sizeof(uint32_t), 0},
	[M_NETS] = {"sip_nets", sizeof(struct sip_net), 0},
	[M_DOMAINS] = {"sip_domains", sizeof(uint32_t), 0},
	[M_COUNTS] = {"sip_counts", sizeof(struct sip_count), 0},
	[M_COPIES] = {"sip_copies", 0, 0},
	[M_HOPS] = {"sip_hops", 0, 0},
	[M_STICKY] = {"sip_sticky", sizeof(struct sip_stick), 0},
	[M_BUCKETS] = {"sip_buckets", sizeof(struct sip_bucket), 0},
	[M_USERS] = {"sip_users", sizeof(struct sip_user), 0},
	[M_PHONES] = {"sip_phones", sizeof(struct sip_phone), 0},
	[M_REGISTRARS] = {"sip_registrars", sizeof(uint32_t), 0},
	[M_REALMS] = {"sip_realms", sizeof(struct sip_realm), 0},
};

static size_t mem_size(int i)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (mapv[i].value * mapv[i].entries + page - 1) / page * page;
}

static void destructor(void *arg)
{
	struct fp_sip *s = arg;

	ring_buffer__free(s->copies);
	ring_buffer__free(s->hops);
	for (int i = 0; i < M_MAPPED; i++)
		if (s->memv[i])
			munmap(s->memv[i], mem_size(i));
	for (int i = 0; i < M_MAX; i++)
		if (s->fdv[i] >= 0)
			close(s->fdv[i]);
}

static int open_one(struct fp_sip *s, int i, const char *dir, struct fp_err *e)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 32];
	void *m;

	snprintf(path, sizeof(path), "%s/%s", dir, mapv[i].name);
	s->fdv[i] = bpf_obj_get(path);
	if (s->fdv[i] < 0)
		return fp_fail(e, errno, "%s: %s%s", path, strerror(errno),
			       errno == ENOENT ? "; run: carom attach DEV"
					       : "");
	if (bpf_obj_get_info_by_fd(s->fdv[i], &info, &len))
		return fp_fail(e, errno, "%s: %s", path, strerror(errno));
	if (mapv[i].value && info.value_size != mapv[i].value)
		return fp_fail(e, EPROTO,
			       "%s is of another layout: detach with the "
			       "version that attached",
			       path);
	if (i >= M_MAPPED)
		return 0;
	m = mmap(NULL, mem_size(i),
		 s->readonly ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED,
		 s->fdv[i], 0);
	if (m == MAP_FAILED)
		return fp_fail(e, errno, "%s: %s", path, strerror(errno));
	s->memv[i] = m;
	return 0;
}

int fp_sip_open(struct fp_sip **sp, const char *pin_dir, bool readonly,
		struct fp_err *e)
{
	char dir[PATH_MAX];
	struct fp_sip *s;
	int err;

	if (!sp)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->readonly = readonly;
	for (int i = 0; i < M_MAX; i++)
		s->fdv[i] = -1;
	err = fp_pin_path(dir, sizeof(dir), pin_dir, false, e);
	for (int i = 0; i < M_MAX && !err; i++)
		err = open_one(s, i, dir, e);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

struct sip_conf *fp_sip_conf(struct fp_sip *s)
{
	return s ? s->memv[M_CONF] : NULL;
}

bool fp_sip_is_on(const struct fp_sip *s)
{
	const struct sip_conf *c = s ? s->memv[M_CONF] : NULL;

	return c && c->flags & SIP_CONF_ON;
}

unsigned fp_sip_listeners(const struct fp_sip *s)
{
	const struct sip_listener *l = s ? s->memv[M_LISTENERS] : NULL;
	unsigned n = 0;

	for (unsigned i = 0; l && i < SIP_LISTENERS; i++)
		n += l[i].used != 0;
	return n;
}

void fp_sip_on(struct fp_sip *s, bool on)
{
	struct sip_conf *c = fp_sip_conf(s);
	uint32_t flags;

	if (!c || s->readonly)
		return;
	flags = on ? c->flags | SIP_CONF_ON : c->flags & ~SIP_CONF_ON;
	__atomic_store_n(&c->flags, flags, __ATOMIC_RELEASE);
}

/* Keys change under the iteration: the first one, always */
void fp_sip_empty(int fd, size_t key_size, size_t most)
{
	uint8_t key[sizeof(struct sip_domain)];

	if (key_size > sizeof(key))
		return;
	while (most-- && !bpf_map_get_next_key(fd, NULL, key))
		if (bpf_map_delete_elem(fd, key))
			break;
}

/* A flood makes new ones all the time: not more than there can be */
int fp_sip_forgive(struct fp_sip *s)
{
	if (!s || s->readonly)
		return EINVAL;
	fp_sip_empty(s->fdv[M_BUCKETS], 16, SIP_BUCKETS);
	return 0;
}

int fp_sip_clear(struct fp_sip *s)
{
	if (!s || s->readonly)
		return EINVAL;
	fp_sip_on(s, false);
	memset(s->memv[M_CONF], 0, sizeof(struct sip_conf));
	memset(s->memv[M_LISTENERS], 0,
	       SIP_LISTENERS * sizeof(struct sip_listener));
	fp_sip_empty(s->fdv[M_HOSTS], sizeof(struct sip_hostport), SIZE_MAX);
	fp_sip_empty(s->fdv[M_EXITS], sizeof(struct sip_exit), SIZE_MAX);
	fp_sip_empty(s->fdv[M_NETS], sizeof(struct sip_prefix), SIZE_MAX);
	fp_sip_empty(s->fdv[M_DOMAINS], sizeof(struct sip_domain), SIZE_MAX);
	fp_sip_users_clear(s);
	return 0;
}

/* ---- listeners ---------------------------------------------------------- */

int fp_sip_hostport(struct sip_hostport *h, const struct sa *sa)
{
	memset(h, 0, sizeof(*h));
	h->port = sa_port(sa);
	return sa6_from_sa(h->addr, sa) ? EINVAL : 0;
}

static int host_put(struct fp_sip *s, const struct sa *sa,
		    enum sip_host_kind kind, uint16_t set, uint32_t index)
{
	struct sip_host h = {.kind = kind, .set = set, .index = index};
	struct sip_hostport key;

	if (!s || s->readonly || fp_sip_hostport(&key, sa))
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_HOSTS], &key, &h, BPF_ANY) ? errno
								       : 0;
}

int fp_sip_listener(struct fp_sip *s, unsigned i, const struct sa *laddr,
		    const struct sa *advertised, unsigned ifindex)
{
	struct sip_listener *l;
	int n, m;

	if (!s || s->readonly || i >= SIP_LISTENERS || !laddr)
		return EINVAL;
	l = (struct sip_listener *)s->memv[M_LISTENERS] + i;
	advertised = advertised ? advertised : laddr;
	n = re_snprintf(l->via, sizeof(l->via),
			"Via: SIP/2.0/UDP %J;branch=z9hG4bK", advertised);
	m = re_snprintf(l->rr, sizeof(l->rr), "Record-Route: <sip:%J;lr>\r\n",
			advertised);
	if (n < 0 || m < 0 || sa6_from_sa(l->addr, laddr))
		return EINVAL;
	l->via_len = n;
	l->rr_len = m;
	l->port = sa_port(laddr);
	l->v6 = sa_af(laddr) == AF_INET6;
	l->ifindex = ifindex;
	__atomic_store_n(&l->used, 1, __ATOMIC_RELEASE);
	return 0;
}

int fp_sip_self(struct fp_sip *s, const struct sa *sa, unsigned i)
{
	return host_put(s, sa, SIP_HOST_SELF, SIP_NONE, i);
}

int fp_sip_exit(struct fp_sip *s, unsigned ifindex, bool v6, unsigned i)
{
	struct sip_exit key = {.ifindex = ifindex, .v6 = v6};
	uint32_t v = i;

	if (!s || s->readonly || i >= SIP_LISTENERS)
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_EXITS], &key, &v, BPF_ANY) ? errno
								       : 0;
}

/* ---- networks, domains, rules ------------------------------------------- */

static int prefix(struct sip_prefix *p, const struct sa *sa, unsigned bits)
{
	memset(p, 0, sizeof(*p));
	p->bits = bits + (sa_af(sa) == AF_INET ? 96 : 0);
	return p->bits > 128 || sa6_from_sa(p->addr, sa) ? EINVAL : 0;
}

int fp_sip_net(struct fp_sip *s, const struct sa *sa, unsigned bits,
	       uint32_t flags, uint32_t set)
{
	struct sip_net n = {.flags = flags, .set = set};
	struct sip_prefix key;

	if (!s || s->readonly || prefix(&key, sa, bits))
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_NETS], &key, &n, BPF_ANY) ? errno
								      : 0;
}

int fp_sip_net_del(struct fp_sip *s, const struct sa *sa, unsigned bits)
{
	struct sip_prefix key;

	if (!s || s->readonly || prefix(&key, sa, bits))
		return EINVAL;
	return bpf_map_delete_elem(s->fdv[M_NETS], &key) ? errno : 0;
}

int fp_sip_domain_key(struct sip_domain *key, const struct pl *name)
{
	memset(key, 0, sizeof(*key));
	if (!name || !name->l || name->l > sizeof(key->name))
		return EINVAL;
	for (size_t i = 0; i < name->l; i++)
		key->name[i] = name->p[i] >= 'A' && name->p[i] <= 'Z'
				       ? name->p[i] | 0x20
				       : name->p[i];
	return 0;
}

int fp_sip_domain(struct fp_sip *s, const struct pl *name, uint32_t id)
{
	struct sip_domain key;

	if (!s || s->readonly || !id || fp_sip_domain_key(&key, name))
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_DOMAINS], &key, &id, BPF_ANY)
		       ? errno
		       : 0;
}

int fp_sip_domain_del(struct fp_sip *s, const struct pl *name)
{
	struct sip_domain key = {.name = ""};

	if (!s || s->readonly || !name || name->l > SIP_DOMAIN_MAX)
		return EINVAL;
	memcpy(key.name, name->p, name->l);
	return bpf_map_delete_elem(s->fdv[M_DOMAINS], &key) ? errno : 0;
}

int fp_sip_rule_user(struct sip_rule *r, const struct pl *p)
{
	uint8_t mask[sizeof(r->mask)] = {0};

	if (!r || !p || p->l > sizeof(r->user))
		return EINVAL;
	memset(r->user, 0, sizeof(r->user));
	memcpy(r->user, p->p, p->l);
	memset(mask, 0xff, p->l);
	memcpy(r->mask, mask, sizeof(mask));
	return 0;
}

/* A reader may meet rules of both lists for a moment; none that is torn, for
 * none is looked at while its count is being written */
int fp_sip_rules(struct fp_sip *s, const struct sip_rule *v, size_t n)
{
	struct sip_conf *c = fp_sip_conf(s);
	uint32_t users = 0;

	if (!c || s->readonly || (n && !v))
		return EINVAL;
	if (n > SIP_RULES)
		return E2BIG;
	__atomic_store_n(&c->rules, 0, __ATOMIC_RELEASE);
	if (n)
		memcpy(s->memv[M_RULES], v, n * sizeof(*v));
	__atomic_store_n(&c->rules, n, __ATOMIC_RELEASE);
	for (size_t i = 0; i < n; i++)
		if (v[i].flags & SIP_RULE_REGISTERED)
			users = SIP_CONF_USERS;
	__atomic_store_n(&c->flags, (c->flags & ~SIP_CONF_USERS) | users,
			 __ATOMIC_RELEASE);
	return 0;
}

/* ---- sets and targets --------------------------------------------------- */

uint64_t fp_sip_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int fp_sip_set(struct fp_sip *s, unsigned i, uint32_t id, uint32_t flags,
	       const uint16_t *slotv, size_t n)
{
	struct sip_slots *lines;
	struct sip_set *set;
	uint32_t table, slots;

	if (!s || s->readonly || i >= SIP_SETS || n > SIP_SLOTS ||
	    (n && !slotv))
		return EINVAL;
	set = (struct sip_set *)s->memv[M_SETS] + i;
	slots = set->slots;
	table = !set->active;
	lines = (struct sip_slots *)s->memv[M_SLOTS] +
		((size_t)i * 2 + table) * TABLE_LINES;
	if (set->id == id && n && n == set->slots &&
	    !memcmp((struct sip_slots *)s->memv[M_SLOTS] +
			    ((size_t)i * 2 + set->active) * TABLE_LINES,
		    slotv, n * sizeof(*slotv))) {
		__atomic_store_n(&set->flags, flags, __ATOMIC_RELEASE);
		return 0; /* it is in force; the one before stays known */
	}
	set->before = 0;
	if (n)
		memcpy(lines, slotv, n * sizeof(*slotv));
	set->id = id;
	__atomic_store_n(&set->changed, fp_sip_now(), __ATOMIC_RELEASE);
	/* of two sizes the smaller one is right for both tables */
	if (n < set->slots)
		__atomic_store_n(&set->slots, n, __ATOMIC_RELEASE);
	__atomic_store_n(&set->active, table, __ATOMIC_RELEASE);
	__atomic_store_n(&set->before, slots, __ATOMIC_RELEASE);
	__atomic_store_n(&set->slots, n, __ATOMIC_RELEASE);
	__atomic_store_n(&set->flags, flags, __ATOMIC_RELEASE);
	return 0;
}

/* The address is no node any more, unless it is one by another target */
static void host_drop(struct fp_sip *s, const struct sip_target *t,
		      uint32_t index)
{
	struct sip_hostport key = {.port = t->port};
	struct sip_host h;

	memcpy(key.addr, t->addr, sizeof(key.addr));
	if (!bpf_map_lookup_elem(s->fdv[M_HOSTS], &key, &h) &&
	    h.kind == SIP_HOST_NODE && h.index == index)
		(void)bpf_map_delete_elem(s->fdv[M_HOSTS], &key);
}

int fp_sip_target(struct fp_sip *s, unsigned set, unsigned number,
		  const struct sa *sa, bool usable)
{
	const uint32_t index = set * SIP_SET_TARGETS + number;
	struct sip_hostport key = {.port = 0};
	struct sip_target *t;

	if (!s || s->readonly || set >= SIP_SETS || number >= SIP_SET_TARGETS)
		return EINVAL;
	t = (struct sip_target *)s->memv[M_TARGETS] + index;
	if (!sa) {
		host_drop(s, t, index);
		t->usable = 0;
		t->gone = 1;
		return 0;
	}
	if (fp_sip_hostport(&key, sa))
		return EINVAL;
	t->usable = usable;
	t->gone = 0;
	if (t->port != key.port || memcmp(t->addr, key.addr, 16) != 0) {
		host_drop(s, t, index);
		t->port = 0;
		memcpy(t->addr, key.addr, sizeof(t->addr));
		t->dialogs = t->requests = t->responses = t->received = 0;
		__atomic_store_n(&t->port, key.port, __ATOMIC_RELEASE);
	}
	return host_put(s, sa, SIP_HOST_NODE, set, index);
}

/* As the kernel does (bpf/sip_select.h) */
static uint64_t stick_key(uint64_t call, unsigned set)
{
	return call ^ (uint64_t)set << 56;
}

int fp_sip_stuck(const struct fp_sip *s, unsigned set, uint64_t call,
		 bool invite, struct sa *dst)
{
	const uint64_t key = stick_key(call, set), period = SIP_STICKY_NS;
	const struct sip_target *t;
	struct sip_stick st;

	if (!s || set >= SIP_SETS || !dst)
		return EINVAL;
	if (fp_sip_now() - fp_sip_set_get(s, set)->changed >= period ||
	    bpf_map_lookup_elem(s->fdv[M_STICKY], &key, &st) ||
	    st.target >= SIP_TARGETS)
		return ENOENT;
	t = (const struct sip_target *)s->memv[M_TARGETS] + st.target;
	if (!t->port || (invite && !t->usable))
		return ENOENT;
	sa6_to_sa(dst, t->addr, t->port);
	return 0;
}

int fp_sip_before(const struct fp_sip *s, unsigned i, uint32_t hash,
		  struct sa *dst)
{
	const uint64_t period = SIP_STICKY_NS;
	const struct sip_target *t;
	const struct sip_slots *lines;
	const struct sip_set *set;
	uint32_t slot;
	uint16_t number;

	if (!s || i >= SIP_SETS || !dst)
		return EINVAL;
	set = fp_sip_set_get(s, i);
	if (!set->before || set->before > SIP_SLOTS ||
	    fp_sip_now() - set->changed >= period)
		return ENOENT;
	slot = hash % set->before;
	lines = (const struct sip_slots *)s->memv[M_SLOTS] +
		((size_t)i * 2 + !set->active) * TABLE_LINES;
	number = lines[slot / SIP_SLOT_LINE].target[slot % SIP_SLOT_LINE];
	if (number >= SIP_SET_TARGETS)
		return ENOENT;
	t = fp_sip_target_get(s, i, number);
	if (!t->port)
		return ENOENT;
	sa6_to_sa(dst, t->addr, t->port);
	return 0;
}

bool fp_sip_streamed(const struct fp_sip *s, unsigned set, uint64_t call)
{
	const uint64_t key = stick_key(call, set);
	struct sip_stick st;

	return s && !bpf_map_lookup_elem(s->fdv[M_STICKY], &key, &st) &&
	       st.flags & SIP_STICK_STREAM;
}

int fp_sip_remember(struct fp_sip *s, unsigned set, unsigned number,
		    uint64_t call, bool stream)
{
	const uint64_t key = stick_key(call, set);
	const struct sip_stick st = {.target = set * SIP_SET_TARGETS + number,
				     .flags = stream ? SIP_STICK_STREAM : 0};

	if (!s || s->readonly || set >= SIP_SETS || number >= SIP_SET_TARGETS)
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_STICKY], &key, &st, BPF_ANY) ? errno
									 : 0;
}

const struct sip_target *fp_sip_target_get(const struct fp_sip *s, unsigned set,
					   unsigned number)
{
	if (!s || set >= SIP_SETS || number >= SIP_SET_TARGETS)
		return NULL;
	return (const struct sip_target *)s->memv[M_TARGETS] +
	       set * SIP_SET_TARGETS + number;
}

const struct sip_set *fp_sip_set_get(const struct fp_sip *s, unsigned i)
{
	return s && i < SIP_SETS ? (const struct sip_set *)s->memv[M_SETS] + i
				 : NULL;
}

/* ---- figures and copies -------------------------------------------------- */

int fp_sip_count(const struct fp_sip *s, unsigned kind, struct sip_count *c)
{
	int n = libbpf_num_possible_cpus();
	struct sip_count *v;
	__u32 key = kind;
	int err = 0;

	if (!s || !c || kind >= SIP_COUNT_MAX || n <= 0)
		return EINVAL;
	v = mem_zalloc(n * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	memset(c, 0, sizeof(*c));
	if (bpf_map_lookup_elem(s->fdv[M_COUNTS], &key, v))
		err = errno;
	for (int i = 0; i < n && !err; i++) {
		c->packets += v[i].packets;
		c->bytes += v[i].bytes;
	}
	mem_deref(v);
	return err;
}

static int copied(void *arg, void *data, size_t len)
{
	const struct sip_copy *c = data;
	struct fp_sip *s = arg;

	if (len >= sizeof(*c) && c->len <= len - sizeof(*c))
		s->copy_h(c, (const char *)(c + 1), s->copy_arg);
	return 0;
}

static int read_ring(struct fp_sip *s, struct ring_buffer **rbp, int map,
		     fp_sip_copy_h *h, void *arg)
{
	int n;

	if (!s || s->readonly || !h)
		return EINVAL;
	if (!*rbp)
		*rbp = ring_buffer__new(s->fdv[map], copied, s, NULL);
	if (!*rbp)
		return errno;
	s->copy_h = h;
	s->copy_arg = arg;
	n = ring_buffer__consume(*rbp);
	return n < 0 ? -n : 0;
}

int fp_sip_copies(struct fp_sip *s, fp_sip_copy_h *h, void *arg)
{
	return s ? read_ring(s, &s->copies, M_COPIES, h, arg) : EINVAL;
}

int fp_sip_hops(struct fp_sip *s, fp_sip_copy_h *h, void *arg)
{
	return s ? read_ring(s, &s->hops, M_HOPS, h, arg) : EINVAL;
}
