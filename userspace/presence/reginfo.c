/* SPDX-License-Identifier: BSD-2-Clause */
/* reg-event (RFC 3680): an AOR's bindings, all of them each time */
#include "carom/siphash.h"
#include "carom/sipkey.h"
#include "presence/priv.h"

struct walk {
	struct mbuf *mb;
	uint64_t now;
	unsigned n;
	int err;
};

/* Of the binding's id, the same for its life */
static uint64_t contact_id(const struct binding *b)
{
	struct siphash h;

	siphash_start(&h, 0, 0);
	sipkey_mem(&h, b->id.p, b->id.l);
	return siphash_end(&h);
}

static bool put_binding(const struct binding *b, void *arg)
{
	struct walk *w = arg;
	const char *event = b->refreshed > b->since ? "refreshed"
						    : "registered";
	struct pl inst;
	int err;

	err = mbuf_printf(w->mb,
			  "<contact id=\"c%016llx\" state=\"active\" "
			  "event=\"%s\" expires=\"%llu\" q=\"%u.%03u\" "
			  "callid=\"%H\" cseq=\"%u\"><uri>%H</uri>",
			  contact_id(b), event,
			  b->expires > w->now ? b->expires - w->now : 0,
			  b->q / LOCATION_Q, b->q % LOCATION_Q, xml_text,
			  &b->callid, b->cseq, xml_text, &b->uri);
	if (!err && b->instance.l) {
		inst = b->instance;
		err = mbuf_printf(w->mb,
				  "<unknown-param name=\"+sip.instance\">"
				  "&quot;&lt;%H&gt;&quot;</unknown-param>",
				  xml_text, &inst);
	}
	if (!err)
		err = mbuf_printf(w->mb, "</contact>\r\n");
	w->n++;
	w->err = err;
	return err != 0;
}

int reginfo_compose(struct mbuf *mb, struct res *r, const struct sub *s)
{
	struct mbuf *contacts = mbuf_alloc(512);
	struct walk w = {.mb = contacts, .now = presence_now(r->p)};
	struct pl aor;
	int err = contacts ? 0 : ENOMEM;

	pl_set_str(&aor, r->aor);
	if (!err && r->p->loc) {
		(void)location_find(r->p->loc, &aor, put_binding, &w);
		err = w.err;
	}
	if (!err)
		err = mbuf_printf(
			mb,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" "
			"version=\"%u\" state=\"full\">\r\n"
			"<registration aor=\"sip:%H\" id=\"r0\" "
			"state=\"%s\">\r\n%b</registration>\r\n</reginfo>\r\n",
			s ? s->version : 0, xml_text, &aor,
			w.n ? "active" : "terminated", contacts->buf,
			contacts->end);
	mem_deref(contacts);
	return err;
}
