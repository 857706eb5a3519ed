# SPDX-License-Identifier: BSD-2-Clause
# A page by fax through the appliance: T.38 relayed by the kernel, and made of sound on a
# media worker. The machines are spandsp's, the page is compared bit by bit

load lib

setup_file() { engine_up; }

teardown_file() { engine_down; }

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	FAX=$(lab_tool faxphone -lspandsp -ltiff)
	"$FAX" draw page.tif
}

teardown()
{
	end_calls
	inside bob nft delete table ip lossy 2>/dev/null || true
	ngc send '{"command": "delete", "call-id": "fax", "from-tag": "a"}' >/dev/null || true
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; cat ./*.json; }
}

AUDIO='m=audio %s RTP/AVP 0\r\n'
IMAGE='m=image %s udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n'

# ask offer|answer ADDR PORT SECTION FLAGS: the port that is told, PORT
ask()
{
	local sdp

	# shellcheck disable=SC2059  # a section with a place for its port
	sdp="v=0\r\no=- 1 1 IN IP4 $2\r\ns=-\r\nc=IN IP4 $2\r\nt=0 0\r\n$(printf "${4//\\/\\\\}" "$3")"
	ngc send "{\"command\": \"$1\", \"call-id\": \"fax\", \"from-tag\": \"a\",
		\"to-tag\": \"b\", \"sdp\": \"$sdp\", \"T.38\": [${5:-}]}" >reply.json
	[ "$(jq -r .result reply.json)" = ok ]
	jq -r .sdp reply.json
	PORT=$(jq -r .sdp reply.json | tr -d '\r' | awk '/^m=/ { print $2 }')
	WHERE=$(jq -r .sdp reply.json | tr -d '\r' | awk '/^c=/ { print $3 }')
}

# page KIND-A KIND-B [LOSS]: alice sends, bob receives; LOSS is hers
page()
{
	become bob "$FAX" "$2" "$BOB4:5000" "$TO_BOB" receive got.tif >bob.json &
	local pid=$!

	LAB_PIDS+=("$pid")
	inside alice "$FAX" "$1" "$ALICE4:4000" "$TO_ALICE" send page.tif ${3:+"$3"} >alice.json &
	LAB_PIDS+=("$!")
	wait "$!"
	wait "$pid"
	cat alice.json bob.json
	jq -es 'all(.result == "OK" and .pages == 1)' alice.json bob.json
	"$FAX" same page.tif got.tif
}

states() { carom legs --json | jq -r '.legs[] | select(.media != "rtcp") | .state + " " + .why' | sort | uniq -c; }

fax() { ngc send '{"command": "query", "call-id": "fax"}' | jq -e '[.. | .fax? // empty] | .[0]' | tee fax.json; }

@test "T.38 on both sides stays in the kernel, which learns where it comes from" {
	# not the port that she will send from: as behind NAT
	ask offer "$ALICE4" 4100 "$IMAGE" ""
	TO_BOB=$WHERE:$PORT
	ask answer "$BOB4" 5000 "$IMAGE" ""
	TO_ALICE=$WHERE:$PORT
	page t38 t38
	states
	[ "$(carom legs --json | jq '[.legs[] | select(.state == "relay" and .media == "other" and .packets > 20)] | length')" = 2 ]
}

@test "sound is offered as T.38, and the page goes through" {
	ask offer "$ALICE4" 4000 "$AUDIO" '"force"'
	TO_BOB=$WHERE:$PORT
	jq -r .sdp reply.json | grep -q 'm=image .* udptl t38'
	ask answer "$BOB4" 5000 "$IMAGE" ""
	TO_ALICE=$WHERE:$PORT
	jq -r .sdp reply.json | grep -q 'm=audio .* RTP/AVP 0'
	page sound t38
	states
	[ "$(carom legs --json | jq '[.legs[] | select(.why == "fax" and .media != "rtcp")] | length')" = 2 ]
	fax
	jq -e '.pages == 1 and .ECM == 1 and .["IFP received"] > 20 and .["IFP sent"] > 20 and .["IFP lost"] == 0' fax.json
}

@test "T.38 is offered as sound, and 5 of 100 datagrams are lost" {
	ask offer "$ALICE4" 4100 "$IMAGE" '"decode"'
	TO_BOB=$WHERE:$PORT
	jq -r .sdp reply.json | grep -q 'm=audio .* RTP/AVP 0 8'
	ask answer "$BOB4" 5000 "$AUDIO" ""
	TO_ALICE=$WHERE:$PORT
	page t38 sound 5
	fax
	jq -e '.pages == 1 and .["IFP recovered"] > 0' fax.json
}

# beyond COMMAND: rtpengine, which stands before bob, gets the last reply's SDP, or bob's
beyond()
{
	local sdp

	if [ "$1" = offer ]; then
		sdp=$(jq .sdp reply.json)
	else
		# shellcheck disable=SC2059
		sdp=$(printf "v=0\r\no=- 1 1 IN IP4 $BOB4\r\ns=-\r\nc=IN IP4 $BOB4\r\nt=0 0\r\n$AUDIO" 5000 | jq -Rs .)
	fi
	inside bob "$LAB_D/ngclient.py" --ng "$BOB4:2299" send "{\"command\": \"$1\",
		\"call-id\": \"far\", \"from-tag\": \"a\", \"to-tag\": \"b\",
		\"T.38\": [\"decode\"${2:+, $2}], \"sdp\": $sdp}" >far.json
	jq -r .sdp far.json
	[ "$(jq -r .result far.json)" = ok ]
}

# through_rtpengine OPTION UDPTL WAYS: sound, T.38 with this error correction, sound. One
# of twenty datagrams is lost on these ways, 1 (to us) or 2
through_rtpengine()
{
	command -v rtpengine >/dev/null || skip "rtpengine is not installed"
	become bob rtpengine --config-file=none --foreground --table=-1 --log-stderr \
		--interface="$BOB4" --listen-ng="$BOB4:2299" --port-min=31000 \
		--port-max=31100 --num-threads=1 >far.err 2>&1 &
	LAB_PIDS+=("$!")
	wait_for 10 inside bob "$LAB_D/ngclient.py" --ng "$BOB4:2299" ping
	ask offer "$ALICE4" 4000 "$AUDIO" "\"force\"$1"
	grep -q "$2" reply.json
	beyond offer "${1#, }"
	TO_BOB=$(jq -r .sdp far.json | tr -d '\r' | awk '/^c=/ { c = $3 } /^m=/ { print $2 }')
	TO_BOB=$BOB4:$TO_BOB
	beyond answer "${1#, }"
	grep -q "$2" far.json
	ngc send "{\"command\": \"answer\", \"call-id\": \"fax\", \"from-tag\": \"a\",
		\"to-tag\": \"b\", \"sdp\": $(jq .sdp far.json)}" >reply.json
	jq -r .sdp reply.json
	TO_ALICE=$WAN4:$(jq -r .sdp reply.json | tr -d '\r' | awk '/^m=/ { print $2 }')
	inside bob nft -f - <<-END
	table ip lossy {
		chain in {
			type filter hook input priority 0
			ip saddr $WAN4 udp dport 31000-31100 $([ "$3" = 1 ] || echo numgen inc mod 20 7) counter $([ "$3" = 1 ] && echo accept || echo drop)
		}
		chain out {
			type filter hook output priority 0
			ip daddr $WAN4 udp sport 31000-31100 numgen inc mod 20 7 counter drop
		}
	}
	END
	page sound sound
	[ "$(inside bob nft list table ip lossy | grep -c 'counter packets [1-9].* drop')" = "$3" ]
	fax
	jq -e '.pages == 1 and .malformed == 0 and .["IFP recovered"] > 0 and .["IFP lost"] == 0' fax.json
}

@test "rtpengine's gateway at the far end: copies" { through_rtpengine "" t38UDPRedundancy 2; }

# rtpengine 10.5 and later makes parities as it should, and recovers empty packets by those
# that it gets (t38_gateway_input_udptl: the other packets of a parity are not looked up)
@test "rtpengine's gateway at the far end: parities" { through_rtpengine ', "FEC"' t38UDPFEC 1; }
