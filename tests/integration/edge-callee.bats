# SPDX-License-Identifier: BSD-2-Clause
# Phones register with a registrar in the edge's own box, and are called by the edge:
# by UDP in the kernel, by TCP down their connection, after a restart, by IPv6

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

REG=127.0.0.1:5070
PASSWORD=secret

setup_file()
{
	local u

	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true}]
	  rules:
	    - {registered: true}
	    - {set: registrar, methods: [REGISTER]}
	END
	edge more e1 <<-END
	registrar:
	  listen: ["udp:$REG"]
	  domains: [example.com]
	  trusted: ["$VIP/32", 192.0.2.11/32]
	  auth: {realm: example.com, algorithms: [MD5]}
	END
	edge start
	edge steer e1
	for u in b1 b2 t1 six nobody; do
		edge cli e1 extension add $u <<<$PASSWORD
	done
	warm phone phone2
	edge list "1 sip:$REG"
	until_true 20 alone
}

alone() { [ "$(active e1)" = 1 ]; }

# What INVITE gets from the edge: asked URI
asked()
{
	request INVITE "$1" "Max-Forwards: 70" "${@:2}" |
		ask stranger 192.0.2.66 5070 $VIP 3 |
		grep -o '^SIP/2.0 [2-6][0-9]*' | cut -d' ' -f2 | head -n1
}

# NAME calls NAME, who hangs up; each has been in N calls before
calls_to() # CALLER CALLEE
{
	local n m

	n=$(grep -c "Call established" "$RUN/$1/out") || true
	m=$(grep -c "Call established" "$RUN/$2/out") || true
	ACKS=$(forwarded ACK)
	baresip_say "$1" dial "sip:$2@example.com"
	until_true 20 more "$1" "$n"
	until_true 20 more "$2" "$m"
}

more() { [ "$(grep -c "Call established" "$RUN/$1/out")" -gt "$2" ]; }

acked() { [ "$(forwarded ACK)" -gt "$ACKS" ]; }

# hangs_up NAME PEER
hangs_up()
{
	local n

	n=$(grep -c "session closed" "$RUN/$2/out") || true
	baresip_say "$1" hangup
	until_true 20 closed "$2" "$n"
}

closed() { [ "$(grep -c "session closed" "$RUN/$1/out")" -gt "$2" ]; }

@test "a call between phones that have registered by UDP is the kernel's" {
	baresip_up phone 192.0.2.20 5060 b1
	baresip_up phone2 192.0.2.21 5060 b2
	mark
	calls_to b1 b2
	until_true 20 acked
	hangs_up b2 b1
	# INVITE, 180, 200, ACK, BYE, 200
	settled 100 6
}

@test "known, and not registered: 480; nobody of the name: 404" {
	[ "$(asked sip:nobody@example.com)" = 480 ]
	[ "$(asked sip:who@example.com)" = 404 ]
	[ "$(asked sip:nobody@example.com\;gr=urn:uuid:1)" = 480 ]
}

@test "bindings are there again after a restart, and in the kernel" {
	edge kill e1
	edge again e1
	mark
	calls_to b2 b1
	until_true 20 acked
	hangs_up b2 b1
	settled 100 6
}

@test "a phone by TCP is called down its connection, and 480 when that is gone" {
	local n

	edge quiet phone2
	baresip_up phone2 192.0.2.21 5060 t1 "$VIP;transport=tcp"
	n=$(reason e1 sip_contact)
	calls_to b1 t1
	hangs_up t1 b1
	[ "$(reason e1 sip_contact)" -gt "$n" ]
	edge quiet phone2
	until_true 10 disconnected
	[ "$(asked sip:t1@example.com)" = 480 ]
	# it comes back by another connection
	baresip_up phone2 192.0.2.21 5060 t1 "$VIP;transport=tcp"
	calls_to b1 t1
	hangs_up b1 t1
}

disconnected()
{
	edge cli e1 connections --json | jq -e '.connections | length == 0'
}

@test "IPv6" {
	edge quiet phone phone2
	baresip_up phone "[2001:db8::20]" 5060 b1 "[$VIP6];transport=udp"
	baresip_up phone2 "[2001:db8::21]" 5060 six "[$VIP6];transport=udp"
	mark
	calls_to b1 six
	until_true 20 acked
	hangs_up six b1
	settled 100 6
}
