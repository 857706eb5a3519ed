# SPDX-License-Identifier: BSD-2-Clause
# What an operator of the edge sees and changes while messages go on: networks,
# limits, the configuration read again, targets asked, messages captured

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up
	nodes -sn uas
	settle 3
}

# options HOST ADDRESS N: sends N OPTIONS to e1, at once; how many are answered?
options()
{
	edge exec "$1" python3 - "$2" "$3" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # SO_RCVBUFFORCE
	s.bind((sys.argv[1], 5071))
	n = int(sys.argv[2])
	for i in range(n):
	    s.sendto(f"""OPTIONS sip:192.0.2.11 SIP/2.0
	Via: SIP/2.0/UDP {sys.argv[1]}:5071;branch=z9hG4bK{time.time_ns()}
	From: <sip:a@example.com>;tag=1
	To: <sip:b@example.com>
	Call-ID: {time.time_ns()}
	CSeq: 1 OPTIONS
	Max-Forwards: 70
	Content-Length: 0

	""".replace("\n", "\r\n").encode(), ("192.0.2.11", 5060))
	seen = 0
	s.settimeout(1)
	try:
	    while seen < n:
	        seen += s.recv(4096).startswith(b"SIP/2.0 200")
	except socket.timeout:
	    pass
	print(seen)
	END
}

alive() { [ "$(active e1)" = "$1" ]; }

# copies N: does the kernel copy each N'th message?
copies()
{
	bpftool map dump pinned "/sys/fs/bpf/$CAROM_LAB-edge-e1/2/sip_conf" |
		jq -e --argjson n "$1" '.[0].value.copy_every == $n'
}

config() { echo "$RUN/e1.yaml"; }

# What a reload of e1 says of a file that is changed by a sed script
change()
{
	sed -i "$1" "$(config)"
	edge cli e1 reload
}

# gone_network PREFIX
gone_network() {
	edge cli e1 network --json |
		jq -e --arg p "$1" '.networks | all(.prefix != $p)' >/dev/null
}

@test "a source that is denied is dropped at once, and welcome again" {
	local n

	[ "$(options stranger 192.0.2.66 1)" = 1 ]
	n=$(reason e1 sip_denied)
	edge cli e1 network add 192.0.2.66 deny
	[ "$(options stranger 192.0.2.66 2)" = 0 ]
	[ "$(reason e1 sip_denied)" = $((n + 2)) ]
	edge cli e1 network --json | jq -e '.networks[] |
		select(.prefix == "192.0.2.66/32") |
		.kind == "deny" and .temporary'
	# it outlasts a reload
	edge cli e1 reload
	[ "$(options stranger 192.0.2.66 1)" = 0 ]
	edge cli e1 network delete 192.0.2.66
	[ "$(options stranger 192.0.2.66 1)" = 1 ]
	run edge cli e1 network delete 192.0.2.66
	[ "$status" = 1 ]
	[[ $output == *"was not set by hand"* ]]
	run edge cli e1 network add 192.0.2.66/24 deny
	[ "$status" = 1 ]
	[[ $output == *"zeroes behind the prefix"* ]]
}

@test "a source that is denied for a while is welcome again by itself" {
	edge cli e1 network deny 192.0.2.66 --for 1h
	edge cli e1 network --json | jq -e '.networks[] |
		select(.prefix == "192.0.2.66/32") |
		.kind == "deny" and .seconds_left > 3500 and .seconds_left <= 3600'
	[ "$(options stranger 192.0.2.66 1)" = 0 ]
	edge cli e1 network deny 192.0.2.66 --for 1
	until_true 10 gone_network 192.0.2.66/32
	[ "$(options stranger 192.0.2.66 1)" = 1 ]
	run edge cli e1 network deny 192.0.2.66 --for soon
	[ "$status" = 2 ]
	[[ $output == *"allowed: seconds"* ]]
}

@test "a network set by hand goes before the file's, and gives it back" {
	edge cli e1 network add 192.0.2.20/31 deny
	[ "$(options phone 192.0.2.20 1)" = 0 ]
	edge cli e1 network delete 192.0.2.20/31
	[ "$(options phone 192.0.2.20 1)" = 1 ]
	edge cli e1 network --json | jq -e '.networks | all(.temporary | not) and
		any(.prefix == "192.0.2.20/31" and .kind == "allow")'
}

@test "a connection of a source that is denied is closed, and comes again" {
	edge exec stranger python3 - >conn 3>&- <<-'END' &
	import socket, sys
	s = socket.create_connection(("192.0.2.11", 5060), 5)
	print("open", flush=True)
	s.settimeout(20)
	print("closed" if s.recv(99) == b"" else "spoken to", flush=True)
	try:
	    s = socket.create_connection(("192.0.2.11", 5060), 5)
	    s.settimeout(20)
	    print("refused" if s.recv(99) == b"" else "taken", flush=True)
	except ConnectionError:
	    print("refused", flush=True)
	END
	until_true 10 grep -q open conn
	edge cli e1 network add 192.0.2.66 deny
	wait
	cat conn
	[ "$(tail -n 1 conn)" = refused ]
	grep -q closed conn
	edge cli e1 network delete 192.0.2.66
	[ "$(options stranger 192.0.2.66 1)" = 1 ]
}

@test "a node that is denied is a node again afterwards" {
	edge cli e1 network add 192.0.2.31 deny
	until_true 10 alive 2
	edge cli e1 network delete 192.0.2.31
	settle 3
}

@test "limits: lowered they drop, raised they let pass, at once" {
	local n

	n=$(reason e1 sip_flood)
	[ "$(options stranger 192.0.2.66 40)" = 40 ]
	edge cli e1 limit set other 1 5
	n=$(options stranger 192.0.2.66 40)
	echo "answered: $n"
	[ "$n" -ge 5 ]
	[ "$n" -le 7 ]
	edge cli e1 limit set other 1000 1000
	[ "$(options stranger 192.0.2.66 200)" = 200 ]
	run edge cli e1 limit
	[[ $output == *"other "*" 1000 "*"by hand"*"50, 100"* ]]
	edge cli e1 limit reset other
	n=$(options stranger 192.0.2.66 200)
	echo "answered: $n"
	[ "$n" -ge 100 ]
	[ "$n" -le 150 ]
	run edge cli e1 limit set nobody 1
	[ "$status" = 1 ]
	[[ $output == *"allowed: invite, register"* ]]
	run edge cli e1 limit set
	[ "$status" = 2 ]
}

@test "reload: a domain comes and goes; a wrong file changes nothing" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@new.example "Max-Forwards: 70")
	[[ $output == "SIP/2.0 403 "* ]]
	run change 's/domains: \[/domains: [new.example, /'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"sip.domains: taken"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@new.example "Max-Forwards: 70")
	[[ $output == "SIP/2.0 200 "* ]]

	cp "$(config)" good.yaml
	sed -i 's/new.example,/new.example, Bad,/; s/id: 1/id: 2/' "$(config)"
	kill -HUP "$(cat "$RUN/e1.pid")"
	until_true 5 grep -q "'Bad' is no host name.*nothing has changed" \
		"$RUN/e1.log"
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@new.example "Max-Forwards: 70")
	[[ $output == "SIP/2.0 200 "* ]]

	cp good.yaml "$(config)"
	run change 's/new.example, //; s/30000-30099/30000-30199/'
	echo "$output"
	[[ $output == *"sip.domains: taken"* ]]
	[[ $output == *"media.interfaces: not taken: takes a restart"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:b@new.example "Max-Forwards: 70")
	[[ $output == "SIP/2.0 403 "* ]]
}

@test "reload: a list that is wrong changes nothing" {
	cp "$RUN/list" good.list
	echo "1 sip:192.0.2.99:5060 0 high" >>"$RUN/list"
	run edge cli e1 dispatcher reload
	[ "$status" = 1 ]
	[[ $output == *"/list:4: priority is \"high\""*"nothing has changed"* ]]
	run edge cli e1 reload
	[ "$status" = 1 ]
	[[ $output == *"/list:4: priority is \"high\""*"nothing has changed"* ]]
	cp good.list "$RUN/list"
	[ "$(active e1)" = 3 ]
}

@test "reload again and again under load: no call is lost" {
	(for ((i = 0; i < 8; i++)); do
		change 's/domains: \[/domains: [x.example, /'
		edge cli e1 network add 198.51.100.0/24 deny
		change 's/x.example, //; s/copy: 1/copy: 0/'
		edge cli e1 network delete 198.51.100.0/24
		sleep 0.3
	done) >/dev/null 3>&- &
	calls reloads 40 160 -sn uac -d 100
	wait
}

# node CALL-ID: the target that an OPTIONS of that Call-ID goes to
node()
{
	local before

	before=$(edge cli e1 stats sip --json)
	ask phone 192.0.2.20 5070 192.0.2.11 >/dev/null <<-END
	OPTIONS sip:b@example.com SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.20:5070;branch=z9hG4bK$RANDOM
	From: <sip:a@example.com>;tag=$RANDOM
	To: <sip:b@example.com>
	Call-ID: $1
	CSeq: 1 OPTIONS
	Max-Forwards: 70
	Content-Length: 0

	END
	edge cli e1 stats sip --json | jq -r --argjson b "$before" \
		'. as $a | range(.targets | length) | select($a.targets[.].requests
		> $b.targets[.].requests) | $a.targets[.].address'
}

@test "a set becomes one of mode kamailio by a reload: its hash, its order" {
	run change 's/{name: farm, id: 1}/{name: farm, id: 1, mode: kamailio}/'
	echo "$output"
	[[ $output == *"sip.sets: taken"* ]]
	# 2175018094, 3653088559 and 119 modulo 3; the last of the file is first
	[ "$(node a84b4c76e66710@pc33.atlanta.com)" = 192.0.2.32:5060 ]
	[ "$(node 1-12345@127.0.0.1)" = 192.0.2.32:5060 ]
	[ "$(node x)" = 192.0.2.31:5060 ]
	change 's/, mode: kamailio//'
	edge cli e1 dispatcher --json | jq -e '[.targets[].slots_permille] |
		all(. > 300 and . < 367)'
}

@test "dispatcher ping says what came back" {
	run edge cli e1 dispatcher ping sip:192.0.2.31:5060
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "set 1  sip:192.0.2.31:5060  200 in "*" ms; active" ]]
	edge quiet f3
	run edge cli e1 dispatcher ping
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"sip:192.0.2.33:5060  no answer within 900 ms; "* ]]
	run edge cli e1 dispatcher ping sip:192.0.2.99
	[ "$status" = 1 ]
	[[ $output == *"no target sip:192.0.2.99; carom dispatcher list"* ]]
	nodes -sn uas
	settle 3
}

@test "codes that are no sign of life: by reload, and the reason says it" {
	change 's/probe: {/probe: {accept: [404], /'
	until_true 10 alive 0
	run edge cli e1 dispatcher
	[[ $output == *"failed, the last by answer 200"* ]]
	run edge cli e1 dispatcher ping sip:192.0.2.31:5060
	[ "$status" = 1 ]
	[[ $output == *"200 in "*"no sign of life (sip.probe.accept)"* ]]
	change 's/accept: \[404\], //'
	settle 3
}

@test "an attribute of no effect here is named; a duid names its target" {
	sed 's/$/ 0 0 duid=a;maxload=5/; 1s/duid=a/duid=one/' "$RUN/list" >new
	cp "$RUN/list" old
	cp new "$RUN/list"
	run edge cli e1 dispatcher reload
	echo "$output"
	[[ $output == *"line "*" and 2 more: attribute maxload: "*"read; "* ]]
	grep -q "line .* and 2 more: attribute maxload: " "$RUN/e1.log"
	run edge cli e1 dispatcher
	[[ $output == *DUID*" one "* ]]
	run edge cli e1 dispatcher ping one
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "set 1  sip:192.0.2.31:5060  200 in "* ]]
	cp old "$RUN/list"
	edge cli e1 dispatcher reload
}

@test "status says that SIP is on, and who is alive" {
	edge cli e1 status --json | jq -e '.sip.on and .sip.listeners == 4 and
		.sip.sets == [{id: 1, usable: 3, targets: 3}]'
	edge cli e1 dispatcher set sip:192.0.2.31:5060 disabled
	run edge cli e1 status
	[[ $output == *"sip     forwarded, 4 listeners"* ]]
	[[ $output == *"set 1   2 of 3 targets usable"* ]]
	edge cli e1 dispatcher set sip:192.0.2.31:5060 active
}

@test "stats sip: what the agent answered, and why; top has rates" {
	local n

	n=$(edge cli e1 stats sip --json | jq '[.agent.outcomes[] |
		select(.code == 483) | .count] | add // 0')
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 0")
	edge cli e1 stats sip --json | jq -e --argjson n "$n" '.agent.outcomes[] |
		select(.code == 483) | .count == $n + 1 and
		.reason == "Too Many Hops"'
	edge cli e1 stats sip --json | jq -e '.agent.events.probed > 0 and
		.reasons.sip_max_forwards.class == "punt"'
	calls rates 40 100 -sn uac -d 50 3>&- &
	edge cli e1 top --once --interval 2 --json >top.json
	wait
	jq -e '.sip.forwarded_ps > 0 and .sip.requests.INVITE > 0 and
		.sip.responses["2xx"] > 0 and (.sip.targets | length) == 3' \
		top.json
}

@test "capture sip: what the kernel forwards, and what it leaves, as a file" {
	timeout 60 "$E" cli e1 capture sip --write all.pcap 2>said 3>&- &
	until_true 5 copies 1
	run timeout 60 "$E" cli e1 capture sip
	[ "$status" = 1 ]
	[[ $output == *"somebody captures already"* ]]
	TO=192.0.2.11:5060 calls captured 40 10 -sn uac -d 50
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:192.0.2.11 "Max-Forwards: 70")
	sleep 0.3
	kill -INT "$(pgrep -f -- "capture --config $RUN/e1.yaml sip --write")"
	wait
	cat said
	tshark -r all.pcap -Y sip -T fields -e sip.Method >fields 2>/dev/null
	cat fields
	[ "$(grep -c ^INVITE fields)" = 10 ]
	[ "$(grep -c ^BYE fields)" = 10 ]
	[ "$(grep -c ^OPTIONS fields)" -ge 1 ]
	copies 0
	# a second reader has the ring now
	timeout 60 "$E" cli e1 capture sip --count 1 --json | jq -e '.text |
		startswith("SIP/2.0 200")'
}
