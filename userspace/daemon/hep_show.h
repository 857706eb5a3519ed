/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/hep_show.h  The role's own side: what is shown, and by whom it is seen
 */
#ifndef CAROM_HEP_SHOW_H
#define CAROM_HEP_SHOW_H

#include <pthread.h>

#include "base/log.h"
#include "daemon/role_hep.h"

enum { HEP_LOOK = 20 /* ms between two looks at the kernel's copies */ };

/** A section of the configuration, with texts of its own */
struct hep_section {
	struct config_hep c;
};

struct role_hep {
	struct hep_section *conf; /**< NULL: there is none now             */
	uint64_t key[2]; /**< of the edges: all of them sample the same calls */
	struct hep *hep; /**< NULL as conf                                 */
	struct fp_sip *sip; /**< NULL: no edge                          */
	struct edge *edge;
	struct media *media;
	struct providers *providers; /**< NULL: none                      */
	struct sip_node *node;       /**< that is watched; or NULL         */
	struct tmr tmr;
	struct mqueue *mq; /**< log lines of other threads                 */
	bool lines;        /**< they are wanted; other threads look at it  */
	pthread_t thread;
	char name[32];       /**< that lines about no call are found by    */
	struct sa self;      /**< whom log lines are from and to           */
	uint64_t unreadable; /**< RTCP                                     */
	uint64_t dropped;    /**< log lines of other threads               */
};

/** SIP as it passes: a sip_watch_h */
void hep_passed(const struct sip_passed *e, void *arg);
/** The kernel's copies, from time to time: a tmr_h that begins anew */
void hep_look(void *arg);
/** RTCP: a media_rtcp_h */
void hep_rtcp(const struct media_rtcp *m, void *arg);
/** A log line: a log_watch_h */
void hep_line(enum log_level level, const char *text, const char *about,
	      void *arg);
/** One of another thread has come: an mqueue_h */
void hep_line_came(int id, void *data, void *arg);

#endif
