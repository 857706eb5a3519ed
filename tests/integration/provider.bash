# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# For the bats files of providers: carriers on the provider host, calls from the farm,
# and the API of the appliance between them

# shellcheck source=tests/integration/lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

S="$ROOT/tools/lab.d/sipp"
U="http://carom/v1"

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR" || return
}

# Behind each test: nobody calls, and there is no provider or route
end_providers()
{
	end_calls
	"$ROOT/tools/lab.d/carrier.sh" stop
	inside provider nft flush ruleset 2>/dev/null || true
	[ -n "${BATS_TEST_COMPLETED:-}" ] || show_logs
	forget_all
}

forget_all()
{
	local id

	for id in $(api routes | jq -r '.routes[].id'); do
		api "routes/$id" -X DELETE
	done
	for id in $(api providers | jq -r '.providers[].id'); do
		api "providers/$id" -X DELETE
	done
}

# api PATH CURL-ARGUMENTS...
api()
{
	local path=$1

	shift
	curl -sS --max-time 20 --unix-socket "$LAB_RUN/api.sock" \
		-H 'Content-Type: application/json' "$@" "$U/$path"
}

# provider ID PORT [MEMBERS]: on the provider host
provider()
{
	api "providers/$1" -f -X PUT -d "{\"hostname\": \"$PROVIDER4\",
		\"port\": $2, \"transport\": \"udp\" ${3:+, $3}}" >/dev/null
}

# route ID PROVIDER [MEMBERS]
route()
{
	api "routes/$1" -f -X PUT -d "{\"provider\": \"$2\" ${3:+, $3}}" >/dev/null
}

state() { api "providers/$1" | jq -r .status.health.state; }

is() { [ "$(state "$1")" = "$2" ]; }

# listens HOST PORT
listens() { inside "$1" ss -Hlun "sport = :$2" | grep -q .; }

# carrier PORT SCENARIO: PID is its number
carrier()
{
	become provider sipp -sf "$S/$2.xml" -aa -i "$PROVIDER4" -p "$1" \
		-mp $((6000 + ($1 - 5060) * 10)) -nostdin -trace_msg -message_file "$1.msg" \
		-trace_err -error_file "$1.err" >"$1.out" 2>&1 </dev/null &
	PID=$!
	LAB_PIDS+=("$PID")
	wait_for 10 listens provider "$1"
}

# calls RATE N NUMBER SIPP-ARGUMENTS...: from the farm; all must succeed
calls()
{
	local rate=$1 n=$2 number=$3

	shift 3
	inside farm timeout 60 sipp -sf "$S/edge-proxied-uac.xml" -i "$FARM4" \
		-p 5060 -s "$number" "$LAN4:5070" -r "$rate" -m "$n" -nostdin \
		-timeout 50 -trace_err -error_file caller.err "$@" \
		</dev/null >caller.out 2>&1 || {
		tail -n 20 caller.out caller.err
		return 1
	}
}

# INVITEs that came to a port of the provider, but for those within a dialog: as
# they came on the wire
count_invites() # PORT
{
	inside provider nft -f - <<-END
		table inet t$1 {
			counter invites { }
			chain in {
				type filter hook input priority -10;
				udp dport $1 @th,64,48 0x494e56495445 counter name invites
			}
		}
	END
}

invites() # PORT
{
	inside provider nft -j list counter inet "t$1" invites |
		jq '.nftables[] | .counter? // empty | .packets'
}

registered() { [ "$(api "providers/$1" | jq -r .status.registration.state)" = registered ]; }
