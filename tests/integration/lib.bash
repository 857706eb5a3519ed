# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# For every bats file here: the lab with Kamailio on the farm and the
# appliance under test.
#
# CAROM_ENGINE=rtpengine puts Debian's rtpengine where caromd would stand;
# what only Carom can do is skipped then. That is how the lab itself is tested.

ROOT=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
export CAROM_LAB=${CAROM_LAB:-caromtest}
ENGINE=${CAROM_ENGINE:-carom}
# shellcheck source=tools/lab.d/net.sh
. "$ROOT/tools/lab.d/net.sh"
# shellcheck source=tools/lab.d/calls.sh
. "$ROOT/tools/lab.d/calls.sh"

lab() { "$ROOT/tools/lab" "$@"; }
appliance() { "$ROOT/tools/lab.d/caromd.sh" "$@"; }
carom() { appliance cli "$@"; }

carom_only()
{
	[ "$ENGINE" = carom ] || skip "a matter of Carom's alone"
}

# The appliance as it is between tests: attached, agent running
engine_up()
{
	if [ "$ENGINE" = rtpengine ]; then
		lab start rtpengine
		return
	fi
	appliance attach
	appliance start
}

engine_down()
{
	if [ "$ENGINE" = rtpengine ]; then
		lab stop rtpengine
		return
	fi
	appliance stop
	[ ! -e "$LAB_PINS" ] || appliance detach
	rm -f "$LAB_RUN"/carom.db*
}

# The same, behind Kamailio on the farm
proxy_up()
{
	engine_up
	lab start kamailio
}

proxy_down()
{
	lab stop kamailio
	engine_down
}

# What helps when a test failed; bats shows it then only
show_logs()
{
	local f

	for f in "$LAB_RUN"/*.log ./*.err; do
		[ -s "$f" ] || continue
		echo "--- ${f##*/}"
		tail -n 15 "$f"
	done
}

fail()
{
	echo "$*" >&2
	return 1
}

# hears HOST ADDR HZ MIN: one stream, that tone, at least MIN packets
hears()
{
	local all

	all=$(heard "$1" "$2")
	echo "$1 heard: ${all:-nothing}"
	jq -es --argjson hz "$3" --argjson min "$4" \
		'length == 1 and .[0].hears == $hz and .[0].packets >= $min' \
		<<<"$all" >/dev/null
}

no_gaps() # HOST ADDR
{
	heard "$1" "$2" | jq -es 'length > 0 and all(.gaps == 0)' >/dev/null
}

# UDP datagrams that a host refused for their checksum
bad_checksums()
{
	inside "$1" cat /proc/net/snmp /proc/net/snmp6 | awk '
		/^Udp:/ && !col { for (i = 1; i <= NF; i++)
			if ($i == "InCsumErrors") col = i; next }
		/^Udp:/ { n += $col }
		/^Udp6InCsumErrors/ { n += $2 }
		END { print n + 0 }'
}

calls_known() # how many calls the agent says it has
{
	ngc send '{"command": "list", "limit": 5000}' | jq '.calls | length'
}

no_calls() { [ "$(calls_known)" = 0 ]; }

# The kernel has had so many RTP packets by now, from the one who has sent least
rtp_came() { carom legs --json | jq '[.legs[] | select(.media == "rtp") | .packets] | min // 0'; }

came() { [ "$(rtp_came)" -ge "$1" ]; }

# talk N: the call goes on until both have sent N packets more
talk() { wait_for 30 came $(($(rtp_came) + $1)); }

# field FIELD <<<JSON
field() { jq -r ".$1"; }

# clean TOTALS: all that was sent was heard, once, whole, at its place
clean()
{
	echo "$1"
	jq -e '.sent > 0 and .lost == 0 and .duplicate == 0 and
		.corrupt == 0 and .misdelivered == 0 and
		.silent_streams == 0' <<<"$1" >/dev/null
}
