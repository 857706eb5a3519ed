# SPDX-License-Identifier: BSD-2-Clause
# A node whose store is a Redis on another host: its calls are there, it goes on
# without it, and catches up

load lib

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	redis start
	printf 'store-password: %s/redis.password\nnode: lab-1\n' "$LAB_RUN" |
		appliance more
	echo lab-secret >"$LAB_RUN/redis.password"
	engine_up
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	engine_down
	redis stop
	rm -rf "$LAB_RUN"/more.yaml "$LAB_RUN"/redis*
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
}

teardown() { [ -n "$BATS_TEST_COMPLETED" ] || show_logs; }

export LAB_STORE="redis://$FARM4/1"

redis() { "$ROOT/tools/lab.d/redis.sh" "$@"; }

records() { redis cli -n 1 --scan --pattern "carom:media@lab-1:$1*" | wc -l; }
degraded() { [ "$(carom metrics | awk '$1 == "carom_store_degraded" {print $2}')" = "$1" ]; }

# ready CODE: what /readyz says, into ./ready
ready()
{
	[ "$(curl -sS --max-time 10 -o ready -w '%{http_code}' \
		--unix-socket "$LAB_RUN/api.sock" http://carom/readyz)" = "$1" ]
}

@test "store: calls are in Redis, under the node's name, for its next agent" {
	ngc plan --id one --calls 10 >plan
	[ "$(records one)" = 10 ]
	[ "$(carom calls --json | jq '.calls | length')" = 10 ]
	[ ! -e "$LAB_RUN/carom.db" ]
	appliance kill
	appliance start
	[ "$(calls_known)" = 10 ]
	carom status --json | jq -e '.agent.state == "running"'
	ready 200
}

@test "store: while Redis is away calls go on, and it is said" {
	redis kill
	wait_for 10 degraded 1
	ready 503
	jq -e '.parts[] | select(.name == "store") |
		.ready == false and (.reason | test("Redis at .* is away"))' ready
	ngc plan --id away --calls 5 --a-port 24000 --b-port 24000 >plan
	[ "$(calls_known)" = 15 ]
	run carom calls
	[ "$status" -ne 0 ]

	redis start
	wait_for 10 degraded 0
	ready 200
	[ "$(records away)" = 5 ]
	appliance kill
	appliance start
	[ "$(calls_known)" = 15 ]
	ngc end --id away --calls 5
	ngc end --id one --calls 10
	[ "$(records "")" = 0 ]
}

@test "store: a node does not start without it" {
	appliance stop
	redis stop
	run appliance start
	[ "$status" -ne 0 ]
	grep "does not start without its store" "$LAB_RUN/caromd.log"
	redis start
	appliance start
}
