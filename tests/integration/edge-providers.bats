# SPDX-License-Identifier: BSD-2-Clause
# Calls to carriers by way of the edges: a set whose targets are the proxies of both

load edge

setup_file()
{
	local e

	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
		  sets: [{name: farm, id: 1}, {name: out, id: 2}]
		  rules: [{set: out, user-prefix: "+"}, {set: farm}]
	END
	for e in 1 2; do
		# what comes from the other edge comes from the address of both
		edge exec e$e sysctl -qw net.ipv4.conf.all.accept_local=1 \
			net.ipv4.conf.eth0.accept_local=1
		cat >"$RUN/more-e$e" <<-END
			providers:
			  listen: ["udp:192.0.2.1$e:5070"]
			  trusted: ["192.0.2.11/32", "192.0.2.12/32", "$VIP/32"]
			  probe: {interval: 1, timeout: 500, down: 2, up: 1}
		END
	done
	edge start
	nodes -sn uas
	uas f3 192.0.2.33 5080 -sf "$SIPP_DIR/edge-proxied-uas.xml" -aa
	edge list f1 f2 f3 "2 sip:192.0.2.11:5070" "2 sip:192.0.2.12:5070"
	for e in e1 e2; do
		api $e providers/acme '{"hostname": "192.0.2.33", "port": 5080}'
		api $e routes/all '{"provider": "acme",
			"rewrite": {"called": [{"strip": 1, "add": "00"}]}}'
	done
	settle 5
}

api() # EDGE PATH JSON
{
	curl -sS -f --max-time 10 --unix-socket "$RUN/$1-api.sock" -X PUT \
		-H 'Content-Type: application/json' -d "$3" \
		"http://carom/v1/$2" >/dev/null
}

sent() { curl -sS --unix-socket "$RUN/$1-api.sock" http://carom/v1/providers/acme |
	jq .status.calls; }

@test "edge: what begins with + goes out by both proxies, all else to the farm" {
	local one two

	calls out 20 40 -sf "$SIPP_DIR/edge-proxied-uac.xml" -s +4912
	one=$(sent e1)
	two=$(sent e2)
	echo "$one and $two"
	[ $((one + two)) = 40 ]
	[ "$one" -gt 0 ] && [ "$two" -gt 0 ]
	calls farm 20 10 -sf "$SIPP_DIR/edge-uac.xml"
	[ $(($(sent e1) + $(sent e2))) = 40 ]
}
