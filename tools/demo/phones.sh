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
# shellcheck source=tools/demo/show.sh
. "$TOP/tools/demo/show.sh"

CALLS=${DEMO_PHONE_CALLS:-500}
VIP=192.0.2.100
REGISTRAR=192.0.2.11
SIPP=$TOP/tools/lab.d/sipp
START=$SECONDS
WORK=$(mktemp -d)
CALLER=

edge() { "$TOP/tools/lab.d/edge.sh" "$@"; }

cleanup()
{
	local rc=$?

	trap - EXIT INT TERM
	[ $rc = 0 ] || tail -n 5 "/run/$CAROM_LAB-edge"/e1.log >&2 || true
	[ -z "$CALLER" ] || kill "$CALLER" 2>/dev/null || true
	edge down >/dev/null 2>&1 || true
	rm -rf "$WORK"
	exit $rc
}

fail()
{
	printf '%sdemo: %s%s\n' "$RED" "$*" "$OFF" >&2
	exit 1
}

wait_for() # SECONDS CMD...
{
	local i n=$(($1 * 10))

	shift
	for ((i = 0; i < n; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# Messages settled in the kernel, or left to the agent
messages() # relay|punt
{
	edge cli e1 stats --json | jq --arg class "$1" '[.reasons |
		to_entries[] | select((.key | startswith("sip_")) and
		.key != "sip_local" and .value.class == $class) |
		.value.packets] | add // 0'
}

usable()
{
	[ "$(edge cli e1 dispatcher --json | jq '[.targets[] |
		select(.state == "active")] | length')" = 1 ]
}

settled() { [ "$(messages relay)" -ge "$1" ]; }

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
	wait_for 30 usable || fail "the registrar does not answer"
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
	wait_for 20 settled $((before + CALLS * 10)) || fail "no calls: $(tail -n 30 "$WORK/sipp.out")"
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

trap cleanup EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" = 0 ] || { echo "demo: must be root" >&2; exit 1; }
[ -x "${CAROM_BIN:-$TOP/build/bin}/caromd" ] ||
	{ echo "demo: run make first" >&2; exit 1; }
title "Carom: phones register, and the kernel calls them"
lab_up
register
calls
kill_agent
again
edge down >/dev/null
printf '  detached; nothing is left behind. %d seconds\n' $((SECONDS - START))
