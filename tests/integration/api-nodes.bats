# SPDX-License-Identifier: BSD-2-Clause
# Two nodes that share a store: each is seen by the other's API, events are each one's
# own, and what is configured at one is there at the other

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	local h

	edge down
	edge up
	edge start
	mkdir -p "$RUN/redis"
	(cd "$RUN/redis" && edge exec f1 redis-server --bind 192.0.2.31 \
		--protected-mode no --save '' --daemonize yes --pidfile "$RUN/redis/pid" \
		>log 2>&1)
	for h in e1 e2; do
		kill "$(cat "$RUN/$h.pid")"
		until_true 5 gone "$(cat "$RUN/$h.pid")"
		sed -i 's|^store: .*|store: redis://192.0.2.31:6379/0|' "$RUN/$h.yaml"
		echo "node: node-$h" >>"$RUN/$h.yaml"
		cat >>"$RUN/$h.yaml" <<-END
			providers: {listen: ["udp:192.0.2.1${h#e}:5070"]}
		END
		edge again "$h"
	done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

at() # EDGE ARGS...
{
	local h=$1

	shift
	edge cli "$h" api "$@"
}

both_there() { at "$1" /v1/nodes | jq -e '.nodes | map(.id) == ["node-e1", "node-e2"]'; }

@test "nodes: those that share a store see each other, until one stops" {
	until_true 5 both_there e1
	until_true 5 both_there e2
	at e2 /v1/nodes | jq -e '.nodes | map(.self) == [false, true]'
	at e2 /v1/nodes | jq -e '.nodes[0].roles | index("edge")'
	kill "$(cat "$RUN/e1.pid")"
	until_true 5 gone "$(cat "$RUN/e1.pid")"
	at e2 /v1/nodes | jq -e '.nodes | map(.id) == ["node-e2"]'
	edge again e1
	until_true 5 both_there e2
}

@test "nodes: events are each one's own, with their own numbers" {
	at e1 /v1/events | jq -e '(.events | map(.seq)) as $s |
		$s == [range(1; ($s | length) + 1)] and (.events | all(.node == "node-e1"))'
	at e2 /v1/events | jq -e '.events | all(.node == "node-e2")'
	# over a restart too
	until_true 5 stopped_and_started
}

stopped_and_started()
{
	at e1 /v1/events | jq -e '[.events[].type] | index("node.stopping") and
		.[-1] == "node.started"'
}

@test "nodes: what is configured at one is there at the other" {
	at e1 PUT /v1/providers/acme '{"hostname": "192.0.2.32"}' | jq -e .id
	at e2 /v1/providers/acme | jq -e '.hostname == "192.0.2.32"'
	at e2 DELETE /v1/providers/acme
	run at e1 /v1/providers/acme
	[ "$status" = 1 ]
	[[ $output == *"404"* ]]
}

@test "nodes: a store that is away is no readiness, and comes back" {
	local n

	store_is true
	n=$(at e1 '/v1/events?limit=1000' | jq .last)
	kill "$(cat "$RUN/redis/pid")"
	until_true 10 store_is false
	run at e1 PUT /v1/providers/other '{"hostname": "192.0.2.32"}'
	[ "$status" = 1 ]
	at e1 /healthz | jq -e '.status == "ok"'
	# events that the store alone has can't be read, and that is said
	at e1 '/v1/events?since=0' 2>&1 | grep -q 503
	# new ones are seen all the same
	edge cli e1 dispatcher set sip:192.0.2.32:5060 disabled --reason "in the dark"
	until_true 10 told "$n" "in the dark"
	# more than go into one record: the first has to be written once more, later
	for _ in {1..35}; do
		edge cli e1 dispatcher set sip:192.0.2.32:5060 active
		edge cli e1 dispatcher set sip:192.0.2.32:5060 disabled
	done >/dev/null
	until_true 10 not_kept 70 "$n"
	(cd "$RUN/redis" && edge exec f1 redis-server --bind 192.0.2.31 \
		--protected-mode no --save '' --daemonize yes --pidfile "$RUN/redis/pid" \
		>log 2>&1)
	until_true 15 store_is true
	# and kept, once it is back
	edge cli e1 dispatcher set sip:192.0.2.32:5060 active --reason "light again"
	until_true 5 told "$n" "light again"
	until_true 5 in_redis "in the dark"
	edge kill e1
	edge again e1
	until_true 5 told "$n" "in the dark"
}

not_kept() # N SINCE: so many are seen, which the store has not
{
	at e1 "/v1/events?since=$2&limit=1000" | jq -e --argjson n "$1" '.events | length >= $n'
}

told() # SINCE WORDS
{
	edge cli e1 events --since "$1" --types 'dispatcher.*' | grep -q "$2"
}

in_redis()
{
	edge exec f1 redis-cli -h 192.0.2.31 --scan --pattern 'carom:event*' |
		while read -r key; do
			edge exec f1 redis-cli -h 192.0.2.31 get "$key"
		done | grep -q "$1"
}

# store_is true|false: as far as the store goes, ready or not; and with it the node
store_is()
{
	edge exec e1 curl -sS --max-time 10 --unix-socket "$RUN/e1-api.sock" \
		http://carom/readyz >readyz
	jq -e --argjson r "$1" '(.parts[] | select(.name == "store") |
		.ready == $r) and ($r or .status == "not ready")' readyz
}
