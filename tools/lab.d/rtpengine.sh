#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's rtpengine, all in userspace, where caromd would stand: the peer
# that Carom is compared with. RTPENGINE_NG: another control port.
NAME=rtpengine
# shellcheck source=tools/lab.d/service.sh
. "$(dirname "$(readlink -f "$0")")/service.sh"
NG=${RTPENGINE_NG:-$NG_PORT}

run()
{
	exec nsenter --net="/run/netns/$(ns carom)" -- rtpengine \
		--config-file=none --foreground --table=-1 --log-stderr \
		--log-level="${RTPENGINE_LOG:-5}" \
		--interface="phones/$WAN4" --interface="phones/$WAN6" \
		--interface="farm/$LAN4" --interface="farm/$LAN6" \
		--listen-ng="$LAN4:$NG" \
		--port-min=$MEDIA_MIN --port-max=$MEDIA_MAX \
		--recording-dir="$LAB_RUN/rec" --recording-method=pcap \
		--num-threads=1 --delete-delay=0
}

ready() { ng_answers carom "$LAN4" "$NG"; }

service "$@"
