/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callview.h  A call with the live figures of its legs
 *
 * fp may be NULL wherever it is taken: then there are no figures.
 */
#ifndef CAROM_CALLVIEW_H
#define CAROM_CALLVIEW_H

#include "callrec.h"
#include "table.h"

/** A table with a row for each call. @return 0 or ENOMEM */
int callview_table(struct table **tp);
void callview_row(struct table *t, const struct callrec *rec,
		  const struct fp *fp);

/** One call in full. @return 0 or ENOMEM */
int callview_print(const struct cli *cli, const struct callrec *rec,
		   const struct fp *fp);

/** Add the call to an array */
void callview_json(int *err, struct odict *arr, const struct callrec *rec,
		   const struct fp *fp);

#endif
