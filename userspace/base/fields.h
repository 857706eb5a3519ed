/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/fields.h  The members of a JSON object, checked one by one
 *
 * The first that is wrong is kept with its path and what is allowed; from then on
 * every call does nothing, so that a reader asks for all and looks once:
 *
 *	struct fields f;
 *	fields_init(&f, obj, &e);
 *	fields_string(&f, "id", &p->id, 1, 64);
 *	fields_number(&f, "port", &p->port, 1, 65535, 5060);
 *	return fields_done(&f);
 */
#ifndef CAROM_FIELDS_H
#define CAROM_FIELDS_H

#include <re.h>

/** What is wrong with an object that somebody gave us */
struct fields_err {
	char path[96];  /**< member, "times.windows[1].from"; "" all of it  */
	char text[160]; /**< "'25:00' is no time of day; allowed: ..."      */
};

/** An object that is being read. Members are the room's that reads */
struct fields {
	const struct odict *o;
	struct fields_err *e;
	int err; /**< of the first thing that was wrong             */
	char at[64];
	const char *seenv[32]; /**< members that were asked for            */
	size_t seenc;
};

/** @param e  Its path may be set already: of the object in what is around it */
void fields_init(struct fields *f, const struct odict *o, struct fields_err *e);

/** The object at a member, or in an array; NULL: not there (or f has failed) */
const struct odict *fields_object(struct fields *f, const char *key);

/** An array; NULL: not there, empty, or f has failed */
const struct odict *fields_array(struct fields *f, const char *key, size_t max);

/** Begin to read element i of the array at key, which is an object */
void fields_element(struct fields *in, struct fields *f, const char *key,
		    size_t i, const struct odict_entry *entry);

/** Begin to read the object at key */
void fields_inner(struct fields *in, struct fields *f, const char *key,
		  const struct odict *o);

/** A string of min..max bytes without control characters; min 0: may be missing,
 *  *s is NULL then. Replaces what *s was */
void fields_string(struct fields *f, const char *key, char **s, size_t min,
		   size_t max);

/** An integer, def where it is missing */
void fields_number(struct fields *f, const char *key, uint32_t *n, uint32_t min,
		   uint32_t max, uint32_t def);

/** A number that is not negative, def where it is missing */
void fields_real(struct fields *f, const char *key, double *n, double max,
		 double def);

void fields_bool(struct fields *f, const char *key, bool *b, bool def);

/** One of the words: *i is its index, def where it is missing */
void fields_word(struct fields *f, const char *key, unsigned *i,
		 const char *const *wordv, size_t n, unsigned def);

/** Element of an array of strings; NULL: none (f has failed then) */
const char *fields_text(struct fields *f, const char *key, size_t i,
			const struct odict_entry *entry);

/** That member is wrong. @return EBADMSG */
int fields_bad(struct fields *f, const char *key, const char *fmt, ...);

/** All has been asked for: what else the object has is wrong. @return 0, EBADMSG,
 *  ENOMEM */
int fields_done(struct fields *f);

/** "name", "name-2.b": letters, digits, '_', '-' and '.', 1..64 of them */
bool fields_is_id(const char *s);

#endif
