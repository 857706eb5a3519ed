/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/cert.h  TLS: our certificate, and whose we believe
 */
#ifndef CAROM_SIP_CERT_H
#define CAROM_SIP_CERT_H

#include <re.h>

struct cert_conf {
	const char *certificate, *key; /**< PEM files; NULL: none           */
	const char *ca;       /**< of servers; NULL: they are not verified  */
	unsigned min_version; /**< 12, 13                                  */
};

/**
 * Read the files
 *
 * @param tp    Pointer to the object (mem_deref when done), for both sides of a
 *              connection; connections that are there keep what they began with
 * @param conf  Without a certificate we can connect, not accept
 * @param why   Result: says what is wrong
 *
 * @return 0 or errno
 */
int cert_load(struct tls **tp, const struct cert_conf *conf, char *why,
	      size_t sz);

#endif
