# SPDX-License-Identifier: BSD-2-Clause
# A registrar whose store fails while phones register: what was acknowledged is there
# afterwards, what was not was refused

bats_require_minimum_version 1.5.0
load edge

REG=192.0.2.11

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
	  sets: [{name: registrar, id: 1, path: true, own: true}]
	  rules: [{set: registrar}]
	END
	edge list "1 sip:$REG:5070" 2>/dev/null || true
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge stop e1 e2 || true
	! mountpoint -q "$RUN/disk" || umount -l "$RUN/disk"
	edge down
}

more() # EDGE LINE...
{
	local e=$1

	shift
	{
		printf '%s\n' "node: lab-$e" "$@"
		cat <<-END
		registrar:
		  listen: ["udp:192.0.2.1${e#e}:5070"]
		  domains: [example.com]
		  auth: {required: false}
		END
	} | edge more "$e"
}

# phones NAME N RATE [PORT]: NAME0.. register at e1; into NAME.log what each was told
phones()
{
	seq -f "$1%g" 0 $(($2 - 1)) | sed '1iSEQUENTIAL' >"$1.csv"
	edge exec phone timeout 60 sipp -sf "$SIPP_DIR/registrar-plain.xml" \
		-inf "$1.csv" -i 192.0.2.20 -p "${4:-5062}" $REG:5070 -r "$3" \
		-m "$2" -trace_logs -log_file "$1.log" -nostdin \
		</dev/null >"$1.out" 2>&1
}

# How many were told so
told() { grep -c "^$2 " "$1.log" 2>/dev/null || true; } # NAME CODE

told_more() { [ "0$(told "$1" "$2")" -gt "$3" ]; } # NAME CODE N

# Users who were told 200 and are not registered there
lost() # EDGE NAME...
{
	local e=$1

	shift
	edge cli "$e" registrations --json |
		jq -r '.registrations[].aor' | sed 's/@.*//' | sort >there
	(cd "$BATS_TEST_TMPDIR" && cat "${@/%/.log}") |
		sed -n 's/^200 //p' | sort | comm -23 - there
}

none_lost() { [ -z "$(lost "$@")" ]; } # EDGE NAME...

fill_disk() { ! head -c 64M /dev/zero >"$RUN/disk/filler" 2>/dev/null; }

takes_one() { phones "try$1" 1 10 && [ "$(told "try$1" 200)" = 1 ]; } # NAME

@test "a full disk: 503 with Retry-After, nothing acknowledged is lost, and it recovers" {
	mkdir -p "$RUN/disk"
	mount -t tmpfs -o size=16m,mode=755 carom-test "$RUN/disk"
	more e1
	export LAB_STORE=$RUN/disk/carom.db
	edge start e1
	phones before 50 100
	[ "$(told before 200)" = 50 ]

	fill_disk
	phones full 50 100
	[ "$(told full 503)" -ge 45 ]
	[ "$(($(told full 503) + $(told full 200)))" = 50 ]
	grep -E "^503 full[0-9]+ after +[1-9]" full.log
	# what there was is there, and is told
	none_lost e1 before full
	edge cli e1 metrics >metrics
	grep '^carom_registrar_registers_total{result="failed"} [1-9]' metrics

	rm "$RUN/disk/filler"
	until_true 10 takes_one a
	phones after 50 100
	[ "$(told after 200)" = 50 ]
	edge kill e1
	edge again e1
	none_lost e1 before full after trya
	edge stop e1
	umount "$RUN/disk"
}

redis_cli() { edge exec "$1" redis-cli -h "$(address "$1")" "${@:2}"; } # HOST WORD...

address() { echo "192.0.2.3${1#f}"; } # HOST

redis_up() # HOST [OPTION VALUE...]
{
	mkdir -p "$RUN/redis-$1"
	(exec nsenter --net="/run/netns/$CAROM_LAB-edge-$1" -- redis-server \
		--bind "$(address "$1")" --protected-mode no --save "" \
		--appendonly yes --appendfsync always --dir "$RUN/redis-$1" \
		--repl-diskless-sync-delay 0 "${@:2}" \
		</dev/null >"$RUN/redis-$1.log" 2>&1 3>&-) &
	echo $! >"$RUN/redis-$1.pid"
	until_true 10 pong "$1"
}

pong() { [ "$(redis_cli "$1" ping 2>/dev/null)" = PONG ]; }

says() { redis_cli "$1" info replication | grep -q "^$2"; } # HOST TEXT

sentinel_up()
{
	mkdir -p "$RUN/sentinel"
	cat >"$RUN/sentinel/conf" <<-END
	port 26379
	bind 192.0.2.66
	protected-mode no
	dir $RUN/sentinel
	sentinel monitor lab $(address f3) 6379 1
	sentinel down-after-milliseconds lab 2000
	sentinel failover-timeout lab 20000
	END
	edge exec stranger redis-server "$RUN/sentinel/conf" --sentinel \
		</dev/null >"$RUN/sentinel.log" 2>&1 3>&- &
	until_true 10 sentinel_knows
}

sentinel_knows()
{
	edge exec stranger redis-cli -h 192.0.2.66 -p 26379 info sentinel \
		2>/dev/null | grep -q "slaves=2,"
}

new_master() { says f1 role:master || says f2 role:master; }

@test "a Redis that dies, and a replica made master: no acknowledged binding is lost" {
	local f pid

	redis_up f3
	for f in f1 f2; do
		redis_up $f --replicaof "$(address f3)" 6379
		until_true 10 says $f master_link_status:up
	done
	sentinel_up
	more e1 "store-replicas: 1"
	more e2 "store-replicas: 1"
	export LAB_STORE=redis://192.0.2.33,192.0.2.32,192.0.2.31/0
	edge start

	phones live 900 100 3>&- &
	pid=$!
	until_true 20 told_more live 200 100
	kill -9 "$(cat "$RUN/redis-f3.pid")"
	until_true 40 new_master
	wait $pid || { tail -n 30 live.out; false; }
	[ "$(($(told live 503) + $(told live 200)))" = 900 ]
	until_true 40 takes_one b
	phones after 50 100
	[ "$(told after 200)" = 50 ]

	none_lost e1 live tryb after
	until_true 10 none_lost e2 live tryb after
	# a node that starts reads what the new master has
	edge kill e1
	edge again e1
	none_lost e1 live tryb after
}
