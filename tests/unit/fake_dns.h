/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fake_dns.h  A DNS server on loopback, in the test's own process
 */
#ifndef FAKE_DNS_H
#define FAKE_DNS_H

#include <re.h>
#include "dns/dns.h"

/** What it does with each question by UDP */
enum fake_mood {
	FAKE_ANSWERS = 0,
	FAKE_SILENT,
	FAKE_FAILS,    /**< SERVFAIL                                      */
	FAKE_CUTS,     /**< truncated: the whole answer by TCP            */
	FAKE_GARBLES,  /**< the header says records, garbage follows      */
	FAKE_STRAYS,   /**< records of another name                       */
	FAKE_OTHER_ID, /**< an answer with another id                     */
};

struct fake_dns {
	struct udp_sock *us;
	struct tcp_sock *ts;
	struct tcp_conn *tc;
	struct sa addr;
	enum fake_mood mood;
	bool twice;     /* each answer by UDP comes twice                */
	bool backwards; /* records of an answer in the other order       */
	unsigned asked, asked_tcp;
	struct sa from; /* whom the last question by UDP came from          */
	struct list rrs;
};

/** @return mem_deref when done */
struct fake_dns *fake_dns(void);

/** "NAME TTL TYPE DATA", for each type as a zone file has it, without quotes and
 *  the dots at the ends. NAPTR: order, preference, flags, service, replacement;
 *  SOA: TTL alone */
void fake_dns_add(struct fake_dns *s, const char *line);
/** Take a name's records away */
void fake_dns_del(struct fake_dns *s, const char *name);

/** Let the event loop go on until h says true, or *done is; for some seconds at
 *  most: then the test has failed */
typedef bool(fake_until_h)(void *arg);
void fake_until(fake_until_h *h, void *arg);
void fake_wait(bool *done);

/** A client of it: answers within 300 ms, 1 s..1 hour, 64 entries */
struct dns *fake_client(const struct fake_dns *s);

#endif
