/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/listen.h  HTTP itself: what its three files share
 */
#ifndef CAROM_API_LISTEN_H
#define CAROM_API_LISTEN_H

#include <sys/types.h>
#include <re.h>
#include <microhttpd.h>

#include "api/core.h"

struct listener {
	struct le le;
	struct api *a;
	struct MHD_Daemon *d;
	struct list exchanges, websockets;
	struct tmr tmr;
	char *path; /**< of a UNIX socket; NULL: TCP                      */
	ino_t ino;
	char *only;
	char *cert_path, *key_path; /**< NULL: no TLS                     */
	char *cert, *key;           /**< what they held                   */
	uint64_t retired; /**< ms when it took its last connection; 0 not yet */
	bool open;
	int epoll;
	bool ending;
};

/** A request on a connection (exchange.c) */
struct exchange {
	struct le le;
	struct listener *l;
	struct MHD_Connection *c;
	struct api_req *req;
	struct mbuf *body;
	char *target;
	size_t came; /**< bytes of its body                               */
	bool begun, suspended, queued, ran;
};

/** Have the library run, ms from now */
void listen_soon(struct listener *l, uint64_t ms);

/* ---- exchange.c: what the library calls; arg is the listener -------------- */

void exchange_resume(struct exchange *x);
/** A request's first line has come: as it was sent, with its query */
void *exchange_target(void *arg, const char *uri, struct MHD_Connection *c);
enum MHD_Result exchange_access(void *arg, struct MHD_Connection *c,
				const char *url, const char *method,
				const char *version, const char *data,
				size_t *size, void **cls);
void exchange_completed(void *arg, struct MHD_Connection *c, void **cls,
			enum MHD_RequestTerminationCode why);

/* ---- socket.c ------------------------------------------------------------- */

/** Bind a UNIX socket; one that nobody listens at any more is taken over. @return 0,
 *  EADDRINUSE, ENAMETOOLONG, errno; *fdp is the caller's in any case */
int socket_unix(int *fdp, const char *path);
int socket_tcp(int *fdp, const struct sa *addr);
/** Read a PEM file. Logged */
int socket_pem(char **text, const char *path);

#endif
