#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Calls whose audio never leaves the kernel, driven by a real Kamailio; and
# an agent that is killed in the middle of them. `make demo` builds it first.
#
# DEMO_CALLS: calls to each of the two callees (default 20)
set -euo pipefail

export CAROM_LAB=${CAROM_LAB:-caromdemo}
TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
# shellcheck source=tools/lab.d/net.sh
. "$TOP/tools/lab.d/net.sh"
# shellcheck source=tools/lab.d/calls.sh
. "$TOP/tools/lab.d/calls.sh"
# shellcheck source=tools/demo/show.sh
. "$TOP/tools/demo/show.sh"

CALLS=${DEMO_CALLS:-20}
TALK=26000 # ms: outlasts the looks of 4 to 6 on a busy machine, too
ALL=$((2 * CALLS))
START=$SECONDS

appliance() { "$TOP/tools/lab.d/caromd.sh" "$@"; }

WORK=$(mktemp -d)
FAILED=

cleanup()
{
	local rc=$?

	trap - EXIT INT TERM
	end_calls
	if [ $rc -ne 0 ] && [ -z "$FAILED" ]; then
		echo
		echo "demo: stopped early (status $rc)" >&2
		tail -n 5 "$LAB_RUN"/*.log 2>/dev/null >&2 || true
	fi
	"$TOP/tools/lab" down
	rm -rf "$WORK"
	exit $rc
}

fail()
{
	FAILED=1
	printf '%sdemo: %s%s\n' "$RED" "$*" "$OFF" >&2
	tail -n 8 "$LAB_RUN"/*.log >&2 || true
	exit 1
}

relayed() { appliance cli stats --json | jq '.reasons.relayed.packets // 0'; }
legs() { appliance cli legs --json | jq '.legs | length'; }

# The agent's user and system time so far, in ms
cpu_ms()
{
	local pid

	pid=$(appliance pid) || { echo -; return; }
	awk -v hz="$(getconf CLK_TCK)" \
		'{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz }' \
		"/proc/$pid/stat"
}

lab_up()
{
	step "The lab: hosts in network namespaces, documentation addresses"
	"$TOP/tools/lab" down
	"$TOP/tools/lab" up
	appliance attach >attach.out || { cat attach.out; fail "attach"; }
	appliance start || fail "caromd"
	"$TOP/tools/lab" start kamailio || fail "kamailio"
	cat <<-END
	  phones-a   alice    $ALICE4, $ALICE6
	  phones-b   bob      $BOB4, $BOB6
	  farm       farm     $FARM4   Kamailio 5.6, its own rtpengine module
	  provider   provider $PROVIDER4
	  appliance  carom    wan $WAN4, lan $LAN4   caromd, ng on $NG_PORT
	END
	sed 's/^/  /' attach.out
}

phones_call()
{
	step "$ALL calls through Kamailio: alice to bob, alice to the provider"
	tones
	capture alice
	capture bob
	capture provider
	callee bob uas $BOB4 -m "$CALLS"
	callee provider uas $PROVIDER4 -m "$CALLS"
	caller alice uac $ALICE4 bob $TALK -m "$CALLS" -r 40 \
		-cid_str "bob-%u@alice" &
	CALLER1=$!
	LAB_PIDS+=("$CALLER1")
	# Two sipps on one host: each its own files and ports
	mkdir -p second
	cp a.alaw second
	( cd second && caller alice uac $ALICE4 provider $TALK -m "$CALLS" \
		-r 40 -p 5062 -mp 8000 -cid_str "provider-%u@alice" ) &
	CALLER2=$!
	LAB_PIDS+=("$CALLER2")
	all_up() { [ "$(ngc send '{"command": "list", "limit": 1000}' |
		jq '.calls | length')" = "$ALL" ]; }
	wait_for 10 all_up || fail "the calls did not come up"
	wait_for 5 talking || fail "no audio"
	printf '  %d calls are up: G.711, 50 packets a second each way\n' "$ALL"
}

talking() { [ "$(relayed)" -gt 200 ]; }

show_sdp()
{
	step "The SDP that alice sent, and what Kamailio delivered to bob"
	sdp alice 1 INVITE >sent.sdp
	sdp bob 1 INVITE >got.sdp
	beside sent.sdp got.sdp
}

# rows N: a line each second; counters straight from the kernel's maps
rows()
{
	local i now last cpu

	last=$(relayed)
	for ((i = 0; i < $1; i++)); do
		sleep 1
		now=$(relayed)
		cpu=$(cpu_ms)
		if [ "$cpu" = - ]; then
			cpu="dead"
		else
			cpu=$(awk -v a="$cpu" -v b="$CPU0" \
				'BEGIN { printf "%d ms", a - b }')
		fi
		row "$(legs)" "$now" "+$((now - last))" "$cpu"
		last=$now
	done
}

show_kernel()
{
	step "Relayed by XDP, in the driver's receive path; the agent sleeps"
	CPU0=$(cpu_ms)
	head_row legs "packets relayed" "last second" "agent's CPU"
	rows 4
}

kill_agent()
{
	step "kill -9 the agent, in the middle of $ALL calls"
	appliance kill
	head_row legs "packets relayed" "last second" "agent's CPU"
	rows 3
}

restart_agent()
{
	step "Start it again: it adopts the maps, and knows the calls"
	appliance start || fail "caromd did not come back"
	printf '  carom calls:  %s%d%s calls\n' "$BOLD" \
		"$(appliance cli calls --json | jq '.calls | length')" "$OFF"
	ngc send "{\"command\": \"query\", \"call-id\": \"bob-1@alice\"}" |
		jq -r '"  ng query:     bob-1@alice: \(.result), \(
			.totals.RTP.packets) packets, tags \(
			.tags | keys | join(" "))"'
	CPU0=$(cpu_ms)
	head_row legs "packets relayed" "last second" "agent's CPU"
	rows 2
}

# What each phone heard, from a capture at the phone
verdict()
{
	local who addr hz total=0 gaps=0 streams=0 p g s t

	step "Everybody hangs up. What the phones heard, from first to last"
	wait "$CALLER1" || fail "sipp: calls to bob failed"
	wait "$CALLER2" || fail "sipp: calls to the provider failed"
	sleep 0.3
	head_row4 phone streams packets missing "tone, right one in"
	for who in "alice $ALICE4 660" "bob $BOB4 440" \
		"provider $PROVIDER4 440"; do
		read -r who addr hz <<<"$who"
		heard "$who" "$addr" >"$who.heard"
		read -r s p g t < <(jq -rs --argjson hz "$hz" \
			'[length, (map(.packets) | add), (map(.gaps) | add),
			(map(select(.hears == $hz)) | length)] |
			map(tostring) | join(" ")' "$who.heard")
		row4 "$who" "$s" "$p" "$g" "$hz Hz, $t of $s"
		streams=$((streams + s)) total=$((total + p))
		gaps=$((gaps + g))
		[ "$s" = "$t" ] || fail "$who heard something else"
	done
	echo
	if [ "$gaps" != 0 ] || [ "$streams" != $((2 * ALL)) ]; then
		fail "$gaps gaps in $streams streams"
	fi
	printf '  %s%d packets in %d streams, none lost%s\n' \
		"$BOLD$GREEN" "$total" "$streams" "$OFF"
}

trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$WORK"
[ "$(id -u)" = 0 ] || { echo "demo: must be root" >&2; exit 1; }
[ -x "${CAROM_BIN:-$TOP/build/bin}/caromd" ] ||
	{ echo "demo: run make first" >&2; exit 1; }
title "Carom: RTP relayed in the kernel, driven by Kamailio"
lab_up
phones_call
show_sdp
show_kernel
kill_agent
restart_agent
verdict
appliance stop
appliance detach >/dev/null
"$TOP/tools/lab" down
[ ! -e "$LAB_PINS" ] || fail "something is left in $LAB_PINS"
printf '  detached; nothing is left behind. %d seconds\n' $((SECONDS - START))
