# SPDX-License-Identifier: BSD-2-Clause
# Digest at two edges that share nothing but their key: challenge and answer go to
# whichever chance picks

load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

USERS=$RUN/users

# policy WORDS: of sip.auth, beside realm and users
policy()
{
	cat <<-END
	  sets: [{name: farm, id: 1, auth: true}, {name: registrar, id: 2, auth: true}]
	  rules: [{set: registrar, methods: [REGISTER]}, {set: farm}]
	  auth: {realm: example.com, users: $USERS, $1}
	END
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	# sipp takes the first challenge, and knows MD5 alone
	policy 'algorithms: [MD5, SHA-256], guesses: 4' | edge policy
	echo secret | user add alice
	edge start
	nodes -sn uas -trace_msg
	uas f3 192.0.2.33 5070 -sf "$SIPP_DIR/edge-registrar.xml" -aa
	edge list f1 f2 f3 "2 sip:192.0.2.33:5070"
	settle 4
}

user() { "$ROOT/build/bin/carom" user "$@" -f "$USERS" -r example.com; }

# auth EVENT: on both edges
auth()
{
	local h

	for h in e1 e2; do
		auth_of $h "$1"
	done | jq -s add
}

auth_of() { edge cli "$1" stats sip --json | jq ".agent.events.auth_$2"; }

# auth_calls NAME N PASSWORD [FROM-HOST ADDRESS]
auth_calls()
{
	call_from "${4:-phone}" "${5:-192.0.2.20}" 5062 "$1" 20 "$2" \
		-sf "$SIPP_DIR/edge-auth-uac.xml" -au alice -ap "$3"
}

# refused NAME PASSWORD [FROM-HOST ADDRESS]: a call that gets another 407
refused()
{
	sed '/response="200" rrs=/,$c\  <recv response="407"/></scenario>' \
		"$SIPP_DIR/edge-auth-uac.xml" >refused.xml
	call_from "${3:-phone}" "${4:-192.0.2.20}" 5062 "$1" 1 1 \
		-sf refused.xml -au alice -ap "$2" -recv_timeout 3000
}

@test "calls are asked for digest once, and go through" {
	local c0 a0

	c0=$(auth challenged) a0=$(auth accepted)
	auth_calls good 60 secret
	c0=$(($(auth challenged) - c0)) a0=$(($(auth accepted) - a0))
	echo "challenged $c0, accepted $a0"
	[ $c0 -ge 60 ] && [ $a0 -ge 60 ]
	# retransmissions apart, nobody was asked twice
	[ "$(auth stale):$(auth wrong):$(auth refused)" = 0:0:0 ]
	# both had their part
	[ "$(auth_of e1 accepted)" -gt 10 ]
	[ "$(auth_of e2 accepted)" -gt 10 ]
}

@test "what leaves has no credentials of the realm" {
	grep -hq "^INVITE sip:farm@example.com" "$RUN"/*_messages.log
	run grep -l "^Proxy-Authorization" "$RUN"/*_messages.log
	[ "$status" = 1 ]
}

@test "only what begins a call is the agents'" {
	mark
	auth_calls by 30 secret
	# INVITE twice and an ACK by the agents; 180, 200, ACK, BYE, 200 not
	settled 60 200
}

@test "a wrong password is asked for again" {
	local w0

	w0=$(auth wrong)
	refused wrong guess
	[ "$(auth wrong)" = $((w0 + 1)) ]
	auth_calls right 5 secret
}

@test "who guesses gets no answer, and his neighbours do" {
	local h0 i

	h0=$(auth held)
	export TO=192.0.2.11:5060
	for i in 1 2 3 4; do
		refused guess$i guess stranger 192.0.2.66
	done
	run refused held secret stranger 192.0.2.66
	[ "$status" != 0 ]
	[ "$(auth held)" -gt "$h0" ]
	auth_calls right 5 secret
}

@test "nobody gets round it by naming a node" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@192.0.2.31 "Max-Forwards: 70")
	[[ $output == "SIP/2.0 407 "* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 70" \
			"Route: <sip:192.0.2.31;lr>")
	[[ $output == "SIP/2.0 407 "* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request REGISTER sip:example.com "Max-Forwards: 70")
	[[ $output == "SIP/2.0 407 "*"Proxy-Authenticate: Digest realm="* ]]
}

@test "malformed credentials are told so" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 70" \
			'Proxy-Authorization: Digest realm="example.com", nonce')
	[[ $output == "SIP/2.0 400 Malformed Credentials"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request INVITE sip:b@example.com "Max-Forwards: 70" \
			'Proxy-Authorization: Digest username="alice", realm="example.com", nonce="x", uri="sip:b@example.com", response="0123456789abcdef0123456789abcdef"')
	[[ $output == "SIP/2.0 407 "*", stale=true"* ]]
}

@test "users are read again; a wrong file changes nothing" {
	local h

	auth_calls before 5 secret
	echo other | user add alice
	for h in e1 e2; do
		run edge cli $h user reload
		[[ $output == "$USERS: read; 2 lines of the realm" ]]
	done
	refused old secret
	auth_calls new 5 other
	echo "nonsense" >>"$USERS"
	for h in e1 e2; do
		run edge cli $h user reload
		[ "$status" = 1 ]
		[[ $output == *"$USERS:3: a line without two colons"*"nothing has changed"* ]]
		run edge cli $h reload
		[ "$status" = 1 ]
		[[ $output == *"$USERS:3: "* ]]
	done
	auth_calls still 5 other
	sed -i '$d' "$USERS"
	echo secret | user add alice
	for h in e1 e2; do
		edge cli $h user reload
	done
	auth_calls back 5 secret
}

# offer ALGORITHMS: by both edges from now on
offer()
{
	local h

	for h in e1 e2; do
		sed -i "s/algorithms: \[[^]]*\]/algorithms: [$1]/" "$RUN/$h.yaml"
		edge cli $h reload
	done
}

# both_well N: so many more than A0 were accepted, and none was wrong since W0
both_well()
{
	echo "accepted $(($(auth accepted) - A0)), wrong $(($(auth wrong) - W0))"
	[ $(($(auth accepted) - A0)) -ge "$1" ]
	[ "$(auth wrong)" = "$W0" ]
}

@test "baresip registers and calls, MD5" {
	echo secret | user add b1
	offer MD5
	A0=$(auth accepted) W0=$(auth wrong)
	PASSWORD=secret baresip_up phone 192.0.2.20 5060 b1
	baresip_say b1 dial sip:farm@example.com
	until_true 20 heard b1 "Call established"
	baresip_say b1 hangup
	both_well 2
}

@test "linphone registers and calls, SHA-256 first of two" {
	echo secret | user add l1
	offer "SHA-256, MD5"
	A0=$(auth accepted) W0=$(auth wrong)
	PASSWORD=secret linphone_up phone 192.0.2.20 5070 l1
	linphone_say l1 "call sip:farm@example.com"
	until_true 20 heard l1 "Media streams established"
	linphone_say l1 terminate
	both_well 2
}
