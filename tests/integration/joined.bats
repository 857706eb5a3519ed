# SPDX-License-Identifier: BSD-2-Clause
# Two proxies, one behind the other, which ask the same Carom: a call that is joined to another
# of its own. What the agent makes goes from leg to leg without a wire.

load lib

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
	for id in one two; do
		ngc send "{\"command\": \"delete\", \"call-id\": \"$id\"}" >/dev/null
	done
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; carom legs; }
}

# tell CALL COMMAND SDP FLAGS: the SDP that comes back
tell()
{
	jq -nc --arg id "$1" --arg command "$2" --arg sdp "$3"$'\n' --argjson flags "${4:-{\}}" \
		'{command: $command, "call-id": $id, "from-tag": "a", "to-tag": "b", sdp: $sdp} + $flags' >ask.json
	ngc send "$(cat ask.json)" >reply.json
	jq -er .sdp reply.json
}

phone() { printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %s RTP/AVP 8\r\n' "$1" "$1" "$2"; }

# where SDP: ADDR:PORT of its audio
where() { tr -d '\r' <<<"$1" | awk '/^c=/ { a = $3 } /^m=audio/ { p = $2 } END { print a ":" p }'; }

# both PACKETS FLAGS: Alice and Bob, with two calls between them; the first one has these
# flags, and Bob gets so many packets
both()
{
	local first second back answer pid

	capture alice
	capture bob
	first=$(tell one offer "$(phone "$ALICE4" 4000)" "$2")
	second=$(tell two offer "$first" '{}')
	back=$(tell two answer "$(phone "$BOB4" 5000)")
	answer=$(tell one answer "$back")
	become bob "$LAB_D/talk.py" b.alaw "$BOB4:5000" "$(where "$second")" 3 &
	LAB_PIDS+=($!)
	become alice "$LAB_D/talk.py" a.alaw "$ALICE4:4000" "$(where "$answer")" 3 &
	pid=$!
	LAB_PIDS+=("$pid")
	wait_for 5 busy
	carom legs --json >legs.json
	wait "$pid"
	hears alice "$ALICE4" 660 100
	hears bob "$BOB4" 440 "$1"
}

busy() { carom legs --json | jq -e '[.legs[] | select(.media == "rtp" and .packets > 10)] | length >= 2' >/dev/null; }

# reasons WORD...: why the agent has the legs of the calls, sorted
reasons() { [ "$(jq -r '[.legs[] | select(.media == "rtp") | .why] | sort | join(" ")' legs.json)" = "$*" ]; }

@test "two calls in a row, all in the kernel" {
	both 140 '{}'
	jq -e 'all(.legs[]; .state == "relay")' legs.json
}

@test "two calls in a row, and one of them is transcoded" {
	# Bob gets packets of 40 ms
	both 70 '{"always transcode": "on", "codec": {"mask": ["PCMA"], "transcode": ["PCMA"]}, "ptime": 40}'
	reasons joined joined transcoding transcoding
	jq -e 'all(.legs[]; .state == "agent")' legs.json
}
