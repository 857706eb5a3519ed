/* SPDX-License-Identifier: BSD-2-Clause */
/* What the scanner says of a message must be in the message, and be what a
 * reader finds there who goes line by line and byte by byte, and what libre's
 * parser finds there, which is the agent's */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <re.h>
#include "carom/sipscan.h"
#include "must.h"

static struct scan_buf buf;

static void inside(const struct scan_span *s)
{
	MUST((unsigned)s->off + s->len <= buf.len);
}

static void uri_inside(const struct scan_uri *u)
{
	inside(&u->user);
	inside(&u->host);
	MUST(u->host.len > 0);
}

/* The name of the line at p, without spaces behind it */
static size_t name_of(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] != ':' && p[n] != ' ' && p[n] != '\t')
		n++;
	return n;
}

static int named(const char *p, size_t n, const char *name, const char *brief)
{
	return (n == strlen(name) && !strncasecmp(p, name, n)) ||
	       (n == strlen(brief) && !strncasecmp(p, brief, n));
}

/* Lines of a name, up to the empty one */
static unsigned count(const char *name, const char *brief)
{
	const char *p = (const char *)buf.data + buf.s.start_end;
	const char *body = (const char *)buf.data + buf.s.body;
	unsigned n = 0;

	while (p < body) {
		const char *lf = memchr(p, '\n', (size_t)(body - p));

		MUST(lf && lf > p && lf[-1] == '\r');
		if (named(p, name_of(p, lf), name, brief))
			n++;
		p = lf + 1;
	}
	return n;
}

static void same(const struct scan_span *s, const struct pl *pl)
{
	MUST(s->len == pl->l);
	MUST(!s->len || !memcmp(buf.data + s->off, pl->p, s->len));
}

/* Only headers whose names we know? libre tells headers by a hash of 12 bits, and
 * takes another name of the same hash for them */
static int all_known(void)
{
	static const char *const v[][2] = {
		{"via", "v"},       {"from", "f"},
		{"to", "t"},        {"call-id", "i"},
		{"cseq", "cseq"},   {"content-length", "l"},
		{"event", "o"},     {"max-forwards", "max-forwards"},
		{"route", "route"}, {"require", "proxy-require"},
		{"contact", "m"},   {"supported", "k"},
	};
	unsigned lines = 0, n = 0;

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		n += count(v[i][0], v[i][1]);
	for (unsigned i = buf.s.start_end; i < buf.s.body; i++)
		lines += buf.data[i] == '\n';
	return lines == n + 1;
}

/* Where libre's parser takes the message, it must agree. It refuses some that are
 * good enough to be forwarded (16.3): for their Content-Type, or an empty value */
static void check_libre(void)
{
	const struct scan *s = &buf.s;
	struct mbuf *mb;
	struct sip_msg *msg = NULL;

	if (!all_known())
		return;
	mb = mbuf_alloc(buf.len);

	MUST(mb && !mbuf_write_mem(mb, buf.data, buf.len));
	mbuf_set_pos(mb, 0);
	if (sip_msg_decode(&msg, mb))
		goto out;
	MUST(msg->req == !!(s->flags & SCAN_REQUEST));
	if (!msg->req)
		MUST(msg->scode == s->code);
	same(&s->callid, &msg->callid);
	same(&s->from_tag, &msg->from.tag);
	same(&s->to_tag, &msg->to.tag);
	same(&s->maxfwd, &msg->maxfwd);
	same(&s->via[0].branch, &msg->via.branch);
	MUST(s->via[0].port == sa_port(&msg->via.addr) || !s->via[0].port);
	if (msg->req) {
		same(&s->met, &msg->met);
		same(&s->ruri, &msg->ruri);
		same(&s->uri[SCAN_RURI].user, &msg->uri.user);
		same(&s->uri[SCAN_RURI].host, &msg->uri.host);
		MUST(s->uri[SCAN_RURI].port == msg->uri.port);
	}
	MUST(mb->pos == s->body);
out:
	mem_deref(msg);
	mem_deref(mb);
}

static void check(void)
{
	const struct scan *s = &buf.s;
	unsigned n = s->routes < SCAN_ROUTES ? s->routes : SCAN_ROUTES;

	MUST(s->body <= buf.len && s->start_end < s->body);
	MUST(!memcmp(buf.data + s->body - 4, "\r\n\r\n", 4));
	inside(&s->callid);
	inside(&s->from_tag);
	inside(&s->to_tag);
	inside(&s->cseq);
	inside(&s->event);
	inside(&s->maxfwd);
	MUST(s->callid.len && s->from_tag.len && s->cseq.len);
	MUST(s->vias == count("via", "v"));
	MUST(count("call-id", "i") == 1 && count("cseq", "cseq") == 1);
	MUST(count("from", "f") == 1 && count("to", "t") == 1);
	MUST(count("max-forwards", "max-forwards") == (s->maxfwd.len > 0));
	for (unsigned i = 0; i < 2 && i < s->vias; i++) {
		inside(&s->via[i].host);
		inside(&s->via[i].branch);
		inside(&s->via[i].received);
		MUST(s->via[i].line < s->via[i].end &&
		     s->via[i].end < s->via[i].next);
		MUST(s->via[i].next <= s->body);
	}
	for (unsigned i = 0; i < n; i++) {
		uri_inside(&s->uri[i]);
		MUST(buf.data[s->route[i].off] == '<');
		MUST(s->route[i].behind < s->route[i].next);
	}
	if (!(s->flags & SCAN_REQUEST)) {
		MUST(s->code >= 100 && s->code <= 699);
		return;
	}
	inside(&s->ruri);
	uri_inside(&s->uri[SCAN_RURI]);
	MUST(!memchr(buf.data + s->ruri.off, '%', s->ruri.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(buf.data, 0xa5, sizeof(buf.data));
	buf.len = (uint32_t)size;
	if (size <= SCAN_LEN_MAX) {
		memcpy(buf.data, data, size);
		memset(buf.data + size, 0, 16);
	}
	if (scan_message(&buf) == SCAN_OK) {
		check();
		check_libre();
	}
	return 0;
}
