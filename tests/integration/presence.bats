# SPDX-License-Identifier: BSD-2-Clause
# Presence: what phones publish, others who subscribed are told; through an edge, with
# baresip, Kamailio's pua and sipp. e1 is edge, registrar and presence

bats_require_minimum_version 1.5.0
load edge
# shellcheck source=tools/lab.d/phones.sh
. "$ROOT/tools/lab.d/phones.sh"

REG=192.0.2.11

conf() # [LINE...]: of the section presence
{
	cat <<-END
	registrar:
	  listen: ["udp:$REG:5070", "tcp:$REG:5070"]
	  domains: [example.com, $VIP]
	  trusted: ["$VIP/32", "192.0.2.11/32", "192.0.2.12/32"]
	  auth: {realm: example.com, algorithms: [MD5]}
	presence:
	  interval: 100
	END
	printf '  %s\n' "$@"
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules: [{registered: true, methods: [NOTIFY]}, {set: registrar}]
	END
	conf "allow: domain" | edge more e1
	edge start e1
	# what e2 sent on would come to e1 from an address of its own
	edge steer e1
	for u in alice b1 bob; do
		edge cli e1 extension add $u <<<secret
	done
	list
	until_true 30 usable
}

# The dispatcher's list, of the one edge
list()
{
	echo "1 sip:$REG:5070" >"$RUN/list"
	edge cli e1 dispatcher reload
}

usable() { [ "$(active e1)" = 1 ]; }

teardown()
{
	[ -n "${BATS_TEST_COMPLETED:-}" ] ||
		tail -n 25 "$RUN"/e1.log "$RUN"/*/out 2>/dev/null
}

# api METHOD PATH [BODY]
api()
{
	edge exec e1 curl -sS --fail-with-body --unix-socket "$RUN/e1-api.sock" \
		-X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} \
		"http://localhost$2"
}

# known AOR JQ-EXPRESSION
known() { api GET "/v1/presence/$1" | jq -e "$2" >/dev/null; }

figure() { edge cli e1 metrics | awk -v "n=$1" 'index($1, n) == 1 {print $2}'; }

reaches() { [ "$(figure "$1")" -ge "$2" ]; }

# b1 has taken so many NOTIFYs of presence, of alice's
told() { [ "$(api GET /v1/presence/alice@example.com | jq .subscriptions.presence)" = 1 ] &&
	reaches 'carom_presence_notifies_total{reason="answered"}' "$1"; }

# baresip with its modules for presence: NAME's contacts are in the rest. Its mwi begins
# a loop without end where it is registered within a millisecond of being loaded: so it
# comes before the account
buddy() # HOST ADDRESS NAME CONTACT...
{
	local host=$1 addr=$2 name=$3 dir=$RUN/$3 who

	shift 3
	mkdir -p "$dir"
	cat >"$dir/config" <<-END
	sip_listen $addr:5060
	audio_player aubridge,x
	audio_source aubridge,y
	audio_alert aubridge,z
	module_path /usr/lib/baresip/modules
	module g711.so
	module mwi.so
	module aubridge.so
	module_tmp account.so
	module_app menu.so
	module_app contact.so
	module_app presence.so
	module_app ctrl_tcp.so
	ctrl_tcp_listen 127.0.0.1:4444
	END
	echo "<sip:$name@example.com>;regint=60;pubint=60;mwi=yes;auth_pass=secret;outbound=\"sip:$VIP;transport=udp\"" \
		>"$dir/accounts"
	for who; do
		echo "\"$who\" <sip:$who@example.com>;presence=p2p"
	done >"$dir/contacts"
	echo "$host" >"$dir/host"
	(exec nsenter --net="/run/netns/$CAROM_LAB-edge-$host" -- \
		timeout 300 stdbuf -oL baresip -f "$dir" </dev/null >"$dir/out" 2>&1 3>&-) &
	until_true 20 heard "$name" "200 OK"
}

@test "baresip publishes, and another one that subscribed is told" {
	buddy phone 192.0.2.20 alice bob
	buddy phone2 192.0.2.21 b1 alice
	baresip_say alice presence_online
	until_true 20 known alice@example.com '.presence.basic == "open" and
		(.presence.tuples | length > 0)'
	until_true 20 told 3
	# what it did not know before it does not say
	baresip_say alice presence_offline
	until_true 20 heard b1 "alice@example.com> changed status from .*Online.* to .*Offline"
	baresip_say alice presence_online
	until_true 20 heard b1 "alice@example.com> changed status from .*Offline.* to .*Online"
	known alice@example.com '.subscriptions.presence == 1'
}

@test "messages wait: the phone is told what is set by the API" {
	api PUT /v1/presence/b1@example.com/mailbox '{"fresh": 3, "old": 4}'
	until_true 20 heard b1 "Voice-Message: 3/4"
	run api PUT /v1/presence/b1@example.com/mailbox '{"fresh": -1}'
	[ "$status" != 0 ]
	[[ $output == *'/old'* ]]
	api GET /v1/presence | jq -e '.presence | map(.aor) |
		index("b1@example.com") != null'
}

changed_more() { [ "$(grep -c "alice@example.com> changed status" "$RUN/b1/out")" -gt "$1" ]; }

@test "subscriptions outlast a restart of caromd" {
	local n

	n=$(grep -c "alice@example.com> changed status" "$RUN/b1/out")
	edge kill e1
	edge again e1
	until_true 30 usable
	[ "$(figure carom_presence_subscriptions)" -ge 2 ]
	api PUT /v1/presence/alice@example.com \
		'{"basic": "closed", "note": "back at work"}'
	until_true 20 changed_more "$n"
	[ "$(figure 'carom_presence_notifies_total{reason="failed"}')" = 0 ]
	api DELETE /v1/presence/alice@example.com
}

@test "an extension that is deleted is no resource any more" {
	edge cli e1 extension delete alice
	until_true 20 heard b1 "subscriber closed <sip:alice@example.com>: noresource"
	edge cli e1 extension add alice <<<secret
	edge quiet phone phone2
}

friend_is() { heard b1 "Friend .*$1.* is .*$2"; }

@test "linphone subscribes, with a log-in, and publishes" {
	# whom nobody else watches
	edge cli e1 extension add frida <<<secret
	api PUT /v1/presence/frida@example.com '{"basic": "open"}'
	rm -rf "$RUN/b1"
	PASSWORD=secret FRIEND=frida linphone_up phone2 192.0.2.21 5070 b1
	until_true 20 known frida@example.com '.subscriptions.presence == 1'
	until_true 20 friend_is frida Online
	api PUT /v1/presence/frida@example.com '{"basic": "closed"}'
	until_true 20 friend_is frida Offline
	until_true 20 known b1@example.com '.presence.basic == "open" and
		(.presence.tuples | length > 0)'
	api DELETE /v1/presence/frida@example.com
	edge quiet phone2
}

# Nobody is asked who he is any more
unlock()
{
	sed -i 's/^  auth: .*/  auth: {required: false}/; s/allow: domain/allow: all/' \
		"$RUN/more-e1" "$RUN/e1.yaml"
	edge cli e1 reload
}

# Of those that sipp made; a phone that is gone has its own until it expires
none_left()
{
	[ "$(api GET /v1/presence/bob@example.com |
		jq '.subscriptions.presence // 0')" -le 1 ]
}

@test "sipp: many subscriptions, refreshed and ended, none lost" {
	unlock
	TO=$VIP:5060 calls torture 100 400 \
		-sf "$ROOT/tools/lab.d/sipp/presence-watcher.xml"
	until_true 10 none_left
	reaches 'carom_presence_requests_total{reason="subscribed"}' 400
	reaches 'carom_presence_requests_total{reason="unsubscribed"}' 400
	reaches 'carom_presence_notifies_total{reason="answered"}' 1200
}

# pua COMMAND ARGUMENTS...: have Kamailio do it; #1 is a number
pua()
{
	jq -nc --arg m "pua.$1" '{jsonrpc: "2.0", id: 1, method: $m,
		params: [$ARGS.positional[] | if startswith("#") then
		.[1:] | tonumber else . end]}' --args "${@:2}" |
		edge exec f1 curl -sS --max-time 10 -d @- http://192.0.2.31:5060/RPC
}

@test "a list: one subscription to carl, dora and a stranger" {
	unlock
	# of whom nothing is known yet, and no phone comes or goes
	for u in carl dora; do
		edge cli e1 extension add $u <<<secret
	done
	sed -i "/^presence:/a\\  lists: [{name: team@example.com, members: [carl@example.com, dora@example.com, eve@elsewhere.test]}]\n  tcp-above: 0" \
		"$RUN/e1.yaml"
	edge cli e1 reload | tee said
	grep -q '^presence.lists: taken' said
	edge exec phone "$ROOT/tools/lab.d/rlmi.py" 192.0.2.20 5090 $VIP 5060 \
		sip:team@example.com 60 >watcher 2>watcher.err 3>&- &
	until_true 20 told_of 0 '(.["sip:eve@elsewhere.test"] == "terminated")'
	api PUT /v1/presence/carl@example.com '{"basic": "open"}'
	until_true 20 told_of 1 '(.["sip:carl@example.com"] == ["open"] and
		.["sip:dora@example.com"] == ["closed"])'
	api PUT /v1/presence/dora@example.com '{"basic": "open"}'
	until_true 20 told_of 2 '(.["sip:dora@example.com"] == ["open"])'
	# it is another list
	sed -i 's/, eve@elsewhere.test//' "$RUN/e1.yaml"
	edge cli e1 reload
	until_true 20 told_of 3 '(.state == "terminated;reason=deactivated")'
	[ ! -s watcher.err ]
	api DELETE /v1/presence/carl@example.com
	api DELETE /v1/presence/dora@example.com
}

told_of() { jq -se "any(.version == $1 and .full == \"true\" and $2)" watcher >/dev/null; }

@test "Kamailio's pua publishes, and is told of it" {
	local doc t

	unlock
	# a name would have to be looked up
	edge cli e1 extension add "bob@$VIP" <<<secret
	mkdir -p "$RUN/pua"
	for t in standard presence; do
		sqlite3 "$RUN/pua/db" <"/usr/share/kamailio/db_sqlite/$t-create.sql"
	done
	edge exec f1 kamailio -f "$ROOT/tools/lab.d/pua-kamailio.cfg" -E -m 32 \
		-M 4 -Y "$RUN/pua" -w "$RUN/pua" -P "$RUN/pua/pid" -u root \
		-A "ME=192.0.2.31:5060" -A "DB=\"sqlite:///$RUN/pua/db\"" \
		-A "VIA=\"sip:$VIP:5060\"" \
		</dev/null >"$RUN/pua/out" 2>&1 3>&- || {
		cat "$RUN/pua/out"
		false
	}
	until_true 10 listens f1 192.0.2.31 5060
	doc='<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" '
	doc+='entity="sip:bob"><tuple id="kam"><status><basic>open'
	doc+='</basic></status></tuple></presence>'
	pua subscribe sip:bob@$VIP sip:carl@192.0.2.31:5060 presence "#600"
	until_true 10 grep -q "told of sip:bob@$VIP: active;expires=" \
		"$RUN/pua/out"
	grep -q '<basic>closed</basic>' "$RUN/pua/out"
	pua publish sip:bob@$VIP 600 presence application/pidf+xml \
		bob . . . "$doc"
	until_true 10 known bob@$VIP '[.presence.tuples[].id] == ["kam"]'
	until_true 10 grep -q '<basic>open</basic>' "$RUN/pua/out"
}
