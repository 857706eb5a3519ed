# SPDX-License-Identifier: BSD-2-Clause
# What attaching does to a NIC and to its other traffic, and that detaching
# undoes all of it

load lib

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	state >"$BATS_FILE_TMPDIR/before"
	appliance attach
	appliance start
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	engine_down
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
}

teardown()
{
	end_calls
	[ -n "$BATS_TEST_COMPLETED" ] || show_logs
}

# All that could differ: the device's own words, and what is pinned
state()
{
	for dev in wan lan; do
		inside carom ip -d link show $dev
		inside carom ethtool -k $dev
	done
	find /sys/fs/bpf -path "/sys/fs/bpf/$LAB*" | sort
}

@test "status names both devices, native, held by their own link" {
	carom status --json | tee status
	for dev in wan lan; do
		jq -e --arg d $dev '[.. | objects | select(.device? == $d)] |
			length == 1 and .[0].mode == "native"' status
	done
	carom status | grep -q wan
}

@test "the device is ours: nobody replaces the program by accident" {
	run inside carom ip link set dev wan xdp off
	[ "$status" -ne 0 ]
	inside carom ip -d link show wan | grep -q prog/xdp
}

@test "attaching twice does no harm" {
	appliance attach
	[ "$(find "$LAB_PINS" -path '*/links/*' | wc -l)" = 2 ]
}

@test "ping passes, IPv4 and IPv6" {
	for addr in $WAN4 $LAN4 $WAN6 $LAN6; do
		inside alice ping -q -c 2 -i 0.1 -W 2 "$addr"
	done
}

@test "TCP passes, a megabyte each way" {
	head -c 1000000 /dev/urandom >sent
	for addr in "4:$WAN4" "6:[$WAN6]"; do
		become carom socat -u "TCP${addr%%:*}-LISTEN:8022,reuseaddr" \
			"CREATE:got" >/dev/null 2>&1 &
		LAB_PIDS+=("$!")
		listens() { inside carom ss -Hltn 'sport = :8022' |
			grep -q .; }
		wait_for 5 listens
		inside alice socat -u OPEN:sent "TCP:${addr#*:}:8022"
		wait $! || true
		cmp sent got
		rm got
	done
}

# echoes ADDR PORT [6]: a socket of the appliance's answers what alice sends
echoes()
{
	become carom socat "UDP${3:-4}-RECVFROM:$2,fork,reuseaddr" PIPE \
		>/dev/null 2>&1 &
	LAB_PIDS+=("$!")
	udp_listens() { inside carom ss -Hlun "sport = :$1" | grep -q .; }
	wait_for 5 udp_listens "$2"
	[ "$(echo "hello from afar" |
		inside alice socat -t 1 - "UDP:$1:$2")" = "hello from afar" ]
}

@test "UDP to ports beside the media range passes" {
	for port in 53 5060 $((MEDIA_MIN - 1)) $((MEDIA_MAX + 1)); do
		echoes $WAN4 $port
	done
	echoes "[$WAN6]" 5353 6
}

dropped() # REASON
{
	carom stats --json | jq --arg r "$1" '.reasons[$r].packets // 0'
}

@test "packets to a media port without a leg are dropped, and counted" {
	before=$(dropped no_leg)
	for _ in 1 2 3; do
		echo stray | inside alice socat - "UDP-SENDTO:$WAN4:31234"
		echo stray | inside alice socat - "UDP6-SENDTO:[$WAN6]:31234"
	done
	[ "$(dropped no_leg)" -eq $((before + 6)) ]
}

@test "a stranger's packets on a call's port are dropped, and counted" {
	ngc plan --calls 1 >plan
	load calls plan --ptime 10
	port=$(awk '{ print $4 }' plan)
	before=$(dropped stranger)
	# RTP in every respect but its source
	for _ in 1 2 3; do
		printf '\200\010\000\001\000\000\000\000\000\000\000\001%0160d' 0 |
			inside bob socat - "UDP-SENDTO:$WAN4:$port"
	done
	sleep 0.5
	all=$(load_end calls)
	ngc end --calls 1
	clean "$all"
	[ "$(dropped stranger)" -eq $((before + 3)) ]
}

@test "bpftool reads the pinned maps, names and all" {
	ngc plan --calls 1 >plan
	load calls plan --ptime 10
	sleep 0.5
	load_end calls
	v=$(dirname "$(find "$LAB_PINS" -name legs)")
	bpftool map dump pinned "$v/legs" >legs
	bpftool map dump pinned "$v/aux" >aux
	ngc end --calls 1
	# Both RTP legs and both RTCP legs of the call, by name
	[ "$(grep -c '"state": "LEG_RELAY"' legs)" = 4 ]
	[ "$(jq '[.[].value | select(.ctl.state == "LEG_RELAY" and
		.packets > 0)] | length' legs)" = 2 ]
	grep -q '"media": "LEG_RTCP"' aux
}

@test "detach leaves the NIC and /sys/fs/bpf as they were" {
	appliance stop
	appliance detach
	[ ! -e "$LAB_PINS" ]
	state | diff "$BATS_FILE_TMPDIR/before" -
	appliance attach
	# The comparison can tell: attached is another state
	if state | diff -q "$BATS_FILE_TMPDIR/before" -; then false; fi
	appliance start
}

@test "detaching one device leaves the other one working" {
	carom detach lan
	inside carom ip -d link show wan | grep -q prog/xdp
	if inside carom ip -d link show lan | grep -q prog/xdp; then false; fi
	ngc plan --calls 2 >plan
	load calls plan --ptime 10
	sleep 0.5
	all=$(load_end calls)
	ngc end --calls 2
	clean "$all"
	appliance attach
}
