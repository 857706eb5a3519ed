# SPDX-License-Identifier: BSD-2-Clause
# Carom's own registrar: real phones register with it, by each transport, through the
# edges and directly. e1 is edge and registrar; e2 an edge beside it

bats_require_minimum_version 1.5.0
load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

REG=192.0.2.11
REG6=2001:db8::11

registrar_conf() # [LINE...]
{
	printf 'registrar:\n'
	printf '  %s\n' "listen:" \
		"  - \"udp:$REG:5070\"" "  - \"tcp:$REG:5070\"" \
		"  - \"tls:$REG:5071\"" "  - \"ws:$REG:5080\"" \
		"  - \"wss:$REG:5443\"" "  - \"udp:[$REG6]:5070\"" \
		"  - \"tcp:[$REG6]:5070\"" \
		"domains: [example.com, $REG]" \
		"trusted: [\"$VIP/32\", \"192.0.2.11/32\", \"192.0.2.12/32\"]" \
		"max-contacts: 5" \
		"auth: {realm: example.com, algorithms: [MD5], guesses: 5}" \
		"$@"
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules: [{registered: true}, {set: registrar}]
	END
	registrar_conf | edge more e1
	edge start
	for u in alice b1 l1 many; do
		edge cli e1 extension add $u <<<secret
	done
	edge list "1 sip:$REG:5070"
	settle 1
	warm phone phone2
}

registrations() { edge cli e1 registrations "$1" --json; } # AOR

contacts() { registrations "$1" | jq '.registrations | length'; }

# No phone is left of an earlier test
nobody()
{
	edge quiet phone phone2
	until_true 10 all_quiet
	rm -rf "$RUN/b1" "$RUN/l1" "$RUN/alice"
	for aor in b1 l1 alice many; do
		clear_of $aor@example.com
	done
}

all_quiet() { [ -z "$(ip netns pids "$CAROM_LAB-edge-phone"; ip netns pids \
	"$CAROM_LAB-edge-phone2")" ]; }

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR" || return
	nobody
}

# Whatever was left there is gone
clear_of() # AOR
{
	has_contacts "$1" 0 && return
	edge cli e1 registrations delete "$1" || true
	until_true 5 has_contacts "$1" 0
}

has_contacts() { [ "$(contacts "$1")" = "$2" ]; } # AOR N

# The configuration of e1 with other lines, taken while it runs
change() # SED-EXPRESSION
{
	sed -i "$1" "$RUN/e1.yaml" "$RUN/more-e1"
	edge cli e1 reload
}

# By hand: what is sent, and what comes back
send() { edge exec "${2:-phone}" "$ROOT/tools/lab.d/sipask.py" \
	"${3:-192.0.2.20}" "${4:-5090}" "${5:-$REG}" 5070 2 <"$1"; }

# A REGISTER of alice's
reg() # CSEQ HEADERS...
{
	local cseq=$1

	shift
	cat <<-END
	REGISTER sip:example.com SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.20:5090;rport;branch=z9hG4bK$RANDOM$RANDOM
	From: <sip:alice@example.com>;tag=1
	To: <sip:alice@example.com>
	Call-ID: by-hand
	CSeq: $cseq REGISTER
	$(printf '%s\n' "$@")
	Content-Length: 0

	END
}

# An answer to the challenge in FILE: digest FILE PASSWORD NC
digest()
{
	local nonce ha1 ha2

	md5() { printf %s "$1" | md5sum | cut -d' ' -f1; }
	nonce=$(sed -n 's/.*nonce="\([^"]*\)".*algorithm=MD5.*/\1/p' "$1")
	ha1=$(md5 "alice:example.com:$2")
	ha2=$(md5 "REGISTER:sip:example.com")
	printf 'Authorization: Digest username="alice", realm="example.com", '
	printf 'nonce="%s", uri="sip:example.com", algorithm=MD5, ' "$nonce"
	printf 'qop=auth, nc=%s, cnonce="c", response="%s"' "$3" \
		"$(md5 "$ha1:$nonce:$3:c:auth:$ha2")"
}

status() { head -n 1 "$1"; }

@test "an extension is added, listed, and its password is nowhere" {
	edge cli e1 extension --json | jq -e '.extensions | map(.id) |
		sort == ["alice@example.com", "b1@example.com",
		"l1@example.com", "many@example.com"]'
	run ! grep -aq secret "$RUN"/e1.db*
	run edge cli e1 extension add x@elsewhere.example <<<secret
	[ "$status" = 1 ]
	[[ $output == *"none of registrar.domains"* ]]
	edge cli e1 extension add x@example.com <<<secret
	edge cli e1 extension delete x@example.com
	run edge cli e1 extension delete x@example.com
	[ "$status" = 1 ]
}

@test "baresip registers by UDP, TCP, TLS, through the edges and directly" {
	local t way port

	for t in udp tcp tls; do
		for way in "$VIP" "$REG"; do
			port=$([ "$way" = "$VIP" ] && echo 506 || echo 507)
			port+=$([ $t = tls ] && echo 1 || echo 0)
			PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1 \
				"$way:$port;transport=$t"
			until_true 10 has_contacts b1@example.com 1
			registrations b1@example.com
			registrations b1@example.com | jq -e --arg t "${t^^}" \
				--argjson direct \
				"$([ "$way" = "$REG" ] && echo true || echo false)" \
				'.registrations[0] | .transport == $t and
				.direct == $direct and
				(.path | length > 0) == ($direct | not) and
				(.source | startswith("192.0.2.20:"))'
			# who ends says so, if he is given the time
			nobody
		done
	done
}

@test "linphone registers through the edges, by SHA-256" {
	change 's/algorithms: \[[^]]*\]/algorithms: [SHA-256, MD5]/' |
		grep "^registrar.auth: taken"
	PASSWORD=secret linphone_up phone2 192.0.2.21 5070 l1
	until_true 10 has_contacts l1@example.com 1
	registrations l1@example.com | jq -e '.registrations[0] |
		(.user_agent | test("inphone"))'
	nobody
	change 's/algorithms: \[[^]]*\]/algorithms: [MD5]/'
}

# uac COMMAND ARGUMENTS...: have Kamailio do it
uac()
{
	jq -nc --arg m "uac.$1" '{jsonrpc: "2.0", id: 1, method: $m,
		params: $ARGS.positional}' --args "${@:2}" |
		edge exec phone curl -sS --max-time 10 -d @- http://192.0.2.20:5064/RPC
}

@test "Kamailio registers, is called by it, signs off" {
	local t row id user pass

	mkdir -p "$RUN/uac"
	for t in standard uac; do
		sqlite3 "$RUN/uac/db" <"/usr/share/kamailio/db_sqlite/$t-create.sql"
	done
	for row in "'id-l1', 'l1', 'secret'" "'id-b1', 'b1', 'wrong'"; do
		IFS=, read -r id user pass <<<"$row"
		sqlite3 "$RUN/uac/db" "INSERT INTO uacreg (l_uuid, l_username,
			l_domain, r_username, r_domain, realm, auth_username,
			auth_password, auth_proxy, expires) VALUES ($id, $user,
			'kam', $user, 'example.com', 'example.com', $user, $pass,
			'sip:$VIP:5060', 60)"
	done
	edge exec phone kamailio -f "$ROOT/tools/lab.d/uac-kamailio.cfg" -E -m 32 \
		-M 4 -Y "$RUN/uac" -w "$RUN/uac" -P "$RUN/uac/pid" -u root \
		-A "ME=192.0.2.20:5064" -A "DB=\"sqlite:///$RUN/uac/db\"" \
		-A "CONTACT=\"192.0.2.20:5064\"" \
		</dev/null >"$RUN/uac/out" 2>&1 3>&- || {
		cat "$RUN/uac/out"
		return 1
	}
	until_true 20 has_contacts l1@example.com 1
	registrations l1@example.com | jq -e '.registrations[0] |
		(.contact | startswith("sip:id-l1@192.0.2.20:5064"))'
	# a request for it goes there, by the edge that knows
	edge steer e1
	edge exec phone2 "$ROOT/tools/lab.d/sipask.py" 192.0.2.21 5090 $VIP 5060 4 \
		>out <<-END
	OPTIONS sip:l1@example.com SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.21:5090;rport;branch=z9hG4bK$RANDOM$RANDOM
	Max-Forwards: 70
	From: <sip:x@example.com>;tag=1
	To: <sip:l1@example.com>
	Call-ID: $RANDOM
	CSeq: 1 OPTIONS
	Content-Length: 0

	END
	cat out
	edge steer e1 e2
	[[ $(status out) == "SIP/2.0 200 For l1@kam"* ]]
	uac reg_unregister l_uuid id-l1
	until_true 10 has_contacts l1@example.com 0
	# and with a wrong password it was not let in
	has_contacts b1@example.com 0
}

@test "over TCP, TLS, WS, WSS, IPv6 and outbound flows, both ways" {
	local k

	for k in "tcp $VIP 5060" "tls $VIP 5061" "ws $VIP 8080" \
		"wss $VIP 8443" "tcp $REG 5070" "tls $REG 5071" \
		"ws $REG 5080" "wss $REG 5443" "tcp $REG6 5070"; do
		# shellcheck disable=SC2086  # words on purpose
		printf '%s\n' "register alice secret" "ping" "close" |
			edge exec phone "$ROOT/tools/lab.d/sipstream.py" $k \
				>out 2>err || { cat err; return 1; }
		cat out
		[ "$(sed -n 2p out | cut -c1-3)" = 200 ]
		grep -q pong out
		case $k in
		*"$VIP"*) [[ $(sed -n 2p out) == "200 <sip:f"* ]] ;;
		esac
		clear_of alice@example.com
	done
}

@test "IPv6 over UDP" {
	reg 1 "Contact: <sip:alice@[2001:db8::20]:5090>" >msg
	send msg phone 2001:db8::20 5090 $REG6 >out
	status out | grep "401"
	reg 2 "Contact: <sip:alice@[2001:db8::20]:5090>" \
		"$(digest out secret 00000001)" >msg
	send msg phone 2001:db8::20 5090 $REG6 >out
	status out | grep "200"
	registrations alice@example.com | jq -e \
		'.registrations[0].source == "[2001:db8::20]:5090"'
	clear_of alice@example.com
}

@test "a replayed nonce, a wrong password, a wrong realm, a brief interval" {
	local c="Contact: <sip:alice@192.0.2.20:5090>"

	reg 10 "$c" >msg
	send msg >asked
	status asked | grep "401"
	reg 11 "$c" "$(digest asked secret 00000001)" >msg
	send msg >out
	status out | grep "200"
	# the same datagram again is a retransmission
	send msg >out
	status out | grep "200"
	reg 12 "$c" "$(digest asked secret 00000001)" >msg
	send msg >out
	status out | grep "401"
	grep "stale=true" out
	reg 13 "$c" "$(digest asked wrong 00000002)" >msg
	send msg >out
	status out | grep "401"
	run ! grep "stale=true" out
	reg 14 "$c" "$(digest asked secret 00000003 |
		sed 's/realm="[^"]*"/realm="other"/')" >msg
	send msg >out
	status out | grep "401"
	reg 15 "$c;expires=5" "$(digest asked secret 00000004)" >msg
	send msg >out
	status out | grep "423"
	grep "Min-Expires: 60" out
	clear_of alice@example.com
}

@test "a Contact at a cloud's metadata, at this host, at its link: 403" {
	local to n=1

	reg 20 >msg
	send msg >asked
	for to in 169.254.169.254:80 127.0.0.1:6379 "[fe80::1]" "h;maddr=::1"; do
		reg $((20 + n)) "Contact: <sip:alice@$to>" \
			"$(digest asked secret 0000000$n)" >msg
		send msg >out
		status out | grep "403 Contact Address Denied"
		n=$((n + 1))
	done
	reg 30 "Contact: <sip:alice@10.0.0.1>" "$(digest asked secret 00000005)" >msg
	send msg >out
	status out | grep "200"
	clear_of alice@example.com
}

@test "1,000 contacts of one address: 503 beyond the bound" {
	local i

	edge exec phone awk 'BEGIN { print "SEQUENTIAL"; for (i = 0; i < 1000;
		i++) print "many;[authentication username=many password=secret]" }' \
		>users.csv
	edge exec phone timeout 60 sipp -sf "$SIPP_DIR/registrar-contacts.xml" \
		-inf users.csv -i 192.0.2.20 -p 5062 $REG:5070 -r 200 -m 1000 \
		-nostdin </dev/null >sipp.out 2>&1 || { tail -n 30 sipp.out; false; }
	has_contacts many@example.com 5
	edge cli e1 metrics >metrics
	grep carom_registrar_registers metrics
	[ "$(sed -n 's/^carom_registrar_registers_total{result="full"} //p' \
		metrics)" -ge 995 ]
	clear_of many@example.com
}

@test "sipp: 500 registrations with digest, through the edges" {
	clear_of b1@example.com
	edge exec phone awk 'BEGIN { print "SEQUENTIAL"; for (i = 0; i < 500;
		i++) print "b1;[authentication username=b1 password=secret]" }' \
		>users.csv
	edge exec phone timeout 60 sipp -sf "$SIPP_DIR/registrar-uac.xml" \
		-inf users.csv -i 192.0.2.20 -p 5063 $VIP:5060 -r 100 -m 500 \
		-nostdin </dev/null >sipp.out 2>&1 || { tail -n 30 sipp.out; false; }
	has_contacts b1@example.com 1
	edge cli e1 metrics >metrics
	grep '^carom_registrar_registers_total{result="accepted"} [1-9]' metrics
	clear_of b1@example.com
}

# How many REGISTERs the kernel has answered, and the registrar with a challenge
challenges()
{
	edge cli e1 metrics >metrics
	sed -n 's/^carom_packets_total{reason="sip_challenged".*} //p' metrics
	sed -n 's/^carom_registrar_registers_total{result="challenged"} //p' \
		metrics
}

# sipp's phones, asked for credentials directly
direct() # N
{
	edge exec phone awk -v n="$1" 'BEGIN { print "SEQUENTIAL"; for (i = 0;
		i < n; i++) print "b1;[authentication username=b1 " \
			"password=secret]" }' >users.csv
	edge exec phone timeout 60 sipp -sf "$SIPP_DIR/registrar-uac.xml" \
		-inf users.csv -i 192.0.2.20 -p 5063 $REG:5070 -r 100 -m "$1" \
		-nostdin </dev/null >sipp.out 2>&1 || { tail -n 30 sipp.out; false; }
}

# N N: more challenges than in `before`: by the kernel, by the registrar
more_challenges()
{
	challenges >after
	paste before after
	[ "$(paste before after | awk '{ print $2 - $1 }' | xargs)" = "$1 $2" ]
}

@test "who comes without credentials is asked for them by the kernel" {
	challenges >before
	direct 200
	has_contacts b1@example.com 1
	more_challenges 200 0
	PASSWORD=secret baresip_up phone 192.0.2.20 5060 alice \
		"$REG:5070;transport=udp"
	until_true 10 has_contacts alice@example.com 1
	challenges >before
	# what it can't settle, and a wrong password, are the registrar's
	reg 1 "Require: path" >msg
	send msg >asked
	more_challenges 0 1
	reg 2 "Contact: <sip:alice@192.0.2.20:5090>" \
		"$(digest asked wrong 00000001)" >msg
	send msg >out
	status out | grep "401"
	more_challenges 0 1
	change 's/guesses: 5/challenge: agent, &/' |
		grep "^registrar.auth: taken"
	challenges >before
	direct 10
	more_challenges 0 10
	change 's/challenge: agent, //'
	challenges >before
	direct 10
	more_challenges 10 0
	nobody
}

@test "nobody is asked on behalf of a registrar that hangs" {
	local pid

	pid=$(cat "$RUN/e1.pid")
	reg 1 >msg
	kill -STOP "$pid"
	until_true 10 unasked
	kill -CONT "$pid"
	# what has come meanwhile is answered, too
	send msg >out
	status out | grep "401"
	# both edges may have given it up meanwhile
	settle 1
}

unasked() { ! send msg >/dev/null; }

@test "what is registered is there after SIGKILL, and so is the order of its CSeqs" {
	local c="Contact: <sip:alice@192.0.2.20:5090>"

	PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1 "$VIP;transport=udp"
	until_true 10 has_contacts b1@example.com 1
	reg 30 "$c" >msg
	send msg >asked
	reg 31 "$c" "$(digest asked secret 00000001)" >msg
	send msg >out
	status out | grep "200"
	edge kill e1
	edge again e1
	has_contacts b1@example.com 1
	has_contacts alice@example.com 1
	reg 30 "$c" "$(digest asked secret 00000002)" >msg
	send msg >out
	status out | grep "500"
	reg 32 "$c" "$(digest asked secret 00000003)" >msg
	send msg >out
	status out | grep "200"
	settle 1
	nobody
}

@test "keep-alive: a phone that is gone is taken away" {
	change 's/max-contacts: 5/&\n  keep-alive: {interval: 1, failures: 2}/'
	PASSWORD=secret baresip_up phone2 192.0.2.21 5060 b1 "$VIP;transport=udp"
	until_true 10 has_contacts b1@example.com 1
	until_true 10 answered b1@example.com
	edge cli e1 registrations qualify b1@example.com --json >out
	jq -e '.contacts | length == 1 and (.[0] | .reachable and
		.code == 200 and .time_ms > 0)' out
	run edge cli e1 registrations qualify nobody@example.com
	[ "$status" = 1 ]
	[[ $output == *"is not registered"* ]]
	# it has no time to say that it goes
	ip netns pids "$CAROM_LAB-edge-phone2" | xargs -r kill -9
	until_true 100 has_contacts b1@example.com 0
	change '/keep-alive:/d'
}

answered() { registrations "$1" | jq -e '.registrations[0].rtt_us > 0' >/dev/null; }

@test "who guesses passwords is kept out by the kernel" {
	local i

	reg 1 "Contact: <sip:alice@192.0.2.66:5090>" >msg
	send msg stranger 192.0.2.66 >asked
	for i in 1 2 3 4 5; do
		reg $((i + 1)) "$(digest asked wrong 0000000$i)" >msg
		send msg stranger 192.0.2.66 >out
		status out | grep "401"
	done
	# held: no answer
	reg 7 "$(digest asked secret 00000007)" >msg
	run ! send msg stranger 192.0.2.66
	# and goes on all the same
	reg 8 "$(digest asked wrong 00000008)" >msg
	edge exec stranger python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.66", 5090))
msg = sys.stdin.read().replace("\n", "\r\n").encode()
for i in range(120):
    s.sendto(msg, (sys.argv[1], 5070))' $REG <msg
	until_true 10 denied
	edge cli e1 network delete 192.0.2.66/32
}

denied() { edge cli e1 network --json | jq -e '.networks[] |
	select(.prefix == "192.0.2.66/32" and .kind == "deny")' >/dev/null; }

event_number() { edge cli e1 metrics | awk '$1 == "carom_event_sequence" { print $2 }'; }

# Behind the event of that number the last ones of a user's contacts are of these types
happened() # SINCE USER TYPE...
{
	local since=$1 user=$2

	shift 2
	edge cli e1 events --since "$since" --types "registration.*" --json | jq -r \
		"select(.data.aor == \"$user@example.com\") | .type" |
		tail -n $# | cmp -s - <(printf '%s\n' "$@")
}

@test "the API: extensions and registrations, and events of them" {
	api() { edge exec e1 curl -sS --fail-with-body --unix-socket \
		"$RUN/e1-api.sock" "http://carom/v1/$1" "${@:2}"; }
	local since

	since=$(event_number)
	api extensions/api@example.com -X PUT -H "Content-Type: application/json" \
		-d '{"password": "secret", "name": "By API"}' >made
	jq -e '.realm == "example.com" and .user == "api" and (.ha1 | not) and
		(.password | not)' made
	edge cli e1 extension --json | jq -e '.extensions |
		any(.id == "api@example.com")'
	# a change without a password keeps it
	api extensions/api@example.com -X PUT -H "Content-Type: application/json" \
		-d '{"name": "Another"}' | jq -e '.name == "Another"'
	printf '%s\n' "register api secret" |
		edge exec phone "$ROOT/tools/lab.d/sipstream.py" tcp $REG 5070 >out
	grep -q "^200" out
	api registrations/api@example.com | jq -e '.contacts | length == 1'
	api registrations?limit=1 | jq -e '.registrations | length == 1'
	api 'registrations?aor=api@example.com' | jq -e '.total == 1 and
		.registrations[0].aor == "api@example.com"'
	api 'registrations?aor=nobody@example.com' | jq -e '.registrations == []'
	api registrations/api@example.com -X DELETE
	run ! api registrations/api@example.com
	until_true 10 happened "$since" api registration.added registration.removed
	api extensions/api@example.com -X DELETE
	run ! api extensions/x@elsewhere.example -X PUT \
		-H "Content-Type: application/json" -d '{"password": "secret"}'
}

@test "a refresh is an event where the contact has moved, or where each is wanted" {
	local c="Contact: <sip:alice@192.0.2.20:5090>" since

	since=$(event_number)
	reg 40 >msg
	send msg >asked
	reg 41 "$c" "$(digest asked secret 00000001)" >msg
	send msg >out
	status out | grep "200"
	reg 42 "$c" "$(digest asked secret 00000002)" >msg
	send msg >out
	status out | grep "200"
	reg 43 "$c;q=0.5" "$(digest asked secret 00000003)" >msg
	send msg >out
	status out | grep "200"
	# of the one before that changed nothing there is none
	until_true 10 happened "$since" alice registration.added registration.refreshed
	change 's/max-contacts: 5/&\n  refresh-events: true/'
	reg 44 "$c;q=0.5" "$(digest asked secret 00000004)" >msg
	send msg >out
	status out | grep "200"
	until_true 10 happened "$since" alice registration.refreshed \
		registration.refreshed
	change '/refresh-events/d'
	clear_of alice@example.com
}

@test "a call from a registered phone to another, through the edge that knows both" {
	edge steer e1
	PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1 "$VIP;transport=udp"
	PASSWORD=secret baresip_up phone2 192.0.2.21 5060 alice "$VIP;transport=udp"
	baresip_say b1 dial sip:alice@example.com
	until_true 20 heard b1 "Call established"
	until_true 20 heard alice "Call established"
	baresip_say b1 hangup
	until_true 20 heard alice "session closed"
	edge steer e1 e2
	nobody
}
