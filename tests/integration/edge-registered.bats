# SPDX-License-Identifier: BSD-2-Clause
# Calls to registered users: what the location table has when the edges start

load edge

DOMAIN=example.com

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up "$(cat <<-END
	  sets: [{name: farm, id: 1}]
	  rules: [{registered: true}, {set: farm, user-prefix: farm}]
	END
	)"
	edge stop
	bind_all
	edge start
	warm phone phone2
}

# bound USER URI [SOURCE]: in the store of both edges
bound()
{
	local h now

	now=$(date +%s)
	for h in e1 e2; do
		printf '1\t%s\t%s\t%s\t1\t0\t1000\t0\t%s\t%s\t\t\t\tc\ta' \
			$((now + 3600)) "$now" "$now" d "${3:-}" >value
		sqlite3 "$RUN/$h.db" "INSERT INTO record
			(kind, key, expires, value) VALUES ('registration',
			'$1@$DOMAIN $2', $((now + 3600)),
			CAST(readfile('value') AS TEXT))"
	done
}

bind_all()
{
	cd "$BATS_FILE_TMPDIR"
	bound alice sip:alice@192.0.2.20:5062
	bound bob sip:bob@192.0.2.21:5070
	bound alice6 "sip:alice@[2001:db8::20]:5062"
	bound bob6 "sip:bob6@[2001:db8::21]:5070"
	bound hidden sip:hidden@10.9.9.9:5060 192.0.2.21:5072
	bound tcp "sip:tcp@192.0.2.21:5070;transport=tcp"
	cd "$BATS_TEST_TMPDIR" 2>/dev/null || cd /
}

# dialogs NAME N USER HOST ADDRESS: whole ones, both ways
dialogs()
{
	call_from "$4" "$5" 5062 "$1" 20 "$2" -s "$3" \
		-sf "$SIPP_DIR/edge-dialog-uac.xml"
}

@test "whole dialogs with a registered phone are the kernel's, from the first INVITE on" {
	uas phone2 192.0.2.21 5070 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	mark
	dialogs d4 50 bob phone 192.0.2.20
	settled 100 1200
	edge quiet phone2
}

@test "IPv6" {
	uas phone2 2001:db8::21 5070 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	mark
	dialogs d6 20 bob6 phone 2001:db8::20
	settled 100 480
	edge quiet phone2
}

# Its Contact leads nowhere: its token does
@test "a phone behind a NAT" {
	sed 's/\(Contact: <sip:[^@]*@\)[^>]*/\110.9.9.9:5060/' \
		"$SIPP_DIR/edge-dialog-uas.xml" >hidden.xml
	uas phone2 192.0.2.21 5072 -sf "$PWD/hidden.xml"
	mark
	dialogs dn 20 hidden phone 192.0.2.20
	# all but the first INVITE, which may grow by more than the driver's
	# headroom, with two Record-Routes and a token
	settled 100 460
	edge quiet phone2
}

@test "agents that are dead are not asked" {
	edge kill e1
	edge kill e2
	uas phone2 192.0.2.21 5070 -sf "$SIPP_DIR/edge-dialog-uas.xml"
	dialogs dead 10 bob phone 192.0.2.20
	edge quiet phone2
	edge again e1
	edge again e2
}

code() { grep -m1 -o '^SIP/2.0 [0-9]*' | cut -d' ' -f2; }

# asked USER: what INVITE gets from the edges
asked()
{
	request INVITE "sip:$1@$DOMAIN" "Max-Forwards: 70" |
		ask phone 192.0.2.20 5070 $VIP | code
}

@test "nobody of the name, and nobody there" {
	[ "$(asked nobody)" = 404 ]
	# no connection can be made to him
	[ "$(asked tcp)" = 503 ]
}
