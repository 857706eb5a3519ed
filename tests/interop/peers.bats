# SPDX-License-Identifier: BSD-2-Clause
# Every peer, every profile, every codec: a call each, both hear each other. What was seen
# is in build/interop/cells, and docs/interop.md says the same (`make interop` writes it)

load ../integration/lib

# shellcheck source=tests/integration/baresip.bash
. "$ROOT/tests/integration/baresip.bash"

CELLS=$ROOT/build/interop/cells
CODECS=(PCMA PCMU G722 opus)

setup_file()
{
	mkdir -p "$ROOT/build/interop"
	: >"$CELLS"
	proxy_up
}

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
	peer_down
	[ -n "$BATS_TEST_COMPLETED" ] || { show_logs; tail -n 20 rtpengine.log phone/out; cat ./*.json; }
}

version() { dpkg-query -W -f '${Version}' "$1" | sed 's/^[0-9]*://; s/[-+].*//'; }

# saw PEER PACKAGE PROFILE CODEC WORKS
saw()
{
	jq -nc --arg peer "$1" --arg version "$(version "$2")" --arg profile "$3" \
		--arg codec "$4" --argjson works "$5" '$ARGS.named' | tee -a "$CELLS"
}

# each PEER PACKAGE PROFILE CALL...: for every codec `CALL... CODEC`; all are tried
each()
{
	local peer=$1 package=$2 profile=$3 codec bad=0

	shift 3
	for codec in "${CODECS[@]}"; do
		if "$@" "$codec"; then
			saw "$peer" "$package" "$profile" "$codec" true
		else
			saw "$peer" "$package" "$profile" "$codec" false
			bad=1
		fi
		end_calls
		peer_down
	done
	return $bad
}

# ---- baresip: by SIP

# PROFILE as Kamailio names it, MEDIAENC and MEDIANAT as baresip does, CODEC
baresip_call()
{
	local codec

	case "$4" in
	PCMA) codec=pcma/8000/1 ;;
	PCMU) codec=pcmu/8000/1 ;;
	G722) codec=g722/16000/1 ;;
	opus) codec=opus/48000/2 ;;
	esac
	rm -rf phone
	baresip_bob "$codec" "$2" "$3" || return 1
	capture alice || return 1
	# its ClientHello comes before its answer has, and again a second later
	caller alice uac "$ALICE4" "bob.$1.$4" 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 20 hears alice "$ALICE4" 660 80 >/dev/null || return 1
	hang_up alice "$ALICE4"
	wait $pid || return 1
	wait_for 5 no_calls || return 1
	hears alice "$ALICE4" 660 75 && no_gaps alice "$ALICE4" &&
		"$ROOT/tools/lab.d/tone.py" judge phone/dump-*-dec.wav 440
}

@test "baresip, RTP/AVP" { each baresip baresip-core RTP/AVP baresip_call avp "" ""; }

@test "baresip, RTP/SAVP" { each baresip baresip-core RTP/SAVP baresip_call savp srtp-mand ""; }

@test "baresip, DTLS" { each baresip baresip-core UDP/TLS/RTP/SAVPF baresip_call dtls dtls_srtp ""; }

@test "baresip, DTLS and ICE" { each baresip baresip-core "UDP/TLS/RTP/SAVPF, ICE" baresip_call ice dtls_srtp ice; }

@test "baresip, DTLS and ICE as its full side" {
	CODECS=(PCMA)
	each baresip baresip-core "UDP/TLS/RTP/SAVPF, full ICE" baresip_call full dtls_srtp ice
}

# ---- sipp: has one codec, and no SRTP

both_hear() { hears alice "$ALICE4" 660 75 && hears bob "$BOB4" 440 75; } >/dev/null

sipp_call()
{
	capture alice && capture bob || return 1
	callee bob uas "$BOB4" || return 1
	caller alice uac "$ALICE4" bob 50000 &
	local pid=$!
	LAB_PIDS+=($pid)
	wait_for 20 both_hear || return 1
	hang_up alice "$ALICE4"
	wait $pid && wait "$CALLEE" || return 1
	hears alice "$ALICE4" 660 75 && no_gaps alice "$ALICE4" &&
		hears bob "$BOB4" 440 75 && no_gaps bob "$BOB4"
}

@test "sipp, RTP/AVP" {
	CODECS=(PCMA)
	each sipp sip-tester RTP/AVP sipp_call
}

# ---- rtpengine: a gateway at the provider's, before a plain phone; by ng

# to ADDR COMMAND SDP FLAGS: the SDP that comes back. The shell takes its last newline
to()
{
	jq -nc --arg command "$2" --arg sdp "$3"$'\n' --argjson flags "$4" '{command: $command,
		"call-id": "interop", "from-tag": "a", "to-tag": "b", sdp: $sdp} + $flags' >ask.json
	inside farm "$LAB_D/ngclient.py" --ng "$1" send "$(cat ask.json)" >reply.json || return 1
	jq -er .sdp reply.json
}

peer_up()
{
	become provider rtpengine --config-file=none --foreground --table=-1 --log-stderr \
		--log-level=6 --interface="$PROVIDER4" --listen-ng="$PROVIDER4:$NG_PORT" \
		--port-min=20000 --port-max=20999 --num-threads=1 --delete-delay=0 >rtpengine.log 2>&1 &
	PEER=$!
	wait_for 5 inside farm "$LAB_D/ngclient.py" --ng "$PROVIDER4:$NG_PORT" --wait 0.2 ping
}

peer_down()
{
	[ -n "${PEER:-}" ] || return 0
	ngc send '{"command": "delete", "call-id": "interop", "from-tag": "a"}' >/dev/null || true
	kill "$PEER" 2>/dev/null
	wait "$PEER" 2>/dev/null || true
	PEER=
}

plain() { printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %s RTP/AVP 8\r\n' "$1" "$1" "$2"; }

# where SDP: ADDR:PORT of its audio
where() { tr -d '\r' <<<"$1" | awk '/^c=/ { a = $3 } /^m=audio/ { p = $2 } END { print a ":" p }'; }

# between SDP PROFILE CODEC: is it that, and nothing else?
between()
{
	echo "$1"
	tr -d '\r' <<<"$1" | grep -Eq "^m=audio [0-9]+ $2 [0-9]+\$" || return 1
	# static types need no rtpmap
	[ "$3" = PCMA ] || grep -q "a=rtpmap:[0-9]* $3/" <<<"$1"
}

# bare SDP: as of who trickles, before he has any candidate; later SDP: those, RFC 8840
bare()
{
	sed -e '/^a=candidate/d; /^a=end-of-candidates/d; /^a=rtcp:/d' \
		-e 's/^c=.*/c=IN IP4 0.0.0.0\r/; s/^m=audio [0-9]*/m=audio 9/' \
		-e 's/^a=ice-ufrag/a=ice-options:trickle\r\n&/' <<<"$1"
}

later() { sed -n '/^m=/p; /^a=ice-ufrag/p; /^a=candidate/p; /^a=end-of-candidates/p' <<<"$1"; }

# PROFILE and FLAGS for our side of the two gateways, CODEC
rtpengine_call()
{
	local us=$LAN4:$NG_PORT peer=$PROVIDER4:$NG_PORT codecs='{}' back='{}'
	local offer asked answer got profile=$1

	shift
	if [ "$2" != PCMA ]; then
		codecs="{\"codec\": {\"mask\": [\"all\"], \"transcode\": [\"$2\"]}}"
		back="{\"codec\": {\"mask\": [\"$2\"], \"transcode\": [\"PCMA\"]}}"
	fi
	peer_up >/dev/null || return 1
	capture alice && capture bob || return 1
	offer=$(to "$us" offer "$(plain "$ALICE4" 4000)" "$(jq -nc "$1 + $codecs + {direction: [\"phones\", \"farm\"]}")") || return 1
	asked=$(to "$peer" offer "$offer" "$(jq -nc "{\"transport-protocol\": \"RTP/AVP\", ICE: \"remove\", \"rtcp-mux\": [\"demux\"]} + $back + ${AT_PEER:-{\}}")") || return 1
	got=$(to "$peer" answer "$(plain "$BOB4" 5000)" '{}') || return 1
	if [ -n "${TRICKLE:-}" ]; then
		answer=$(to "$us" answer "$(bare "$got")" '{}') || return 1
		! to "$us" answer "$(later "$got")" '{"flags": ["fragment"]}' || return 1
		[ "$(jq -r .result reply.json)" = ok ] || return 1
	else
		answer=$(to "$us" answer "$got" '{}') || return 1
	fi
	between "$offer" "$profile" "$2" && between "$got" "$profile" "$2" || return 1
	# a ClientHello that comes too early is sent again a second later
	become bob "$LAB_D/talk.py" b.alaw "$BOB4:5000" "$(where "$asked")" 50 &
	LAB_PIDS+=($!)
	become alice "$LAB_D/talk.py" a.alaw "$ALICE4:4000" "$(where "$answer")" 50 &
	LAB_PIDS+=($!)
	wait_for 20 both_hear || true
	hears alice "$ALICE4" 660 75 && hears bob "$BOB4" 440 75
}

@test "rtpengine, RTP/AVP" { each rtpengine rtpengine-daemon RTP/AVP rtpengine_call RTP/AVP '{}'; }

@test "rtpengine, RTP/SAVP" {
	each rtpengine rtpengine-daemon RTP/SAVP rtpengine_call RTP/SAVP '{"transport-protocol": "RTP/SAVP"}'
}

@test "rtpengine, DTLS" {
	each rtpengine rtpengine-daemon UDP/TLS/RTP/SAVPF rtpengine_call UDP/TLS/RTP/SAVPF \
		'{"transport-protocol": "UDP/TLS/RTP/SAVPF"}'
}

@test "rtpengine, DTLS and ICE" {
	each rtpengine rtpengine-daemon "UDP/TLS/RTP/SAVPF, ICE" rtpengine_call UDP/TLS/RTP/SAVPF \
		'{"transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force"}'
}

FULL='{"transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force", "ICE-lite": "off"}'

@test "rtpengine, DTLS and ICE, both as full sides" {
	CODECS=(PCMA)
	each rtpengine rtpengine-daemon "UDP/TLS/RTP/SAVPF, full ICE" rtpengine_call \
		UDP/TLS/RTP/SAVPF "$FULL"
}

@test "rtpengine, DTLS and ICE, it is lite and we check" {
	CODECS=(PCMA)
	AT_PEER='{"ICE-lite": "backward"}'
	each rtpengine rtpengine-daemon "UDP/TLS/RTP/SAVPF, lite peer" rtpengine_call \
		UDP/TLS/RTP/SAVPF "$FULL"
}

@test "rtpengine, lite, whose candidates come later" {
	AT_PEER='{"ICE-lite": "backward"}'
	TRICKLE=yes
	rtpengine_call UDP/TLS/RTP/SAVPF "$FULL" PCMA
}

# ---- what was seen is what we tell

@test "docs/interop.md says what was seen" {
	"$LAB_D/interop.py" check "$CELLS" "$ROOT/docs/interop.md"
}
