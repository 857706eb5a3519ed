# SPDX-License-Identifier: BSD-2-Clause
# carom(8): what it prints, what it says when it cannot, how it exits

load lib

COMMANDS="attach detach upgrade status legs calls stats metrics api events token dispatcher connections user top config"

setup_file()
{
	[ "$ENGINE" = carom ] || return 0
	engine_up
}

teardown_file()
{
	[ "$ENGINE" = carom ] || return 0
	engine_down
}

setup()
{
	carom_only
	cd "$BATS_TEST_TMPDIR"
	appliance pid >/dev/null || appliance start
}

teardown()
{
	end_calls
	[ -z "$BATS_TEST_COMPLETED" ] || return 0
	show_logs
	# the next test counts calls
	ngc end --calls 3 || true
}

# The program itself, outside of the lab: nothing is attached there
BIN=${CAROM_BIN:-$ROOT/build/bin}/carom
NOWHERE="--pin-dir /sys/fs/bpf/$CAROM_LAB-nowhere"

# refused STATUS WORDS COMMAND...: exits so, says so on stderr, prints nothing
refused()
{
	local status=0 want=$1 words=$2

	shift 2
	"$@" >out 2>err || status=$?
	cat err
	[ "$status" -eq "$want" ]
	grep -qF -- "$words" err
	[ ! -s out ]
}

with_calls() # N: that many, talking
{
	ngc plan --calls "$1" >plan
	load calls plan --ptime 10 --rtcp
}

@test "every command explains itself, with an example" {
	for c in $COMMANDS; do
		"$BIN" "$c" --help >help
		grep -q "^Usage: carom $c" help
		grep -q "^Example:" help
		grep -q "^  carom $c" help
		"$BIN" --help | grep -q "^  $c "
	done
}

@test "the manual knows every command and every option" {
	for c in $COMMANDS; do
		grep -q "^\.SS $c" "$ROOT/man/carom.8"
		"$BIN" "$c" --help | grep -o -- '--[a-z-]*' | sort -u >options
		sed -n "/^\.SS $c/,/^\.S[SH] /p;/^\.SH OPTIONS/,/^\.SH /p" \
			"$ROOT/man/carom.8" | sed 's/\\-/-/g' >section
		while read -r o; do
			grep -qF -- "$o" section || fail "$c: $o is missing"
		done <options
	done
}

@test "a wrong command line exits with 2 and says what is right" {
	refused 2 'did you mean "legs"' "$BIN" leg
	refused 2 "carom --help" "$BIN" nonsense
	refused 2 "Usage: carom" "$BIN"
	refused 2 "unknown option --nope" "$BIN" stats --nope
	refused 2 "one of pps|loss|jitter" "$BIN" legs --sort size
	refused 2 "from 0.1 to 3600" "$BIN" top --interval 0
	refused 2 "is none of sip, media" "$BIN" stats now
	refused 2 "too many" "$BIN" stats sip now
	refused 2 "carom attach DEV" "$BIN" attach
	refused 2 "--all" "$BIN" detach
	refused 2 "check or show" "$BIN" config
}

@test "where nothing is attached, it says what to do" {
	for c in legs stats "top --once" upgrade; do
		# shellcheck disable=SC2086
		refused 1 "carom attach DEV" "$BIN" $c $NOWHERE
	done
	# shellcheck disable=SC2086
	"$BIN" status $NOWHERE | grep -q "carom attach DEV"
	# shellcheck disable=SC2086
	"$BIN" status $NOWHERE --json | jq -e '.attached == false'
	# shellcheck disable=SC2086
	[ "$("$BIN" detach --all $NOWHERE)" = "0 devices detached" ]
}

@test "where no agent runs, it says what to do" {
	grep -v '^control:' "$LAB_RUN/carom.yaml" >nobody.yaml
	printf 'control: %s\napi: {listen: ["unix:%s"]}\n' "$PWD/no.sock" \
		"$PWD/nobody.sock" >>nobody.yaml
	for c in dispatcher "dispatcher ping" connections network "limit reset other" \
		registrations "registrations qualify a@b" extension provider \
		"route test 1" events "api /v1" "stats media"; do
		# shellcheck disable=SC2086
		refused 1 "no agent listens at $PWD/nobody.sock; start it (systemctl start" \
			"$BIN" --config nobody.yaml $c
	done
	refused 1 "no agent listens at $PWD/no.sock" "$BIN" --config nobody.yaml reload
}

@test "a device that is not there is named" {
	refused 1 "nosuchdev0" carom attach nosuchdev0
}

@test "status: devices, agent, kernel, slots" {
	carom status --json >s
	jq -e --arg pid "$(appliance pid)" --arg k "$(uname -r)" '
		([.devices[].device] | sort) == ["lan", "wan"] and
		([.devices[].hold] | unique) == ["link"] and
		.attached and .agent.state == "running" and
		.kernel == $k and .legs.slots == 65536 and
		(.devices[0].program > 0)' s
	carom status | grep -q "^agent   running, process"
}

@test "status sees a dead agent, and a pid that is somebody else's" {
	appliance kill
	carom status --json | jq -e '.agent.state == "not running"'
	# the file names a living process that has no such lock
	echo -n $$ >"$LAB_RUN/carom.db.lock"
	carom status --json | jq -e '.agent == {state: "not running",
		pid: null}'
}

@test "legs: one for each port, figures that add up" {
	with_calls 3
	carom legs --json >one
	sleep 0.3
	carom legs --json >two
	jq -e '.legs | length == 12 and all(.state == "relay")' two
	jq -e '[.legs[] | select(.media == "rtp")] | length == 6 and
		all(.rtp.payload_type == 8 and .rtp.lost == 0 and
		.rtp.duplicate == 0 and .packets > 0 and .age_ms != null)' two
	jq -e '[.legs[] | select(.media == "rtcp")] | length == 6 and
		all(.rtp == null)' two
	# packets rise, and a peer leg's peer leg is the leg
	jq -es '[.[0].legs, .[1].legs] | transpose |
		map(select(.[0].media == "rtp")) |
		all(.[1].packets > .[0].packets)' one two
	jq -e '(.legs | map({key: (.slot | tostring), value: .}) |
		from_entries) as $by | .legs |
		all($by[.peer_slot | tostring].peer_slot == .slot)' two
	carom legs | grep -c ' relay ' | grep -qx 12
	load_end calls
	ngc end --calls 3
}

@test "an agent that hangs does not hold up what the kernel knows" {
	with_calls 1
	kill -STOP "$(appliance pid)"
	timeout 5 "$ROOT/tools/lab.d/caromd.sh" cli legs --json >l
	timeout 5 "$ROOT/tools/lab.d/caromd.sh" cli metrics >m
	kill -CONT "$(appliance pid)"
	jq -e '.legs | length == 4' l
	grep -qx 'carom_agent_up 0' m
	grep -qx 'carom_legs{state="relay"} 4' m
	load_end calls
	ngc end --calls 1
}

@test "legs of one call; busiest first" {
	with_calls 3
	carom legs --call load-1 --json >l
	jq -e '.legs | length == 4' l
	jq -e --argjson c "$(carom calls load-1 --json)" '
		[.legs[].local] | sort == ($c.calls[0].parties |
		map(.streams[].legs[].local) | sort)' l
	refused 1 "no call load-7" carom legs --call load-7
	carom legs --sort pps --interval 0.5 --json >l
	jq -e '[.legs[].pps] | . == (sort | reverse) and .[0] > 0' l
	jq -e '[.legs[0:6][].media] | unique == ["rtp"]' l
	load_end calls
	ngc end --calls 3
}

@test "calls: known while the agent is dead, with live figures" {
	with_calls 2
	appliance kill
	carom calls --json >one
	sleep 0.3
	carom calls --json >two
	jq -e '.calls | length == 2 and all(.state == "answered" and
		(.parties | length) == 2)' two
	jq -es 'all(.[0].calls[0].packets; . > 0) and
		.[1].calls[0].packets > .[0].calls[0].packets' one two
	carom calls | grep -q '^load-0 .* answered'
	carom calls load-0 | grep -q '^party a0$'
	refused 1 "no call nonsense" carom calls nonsense
	appliance start
	load_end calls
	ngc end --calls 2
	[ "$(carom calls --json | jq -c .calls)" = "[]" ]
	[ "$(carom calls)" = "no calls" ]
}

@test "stats: reasons that occurred, or all of them" {
	echo stray | inside alice socat - "UDP-SENDTO:$WAN4:31234"
	carom stats --json | jq -e '.reasons.no_leg.class == "drop" and
		.reasons.no_leg.packets > 0 and
		.reasons.no_leg.text != "" and
		(.reasons | all(.packets > 0))'
	carom stats | grep -q '^no_leg *drop '
	# as many as the header has
	n=$(grep -c '^	X([A-Z]' "$ROOT/include/carom/reason.h")
	[ "$(carom stats --all --json | jq '.reasons | length')" -eq "$n" ]
}

@test "top: once for scripts, rates and busiest legs" {
	with_calls 2
	carom top --once --interval 0.5 --json >t
	jq -e '.relayed_pps > 0 and .relayed_bps > .relayed_pps and
		.legs.relay == 8 and (.busiest | length) > 0 and
		.busiest[0].pps > 0' t
	[ "$(wc -l <t)" = 1 ]
	carom top --count 2 --interval 0.2 --legs 1 >t
	[ "$(grep -c '^carom ' t)" = 2 ]
	[ "$(grep -c ' relay  rtp ' t)" = 2 ]
	load_end calls
	ngc end --calls 2
}

@test "top on a terminal: its own screen, put back on q" {
	# script(1) gives it a terminal; q comes once it has drawn
	screen() { grep -q 'legs: ' typescript; }
	mkfifo keys
	script -qfc "$ROOT/tools/lab.d/caromd.sh cli top --interval 0.2" \
		typescript <keys >/dev/null &
	LAB_PIDS+=($!)
	exec 9>keys
	wait_for 10 screen
	printf q >&9
	wait $!
	exec 9>&-
	grep -qF $'\033[?1049h' typescript
	grep -qF $'\033[?1049l' typescript
}

@test "colours on a terminal alone, and not where NO_COLOR is set" {
	tint() { script -qfc "$ROOT/tools/lab.d/caromd.sh cli $1" /dev/null \
		</dev/null; }
	tint status | grep -qF $'\033['
	if tint "status --no-color" | grep -qF $'\033['; then false; fi
	export NO_COLOR=1
	if tint status | grep -qF $'\033['; then false; fi
	unset NO_COLOR
	if carom status | grep -qF $'\033['; then false; fi
}

@test "a full disk is no success" {
	status=0
	"$BIN" --help >/dev/full || status=$?
	[ "$status" -ne 0 ]
	status=0
	carom stats --all >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ]
	grep -q "No space left" err
}

@test "config check: good, or file, line and what is allowed" {
	carom config check | grep -q ": good$"
	carom config show | grep -q "pin-dir"
	carom config show >shown
	"$BIN" config check shown
	printf 'nonsense: 1\n' >bad
	refused 1 "bad:1" "$BIN" config check bad
	"$BIN" config check bad --json >out 2>/dev/null || true
	jq -e '.ok == false and (.error | contains("bad:1"))' out
	refused 1 "No such file" "$BIN" config check nowhere.yaml
	# a file that was asked for by name must be right
	refused 1 "bad:1" "$BIN" stats --config bad
}

@test "config check reads the files that the configuration names" {
	cat >edge.yaml <<-END
	media: {interfaces: [{name: a, address: 192.0.2.1}]}
	sip:
	  listen: [{name: a, address: "192.0.2.1:5060"}]
	  key-file: $PWD/key
	  dispatcher: $PWD/list
	END
	refused 1 "make one with: openssl rand" "$BIN" config check edge.yaml
	openssl rand -hex 16 >key
	refused 1 "list: No such file" "$BIN" config check edge.yaml
	echo "1 sip:192.0.2.2:5060 0 0 weight=500" >list
	refused 1 "allowed: 0 to 100" "$BIN" config check edge.yaml
	echo "1 sip:192.0.2.2:5060" >list
	"$BIN" config check edge.yaml | grep -q ": good$"
}

@test "users are added, changed and deleted; a file with a fault is left alone" {
	echo "Circle of Life" | "$BIN" user add Mufasa -f users \
		-r http-auth@example.org
	# RFC 7616 3.9.1 begins with these
	grep -qx "Mufasa:http-auth@example.org:3d78807defe7de2157e2b0b6573a855f" users
	grep -q ":7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232$" users
	[ "$(stat -c %a users)" = 640 ]
	chmod 600 users
	for p in one two; do
		echo $p | "$BIN" user add bob -f users -r r
	done
	[ "$(grep -c ^bob:r: users)" = 2 ]
	[ "$(stat -c %a users)" = 600 ]
	"$BIN" user delete bob -f users -r r
	[ "$(grep -c ^bob: users)" = 0 ]
	[ "$(wc -l <users)" = 2 ]
	refused 1 "no such user" "$BIN" user delete bob -f users -r r
	refused 2 "has a colon" "$BIN" user add a:b -f users -r r
	refused 1 "no password" "$BIN" user add bob -f users -r r </dev/null
	echo nonsense >>users
	cp users before
	refused 1 "users:3: a line without two colons" \
		"$BIN" user add bob -f users -r r < <(echo three)
	cmp users before
}
