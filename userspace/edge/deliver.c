/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: read, decided upon, sent */
#include <errno.h>
#include "base/log.h"
#include "edge/deliver.h"
#include "edge/edit.h"
#include "sip/keepalive.h"
#include "edge/lookup.h"

struct deliver {
	struct policy *policy;
	struct sip_udp *const *udpv;
	struct streams *streams;
	struct probe *probe;
	struct names *names;
	struct count *count;
	struct msg msg; /* scratch: too large for the stack            */
};

static void destructor(void *arg)
{
	struct deliver *d = arg;

	mem_deref(d->policy);
}

/* ---- sending ------------------------------------------------------------------- */

/* By what out says; h: what to do where a connection has to be made and can't be.
 * @return 0, or errno: it has not been sent */
static int put(struct deliver *d, const struct forward_out *out,
	       stream_else_h *h, void *arg)
{
	if (!sa_isset(&out->dst, SA_ADDR))
		return EHOSTUNREACH;
	if (out->transp != MSG_UDP)
		return streams_send(d->streams, out, h, arg);
	return sip_udp_send(d->udpv[out->listener], &out->dst, out->mb);
}

/* To where the request came from */
static void back(struct deliver *d, const struct forward_in *in,
		 struct forward_out *out)
{
	out->transp = d->policy->listenerv[in->listener].transp;
	out->flow = out->transp != MSG_UDP;
	out->listener = in->listener;
	edit_reply_addr(&out->dst, d->policy, in, &d->msg);
}

static bool answerable(const struct deliver *d)
{
	return !d->msg.code && pl_strcmp(&d->msg.met, "ACK") != 0;
}

static void reply_out(struct deliver *d, const struct forward_out *out)
{
	const int err = put(d, out, NULL, NULL);

	if (!err)
		return;
	log_debug("edge: to %J: %m", &out->dst, err);
	count_up(d->count, COUNT_UNSENT);
}

static void refuse(struct deliver *d, const struct forward_in *in,
		   uint16_t code, const char *reason, const char *why,
		   const char *extra)
{
	struct forward_out out = {.mb = NULL};

	if (!answerable(d) ||
	    reply_make(&out.mb, d->policy, in, &d->msg, code, reason, extra))
		return;
	back(d, in, &out);
	count_outcome(d->count, code, why);
	reply_out(d, &out);
	mem_deref(out.mb);
}

/* Where we can't go, the sender is told so (16.9: as a 503) */
static void unreachable(struct deliver *d, const struct forward_in *in,
			const struct forward_out *out)
{
	if (out->flow) {
		count_up(d->count, COUNT_FLOW_FAILED);
		refuse(d, in, 430, "Flow Failed", "Flow Failed",
		       NULL); /* 5626 5.3 */
		return;
	}
	count_up(d->count, COUNT_UNREACHABLE);
	refuse(d, in, 503, "Service Unavailable", "No Way To The Next Hop",
	       NULL);
}

/* What waits for a connection, and what it came from */
struct waiting {
	struct deliver *d;
	const struct forward_in *in;
	const struct forward_out *out;
};

/* The datagram in place of a stream's message; else word to the sender */
static int instead(struct forward_out *i, void *arg)
{
	const struct waiting *w = arg;

	*i = (struct forward_out){.transp = MSG_UDP};
	if (w->out->datagram) {
		i->mb = mem_ref(w->out->datagram);
		i->listener = w->out->datagram_listener;
		sa_cpy(&i->dst, &w->out->dst);
		return 0;
	}
	if (!answerable(w->d))
		return 0;
	i->code = 503;
	back(w->d, w->in, i);
	return reply_make(&i->mb, w->d->policy, w->in, &w->d->msg, 503,
			  "Service Unavailable", NULL);
}

void deliver_instead(const struct sa *peer, const struct forward_out *i,
		     void *arg)
{
	struct deliver *d = arg;

	/* of the datagram in its place nothing is known */
	if (i->code) {
		names_refused(d->names, peer);
		count_up(d->count, COUNT_UNREACHABLE);
		count_outcome(d->count, i->code, "No Way To The Next Hop");
	}
	reply_out(d, i);
}

/* What could not be sent may go in another way: as the datagram that it would have
 * been; over a new connection, if the one that the request came by is gone */
static int other_way(struct deliver *d, const struct forward_out *out)
{
	struct forward_out other = *out;

	other.flow = false;
	if (out->datagram) {
		other.transp = MSG_UDP;
		other.mb = out->datagram;
		other.listener = out->datagram_listener;
	} else if (sa_isset(&out->reopen, SA_ADDR)) {
		sa_cpy(&other.dst, &out->reopen);
	} else {
		return ENOENT;
	}
	return put(d, &other, NULL, NULL);
}

/* A datagram for which there was no room: it will be sent again */
static bool passing(const struct forward_out *out, int err)
{
	return out->transp == MSG_UDP && sa_isset(&out->dst, SA_ADDR) &&
	       (err == EAGAIN || err == ENOBUFS || err == ENOMEM);
}

/* To the node that may have the call as well */
static void copy_too(struct deliver *d, const struct forward_out *out)
{
	struct forward_out copy = *out;

	if (!sa_isset(&out->also, SA_ADDR))
		return;
	sa_cpy(&copy.dst, &out->also);
	(void)put(d, &copy, NULL, NULL);
}

static void send_on(struct deliver *d, const struct forward_in *in,
		    const struct forward_out *out)
{
	struct waiting w = {d, in, out};
	int err = put(d, out, instead, &w);

	copy_too(d, out);
	if (err && !other_way(d, out))
		err = 0;
	if (!err) {
		count_up(d->count,
			 d->msg.code ? COUNT_RESPONSES : COUNT_REQUESTS);
		if (out->contact)
			count_up(d->count, COUNT_CALLED);
		ds_target_sent(out->target, !d->msg.code);
		return;
	}
	log_debug("edge: to %r%J over %s: %m", &out->host, &out->dst,
		  msg_transp_name(out->transp), err);
	if (err != EAGAIN && !out->flow)
		names_refused(d->names, &out->dst);
	if (err == EACCES) /* the network's broadcast address */
		refuse(d, in, 403, "Forbidden", "Forbidden", NULL);
	else if (passing(out, err))
		count_up(d->count, COUNT_UNSENT);
	else
		unreachable(d, in, out);
}

/* ---- messages ------------------------------------------------------------------ */

/* For its name to be known; too many do already: not now */
static void wait_for_name(struct deliver *d, const struct forward_in *in,
			  struct forward_out *out)
{
	struct locate_want w;
	int err;

	lookup_want(&w, d->policy, &d->msg, out);
	err = names_wait(d->names, in, &w);
	if (!err) {
		count_up(d->count, COUNT_WAITED);
		return;
	}
	log_debug("edge: %r: %m", &out->host, err);
	count_up(d->count, COUNT_UNREACHABLE);
	refuse(d, in, 503, "Service Unavailable", "Name Can't Be Asked For",
	       err == ENOSPC || err == EBUSY ? "Retry-After: 5\r\n" : NULL);
}

static void decide(struct deliver *d, const struct forward_in *in)
{
	struct forward_out out;
	const enum forward_verdict v = forward(d->policy, in, &d->msg, &out);

	log_about(d->msg.callid.p, d->msg.callid.l);
	switch (v) {
	case FORWARD_SEND:
		send_on(d, in, &out);
		break;
	case FORWARD_REPLY:
		count_outcome(d->count, out.code, out.why);
		reply_out(d, &out);
		break;
	case FORWARD_LOCAL:
		count_up(d->count, COUNT_PROBED);
		(void)probe_response(d->probe, &d->msg.viav[0].branch,
				     d->msg.code);
		break;
	case FORWARD_LOOKUP:
		wait_for_name(d, in, &out);
		break;
	case FORWARD_ABSORB:
		count_up(d->count, COUNT_ABSORBED);
		break;
	case FORWARD_DROP:
		count_outcome(d->count, 0, out.why);
		log_debug("edge: from %J: %s", &in->src, out.why);
		break;
	}
	mem_deref(out.contact);
	log_about(NULL, 0);
	mem_deref(out.datagram);
	mem_deref(out.mb);
}

void deliver_message(struct deliver *d, const struct forward_in *in)
{
	count_up(d->count, COUNT_RECEIVED);
	decide(d, in);
}

void deliver_waited(struct deliver *d, const struct forward_in *in)
{
	decide(d, in);
}

void deliver_stream(const struct sa *src, const struct pl *text,
		    unsigned listener, void *arg)
{
	struct forward_in in = {.text = *text, .listener = listener};

	sa_cpy(&in.src, src);
	deliver_message(arg, &in);
}

void deliver_datagram(const struct sa *src, const struct pl *text,
		      unsigned listener, void *arg)
{
	struct deliver *d = arg;
	struct mbuf *reply;

	if (!keepalive(&reply, src, text)) {
		deliver_stream(src, text, listener, arg);
		return;
	}
	count_up(d->count, COUNT_KEEPALIVE);
	if (reply)
		(void)sip_udp_send(d->udpv[listener], src, reply);
	mem_deref(reply);
}

void deliver_lost(const struct sa *dst, void *arg)
{
	struct deliver *d = arg;

	names_refused(d->names, dst);
}

void deliver_streams(struct deliver *d, struct streams *streams)
{
	if (d)
		d->streams = streams;
}

void deliver_probe(struct deliver *d, struct probe *probe)
{
	if (d)
		d->probe = probe;
}

void deliver_names(struct deliver *d, struct names *names)
{
	if (d)
		d->names = names;
}

int deliver_alloc(struct deliver **dp, struct policy *policy,
		  struct sip_udp *const *udpv, struct count *count)
{
	struct deliver *d;

	if (!dp || !policy || !udpv)
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->policy = mem_ref(policy);
	d->udpv = udpv;
	d->count = count;
	*dp = d;
	return 0;
}
