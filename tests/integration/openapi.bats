# SPDX-License-Identifier: BSD-2-Clause
# docs/openapi.yaml against a node with all roles: each path and method, what comes of
# it, and that neither has more than the other

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge more e1 <<-END
	node: e1
	providers: {probe: {interval: 0}}
	registrar:
	  listen: ["udp:192.0.2.11:5070"]
	  domains: [example.com]
	presence: {}
	END
	edge start
	nodes -sn uas
	settle 3
}

@test "openapi: each path and method is as described, and nothing else is served" {
	"$ROOT/tests/integration/openapi.py" "$ROOT/docs/openapi.yaml" \
		"$RUN/e1-api.sock"
}

@test "openapi: whether it is ready is said part by part" {
	local i

	curl -sS --unix-socket "$RUN/e1-api.sock" 'http://carom/readyz?verbose' |
		jq -e '.status == "ready" and ([.parts[].name] ==
			["maps", "store", "devices", "media", "edge", "registrar",
			"providers"]) and
			(.parts | all(.ready)) and (.parts[] |
			select(.name == "edge") | .detail | test("of 3 targets usable"))'
	curl -sS --unix-socket "$RUN/e1-api.sock" 'http://carom/readyz' |
		jq -e '.parts | all(.detail | not)'
	# nowhere to send a call to
	for i in 1 2 3; do
		edge cli e1 dispatcher set sip:192.0.2.3$i:5060 disabled
	done
	curl -sS -w '%{http_code}' --unix-socket "$RUN/e1-api.sock" \
		'http://carom/readyz' >out
	[ "$(tail -1 out)" = 503 ]
	head -1 out | jq -e '.status == "not ready" and ([.parts[] |
		select(.ready | not)] | length == 1 and (.[0] | .name == "edge" and
		(.reason | test("0 of 3 targets usable"))))'
	for i in 1 2 3; do
		edge cli e1 dispatcher set sip:192.0.2.3$i:5060 active
	done
}

@test "openapi: figures of all roles are what Prometheus takes" {
	curl -sS --unix-socket "$RUN/e1-api.sock" http://carom/metrics >metrics
	promtool check metrics <metrics
	# a metric's samples stand together, each once
	[ -z "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics | sort | uniq -d)" ]
	[ -z "$(grep -v '^#' metrics | sed 's/ [^ ]*$//' | sort | uniq -d)" ]
	grep -q '^carom_sip_agent_total{event="received"} ' metrics
}

@test "openapi: what a target went through is told as events" {
	edge cli e1 dispatcher set sip:192.0.2.32:5060 disabled --reason "gone home"
	edge cli e1 dispatcher set sip:192.0.2.32:5060 active --reason "back again"
	# an event is seen when the disk has it
	until_true 5 told '.type == "dispatcher.target.down" and
		(.data | .set == 1 and .uri == "sip:192.0.2.32:5060" and
			.state == "disabled" and .before == "active" and
			.reason == "gone home")'
	until_true 5 told '.type == "dispatcher.target.up" and
		.data.before == "disabled" and .data.reason == "back again"'
	# by probes, too: nobody answers there any more
	edge quiet f3
	until_true 10 told_down
}

# told JQ: there is such an event
told()
{
	edge cli e1 events --types 'dispatcher.*' --limit 1000 --json |
		jq -se "any(.[]; $1)"
}

told_down()
{
	told '.type == "dispatcher.target.down" and
		.data.uri == "sip:192.0.2.33:5060" and .data.state == "inactive"'
}

@test "openapi: a reader who stands still misses nothing" {
	[ "$("$ROOT/tests/integration/slowreader.py" "$RUN/e1-api.sock" \
		/v1/dispatchers/1/targets/sip:192.0.2.32:5060/state 6000)" = 6000 ]
	# nor does carom events, page by page
	edge cli e1 events >all
	[ "$(wc -l <all)" -ge 6000 ]
	[ "$(awk '{print $2}' all | sort -n | uniq -d | wc -l)" = 0 ]
	edge cli e1 events --limit 1500 >some
	head -n 1500 all | cmp - some
}
