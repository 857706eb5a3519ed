# SPDX-License-Identifier: BSD-2-Clause
# A wire that loses, doubles, delays packets and puts them out of order (the lab's own,
# tools/lab.d/impair.c), in front of a call that is transcoded: both hear each other, one
# stream without a step, and what ng tells is what the wire did

load lib
# shellcheck source=tests/integration/baresip.bash
. "$ROOT/tests/integration/baresip.bash"

# shellcheck source=tools/lab.d/impair.sh
. "$ROOT/tools/lab.d/impair.sh"

BAD=(loss=3 duplicate=1 reorder=2 jitter=30 seed=6)
TALKS=30

setup_file() { proxy_up; }

teardown_file() { proxy_down; }

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	tones
}

teardown()
{
	end_calls
	good_wire alice
	good_wire bob
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; tr '\r' '\n' <phone/out | grep -v bit/s; cat ./*.impair ./*.json; }
}

# agent_has PORT: what the workers say of what came to a port of ours
agent_has()
{
	ngc send "{\"command\": \"query\", \"call-id\": \"$ID\"}" >query.json
	jq "[.. | objects | select(.\"local port\"? == $1) | .. | .agent? // empty] | .[0]" query.json
}

# wire_did HOST FILTER: of the stream with most packets, which is the sound
wire_did() { jq -es "max_by(.packets) | $2" "$1.impair"; }

# all that came through has been counted
counted()
{
	agent_has "$PORT" >agent.json
	[ "$(jq .packets agent.json)" = "$CAME" ]
}

# bad_call USER HOST WAY REPEATED: alice calls, the wire at HOST is bad for five seconds of
# speech, which begin when the worker has the call, and cut then; what the worker counted,
# REPEATED naming what has doubles
bad_call()
{
	capture alice
	capture bob
	bad_wire "$2" "$3" shut=1 packets=250 "${BAD[@]}"
	caller alice uac "$ALICE4" "$1" 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 10 in_agent
	ID=$(ngc send '{"command": "list"}' | jq -r '.calls[0]')
	open_wire "$2"
	wait_for 30 wire_done "$2"
	cut_wire "$2"
	cat "$2.impair"
	PORT=$(wire_did "$2" '.to | split(":")[1] | tonumber')
	# enough of everything to speak of
	wire_did "$2" '.packets > 200 and .lost >= 4 and .duplicated >= 2 and .reordered >= 2 and .["delay ms"] > 20'
	CAME=$(wire_did "$2" ".packets - .lost $4")
	wait_for 5 counted
	jq -s 'add' agent.json <(wire_did "$2" '{wire: .}') | tee both.json
	good_wire "$2"
	hang_up alice "$ALICE4"
	wait $pid
	wait_for 5 no_calls
}

@test "PCMA to G.722 through a bad wire" {
	baresip_bob g722/16000/1
	bad_call bob-g722 alice from "+ .duplicated"
	jq -e '.lost == .wire.lost and .late == .wire.duplicated and .malformed == 0 and
		.decoded == .packets - .late and .["concealed ms"] == 20 * .lost' both.json
	# and heard: MOS in tenths, loss in percent
	jq -e '[.SSRC[]["lowest MOS"]] | min_by(.MOS) | .MOS < 43 and .["packet loss"] >= 1' query.json
	# nothing of that is seen at the far end: one packet each 20 ms
	"$ROOT/tools/lab.d/tone.py" numbers bob.pcap "$BOB4" | tee numbers.json
	jq -es 'max_by(.packets) | .packets > 200 and .gaps == 0 and .repeats == 0' numbers.json
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
	hears alice "$ALICE4" 660 200
}

# What comes twice is a replay, and never gets as far as the codec
@test "Opus in SRTP through a bad wire to PCMA" {
	baresip_bob opus/48000/2 srtp-mand
	bad_call bob-opus-srtp bob from "+ .duplicated - .duplicated"
	jq -e '.lost == .wire.lost and .replayed == .wire.duplicated and .late == 0 and
		.["not authentic"] == 0 and .decoded == .packets and
		.["concealed ms"] == 20 * .lost' both.json
	hears alice "$ALICE4" 660 200
	no_gaps alice "$ALICE4"
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}

# The agent's own packets, on their way to a phone
@test "G.722 from the agent through a bad wire" {
	baresip_bob g722/16000/1
	capture alice
	bad_wire bob to "${BAD[@]}"
	caller alice uac "$ALICE4" bob-g722 5000
	cut_wire bob
	cat bob.impair
	wire_did bob '.packets > 200 and .lost >= 4'
	"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
	hears alice "$ALICE4" 660 200
}
