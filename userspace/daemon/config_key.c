/* SPDX-License-Identifier: BSD-2-Clause */
/* The key that all edges share, from its file */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "daemon/config.h"

int config_read_key(uint64_t key[2], const char *path, struct config_err *e)
{
	char digits[33] = "", *nl;
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f) {
		err = errno;
		(void)re_snprintf(e->msg, sizeof(e->msg),
				  "sip.key-file: %s: %m; make one with: "
				  "openssl rand -hex 16 >%s",
				  path, err, path);
		return err;
	}
	if (!fgets(digits, sizeof(digits), f))
		digits[0] = '\0';
	(void)fclose(f);
	nl = strchr(digits, '\n');
	if (nl)
		*nl = '\0';
	if (strlen(digits) != 32 ||
	    sscanf(digits, "%16lx%16lx", &key[0], &key[1]) != 2) {
		(void)re_snprintf(
			e->msg, sizeof(e->msg),
			"sip.key-file: %s: has not 32 hexadecimal "
			"digits; make them with: openssl rand -hex 16",
			path);
		err = EBADMSG;
	}
	return err;
}
