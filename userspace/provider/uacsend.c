/* SPDX-License-Identifier: BSD-2-Clause */
/* A REGISTER as it leaves */
#include <errno.h>
#include <string.h>
#include "provider/outbound.h"
#include "provider/uaccore.h"

bool uac_outbound(const struct uac *u)
{
	return u->p->rec->reg.outbound && !u->plain;
}

/* The same after a restart, another for each node: they may share the store, and with
 * it what providers are told (RFC 5626 4.1) */
static int write_instance(struct mbuf *mb, const struct uac *u,
			  const char *sentby)
{
	char text[128];
	uint64_t v[2];

	for (unsigned i = 0; i < 2; i++) {
		if (re_snprintf(text, sizeof(text), "%s~%s~%u", u->p->rec->id,
				sentby, i) < 0)
			return EOVERFLOW;
		v[i] = provider_hash(u->p->all, text, strlen(text));
	}
	/* a UUID of version 8: made by us (RFC 9562 5.8) */
	return mbuf_printf(
		mb,
		";reg-id=1;+sip.instance=\"<urn:uuid:%08x-%04x-8%03x-"
		"%04x-%012llx>\"",
		(uint32_t)(v[0] >> 32), (uint32_t)(v[0] >> 16) & 0xffff,
		(uint32_t)v[0] & 0xfff,
		(uint32_t)(v[1] >> 48 & 0x3fff) | 0x8000,
		v[1] & 0xffffffffffffull);
}

static int compose(struct uac *u, struct mbuf *uri, struct mbuf *rest,
		   uint32_t expires)
{
	const struct record *r = u->p->rec;
	const char *domain = r->reg.domain ? r->reg.domain : r->hostname;
	const char *user = r->reg.user ? r->reg.user : r->secret.username;
	const bool six = strchr(domain, ':') != NULL;
	char sentby[WIRE_SENTBY];
	struct pl pl;
	int err;

	err = wire_sentby(outbound_wire(u->p->all->out), u->at.transp,
			  &u->at.addr, sentby);
	if (!err)
		err = mbuf_printf(uri, "sip:%s%s%s", six ? "[" : "", domain,
				  six ? "]" : "");
	pl = (struct pl){(char *)uri->buf, uri->end};
	if (!err && u->challenged)
		err = challenge_answer(rest, &u->challenge, &r->secret,
				       "REGISTER", &pl);
	if (!err)
		err = mbuf_printf(rest,
				  "Max-Forwards: 70\r\n"
				  "From: <sip:%s@%s%s%s>;tag=%s\r\nTo: "
				  "<sip:%s@%s%s%s>\r\n"
				  "Call-ID: %s\r\nCSeq: %u REGISTER\r\n"
				  "Contact: <sip:%s@%s%s%s>",
				  user, six ? "[" : "", domain, six ? "]" : "",
				  u->tag, user, six ? "[" : "", domain,
				  six ? "]" : "", u->callid, ++u->cseq,
				  uac_contact(r), sentby,
				  u->at.transp == MSG_UDP ? "" : ";transport=",
				  u->at.transp == MSG_UDP   ? ""
				  : u->at.transp == MSG_TCP ? "tcp"
							    : "tls");
	if (!err && uac_outbound(u))
		err = write_instance(rest, u, sentby);
	return err ? err
		   : mbuf_printf(
			     rest,
			     ";expires=%u\r\nExpires: %u\r\n%s"
			     "User-Agent: Carom\r\nContent-Length: 0\r\n\r\n",
			     expires, expires,
			     uac_outbound(u) ? "Supported: path, outbound\r\n"
					     : "");
}

int uac_send(struct uac *u, uint32_t expires)
{
	struct mbuf *uri = mbuf_alloc(256), *rest = mbuf_alloc(1024);
	struct trans_req r = {.method = "REGISTER",
			      .transp = u->at.transp,
			      .dst = u->at.addr,
			      .host = u->p->rec->hostname};
	int err = uri && rest ? compose(u, uri, rest, expires) : ENOMEM;

	if (!err) {
		r.uri = (struct pl){(char *)uri->buf, uri->end};
		r.rest = (struct pl){(char *)rest->buf, rest->end};
		err = trans_send(&u->trans, outbound_transs(u->p->all->out), &r,
				 uac_response, u);
	}
	mem_deref(uri);
	mem_deref(rest);
	return err;
}
