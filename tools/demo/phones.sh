#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Two phones register with Carom's registrar, through Carom's edge, with digest; then one
# calls the other: from the first INVITE on the kernel rewrites the Request-URI and sends it
# there by itself; the agent is killed in the middle of the calls. `make demo` builds
# it first.
#
# DEMO_PHONE_CALLS: calls (default 500, at 50 a second)
set -euo pipefail

export CAROM_LAB=${CAROM_LAB:-caromdemo}
TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
# shellcheck source=tools/demo/edge.sh
. "$TOP/tools/demo/edge.sh"

EDGES=(e1)
CALLS=${DEMO_PHONE_CALLS:-500}
REGISTRAR=192.0.2.11
SIPP=$TOP/tools/lab.d/sipp

lab_up()
{
	local user

	step "The lab: one appliance that is edge and registrar, two phones"
	edge down >/dev/null 2>&1 || true
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules: [{registered: true}, {set: registrar}]
	END
	edge more e1 <<-END
	registrar:
	  listen: ["udp:$REGISTRAR:5070"]
	  domains: [example.com]
	  trusted: ["$VIP/32", "$REGISTRAR/32"]
	  auth: {algorithms: [MD5]}
	END
	edge start e1 | sed 's/^/  /'
	edge steer e1
	for user in alice bob; do
		edge cli e1 extension add $user <<<secret | sed 's/^/  /'
	done
	echo "1 sip:$REGISTRAR:5070" >"/run/$CAROM_LAB-edge/list"
	edge cli e1 dispatcher reload >/dev/null
	wait_for 30 active 1 || fail "the registrar does not answer"
}

register_one() # USER HOST ADDRESS PORT
{
	printf 'SEQUENTIAL\n%s;[authentication username=%s password=secret]\n' \
		"$1" "$1" >"$WORK/$1.csv"
	(cd "$WORK" && edge exec "$2" timeout 20 sipp -i "$3" -p "$4" \
		-sf "$SIPP/registrar-uac.xml" -inf "$1.csv" $VIP:5060 -m 1 \
		-nostdin </dev/null >register.out 2>&1) ||
		fail "$1 is not registered: $(tail -n 30 "$WORK/register.out")"
}

register()
{
	step "The phones register, with digest, through the edge"
	register_one alice phone 192.0.2.20 5062
	register_one bob phone2 192.0.2.21 5070
	edge cli e1 registrations | sed 's/^/  /'
}

calls()
{
	step "Alice calls sip:bob@example.com $CALLS times, 50 a second"
	(cd "$WORK" && edge exec phone2 sipp -sf "$SIPP/edge-dialog-uas.xml" \
		-i 192.0.2.21 -p 5070 -bg -nostdin </dev/null >/dev/null 2>&1) ||
		true
	before=$(messages relay) left=$(messages punt)
	(cd "$WORK" && edge exec phone timeout 60 sipp -i 192.0.2.20 -p 5062 \
		-sf "$SIPP/edge-dialog-uac.xml" -s bob $VIP:5060 -r 50 \
		-m "$CALLS" -nostdin -timeout 50 </dev/null >sipp.out 2>&1) &
	CALLER=$!
	wait_for 20 settled $((before + CALLS * 7)) || fail "no calls: $(tail -n 30 "$WORK/sipp.out")"
	printf '  %s%d messages forwarded by XDP so far, %d left to the agent%s\n' \
		"$BOLD" $(($(messages relay) - before)) \
		$(($(messages punt) - left)) "$OFF"
}

kill_agent()
{
	local now

	step "kill -9 the agent, in the middle of the calls"
	edge kill e1
	now=$(messages relay)
	wait "$CALLER" || fail "calls were lost: $(tail -n 30 "$WORK/sipp.out")"
	CALLER=
	printf '  %s%d messages more were forwarded with no agent at all: %s\n' \
		"$BOLD$GREEN" $(($(messages relay) - now)) \
		"$CALLS calls, none lost$OFF"
}

again()
{
	step "A new agent: the binding is still there, and what has been is told"
	edge again e1 | sed 's/^/  /'
	edge cli e1 registrations bob@example.com | sed 's/^/  /'
	printf '\n'
	edge cli e1 events --types 'registration.*' | sed 's/^/  /'
}

begin
title "Carom: phones register, and the kernel calls them"
lab_up
register
calls
kill_agent
again
edge down >/dev/null
printf '  detached; nothing is left behind. %d seconds\n' $((SECONDS - START))
