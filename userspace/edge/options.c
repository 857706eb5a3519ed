/* SPDX-License-Identifier: BSD-2-Clause */
/* The OPTIONS that a target is probed with */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "edge/options.h"

/* A URI that can't end the header, nor begin another one */
static bool is_uri(const struct pl *pl)
{
	struct uri uri;

	for (size_t i = 0; i < pl->l; i++)
		if (strchr("<> \t\"", pl->p[i]))
			return false;
	return pl->l && !uri_decode(&uri, pl);
}

int options_make(struct mbuf *mb, const struct ds_target *t, const char *via,
		 const char *branch, const char *from)
{
	const enum msg_transp transp = (enum msg_transp)ds_target_transp(t);
	const char *uri = ds_target_uri(t);
	uint32_t id[3];
	struct pl who;

	if (!mb || !uri || !via || !branch || !from)
		return EINVAL;
	if (!ds_attr_get(ds_target_attrs(t), "ping_from", &who) ||
	    !is_uri(&who))
		pl_set_str(&who, from);
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return EIO;
	return mbuf_printf(mb,
			   "OPTIONS %s SIP/2.0\r\n"
			   "Via: SIP/2.0/%s %s;branch=%s;rport\r\n"
			   "Max-Forwards: 70\r\n"
			   "From: <%r>;tag=%08x\r\n"
			   "To: <%s>\r\n"
			   "Call-ID: %08x%08x\r\n"
			   "CSeq: 1 OPTIONS\r\n"
			   "Contact: <sip:%s>\r\n"
			   "Accept: application/sdp\r\n"
			   "User-Agent: Carom\r\n"
			   "Content-Length: 0\r\n\r\n",
			   uri, msg_transp_name(transp), via, branch, &who,
			   id[0], uri, id[1], id[2], via);
}

/* "udp:192.0.2.1:5060", "192.0.2.1:5060", "udp:[2001:db8::1]" */
static int socket_addr(struct sa *sa, struct pl text)
{
	struct pl host;

	if (text.l > 4 && !strncasecmp(text.p, "udp:", 4))
		pl_advance(&text, 4);
	if (!sa_decode(sa, text.p, text.l))
		return 0;
	host = text;
	if (host.l > 2 && host.p[0] == '[' && host.p[host.l - 1] == ']')
		host = (struct pl){host.p + 1, host.l - 2};
	return sa_set(sa, &host, 5060);
}

int options_listener(const struct policy *p, const struct ds_target *t)
{
	const char *attrs = ds_target_attrs(t);
	struct pl val;
	struct sa sa;

	if (!p || (!ds_attr_get(attrs, "ping_socket", &val) &&
		   !ds_attr_get(attrs, "socket", &val)))
		return -1;
	if (socket_addr(&sa, val) || !ds_target_addr(t) ||
	    sa_af(&sa) != sa_af(ds_target_addr(t)))
		return -1;
	for (size_t i = 0; i < p->listenerc; i++)
		if (p->listenerv[i].transp == MSG_UDP &&
		    sa_cmp(&p->listenerv[i].addr, &sa, SA_ALL))
			return (int)i;
	return -1;
}
