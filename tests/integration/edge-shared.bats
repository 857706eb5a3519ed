# SPDX-License-Identifier: BSD-2-Clause
# Two edges, one registrar at the first of them, one Redis: whoever is registered is
# called by either edge, whichever his REGISTER came by

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

REG=192.0.2.11:5070

redis_answers()
{
	edge exec f1 redis-cli -h 192.0.2.31 ping 2>/dev/null | grep -q PONG
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge exec f1 redis-server --bind 192.0.2.31 --save '' --dir "$RUN" \
		--daemonize yes --protected-mode no >/dev/null
	until_true 10 redis_answers
	export LAB_STORE=redis://192.0.2.31:6379/0
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules:
	    - {registered: true}
	    - {set: registrar, methods: [REGISTER]}
	END
	edge more e1 <<-END
	node: e1
	registrar:
	  listen: ["udp:$REG"]
	  domains: [example.com]
	  trusted: ["$VIP/32", 192.0.2.11/32, 192.0.2.12/32]
	  auth: {required: false}
	END
	edge more e2 <<<"node: e2"
	edge start
	edge list "1 sip:$REG"
	settle 1
	warm phone phone2
}

# registers USER HOST ADDRESS PORT: by hand, for sipp; whichever edge it meets
registers()
{
	cat >register <<-END
	REGISTER sip:example.com SIP/2.0
	Via: SIP/2.0/UDP $3:$4;rport;branch=z9hG4bK$RANDOM$RANDOM
	Max-Forwards: 70
	From: <sip:$1@example.com>;tag=1
	To: <sip:$1@example.com>
	Call-ID: $1-$4
	CSeq: $RANDOM REGISTER
	Contact: <sip:$1@$3:$4>
	Expires: 600
	Content-Length: 0

	END
	ask "$2" "$3" "$4" $VIP 5 <register >answer || true
	cat register answer
	grep -q '^SIP/2.0 200' answer
	until_true 10 both_know "$1@$3:$4"
}

# Do the kernels of both edges call this contact?
both_know()
{
	local h

	for h in e1 e2; do
		bpftool -j map dump pinned \
			"/sys/fs/bpf/$CAROM_LAB-edge-$h/3/sip_users" |
			jq -e --arg u "sip:$1" '.[].formatted.value |
				select(.uri == $u)' >/dev/null || return 1
	done
}

dialogs() # NAME N
{
	call_from phone 192.0.2.20 5062 "$1" 20 "$2" -s bob \
		-sf "$SIPP_DIR/edge-dialog-uac.xml"
}

@test "whole dialogs by either edge, in the kernel" {
	registers alice phone 192.0.2.20 5062
	registers bob phone2 192.0.2.21 5070
	uas phone2 192.0.2.21 5070 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	mark
	dialogs both 50
	settled 100 1200
	[ "$(reason e1 sip_forwarded)" -gt 100 ]
	[ "$(reason e2 sip_forwarded)" -gt 100 ]
	edge quiet phone2
}

# answers USER EDGE: what INVITE gets there
answers()
{
	request INVITE "sip:$1@example.com" "Max-Forwards: 70" |
		ask stranger 192.0.2.66 5070 "192.0.2.1${2#e}" 3 |
		grep -o '^SIP/2.0 [2-6][0-9]*' | cut -d' ' -f2 | head -n1
}

answered() { [ "$(answers "$1" e1):$(answers "$1" e2)" = "$2:$2" ]; }

@test "who may register is known to both edges, be he registered or not" {
	answered carol 404
	edge cli e1 extension add carol <<<secret
	until_true 10 answered carol 480
	edge cli e1 extension delete carol
	until_true 10 answered carol 404
}

@test "who registers from elsewhere is called there, by either edge" {
	registers bob phone2 192.0.2.21 5080
	uas phone2 192.0.2.21 5080 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	mark
	dialogs moved 20
	settled 100 480
	edge quiet phone2
}

@test "a phone's connection to one edge is found by the other" {
	local i n

	edge quiet phone2
	baresip_up phone2 192.0.2.21 5060 t1 "$VIP;transport=tcp"
	baresip_up phone 192.0.2.20 5060 b1
	for ((i = 1; i <= 6; i++)); do
		baresip_say b1 dial sip:t1@example.com
		until_true 20 times t1 "Call established" $i
		until_true 20 times b1 "Call established" $i
		baresip_say t1 hangup
		until_true 20 times b1 "session closed" $i
	done
	# each of them came to both, and one of them went on to the other
	n=$(($(called e1) + $(called e2)))
	[ "$n" -ge 6 ]
	[ "$(called e1)" -gt 0 ] && [ "$(called e2)" -gt 0 ]
}

called() { edge cli "$1" stats sip --json | jq .agent.events.called; }

times() { [ "$(grep -c "$2" "$RUN/$1/out")" -ge "$3" ]; }

@test "while Redis is away, calls go on" {
	edge quiet phone phone2
	edge exec f1 redis-cli -h 192.0.2.31 shutdown nosave || true
	uas phone2 192.0.2.21 5080 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	mark
	dialogs away 20
	settled 100 480
}
