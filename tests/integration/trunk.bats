# SPDX-License-Identifier: BSD-2-Clause
# Trunks by the API: whose calls the edges take, by address and by log-in

load edge

USERS=$RUN/users

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	edge down
	edge up
	edge policy <<-END
		  sets: [{name: farm, id: 1}, {name: guarded, id: 2, auth: true}]
		  rules: [{set: guarded, user-prefix: farm}]
		  auth: {realm: example.com, users: $USERS, algorithms: [MD5], match-from: false}
	END
	: >"$USERS"
	edge start
	nodes -sn uas
	edge list f1 f2 f3 "2 sip:192.0.2.33:5060"
	settle 4
}

# api EDGE PATH CURL-ARGUMENTS...
api()
{
	local edge=$1 path=$2

	shift 2
	curl -sS --max-time 10 --unix-socket "$RUN/$edge-api.sock" \
		-H 'Content-Type: application/json' "$@" "http://carom/v1/$path"
}

# trunk ID MEMBERS: at both
trunk()
{
	local e

	for e in e1 e2; do
		api $e "trunks/$1" -f -X PUT -d "{$2}" >"$e.json" || {
			cat "$e.json"
			return 1
		}
	done
}

gone() { api e1 "trunks/$1" -f -X DELETE && api e2 "trunks/$1" -f -X DELETE; }

# outcome NAME: of one call to a number that no rule has
outcome()
{
	edge exec phone timeout 20 sipp -sn uac -i 192.0.2.20 -p 5064 -s 123 \
		$VIP:5060 -m 1 -nostdin -timeout 10 -trace_err \
		-error_file "$1.err" </dev/null >"$1.out" 2>&1
}

@test "trunk: its networks call from the moment it is made until it goes" {
	! outcome before
	trunk acme '"prefixes": ["192.0.2.20/32"], "set": 1'
	outcome now
	edge cli e1 network --json | jq -e '.networks[] |
		select(.prefix == "192.0.2.20/32") | .kind == "trunk" and .set == 1'
	# another network: the old one is a stranger's
	trunk acme '"prefixes": ["192.0.2.99/32"], "set": 1'
	! outcome other
	trunk acme '"prefixes": ["192.0.2.20/32"], "set": 1, "disabled": true'
	! outcome disabled
	trunk acme '"prefixes": ["192.0.2.20/32"], "set": 1'
	outcome again
	gone acme
	! outcome gone
	[ "$(api e1 trunks | jq -c .trunks)" = '[]' ]
}

@test "trunk: what is wrong with one is said" {
	local one

	trunk acme '"prefixes": ["192.0.2.0/24"], "set": 1, "username": "a",
		"realm": "example.com", "password": "pass"'
	one=$(api e1 trunks/two -X PUT -d '{"prefixes": ["192.0.2.0/24", "1.2.3.4/33"],
		"set": 1}')
	jq -e '.status == 422 and .errors[0].pointer == "/prefixes/1"' <<<"$one"
	one=$(api e1 trunks/two -X PUT -d '{"prefixes": ["192.0.2.0/24"], "set": 9,
		"username": "a", "realm": "r", "password": "p"}')
	jq -e '[.errors[].pointer] == ["/set", "/prefixes/0", "/username"]' <<<"$one"
	one=$(api e1 trunks/two -X PUT -d '{}')
	jq -e '.errors[0].detail | startswith("who is it?")' <<<"$one"
	api e1 trunks/acme | jq -e '.username == "a" and .password == null and .ha1 == null'
	gone acme
}

@test "trunk: its log-in is taken, and no other" {
	trunk acme '"username": "acme", "realm": "example.com", "password": "pass"'
	calls good 20 10 -sf "$SIPP_DIR/edge-auth-uac.xml" -au acme -ap pass
	# sipp is asked again, and does not know what to do
	! WITHIN=5 calls bad 20 1 -sf "$SIPP_DIR/edge-auth-uac.xml" -au acme -ap wrong
	gone acme
	! WITHIN=5 calls gone 20 1 -sf "$SIPP_DIR/edge-auth-uac.xml" -au acme -ap pass
}
