/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file device.h  A device, as attach and status show it
 */
#ifndef CAROM_DEVICE_H
#define CAROM_DEVICE_H

#include "carom.h"

const char *device_mode(enum fp_mode mode);
const char *device_hold(enum fp_hold hold);

/** "what" and "mend" of each note, indented */
void device_notes(const struct cli *cli, const struct fp_dev *dev);

/** Add the device to an array */
void device_json(int *err, struct odict *arr, const struct fp_dev *dev);

#endif
