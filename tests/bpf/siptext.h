/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file siptext.h  Lines of SIP that the golden messages are made of
 */
#ifndef CAROM_SIPTEXT_H
#define CAROM_SIPTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sipbed.h"

#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc\n"
#define IDS                                                                    \
	"From: <sip:alice@192.0.2.10>;tag=a1\nTo: <sip:bob@192.0.2.1>\n"       \
	"Call-ID: call-1@192.0.2.10\n"
#define MF "Max-Forwards: 70\n"
#define CS "CSeq: 1 INVITE\n"
#define INV "INVITE sip:bob@192.0.2.1 SIP/2.0\n"
#define RR "Record-Route: <sip:192.0.2.1:5060;lr>\n"

/** A request by its first line and its last headers; ASKED: the same as it leaves, @a
 *  being our Via */
#define ASK(line, head)                                                        \
	line VIA MF "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"                   \
		    "Call-ID: call-1@192.0.2.10\n" head "\n"
#define ASKED(line, head)                                                      \
	line "@a\n" VIA "Max-Forwards: 69\n"                                   \
	     "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"                          \
	     "Call-ID: call-1@192.0.2.10\n" head "\n"

#endif
