# SPDX-License-Identifier: BSD-2-Clause
# Calls to carriers, which are asked whether they live. Carriers are sipp on the
# provider host, and Kamailio; the node that calls is on the farm

load provider

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	cat >"$LAB_RUN/more.yaml" <<-END
		providers:
		  listen: ["udp:$LAN4:5070", "tcp:$LAN4:5070"]
		  trusted: ["198.51.100.0/24"]
		  inbound: "udp:$FARM4:5066"
		  record-route: always
		  probe: {interval: 1, timeout: 500, down: 2, up: 2}
	END
	engine_up
	# whoever asks twice a second has his answer each time
	inside provider sysctl -qw net.ipv4.icmp_ratelimit=0
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	engine_down
	rm -f "$LAB_RUN/more.yaml"
}

teardown() { end_providers; }

@test "provider: probed there and then, healthy or not, and why" {
	carrier 5061 edge-proxied-uas
	provider good 5061
	provider bad 5069 '"probe": {"interval": 0}'
	provider picky 5061 '"probe": {"interval": 0, "codes": ["404"]}'

	api providers/good/probe -f -X POST >good
	jq -e '.healthy and .code == 200 and .time_ms > 0 and .reason == "200 OK"' good
	api providers/bad/probe -f -X POST >bad
	jq -e '(.healthy | not) and .code == null and .reason == "unreachable (ICMP)"' bad
	api providers/picky/probe -f -X POST >picky
	jq -e '(.healthy | not) and .code == 200' picky
	# it was asked for by hand: nothing is thought of it
	is bad unknown
	[ "$(api providers/none/probe -o /dev/null -w '%{http_code}' -X POST)" = 404 ]

	# silence is waited for, not longer than it takes
	inside provider nft -f - <<-END
		table inet silent {
			chain in {
				type filter hook input priority 0;
				udp dport 5068 drop
			}
		}
	END
	provider silent 5068
	api providers/silent/probe -f -X POST >silent
	jq -e '(.healthy | not) and (.reason | startswith("no answer within"))' silent
}

@test "provider: what is wrong with one, or with a route, is said" {
	api providers/x -X PUT -d '{"hostname": "a b", "port": 99999}' >x
	jq -e '.status == 422 and .errors[0].pointer == "/hostname"' x
	api providers/x -X PUT -d '{"hostname": "a", "username": "u",
		"password": "p"}' >x
	jq -e '.errors[0].pointer == "/realm"' x
	api routes/x -X PUT -d '{"provider": "p", "times": {"zone": "Mars",
		"windows": []}}' >x
	jq -e '.errors[0].pointer == "/times/zone"' x
	api routes/x -X PUT -d '{"provider": "p", "times": {"windows": [
		{"from": "08:00", "to": "9"}]}}' >x
	jq -e '.errors[0].pointer == "/times/windows/0/to"' x
	[ "$(api providers | jq '.providers | length')" = 0 ]
	# what is kept of a password goes to no other host, and not in the clear
	api providers/x -f -X PUT -d '{"hostname": "a.example", "transport": "tls",
		"username": "u", "realm": "r", "password": "p", "probe": {"interval": 0}}'
	api providers/x -f -X PUT -d '{"hostname": "A.example", "transport": "tls",
		"username": "u", "realm": "r", "probe": {"interval": 0}}'
	api providers/x -X PUT -d '{"hostname": "b.example", "transport": "tls",
		"username": "u", "realm": "r"}' >x
	jq -e '.status == 422 and .errors[0].pointer == "/password" and
		(.errors[0].detail | contains("is for A.example"))' x
	api providers/x -X PUT -d '{"hostname": "a.example", "username": "u",
		"realm": "r"}' >x
	jq -e '.errors[0].detail | contains("goes by tls")' x
	api providers/x | jq -e '.hostname == "A.example"'
	api providers/x -f -X PUT -d '{"hostname": "b.example", "username": "u",
		"realm": "r", "password": "q"}'
	api providers/x -f -X DELETE
}

@test "provider: which way a number goes, and why not another, is told" {
	provider a 5061 '"probe": {"interval": 0}'
	provider b 5062 '"probe": {"interval": 0}, "disabled": true'
	route all a
	route de a '"prefix": "+49", "rewrite": {"called": [{"strip": 3, "add": "0"}]},
		"times": {"zone": "Europe/Berlin", "windows": [
		{"days": ["sun"], "from": "02:30", "to": "04:00"}]}'
	route off b '"prefix": "+49"'

	# the clock went from 02:00 to 03:00
	api 'routes/resolve?number=%2B49301&at=2026-03-29T01:00:00Z' >r
	jq -e '.routes | map([.route, .taken, .called]) ==
		[["de", true, "0301"], ["off", false, null], ["all", false, null]]' r
	api 'routes/resolve?number=%2B49301&at=2026-03-29T00:59:59Z' >r
	jq -e '.routes | map([.route, .taken, .why]) ==
		[["de", false, "it is closed at that time"],
		 ["off", false, "its provider is disabled"],
		 ["all", true, "taken"]]' r
	[ "$(api 'routes/resolve?number=1&at=today' | jq .status)" = 400 ]
	[ "$(api 'routes/resolve' | jq .status)" = 400 ]
}

@test "provider: what is known is there after a restart" {
	provider a 5069 '"username": "u", "realm": "r", "password": "pass"'
	route r a '"prefix": "1"'
	wait_for 15 is a down
	appliance kill
	appliance start
	is a down
	[ "$(api 'routes/resolve?number=12' | jq -r '.routes[0].why')" = \
		"its provider is unhealthy" ]
	# a password is nowhere to be found
	api providers/a >a
	jq -e '.username == "u" and .password == null and .ha1 == null' a
	! grep -q pass "$LAB_RUN/carom.db" "$LAB_RUN/carom.db-wal"
	# what was read can be written back: the log-in stays
	jq 'del(.status) | .name = "A"' a >b
	api providers/a -f -X PUT -d @b >/dev/null
	sqlite3 "$LAB_RUN/carom.db" \
		"SELECT value FROM record WHERE kind = 'provider'" |
		jq -e '.name == "A" and (.ha1.MD5 | length) == 32'
}

@test "provider: calls, with what follows from both sides" {
	carrier 5061 edge-proxied-uas
	provider a 5061
	route r a
	calls 20 60 +49301234
	jq -e '.status.calls == 60 and .status.calls_failed == 0' <<<"$(api providers/a)"
	[ "$(grep -c '^INVITE sip:+49301234@' 5061.msg)" = 60 ]
}

@test "provider: one that goes down and comes back under traffic" {
	local pid_a before during n pid

	carrier 5061 edge-proxied-uas
	pid_a=$PID
	carrier 5062 edge-proxied-uas
	provider a 5061
	provider b 5062
	route ra a '"weight": 50, "failover": {"timeout": 300}'
	route rb b '"weight": 50, "failover": {"timeout": 300}'
	wait_for 15 is a up
	wait_for 15 is b up
	count_invites 5061
	count_invites 5062

	# 20 a second, all the time
	(calls 20 500 +49301234) &
	pid=$!
	wait_for 10 some_invites 5061 20
	[ "$(invites 5062)" -gt 0 ]

	# it hangs: nothing refuses, nothing answers
	kill -STOP "$pid_a"
	wait_for 15 is a down
	# those that were on their way have had their time
	sleep 1
	before=$(invites 5061)
	n=$(invites 5062)
	wait_for 15 some_invites 5062 $((n + 80))
	during=$(invites 5061)
	echo "sent to it while it was down: $((during - before))"
	[ "$during" = "$before" ]

	kill -CONT "$pid_a"
	wait_for 15 is a up
	wait_for 15 some_invites 5061 $((during + 10))
	# and not one call was lost
	wait "$pid"
	api 'events?types=provider.*' | jq -e '[.events[] | select(.data.id == "a") |
		.type][-2:] == ["provider.down", "provider.up"]'
}

some_invites() { [ "$(invites "$1")" -ge "$2" ]; } # PORT N

@test "provider: the next one, on a code and on silence" {
	carrier 5061 carrier-busy
	carrier 5063 edge-proxied-uas
	provider fails 5061 '"probe": {"interval": 0}'
	provider silent 5062 '"probe": {"interval": 0, "down_after": 100}'
	provider works 5063
	inside provider nft -f - <<-END
		table inet silent {
			chain in {
				type filter hook input priority 0;
				udp dport 5062 drop
			}
		}
	END
	route r1 fails '"priority": 1'
	route r2 silent '"priority": 2, "failover": {"timeout": 200}'
	route r3 works '"priority": 3'
	calls 5 10 123
	jq -e '.status.calls == 10 and .status.calls_failed == 10' <<<"$(api providers/fails)"
	jq -e '.status.calls == 10 and .status.calls_failed == 10' <<<"$(api providers/silent)"
	jq -e '.status.calls == 10 and .status.calls_failed == 0' <<<"$(api providers/works)"
	# each failure had its ACK
	[ "$(grep -c '^ACK ' 5061.msg)" = 10 ]
}

@test "provider: a log-in that Kamailio asks for, numbers as it wants them" {
	"$ROOT/tools/lab.d/carrier.sh" start
	carrier 5062 edge-proxied-uas
	provider k 5060 '"username": "carom", "realm": "carrier.example",
		"password": "secret", "from_domain": "carrier.example",
		"headers": {"X-Account": "12"}'
	route r k '"prefix": "+1", "rewrite": {
		"called": [{"match": "^\\+1", "replace": "001"}],
		"caller": [{"match": ".*", "replace": "+4930"}]}'
	# the nonce is good for 4 s: it becomes stale on the way
	calls 4 24 +1234
	grep -q '^INVITE sip:001234@203.0.113.130' 5062.msg
	grep -q '^From: .*<sip:+4930@carrier.example>;tag=' 5062.msg
	grep -q '^X-Account: 12' 5062.msg
	# consumed by the one that it was for, and its CSeq is not the caller's
	! grep -q '^Proxy-Authorization' 5062.msg
	grep -q '^CSeq: 2 INVITE' 5062.msg

	provider k 5060 '"username": "carom", "realm": "carrier.example",
		"password": "wrong"'
	! calls 1 1 +1234
	grep -q '500 No Provider Takes Our Log-In' caller.err
}

@test "provider: registered at Kamailio, which calls us by it" {
	"$ROOT/tools/lab.d/carrier.sh" start
	provider k 5060 '"username": "carom", "realm": "carrier.example",
		"password": "secret", "register": {"expires": 60}'
	wait_for 15 registered k
	"$ROOT/tools/lab.d/carrier.sh" rpc ul.dump | grep -q "Address: sip:k@$LAN4:5070"

	# from a phone of the carrier to its customer, who is a node of the farm
	become farm sipp -sf "$S/edge-proxied-uas.xml" -i "$FARM4" -p 5066 \
		-mp 7000 -nostdin -trace_err -error_file node.err >node.out 2>&1 \
		</dev/null &
	LAB_PIDS+=($!)
	wait_for 10 listens farm 5066
	inside provider timeout 30 sipp -sf "$S/edge-proxied-uac.xml" \
		-i "$PROVIDER4" -p 5062 -s carom "$PROVIDER4:5060" -r 5 -m 10 \
		-nostdin -timeout 20 -trace_err -error_file phone.err \
		</dev/null >phone.out 2>&1 || {
		tail -n 30 phone.err node.err
		return 1
	}

	# a stranger can't use that way, nor call out
	! inside provider timeout 10 sipp -sf "$S/edge-proxied-uac.xml" \
		-i "$PROVIDER4" -p 5064 -s 123 "$LAN4:5070" -m 1 -nostdin \
		-trace_err -error_file stranger.err </dev/null >/dev/null 2>&1
	grep -q '403 Not From There' stranger.err

	# and it says good-bye
	api providers/k -f -X DELETE
	wait_for 5 gone
	api 'events?types=provider.registered' | jq -e '.events[-1].data.id == "k"'
}

gone() { ! "$ROOT/tools/lab.d/carrier.sh" rpc ul.dump | grep -q "sip:k@"; }

@test "provider: given up by the caller while it rings" {
	carrier 5061 uas-ring
	provider a 5061
	route r a
	inside farm timeout 30 sipp -sf "$S/uac-cancel.xml" -i "$FARM4" -p 5060 \
		-s 123 "$LAN4:5070" -m 1 -nostdin -trace_err -error_file c.err \
		</dev/null >c.out 2>&1 || {
		tail -n 30 c.err 5061.err
		return 1
	}
}

@test "provider: the CLI shows, probes and changes, by the API" {
	carrier 5061 edge-proxied-uas
	echo '{"hostname": "203.0.113.130", "port": 5061, "transport": "udp"}' |
		carom provider set good -
	echo '{"hostname": "203.0.113.130", "port": 5069, "probe": {"interval": 0}}' |
		carom provider set bad -
	carom provider probe good | grep -qE '^good  healthy: 200 OK in [0-9.]+ ms$'
	run carom provider probe good bad
	[ "$status" = 1 ]
	[[ $output == *'bad  unhealthy: unreachable (ICMP)'* ]]
	wait_for 10 is good up
	carom provider | tee list
	grep -qE '^good +203.0.113.130:5061 +up ' list
	carom provider show good | grep -qE '^status.health.state +up$'

	echo '{"provider": "good", "prefix": "+49"}' >r
	carom route set de r
	carom route | grep -qE '^de +\+49 +good '
	carom route test +4930 --caller 12 | grep -qE '^de +\+49 +good +\+4930 +12 +taken$'
	run carom route test +4930 --at 2026-03-29T02:30:00
	[ "$status" = 1 ]
	[[ $output == *'at: allowed: a time such as'* ]]
	run carom route test 33
	[ "$status" = 1 ]
	[[ $output == *'no route fits'* ]]

	echo '{"hostname": "a", "port": "x"}' >bad
	run carom provider set bad bad
	[ "$status" = 1 ]
	[[ $output == *'/port: allowed: a number, 0..65535'* ]]
	run carom provider show none
	[ "$status" = 1 ]
	carom provider delete bad
	carom route delete de
	[ "$(carom provider --json list | jq '.providers | length')" = 1 ]
}

@test "provider: figures for Prometheus" {
	carrier 5061 edge-proxied-uas
	provider a 5061
	route r a
	wait_for 10 is a up
	calls 10 10 123
	inside carom curl -sS "http://$LAN4:9640/metrics" >m
	grep -q '^carom_provider_up{provider="a"} 1' m
	grep -q '^carom_provider_calls_total{provider="a"} 10' m
	grep -qE '^carom_provider_answer_seconds\{provider="a"\} 0\.[0-9]+' m
	grep -qE '^carom_provider_probes_total\{provider="a",result="healthy"\} [1-9]' m
	grep -qE '^carom_outbound_calls_total\{result="answered"\} [1-9][0-9]' m
	! grep -q carom_provider_registered m
	! command -v promtool || promtool check metrics <m
}

@test "provider: a carrier by TCP, a node by UDP: both see us in the middle" {
	"$ROOT/tools/lab.d/carrier.sh" start
	carrier 5062 edge-proxied-uas
	api providers/k -f -X PUT -d "{\"hostname\": \"$PROVIDER4\",
		\"transport\": \"tcp\", \"username\": \"carom\",
		\"realm\": \"carrier.example\", \"password\": \"secret\",
		\"register\": {\"expires\": 60}}" >/dev/null
	route r k
	wait_for 15 is k up
	wait_for 15 registered k
	"$ROOT/tools/lab.d/carrier.sh" rpc ul.dump |
		grep -q "Address: sip:k@$LAN4:5070;transport=tcp"
	calls 5 10 123 -trace_msg -message_file node.msg
	# ours towards the carrier, and ours towards the node behind it
	grep '^Record-Route:' node.msg | sed 2q >rr
	grep -q "sip:o1~.*@$LAN4:5070;transport=tcp;lr" node.msg
	grep -q "sip:o1~.*@$LAN4:5070;lr" node.msg
	# all of it went by one connection, kept for the next
	[ "$(inside carom ss -Htn state established "dst $PROVIDER4:5060" | wc -l)" -le 2 ]
}

@test "provider: another configuration, while it runs" {
	provider a 5069
	api providers/a | jq -e '.probe.interval == 1'
	sed -i 's/interval: 1,/interval: 7,/; s|198.51.100.0/24|10.0.0.0/8|' \
		"$LAB_RUN/carom.yaml"
	carom reload | tee said
	grep -q '^providers.probe: taken' said
	grep -q '^providers.trusted: taken' said
	provider b 5069
	api providers/b | jq -e '.probe.interval == 7'
	! calls 1 1 123
	grep -q '403 Not From There' caller.err
	sed -i 's/udp:198.51.100.2:5070/udp:198.51.100.2:5071/' "$LAB_RUN/carom.yaml"
	carom reload | grep -q '^providers.listen: not taken: takes a restart'
	cp "$LAB_RUN/carom.yaml" broken
	sed -i 's|record-route: always|tls: {ca: /none}|' "$LAB_RUN/carom.yaml"
	run carom reload
	[ "$status" = 1 ]
	[[ $output == */none* ]]
	# as it was, for whoever comes next
	appliance stop
	appliance start
}
