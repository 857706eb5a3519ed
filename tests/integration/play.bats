# SPDX-License-Identifier: BSD-2-Clause
# What ng plays into a call that the kernel relays: files, digits, silence. Judged on
# the wire of who hears it: tones, and one stream without a gap. And digits that are dialled

load lib

setup_file() { proxy_up; }

teardown_file() { proxy_down; }

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	tones
	"$ROOT/tools/lab.d/tone.py" wav 1000 16000 2 "$PWD/music.wav"
	chmod a+rx "$PWD/.." "$PWD"
	chmod a+r music.wav
}

teardown()
{
	end_calls
	[ -n "$BATS_TEST_COMPLETED" ] || show_logs
}

relayed() { carom legs --json | jq -e '[.legs[] | select(.media == "rtp" and .state == "relay" and .packets > 10)] | length == 2' >/dev/null; }

# begin: alice calls bob, and talks until the end; ID is the call's
begin()
{
	capture alice
	capture bob
	callee bob uas "$BOB4"
	caller alice uac "$ALICE4" bob 50000 &
	LAB_PIDS+=($!)
	wait_for 10 relayed
	ID=$(ngc send '{"command": "list"}' | jq -r '.calls[0]')
	TAG=$(ngc send "{\"command\": \"query\", \"call-id\": \"$ID\"}" |
		jq -r '[.tags[]] | sort_by(.created) | .[0].tag')
}

end()
{
	hang_up alice "$ALICE4"
	wait "$CALLEE"
	wait_for 5 no_calls
}

ask() # COMMAND REST
{
	ngc send "{\"command\": \"$1\", \"call-id\": \"$ID\", \"from-tag\": \"$TAG\"$2}" |
		tee reply
	[ "$(jq -r .result reply)" = ok ]
}

# shares HOST ADDR HZ...: what part of all that it heard is at each, of its one stream
shares()
{
	"$ROOT/tools/lab.d/tone.py" find "$1.pcap" "$2" "${@:3}" | tee shares
	jq -es 'length == 1 and .[0].gaps == 0' shares >/dev/null
}

playing() { carom legs --json | jq -e '[.legs[] | select(.why == "playing")] | length == 4' >/dev/null; }

# The kernel has all of them
all_relayed() { carom legs --json | jq -e '[.legs[] | select(.state == "agent")] | length == 0' >/dev/null; }

@test "a file is played to one of them, in the stream that there is" {
	begin
	ask "play media" ", \"file\": \"$PWD/music.wav\", \"repeat-duration\": 3000"
	[ "$(jq .duration reply)" = 10000 ]
	wait_for 2 playing
	# and when it is over, the kernel has them again
	wait_for 10 all_relayed
	talk 150
	end
	shares alice "$ALICE4" 1000 660
	jq -es '.[0].share | .["1000"] > 0.15 and .["660"] > 0.3 and .["1000"] + .["660"] > 0.85' shares
	# bob hears alice all the time
	shares bob "$BOB4" 440
	jq -es '.[0].share["440"] > 0.85' shares
}

@test "what is played can be stopped" {
	begin
	ask "play media" ", \"file\": \"$PWD/music.wav\", \"repeat-times\": 100"
	wait_for 2 playing
	sleep 2
	ask "stop media" ""
	[ "$(jq '.["last-frame-pos"]' reply)" -ge 1500 ]
	all_relayed
	talk 100
	end
	shares alice "$ALICE4" 1000 660
	jq -es '.[0].share | .["1000"] > 0.05 and .["660"] > 0.3' shares
}

@test "an agent that is killed goes on with the file, where it would be by then" {
	local from ms

	"$ROOT/tools/lab.d/tone.py" wav 1000 8000 1 "$PWD/music.wav" 45
	begin
	from=$(date +%s%3N)
	ask "play media" ", \"file\": \"$PWD/music.wav\", \"repeat-times\": 2"
	wait_for 2 playing
	sleep 2
	appliance kill
	appliance start
	wait_for 2 playing
	sleep 1.5
	ask "stop media" ""
	ms=$(($(date +%s%3N) - from))
	# two seconds of before and some of now, at least; and no more than there were
	jq -e --argjson ms "$ms" '.["last-frame-pos"] | . >= 3400 and . <= $ms' reply
	all_relayed
	talk 100
	end
	"$ROOT/tools/lab.d/tone.py" find alice.pcap "$ALICE4" 1000 660 | tee shares
	# what is played from then on is a stream of its own (and bob behind it)
	jq -es 'length == 2 and all(.gaps == 0) and .[1].share["1000"] > 0.2 and
		.[1].share["1000"] + .[1].share["660"] > 0.8' shares
}

# Over ng alone, as the lab's proxy has no music: the SDPs of a hold
sdp_of() # ADDR PORT DIRECTION
{
	printf 'v=0\\r\\no=- 1 1 IN IP4 %s\\r\\ns=-\\r\\nc=IN IP4 %s\\r\\nt=0 0\\r\\nm=audio %s RTP/AVP 8\\r\\na=%s\\r\\n' \
		"$1" "$1" "$2" "$3"
}

@test "who is put on hold hears music, in the stream that there is" {
	begin
	read -r to aport bport <<<"$(ngc send "{\"command\": \"query\", \"call-id\": \"$ID\"}" |
		jq -r '[.tags[]] | sort_by(.created) | "\(.[1].tag) \(.[0].medias[0].streams[0].endpoint.port) \(.[1].medias[0].streams[0].endpoint.port)"')"
	hold() # DIRECTION OF-ALICE
	{
		ask offer ", \"moh\": {\"file\": \"$PWD/music.wav\"}, \"sdp\": \"$(sdp_of "$ALICE4" "$aport" "$1")\""
		jq -r .sdp reply | tr -d '\r' | grep -qx "a=$2"
		ask answer ", \"to-tag\": \"$to\", \"sdp\": \"$(sdp_of "$BOB4" "$bport" sendrecv)\""
	}
	hold inactive sendonly
	wait_for 2 playing
	sleep 2
	hold sendrecv sendrecv
	all_relayed
	talk 100
	end
	shares bob "$BOB4" 1000 440
	jq -es '.[0].share | .["1000"] > 0.15 and .["440"] > 0.3 and .["1000"] + .["440"] > 0.85' shares
}

# own HOST ADDR HZ: it hears itself, in a stream without a gap, where it heard the other
own()
{
	"$ROOT/tools/lab.d/tone.py" find "$1.pcap" "$2" | tee own
	jq -es --argjson hz "$3" 'length == 2 and
		any(.hears == $hz and .gaps == 0 and .packets > 100) and
		any(.hears != $hz and .hears != null)' own
}

@test "who is to hear itself does, and the kernel does it" {
	begin
	read -r to aport bport <<<"$(ngc send "{\"command\": \"query\", \"call-id\": \"$ID\"}" |
		jq -r '[.tags[]] | sort_by(.created) | "\(.[1].tag) \(.[0].medias[0].streams[0].endpoint.port) \(.[1].medias[0].streams[0].endpoint.port)"')"
	ask offer ", \"to-tag\": \"$to\", \"media-echo\": \"both\", \"sdp\": \"$(sdp_of "$ALICE4" "$aport" sendrecv)\""
	ask answer ", \"to-tag\": \"$to\", \"sdp\": \"$(sdp_of "$BOB4" "$bport" sendrecv)\""
	all_relayed
	talk 120
	end
	own alice "$ALICE4" 440
	own bob "$BOB4" 660
}

@test "digits are dialled for one of them: tones, as these phones know no events" {
	begin
	ask "play DTMF" ', "code": "#", "duration": 1000'
	# the other way that phones dial: SIP INFO, whose body a proxy hands over
	ask "play DTMF" ', "content-type": "application/dtmf-relay", "body": "Signal=5\r\nDuration=1000\r\n"'
	wait_for 10 all_relayed
	talk 75
	end
	# bob hears alice no more meanwhile: two tones for # and two for 5, pauses, alice
	shares bob "$BOB4" 941 1477 770 1336 440
	jq -es '.[0].share | all(.["941"], .["1477"], .["770"], .["1336"]; . > 0.04)
		and .["440"] > 0.2' shares
}

@test "one of them is silenced, and heard again" {
	begin
	ask "silence media" ""
	wait_for 2 playing
	sleep 2
	ask "unsilence media" ""
	all_relayed
	talk 100
	end
	shares bob "$BOB4" 440
	jq -es '.[0].share["440"] | . > 0.2 and . < 0.9' shares
	shares alice "$ALICE4" 660
	jq -es '.[0].share["660"] > 0.85' shares
}

told() { [ "$(jq -s length digits)" = "$1" ]; }

@test "digits that a phone dials by tones are told, and the kernel goes on relaying" {
	"$ROOT/tools/lab.d/tone.py" dial "159#" a.alaw
	become farm timeout 30 socat -u UDP4-RECV:2226 - >digits 2>/dev/null 3>&- &
	LAB_PIDS+=($!)
	callee bob uas "$BOB4"
	caller alice uac "$ALICE4" bob-dtmf 50000 &
	LAB_PIDS+=($!)
	wait_for 5 relayed
	all_relayed
	wait_for 10 told 4
	# and none that was not dialled
	talk 50
	hang_up alice "$ALICE4"
	wait "$CALLEE"
	cat digits
	# datagrams follow one another without a line's end
	jq -es 'map(.event) == [1, 5, 9, 11]' digits
	jq -es 'all(.type == "DTMF" and .duration > 60 and .duration < 140 and .source_ip == "'"$ALICE4"'")' digits
}

@test "something else is heard in the place of digits, and the kernel has the call before and after" {
	"$ROOT/tools/lab.d/tone.py" dial "$(printf '1%.0s' {1..200})" a.alaw
	begin
	ask "block DTMF" ', "DTMF-security": "tone", "frequency": 500'
	transcoding() { carom legs --json | jq -e '[.legs[] | select(.why == "transcoding")] | length == 4' >/dev/null; }
	wait_for 2 transcoding
	sleep 3
	ask "unblock DTMF" ''
	all_relayed
	talk 50
	end
	shares bob "$BOB4" 500 697 1209
	jq -es '.[0].share["500"] > 0.1' shares
}

@test "what cannot be played is refused, and why" {
	begin
	run ask "play media" ', "file": "/nowhere.wav"'
	echo "$output"; [ "$status" != 0 ]
	[[ $output == *"/nowhere.wav: No such file"* ]]
	run ask "play media" ', "file": "../../etc/passwd"'
	[[ $output == *"no name of a file"* ]]
	run ask "play DTMF" ''
	[[ $output == *"give code"* ]]
	run ask "play DTMF" ', "content-type": "application/dtmf-relay", "body": "Signal=16\r\n"'
	[[ $output == *"no digit of application/dtmf-relay"* ]]
	end
}
