# SPDX-License-Identifier: BSD-2-Clause
# Edges and nodes come and go in the middle of calls, and no call is lost

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up
	nodes -sn uas
	settle 3
}

# while_calls COMMANDS...: goes on while calls with re-INVITEs are made
while_calls()
{
	(sleep 1 && eval "$*") >"$PWD/meanwhile" 2>&1 3>&- &
	calls life 40 160 -sf "$SIPP_DIR/edge-uac.xml"
	wait $! || { cat meanwhile; return 1; }
}

@test "an agent is killed, and comes back" {
	while_calls "edge kill e1 && sleep 1 && edge again e1"
	settle 3
}

@test "an edge is taken out, detached, attached again, put back" {
	while_calls "edge steer e2 && sleep 0.2 && edge stop e1 &&
		edge start e1 && edge steer e1 e2"
	settle 3
}

@test "carom upgrade under load" {
	while_calls "edge cli e1 upgrade && edge cli e2 upgrade"
}

@test "a node is taken out of the list, and put in again" {
	while_calls "edge list f1 f3 && sleep 1 && edge list f1 f2 f3"
	settle 3
}

@test "a node that does not answer loses its calls to the others" {
	edge quiet f2
	settle 2
	calls dead 40 80 -sn uac -d 50
	nodes -sn uas
	settle 3
}

# rings N: so many INVITEs were forwarded since INVITES
rings() { [ "$(forwarded INVITE)" -ge $((INVITES + $1)) ]; }

@test "a call that rings at a node which leaves the list is cancelled there" {
	local cancels

	nodes -sf "$SIPP_DIR/edge-uas-ring.xml"
	settle 3
	INVITES=$(forwarded INVITE) cancels=$(forwarded CANCEL)
	calls leaving 60 60 -sf "$SIPP_DIR/edge-cancel.xml" -d 6000 3>&- &
	until_true 20 rings 60
	edge list f1 f3
	# none of them had given up
	[ "$(forwarded CANCEL)" = "$cancels" ]
	wait $!
	# nor did each come to the edge that knew of its INVITE
	[ "$(total sip_moved)" -gt 0 ]
}

@test "when a node leaves or comes, only its share moves" {
	local i port all=(f1 f2 f3)

	edge quiet f1 f2 f3
	sleep 0.5
	for i in 1 2 3; do
		for port in 5060 5061; do
			edge exec f$i "$ROOT/tools/lab.d/sipnode.py" \
				192.0.2.3$i $port f$i:$port </dev/null \
				>/dev/null 2>&1 3>&- &
		done
		all+=("1 sip:192.0.2.3$i:5061")
	done
	edge list "${all[@]}"
	settle 6
	spread six
	edge list "${all[@]:0:5}"
	settle 5
	spread five
	edge list "${all[@]}"
	settle 6
	spread again
	# all six had some; who was elsewhere than at the sixth stays there
	jq -e '[.[]] | unique | length == 6' six
	jq -se '.[0] as $six | .[1] | to_entries |
		all($six[.key] == "f3:5061" or $six[.key] == .value)' six five
	jq -e 'to_entries | all(.value != "f3:5061")' five
	cmp six again
}

spread()
{
	edge exec phone "$ROOT/tools/lab.d/sipspread.py" 192.0.2.20 $VIP 300 |
		jq -S . >"$1"
	[ "$(jq length "$1")" = 300 ]
}
