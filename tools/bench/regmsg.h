/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file regmsg.h  A phone's REGISTER, and what it reads in the answers
 */
#ifndef CAROM_BENCH_REGMSG_H
#define CAROM_BENCH_REGMSG_H

#include "common.h"

enum { REGMSG_MAX = 2048, REGMSG_NONCE = 128 };

/** Same for all phones of a run */
struct regmsg_conf {
	const char *near;     /**< address that they are at, dotted        */
	unsigned port;        /**< and port                                */
	const char *domain;   /**< of the AORs; the realm, too             */
	const char *password; /**< of all of them                          */
	unsigned expires;     /**< s                                       */
	bool query;   /**< ask what is bound (RFC 3261 10.2.3), bind nothing */
	uint32_t run; /**< in Call-IDs: the same refreshes         */
};

/** User name of phone n. @return its length */
int regmsg_user(char user[16], uint32_t n);

/** HA1 by MD5 (RFC 7616 3.4.2): 32 digits and a zero */
void regmsg_ha1(char ha1[33], const struct regmsg_conf *c, uint32_t n);

/**
 * A REGISTER; its branch names the phone, so that regmsg_phone() knows whose the
 * answer is
 *
 * @param nonce  Of the challenge that it answers, "" for none
 * @param nc     How often this nonce has been used, this time included
 *
 * @return Bytes
 */
size_t regmsg_make(char text[REGMSG_MAX], const struct regmsg_conf *c,
		   uint32_t n, uint32_t cseq, const char *nonce, uint32_t nc);

/** Whose an answer is, and to which of its requests. @return code, or 0: no answer */
unsigned regmsg_answer(const char *text, uint32_t *n, uint32_t *cseq);

/** The nonce of the answer's MD5 challenge. @return false: there is none */
bool regmsg_nonce(const char *text, char nonce[REGMSG_NONCE]);

/** Does the answer list the phone's contact as bound? */
bool regmsg_bound(const char *text, const struct regmsg_conf *c, uint32_t n);

#endif
