#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The appliance: configuration, agent, and what is done to it in tests
#
#   start stop pid   the agent
#   kill             the agent, by SIGKILL
#   attach detach    the fast path on both NICs; upgrade swaps it
#   more <YAML       sections beside the lab's own, from the next start on
#   cli ARGS...      carom with the lab's configuration, on the appliance
#
# LAB_STORE: another store than the lab's file
# CAROM_BIN: where caromd and carom are (default: build/bin)
NAME=caromd
# shellcheck source=tools/lab.d/service.sh
. "$(dirname "$(readlink -f "$0")")/service.sh"
BIN=${CAROM_BIN:-$(readlink -f "$D/../..")/build/bin}
CONF=$LAB_RUN/carom.yaml

configure()
{
	mkdir -p "$LAB_RUN/rec"
	sed -e "s|@STORE@|${LAB_STORE:-$LAB_RUN/carom.db}|g" \
		-e "s|@RUN@|$LAB_RUN|g" -e "s|@PINS@|$LAB_PINS|g" \
		-e "s|@WAN4@|$WAN4|g" -e "s|@WAN6@|$WAN6|g" \
		-e "s|@LAN4@|$LAN4|g" -e "s|@LAN6@|$LAN6|g" \
		-e "s|@NG@|$NG_PORT|g" \
		-e "s|@MIN@|$MEDIA_MIN|g" -e "s|@MAX@|$MEDIA_MAX|g" \
		"$D/carom.yaml.in" >"$CONF"
	# sections that a test adds
	[ ! -f "$LAB_RUN/more.yaml" ] || cat "$LAB_RUN/more.yaml" >>"$CONF"
}

run()
{
	exec nsenter --net="/run/netns/$(ns carom)" -- \
		"$BIN/caromd" --config "$CONF"
}

ready() { ng_answers carom "$LAN4" $NG_PORT; }

# The command's own word: sub-command first, then its options
cli()
{
	local verb=$1

	shift
	[ -f "$CONF" ] || configure
	inside carom "$BIN/carom" "$verb" --config "$CONF" "$@"
}

case "${1:-}" in
start) configure; service start ;;
kill)
	pid=$(service_pid)
	kill -9 "$pid"
	service_gone "$pid"
	rm -f "$LAB_RUN/$NAME.pid"
	;;
attach) cli attach wan lan ;;
detach) cli detach --all ;;
upgrade) cli upgrade ;;
more) cat >"$LAB_RUN/more.yaml" ;;
cli) shift; cli "$@" ;;
*) service "$@" ;;
esac
