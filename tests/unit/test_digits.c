/* SPDX-License-Identifier: BSD-2-Clause */
/* Digits that parties dial: heard in the kernel's copies or told by the media worker,
 * and made known; and made what the other end knows */
#include <sys/socket.h>
#include <unistd.h>
#include "terms_fix.h"
#include "audio/codec.h"
#include "audio/digit.h"
#include "media/digits.h"
#include "rtp/event.h"

static const struct guard drop = {.mode = GUARD_DROP}, off;

#define EVENTS "a=rtpmap:101 telephone-event/8000\r\n"

enum { STEP = 160, HEAD = 28 /* IPv4 and UDP */ };

struct wire {
	uint16_t port; /* Alice's with us */
	uint16_t seq;
	uint32_t ts;
};

static int log_fd;
static struct sa log_sa;
static char line[1024];

static int begin_with(void **state, bool configured)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	struct fix *f;

	log_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(log_fd, (void *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(log_fd, (void *)&sin, &len), 0);
	assert_int_equal(sa_set_sa(&log_sa, (void *)&sin), 0);
	assert_int_equal(setup(state), 0);
	f = *state;
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	if (configured)
		f->conf.dtmf_log = log_sa;
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);

	return 0;
}

static int begin(void **state)
{
	return begin_with(state, true);
}

static int begin_bare(void **state)
{
	return begin_with(state, false);
}

static int end(void **state)
{
	(void)close(log_fd);

	return teardown(state);
}

/* The next line of the log; "" none */
static const char *logged(void)
{
	ssize_t n = recv(log_fd, line, sizeof(line) - 1, 0);

	line[n > 0 ? n : 0] = '\0';

	return line;
}

static void line_has(const char *what)
{
	if (!strstr(line, what))
		fail_msg("'%s' is not in: %s", what, line);
}

static const struct fp_leg *leg(const struct fix *f, uint16_t port)
{
	return fake_leg(f->fp, EXT4, port);
}

/* A copy of an RTP packet that Alice sent */
static void tap(struct fix *f, struct wire *w, uint8_t pt, const uint8_t *pay,
		size_t n, uint32_t ts)
{
	struct tap t = {.payload = HEAD};
	struct rtp_head h = {.pt = pt, .seq = w->seq++, .ts = ts, .ssrc = 7};
	uint8_t pkt[HEAD + RTP_HEADER + 1500] = {0};

	rtp_write(pkt + HEAD, &h);
	memcpy(pkt + HEAD + RTP_HEADER, pay, n);
	t.caplen = (uint16_t)(HEAD + RTP_HEADER + n);
	fake_tap(f->fp, EXT4, w->port, &t, pkt);
}

static void dial(struct fix *f, struct wire *w, uint8_t event, unsigned n)
{
	for (unsigned i = 0; i < n + 2; i++) {
		const unsigned len = STEP * (i < n ? i + 1 : n);
		const uint8_t pay[EVENT_BYTES] = {
			event, (uint8_t)((i + 1 >= n ? 0x80 : 0) | 9),
			(uint8_t)(len >> 8), (uint8_t)len};

		tap(f, w, 101, pay, sizeof(pay), w->ts);
	}
	w->ts += STEP * (n + 5);
}

static void dial_tone(struct fix *f, struct wire *w, int event, unsigned n)
{
	struct codec_param prm = {.codec = codec_static(0), .complexity = -1};
	struct codec_enc *enc;
	struct tone *t;

	assert_int_equal(codec_enc_alloc(&enc, &prm), 0);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	for (unsigned i = 0; i < n; i++) {
		uint8_t pay[STEP];
		int16_t pcm[STEP];
		size_t len;

		digit_sound(t, (uint8_t)(event < 0 ? 0 : event), 12,
			    event >= 0);
		tone_render(t, pcm, STEP);
		assert_int_equal(codec_encode(enc, pcm, STEP, pay, &len), 0);
		tap(f, w, 0, pay, len, w->ts);
		w->ts += STEP;
	}
	mem_deref(t);
	mem_deref(enc);
}

static struct wire call(struct fix *f, struct media_opts o)
{
	struct wire w = {.seq = 65530, .ts = 0xfffffff0u};

	offer(f, o, audio(ALICE, 4000, "0 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0 101", EVENTS));
	w.port = out_port(f, 0);

	return w;
}

/* Of a relayed call the kernel copies the events, no more */
static void events(void **state)
{
	struct fix *f = *state;
	struct wire w = call(f, opts("c", "A", NULL));

	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_true(leg(f, w.port)->tap_dtmf);
	assert_false(leg(f, w.port)->tap);
	dial(f, &w, 1, 5);
	dial(f, &w, 11, 12);
	logged();
	line_has("\"callid\":\"c\"");
	line_has("\"source_tag\":\"A\"");
	line_has("\"tags\":[\"A\",\"B\"]");
	line_has("\"type\":\"DTMF\"");
	line_has("\"source_ip\":\"" ALICE "\"");
	line_has("\"event\":1,");
	line_has("\"duration\":100");
	line_has("\"volume\":9");
	line_has("\"timestamp\":1");
	line_has("\"sip_info\":\"Signal=1\\r\\nDuration=100\\r\\n\"");
	logged();
	line_has("\"event\":11,");
	line_has("\"duration\":240");
	assert_string_equal(logged(), "");
	/* tones are not listened for */
	dial_tone(f, &w, 5, 10);
	dial_tone(f, &w, -1, 5);
	assert_string_equal(logged(), "");
}

/* Where they are asked for: all that is said is copied and listened to */
static void tones(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct wire w;

	o.detect_dtmf = true;
	o.dtmf_log = log_sa;
	w = call(f, o);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_true(leg(f, w.port)->tap);
	for (int ev = 0; ev < DIGITS; ev++) {
		char event[16];

		dial_tone(f, &w, ev, 5);
		dial_tone(f, &w, -1, 5);
		(void)re_snprintf(event, sizeof(event), "\"event\":%d,", ev);
		logged();
		line_has(event);
		line_has("\"volume\":1");
		assert_string_equal(logged(), "");
	}
	/* events of the same call */
	dial(f, &w, 3, 5);
	logged();
	line_has("\"event\":3,");
}

/* Nobody wants to know: nothing is copied */
static void nobody(void **state)
{
	struct fix *f = *state;
	struct wire w = call(f, opts("c", "A", NULL));

	assert_false(leg(f, w.port)->tap_dtmf || leg(f, w.port)->tap);
	dial(f, &w, 1, 5);
	assert_string_equal(logged(), "");
}

static struct media_dialled toldv[4];
static unsigned toldc;

static void dialled_handler(const struct media_dialled *d, void *arg)
{
	assert_ptr_equal(arg, &toldc);
	assert_in_range(toldc, 0, ARRAY_SIZE(toldv) - 1);
	assert_string_equal(d->call_id, "c");
	assert_string_equal(d->tag, "A");
	toldv[toldc++] = *d;
}

/* Who drives calls is told of digits, events and tones, and is not any more when he does
 * not want to be */
static void handled(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct wire w;

	toldc = 0;
	media_dialled_handler(f->m, dialled_handler, &toldc);
	o.detect_dtmf = true;
	w = call(f, o);
	dial(f, &w, 11, 5);
	dial_tone(f, &w, 4, 5);
	dial_tone(f, &w, -1, 5);
	assert_int_equal(toldc, 2);
	assert_int_equal(toldv[0].digit.event, 11);
	assert_int_equal(toldv[0].digit.ms, 100);
	assert_false(toldv[0].tone);
	assert_int_equal(toldv[1].digit.event, 4);
	assert_true(toldv[1].tone);
	assert_string_equal(logged(), "");
	media_dialled_handler(f->m, NULL, NULL);
	dial(f, &w, 1, 5);
	assert_int_equal(toldc, 2);
}

/* An agent that starts anew still knows who wants to know */
static void restarted(void **state)
{
	struct fix *f = *state;
	struct media_opts o = opts("c", "A", NULL);
	struct wire w;

	o.dtmf_log = log_sa;
	o.detect_dtmf = true;
	w = call(f, o);
	f->m = mem_deref(f->m);
	fix_start(f);
	dial(f, &w, 9, 5);
	logged();
	line_has("\"event\":9,");
	dial_tone(f, &w, 5, 5);
	dial_tone(f, &w, -1, 5);
	logged();
	line_has("\"event\":5,");
}

/* What a media worker decodes it listens to itself; the last digits are kept */
static void in_agent(void **state)
{
	struct fix *f = *state;
	const struct bridge_heard d = {
		.event = 10, .volume = 7, .tone = true, .ms = 90};
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	struct odict *q;
	char *text = NULL;
	struct pl id;

	pl_set_str(&o.transcode[o.transcodec++], "G722");
	offer(f, o, audio(ALICE, 4000, "0 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "9 101", EVENTS));
	assert_int_equal(fb->n, 1);
	assert_true(fb->mv[0].hear && fb->mv[1].hear);
	assert_false(fb->copy[0] || fb->copy[1]);
	fake_event(1, BRIDGE_DIGIT, NULL, (const uint8_t *)&d, sizeof(d));
	logged();
	line_has("\"source_tag\":\"B\"");
	line_has("\"event\":10,");
	line_has("\"duration\":90");
	line_has("\"volume\":7");
	for (unsigned i = 0; i < DIGITS_KEPT + 3; i++)
		fake_event(1, BRIDGE_DIGIT, NULL, (const uint8_t *)&d,
			   sizeof(d));
	assert_int_equal(odict_alloc(&q, 8), 0);
	pl_set_str(&id, "c");
	assert_int_equal(media_query(f->m, &id, NULL, NULL, q), 0);
	assert_int_equal(re_sdprintf(&text, "%H", json_encode_odict, q), 0);
	assert_non_null(strstr(
		text, "\"digits\":\"********************************\""));
	mem_deref(text);
	mem_deref(q);
}

/* Digits that are blocked: tones, too, where they are decoded */
static void blocked(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("A")};

	pl_set_str(&o.transcode[o.transcodec++], "G722");
	offer(f, o, audio(ALICE, 4000, "0 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "9 101", EVENTS));
	assert_int_equal(fb->mv[0].guard.mode, GUARD_OFF);
	assert_int_equal(media_block_dtmf(f->m, &sel, &drop, NULL, &f->e), 0);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_DROP);
	assert_int_equal(fb->mv[1].guard.mode, GUARD_OFF);
	assert_int_equal(media_block_dtmf(f->m, &sel, &off, NULL, &f->e), 0);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_OFF);
}

static int guard(struct fix *f, enum guard_mode mode,
		 const struct media_trigger *t)
{
	const struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("A")};
	const struct guard g = {.mode = mode, .digit = 7, .volume = 10};

	return media_block_dtmf(f->m, &sel, &g, t, &f->e);
}

/* A call that the kernel relays, in which digits are to be something else: what Alice says
 * is decoded for that, what Bob says goes through as it is */
static void replaced(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct wire w = call(f, opts("c", "A", NULL));

	assert_int_equal(guard(f, GUARD_SILENCE, NULL), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_AGENT);
	assert_int_equal(leg(f, w.port)->why, LEG_WHY_TRANSCODING);
	assert_false(leg(f, w.port)->dtmf_block);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[0].ptv[101].act, BRIDGE_EVENT);
	assert_string_equal(fb->mv[1].codec->name, "PCMU");
	assert_int_equal(fb->mv[1].guard.mode, GUARD_OFF);
	assert_int_equal(fb->mv[1].ptv[0].act, BRIDGE_PASS);
	assert_null(fb->mv[0].codec);
	assert_int_equal(guard(f, GUARD_DIGIT, NULL), 0);
	assert_int_equal(fb->mv[0].guard.digit, 7);

	/* an agent that starts anew goes on with that */
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_int_equal(leg(f, w.port)->state, LEG_AGENT);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_DIGIT);
	assert_int_equal(fb->mv[0].guard.digit, 7);
	assert_int_equal(fb->mv[0].guard.volume, 10);

	assert_int_equal(guard(f, GUARD_OFF, NULL), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_int_equal(fb->n, 0);
}

/* Of a codec that nobody can decode here the events are replaced all the same */
static void replaced_strange(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	static const char amr[] = "a=rtpmap:97 AMR/8000\r\n" EVENTS;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "97 101", amr));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "97 101", amr));
	assert_int_equal(guard(f, GUARD_ZERO, NULL), 0);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[97].act, BRIDGE_PASS);
	assert_int_equal(fb->mv[0].ptv[101].act, BRIDGE_EVENT);
}

static void heard(unsigned event)
{
	const struct bridge_heard d = {
		.event = (uint8_t)event, .volume = 7, .ms = 90};

	fake_event(0, BRIDGE_DIGIT, NULL, (const uint8_t *)&d, sizeof(d));
	turn();
}

/* Digits that are put off: silence at first, then dialled, as themselves or as others */
static void put_off(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const struct media_sel sel = {.call_id = PL("c"), .from_tag = PL("A")};
	struct guard g = {.delay_ms = 120};
	struct wire w = call(f, opts("c", "A", NULL));

	assert_int_equal(media_block_dtmf(f->m, &sel, &g, NULL, &f->e), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_AGENT);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
	assert_true(fb->mv[0].hear);
	heard(5);
	assert_false(fb->playing[1]);
	for (unsigned i = 0; i < 100 && !fb->playing[1]; i++)
		turn();
	assert_true(fb->playing[1]);
	assert_int_equal(fb->play[1].dial.v[0].event, 5);
	assert_int_equal(fb->play[1].dial.v[0].ms, 90);
	assert_int_equal(fb->play[1].dial.v[0].volume, 7);

	g.mode = GUARD_DIGIT;
	g.digit = 11;
	g.volume = 20;
	assert_int_equal(media_block_dtmf(f->m, &sel, &g, NULL, &f->e), 0);
	heard(5);
	for (unsigned i = 0; i < 100 && !fb->digits; i++)
		turn();
	assert_int_equal(fb->digit.event, 11);
	assert_int_equal(fb->digit.volume, 20);
	/* one that waits when the call ends goes with it */
	heard(5);
}

/* Digits that have others replaced, and some that end it: digits, a number of them, time */
static void triggered(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_trigger t = {.begin = PL("*1"),
				  .end = PL("#"),
				  .on = GUARD_SILENCE,
				  .off = GUARD_OFF};
	struct wire w = call(f, opts("c", "A", NULL));

	assert_int_equal(guard(f, GUARD_OFF, &t), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_true(leg(f, w.port)->tap_dtmf && leg(f, w.port)->tap);
	dial(f, &w, 1, 5);
	dial(f, &w, 10, 5);
	turn();
	assert_int_equal(fb->n, 0);
	dial(f, &w, 1, 5);
	turn();
	assert_int_equal(leg(f, w.port)->state, LEG_AGENT);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
	heard(5);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
	heard(11);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);

	/* three of them, and another mode behind */
	t.end = pl_null;
	t.digits = 3;
	t.off = GUARD_ZERO;
	assert_int_equal(guard(f, GUARD_OFF, &t), 0);
	dial(f, &w, 10, 5);
	dial(f, &w, 1, 5);
	turn();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
		heard(i);
	}
	assert_int_equal(fb->mv[0].guard.mode, GUARD_ZERO);

	/* and a time */
	t.digits = 0;
	t.ms = 20;
	assert_int_equal(guard(f, GUARD_OFF, &t), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	dial(f, &w, 10, 5);
	dial(f, &w, 1, 5);
	turn();
	assert_int_equal(fb->mv[0].guard.mode, GUARD_SILENCE);
	for (unsigned i = 0; i < 1000 && fb->mv[0].guard.mode != GUARD_ZERO;
	     i++)
		turn();
	assert_int_equal(fb->mv[0].guard.mode, GUARD_ZERO);

	/* unblocked, nothing is listened for any more */
	assert_int_equal(guard(f, GUARD_OFF, &(struct media_trigger){0}), 0);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_false(leg(f, w.port)->tap_dtmf || leg(f, w.port)->tap);
}

/* A trigger that was pulled is known to an agent that starts anew */
static void triggered_restarted(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);
	struct wire w;

	o.trigger = (struct media_trigger){.begin = PL("9"),
					   .end = PL("8"),
					   .on = GUARD_ZERO,
					   .off = GUARD_DROP};
	w = call(f, o);
	dial(f, &w, 9, 5);
	turn();
	assert_int_equal(fb->mv[0].guard.mode, GUARD_ZERO);
	f->m = mem_deref(f->m);
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
	assert_int_equal(fb->mv[0].guard.mode, GUARD_ZERO);
	heard(8);
	assert_int_equal(leg(f, w.port)->state, LEG_RELAY);
	assert_true(leg(f, w.port)->dtmf_block);
}

/* Alice knows events, Bob does not: they are accepted from her, and he hears tones; his
 * tones become events for her. The codec of both is decoded for that alone */
static void converted(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.accept[o.acceptc++], "telephone-event");
	offer(f, o, audio(ALICE, 4000, "0 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	has(f, " RTP/AVP 0 101\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[101].act, BRIDGE_TONE);
	assert_int_equal(fb->mv[0].ptv[101].clock, 8000);
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_PASS);
	assert_string_equal(fb->mv[1].codec->name, "PCMU");
	assert_int_equal(fb->mv[1].ptv[0].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[1].event_pt, 101);
	assert_int_equal(fb->mv[1].event_clock, 8000);
	assert_string_equal(fb->mv[0].codec->name, "PCMU");
}

/* The other way round: they are offered to Bob, whom Alice's tones reach as events */
static void offered(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_opts o = opts("c", "A", NULL);

	pl_set_str(&o.transcode[o.transcodec++], "telephone-event");
	offer(f, o, audio(ALICE, 4000, "0", NULL));
	has(f, "telephone-event/8000");
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, "0 96",
		     "a=rtpmap:96 telephone-event/8000\r\n"));
	has(f, " RTP/AVP 0\r\n");
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->mv[0].ptv[0].act, BRIDGE_DECODE);
	assert_int_equal(fb->mv[0].event_pt, 96);
	assert_int_equal(fb->mv[1].ptv[96].act, BRIDGE_TONE);
}

#define T(name, up) cmocka_unit_test_setup_teardown(name, up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(events, begin),         T(tones, begin_bare),
		T(nobody, begin_bare),    T(restarted, begin_bare),
		T(in_agent, begin),       T(blocked, begin_bare),
		T(converted, begin_bare), T(offered, begin_bare),
		T(handled, begin_bare),   T(replaced, begin_bare),
		T(put_off, begin_bare),   T(replaced_strange, begin_bare),
		T(triggered, begin_bare), T(triggered_restarted, begin_bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
