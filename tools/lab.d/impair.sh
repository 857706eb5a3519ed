# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# A bad wire between a phone and the access router: this kernel may have no netem, and
# what netem does cannot be counted stream by stream. After net.sh and calls.sh.
#
#   bad_wire HOST to|from OPTION...   alice or bob; what comes to the host, or from it, is
#                                     treated (impair.c has the options)
#   open_wire HOST                    one that was made with shut=1
#   wire_done HOST                    has the stream all its packets (packets=N)?
#   cut_wire HOST                     nothing passes; what was done is in HOST.impair, a
#                                     line of JSON for each stream
#   good_wire HOST                    as it was

# phone's device in access, its addresses
wire_end() # HOST
{
	awk -v h="$1" '$1 == h && $5 == "access" { print $6, $7, $8 }' <<<"$LAB_WIRES"
}

wire_addresses() # HOST
{
	local dev a4 a6

	read -r dev a4 a6 <<<"$(wire_end "$1")"
	inside access ip link set "$dev" up
	inside access ip addr add "$a4" dev "$dev"
	inside access ip addr add "$a6" dev "$dev"
}

bad_wire()
{
	local host=$1 way=$2 dev tool wire ends

	shift 2
	read -r dev _ <<<"$(wire_end "$host")"
	wire=$(ns "wire-$host")
	tool=$(lab_tool impair) || return 1
	ip netns add "$wire"
	nsenter --net="/run/netns/$wire" -- sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	ip -n "$(ns access)" link set "$dev" netns "$wire" name phone
	ip link add router netns "$wire" type veth peer name "$dev" netns "$(ns access)"
	ip -n "$wire" link set phone up
	ip -n "$wire" link set router up
	inside access ethtool -K "$dev" tx off >/dev/null
	wire_addresses "$host"
	ends=(phone router)
	[ "$way" = from ] || ends=(router phone)
	(exec 3>&- nsenter --net="/run/netns/$wire" -- "$tool" "${ends[@]}" "$@" \
		>"$host.impair" 2>"$host.impair.err") &
	echo $! >"$host.impair.pid"
	wait_for 5 grep -q ready "$host.impair.err"
	# neighbours have another address now
	inside "$host" ping -c 1 -W 2 "$(wire_end "$host" | awk '{ sub("/.*", "", $2); print $2 }')" >/dev/null
}

open_wire() { kill -USR1 "$(cat "$1.impair.pid")"; } # HOST

wire_done() { grep -q "done" "$1.impair.err"; } # HOST

# Nothing passes from now on, and no more is counted
cut_wire() # HOST
{
	local pid

	pid=$(cat "$1.impair.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || return 0
	wait_for 5 gone "$pid"
}

good_wire()
{
	local host=$1 dev wire

	read -r dev _ <<<"$(wire_end "$host")"
	wire=$(ns "wire-$host")
	[ -e "/run/netns/$wire" ] || return 0
	cut_wire "$host"
	ip -n "$(ns access)" link del "$dev" 2>/dev/null
	ip -n "$wire" link set phone netns "$(ns access)" name "$dev"
	ip netns del "$wire"
	wire_addresses "$host"
}

gone() { ! kill -0 "$1" 2>/dev/null; }
