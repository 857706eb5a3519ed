/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/connread.h  What a connection reads; inside conn.c alone
 */
#ifndef CAROM_SIP_CONNREAD_H
#define CAROM_SIP_CONNREAD_H

#include "sip/conn.h"

/** Bytes have come (tcp_recv_h); arg: the connection */
void connread_handler(struct mbuf *mb, void *arg);

/** Send bytes: as a WebSocket frame, where it is one. @return 0; else it has been
 *  closed */
int conn_put(struct conn *c, enum websock_opcode opcode, const char *p,
	     size_t n);

/** Show a message that came, or is sent, to who watches */
void conn_show(const struct conn *c, const struct pl *text, bool sent);

#endif
