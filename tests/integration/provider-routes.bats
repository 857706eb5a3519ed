# SPDX-License-Identifier: BSD-2-Clause
# Which way real calls go: by prefix, priority, weight, cost and time of day; what comes
# back to us; and how often carriers are probed. Four carriers, one appliance, for all

load provider

setup_file()
{
	local p

	[ "$ENGINE" = carom ] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	cat >"$LAB_RUN/more.yaml" <<-END
		providers:
		  listen: ["udp:$LAN4:5070"]
		  trusted: ["198.51.100.0/24"]
		  record-route: always
		  probe: {interval: 0, rate: 10}
	END
	engine_up
	for p in 5061 5062 5063 5064; do
		carrier $p edge-proxied-uas
		echo "$PID" >>carriers
	done
}

teardown_file()
{
	local p

	[ "$ENGINE" = carom ] || return 0
	while read -r p; do
		kill "$p" 2>/dev/null || true
	done <"$BATS_FILE_TMPDIR/carriers"
	engine_down
	rm -f "$LAB_RUN/more.yaml"
}

teardown()
{
	inside provider nft flush ruleset 2>/dev/null || true
	[ -n "${BATS_TEST_COMPLETED:-}" ] || show_logs
	forget_all
}

# four [MEMBERS]: providers a to d
four()
{
	provider a 5061 "$@"
	provider b 5062 "$@"
	provider c 5063 "$@"
	provider d 5064 "$@"
}

# sent: calls that a to d have had, since they were made
sent()
{
	api providers | jq -c '[.providers[] | {(.id): .status.calls}] | add |
		[.a, .b, .c, .d]'
}

@test "routes: the longest prefix, then the lowest priority, then the cheapest" {
	four
	route all a
	route de b '"prefix": "+49"'
	route dear c '"prefix": "+4915", "priority": 10, "cost": 0.5'
	route cheap d '"prefix": "+4915", "priority": 10, "cost": 0.1'
	calls 20 2 +331
	[ "$(sent)" = "[2,0,0,0]" ]
	calls 20 3 +4930
	[ "$(sent)" = "[2,3,0,0]" ]
	calls 20 4 +49151
	[ "$(sent)" = "[2,3,0,4]" ]
	route dear c '"prefix": "+4915", "priority": 1, "cost": 0.5'
	calls 20 5 +49151
	[ "$(sent)" = "[2,3,5,4]" ]
	# for other callers
	route dear c '"prefix": "+4915", "priority": 1, "caller_prefix": "+1"'
	calls 20 1 +49151
	[ "$(sent)" = "[2,3,5,5]" ]
}

@test "routes: calls are shared out by weight" {
	local v

	four
	route wa a '"weight": 60'
	route wb b '"weight": 30'
	route wc c '"weight": 10'
	route wd d
	calls 60 300 +491
	v=$(sent)
	echo "# of 300 calls by weights 60, 30, 10 and 0: $v" >&3
	# five standard deviations
	jq -e 'add == 300 and .[3] == 0 and (.[0] - 180 | fabs) < 43 and
		(.[1] - 90 | fabs) < 40 and (.[2] - 30 | fabs) < 26' <<<"$v"
}

# window FROM TO: hours from now, and to when, UTC
window() { printf '{"from": "%s", "to": "%s"}' "$(date -u -d "$1 hours" +%H:%M)" \
	"$(date -u -d "$2 hours" +%H:%M)"; }

@test "routes: open at this time of day, or closed" {
	four
	route day a "\"priority\": 1, \"times\": {\"windows\": [$(window 2 4)]}"
	route night b '"priority": 2'
	calls 20 3 1
	[ "$(sent)" = "[0,3,0,0]" ]
	route day a "\"priority\": 1, \"times\": {\"windows\": [$(window -2 2)]}"
	calls 20 3 1
	[ "$(sent)" = "[3,3,0,0]" ]
	# where it is another time
	route day a "\"priority\": 1, \"times\": {\"zone\": \"Asia/Tokyo\",
		\"windows\": [$(window -2 2)]}"
	calls 20 1 1
	[ "$(sent)" = "[3,4,0,0]" ]
}

@test "routes: one that leads back to us is a loop, and the next is tried" {
	four
	api providers/self -f -X PUT -d "{\"hostname\": \"$LAN4\", \"port\": 5070,
		\"transport\": \"udp\"}" >/dev/null
	route self self '"priority": 1, "failover": {"codes": ["482"]}'
	route works a '"priority": 2'
	count_invites 5061
	calls 10 5 123
	# one INVITE for each call; of two routes that led back there would be many
	[ "$(sent)" = "[5,0,0,0]" ]
	[ "$(invites 5061)" = 5 ]
	# who does not want another to be tried hears of it
	route self self '"priority": 1'
	! calls 1 1 123
	grep -q '482 Loop Detected' caller.err
	[ "$(sent)" = "[5,0,0,0]" ]
}

counter() { inside provider nft -j list counter inet probes "$1" |
	jq '.nftables[] | .counter? // empty | .packets'; }

probed() { [ "$(counter options)" -ge "$1" ]; }

@test "routes: probes have sockets of their own, and a rate that they keep to" {
	local begun i n

	inside provider nft -f - <<-END
		table inet probes {
			counter options { }
			counter calls { }
			chain in {
				type filter hook input priority -10;
				udp dport 5061 @th,64,56 0x4f5054494f4e53 counter name options
				udp dport 5061 udp sport 5070 @th,64,56 0x4f5054494f4e53 counter name calls
			}
		}
	END
	# thirty a second are wanted, ten are allowed
	for i in {1..30}; do
		provider p$i 5061 '"probe": {"interval": 1}'
	done
	n=$(counter options)
	begun=$(date +%s%N)
	wait_for 30 probed $((n + 40))
	i=$((($(date +%s%N) - begun) / 1000000))
	n=$(($(counter options) - n))
	echo "# $n probes in $i ms" >&3
	[ "$n" -le $((i / 100 + 12)) ]
	[ "$(counter calls)" = 0 ]
}
