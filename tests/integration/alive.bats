# SPDX-License-Identifier: BSD-2-Clause
# Calls go on while the agent dies, returns, and the program is replaced.
# LOAD_CALLS, LOAD_PTIME: how many calls, and ms between their packets.

load lib

: "${LOAD_CALLS:=1000}" "${LOAD_PTIME:=20}"

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	proxy_up
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	proxy_down
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	tones
	appliance pid >/dev/null || appliance start
}

teardown()
{
	end_calls
	[ -n "$BATS_TEST_COMPLETED" ] || show_logs
}

# relays_more NAME: a thousand packets more have come through
relays_more()
{
	local before now

	before=$(load_so_far "$1" | jq .received)
	# How long a thousand packets take is the machine's affair
	wait_for 20 heard_beyond "$1" $((before + 1000)) || {
		echo "stands at $before"
		return 1
	}
}

heard_beyond() { [ "$(load_so_far "$1" | jq .received)" -gt "$2" ]; }

@test "SIGKILL of the agent under load: nothing is lost" {
	ngc plan --id killed --calls $LOAD_CALLS >plan
	load killed plan --ptime $LOAD_PTIME
	relays_more killed
	appliance kill
	run appliance pid
	[ "$status" -ne 0 ]
	relays_more killed
	clean "$(load_end killed)"
}

@test "the agent, restarted, knows the calls it never saw begin" {
	[ "$(calls_known)" = $LOAD_CALLS ]
	[ "$(carom calls --json | jq '.calls | length')" = $LOAD_CALLS ]
	ngc send '{"command": "query", "call-id": "killed-7"}' >query
	[ "$(jq -r .result query)" = ok ]
	[ "$(jq '.totals.RTP.packets' query)" -gt 0 ]
	[ "$(jq '.tags | has("a7") and has("b7")' query)" = true ]

	# They are its own again: it can end one, and only that
	ngc send '{"command": "delete", "call-id": "killed-7",
		"from-tag": "a7", "delete-delay": 0}' | jq -e '.result == "ok"'
	[ "$(ngc send '{"command": "query", "call-id": "killed-7"}' |
		jq -r .result)" = error ]
	[ "$(calls_known)" = $((LOAD_CALLS - 1)) ]
}

@test "restarting the agent under load: nothing is lost" {
	ngc plan --id again --calls 100 --a-port 24000 --b-port 24000 >plan
	load again plan --ptime $LOAD_PTIME
	for _ in 1 2 3; do
		appliance kill
		appliance start
		relays_more again
	done
	all=$(load_end again)
	ngc end --id again --calls 100
	clean "$all"
}

@test "upgrade of the program under load: nothing is lost" {
	ngc plan --id upgraded --calls $LOAD_CALLS --a-port 26000 \
		--b-port 26000 >plan
	load upgraded plan --ptime $LOAD_PTIME
	before=$(xdp_id)
	for _ in 1 2 3; do
		appliance upgrade
		relays_more upgraded
	done
	[ "$(xdp_id)" != "$before" ]
	all=$(load_end upgraded)
	ngc end --id upgraded --calls $LOAD_CALLS
	clean "$all"
}

xdp_id() { inside carom ip -j -d link show wan | jq '.[0].xdp.prog.id'; }

@test "phones do not notice that the agent is killed in mid-call" {
	capture alice
	capture bob
	callee bob uas $BOB4
	# Long enough that the agent is back before they hang up: whom else
	# should Kamailio tell?
	caller alice uac $ALICE4 bob 6000 &
	CALLER=$!
	LAB_PIDS+=($CALLER)
	heard_some() { [ "$(heard bob $BOB4 | jq -s 'map(.packets) | add')" \
		-gt 20 ]; }
	wait_for 10 heard_some
	appliance kill
	sleep 1
	appliance start
	wait "$CALLER"
	wait "$CALLEE"
	hears alice $ALICE4 660 250
	hears bob $BOB4 440 250
	no_gaps alice $ALICE4
	no_gaps bob $BOB4
	ended() { [ "$(ngc send '{"command": "list", "limit": 5000}' |
		jq '[.calls[] | select(test("@"))] | length')" = 0 ]; }
	wait_for 20 ended
}

# A router fails over: same address, another MAC, one gratuitous ARP (and for
# IPv6 one unsolicited advertisement) to say so
move_router()
{
	inside access sysctl -qw net.ipv4.conf.carom.arp_notify=1 \
		net.ipv6.conf.carom.ndisc_notify=1
	inside access ip link set carom address "$1"
}

@test "a next hop that moves is found again while the agent is dead" {
	ngc plan --id moved --calls 10 --a-port 28000 --b-port 28000 >plan
	ngc plan --id moved6 --calls 10 --a-port 29000 --b-port 29000 \
		--a $ALICE6 --b $BOB6 >>plan
	load moved plan --ptime $LOAD_PTIME
	relays_more moved
	appliance kill
	move_router 02:00:5e:00:53:01
	relays_more moved
	all=$(load_end moved)
	appliance start
	ngc end --id moved --calls 10
	ngc end --id moved6 --calls 10
	echo "$all"
	# Each stream lost what was under way, and then went on
	[ "$(field corrupt <<<"$all")" = 0 ]
	[ "$(field silent_streams <<<"$all")" = 0 ]
	[ "$(jq '.received / .sent > 0.5' <<<"$all")" = true ]
}
