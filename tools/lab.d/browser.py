#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A browser calls a plain phone: Chromium's own offer goes through ng.

  browser.py --ng ADDR:PORT --addr ADDR

The browser says 440 Hz, by Opus in DTLS-SRTP with ICE; the phone, which is in here at
ADDR, says 660 Hz, by PCMA in RTP. Prints what each heard:
  {"browser": 660, "phone": 440, "ice": "connected", "dtls": "connected"}
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
PAGE = b"""<!doctype html><title>call</title><script>
const say = o => fetch('/done', {method: 'POST', body: JSON.stringify(o)});
async function call() {
  const ctx = new AudioContext({sampleRate: 48000});
  const osc = new OscillatorNode(ctx, {frequency: 440});
  const gain = new GainNode(ctx, {gain: 0.3});
  const out = ctx.createMediaStreamDestination();
  osc.connect(gain).connect(out);
  osc.start();
  const pc = new RTCPeerConnection();
  pc.addTrack(out.stream.getAudioTracks()[0], out.stream);
  pc.ontrack = e => {
    const el = new Audio();
    el.srcObject = new MediaStream([e.track]);
    el.muted = true;
    el.play();
    const an = new AnalyserNode(ctx, {fftSize: 8192});
    ctx.createMediaStreamSource(el.srcObject).connect(an);
    setTimeout(async () => {
      const v = new Float32Array(an.frequencyBinCount);
      an.getFloatFrequencyData(v);
      const i = v.indexOf(Math.max(...v));
      await say({hz: i * 48000 / 8192, level: v[i], ice: pc.iceConnectionState,
        dtls: pc.getSenders()[0].transport.state});
    }, 4000);
  };
  await pc.setLocalDescription(await pc.createOffer());
  const r = await fetch('/offer', {method: 'POST',
    body: pc.localDescription.sdp});
  if (!r.ok)
    return say({error: await r.text()});
  await pc.setRemoteDescription({type: 'answer', sdp: await r.text()});
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


class Call:
    def __init__(self, ng, addr):
        where, port = ng.rsplit(":", 1)
        self.ng = ngclient.Ng(where, int(port))
        self.addr = addr
        self.phone = Phone(addr)
        self.result = None
        self.done = threading.Event()

    def ask(self, command, **more):
        return self.ng.command(command, **{"call-id": "browser",
                                           "from-tag": "b", **more})

    def offer(self, sdp):
        got = self.ask("offer", sdp=sdp, **{
            "transport-protocol": "RTP/AVP", "ICE": "remove",
            "flags": ["codec-mask-all", "codec-transcode-PCMA"]})["sdp"]
        port = next(int(line.split()[1]) for line in got.splitlines()
                    if line.startswith("m=audio"))
        where = next(line.split()[2] for line in got.splitlines()
                     if line.startswith("c="))
        self.phone.dst = (where, port)
        self.phone.start()
        mine = (f"v=0\r\no=- 1 1 IN IP4 {self.addr}\r\ns=-\r\n"
                f"c=IN IP4 {self.addr}\r\nt=0 0\r\nm=audio {PORT} RTP/AVP 8\r\n")
        return self.ask("answer", sdp=mine, **{"to-tag": "p"})["sdp"]


def handler(call):
    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, code, body, kind):
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.reply(200, PAGE, "text/html")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/offer":
                try:
                    self.reply(200, call.offer(body).encode(), "text/plain")
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
    args = ap.parse_args()
    call = Call(args.ng, args.addr)
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), handler(call))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        chromium = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             "--autoplay-policy=no-user-gesture-required", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={home}",
             "http://127.0.0.1:8080/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": home})
        ok = call.done.wait(LIMIT)
        heard = call.phone.hears()
        chromium.terminate()
        chromium.wait()
    call.phone.over = True
    r = call.result or {}
    if not ok or "error" in r:
        sys.exit(f"browser.py: {r.get('error', 'the browser did not call')}")
    call.ask("delete")
    print(json.dumps({
        "browser": min((440, 660), key=lambda hz: abs(hz - r["hz"]))
        if r["level"] > -60 else None,
        "phone": heard, "ice": r["ice"], "dtls": r["dtls"]}))


if __name__ == "__main__":
    main()
