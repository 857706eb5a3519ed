/* SPDX-License-Identifier: BSD-2-Clause */
/* The event packages that there are */
#include "presence/priv.h"

static const struct package packagev[PRESENCE_PACKAGES] = {
	[PRESENCE_PRESENCE] = {"presence", "application/pidf+xml",
			       "application/pidf+xml", "presence",
			       "urn:ietf:params:xml:ns:pidf", false,
			       pidf_compose},
	[PRESENCE_DIALOG] = {"dialog", "application/dialog-info+xml",
			     "application/dialog-info+xml", "dialog-info",
			     "urn:ietf:params:xml:ns:dialog-info", false,
			     dialoginfo_compose},
	[PRESENCE_SUMMARY] = {"message-summary",
			      "application/simple-message-summary",
			      "application/simple-message-summary", NULL, NULL,
			      true, summary_compose},
	[PRESENCE_REG] = {"reg", "application/reginfo+xml", NULL, NULL, NULL,
			  true, reginfo_compose},
};

const struct package *package_of(enum presence_package pkg)
{
	return &packagev[pkg];
}

enum presence_package package_find(const struct pl *name)
{
	int i = 0;

	while (i < PRESENCE_PACKAGES &&
	       pl_strcasecmp(name, packagev[i].name) != 0)
		i++;
	return (enum presence_package)i;
}

const char *presence_name(enum presence_package pkg)
{
	return (unsigned)pkg < PRESENCE_PACKAGES ? packagev[pkg].name : NULL;
}

int package_allow(struct re_printf *pf, const void *unused)
{
	int err = re_hprintf(pf, "Allow-Events: %s", packagev[0].name);
	(void)unused;

	for (int i = 1; i < PRESENCE_PACKAGES && !err; i++)
		err = re_hprintf(pf, ", %s", packagev[i].name);
	return err ? err : re_hprintf(pf, "\r\n");
}
