# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the lab's services share: run in the foreground of nobody, one log,
# one pid file, ready when a probe says so. A service's script sets NAME,
# defines run() (ends in exec) and ready(), and calls service "$@".

set -euo pipefail
: "${D:=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")}"
# shellcheck source=tools/lab.d/net.sh
. "$D/net.sh"

service_pid()
{
	local pid

	pid=$(cat "$LAB_RUN/$NAME.pid" 2>/dev/null) || return 1
	[ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

# A process that was killed holds its locks until its last thread is gone
service_gone() # PID
{
	for _ in {1..200}; do
		kill -0 "$1" 2>/dev/null || return 0
		# nobody may have fetched it
		[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -gt 1 ] ||
			! grep -q '^State:[[:space:]]Z' "/proc/$1/status" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}

service_start()
{
	local pid

	if service_pid >/dev/null; then
		echo "$NAME: runs already" >&2
		return 1
	fi
	mkdir -p "$LAB_RUN"
	# bats waits for whoever holds its descriptor 3
	( exec 3>&-; run ) >>"$LAB_RUN/$NAME.log" 2>&1 </dev/null &
	pid=$!
	echo $pid >"$LAB_RUN/$NAME.pid"
	disown
	for _ in {1..300}; do
		ready && return 0
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	echo "$NAME: did not start; the end of its log:" >&2
	tail -n 20 "$LAB_RUN/$NAME.log" >&2
	service_stop
	return 1
}

service_stop()
{
	local pid

	pid=$(service_pid) || { rm -f "$LAB_RUN/$NAME.pid"; return 0; }
	kill "$pid" 2>/dev/null || true
	for _ in {1..60}; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -9 "$pid" 2>/dev/null || true
	service_gone "$pid"
	rm -f "$LAB_RUN/$NAME.pid"
}

service()
{
	case "${1:-}" in
	start) service_start ;;
	stop) service_stop ;;
	pid) service_pid ;;
	*) echo "usage: $NAME.sh start|stop|pid" >&2; return 2 ;;
	esac
}

# Does an ng port answer a ping?
ng_answers() # HOST ADDR PORT
{
	inside "$1" "$D/ngclient.py" --ng "$2:$3" --wait 0.2 ping \
		>/dev/null 2>&1
}
