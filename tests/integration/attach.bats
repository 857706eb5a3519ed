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
	[ "$(awk '/"packets":/ { n = $2 + 0 }
		/"state": "LEG_RELAY"/ { relay = 1 }
		/^    }/ { if (relay && n > 0) both++; relay = n = 0 }
		END { print both + 0 }' legs)" = 2 ]
	grep -q '"media": "LEG_RTCP"' aux
}

# A caromd beside the lab's own: same maps, its own store and control port
@test "a second agent for the same maps is refused, whatever its store" {
	sed -e "s|^store: .*|store: $PWD/other.db|" \
		-e "s|:$NG_PORT\"|:$((NG_PORT + 1))\"|" \
		"$LAB_RUN/carom.yaml" >other.yaml
	first=$(appliance pid)
	caromd=${CAROM_BIN:-$ROOT/build/bin}/caromd
	status=0
	inside carom "$caromd" --config other.yaml >out 2>&1 || status=$?
	cat out
	[ "$status" -eq 1 ]
	grep -q "/links: in use by another caromd, process $first$" out
	[ ! -e other.db ]
	[ "$(appliance pid)" = "$first" ]
	# Attaching and detaching go on meanwhile
	appliance attach
	# With the first one gone there is room
	appliance kill
	become carom "$caromd" --config other.yaml >out 2>&1 &
	LAB_PIDS+=($!)
	wait_for 20 grep -q "is ready" out
	end_calls
	appliance start
}

prog_id() # DEV
{
	inside carom ip -j -d link show "$1" | jq '.[0].xdp.prog.id'
}

# bpf_object WORDS...: the program, compiled with these changes (of sed) to
# its headers
bpf_object()
{
	cp -r "$ROOT/bpf" "$ROOT/include" .
	sed -i "$@" include/carom/*.h
	clang -target bpf -O2 -g -mcpu=v3 -std=gnu11 -Iinclude -Ibpf \
		-I"/usr/include/$(gcc -print-multiarch)" \
		-c -o other.o bpf/relay.bpf.c
}

@test "upgrade --object takes a program from a file, under load" {
	bpf_object -e ''
	ngc plan --calls 10 >plan
	load calls plan --ptime 10
	wan=$(prog_id wan) lan=$(prog_id lan)
	carom upgrade --object "$PWD/other.o" --json | jq -e '.upgraded == 2'
	[ "$(prog_id wan)" -ne "$wan" ]
	[ "$(prog_id lan)" -ne "$lan" ]
	# Once more with what is built in
	wan=$(prog_id wan)
	carom upgrade | grep -qx "program replaced on 2 devices"
	[ "$(prog_id wan)" -ne "$wan" ]
	all=$(load_end calls)
	ngc end --calls 10
	clean "$all"
}

@test "upgrade --object refuses what does not fit, and changes nothing" {
	wan=$(prog_id wan)
	refuses() # FILE WORDS
	{
		status=0
		carom upgrade --object "$1" >out 2>err || status=$?
		cat err
		[ "$status" -eq 1 ]
		[ ! -s out ]
		grep -qF -- "$2" err
	}
	refuses "$PWD/nowhere.o" "nowhere.o: No such file"
	echo "no ELF" >text.o
	refuses "$PWD/text.o" text.o
	# A program of somebody else's
	echo 'int p(void *c) { return 2; }' >else.c
	sed -i 's/^/__attribute__((section("xdp"), used)) /' else.c
	clang -target bpf -O2 -g -c -o else.o else.c
	refuses "$PWD/else.o" "not a Carom program"
	# Ours, with another layout
	bpf_object -e 's/^#define CAROM_LOCALS 4096/#define CAROM_LOCALS 2048/'
	grep -q "CAROM_LOCALS 2048" include/carom/maps.h
	refuses "$PWD/other.o" "another layout"
	[ "$(prog_id wan)" = "$wan" ]
}

@test "attach --generic of a device that is attached natively says what it is" {
	carom attach --generic wan lan >said 2>&1
	[ "$(grep -c 'stays in native mode' said)" = 2 ]
	grep -q 'carom detach wan; carom attach --generic wan' said
	inside carom ip -d link show wan | grep -q prog/xdp
	if carom attach --generic --shared wan >said 2>&1; then false; fi
	grep -q 'either --shared or --generic' said
}

@test "attach --generic: works, and status and a call say so" {
	appliance stop
	appliance detach
	carom attach --generic wan lan | tee said
	[ "$(grep -c 'attached, generic mode, held by its own' said)" = 2 ]
	inside carom ip -d link show wan | grep -q xdpgeneric
	carom status --json | jq -e '[.devices[].mode] | unique == ["generic"]'
	appliance start
	ngc plan --calls 5 >plan
	load calls plan --ptime 10
	sleep 0.5
	all=$(load_end calls)
	[ "$(carom legs --json | jq '[.legs[] | select(.packets > 0)] |
		length')" -ge 10 ]
	ngc end --calls 5
	clean "$all"
	appliance stop
	appliance detach
	state | diff "$BATS_FILE_TMPDIR/before" -
	appliance attach
	carom status --json | jq -e '[.devices[].mode] | unique == ["native"]'
	appliance start
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

# Two calls for half a second, and every packet heard
two_calls()
{
	local all

	ngc plan --calls 2 >plan
	load calls plan --ptime 10
	sleep 0.5
	all=$(load_end calls)
	ngc end --calls 2
	clean "$all"
}

# The agent is not a child of this shell
agent_gone() {
	local pid=$1 end=$((SECONDS + 10))
	while [ -d "/proc/$pid" ] && ((SECONDS < end)); do sleep 0.05; done
	[ ! -d "/proc/$pid" ]
}

@test "an agent whose maps were taken away says so and stops; detach tells" {
	pid=$(appliance pid)
	carom detach lan 2>err
	[ ! -s err ]
	carom detach wan 2>err
	grep -q "process $pid) stops: start it again after the next" err
	agent_gone "$pid"
	grep -q "took the maps away" "$LAB_RUN/caromd.log"
	appliance attach
	appliance start
	two_calls # on the maps of now
	appliance stop
	carom detach --all 2>err
	[ ! -s err ]
	appliance attach
	appliance start
}

@test "detaching one device leaves the other one working" {
	carom detach lan
	inside carom ip -d link show wan | grep -q prog/xdp
	if inside carom ip -d link show lan | grep -q prog/xdp; then false; fi
	two_calls
	appliance attach
}
