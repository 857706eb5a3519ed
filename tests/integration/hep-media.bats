# SPDX-License-Identifier: BSD-2-Clause
# RTCP of calls, probes of providers, and what the agent logs, are shown to a collector: Kamailio's
# sipcapture on the farm's host (docs/operate.md)

load hep
load lib

DB=$LAB_RUN/hep.db

setup_file()
{
	carom_only
	mkdir -p "$LAB_RUN"
	collector inside farm "$DB" "$FARM4:9060"
	appliance more <<-END
	hep: {send: "udp:$FARM4:9060", id: 7, node-name: relay, log: true}
	providers:
	  listen: ["udp:$LAN4:5070"]
	  trusted: ["198.51.100.0/24"]
	  record-route: always
	  probe: {interval: 1, timeout: 500}
	END
	engine_up
}

teardown_file()
{
	engine_down
	rm -f "$LAB_RUN/more.yaml"
	[ ! -s "$DB.pid" ] || kill "$(cat "$DB.pid")" || true
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

teardown()
{
	[ -n "${BATS_TEST_COMPLETED:-}" ] || {
		show_logs
		tail -n 20 "$DB.log"
		stored "$DB" "SELECT correlation_id, source_ip, source_port,
			destination_ip, destination_port, type, node, msg
			FROM rtcp_capture LIMIT 5"
		stored "$DB" "SELECT correlation_id, msg FROM logs_capture"
	}
}

has() { ! stores "$DB" 0 "$1"; }

@test "RTCP of a call that the kernel relays, by its Call-ID" {
	local id

	ngc plan --calls 1 >plan
	id=$(jq -r '.. | .["call-id"]? // empty' plan | head -n 1)
	[ -n "$id" ] || id=$(ngc send '{"command": "list", "limit": 10}' |
		jq -r '.calls[0]')
	load calls plan --rtcp --ptime 5
	wait_for 10 has "rtcp_capture WHERE correlation_id = '$id'"
	load_end calls >/dev/null
	ngc end --calls 1
	# from the phone to us, as JSON
	stored "$DB" "SELECT msg FROM rtcp_capture WHERE source_ip = '$ALICE4'
		AND destination_ip = '$WAN4' LIMIT 1" | tee json
	jq -e '.type == 200 and .sender_information.packets >= 0 and
		.ssrc > 0' json
	# and at the time when it came
	stores "$DB" 0 "rtcp_capture WHERE
		abs(micro_ts / 1000000 - $(date +%s)) > 60"
}

@test "reports that the agent makes, where it encodes, by the call's Call-ID" {
	local from

	ngc plan --calls 1 --kind pcma --id made >plan
	load calls plan --ptime 20
	for from in "$ALICE4" "$BOB4"; do
		wait_for 15 has "rtcp_capture WHERE correlation_id LIKE 'made-%' AND
			destination_ip = '$from'"
	done
	load_end calls >/dev/null
	ngc end --calls 1 --id made
	# who is sent what we encode gets SRs, who sends what we decode gets reports of it
	made "$ALICE4" | tee json
	jq -e '.type == 200 and .sender_information.packets > 0 and .ssrc > 0' json
	made "$BOB4" | tee json
	jq -e '(.report_blocks | length == 1) and .sdes_information[0].text != ""' json
}

# made ADDRESS: a report that we sent there
made()
{
	stored "$DB" "SELECT msg FROM rtcp_capture WHERE correlation_id LIKE 'made-%'
		AND destination_ip = '$1' AND source_ip = '$WAN4' LIMIT 1"
}

@test "log lines, with the Call-ID of the call that they are about" {
	wait_for 10 has "logs_capture WHERE CAST(msg AS TEXT) LIKE '%is ready%'"
	ngc send '{"command": "delete", "call-id": "no-such-call"}' || true
	ngc plan --calls 1 >plan
	ngc end --calls 1
	wait_for 10 has "logs_capture WHERE CAST(msg AS TEXT) LIKE 'media: call % deleted%' AND
		CAST(msg AS TEXT) LIKE '%' || correlation_id || '%' AND correlation_id != ''"
}

api() # PATH CURL-ARGUMENTS...
{
	curl -sSf --max-time 10 --unix-socket "$LAB_RUN/api.sock" \
		-H 'Content-Type: application/json' "http://carom/v1/$1" "${@:2}"
}

# hop METHOD-OR-CODE FROM TO: there is such a message of the call
hop()
{
	has "sip_capture WHERE method = '$1' AND source_ip = '$2' AND
		destination_ip = '$3' AND callid LIKE 'carried-%' AND
		correlation_id = callid"
}

@test "a call to a provider: as it came, and as it left" {
	local s="$ROOT/tools/lab.d/sipp" m

	become provider sipp -sf "$s/edge-proxied-uas.xml" -i "$PROVIDER4" -p 5061 \
		-mp 6000 -nostdin >uas.out 2>&1 </dev/null &
	LAB_PIDS+=($!)
	api providers/hep -X PUT -d "{\"hostname\": \"$PROVIDER4\", \"port\": 5061,
		\"transport\": \"udp\", \"probe\": {\"interval\": 0}}"
	api routes/hep -X PUT -d '{"provider": "hep"}'
	wait_for 10 listens
	inside farm timeout 60 sipp -sf "$s/edge-proxied-uac.xml" -i "$FARM4" \
		-p 5060 -s 4711 "$LAN4:5070" -m 1 -nostdin -timeout 50 \
		-cid_str 'carried-%u@%s' </dev/null >uac.out 2>&1 ||
		{ tail -n 20 uac.out; false; }
	for m in INVITE ACK BYE; do
		wait_for 10 hop $m "$FARM4" "$LAN4"
		wait_for 10 hop $m "$LAN4" "$PROVIDER4"
	done
	wait_for 10 hop 200 "$PROVIDER4" "$LAN4"
	wait_for 10 hop 200 "$LAN4" "$FARM4"
	api routes/hep -X DELETE
	api providers/hep -X DELETE
}

listens() { inside provider ss -Hlun "sport = :5061" | grep -q .; }

@test "a reload: another collector, no more of one, and one again" {
	local other=$LAB_RUN/hep2.db

	collector inside farm "$other" "$FARM4:9061"
	sed -i 's/:9060"/:9061"/' "$LAB_RUN/carom.yaml"
	carom reload | tee said
	grep -qx 'hep.send: taken' said
	ngc plan --calls 1 --id again >plan
	ngc end --calls 1 --id again
	DB=$other wait_for 10 line_of again
	! line_of again
	# a fault in it changes nothing
	sed -i 's/id: 7/id: x/' "$LAB_RUN/carom.yaml"
	run carom reload
	[ "$status" = 1 ]
	[[ $output == *"hep.id"* ]]
	sed -i '/^hep:/d' "$LAB_RUN/carom.yaml"
	carom reload | grep -qx 'hep: taken'
	! carom metrics | grep -q '^carom_hep_'
	ngc plan --calls 1 --id none >plan
	ngc end --calls 1 --id none
	echo "hep: {send: \"udp:$FARM4:9060\", log: true, rtcp: false}" >>"$LAB_RUN/carom.yaml"
	carom reload | grep -qx 'hep: taken'
	ngc plan --calls 1 --id back >plan
	ngc end --calls 1 --id back
	wait_for 10 line_of back
	! line_of none
	! DB=$other line_of none
	kill "$(cat "$other.pid")"
}

line_of() { has "logs_capture WHERE correlation_id LIKE '$1-%'"; }

@test "what is asked of a provider" {
	api providers/hep -X PUT -d "{\"hostname\": \"$PROVIDER4\", \"port\": 5090,
		\"transport\": \"udp\"}"
	wait_for 10 has "sip_capture WHERE method = 'OPTIONS' AND
		source_ip = '$LAN4' AND destination_ip = '$PROVIDER4' AND
		destination_port = 5090 AND correlation_id = callid"
	api providers/hep -X DELETE
}
