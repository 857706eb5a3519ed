/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file http.h  The agent's API, asked by its UNIX socket
 */
#ifndef CAROM_CLI_HTTP_H
#define CAROM_CLI_HTTP_H

#include "carom.h"

/** Every command that uses the API has this option, in an object that begins with it */
struct http_asking {
	const char *socket;
};

#define HTTP_OPTION                                                            \
	{                                                                      \
		.name = "socket", .type = OPT_STR,                             \
		.off = offsetof(struct http_asking, socket), .arg = "PATH",    \
		.help = "the API's UNIX socket (default: the configured one)"  \
	}

struct http_request {
	const char *method, *target;
	const char *accept;    /**< NULL: anything                          */
	const struct pl *body; /**< JSON; NULL none                         */
	bool quiet; /**< that it can't be asked is not said                 */
};

/** Bytes of a body have come. Return true to stop */
typedef bool(http_body_h)(const char *p, size_t n, void *arg);

/**
 * Ask, and read the answer. What cannot be asked at all is explained on stderr
 *
 * @param what    Begins what is said of an error
 * @param status  Of the answer
 * @param h       Told what comes of its body
 * @param ms      That it may be silent; 0 for ever
 *
 * @return 0 or exit code
 */
int http_ask(const struct cli *cli, const struct http_asking *a,
	     const char *what, const struct http_request *r, unsigned *status,
	     http_body_h *h, void *arg, unsigned ms);

/** Say on stderr what a problem says (RFC 9457). @return CLI_FAIL */
int http_problem(const char *what, unsigned status, const struct mbuf *body);

/** An http_body_h that gathers all of it in a struct mbuf */
http_body_h http_gather;

#endif
