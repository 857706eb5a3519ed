/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ask.h  Commands that the running agent carries out
 */
#ifndef CAROM_ASK_H
#define CAROM_ASK_H

#include "carom.h"

/** A word that may follow the command: "carom network add PREFIX KIND" */
struct verb {
	const char *name;
	int min, max;      /**< arguments behind it                      */
	const char *usage; /**< all of it but "carom "                    */
};

/** Every command that asks by the control socket has this option, in an object that begins with it */
struct asking {
	const char *socket;
};

#define ASK_OPTION                                                             \
	{                                                                      \
		.name = "socket", .type = OPT_STR,                             \
		.off = offsetof(struct asking, socket), .arg = "PATH",         \
		.help = "the agent's control socket (default: the configured " \
			"one)"                                                 \
	}

/**
 * The verb that is meant; without one the first
 *
 * @param verbv  Ends with an entry without a name
 *
 * @return NULL: it has been explained on stderr what is wrong
 */
const struct verb *ask_verb(const struct verb *verbv, const char *cmd, int argc,
			    char **argv);

/** A request "CMD VERB". @return 0 or ENOMEM */
int ask_request(struct odict **reqp, const char *cmd, const struct verb *verb);

/**
 * Ask the agent
 *
 * @param what   Begins what is said of an error: "network"
 * @param req    Released
 * @param reply  Result (mem_deref when done)
 *
 * @return 0 or exit code, explained on stderr
 */
int ask(struct cli *cli, const struct asking *a, const char *what,
	struct odict *req, struct odict **reply);

/** A number of the reply; 0 where it has none */
uint64_t ask_number(const struct odict *o, const char *key);
/** The same, of one that may have a fraction */
double ask_real(const struct odict *o, const char *key);
bool ask_bool(const struct odict *o, const char *key);
/** An array of the reply; NULL */
const struct odict *ask_array(const struct odict *o, const char *key);

/** Call h for each object of an array */
typedef void(ask_each_h)(const struct odict *o, void *arg);
void ask_each(const struct odict *arr, ask_each_h *h, void *arg);

/** How a list is shown */
struct ask_list {
	const char *key; /**< its array in the reply                       */
	const struct table_col *colv;
	size_t colc;
	ask_each_h *row;     /**< adds cells to the table, which is its arg  */
	const char *hide;    /**< column that is left out where it is empty  */
	const char *nothing; /**< what is said of an empty list              */
};

/** Print the reply's list as a table; it is released. @return exit code */
int ask_table(struct cli *cli, const struct ask_list *l, struct odict *reply);

/** Print the reply's text, or, with --json, all of it; it is released. @return
 *  exit code */
int ask_print(struct cli *cli, struct odict *reply);

#endif
