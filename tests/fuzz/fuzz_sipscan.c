/* SPDX-License-Identifier: BSD-2-Clause */
/* What the scanner says of a message must be in the message, and be what a
 * reader finds there who goes line by line and byte by byte */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "carom/sipscan.h"
#include "must.h"

static struct sip_buf buf;

static void inside(const struct sip_span *s)
{
	MUST((unsigned)s->off + s->len <= buf.len);
}

static void uri_inside(const struct sip_uri *u)
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

static void check(void)
{
	const struct sip_scan *s = &buf.s;
	unsigned n = s->routes < SIP_ROUTES ? s->routes : SIP_ROUTES;

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
	if (!(s->flags & SIP_REQUEST)) {
		MUST(s->code >= 100 && s->code <= 699);
		return;
	}
	inside(&s->ruri);
	uri_inside(&s->uri[SIP_RURI]);
	MUST(!memchr(buf.data + s->ruri.off, '%', s->ruri.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(buf.data, 0xa5, sizeof(buf.data));
	buf.len = (uint32_t)size;
	if (size <= SIP_LEN_MAX) {
		memcpy(buf.data, data, size);
		memset(buf.data + size, 0, 16);
	}
	if (sip_scan(&buf) == SIP_OK)
		check();
	return 0;
}
