/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file control/control.h  How the CLI talks to a running agent
 *
 * A UNIX socket. A request is a line of JSON with "command", the reply a line of
 * JSON with "ok", and "error" where that is false. Who may open the socket may
 * do what the agent can do: the file's mode decides.
 */
#ifndef CAROM_CONTROL_H
#define CAROM_CONTROL_H

#include <re.h>

#define CONTROL_PATH "/run/carom/control.sock"

struct control;

/**
 * A request has come
 *
 * @param command  Its "command"
 * @param req      All of it
 * @param reply    To be filled; "ok" is true already
 *
 * @return 0; else "ok" becomes false, and where reply has no "error" it is the
 *         error's text. ENOSYS: no such command
 */
typedef int(control_h)(const char *command, const struct odict *req,
		       struct odict *reply, void *arg);

/**
 * Listen. A socket that nobody listens at any more is taken over
 *
 * @param cp    Pointer to the object (mem_deref when done)
 * @param path  At most 107 bytes; its directory is made where it is missing
 *
 * @return 0, EADDRINUSE (another agent listens there), ENAMETOOLONG, errno
 */
int control_alloc(struct control **cp, const char *path, control_h *h,
		  void *arg);

/**
 * Ask the agent at path
 *
 * @param reply  Result, also where its "ok" is false (mem_deref when done)
 * @param ms     That each step may take, 1 at least
 *
 * @return 0, ENOENT or ECONNREFUSED (no agent there), EACCES, ETIMEDOUT,
 *         EBADMSG, errno
 */
int control_ask(struct odict **reply, const char *path, const struct odict *req,
		unsigned ms);

/** The reply says so: its "text". @return 0 or ENOMEM */
int control_say(struct odict *reply, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** The reply says so: its "error" */
int control_fail(struct odict *reply, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
