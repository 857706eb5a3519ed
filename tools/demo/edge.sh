# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
#
# What the demos of SIP share: a lab of edges, its messages counted, and its end. EDGES:
# those that there are

# shellcheck source=tools/demo/show.sh
. "$TOP/tools/demo/show.sh"

VIP=192.0.2.100
START=$SECONDS
WORK=$(mktemp -d)
CALLER=

edge() { "$TOP/tools/lab.d/edge.sh" "$@"; }

cleanup()
{
	local rc=$?

	trap - EXIT INT TERM
	[ $rc = 0 ] || tail -n 5 "/run/$CAROM_LAB-edge"/e?.log >&2 || true
	[ -z "$CALLER" ] || kill "$CALLER" 2>/dev/null || true
	edge down >/dev/null 2>&1 || true
	rm -rf "$WORK"
	exit $rc
}

# Before all else: what is made goes again, whatever comes
begin()
{
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	[ "$(id -u)" = 0 ] || { echo "demo: must be root" >&2; exit 1; }
	[ -x "${CAROM_BIN:-$TOP/build/bin}/caromd" ] ||
		{ echo "demo: run make first" >&2; exit 1; }
}

fail()
{
	printf '%sdemo: %s%s\n' "$RED" "$*" "$OFF" >&2
	exit 1
}

wait_for() # SECONDS CMD...
{
	local i n=$(($1 * 10))

	shift
	for ((i = 0; i < n; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# All edges' messages: settled in the kernel, or left to the agents
messages() # relay|punt
{
	local h

	for h in "${EDGES[@]}"; do
		edge cli "$h" stats --json
	done | jq -s --arg class "$1" '[.[].reasons | to_entries[] |
		select((.key | startswith("sip_")) and .key != "sip_local" and
		.value.class == $class) | .value.packets] | add // 0'
}

settled() { [ "$(messages relay)" -ge "$1" ]; }

# On each edge so many targets are active
active() # N
{
	local h

	for h in "${EDGES[@]}"; do
		[ "$(edge cli "$h" dispatcher --json | jq '[.targets[] |
			select(.state == "active")] | length')" = "$1" ] || return 1
	done
}
