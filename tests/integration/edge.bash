# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# For the bats files of the edge: the lab with two edges (tools/lab.d/edge.sh),
# calls through it, and the counters that tell who did the work

# shellcheck source=tests/integration/lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

E="$ROOT/tools/lab.d/edge.sh"
export SIPP_DIR="$ROOT/tools/lab.d/sipp"
VIP=192.0.2.100
VIP6=2001:db8::100
RUN=/run/$CAROM_LAB-edge

edge() { "$E" "$@"; }

# Hosts and edges, with what `edge policy` is told first
edge_up() # [POLICY]
{
	edge down
	edge up
	[ -z "${1:-}" ] || edge policy <<<"$1"
	edge start
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR" || return
}

teardown()
{
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 20 "$RUN"/e?.log
}

# until_true SECONDS COMMAND...: waits for what has to become true
until_true()
{
	local i n=$(($1 * 10))

	shift
	for ((i = 0; i < n; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# Is somebody there?
listens() # HOST ADDRESS PORT
{
	local addr=$2

	[[ $addr != *:* ]] || addr="[$addr]"
	[ -n "$(edge exec "$1" ss -Huan "src $addr:$3")" ]
}

# uas HOST ADDRESS PORT SIPP-ARGUMENTS...: one that answers, in the background
uas()
{
	local host=$1 addr=$2 port=$3

	shift 3
	(cd "$RUN" && edge exec "$host" sipp "$@" -i "$addr" -p "$port" \
		-mp $((port + 1000)) -trace_err -error_file "$host-$port.err" \
		-bg -nostdin </dev/null >/dev/null 2>&1 3>&-) || true
	until_true 10 listens "$host" "$addr" "$port"
}

# nodes SIPP-ARGUMENTS...: what the farm's nodes do from now on
nodes()
{
	local i

	edge quiet f1 f2 f3
	sleep 0.5
	for i in 1 2 3; do
		uas f$i 192.0.2.3$i 5060 "$@" -aa
	done
}

active() { edge cli "$1" dispatcher --json |
	jq '[.targets[] | select(.state == "active")] | length'; }

both_active() { [ "$(active e1):$(active e2)" = "$1:$1" ]; }

# settle N: both edges know of N nodes that are alive
settle()
{
	until_true 30 both_active "$1" && return
	edge cli e1 dispatcher
	return 1
}

# call_from HOST ADDRESS PORT NAME RATE N ARGUMENTS...: all of them must do, in WITHIN seconds
# (40)
call_from()
{
	local host=$1 addr=$2 port=$3 name=$4 rate=$5 n=$6 to=$VIP

	shift 6
	[[ $addr != *:* ]] || to="[$VIP6]"
	edge exec "$host" timeout "${WITHIN:-40}" sipp "$@" -i "$addr" -p "$port" \
		"${TO:-$to:5060}" -r "$rate" -m "$n" -nostdin -timeout 30 \
		-trace_err -error_file "$name.err" </dev/null >"$name.out" \
		2>&1 || {
		tail -n 30 "$name.out" "$name.err"
		return 1
	}
}

# calls NAME RATE N ARGUMENTS...: from the phone
calls() { call_from phone 192.0.2.20 5062 "$@"; }

reason() # EDGE NAME
{
	edge cli "$1" stats --json | jq ".reasons.$2.packets // 0"
}

total() { echo $(($(reason e1 "$1") + $(reason e2 "$1"))); }

# What the agents had to do, but for their own probes; by reason
punts()
{
	local h

	for h in e1 e2; do
		edge cli $h stats --json
	done | jq -sc '[.[].reasons | to_entries[] | select((.key |
		startswith("sip_")) and .value.class == "punt" and
		.key != "sip_local")] | group_by(.key) |
		map({key: .[0].key, value: map(.value.packets) | add}) |
		from_entries'
}

punted() { punts | jq '[.[]] | add // 0'; }

# The edges know these hosts' MACs: what comes first for a neighbour that the
# kernel has to look for is the agent's
warm() # HOST...
{
	local e h addr

	for e in e1 e2; do
		for h; do
			for addr in $(edge exec "$h" ip -br addr show up |
				awk '$1 !~ /^lo/ { for (i = 3; i <= NF; i++)
				if ($i !~ /^fe80/) print $i }'); do
				edge exec $e ping -c1 -W2 "${addr%/*}"
			done
		done
	done >/dev/null
}

# What of the messages from here on does the kernel settle? mark ... settled 95
mark()
{
	F0=$(total sip_forwarded) P0=$(punts)
}

# settled PERCENT [MIN]: at least that part, of at least MIN messages
settled()
{
	local f p

	f=$(($(total sip_forwarded) - F0))
	p=$(jq -n --argjson a "$(punts)" --argjson b "$P0" \
		'$a | with_entries(.value -= ($b[.key] // 0) |
		select(.value > 0))')
	echo "in the kernel: $f; by the agents: $(jq -c . <<<"$p")"
	p=$(jq '[.[]] | add // 0' <<<"$p")
	echo "$BATS_TEST_DESCRIPTION:" \
		"$((f * 1000 / (f + p + !(f + p))))/1000 in the kernel" >&3
	[ $((f + p)) -ge "${2:-1}" ] && [ $((f * 100)) -ge $(((f + p) * $1)) ]
}

# Requests of a method that the kernel has forwarded: in dialogs, and outside
forwarded() # METHOD
{
	local h

	for h in e1 e2; do
		edge cli $h stats sip --json
	done | jq -s "[.[].requests.$1 | .inside_dialog + .outside_dialog] |
		add"
}

# UDP datagrams that hosts refused for their checksum
bad_sums() # HOST...
{
	local h

	for h; do
		edge exec "$h" cat /proc/net/snmp /proc/net/snmp6
	done | awk '
		/^Udp: [^0-9]/ { for (i = 1; i <= NF; i++)
			if ($i == "InCsumErrors") col = i; next }
		/^Udp:/ { n += $col }
		/^Udp6InCsumErrors/ { n += $2 }
		END { print n + 0 }'
}

ask() # HOST IP PORT TO [SECONDS]
{
	edge exec "$1" "$ROOT/tools/lab.d/sipask.py" "$2" "$3" "$4" 5060 \
		"${5:-2}"
}

request() # METHOD URI HEADERS...
{
	local method=$1 uri=$2

	shift 2
	cat <<-END
	$method $uri SIP/2.0
	Via: SIP/2.0/UDP 192.0.2.20:5070;branch=z9hG4bK$RANDOM
	From: <sip:a@example.com>;tag=$RANDOM
	To: <sip:b@example.com>
	Call-ID: $RANDOM$RANDOM
	CSeq: 1 $method
	$(printf '%s\n' "$@")
	Content-Length: 0

	END
}
