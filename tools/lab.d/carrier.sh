#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A carrier that wants a log-in: Kamailio on the provider host
#
#   start stop pid   it
#   rpc ARGS...      kamcmd
#
# CARRIER_TLS: folder with cert.pem and key.pem: TLS, too
NAME=carrier
# shellcheck source=tools/lab.d/service.sh
. "$(dirname "$(readlink -f "$0")")/service.sh"
CTL=$LAB_RUN/carrier/ctl

run()
{
	local tls=()

	mkdir -p "$LAB_RUN/carrier"
	[ -z "${CARRIER_TLS:-}" ] ||
		tls=(-A "CERT=\"$CARRIER_TLS/cert.pem\"" -A "KEY=\"$CARRIER_TLS/key.pem\"")
	exec nsenter --net="/run/netns/$(ns provider)" -- kamailio \
		-f "$D/carrier.cfg" -DD -E -n 1 -N 1 -m 32 -M 4 \
		-Y "$LAB_RUN/carrier" -w "$LAB_RUN/carrier" \
		-P "$LAB_RUN/carrier/pid" -u root \
		-A "HOST=$PROVIDER4" -A "ME=$PROVIDER4:5060" -A "RPC=\"unix:$CTL\"" \
		-A "BEHIND=\"sip:$PROVIDER4:5062\"" -A "BEHIND_PORT=5062" \
		-A "CUSTOMER=\"sip:carom@$PROVIDER4\"" "${tls[@]}"
}

# It answers OPTIONS itself
ready()
{
	inside provider "$D/sipping.py" "$PROVIDER4" >/dev/null 2>&1
}

case "${1:-}" in
rpc) shift; kamcmd -s "unix:$CTL" "$@" ;;
*) service "$@" ;;
esac
