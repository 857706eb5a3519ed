# SPDX-License-Identifier: BSD-2-Clause
# Names: in the dispatcher list, and as next hops of those who may send there. The
# DNS server is dnsmasq on the second phone

load edge

NS=192.0.2.21

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up "  sets: [{name: farm, id: 1}]
  rules: [{set: farm}]
  dns: {servers: [$NS], timeout: 1500, ttl-max: 2}"
	nodes -sn uas
	for p in 5070 5081 5092; do
		uas stranger 192.0.2.66 $p -sn uas -aa
	done
	uas stranger 2001:db8::66 5100 -sn uas -aa
	zone 192.0.2.31
	edge list "1 sip:calls.lab:5060"
	settle 1
}

# zone ADDRESS: where calls.lab is; the server begins anew
zone()
{
	edge quiet phone2
	until_true 30 no_server
	cat >"$RUN/dnsmasq.conf" <<-END
	listen-address=$NS
	bind-interfaces
	no-resolv
	no-hosts
	local-ttl=1
	neg-ttl=1
	local=/lab/
	host-record=calls.lab,$1
	host-record=outside.lab,192.0.2.66
	host-record=p1.lab,p2.lab,p3.lab,192.0.2.66
	host-record=two.lab,192.0.2.66
	host-record=two.lab,192.0.2.33
	host-record=six.lab,2001:db8::66
	host-record=self.lab,192.0.2.11
	cname=alias.lab,outside.lab
	srv-host=_sip._udp.service.lab,outside.lab,5081,10,0
	srv-host=_sip._udp.service.lab,outside.lab,5079,20,0
	srv-host=_u.naptr.lab,outside.lab,5092,10,0
	naptr-record=naptr.lab,10,10,s,SIP+D2T,,_t.naptr.lab
	naptr-record=naptr.lab,20,10,s,SIP+D2U,,_u.naptr.lab
	log-queries
	log-facility=$RUN/dnsmasq.log
	pid-file=
	user=root
	group=root
	END
	edge exec phone2 dnsmasq -C "$RUN/dnsmasq.conf" -k \
		</dev/null >/dev/null 2>&1 3>&- &
	until_true 30 listens phone2 $NS 53
}

no_server() { ! listens phone2 $NS 53; }

# out URI HEADERS...: a request of a node, which may send anywhere
out()
{
	local uri=$1

	shift
	ask f1 192.0.2.31 5080 192.0.2.11 "${LIMIT:-8}" < <(request OPTIONS "$uri" \
		"Max-Forwards: 70" "$@" | sed 's/192.0.2.20:5070/192.0.2.31:5080/')
}

at() # ADDRESS
{
	local h

	for h in e1 e2; do
		[ "$(edge cli $h dispatcher --json |
			jq -r '.targets[0].address')" = "$1" ] || return 1
	done
}

asked() { grep -c "query.* $1 from" "$RUN/dnsmasq.log" || true; }

@test "a target by its name gets calls, in the kernel" {
	run edge cli e1 dispatcher
	[[ $output == *"sip:calls.lab:5060 (192.0.2.31:5060)"*"active"* ]]
	at 192.0.2.31:5060
	mark
	calls named 20 40 -sf "$SIPP_DIR/edge-uac.xml"
	settled 95 200
}

@test "its address changes: new calls go there, the old one goes on" {
	local old

	sed 's/<pause milliseconds="100"/<pause milliseconds="6000"/' \
		"$SIPP_DIR/edge-uac.xml" >long.xml
	call_from phone 192.0.2.20 5063 old 1 1 -sf long.xml 3>&- &
	old=$!
	until_true 30 listens phone 192.0.2.20 5063
	sleep 1
	zone 192.0.2.32
	until_true 40 at 192.0.2.32:5060
	settle 1
	calls moved 20 20 -sf "$SIPP_DIR/edge-uac.xml"
	wait $old
	# the first one is not asked for new calls any more
	edge quiet f1
	calls alone 20 20 -sf "$SIPP_DIR/edge-uac.xml"
	uas f1 192.0.2.31 5060 -sn uas -aa
}

@test "a name that is gone: the target is inactive, and says why" {
	edge list f1 "1 sip:nobody.lab"
	settle 1
	run edge cli e1 dispatcher
	[[ $output == *"sip:nobody.lab"*"inactive"*"0.0 %"*"not in the DNS"* ]]
	calls without 20 20 -sf "$SIPP_DIR/edge-uac.xml"
}

@test "servers that are silent: a target stays where it was" {
	edge list "1 sip:calls.lab:5060"
	settle 1
	edge quiet phone2
	until_true 30 grep -q "it stays where it was" "$RUN/e1.log"
	calls stays 20 20 -sf "$SIPP_DIR/edge-uac.xml"
	zone 192.0.2.31
	until_true 40 at 192.0.2.31:5060
	edge list f1 "1 sip:calls.lab:5060"
	settle 2
}

@test "a node sends to names: A, CNAME, SRV, NAPTR, AAAA" {
	run out sip:a@outside.lab:5070
	[[ $output == "SIP/2.0 200 OK"* ]]
	run out sip:a@alias.lab:5070
	[[ $output == "SIP/2.0 200 OK"* ]]
	# 5081 is the first of two
	run out sip:a@service.lab
	[[ $output == "SIP/2.0 200 OK"*"Contact: <sip:192.0.2.66:5081"* ]]
	# TCP comes first, but is nothing that we have here
	run out sip:a@naptr.lab
	[[ $output == "SIP/2.0 200 OK"*"Contact: <sip:192.0.2.66:5092"* ]]
	run out sip:a@six.lab:5100
	[[ $output == "SIP/2.0 200 OK"* ]]
	# by a Route
	run out sip:a@example.com "Route: <sip:alias.lab:5070;lr>"
	[[ $output == "SIP/2.0 200 OK"* ]]
}

@test "an answer never comes to media's ports, be they all that the kernel would choose" {
	local i lost

	edge exec e1 sysctl -qw net.ipv4.ip_local_port_range="30000 30099"
	lost=$(reason e1 no_leg)
	for i in 1 2 3; do
		run out sip:a@p$i.lab:5070
		[[ $output == "SIP/2.0 200 OK"* ]]
	done
	[ "$(reason e1 no_leg)" = "$lost" ]
	edge exec e1 sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
}

@test "of two addresses one refuses: calls go to the other" {
	local i n=0

	# nobody listens at port 5070 of f3, whose kernel says so by ICMP
	for ((i = 0; i < 8; i++)); do
		LIMIT=0.5 out sip:a@two.lab:5070 >/dev/null || n=$((n + 1))
	done
	echo "not answered: $n"
	[ "$n" -le 1 ]
	for ((i = 0; i < 8; i++)); do
		run out sip:a@two.lab:5070
		[[ $output == "SIP/2.0 200 OK"* ]]
	done
}

@test "names that lead nowhere, or where nobody may go" {
	run out sip:a@nobody.lab
	[[ $output == "SIP/2.0 503 Name Not Resolved"* ]]
	[[ $output != *Retry-After* ]]
	run out sip:a@self.lab
	[[ $output == "SIP/2.0 403 "* ]]
	run out "sip:a@outside.lab;transport=tls"
	[[ $output == "SIP/2.0 503 "* ]]
}

@test "no lookups at a stranger's command, but a node's name is known to all" {
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:a@evil.lab "Max-Forwards: 70")
	[[ $output == "SIP/2.0 403 "* ]]
	[ "$(asked evil.lab)" = 0 ]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:a@Calls.Lab:5060 "Max-Forwards: 70")
	[[ $output == "SIP/2.0 200 OK"* ]]
	run ask phone 192.0.2.20 5070 192.0.2.11 < \
		<(request OPTIONS sip:a@example.com "Max-Forwards: 70" \
			"Route: <sip:calls.lab;lr>")
	[[ $output == "SIP/2.0 200 OK"* ]]
}

@test "the server is gone: 503 in time, and nothing but that waits" {
	edge quiet phone2
	until_true 30 no_server
	run out sip:a@later.lab
	[[ $output == "SIP/2.0 503 Name Not Resolved"* ]]
	# known to fail for a while: at once
	run out sip:a@later.lab
	[[ $output == "SIP/2.0 503 Name Not Resolved"* ]]
	calls meanwhile 20 20 -sf "$SIPP_DIR/edge-uac.xml"
	zone 192.0.2.31
	until_true 30 reached
}

reached() { [[ $(out sip:a@outside.lab:5070) == "SIP/2.0 200 OK"* ]]; }

@test "counted, and shown" {
	edge cli e1 stats sip --json | jq -e '.agent.events.waited > 0'
}

# Last: e1 goes on with servers of /etc/resolv.conf, one of its own
@test "without servers of its own: those of resolv.conf, also when it changes" {
	edge list f1
	echo "nameserver 192.0.2.99" >"$RUN/resolv.conf"
	edge stop e1
	sed -i "s/servers: \[[^]]*\], //" "$RUN/policy"
	edge start e1 || true
	edge kill e1
	unshare -m bash -c "mount --bind $RUN/resolv.conf /etc/resolv.conf &&
		exec $E again e1" 3>&-
	run out sip:a@outside.lab:5070
	[[ $output == "SIP/2.0 503 Name Not Resolved"* ]]
	# the same file, for it is mounted
	echo "nameserver $NS" >"$RUN/resolv.conf"
	until_true 30 reached
}
