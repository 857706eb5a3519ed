# SPDX-License-Identifier: BSD-2-Clause
# SIP through two edges at one address, to three nodes: each message goes to the
# edge that chance picks (tools/lab.d/edge.sh)

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up
	nodes -sn uas
	settle 3
}

@test "calls through two edges, each message by chance; the kernel does it" {
	local f0 p0

	f0=$(total sip_forwarded) p0=$(punted)
	calls calls 40 200 -sn uac -d 100
	f0=$(($(total sip_forwarded) - f0)) p0=$(($(punted) - p0))
	echo "forwarded in the kernel $f0, left to the agents $p0"
	[ $((f0 + p0)) -ge 1200 ]
	[ $((p0 * 20)) -le "$f0" ]
	# both had their part
	[ "$(reason e1 sip_forwarded)" -gt 300 ]
	[ "$(reason e2 sip_forwarded)" -gt 300 ]
}

@test "calls by Route" {
	calls route 40 100 -sf "$ROOT/tools/lab.d/sipp/edge-uac.xml"
}

@test "the set's nodes share the calls" {
	edge cli e1 stats sip --json | jq -e '[.targets[].dialogs] |
		length == 3 and min > 0 and max < 2 * min'
}

@test "CANCEL finds the INVITE's node" {
	nodes -sf "$ROOT/tools/lab.d/sipp/edge-uas-ring.xml"
	settle 3
	calls cancel 20 60 -sf "$ROOT/tools/lab.d/sipp/edge-cancel.xml" -d 50
	nodes -sn uas
	settle 3
}

@test "carom dispatcher set takes a node out, and puts it in" {
	edge cli e1 dispatcher set sip:192.0.2.31:5060 disabled -r test
	run edge cli e1 dispatcher
	[[ $output == *"disabled"*"0.0 %"*"test"* ]]
	edge cli e1 dispatcher set sip:192.0.2.31:5060 active
	settle 3
	run edge cli e1 dispatcher set sip:192.0.2.99:5060 active
	[ "$status" = 1 ]
	[[ $output == *"no target sip:192.0.2.99:5060"* ]]
}

@test "what the kernel leaves, the agent answers" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:192.0.2.11 "Max-Forwards: 70")
	[[ $output == "SIP/2.0 200 OK"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 0")
	[[ $output == "SIP/2.0 483 Too Many Hops"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Proxy-Require: foo")
	[[ $output == "SIP/2.0 420 Bad Extension"*"Unsupported: foo"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE http://example.com "Max-Forwards: 70")
	[[ $output == "SIP/2.0 416 "* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@203.0.113.9 "Max-Forwards: 70")
	[[ $output == "SIP/2.0 403 "* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@other.example "Max-Forwards: 70")
	[[ $output == "SIP/2.0 403 "* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "No colon here")
	[[ $output == "SIP/2.0 400 "* ]]
}

@test "what the kernel leaves, the agent forwards" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@example.com "Max-Forwards: 70" \
			"Subject: folded" " in two lines")
	[[ $output == "SIP/2.0 200 OK"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@example.com)
	[[ $output == "SIP/2.0 200 OK"* ]]
}

@test "a response that nobody asked for goes nowhere" {
	local n

	n=$(reason e1 sip_forged)
	run ask stranger 192.0.2.66 5060 192.0.2.11 0.5 <<-END
	SIP/2.0 200 OK
	Via: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK0123456789abcdef00
	Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKx
	From: <sip:a@x>;tag=1
	To: <sip:b@x>;tag=2
	Call-ID: forged
	CSeq: 1 INVITE
	Content-Length: 0

	END
	[ "$status" = 1 ]
	[ "$(reason e1 sip_forged)" = $((n + 1)) ]
}

@test "a flood of one source is dropped, and others' calls go on" {
	local n

	n=$(reason e1 sip_flood)
	edge exec stranger python3 - <<-'END' 3>&- &
	import socket, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("192.0.2.66", 5099))
	m = b"INVITE sip:x@example.com SIP/2.0\r\n\r\n"
	end = time.time() + 5
	while time.time() < end:
	    for i in range(200):
	        s.sendto(m, ("192.0.2.11", 5060))
	END
	calls flood 30 100 -sn uac -d 100
	wait
	echo "dropped: $(($(reason e1 sip_flood) - n))"
	[ $(($(reason e1 sip_flood) - n)) -gt 10000 ]
}
