# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Kamailio as a collector of HEP (its module sipcapture), and what it has stored

# The tables that sipcapture writes to
hep_tables() # DB
{
	rm -f "$1" "$1-wal" "$1-shm"
	# who looks keeps nobody from writing: sipcapture forgets what it could not
	sqlite3 "$1" "PRAGMA journal_mode = WAL" >/dev/null
	sqlite3 "$1" <<-'END'
	CREATE TABLE sip_capture (id INTEGER PRIMARY KEY, date, micro_ts,
		method, reply_reason, ruri, ruri_user, ruri_domain, from_user,
		from_domain, from_tag, to_user, to_domain, to_tag, pid_user,
		contact_user, auth_user, callid, callid_aleg, via_1,
		via_1_branch, cseq, diversion, reason, content_type, auth,
		user_agent, source_ip, source_port, destination_ip,
		destination_port, contact_ip, contact_port, originator_ip,
		originator_port, expires, correlation_id, custom_field1,
		custom_field2, custom_field3, proto, family, rtp_stat, type,
		node, msg);
	CREATE TABLE rtcp_capture (id INTEGER PRIMARY KEY, date, micro_ts,
		correlation_id, source_ip, source_port, destination_ip,
		destination_port, proto, family, type, node, msg);
	CREATE TABLE logs_capture AS SELECT * FROM rtcp_capture;
	END
}

# collector COMMAND... DB ADDRESS:PORT: by what command something is run there; ends
# with the namespace, or by its pid in DB.pid
collector()
{
	local at=${*: -1} db=${*: -2:1} i

	hep_tables "$db"
	"${@:1:$#-2}" kamailio -f "$ROOT/tools/lab.d/hep-kamailio.cfg" -E \
		-m 32 -M 4 -P "$db.pid" -u root -A "ME=$at" -A "DB=\"sqlite://$db\"" \
		</dev/null >"$db.log" 2>&1 3>&- || {
		cat "$db.log"
		return 1
	}
	for ((i = 0; i < 50; i++)); do
		[ ! -s "$db.pid" ] || return 0
		sleep 0.1
	done
	return 1
}

# stored DB SELECT...: what it says, columns with a space between
stored() { sqlite3 -cmd '.timeout 5000' -separator ' ' "$1" "${*:2}"; }

# stores DB N FROM-AND-WHERE: are there N of them?
stores() { [ "$(stored "$1" "SELECT count(*) FROM $3")" = "$2" ]; }
