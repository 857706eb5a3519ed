#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Redis on the farm host, as docs/operate.md wants it. What it has stays when
# it is stopped.
NAME=redis
# shellcheck source=tools/lab.d/service.sh
. "$(dirname "$(readlink -f "$0")")/service.sh"

run()
{
	mkdir -p "$LAB_RUN/redis"
	exec nsenter --net="/run/netns/$(ns farm)" -- redis-server \
		--bind "$FARM4" --dir "$LAB_RUN/redis" --save "" \
		--appendonly yes --appendfsync always \
		--requirepass lab-secret
}

cli()
{
	REDISCLI_AUTH=lab-secret inside farm redis-cli -h "$FARM4" "$@"
}

ready() { [ "$(cli ping 2>/dev/null)" = PONG ]; }

case "${1:-}" in
cli) shift; cli "$@" ;;
kill)
	pid=$(service_pid)
	kill -9 "$pid"
	service_gone "$pid"
	rm -f "$LAB_RUN/$NAME.pid"
	;;
*) service "$@" ;;
esac
