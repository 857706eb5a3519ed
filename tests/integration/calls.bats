# SPDX-License-Identifier: BSD-2-Clause
# Calls from sipp through Kamailio: what the phones hear of each other

load lib

setup_file() { proxy_up; }

teardown_file() { proxy_down; }

setup()
{
	cd "$BATS_TEST_TMPDIR"
	tones
}

teardown()
{
	end_calls
	[ -n "$BATS_TEST_COMPLETED" ] || show_logs
}

# talk USER CALLER-ADDR CALLEE-HOST CALLEE-ADDR: a call of a second, both ends
# captured; fails unless each hears the other's tone and nothing is left over
talk()
{
	local host=$3

	capture alice
	capture "$host"
	callee "$host" uas "$4"
	caller alice uac "$2" "$1" 1000
	wait "$CALLEE"
	hears alice "$2" 660 40
	hears "$host" "$4" 440 40
	wait_for 5 no_calls
	[ "$(bad_checksums alice)" = 0 ]
	[ "$(bad_checksums "$host")" = 0 ]
}

@test "the agent answers ng pings, bencode and JSON" {
	[ "$(ngc ping)" = pong ]
	[ "$(ngc --json ping)" = pong ]
}

@test "IPv4: both phones hear each other, through one NIC" {
	talk bob $ALICE4 bob $BOB4
}

@test "IPv4: phone and provider, through two NICs" {
	talk provider $ALICE4 provider $PROVIDER4
}

@test "IPv6: both phones hear each other" {
	talk bob6 $ALICE6 bob $BOB6
}

@test "IPv6: phone and provider, through two NICs" {
	talk provider6 $ALICE6 provider $PROVIDER6
}

@test "an IPv4 phone calls an IPv6 phone" {
	talk bob6 $ALICE4 bob $BOB6
}

@test "an IPv6 phone calls an IPv4 provider" {
	talk provider $ALICE6 provider $PROVIDER4
}

@test "transmit checksum offload on the hosts does no harm" {
	lab tx on
	talk bob $ALICE4 bob $BOB4
	talk bob6 $ALICE6 bob $BOB6
	talk bob6 $ALICE4 bob $BOB6
	talk provider $ALICE6 provider $PROVIDER4
	lab tx off
}

@test "the SDP names the appliance, and keeps what it does not know" {
	callee bob uas $BOB4
	caller alice uac $ALICE4 bob 100
	wait "$CALLEE"
	sdp alice 1 INVITE >sent
	sdp bob 1 INVITE >got
	diff sent got || true
	grep -qx "c=IN IP4 $WAN4" got
	grep -q "^o=.* IN IP4 $WAN4$" got
	if grep "$ALICE4" got; then false; fi
	port=$(sed -n 's/^m=audio \([0-9]*\) .*/\1/p' got)
	[ "$port" -ge $MEDIA_MIN ]
	[ "$port" -le $MEDIA_MAX ]
	[ $((port % 2)) = 0 ]
	grep -qx 'a=x-unknown:kept as it is' got
	grep -qx 'a=ptime:20' got
	sdp alice 1 200 >answer
	grep -qx "c=IN IP4 $WAN4" answer
}

@test "hold and resume: same ports, and the tone comes back" {
	capture alice
	capture bob
	callee bob uas $BOB4
	caller alice uac-hold $ALICE4 bob 600
	wait "$CALLEE"
	# Talks twice; the callee's music goes on through all three parts
	hears bob $BOB4 440 45
	hears alice $ALICE4 660 75
	for n in 1 2 3; do
		sdp bob $n INVITE | sed -n 's/^m=audio \([0-9]*\) .*/\1/p'
	done >ports
	cat ports
	[ "$(wc -l <ports)" -eq 3 ]
	[ "$(sort -u ports | wc -l)" -eq 1 ]
	sdp bob 2 INVITE | grep -qx a=sendonly
	wait_for 5 no_calls
}

@test "CANCEL takes the call and its ports away" {
	callee bob uas-ring $BOB4
	caller alice uac-cancel $ALICE4 bob 300 &
	CALLER=$!
	LAB_PIDS+=($CALLER)
	one_call() { [ "$(calls_known)" = 1 ]; }
	wait_for 5 one_call
	wait "$CALLER"
	wait "$CALLEE"
	wait_for 5 no_calls
}

@test "CANCEL leaves no leg in the kernel" {
	carom_only
	callee bob uas-ring $BOB4
	caller alice uac-cancel $ALICE4 bob 100
	wait "$CALLEE"
	wait_for 5 no_calls
	[ "$(carom legs --json | jq '.legs | length')" = 0 ]
}

@test "ten calls at once" {
	capture alice
	callee bob uas $BOB4 -m 10
	caller alice uac $ALICE4 bob 1500 -m 10 -r 20
	wait "$CALLEE"
	heard alice $ALICE4 | tee streams
	[ "$(jq -s 'map(select(.hears == 660 and .packets >= 50)) | length' \
		streams)" = 10 ]
	wait_for 5 no_calls
}

@test "RTCP comes through on its own port" {
	ngc plan --calls 5 >plan
	load calls plan --rtcp --ptime 5
	sleep 1
	all=$(load_end calls)
	ngc end --calls 5
	clean "$all"
	[ "$(field rtcp_sent <<<"$all")" -ge 50 ]
	[ "$(field rtcp_received <<<"$all")" = "$(field rtcp_sent <<<"$all")" ]
}

@test "the packets of a call never reach the agent" {
	carom_only
	ngc plan --calls 20 >plan
	pid=$(appliance pid)
	load calls plan --ptime 10
	before=$(carom stats --json | jq '.reasons.relayed.packets // 0')
	# The agent owns no socket in the media range
	ports=$(inside carom ss -Hlunp | grep "pid=$pid," |
		awk '{ sub(/.*:/, "", $4); print $4 }')
	for port in $ports; do
		[ "$port" -lt $MEDIA_MIN ] || [ "$port" -gt $MEDIA_MAX ]
	done
	sleep 1
	all=$(load_end calls)
	after=$(carom stats --json | jq '.reasons.relayed.packets // 0')
	ngc end --calls 20
	clean "$all"
	[ $((after - before)) -ge 2000 ]
}
