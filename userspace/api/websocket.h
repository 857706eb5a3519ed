/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/websocket.h  Events by WebSocket (RFC 6455): inside the room
 */
#ifndef CAROM_API_WEBSOCKET_H
#define CAROM_API_WEBSOCKET_H

#include "api/core.h"

struct MHD_UpgradeResponseHandle;
struct websocket;

/** Does it ask for one? */
bool websocket_wanted(const struct api_req *req);

/** Headers of the answer to its handshake. @return 0; EINVAL: it was answered */
int websocket_accept(struct api_req *req);

/**
 * The connection is one from now on. Frames are what the request's stream gives
 *
 * @param l      It is in this list until it ends
 * @param fd     Closed by urh
 * @param extra  n bytes that came behind the request
 */
int websocket_alloc(struct list *l, struct api_req *req, int fd,
		    struct MHD_UpgradeResponseHandle *urh, const void *extra,
		    size_t n);

/** The node goes away: what there still is, and a close. It is released */
void websocket_end(struct websocket *w);

#endif
