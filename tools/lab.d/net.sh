# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
#
# The lab on one page: hosts, wires, addresses. Documentation addresses only
# (RFC 5737, RFC 3849). Sourced by tools/lab, its services and the tests.
#
#   alice 192.0.2.10 ----.            .---- farm 198.51.100.10
#     phones-a           |            |       (Kamailio)
#                      access ------ core
#     phones-b           |  \        /|
#   bob 192.0.2.74 ------'   \      / '---- provider 203.0.113.130
#                          wan\    /lan
#                             carom
#                  203.0.113.2     198.51.100.2
#
# SIP goes from the phones over access and core to the farm; media goes to
# the appliance, which forwards nothing by the kernel's own routing.

: "${CAROM_LAB:=carom}"

# Prefix of the namespaces; two labs with different ones do not meet
LAB=$CAROM_LAB
LAB_RUN=/run/$LAB-lab
LAB_PINS=/sys/fs/bpf/$LAB
LAB_HOSTS=(alice bob access carom core farm provider)

ALICE4=192.0.2.10      ALICE6=2001:db8:a::10
BOB4=192.0.2.74        BOB6=2001:db8:b::10
WAN4=203.0.113.2       WAN6=2001:db8:c::2
LAN4=198.51.100.2      LAN6=2001:db8:f::2
FARM4=198.51.100.10    FARM6=2001:db8:f::10
PROVIDER4=203.0.113.130 PROVIDER6=2001:db8:d::10

# The appliance's control port (ng) and its media ports
NG_PORT=2223
MEDIA_MIN=30000
MEDIA_MAX=39999

# One veth a line: host device address4 address6, twice. Made inside the two
# namespaces, so that the machine's own never sees a device of ours.
LAB_WIRES='
alice    eth0 192.0.2.10/26     2001:db8:a::10/64  access  phones-a 192.0.2.1/26      2001:db8:a::1/64
bob      eth0 192.0.2.74/26     2001:db8:b::10/64  access  phones-b 192.0.2.65/26     2001:db8:b::1/64
carom    wan  203.0.113.2/28    2001:db8:c::2/64   access  carom    203.0.113.1/28    2001:db8:c::1/64
access   core 203.0.113.65/30   2001:db8:e::1/64   core    access   203.0.113.66/30   2001:db8:e::2/64
carom    lan  -                 -                  core    carom    -                 -
farm     eth0 198.51.100.10/24  2001:db8:f::10/64  core    farm     -                 -
provider eth0 203.0.113.130/25  2001:db8:d::10/64  core    provider 203.0.113.129/25  2001:db8:d::1/64
'

# host destination gateway
LAB_ROUTES='
alice    default            192.0.2.1
alice    default            2001:db8:a::1
bob      default            192.0.2.65
bob      default            2001:db8:b::1
provider default            203.0.113.129
provider default            2001:db8:d::1
farm     default            198.51.100.1
farm     default            2001:db8:f::1
access   default            203.0.113.66
access   default            2001:db8:e::2
core     192.0.2.0/24       203.0.113.65
core     2001:db8:a::/64    2001:db8:e::1
core     2001:db8:b::/64    2001:db8:e::1
core     203.0.113.0/28     203.0.113.65
core     2001:db8:c::/64    2001:db8:e::1
carom    192.0.2.0/24       203.0.113.1
carom    2001:db8:a::/64    2001:db8:c::1
carom    2001:db8:b::/64    2001:db8:c::1
carom    203.0.113.128/25   198.51.100.1
carom    2001:db8:d::/64    2001:db8:f::1
'

ns() { printf '%s-%s' "$LAB" "$1"; }

# Not `ip netns exec`: that mounts a sysfs of its own and hides /sys/fs/bpf
inside()
{
	local host=$1

	shift
	nsenter --net="/run/netns/$(ns "$host")" -- "$@"
}

# For the background: `become HOST CMD &` leaves CMD's own number in $!
become()
{
	local host=$1

	shift
	exec 3>&- nsenter --net="/run/netns/$(ns "$host")" -- "$@"
}
