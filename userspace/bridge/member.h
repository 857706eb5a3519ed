/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/member.h  One member, as the files of this room see it
 *
 * `struct program` is what the signalling loop makes of a bridge_member, and may be
 * exchanged; the rest is the worker's and goes on.
 */
#ifndef CAROM_BRIDGE_MEMBER_H
#define CAROM_BRIDGE_MEMBER_H

#include "audio/digit.h"
#include "audio/resample.h"
#include "bridge/bridge.h"
#include "rtp/event.h"
#include "rtp/jitter.h"
#include "rtp/order.h"
#include "rtp/packet.h"
#include "rtp/report.h"

enum {
	MOVED_NS = 1000000000,
	WAIT_NS = 30000000, /* for a packet that is out of order          */
	GAP_MS = 200,       /* of loss that is concealed; more is a pause */
	BUNDLE_TAG = 8, /* bits of an event's type; a member's tag is above */
};

/** A codec that the member sends, with the way to the other's rate */
struct source {
	struct codec_dec *dec;
	struct resample *rs; /* NULL: same rate */
	uint32_t clock;
};

/* What each packet needs comes first: with thousands of calls it is far away in
 * memory, and one line of it is had sooner than two */
struct program {
	struct plane_dst *dst, *dst_rtcp;
	struct srtpx *rx, *tx;
	struct srtpx *rtcp_rx, *rtcp_tx; /* conf.rtcp_keyed alone */
	struct codec_enc *enc;           /* of what the member gets */
	int16_t *acc; /* of its next packet: sender.accn samples */
	struct bridge_member conf;
	struct source sourcev[BRIDGE_CODECS];
	/* of digits that the member dials; NULL where nobody wants them: */
	struct digit_rx *ear; /* at the rate of what is encoded for the other */
	struct tone *tone;    /* the same rate */
	struct cn *
		noise; /* what its silence is like; NULL: it says nothing of that,
			     or the other knows it */
	uint32_t rate;
};

/** What goes to a member: one stream, without a step */
struct sender {
	bool started;
	uint16_t seq;     /* last sent */
	uint32_t ts;      /* of the next sample that is encoded */
	bool marker;      /* the next packet begins a talkspurt */
	size_t accn;      /* samples of each channel in program.acc */
	bool passing;     /* the last packet was passed on, not encoded */
	uint16_t seq_off; /* added to what is passed on */
	uint32_t ts_off;
	bool rewrite;     /* what is passed on gets our SSRC */
	uint32_t ssrc_in; /* that the offsets are of */
	uint32_t ts_in;   /* of what was passed on last, as it came */
	uint32_t ssrc;    /* of what was sent last */
	bool event;       /* these hold: */
	uint32_t event_in,
		event_ts; /* an event's time, as it came, as it goes */
	bool playing;     /* a player sends, and nobody else */
	uint64_t at;      /* ns: when the last packet went */
	uint32_t ts_sent; /* its timestamp */
};

struct receiver {
	struct order *order;
	struct plane_tmr tmr; /* of packets that wait */
	struct jitter jitter; /* of what is decoded   */
	uint32_t ssrc;
	bool started;
	bool timed;             /* ts holds */
	uint32_t ts;            /* that the next packet should have */
	uint8_t pt;             /* of the last that was decoded */
	struct event_rx events; /* that are told               */
	bool sounding;          /* an event is heard as a tone */
	uint32_t sound_ts;      /* its begin                   */
	uint32_t sounded;       /* units of it                 */
	bool guard_on;          /* these are of a digit that is replaced */
	uint32_t guard_ts;      /* of the event                */
	uint8_t guard_digit;    /* that takes its place        */
	uint16_t guard_hz;
	unsigned guarded; /* digits that were replaced by a sine */
	int heard;   /* a tone that is replaced: 1 + which, as it is heard */
	int dialled; /* a tone that is sent as an event: 1 + which */
	uint32_t dialled_ts;  /* its begin, as it is sent    */
	uint32_t dialled_len; /* units so far                */
	uint8_t dialled_volume;
};

/** Silence of a member's that the other hears as noise */
struct noise {
	bool on;
	int left;       /* ms that it goes on at most */
	uint64_t at;    /* ms: the next step          */
	uint32_t clock; /* Hz of the sender's         */
	struct plane_tmr tmr;
};

/** RTCP with a member that we encode for */
struct reporter {
	struct report_in in;   /* of what it sends                       */
	struct report_out out; /* of what it gets                        */
	struct plane_tmr tmr;
	bool on;
	uint32_t chance;
};

struct player;

/* What each packet needs comes first, here too */
struct member {
	struct program *prog;
	struct plane_port *port;
	/* whom what it sends is for, and who sends what it gets: the other one, or itself
	 * (conf.echo) */
	struct member *other;
	struct receiver rx;
	bool copy; /* what comes is told: BRIDGE_COPY */
	bool on; /* its bridge is whole, and does not go: what comes is taken */
	unsigned side;
	struct bridge *b;
	uint64_t moved; /* ns: when it was told last that it moved */
	struct bridge_stats st;
	struct sender tx;
	struct reporter rep;
	struct noise noise;
	struct player *player; /* NULL: nothing is played */
	struct plane_tmr play_tmr;
	struct gateway *fax; /* it speaks T.38, NULL: RTP */
	struct plane_tmr fax_tmr;
	uint64_t fax_at; /* ms: when the other one is to hear more */
	struct plane_port *rtcp_port;
	struct bundle *bundle; /* whose port it has; NULL: its own */
	unsigned tag;          /* of its events there */
	const void *hintv[PLANE_HINTS];
};

/** The SSRC of somebody's stream */
struct bundle_owner {
	uint32_t ssrc;
	struct member *m; /* NULL: none */
};

/* Members are the worker's, ownv the signalling loop's */
struct bundle {
	struct plane *pl;
	unsigned worker;
	struct sa local;
	struct plane_port *port;
	bundle_event_h *eventh;
	void *arg;
	struct member *mv[BUNDLE_MEMBERS], *ownv[BUNDLE_MEMBERS];
	unsigned tags;                            /* given so far */
	struct bundle_owner ownerv[BUNDLE_SSRCS]; /* of what comes */
	struct bundle_owner sentv[BUNDLE_SSRCS];  /* of what is sent */
	unsigned next, next_sent;                 /* that are written next */
	struct bundle_stats st;
	struct srtpx *rx, *tx; /* of these keys: */
	struct srtpx_key rx_key, tx_key;
};

struct bridge {
	struct plane *pl;
	unsigned worker;
	struct member mv[2];
	bridge_event_h *eventh;
	void *arg;
	char cname[REPORT_CNAME]; /* in our RTCP (RFC 7022: by chance)    */
};

/* program.c */

/** @param other  What the other member is sent: its rate decides ours */
int program_alloc(struct program **pp, struct plane *pl,
		  const struct bridge_member *m,
		  const struct bridge_member *other);
/** The first index of SRTCP that who has our keys since before does not know */
uint32_t program_resume_index(void);

/** What opens RTCP, and what encrypts it; NULL: it is in the clear, or locked */
struct srtpx *program_rtcp_rx(const struct program *p);
struct srtpx *program_rtcp_tx(const struct program *p);
bool program_rtcp_locked(const struct program *p);

/* receive.c: on the worker */
void member_receive(struct plane_port *port, struct plane_pkt *pkt, void *arg);
void member_receive_rtcp(struct plane_port *port, struct plane_pkt *pkt,
			 void *arg);
/** RTP that came, as it came. @return true: it is authentic, and heard */
bool member_media(struct member *m, struct plane_pkt *pkt);
/** RTCP that was opened */
void member_control(struct member *m, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now);
/** SRTP's verdict becomes a figure */
void member_refused(struct member *m, int err);
/** Tell the signalling loop: of this member */
void member_event(struct member *m, unsigned type, const struct sa *src,
		  const uint8_t *p, size_t n);
/** A packet in order; p from its RTP header on, decrypted */
void member_ordered(const uint8_t *p, size_t n, unsigned lost, void *arg);

/* bundle.c, demux.c */

/** Its packets come by a bundle from now on, or no more: by the signalling loop */
int bundle_join(struct bundle *b, struct member *m);
void bundle_leave(struct bundle *b, struct member *m);
/** The contexts that all members share, made where the keys are others */
int bundle_keys(struct bundle *b, struct program *p);
/** Whom RTP is for, before it is opened; NULL: nobody, or nobody knows */
struct member *bundle_find(struct bundle *b, const uint8_t *p, size_t n,
			   bool *learn);
/** SSRC of RTP */
uint32_t bundle_ssrc(const uint8_t *p);
/** What came with this SSRC is m's: it was authentic */
void bundle_learn(struct bundle *b, uint32_t ssrc, struct member *m);
/** RTCP that was opened, to whom it tells something: piece by piece */
void bundle_reports(struct bundle *b, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now);
/** Is something sent with this SSRC to another member by the same transport? If not, it is
 *  m's from now on */
bool bundle_taken(struct member *m, uint32_t ssrc);

/* reporter.c */

/** A packet of m's came, that is not passed on as it is */
void reporter_heard(struct member *m, const struct rtp_head *h, uint64_t now);
/** A packet of ours went to m */
void reporter_sent(struct member *m, uint32_t ts, size_t octets);
/** RTCP of m's came, opened */
void reporter_read(struct member *m, const uint8_t *p, size_t n, uint64_t now);

/** Feedback goes to m at once, behind a report of ours (RFC 4585 3.1). Where there is nothing
 *  to report yet it does not
 *
 *  @param p  n octets, 1024 at most */
void reporter_feedback(struct member *m, const uint8_t *p, size_t n);

/* feedback.c */

/** RTCP of m's, of which nothing is passed on but what asks the other for something */
void feedback_pass(struct member *m, const uint8_t *p, size_t n);

/* transcode.c */
void transcode(struct member *m, const uint8_t *p, const struct rtp_head *h,
	       unsigned lost);

/* fax.c */

/** @param m  Whose it will be; none where conf has no T.38 */
int fax_alloc(struct gateway **gp, struct member *m,
	      const struct bridge_member *conf);
/** On the worker, as all below: its time begins */
void fax_start(struct member *m);
/** A datagram of m's came */
void fax_receive(struct member *m, const struct plane_pkt *pkt);
/** Sound for m did not come, so many units of a clock of `clock` Hz */
void fax_missing(struct member *m, uint32_t units, uint32_t clock);

/* digits.c */

/** An event of m's: told, if anybody wants to know */
void digits_event(struct member *m, const uint8_t *p, const struct rtp_head *h,
		  uint32_t clock);
/** An event that the other hears as a tone */
void digits_tone(struct member *m, const uint8_t *p, const struct rtp_head *h,
		 const struct bridge_pt *bp);
/**
 * Sound of m's, for the other, one channel at program.rate
 *
 * @return true: it is a digit, which went as an event in its place, or does not go on
 */
bool digits_listen(struct member *m, const int16_t *pcm, size_t n);
/** The event that a tone of m's became ends here, if there is one */
void digits_over(struct member *m);
/** m gets a new program: a digit goes on, if it may; else it ends, as the old one says.
 *  Before either member has its new one */
void digits_change(struct member *m, struct program *prog);

/* datagram.c */

/** Send a datagram of the signalling loop's from a port. @return 0, EINVAL, ENOBUFS, ENOMEM */
int datagram_send(struct plane *pl, unsigned worker, struct plane_port *port,
		  const struct sa *dst, const uint8_t *p, size_t n);

/* noise.c */

/** A packet of comfort noise, which the other hears as sound from now on */
void noise_take(struct member *m, const uint8_t *p, const struct rtp_head *h,
		const struct bridge_pt *bp);
/** m is heard again, or somebody else sends what comes next */
void noise_over(struct member *m);

/* guard.c: on the worker */

/** A digit of m's begins that something else takes the place of */
void guard_begins(struct member *m, uint8_t event);
/** Have m's program.tone sound as what takes the place of a digit, or the digit itself where
 *  nothing does; or no more */
void guard_sound(struct member *m, uint8_t event, uint8_t volume, bool on);
/** A packet of an event of m's. @return false: it goes on as it is */
bool guard_event(struct member *m, const uint8_t *p, const struct rtp_head *h,
		 const struct bridge_pt *bp);
/** So many samples of program.tone for the other */
void guard_samples(struct member *m, size_t n);

/* enter.c */

/** If nothing was sent to m from here yet, but by the kernel up to now: as if we had passed
 *  that on
 *
 *  @param clock  Hz of what is sent from now on
 *  @param h      The first packet that came to us; NULL: none did */
void sender_enter(struct member *m, uint32_t clock, const struct rtp_head *h);

/* send.c */

/** Send a packet on to m as it is, but for its payload type */
void send_passed(struct member *m, const uint8_t *p, size_t n,
		 const struct rtp_head *h, uint8_t pt);
/** The same for telephone-event, which may go beside what we encode */
void send_event(struct member *m, const uint8_t *p, size_t n,
		const struct rtp_head *h, const struct bridge_pt *bp);
/** What m gets is encoded from here on, and was passed on before: where in its
 *  stream does a packet, in a clock of `clock` Hz, stand? */
void send_joins(struct member *m, const struct rtp_head *h, uint32_t clock);
/** Samples for m, at its encoder's rate and channels */
void send_samples(struct member *m, const int16_t *pcm, size_t n);
/** Nothing was said for so many units of the sender's clock of `clock` Hz */
void send_pause(struct member *m, uint32_t units, uint32_t clock);
/** Something else than sound comes next: samples of a packet that was begun are given up,
 *  their time is not */
void send_begins(struct member *m);
/** RTP units of sound that waits for a whole packet */
uint32_t send_pending(const struct member *m);
/** What is sent now is nobody's: its time is the present, at least a packet of
 *  `ptime` ms behind what was passed on last */
void send_now(struct member *m, uint32_t clock, unsigned ptime);
/** Payload from our own pen */
void send_payload(struct member *m, const uint8_t *p, size_t n, uint8_t pt,
		  uint32_t ts, bool marker);

#endif
