// SPDX-License-Identifier: GPL-2.0-only
/* Carom's XDP program: RTP relayed off the leg table, SIP forwarded.
 *
 * Decide first, mutate last. A frame that is passed up is byte-identical to
 * the one that came in, and each verdict has its counted reason. */
#include "long.h"
#include "rtcp.h"
#include "sip.h"

SEC("xdp")
int carom_xdp(struct xdp_md *ctx)
{
	int rc = express(ctx);
	struct trip *t;

	if (rc != EXPRESS_NOT)
		return rc;
	rc = trip_make(ctx);
	t = trip_here();
	if (rc == PARSE_PASS || !t)
		return XDP_PASS;
	if (t->rtcpc && (rc == CAROM_R_RELAYED || rc == CAROM_R_AGENT))
		rtcp_edit(ctx);
	if (rc == PARSE_SIP)
		rc = sip(ctx);
	else if (t->sip)
		rc = sip_part(ctx, rc);
	else if (rc == CAROM_R_RELAYED)
		rc = rewrite_any(ctx);
	else if (rc == CAROM_R_AGENT && !t->first)
		rc = agent_dress(ctx);
	if (rc == PARSE_PASS)
		return XDP_PASS;
	count(rc, t->f.ip_len);
	if (rc == CAROM_R_RELAYED || rc == CAROM_R_SIP_FORWARDED ||
	    rc == CAROM_R_AGENT || rc == CAROM_R_SIP_CHALLENGED)
		return t->action;
	if (t->slot != NO_SLOT && rc < CAROM_R_LEG_MAX)
		count_leg(t->slot, rc);
	return reason_action(rc);
}

char LICENSE[] SEC("license") = "GPL";
