# SPDX-License-Identifier: BSD-2-Clause
# Kamailio as the edges' neighbour: one before them, one behind, each of the three
# in the route set. What a call says goes through all of them, both ways

load edge

FRONT=192.0.2.21

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	echo "1 sip:192.0.2.31:5060" >"$RUN/list"
	edge kamailio phone2 $FRONT:5060 $VIP:5060
	edge kamailio f1 192.0.2.31:5060 192.0.2.33:5090
	uas f3 192.0.2.33 5090 -sf "$SIPP_DIR/edge-proxied-uas.xml"
	edge start
	settle 1
	warm phone phone2 f1
}

@test "three Record-Routes: Kamailio, the edges, Kamailio" {
	mark
	TO=$FRONT:5060 call_from phone 192.0.2.20 5062 proxied 20 40 -s farm \
		-sf "$SIPP_DIR/edge-proxied-uac.xml" -trace_msg \
		-message_file "$PWD/proxied.msg"
	settled 95 400
	# the caller was told of all three
	grep -q "<sip:$FRONT;lr" proxied.msg
	grep -q "<sip:$VIP:5060;lr>" proxied.msg
	grep -q "<sip:192.0.2.31;lr" proxied.msg
}

@test "CANCEL by way of three proxies" {
	edge quiet f3
	uas f3 192.0.2.33 5090 -sf "$SIPP_DIR/edge-proxied-ring.xml"
	mark
	TO=$FRONT:5060 call_from phone 192.0.2.20 5062 cancelled 20 20 \
		-sf "$SIPP_DIR/edge-cancel.xml" -d 50
	settled 95 140
}
