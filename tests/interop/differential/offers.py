# SPDX-License-Identifier: BSD-2-Clause
"""The cases: what is sent, and where Carom differs on purpose.

case(NAME, OFFER, ANSWER, flags=, aflags=, more=, differs=)
  flags    of the first offer; aflags of the first answer
  more     what follows: (command, side, flags, sdp)
  differs  (pattern of "STEP.KEY", Carom's value, why): must be found exactly
           so; one that is found no more fails the test as well
Addresses: party A is 203.0.113.5, party B 203.0.113.9.
"""

CASES = []
BOTH = {"replace": ["origin", "session-connection"]}
MUX = "a=rtcp-mux\n"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
KEY_A = CRYPTO + "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\n"
KEY_B = CRYPTO + "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\n"


def sdp(text):
    return text.replace("\n", "\r\n")


def case(name, offer, answer=None, flags=None, aflags=None, more=(),
         differs=()):
    steps = [("offer", "a", flags or {}, offer)]
    if answer:
        steps.append(("answer", "b", aflags or {}, answer))
    steps += more
    CASES.append({
        "name": name, "differs": differs,
        "steps": [{"command": c, "side": s, "flags": f, "sdp": sdp(t),
                   "first": i == 0}
                  for i, (c, s, f, t) in enumerate(steps)]})


def session(user, addr, extra="", conn=True):
    fam = "IP6" if ":" in addr else "IP4"
    c = f"c=IN {fam} {addr}\n" if conn else ""
    return (f"v=0\no={user} 71 4 IN {fam} {addr}\ns=a call\n{c}t=0 0\n"
            f"{extra}")


def audio(port, fmts="0 8 101", proto="RTP/AVP", extra="", conn=""):
    maps = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000",
            "18": "G729/8000", "96": "opus/48000/2",
            "101": "telephone-event/8000"}
    lines = "".join(f"a=rtpmap:{f} {maps[f]}\n" for f in fmts.split())
    return (f"m=audio {port} {proto} {fmts}\n{conn}{lines}"
            f"{'a=fmtp:101 0-15' + chr(10) if '101' in fmts else ''}"
            f"{extra}")


def video(port, extra="", conn=""):
    return (f"m=video {port} RTP/AVP 97\n{conn}a=rtpmap:97 H264/90000\n"
            f"a=fmtp:97 profile-level-id=42e01f\n{extra}")


A = session("alice", "203.0.113.5")
B = session("bob", "203.0.113.9")
OFFER = A + audio(4000)
ANSWER = B + audio(5000, "0 101")

# ---- addresses ------------------------------------------------------------

case("plain audio", OFFER, ANSWER)
case("replace origin and session connection", OFFER, ANSWER, BOTH, BOTH)
case("replace origin alone", OFFER, ANSWER, {"replace": ["origin"]},
     {"replace": ["origin"]})
case("replace session connection alone", OFFER, ANSWER,
     {"replace": ["session-connection"]}, {"replace": ["session-connection"]})
case("audio and video", OFFER + video(4010), ANSWER + video(5010), BOTH, BOTH)
case("three sections", OFFER + video(4010) + audio(4020, "8"),
     ANSWER + video(5010) + audio(5020, "8"), BOTH, BOTH)
case("c= in the section alone",
     session("alice", "203.0.113.5", conn=False) +
     audio(4000, conn="c=IN IP4 203.0.113.77\n"),
     session("bob", "203.0.113.9", conn=False) +
     audio(5000, "0 101", conn="c=IN IP4 203.0.113.99\n"), BOTH, BOTH)
case("c= in the section and another for the session",
     A + audio(4000, conn="c=IN IP4 203.0.113.77\n"), ANSWER)
case("c= in the section and another for the session, both replaced",
     A + audio(4000, conn="c=IN IP4 203.0.113.77\n"), ANSWER, BOTH, BOTH)
case("one section with its own c=, one without",
     OFFER + video(4010, conn="c=IN IP4 203.0.113.78\n"),
     ANSWER + video(5010), BOTH, BOTH)
case("bare line feeds and c= behind i= and before b=",
     A + "m=audio 4000 RTP/AVP 0\ni=first\nc=IN IP4 203.0.113.5\nb=AS:64\n"
         "a=rtpmap:0 PCMU/8000\n", B + audio(5000, "0"), BOTH, BOTH)
case("media-address", OFFER, ANSWER, {"media-address": "203.0.113.200"},
     {"media-address": "203.0.113.201"})
case("media-address with replace", OFFER, ANSWER,
     dict(BOTH, **{"media-address": "203.0.113.200"}), BOTH)
case("media-address of the other family", OFFER, ANSWER,
     {"media-address": "2001:db8::77"})
case("direction by interface name", OFFER, ANSWER,
     dict(BOTH, direction=["in", "out"]),
     dict(BOTH, direction=["out", "in"]))
case("direction in the offer alone", OFFER, ANSWER,
     dict(BOTH, direction=["in", "out"]), BOTH)
case("direction: no such interface", OFFER, None,
     dict(direction=["in", "nowhere"]),
     differs=[("0.result", "error", "a call through an interface that does "
               "not exist is refused, not put on another one")])
case("trust-address", OFFER, ANSWER, {"flags": ["trust-address"]},
     {"flags": ["trust-address"]})
case("SIP source address", OFFER, ANSWER,
     {"received-from": ["IP4", "203.0.113.250"],
      "flags": ["SIP-source-address"]})
case("symmetric, asymmetric, strict source, port latching", OFFER, ANSWER,
     {"flags": ["asymmetric", "strict-source", "port-latching"]},
     {"flags": ["symmetric", "strict-source"]})

# ---- IPv6 -------------------------------------------------------------------

A6 = session("alice", "2001:db8:a::5")
B6 = session("bob", "2001:db8:b::9")
case("IPv6", A6 + audio(4000), B6 + audio(5000, "0 101"), BOTH, BOTH)
case("IPv4 to IPv6", OFFER, B6 + audio(5000, "0 101"),
     dict(BOTH, **{"address-family": "IP6"}),
     dict(BOTH, **{"address-family": "IP4"}))
case("IPv6 to IPv4", A6 + audio(4000), ANSWER,
     dict(BOTH, **{"address-family": "IP4"}),
     dict(BOTH, **{"address-family": "IP6"}))
case("the answer goes back in its offer's family", OFFER,
     B6 + audio(5000, "0 101"), dict(BOTH, **{"address-family": "IP6"}), BOTH)
case("an IPv4 interface and address-family IP6", OFFER, None,
     {"address-family": "IP6", "direction": ["in", "out"]},
     differs=[("0.result", "error", "an address family that the interface "
               "does not have is refused, not exchanged for another")])

# ---- RTCP -------------------------------------------------------------------

case("a=rtcp with a port", A + audio(4000, extra="a=rtcp:4555\n"),
     B + audio(5000, "0 101", extra="a=rtcp:5999 IN IP4 203.0.113.10\n"))
case("no-rtcp-attribute", A + audio(4000, extra="a=rtcp:4555\n"), ANSWER,
     {"flags": ["no-rtcp-attribute"]}, {"flags": ["no-rtcp-attribute"]})
case("no-rtcp-attribute, muxed", A + audio(4000, extra=MUX),
     B + audio(5000, "0 101", extra=MUX), {"flags": ["no-rtcp-attribute"]},
     {"flags": ["no-rtcp-attribute"]})
for flag in ([], ["offer"], ["require"], ["demux"], ["accept"], ["reject"],
             ["demux", "accept"], ["offer", "accept"], ["offer", "require"]):
    for in_offer in ("", MUX):
        for in_answer in ("", MUX):
            case(f"rtcp-mux {'+'.join(flag) or 'not named'}, "
                 f"offer {'with' if in_offer else 'without'}, "
                 f"answer {'with' if in_answer else 'without'}",
                 A + audio(4000, extra=in_offer),
                 B + audio(5000, "0 101", extra=in_answer),
                 {"rtcp-mux": flag} if flag else {})
case("rtcp-mux over re-offers", A + audio(4000, extra=MUX),
     B + audio(5000, "0 101", extra=MUX), more=[
         ("offer", "a", {}, A + audio(4000, extra=MUX)),
         ("answer", "b", {}, B + audio(5000, "0 101", extra=MUX))])
case("rtcp-mux given up in a re-offer", A + audio(4000, extra=MUX),
     B + audio(5000, "0 101", extra=MUX), more=[
         ("offer", "a", {}, OFFER),
         ("answer", "b", {}, ANSWER)])

# ---- hold, re-offers, refused sections ---------------------------------------


def way(text, direction):
    return text + f"a={direction}\n"


NO_SENDONLY = ("rtpengine turns a=sendrecv into a=sendonly beside a zero "
               "address; the body says enough without")
MOVES = ("ports stay with a call that moves: the other party need not learn "
         "new ones")
case("hold by sendonly and resume", way(OFFER, "sendrecv"),
     way(ANSWER, "sendrecv"), BOTH, BOTH, more=[
         ("offer", "a", BOTH, way(OFFER, "sendonly")),
         ("answer", "b", BOTH, way(ANSWER, "recvonly")),
         ("offer", "a", BOTH, way(OFFER, "sendrecv")),
         ("answer", "b", BOTH, way(ANSWER, "sendrecv"))])
case("hold by inactive", way(OFFER, "sendrecv"), way(ANSWER, "sendrecv"),
     BOTH, BOTH, more=[
         ("offer", "a", BOTH, way(OFFER, "inactive")),
         ("answer", "b", BOTH, way(ANSWER, "inactive"))])
ZERO = OFFER.replace("c=IN IP4 203.0.113.5", "c=IN IP4 0.0.0.0")
case("hold by 0.0.0.0 and resume", OFFER, ANSWER, {}, {}, more=[
    ("offer", "a", {}, ZERO),
    ("answer", "b", {}, way(ANSWER, "recvonly")),
    ("offer", "a", {}, OFFER)],
    differs=[("2.m0.dir", "sendrecv", NO_SENDONLY)])
case("hold by 0.0.0.0 with replace", OFFER, ANSWER, BOTH, BOTH, more=[
    ("offer", "a", BOTH, ZERO), ("answer", "b", BOTH, ANSWER)],
    differs=[("2.m0.dir", "sendrecv", NO_SENDONLY)])
case("hold by 0.0.0.0, zero address replaced", OFFER, ANSWER, {}, {}, more=[
    ("offer", "a", {"replace": ["zero-address"]}, ZERO)],
    differs=[("2.m0.dir", "sendrecv", NO_SENDONLY)])
case("hold by 0.0.0.0 in the section", OFFER, ANSWER, {}, {}, more=[
    ("offer", "a", {}, A + audio(4000, conn="c=IN IP4 0.0.0.0\n"))],
    differs=[("2.m0.dir", "sendrecv", NO_SENDONLY)])
case("hold by ::", A6 + audio(4000), B6 + audio(5000, "0 101"), {}, {}, more=[
    ("offer", "a", {}, A6.replace("c=IN IP6 2001:db8:a::5", "c=IN IP6 ::") +
     audio(4000, extra="a=inactive\n"))])
case("first offer without an address (0.0.0.0)", ZERO, ANSWER,
     differs=[("0.m0.dir", "sendrecv", NO_SENDONLY)])
case("direction for the whole session",
     session("alice", "203.0.113.5", "a=sendonly\n") + audio(4000),
     session("bob", "203.0.113.9", "a=recvonly\n") + audio(5000, "0 101"))
case("re-offer unchanged", OFFER, ANSWER, BOTH, BOTH, more=[
    ("offer", "a", BOTH, OFFER), ("answer", "b", BOTH, ANSWER)])
case("re-offer by the callee", OFFER, ANSWER, BOTH, BOTH, more=[
    ("offer", "b", BOTH, ANSWER),
    ("answer", "a", BOTH, A + audio(4000, "0 101"))])
case("re-offer from another address", OFFER, ANSWER, BOTH, BOTH, more=[
    ("offer", "a", BOTH, session("alice", "203.0.113.6") + audio(4800)),
    ("answer", "b", BOTH, ANSWER)],
    differs=[("2.m0.port", "port0", MOVES)])
case("re-offer adds video, answer refuses it", OFFER, ANSWER, BOTH, BOTH,
     more=[("offer", "a", BOTH, OFFER + video(4010)),
           ("answer", "b", BOTH, ANSWER + video(0))])
case("re-offer adds video, answer takes it", OFFER, ANSWER, BOTH, BOTH,
     more=[("offer", "a", BOTH, OFFER + video(4010)),
           ("answer", "b", BOTH, ANSWER + video(5010)),
           ("offer", "a", BOTH, OFFER + video(0)),
           ("answer", "b", BOTH, ANSWER + video(0))])
case("port 0 in the offer", OFFER + video(0), ANSWER + video(0), BOTH, BOTH)
case("port 0 in the answer", OFFER + video(4010), ANSWER + video(0), BOTH,
     BOTH)
case("all sections refused", OFFER, B + audio(0, "0"), BOTH, BOTH)

C_ANSWER = session("carol", "203.0.113.11") + audio(6000, "0 101")
ONE_PAIR = ("a party has one pair of ports, whichever branch answers it; "
            "rtpengine shows the caller another pair for each")
case("early media of two branches", OFFER, ANSWER, BOTH, BOTH, more=[
    ("answer", "b", dict(BOTH, **{"to-tag": "c"}), C_ANSWER),
    ("answer", "b", BOTH, ANSWER)],
    differs=[("2.m0.port", "port1", ONE_PAIR)])
case("two branches by via-branch", OFFER, ANSWER,
     dict(BOTH, **{"via-branch": "z9hG4bK1"}),
     dict(BOTH, **{"via-branch": "z9hG4bK1"}), more=[
         ("offer", "a", dict(BOTH, **{"via-branch": "z9hG4bK2",
                                      "to-tag": ""}), OFFER),
         ("answer", "b", dict(BOTH, **{"via-branch": "z9hG4bK2",
                                       "to-tag": "c"}), C_ANSWER)],
     differs=[("3.m0.port", "port1", ONE_PAIR)])

# ---- codecs -----------------------------------------------------------------

WIDE = A + audio(4000, "0 8 9 18 96 101", extra="a=fmtp:18 annexb=no\n"
                 "a=fmtp:96 useinbandfec=1\n")


def codec(**lists):
    return {"codec": lists}


PCMA_ANSWER = B + audio(5000, "8")
case("codec strip", WIDE, ANSWER, codec(strip=["G722", "opus"]))
case("codec strip, lower case", WIDE, ANSWER, codec(strip=["g722", "OPUS"]))
case("codec strip by clock", WIDE, None,
     codec(strip=["PCMU/8000", "opus/8000", "G729/8000"]))
case("codec strip telephone-event", WIDE, None,
     codec(strip=["telephone-event"]))
NOTHING_LEFT = ("a filter that would leave no codec is refused with its "
                "reason; rtpengine sends the list unfiltered")
case("codec strip all", WIDE, None, codec(strip=["all"]),
     differs=[("0.result", "error", NOTHING_LEFT)])
case("codec strip all except PCMA", WIDE, PCMA_ANSWER,
     {"codec": {"strip": ["all"], "except": ["PCMA"]}})
case("codec strip all, offer PCMA", WIDE, PCMA_ANSWER,
     codec(strip=["all"], offer=["PCMA"]))
case("codec strip full, offer PCMA", WIDE, None,
     codec(strip=["full"], offer=["PCMA"]))
case("codec mask", WIDE, PCMA_ANSWER, codec(mask=["PCMU"]))
case("codec mask all except PCMA", WIDE, None,
     {"codec": {"mask": ["all"], "except": ["PCMA"]}})
case("codec except alone", WIDE, None, {"codec": {"except": ["PCMA"]}})
case("codec offer alone", WIDE, None, codec(offer=["PCMA"]))
case("codec strip what is not there", WIDE, None, codec(strip=["EVS"]))
case("codec strip the only one", A + audio(4000, "0"), None,
     codec(strip=["PCMU"]), differs=[("0.result", "error", NOTHING_LEFT)])
case("codec strip, static types without rtpmap",
     A + "m=audio 4000 RTP/AVP 0 8 18\n", None, codec(strip=["G729"]))
case("codec flags in the flags list", WIDE, None,
     {"flags": ["codec-strip-G722", "codec-mask-PCMA"]})
case("codec strip, rtcp-fb of what goes",
     A + "m=video 4000 RTP/AVPF 96 97\na=rtpmap:96 VP8/90000\n"
         "a=rtpmap:97 H264/90000\na=rtcp-fb:* nack\na=rtcp-fb:96 ccm fir\n"
         "a=rtcp-fb:97 ccm fir\n", None, codec(strip=["VP8"]))

# ---- codecs that are transcoded ------------------------------------------------

OPUS48 = (B + "m=audio 5000 RTP/AVP 96 97\na=rtpmap:96 opus/48000/2\n"
          "a=rtpmap:97 telephone-event/48000\na=fmtp:97 0-15\n")
ALONE = ("what both have goes back alone, and nothing has to be transcoded; "
         "rtpengine puts in one of the offerer's for the answerer's other one")


def answer(fmts, extra=""):
    return B + audio(5000, fmts, extra=extra)


case("transcode to what the answer has", OFFER, answer("9 101"),
     codec(transcode=["G722"]))
case("transcode, and the answer does without", OFFER, answer("8 101"),
     codec(transcode=["G722"]))
case("transcode, what is there already", OFFER, answer("8 101"),
     codec(transcode=["PCMA"]))
case("transcode to Opus", OFFER, answer("96 101"), codec(transcode=["opus"]))
case("transcode to Opus, with events in its clock", OFFER, OPUS48,
     codec(transcode=["opus"]))
case("transcode, two codecs", OFFER, answer("9 101"),
     codec(transcode=["G722", "GSM"]))
case("transcode, the answer has one of each", OFFER, answer("9 8 101"),
     codec(transcode=["G722"]), differs=[
         ("1.m0.formats", ["8 PCMA/8000", "101 telephone-event/8000"],
          ALONE)])
case("transcode, the answer prefers what both have", OFFER, answer("8 9 101"),
     codec(transcode=["G722"]), differs=[
         ("1.m0.formats", ["8 PCMA/8000", "101 telephone-event/8000"],
          ALONE)])
case("transcode, one of two masked", OFFER, answer("9 101"),
     codec(transcode=["G722"], mask=["PCMU"]))
case("transcode, all masked", OFFER, answer("9"),
     codec(transcode=["G722"], mask=["all"]))
case("transcode, all stripped but one", OFFER, answer("9"),
     {"codec": {"transcode": ["G722"], "strip": ["all"],
                "except": ["PCMA"]}})
case("transcode, events stripped", OFFER, answer("9"),
     codec(transcode=["G722"], strip=["telephone-event"]))
case("transcode over re-offers", OFFER, answer("9 101"),
     codec(transcode=["G722"]), more=[
         ("offer", "a", codec(transcode=["G722"]), OFFER),
         ("answer", "b", {}, answer("9 101"))])
case("transcode, static types without rtpmap",
     A + "m=audio 4000 RTP/AVP 0 8\n", answer("9"),
     codec(transcode=["G722"]))
for name, lists in (("accept PCMU", {"accept": ["PCMU"]}),
                    ("consume PCMU", {"consume": ["PCMU"]}),
                    ("accept all", {"accept": ["all"]})):
    case(name + ", and the answer has another", OFFER, answer("8 101"),
         codec(**lists))
    case(name + ", and the answer has it", OFFER, answer("0 101"),
         codec(**lists), differs=[] if "accept" in lists else [
             ("1.m0.formats", ["0 PCMU/8000", "101 telephone-event/8000"],
              "rtpengine answers without any codec")])
case("accept two, in the order of the offer", A + audio(4000, "8 0 9 101"),
     answer("8 101"), codec(accept=["G722", "PCMU"]))
case("consume Opus", A + audio(4000, "96 8 101"), answer("8 101"),
     codec(consume=["opus"]))
case("always transcode", A + audio(4000, "9 0 8 101"), answer("8 0 101"),
     {"flags": ["always-transcode"]})
case("accept all, and the answer has no events", OFFER, answer("8"),
     codec(accept=["all"]))
case("single codec", OFFER, answer("0 8 101"), {},
     {"flags": ["single-codec"]})
case("single codec, transcoded", OFFER, answer("9 101"),
     codec(transcode=["G722"]), {"flags": ["single-codec"]})
case("generate mid", OFFER + video(4010), ANSWER + video(5010),
     {"flags": ["generate-mid"]})
case("transport protocol AVPF", OFFER, B + audio(5000, "0 101",
                                                  proto="RTP/AVPF"),
     {"transport-protocol": "RTP/AVPF"})

# ---- security, ICE ----------------------------------------------------------

OWN_KEYS = "keys are between the phones: Carom relays SRTP and adds none"
case("SRTP, keys passed through",
     A + audio(4000, proto="RTP/SAVP", extra=KEY_A),
     B + audio(5000, "0 101", proto="RTP/SAVP", extra=KEY_B),
     differs=[("0.m0.security", [KEY_A[2:-1]], OWN_KEYS)])
UFRAG = ("a=ice-ufrag:abcd\na=ice-pwd:aaaabbbbccccddddeeeeffff\n")
CANDIDATES = (
    "a=candidate:1 1 UDP 2130706431 203.0.113.5 4000 typ host\n"
    "a=candidate:1 2 UDP 2130706430 203.0.113.5 4001 typ host\n")
case("ICE=remove in a section", A + audio(4000, extra=UFRAG + CANDIDATES),
     ANSWER, dict(BOTH, ICE="remove"), dict(BOTH, ICE="remove"))
case("ICE=remove for the session",
     session("alice", "203.0.113.5", "a=ice-lite\na=ice-options:ice2\n"
             "a=group:BUNDLE 0 1\n" + UFRAG) +
     audio(4000, extra="a=mid:0\n") + video(4010, extra="a=mid:1\n"), None,
     dict(BOTH, ICE="remove"))
case("ICE offered, no flag", A + audio(4000, extra=UFRAG + CANDIDATES),
     ANSWER, differs=[
         ("0.m0.ice", False, "Carom is no ICE agent: candidates would lead "
          "the media past it, so they go"),
         ("1.m0.ice", False, "the same in the answer")])
case("BUNDLE is not taken up",
     session("alice", "203.0.113.5", "a=group:BUNDLE a v\n") +
     audio(4000, extra="a=mid:a\n" + MUX) +
     video(4000, extra="a=mid:v\n" + MUX),
     B + audio(5000, "0 101", extra="a=mid:a\n" + MUX) +
     video(5010, extra="a=mid:v\n" + MUX))

# ---- other media, odd bodies ------------------------------------------------

NO_PTIME = ("rtpengine copies the offer's ptime into an answer without one; "
            "what the answerer did not say stays unsaid")
T38 = ("m=image {} udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\n"
       "a=T38FaxUdpEC:t38UDPRedundancy\n")
case("T.38", A + T38.format(4000), B + T38.format(5000), BOTH, BOTH)
case("re-offer from audio to T.38", OFFER, ANSWER, BOTH, BOTH, more=[
    ("offer", "a", BOTH, A + T38.format(4002)),
    ("answer", "b", BOTH, B + T38.format(5002))],
    differs=[("2.m0.port", "port0", MOVES), ("3.m0.port", "port1", MOVES)])
case("answer with a format that was not offered", A + audio(4000, "0"),
     B + audio(5000, "0 8"),
     differs=[("1.m0.formats", ["0 PCMU/8000", "8 PCMA/8000"],
               "an answer's formats are passed on as given")])
case("MSRP is not ours", OFFER + "m=message 7654 TCP/MSRP *\n"
     "a=accept-types:text/plain\na=path:msrp://203.0.113.5:7654/x;tcp\n",
     None, BOTH)
case("unknown attributes and bandwidths",
     session("alice", "203.0.113.5", "b=CT:200\na=x-foo:bar\n"
             "a=group:LS 1 2\na=tool:odd one\n") +
     "m=audio 4000 RTP/AVP 0\nb=TIAS:64000\nb=AS:80\na=x-unknown\n"
     "a=rtpmap:0 PCMU/8000\na=extmap:1 urn:foo\na=ssrc:1 cname:x\n",
     B + audio(5000, "0"), BOTH, BOTH)
case("attributes in odd order",
     A + "m=audio 4000 RTP/AVP 0 101\na=sendrecv\na=fmtp:101 0-15\n"
         "a=ptime:20\na=rtpmap:101 telephone-event/8000\na=rtcp:4001\n"
         "a=rtpmap:0 PCMU/8000\n", ANSWER, BOTH, BOTH,
     differs=[("1.m0.attrs", [], NO_PTIME)])
case("ptime", A + audio(4000, extra="a=ptime:20\n"),
     B + audio(5000, "0 101"), {"ptime": 40},
     differs=[("1.m0.attrs", [], NO_PTIME)])
case("ptime in both", A + audio(4000, extra="a=ptime:20\n"),
     B + audio(5000, "0 101", extra="a=ptime:20\n"))
case("m= with a number of ports", A + "m=audio 4000/2 RTP/AVP 0\n", None,
     BOTH, differs=[("0.m0.count", "1", "one pair of ports is relayed, so "
                     "one is promised")])
case("sdp-version rises with what is said",
     OFFER, ANSWER, {"replace": ["sdp-version"]}, {}, more=[
         ("offer", "a", {"replace": ["sdp-version"]}, OFFER),
         ("offer", "a", {"replace": ["sdp-version"]},
          OFFER + "a=ptime:20\n")])
case("a host name in c=", OFFER.replace("c=IN IP4 203.0.113.5",
                                        "c=IN IP4 phone.example.com"))
case("no c= at all",
     session("alice", "203.0.113.5", conn=False) + audio(4000))
case("no v=", OFFER[4:])
case("a port above 65535", A + audio(70000))
case("not SDP", "hello\n")
case("c= behind a=",
     session("alice", "203.0.113.5", conn=False) +
     "m=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nc=IN IP4 203.0.113.5\n",
     None, BOTH, differs=[("0.result", "ok", "an order that says what is "
                           "meant is taken as it comes")])
case("a line that is none",
     A + "m=audio 4000 RTP/AVP 0\nz-line\na=rtpmap:0 PCMU/8000\n", None,
     BOTH, differs=[("0.result", "ok", "what is not understood is kept")])
