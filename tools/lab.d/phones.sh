# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Real phones on the hosts of the edges' lab: baresip and linphonec. They answer
# by themselves, have no sound card, and register through the VIP. Sourced by
# tests/integration/edge-phones.bats, which has edge(), VIP, RUN and until_true().
#
#   baresip_up HOST ADDRESS PORT NAME [VIA: "VIP;transport=udp"]
#   baresip_say NAME COMMAND [PARAMETERS]
#   linphone_up HOST ADDRESS PORT NAME     linphone_say NAME COMMAND
#   heard NAME TEXT                        has it printed that?
#
# PASSWORD: what they answer digest with. FRIEND: whose presence linphone wants to know;
# it publishes its own then

baresip_up()
{
	local host=$1 addr=$2 port=$3 name=$4 dir=$RUN/$4

	mkdir -p "$dir"
	cat >"$dir/config" <<-END
	sip_listen $addr:$port
	audio_player aubridge,x
	audio_source aubridge,y
	audio_alert aubridge,z
	module_path /usr/lib/baresip/modules
	module g711.so
	module aubridge.so
	module_tmp account.so
	module_app menu.so
	module_app ctrl_tcp.so
	ctrl_tcp_listen 127.0.0.1:4444
	rtp_ports $((port + 5000))-$((port + 5100))
	END
	cat >"$dir/accounts" <<-END
	<sip:$name@example.com>;regint=60;answermode=auto;outbound="sip:${5:-$VIP;transport=udp}"${PASSWORD:+;auth_pass=$PASSWORD}
	END
	: >"$dir/contacts"
	echo "$host" >"$dir/host"
	(exec nsenter --net="/run/netns/$CAROM_LAB-edge-$host" -- \
		timeout 120 stdbuf -oL baresip -f "$dir" </dev/null >"$dir/out" 2>&1 3>&-) &
	until_true 20 heard "$name" "200 OK"
}

# Over ctrl_tcp: JSON in a netstring
baresip_say()
{
	local m

	m=$(jq -nc --arg c "$2" --arg p "${3:-}" '{command: $c, params: $p}')
	printf '%d:%s,' ${#m} "$m" | edge exec "$(cat "$RUN/$1/host")" \
		socat -t1 - TCP:127.0.0.1:4444 >/dev/null
}

linphone_up()
{
	local host=$1 addr=$2 port=$3 name=$4 dir=$RUN/$4

	mkdir -p "$dir/.local/share/linphone" "$dir/.config"
	cat >"$dir/linphonerc" <<-END
	[sip]
	sip_port=$port
	sip_tcp_port=0
	sip_tls_port=0
	default_proxy=0
	register_only_when_network_is_up=0
	[rtp]
	audio_rtp_port=$((port + 6000))
	[proxy_0]
	reg_proxy=<sip:$VIP;transport=udp>
	reg_route=<sip:$VIP;transport=udp;lr>
	reg_identity=sip:$name@example.com
	reg_expires=120
	reg_sendregister=1
	publish=$([ -z "${FRIEND:-}" ]; echo $?)
	END
	[ -z "${PASSWORD:-}" ] || cat >>"$dir/linphonerc" <<-END
	[auth_info_0]
	username=$name
	realm=example.com
	passwd=$PASSWORD
	END
	[ -z "${FRIEND:-}" ] || cat >>"$dir/linphonerc" <<-END
	[friend_0]
	url="$FRIEND" <sip:$FRIEND@example.com>
	pol=accept
	subscribe=1
	END
	mkfifo "$dir/in"
	# it finds its own address by a route to somewhere
	edge exec "$host" ip route replace default via "$VIP"
	(HOME=$dir exec nsenter --net="/run/netns/$CAROM_LAB-edge-$host" -- \
		timeout 120 stdbuf -oL linphonec -c "$dir/linphonerc" -a \
		<>"$dir/in" >"$dir/out" 2>&1 3>&-) &
	linphone_say "$name" "soundcard use files"
	until_true 20 registered "$name"
}

linphone_say() { echo "$2" >"$RUN/$1/in"; }

registered()
{
	linphone_say "$1" "status register"
	sleep 0.2
	heard "$1" "registered, identity"
}

heard() { grep -q -- "$2" "$RUN/$1/out"; }
