# SPDX-License-Identifier: BSD-2-Clause
"""Put the cases to both proxies and compare what comes out. See ./run."""
import argparse
import fnmatch
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../tools/lab.d")]

from offers import CASES  # noqa: E402
from view import Ports, meaning  # noqa: E402
from ngclient import Ng, NgError  # noqa: E402

MISSING = "(not said)"


def tags(step):
    """from-tag is the offerer's, in an answer too"""
    other = {"a": "b", "b": "a"}[step["side"]]
    if step["command"] == "answer":
        return {"from-tag": other, "to-tag": step["side"]}
    if step["first"]:
        return {"from-tag": step["side"]}
    return {"from-tag": step["side"], "to-tag": other}


class Proxy:
    def __init__(self, name, where, low, high):
        host, _, port = where.rpartition(":")
        self.name, self.low, self.high = name, low, high
        self.ng = Ng(host, int(port))

    def wait(self):
        for _ in range(100):
            try:
                self.ng.command("ping")
                return
            except NgError:
                time.sleep(0.05)
        sys.exit(f"Bail out! {self.name} does not answer")

    def play(self, case, call_id):
        """Of each step: {key: value} and the reply"""
        ports = Ports(self.low, self.high)
        views, replies = [], []
        for step in case["steps"]:
            msg = {"command": step["command"], "call-id": call_id,
                   "sdp": step["sdp"]}
            msg.update(tags(step))
            msg.update(step["flags"])
            reply = self.ng.request(msg)
            view = {"result": reply["result"]}
            if "sdp" in reply:
                view.update(meaning(reply["sdp"], step["sdp"], ports))
            views.append(view)
            replies.append(reply)
        self.ng.request({"command": "delete", "call-id": call_id,
                         "from-tag": "a", "delete-delay": 0})
        return views, replies


def compare(theirs, ours):
    """{"STEP.KEY": (rtpengine's, Carom's)} of what is not alike"""
    out = {}
    for i, (t, o) in enumerate(zip(theirs, ours)):
        keys = ["result"] if t["result"] != o["result"] else \
            sorted(set(t) | set(o))
        for k in keys:
            pair = t.get(k, MISSING), o.get(k, MISSING)
            if pair[0] != pair[1]:
                out[f"{i}.{k}"] = pair
    return out


def judge(case, found):
    """(problems, names of the differences that the case allows)"""
    bad, named = [], []
    for pattern, value, why in case["differs"]:
        hits = fnmatch.filter(found, pattern)
        if not hits:
            bad.append(f"{pattern}: alike now, but a difference is named: "
                       f"{why}")
        for key in hits:
            theirs, ours = found.pop(key)
            if ours != value:
                bad.append(f"{key}: Carom says {ours!r}, where "
                           f"{value!r} is meant ({why})")
            else:
                named.append(f"{key}: rtpengine {theirs!r}, Carom "
                             f"{ours!r}: {why}")
    bad += [f"{k}: rtpengine {t!r}, Carom {o!r}"
            for k, (t, o) in sorted(found.items())]
    return bad, named


def show(case, proxy, replies):
    for step, reply in zip(case["steps"], replies):
        print(f"# -- {proxy.name}: {step['command']} {step['flags']}: "
              f"{reply['result']} {reply.get('error-reason', '')}")
        for line in reply.get("sdp", "").splitlines():
            print(f"#    {line}")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--rtpengine", required=True)
    p.add_argument("--carom", required=True)
    p.add_argument("--show", action="store_true")
    p.add_argument("pattern", nargs="*")
    a = p.parse_args()
    theirs = Proxy("rtpengine", a.rtpengine, 30000, 33999)
    ours = Proxy("carom", a.carom, 34000, 37999)
    theirs.wait()
    ours.wait()

    cases = [c for c in CASES
             if not a.pattern or any(x in c["name"] for x in a.pattern)]
    if not cases:
        sys.exit("Bail out! no case has such a name")
    failed = 0
    print(f"1..{len(cases)}")
    for n, case in enumerate(cases, 1):
        call_id = f"diff-{os.getpid()}-{n}"
        try:
            their_views, their_replies = theirs.play(case, call_id)
            our_views, our_replies = ours.play(case, call_id)
            bad, named = judge(case, compare(their_views, our_views))
        except (NgError, ValueError, IndexError, KeyError) as e:
            bad, named = [f"{type(e).__name__}: {e}"], []
            their_replies = our_replies = []
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} {n} - {case['name']}")
        for line in named:
            print(f"#   named difference, {line}")
        for line in bad:
            print(f"#   DIFFERS {line}")
        if a.show or bad:
            show(case, theirs, their_replies)
            show(case, ours, our_replies)
    print(f"# {len(cases) - failed} alike, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
