#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A browser and a plain phone: Chromium's own SDP goes through ng.

  browser.py --ng ADDR:PORT --addr ADDR [--video POLICY] [--called] [--open]

The browser says 440 Hz, by Opus in DTLS-SRTP with ICE; the phone, which is in here at
ADDR, says 660 Hz, by PCMA in RTP. Prints what each heard:
  {"browser": 660, "phone": 440, "ice": "connected", "dtls": "connected"}

--video: with pictures of its own (VP8), too, as bundlePolicy POLICY has it, which the
phone sends back from its second port. Beside that:
  {"sections": 2, "transports": 1, "saw": true, "asked": true}
saw: pictures came back; asked: the browser was asked for a whole picture, by RTCP. --called:
the phone calls, and what the browser gets is a bundle. --open: its SDP has its
candidates, as addresses and not as names of mDNS
"""
import argparse
import http.server
import json
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import ngclient
import tone

LIMIT = 40  # s for all of it
PORT = 20000
PAGE = """<!doctype html><title>call</title><canvas id=c width=320 height=240></canvas>
<script>
const say = o => fetch('/done', {method: 'POST', body: JSON.stringify(o)});
const post = async (where, sdp) => {
  const r = await fetch(where, {method: 'POST', body: sdp});
  if (!r.ok)
    throw await r.text();
  return r.text();
};
function pictures() {
  const canvas = document.getElementById('c'), g = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    g.fillStyle = `hsl(${n % 360},80%,50%)`;
    g.fillRect(n % 300, n % 220, 40, 40);
    ++n;
  }, 50);
  return canvas.captureStream(15).getVideoTracks()[0];
}
async function stats(pc) {
  const o = {saw: false, asked: false};
  (await pc.getStats()).forEach(r => {
    if (r.type == 'inbound-rtp' && r.kind == 'video')
      o.saw = r.framesDecoded > 5;
    if (r.type == 'outbound-rtp' && r.kind == 'video')
      o.asked = r.pliCount > 0;
  });
  o.transports = new Set(pc.getTransceivers().filter(t => t.currentDirection)
    .map(t => t.sender.transport)).size;
  o.sections = pc.getTransceivers().filter(t => t.currentDirection == 'sendrecv').length;
  return o;
}
const gathered = pc => new Promise(done => {
  const look = () => pc.iceGatheringState == 'complete' && done();
  pc.onicegatheringstatechange = look;
  look();
});
async function call() {
  const ctx = new AudioContext({sampleRate: 48000});
  const osc = new OscillatorNode(ctx, {frequency: 440});
  const gain = new GainNode(ctx, {gain: 0.3});
  const out = ctx.createMediaStreamDestination();
  osc.connect(gain).connect(out);
  osc.start();
  const pc = new RTCPeerConnection({bundlePolicy: POLICY || 'balanced'});
  pc.ontrack = e => {
    const el = document.createElement(e.track.kind);
    el.srcObject = new MediaStream([e.track]);
    el.muted = true;
    el.play();
    if (e.track.kind != 'audio')
      return;
    const an = new AnalyserNode(ctx, {fftSize: 8192});
    ctx.createMediaStreamSource(el.srcObject).connect(an);
    setTimeout(async () => {
      const v = new Float32Array(an.frequencyBinCount);
      an.getFloatFrequencyData(v);
      const i = v.indexOf(Math.max(...v));
      await say({hz: i * 48000 / 8192, level: v[i], ice: pc.iceConnectionState,
        dtls: pc.getSenders()[0].transport.state, ...await stats(pc)});
    }, 4000);
  };
  if (CALLED)
    await pc.setRemoteDescription({type: 'offer', sdp: await post('/called', '')});
  pc.addTrack(out.stream.getAudioTracks()[0], out.stream);
  if (POLICY)
    pc.addTrack(pictures(), out.stream);
  if (!CALLED) {
    await pc.setLocalDescription(await pc.createOffer());
    if (OPEN)
      await gathered(pc);
    return pc.setRemoteDescription({type: 'answer',
      sdp: await post('/offer', pc.localDescription.sdp)});
  }
  await pc.setLocalDescription(await pc.createAnswer());
  if (OPEN)
    await gathered(pc);
  await post('/answer', pc.localDescription.sdp);
}
call().catch(e => say({error: String(e)}));
</script>"""


class Phone(threading.Thread):
    """Sends a tone every 20 ms, and keeps what comes"""

    def __init__(self, addr):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, PORT))
        self.sock.setblocking(False)
        self.dst = None
        self.heard = []
        self.over = False

    def run(self):
        n = 0
        start = time.monotonic()
        while not self.over:
            time.sleep(max(0, start + n * 0.02 - time.monotonic()))
            pcm = bytes(tone.alaw_encode(int(
                8000 * math.sin(2 * math.pi * 660 * i / 8000)))
                for i in range(n * 160, n * 160 + 160))
            if self.dst:
                self.sock.sendto(struct.pack("!BBHII", 128, 8, n & 0xffff,
                                             n * 160, 77) + pcm, self.dst)
            n += 1
            try:
                while True:
                    p = self.sock.recv(2048)
                    if len(p) > 12 and p[1] & 127 == 8:
                        self.heard += [tone.DECODE[b] for b in p[12:]]
            except BlockingIOError:
                pass

    def hears(self):
        x = self.heard[-8000:]
        best = max((440, 660), key=lambda hz: tone.goertzel(x, hz))
        return best if len(x) == 8000 and tone.goertzel(x, best) > 0.8 else None


class Mirror(threading.Thread):
    """Sends pictures back, with an SSRC of its own, and asks for whole ones"""

    SSRC = 99

    def __init__(self, addr):
        super().__init__(daemon=True)
        self.sock, self.rtcp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                                for _ in range(2))
        self.sock.bind((addr, PORT + 2))
        self.rtcp.bind((addr, PORT + 3))
        self.sock.settimeout(0.2)
        self.dst = None
        self.over = False

    def run(self):
        asked = 0.0
        while not self.over:
            try:
                p = self.sock.recv(2048)
            except TimeoutError:
                continue
            if len(p) < 12 or 192 <= p[1] <= 223 or not self.dst:
                continue
            self.sock.sendto(p[:8] + struct.pack("!I", self.SSRC) + p[12:],
                             self.dst)
            if time.monotonic() - asked > 0.5:
                asked = time.monotonic()
                self.rtcp.sendto(
                    struct.pack("!BBHI", 0x80, 201, 1, self.SSRC) +
                    struct.pack("!BBHI", 0x81, 206, 2, self.SSRC) + p[8:12],
                    (self.dst[0], self.dst[1] + 1))


class Call:
    def __init__(self, ng, addr, video):
        where, port = ng.rsplit(":", 1)
        self.ng = ngclient.Ng(where, int(port))
        self.addr = addr
        self.phone = Phone(addr)
        self.mirror = Mirror(addr) if video else None
        self.result = None
        self.done = threading.Event()

    def ask(self, command, **more):
        return self.ng.command(command, **{"call-id": "browser",
                                           "from-tag": "b", **more})

    def sdp(self, pt=None):
        """The phone's; pt: of VP8"""
        video = (f"m=video {PORT + 2} RTP/AVP {pt}\r\n"
                 f"a=rtpmap:{pt} VP8/90000\r\n" if pt else "")
        return (f"v=0\r\no=- 1 1 IN IP4 {self.addr}\r\ns=-\r\n"
                f"c=IN IP4 {self.addr}\r\nt=0 0\r\n"
                f"m=audio {PORT} RTP/AVP 8\r\n{video}")

    def begin(self, sdp):
        """To where it says"""
        where = next(line.split()[2] for line in sdp.splitlines()
                     if line.startswith("c="))
        port = {line.split()[0]: int(line.split()[1])
                for line in sdp.splitlines() if line.startswith("m=")}
        self.phone.dst = (where, port["m=audio"])
        self.phone.start()
        if self.mirror:
            self.mirror.dst = (where, port["m=video"])
            self.mirror.start()

    def offer(self, sdp):
        got = self.ask("offer", sdp=sdp, **{
            "transport-protocol": "RTP/AVP", "ICE": "remove",
            "flags": ["codec-accept-opus", "codec-transcode-PCMA"]})["sdp"]
        self.begin(got)
        pt = next((line.split(":")[1].split()[0] for line in got.splitlines()
                   if "VP8/90000" in line), None)
        return self.ask("answer", sdp=self.sdp(pt if self.mirror else None),
                        **{"to-tag": "p"})["sdp"]

    def called(self, _):
        return self.ask("offer", sdp=self.sdp(96 if self.mirror else None), **{
            "transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force",
            "bundle": ["require"], "rtcp-mux": ["require"],
            "flags": ["codec-mask-PCMA", "codec-transcode-opus"]})["sdp"]

    def answer(self, sdp):
        self.begin(self.ask("answer", sdp=sdp, **{"to-tag": "p"})["sdp"])
        return ""


def handler(call, page):
    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, code, body, kind):
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.reply(200, page, "text/html")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            step = {"/offer": call.offer, "/called": call.called,
                    "/answer": call.answer}.get(self.path)
            if step:
                try:
                    self.reply(200, step(body).encode(), "text/plain")
                except Exception as e:  # the page tells it on
                    self.reply(500, str(e).encode(), "text/plain")
                return
            self.reply(200, b"", "text/plain")
            call.result = json.loads(body)
            call.done.set()

        def log_message(self, *args):
            pass

    return Handler


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--ng", required=True)
    ap.add_argument("--addr", required=True)
    ap.add_argument("--video", metavar="POLICY")
    ap.add_argument("--called", action="store_true")
    ap.add_argument("--open", action="store_true")
    args = ap.parse_args()
    call = Call(args.ng, args.addr, args.video)
    page = PAGE.replace("POLICY", json.dumps(args.video)).replace(
        "CALLED", json.dumps(args.called)).replace(
        "OPEN", json.dumps(args.open)).encode()
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 8080),
                                          handler(call, page))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        chromium = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             "--autoplay-policy=no-user-gesture-required", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={home}",
             *(["--disable-features=WebRtcHideLocalIpsWithMdns"]
               if args.open else []),
             "http://127.0.0.1:8080/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": home})
        ok = call.done.wait(LIMIT)
        heard = call.phone.hears()
        chromium.terminate()
        chromium.wait()
    call.phone.over = True
    if call.mirror:
        call.mirror.over = True
    r = call.result or {}
    if not ok or "error" in r:
        sys.exit(f"browser.py: {r.get('error', 'the browser did not call')}")
    call.ask("delete")
    print(json.dumps({
        "browser": min((440, 660), key=lambda hz: abs(hz - r["hz"]))
        if r["level"] > -60 else None,
        "phone": heard, "ice": r["ice"], "dtls": r["dtls"],
        **({k: r[k] for k in ("sections", "transports", "saw", "asked")}
           if args.video else {})}))


if __name__ == "__main__":
    main()
