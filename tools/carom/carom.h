/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file carom.h  What the sub-commands of carom(8) share
 */
#ifndef CAROM_CLI_H
#define CAROM_CLI_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "daemon/config.h"
#include "fastpath/fastpath.h"
#include "table.h"

/** Exit codes */
enum { CLI_OK = 0, CLI_FAIL = 1, CLI_USAGE = 2 };

/** One run of the program: what the shared options said */
struct cli {
	bool json;             /**< --json                                   */
	bool no_color;         /**< --no-color                               */
	bool help;             /**< --help                                   */
	bool version;          /**< --version                                */
	const char *pin_dir;   /**< --pin-dir, else the file's, else NULL    */
	const char *conf_path; /**< --config, else NULL                    */

	struct config *config; /**< see cli_config(); NULL: none           */
	FILE *out;             /**< where results go                         */
	struct table_style style; /**< colour and width of `out`           */
};

/* ---- options (opts.c) ----------------------------------------------- */

enum opt_type {
	OPT_FLAG = 0, /**< bool                                            */
	OPT_STR,      /**< const char *                                    */
	OPT_WORD,     /**< const char *, one of opt.arg's "a|b|c"          */
	OPT_U32,      /**< uint32_t in min..max                            */
	OPT_SECONDS,  /**< double in min..max                              */
};

/** One option. A table of them ends with an entry without a name */
struct opt {
	const char *name;
	char key; /**< short form, 0 none                       */
	enum opt_type type;
	size_t off;      /**< where the value goes in the object       */
	const char *arg; /**< what --help calls the argument           */
	const char *help;
	double min, max; /**< OPT_U32, OPT_SECONDS                     */
};

/**
 * Read options. Arguments that are no options are moved to the end.
 *
 * @param shared  Options of every command, stored in `cli`
 * @param own     Options of this command, stored in `cfg`, or NULL
 * @param stop    Stop at the first argument that is no option
 * @param next    Set to the index of the first argument left
 * @param errmsg  What is wrong, when it fails
 *
 * @return 0 or EINVAL
 */
int opts_parse(const struct opt *shared, void *cli, const struct opt *own,
	       void *cfg, int argc, char **argv, bool stop, int *next,
	       char *errmsg, size_t size);

/** Print a table of options as --help shows it */
void opts_help(FILE *f, const struct opt *optv);

/* ---- commands (cli.c) ----------------------------------------------- */

struct cmd {
	const char *name;
	const char *args;       /**< "[DEV...]" as in the usage line          */
	const char *summary;    /**< one line                                 */
	const char *text;       /**< what --help says beyond the summary      */
	const char *example;    /**< lines to try                             */
	const struct opt *optv; /**< its own options, or NULL              */
	size_t cfg_size;        /**< of the object that optv stores into      */
	int argc_max;           /**< most arguments taken, -1 any number      */
	/** @return exit code */
	int (*run)(struct cli *cli, void *cfg, int argc, char **argv);
};

extern const struct cmd cmd_attach, cmd_detach, cmd_upgrade, cmd_status,
	cmd_legs, cmd_calls, cmd_connections, cmd_stats, cmd_dispatcher,
	cmd_network, cmd_limit, cmd_capture, cmd_reload, cmd_top, cmd_config,
	cmd_user, cmd_metrics, cmd_api, cmd_events, cmd_token, cmd_provider,
	cmd_route, cmd_registrations, cmd_extension;

/** The whole program. @return exit code */
int cli_main(FILE *out, int argc, char **argv);

/** Print "carom: ..." to stderr; libre's format, no trailing newline */
void cli_error(const char *fmt, ...);

/**
 * Say why a fast path function failed, and what to do next
 *
 * @param what  What was tried: "attach eth0"
 *
 * @return CLI_FAIL
 */
int cli_fp_error(const char *what, int err, const struct fp_err *e);

/**
 * Read the configuration file and take the pin directory from it. A file that
 * was not asked for by --config may be missing.
 *
 * @param strict  A faulty file is an error; else it is said, and passed over
 *
 * @return 0 or an exit code, already explained on stderr
 */
int cli_config(struct cli *cli, bool strict);

/** Read the files that the configuration names, as the agent would
 *  (config_files.c). @return 0 or errno, and what is wrong in e */
int config_files(const struct config *c, struct config_err *e);

/** Open the pinned maps for reading. @return 0 or exit code, explained */
int cli_open(struct cli *cli, struct fp **fpp);

/** Path of the database: the configured one, else the default */
const char *cli_store_path(const struct cli *cli);

/** The agent's lock, without its ".lock" */
const char *cli_lock(const struct cli *cli);

/** Print an object or array as a line of JSON and release it */
int cli_json(struct cli *cli, struct odict *od);

/* ---- JSON (json.c): add to an object; errors stick in *err ---------- */

void js_str(int *err, struct odict *od, const char *key, const char *val);
void js_int(int *err, struct odict *od, const char *key, int64_t val);
void js_dbl(int *err, struct odict *od, const char *key, double val);
void js_bool(int *err, struct odict *od, const char *key, bool val);
void js_null(int *err, struct odict *od, const char *key);
/** "address:port", null when sa is not set */
void js_sa(int *err, struct odict *od, const char *key, const struct sa *sa);
/** Add a new object (or array) to od, or, with a NULL key, to the array od */
struct odict *js_obj(int *err, struct odict *od, const char *key);
struct odict *js_arr(int *err, struct odict *od, const char *key);

/** Every counter that is not zero, by reason; relayed only with `all` */
void js_counts(int *err, struct odict *od, const char *key,
	       const uint32_t *count, bool all);

#endif
