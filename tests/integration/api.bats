# SPDX-License-Identifier: BSD-2-Clause
# The API over HTTP as curl sees it: listeners, answers, limits, events

load lib

setup_file() { engine_up; }

teardown_file() { engine_down; }

setup() { cd "$BATS_TEST_TMPDIR"; }

teardown() { [ -n "$BATS_TEST_COMPLETED" ] || show_logs; }

TCP=http://127.0.0.1:9650

# unix ARGS...: curl by the UNIX socket
unix() { curl -sS --max-time 10 --unix-socket "$LAB_RUN/api.sock" "$@"; }

# tcp ARGS...: on the appliance
tcp() { inside carom curl -sS --max-time 10 "$@"; }

# status CODE ARGS...: of what comes by TCP; the body is in ./body, the head in ./head
status()
{
	local want=$1 have

	shift
	have=$(tcp -o body -D head -w '%{http_code}' "$@")
	[ "$have" = "$want" ] || fail "$have instead of $want: $(cat body)"
}

@test "api: it is there by UNIX socket and by loopback, and by nothing else" {
	carom_only
	unix http://carom/healthz | jq -e '.status == "ok"'
	tcp $TCP/healthz | jq -e '.status == "ok"'
	unix http://carom/readyz |
		jq -e '.status == "ready" and (.parts | map(.name) | index("maps"))'
	[ "$(stat -c %a "$LAB_RUN/api.sock")" = 660 ]
	run inside carom ss -Hltn 'sport = :9650'
	[ "$(wc -l <<<"$output")" = 1 ]
	[[ $output == *127.0.0.1:9650* ]]
}

@test "api: a device without its program is no readiness" {
	carom_only
	carom detach wan
	status 503 $TCP/readyz
	jq -e '.parts[] | select(.ready | not) | .name == "devices" and
		.reason == "wan: no XDP program; carom attach wan"' body
	carom attach wan
	status 200 $TCP/readyz
}

@test "api: its socket is of the user that the agent runs as" {
	carom_only
	echo "user: nobody" >"$LAB_RUN/more.yaml"
	appliance stop
	chown nobody "$LAB_RUN" "$LAB_RUN/rec" "$LAB_RUN"/carom.db*
	appliance start
	[ "$(stat -c '%U %G %a' "$LAB_RUN/api.sock")" = "nobody nogroup 660" ]
	unix http://carom/healthz | jq -e '.status == "ok"'
	runuser -u nobody -- curl -sS --unix-socket "$LAB_RUN/api.sock" \
		http://carom/v1/nodes | jq -e '.nodes[0].self'
	run runuser -u daemon -- curl -sS --unix-socket "$LAB_RUN/api.sock" \
		http://carom/v1/nodes
	[ "$status" != 0 ]
	rm "$LAB_RUN/more.yaml"
	appliance stop
	# it could remove it, though it was not root any more
	[ ! -e "$LAB_RUN/api.sock" ]
	chown root "$LAB_RUN" "$LAB_RUN/rec" "$LAB_RUN"/carom.db*
	appliance start
}

@test "api: what is wrong is a problem" {
	carom_only
	status 404 $TCP/v1/nothing
	grep -qi '^content-type: application/problem+json' head
	jq -e '.status == 404 and .title == "Not Found" and
		.instance == "/v1/nothing" and .type == "urn:carom:problem:no-path"' body
	status 405 -X POST $TCP/healthz
	grep -q '^Allow: GET, HEAD, OPTIONS' head
	status 400 --path-as-is $TCP/v1/../v1/events
	status 400 "$TCP/v1/events?limit=0"
	status 414 "$TCP/v1/events?types=$(head -c 5000 /dev/zero | tr '\0' a)"
	status 431 -H "X: $(head -c 17000 /dev/zero | tr '\0' a)" $TCP/healthz
	head -c 1048577 /dev/zero >big
	status 413 -X GET -H 'Expect:' --data-binary @big $TCP/v1/events
	status 406 -H 'Accept: text/html' $TCP/v1/events
	status 421 -H 'Host: evil.example' $TCP/v1/events
	status 403 -H 'Origin: http://evil.example' $TCP/v1/events
	# without a length, too; and nobody sends for ever
	status 413 -X GET -H 'Expect:' -H 'Transfer-Encoding: chunked' \
		--data-binary @big $TCP/v1/events
	# what is wrong with the head is read by whoever sends a body
	head -c 1000000 big >less
	for _ in {1..10}; do
		[ "$(unix -o body -w '%{http_code}' -X PUT -H 'Expect:' \
			--data-binary @less http://carom/v1/limits/%00)" = 400 ]
		jq -e '.status == 400' body
	done
	for _ in 1 2 3 4 5; do cat big; done >bigger
	run tcp -o /dev/null -X GET -H 'Expect:' -H 'Transfer-Encoding: chunked' \
		--data-binary @bigger $TCP/v1/events
	[ "$status" != 0 ]
	# HEAD is GET without a body
	[ "$(tcp -I $TCP/healthz | grep -ci '^content-length: [1-9]')" = 1 ]
}

# events_are QUERY JQ: what is kept is so; it is in ./page. An event is seen when the disk
# has it
events_are()
{
	unix "http://carom/v1/events?$1" >page
	jq -e "$2" page
}

@test "api: events by the page, and as they come, from where one was" {
	carom_only
	local n pid

	wait_for 5 events_are 'types=node.*' '.events[0].type == "node.started" and
		.events[0].seq == 1 and (.events[0].node | length > 0) and .last >= 1'
	n=$(jq .last page)

	unix -N --max-time 20 -H 'Accept: text/event-stream' \
		"http://carom/v1/events?since=$((n - 1))" >stream &
	pid=$!
	wait_for 5 grep -q "^id: $n" stream
	# a stop is an event, and a stream ends with the agent
	appliance stop
	wait $pid || true
	grep -q '^event: node.stopping' stream
	appliance start
	wait_for 5 events_are "since=$n" ".events[0].type == \"node.stopping\" and
			.events[0].seq == $n + 1 and
			.events[1].type == \"node.started\" and
			.events[1].seq == $n + 2"

	status 410 "$TCP/v1/events?since=999999"
	jq -e --argjson n "$n" '.last == $n + 2 and .oldest == 1' body
	status 410 -H 'Accept: text/event-stream' "$TCP/v1/events?since=999999"
}


@test "api: numbers of events are used once, and what was seen is kept, over kill -9" {
	carom_only
	local n pid

	unix -N --max-time 60 -H 'Accept: text/event-stream' \
		http://carom/v1/events?since=0 >stream &
	pid=$!
	carom reload
	wait_for 5 grep -q '^event: config.reloaded' stream
	appliance kill
	wait $pid || true
	appliance start
	n=$(sed -n 's/^id: //p' stream | tail -1)
	sed -n 's/^data: //p' stream | jq -sc . >seen
	unix "http://carom/v1/events?limit=1000" | jq -c '[.events[] |
		select(.seq <= '"$n"')]' | cmp - seen
	# those that may have been given away are passed over, which is told
	wait_for 5 events_are "since=$n" "(.events[0] | .type == \"events.cut\" and
			.data.from == $n + 1 and .seq == .data.to) and
		(.events[1] | .type == \"node.started\") and
		.events[1].seq == .events[0].data.to + 1"
}

@test "api: events by WebSocket" {
	carom_only
	local ws="$ROOT/tests/integration/websocket.py" sock="$LAB_RUN/api.sock" pid

	"$ws" "$sock" '/v1/events?since=0&types=node.*' 1 | tee frames
	head -1 frames | jq -e '.type == "node.started" and .seq == 1'
	[ "$(tail -1 frames)" = "closed 1000" ]
	# against the protocol: it is told so, and that is the end
	"$ws" "$sock" /v1/events bad >frames
	[ "$(tail -1 frames)" = "closed 1002" ]
	# who sends and does not read is not listened to, nor kept in memory
	[ "$("$ws" "$sock" /v1/events deaf)" = whole ]
	run "$ws" "$sock" '/v1/events?since=999999' 1
	[[ $output == *" 410 "* ]]
	status 426 -H 'Upgrade: websocket' -H 'Connection: Upgrade' $TCP/v1/events
	grep -q '^Sec-WebSocket-Version: 13' head

	"$ws" "$sock" /v1/events 0 >frames &
	pid=$!
	wait_for 5 readers 1
	appliance stop
	wait $pid
	head -1 frames | jq -e '.type == "node.stopping"'
	[ "$(tail -1 frames)" = "closed 1001" ]
	appliance start
}

# readers N: so many read events as they come
readers()
{
	unix http://carom/metrics | grep -qx "carom_api_streams $1"
}

@test "api: a reader who goes is noticed" {
	carom_only
	local pid

	unix -N -H 'Accept: text/event-stream' http://carom/v1/events >stream &
	pid=$!
	wait_for 5 readers 1
	kill $pid
	# by the next beat at the latest
	wait_for 40 readers 0
}

@test "api: figures are what Prometheus reads, with units and help" {
	carom_only
	unix -D head http://carom/metrics >metrics
	grep -qi '^content-type: text/plain; version=0.0.4' head
	promtool check metrics <metrics
	grep -q '^carom_api_requests_total{code="2xx"} [1-9]' metrics
	# by its own listener, and nothing else there
	inside farm curl -sS "http://$LAN4:9640/metrics" | promtool check metrics
	[ "$(inside farm curl -sS -o /dev/null -w '%{http_code}' "http://$LAN4:9640/v1")" = 404 ]
	unix http://carom/v1/statistics | jq -e '(.reasons | length > 50) and
		(.figures | map(.metric) | index("carom_event_sequence"))'
}

@test "api: the node, its legs and calls" {
	carom_only
	unix http://carom/v1/nodes | jq -e '.nodes | length == 1 and
		(.[0] | .self and .state == "up" and .roles == ["media"] and
			.version != "" and .uptime_seconds >= 0)'
	unix http://carom/v1/legs | jq -e '.legs == []'
	unix http://carom/v1/calls | jq -e '.calls == []'
	status 404 $TCP/v1/calls/nobody
	status 404 $TCP/v1/legs/1
	status 404 -X DELETE $TCP/v1/calls/nobody
	status 404 $TCP/v1/dispatchers
}

@test "api: the configuration read again" {
	carom_only
	local n

	n=$(unix 'http://carom/v1/events?limit=1000' | jq .last)

	status 200 -X POST $TCP/v1/reload
	jq -e '.text | contains("read")' body
	cp "$LAB_RUN/carom.yaml" good.yaml
	echo 'nonsense: 1' >>"$LAB_RUN/carom.yaml"
	status 422 -X POST $TCP/v1/reload
	jq -e '.detail | contains("nonsense: unknown key")' body
	cp good.yaml "$LAB_RUN/carom.yaml"
	wait_for 5 events_are "since=$n&types=config.*" '.events | length == 1'
}

@test "api: carom api, carom events" {
	carom_only
	local pid

	carom api /v1/nodes | jq -e '.nodes[0].self'
	run carom api /v1/nothing
	[ "$status" = 1 ]
	[[ $output == *"404 Not Found: there is no such path"* ]]
	run carom api DELETE /v1/calls/nobody
	[[ $output == *"no call nobody"* ]]
	run carom api nonsense
	[ "$status" = 2 ]

	carom events --types 'node.*' --limit 1 | grep -q ' node.started '
	carom events --json --limit 1 | jq -e '.seq >= 1'
	run carom events --since 999999
	[ "$status" = 1 ]
	[[ $output == *"410 Gone"* ]]
	run carom events --follow --since 999999
	[ "$status" = 1 ]
	[[ $output == *"410 Gone"* ]]
	timeout 20 "$ROOT/tools/lab.d/caromd.sh" cli events --follow --json >stream &
	pid=$!
	wait_for 5 readers 1
	carom reload
	wait_for 5 grep -q '"type":"config.reloaded"' stream
	kill $pid
}

@test "api: what can be reached by others takes TLS and a token" {
	carom_only
	local pid conf="$LAB_RUN/bad.yaml" c=0

	for open in "api: {listen: [\"$LAN4:9651\"]}" \
		"api: {listen: [\"[::]:9651\"], tokens-file: /x}" \
		"api: {listen: [\"0.0.0.0:9651\"], tls: {certificate: /x, key: /x}}"; do
		{ cat "$LAB_RUN/carom.yaml"; echo "$open"; } >"$conf"
		run "$ROOT/build/bin/carom" config check "$conf"
		[ "$status" = 1 ] || fail "$open"
		[[ $output == *"api.listen[0]: "*"takes api.tls and api.tokens-file"* ]]
	done

	certificate
	carom token add ops --file "$LAB_RUN/tokens" --scope read,admin >token
	carom token add looker --file "$LAB_RUN/tokens" --scope read,events >reader
	run grep -qf token "$LAB_RUN/tokens"
	[ "$status" = 1 ]
	[ "$(stat -c %a "$LAB_RUN/tokens")" = 640 ]
	{
		cat "$LAB_RUN/carom.yaml"
		echo "api: {tokens-file: $LAB_RUN/tokens, tls: {certificate: $LAB_RUN/api.pem, key: $LAB_RUN/api.key}}"
	} >"$conf"
	"$ROOT/build/bin/carom" config check "$conf"
	echo nonsense >"$LAB_RUN/bad"
	sed "s|tokens-file: $LAB_RUN/tokens|tokens-file: $LAB_RUN/bad|" "$conf" >bad.yaml
	run "$ROOT/build/bin/carom" config check bad.yaml
	[ "$status" = 1 ]
	[[ $output == *"api.tokens-file: $LAB_RUN/bad:1: a line is NAME"* ]]
	sed "s|key: $LAB_RUN/api.key|key: $LAB_RUN/bad|" "$conf" >bad.yaml
	run "$ROOT/build/bin/carom" config check bad.yaml
	[ "$status" = 1 ]
	[[ $output == *"api.tls: "* ]]
	cat >"$LAB_RUN/more.yaml" <<-END
		api:
		  listen: ["unix:$LAB_RUN/api.sock", "127.0.0.1:9650", "$LAN4:9651"]
		  tls: {certificate: "$LAB_RUN/api.pem", key: "$LAB_RUN/api.key"}
		  tokens-file: "$LAB_RUN/tokens"
	END
	appliance stop
	appliance start

	https -o body -w '%{http_code}\n' /v1/nodes | grep -qx 401
	jq -e '.status == 401' body
	https -o body -w '%{http_code}\n' /healthz | grep -qx 200
	https -H "Authorization: Bearer $(<token)" /v1/nodes | jq -e '.nodes[0].self'
	https -H "Authorization: Bearer $(<token)" -X POST /v1/reload | jq -e .text
	https -H "Authorization: Bearer $(<token)" /v1/events |
		jq -e '.status == 403 and (.detail | contains("events"))'
	https -H "Authorization: Bearer $(<reader)" /v1/events | jq -e .last
	# no plain text there, and old TLS neither
	run inside farm curl -sS "http://$LAN4:9651/healthz"
	[ "$status" != 0 ]
	run inside farm openssl s_client -connect "$LAN4:9651" -tls1_1 </dev/null
	[ "$status" != 0 ]
	# programs of this host need one too, now; who may open the socket does not
	status 401 $TCP/v1/nodes
	unix http://carom/v1/nodes | jq -e '.nodes[0].self'

	# another certificate, by a reload; who is connected stays so
	inside farm curl -sS -N --max-time 60 --cacert "$LAB_RUN/api.pem" \
		-H "Authorization: Bearer $(<reader)" -H 'Accept: text/event-stream' \
		"https://$LAN4:9651/v1/events" >stream &
	pid=$!
	wait_for 5 readers 1
	certificate
	carom reload
	https /healthz | jq -e '.status == "ok"'
	wait_for 5 grep -q '^event: config.reloaded' stream
	echo nonsense >"$LAB_RUN/api.key"
	run carom reload
	[ "$status" = 1 ]
	[[ $output == *"the certificate is as before"* ]]
	https /healthz | jq -e '.status == "ok"'
	kill $pid

	certificate
	# one that is taken away is so after a reload
	carom token delete ops --file "$LAB_RUN/tokens"
	carom token list --file "$LAB_RUN/tokens" | grep -qx $'looker\tread,events'
	carom reload
	https -H "Authorization: Bearer $(<token)" /v1/nodes | jq -e '.status == 401'
	echo 'nonsense' >>"$LAB_RUN/tokens"
	run carom reload
	[ "$status" = 1 ]
	[[ $output == *"tokens:2: a line is NAME:SCOPE"*"as before"* ]]
	https -H "Authorization: Bearer $(<reader)" /v1/nodes | jq -e '.nodes'
	# guessing is slow soon; a good token is not
	until [ $((++c)) -gt 30 ] ||
		[ "$(https -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer x' /v1/nodes)" = 429 ]; do :; done
	[ $c -le 21 ]
	https -H "Authorization: Bearer $(<reader)" /v1/nodes | jq -e '.nodes'
	# also where a body comes with it
	https -o /dev/null -w '%{http_code}\n' -H 'Authorization: Bearer x' -X POST \
		-H 'Content-Type: application/json' -d '{}' /v1/reload | grep -qx 429
	rm "$LAB_RUN/more.yaml"
	appliance stop
	appliance start
}

certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 1 -subj "/CN=carom" -addext "subjectAltName=IP:$LAN4" \
		-keyout "$LAB_RUN/api.key" -out "$LAB_RUN/api.pem" 2>/dev/null
}

# https ARGS... PATH: from another host
https()
{
	inside farm curl -sS --max-time 10 --cacert "$LAB_RUN/api.pem" \
		"${@:1:$#-1}" "https://$LAN4:9651${*: -1}"
}

@test "api: calls and their legs, from offer to end, and what is told of them" {
	carom_only
	local n id

	n=$(unix 'http://carom/v1/events?limit=1000' | jq .last)
	ngc plan --calls 3 >plan
	load calls plan --ptime 10 --rtcp
	wait_for 5 relayed 12
	id=$(unix 'http://carom/v1/calls?limit=2' | tee calls | jq -r '.calls[0].id')
	jq -e '(.calls | length == 2) and (.next | length > 0) and
		(.calls | all(.parties == 2 and .created > 0))' calls
	unix "http://carom/v1/calls?limit=2&cursor=$(jq -r .next calls)" |
		jq -e '(.calls | length == 1) and (has("next") | not)'
	unix "http://carom/v1/calls/$(jq -rn --arg id "$id" '$id | @uri')" |
		jq -e --arg id "$id" '.id == $id and (.tags | length == 2)'
	unix 'http://carom/v1/legs?limit=1000' >legs
	jq -e '[.legs[] | select(.packets > 0 and .media == "rtp")] |
		length > 0 and all(.state == "relay" and .rtp.lost == 0 and
			(.local | length > 0) and (.peer | length > 0))' legs
	unix "http://carom/v1/legs/$(jq -r '.legs[0].id' legs)" |
		jq -e --slurpfile l legs '.local == $l[0].legs[0].local'

	# one is ended here, the others by who made them
	tcp -o /dev/null -w '%{http_code}\n' -X DELETE \
		"$TCP/v1/calls/$(jq -rn --arg id "$id" '$id | @uri')" | grep -qx 204
	status 404 "$TCP/v1/calls/$(jq -rn --arg id "$id" '$id | @uri')"
	ngc end --calls 3 || true
	wait_for 5 no_calls
	wait_for 5 events_are "since=$n&types=call.*&limit=1000" \
		'[.events[].type] | (map(select(. == "call.created")) | length) == 3 and
			(map(select(. == "call.answered")) | length) == 3 and
			(map(select(. == "call.ended")) | length) == 3'
	jq -e --arg id "$id" '[.events[] | select(.data.call == $id) | .type] ==
		["call.created", "call.answered", "call.ended"]' page
	end_calls
}

# relayed N: so many legs have had packets
relayed()
{
	unix 'http://carom/v1/legs?limit=1000' |
		jq -e --argjson n "$1" '[.legs[] | select(.packets > 0)] | length >= $n'
}
