/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file apiask.h  Objects of the API, and records of it: what commands that use it share
 */
#ifndef CAROM_APIASK_H
#define CAROM_APIASK_H

#include "ask.h"
#include "http.h"

/**
 * Ask
 *
 * @param what    Begins what is said of an error: "provider"
 * @param method  "GET"
 * @param path    "/v1/providers", a query with it
 * @param body    NULL: none
 * @param reply   Result (mem_deref when done); NULL where there is no body
 *
 * @return 0 or exit code, explained on stderr: a problem's detail and its fields
 */
int apiask(struct cli *cli, const struct http_asking *a, const char *what,
	   const char *method, const char *path, const struct odict *body,
	   struct odict **reply);

/** The same, but what is not there is no error: *reply is NULL then */
int apiask_there(struct cli *cli, const struct http_asking *a, const char *what,
		 const char *path, struct odict **reply);

/** GET, for what is shown beside what is known without the agent: nothing is said
 *  where it is not there, or is slow. @return 0 or exit code */
int apiask_quietly(struct cli *cli, const char *path, struct odict **reply);

/** All pages of a list, in one array `key` */
int apiask_all(struct cli *cli, const struct http_asking *a, const char *what,
	       const char *path, const char *key, struct odict **reply);

/** A part of a path or query, escaped; in static storage of the caller */
void apiask_escape(char *to, size_t size, const char *s);

/** What records of the API have in common: list, show, set, delete */
struct apirecords {
	const char *what; /**< "provider"                                 */
	const char *path; /**< "/v1/providers"                            */
	const struct ask_list *list;
};

/**
 * Carry out "list", "show ID", "set ID FILE", "delete ID"
 *
 * @return exit code; -1: it is none of them
 */
int apirecords_run(struct cli *cli, const struct http_asking *a,
		   const struct apirecords *r, const struct verb *verb,
		   int argc, char **argv);

#endif
