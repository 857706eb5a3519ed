/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/pcap.c  Packets as received, in a pcap file
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <re.h>
#include "base/pcap.h"

enum {
	BUFFER = 32768,
	SNAPLEN = 65535,
	LINK_RAW = 101,
	MAGIC_US = 0xa1b2c3d4,
};

#define FLUSH_NS 1000000000ull

struct head {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t sigfigs, snaplen, link;
};

struct rec {
	uint32_t sec, usec, caplen, origlen;
};

_Static_assert(sizeof(struct head) == 24 && sizeof(struct rec) == 16, "");

struct pcap {
	int fd;
	off_t end;        /* of what is safely in the file */
	uint64_t flushed; /* time of the last flush        */
	size_t fill;
	uint8_t buf[BUFFER];
};

static void pcap_destructor(void *arg)
{
	struct pcap *p = arg;

	(void)pcap_flush(p);
	(void)close(p->fd);
}

/* At a place of its own: a write cut short is overwritten by the next one */
static int put(struct pcap *p, const void *data, size_t len)
{
	const uint8_t *d = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(p->fd, d + done, len - done,
				   p->end + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n ? errno : EIO;

			(void)ftruncate(p->fd, p->end);
			return err;
		}
		done += (size_t)n;
	}

	p->end += (off_t)len;

	return 0;
}

int pcap_flush(struct pcap *p)
{
	int err;

	if (!p || !p->fill)
		return 0;

	err = put(p, p->buf, p->fill);
	p->fill = 0;

	return err;
}

int pcap_alloc(struct pcap **pp, int fd)
{
	const struct head h = {
		.magic = (uint32_t)MAGIC_US,
		.major = 2,
		.minor = 4,
		.snaplen = SNAPLEN,
		.link = LINK_RAW,
	};
	struct pcap *p;
	int err;

	p = mem_alloc(sizeof(*p), pcap_destructor);
	if (!p) {
		(void)close(fd);
		return ENOMEM;
	}

	p->fd = fd;
	p->end = 0;
	p->flushed = 0;
	p->fill = 0;

	err = put(p, &h, sizeof(h));
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

int pcap_write(struct pcap *p, uint64_t time, const uint8_t *pkt, size_t caplen,
	       size_t origlen)
{
	const struct rec r = {
		.sec = (uint32_t)(time / 1000000000),
		.usec = (uint32_t)(time % 1000000000 / 1000),
		.caplen = (uint32_t)caplen,
		.origlen = (uint32_t)origlen,
	};
	int err = 0;

	if (caplen > SNAPLEN)
		return EINVAL;

	if (p->fill + sizeof(r) + caplen > sizeof(p->buf))
		err = pcap_flush(p);
	if (sizeof(r) + caplen > sizeof(p->buf))
		return EMSGSIZE;

	memcpy(p->buf + p->fill, &r, sizeof(r));
	memcpy(p->buf + p->fill + sizeof(r), pkt, caplen);
	p->fill += sizeof(r) + caplen;

	if (time - p->flushed >= FLUSH_NS) {
		p->flushed = time;
		if (!err)
			err = pcap_flush(p);
	}

	return err;
}
