# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# A phone that has other codecs than sipp, and SRTP: baresip on host bob. After lib.bash

BARESIP=/usr/lib/baresip/modules

bob_listens() { inside bob ss -Hlun 'sport = :5060' | grep -q .; }

# baresip_bob CODEC/RATE/CHANNELS [MEDIAENC [MEDIANAT]]: answers, plays 660 Hz for TALKS
# seconds (40) and hangs up, records what it hears
baresip_bob()
{
	local codec rate ch

	IFS=/ read -r codec rate ch <<<"$1"
	mkdir -p phone
	"$ROOT/tools/lab.d/tone.py" wav 660 "$rate" "$ch" phone/b.wav "${TALKS:-40}"
	cat >phone/config <<-END
	sip_listen $BOB4:5060
	audio_source aufile,$PWD/phone/b.wav
	audio_player aubridge,x
	audio_alert aubridge,y
	snd_path $PWD/phone
	module_path $BARESIP
	module g711.so
	module g722.so
	module opus.so
	module srtp.so
	module dtls_srtp.so
	module ice.so
	module aufile.so
	module aubridge.so
	module sndfile.so
	module_tmp account.so
	module_app menu.so
	opus_bitrate 32000
	rtp_ports 40000-40100
	rtcp_mux $([ -n "${3:-}" ] && echo yes || echo no)
	END
	echo "<sip:bob@$BOB4>;regint=0;answermode=auto;audio_codecs=$codec/$rate/$ch${2:+;mediaenc=$2}${3:+;medianat=$3}" \
		>phone/accounts
	: >phone/contacts
	become bob timeout 60 stdbuf -oL baresip -f "$PWD/phone" </dev/null \
		>phone/out 2>&1 3>&- &
	LAB_PIDS+=($!)
	wait_for 10 bob_listens
}

# A call whose media goes through the workers
in_agent() { [ "$(carom legs --json | jq '[.legs[] | select(.state == "agent")] | length')" -ge 4 ]; }
