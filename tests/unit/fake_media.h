/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fake_media.h  media/media.h without media: writes down what it was
 *                     asked, and answers as it is told to
 */
#ifndef FAKE_MEDIA_H
#define FAKE_MEDIA_H

#include <re.h>
#include "media/media.h"

struct media {
	unsigned calls;  /**< functions called so far                     */
	char last[8192]; /**< the last one, and every argument that is not
			     *   its default: "offer call=a from=b trust"   */
	int err;         /**< what the next functions return              */
	char msg[256];   /**< with this message                           */
	unsigned list;   /**< Call-IDs that media_list() has              */
	bool raw_sdp;    /**< SDP comes out as it went in                 */
};

struct media *fake_media(void);

#endif
