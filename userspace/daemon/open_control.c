/* SPDX-License-Identifier: BSD-2-Clause */
/* What `carom reload` and `carom user reload` ask for, whatever the API is like */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/log.h"
#include "control/control.h"
#include "daemon/core.h"
#include "edge/edge.h"

static int reload_command(struct daemon *d, struct odict *reply)
{
	char *text = NULL;
	int err = daemon_renew(d, &text);

	if (text && !err)
		err = control_say(reply, "%s", text);
	else if (text)
		(void)control_fail(reply, err, "%s", text);
	mem_deref(text);

	return err;
}

static int command(const char *name, const struct odict *req,
		   struct odict *reply, void *arg)
{
	struct daemon *d = arg;

	if (!strcmp(name, "reload"))
		return reload_command(d, reply);
	/* all else is the API's */
	if (strcmp(name, "user reload") != 0)
		return ENOSYS;
	if (!d->edge)
		return control_fail(reply, ENOENT,
				    "this node is no edge: its configuration "
				    "has no section sip");

	return edge_control(d->edge, name, req, reply);
}

int daemon_open_control(struct daemon *d)
{
	int err;

	err = privs_parent(&d->privs, d->conf->control);
	if (!err)
		err = control_alloc(&d->control, d->conf->control, command, d);
	if (err == EADDRINUSE)
		log_error("%s: another agent listens there: give this one a "
			  "control of its own",
			  d->conf->control);
	else if (err)
		log_error("control: %s: %m", d->conf->control, err);

	return err;
}
