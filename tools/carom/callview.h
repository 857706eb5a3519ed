/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callview.h  A call with the live figures of its legs
 *
 * Where figures have no fp there are none, where no mos no opinion scores.
 */
#ifndef CAROM_CALLVIEW_H
#define CAROM_CALLVIEW_H

#include "callrec.h"
#include "table.h"

/** What is known beside the store */
struct callview_figures {
	const struct fp *fp;     /**< or NULL                             */
	const struct odict *mos; /**< of legmos_ask(), or NULL            */
};

/** A table with a row for each call. @return 0 or ENOMEM */
int callview_table(struct table **tp);
void callview_row(struct table *t, const struct callrec *rec,
		  const struct callview_figures *f);

/** One call in full. @return 0 or ENOMEM */
int callview_print(const struct cli *cli, const struct callrec *rec,
		   const struct callview_figures *f);

/** Add the call to an array */
void callview_json(int *err, struct odict *arr, const struct callrec *rec,
		   const struct callview_figures *f);

#endif
