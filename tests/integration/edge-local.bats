# SPDX-License-Identifier: BSD-2-Clause
# An edge and a registrar in one box: the dispatcher list names a node of this host,
# at 127.0.0.1 or at another port of an own address. Strangers get no further than
# to it

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up
	edge steer e1
	warm phone phone2
}

# local_farm ADDRESS:PORT: Kamailio on e1, and nobody else
local_farm()
{
	edge kamailio e1 "$1"
	edge list "1 sip:$1"
	until_true 10 alone
}

alone() { [ "$(active e1)" = 1 ]; }

# Phones register with it, and call each other by it
phones_call() # NAME...
{
	baresip_up phone 192.0.2.20 5060 "$1"
	baresip_up phone2 192.0.2.21 5060 "$2"
	baresip_say "$1" dial "sip:$2@example.com"
	until_true 20 heard "$1" "Call established"
	until_true 20 heard "$2" "Call established"
	baresip_say "$2" hangup
	until_true 20 heard "$1" "session closed"
	edge quiet phone phone2
}

code() { grep -m1 -o '^SIP/2.0 [0-9]*' | cut -d' ' -f2; }

@test "phones register and call by a node at 127.0.0.1" {
	local_farm 127.0.0.1:5070
	phones_call l1 l2
	# what the FIB says is local goes up to the agent
	[ "$(reason e1 sip_dest)" -gt 0 ]
}

@test "a stranger is not sent to 127.0.0.1, nor to ourselves, but to the node" {
	local uri

	for uri in sip:b@127.0.0.1:5071 sip:b@127.0.0.2:5070 \
		sip:b@192.0.2.11:5070 sip:b@192.0.2.100:22; do
		request MESSAGE $uri "Max-Forwards: 70" |
			ask stranger 192.0.2.66 5070 $VIP >out
		[ "$(code <out)" = 403 ] || fail "$uri: $(<out)"
	done
	request MESSAGE sip:nobody@127.0.0.1:5070 "Max-Forwards: 70" |
		ask stranger 192.0.2.66 5070 $VIP >out
	[ "$(code <out)" = 404 ]
}

@test "phones register and call by a node at another port of an own address" {
	local_farm 192.0.2.11:5080
	phones_call o1 o2
}
