/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagapply.h  One flag against the table
 */
#ifndef CAROM_NG_FLAGAPPLY_H
#define CAROM_NG_FLAGAPPLY_H

#include "ng/flags.h"

/**
 * A name with its value, from a key of the dictionary
 *
 * @return 0, also for an unknown one (in f->warning); ENOTSUP refused,
 *         EINVAL, EOVERFLOW (in f->error)
 */
int ng_flag_apply(struct ng_flags *f, const struct pl *name,
		  const struct pl *val);

/** An item of "flags" or a word of "rtpp-flags": the name with its value, if
 *  any, behind a dash or an equals sign. @return as ng_flag_apply() */
int ng_flag_apply_bare(struct ng_flags *f, const struct pl *flag);

/** Put a refusal into f->error, if it is the first. @return err */
int ng_flag_refuse(struct ng_flags *f, const struct pl *name,
		   const struct pl *val, int err, const char *why);

/** Add a name to f->warning */
void ng_flag_unknown(struct ng_flags *f, const struct pl *name,
		     const struct pl *val);

/** Printable text of what a stranger sent, cut at a length; for %H. It goes
 *  to the log and into replies */
int ng_flag_show(struct re_printf *pf, const struct pl *pl);

#endif
