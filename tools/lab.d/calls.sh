# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Calls in the lab: phones that talk, listeners that say what they heard.
# For tests and the demo, after net.sh. Works in the current directory, where
# it leaves NAME.pcap, NAME.msg (SIP as it was on the wire) and NAME.out.

LAB_D=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
LAB_PIDS=()

# Ends what this shell started, by its own numbers
end_calls()
{
	local p

	for p in "${LAB_PIDS[@]}"; do
		kill "$p" 2>/dev/null || true
	done
	for p in "${LAB_PIDS[@]}"; do
		wait "$p" 2>/dev/null || true
	done
	LAB_PIDS=()
}

tones() # caller and callee, raw A-law
{
	"$LAB_D/tone.py" make 440 a.alaw
	"$LAB_D/tone.py" make 660 b.alaw
}

# wait_for SECONDS CMD...: until CMD succeeds. Three times as many tries as there would be
# in that time if CMD took none: how quick the machine is decides nothing
wait_for()
{
	local i n=$(($1 * 60))

	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

capture() # HOST: its UDP but for SIP, into HOST.pcap
{
	rm -f "$1.pcap"
	become "$1" tcpdump -i eth0 --immediate-mode -B 16384 -U \
		-w "$1.pcap" udp and not port 5060 >/dev/null 2>"$1.tcpdump" &
	LAB_PIDS+=($!)
	# It says that it listens once packets are really counted
	wait_for 5 grep -q listening "$1.tcpdump"
}

heard() # HOST ADDR: one line of JSON for each stream that ADDR heard
{
	"$LAB_D/tone.py" find "$1.pcap" "$2"
}

sip_listens() # HOST
{
	inside "$1" ss -Hlun 'sport = :5060' | grep -q .
}

# callee HOST SCENARIO ADDR [sipp options...]: in the background, CALLEE=pid
callee()
{
	local host=$1 scenario=$2 addr=$3

	shift 3
	rm -f "$host.msg"
	become "$host" sipp -sf "$LAB_D/sipp/$scenario.xml" -i "$addr" \
		-mi "$addr" -p 5060 -m 1 -nostdin -timeout 60 -timeout_error \
		-trace_msg -message_file "$host.msg" -trace_err \
		-error_file "$host.err" "$@" >"$host.out" 2>&1 &
	CALLEE=$!
	LAB_PIDS+=("$CALLEE")
	wait_for 5 sip_listens "$host"
}

# caller HOST SCENARIO ADDR USER MS [sipp options...]: until the call is over: after MS, or
# before that by hang_up
caller()
{
	local host=$1 scenario=$2 addr=$3 user=$4 ms=$5 proxy=$FARM4

	shift 5
	case "$addr" in *:*) proxy="[$FARM6]" ;; esac
	rm -f "$host.msg"
	sed "s/@MS@/$ms/" "$LAB_D/sipp/$scenario.xml" >"$host.xml"
	inside "$host" sipp -sf "$host.xml" -i "$addr" \
		-mi "$addr" -p 5060 -m 1 -nostdin -timeout 60 -timeout_error \
		-trace_msg -message_file "$host.msg" -trace_err \
		-error_file "$host.err" -s "$user" -d "$ms" \
		"$@" "$proxy:5060" >"$host.out" 2>&1 3>&-
}

# hang_up HOST ADDR: the caller there, who has been answered, ends its call. It is told by
# the answer that it had, as another one: so it has the same dialog
hang_up()
{
	awk '/^-----/ { if (ours) exit }
		/^SIP\/2.0 200 / { ours = 1; sub(/200 [^\r]*/, "299 That is all") }
		ours' "$1.msg" >"$1.end"
	[ -s "$1.end" ] || return 1
	inside "$1" socat -b 65536 -u "OPEN:$1.end" "UDP-SENDTO:$2:5060"
}

# sdp HOST N METHOD|STATUS: body of the Nth such message in HOST's trace
sdp()
{
	tr -d '\r' <"$1.msg" | awk -v want="$3" -v n="$2" '
		/^-----/ { body = 0; start = 1; next }
		start && NF && !/^UDP message/ {
			start = 0
			ours = $1 == want || $2 == want
			if (ours) count++
		}
		ours && /^v=0/ { body = 1 }
		body && ours && count == n && NF { print }'
}

# A program of the lab in C: built when it is older than its source
lab_tool() # NAME [-lLIB...]: prints its path
{
	local src=$LAB_D/$1.c bin=$LAB_D/../../build/lab/$1

	shift

	if [ ! -x "$bin" ] || [ "$src" -nt "$bin" ]; then
		mkdir -p "$(dirname "$bin")"
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra \
			-o "$bin.$$" "$src" "$@" && mv "$bin.$$" "$bin" || return 1
	fi
	readlink -f "$bin"
}

ngc() # arguments of ngclient.py, from the farm host
{
	inside farm "$LAB_D/ngclient.py" --ng "$LAN4:${NG:-$NG_PORT}" "$@"
}

# load NAME PLAN [options...]: rtpload in the background, LOAD=pid. Returns
# when its warm-up is over; its JSON goes to NAME.json.
load()
{
	local name=$1 plan=$2 tool

	shift 2
	tool=$(lab_tool rtpload) || return 1
	"$tool" --plan "$plan" --a-ns "$(ns alice)" \
		--b-ns "$(ns "${LOAD_B:-bob}")" "$@" \
		>"$name.json" 2>"$name.err" 3>&- &
	LOAD=$!
	LAB_PIDS+=("$LOAD")
	wait_for 30 grep -q warm "$name.json"
}

load_end() # NAME: stop sending, wait for what is under way, print the totals
{
	kill -INT "$LOAD"
	# Not wait: the caller may be a subshell, and rtpload no child of it
	wait_for 30 grep -q '"end"' "$1.json"
	grep '"end"' "$1.json"
}

load_so_far() # NAME
{
	local n

	n=$(grep -c 'so far' "$1.json")
	kill -USR1 "$LOAD"
	wait_for 5 more_lines "$1" "$n"
	grep 'so far' "$1.json" | tail -n 1
}

more_lines() { [ "$(grep -c 'so far' "$1.json")" -gt "$2" ]; }
