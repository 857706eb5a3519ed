# SPDX-License-Identifier: BSD-2-Clause
# Who gets what: sets by method, event, prefix of the user and domain; and what
# nobody gets

load edge

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge_up '  sets:
    - {name: farm, id: 1}
    - {name: registrars, id: 2}
    - {name: conferences, id: 3}
  rules:
    - {set: registrars, methods: [REGISTER]}
    - {set: registrars, methods: [SUBSCRIBE, PUBLISH], event: presence}
    - {set: conferences, user-prefix: conf-}
    - {set: conferences, domain: conf.example.com}
    - {set: farm, domain: example.com}'
	node f1 192.0.2.31 5060 farm
	node f2 192.0.2.32 5060 registrar
	node f3 192.0.2.33 5060 conference
	edge list f1 "2 sip:192.0.2.32:5060" "3 sip:192.0.2.33:5060"
	settle 3
	warm phone stranger f1 f2 f3
}

node() # HOST ADDRESS PORT NAME
{
	edge exec "$1" "$ROOT/tools/lab.d/sipnode.py" "${@:2}" </dev/null \
		>/dev/null 2>&1 3>&- &
	until_true 10 listens "$1" "$2" "$3"
}

# gets NODE METHOD URI HEADERS...: the request gets there
gets()
{
	local node=$1

	shift
	run ask phone 192.0.2.20 5070 $VIP < <(request "$@" "Max-Forwards: 70")
	[[ $output == "SIP/2.0 200 "* && $output == *"X-Node: $node"* ]] ||
		fail "$1 $2 to $node: $output"
}

# refused CODE METHOD URI HEADERS...: by the edge itself
refused()
{
	local code=$1

	shift
	run ask "${HOST:-phone}" "${FROM:-192.0.2.20}" 5070 192.0.2.11 < \
		<(request "$@" "Max-Forwards: 70")
	[[ $output == "SIP/2.0 $code "* && $output == *"Server: Carom"* ]] ||
		fail "$1 $2 is not refused by $code: $output"
}

@test "sets by method, event, prefix and domain, in the kernel" {
	mark
	gets registrar REGISTER sip:example.com
	gets registrar REGISTER sip:conf.example.com
	gets registrar SUBSCRIBE sip:bob@example.com "Event: presence"
	gets registrar PUBLISH sip:bob@example.com "o: presence.winfo"
	gets farm SUBSCRIBE sip:bob@example.com "Event: dialog"
	gets farm MESSAGE sip:bob@example.com
	gets farm OPTIONS sip:bob@example.com
	gets farm INFO sip:bob@EXAMPLE.com
	gets farm REFER sip:bob@example.com
	gets conference INVITE sip:conf-17@example.com
	gets conference MESSAGE "sip:conf-17@example.com;x=y"
	gets conference INVITE sip:bob@conf.example.com
	# a prefix is the user's, whole and as it is written
	gets farm INVITE sip:conf@example.com
	gets farm INVITE sip:Conf-17@example.com
	settled 100 28
	[ "$(forwarded REGISTER)" = 2 ]
	[ "$(forwarded PUBLISH)" = 1 ]
	[ "$(forwarded SUBSCRIBE)" = 2 ]
	[ "$(forwarded MESSAGE)" = 2 ]
}

@test "a client whose only Route names a node" {
	mark
	gets conference INVITE sip:bob@example.com \
		"Route: <sip:192.0.2.33:5060;lr>"
	gets registrar MESSAGE sip:bob@example.com \
		"Route: <sip:$VIP;lr>, <sip:192.0.2.32;lr>"
	gets farm MESSAGE sip:bob@192.0.2.31
	settled 100 6
}

@test "no open relay" {
	refused 403 INVITE sip:b@203.0.113.9
	refused 403 INVITE sip:b@192.0.2.66
	refused 403 INVITE sip:b@example.com "Route: <sip:192.0.2.66;lr>"
	refused 403 INVITE sip:b@other.example
	refused 403 REGISTER sip:other.example
}

@test "nobody sends to everybody, to nobody or to ourselves, trusted or not" {
	local uri

	for uri in 255.255.255.255 192.0.2.255 224.0.0.1 0.0.0.0 127.0.0.1 \
		192.0.2.11:5062 $VIP:5062 "[ff02::1]" "[::1]" "[$VIP6]:5062"
	do
		HOST=f1 FROM=192.0.2.31 refused 403 INVITE "sip:b@$uri"
	done
	refused 403 INVITE sip:b@255.255.255.255
	HOST=f1 FROM=192.0.2.31 refused 403 INVITE sip:b@example.com \
		"Route: <sip:127.0.0.1;lr>"
}
