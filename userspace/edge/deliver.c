/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages: read, decided upon, sent */
#include <errno.h>
#include "base/log.h"
#include "edge/deliver.h"

struct deliver {
	struct policy *policy;
	struct udp_edge *const *udpv;
	struct probe *probe;
	struct count *count;
	struct msg msg; /* scratch: too large for the stack            */
};

static void destructor(void *arg)
{
	struct deliver *d = arg;

	mem_deref(d->policy);
}

static void send_out(struct deliver *d, const struct forward_out *out)
{
	int err;

	if (out->transp != MSG_UDP || !sa_isset(&out->dst, SA_ADDR)) {
		log_debug("edge: no way to %r over %s", &out->host,
			  msg_transp_name(out->transp));
		count_up(d->count, COUNT_UNREACHABLE);
		return;
	}
	err = udp_edge_send(d->udpv[out->listener], &out->dst, out->mb);
	if (!err)
		return;
	log_debug("edge: to %J: %m", &out->dst, err);
	count_up(d->count, COUNT_UNSENT);
}

/* Where we can't go, the sender is told so (16.9: as a 503) */
static bool reachable(const struct forward_out *out)
{
	return out->transp == MSG_UDP && sa_isset(&out->dst, SA_ADDR);
}

static void unreachable(struct deliver *d, const struct forward_in *in,
			struct forward_out *out)
{
	out->mb = mem_deref(out->mb);
	count_up(d->count, COUNT_UNREACHABLE);
	if (d->msg.code || !pl_strcmp(&d->msg.met, "ACK") ||
	    reply_make(&out->mb, d->policy, in, &d->msg, 503,
		       "Service Unavailable", NULL))
		return;
	out->transp = MSG_UDP;
	out->listener = in->listener;
	sa_cpy(&out->dst, &in->src);
	count_outcome(d->count, 503, "No Way To The Next Hop");
	send_out(d, out);
}

void deliver_message(struct deliver *d, const struct forward_in *in)
{
	struct forward_out out;

	count_up(d->count, COUNT_RECEIVED);
	switch (forward(d->policy, in, &d->msg, &out)) {
	case FORWARD_SEND:
		if (!reachable(&out)) {
			unreachable(d, in, &out);
			break;
		}
		count_up(d->count,
			 d->msg.code ? COUNT_RESPONSES : COUNT_REQUESTS);
		send_out(d, &out);
		break;
	case FORWARD_REPLY:
		count_outcome(d->count, out.code, out.why);
		send_out(d, &out);
		break;
	case FORWARD_LOCAL:
		count_up(d->count, COUNT_PROBED);
		(void)probe_response(d->probe, &d->msg.viav[0].branch,
				     d->msg.code);
		break;
	case FORWARD_ABSORB:
		count_up(d->count, COUNT_ABSORBED);
		break;
	case FORWARD_DROP:
		count_outcome(d->count, 0, out.why);
		log_debug("edge: from %J: %s", &in->src, out.why);
		break;
	}
	mem_deref(out.mb);
}

void deliver_datagram(const struct sa *src, const struct pl *text,
		      unsigned listener, void *arg)
{
	struct forward_in in = {.text = *text, .listener = listener};

	sa_cpy(&in.src, src);
	deliver_message(arg, &in);
}

void deliver_probe(struct deliver *d, struct probe *probe)
{
	if (d)
		d->probe = probe;
}

int deliver_alloc(struct deliver **dp, struct policy *policy,
		  struct udp_edge *const *udpv, struct count *count)
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
