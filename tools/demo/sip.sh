#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# SIP that never leaves the kernel: calls through two edges at one address, each
# message by the edge that chance picks; both agents killed in the middle of them.
# `make demo` builds it first.
#
# DEMO_SIP_CALLS: calls (default 1000, at 100 a second)
set -euo pipefail

export CAROM_LAB=${CAROM_LAB:-caromdemo}
TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
# shellcheck source=tools/demo/edge.sh
. "$TOP/tools/demo/edge.sh"

EDGES=(e1 e2)
CALLS=${DEMO_SIP_CALLS:-1000}

lab_up()
{
	local i

	step "The lab: two edges at one address, three nodes, a phone"
	edge down >/dev/null 2>&1 || true
	edge up
	edge start | sed 's/^/  /'
	for i in 1 2 3; do
		(cd "$WORK" && edge exec f$i sipp -sn uas -aa -i 192.0.2.3$i \
			-p 5060 -bg -nostdin </dev/null >/dev/null 2>&1) || true
	done
	wait_for 20 active 3 || fail "the nodes do not answer"
	cat <<-END
	  phone      192.0.2.20       sipp
	  e1, e2     $VIP      each frame goes to one of them, by chance
	  f1 f2 f3   192.0.2.31-33    sipp: the set that new calls are spread over
	END
}

calls()
{
	step "$CALLS calls, each INVITE to BYE by Route, 100 a second"
	(cd "$WORK" && edge exec phone timeout 60 sipp -i 192.0.2.20 -p 5062 \
		-sf "$TOP/tools/lab.d/sipp/edge-uac.xml" $VIP:5060 -r 100 \
		-m "$CALLS" -nostdin -timeout 50 </dev/null >sipp.out 2>&1) &
	CALLER=$!
	wait_for 20 settled $((CALLS / 2)) || fail "no calls"
	printf '  %s%d messages forwarded by XDP so far, %d left to the agents%s\n' \
		"$BOLD" "$(messages relay)" "$(messages punt)" "$OFF"
}

kill_agents()
{
	local before

	step "kill -9 both agents, in the middle of the calls"
	edge kill e1
	edge kill e2
	before=$(messages relay)
	wait "$CALLER" || fail "calls were lost: $(tail -n 30 "$WORK/sipp.out")"
	CALLER=
	printf '  %s%d messages more were forwarded with no agent at all: %s\n' \
		"$BOLD$GREEN" $(($(messages relay) - before)) \
		"$CALLS calls, none lost$OFF"
}

verdict()
{
	step "carom stats sip, on one of the edges"
	edge cli e1 stats sip | sed 's/^/  /'
	printf '\n  %s%d messages in the kernel, %d by the agents%s\n' \
		"$BOLD$GREEN" "$(messages relay)" "$(messages punt)" "$OFF"
}

begin
title "Carom: SIP forwarded in the kernel"
lab_up
calls
kill_agents
verdict
edge down >/dev/null
printf '  detached; nothing is left behind. %d seconds\n' $((SECONDS - START))
