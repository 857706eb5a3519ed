#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Kamailio with its own rtpengine module, on the farm host
NAME=kamailio
# shellcheck source=tools/lab.d/service.sh
. "$(dirname "$(readlink -f "$0")")/service.sh"

run()
{
	mkdir -p "$LAB_RUN/kamailio"
	exec nsenter --net="/run/netns/$(ns farm)" -- kamailio \
		-f "$D/kamailio.cfg" -DD -E -n 1 -m 32 -M 4 \
		-Y "$LAB_RUN/kamailio" -w "$LAB_RUN/kamailio" \
		-P "$LAB_RUN/kamailio/pid" -u root \
		-A "NG=\"udp:$LAN4:$NG_PORT\"" \
		-A "FARM4=$FARM4" -A "DTMFLOG=\"$FARM4:2226\"" -A "FARM6=[$FARM6]" \
		-A "BOB4=\"$BOB4\"" -A "BOB6=\"[$BOB6]\"" \
		-A "ALICE4=\"$ALICE4\"" -A "ALICE6=\"[$ALICE6]\"" \
		-A "PROVIDER4=\"$PROVIDER4\"" -A "PROVIDER6=\"[$PROVIDER6]\""
}

# It answers OPTIONS itself
ready()
{
	inside farm "$D/sipping.py" "$FARM4" >/dev/null 2>&1
}

service "$@"
