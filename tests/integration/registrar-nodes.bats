# SPDX-License-Identifier: BSD-2-Clause
# Two registrars, each beside an edge, over one Redis: what one is told the other knows

bats_require_minimum_version 1.5.0
load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

export LAB_STORE=redis://192.0.2.33/0

redis_answers()
{
	edge exec f3 redis-cli -h 192.0.2.33 ping 2>/dev/null | grep -q PONG
}

redis_up()
{
	mkdir -p "$RUN/redis"
	edge exec f3 redis-server --bind 192.0.2.33 --protected-mode no \
		--save "" --appendonly yes --dir "$RUN/redis" \
		</dev/null >"$RUN/redis.log" 2>&1 3>&- &
	until_true 10 redis_answers
}

setup_file()
{
	local n

	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules: [{registered: true}, {set: registrar}]
	END
	for n in 1 2; do
		edge more e$n <<-END
		node: lab-$n
		registrar:
		  listen: ["udp:192.0.2.1$n:5070"]
		  domains: [example.com]
		  trusted: ["$VIP/32", "192.0.2.11/32", "192.0.2.12/32"]
		  auth: {algorithms: [MD5]}
		  keep-alive: {interval: 1, failures: 3}
		presence: {allow: all}
		END
	done
	redis_up
	edge start
	edge cli e1 extension add b1 <<<secret
	edge cli e2 extension add b2 <<<secret
	edge list "1 sip:192.0.2.11:5070" "1 sip:192.0.2.12:5070"
	settle 2
	warm phone phone2
}

has() # EDGE AOR N
{
	[ "$(edge cli "$1" registrations "$2" --json |
		jq '.registrations | length')" = "$3" ]
}

both_have() { has e1 "$1" "$2" && has e2 "$1" "$2"; } # AOR N

extensions() { edge cli "$1" extension --json | jq '.extensions | length'; }

both_know() { [ "$(extensions e1):$(extensions e2)" = "$1:$1" ]; }

@test "an extension that one is told of, the other knows" {
	until_true 10 both_know 2
}

# A REGISTER of b1 to e1, or e2, as of REGISTRAR.BATS: NODE CSEQ HEADERS...
reg()
{
	local to=192.0.2.1${1#e} cseq=$2

	shift 2
	printf '%s\n' "REGISTER sip:example.com SIP/2.0" \
		"Via: SIP/2.0/UDP 192.0.2.20:5090;rport;branch=z9hG4bK$RANDOM$cseq" \
		"From: <sip:b1@example.com>;tag=1" "To: <sip:b1@example.com>" \
		"Call-ID: by-hand" "CSeq: $cseq REGISTER" "$@" \
		"Content-Length: 0" "" | edge exec phone \
		"$ROOT/tools/lab.d/sipask.py" 192.0.2.20 5090 "$to" 5070 2
}

md5() { printf %s "$1" | md5sum | cut -d' ' -f1; }

@test "a nonce that one's kernel gave is good at the other" {
	local nonce

	reg e1 1 "X: y" >"$BATS_TEST_TMPDIR/asked"
	edge cli e1 metrics | grep 'sip_challenged.*} [1-9]'
	edge cli e1 metrics | grep 'result="challenged"} 0$'
	nonce=$(sed -n 's/.*nonce="\([^"]*\)".*/\1/p' "$BATS_TEST_TMPDIR/asked")
	reg e2 2 "Authorization: Digest username=\"b1\", realm=\"example.com\",\
 nonce=\"$nonce\", uri=\"sip:example.com\", algorithm=MD5, response=\"$(
		md5 "$(md5 b1:example.com:secret):$nonce:$(
			md5 REGISTER:sip:example.com)")\"" |
		head -n 1 | grep "200"
}

@test "a phone that registers at one is called through the other" {
	PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1 "$VIP;transport=udp"
	PASSWORD=secret baresip_up phone2 192.0.2.21 5060 b2 "$VIP;transport=udp"
	until_true 10 both_have b1@example.com 1
	until_true 10 both_have b2@example.com 1
	for e in e1 e2; do
		edge steer $e
		baresip_say b1 dial sip:b2@example.com
		until_true 20 established $e
		baresip_say b1 hangup
		until_true 20 ended $e
	done
	edge steer e1 e2
}

# As many calls as edges that were tried
count() { grep -c -- "$2" "$RUN/$1/out"; }
established() { [ "$(count b2 "Call established")" = "${1#e}" ]; }
ended() { [ "$(count b2 "session closed")" = "${1#e}" ]; }

@test "what is taken away at one is gone at the other" {
	edge quiet phone phone2
	edge cli e1 registrations delete b1@example.com || true
	edge cli e2 registrations delete b2@example.com || true
	until_true 10 both_have b1@example.com 0
	until_true 10 both_have b2@example.com 0
}

# Keep-alives whose outcome is known, of an edge that has just started from zero
asked() # EDGE
{
	edge cli "$1" metrics | awk '/^carom_registrar_keepalives_total/ { n += $2 }
		END { print n + 0 }'
}

asked_more() { [ "$(asked "$1")" -ge "$2" ]; } # EDGE N

@test "a node that starts leaves to the other what came to that one" {
	local before

	PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1 \
		"192.0.2.11:5070;transport=udp"
	until_true 10 both_have b1@example.com 1
	edge kill e2
	edge start e2
	until_true 10 both_have b1@example.com 1
	before=$(asked e1)
	until_true 20 asked_more e1 $((before + 4))
	[ "$(asked e2)" = 0 ]
	# and the one that it came to knows it again
	edge kill e1
	edge start e1
	until_true 20 asked_more e1 2
	[ "$(asked e2)" = 0 ]
	both_have b1@example.com 1
}

subscriptions() # EDGE
{
	edge cli "$1" metrics | awk '$1 == "carom_presence_subscriptions" { print $2 }'
}

subscribed() { [ "$(subscriptions "$1")" = "$2" ]; } # EDGE N

# A subscription of b1's to b2 at e1, whose first NOTIFY is answered
subscribe()
{
	edge exec phone2 timeout 20 python3 - <<-'END'
	import socket

	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("192.0.2.21", 5091))
	s.sendto("\r\n".join([
	    "SUBSCRIBE sip:b2@example.com SIP/2.0",
	    "Via: SIP/2.0/UDP 192.0.2.21:5091;rport;branch=z9hG4bKnodes",
	    "From: <sip:b1@example.com>;tag=1", "To: <sip:b2@example.com>",
	    "Call-ID: nodes", "CSeq: 1 SUBSCRIBE",
	    "Contact: <sip:b1@192.0.2.21:5091>", "Event: presence",
	    "Expires: 300", "Content-Length: 0", "", ""]).encode(),
	    ("192.0.2.11", 5070))
	while True:
	    text, peer = s.recvfrom(65535)
	    lines = text.decode().split("\r\n")
	    print(lines[0])
	    if lines[0].startswith("NOTIFY"):
	        break
	same = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
	s.sendto("\r\n".join(["SIP/2.0 200 OK"] +
	    [x for x in lines if x.startswith(same)] +
	    ["Content-Length: 0", "", ""]).encode(), peer)
	END
}

@test "a subscription is that node's which it was made with" {
	subscribe >out
	grep "^SIP/2.0 200" out
	grep "^NOTIFY" out
	subscribed e1 1
	edge kill e2
	edge start e2
	subscribed e2 0
	subscribed e1 1
}
