# SPDX-License-Identifier: BSD-2-Clause
# Calls whose media goes by a TURN server: Debian's coturn, in front of the appliance, and a
# phone that nothing of ours reaches in any other way

load lib
# shellcheck source=tests/integration/baresip.bash
. "$ROOT/tests/integration/baresip.bash"

TURN4=203.0.113.1 # of access, as the appliance's wan sees it
TURN6=2001:db8:c::1
TURN_FOR=3478

setup_file()
{
	carom_only
	lab start kamailio
	appliance attach
}

teardown_file()
{
	lab stop kamailio
	engine_down
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	tones
}

teardown()
{
	end_calls
	inside access nft flush ruleset
	appliance stop
	rm -f "$LAB_RUN"/carom.db* "$LAB_RUN/more.yaml"
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; tail -n 40 turn.log phone/out; }
}

turn_listens() { inside access ss -Hlun "sport = :$TURN_FOR" | grep -q .; }
turn_gone() { ! turn_listens; }

# turn_up ARGS...: coturn on access, at AT; TURN is its process
turn_up()
{
	become access timeout -k 2 120 turnserver -n --listening-ip="${AT:-$TURN4}" \
		--relay-ip="${AT:-$TURN4}" --listening-port="$TURN_FOR" --no-tls --no-dtls --no-cli \
		--realm=example.org --userdb="$PWD/turndb" --pidfile="$PWD/turn.pid" \
		--log-file=stdout --simple-log --verbose --min-port=50000 --max-port=50999 \
		"$@" >turn.log 2>&1 3>&- &
	TURN=$!
	LAB_PIDS+=("$TURN")
	wait_for 5 turn_listens
}

LONG_TERM=(--lt-cred-mech --user=carom:secret)

# agent_up LINE...: with these under media.turn, and MORE before it
agent_up()
{
	{
		printf '%s\n' "${MORE:-}"
		printf '  turn:\n    server: "udp:%s:%s"\n    ready: 2\n' "${SERVER:-$TURN4}" "$TURN_FOR"
		printf '    %s\n' "$@"
	} >"$LAB_RUN/more.yaml" # behind media's last line
	appliance start
}

turn_says() { ngc send '{"command": "statistics"}' | jq -r ".statistics.turn.$1"; }
turn_ready() { [ "$(turn_says ready)" = 2 ]; }

# Bob and the appliance see each other no more; what SIP takes goes by the farm
apart()
{
	inside access nft -f - <<-END
	table ip lab {
		chain forward {
			type filter hook forward priority 0
			ip saddr $WAN4 ip daddr $BOB4 counter drop
			ip saddr $BOB4 ip daddr $WAN4 counter drop
		}
	}
	END
}

legs_why() { [ "$(carom legs --json | jq -r '[.legs[] | select(.media == "rtp" or .media == "srtp") | .why] | unique | join(" ")')" = "$1" ]; }
flows_by_turn() { [ "$(turn_says received)" -gt 20 ] && [ "$(turn_says sent)" -gt 20 ]; }
given_back() { [ "$(turn_says '"in use"')" = 0 ] && [ "$(turn_says ready)" = 2 ]; }

# RTCP goes by it as well
reports_of_bob()
{
	local id

	id=$(ngc send '{"command": "list"}' | jq -r '.calls[0]')
	ngc send "{\"command\": \"query\", \"call-id\": \"$id\"}" |
		jq -e '[.. | .agent? // empty | select(.relay.selected)][0].RTCP > 0' >/dev/null
}

# relayed_call USER WHY: alice calls, both hear each other, by the relay alone; REPORTS: for
# so many ms, until one of his has come
relayed_call()
{
	capture alice
	caller alice uac "$ALICE4" "$1" "${REPORTS:-5000}" &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 legs_why "$2"
	wait_for 5 flows_by_turn
	[ "$(turn_says selected)" = 1 ]
	${REPORTS:+wait_for 8 reports_of_bob}
	wait $pid
	hears alice "$ALICE4" 660 100
	no_gaps alice "$ALICE4"
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
	wait_for 5 no_calls
	wait_for 5 given_back
}

@test "RTP by a relay, where there is no other way" {
	turn_up "${LONG_TERM[@]}"
	agent_up "username: carom" "password: secret"
	apart
	wait_for 5 turn_ready
	baresip_bob pcma/8000/1 "" ice
	REPORTS=9000 relayed_call bob-ice-full relay
	carom stats media | grep -q '^allocated '
	carom metrics | grep -q '^carom_turn_received_packets_total [1-9]'
}

@test "DTLS-SRTP by a relay, and a name that is made of a secret" {
	turn_up --use-auth-secret --static-auth-secret=north
	agent_up "secret: north"
	apart
	wait_for 5 turn_ready
	baresip_bob pcma/8000/1 dtls_srtp ice
	relayed_call bob.full.PCMA srtp
}

@test "a server by IPv6 has addresses of its family" {
	AT=$TURN6 turn_up "${LONG_TERM[@]}"
	SERVER="[$TURN6]" agent_up "username: carom" "password: secret"
	wait_for 5 turn_ready
	printf 'v=0\r\no=- 1 1 IN IP6 %s\r\ns=-\r\nc=IN IP6 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n' \
		"$ALICE6" "$ALICE6" >offer.sdp
	ngc send "$(jq -nc --rawfile sdp offer.sdp '{command: "offer", "call-id": "six", "from-tag": "a",
		ICE: "force", "ICE-lite": "off", sdp: $sdp}')" >reply.json
	jq -r .sdp reply.json | tr -d '\r' | grep "^a=candidate:2 1 UDP 16776959 $TURN6 5[0-9]* typ relay raddr $WAN6 rport [0-9]*$"
	ngc send '{"command": "delete", "call-id": "six", "from-tag": "a"}'
	wait_for 5 given_back
}

@test "where AF_XDP cannot be had, by plain sockets" {
	turn_up "${LONG_TERM[@]}"
	MORE='  worker-sockets: plain' agent_up "username: carom" "password: secret"
	apart
	wait_for 5 turn_ready
	baresip_bob pcma/8000/1 "" ice
	relayed_call bob-ice-full relay
}

direct() { [ "$(carom legs --json | jq '[.legs[] | select(.media == "rtp" and .state == "relay" and .packets > 20)] | length')" = 2 ]; }

@test "the direct way is the better one: the relay is given back" {
	turn_up "${LONG_TERM[@]}"
	agent_up "username: carom" "password: secret"
	wait_for 5 turn_ready
	baresip_bob pcma/8000/1 "" ice
	capture alice
	caller alice uac "$ALICE4" bob-ice-full 6000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 5 direct
	wait_for 6 given_back
	[ "$(turn_says allocated)" = 3 ]
	direct
	wait $pid
	hears alice "$ALICE4" 660 200
	no_gaps alice "$ALICE4"
}

@test "an agent that is killed comes back to its relays" {
	turn_up "${LONG_TERM[@]}"
	agent_up "username: carom" "password: secret"
	apart
	wait_for 5 turn_ready
	baresip_bob pcma/8000/1 "" ice
	capture alice
	caller alice uac "$ALICE4" bob-ice-full 8000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 legs_why relay
	wait_for 5 flows_by_turn
	appliance kill
	appliance start
	wait_for 5 flows_by_turn
	[ "$(turn_says selected)" = 1 ]
	wait $pid
	heard alice "$ALICE4" | tee heard.json
	# one hole, for as long as there was no agent
	jq -es 'all(.hears == 660 and .gaps <= 1) and (map(.packets) | add) >= 250' heard.json
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
	# the one that it had, and was given back
	[ "$(grep -c 'session.*: new,' turn.log)" = $((3 + 2)) ]
	wait_for 5 given_back
}

said() { grep -q "$1" "$LAB_RUN/caromd.log"; }

@test "a server that does not know us, or is not there: said, and calls go on without" {
	turn_up "${LONG_TERM[@]}"
	agent_up "username: carom" "password: another"
	wait_for 5 said "TURN server $TURN4:$TURN_FOR: denied: 401"
	[ "$(turn_says state)" = denied ]
	[ "$(turn_says failed.denied)" -ge 1 ]
	kill "$TURN"
	wait_for 5 turn_gone
	baresip_bob pcma/8000/1 "" ice
	capture alice
	caller alice uac "$ALICE4" bob-ice-full 3000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 5 direct
	[ "$(turn_says missing)" -ge 1 ]
	wait $pid
	hears alice "$ALICE4" 660 100
	no_gaps alice "$ALICE4"
}

silenced() { carom legs --json | jq -e 'any(.legs[]; .state == "held" and .why == "consent")' >/dev/null; }

@test "a server that forgets what it had: nothing is sent into the dark" {
	turn_up "${LONG_TERM[@]}"
	agent_up "username: carom" "password: secret"
	apart
	wait_for 5 turn_ready
	TALKS=60 baresip_bob pcma/8000/1 "" ice
	caller alice uac "$ALICE4" bob-ice-full 55000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 legs_why relay
	wait_for 5 flows_by_turn
	# it starts again, on the same port: consent is not given by anybody any more
	kill "$TURN"
	wait_for 5 turn_gone
	turn_up "${LONG_TERM[@]}"
	wait_for 40 silenced
	said "ICE: consent lost"
}

# Alice's browser is apart; the plain phone in the same place, at ports 20000 to 20003, is not
browser_apart()
{
	inside access nft -f - <<-END
	table ip lab {
		chain forward {
			type filter hook forward priority 0
			ip saddr $WAN4 ip daddr $ALICE4 udp dport != 20000-20003 drop
			ip saddr $ALICE4 ip daddr $WAN4 udp sport != 20000-20003 drop
		}
	}
	END
}

# browser ARGS...: as in agent.bats, by the relay alone
browser()
{
	command -v chromium >/dev/null || skip "no chromium here"
	turn_up "${LONG_TERM[@]}"
	MORE='  ice: full' agent_up "username: carom" "password: secret"
	browser_apart
	wait_for 5 turn_ready
	inside alice ip link set lo up
	inside alice "$ROOT/tools/lab.d/browser.py" --ng "$LAN4:$NG_PORT" \
		--addr "$ALICE4" --open "$@" >heard.json &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 20 flows_by_turn
	wait $pid
	cat heard.json
	jq -e '.browser == 660 and .phone == 440 and .ice == "connected" and
		.dtls == "connected"' heard.json
}

@test "a browser calls, by a relay" { browser; }

@test "a browser is called with sound and pictures by one port, and that by a relay" {
	browser --video max-bundle --called
	jq -e '.sections == 2 and .transports == 1 and .saw and .asked' heard.json
}
