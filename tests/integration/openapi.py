#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold a running API to its description.

   openapi.py FILE SOCKET

Each path and method of the file is asked for, with its examples; status and body have
to be among those that are described, and fit. Then each is asked for in ways that are
wrong. What the API serves and the file does not have is a fault, too.
"""
import http.client, json, socket, sys
from urllib.parse import quote, urlencode

import jsonschema
import yaml

METHODS = ("get", "put", "post", "patch", "delete")
faults = []


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("carom", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(method, target, body=None, headers=None):
    c = Unix(sys.argv[2])
    headers = dict(headers or {})
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    c.request(method, target, body, headers)
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, r.headers, data


def fault(what, text):
    faults.append(f"{what}: {text}")
    print("FAULT", faults[-1])


def deref(x):
    while "$ref" in x:
        at = doc
        for part in x["$ref"][2:].split("/"):
            at = at[part]
        x = at
    return x


def fits(what, data, schema):
    resolver = jsonschema.RefResolver("", doc)
    for e in jsonschema.Draft4Validator(schema, resolver=resolver).iter_errors(data):
        fault(what, f"{'/'.join(map(str, e.absolute_path))}: {e.message}")


def judge(what, op, status, headers, data):
    """Is it an answer that is described?"""
    responses = op["responses"]
    r = deref(responses.get(str(status)) or responses.get("default") or {})
    if not r or (status < 400 and str(status) not in responses):
        fault(what, f"status {status} is not described: {data[:200]}")
        return
    content = r.get("content")
    if not content:
        if data:
            fault(what, f"status {status} has a body: {data[:200]}")
        return
    kind = (headers.get("Content-Type") or "").split(";")[0]
    if kind not in content:
        fault(what, f"status {status} is {kind}, described: {list(content)}")
    elif kind.endswith("json"):
        fits(f"{what} {status}", json.loads(data), content[kind]["schema"])


def problem(what, want, status, headers, data):
    if status != want:
        fault(what, f"{status} instead of {want}: {data[:200]}")
        return
    if headers.get("Content-Type") != "application/problem+json":
        fault(what, f"{want} is {headers.get('Content-Type')}")
        return
    p = json.loads(data)
    fits(what, p, {"$ref": "#/components/schemas/Problem"})
    if p.get("status") != want:
        fault(what, f"its status is {p.get('status')}")


def target_of(path, params):
    query = {}
    for p in params:
        if p["in"] == "path":
            if "example" not in p:
                fault(path, f"{p['name']} has no example")
            path = path.replace("{" + p["name"] + "}",
                                quote(str(p.get("example")), safe=""))
        elif p["in"] == "query" and "example" in p:
            query[p["name"]] = p["example"]
    return path, query


def walk(path, method, op, params):
    what = f"{method.upper()} {path}"
    target, query = target_of(path, params)
    body = None
    if "requestBody" in op:
        content = deref(op["requestBody"])["content"]["application/json"]
        fits(f"{what} example", content["example"], content["schema"])
        body = json.dumps(content["example"])
    full = target + ("?" + urlencode(query) if query else "")
    status, headers, data = ask(method.upper(), full, body)
    judge(what, op, status, headers, data)
    want = op.get("x-example-status")
    if (want and status != want) or (not want and not 200 <= status < 300):
        fault(what, f"its example is answered {status}: {data[:300]}")

    # in ways that are wrong
    if body is not None:
        problem(what, 400, *ask(method.upper(), full, "{"))
        problem(what, 415, *ask(method.upper(), full, body,
                                {"Content-Type": "text/plain"}))
        problem(what, 422, *ask(method.upper(), full, '{"no-such-field": 1}'))
        for name in content["schema"].get("required", []):
            less = {k: v for k, v in content["example"].items() if k != name}
            problem(f"{what} without {name}", 422,
                    *ask(method.upper(), full, json.dumps(less)))
    known = {p["name"] for p in params if p["in"] == "query"}
    if method == "get" and known and 200 <= status < 300:
        problem(what, 400, *ask("GET", target + "?no-such-key=1"))
    if "limit" in known:
        for bad in ("0", "1001", "x", "-1", ""):
            problem(f"{what} limit={bad}", 400, *ask("GET", f"{target}?limit={bad}"))
        if "cursor" in known:
            problem(what, 400, *ask("GET", target + "?cursor=!"))
    if method == "get":
        s, h, d = ask("HEAD", full)
        if s != status or d or "text/event" in h.get("Content-Type", ""):
            fault(what, f"HEAD is {s}, GET {status}")


def methods(path, item):
    """Those that are not there, and what OPTIONS says"""
    target, _ = target_of(path, [deref(p) for p in item.get("parameters", [])] +
                          [deref(p) for m in METHODS for p in
                           item.get(m, {}).get("parameters", [])])
    status, headers, _ = ask("OPTIONS", target)
    have = sorted(m.upper() for m in METHODS if m in item)
    want = sorted(set(have) | {"OPTIONS"} | ({"HEAD"} if "get" in item else set()))
    said = sorted((headers.get("Allow") or "").split(", "))
    if status != 204 or said != want:
        fault(f"OPTIONS {path}", f"{status}, {said} instead of {want}")
    for m in METHODS:
        if m not in item:
            s, h, d = ask(m.upper(), target)
            problem(f"{m.upper()} {path}", 405, s, h, d)
            if sorted((h.get("Allow") or "").split(", ")) != want:
                fault(f"{m.upper()} {path}", f"Allow: {h.get('Allow')}")


doc = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
described = {(m.upper(), p): op for p, item in doc["paths"].items()
             for m, op in item.items() if m in METHODS}
ids = [op.get("operationId") for op in described.values()]
for i in set(ids):
    if i is None or ids.count(i) > 1:
        fault(str(i), "an operation needs an operationId of its own")

status, _, data = ask("GET", "/v1")
served = {(r["method"], r["path"]): r.get("scope") for r in json.loads(data)["routes"]}
for r in sorted(set(served) - set(described)):
    fault(" ".join(r), "is served, and not described")
for r in sorted(set(described) - set(served)):
    fault(" ".join(r), "is described, and not served")
for r in set(served) & set(described):
    if served[r] != described[r].get("x-scope"):
        fault(" ".join(r), f"scope {served[r]}, described as {described[r].get('x-scope')}")

for path, item in doc["paths"].items():
    shared = [deref(p) for p in item.get("parameters", [])]
    for method, op in item.items():
        if method in METHODS and (method.upper(), path) in served:
            walk(path, method, op,
                 shared + [deref(p) for p in op.get("parameters", [])])
    if any((m.upper(), path) in served for m in METHODS):
        methods(path, item)

print(f"{len(described)} operations, {len(faults)} faults")
sys.exit(bool(faults))
