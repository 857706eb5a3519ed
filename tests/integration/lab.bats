# SPDX-License-Identifier: BSD-2-Clause
# The lab itself: hosts reach each other, and nothing stays behind

load lib

other()
{
	CAROM_LAB=$LAB-2 "$ROOT/tools/lab" "$@"
}

teardown()
{
	other down
}

# What a lab could leave: namespaces, files, processes, devices, pins
traces()
{
	ip netns | awk '{ print $1 }' | grep "^$LAB-2-" || true
	find /run -maxdepth 1 -name "$LAB-2-lab"
	find /sys/fs/bpf -maxdepth 1 -name "$LAB-2"
	ip -br link | grep -E 'phones-[ab]|^(wan|lan|carom|farm)@' || true
}

@test "every host reaches every other, IPv4 and IPv6" {
	for addr in $BOB4 $WAN4 $LAN4 $FARM4 $PROVIDER4 \
		$BOB6 $WAN6 $LAN6 $FARM6 $PROVIDER6; do
		inside alice ping -q -c 1 -W 2 "$addr"
	done
	inside carom ping -q -c 1 -W 2 $PROVIDER4
	inside carom ping -q -c 1 -W 2 $PROVIDER6
}

@test "the appliance routes nothing by itself" {
	[ "$(inside carom cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	[ "$(inside carom cat /proc/sys/net/ipv6/conf/all/forwarding)" = 0 ]
}

@test "hosts' checksum offload is off, unless asked for" {
	inside alice ethtool -k eth0 | grep -q 'tx-checksumming: off'
	lab tx on
	inside alice ethtool -k eth0 | grep -q 'tx-checksumming: on'
	lab tx off
	LAB_TX=on other up
	other exec bob ethtool -k eth0 | grep -q 'tx-checksumming: on'
}

@test "who receives the appliance's frames can take those of XDP" {
	for host in access core; do
		inside $host ethtool -k carom |
			grep -q 'generic-receive-offload: on'
		inside $host ip -d link show carom | grep -q prog/xdp
		# In the driver: the generic mode's word is xdpgeneric
		inside $host ip link show carom | grep -qw xdp
	done
	[ -z "$(find /sys/fs/bpf -maxdepth 1 -name 'xdppass-*')" ]
}

@test "/sys/fs/bpf is there on a host" {
	[ "$(inside carom stat -f -c %T /sys/fs/bpf)" = bpf_fs ]
}

@test "two labs at once, and down leaves nothing, whatever runs" {
	other up
	[ -n "$(traces)" ]
	other exec alice sleep 1000 3>&- &
	other exec carom bash -c 'trap "" TERM; exec sleep 1000' 3>&- &
	mkdir -p "/sys/fs/bpf/$LAB-2/1/links"
	run other up
	[ "$status" -eq 1 ]
	[[ "$output" == *"is up already"* ]]
	other down
	wait
	[ -z "$(traces)" ]
	[ -e "/run/netns/$LAB-alice" ]
	other down
}

@test "an up that fails half-way leaves nothing" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/ethtool"
	chmod +x "$BATS_TEST_TMPDIR/bin/ethtool"
	PATH="$BATS_TEST_TMPDIR/bin:$PATH" run other up
	[ "$status" -ne 0 ]
	[ -z "$(traces)" ]
}

@test "wrong words are refused, and say what is right" {
	run lab exec nobody true
	[ "$status" -eq 1 ]
	[[ "$output" == *"hosts: alice bob"* ]]
	run lab launch
	[ "$status" -eq 1 ]
	[[ "$output" == *"usage:"* ]]
	run lab tx maybe
	[ "$status" -eq 1 ]
	run lab start nothing
	[ "$status" -eq 1 ]
	run lab status
	[ "$status" -eq 0 ]
	[[ "$output" == *"192.0.2.10/26"* ]]
	run other status
	[ "$status" -eq 1 ]
}
