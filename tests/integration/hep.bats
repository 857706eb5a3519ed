# SPDX-License-Identifier: BSD-2-Clause
# What passes the edge is shown to collectors: Kamailio's sipcapture, which stores it,
# and sngrep, which makes packets of it again (docs/operate.md)

load hep
load edge

DB=$RUN/hep.db

hep() { printf 'hep:\n'; printf '  %s\n' "$@"; }

again() # EDGE: with another section hep
{
	edge more "$1"
	edge stop "$1"
	edge start "$1"
	until_true 30 usable "$1"
}

usable() { [ "$(active "$1")" = 3 ]; }

# figure EDGE NAME, as a pattern
figure() { edge cli "$1" metrics | awk -v "n=^carom_hep_$2\$" '$1 ~ n {print $2}'; }

sent() { [ "$(figure "$1" packets_total)" -ge "$2" ]; }
lost() { [ "$(figure "$1" 'lost_packets_total.reason=.queue_full..')" -gt 0 ]; }

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge more e1 < <(hep 'send: "192.0.2.33:9060"' 'id: 11' \
		'node-name: e1' 'password: secret')
	edge more e2 < <(hep 'send: "192.0.2.33:9061"' 'id: 12')
	edge start
	nodes -sn uas
	settle 3
	collector edge exec f3 "$DB" 192.0.2.33:9060
}

teardown()
{
	[ -n "${BATS_TEST_COMPLETED:-}" ] || {
		tail -n 20 "$RUN"/e?.log "$DB.log"
		stored "$DB" "SELECT method, reply_reason, source_ip,
			destination_ip, proto, callid FROM sip_capture
			WHERE method != 'OPTIONS' AND cseq NOT LIKE '%OPTIONS'
			LIMIT 60"
	}
}

# hops CALL-ID-PATTERN: message, from, to, protocol (as Kamailio counts: 1 UDP, 2 TCP)
hops()
{
	stored "$DB" "SELECT method, source_ip || ':' || source_port,
		destination_ip || ':' || destination_port, proto
		FROM sip_capture WHERE callid LIKE '$1' ORDER BY 1, 2, 3"
}

has() { ! stores "$DB" 0 "$1"; }

# Each message of a call twice: as it came, and as it left
hops_of_call() # PATTERN N
{
	stores "$DB" "$2" "sip_capture WHERE callid LIKE '$1'"
}

@test "both ends of each hop, of what the kernel forwards" {
	local n0 node

	n0=$(reason e1 sip_forwarded)
	TO=192.0.2.11:5060 calls kernel 1 1 -sn uac -cid_str "kernel-%u@%s"
	until_true 10 hops_of_call 'kernel-%' 12
	[ $(($(reason e1 sip_forwarded) - n0)) -ge 5 ]
	hops 'kernel-%'
	node=$(stored "$DB" "SELECT destination_ip FROM sip_capture WHERE
		callid LIKE 'kernel-%' AND method = 'INVITE' AND source_ip = '192.0.2.11'")
	[ "$(hops 'kernel-%' | awk '{print $1, $2, $3, $4}')" = "$(
		cat <<-END
		180 192.0.2.11:5060 192.0.2.20:5062 1
		180 $node:5060 192.0.2.11:5060 1
		200 192.0.2.11:5060 192.0.2.20:5062 1
		200 192.0.2.11:5060 192.0.2.20:5062 1
		200 $node:5060 192.0.2.11:5060 1
		200 $node:5060 192.0.2.11:5060 1
		ACK 192.0.2.11:5060 $node:5060 1
		ACK 192.0.2.20:5062 192.0.2.11:5060 1
		BYE 192.0.2.11:5060 $node:5060 1
		BYE 192.0.2.20:5062 192.0.2.11:5060 1
		INVITE 192.0.2.11:5060 $node:5060 1
		INVITE 192.0.2.20:5062 192.0.2.11:5060 1
		END
	)" ]
	# as it left it has our Via on top, and one hop less
	stored "$DB" "SELECT msg FROM sip_capture WHERE callid LIKE 'kernel-%'
		AND method = 'INVITE' AND source_ip = '192.0.2.11'" >left
	head -n 2 left | grep -q '^Via: SIP/2.0/UDP 192.0.2.11:5060;branch='
	grep -q '^Max-Forwards: 69' left
	stores "$DB" 12 "sip_capture WHERE callid LIKE 'kernel-%' AND
		correlation_id = callid AND node LIKE '%11%'"
}

@test "what the agent answers itself, and its probes" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 0" |
		sed 's/^Call-ID:.*/Call-ID: agent-1/')
	[[ $output == "SIP/2.0 483 "* ]]
	until_true 10 hops_of_call agent-1 2
	[ "$(hops agent-1)" = "$(
		cat <<-END
		483 192.0.2.11:5060 192.0.2.20:5070 1
		INVITE 192.0.2.20:5070 192.0.2.11:5060 1
		END
	)" ]
	until_true 10 has "sip_capture WHERE method = 'OPTIONS' AND
		source_ip = '192.0.2.11'"
	until_true 10 has "sip_capture WHERE method = '200' AND
		destination_ip = '192.0.2.11' AND cseq LIKE '%OPTIONS'"
}

@test "a call over TCP: the one side by its connection, the other by UDP" {
	TO=192.0.2.11:5060 calls tcp 1 1 -sn uac -t t1 -cid_str "tcp-%u@%s"
	until_true 10 hops_of_call 'tcp-%' 12
	stores "$DB" 6 "sip_capture WHERE callid LIKE 'tcp-%' AND proto = 2 AND
		'192.0.2.20' IN (source_ip, destination_ip)"
	stores "$DB" 6 "sip_capture WHERE callid LIKE 'tcp-%' AND proto = 1 AND
		'192.0.2.20' NOT IN (source_ip, destination_ip)"
}

@test "carom capture goes on beside it" {
	timeout 60 "$E" cli e1 capture sip --count 2 --brief >seen 3>&- &
	until_true 10 grep -q . seen
	TO=192.0.2.11:5060 calls capture 1 1 -sn uac -cid_str "capture-%u@%s"
	wait $!
	[ "$(wc -l <seen)" -ge 2 ]
	until_true 10 hops_of_call 'capture-%' 12
}

# ends HOST PROGRAM: what runs there by that name is interrupted
ends()
{
	local pid

	for pid in $(ip netns pids "$CAROM_LAB-edge-$1"); do
		[ "$(cat "/proc/$pid/comm")" != "$2" ] || kill -INT "$pid"
	done
}

@test "sngrep makes packets of it, and tshark finds nothing malformed" {
	edge exec f3 timeout -s INT 60 sngrep -N -q -L udp:192.0.2.33:9061 \
		-O "$RUN/sngrep.pcap" </dev/null >/dev/null 2>&1 3>&- &
	until_true 10 listens f3 192.0.2.33 9061
	TO=192.0.2.12:5060 calls sngrep 20 20 -sn uac -cid_str "sngrep-%u@%s"
	TO=192.0.2.12:5060 calls sngrept 1 1 -sn uac -t t1 -cid_str "sngrep-t%u@%s"
	until_true 10 sent e2 252
	ends f3 sngrep
	wait $! || true
	tshark -r "$RUN/sngrep.pcap" -T fields -e sip.Call-ID \
		-e _ws.malformed -Y 'sip contains "sngrep-"' 2>/dev/null >seen
	[ "$(wc -l <seen)" -ge 252 ]
	[ -z "$(tshark -r "$RUN/sngrep.pcap" -Y _ws.malformed 2>/dev/null)" ]
	[ "$(cut -f1 seen | sort | uniq -c | awk '{print $1}' | sort -u)" = 12 ]
}

@test "one of three calls, whole" {
	again e1 < <(hep 'send: "udp:192.0.2.33:9060"' 'sample: 1/3')
	TO=192.0.2.11:5060 calls sample 40 60 -sn uac -cid_str "sample-%u@%s"
	# and over TCP, where it is the agent's choice
	TO=192.0.2.11:5060 calls samplet 40 60 -sn uac -t t1 -cid_str "sample-t%u@%s"
	# all that was shown has come: the last of each
	n=$(figure e1 packets_total)
	until_true 10 sent e1 $((n + 5))
	stored "$DB" "SELECT callid, count(*) FROM sip_capture WHERE callid LIKE
		'sample-%' GROUP BY callid" >seen
	wc -l seen
	[ "$(awk '{print $2}' seen | sort -u)" = 12 ]
	[ "$(wc -l <seen)" -ge 15 ]
	[ "$(wc -l <seen)" -le 65 ]
}

@test "over TLS, where the certificate is the collector's" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=hep -addext subjectAltName=IP:192.0.2.33 \
		-keyout "$RUN/hep.key" -out "$RUN/hep.crt" 2>/dev/null
	mkfifo open
	exec 4<>open # it ends with its standard input
	edge exec f3 timeout 60 openssl s_server -quiet -accept 192.0.2.33:9062 \
		-cert "$RUN/hep.crt" -key "$RUN/hep.key" <open >got \
		2>/dev/null 3>&- 4>&- &
	# of another certificate nothing is sent
	again e1 < <(hep 'send: "tls:192.0.2.33:9062"' "ca: $RUN/tls.crt")
	until_true 10 grep -q "hep: 192.0.2.33:9062: can't be connected to" \
		"$RUN/e1.log"
	[ ! -s got ]
	again e1 < <(hep 'send: "tls:192.0.2.33:9062"' "ca: $RUN/hep.crt")
	TO=192.0.2.11:5060 calls tls 1 1 -sn uac -cid_str "tls-%u@%s"
	until_true 10 grep -aq "BYE.*" got
	grep -aq HEP3 got
	grep -aq "Call-ID: tls-" got
	kill $! || true
}

@test "a collector that is away: what is lost is counted, and calls go on" {
	again e1 < <(hep 'send: "tcp:192.0.2.33:9063"' 'queue: 65536')
	TO=192.0.2.11:5060 calls away 40 40 -sn uac
	until_true 10 lost e1
	[ "$(figure e1 up)" = 0 ]
	# nobody asks for copies once the agent has gone, or another has come without
	again e1 </dev/null
	[ "$(edge cli e1 stats --json | jq '.reasons.sip_hop_lost.packets // 0')" = 0 ]
	n=$(reason e1 sip_hop)
	TO=192.0.2.11:5060 calls without 10 10 -sn uac
	[ "$(reason e1 sip_hop)" = "$n" ]
}
