/* SPDX-License-Identifier: BSD-2-Clause */
/* caromd: options, configuration, and off it goes */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <re.h>
#define DEBUG_MODULE "caromd"
#define DEBUG_LEVEL 3
#include <re_dbg.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"usage: caromd [--config FILE] [--check]\n"
	"\n"
	"The agent of Carom: writes into the kernel's maps what is to happen "
	"to "
	"packets\n"
	"and SIP, and does what the kernel leaves to it. Which roles it has is "
	"said by\n"
	"the sections of its configuration.\n"
	"\n"
	"  -c, --config FILE   configuration (default: " CONFIG_PATH ")\n"
	"      --check         say whether the configuration is right, and "
	"end\n"
	"      --version       print the version, and end\n"
	"  -h, --help          print this, and end\n"
	"\n"
	"Runs in the foreground and logs to stderr. `carom attach DEV` comes "
	"first.\n";

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, 'k'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int start(const char *path, bool check)
{
	struct config_err e = {""};
	struct config *conf = NULL;
	int err;

	err = config_load(&conf, path, &e);
	if (err) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return EXIT_FAILED;
	}

	if (check) {
		(void)printf("%s: good\n", path);
	} else {
		log_init(conf->log_level);
		(void)umask(0027);
		err = libre_init();
		/* what libre has to say of others' messages, and of each TLS
		 * handshake that fails, is not for the log */
		dbg_init(DBG_ERR, DBG_NONE);
		if (!err)
			err = daemon_run(conf, path);
		libre_close();
	}
	mem_deref(conf);

	return err ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char *argv[])
{
	const char *path = CONFIG_PATH;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'V':
			(void)printf("caromd %s\n", CAROM_VERSION);
			return EXIT_OK;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_OK;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "caromd: what is '%s'?\n\n%s",
			      argv[optind], usage);
		return EXIT_USAGE;
	}

	/* a peer that hangs up is an error of that write, not our end */
	(void)signal(SIGPIPE, SIG_IGN);

	return start(path, check);
}
