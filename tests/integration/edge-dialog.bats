# SPDX-License-Identifier: BSD-2-Clause
# Whole dialogs through two edges: INVITE, 183 with 100rel, PRACK, UPDATE, ACK,
# re-INVITE from both sides, INFO, REFER and NOTIFY, MESSAGE, BYE, by IPv4, IPv6
# and from one to the other. Each message goes to the edge that chance picks

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up '  sets: [{name: farm, id: 1}, {name: six, id: 4}]
  rules: [{set: six, user-prefix: six-}, {set: farm}]'
	nodes -sf "$SIPP_DIR/edge-dialog-uas.xml"
	uas f3 2001:db8::33 5060 -sf "$SIPP_DIR/edge-dialog-uas.xml" -aa
	edge list f1 f2 f3 "4 sip:[2001:db8::33]:5060"
	settle 4
}

# dialogs NAME ADDRESS USER ARGUMENTS...
dialogs()
{
	call_from phone "$2" 5062 "$1" 20 20 -s "$3" \
		-sf "$SIPP_DIR/edge-dialog-uac.xml" "${@:4}"
}

@test "whole dialogs, IPv4" {
	local m

	mark
	dialogs four 192.0.2.20 farm
	settled 95 400
	for m in PRACK UPDATE INFO REFER NOTIFY MESSAGE BYE; do
		echo "$m: $(forwarded $m)"
		[ "$(forwarded $m)" -ge 19 ]
	done
	# with re-INVITEs from both sides
	[ "$(forwarded INVITE)" -ge 57 ]
	[ "$(forwarded ACK)" -ge 57 ]
}

@test "whole dialogs, IPv6" {
	mark
	dialogs six 2001:db8::20 six-farm
	settled 95 400
}

@test "a phone on IPv6, the farm on IPv4, and the other way round" {
	dialogs mixed64 2001:db8::20 farm
	dialogs mixed46 192.0.2.20 six-farm
}

@test "checksums are right, with offload and without" {
	local bad on

	bad=$(bad_sums phone f1 f2 f3)
	for on in on off; do
		edge tx $on
		mark
		dialogs four-$on 192.0.2.20 farm
		dialogs six-$on 2001:db8::20 six-farm
		settled 95 800
	done
	[ "$(bad_sums phone f1 f2 f3)" = "$bad" ]
}

@test "SUBSCRIBE, NOTIFY by the dialog's route, and its end" {
	nodes -sf "$SIPP_DIR/edge-notifier.xml"
	settle 3
	mark
	calls subscribe 20 20 -sf "$SIPP_DIR/edge-subscriber.xml"
	settled 95 120
	[ "$(forwarded SUBSCRIBE)" -ge 40 ]
}
