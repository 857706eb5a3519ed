# SPDX-License-Identifier: BSD-2-Clause
# Media that the kernel cannot settle: baresip answers with other codecs and with
# SRTP than sipp calls with. What each hears is judged by its tone

load lib
# shellcheck source=tests/integration/baresip.bash
. "$ROOT/tests/integration/baresip.bash"

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
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; cat phone/out; }
}

why() { carom legs --json | jq -r '.legs[] | select(.media != "rtcp") | .why' | sort -u; }

# agent_call USER WHY: alice calls until both have talked for two seconds; both hear each
# other's tone, and the media went through the workers
agent_call()
{
	capture alice
	caller alice uac "$ALICE4" "$1" 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	[ "$(why)" = "$2" ]
	talk 110
	hang_up alice "$ALICE4"
	wait $pid
	hears alice "$ALICE4" 660 100
	no_gaps alice "$ALICE4"
	wait_for 5 no_calls
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}

@test "PCMA to PCMU" {
	baresip_bob pcmu/8000/1
	agent_call bob-pcmu transcoding
}

# scraped PATH: what Prometheus, on the farm, gets by HTTP
scraped()
{
	printf 'GET %s HTTP/1.1\r\nHost: carom\r\n\r\n' "$1" |
		inside farm socat -t 1 - "TCP:$LAN4:9640" | tr -d '\r'
}

# A figure of `carom metrics`: METRIC [LABELS]
metric() { carom metrics | awk -v m="$1$2" '$1 == m { print $2 }'; }

@test "what media workers and bridges did: carom stats media, carom metrics" {
	baresip_bob pcmu/8000/1
	local before
	before=$(metric carom_transcoded_sessions_total)
	agent_call bob-pcmu transcoding
	carom stats media --json | tee figures
	jq -e '.by != "" and (.workers | length > 0) and
		([.workers[].received] | add > 100) and
		([.workers[].sent] | add > 100) and
		(.workers | all(.wakes >= .batches and .cpu_seconds > 0 and
			.load >= 0 and .dropped.queue_full == 0)) and
		.bridges.decoded > 100 and .bridges.encoded > 100 and
		.bridges.dropped.not_authentic == 0 and
		.sessions.refused == {sessions: 0, load: 0, bandwidth: 0}' figures
	carom stats media | grep -q '^decoded .* Packets decoded'
	# the call is over: what it counted stays
	[ "$(metric carom_transcoded_sessions_total)" -eq $((before + 1)) ]
	[ "$(metric carom_transcoded_sessions)" = 0 ]
	[ "$(metric carom_bridge_decoded_packets_total)" = "$(jq .bridges.decoded figures)" ]
	[ "$(metric carom_agent_up)" = 1 ]
	[ "$(metric carom_legs '{state="agent"}')" = 0 ]
	# the text format: a metric has one head, before its samples, which are together
	carom metrics >text
	awk '/^# HELP/ { help = $3; next }
		/^# TYPE/ { if ($3 != help || seen[$3]++ ||
			($4 != "counter" && $4 != "gauge")) exit 1; now = $3; type = $4; next }
		{ name = $1; sub(/[{].*/, "", name)
		  if (name != now || $2 !~ /^[0-9.]+$/ || NF != 2 ||
			(type == "counter") != (name ~ /_total$/)) exit 1 }' text
	# the agent says the same by HTTP
	scraped /metrics >http
	head -1 http | grep -q '^HTTP/1.1 200 OK$'
	grep -q '^Content-Type: text/plain; version=0.0.4' http
	diff <(grep '^#' text) <(grep '^#' http)
	grep -qx 'carom_agent_up 1' http
	[ "$(awk '$1 == "carom_bridge_decoded_packets_total" { print $2 }' http)" = "$(jq .bridges.decoded figures)" ]
	scraped /etc/passwd | head -1 | grep -q ' 404 '
	# without the agent there is what the kernel knows
	appliance kill
	[ "$(metric carom_agent_up)" = 0 ]
	[ "$(metric carom_packets_total '{reason="agent",class="relay"}')" -gt 100 ]
	run carom stats media
	[ "$status" = 1 ]
	[[ $output == *"no agent listens"* ]]
	appliance start
}

# Both ways have been listened to for long enough
judged()
{
	ngc send "{\"command\": \"query\", \"call-id\": \"$(<id)\"}" >query.json
	jq -e '[.SSRC[]["average MOS"]] | length == 2 and all(.samples >= 1)' query.json >/dev/null
}

@test "how it sounds, each way: query, carom legs, carom calls" {
	baresip_bob pcmu/8000/1
	caller alice uac "$ALICE4" bob-pcmu 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	ngc send '{"command": "list"}' | jq -r '.calls[0]' >id
	wait_for 10 judged
	jq -e '[.SSRC[]["average MOS"]] | length == 2 and
		all(.MOS >= 40 and .MOS <= 45 and .samples >= 1 and .["packet loss"] == 0)' query.json
	jq -e '[.. | .agent? // empty | .["MOS in"]] | length == 2 and all(.lowest > 4)' query.json
	carom legs --json >legs.json
	jq -e '[.legs[] | select(.media == "rtp") | .rtp] | length == 2 and
		all(.mos_in > 4 and .mos_out > 4)' legs.json
	carom calls --json | jq -e '.calls[0].mos_min > 4'
	hang_up alice "$ALICE4"
	wait $pid
}

@test "PCMA to G.722" {
	baresip_bob g722/16000/1
	agent_call bob-g722 transcoding
}

@test "PCMA to Opus" {
	baresip_bob opus/48000/2
	agent_call bob-opus transcoding
}

@test "RTP to SRTP" {
	baresip_bob pcma/8000/1 srtp-mand
	agent_call bob-srtp srtp
}

@test "RTP to SRTP that was offered in RTP/AVP (OSRTP)" {
	baresip_bob pcma/8000/1 srtp
	agent_call bob-osrtp srtp
}

@test "PCMA in RTP to Opus in SRTP" {
	baresip_bob opus/48000/2 srtp-mand
	agent_call bob-opus-srtp transcoding
}

# record_call USER: alice calls; what was said is in the WAV: she left, bob right
record_call()
{
	local id

	rm -rf "$LAB_RUN/rec"/*
	caller alice uac "$ALICE4" "$1" 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	id=$(ngc send '{"command": "list"}' | jq -r '.calls[0]')
	ngc send "{\"command\": \"start recording\", \"call-id\": \"$id\",
		\"recording-format\": [\"wav\", \"opus\", \"pcap\"]}"
	talk 110
	hang_up alice "$ALICE4"
	wait $pid
	wait_for 5 no_calls
	opusinfo "$LAB_RUN/rec"/*.opus >info
	! grep -i "warning\|error" info
	opusdec --rate 8000 "$LAB_RUN/rec"/*.opus opus.wav
	"$ROOT/tools/lab.d/tone.py" judge opus.wav 440
	"$ROOT/tools/lab.d/tone.py" judge opus.wav 660 1
	"$ROOT/tools/lab.d/tone.py" judge "$LAB_RUN/rec"/*.wav 440
	"$ROOT/tools/lab.d/tone.py" judge "$LAB_RUN/rec"/*.wav 660 1
}

@test "a recording of SRTP has what was said" {
	baresip_bob pcma/8000/1 srtp-mand
	record_call bob-srtp
	# and the pcap is in the clear, of whole packets
	tshark -r "$LAB_RUN/rec"/*.pcap -d udp.port==30000-39999,rtp \
		-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields \
		-e rtp.p_type -e ip.checksum.status -e udp.checksum.status \
		-Y rtp 2>/dev/null | sort -u | tee seen
	[ "$(cat seen)" = "$(printf '8\t1\t1')" ]
}

@test "a recording of Opus in SRTP, transcoded" {
	baresip_bob opus/48000/2 srtp-mand
	record_call bob-opus-srtp
}

# ClientHellos of Bob's, without a cookie: the ports that they went to
hellos() { tshark -r bob.pcap -Y 'dtls.handshake.type == 1 && dtls.handshake.cookie_length == 0' -T fields -e udp.dstport 2>/dev/null; }

rtcp_of_bob() { tshark -r alice.pcap -d udp.port==6001,rtcp -Y "rtcp.pt == 200 && ip.dst == $ALICE4" -T fields -e udp.dstport 2>/dev/null | grep -qx 6001; }

# Bob does not mux: his RTCP has an association of its own, by its port
@test "RTCP of DTLS-SRTP that is not muxed" {
	baresip_bob pcma/8000/1 dtls_srtp
	capture alice
	caller alice uac "$ALICE4" bob-dtls 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	ngc send '{"command": "list"}' | jq -r '.calls[0]' >id
	wait_for 5 rtcp_secured
	wait_for 10 rtcp_of_bob
	talk 20
	hang_up alice "$ALICE4"
	wait $pid
	hears alice "$ALICE4" 660 100
}

rtcp_secured() { ngc send "{\"command\": \"query\", \"call-id\": \"$(<id)\"}" | jq -e '[.. | .agent? // empty | ."DTLS of RTCP" // empty] == ["up"]' >/dev/null; }

# His first datagram comes before his answer has been at Kamailio and here
@test "RTP to DTLS-SRTP: a ClientHello is heard the first time" {
	baresip_bob pcma/8000/1 dtls_srtp
	capture bob
	agent_call bob-dtls srtp
	# of RTP, and of RTCP, which he does not mux
	hellos | tee said
	[ "$(wc -l <said)" = 2 ] && [ "$(sort -u said | wc -l)" = 2 ]
}

@test "PCMA in RTP to Opus in DTLS-SRTP" {
	baresip_bob opus/48000/2 dtls_srtp
	agent_call bob-opus-dtls transcoding
}

@test "RTP to DTLS-SRTP with ICE" {
	baresip_bob pcma/8000/1 dtls_srtp ice
	agent_call bob-ice srtp
	! grep -q "ICE not supported" phone/out
	grep -q "wait_secure=1" phone/out
}

# Chromium is not among what the tests install
ice_relayed() { carom legs --json | jq -e '[.legs[] | select(.media == "rtp" and .state == "relay" and .packets > 20)] | length == 2' >/dev/null; }

@test "RTP with ICE: the kernel relays once it is known where the phone is" {
	baresip_bob pcma/8000/1 "" ice
	capture alice
	caller alice uac "$ALICE4" bob-ice-rtp 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 ice_relayed
	# checks of consent go on meanwhile, and are answered by the agent
	talk 100
	[ "$(carom legs --json | jq '[.legs[] | select(.state == "agent")] | length')" = 0 ]
	hang_up alice "$ALICE4"
	wait $pid
	hears alice "$ALICE4" 660 100
	no_gaps alice "$ALICE4"
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}

# Both sides are full: we offer, so we check, nominate, and ask for consent
bob_says() { carom legs >/dev/null && ngc send "{\"command\": \"query\", \"call-id\": \"$1\"}" | jq -r '[.. | .agent? // empty | select(has("ICE"))][0] | '"$2"; }

# consents ID: his consent is younger than it was, and that was old: he was asked again, in
# his time. AGE: what it was
consents()
{
	local was=$AGE

	AGE=$(bob_says "$1" '."consent ms"')
	[ "$AGE" -lt "$was" ] && [ "$was" -gt 3000 ]
}

@test "RTP with ICE as the full side: the pair is ours to find, and its consent is asked for" {
	local id

	baresip_bob pcma/8000/1 "" ice
	capture alice
	caller alice uac "$ALICE4" bob-ice-full 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 ice_relayed
	id=$(ngc send '{"command": "list"}' | jq -r '.calls[0]')
	[ "$(bob_says "$id" '."ICE role"')" = controlling ]
	# asked again 4 to 6 s after it was found, and answered
	AGE=0
	wait_for 10 consents "$id"
	talk 50
	[ "$(carom legs --json | jq '[.legs[] | select(.state == "agent")] | length')" = 0 ]
	hang_up alice "$ALICE4"
	wait $pid
	hears alice "$ALICE4" 660 100
	no_gaps alice "$ALICE4"
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}

@test "a browser calls a plain phone" {
	command -v chromium >/dev/null || skip "no chromium here"
	inside alice ip link set lo up
	inside alice "$ROOT/tools/lab.d/browser.py" --ng "$LAN4:$NG_PORT" \
		--addr "$ALICE4" >heard.json
	cat heard.json
	jq -e '.browser == 660 and .phone == 440 and .ice == "connected" and
		.dtls == "connected"' heard.json
}

# bundled ARGS...: sound and pictures of a browser by one port
bundled()
{
	command -v chromium >/dev/null || skip "no chromium here"
	inside alice ip link set lo up
	inside alice "$ROOT/tools/lab.d/browser.py" --ng "$LAN4:$NG_PORT" \
		--addr "$ALICE4" "$@" >heard.json &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 20 is_bundled
	wait $pid
	cat heard.json
	jq -e '.browser == 660 and .phone == 440 and .ice == "connected" and
		.dtls == "connected" and .sections == 2 and .transports == 1 and
		.saw and .asked' heard.json
}

is_bundled() { carom legs --json | jq -e 'any(.legs[]; .why == "bundle")' >/dev/null; }

@test "a browser calls with sound and pictures, bundled where both ends can" {
	bundled --video balanced
}

@test "a browser calls with sound and pictures by one port alone" {
	bundled --video max-bundle
}

@test "a browser is called, and has one port for sound and pictures" {
	bundled --video max-bundle --called
}

# heard_anew N: so much of a second stream
heard_anew() { heard alice "$ALICE4" | jq -es --argjson n "$1" '.[1].packets >= $n' >/dev/null; }

# Relayed calls do not notice. These do: for as long as it takes to come back
@test "an agent that is killed comes back to its calls" {
	baresip_bob opus/48000/2 srtp-mand
	capture alice
	caller alice uac "$ALICE4" bob-opus-srtp 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	sleep 1
	appliance kill
	appliance start
	wait_for 10 heard_anew 100
	hang_up alice "$ALICE4"
	wait $pid
	heard alice "$ALICE4" | tee heard.json
	jq -es 'length == 2 and all(.hears == 660 and .gaps == 0) and
		.[1].packets >= 100' heard.json
	wait_for 5 no_calls
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}
