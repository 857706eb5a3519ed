/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/sipuser.c  Registered users, for the kernel
 */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include "sippriv.h"

/* All entries of a table that we alone write. The next key is asked for first: from
 * one that is gone the kernel would look through all that is empty by now */
static void empty(int fd, void *key, void *next, size_t key_size)
{
	bool more = !bpf_map_get_next_key(fd, NULL, key);

	while (more) {
		more = !bpf_map_get_next_key(fd, key, next);
		(void)bpf_map_delete_elem(fd, key);
		memcpy(key, next, key_size);
	}
}

void fp_sip_users_clear(struct fp_sip *s)
{
	struct sip_hostport at, at_next = {.port = 0};
	uint64_t key, key_next = 0;

	empty(s->fdv[M_USERS], &key, &key_next, sizeof(key));
	empty(s->fdv[M_PHONES], &at, &at_next, sizeof(at));
	memset(&s->swept, 0, sizeof(s->swept));
}

static int full(struct fp_sip *s, int err)
{
	struct sip_conf *c = fp_sip_conf(s);

	if (err != E2BIG && err != ENOMEM)
		return err;
	__atomic_fetch_or(&c->flags, SIP_CONF_USERS_LOST, __ATOMIC_RELEASE);
	return E2BIG;
}

int fp_sip_user(struct fp_sip *s, uint64_t key, struct sip_user *u)
{
	struct sip_user had;

	if (!s || s->readonly || !u || u->uri_len > SIP_USER_URI ||
	    u->token_len > SIP_USER_TOKEN)
		return EINVAL;
	if (!bpf_map_lookup_elem(s->fdv[M_USERS], &key, &had) &&
	    had.id == u->id)
		u->changed = had.changed;
	else
		u->changed = fp_sip_now();
	return bpf_map_update_elem(s->fdv[M_USERS], &key, u, BPF_ANY)
		       ? full(s, errno)
		       : 0;
}

int fp_sip_user_get(const struct fp_sip *s, uint64_t key, struct sip_user *u)
{
	if (!s || !u)
		return EINVAL;
	return bpf_map_lookup_elem(s->fdv[M_USERS], &key, u) ? errno : 0;
}

void fp_sip_user_del(struct fp_sip *s, uint64_t key)
{
	if (s && !s->readonly)
		(void)bpf_map_delete_elem(s->fdv[M_USERS], &key);
}

int fp_sip_phone(struct fp_sip *s, const struct sa *sa, uint64_t expires)
{
	struct sip_phone had, now = {.expires = expires};
	struct sip_hostport key;

	if (!s || s->readonly || fp_sip_hostport(&key, sa))
		return EINVAL;
	if (!bpf_map_lookup_elem(s->fdv[M_PHONES], &key, &had) &&
	    had.expires >= expires)
		return 0;
	if (!bpf_map_update_elem(s->fdv[M_PHONES], &key, &now, BPF_ANY))
		return 0;
	return errno == ENOMEM ? E2BIG : errno;
}

bool fp_sip_phone_at(const struct fp_sip *s, const struct sa *sa)
{
	struct sip_hostport key;
	struct sip_phone p;

	return s && !fp_sip_hostport(&key, sa) &&
	       !bpf_map_lookup_elem(s->fdv[M_PHONES], &key, &p) &&
	       p.expires > fp_sip_now();
}

/* An entry that has expired goes. @return whether it did */
static bool sweep(struct fp_sip *s, const struct sip_hostport *key,
		  uint64_t now)
{
	struct sip_phone p;

	return !bpf_map_lookup_elem(s->fdv[M_PHONES], key, &p) &&
	       p.expires <= now && !bpf_map_delete_elem(s->fdv[M_PHONES], key);
}

size_t fp_sip_phones_sweep(struct fp_sip *s, size_t most)
{
	const uint64_t now = fp_sip_now();
	struct sip_hostport next;
	size_t n = 0;

	if (!s || s->readonly)
		return 0;
	/* port 0 is nobody's: before the first one. From a key that is gone the
	 * kernel begins anew */
	for (bool more = true; more && most; most--) {
		const bool first = !s->swept.port;

		more = !bpf_map_get_next_key(s->fdv[M_PHONES],
					     first ? NULL : &s->swept, &next);
		if (!more)
			memset(&next, 0, sizeof(next));
		n += !first && sweep(s, &s->swept, now);
		s->swept = next;
	}
	return n;
}

int fp_sip_called(const struct fp_sip *s, uint64_t call, uint32_t *id)
{
	struct sip_stick st;

	if (!s || !id)
		return EINVAL;
	if (bpf_map_lookup_elem(s->fdv[M_STICKY], &call, &st))
		return errno;
	*id = st.target;
	return 0;
}

int fp_sip_call(struct fp_sip *s, uint64_t call, uint32_t id)
{
	const struct sip_stick st = {.target = id};

	if (!s || s->readonly)
		return EINVAL;
	return bpf_map_update_elem(s->fdv[M_STICKY], &call, &st, BPF_ANY)
		       ? errno
		       : 0;
}
