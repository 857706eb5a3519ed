# SPDX-License-Identifier: BSD-2-Clause
# Clients over TCP, TLS, WS and WSS in front of the two edges; the farm is a
# Kamailio, registrar and proxy, that keeps the Paths and knows no edge

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

farm_up()
{
	(cd "$RUN" && edge exec f1 kamailio -DD -E -f \
		"$ROOT/tools/lab.d/edge-farm.cfg" -A ADDR=192.0.2.31 \
		-Y "$RUN" -P "$RUN/kamailio.pid" </dev/null \
		>"$RUN/farm.log" 2>&1 3>&-) &
	until_true 10 listens f1 192.0.2.31 5060
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge streams <<<"  streams: {per-source: 50}"
	edge start
	edge list f1
	farm_up
	settle 1
}

# Clients: start NAME HOST ARGUMENTS...; then say NAME COMMAND..., hear NAME
start()
{
	local name=$1 host=$2

	shift 2
	mkfifo "$name.in"
	edge exec "$host" timeout 60 "$ROOT/tools/lab.d/sipstream.py" "$@" \
		<"$name.in" >"$name.out" 2>"$name.err" 3>&- &
	echo $! >"$name.pid"
	exec {fd}>"$name.in"
	printf -v "fd_$name" %s "$fd"
	printf -v "heard_$name" 0
	hear "$name" connected
}

say()
{
	local fd="fd_$1"

	echo "${*:2}" >&"${!fd}"
}

answered() # NAME LINES
{
	[ "$(wc -l <"$1.out")" -ge "$2" ]
}

# hear NAME WHAT: its next answer begins so
hear()
{
	local count="heard_$1" line

	printf -v "heard_$1" %d $((${!count} + 1))
	until_true 15 answered "$1" "${!count}" || {
		echo "$1 says nothing; $2 was expected"
		cat "$1.out" "$1.err"
		return 1
	}
	line=$(sed -n "${!count}p" "$1.out")
	[[ $line == "$2"* ]] || {
		echo "$1 says '$line'; $2 was expected"
		return 1
	}
}

# ask NAME WHAT COMMAND...
ask_for()
{
	say "$1" "${@:3}"
	hear "$1" "$2"
}

teardown()
{
	local f

	for f in *.pid; do
		[ ! -e "$f" ] || kill "$(cat "$f")" 2>/dev/null || true
	done
	[ -n "${BATS_TEST_COMPLETED:-}" ] ||
		tail -n 20 "$RUN"/e?.log "$RUN/farm.log" ./*.err
}

# What the agents have counted, both together
event() # NAME
{
	for h in e1 e2; do
		edge cli $h stats sip --json
	done | jq -s "[.[].agent.events.$1 // 0] | add"
}

# call A B USER: A calls, B answers; each ends one
call()
{
	say "$2" answer
	ask_for "$1" 200 call "$3"
	hear "$2" answered
}

end() # WHO WHOM
{
	say "$2" wait-bye
	ask_for "$1" 200 bye
	hear "$2" bye
}

both_ways() # A B USER
{
	call "$1" "$2" "$3"
	end "$1" "$2"
	call "$1" "$2" "$3"
	end "$2" "$1"
}

@test "each transport: OPTIONS answered, REGISTER with Path, keep-alive" {
	local k

	for k in "tcp $VIP 5060" "tls $VIP 5061" "ws $VIP 8080" \
		"wss $VIP 8443" "tcp 2001:db8::11 5060"; do
		# shellcheck disable=SC2086  # words on purpose
		start "${k%% *}${#k}" phone $k
		ask_for "${k%% *}${#k}" 200 options
		ask_for "${k%% *}${#k}" pong ping
		ask_for "${k%% *}${#k}" "200 <sip:f" register alice
		ask_for "${k%% *}${#k}" 200 message sip:echo@example.com
		# byte by byte; over WebSocket in fragments with pings between
		ask_for "${k%% *}${#k}" torn torn
		ask_for "${k%% *}${#k}" 200 message sip:echo@example.com
		ask_for "${k%% *}${#k}" pong ping
	done
}

@test "a WSS client is called by one of TCP, on the other edge; BYE from both" {
	start bob phone2 wss 192.0.2.11 8443
	ask_for bob "200 " register bob
	start alice phone tcp 192.0.2.12 5060
	both_ways alice bob bob
}

@test "a TCP client is called by one of WSS, on the other edge" {
	start bob phone2 tcp 192.0.2.11 5060
	ask_for bob "200 " register bob
	start alice phone wss 192.0.2.12 8443
	both_ways alice bob bob
}

@test "a TLS client is called by one of TLS, at the common address" {
	start bob phone2 tls "$VIP" 5061
	ask_for bob "200 " register bob
	start alice phone tls "$VIP" 5061
	both_ways alice bob bob
}

@test "calls from UDP to TCP and to WSS" {
	local k

	for k in "tcp 192.0.2.11 5060" "wss 192.0.2.12 8443"; do
		# shellcheck disable=SC2086  # words on purpose
		start "bob${k%% *}" phone2 $k
		ask_for "bob${k%% *}" "200 " register bob
		say "bob${k%% *}" answer
		say "bob${k%% *}" wait-bye
		calls "udp-${k%% *}" 1 1 -sf "$SIPP_DIR/edge-user.xml" \
			-s bob
		hear "bob${k%% *}" answered
		hear "bob${k%% *}" bye
	done
}

@test "calls from TCP to UDP, many on one connection and on many (sipp)" {
	uas phone2 192.0.2.21 5060 -sf "$SIPP_DIR/edge-callee.xml"
	# a phone that its registration leads to, over UDP
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request REGISTER sip:b@example.com "Max-Forwards: 70" \
			"Contact: <sip:b@192.0.2.21:5060>" "Expires: 60")
	[[ $output == "SIP/2.0 200 "* ]]
	TO=192.0.2.11:5060 calls one 20 60 -sf "$SIPP_DIR/edge-user.xml" \
		-s b -t t1
	TO=192.0.2.12:5060 calls many 20 40 -sf "$SIPP_DIR/edge-user.xml" \
		-s b -t tn -max_socket 40
	edge quiet phone2
}

@test "real phones: baresip over TLS and over TCP call each other" {
	baresip_up phone 192.0.2.20 5080 b1 "$VIP:5061;transport=tls"
	baresip_up phone2 192.0.2.21 5080 b2 "192.0.2.12:5060;transport=tcp"
	baresip_say b1 dial sip:b2@example.com
	until_true 20 heard b1 "Call established"
	until_true 20 heard b2 "Call established"
	baresip_say b2 hangup
	until_true 20 heard b1 "session closed"
	baresip_say b2 dial sip:b1@example.com
	until_true 20 established_twice b1
	until_true 20 established_twice b2
	baresip_say b2 hangup
	until_true 20 closed_twice b1
	edge quiet phone phone2
}

established_twice() { [ "$(grep -c "Call established" "$RUN/$1/out")" = 2 ]; }
closed_twice() { [ "$(grep -c "session closed" "$RUN/$1/out")" = 2 ]; }

@test "a client that has lost its connection goes on with the call, by another edge" {
	start bob phone2 wss 192.0.2.11 8443
	ask_for bob "200 " register bob
	start alice phone tcp "$VIP" 5060
	call alice bob bob
	# at the common address, from another port: another edge, or the same
	for port in 42001 42002 42003 42004; do
		ask_for alice connected reconnect $port
	done
	end alice bob
}

@test "a connection that is gone: 430, and the caller hears of it" {
	local n

	n=$(event flow_failed)
	start bob phone2 tcp 192.0.2.11 5060
	ask_for bob "200 " register bob
	ask_for bob closed close
	start alice phone tcp 192.0.2.12 5060
	until_true 5 gone_from e1
	ask_for alice 4 call bob
	hear_430
	[ "$(event flow_failed)" -gt "$n" ]
}

gone_from() # EDGE
{
	[ "$(edge cli "$1" connections --json | jq '.connections | length')" = 0 ]
}

hear_430()
{
	[ "$(sed -n 2p alice.out)" = 430 ]
}

@test "a request to the wrong edge finds the connection" {
	local path n

	start bob phone2 tcp 192.0.2.11 5060
	say bob register bob
	hear bob "200 "
	path=$(sed -n 2p bob.out)
	path=${path#200 }
	[[ $path == *"@192.0.2.11:5060;lr>" ]]
	# from the farm by the other edge's address, and by its own with the host
	# of the common one
	say bob answer
	run ask stranger 192.0.2.66 5070 192.0.2.12 < \
		<(request OPTIONS "sip:bob@x.invalid" "Max-Forwards: 70" \
			"Route: $path")
	# who is not trusted does not call by somebody's token
	[[ $output == "SIP/2.0 403 "* ]]
	run ask f2 192.0.2.32 5070 192.0.2.12 < \
		<(request OPTIONS "sip:bob@x.invalid" "Max-Forwards: 70" \
			"Route: $path")
	[[ $output == "SIP/2.0 200 "* ]]
	run ask f2 192.0.2.32 5070 192.0.2.12 < \
		<(request OPTIONS "sip:bob@x.invalid" "Max-Forwards: 70" \
			"Route: ${path/192.0.2.11/$VIP}")
	[[ $output == "SIP/2.0 200 "* ]]
	# a token with one digit changed
	n=$([ "${path:21:1}" = 0 ] && echo 1 || echo 0)
	run ask f2 192.0.2.32 5070 192.0.2.11 < \
		<(request OPTIONS "sip:bob@x.invalid" "Max-Forwards: 70" \
			"Route: ${path:0:21}$n${path:22}")
	[[ $output == "SIP/2.0 403 "* ]]
}

@test "garbage, torn, endless and oversized input ends the connection" {
	start a phone tcp 192.0.2.11 5060
	ask_for a closed raw '\x16\x03\x01\x02\x00'
	start b phone tcp 192.0.2.11 5060
	ask_for b closed raw 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
	start c phone tcp 192.0.2.11 5060
	ask_for c "SIP/2.0 400" raw 'OPTIONS sip:192.0.2.11 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 999999\r\n\r\n'
	ask_for c closed closed
	start d phone tcp 192.0.2.11 5060
	ask_for d "SIP/2.0 400 Missing Content-Length" raw 'OPTIONS sip:192.0.2.11 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n'
	ask_for d closed closed
	# a handshake without the subprotocol (RFC 7118 4.1)
	start e phone tcp 192.0.2.11 8443
	ask_for e closed raw 'GET / HTTP/1.1\r\n\r\n'
	run edge exec phone "$ROOT/tools/lab.d/wsask.py" "$VIP" 8080 other
	[[ $output == *" 400 "* ]]
	run edge exec phone "$ROOT/tools/lab.d/wsask.py" "$VIP" 8080 ""
	[[ $output == *" 400 "* ]]
	run edge exec phone "$ROOT/tools/lab.d/wsask.py" "$VIP" 8080 "chat, sip"
	[[ $output == *" 101 "* ]]
	# the others are still served
	start f phone tcp 192.0.2.11 5060
	ask_for f 200 options
}

@test "a message that does not end, and a handshake, take ten seconds at most" {
	local late0 hung0

	late0=$(event stream_late) hung0=$(event stream_handshake)
	start a phone tcp 192.0.2.11 5060
	say a raw 'OPTIONS sip:x'
	edge exec phone timeout 30 socat -u TCP:192.0.2.11:8443 STDOUT \
		>/dev/null 3>&- &
	hear a closed
	late() { [ "$(event stream_late)" -gt "$late0" ]; }
	hung() { [ "$(event stream_handshake)" -gt "$hung0" ]; }
	until_true 15 late
	until_true 15 hung
}

@test "no more connections of a source than it may have; others still come" {
	local refused0

	refused0=$(event stream_refused)
	edge exec stranger python3 - <<-'END' 3>&- &
	import socket, time
	v = []
	for i in range(80):
	    s = socket.socket()
	    s.settimeout(2)
	    try:
	        s.connect(("192.0.2.11", 5060))
	        v.append(s)
	    except OSError:
	        pass
	time.sleep(3)
	END
	full() { [ "$(event stream_refused)" -ge $((refused0 + 30)) ]; }
	until_true 10 full
	start alice phone tcp 192.0.2.11 5060
	ask_for alice 200 options
	wait -n || true
}

@test "a flood on a connection is dropped, and ends it; others' calls go on" {
	local n

	n=$(event stream_flood)
	start bob phone2 tcp 192.0.2.11 5060
	ask_for bob "200 " register bob
	edge exec stranger python3 - <<-'END' 3>&- &
	import socket, time
	m = (b"OPTIONS sip:192.0.2.11 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\n"
	     b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	     b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
	end = time.time() + 4
	while time.time() < end:
	    s = socket.create_connection(("192.0.2.11", 5060), 3)
	    try:
	        while time.time() < end:
	            s.sendall(m * 100)
	    except OSError:
	        pass
	END
	start alice phone tcp 192.0.2.11 5060
	both_ways alice bob bob
	cut() { [ "$(event stream_cut)" -gt 0 ]; }
	until_true 10 cut
	[ "$(event stream_flood)" -gt $((n + 1000)) ]
}

@test "who does not read is cut off" {
	local slow0

	slow0=$(event stream_slow)
	edge exec phone timeout 20 python3 - <<-'END' 3>&- &
	import socket, time
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
	s.connect(("192.0.2.11", 5060))
	m = (b"OPTIONS sip:192.0.2.11 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx"
	     + b"x" * 8000 + b"\r\n"
	     b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	     b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
	try:
	    while True:
	        s.sendall(m)
	except OSError:
	    pass
	END
	slow() { [ "$(event stream_slow)" -gt "$slow0" ]; }
	until_true 15 slow
}

# made_by_us EDGE N: connections of that edge's own making
made_by_us()
{
	edge cli "$1" connections --json | jq -e --argjson n "$2" \
		'[.connections[] | select(.made_by_us)] | length == $n'
}

@test "too long for a datagram: by TCP where the node takes it, else by UDP" {
	made_by_us e1 0
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request MESSAGE sip:echo@example.com "Max-Forwards: 70" \
			"Subject: $(printf 'x%.0s' {1..1600})")
	[[ $output == "SIP/2.0 200 "* ]]
	made_by_us e1 1
	# f2 speaks UDP alone
	uas f2 192.0.2.32 5060 -sn uas -aa
	edge list f2
	settle 1
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:x@example.com "Max-Forwards: 70" \
			"Subject: $(printf 'x%.0s' {1..1600})")
	[[ $output == "SIP/2.0 200 "* ]]
	edge quiet f2
	edge list f1
	settle 1
}

@test "a target over TCP, and one over TLS: probes, calls, loss" {
	start bob phone2 tcp 192.0.2.11 5060
	edge list "1 sip:192.0.2.31:5060;transport=tcp"
	settle 1
	ask_for bob "200 " register bob
	start alice phone wss 192.0.2.12 8443
	both_ways alice bob bob
	edge list f1
	settle 1
}

@test "a target that can't be connected to: 503 to who asked" {
	edge list "1 sip:192.0.2.31:5099;transport=tcp 32"
	start alice phone tcp 192.0.2.11 5060
	ask_for alice 503 message sip:x@example.com
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:x@example.com "Max-Forwards: 70")
	[[ $output == "SIP/2.0 503 "* ]]
	edge list f1
	settle 1
}

@test "a response whose connection is gone goes to the port of Via" {
	# a node that answers when it is told to
	edge exec f2 timeout 40 python3 - "$BATS_TEST_TMPDIR/go" <<-'END' 3>&- &
	import os, socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("192.0.2.32", 5060))
	while True:
	    m, src = s.recvfrom(65536)
	    while m.startswith(b"MESSAGE") and not os.path.exists(sys.argv[1]):
	        time.sleep(0.05)
	    keep = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
	    s.sendto(b"SIP/2.0 200 OK\r\n" + b"".join(
	        l + b"\r\n" for l in m.split(b"\r\n")
	        if l.lower().startswith(keep)) + b"Content-Length: 0\r\n\r\n", src)
	END
	edge list f2
	settle 1
	edge exec phone timeout 20 python3 - "$BATS_TEST_TMPDIR/go" <<-'END'
	import socket, sys
	l = socket.create_server(("192.0.2.20", 5090))
	l.settimeout(10)
	s = socket.create_connection(("192.0.2.11", 5060), 5)
	s.sendall(b"MESSAGE sip:b@example.com SIP/2.0\r\n"
	          b"Via: SIP/2.0/TCP 192.0.2.20:5090;branch=z9hG4bKgone\r\n"
	          b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	          b"CSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
	          b"Content-Length: 0\r\n\r\n")
	s.shutdown(socket.SHUT_WR)
	assert s.recv(1) == b""
	open(sys.argv[1], "w").close()
	c, peer = l.accept()
	c.settimeout(5)
	assert peer[0] == "192.0.2.11", peer
	assert c.recv(4096).startswith(b"SIP/2.0 200 OK\r\n")
	END
	edge quiet f2
	edge list f1
	settle 1
}

@test "a target over TLS is probed; its certificate, where there is a CA" {
	# the other edge is such a target, and answers
	edge list "1 sip:192.0.2.12:5061;transport=tls" "1 sips:192.0.2.12"
	both_known() { edge cli e1 dispatcher --json | jq -e \
		'[.targets[] | select(.state == "active" and .answers > 0)] |
		length == 2'; }
	until_true 10 both_known
	# the certificate is the VIP's, not this address's
	sed -i 's|^  tls: {|&ca: '"$RUN"'/tls.crt, |' "$RUN/e1.yaml"
	edge cli e1 reload
	neither() { edge cli e1 dispatcher --json | jq -e \
		'[.targets[] | select(.state == "inactive")] | length == 2'; }
	edge exec e2 ss -K dport = 5061 src 192.0.2.12 >/dev/null || true
	edge kill e2
	edge again e2
	until_true 15 neither
	edge list f1
	settle 1
}

subject() # of the certificate that the edge shows
{
	edge exec phone openssl s_client -connect 192.0.2.11:5061 \
		</dev/null 2>/dev/null | sed -n 's/^subject=//p'
}

@test "a new certificate is taken by carom reload" {
	[ "$(subject)" = "CN = example.com" ]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=new.example.com -keyout "$RUN/tls.key" \
		-out "$RUN/tls.crt" 2>/dev/null
	edge cli e1 reload
	[ "$(subject)" = "CN = new.example.com" ]
	# one that can't be used changes nothing
	echo nonsense >"$RUN/tls.crt"
	run edge cli e1 reload
	[ "$status" = 1 ]
	[[ $output == *"$RUN/tls.crt: "* ]]
	[ "$(subject)" = "CN = new.example.com" ]
}

@test "STUN is answered, CRLF and zeroes are not" {
	edge exec phone python3 - <<-'END'
	import os, socket, struct
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("192.0.2.20", 5077))
	s.settimeout(3)
	tid = os.urandom(12)
	s.sendto(struct.pack("!HHI", 1, 0, 0x2112A442) + tid, ("192.0.2.11", 5060))
	r = s.recv(1500)
	assert r[:2] == b"\x01\x01" and r[8:20] == tid, r
	assert r[20:22] == b"\x00\x20", r
	port, addr = struct.unpack("!HI", r[26:32])
	assert port ^ 0x2112 == 5077, port
	assert addr ^ 0x2112A442 == 0xC0000214, hex(addr)
	s.settimeout(0.5)
	for m in b"\r\n\r\n", b"\0\0\0\0":
	    s.sendto(m, ("192.0.2.11", 5060))
	    try:
	        raise SystemExit("answered: %r" % s.recv(1500))
	    except socket.timeout:
	        pass
	END
}
