# SPDX-License-Identifier: BSD-2-Clause
# A carrier by TLS: Kamailio, whose certificate is checked against a CA and the name it is
# known by; probes, the registration, calls both ways, flows that are kept. The carrier's names are in its own
# DNS (dnsmasq)

load provider

C=$LAB_RUN/tls

# certificate NAME [ALTERNATIVE-NAME]: NAME.pem and NAME.key, of our CA; that one itself
# without
certificate()
{
	local more=(-addext basicConstraints=critical,CA:TRUE)

	[ -z "${2:-}" ] || more=(-addext "subjectAltName=$2" -CA "$C/ca.pem"
		-CAkey "$C/ca.key")
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" "${more[@]}" -keyout "$C/$1.key" -out "$C/$1.pem" \
		2>/dev/null
}

names_up()
{
	become provider dnsmasq -k --listen-address="$PROVIDER4" --bind-interfaces \
		--no-resolv --no-hosts --local=/example/ --user=root --group=root --pid-file= \
		--host-record="carrier.example,new.example,other.example,$PROVIDER4" \
		</dev/null >/dev/null 2>&1 3>&- &
	echo $! >"$C/dnsmasq.pid"
	wait_for 10 listens provider 53
	echo "nameserver $PROVIDER4" >"$C/resolv.conf"
}

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	mkdir -p "$C/carrier"
	certificate ca
	certificate carrier DNS:carrier.example,DNS:new.example
	certificate own "IP:$LAN4"
	cp "$C/carrier.pem" "$C/carrier/cert.pem"
	cp "$C/carrier.key" "$C/carrier/key.pem"
	names_up
	cat >"$LAB_RUN/more.yaml" <<-END
		providers:
		  listen: ["udp:$LAN4:5070", "tls:$LAN4:5071"]
		  trusted: ["198.51.100.0/24"]
		  inbound: "udp:$FARM4:5066"
		  tls: {certificate: $C/own.pem, key: $C/own.key, ca: $C/ca.pem}
		  probe: {interval: 0, timeout: 2000}
	END
	appliance attach
	unshare -m bash -c "mount --bind $C/resolv.conf /etc/resolv.conf &&
		exec '$ROOT/tools/lab.d/caromd.sh' start" 3>&-
	CARRIER_TLS=$C/carrier "$ROOT/tools/lab.d/carrier.sh" start
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	"$ROOT/tools/lab.d/carrier.sh" stop
	kill "$(cat "$C/dnsmasq.pid")" || true
	engine_down
	rm -rf "$LAB_RUN/more.yaml" "$C"
}

teardown()
{
	end_calls
	inside provider nft flush ruleset 2>/dev/null || true
	[ -n "${BATS_TEST_COMPLETED:-}" ] || show_logs
	forget_all
}

# kamailio NAME HOST [MEMBERS]
kamailio()
{
	api "providers/$1" -f -X PUT -d "{\"hostname\": \"$2\", \"transport\": \"tls\",
		\"username\": \"carom\", \"realm\": \"carrier.example\",
		\"password\": \"secret\" ${3:+, $3}}" >/dev/null
}

probe() { api "providers/$1/probe" -f -X POST; }

@test "TLS: probed, where the certificate is of the name that was asked for" {
	kamailio good carrier.example
	kamailio other other.example
	kamailio address "$PROVIDER4"
	probe good | jq -e '.healthy and .code == 200'
	# who serves many names is told which one
	grep -q 'asked for as carrier.example' "$LAB_RUN/carrier.log"
	probe other | jq -e '(.healthy | not) and
		(.reason | startswith("certificate: "))'
	probe address | jq -e '(.healthy | not) and
		(.reason | startswith("certificate: "))'
	# one that is right does not help the other, by the connection that is there
	probe good | jq -e .healthy
	probe other | jq -e '.healthy | not'
}

@test "TLS: who is of another CA is refused, until that one is trusted" {
	cp "$LAB_RUN/carom.yaml" before
	certificate stranger
	sed -i "s|ca: $C/ca.pem|ca: $C/stranger.pem|" "$LAB_RUN/carom.yaml"
	carom reload
	# a connection that is there stays; another is made for another name
	kamailio new new.example
	probe new >refused
	cp before "$LAB_RUN/carom.yaml"
	carom reload
	jq -e '(.healthy | not) and (.reason | startswith("certificate: "))' refused
	probe new | jq -e .healthy
}

connections() { inside carom ss -Htn state established "dst $PROVIDER4:5061" | wc -l; }

@test "TLS: calls out, with a log-in" {
	local before

	carrier 5062 edge-proxied-uas
	kamailio k carrier.example
	route r k
	before=$(connections)
	calls 5 10 123
	api providers/k | jq -e '.status.calls == 10 and .status.calls_failed == 0'
	# by one connection, and none in clear
	[ "$(connections)" = $((before + 1)) ]
	grep -q '^INVITE sip:123@' 5062.msg
	! inside carom ss -Htn "dst $PROVIDER4:5060" | grep -q .
	# nor does a call go to who is somebody else
	kamailio k other.example
	! calls 1 1 123
}

# calls_in: ten from the carrier's phone to the node
calls_in()
{
	inside provider timeout 30 sipp -sf "$S/edge-proxied-uac.xml" \
		-i "$PROVIDER4" -p 5062 -s carom "$PROVIDER4:5060" -r 5 -m 10 \
		-nostdin -timeout 20 -trace_err -error_file phone.err \
		</dev/null >phone.out 2>&1 || {
		tail -n 30 phone.err node.err
		return 1
	}
}

@test "TLS: registered by a flow that is kept; calls come by it, and by nothing else" {
	local port

	become farm sipp -sf "$S/edge-proxied-uas.xml" -i "$FARM4" -p 5066 \
		-mp 7000 -nostdin -trace_err -error_file node.err >node.out 2>&1 \
		</dev/null &
	LAB_PIDS+=($!)
	wait_for 10 listens farm 5066
	# nobody gets through to our listeners
	inside provider nft -f - <<-END
		table inet out {
			chain out {
				type filter hook output priority 0;
				ip daddr $LAN4 tcp flags & (syn | ack) == syn drop
				ip daddr $LAN4 udp dport 5070 drop
			}
		}
	END
	kamailio k carrier.example '"register": {"expires": 600, "outbound": true}'
	wait_for 15 registered k
	"$ROOT/tools/lab.d/carrier.sh" rpc ul.dump >dump
	grep -q 'Instance: <urn:uuid:' dump
	grep -q 'Reg-Id: 1' dump
	calls_in

	# the connection is reset, which the next keep-alive finds
	port=$(sed -n "s/.*Received: <\?sip:$LAN4:\([0-9]*\).*/\1/p" dump)
	inside provider nft -f - <<-END
		table inet cut {
			chain in {
				type filter hook input priority 0;
				tcp sport $port tcp dport 5061 reject with tcp reset
			}
		}
	END
	wait_for 20 flow_broke
	wait_for 60 registered k
	calls_in
	# the same phone, not another one
	"$ROOT/tools/lab.d/carrier.sh" rpc ul.dump >again
	[ "$(grep -c 'Reg-Id: 1' again)" = 1 ]
	[ "$(grep -o 'Instance: .*' again)" = "$(grep -o 'Instance: .*' dump)" ]
}

flow_broke() { api 'events?types=provider.unregistered' |
	jq -e '.events[-1].data.id == "k"'; }

bound() { [ "$(inside provider nft -j list counter inet stun "$1" |
	jq '.nftables[] | .counter? // empty | .packets')" -ge "$2" ]; }

@test "a flow by UDP is kept, too: Kamailio answers STUN where it answers SIP" {
	inside provider nft -f - <<-END
		table inet stun {
			counter asked { }
			counter answered { }
			chain in {
				type filter hook input priority -10;
				udp dport 5060 @th,96,32 0x2112a442 counter name asked
			}
			chain out {
				type filter hook output priority -10;
				udp sport 5060 @th,96,32 0x2112a442 counter name answered
			}
		}
	END
	api providers/u -f -X PUT -d "{\"hostname\": \"$PROVIDER4\", \"transport\":
		\"udp\", \"username\": \"carom\", \"realm\": \"carrier.example\",
		\"password\": \"secret\", \"register\": {\"outbound\": true}}" >/dev/null
	wait_for 15 registered u
	wait_for 30 bound answered 3
	bound asked 3
	registered u
	api 'events?types=provider.unregistered' |
		jq -e '[.events[] | select(.data.id == "u")] == []'
}
