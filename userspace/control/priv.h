/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file control/priv.h  What both ends of the socket keep to
 */
#ifndef CAROM_CONTROL_PRIV_H
#define CAROM_CONTROL_PRIV_H

enum {
	CONTROL_LINE_MAX = 65536,     /**< bytes of a request               */
	CONTROL_REPLY_MAX = 16 << 20, /**< bytes of a reply              */
};

#endif
