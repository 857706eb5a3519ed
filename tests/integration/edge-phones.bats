# SPDX-License-Identifier: BSD-2-Clause
# Real phones behind real edges: baresip and linphonec register with a Kamailio
# behind the edges, and call each other. Almost all that they say is settled in
# the kernel

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up
	edge kamailio f1 192.0.2.31:5060
	edge list f1
	settle 1
	warm phone phone2 f1
}

# The ACK went twice through the edges: who hangs up before his phone has sent it
# leaves a call that is not acknowledged
acked() { [ "$(forwarded ACK)" -ge $((ACKS + 2)) ]; }

@test "baresip registers, calls, is called, hangs up" {
	mark
	baresip_up phone 192.0.2.20 5060 b1
	baresip_up phone2 192.0.2.21 5060 b2
	ACKS=$(forwarded ACK)
	baresip_say b1 dial sip:b2@example.com
	until_true 20 heard b1 "Call established"
	until_true 20 heard b2 "Call established"
	until_true 20 acked
	baresip_say b1 hangup
	until_true 20 heard b2 "session closed"
	# REGISTER; INVITE, 100, 180, 200, ACK, BYE, 200, twice through the edges
	settled 95 16
}

@test "linphone registers, calls, is called, hangs up" {
	mark
	linphone_up phone 192.0.2.20 5070 l1
	linphone_up phone2 192.0.2.21 5070 l2
	ACKS=$(forwarded ACK)
	linphone_say l1 "call sip:l2@example.com"
	until_true 20 heard l1 "Media streams established"
	until_true 20 heard l2 "Media streams established"
	until_true 20 acked
	linphone_say l1 terminate
	until_true 20 heard l2 "ended (No error)"
	settled 95 16
}

@test "baresip calls linphone, who hangs up" {
	mark
	ACKS=$(forwarded ACK)
	baresip_say b1 dial sip:l2@example.com
	until_true 20 heard l2 "connected"
	until_true 20 established_twice
	until_true 20 acked
	linphone_say l2 terminate
	# in the first second of a call baresip says it in other words
	until_true 20 heard b1 "l2@example.com.*\(session closed\|terminated\)"
	settled 95 12
}

established_twice()
{
	[ "$(grep -c "Call established" "$RUN/b1/out")" = 2 ]
}
