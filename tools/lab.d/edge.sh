#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The lab's edges: two appliances in front of three farm nodes, all at one switch.
# Both edges have the address VIP; each frame for it goes to one of them, by chance,
# but for TCP: there the source port decides.
#
#   phone .20  phone2 .21  stranger .66
#      |          |           |
#   ------------- switch ------------------  192.0.2.0/24, 2001:db8::/64
#      |          |       |     |     |
#   e1 .11      e2 .12   f1 .31 f2 .32 f3 .33      VIP .100, on e1 and e2
#
#   up down            hosts and wires
#   start stop [e1 e2] attach and run the agent; end it and detach
#   kill e1            the agent, by SIGKILL; the kernel goes on
#   cli e1 ARGS...     carom on an edge
#   exec HOST CMD...   a command on a host
#   quiet HOST...      end all that runs there
#   list f1 f3 [LINE]  the dispatcher list has these nodes, and lines as they are;
#                      reloaded
#   steer e1           the VIP is these edges' alone
#   policy <YAML       sets and rules of the edges that start from now on, in
#                      place of one set for all
#   streams <YAML      sip.streams and the like, of the edges that start from now on
#   more EDGE <YAML    sections beside sip, of that edge when it starts
#   kamailio HOST ADDRESS:PORT [NEXT]
#                      Kamailio there: a registrar that reaches phones by the
#                      VIP, or a proxy that sends all to NEXT
#   tx on|off          transmit checksum offload of all hosts but the edges
#
# LAB_STORE: redis://ADDRESS/DB, which both share; else each has a file
# CAROM_BIN: where caromd and carom are (default: build/bin)
set -euo pipefail

TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
: "${CAROM_LAB:=carom}"
LAB=$CAROM_LAB-edge
RUN=/run/$LAB
PINS=/sys/fs/bpf/$LAB
BIN=${CAROM_BIN:-$TOP/build/bin}
VIP=192.0.2.100
NET6=2001:db8::
VIP6=${NET6}100
HOSTS="phone:20 phone2:21 stranger:66 e1:11 e2:12 f1:31 f2:32 f3:33"

ns() { printf '%s-%s' "$LAB" "$1"; }

# Not `ip netns exec`: that mounts a sysfs of its own and hides /sys/fs/bpf
inside()
{
	local host=$1

	shift
	nsenter --net="/run/netns/$(ns "$host")" -- "$@"
}

mac() { printf '02:00:00:00:00:%02x' "$1"; }

make_host() # NAME NUMBER
{
	ip netns add "$(ns "$1")"
	inside "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0
	ip -n "$(ns "$1")" link set lo up
	ip link add eth0 netns "$(ns "$1")" address "$(mac "$2")" type veth \
		peer name "$1" netns "$(ns switch)"
	ip -n "$(ns "$1")" link set eth0 up
	ip -n "$(ns "$1")" addr add "192.0.2.$2/24" dev eth0
	ip -n "$(ns "$1")" addr add "$NET6$2/64" dev eth0 nodad
	ip -n "$(ns switch)" link set "$1" master br0 up
	case $1 in
	e?)
		# a veth takes what XDP sends back only with a program of its
		# own (tools/lab); a real NIC asks for nothing
		inside switch ethtool -K "$1" gro on
		inside switch "$TOP/tools/lab.d/xdppass.py" "$1"
		;;
	esac
}

know() # HOST ADDRESS NUMBER
{
	ip -n "$(ns "$1")" neigh replace "$2" lladdr "$(mac "$3")" \
		nud permanent dev eth0
}

# Frames for the VIP go to one of these, each by a throw of the dice
steer() # EDGE...
{
	local h e to='' n=0

	for e in "$@"; do
		to+="${to:+, }$n : $(mac "1${e#e}")"
		n=$((n + 1))
	done
	{
		echo "table netdev vip"
		echo "delete table netdev vip"
		echo "table netdev vip {"
		for h in $HOSTS; do
			h=${h%:*}
			# a connection stays with one
			echo "chain in_$h { type filter hook ingress device $h" \
				"priority 0; ether daddr $(mac 100) meta" \
				"l4proto tcp ether daddr set jhash tcp sport" \
				"mod $n map { $to }; ether daddr $(mac 100)" \
				"ether daddr set numgen random mod $n map" \
				"{ $to }; }"
		done
		echo "}"
	} | inside switch nft -f -
}

# Nobody asks for the VIP's MAC
make_vip()
{
	local h n

	for h in e1 e2; do
		inside $h sysctl -qw net.ipv4.conf.all.arp_ignore=8
		ip -n "$(ns $h)" addr add $VIP/32 dev eth0
		# on lo: what it asks of its neighbours is not asked in its
		# name, for the answer would go to either edge
		ip -n "$(ns $h)" addr add $VIP6/128 dev lo
	done
	for h in $HOSTS; do
		h=${h%:*}
		know "$h" $VIP 100
		know "$h" $VIP6 100
		for n in 11 12; do
			[ "$h" != "e${n#1}" ] || continue
			know "$h" "192.0.2.$n" $n
			know "$h" "$NET6$n" $n
		done
	done
	steer e1 e2
}

up()
{
	local h

	mkdir -p "$RUN"
	ip netns add "$(ns switch)"
	ip -n "$(ns switch)" link add br0 type bridge mcast_snooping 0
	ip -n "$(ns switch)" link set br0 up
	for h in $HOSTS; do
		make_host "${h%:*}" "${h#*:}"
	done
	make_vip
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -days 2 -subj /CN=example.com -addext \
		"subjectAltName=DNS:example.com,IP:$VIP" \
		-keyout "$RUN/tls.key" -out "$RUN/tls.crt" 2>/dev/null
	openssl rand -hex 16 >"$RUN/key"
	write_list f1 f2 f3
	write_policy <<-END
	  sets: [{name: farm, id: 1}]
	  rules: [{set: farm}]
	END
}

# As lines of the section sip
write_policy() { cat >"$RUN/policy"; }

set_tx() # on|off
{
	local h

	for h in $HOSTS; do
		case $h in
		e?:*) ;;
		*) inside "${h%:*}" ethtool -K eth0 tx "$1" >/dev/null ;;
		esac
	done
}

down()
{
	local h

	for h in e1 e2; do
		[ ! -e "/run/netns/$(ns $h)" ] || stop $h || true
	done
	for h in $HOSTS switch:0; do
		h=${h%:*}
		[ -e "/run/netns/$(ns "$h")" ] || continue
		ip netns pids "$(ns "$h")" | xargs -r kill -9
		ip netns del "$(ns "$h")"
	done
	# Pins whose `carom detach` failed: a test may have left a wrong file
	for h in e1 e2; do
		case "$PINS-$h" in
		/sys/fs/bpf/?*) rm -rf "$PINS-$h" || true ;;
		esac
	done
	rm -rf "$RUN"
}

write_list()
{
	local f

	for f in "$@"; do
		case $f in
		f?) echo "1 sip:192.0.2.3${f#f}:5060" ;;
		*) echo "$f" ;;
		esac
	done >"$RUN/list.new"
	mv "$RUN/list.new" "$RUN/list"
}

configure() # EDGE
{
	cat >"$RUN/$1.yaml" <<-END
	log: {level: info}
	pin-dir: $PINS-$1
	store: ${LAB_STORE:-$RUN/$1.db}
	control: $RUN/$1.sock
	devices: [eth0]
	ng: {listen: []}
	media:
	  interfaces:
	    - {name: own, address: 192.0.2.1${1#e}, ports: 30000-30099}
	sip:
	  listen:
	    - {name: vip, address: "$VIP:5060"}
	    - {name: vip6, address: "[$VIP6]:5060"}
	    - {name: own, address: "192.0.2.1${1#e}:5060", own: true}
	    - {name: own, address: "[${NET6}1${1#e}]:5060", own: true}
	    - {name: vip-tcp, address: "$VIP:5060", transport: tcp}
	    - {name: vip-tls, address: "$VIP:5061", transport: tls}
	    - {name: vip-ws, address: "$VIP:8080", transport: ws}
	    - {name: vip-wss, address: "$VIP:8443", transport: wss}
	    - {name: own-tcp, address: "192.0.2.1${1#e}:5060", transport: tcp,
	       own: true}
	    - {name: own-tcp, address: "[${NET6}1${1#e}]:5060", transport: tcp,
	       own: true}
	    - {name: own-tls, address: "192.0.2.1${1#e}:5061", transport: tls,
	       own: true}
	    - {name: own-wss, address: "192.0.2.1${1#e}:8443", transport: wss}
	  tls: {certificate: $RUN/tls.crt, key: $RUN/tls.key}
	$(cat "$RUN/streams" 2>/dev/null)
	  key-file: $RUN/key
	  domains: [example.com, conf.example.com]
	  dispatcher: $RUN/list
	$(cat "$RUN/policy")
	  networks:
	    - {prefix: 192.0.2.20/31, kind: allow}
	    - {prefix: 192.0.2.11/32, kind: trusted}
	    - {prefix: 192.0.2.12/32, kind: trusted}
	  probe: {interval: 1, timeout: 900, down: 2}
	$(cat "$RUN/more-$1" 2>/dev/null)
	END
}

cli()
{
	local h=$1 verb=$2

	shift 2
	inside "$h" "$BIN/carom" "$verb" --config "$RUN/$h.yaml" "$@"
}

start_agent() # EDGE
{
	local i

	(exec nsenter --net="/run/netns/$(ns "$1")" -- \
		"$BIN/caromd" --config "$RUN/$1.yaml" \
		>>"$RUN/$1.log" 2>&1 3>&-) &
	echo $! >"$RUN/$1.pid"
	for ((i = 0; i < 100; i++)); do
		! cli "$1" dispatcher >/dev/null 2>&1 || return 0
		kill -0 "$(cat "$RUN/$1.pid")" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 5 "$RUN/$1.log" >&2
	return 1
}

end_agent() # EDGE SIGNAL
{
	local pid i

	[ -e "$RUN/$1.pid" ] || return 0
	pid=$(cat "$RUN/$1.pid")
	rm -f "$RUN/$1.pid"
	kill "-$2" "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 50; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$pid"
}

# Ends with its namespace (quiet)
kamailio() # HOST ADDRESS:PORT [NEXT]
{
	local dir="$RUN/kamailio-$2" role=(-A REGISTRAR -A "NEXT=\"\"")

	[ -z "${3:-}" ] || role=(-A "NEXT=\"sip:$3\"")
	mkdir -p "$dir"
	inside "$1" kamailio -f "$TOP/tools/lab.d/edge-kamailio.cfg" -E \
		-m 32 -M 4 -Y "$dir" -w "$dir" -P "$dir/pid" -u root \
		-A "ME=$2" -A "EDGE=\"sip:$VIP:5060\"" "${role[@]}" \
		</dev/null >"$dir.log" 2>&1 3>&-
}

start()
{
	local h

	for h in "${@:-e1 e2}"; do
		configure "$h"
		[ -e "$PINS-$h" ] || cli "$h" attach eth0
		start_agent "$h"
	done
}

stop()
{
	local h

	for h in "$@"; do
		end_agent "$h" TERM
		[ ! -e "$PINS-$h" ] || cli "$h" detach --all
	done
}

cmd=${1:-}
[ $# = 0 ] || shift
case $cmd in
up) up ;;
down) down ;;
start | stop)
	[ $# -gt 0 ] || set -- e1 e2
	"$cmd" "$@"
	;;
policy) write_policy ;;
steer) steer "$@" ;;
streams) cat >"$RUN/streams" ;;
more) cat >"$RUN/more-$1" ;;
kamailio) kamailio "$@" ;;
tx) set_tx "$1" ;;
kill) end_agent "$1" KILL ;;
again) start_agent "$1" ;;
cli) cli "$@" ;;
exec) inside "$@" ;;
quiet)
	for h in "$@"; do
		# one that ends by itself meanwhile is no error
		ip netns pids "$(ns "$h")" | xargs -r kill 2>/dev/null || true
	done
	;;
list)
	write_list "$@"
	cli e1 dispatcher reload
	cli e2 dispatcher reload
	;;
*)
	sed -n '3,/^set /p' "$0" | sed -n 's/^# \{0,1\}//p' >&2
	exit 2
	;;
esac
